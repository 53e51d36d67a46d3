/* Names of types as people write them, into what format_type() prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/contract/types.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct example {
	const char *written;
	const char *text;
	const char *open; /* NULL: the text tells all */
};

static void assert_read(const struct example *example, bool is_argument)
{
	struct type_name type;
	struct error err = {.text = ""};

	if (type_read(example->written, is_argument, &type, &err) != 0)
		fail_msg("%s: %s", example->written, err.text);
	if (strcmp(type.text, example->text) != 0)
		fail_msg("%s: found %s, expected %s", example->written, type.text, example->text);
	if ((type.open == NULL) != (example->open == NULL) ||
	    (type.open != NULL && strcmp(type.open, example->open) != 0))
		fail_msg("%s: open is %s, expected %s", example->written,
		    type.open != NULL ? type.open : "NULL",
		    example->open != NULL ? example->open : "NULL");
	type_done(&type);
}

static void built_in_types_are_told_by_their_text(void **state)
{
	static const struct example examples[] = {
	    {"bigint", "bigint", NULL},
	    {"int8", "bigint", NULL},
	    {"INT8", "bigint", NULL},
	    {" integer ", "integer", NULL},
	    {"int", "integer", NULL},
	    {"int2", "smallint", NULL},
	    {"serial", "integer", NULL},
	    {"bool", "boolean", NULL},
	    {"float", "double precision", NULL},
	    {"float(24)", "real", NULL},
	    {"float(25)", "double precision", NULL},
	    {"float4", "real", NULL},
	    {"double  precision", "double precision", NULL},
	    {"numeric", "numeric", NULL},
	    {"numeric(12)", "numeric(12,0)", NULL},
	    {"decimal( 12 , 2 )", "numeric(12,2)", NULL},
	    {"numeric(3,-2)", "numeric(3,-2)", NULL},
	    {"dec(4)", "numeric(4,0)", NULL},
	    {"varchar(20)", "character varying(20)", NULL},
	    {"character varying (20)", "character varying(20)", NULL},
	    {"char", "character(1)", NULL},
	    {"char(3)", "character(3)", NULL},
	    {"national character varying(4)", "character varying(4)", NULL},
	    {"bit", "bit(1)", NULL},
	    {"bit varying(5)", "bit varying(5)", NULL},
	    {"varbit", "bit varying", NULL},
	    {"timestamptz", "timestamp with time zone", NULL},
	    {"timestamptz(3)", "timestamp(3) with time zone", NULL},
	    {"timestamp", "timestamp without time zone", NULL},
	    {"timestamp(0)", "timestamp(0) without time zone", NULL},
	    {"timestamp (6) with time zone", "timestamp(6) with time zone", NULL},
	    {"time", "time without time zone", NULL},
	    {"timetz(2)", "time(2) with time zone", NULL},
	    {"interval", "interval", NULL},
	    {"interval(3)", "interval(3)", NULL},
	    {"interval year to month", "interval year to month", NULL},
	    {"INTERVAL DAY TO SECOND (3)", "interval day to second(3)", NULL},
	    {"text[]", "text[]", NULL},
	    {"int[3][3]", "integer[]", NULL},
	    {"int array", "integer[]", NULL},
	    {"varchar(20) [ ]", "character varying(20)[]", NULL},
	    {"timestamptz(3)[]", "timestamp(3) with time zone[]", NULL},
	    {"pg_catalog.int4", "integer", NULL},
	    {"pg_catalog.timestamptz(3)", "timestamp(3) with time zone", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++)
		assert_read(&examples[i], false);
}

/* The server quotes its keywords and adds the schema; it is asked by the parts of the name. */
static void other_types_are_open(void **state)
{
	static const struct example examples[] = {
	    {"citext", "citext", "{citext,\"\",\"\"}"},
	    {"public.citext", "public.citext", "{citext,public,\"\"}"},
	    {"public.order_status[]", "public.order_status[]", "{order_status,public,[]}"},
	    {"Public.Order_Status", "public.order_status", "{order_status,public,\"\"}"},
	    {"\"Public\".\"Order\"", "\"Public\".\"Order\"", "{Order,Public,\"\"}"},
	    {"public.\"user\"", "public.user", "{user,public,\"\"}"},
	    {"\"char\"", "\"char\"", "{char,\"\",\"\"}"},
	    {"\"a\"\"b.c\"", "\"a\"\"b.c\"", "{\"a\\\"b.c\",\"\",\"\"}"},
	    {"geometry(Point, 4326)", "geometry(Point,4326)", "{geometry,\"\",\"(Point,4326)\"}"},
	    {"bpchar", "bpchar", "{bpchar,\"\",\"\"}"},
	    {"größe", "\"größe\"", "{\"größe\",\"\",\"\"}"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++)
		assert_read(&examples[i], false);
}

/* A function's arguments have no modifier, nor what stands for one. */
static void arguments_have_no_modifier(void **state)
{
	static const struct example examples[] = {
	    {"varchar(20)", "character varying", NULL},
	    {"numeric(12,2)[]", "numeric[]", NULL},
	    {"char", "character", NULL},
	    {"bit", "bit", NULL},
	    {"timestamptz(3)", "timestamp with time zone", NULL},
	    {"float(3)", "real", NULL},
	    {"interval day to second(3)", "interval", NULL},
	    {"geometry(Point,4326)", "geometry", "{geometry,\"\",\"\"}"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++)
		assert_read(&examples[i], true);
}

static void what_is_no_type_is_told(void **state)
{
	static const struct {
		const char *written;
		const char *problem;
	} examples[] = {
	    {"", "is empty, expected a type"},
	    {"  ", "is empty, expected a type"},
	    {"numeric(12", "expected a modifier such as (12,2)"},
	    {"numeric()", "expected a modifier such as (12,2)"},
	    {"numeric(1)(2)", "two modifiers in parentheses, expected one"},
	    {"int[", "expected ']'"},
	    {"int[] x", "unexpected text behind the type"},
	    {"(3)", "expected the name of a type"},
	    {"a.b.c", "expected the name of a type"},
	    {"a.", "expected schema.type"},
	    {"a. b", "expected the name of a type"},
	    {"\"a", "expected the name of a type"},
	    {"\"\"", "expected the name of a type"},
	    {"unsigned int", "PostgreSQL has no such type"},
	    {"int; drop", "expected the name of a type"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++) {
		struct type_name type;
		struct error err = {.text = ""};

		if (type_read(examples[i].written, false, &type, &err) == 0)
			fail_msg("%s is read as %s", examples[i].written, type.text);
		if (strcmp(err.text, examples[i].problem) != 0)
			fail_msg("%s: found %s, expected %s", examples[i].written, err.text,
			    examples[i].problem);
		assert_null(type.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(built_in_types_are_told_by_their_text),
	    cmocka_unit_test(other_types_are_open),
	    cmocka_unit_test(arguments_have_no_modifier),
	    cmocka_unit_test(what_is_no_type_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
