/* The page for people at "/": complete in one response, without script, nothing from outside. Pure.
 */
#ifndef SCHEMALATCH_ANSWER_PAGE_H
#define SCHEMALATCH_ANSWER_PAGE_H

#include "../../probes/text.h"
#include "view.h"

/* Its Content-Security-Policy: styles of its own, and nothing else. */
extern const char page_policy[];

void page_write(const struct view *view, struct text *out);

#endif
