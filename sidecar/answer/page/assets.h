/* The page's own files, as the build put them into the program (embed.cmake): NUL-terminated. */
#ifndef SCHEMALATCH_ANSWER_PAGE_ASSETS_H
#define SCHEMALATCH_ANSWER_PAGE_ASSETS_H

extern const char page_html[]; /* with slots, "{{name}}" */
extern const char page_css[];
extern const char page_js[];

#endif
