/* Splitting Python source into tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/history/python.h"
#include "../../probes/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const kind_marks[] = {
    [PYTHON_NAME] = "n",
    [PYTHON_NUMBER] = "9",
    [PYTHON_STRING] = "s",
    [PYTHON_OPERATOR] = "o",
    [PYTHON_NEWLINE] = "|",
    [PYTHON_END] = ".",
};

/* Every token as its kind, and its spelling where that is short: "n:x o:= 9:1 | .". */
static char *tokens_of(const char *source)
{
	struct python_lexer lexer;
	struct python_token token;
	struct text text = {0};

	python_lexer_init(&lexer, source, strlen(source));
	do {
		token = python_next(&lexer);
		text_addf(&text, "%s%s", text.length > 0 ? " " : "", kind_marks[token.kind]);
		if (token.kind != PYTHON_NEWLINE && token.kind != PYTHON_END)
			text_addf(&text, ":%.*s", (int)token.length, token.start);
	} while (token.kind != PYTHON_END);
	if (lexer.broken != NULL)
		text_addf(&text, " %s, line %lu", lexer.broken, lexer.broken_line);
	return text_take(&text);
}

static void assert_tokens(const char *source, const char *expected)
{
	char *found = tokens_of(source);

	if (strcmp(found, expected) != 0)
		fail_msg("%s\nis \"%s\",\nexpected \"%s\"", source, found, expected);
	free(found);
}

struct row {
	const char *source;
	const char *tokens;
};

static void assert_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_tokens(rows[i].source, rows[i].tokens);
}

static void words_operators_and_numbers_are_told_apart(void **state)
{
	static const struct row rows[] = {
	    {"", "."},
	    {"x=1", "n:x o:= 9:1 ."},
	    {"a==b", "n:a o:== n:b ."},
	    {"a+=b", "n:a o:+= n:b ."},
	    {"a//=b**=c", "n:a o://= n:b o:**= n:c ."},
	    {"a:=b", "n:a o::= n:b ."},
	    {"a<=b!=c", "n:a o:<= n:b o:!= n:c ."},
	    {"f(x=-1)", "n:f o:( n:x o:= o:- 9:1 o:) ."},
	    {"a:int=b", "n:a o:: n:int o:= n:b ."},
	    {"\xc3\xa4_1", "n:\xc3\xa4_1 ."},
	    {"a;b", "n:a o:; n:b ."},
	    {"$?`", "o:$ o:? o:` ."},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void logical_lines_end_where_python_ends_them(void **state)
{
	static const struct row rows[] = {
	    {"a\nb\n", "n:a | n:b | ."},
	    {"a\r\nb\rc", "n:a | n:b | n:c ."},
	    {"\n\n  \n# only\n\t# comments\n\na", "n:a ."},
	    {"a # (\nb", "n:a | n:b ."},
	    {"f(\n\n1, # )\n2)\nb", "n:f o:( 9:1 o:, 9:2 o:) | n:b ."},
	    {"a \\\n b\nc", "n:a n:b | n:c ."},
	    {"a \\\r\n b", "n:a n:b ."},
	    {"a \\ b", "n:a o:\\ n:b ."},
	    {"\xef\xbb\xbf"
	     "a",
		"n:a ."},
	    {"a)\nb", "n:a o:) | n:b ."},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void strings_end_where_python_ends_them(void **state)
{
	static const struct row rows[] = {
	    {"'a' \"b\"", "s:'a' s:\"b\" ."},
	    {"'' x", "s:'' n:x ."},
	    {"'a\\'b' x", "s:'a\\'b' n:x ."},
	    {"r'\\' '", "s:r'\\' ' ."},
	    {"'a\\\\' x", "s:'a\\\\' n:x ."},
	    {"'a\\\nb' x", "s:'a\\\nb' n:x ."},
	    {"'''a\n'b''c\\'''' x", "s:'''a\n'b''c\\'''' n:x ."},
	    {"'''''' x", "s:'''''' n:x ."},
	    {"\"\"\"x = '\n\"\"\"", "s:\"\"\"x = '\n\"\"\" ."},
	    {"Rb'a' bR\"b\" u'c' x'd'", "s:Rb'a' s:bR\"b\" s:u'c' n:x s:'d' ."},
	    {"rrr'a'", "n:rrr s:'a' ."},
	    {"'#' # '", "s:'#' ."},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

/* What PEP 701 allows since Python 3.12: quotes of the same kind inside a replacement field. */
static void replacement_fields_are_followed(void **state)
{
	static const struct row rows[] = {
	    {"f'{a}' x", "s:f'{a}' n:x ."},
	    {"f'{a[\"b\"]}' x", "s:f'{a[\"b\"]}' n:x ."},
	    {"f\"{a[\"it's\"]}\" x", "s:f\"{a[\"it's\"]}\" n:x ."},
	    {"f\"{a:'>10}\" x", "s:f\"{a:'>10}\" n:x ."},
	    {"f'{a:{b}{c}}' x", "s:f'{a:{b}{c}}' n:x ."},
	    {"f'{{' x", "s:f'{{' n:x ."},
	    {"f'{{{a}}}' x", "s:f'{{{a}}}' n:x ."},
	    {"f'}' x", "s:f'}' n:x ."},
	    {"f'{ {1: 2}[1] }' x", "s:f'{ {1: 2}[1] }' n:x ."},
	    {"f'\\N{BULLET}' x", "s:f'\\N{BULLET}' n:x ."},
	    {"f'\\{a}' x", "s:f'\\{a}' n:x ."},
	    {"rf'\\{a}\\' x' y", "s:rf'\\{a}\\' x' n:y ."},
	    {"f'{f'{f'{1}'}'}' x", "s:f'{f'{f'{1}'}'}' n:x ."},
	    {"f'{a # }'\n}' x", "s:f'{a # }'\n}' n:x ."},
	    {"f'''{\na\n:\n}''' x", "s:f'''{\na\n:\n}''' n:x ."},
	    {"t'{a['b']}' x", "s:t'{a['b']}' n:x ."},
	    {"f'{a!r:>{w}}' 'b'", "s:f'{a!r:>{w}}' s:'b' ."},
	    {"'{' x", "s:'{' n:x ."},
	    {"b'{' x", "s:b'{' n:x ."},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void what_never_ends_is_reported_where_it_begins(void **state)
{
	static const struct row rows[] = {
	    {"a\n'b\nc", "n:a | . a string is not closed, line 2"},
	    {"a\n\n'''b\nc", "n:a | . a string is not closed, line 3"},
	    {"(\n[\n1]", "o:( o:[ 9:1 o:] . a bracket is not closed, line 1"},
	    {"1\n((2)\n\n", "9:1 | o:( o:( 9:2 o:) . a bracket is not closed, line 2"},
	    {"'a\\", ". a string is not closed, line 1"},
	    {"f'{a", ". a string is not closed, line 1"},
	    {"f'{a:'", ". a string is not closed, line 1"},
	    {"f'{a:{'", ". a string is not closed, line 1"},
	    {"f'{\"", ". a string is not closed, line 1"},
	};

	(void)state;
	assert_rows(rows, COUNT(rows));
}

static void indentation_is_measured_as_python_does(void **state)
{
	static const struct {
		const char *source;
		size_t indent;
	} rows[] = {
	    {"a", 0},
	    {"   a", 3},
	    {"\ta", 8},
	    {"  \ta", 8},
	    {"\t a", 9},
	    {"  \f a", 1},
	    {"    \n  a", 2},
	    {"b\n  a", 2},
	    {"(\n  b)\na", 0},
	    {"  '''\n'''\n a", 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct python_lexer lexer;
		struct python_token token;

		python_lexer_init(&lexer, rows[i].source, strlen(rows[i].source));
		do
			token = python_next(&lexer);
		while (!python_token_is(&token, "a"));
		if (lexer.indent != rows[i].indent)
			fail_msg("%s: indent is %zu, expected %zu", rows[i].source, lexer.indent,
			    rows[i].indent);
	}
}

static void lines_and_depths_are_counted(void **state)
{
	static const char source[] = "a(\n[b]\r\n)\r'''\n'''\\\nc";
	static const struct {
		const char *spelling;
		unsigned long line;
		size_t depth;
	} expected[] = {{"a", 1, 0}, {"(", 1, 0}, {"[", 2, 1}, {"b", 2, 2}, {"]", 2, 1},
	    {")", 3, 0}, {"", 3, 0}, {"", 4, 0}, {"c", 6, 0}, {"", 6, 0}};
	struct python_lexer lexer;

	(void)state;
	python_lexer_init(&lexer, source, sizeof(source) - 1);
	for (size_t i = 0; i < COUNT(expected); i++) {
		struct python_token token = python_next(&lexer);

		assert_int_equal(token.line, expected[i].line);
		assert_int_equal(token.depth, expected[i].depth);
		if (*expected[i].spelling != '\0')
			assert_true(python_token_is(&token, expected[i].spelling));
	}
}

static void values_of_strings_are_plain_text_or_refused(void **state)
{
	static const struct {
		const char *source;
		const char *value;
		const char *refusal;
	} rows[] = {
	    {"'abc'", "abc", NULL},
	    {"''", "", NULL},
	    {"''''''", "", NULL},
	    {"'''a'b'''", "a'b", NULL},
	    {"u\"abc\"", "abc", NULL},
	    {"r'a\\nb'", "a\\nb", NULL},
	    {"R'a\\'b'", "a\\'b", NULL},
	    {"'a\\'\\\"\\\\b'", "a'\"\\b", NULL},
	    {"'a\\\nb'", "ab", NULL},
	    {"'a\\\r\nb'", "ab", NULL},
	    {"'a\\\rb'", "ab", NULL},
	    {"'a\\nb'", NULL, "a string with an escape"},
	    {"'a\\x41'", NULL, "a string with an escape"},
	    {"'\\N{BULLET}'", NULL, "a string with an escape"},
	    {"f'a'", NULL, "an f-string"},
	    {"Rf'a'", NULL, "an f-string"},
	    {"b'a'", NULL, "a bytes literal"},
	    {"rB'a'", NULL, "a bytes literal"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct python_lexer lexer;
		struct python_token token;
		struct text value = {0};
		const char *refusal;

		python_lexer_init(&lexer, rows[i].source, strlen(rows[i].source));
		token = python_next(&lexer);
		assert_int_equal(token.kind, PYTHON_STRING);
		refusal = python_string_value(&token, &value);
		if (rows[i].refusal != NULL)
			assert_string_equal(refusal, rows[i].refusal);
		else if (refusal != NULL || strcmp(text_string(&value), rows[i].value) != 0)
			fail_msg("%s is \"%s\" (%s)", rows[i].source, text_string(&value), refusal);
		text_done(&value);
	}
}

/* The number of tokens in unit repeated so often. */
static size_t count_repeated(const char *unit, size_t times)
{
	struct text source = {0};
	struct python_lexer lexer;
	size_t count = 0;

	for (size_t i = 0; i < times; i++)
		text_add(&source, unit);
	python_lexer_init(&lexer, text_string(&source), source.length);
	while (python_next(&lexer).kind != PYTHON_END)
		count++;
	text_done(&source);
	return count;
}

/* None of these may recurse or look back by their length: the stack and the clock would tell. */
static void long_and_deep_text_is_taken_in_one_pass(void **state)
{
	const size_t million = 1000000;

	(void)state;
	assert_int_equal(count_repeated("(", million), million);
	assert_int_equal(count_repeated(")", million), million);
	assert_int_equal(count_repeated("'a'", million), million);
	assert_int_equal(count_repeated("a ", million), million);
	assert_int_equal(count_repeated("a", 10 * million), 1);
	assert_int_equal(count_repeated("\\\n", million), 0);
	assert_int_equal(count_repeated("\n", million), 0);
	assert_int_equal(count_repeated("f'{", million), 0);
	assert_int_equal(count_repeated("f'{a:{", million), 0);
	assert_int_equal(count_repeated("f'{(", million), 0);
}

static void nul_bytes_are_bytes_like_others(void **state)
{
	static const char source[] = "a\0=\0'\0'";
	struct python_lexer lexer;
	size_t count = 0;

	(void)state;
	python_lexer_init(&lexer, source, sizeof(source) - 1);
	while (python_next(&lexer).kind != PYTHON_END)
		count++;
	assert_int_equal(count, 5);
}

/* A lexer behind the first word of the source. */
static struct python_lexer behind_first(const char *source, size_t length)
{
	struct python_lexer lexer;

	python_lexer_init(&lexer, source, length);
	assert_int_equal(python_next(&lexer).kind, PYTHON_NAME);
	return lexer;
}

/* Where a line was skipped the lexer reads its end next, else it is as before. Gives skipped. */
static bool stands(struct python_lexer *lexer, const struct python_lexer *before, bool skipped)
{
	struct python_token next;

	if (!skipped) {
		assert_memory_equal(lexer, before, sizeof(*lexer));
		return false;
	}
	next = python_next(lexer);
	assert_true(next.kind == PYTHON_NEWLINE || next.kind == PYTHON_END);
	return true;
}

static void a_plain_assignment_is_read_at_once(void **state)
{
	static const struct {
		const char *source;
		const char *value; /* NULL: it is something else */
	} rows[] = {
	    {"x = 'a'", "a"},
	    {"x=\"a'b\"\n", "a'b"},
	    {"x\t=  ''  \r\ny = 'b'", ""},
	    {"x = None\r", "None"},
	    {"x = None", "None"},
	    {"x", NULL},
	    {"x =", NULL},
	    {"x = ", NULL},
	    {"x == 'a'", NULL},
	    {"x := 'a'", NULL},
	    {"x: str = 'a'", NULL},
	    {"x = y = 'a'", NULL},
	    {"x = 'a", NULL},
	    {"x = 'a\n'", NULL},
	    {"x = 'a\\'b'", NULL},
	    {"x = '''a'''", NULL},
	    {"x = 'a' 'b'", NULL},
	    {"x = 'a',", NULL},
	    {"x = 'a' # why", NULL},
	    {"x = 'a'; y = 'b'", NULL},
	    {"x = 'a' \\\n", NULL},
	    {"x = r'a'", NULL},
	    {"x = Nones", NULL},
	    {"x = Non", NULL},
	    {"x = None or 'a'", NULL},
	    {"x = None''", NULL},
	    {"x = 1", NULL},
	    {"x = ('a')", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct python_lexer before =
		    behind_first(rows[i].source, strlen(rows[i].source));
		struct python_lexer lexer = before;
		const char *start = NULL;
		size_t length = 0;
		bool skipped = python_skip_assignment(&lexer, &start, &length);

		if (stands(&lexer, &before, skipped) != (rows[i].value != NULL))
			fail_msg("%s", rows[i].source);
		if (skipped && start == NULL)
			assert_string_equal(rows[i].value, "None");
		if (skipped && start != NULL) {
			assert_int_equal(length, strlen(rows[i].value));
			assert_memory_equal(start, rows[i].value, length);
		}
	}
}

static void a_line_of_words_is_skipped_at_once(void **state)
{
	static const char *const words[] = {"ours", "other"};
	static const struct {
		const char *source;
		bool skipped;
	} rows[] = {
	    {"import a as b\n", true},
	    {"from .a import b, c", true},
	    {"x = a + yours - ours_ * 2\r\n", true},
	    {"x: int = 1 if \xc3\xa4 else 3", true},
	    {"x\n", true},
	    {"x", true},
	    {"x = ours", false},
	    {"import other\n", false},
	    {"x = a.ours", false},
	    {"x = 1; y = 2", false},
	    {"x = 'a'", false},
	    {"x = r\"a\"", false},
	    {"x = (a", false},
	    {"x = a)", false},
	    {"x = a # ours", false},
	    {"x = a \\\n + ours", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct python_lexer before =
		    behind_first(rows[i].source, strlen(rows[i].source));
		struct python_lexer lexer = before;
		bool skipped = python_skip_line_without(&lexer, words, COUNT(words));

		if (stands(&lexer, &before, skipped) != rows[i].skipped)
			fail_msg("%s", rows[i].source);
	}
}

/* What is behind the end belongs to somebody else: the address sanitizer tells. */
static void nothing_behind_the_end_is_looked_at(void **state)
{
	static const char source[] = "x = 'a'";
	static const char *const words[] = {"a"};

	(void)state;
	for (size_t length = 1; length < sizeof(source); length++) {
		char *text = test_malloc(length);
		struct python_lexer lexer;
		const char *start;
		size_t size;

		memcpy(text, source, length);
		lexer = behind_first(text, length);
		assert_int_equal(python_skip_line_without(&lexer, words, COUNT(words)), length < 5);
		lexer = behind_first(text, length);
		assert_int_equal(python_skip_assignment(&lexer, &start, &size), length == 7);
		test_free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_operators_and_numbers_are_told_apart),
	    cmocka_unit_test(logical_lines_end_where_python_ends_them),
	    cmocka_unit_test(strings_end_where_python_ends_them),
	    cmocka_unit_test(replacement_fields_are_followed),
	    cmocka_unit_test(what_never_ends_is_reported_where_it_begins),
	    cmocka_unit_test(indentation_is_measured_as_python_does),
	    cmocka_unit_test(lines_and_depths_are_counted),
	    cmocka_unit_test(values_of_strings_are_plain_text_or_refused),
	    cmocka_unit_test(long_and_deep_text_is_taken_in_one_pass),
	    cmocka_unit_test(nul_bytes_are_bytes_like_others),
	    cmocka_unit_test(a_plain_assignment_is_read_at_once),
	    cmocka_unit_test(a_line_of_words_is_skipped_at_once),
	    cmocka_unit_test(nothing_behind_the_end_is_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
