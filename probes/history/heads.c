/* The engine for tables that hold only the heads of what is applied: Alembic. The table has no
 * order, no time and no parents, so an unknown id cannot be placed without other evidence. */
#include <string.h>

#include "../rows.h"
#include "../text.h"
#include "alembic.h"
#include "graph.h"
#include "tool.h"
#include "wording.h"

/* Several texts about one reading, made once for all messages. */
struct wording {
	struct text rows;
	struct text heads;
	struct text missing;
	struct text unknown;
	const char *upgrade; /* with several heads Alembic wants "heads" */
};

static void wording_init(struct wording *wording, const struct strings *rows,
    const struct graph *graph, const struct graph_reading *reading)
{
	const struct {
		struct text *text;
		const struct strings *ids;
	} parts[] = {
	    {&wording->rows, rows},
	    {&wording->heads, graph_heads(graph)},
	    {&wording->missing, &reading->missing},
	    {&wording->unknown, &reading->unknown},
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		text_init(parts[i].text, WORDING_IDS_BYTES);
		text_add_ids(
		    parts[i].text, (const char *const *)parts[i].ids->items, parts[i].ids->count);
	}
	wording->upgrade =
	    graph_heads(graph)->count > 1 ? "alembic upgrade heads" : "alembic upgrade head";
}

static void wording_done(struct wording *wording)
{
	text_done(&wording->rows);
	text_done(&wording->heads);
	text_done(&wording->missing);
	text_done(&wording->unknown);
}

/* All heads are covered; what else is in the table decides between ok and ahead. */
static struct verdict judge_covered(const struct history_question *question,
    const struct graph_reading *reading, const struct wording *w)
{
	if (reading->unknown.count == 0)
		return verdict_of(
		    REASON_OK, "at %s, all of this release is applied", text_string(&w->rows));
	if (question->rule == RULE_EXACT)
		return verdict_of(REASON_MISMATCH,
		    "%s holds %s besides this release's %s, and rule is \"exact\"", question->table,
		    text_string(&w->unknown), text_string(&w->heads));
	return verdict_of(REASON_AHEAD, "all of this release is applied (%s), and %s besides",
	    text_string(&w->heads), text_string(&w->unknown));
}

static struct verdict ahead_by(
    const struct history_question *question, const struct wording *w, const char *evidence)
{
	if (question->rule == RULE_EXACT)
		return verdict_of(REASON_MISMATCH,
		    "database at %s, this release is %s, and rule is \"exact\"",
		    text_string(&w->rows), text_string(&w->heads));
	return verdict_of(REASON_AHEAD, "database at %s, beyond this release's %s: %s",
	    text_string(&w->rows), text_string(&w->heads), evidence);
}

/* An id that is not ours stands where our head would be: a newer release, another branch, or files
 * that were squashed away. Only what else is known can tell. */
static struct verdict judge_unknown(
    const struct history_question *question, const struct wording *w)
{
	struct verdict verdict;

	if (question->unknown_policy == UNKNOWN_EVIDENCE && question->memory->was_complete)
		return ahead_by(question, w, "this sidecar has seen its own heads applied before");
	if (question->unknown_policy == UNKNOWN_EVIDENCE && question->facts->objects_ready)
		return ahead_by(question, w, "the objects that this release needs are there");
	verdict = verdict_of(REASON_UNKNOWN_REVISION,
	    "database at %s, which this release (%s) does not know; deploy the release that has it,"
	    " or list what this one needs in a tables or contract check",
	    text_string(&w->unknown), text_string(&w->heads));
	if (question->unknown_policy == UNKNOWN_READY && question->rule == RULE_AT_LEAST)
		verdict.value = VERDICT_READY;
	return verdict;
}

static struct verdict judge_uncovered(const struct history_question *question,
    const struct graph_reading *reading, const struct wording *w)
{
	if (reading->unknown.count == 0)
		return verdict_of(REASON_BEHIND,
		    "%zu pending: %s; database at %s, this release needs %s; run `%s`",
		    reading->missing.count, text_string(&w->missing), text_string(&w->rows),
		    text_string(&w->heads), w->upgrade);
	if (reading->missing_is_certain)
		return verdict_of(REASON_DIVERGED,
		    "%zu pending: %s; and unknown to this release: %s; check which release's"
		    " migrations ran here, then run `%s`",
		    reading->missing.count, text_string(&w->missing), text_string(&w->unknown),
		    w->upgrade);
	return judge_unknown(question, w);
}

static struct verdict judge_reading(const struct history_question *question,
    const struct strings *rows, const struct graph_reading *reading, const struct wording *w)
{
	if (rows->count == 0)
		return verdict_of(REASON_EMPTY, "%s has no row: %zu pending, up to %s; run `%s`",
		    question->table, reading->missing.count, text_string(&w->heads), w->upgrade);
	if (reading->heads_covered)
		return judge_covered(question, reading, w);
	return judge_uncovered(question, reading, w);
}

/*
 * Having seen our own heads applied is evidence for as long as the table did not go back: from a
 * known ancestor, or from nothing, it may go another way than through our heads.
 */
static void remember(
    struct check_memory *memory, const struct graph_reading *reading, const struct strings *rows)
{
	if (reading->heads_covered)
		memory->was_complete = true;
	else if (rows->count == 0 || reading->unknown.count == 0 || reading->missing_is_certain)
		memory->was_complete = false;
}

/* Whether the count of missing revisions is a fact, not a lack of knowledge. */
static bool pending_is_known(const struct graph_reading *reading)
{
	return reading->heads_covered || reading->unknown.count == 0 || reading->missing_is_certain;
}

static struct verdict heads_judge(const struct history_question *question)
{
	const struct graph *graph = question->expected;
	struct strings rows = {0};
	struct graph_reading reading;
	struct wording wording;
	struct verdict verdict;

	for (int i = 0; i < rows_count(question->rows); i++)
		if (rows_text(question->rows, i, "id") != NULL)
			strings_add(&rows, rows_text(question->rows, i, "id"));
	reading = graph_read(graph, &rows);
	wording_init(&wording, &rows, graph, &reading);
	verdict = judge_reading(question, &rows, &reading, &wording);
	remember(question->memory, &reading, &rows);
	if (pending_is_known(&reading))
		verdict.pending = (long)reading.missing.count;
	else if (verdict.value == VERDICT_READY)
		verdict.pending = 0;
	text_copy_clean(verdict.expected, sizeof(verdict.expected), text_string(&wording.heads));
	text_copy_clean(verdict.actual, sizeof(verdict.actual), text_string(&wording.rows));
	wording_done(&wording);
	graph_reading_done(&reading);
	strings_done(&rows);
	return verdict;
}

static void *read_directories(const struct history_tool *tool, const struct strings *directories,
    const char *place, struct problems *problems)
{
	(void)tool;
	return alembic_read_directories(directories, place, problems);
}

static void *read_list(const struct history_tool *tool, const struct strings *ids,
    const char *place, struct problems *problems)
{
	(void)tool;
	return alembic_read_list(ids, place, problems);
}

static void heads_print(const void *expected, struct text *text)
{
	graph_print(expected, text);
}

static void heads_free(void *expected)
{
	graph_free(expected);
}

static const char *const heads_columns[] = {"id", NULL};

const struct history_engine history_engine_alembic = {
    .read_directories = read_directories,
    .read_list = read_list,
    .print = heads_print,
    .free = heads_free,
    .columns = heads_columns,
    .judge = heads_judge,
    .leaves_open = true,
};
