/* Pass or fail, from what was found, when, and what is configured: section "What a gate sees" of
 * the README's rules, written out as tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/xalloc.h"
#include "../support/scene.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HOLD_FOR_MS 300000
#define BEGIN_MS 1000000

/* ---- one check ---- */

/* What rounds have brought so far; other states a check cannot be in. */
enum past {
	NEVER_ANSWERED,
	ANSWERED_READY,               /* in the last round */
	ANSWERED_NOT_READY,           /* in the last round, and never ready */
	ANSWERED_NOT_READY_NOW,       /* in the last round, ready before */
	SILENT_SINCE_READY,           /* the last answer was ready */
	SILENT_SINCE_NOT_READY,       /* the last answer was not ready, and never ready */
	SILENT_SINCE_NOT_READY_AGAIN, /* the same, ready before that */
	PAST_COUNT
};

struct round_made {
	enum reason reason;
	int64_t at_ms; /* after BEGIN_MS */
};

static const struct {
	const char *name;
	struct round_made rounds[3];
	size_t round_count;
	int64_t answered_at_ms; /* after BEGIN_MS: from here the age counts */
} pasts[PAST_COUNT] = {
    [NEVER_ANSWERED] = {"never answered", {{REASON_UNREACHABLE, 0}}, 1, 0},
    [ANSWERED_READY] = {"ready", {{REASON_OK, 0}}, 1, 0},
    [ANSWERED_NOT_READY] = {"not ready", {{REASON_MISSING, 0}}, 1, 0},
    [ANSWERED_NOT_READY_NOW] = {"ready, then not ready", {{REASON_OK, 0}, {REASON_MISSING, 10}}, 2,
	10},
    [SILENT_SINCE_READY] = {"ready, then silent", {{REASON_OK, 0}, {REASON_TIMEOUT, 10}}, 2, 0},
    [SILENT_SINCE_NOT_READY] = {"not ready, then silent",
	{{REASON_MISSING, 0}, {REASON_TIMEOUT, 10}}, 2, 0},
    [SILENT_SINCE_NOT_READY_AGAIN] = {"ready, not ready, then silent",
	{{REASON_OK, 0}, {REASON_MISSING, 10}, {REASON_TIMEOUT, 20}}, 3, 10},
};

/* The age of the last answer, against the time for which it is held. */
static const struct {
	const char *name;
	int64_t age_ms;
	int64_t hold_for_ms;
} ages[] = {
    {"younger than holdFor", HOLD_FOR_MS - 1, HOLD_FOR_MS},
    {"as old as holdFor", HOLD_FOR_MS, HOLD_FOR_MS},
    {"older than holdFor", HOLD_FOR_MS + 1, HOLD_FOR_MS},
    {"with holdFor 0", 20, 0},
};

/*
 * One letter for each of the ages above: P passes, by an answer; H passes, held; L passes, latched;
 * f fails. "late": the checking thread has not brought the round that was due.
 */
static const struct {
	enum past past;
	bool late;
	const char *plain;
	const char *latch; /* with "latch": true */
} outcomes[] = {
    {NEVER_ANSWERED, false, "ffff", "ffff"},
    {NEVER_ANSWERED, true, "ffff", "ffff"},
    {ANSWERED_READY, false, "PPPP", "PPPP"},
    {ANSWERED_READY, true, "Hfff", "HLLL"},
    {ANSWERED_NOT_READY, false, "ffff", "ffff"},
    {ANSWERED_NOT_READY, true, "ffff", "ffff"},
    {ANSWERED_NOT_READY_NOW, false, "ffff", "LLLL"},
    {ANSWERED_NOT_READY_NOW, true, "ffff", "LLLL"},
    {SILENT_SINCE_READY, false, "Hfff", "HLLL"},
    {SILENT_SINCE_READY, true, "Hfff", "HLLL"},
    {SILENT_SINCE_NOT_READY, false, "ffff", "ffff"},
    {SILENT_SINCE_NOT_READY, true, "ffff", "ffff"},
    {SILENT_SINCE_NOT_READY_AGAIN, false, "ffff", "LLLL"},
    {SILENT_SINCE_NOT_READY_AGAIN, true, "ffff", "LLLL"},
};

static struct moment at(int64_t offset_ms)
{
	return (struct moment){BEGIN_MS + offset_ms, 1767323045000 + offset_ms};
}

static struct standing standing_after(enum past past)
{
	struct standing standing;

	standing_init(&standing, at(-1000));
	for (size_t i = 0; i < pasts[past].round_count; i++) {
		struct verdict verdict = verdict_of(pasts[past].rounds[i].reason, "round %zu", i);

		standing_note(&standing, &verdict, at(pasts[past].rounds[i].at_ms));
	}
	return standing;
}

static char letter_of(const struct judgement *judgement)
{
	if (!judgement->pass)
		return judgement->held || judgement->latched ? '?' : 'f';
	if (judgement->held && judgement->latched)
		return '?';
	return judgement->held ? 'H' : judgement->latched ? 'L' : 'P';
}

/* How a subject with that standing looks then, when the round after it is due at due_ms. */
static struct judgement judge(const struct standing *standing, bool latch, int64_t due_ms,
    int64_t hold_for_ms, int64_t now_ms)
{
	struct subject subject = {
	    .latch = latch, .hold_for_ms = hold_for_ms, .due_ms = due_ms, .standing = standing};

	return gate_judge(&subject, now_ms);
}

static void assert_outcome(size_t row, size_t age, bool latch)
{
	enum past past = outcomes[row].past;
	int64_t now_ms = at(pasts[past].answered_at_ms + ages[age].age_ms).monotonic_ms;
	struct standing standing = standing_after(past);
	struct judgement judgement = judge(&standing, latch,
	    outcomes[row].late ? now_ms - 1 : now_ms, ages[age].hold_for_ms, now_ms);
	char expected = (latch ? outcomes[row].latch : outcomes[row].plain)[age];

	if (letter_of(&judgement) != expected)
		fail_msg("%s, %s%s%s: found %c, expected %c", pasts[past].name, ages[age].name,
		    latch ? ", latch" : "", outcomes[row].late ? ", late" : "",
		    letter_of(&judgement), expected);
}

static void every_combination_of_finding_age_latch_and_lateness(void **state)
{
	(void)state;
	assert_int_equal(COUNT(outcomes), 2 * PAST_COUNT);
	for (size_t row = 0; row < COUNT(outcomes); row++) {
		for (size_t age = 0; age < COUNT(ages); age++) {
			assert_outcome(row, age, false);
			assert_outcome(row, age, true);
		}
	}
}

/* Every reason passes, fails or is held as the spec's table says of its verdict. */
static void reasons_count_as_their_verdicts(void **state)
{
	static const struct {
		const char *letters; /* found at once; then found after ready */
		enum reason reasons[14];
		size_t count;
	} rows[] = {
	    {"PP", {REASON_OK, REASON_AHEAD, REASON_DIRTY_NEWER}, 3},
	    {"ff",
		{REASON_MISSING, REASON_MISMATCH, REASON_FORBIDDEN, REASON_BEHIND, REASON_EMPTY,
		    REASON_UNMANAGED, REASON_DIRTY, REASON_DIVERGED, REASON_UNKNOWN_REVISION,
		    REASON_FALSE, REASON_WRONG_SERVER, REASON_UNHEALTHY},
		12},
	    {"fH",
		{REASON_PENDING, REASON_UNREACHABLE, REASON_STARTING, REASON_LOGIN, REASON_TIMEOUT,
		    REASON_LOCKED, REASON_DENIED, REASON_ERROR},
		8},
	};
	size_t reasons = 0;

	(void)state;
	for (size_t row = 0; row < COUNT(rows); row++) {
		for (size_t i = 0; i < rows[row].count; i++) {
			struct verdict verdict = verdict_of(rows[row].reasons[i], "-");
			struct standing before[] = {
			    standing_after(NEVER_ANSWERED), standing_after(ANSWERED_READY)};

			for (size_t k = 0; k < COUNT(before); k++) {
				struct judgement judgement;

				standing_note(&before[k], &verdict, at(50));
				judgement =
				    judge(&before[k], false, INT64_MAX, HOLD_FOR_MS, BEGIN_MS + 60);
				if (letter_of(&judgement) != rows[row].letters[k])
					fail_msg("%s: found %c, expected %c",
					    reason_name(verdict.reason), letter_of(&judgement),
					    rows[row].letters[k]);
			}
			reasons++;
		}
	}
	assert_int_equal(reasons, REASON_COUNT);
}

static void a_late_round_is_told_as_a_timeout(void **state)
{
	struct standing standing = standing_after(ANSWERED_READY);
	struct judgement judgement =
	    judge(&standing, false, BEGIN_MS + 500, HOLD_FOR_MS, BEGIN_MS + 700);

	(void)state;
	assert_int_equal(judgement.verdict->value, VERDICT_UNKNOWN);
	assert_int_equal(judgement.verdict->reason, REASON_TIMEOUT);
	assert_true(judgement.verdict->message[0] != '\0');
	assert_int_equal(judgement.silent_ms, 700);
}

/* Whatever else it says, silence that was found is told as what it was. */
static void a_late_round_does_not_hide_what_was_found_before(void **state)
{
	struct standing standing = standing_after(NEVER_ANSWERED);
	struct judgement judgement =
	    judge(&standing, false, BEGIN_MS + 500, HOLD_FOR_MS, BEGIN_MS + 700);

	(void)state;
	assert_ptr_equal(judgement.verdict, &standing.now);
	assert_int_equal(judgement.verdict->reason, REASON_UNREACHABLE);
}

static void an_answer_has_no_silence(void **state)
{
	static const enum past answered[] = {ANSWERED_READY, ANSWERED_NOT_READY};

	(void)state;
	for (size_t i = 0; i < COUNT(answered); i++) {
		struct standing standing = standing_after(answered[i]);

		assert_int_equal(
		    judge(&standing, true, INT64_MAX, HOLD_FOR_MS, BEGIN_MS + 700).silent_ms, 0);
	}
}

/* An outage often changes its face: refused while the server restarts, then no answer at all. */
static void silence_counts_from_the_last_answer_whatever_its_reasons(void **state)
{
	struct standing standing = standing_after(SILENT_SINCE_READY);
	struct verdict another = verdict_of(REASON_UNREACHABLE, "another reason");

	(void)state;
	standing_note(&standing, &another, at(400));
	assert_int_equal(
	    judge(&standing, false, INT64_MAX, HOLD_FOR_MS, BEGIN_MS + 700).silent_ms, 700);
}

/* ---- gates ---- */

/* Which of the two gates are open, as "startup readiness", each + or -. */
static const char *open_gates(const struct scene *scene)
{
	static const char *const words[] = {"--", "-+", "+-", "++"};
	int64_t now_ms = scene->now.monotonic_ms;

	return words[2 * gate_passes(scene->snapshot, GATE_STARTUP, now_ms) +
		     gate_passes(scene->snapshot, GATE_READINESS, now_ms)];
}

#define TWO_CHECKS                                                                                 \
	"{\"databases\":[{\"name\":\"main\",\"checks\":["                                          \
	"{\"kind\":\"tables\",\"name\":\"a\",\"tables\":[\"t\"],\"gates\":%s},"                    \
	"{\"kind\":\"tables\",\"name\":\"b\",\"tables\":[\"t\"],\"gates\":%s}]}]}"

static const char both[] = "[\"startup\",\"readiness\"]";
static const char startup[] = "[\"startup\"]";
static const char readiness[] = "[\"readiness\"]";
static const char none[] = "[]";

/* Check "a" is found missing, "b" is found as the row says. */
static void a_check_closes_its_gates_only(void **state)
{
	static const struct {
		const char *of_a;
		const char *of_b;
		const char *b_is_there;
		const char *b_is_missing;
	} rows[] = {
	    {both, both, "--", "--"},
	    {both, startup, "--", "--"},
	    {both, readiness, "--", "--"},
	    {both, none, "--", "--"},
	    {startup, both, "-+", "--"},
	    {startup, startup, "-+", "-+"},
	    {startup, readiness, "-+", "--"},
	    {startup, none, "-+", "-+"},
	    {readiness, both, "+-", "--"},
	    {readiness, startup, "+-", "--"},
	    {readiness, readiness, "+-", "+-"},
	    {readiness, none, "+-", "+-"},
	    {none, both, "++", "--"},
	    {none, startup, "++", "-+"},
	    {none, readiness, "++", "+-"},
	    {none, none, "++", "++"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *json = xasprintf(TWO_CHECKS, rows[i].of_a, rows[i].of_b);
		struct scene scene;

		scene_begin(&scene, json);
		scene_find(&scene, "main/a", REASON_MISSING, "a");
		scene_find(&scene, "main/b", REASON_OK, "b");
		if (strcmp(open_gates(&scene), rows[i].b_is_there) != 0)
			fail_msg("a %s missing, b %s there: found %s, expected %s", rows[i].of_a,
			    rows[i].of_b, open_gates(&scene), rows[i].b_is_there);
		scene_find(&scene, "main/b", REASON_MISSING, "b");
		if (strcmp(open_gates(&scene), rows[i].b_is_missing) != 0)
			fail_msg("a %s missing, b %s missing: found %s, expected %s", rows[i].of_a,
			    rows[i].of_b, open_gates(&scene), rows[i].b_is_missing);
		scene_end(&scene);
		free(json);
	}
}

static void a_check_without_gates_named_closes_both(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene, SCENE_MAIN("{\"kind\":\"tables\",\"tables\":\"t\"}"));
	assert_string_equal(open_gates(&scene), "--");
	scene_find(&scene, "main/tables", REASON_OK, "there");
	assert_string_equal(open_gates(&scene), "++");
	scene_end(&scene);
}

#define TWO_DATABASES                                                                              \
	"{\"databases\":["                                                                         \
	"{\"name\":\"a\",\"holdFor\":\"1m\",\"checks\":[{\"kind\":\"tables\",\"tables\":\"t\"}]}," \
	"{\"name\":\"b\",\"holdFor\":\"2m\",\"checks\":[{\"kind\":\"tables\",\"tables\":\"t\"}]}]" \
	"}"

static void each_database_counts_with_its_own_hold(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene, TWO_DATABASES);
	scene_find(&scene, "a/tables", REASON_OK, "there");
	assert_string_equal(open_gates(&scene), "--");
	scene_find(&scene, "b/tables", REASON_OK, "there");
	assert_string_equal(open_gates(&scene), "++");
	scene_find(&scene, "b/tables", REASON_UNREACHABLE, "gone");
	scene_wait(&scene, 90000);
	assert_string_equal(open_gates(&scene), "++");
	scene_find(&scene, "a/tables", REASON_UNREACHABLE, "gone");
	assert_string_equal(open_gates(&scene), "--");
	scene_find(&scene, "a/tables", REASON_OK, "there");
	assert_string_equal(open_gates(&scene), "++");
	scene_wait(&scene, 30000);
	assert_string_equal(open_gates(&scene), "--");
	scene_end(&scene);
}

static void readiness_runs_out_without_a_new_round(void **state)
{
	struct scene scene;

	(void)state;
	scene_begin(&scene, SCENE_MAIN("{\"kind\":\"tables\",\"tables\":\"t\"}"));
	scene_find(&scene, "main/tables", REASON_OK, "there");
	scene_find(&scene, "main/tables", REASON_UNREACHABLE, "gone");
	scene_wait(&scene, HOLD_FOR_MS - 1);
	assert_string_equal(open_gates(&scene), "++");
	scene_wait(&scene, 1);
	assert_string_equal(open_gates(&scene), "--");
	scene_end(&scene);
}

/* ---- the view: the startup latch, and liveness ---- */

static void startup_once_passed_stays_passed(void **state)
{
	struct scene scene;
	struct view view;

	(void)state;
	scene_begin(&scene, SCENE_MAIN("{\"kind\":\"tables\",\"tables\":\"t\"}"));
	view = scene_view(&scene);
	assert_false(view_passes(&view, GATE_STARTUP));
	scene_find(&scene, "main/tables", REASON_OK, "there");
	assert_true(view_passes(&view, GATE_STARTUP));
	assert_true(view_passes(&view, GATE_READINESS));
	scene_find(&scene, "main/tables", REASON_MISSING, "gone");
	assert_true(view_passes(&view, GATE_STARTUP));
	assert_false(view_passes(&view, GATE_READINESS));
	scene_end(&scene);
}

/* The ledger has not been told of it yet: a probe that comes first sees it all the same. */
static void startup_passes_before_the_ledger_knows(void **state)
{
	struct verdict there = verdict_of(REASON_OK, "there");
	struct scene scene;
	struct view view;

	(void)state;
	scene_begin(&scene, SCENE_MAIN("{\"kind\":\"tables\",\"tables\":\"t\"}"));
	view = scene_view(&scene);
	standing_note(&scene.snapshot->databases[0].standings[0], &there, scene.now);
	assert_true(view_passes(&view, GATE_STARTUP));
	scene_end(&scene);
}

/* Mode and "disabled" change what is answered, never what is judged. */
static void mode_and_disabled_do_not_change_the_judgement(void **state)
{
	static const char *const extras[] = {
	    "\"mode\":\"observe\"", "\"disabled\":\"maintenance\""};

	(void)state;
	for (size_t i = 0; i < COUNT(extras); i++) {
		char *json = xasprintf("{%s,\"databases\":[{\"checks\":[{\"kind\":\"tables\","
				       "\"tables\":\"t\"}]}]}",
		    extras[i]);
		struct scene scene;
		struct view view;

		scene_begin(&scene, json);
		scene_find(&scene, "main/tables", REASON_MISSING, "gone");
		view = scene_view(&scene);
		assert_false(view_passes(&view, GATE_STARTUP));
		assert_false(view_passes(&view, GATE_READINESS));
		scene_end(&scene);
		free(json);
	}
}

static void liveness_looks_at_the_checking_thread_alone(void **state)
{
	static const struct {
		const char *label;
		const char *extra;
		int64_t still_for_ms;
		bool alive;
	} rows[] = {
	    {"moving", "", 0, true},
	    {"held up for a while", "", 29999, true},
	    {"stuck", "", 30000, false},
	    {"stuck in mode observe", "\"mode\":\"observe\",", 30000, false},
	    {"no checking thread", "\"disabled\":\"maintenance\",", 3600000, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *json = xasprintf("{%s\"databases\":[{\"checks\":[{\"kind\":\"tables\","
				       "\"tables\":\"t\"}]}]}",
		    rows[i].extra);
		struct scene scene;
		struct view view;

		scene_begin(&scene, json);
		view = scene_view(&scene);
		view.heartbeat_ms -= rows[i].still_for_ms;
		if (view_is_alive(&view) != rows[i].alive)
			fail_msg("%s", rows[i].label);
		scene_end(&scene);
		free(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_combination_of_finding_age_latch_and_lateness),
	    cmocka_unit_test(reasons_count_as_their_verdicts),
	    cmocka_unit_test(a_late_round_is_told_as_a_timeout),
	    cmocka_unit_test(a_late_round_does_not_hide_what_was_found_before),
	    cmocka_unit_test(an_answer_has_no_silence),
	    cmocka_unit_test(silence_counts_from_the_last_answer_whatever_its_reasons),
	    cmocka_unit_test(a_check_closes_its_gates_only),
	    cmocka_unit_test(a_check_without_gates_named_closes_both),
	    cmocka_unit_test(each_database_counts_with_its_own_hold),
	    cmocka_unit_test(readiness_runs_out_without_a_new_round),
	    cmocka_unit_test(startup_once_passed_stays_passed),
	    cmocka_unit_test(startup_passes_before_the_ledger_knows),
	    cmocka_unit_test(mode_and_disabled_do_not_change_the_judgement),
	    cmocka_unit_test(liveness_looks_at_the_checking_thread_alone),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
