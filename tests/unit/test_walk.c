/* Names of a directory in order, and files of every size. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../probes/history/walk.h"
#include "../../probes/text.h"
#include "../../probes/xalloc.h"
#include "../support/manifest.h"
#include "../support/workplace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LIMIT_BYTES 20000

/* Writes the names, which have blanks between them, and lists them again. */
static void assert_listed(const char *written, const char *expected)
{
	char *copy = xstrdup(written);
	char *rest = copy;
	const char *name;
	struct strings names = {0};
	struct text found = {0};
	struct error err;

	mkdir("m", 0755);
	while ((name = strsep(&rest, " ")) != NULL) {
		char *path = walk_path("m", name);

		manifest_write(path, "");
		free(path);
	}
	assert_int_equal(walk_list("m", WALK_FILES, walk_is_shown, &names, &err), 0);
	for (size_t i = 0; i < names.count; i++)
		text_addf(&found, "%s%s", i > 0 ? " " : "", names.items[i]);
	assert_string_equal(text_string(&found), expected);
	strings_done(&names);
	text_done(&found);
	free(copy);
	workplace_remove("m");
}

static void names_are_in_byte_order(void **state)
{
	(void)state;
	assert_listed("b a", "a b");
	assert_listed("one", "one");
	assert_listed("ab a abc", "a ab abc");
	assert_listed("\xff \x7f z \xc3\xa4 A", "A z \x7f \xc3\xa4 \xff");
	assert_listed(
	    "abcdefgh2 abcdefgh abcdefgh10 abcdefgh1", "abcdefgh abcdefgh1 abcdefgh10 abcdefgh2");
	assert_listed("x1234567zb x1234567a y x1234567za x1234567",
	    "x1234567 x1234567a x1234567za x1234567zb y");
}

/* Whatever bytes it is that they differ in. free() releases it. */
static char *scattered_name(unsigned number)
{
	unsigned scattered = number * 40503U % 65536U;

	switch (number % 4) {
	case 0:
		return xasprintf("%04x_a", scattered);
	case 1:
		return xasprintf("name_%u", scattered);
	case 2:
		return xasprintf("0123456789%u", scattered);
	default:
		return xasprintf("%u.%u", scattered % 10, scattered);
	}
}

static void thousands_of_names_are_in_byte_order(void **state)
{
	struct strings names = {0};
	struct error err;

	(void)state;
	mkdir("m", 0755);
	for (unsigned i = 0; i < 4000; i++) {
		char *name = scattered_name(i);
		char *path = walk_path("m", name);

		manifest_write(path, "");
		free(path);
		free(name);
	}
	assert_int_equal(walk_list("m", WALK_FILES, walk_is_shown, &names, &err), 0);
	assert_int_equal(names.count, 4000);
	for (size_t i = 1; i < names.count; i++)
		assert_true(strcmp(names.items[i - 1], names.items[i]) < 0);
	strings_done(&names);
	workplace_remove("m");
}

static void an_empty_directory_has_no_names(void **state)
{
	struct strings names = {0};
	struct error err;

	(void)state;
	assert_int_equal(mkdir("m", 0755), 0);
	assert_int_equal(walk_list("m", WALK_FILES, walk_is_shown, &names, &err), 0);
	assert_int_equal(names.count, 0);
	strings_done(&names);
	workplace_remove("m");
}

/* Bytes that differ from page to page. */
static char *filled(size_t length)
{
	char *bytes = xcalloc(length + 1, 1);

	for (size_t i = 0; i < length; i++)
		bytes[i] = (char)('a' + (i % 26 + i / 4096) % 26);
	return bytes;
}

static void files_of_every_size_are_read_whole(void **state)
{
	static const size_t sizes[] = {
	    0, 1, 4095, 4096, 4097, 16383, 16384, 16385, LIMIT_BYTES - 1, LIMIT_BYTES};

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		char *bytes = filled(sizes[i]);
		struct error err;
		size_t length;
		char *text;

		workplace_write_bytes("file", bytes, sizes[i]);
		assert_int_equal(walk_read("file", LIMIT_BYTES, &text, &length, &err), 0);
		assert_int_equal(length, sizes[i]);
		assert_memory_equal(text, bytes, sizes[i] + 1);
		free(text);
		free(bytes);
	}
	workplace_remove("file");
}

static void assert_unreadable(const char *path, const char *expected)
{
	struct error err;
	size_t length;
	char *text;

	assert_int_equal(walk_read(path, LIMIT_BYTES, &text, &length, &err), -1);
	assert_string_equal(err.text, expected);
	assert_null(text);
}

/* One that is written to gives what it has, but no end: that must not be taken for all of a file.
 */
static void a_pipe_is_no_file_whatever_is_in_it(void **state)
{
	int writer;

	(void)state;
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_unreadable("pipe", "is not a file");
	writer = open("pipe", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(write(writer, "x", 1), 1);
	assert_unreadable("pipe", "cannot be read: Resource temporarily unavailable");
	close(writer);
	workplace_remove("pipe");
}

static void what_is_too_large_or_no_file_is_refused(void **state)
{
	char *bytes = filled(LIMIT_BYTES + 1);

	(void)state;
	workplace_write_bytes("file", bytes, LIMIT_BYTES + 1);
	assert_unreadable("file", "is larger than 20000 bytes");
	assert_unreadable(".", "is not a file");
	assert_unreadable("/dev/null", "is not a file");
	assert_unreadable("/dev/zero", "is not a file");
	assert_unreadable("nowhere", "cannot be read: No such file or directory");
	free(bytes);
	workplace_remove("file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_in_byte_order),
	    cmocka_unit_test(thousands_of_names_are_in_byte_order),
	    cmocka_unit_test(an_empty_directory_has_no_names),
	    cmocka_unit_test(files_of_every_size_are_read_whole),
	    cmocka_unit_test(a_pipe_is_no_file_whatever_is_in_it),
	    cmocka_unit_test(what_is_too_large_or_no_file_is_refused),
	};

	return cmocka_run_group_tests(tests, workplace_enter, workplace_leave);
}
