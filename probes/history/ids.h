/*
 * How migration tools compare the ids of their migrations. Each comparison is a total order in
 * which equal means the same migration: 0 where the tool itself takes two spellings for one. Pure.
 */
#ifndef SCHEMALATCH_HISTORY_IDS_H
#define SCHEMALATCH_HISTORY_IDS_H

#include <stdbool.h>
#include <stddef.h>

typedef int id_compare(const char *a, const char *b);

/* Byte by byte. */
id_compare id_compare_bytes;

/* ASCII letters of either case are the same: Liquibase. */
id_compare id_compare_nocase;

/* Whole numbers of any length, leading zeros ignored; what is no number comes behind these, by
 * bytes. */
id_compare id_compare_numbers;

/* Numbers with dots (or underlines) between them, a missing part being 0: Flyway, whose repeatable
 * migrations "R:DESCRIPTION" come behind all versions, by bytes. */
id_compare id_compare_versions;

/* A number in front counts as one, then the bytes: node-pg-migrate. */
id_compare id_compare_leading_number;

/* The 13 digits at the end, then the bytes: TypeORM. */
id_compare id_compare_trailing_time;

/* Without the extension of a script, since what ran as TypeScript may be deployed as JavaScript:
 * Knex, Sequelize. */
id_compare id_compare_script_names;

/*
 * The rank of what is looked for among count things in order, or SIZE_MAX. compare says how what
 * key describes stands to the thing of that rank: < 0 before it, 0 there, > 0 behind it.
 */
size_t ids_search(const void *key, size_t count, int (*compare)(const void *key, size_t rank));

/* Whether text can be an id of that notation. */
typedef bool id_check(const char *text);

id_check id_is_any;
id_check id_is_number;
id_check id_is_version;

/* "shop.0001_initial": a label, a dot and a name, without blanks. */
id_check id_is_dotted;

#endif
