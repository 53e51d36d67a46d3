/* The engine for tables with a row for each applied migration: what is expected and not applied is
 * missing, what is applied and not expected is extra, and the order of ids matters for words only.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../order.h"
#include "../rows.h"
#include "../text.h"
#include "../xalloc.h"
#include "release.h"
#include "tool.h"
#include "wording.h"

/* What the table says of one id. Borrows the rows' texts. */
struct fact {
	const char *id;
	const char *sum;
	char state; /* A applied, F failed or unfinished, X reverted, B baseline, R repeatable */
	int row;
};

struct reading {
	const struct history_question *question;
	const struct release *release;
	struct fact *facts; /* one an id, by the tool's comparison */
	size_t fact_count;
	size_t applied;    /* facts that are */
	const char *floor; /* what is not above it counts as applied; NULL: none */
	bool *covered;     /* a migration of the release: nothing of it is wanting */
	bool *shadowed;    /* another stands in its place, which is missing itself */
	struct id_list missing;
	struct id_list gone; /* what a squashed migration replaces, not applied, without a file */
	struct id_list failed;
	struct id_list failed_foreign;
	struct id_list older; /* applied, not ours, before all of ours */
	struct id_list extra; /* applied, not ours, otherwise */
	struct id_list edited;
};

static const struct history_tool *tool_of(const struct reading *reading)
{
	return reading->question->tool;
}

static bool is_applied(const struct fact *fact)
{
	return strchr("ABR", fact->state) != NULL;
}

/* By id, then as recorded. */
static int compare_facts(const void *a, const void *b, void *arg)
{
	const struct reading *reading = arg;
	const struct fact *x = a;
	const struct fact *y = b;
	int result = tool_of(reading)->compare(x->id, y->id);

	return result != 0 ? result : (x->row > y->row) - (x->row < y->row);
}

/* The columns of the answer, of which there may be very many rows. */
struct columns {
	int id;
	int state;
	int sum;
};

static struct columns columns_of(const struct reading *reading)
{
	const PGresult *rows = reading->question->rows;

	return (struct columns){
	    rows_column(rows, reading->release->uses_other_ids ? "other" : "id"),
	    rows_column(rows, "st"),
	    rows_column(rows, "sum"),
	};
}

/* One row as a fact; false where it is none of ours to judge. */
static bool read_fact(
    const struct reading *reading, const struct columns *columns, int row, struct fact *fact)
{
	const PGresult *rows = reading->question->rows;
	const char *id = rows_value(rows, row, columns->id);
	const char *state = rows_value(rows, row, columns->state);

	if (id == NULL || state == NULL || *state == HISTORY_LOCK_STATE)
		return false;
	if (tool_of(reading)->scope != '\0' && !release_has_scope(reading->release, id))
		return false;
	if (tool_of(reading)->resolve != NULL)
		id = tool_of(reading)->resolve(reading->release, id);
	*fact = (struct fact){id, rows_value(rows, row, columns->sum), *state, row};
	return true;
}

static void raise_floor(struct reading *reading, const char *id)
{
	if (reading->floor == NULL || tool_of(reading)->compare(id, reading->floor) > 0)
		reading->floor = id;
}

/* Some tables are journals: of several rows with one id the last stands. */
static void fold_facts(struct reading *reading)
{
	size_t kept = 0;

	for (size_t i = 0; i < reading->fact_count; i++) {
		const struct fact *next = &reading->facts[i + 1];

		if (i + 1 < reading->fact_count &&
		    tool_of(reading)->compare(reading->facts[i].id, next->id) == 0)
			continue;
		reading->facts[kept++] = reading->facts[i];
		reading->applied += is_applied(&reading->facts[i]);
	}
	reading->fact_count = kept;
}

static void collect_facts(struct reading *reading)
{
	int count = rows_count(reading->question->rows);
	struct columns columns = columns_of(reading);

	reading->facts = xcalloc((size_t)count + 1, sizeof(*reading->facts));
	for (int row = 0; row < count; row++) {
		struct fact *fact = &reading->facts[reading->fact_count];

		if (!read_fact(reading, &columns, row, fact))
			continue;
		reading->fact_count++;
		if (fact->state == 'B')
			raise_floor(reading, fact->id);
	}
	put_in_order(
	    reading->facts, reading->fact_count, sizeof(*reading->facts), compare_facts, reading);
	fold_facts(reading);
}

struct wanted {
	const struct reading *reading;
	const char *id;
};

static int compare_to_fact(const void *key, size_t rank)
{
	const struct wanted *wanted = key;

	return tool_of(wanted->reading)->compare(wanted->id, wanted->reading->facts[rank].id);
}

static bool has_row(const struct reading *reading, const char *id)
{
	const struct wanted wanted = {reading, id};
	size_t rank = ids_search(&wanted, reading->fact_count, compare_to_fact);

	return rank != SIZE_MAX && is_applied(&reading->facts[rank]);
}

/* Only checksums of one form can differ: an old bug of Prisma's left shorter ones. */
static bool differs(const struct history_tool *tool, const struct strings *sums, const char *sum)
{
	if (sums->count == 0 || sum == NULL)
		return false;
	if (tool->files.sum != SUM_FLYWAY && strlen(sum) != strlen(sums->items[0]))
		return false;
	return !strings_has(sums, sum);
}

static void match_ours(struct reading *reading, const struct fact *fact, size_t index)
{
	const struct migration *migration = &reading->release->migrations[index];

	if (fact->state == 'F')
		id_list_add(&reading->failed, fact->id);
	if (!is_applied(fact))
		return;
	reading->covered[index] = true;
	if (differs(tool_of(reading), &migration->sums, fact->sum))
		id_list_add(&reading->edited, fact->id);
}

/* An id that no migration of ours has. A baseline, and what a squashed one replaces, is known. */
static void match_foreign(struct reading *reading, const struct fact *fact)
{
	const struct history_tool *tool = tool_of(reading);
	const char *first = reading->release->migrations[0].id;

	if (fact->state == 'X' || fact->state == 'B' ||
	    release_replaces(reading->release, fact->id))
		return;
	if (fact->state == 'F')
		id_list_add(&reading->failed_foreign, fact->id);
	else if (!tool->keeps_order && tool->compare(fact->id, first) < 0)
		id_list_add(&reading->older, fact->id);
	else
		id_list_add(&reading->extra, fact->id);
}

static void match_facts(struct reading *reading)
{
	for (size_t i = 0; i < reading->fact_count; i++) {
		size_t index = release_find(reading->release, reading->facts[i].id);

		if (index == SIZE_MAX)
			match_foreign(reading, &reading->facts[i]);
		else
			match_ours(reading, &reading->facts[i], index);
	}
}

static bool is_repeatable(const struct history_tool *tool, const char *id)
{
	return tool->repeatable != NULL &&
	       strncmp(id, tool->repeatable, strlen(tool->repeatable)) == 0;
}

static void apply_floor(struct reading *reading)
{
	const struct release *release = reading->release;

	if (reading->floor == NULL)
		return;
	for (size_t i = 0; i < release->count; i++)
		if (!is_repeatable(tool_of(reading), release->migrations[i].id) &&
		    tool_of(reading)->compare(release->migrations[i].id, reading->floor) <= 0)
			reading->covered[i] = true;
}

static bool is_covered(const struct reading *reading, const char *id)
{
	size_t index = release_find(reading->release, id);

	return index != SIZE_MAX ? reading->covered[index] : has_row(reading, id);
}

static size_t count_covered(const struct reading *reading, const struct strings *ids)
{
	size_t count = 0;

	for (size_t i = 0; i < ids->count; i++)
		count += is_covered(reading, ids->items[i]);
	return count;
}

/* Sets the flag of each of the ids that is ours; gives whether any was new. */
static bool flag_all(const struct reading *reading, const struct strings *ids, bool *flags)
{
	bool changed = false;

	for (size_t i = 0; i < ids->count; i++) {
		size_t index = release_find(reading->release, ids->items[i]);

		if (index == SIZE_MAX || flags[index])
			continue;
		flags[index] = true;
		changed = true;
	}
	return changed;
}

/* A migration that replaces others is covered by all of them, and covers all of them. */
static bool substitute(struct reading *reading, size_t index)
{
	const struct strings *replaces = &reading->release->migrations[index].replaces;
	bool changed = false;

	if (replaces->count == 0)
		return false;
	if (!reading->covered[index] && count_covered(reading, replaces) == replaces->count)
		changed = reading->covered[index] = true;
	if (reading->covered[index])
		changed = flag_all(reading, replaces, reading->covered) || changed;
	return changed;
}

/* Squashes may be squashed again, so this goes on until nothing is new. */
static void apply_replacements(struct reading *reading)
{
	bool changed = reading->release->also.count > 0;

	while (changed) {
		changed = false;
		for (size_t i = 0; i < reading->release->count; i++)
			changed = substitute(reading, i) || changed;
	}
	for (size_t i = 0; i < reading->release->count; i++) {
		const struct strings *replaces = &reading->release->migrations[i].replaces;

		if (!reading->covered[i] && count_covered(reading, replaces) == 0)
			flag_all(reading, replaces, reading->shadowed);
	}
}

/* Originals that are not applied, and that no file has any more. */
static size_t add_gone(struct reading *reading, const struct strings *replaces)
{
	size_t before = reading->gone.count;

	for (size_t i = 0; i < replaces->count; i++)
		if (!is_covered(reading, replaces->items[i]) &&
		    release_find(reading->release, replaces->items[i]) == SIZE_MAX)
			id_list_add(&reading->gone, replaces->items[i]);
	return reading->gone.count - before;
}

/* Of a squashed migration that is applied in part the originals are wanted in its place. */
static bool is_wanted(struct reading *reading, size_t index)
{
	const struct migration *migration = &reading->release->migrations[index];

	if (reading->covered[index] || reading->shadowed[index] || migration->is_optional)
		return false;
	return count_covered(reading, &migration->replaces) == 0 ||
	       add_gone(reading, &migration->replaces) > 0;
}

static void collect_missing(struct reading *reading)
{
	for (size_t i = 0; i < reading->release->count; i++)
		if (is_wanted(reading, i))
			id_list_add(&reading->missing, reading->release->migrations[i].id);
}

static struct reading reading_create(const struct history_question *question)
{
	const struct release *release = question->expected;
	struct reading reading = {
	    .question = question,
	    .release = release,
	    .covered = xcalloc(release->count, sizeof(bool)),
	    .shadowed = xcalloc(release->count, sizeof(bool)),
	};

	collect_facts(&reading);
	match_facts(&reading);
	apply_floor(&reading);
	apply_replacements(&reading);
	collect_missing(&reading);
	return reading;
}

static void reading_done(struct reading *reading)
{
	free(reading->facts);
	free(reading->covered);
	free(reading->shadowed);
	id_list_done(&reading->missing);
	id_list_done(&reading->gone);
	id_list_done(&reading->failed);
	id_list_done(&reading->failed_foreign);
	id_list_done(&reading->older);
	id_list_done(&reading->extra);
	id_list_done(&reading->edited);
}

/* The last of the release's versions. */
static const char *wanted_version(const struct reading *reading)
{
	const struct release *release = reading->release;

	for (size_t i = release->count; i-- > 0;)
		if (!is_repeatable(tool_of(reading), release->migrations[i].id))
			return release->migrations[i].id;
	return release->migrations[release->count - 1].id;
}

/* Where ids have an order, the highest that is applied. */
static const char *highest_applied(const struct reading *reading)
{
	const char *highest = "";

	for (size_t i = 0; i < reading->fact_count; i++)
		if (is_applied(&reading->facts[i]) &&
		    (*highest == '\0' || !is_repeatable(tool_of(reading), reading->facts[i].id)))
			highest = reading->facts[i].id;
	return highest;
}

/* Where they have none: the release's last if all is applied, else what was recorded last. */
static const char *last_applied(const struct reading *reading)
{
	const struct fact *last = NULL;

	if (reading->missing.count == 0 && reading->extra.count == 0 && reading->applied > 0)
		return wanted_version(reading);
	for (size_t i = 0; i < reading->fact_count; i++)
		if (is_applied(&reading->facts[i]) &&
		    (last == NULL || reading->facts[i].row > last->row))
			last = &reading->facts[i];
	return last != NULL ? last->id : "";
}

static const char *found_version(const struct reading *reading)
{
	return tool_of(reading)->keeps_order ? last_applied(reading) : highest_applied(reading);
}

static struct verdict judge_failed(const struct reading *reading, const struct id_list *failed)
{
	const struct history_tool *tool = tool_of(reading);
	struct text ids;
	struct verdict verdict;

	text_init_ids(&ids, failed);
	if (failed == &reading->failed)
		verdict = verdict_of(REASON_DIRTY,
		    "%s failed or is still running; see the migration's own log, then run `%s`",
		    text_string(&ids), tool->repair);
	else
		verdict = verdict_of(REASON_DIRTY_NEWER,
		    "all of this release is applied; %s, which it does not have, failed or is "
		    "still running",
		    text_string(&ids));
	text_done(&ids);
	return verdict;
}

/* What the release does not have: failed, applied, and applied before all of its own. */
static void add_extra(const struct reading *reading, struct text *text)
{
	const struct id_list *failed = &reading->failed_foreign;

	text_add_ids(text, failed->items, failed->count);
	if (failed->count > 0 && reading->extra.count > 0)
		text_add(text, ", ");
	text_add_ids(text, reading->extra.items, reading->extra.count);
	if (reading->older.count == 0)
		return;
	text_addf(text, "%s%zu older: ", text->length > 0 ? "; " : "", reading->older.count);
	text_add_ids(text, reading->older.items, reading->older.count);
}

static struct verdict judge_complete(const struct reading *reading)
{
	const char *version = wanted_version(reading);
	struct verdict verdict;
	struct text extra;

	if (reading->extra.count + reading->older.count + reading->failed_foreign.count == 0)
		return verdict_of(
		    REASON_OK, "at %s, all of this release is applied", found_version(reading));
	text_init(&extra, 2 * WORDING_IDS_BYTES);
	add_extra(reading, &extra);
	if (reading->question->rule == RULE_EXACT)
		verdict = verdict_of(REASON_MISMATCH,
		    "%s holds what this release (%s) does not have, and rule is \"exact\": %s",
		    reading->question->table, version, text_string(&extra));
	else
		verdict =
		    verdict_of(REASON_AHEAD, "all of this release is applied (%s), and besides %s",
			version, text_string(&extra));
	text_done(&extra);
	return verdict;
}

static struct verdict judge_empty(const struct reading *reading)
{
	const struct history_tool *tool = tool_of(reading);

	return verdict_of(REASON_EMPTY,
	    "%s has no applied migration%s: %zu pending, up to %s; run `%s`",
	    reading->question->table, tool->scope != '\0' ? " of ours" : "", reading->missing.count,
	    wanted_version(reading), tool->advice);
}

/* missing, other: as text. */
static struct verdict judge_diverged(
    const struct reading *reading, const char *missing, const char *other)
{
	if (reading->gone.count > 0)
		return verdict_of(REASON_DIVERGED,
		    "%zu pending: %s; a squashed one is applied in part, and the files of the rest "
		    "are gone (%s); deploy the release that has them first",
		    reading->missing.count, missing, other);
	return verdict_of(REASON_DIVERGED,
	    "%zu pending: %s; and unknown to this release: %s; check which release's migrations "
	    "ran here, then run `%s`",
	    reading->missing.count, missing, other, tool_of(reading)->advice);
}

/* Where a release has no files of what it applied long ago, that alone is no divergence: what is
 * missing is then behind all that is applied. */
static bool is_next(const struct reading *reading)
{
	const struct history_tool *tool = tool_of(reading);

	return !tool->keeps_order &&
	       tool->compare(reading->missing.items[0], highest_applied(reading)) > 0;
}

/* What makes it diverged; empty where the release is just behind. */
static const struct id_list *divergence(const struct reading *reading)
{
	if (reading->gone.count > 0)
		return &reading->gone;
	if (reading->extra.count > 0 || is_next(reading))
		return &reading->extra;
	return &reading->older;
}

static struct verdict judge_incomplete(const struct reading *reading)
{
	struct text missing;
	struct text other;
	struct verdict verdict;

	if (reading->applied == 0)
		return judge_empty(reading);
	text_init_ids(&missing, &reading->missing);
	text_init_ids(&other, divergence(reading));
	if (other.length > 0)
		verdict = judge_diverged(reading, text_string(&missing), text_string(&other));
	else
		verdict = verdict_of(REASON_BEHIND,
		    "%zu pending: %s; database at %s, this release needs %s; run `%s`",
		    reading->missing.count, text_string(&missing), found_version(reading),
		    wanted_version(reading), tool_of(reading)->advice);
	text_done(&missing);
	text_done(&other);
	return verdict;
}

static struct verdict judge_reading(const struct reading *reading)
{
	if (reading->failed.count > 0)
		return judge_failed(reading, &reading->failed);
	if (reading->missing.count > 0 || reading->applied == 0)
		return judge_incomplete(reading);
	if (reading->failed_foreign.count > 0 && reading->question->rule == RULE_AT_LEAST)
		return judge_failed(reading, &reading->failed_foreign);
	return judge_complete(reading);
}

static void note_edited(const struct reading *reading, struct verdict *verdict)
{
	struct text ids;

	if (reading->edited.count == 0)
		return;
	text_init_ids(&ids, &reading->edited);
	verdict_note(
	    verdict, "the files differ from what was applied (checksum): %s", text_string(&ids));
	text_done(&ids);
}

static struct verdict set_judge(const struct history_question *question)
{
	struct reading reading = reading_create(question);
	struct verdict verdict = judge_reading(&reading);

	note_edited(&reading, &verdict);
	verdict.pending = (long)reading.missing.count;
	question->memory->was_complete = verdict.pending == 0 && reading.failed.count == 0;
	text_copy_clean(verdict.expected, sizeof(verdict.expected), wanted_version(&reading));
	text_copy_clean(verdict.actual, sizeof(verdict.actual), found_version(&reading));
	reading_done(&reading);
	return verdict;
}

const struct history_engine history_engine_set = {
    .read_directories = release_read_directories,
    .read_list = release_read_items,
    .print = release_print_items,
    .free = release_forget,
    .columns = release_columns,
    .judge = set_judge,
};
