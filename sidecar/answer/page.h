/* The page for people at "/": complete in one response and without script, live with a little of
 * it, nothing from outside. Pure; main thread. */
#ifndef SCHEMALATCH_ANSWER_PAGE_H
#define SCHEMALATCH_ANSWER_PAGE_H

#include "../../probes/text.h"
#include "view.h"

/* Its Content-Security-Policy: the styles and the script that it holds, by their hashes, and
 * nothing else. */
const char *page_policy(void);

void page_write(const struct view *view, struct text *out);

#endif
