#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "kinds.h"
#include "text.h"
#include "xalloc.h"

const char *const gate_names[] = {[GATE_STARTUP] = "startup", [GATE_READINESS] = "readiness", NULL};

const struct key check_keys[] = {
    {.name = "kind", .type = KEY_NESTED, .help = "what is checked"},
    {.name = "name",
	.type = KEY_STRING,
	.offset = offsetof(struct check, name),
	.help = "its name on every road; default: the kind"},
    {.name = "gates",
	.type = KEY_SET,
	.offset = offsetof(struct check, gates),
	.choices = gate_names,
	.help = "the gates that it closes; []: reported only"},
    {.name = "latch",
	.type = KEY_BOOL,
	.offset = offsetof(struct check, latch),
	.fallback = "false",
	.help = "once ready, passes for ever; what it finds afterwards is reported only"},
    {.name = NULL},
};

/* The names of all kinds, for problems. */
static size_t kind_names(const char **names, size_t size)
{
	size_t count = 0;

	while (check_kinds[count] != NULL && count < size) {
		names[count] = check_kinds[count]->name;
		count++;
	}
	return count;
}

static void problem_kind(
    const cJSON *value, const struct json_place *place, struct problems *problems)
{
	struct json_place here = json_place_key(place, "kind");
	const char *names[32];
	size_t count = kind_names(names, sizeof(names) / sizeof(names[0]));
	struct text expected;

	text_init(&expected, 0);
	for (size_t i = 0; i < count; i++)
		text_addf(&expected, "%s\"%s\"", i > 0 ? ", " : "", names[i]);
	if (cJSON_IsString(value))
		json_problem(problems, &here, "\"%s\" is not a kind of check, expected one of %s",
		    value->valuestring, text_string(&expected));
	else
		json_problem(
		    problems, &here, "is missing, expected one of %s", text_string(&expected));
	text_done(&expected);
}

static bool is_name(const char *name)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t length = strlen(name);

	return length > 0 && length <= 63 && strspn(name, allowed) == length;
}

void check_name(const char *name, const struct json_place *place, struct problems *problems)
{
	struct json_place here = json_place_key(place, "name");

	if (name != NULL && !is_name(name))
		json_problem(problems, &here,
		    "\"%s\" is not a name, expected 1 to 63 letters, digits, '-', '_' or '.'",
		    name);
}

struct check *check_read(const cJSON *object, const struct json_place *place, const char *schema,
    const char *role, struct problems *problems)
{
	const cJSON *kind_value = cJSON_GetObjectItemCaseSensitive(object, "kind");
	const struct check_kind *kind =
	    cJSON_IsString(kind_value) ? check_kind_find(kind_value->valuestring) : NULL;
	struct check *check;

	if (!cJSON_IsObject(object)) {
		json_problem(problems, place, "expected an object");
		return NULL;
	}
	if (kind == NULL) {
		problem_kind(kind_value, place, problems);
		return NULL;
	}
	check = xcalloc(1, sizeof(*check));
	check->kind = kind;
	check->plan = xcalloc(1, kind->plan_size);
	check->schema = xstrdup(schema);
	check->role = xstrdup(role);
	keys_read(object, place,
	    (struct key_target[]){{check_keys, check}, {kind->keys, check->plan}}, 2, problems);
	if (check->name == NULL)
		check->name = xstrdup(kind->name);
	check_name(check->name, place, problems);
	return check;
}

void check_prepare(struct check *check, const struct json_place *place, struct problems *problems)
{
	check->kind->prepare(check, place, problems);
}

void check_free(struct check *check)
{
	if (check == NULL)
		return;
	if (check->kind->free_plan != NULL)
		check->kind->free_plan(check->plan);
	keys_free(check->kind->keys, check->plan);
	keys_free(check_keys, check);
	free(check->plan);
	free(check->schema);
	free(check->role);
	free(check);
}

void check_add_inputs(const struct check *check, struct strings *paths)
{
	keys_paths(check->kind->keys, check->plan, paths);
	if (check->kind->add_inputs != NULL)
		check->kind->add_inputs(check->plan, paths);
}

void check_print(const struct check *check, cJSON *object)
{
	cJSON_AddStringToObject(object, "kind", check->kind->name);
	keys_print(object,
	    (struct key_source[]){{check_keys, check}, {check->kind->keys, check->plan}}, 2, NULL);
}

void check_run_done(struct check_run *run)
{
	free(run->sql);
	free(run->place);
	free(run->carried);
	*run = (struct check_run){0};
}
