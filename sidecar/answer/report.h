/* The answer of a probe path as text, in the form of kube-apiserver's health endpoints. Pure. */
#ifndef SCHEMALATCH_ANSWER_REPORT_H
#define SCHEMALATCH_ANSWER_REPORT_H

#include "../../probes/text.h"
#include "view.h"

/* The kubelet reads 10 KiB at most, and hangs up. */
#define REPORT_LIMIT_BYTES 8000

struct report_request {
	const char *path; /* "readyz", for the last line */
	enum gate gate;
	bool verbose;
	const struct strings *exclude; /* titles of subjects */
};

/* Writes the report of a gate; gives the status code, 200 or 503. */
int report_gate(const struct view *view, const struct report_request *request, struct text *out);

/* The same of one subject. */
int report_subject(const struct view *view, const struct report_request *request,
    const struct subject *subject, struct text *out);

/* The same of our own two loops. */
int report_liveness(
    const struct view *view, const struct report_request *request, struct text *out);

#endif
