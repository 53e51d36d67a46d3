#include "capture.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "../names.h"
#include "../rows.h"
#include "../text.h"
#include "../xalloc.h"

#define ANSWER_LIMIT_BYTES ((size_t)64 << 20)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct capture {
	char *sql;
	char *parameters[5];
	struct strings schemas;
	const char *role;
};

/* What can be left out: the keys of a contract. */
static const char *const parts[] = {"columns", "constraints", "enums", "extensions", "functions",
    "indexes", "materializedViews", "minVersion", "nullable", "primaryKey", "privileges",
    "rowSecurity", "sequences", "tables", "views"};

/* Each is one sub-select of the statement, all in terms of n (the schema) or c (the relation). */
#define WITH(part) "NOT '" part "' = ANY ($4::text[])"
#define IS_OURS(class, oid)                                                                        \
	" NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog." class     \
	    "'::pg_catalog.regclass AND e.objid = " oid " AND e.deptype = 'e')"
#define ROLE "(SELECT r.oid FROM role r)"
#define PRIVILEGES(names, has)                                                                     \
	" 'privileges', CASE WHEN $3 <> '' AND " WITH(                                             \
	    "privileges") " THEN (SELECT"                                                          \
			  " pg_catalog.json_agg(p.name ORDER BY p.name) FROM unnest('{" names      \
			  "}'::text[])"                                                            \
			  " AS p(name) WHERE " has ") END"
#define RELATION_PRIVILEGES                                                                        \
	PRIVILEGES("DELETE,INSERT,REFERENCES,SELECT,TRIGGER,TRUNCATE,UPDATE",                      \
	    "pg_catalog.has_table_privilege(" ROLE ", c.oid, p.name)")
#define COLUMNS                                                                                    \
	" 'columns', CASE WHEN " WITH(                                                             \
	    "columns") " THEN (SELECT pg_catalog.json_object_agg("                                 \
		       "a.attname, pg_catalog.json_build_object('type', "                          \
		       "pg_catalog.format_type(a.atttypid,"                                        \
		       " a.atttypmod), 'nullable', CASE WHEN a.attnotnull AND " WITH(              \
			   "nullable") " AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k "  \
				       "WHERE k.conrelid = c.oid"                                  \
				       " AND k.contype = 'n' AND NOT k.convalidated AND "          \
				       "k.conkey[1] = a.attnum) THEN false END)"                   \
				       " ORDER BY a.attname) FROM pg_catalog.pg_attribute a "      \
				       "WHERE a.attrelid = c.oid"                                  \
				       " AND a.attnum > 0 AND NOT a.attisdropped) END,"
#define INDEXES                                                                                    \
	" 'indexes', CASE WHEN " WITH(                                                             \
	    "indexes") " THEN (SELECT pg_catalog.json_object_agg("                                 \
		       "x.relname, pg_catalog.json_build_object('unique', CASE WHEN "              \
		       "i.indisunique THEN true END)"                                              \
		       " ORDER BY x.relname) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class " \
		       "x"                                                                         \
		       " ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisvalid AND "   \
		       "i.indisready"                                                              \
		       " AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid " \
		       "= x.oid"                                                                   \
		       " AND k.contype IN ('p','u','x'))) END,"

/* Named tables leave everything else out, and are taken even where they are partitions. */
#define RELATIONS(key, kinds, object)                                                              \
	"'" key "', CASE WHEN " WITH(                                                              \
	    key) " THEN (SELECT pg_catalog.json_object_agg(c.relname,"                             \
		 " pg_catalog.json_build_object(" object ") ORDER BY c.relname)"                   \
		 " FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN "      \
		 "(" kinds ")"                                                                     \
		 " AND c.relispopulated"                                                           \
		 " AND CASE WHEN pg_catalog.cardinality($2::text[]) > 0 THEN"                      \
		 " pg_catalog.array_to_string(ARRAY[n.nspname, c.relname], E'\\n') = ANY "         \
		 "($2::text[])"                                                                    \
		 " ELSE NOT c.relispartition AND" IS_OURS("pg_class", "c.oid") " END) END,"

static const char *const pieces[] = {
    "WITH role AS MATERIALIZED (SELECT (SELECT a.oid FROM pg_catalog.pg_roles a"
    " WHERE a.rolname = $3::text) AS oid),"
    " spaces AS MATERIALIZED (SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n"
    "  WHERE CASE WHEN pg_catalog.cardinality($1::text[]) > 0 THEN n.nspname = ANY ($1::text[])"
    "  ELSE NOT pg_catalog.starts_with(n.nspname::text, 'pg_')"
    "   AND n.nspname <> 'information_schema' AND" IS_OURS("pg_namespace",
	"n.oid") " END)"
		 " SELECT pg_catalog.json_strip_nulls(pg_catalog.json_build_object('schemalatch', "
		 "1,"
		 " 'extensions', CASE WHEN $5 = '' AND " WITH(
		     "extensions") " THEN (SELECT"
				   "  pg_catalog.json_object_agg(x.extname, "
				   "pg_catalog.json_build_object('minVersion',"
				   "   CASE WHEN " WITH(
				       "minVersion") " AND x.extversion ~ '[0-9]' THEN "
						     "x.extversion END)"
						     "   ORDER BY x.extname) FROM "
						     "pg_catalog.pg_extension x WHERE x.extname <> "
						     "'plpgsql') END,"
						     " 'schemas', (SELECT "
						     "pg_catalog.json_object_agg(n.nspname, "
						     "pg_catalog.json_build_object(",
    RELATIONS("tables", "'r','p','f'",
	COLUMNS " 'primaryKey', CASE WHEN " WITH(
	    "primaryKey") " THEN (SELECT (SELECT pg_catalog.json_agg("
			  "a.attname ORDER BY k.n) FROM unnest(i.indkey) WITH ORDINALITY AS "
			  "k(attnum, n)"
			  " JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = "
			  "k.attnum"
			  " WHERE k.n <= i.indnkeyatts) FROM pg_catalog.pg_index i WHERE "
			  "i.indrelid = c.oid"
			  " AND i.indisprimary AND i.indisvalid AND i.indisready LIMIT 1) "
			  "END," INDEXES " 'constraints', CASE WHEN " WITH(
			      "constraints") " THEN (SELECT"
					     " pg_catalog.json_object_agg(k.conname, "
					     "'{}'::pg_catalog.json ORDER BY k.conname)"
					     " FROM pg_catalog.pg_constraint k WHERE k.conrelid = "
					     "c.oid AND k.convalidated"
					     " AND k.contype IN ('c','f','u','x')) END,"
					     " 'rowSecurity', CASE WHEN c.relrowsecurity AND " WITH(
						 "rowSecurity") " THEN true "
								"END," RELATION_PRIVILEGES),
    RELATIONS("views", "'v'", COLUMNS RELATION_PRIVILEGES),
    RELATIONS("materializedViews", "'m'", COLUMNS INDEXES RELATION_PRIVILEGES),
    " 'sequences', CASE WHEN $5 = '' AND " WITH(
	"sequences") " THEN (SELECT"
		     "  pg_catalog.json_object_agg(c.relname, "
		     "pg_catalog.json_build_object(" PRIVILEGES("SELECT,UPDATE,USAGE",
			 "pg_catalog.has_sequence_privilege(" ROLE
			 ", c.oid, p.name)") ") ORDER BY c.relname)"
					     "  FROM pg_catalog.pg_class c WHERE c.relnamespace = "
					     "n.oid AND c.relkind = 'S'"
					     "  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e "
					     "WHERE e.objid = c.oid AND e.classid ="
					     "   'pg_catalog.pg_class'::pg_catalog.regclass AND "
					     "e.deptype IN ('e', 'i'))) END,",
    " 'enums', CASE WHEN $5 = '' AND " WITH(
	"enums") " THEN (SELECT pg_catalog.json_object_agg("
		 "t.typname, CASE WHEN $3 <> '' AND " WITH(
		     "privileges") " AND pg_catalog.has_type_privilege(" ROLE
				   ", t.oid, 'USAGE') THEN"
				   "  pg_catalog.json_build_object('values', v.labels, "
				   "'privileges', '[\"USAGE\"]'::"
				   "pg_catalog.json) ELSE v.labels END ORDER BY t.typname)"
				   "  FROM pg_catalog.pg_type t CROSS JOIN LATERAL (SELECT "
				   "pg_catalog.json_agg(e.enumlabel"
				   "   ORDER BY e.enumsortorder) AS labels FROM pg_catalog.pg_enum "
				   "e WHERE e.enumtypid = t.oid)"
				   "   AS v WHERE t.typnamespace = n.oid AND t.typtype = 'e' AND "
				   "v.labels IS NOT NULL"
				   "  AND" IS_OURS("pg_type", "t.oid") ") END,",
    " 'functions', CASE WHEN $5 = '' AND " WITH(
	"functions") " THEN (SELECT"
		     "  pg_catalog.json_object_agg(s.signature, "
		     "pg_catalog.json_build_object(" PRIVILEGES("EXECUTE",
			 "pg_catalog.has_function_privilege(" ROLE
			 ", s.oid, p.name)") ") ORDER BY s.signature) FROM (SELECT f.oid, (CASE "
					     "WHEN f.proname ~ '[(\"]' THEN"
					     "   '\"' || pg_catalog.replace(f.proname::text, '\"', "
					     "'\"\"') || '\"' ELSE f.proname::text END"
					     "   || '(' || pg_catalog.array_to_string(ARRAY(SELECT "
					     "pg_catalog.format_type(a.oid, NULL)"
					     "    FROM unnest(f.proargtypes) WITH ORDINALITY AS "
					     "a(oid, n) ORDER BY a.n), ', ') || ')')"
					     "   COLLATE \"C\" AS signature FROM "
					     "pg_catalog.pg_proc f WHERE f.pronamespace = n.oid"
					     "   AND" IS_OURS("pg_proc", "f.oid") ") AS s) END,",
    PRIVILEGES("CREATE,USAGE",
	"$5 = '' AND pg_catalog.has_schema_privilege(" ROLE
	", n.oid, p.name)") ") ORDER BY n.nspname) FROM spaces n))) AS contract,"
			    " pg_catalog.array_to_string(ARRAY(SELECT u.s FROM unnest($1::text[]) "
			    "AS u(s) WHERE NOT EXISTS"
			    "  (SELECT FROM spaces n WHERE n.nspname = u.s)), ', ') AS "
			    "schemas_missing,"
			    " pg_catalog.array_to_string(ARRAY(SELECT pg_catalog.replace(u.t, "
			    "E'\\n', '.') FROM"
			    "  unnest($2::text[]) AS u(t) WHERE NOT EXISTS (SELECT FROM spaces n "
			    "JOIN"
			    "   pg_catalog.pg_class c ON c.relnamespace = n.oid WHERE c.relkind IN "
			    "('r','p','f','v','m')"
			    "   AND pg_catalog.array_to_string(ARRAY[n.nspname, c.relname], "
			    "E'\\n') = u.t)), ', ')"
			    "  AS tables_missing,"
			    " $3 <> '' AND " ROLE " IS NULL AS role_missing",
};

static const char *const columns[] = {
    "contract", "schemas_missing", "tables_missing", "role_missing", NULL};

static void check_without(const struct strings *without, struct problems *problems)
{
	for (size_t i = 0; i < without->count; i++) {
		const char *near = strings_nearest(without->items[i], parts, COUNT(parts));
		bool known = false;

		for (size_t k = 0; k < COUNT(parts); k++)
			known = known || strcmp(parts[k], without->items[i]) == 0;
		if (!known && near != NULL)
			problems_add(problems, "--without",
			    "\"%s\" is no part of a contract, did you mean %s?", without->items[i],
			    near);
		else if (!known)
			problems_add(problems, "--without",
			    "\"%s\" is no part of a contract, expected keys of one such as"
			    " indexes,constraints",
			    without->items[i]);
	}
}

/* Tables as "schema\nname": no name that anybody writes has a line end, and dots some have. Their
 * schemas are those to look in. */
static void take_tables(struct capture *capture, const struct capture_scope *scope,
    struct strings *joined, struct problems *problems)
{
	for (size_t i = 0; i < scope->tables.count; i++) {
		struct error err;
		char *schema;
		char *table;

		if (name_parse(scope->tables.items[i],
			scope->default_schema != NULL ? scope->default_schema : "public", &schema,
			&table, &err) != 0) {
			problems_add(problems, "--table", "\"%s\" is not a table name: %s",
			    scope->tables.items[i], err.text);
			continue;
		}
		strings_take(joined, xasprintf("%s\n%s", schema, table));
		if (!strings_has(&capture->schemas, schema))
			strings_add(&capture->schemas, schema);
		free(schema);
		free(table);
	}
}

static char *capture_sql(void)
{
	struct text sql;

	text_init(&sql, 0);
	for (size_t i = 0; i < COUNT(pieces); i++)
		text_add(&sql, pieces[i]);
	return text_take(&sql);
}

struct capture *capture_create(const struct capture_scope *scope, struct problems *problems)
{
	struct capture *capture = xcalloc(1, sizeof(*capture));
	struct strings joined = {0};
	size_t before = problems->lines.count;

	for (size_t i = 0; i < scope->schemas.count; i++)
		strings_add(&capture->schemas, scope->schemas.items[i]);
	take_tables(capture, scope, &joined, problems);
	check_without(&scope->without, problems);
	capture->sql = capture_sql();
	capture->role = scope->privileges_of;
	capture->parameters[0] = names_array(&capture->schemas);
	capture->parameters[1] = names_array(&joined);
	capture->parameters[2] = xstrdup(scope->privileges_of != NULL ? scope->privileges_of : "");
	capture->parameters[3] = names_array(&scope->without);
	capture->parameters[4] = xstrdup(joined.count > 0 ? "tables" : "");
	strings_done(&joined);
	if (problems->lines.count == before)
		return capture;
	capture_free(capture);
	return NULL;
}

void capture_free(struct capture *capture)
{
	if (capture == NULL)
		return;
	for (size_t i = 0; i < COUNT(capture->parameters); i++)
		free(capture->parameters[i]);
	strings_done(&capture->schemas);
	free(capture->sql);
	free(capture);
}

struct statement capture_statement(const struct capture *capture)
{
	struct statement statement = {
	    .sql = capture->sql,
	    .parameter_count = COUNT(capture->parameters),
	    .answer_limit_bytes = ANSWER_LIMIT_BYTES,
	};

	for (size_t i = 0; i < COUNT(capture->parameters); i++)
		statement.parameters[i] = capture->parameters[i];
	return statement;
}

/* ---- the text: a line for each thing that may change by itself, so that it diffs well ---- */

#define CLASS_DEPTH 3 /* of "tables", "enums" …: their members have a line each */

static void add_indent(struct text *text, int depth)
{
	text_addf(text, "%*s", 2 * depth, "");
}

static void add_scalar(struct text *text, const cJSON *value)
{
	char *printed = cJSON_PrintUnformatted(value);

	text_add(text, printed != NULL ? printed : "null");
	free(printed);
}

static void add_string(struct text *text, const char *string)
{
	cJSON *value = cJSON_CreateString(string);

	add_scalar(text, value);
	cJSON_Delete(value);
}

/* ["a", "b"] on one line, as what holds no map. */
static void add_array(struct text *text, const cJSON *array)
{
	const cJSON *element;

	text_add(text, "[");
	cJSON_ArrayForEach(element, array)
	{
		text_add(text, element != array->child ? ", " : "");
		add_scalar(text, element);
	}
	text_add(text, "]");
}

static bool holds_object(const cJSON *object)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, object) if (cJSON_IsObject(member)) return true;
	return false;
}

static void add_value(struct text *text, const cJSON *value, int depth);

static void add_members(struct text *text, const cJSON *object, int depth)
{
	bool inline_members = !holds_object(object) && depth > 1 && depth != CLASS_DEPTH;
	const cJSON *member;

	cJSON_ArrayForEach(member, object)
	{
		text_add(text, member == object->child ? "" : inline_members ? ", " : ",");
		if (!inline_members) {
			text_add(text, "\n");
			add_indent(text, depth + 1);
		}
		add_string(text, member->string);
		text_add(text, ": ");
		add_value(text, member, depth + 1);
	}
	if (!inline_members && object->child != NULL) {
		text_add(text, "\n");
		add_indent(text, depth);
	}
}

static void add_value(struct text *text, const cJSON *value, int depth)
{
	if (cJSON_IsArray(value)) {
		add_array(text, value);
	} else if (cJSON_IsObject(value)) {
		text_add(text, "{");
		add_members(text, value, depth);
		text_add(text, "}");
	} else {
		add_scalar(text, value);
	}
}

static void problem_missing(
    const PGresult *rows, const char *column, const char *flag, struct problems *problems)
{
	const char *names = rows_text(rows, 0, column);

	if (names != NULL && *names != '\0')
		problems_add(problems, flag, "the database has no %s", names);
}

char *capture_text(const struct capture *capture, const PGresult *rows, struct problems *problems)
{
	size_t before = problems->lines.count;
	struct text text;
	cJSON *contract;

	if (!rows_have_columns(rows, columns) || rows_count(rows) != 1 ||
	    rows_text(rows, 0, "contract") == NULL) {
		problems_add(problems, "database", "its answer has an unexpected shape");
		return NULL;
	}
	problem_missing(rows, "schemas_missing", "--schema", problems);
	problem_missing(rows, "tables_missing", "--table", problems);
	if (rows_bool(rows, 0, "role_missing"))
		problems_add(
		    problems, "--privileges-of", "the database has no role %s", capture->role);
	if (problems->lines.count > before)
		return NULL;
	contract = cJSON_Parse(rows_text(rows, 0, "contract"));
	text_init(&text, 0);
	add_value(&text, contract, 0);
	text_add(&text, "\n");
	cJSON_Delete(contract);
	return text_take(&text);
}
