/* Formatted SQL: comments of a fixed form say where changesets begin and what holds for them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../xalloc.h"
#include "liquibase.h"

struct sql {
	struct changelog *changelog;
	long line;
	bool is_ignored; /* between ignoreLines:start and ignoreLines:end */
	long ignored;    /* lines still to be passed over */
};

/* Behind "--" and blanks, the rest of a line that begins with that word; NULL where it does not. */
static const char *behind(const char *line, const char *word)
{
	size_t length = strlen(word);

	line += strspn(line, " \t");
	if (strncmp(line, "--", 2) != 0)
		return NULL;
	line += 2 + strspn(line + 2, " \t");
	return strncasecmp(line, word, length) == 0 ? line + length : NULL;
}

/* A name up to one of the ends, or in quotes; moves *at behind it. free() releases it. */
static char *take_name(const char **at, const char *ends)
{
	const char *start = *at + strspn(*at, " \t");
	size_t length;

	if (*start == '"' && strchr(start + 1, '"') != NULL) {
		length = strcspn(start + 1, "\"");
		*at = start + length + 2;
		return xstrndup(start + 1, length);
	}
	length = strcspn(start, ends);
	*at = start + length;
	while (length > 0 && isspace((unsigned char)start[length - 1]))
		length--;
	return xstrndup(start, length);
}

/* The value of "name:value" or name:"value" among the attributes; NULL where there is none. free()
 * releases it. */
static char *attribute(const char *attributes, const char *name)
{
	size_t length = strlen(name);
	const char *at = attributes;

	for (; *at != '\0'; at += strcspn(at, " \t\r")) {
		at += strspn(at, " \t\r");
		if (strncasecmp(at, name, length) == 0 && at[length] == ':') {
			at += length + 1;
			return take_name(&at, " \t\r");
		}
	}
	return NULL;
}

static bool has_attribute(const char *attributes, const char *name)
{
	char *value = attribute(attributes, name);
	bool has = value != NULL && *value != '\0';

	free(value);
	return has;
}

static bool attribute_is(const char *attributes, const char *name, const char *wanted)
{
	char *value = attribute(attributes, name);
	bool is = value != NULL && strcasecmp(value, wanted) == 0;

	free(value);
	return is;
}

static bool is_chosen_at_run_time(const char *attributes)
{
	return has_attribute(attributes, "context") || has_attribute(attributes, "contextFilter") ||
	       has_attribute(attributes, "contexts") || has_attribute(attributes, "labels");
}

static bool runs_here(const char *attributes)
{
	char *dbms = attribute(attributes, "dbms");
	bool is_ours = dbms == NULL || liquibase_dbms_is_ours(dbms);

	free(dbms);
	return is_ours && !attribute_is(attributes, "ignore", "true");
}

/* rest: "author:id attributes". Versions differ in how they read quotes. */
static void read_changeset(struct sql *sql, const char *rest)
{
	const char *at = rest;
	bool is_quoted = strchr(rest, '"') != NULL;
	char *author = take_name(&at, ":");
	char *id = *at == ':' ? (at++, take_name(&at, " \t\r")) : xstrdup("");
	char *logical = attribute(at, "logicalFilePath");
	struct changeset set = {id, author, logical, sql->line};

	if (*id == '\0' || *author == '\0' || is_quoted)
		liquibase_refuse(sql->changelog, sql->line,
		    is_quoted ? "names in quotes are read differently by versions of Liquibase"
			      : "a changeset without author:id");
	else if (is_chosen_at_run_time(at))
		liquibase_refuse(
		    sql->changelog, sql->line, "contexts and labels are chosen at run time");
	else if (runs_here(at))
		liquibase_add(sql->changelog, &set);
	free(author);
	free(id);
	free(logical);
}

static void read_ignore(struct sql *sql, const char *rest)
{
	if (strncasecmp(rest, "start", 5) == 0)
		sql->is_ignored = true;
	else if (strncasecmp(rest, "end", 3) == 0)
		sql->is_ignored = false;
	else
		sql->ignored = strtol(rest, NULL, 10);
}

static void read_line(struct sql *sql, const char *line)
{
	const char *rest = behind(line, "ignoreLines:");

	sql->line++;
	if (rest != NULL)
		read_ignore(sql, rest);
	else if (sql->ignored > 0)
		sql->ignored--;
	else if (sql->is_ignored)
		return;
	else if ((rest = behind(line, "changeset")) != NULL && isspace((unsigned char)*rest))
		read_changeset(sql, rest);
	else if ((rest = behind(line, "preconditions")) != NULL &&
		 (attribute_is(rest, "onFail", "CONTINUE") ||
		     attribute_is(rest, "onError", "CONTINUE")))
		liquibase_refuse(sql->changelog, sql->line,
		    "a precondition may pass over changesets without a trace");
	else if (behind(line, "include") != NULL)
		liquibase_refuse(sql->changelog, sql->line, "an include in formatted SQL");
}

static void read_head(struct sql *sql, const char *line)
{
	const char *rest = behind(line, "liquibase formatted sql");
	char *logical = rest != NULL ? attribute(rest, "logicalFilePath") : NULL;

	sql->line++;
	if (rest == NULL)
		liquibase_refuse(sql->changelog, 0,
		    "this is no formatted SQL (the first line is not \"--liquibase formatted "
		    "sql\"): versions of Liquibase name what is in it differently");
	if (logical != NULL)
		liquibase_set_logical(sql->changelog, logical);
	free(logical);
}

void liquibase_sql(struct changelog *changelog, const char *text)
{
	struct sql sql = {.changelog = changelog};
	char *copy = xstrdup(strncmp(text, "\xef\xbb\xbf", 3) == 0 ? text + 3 : text);
	char *rest = copy;
	const char *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		if (sql.line == 0)
			read_head(&sql, line);
		else
			read_line(&sql, line);
	}
	free(copy);
}
