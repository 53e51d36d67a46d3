#include "statement.h"

#include "../refusal.h"
#include "../text.h"
#include "../xalloc.h"

#define ALWAYS FACET_CLASS
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A piece of the statement, left out where no object has anything in the facet. */
struct piece {
	enum facet facet;
	const char *sql;
};

/*
 * The schemas of an entry. Each OFFSET 0 here and below is a fence: without it the planner joins,
 * and a join over pg_class becomes a scan of it (ten times dearer in a database of 45,000
 * relations).
 */
#define NOT_OF_THE_SYSTEM                                                                          \
	" NOT pg_catalog.starts_with(n.nspname::text, 'pg_') AND n.nspname <> "                    \
	"'information_schema'"
#define SCHEMAS                                                                                    \
	" CROSS JOIN LATERAL (SELECT * FROM (SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace" \
	" n WHERE w.pattern IS NULL AND n.nspname = w.s UNION ALL SELECT n.oid, n.nspname FROM"    \
	" pg_catalog.pg_namespace n WHERE w.pattern IS NOT NULL AND n.nspname LIKE w.pattern"      \
	" AND" NOT_OF_THE_SYSTEM ") AS e OFFSET 0) AS s"

/* A deviation of an object: code (findings.h), order among its like, part, wanted, found. */
#define FROM_OBJECTS " SELECT w.i, w.pattern, w.s, s.nspname, w.t, d.* FROM wanted w" SCHEMAS

/* A type is the wanted one by its text, or by its name where the text cannot tell: see types.h. */
#define TYPE_IS(type)                                                                              \
	"(" type " = u.type OR (u.open IS NOT NULL AND EXISTS (SELECT FROM pg_catalog.pg_type o"   \
	" WHERE o.typname = (u.open::text[])[1] AND pg_catalog.format_type(o.oid, NULL)"           \
	" || (u.open::text[])[3] = " type " AND ((u.open::text[])[2] = '' OR o.typnamespace ="     \
	" (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = (u.open::text[])[2])))))"

#define COLUMN_TYPE_IS TYPE_IS("a.type")

#define LACKING(has)                                                                               \
	" UNION ALL SELECT 'Q', p.n, p.privilege, NULL, NULL FROM"                                 \
	" unnest(w.privileges::text[]) WITH ORDINALITY AS p(privilege, n) WHERE NOT " has
#define ROLE "(SELECT r.oid FROM role r)"

/* The columns of an index in order, those that it only includes left out. */
#define KEY_COLUMNS                                                                                \
	"ARRAY(SELECT COALESCE((SELECT a.attname::text FROM pg_catalog.pg_attribute a"             \
	" WHERE a.attrelid = c.oid AND a.attnum = k.attnum), '(expression)') FROM (SELECT"         \
	" unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) AS attnum OFFSET 0) AS k)"

#define PRIMARY_KEY                                                                                \
	"SELECT " KEY_COLUMNS " FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND"           \
	" i.indisprimary AND i.indisvalid AND i.indisready LIMIT 1"

/* Each index as the items of a proof say it. Most keys are of one column: that spares the list.
 */
#define KEYS                                                                                       \
	"ARRAY(SELECT CASE WHEN NOT i.indisprimary THEN CASE WHEN i.indisunique THEN E'\\x02'"     \
	" ELSE E'\\x01' END || (SELECT x.relname::text FROM pg_catalog.pg_class x"                 \
	" WHERE x.oid = i.indexrelid) WHEN i.indnkeyatts = 1 THEN E'\\x041\\x04'"                  \
	" || (SELECT a.attname::text FROM pg_catalog.pg_attribute a"                               \
	" WHERE a.attrelid = c.oid AND a.attnum = i.indkey[0])"                                    \
	" ELSE E'\\x04' || i.indnkeyatts::text || E'\\x04'"                                        \
	" || pg_catalog.array_to_string(" KEY_COLUMNS ", E'\\x04') END"                            \
	" FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisvalid AND i.indisready)"

/* A privilege that is not wanted, or that the role has: no name is a part of another. */
#define AND_HOLDS(function, privilege)                                                             \
	" AND (pg_catalog.strpos(w.privileges, '" privilege "') = 0 OR"                            \
	" pg_catalog." function "(" ROLE ", c.oid, '" privilege "'))"
#define OF_SEQUENCE(privilege) AND_HOLDS("has_sequence_privilege", privilege)
#define OF_TABLE(privilege) AND_HOLDS("has_table_privilege", privilege)

/* All that read.c lets a contract want, one by one: that spares the list. */
#define OF_SEQUENCES OF_SEQUENCE("SELECT") OF_SEQUENCE("UPDATE") OF_SEQUENCE("USAGE")
#define OF_TABLES                                                                                  \
	OF_TABLE("DELETE")                                                                         \
	OF_TABLE("INSERT")                                                                         \
	OF_TABLE("REFERENCES")                                                                     \
	OF_TABLE("SELECT") OF_TABLE("TRIGGER") OF_TABLE("TRUNCATE") OF_TABLE("UPDATE")

#define HAS_PRIVILEGE                                                                              \
	"CASE WHEN c.relkind = 'S' THEN"                                                           \
	" pg_catalog.has_sequence_privilege(" ROLE ", c.oid, p.privilege)"                         \
	" ELSE pg_catalog.has_table_privilege(" ROLE ", c.oid, p.privilege) END"

/* The NOT NULLs of a table that are not validated: 18 has a row for each. */
#define HALF_NOT_NULLS                                                                             \
	" FROM pg_catalog.pg_constraint k WHERE (SELECT"                                           \
	" pg_catalog.current_setting('server_version_num')::int >= 180000)"                        \
	" AND k.conrelid = c.oid AND k.contype = 'n' AND NOT k.convalidated"

static const struct piece head[] = {
    {ALWAYS,
	"WITH role AS MATERIALIZED (SELECT (SELECT a.oid FROM pg_catalog.pg_roles a"
	"   WHERE a.rolname = COALESCE(NULLIF($1::text, ''), current_user)) AS oid),"
	" wanted AS MATERIALIZED (SELECT * FROM unnest($2::text[], $3::text[], $4::text[],"
	"   $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],"
	"   $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[],"
	"   $18::text[]) WITH ORDINALITY"
	"  AS u(class, pattern, s, t, parts, types, opens, nullable, proof, primary_key, indexes,"
	"   is_unique, index_columns, keys, constraints, privileges, row_security, i)),"
	" found (i, pattern, s, schema, object, code, n, part, wanted, found) AS MATERIALIZED ("},
};

/*
 * pg_class, pg_attribute, pg_index and pg_constraint are looked up by index for each relation; what
 * is called here reads catalogs alone, so that no lock on a table can hold it up. A NOT NULL that
 * is not validated (18: a row of pg_constraint) lets NULLs be in the table, and none in any more:
 * it is neither for who wants no NULL nor for who wants to write one.
 *
 * First comes, for each relation, whether it is proven to be as wanted in all: by arrays, which are
 * made and compared much faster than lists are taken apart. What is not is told part by part. The
 * items: see proof.h; those of dropped columns, which have no type, are
 * nobody's.
 */
static const struct piece relations[] = {
    {ALWAYS, FROM_OBJECTS
	" LEFT JOIN LATERAL (SELECT c.oid, c.relkind, c.relispopulated, c.relrowsecurity"
	"  FROM pg_catalog.pg_class c WHERE c.relname = w.t AND c.relnamespace = s.oid OFFSET 0)"
	"  AS c ON true"
	" CROSS JOIN LATERAL (SELECT k.fits, k.fits AND (w.class <> 'm' OR c.relispopulated)"},
    {FACET_PARTS, " AND (w.parts IS NULL OR (pg_catalog.string_to_array(w.proof, E'\\x03')"
		  "  OPERATOR(pg_catalog.<@) ARRAY(SELECT"
		  "   pg_catalog.format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull"
		  "   THEN E'\\x02' ELSE E'\\x01' END || a.attname FROM pg_catalog.pg_attribute a"
		  "   WHERE a.attrelid = c.oid AND a.attnum > 0)"
		  "  AND (SELECT true" HALF_NOT_NULLS " LIMIT 1) IS NULL))"},
    {FACET_CONSTRAINTS,
	" AND (w.constraints IS NULL OR w.constraints::text[] OPERATOR(pg_catalog.<@)"
	"  ARRAY(SELECT k.conname::text FROM pg_catalog.pg_constraint k"
	"   WHERE k.conrelid = c.oid AND k.contypid = 0 AND k.convalidated))"},
    {FACET_KEYS,
	" AND (w.primary_key IS NULL AND w.indexes IS NULL OR"
	"  pg_catalog.string_to_array(w.keys, E'\\x03') OPERATOR(pg_catalog.<@) " KEYS ")"},
    {FACET_ROW_SECURITY,
	" AND (w.row_security IS NULL OR c.relrowsecurity = w.row_security::bool)"},
    {FACET_PRIVILEGES,
	" AND (w.privileges IS NULL OR CASE WHEN c.relkind = 'S' THEN true" OF_SEQUENCES
	" ELSE true" OF_TABLES " END)"},
    {ALWAYS,
	"   AS proven FROM (SELECT CASE w.class WHEN 'a' THEN c.relkind IN ('r','p','f','v','m')"
	"    WHEN 'r' THEN c.relkind IN ('r','p','f') ELSE c.relkind::text = w.class END IS TRUE"
	"    AS fits OFFSET 0) AS k OFFSET 0) AS k"
	" CROSS JOIN LATERAL ("
	"SELECT 'D' AS code, 0 AS n, NULL AS part, w.class AS wanted, c.relkind::text AS found"
	" WHERE NOT k.fits"
	" UNION ALL SELECT 'M', 0, NULL, NULL, NULL WHERE k.fits AND w.class = 'm'"
	"  AND NOT c.relispopulated"},
    {FACET_PARTS,
	" UNION ALL SELECT CASE WHEN a.type IS NULL THEN 'H' ELSE 'I' END, u.n, u.name,"
	"  pg_catalog.concat_ws(' ', u.type, CASE u.nullable WHEN 'f' THEN 'NOT NULL'"
	"   WHEN 't' THEN 'NULL' END),"
	"  CASE WHEN a.type IS NOT NULL THEN pg_catalog.concat_ws(' ', CASE WHEN u.type IS NOT NULL"
	"   THEN a.type END, CASE WHEN u.nullable IS NULL THEN NULL WHEN NOT a.not_null THEN 'NULL'"
	"   WHEN a.is_half THEN 'NOT NULL (not validated)' ELSE 'NOT NULL' END) END"
	"  FROM unnest(w.parts::text[], w.types::text[], w.opens::text[], w.nullable::text[])"
	"   WITH ORDINALITY AS u(name, type, open, nullable, n)"
	"  LEFT JOIN (SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,"
	"    a.attnotnull AS not_null,"
	"    a.attnum = ANY (ARRAY(SELECT k.conkey[1]" HALF_NOT_NULLS ")) AS is_half"
	"   FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0"
	"   AND NOT a.attisdropped OFFSET 0) AS a ON a.attname = u.name"
	"  WHERE k.fits AND (a.type IS NULL OR NOT " COLUMN_TYPE_IS
	"   OR CASE u.nullable WHEN 'f' THEN NOT a.not_null OR a.is_half WHEN 't' THEN a.not_null"
	"    ELSE false END)"},
    {FACET_PRIMARY_KEY,
	" UNION ALL SELECT 'J', 0, NULL, pg_catalog.array_to_string(w.primary_key::text[], ', '),"
	"  pg_catalog.array_to_string(p.columns, ', ')"
	"  FROM (SELECT (" PRIMARY_KEY ") AS columns OFFSET 0) AS p"
	"  WHERE k.fits AND w.primary_key IS NOT NULL"
	"   AND p.columns IS DISTINCT FROM w.primary_key::text[]"},
    {FACET_CONSTRAINTS,
	" UNION ALL SELECT 'K', u.n, u.name, NULL, CASE WHEN NOT k2.is_valid THEN 'not validated'"
	"  END FROM unnest(w.constraints::text[]) WITH ORDINALITY AS u(name, n)"
	"  LEFT JOIN LATERAL (SELECT k.convalidated AS is_valid FROM pg_catalog.pg_constraint k"
	"   WHERE k.conrelid = c.oid AND k.contypid = 0 AND k.conname = u.name OFFSET 0) AS k2"
	"   ON true WHERE k.fits AND k2.is_valid IS NOT TRUE"},
    {FACET_INDEXES,
	" UNION ALL SELECT 'L', u.n, u.name, pg_catalog.concat_ws(' ', 'valid',"
	"   CASE u.is_unique WHEN 't' THEN 'unique' WHEN 'f' THEN 'not unique' END,"
	"   'on (' || pg_catalog.array_to_string(u.columns::text[], ', ') || ')'),"
	"  CASE WHEN x.is_usable IS NOT NULL THEN pg_catalog.concat_ws(' ',"
	"   CASE WHEN x.is_usable THEN 'valid' ELSE 'invalid' END, CASE WHEN u.is_unique IS NULL"
	"   THEN NULL WHEN x.is_unique THEN 'unique' ELSE 'not unique' END,"
	"   'on (' || pg_catalog.array_to_string(x.columns, ', ') || ')') END"
	"  FROM unnest(w.indexes::text[], w.is_unique::text[], w.index_columns::text[])"
	"   WITH ORDINALITY AS u(name, is_unique, columns, n)"
	"  LEFT JOIN LATERAL (SELECT i.indisvalid AND i.indisready AS is_usable,"
	"    i.indisunique AS is_unique, CASE WHEN u.columns IS NOT NULL THEN " KEY_COLUMNS
	"    END AS columns FROM pg_catalog.pg_class x JOIN pg_catalog.pg_index i"
	"    ON i.indexrelid = x.oid WHERE x.relname = u.name AND x.relnamespace = s.oid"
	"    AND i.indrelid = c.oid OFFSET 0) AS x ON true"
	"  WHERE k.fits AND (x.is_usable IS NOT TRUE OR x.is_unique <> u.is_unique::bool"
	"   OR x.columns <> u.columns::text[])"},
    {FACET_ROW_SECURITY, " UNION ALL SELECT 'N', 0, NULL, w.row_security, NULL WHERE k.fits"
			 "  AND c.relrowsecurity <> w.row_security::bool"},
    {FACET_PRIVILEGES, LACKING("CASE WHEN NOT k.fits THEN true ELSE " HAS_PRIVILEGE " END")},
    {ALWAYS, ") AS d WHERE w.class IN ('a','r','v','m','S') AND k.proven IS NOT TRUE"},
};

static const struct piece enums[] = {
    {ALWAYS, " UNION ALL" FROM_OBJECTS
	     " LEFT JOIN LATERAL (SELECT t.oid, t.typtype FROM pg_catalog.pg_type t"
	     "  WHERE t.typname = w.t AND t.typnamespace = s.oid OFFSET 0) AS t ON true"
	     " CROSS JOIN LATERAL (SELECT 'E' AS code, 0, NULL, w.class, t.typtype::text"
	     "   WHERE t.typtype IS DISTINCT FROM 'e'"
	     "  UNION ALL SELECT 'F', v.n, v.value, NULL, NULL FROM unnest(w.parts::text[])"
	     "   WITH ORDINALITY AS v(value, n) WHERE t.typtype = 'e' AND NOT EXISTS"
	     "   (SELECT FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid AND e.enumlabel = "
	     "v.value)"},
    {FACET_PRIVILEGES, LACKING("pg_catalog.has_type_privilege(" ROLE ", t.oid, p.privilege)")},
    {ALWAYS, ") AS d WHERE w.class = 'e'"},
};

/* Of the arguments that were found instead, a few are told. */
static const struct piece functions[] = {
    {ALWAYS,
	" UNION ALL" FROM_OBJECTS
	" LEFT JOIN LATERAL (SELECT f.oid FROM pg_catalog.pg_proc f WHERE f.proname = w.t"
	"  AND f.pronamespace = s.oid"
	"  AND f.pronargs = COALESCE(pg_catalog.cardinality(w.types::text[]), 0)"
	"  AND NOT EXISTS (SELECT FROM unnest(w.types::text[], w.opens::text[],"
	"    f.proargtypes::oid[]) AS u(type, open, oid)"
	"   WHERE NOT " TYPE_IS(
	    "pg_catalog.format_type(u.oid, NULL)") ") OFFSET 0) AS f ON true"
						   " CROSS JOIN LATERAL (SELECT 'G' AS code, 0, "
						   "'(' || COALESCE("
						   "   pg_catalog.array_to_string(w.types::text[], "
						   "', '), '') || ')', NULL,"
						   "   "
						   "NULLIF(pg_catalog.array_to_string(ARRAY(SELECT "
						   "'(' || pg_catalog.array_to_string("
						   "    ARRAY(SELECT pg_catalog.format_type(a.oid, "
						   "NULL) FROM unnest(o.proargtypes)"
						   "     WITH ORDINALITY AS a(oid, n) ORDER BY "
						   "a.n), ', ') || ')' FROM pg_catalog.pg_proc o"
						   "    WHERE o.proname = w.t AND o.pronamespace = "
						   "s.oid ORDER BY o.oid LIMIT 3), ' and '), '')"
						   "  WHERE f.oid IS NULL"},
    {FACET_PRIVILEGES, LACKING("pg_catalog.has_function_privilege(" ROLE ", f.oid, p.privilege)")},
    {ALWAYS, ") AS d WHERE w.class = 'f'"},
};

/* Schemas, extensions (whose versions are compared by us), and the role itself. */
static const struct piece others[] = {
    {ALWAYS,
	" UNION ALL SELECT w.i, w.pattern, w.s, w.s, NULL, 'B', 0, NULL, NULL, NULL FROM wanted w"
	"  WHERE w.class = 'n' AND NOT EXISTS (SELECT FROM (SELECT 1) AS one" SCHEMAS ")"
	" UNION ALL SELECT w.i, NULL, NULL, NULL, w.t, 'C', 0, NULL, (w.types::text[])[1],"
	"   x.extversion FROM wanted w LEFT JOIN pg_catalog.pg_extension x ON x.extname = w.t"
	"  WHERE w.class = 'x' AND (x.oid IS NULL OR x.extversion <> (w.types::text[])[1])"},
    {FACET_PRIVILEGES,
	" UNION ALL SELECT w.i, w.pattern, w.s, s.nspname, NULL, d.* FROM wanted w" SCHEMAS
	" CROSS JOIN LATERAL (SELECT 'Q' AS code, 0, NULL, NULL, NULL WHERE false" LACKING(
	    "pg_catalog.has_schema_privilege(" ROLE
	    ", s.oid, p.privilege)") " ) AS d WHERE w.class = 'n'"
				     " UNION ALL SELECT 0, NULL, NULL, NULL, $1::text, 'A', 0, "
				     "NULL, NULL, NULL"
				     "  WHERE " ROLE " IS NULL"},
};

static const struct piece tail[] = {
    {ALWAYS,
	") SELECT f.code, CASE WHEN f.pattern IS NOT NULL THEN f.s END AS schema_wanted, f.schema,"
	"  f.object, f.part, f.wanted, f.found, NULL AS total, f.i, f.n"
	" FROM (SELECT f.*, pg_catalog.row_number() OVER (PARTITION BY f.code = 'C',"
	"   CASE WHEN f.pattern IS NOT NULL THEN f.s END ORDER BY f.code, f.i, f.schema, f.n)"
	"   AS place FROM found f) AS f WHERE f.code = 'C' OR f.place <= " CONTRACT_ROWS_MAX
	" UNION ALL SELECT 'Z', NULL, NULL, NULL, NULL, pg_catalog.count(*)::text, NULL,"
	"  (SELECT pg_catalog.count(*) FROM found f WHERE f.pattern IS NULL AND f.code <> 'C'), 0,"
	"  0 FROM wanted w"},
    {FACET_PATTERN,
	" UNION ALL SELECT 'Z', p.s, NULL, NULL, (SELECT pg_catalog.string_agg(x.schema, ', ')"
	"   FROM (SELECT DISTINCT f.schema FROM found f WHERE f.pattern IS NOT NULL AND f.s = p.s"
	"    ORDER BY f.schema LIMIT 3) AS x),"
	"  (SELECT pg_catalog.count(*) FROM pg_catalog.pg_namespace n WHERE n.nspname LIKE "
	"p.pattern"
	"   AND" NOT_OF_THE_SYSTEM ")::text,"
	"  f.deviating::text, f.total, 0, 0"
	"  FROM (SELECT DISTINCT w.s, w.pattern FROM wanted w WHERE w.pattern IS NOT NULL) AS p"
	"  CROSS JOIN LATERAL (SELECT pg_catalog.count(DISTINCT f.schema) AS deviating,"
	"   pg_catalog.count(*) AS total FROM found f WHERE f.pattern IS NOT NULL AND f.s = p.s) "
	"AS f"},
    {ALWAYS, " ORDER BY code, i, schema, n"},
};

static void add(
    struct text *sql, const struct wanted *wanted, const struct piece *pieces, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (wanted->uses[pieces[i].facet])
			text_add(sql, pieces[i].sql);
}

char *contract_sql(const struct wanted *wanted)
{
	struct text sql;

	text_init(&sql, 0);
	add(&sql, wanted, head, COUNT(head));
	add(&sql, wanted, relations, COUNT(relations));
	if (wanted->has_enums)
		add(&sql, wanted, enums, COUNT(enums));
	if (wanted->has_functions)
		add(&sql, wanted, functions, COUNT(functions));
	add(&sql, wanted, others, COUNT(others));
	add(&sql, wanted, tail, COUNT(tail));
	return text_take(&sql);
}

char *contract_name(const struct wanted *wanted)
{
	unsigned bits = (wanted->has_enums ? 1u : 0) | (wanted->has_functions ? 2u : 0);

	for (enum facet facet = 0; facet < FACET_COUNT; facet++)
		bits |= wanted->uses[facet] ? 4u << facet : 0;
	return xasprintf("schemalatch_contract_%x", bits);
}

static struct statement statement_of(const struct wanted *wanted, const char *role)
{
	struct statement statement = {
	    .sql = wanted->sql,
	    .name = wanted->name,
	    .parameters = {role != NULL ? role : ""},
	    .parameter_count = 1 + FACET_COUNT,
	};

	/* Nothing at all is unnested faster than as many NULLs as there are objects. */
	for (enum facet facet = 0; facet < FACET_COUNT; facet++)
		if (wanted->uses[facet]) {
			statement.parameters[1 + facet] = text_string(&wanted->facets[facet]);
			statement.binary_bytes[1 + facet] = wanted->facets[facet].length;
		}
	return statement;
}

enum check_step contract_step(const struct contract_question *question, const struct answer *answer,
    struct statement *statement, struct verdict *verdict)
{
	if (answer == NULL) {
		*statement = statement_of(question->wanted, question->role);
		return CHECK_ASK;
	}
	*verdict = answer->rows != NULL ? contract_judge(question, answer->rows)
					: refusal_of_statement(answer->sqlstate, "the catalog");
	return CHECK_DONE;
}
