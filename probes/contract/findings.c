#include "findings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../names.h"
#include "../rows.h"
#include "../text.h"

#define MESSAGE_LIMIT_BYTES 460 /* of findings in a message: the rest of it says what to do */

static const char *const columns[] = {
    "code", "schema_wanted", "schema", "object", "part", "wanted", "found", "total", NULL};

/* One row of the answer. */
struct row {
	char code;
	const char *pattern; /* the group: NULL for all that is in no pattern */
	const char *schema;
	const char *object;
	const char *part;
	const char *wanted;
	const char *found; /* NULL: it is not there */
	long total;
};

static struct row row_at(const PGresult *rows, int index)
{
	const char *code = rows_text(rows, index, "code");

	return (struct row){
	    .code = code != NULL ? code[0] : '\0',
	    .pattern = rows_text(rows, index, "schema_wanted"),
	    .schema = rows_text(rows, index, "schema"),
	    .object = rows_text(rows, index, "object"),
	    .part = rows_text(rows, index, "part"),
	    .wanted = rows_text(rows, index, "wanted"),
	    .found = rows_text(rows, index, "found"),
	    .total = rows_long(rows, index, "total"),
	};
}

/* What there is to say of a row: is_about names the object, the rest is told of any. */
struct finding_kind {
	char code;
	enum reason reason; /* where it is there, but not as wanted */
	const char *noun;
	void (*add)(struct text *text, const struct finding_kind *kind, const struct row *row,
	    const char *role);
};

/* "public.orders.total", the schema and the part where they are known. */
static void add_object(struct text *text, const struct row *row)
{
	if (row->object == NULL)
		text_add_readable(text, row->schema != NULL ? row->schema : "");
	else if (row->schema == NULL)
		text_add_readable(text, row->object);
	else
		text_add_name(text, row->schema, row->object);
}

static void add_part(struct text *text, const struct row *row)
{
	add_object(text, row);
	if (row->part != NULL) {
		text_add(text, ".");
		text_add_readable(text, row->part);
	}
}

static void add_difference(struct text *text, const char *wanted, const char *found)
{
	text_addf(text, ": wanted %s, found %s", wanted != NULL ? wanted : "?", found);
}

static void add_whole(
    struct text *text, const struct finding_kind *kind, const struct row *row, const char *role)
{
	(void)role;
	text_addf(text, "%s ", kind->noun);
	add_part(text, row);
	if (row->found == NULL)
		text_add(text, " is missing");
	else
		add_difference(text, row->wanted, row->found);
}

static void add_role(
    struct text *text, const struct finding_kind *kind, const struct row *row, const char *role)
{
	(void)kind;
	(void)role;
	text_addf(text, "role %s does not exist", row->object);
}

static void add_schema(
    struct text *text, const struct finding_kind *kind, const struct row *row, const char *role)
{
	(void)role;
	if (row->pattern != NULL) {
		text_addf(text, "no schema matches %s", row->pattern);
		return;
	}
	text_addf(text, "%s ", kind->noun);
	text_add_readable(text, row->schema);
	text_add(text, " is missing");
}

static void add_version(
    struct text *text, const struct finding_kind *kind, const struct row *row, const char *role)
{
	(void)role;
	text_addf(text, "%s ", kind->noun);
	text_add_readable(text, row->object);
	if (row->found == NULL)
		text_add(text, " is missing");
	else
		text_addf(text, ": wanted version %s or later, found %s", row->wanted, row->found);
}

/* What relkind and typtype say, for people. */
static const char *class_name(const char *class)
{
	static const struct {
		char class;
		const char *name;
	} names[] = {{'a', "a table or view"}, {'r', "a table"}, {'p', "a table"},
	    {'f', "a foreign table"}, {'v', "a view"}, {'m', "a materialized view"},
	    {'S', "a sequence"}, {'i', "an index"}, {'I', "an index"}, {'c', "a composite type"},
	    {'e', "an enum"}, {'d', "a domain"}, {'b', "a base type"}, {'t', "a TOAST table"}};

	for (size_t i = 0; class != NULL && i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].class == class[0])
			return names[i].name;
	return "something else";
}

/* "a table" is the noun of what is missing, without its article. */
static void add_relation(
    struct text *text, const struct finding_kind *kind, const struct row *row, const char *role)
{
	(void)kind;
	(void)role;
	text_addf(text, "%s ", strchr(class_name(row->wanted), ' ') + 1);
	add_object(text, row);
	if (row->found == NULL)
		text_add(text, " is missing");
	else
		add_difference(text, class_name(row->wanted), class_name(row->found));
}

static void add_value(
    struct text *text, const struct finding_kind *kind, const struct row *row, const char *role)
{
	(void)role;
	text_addf(text, "%s ", kind->noun);
	add_object(text, row);
	text_addf(text, " lacks the value '%s'", row->part != NULL ? row->part : "");
}

static void add_function(
    struct text *text, const struct finding_kind *kind, const struct row *row, const char *role)
{
	(void)role;
	text_addf(text, "%s ", kind->noun);
	add_object(text, row);
	text_addf(text, "%s is missing", row->part != NULL ? row->part : "");
	if (row->found != NULL && *row->found != '\0')
		text_addf(text, ", found it for %s", row->found);
}

static void add_primary_key(
    struct text *text, const struct finding_kind *kind, const struct row *row, const char *role)
{
	(void)role;
	text_addf(text, "%s of ", kind->noun);
	add_object(text, row);
	text_addf(text, ": wanted (%s), found ", row->wanted != NULL ? row->wanted : "");
	if (row->found != NULL)
		text_addf(text, "(%s)", row->found);
	else
		text_add(text, "none");
}

static void add_of_table(
    struct text *text, const struct finding_kind *kind, const struct row *row, const char *role)
{
	(void)role;
	text_addf(text, "%s ", kind->noun);
	text_add_readable(text, row->part != NULL ? row->part : "");
	text_add(text, " of ");
	add_object(text, row);
	if (row->found == NULL)
		text_add(text, " is missing");
	else if (row->wanted == NULL)
		text_addf(text, " is %s", row->found);
	else
		add_difference(text, row->wanted, row->found);
}

static void add_unpopulated(
    struct text *text, const struct finding_kind *kind, const struct row *row, const char *role)
{
	(void)role;
	text_addf(text, "%s ", kind->noun);
	add_object(text, row);
	text_add(text, " is not populated; REFRESH it");
}

static void add_row_security(
    struct text *text, const struct finding_kind *kind, const struct row *row, const char *role)
{
	bool on = row->wanted != NULL && row->wanted[0] == 't';

	(void)role;
	text_addf(text, "%s of ", kind->noun);
	add_object(text, row);
	text_addf(text, ": wanted %s, found %s", on ? "on" : "off", on ? "off" : "on");
}

static void add_privilege(
    struct text *text, const struct finding_kind *kind, const struct row *row, const char *role)
{
	(void)kind;
	if (role != NULL)
		text_addf(text, "role %s", role);
	else
		text_add(text, "our role");
	text_addf(text, " lacks %s on %s", row->part != NULL ? row->part : "?",
	    row->object == NULL ? "schema " : "");
	add_object(text, row);
}

/* By code, the order in which they are told: what explains the others comes first. */
static const struct finding_kind kinds[] = {
    {'A', REASON_MISSING, "role", add_role},
    {'B', REASON_MISSING, "schema", add_schema},
    {'C', REASON_MISMATCH, "extension", add_version},
    {'D', REASON_MISMATCH, "relation", add_relation},
    {'E', REASON_MISMATCH, "enum", add_relation},
    {'F', REASON_MISSING, "enum", add_value},
    {'G', REASON_MISSING, "function", add_function},
    {'H', REASON_MISSING, "column", add_whole},
    {'I', REASON_MISMATCH, "column", add_whole},
    {'J', REASON_MISMATCH, "primary key", add_primary_key},
    {'K', REASON_MISMATCH, "constraint", add_of_table},
    {'L', REASON_MISMATCH, "index", add_of_table},
    {'M', REASON_MISMATCH, "materialized view", add_unpopulated},
    {'N', REASON_MISMATCH, "row security", add_row_security},
    {'Q', REASON_FORBIDDEN, "privilege", add_privilege},
};

static const struct finding_kind *kind_of(const struct row *row)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].code == row->code)
			return &kinds[i];
	return NULL;
}

static enum reason reason_of(const struct row *row)
{
	const struct finding_kind *kind = kind_of(row);

	/* 'M', 'N' and 'Q' find nothing, but their object is there. */
	return row->found == NULL && kind->reason == REASON_MISMATCH &&
		       strchr("MN", row->code) == NULL
		   ? REASON_MISSING
		   : kind->reason;
}

static long next_number(const char **cursor)
{
	const char *c = *cursor;
	char *end;
	long number;

	while (*c != '\0' && (*c < '0' || *c > '9'))
		c++;
	number = strtol(c, &end, 10);
	*cursor = end;
	return number;
}

int version_compare(const char *a, const char *b)
{
	while (*a != '\0' || *b != '\0') {
		long of_a = next_number(&a);
		long of_b = next_number(&b);

		if (of_a != of_b)
			return of_a < of_b ? -1 : 1;
	}
	return 0;
}

/* ---- groups: the schemas of a pattern, or all that is in no pattern ---- */

/* How many of the schemas that match may deviate. */
static double allowed(const struct amount *tolerance, long matched)
{
	return tolerance->is_share ? floor((double)matched * tolerance->value / 100)
				   : tolerance->value;
}

/* In a group's summary, wanted is the number of schemas that match, found that of those that
 * deviate, part the first of them. A pattern that nothing matches is tolerated by nobody. */
static bool is_tolerated(const struct row *summary, const struct amount *tolerance)
{
	long matched = summary->wanted != NULL ? strtol(summary->wanted, NULL, 10) : 0;
	long deviating = summary->found != NULL ? strtol(summary->found, NULL, 10) : 0;

	return summary->pattern != NULL && matched > 0 &&
	       (double)deviating <= allowed(tolerance, matched);
}

static bool same_group(const struct row *a, const struct row *b)
{
	if (a->pattern == NULL || b->pattern == NULL)
		return a->pattern == b->pattern;
	return strcmp(a->pattern, b->pattern) == 0;
}

struct judging {
	const PGresult *rows;
	const struct contract_question *question;
	struct text message;  /* findings, as many as fit */
	struct text list;     /* the same a line each, many more */
	struct text patterns; /* how many schemas of each pattern deviate */
	enum reason reason;
	size_t told;   /* findings in message */
	size_t listed; /* and in list */
	size_t total;
	bool message_full;
	bool list_full;
};

/* Whether findings of the row's group count, as its summary says. */
static bool counts(const struct judging *judging, const struct row *row)
{
	for (int i = 0; i < rows_count(judging->rows); i++) {
		struct row summary = row_at(judging->rows, i);

		if (summary.code == 'Z' && same_group(&summary, row))
			return !is_tolerated(&summary, judging->question->tolerance);
	}
	return true;
}

static bool is_met(const struct row *row)
{
	return row->code == 'C' && row->found != NULL && row->wanted != NULL &&
	       version_compare(row->found, row->wanted) >= 0;
}

/* Adds line with a separator in front unless text would be longer than limit. */
static bool add_line(struct text *text, const char *separator, const char *line, size_t limit)
{
	if (text->length > 0 && text->length + strlen(separator) + strlen(line) > limit)
		return false;
	if (text->length > 0)
		text_add(text, separator);
	text_add(text, line);
	return true;
}

static void tell(struct judging *judging, const struct row *row)
{
	struct text raw;
	struct text line;

	text_init(&raw, 0);
	text_init(&line, MESSAGE_LIMIT_BYTES);
	kind_of(row)->add(&raw, kind_of(row), row, judging->question->role);
	text_add_clean(&line, text_string(&raw));
	if (judging->told == 0)
		judging->reason = reason_of(row);
	if (!judging->message_full)
		judging->message_full =
		    !add_line(&judging->message, "; ", text_string(&line), MESSAGE_LIMIT_BYTES);
	if (!judging->list_full)
		judging->list_full = !add_line(&judging->list, "\n", text_string(&line),
		    sizeof(((struct verdict *)0)->findings) - 64);
	judging->told += !judging->message_full;
	judging->listed += !judging->list_full;
	text_done(&line);
	text_done(&raw);
}

static void add_pattern(struct judging *judging, const struct row *summary)
{
	bool tolerated = is_tolerated(summary, judging->question->tolerance);

	if (summary->pattern == NULL || summary->found == NULL ||
	    strcmp(summary->found, "0") == 0 || summary->wanted == NULL ||
	    strcmp(summary->wanted, "0") == 0)
		return;
	text_addf(
	    &judging->patterns, "; %s of %s schemas that match ", summary->found, summary->wanted);
	text_add_clean(&judging->patterns, summary->pattern);
	text_add(&judging->patterns, tolerated ? " deviate, which is tolerated: " : " deviate: ");
	text_add_clean(&judging->patterns, summary->part != NULL ? summary->part : "");
	if (strtol(summary->found, NULL, 10) > 3)
		text_add(&judging->patterns, " …");
}

static void look_at(struct judging *judging, const struct row *row)
{
	if (row->code == 'Z') {
		if (!is_tolerated(row, judging->question->tolerance))
			judging->total += (size_t)row->total;
		add_pattern(judging, row);
	} else if (kind_of(row) != NULL && !is_met(row) && counts(judging, row)) {
		judging->total += row->code == 'C';
		tell(judging, row);
	}
}

static struct verdict ready(const struct judging *judging)
{
	return verdict_of(REASON_OK, "%s: all %zu found as wanted%s", judging->question->what,
	    judging->question->wanted->named, text_string(&judging->patterns));
}

static const char *advice(enum reason reason)
{
	return reason == REASON_FORBIDDEN ? "grant it, or correct \"role\""
					  : "run this release's migrations";
}

static struct verdict not_ready(struct judging *judging)
{
	struct text more;
	struct verdict verdict;

	text_init(&more, 40);
	if (judging->total > judging->told)
		text_addf(&more, "; and %zu more", judging->total - judging->told);
	verdict = verdict_of(judging->reason, "%s%s%s; %s", text_string(&judging->message),
	    text_string(&more), text_string(&judging->patterns), advice(judging->reason));
	if (judging->total > judging->listed)
		text_addf(&judging->list, "\nand %zu more", judging->total - judging->listed);
	if (judging->total > judging->told)
		memcpy(verdict.findings, text_string(&judging->list), judging->list.length + 1);
	text_done(&more);
	return verdict;
}

/* Whether the answer is one to our question: nothing but a server that took all of it sums up as
 * many objects. */
static bool is_answer(const struct wanted *wanted, const PGresult *rows)
{
	if (!rows_have_columns(rows, columns))
		return false;
	for (int i = 0; i < rows_count(rows); i++) {
		struct row row = row_at(rows, i);

		if (row.code == 'Z' && row.pattern == NULL)
			return row.wanted != NULL && strtoul(row.wanted, NULL, 10) == wanted->count;
	}
	return false;
}

struct verdict contract_judge(const struct contract_question *question, const PGresult *rows)
{
	struct judging judging = {.rows = rows, .question = question};
	struct verdict verdict;

	if (!is_answer(question->wanted, rows))
		return verdict_of(REASON_ERROR, "the catalog's answer has an unexpected shape");
	text_init(&judging.patterns, 150);
	for (int i = 0; i < rows_count(rows); i++) {
		struct row row = row_at(rows, i);

		look_at(&judging, &row);
	}
	verdict = judging.total == 0 ? ready(&judging) : not_ready(&judging);
	text_done(&judging.message);
	text_done(&judging.list);
	text_done(&judging.patterns);
	return verdict;
}
