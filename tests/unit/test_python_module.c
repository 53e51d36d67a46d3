/* What module-level names are set to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/history/python_module.h"
#include "../../probes/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const names[] = {"x", "y"};

/* "1 a" is a string of line 1, "2 [a b -]" a sequence with a None, "3 is set …" an obstacle. */
static void add_binding(struct text *text, const struct python_binding *binding)
{
	text_addf(text, "%lu ", binding->line);
	if (binding->obstacle != NULL) {
		text_add(text, binding->obstacle);
		return;
	}
	text_add(text, binding->is_sequence ? "[" : "");
	for (size_t i = 0; i < binding->items.count; i++)
		text_addf(text, "%s%s", i > 0 ? " " : "", binding->items.items[i]);
	for (size_t i = 0; i < binding->nones; i++)
		text_add(text, binding->items.count + i > 0 ? " -" : "-");
	text_add(text, binding->is_sequence ? "]" : "");
}

/* "x=1 a y=2 b", names that are not set left out; or why it is broken. free() releases it. */
static char *reading_of(const char *source, size_t length)
{
	struct python_binding bindings[COUNT(names)];
	struct text text = {0};
	unsigned long line;
	const char *broken =
	    python_module_read(source, length, names, bindings, COUNT(names), &line);

	for (size_t i = 0; broken == NULL && i < COUNT(names); i++) {
		if (bindings[i].line == 0)
			continue;
		text_addf(&text, "%s%s=", text.length > 0 ? " " : "", names[i]);
		add_binding(&text, &bindings[i]);
	}
	if (broken != NULL)
		text_addf(&text, "%s, line %lu", broken, line);
	for (size_t i = 0; i < COUNT(names); i++)
		python_binding_done(&bindings[i]);
	return text_take(&text);
}

struct row {
	const char *source;
	const char *reading;
};

static void assert_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *found = reading_of(rows[i].source, strlen(rows[i].source));

		if (strcmp(found, rows[i].reading) != 0)
			fail_msg("%s\nis \"%s\",\nexpected \"%s\"", rows[i].source, found,
			    rows[i].reading);
		free(found);
	}
}

static void strings_and_none_are_values(void **state)
{
	static const struct row rows[] = {
	    {"", ""},
	    {"x = 'a'", "x=1 a"},
	    {"x='a';y=None", "x=1 a y=1 -"},
	    {"x = ''", "x=1 "},
	    {"x = 'a' \"b\" '''c'''", "x=1 abc"},
	    {"x = \\\n  'a'", "x=1 a"},
	    {"x \\\n = 'a'", "x=1 a"},
	    {"x = ('a')", "x=1 a"},
	    {"x = ((('a')))", "x=1 a"},
	    {"x = (\n  'a'  # (\n  'b'\n)\ny = 'c'", "x=1 ab y=5 c"},
	    {"x = (None)", "x=1 -"},
	    {"x = 'a' # 'b'\r\ny = 'c'", "x=1 a y=2 c"},
	    {"\xef\xbb\xbfx = 'a'", "x=1 a"},
	    {"x = '\xc3\xa4'", "x=1 \xc3\xa4"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void sequences_are_values(void **state)
{
	static const struct row rows[] = {
	    {"x = ()", "x=1 []"},
	    {"x = []", "x=1 []"},
	    {"x = ('a',)", "x=1 [a]"},
	    {"x = 'a',", "x=1 [a]"},
	    {"x = 'a', 'b'", "x=1 [a b]"},
	    {"x = ('a', 'b',)", "x=1 [a b]"},
	    {"x = ['a', 'b' 'c']", "x=1 [a bc]"},
	    {"x = {'a', 'b'}", "x=1 [a b]"},
	    {"x = (\n    'a',  # one, of ['two'\n\n    'b',\n)", "x=1 [a b]"},
	    {"x = (('a', 'b'))", "x=1 [a b]"},
	    {"x = (['a'])", "x=1 [a]"},
	    {"x = (None,)", "x=1 [-]"},
	    {"x = 'a', None", "x=1 [a -]"},
	    {"x = ('a'), ('b')", "x=1 [a b]"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void annotations_are_passed_over(void **state)
{
	static const struct row rows[] = {
	    {"x: str = 'a'", "x=1 a"},
	    {"x:str='a'", "x=1 a"},
	    {"x: Union[str, Sequence[str], None] = 'a'", "x=1 a"},
	    {"x: str | None = None", "x=1 -"},
	    {"x: 'a = b' = 'c'", "x=1 c"},
	    {"x: f(y='b') = 'a'", "x=1 a"},
	    {"x: Dict[\n  str,\n  str\n] = 'a'", "x=1 a"},
	    {"x: str", ""},
	    {"x = 'a'\nx: str", "x=1 a"},
	    {"x: str; y = 'a'", "y=1 a"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void the_last_assignment_counts(void **state)
{
	static const struct row rows[] = {
	    {"x = 'a'\nx = 'b'", "x=2 b"},
	    {"x = f()\nx = 'b'", "x=2 b"},
	    {"x = 'b'\nx = f()", "x=2 is no literal (found \"f\")"},
	    {"try:\n  from a import x\nexcept E:\n  x = 'b'\nx = 'c'", "x=5 c"},
	    {"x = ('a', 'b'); x = 'c'", "x=1 c"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void what_is_no_literal_is_shown(void **state)
{
	static const struct row rows[] = {
	    {"x = f'a'", "x=1 is no literal (found an f-string)"},
	    {"x = b'a'", "x=1 is no literal (found a bytes literal)"},
	    {"x = 'a\\n'", "x=1 is no literal (found a string with an escape)"},
	    {"x = '''a\nb'''", "x=1 is no literal (found a string with control characters or "
			       "bytes that are not UTF-8)"},
	    {"x = 'a\xff'", "x=1 is no literal (found a string with control characters or bytes "
			    "that are not UTF-8)"},
	    {"x = 'a' + 'b'", "x=1 is no literal (found \"+\")"},
	    {"x = 'a' % b", "x=1 is no literal (found \"%\")"},
	    {"x = 'a'.b()", "x=1 is no literal (found \".\")"},
	    {"x = ('a' + 'b')", "x=1 is no literal (found \"+\")"},
	    {"x = ('a' 'b', *y)", "x=1 is no literal (found \"*\")"},
	    {"x = 17", "x=1 is no literal (found \"17\")"},
	    {"x = {'a': 'b'}", "x=1 is no literal (found \":\")"},
	    {"x = ('a' for y in z)", "x=1 is no literal (found \"for\")"},
	    {"x = ('a', ('b', 'c'))", "x=1 is no literal (found a sequence in a sequence)"},
	    {"x = ('a', 'b'), 'c'", "x=1 is no literal (found a sequence in a sequence)"},
	    {"x = ('a', 'b']", "x=1 is no literal (found \"]\")"},
	    {"x = ['a')]", "x=1 is no literal (found \")\")"},
	    {"x = None 'a'", "x=1 is no literal (found a string)"},
	    {"x =\ny = 'a'", "x=1 is no literal (found nothing) y=2 a"},
	    {"x = ,", "x=1 is no literal (found \",\")"},
	    {"x = y = 'a'", "x=1 is no literal (found \"y\") y=1 is set by something else than a "
			    "plain assignment"},
	    {"x = [[[[[[[[[[[[[[[[['a']]]]]]]]]]]]]]]]]",
		"x=1 is no literal (found too many brackets)"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

#define OTHERWISE "is set by something else than a plain assignment"

static void other_ways_to_set_a_name_are_noticed(void **state)
{
	static const struct row rows[] = {
	    {"x += 'a'", "x=1 " OTHERWISE},
	    {"x.append('a')", "x=1 " OTHERWISE},
	    {"x[0] = 'a'", "x=1 " OTHERWISE},
	    {"x, y = 'a', 'b'", "x=1 " OTHERWISE " y=1 " OTHERWISE},
	    {"a, (b, x) = c", "x=1 " OTHERWISE},
	    {"(x, a) = c", "x=1 " OTHERWISE},
	    {"[*x] = c", "x=1 " OTHERWISE},
	    {"a = x = 'b'", "x=1 " OTHERWISE},
	    {"(x): a = 'b'", "x=1 " OTHERWISE},
	    {"del x", "x=1 " OTHERWISE},
	    {"del (a, x)", "x=1 " OTHERWISE},
	    {"for x in a: pass", "x=1 " OTHERWISE},
	    {"for a, x in b:\n  pass", "x=1 " OTHERWISE},
	    {"async for x in a: pass", "x=1 " OTHERWISE},
	    {"with a as x: pass", "x=1 " OTHERWISE},
	    {"with (a as b, c as x): pass", "x=1 " OTHERWISE},
	    {"try:\n  pass\nexcept E as x: pass", "x=3 " OTHERWISE},
	    {"import x", "x=1 " OTHERWISE},
	    {"import x.a", "x=1 " OTHERWISE},
	    {"import a as x", "x=1 " OTHERWISE},
	    {"from a import (\n  b,\n  x\n)", "x=3 " OTHERWISE},
	    {"def x(): pass", "x=1 " OTHERWISE},
	    {"class x: pass", "x=1 " OTHERWISE},
	    {"async def x(): pass", "x=1 " OTHERWISE},
	    {"f(x := 'a')", "x=1 " OTHERWISE},
	    {"if (x := f()): pass", "x=1 " OTHERWISE},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void assignments_in_blocks_are_noticed(void **state)
{
	static const struct row rows[] = {
	    {"if a:\n  x = 'b'", "x=2 is set inside a block"},
	    {"if a: x = 'b'", "x=1 is set inside a block"},
	    {"if a: b; x = 'c'", "x=1 is set inside a block"},
	    {"if a:\n  pass\nelse: x = 'b'", "x=3 is set inside a block"},
	    {"while a:\n\tx: str = 'b'", "x=2 is set inside a block"},
	    {"try:\n  if a:\n    x = 'b'\nfinally:\n  pass", "x=3 is set inside a block"},
	    {"def f():\n  pass\nif a:\n  x = 'b'", "x=4 is set inside a block"},
	    {"if a:\n  def f():\n    x = 'c'\n  x = 'b'", "x=4 is set inside a block"},
	    {"match a:\n  case 1: x = 'b'", "x=2 is set inside a block"},
	    {"match a:\n  case 1:\n    x = 'b'", "x=3 is set inside a block"},
	    {" x = 'a'", "x=1 is set inside a block"},
	    {"if a:\n  x: str", ""},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void uses_and_names_of_others_are_let_pass(void **state)
{
	static const struct row rows[] = {
	    {"'''\nx = 'a'\n'''", ""},
	    {"# x = 'a'", ""},
	    {"a = \"\"\"\nx = 'b'\n\"\"\"", ""},
	    {"a = (\nx\n)", ""},
	    {"f(x='a', y=['b'])", ""},
	    {"f(\nx='a')", ""},
	    {"a.x = 'b'", ""},
	    {"a['x'] = 'b'", ""},
	    {"a[x] = 'b'", ""},
	    {"f(x)[y] = 'b'", ""},
	    {"a: x = 'b'", ""},
	    {"match = 1; x = 'a'", "x=1 a"},
	    {"case(x); x = 'a'", "x=1 a"},
	    {"if x == 'a': y1 = 'b'", ""},
	    {"for a in x: pass", ""},
	    {"a = [x for x in b]", ""},
	    {"import x as a", ""},
	    {"from x import a", ""},
	    {"from .x import y as a", ""},
	    {"import a.x", ""},
	    {"with f(x) as a: print(y)", ""},
	    {"with x as a: pass", ""},
	    {"xx = 'a'; x1 = 'b'; ax = 'c'", ""},
	    {"'x' = 'a'", ""},
	    {"def f(x='a', *, y: str = 'b') -> x: pass", ""},
	    {"def f():\n  x = 'a'\n  if b:\n    y = 'c'\n\n# c\n  x += 'b'", ""},
	    {"def f():\n    a\n  \n# x = 'b'\n    x = 'b'", ""},
	    {"def f(\n): x = 'a'; y = 'b'", ""},
	    {"class A:\n  x = 'a'\n  def f(self):\n    y = 'b'", ""},
	    {"class A: x = 'a'", ""},
	    {"@f(x='a')\ndef g():\n  x = 'b'", ""},
	    {"if a:\n  def f():\n    x = 'b'", ""},
	    {"async def f():\n  async with a as x:\n    y = 'c'", ""},
	    {"def f():\n  x = 'a'\ny = 'b'", "y=3 b"},
	    {"def f(): x = 'a'\ny = 'b'", "y=2 b"},
	    {"def f():\n  '''\nx = 'a'\n  '''\n  x = 'a'", ""},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void what_cannot_be_python_is_told(void **state)
{
	static const struct row rows[] = {
	    {"x = 'a'\ny = ('b'", "a bracket is not closed, line 2"},
	    {"x = 'a'\n'''\ny = 'b'", "a string is not closed, line 2"},
	    {"x = 'a", "a string is not closed, line 1"},
	};
	static const char with_nul[] = "x = 'a'\0";
	char *found = reading_of(with_nul, sizeof(with_nul) - 1);

	(void)state;
	assert_string_equal(found, "it has a NUL byte, line 0");
	free(found);
	assert_rows(rows, COUNT(rows));
}

/* The reading of unit repeated so often. free() releases it. */
static char *reading_of_repeated(const char *unit, size_t times)
{
	struct text source = {0};
	char *reading;

	for (size_t i = 0; i < times; i++)
		text_add(&source, unit);
	reading = reading_of(text_string(&source), source.length);
	text_done(&source);
	return reading;
}

static void long_and_deep_text_is_taken_in_one_pass(void **state)
{
	static const struct row rows[] = {
	    {"x = 'a'; ", "x=1 a"},
	    {"x: ", ""},
	    {"x = ", "x=1 is no literal (found \"x\")"},
	    {"if a: ", ""},
	    {"async ", ""},
	    {"x = (", "a bracket is not closed, line 1"},
	    {"(x, ", "a bracket is not closed, line 1"},
	    {"f(x='a')\n", ""},
	    {"def f(): pass\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *found = reading_of_repeated(rows[i].source, 200000);

		if (strcmp(found, rows[i].reading) != 0)
			fail_msg("%s…\nis \"%s\"", rows[i].source, found);
		free(found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(strings_and_none_are_values),
	    cmocka_unit_test(sequences_are_values),
	    cmocka_unit_test(annotations_are_passed_over),
	    cmocka_unit_test(the_last_assignment_counts),
	    cmocka_unit_test(what_is_no_literal_is_shown),
	    cmocka_unit_test(other_ways_to_set_a_name_are_noticed),
	    cmocka_unit_test(assignments_in_blocks_are_noticed),
	    cmocka_unit_test(uses_and_names_of_others_are_let_pass),
	    cmocka_unit_test(what_cannot_be_python_is_told),
	    cmocka_unit_test(long_and_deep_text_is_taken_in_one_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
