#include "state.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/text.h"
#include "../../probes/xalloc.h"
#include "../config/meaning.h"

#define MAGIC "schemalatch-state 1 "
#define HEAD_BYTES (sizeof(MAGIC) - 1 + DIGEST_HEX_BYTES - 1 + 1)
#define REFRESH_PART 10
#define REFRESH_LEAST_MS 5000

/* An answer of the check itself, as the database gave it. */
static bool has_answer(const struct standing *standing)
{
	return standing->answered && !standing->inherited;
}

static void head_of(const char *body, size_t length, char head[HEAD_BYTES + 1])
{
	struct digester *digester = digester_create();
	char hex[DIGEST_HEX_BYTES];
	struct digest digest;

	digester_add(digester, body, length);
	digest = digester_end(digester);
	snprintf(head, HEAD_BYTES + 1, "%s%s\n", MAGIC, digest_hex(&digest, hex));
}

/* ---- writing ---- */

static void add_digest(cJSON *object, const char *key, const struct digest *digest)
{
	char hex[DIGEST_HEX_BYTES];

	cJSON_AddStringToObject(object, key, digest_hex(digest, hex));
}

static cJSON *check_object(const struct database *database, size_t index,
    const struct standing *standing, const struct check_memory *memory)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "name", database->checks[index]->name);
	add_digest(object, "meaning", &database->meanings[index]);
	cJSON_AddStringToObject(object, "answer", verdict_value_name(standing->answer));
	cJSON_AddStringToObject(object, "message", standing->answer_message);
	cJSON_AddNumberToObject(object, "answeredAt", (double)standing->answered_at.wall_ms);
	cJSON_AddBoolToObject(object, "everReady", standing->ever_ready);
	cJSON_AddBoolToObject(object, "wasComplete", memory->was_complete);
	cJSON_AddStringToObject(object, "schema", memory->schema);
	return object;
}

static cJSON *database_object(const struct database *database, const struct database_state *state)
{
	cJSON *object = cJSON_CreateObject();
	cJSON *checks;

	cJSON_AddStringToObject(object, "name", database->name);
	add_digest(object, "target", &database->target);
	cJSON_AddStringToObject(object, "system", state->identity.system);
	cJSON_AddStringToObject(object, "database", state->identity.database);
	checks = cJSON_AddArrayToObject(object, "checks");
	for (size_t i = 0; i < database->check_count; i++)
		if (has_answer(&state->standings[i]))
			cJSON_AddItemToArray(checks,
			    check_object(database, i, &state->standings[i], &state->memories[i]));
	return object;
}

char *state_format(const struct snapshot *snapshot)
{
	cJSON *document = cJSON_CreateObject();
	cJSON *databases = cJSON_AddArrayToObject(document, "databases");
	char head[HEAD_BYTES + 1];
	char *body;
	char *text;

	for (size_t i = 0; i < snapshot->config->database_count; i++)
		cJSON_AddItemToArray(databases,
		    database_object(&snapshot->config->databases[i], &snapshot->databases[i]));
	body = cJSON_PrintUnformatted(document);
	cJSON_Delete(document);
	if (body == NULL)
		abort();
	head_of(body, strlen(body), head);
	text = xasprintf("%s%s", head, body);
	free(body);
	return text;
}

/* ---- reading ---- */

static const char *string_of(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static bool is_true(const cJSON *object, const char *key)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static bool is_digest(const cJSON *object, const char *key, const struct digest *digest)
{
	const char *text = string_of(object, key);
	char hex[DIGEST_HEX_BYTES];

	return text != NULL && strcmp(text, digest_hex(digest, hex)) == 0;
}

/* Copies a string that fits; one that does not is not ours. */
static void copy_string(char *buffer, size_t size, const cJSON *object, const char *key)
{
	const char *text = string_of(object, key);

	if (text != NULL && strlen(text) < size)
		memcpy(buffer, text, strlen(text) + 1);
}

/* One check on its way out of a state. */
struct restoring {
	const cJSON *object;
	const struct database *database;
	struct database_state *state;
	size_t index;
	struct moment now;
};

static void restore_check(const struct restoring *r, int64_t age_ms)
{
	struct standing *standing = &r->state->standings[r->index];
	struct check_memory *memory = &r->state->memories[r->index];
	const char *message = string_of(r->object, "message");
	const char *answer = string_of(r->object, "answer");

	standing->answered = true;
	standing->answer = answer != NULL && strcmp(answer, verdict_value_name(VERDICT_READY)) == 0
			       ? VERDICT_READY
			       : VERDICT_NOT_READY;
	text_copy_clean(standing->answer_message, sizeof(standing->answer_message),
	    message != NULL ? message : "");
	standing->answered_at =
	    (struct moment){r->now.monotonic_ms - age_ms, r->now.wall_ms - age_ms};
	standing->ever_ready = is_true(r->object, "everReady");
	memory->was_complete = is_true(r->object, "wasComplete");
	copy_string(memory->schema, sizeof(memory->schema), r->object, "schema");
	if (standing->answered_at.wall_ms > r->state->answered_wall_ms)
		r->state->answered_wall_ms = standing->answered_at.wall_ms;
}

static void take_check(const struct restoring *r, struct state_count *count)
{
	const cJSON *time = cJSON_GetObjectItemCaseSensitive(r->object, "answeredAt");
	double age = cJSON_IsNumber(time) ? (double)r->now.wall_ms - time->valuedouble : -1;

	if (!(age >= 0 && age < (double)r->database->hold_for_ms)) {
		count->old++;
		return;
	}
	restore_check(r, (int64_t)age);
	count->restored++;
	if ((int64_t)age > count->age_ms)
		count->age_ms = (int64_t)age;
}

/* The check of the configuration that the object is of, or MEANING_NONE. */
static size_t find_check(const cJSON *object, const struct database *database)
{
	const char *name = string_of(object, "name");
	size_t index = name != NULL ? meaning_find_name(database, name) : MEANING_NONE;

	if (index != MEANING_NONE && is_digest(object, "meaning", &database->meanings[index]))
		return index;
	return MEANING_NONE;
}

/* An entry whose database is not found has no check that is. */
static size_t find_database(const cJSON *object, const struct config *config)
{
	const char *name = string_of(object, "name");
	size_t index = name != NULL ? meaning_find_database(config, name) : MEANING_NONE;

	if (index != MEANING_NONE && is_digest(object, "target", &config->databases[index].target))
		return index;
	return MEANING_NONE;
}

static void take_database(
    const cJSON *object, struct snapshot *snapshot, struct moment now, struct state_count *count)
{
	size_t place = find_database(object, snapshot->config);
	const cJSON *check;

	cJSON_ArrayForEach(check, cJSON_GetObjectItemCaseSensitive(object, "checks"))
	{
		struct restoring r = {.object = check, .now = now};

		r.index = MEANING_NONE;
		if (place != MEANING_NONE) {
			r.database = &snapshot->config->databases[place];
			r.state = &snapshot->databases[place];
			r.index = find_check(check, r.database);
		}
		if (r.index == MEANING_NONE)
			count->foreign++;
		else
			take_check(&r, count);
	}
	if (place == MEANING_NONE)
		return;
	copy_string(snapshot->databases[place].identity.system,
	    sizeof(snapshot->databases[place].identity.system), object, "system");
	copy_string(snapshot->databases[place].identity.database,
	    sizeof(snapshot->databases[place].identity.database), object, "database");
}

int state_restore(const char *text, size_t length, struct snapshot *snapshot, struct moment now,
    struct state_count *count, struct error *err)
{
	char head[HEAD_BYTES + 1];
	const cJSON *database;
	cJSON *document;

	*count = (struct state_count){0};
	if (length < HEAD_BYTES || memcmp(text, MAGIC, sizeof(MAGIC) - 1) != 0)
		return error_set(err, "it does not begin as a state does");
	head_of(text + HEAD_BYTES, length - HEAD_BYTES, head);
	if (memcmp(text, head, HEAD_BYTES) != 0)
		return error_set(err, "its checksum does not match: it is damaged");
	document = cJSON_ParseWithLength(text + HEAD_BYTES, length - HEAD_BYTES);
	if (document == NULL)
		return error_set(err, "it is not JSON");
	cJSON_ArrayForEach(database, cJSON_GetObjectItemCaseSensitive(document, "databases"))
	{
		take_database(database, snapshot, now, count);
	}
	cJSON_Delete(document);
	return 0;
}

/* ---- when to write ---- */

/* Whether any check of both, which are of one configuration, is so. */
static bool any_check(const struct snapshot *then, const struct snapshot *now,
    bool (*is_so)(const struct database_state *then, const struct database_state *now, size_t i))
{
	for (size_t i = 0; i < now->config->database_count; i++)
		for (size_t k = 0; k < now->config->databases[i].check_count; k++)
			if (is_so(&then->databases[i], &now->databases[i], k))
				return true;
	return false;
}

static bool same_memory(const struct check_memory *a, const struct check_memory *b)
{
	return a->was_complete == b->was_complete && strcmp(a->schema, b->schema) == 0;
}

static bool same_identity(const struct identity *a, const struct identity *b)
{
	return strcmp(a->system, b->system) == 0 && strcmp(a->database, b->database) == 0;
}

static bool says_otherwise(
    const struct database_state *then, const struct database_state *now, size_t i)
{
	const struct standing *a = &then->standings[i];
	const struct standing *b = &now->standings[i];

	if (has_answer(a) != has_answer(b))
		return true;
	return has_answer(b) && (a->answer != b->answer || a->ever_ready != b->ever_ready ||
				    strcmp(a->answer_message, b->answer_message) != 0 ||
				    !same_memory(&then->memories[i], &now->memories[i]) ||
				    !same_identity(&then->identity, &now->identity));
}

static bool is_answered_later(
    const struct database_state *then, const struct database_state *now, size_t i)
{
	return then->standings[i].answered_at.monotonic_ms !=
	       now->standings[i].answered_at.monotonic_ms;
}

static bool was_ready(const struct standing *standing)
{
	return has_answer(standing) && standing->answer == VERDICT_READY;
}

static bool is_revoked(
    const struct database_state *then, const struct database_state *now, size_t i)
{
	return was_ready(&then->standings[i]) && !was_ready(&now->standings[i]);
}

static bool is_answered(
    const struct database_state *then, const struct database_state *now, size_t i)
{
	(void)then;
	return has_answer(&now->standings[i]);
}

static bool is_unready(
    const struct database_state *then, const struct database_state *now, size_t i)
{
	return is_answered(then, now, i) && !was_ready(&now->standings[i]);
}

bool state_differs(const struct snapshot *then, const struct snapshot *now)
{
	if (then == NULL)
		return any_check(now, now, is_answered);
	return then->config != now->config || any_check(then, now, says_otherwise);
}

bool state_is_fresher(const struct snapshot *then, const struct snapshot *now)
{
	if (then == NULL || then->config != now->config)
		return state_differs(then, now);
	return any_check(then, now, is_answered_later);
}

bool state_revokes(const struct snapshot *then, const struct snapshot *now)
{
	if (then == NULL)
		return any_check(now, now, is_unready);
	return then->config != now->config || any_check(then, now, is_revoked);
}

int64_t state_refresh_ms(const struct config *config)
{
	int64_t shortest = INT64_MAX;

	for (size_t i = 0; i < config->database_count; i++)
		if (config->databases[i].hold_for_ms < shortest)
			shortest = config->databases[i].hold_for_ms;
	shortest /= REFRESH_PART;
	return shortest > REFRESH_LEAST_MS ? shortest : REFRESH_LEAST_MS;
}
