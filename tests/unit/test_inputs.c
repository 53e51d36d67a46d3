/* What a configuration is read from: whether it is the same, and whether anybody tells of a change.
 */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../sidecar/config/inputs.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct digest digest_of(const char *path, struct timespec *newest)
{
	struct digester *digester = digester_create();

	*newest = (struct timespec){0};
	inputs_digest(path, digester, newest);
	return digester_end(digester);
}

static bool changes(const char *path, void (*change)(void))
{
	struct strings paths = {0};
	struct timespec newest;
	struct digest before = digest_of(path, &newest);
	struct digest signature;
	struct digest after;
	bool changed;

	strings_add(&paths, path);
	signature = inputs_signature(&paths);
	change();
	after = digest_of(path, &newest);
	changed = !digest_same(&before, &after);
	after = inputs_signature(&paths);
	if (changed && digest_same(&signature, &after))
		fail_msg("%s: another content under the same signature", path);
	strings_done(&paths);
	return changed;
}

static void write_other(void)
{
	workplace_write("tree/a", "other");
}

static void write_same(void)
{
	workplace_write("tree/a", "text");
}

static void write_deep(void)
{
	workplace_write("tree/deep/b", "other");
}

static void write_hidden(void)
{
	workplace_write("tree/.git/b", "other");
}

static void write_cache(void)
{
	workplace_write("tree/__pycache__/b", "other");
}

static void move_away(void)
{
	rename("tree/a", "tree/c");
}

static void turn_link(void)
{
	workplace_write("tree/a2", "other");
	assert_int_equal(symlink("a2", "tree/next"), 0);
	assert_int_equal(rename("tree/next", "tree/link"), 0);
}

static void make_tree(void)
{
	mkdir("tree", 0700);
	mkdir("tree/deep", 0700);
	mkdir("tree/.git", 0700);
	mkdir("tree/__pycache__", 0700);
	remove("tree/c");
	remove("tree/link");
	workplace_write("tree/a", "text");
	workplace_write("tree/deep/b", "text");
	workplace_write("tree/.git/b", "text");
	workplace_write("tree/__pycache__/b", "text");
	assert_int_equal(symlink("a", "tree/link"), 0);
}

static void content_and_names_make_the_digest(void **state)
{
	static const struct {
		const char *path;
		void (*change)(void);
		bool changes;
	} rows[] = {
	    {"tree/a", write_other, true},
	    {"tree/a", write_same, false},
	    {"tree/a", move_away, true},
	    {"tree", write_other, true},
	    {"tree", write_deep, true},
	    {"tree", move_away, true},
	    {"tree", write_hidden, false},
	    {"tree", write_cache, false},
	    {"tree/link", turn_link, true},
	    {"nowhere", write_other, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		make_tree();
		if (changes(rows[i].path, rows[i].change) != rows[i].changes)
			fail_msg("row %zu: %s", i, rows[i].path);
	}
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* A link that is turned to an old file is a change of now, though the file is not. */
static void the_newest_time_knows_turned_links(void **state)
{
	struct timespec then;
	struct timespec newest;

	(void)state;
	make_tree();
	workplace_write("tree/a2", "older");
	do
		clock_gettime(CLOCK_REALTIME_COARSE, &then);
	while (digest_of("tree/a2", &newest), !is_before(&newest, &then));
	assert_int_equal(symlink("a2", "tree/next"), 0);
	assert_int_equal(rename("tree/next", "tree/link"), 0);
	digest_of("tree/link", &newest);
	assert_false(is_before(&newest, &then));
}

static bool is_told(const char *path, void (*change)(void))
{
	struct strings paths = {0};
	struct inputs_watch *watch;
	struct error err;
	struct pollfd ready;
	bool told;

	strings_add(&paths, path);
	watch = inputs_watch_create(&paths, &err);
	if (watch == NULL)
		fail_msg("%s", err.text);
	assert_false(inputs_watch_has_news(watch));
	change();
	ready = (struct pollfd){.fd = inputs_watch_fd(watch), .events = POLLIN};
	told = poll(&ready, 1, 0) == 1 && inputs_watch_has_news(watch);
	inputs_watch_free(watch);
	strings_done(&paths);
	return told;
}

static void write_stranger(void)
{
	workplace_write("tree/stranger", "text");
}

static void changes_are_told_and_strangers_are_not(void **state)
{
	static const struct {
		const char *path;
		void (*change)(void);
		bool told;
	} rows[] = {
	    {"tree/a", write_other, true},
	    {"tree/a", move_away, true},
	    {"tree/a", write_stranger, false},
	    {"tree/link", turn_link, true},
	    {"tree/link", write_other, true},
	    {"tree/c", move_away, true}, /* it was not there before */
	    {"tree", write_deep, true},
	    {"tree", write_hidden, false},
	    {"tree/../tree/./a", write_other, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		make_tree();
		if (is_told(rows[i].path, rows[i].change) != rows[i].told)
			fail_msg("row %zu: %s", i, rows[i].path);
	}
}

static void links_in_a_circle_end(void **state)
{
	struct timespec newest;

	(void)state;
	make_tree();
	remove("tree/round");
	assert_int_equal(symlink("round", "tree/round"), 0);
	digest_of("tree/round", &newest);
	remove("tree/round");
	assert_int_equal(symlink("..", "tree/deep/up"), 0);
	digest_of("tree", &newest);
	assert_true(is_told("tree", write_deep));
	remove("tree/deep/up");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(content_and_names_make_the_digest),
	    cmocka_unit_test(the_newest_time_knows_turned_links),
	    cmocka_unit_test(changes_are_told_and_strangers_are_not),
	    cmocka_unit_test(links_in_a_circle_end),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
