#include "status.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/text.h"
#include "../../probes/xalloc.h"
#include "../clock.h"

/* How much of the document is wanted, from all down to what always fits. */
enum detail {
	DETAIL_ALL,
	DETAIL_NO_HISTORY,
	DETAIL_NO_PASSING_MESSAGES,
	DETAIL_FAILING_ONLY,
	DETAIL_NO_MESSAGES,
	DETAIL_NO_CHECKS,
	DETAIL_NO_DATABASES,
};

static void add_time(cJSON *object, const char *name, int64_t wall_ms)
{
	char buffer[32];

	if (wall_ms == 0)
		cJSON_AddNullToObject(object, name);
	else
		cJSON_AddStringToObject(
		    object, name, clock_format_utc(wall_ms, buffer, sizeof(buffer)));
}

static void add_gates(cJSON *object, unsigned gates)
{
	cJSON *list = cJSON_AddArrayToObject(object, "gates");

	for (unsigned gate = 0; gate < GATE_COUNT; gate++)
		if ((gates & (1u << gate)) != 0)
			cJSON_AddItemToArray(list, cJSON_CreateString(gate_names[gate]));
}

/* All that deviates, where the message could not tell it. */
static void add_findings(cJSON *object, const char *findings)
{
	cJSON *list = *findings != '\0' ? cJSON_AddArrayToObject(object, "findings") : NULL;

	while (*findings != '\0') {
		size_t length = strcspn(findings, "\n");
		char *line = xstrndup(findings, length);

		cJSON_AddItemToArray(list, cJSON_CreateString(line));
		free(line);
		findings += length + (findings[length] == '\n');
	}
}

static cJSON *subject_object(
    const struct subject *subject, const struct judgement *judgement, enum detail detail)
{
	bool with_message =
	    judgement->pass ? detail < DETAIL_NO_PASSING_MESSAGES : detail < DETAIL_NO_MESSAGES;
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "name", subject->name);
	cJSON_AddStringToObject(object, "kind", subject->kind);
	cJSON_AddStringToObject(object, "verdict", verdict_value_name(judgement->verdict->value));
	cJSON_AddStringToObject(object, "reason", reason_name(judgement->verdict->reason));
	if (with_message)
		cJSON_AddStringToObject(object, "message", judgement->verdict->message);
	if (detail == DETAIL_ALL)
		add_findings(object, judgement->verdict->findings);
	cJSON_AddBoolToObject(object, "held", judgement->held);
	add_time(object, "since", judgement->since_wall_ms);
	add_time(object, "checkedAt", subject->standing->checked.wall_ms);
	add_gates(object, subject->gates);
	cJSON_AddBoolToObject(object, "pass", judgement->pass);
	return object;
}

static void add_subject(
    cJSON *list, const struct view *view, const struct subject *subject, enum detail detail)
{
	struct judgement judgement = view_judge(view, subject);

	if (detail >= DETAIL_NO_CHECKS || (detail >= DETAIL_FAILING_ONLY && judgement.pass))
		return;
	cJSON_AddItemToArray(list, subject_object(subject, &judgement, detail));
}

static cJSON *checks_array(const struct view *view, size_t database, enum detail detail)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < view->config->databases[database].check_count; i++) {
		struct subject subject = subject_of_check(view->snapshot, database, i);

		add_subject(list, view, &subject, detail);
	}
	return list;
}

static cJSON *upstreams_array(const struct view *view, enum detail detail)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < view->config->upstream_count; i++) {
		struct subject subject = subject_of_upstream(view->snapshot, i);

		add_subject(list, view, &subject, detail);
	}
	return list;
}

static cJSON *databases_array(const struct view *view, enum detail detail)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; detail < DETAIL_NO_DATABASES && i < view->config->database_count; i++) {
		cJSON *object = cJSON_CreateObject();

		cJSON_AddStringToObject(object, "name", view->config->databases[i].name);
		cJSON_AddBoolToObject(object, "connected", view->snapshot->databases[i].connected);
		cJSON_AddItemToObject(object, "checks", checks_array(view, i, detail));
		cJSON_AddItemToArray(list, object);
	}
	return list;
}

static cJSON *change_object(const struct change *change)
{
	cJSON *object = cJSON_CreateObject();

	add_time(object, "time", change->wall_ms);
	cJSON_AddStringToObject(object, "database", change->database);
	cJSON_AddStringToObject(object, "check", change->check);
	cJSON_AddStringToObject(object, "verdict", verdict_value_name(change->value));
	cJSON_AddStringToObject(object, "reason", reason_name(change->reason));
	cJSON_AddStringToObject(object, "message", change->message);
	cJSON_AddBoolToObject(object, "held", change->held);
	cJSON_AddBoolToObject(object, "pass", change->pass);
	return object;
}

static cJSON *history_array(const struct view *view)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < ledger_change_count(view->ledger); i++)
		cJSON_AddItemToArray(list, change_object(ledger_change(view->ledger, i)));
	return list;
}

static cJSON *document_of(const struct view *view, enum detail detail)
{
	cJSON *document = cJSON_CreateObject();

	cJSON_AddBoolToObject(document, "ready", view_passes(view, GATE_READINESS));
	cJSON_AddBoolToObject(document, "started", view_passes(view, GATE_STARTUP));
	cJSON_AddStringToObject(document, "mode", mode_names[view->config->mode]);
	if (view->config->disabled != NULL)
		cJSON_AddStringToObject(document, "disabled", view->config->disabled);
	cJSON_AddStringToObject(document, "version", SCHEMALATCH_VERSION);
	cJSON_AddItemToObject(document, "databases", databases_array(view, detail));
	cJSON_AddItemToObject(document, "upstreams", upstreams_array(view, detail));
	cJSON_AddItemToObject(
	    document, "history", detail == DETAIL_ALL ? history_array(view) : cJSON_CreateArray());
	return document;
}

static char *print(cJSON *document)
{
	char *text = cJSON_PrintUnformatted(document);

	cJSON_Delete(document);
	return text;
}

char *status_document(const struct view *view)
{
	return print(document_of(view, DETAIL_ALL));
}

char *status_probe_document(const struct view *view, size_t limit_bytes)
{
	char *text = NULL;

	for (enum detail detail = DETAIL_ALL; detail <= DETAIL_NO_DATABASES; detail++) {
		free(text);
		text = print(document_of(view, detail));
		if (text == NULL || strlen(text) <= limit_bytes)
			break;
	}
	return text;
}

char *status_subject_document(const struct view *view, const struct subject *subject)
{
	struct judgement judgement = view_judge(view, subject);

	return print(subject_object(subject, &judgement, DETAIL_NO_HISTORY));
}
