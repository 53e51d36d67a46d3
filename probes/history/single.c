/* The engine for tables with one row, the last version and whether it is clean: golang-migrate.
 * Versions are whole numbers, so that their order tells all. What was merged late with a lower
 * number is skipped by the tool itself, and no row tells. */
#include <stdint.h>
#include <string.h>

#include "../rows.h"
#include "../text.h"
#include "release.h"
#include "tool.h"
#include "wording.h"

/* Below every version: the row that a failed first migration down leaves. */
#define BEFORE_ALL "-1"

struct position {
	const struct history_question *question;
	const struct release *release;
	const char *version; /* of the row; NULL: there is none */
	const char *wanted;
	bool is_dirty;
	int order; /* of version to wanted: < 0 before it, > 0 beyond */
	struct id_list pending;
};

static int compare(const struct position *position, const char *version)
{
	if (strcmp(position->version, BEFORE_ALL) == 0)
		return -1;
	return position->question->tool->compare(position->version, version);
}

/* A dirty version is not applied yet, or no more. */
static void collect_pending(struct position *position)
{
	for (size_t i = 0; i < position->release->count; i++) {
		const char *id = position->release->migrations[i].id;
		int order = position->version == NULL ? -1 : compare(position, id);

		if (order < 0 || (order == 0 && position->is_dirty))
			id_list_add(&position->pending, id);
	}
}

static struct position position_of(const struct history_question *question)
{
	const struct release *release = question->expected;
	struct position position = {
	    .question = question,
	    .release = release,
	    .wanted = release->migrations[release->count - 1].id,
	};

	if (rows_count(question->rows) > 0) {
		const char *state = rows_text(question->rows, 0, "st");

		position.version = rows_text(question->rows, 0, "id");
		position.is_dirty = state != NULL && *state == 'F';
	}
	if (position.version != NULL)
		position.order = compare(&position, position.wanted);
	collect_pending(&position);
	return position;
}

static struct verdict judge_dirty(const struct position *position)
{
	if (position->order <= 0)
		return verdict_of(REASON_DIRTY,
		    "version %s failed or is still running; see the migration's own log, repair "
		    "the "
		    "schema by hand if it failed, then run `%s`",
		    position->version, position->question->tool->repair);
	if (position->question->rule == RULE_EXACT)
		return verdict_of(REASON_MISMATCH,
		    "version %s, beyond this release's %s, failed or is still running, and rule is "
		    "\"exact\"",
		    position->version, position->wanted);
	return verdict_of(REASON_DIRTY_NEWER,
	    "all of this release (%s) is applied; version %s, which it does not have, failed or is "
	    "still running",
	    position->wanted, position->version);
}

static struct verdict judge_beyond(const struct position *position)
{
	if (position->question->rule == RULE_EXACT)
		return verdict_of(REASON_MISMATCH,
		    "database at %s, this release is %s, and rule is \"exact\"", position->version,
		    position->wanted);
	return verdict_of(REASON_AHEAD, "database at %s, beyond this release's %s",
	    position->version, position->wanted);
}

static struct verdict judge_before(const struct position *position)
{
	bool is_ours = release_find(position->release, position->version) != SIZE_MAX;
	const char *advice = position->question->tool->advice;
	struct text ids;
	struct verdict verdict;

	text_init_ids(&ids, &position->pending);
	if (is_ours)
		verdict = verdict_of(REASON_BEHIND,
		    "%zu pending: %s; database at %s, this release needs %s; run `%s`",
		    position->pending.count, text_string(&ids), position->version, position->wanted,
		    advice);
	else
		verdict = verdict_of(REASON_DIVERGED,
		    "%zu pending: %s; database at %s, which this release does not have; check "
		    "which "
		    "release's migrations ran here, then run `%s`",
		    position->pending.count, text_string(&ids), position->version, advice);
	text_done(&ids);
	return verdict;
}

static struct verdict judge_position(const struct position *position)
{
	if (position->version == NULL)
		return verdict_of(REASON_EMPTY, "%s has no row: %zu pending, up to %s; run `%s`",
		    position->question->table, position->pending.count, position->wanted,
		    position->question->tool->advice);
	if (position->is_dirty)
		return judge_dirty(position);
	if (position->order > 0)
		return judge_beyond(position);
	if (position->order < 0)
		return judge_before(position);
	return verdict_of(REASON_OK, "at %s, all of this release is applied", position->version);
}

static struct verdict single_judge(const struct history_question *question)
{
	struct position position;
	struct verdict verdict;

	if (rows_count(question->rows) > 1)
		return verdict_of(REASON_ERROR, "%s has %d rows, where %s keeps one",
		    question->table, rows_count(question->rows), question->tool->name);
	position = position_of(question);
	verdict = judge_position(&position);
	verdict.pending = (long)position.pending.count;
	question->memory->was_complete = position.pending.count == 0;
	text_copy_clean(verdict.expected, sizeof(verdict.expected), position.wanted);
	if (position.version != NULL)
		text_copy_clean(verdict.actual, sizeof(verdict.actual), position.version);
	id_list_done(&position.pending);
	return verdict;
}

const struct history_engine history_engine_single = {
    .read_directories = release_read_directories,
    .read_list = release_read_items,
    .print = release_print_items,
    .free = release_forget,
    .columns = release_columns,
    .judge = single_judge,
};
