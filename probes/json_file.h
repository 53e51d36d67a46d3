/*
 * Reading a JSON document from a file, strictly: no NUL, nothing behind its end. Main thread; may
 * block (files).
 */
#ifndef SCHEMALATCH_JSON_FILE_H
#define SCHEMALATCH_JSON_FILE_H

#include <cjson/cJSON.h>

#include "problems.h"

/* Gives the document, cJSON_Delete releases it; NULL with a problem that names file, line and
 * column. */
cJSON *json_file_read(const char *path, size_t limit_mib, struct problems *problems);

#endif
