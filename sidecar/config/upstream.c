#include "upstream.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../../probes/check.h"
#include "../../probes/xalloc.h"
#include "../tls.h"

const struct key upstream_keys[] = {
    {.name = "name",
	.type = KEY_STRING,
	.offset = offsetof(struct upstream, name),
	.fallback = UPSTREAM_KIND,
	.help = "its name on every road"},
    {.name = "url",
	.type = KEY_STRING,
	.offset = offsetof(struct upstream, url),
	.required = true,
	.may_hold_secret = true,
	.help = "http://, https://, tcp://HOST:PORT, or unix:/SOCKET:/PATH"},
    {.name = "period",
	.type = KEY_DURATION,
	.offset = offsetof(struct upstream, period_ms),
	.fallback = "10s",
	.least = 10,
	.most = 3600000,
	.help = "from probe to probe"},
    {.name = "retryPeriod",
	.type = KEY_DURATION,
	.offset = offsetof(struct upstream, retry_period_ms),
	.fallback = "1s",
	.least = 10,
	.most = 3600000,
	.help = "from a failed probe to the next while not ready"},
    {.name = "timeout",
	.type = KEY_DURATION,
	.offset = offsetof(struct upstream, timeout_ms),
	.fallback = "1s",
	.least = 10,
	.most = 60000,
	.help = "of a whole probe, redirects and body counted in"},
    {.name = "failureThreshold",
	.type = KEY_INTEGER,
	.offset = offsetof(struct upstream, failure_threshold),
	.fallback = "3",
	.least = 1,
	.most = 1000,
	.help = "failed probes in a row that turn it unready"},
    {.name = "successThreshold",
	.type = KEY_INTEGER,
	.offset = offsetof(struct upstream, success_threshold),
	.fallback = "1",
	.least = 1,
	.most = 1000,
	.help = "passed probes in a row that turn it ready"},
    {.name = "initialDelay",
	.type = KEY_DURATION,
	.offset = offsetof(struct upstream, initial_delay_ms),
	.fallback = "0",
	.least = 0,
	.most = 3600000,
	.help = "from our start to the first probe"},
    {.name = "headers", .type = KEY_NESTED, .help = "names and values that are sent along"},
    {.name = "caFile",
	.type = KEY_STRING,
	.offset = offsetof(struct upstream, ca_file),
	.help = "certificate authorities to verify by; default: not verified, as the kubelet"},
    {.name = "gates",
	.type = KEY_SET,
	.offset = offsetof(struct upstream, gates),
	.choices = gate_names,
	.fallback = "readiness", /* the startup gate holds back the service itself */
	.help = "the gates that it closes; []: reported only"},
    {.name = "latch",
	.type = KEY_BOOL,
	.offset = offsetof(struct upstream, latch),
	.fallback = "false",
	.help = "once ready, passes for ever; what it answers afterwards is reported only"},
    {.name = NULL},
};

static void check_url(
    struct upstream *upstream, const struct json_place *place, struct problems *problems)
{
	struct json_place here = json_place_key(place, "url");
	struct error err;

	if (upstream->url != NULL && upstream_url_parse(upstream->url, &upstream->place, &err) != 0)
		json_problem(problems, &here, "%s", err.text);
}

/* A retryPeriod that nobody asked for follows a shorter period. */
static void check_times(const cJSON *object, const struct json_place *place,
    struct upstream *upstream, struct problems *problems)
{
	struct json_place here = json_place_key(place, "retryPeriod");

	if (upstream->period_ms <= 0 || upstream->retry_period_ms <= upstream->period_ms)
		return;
	if (cJSON_HasObjectItem(object, "retryPeriod"))
		json_problem(problems, &here, "is longer than \"period\", expected at most that");
	else
		upstream->retry_period_ms = upstream->period_ms;
}

static void check_ca_file(
    const struct upstream *upstream, const struct json_place *place, struct problems *problems)
{
	struct json_place here = json_place_key(place, "caFile");
	struct tls *tls = tls_create(upstream->ca_file);
	struct error err;
	SSL *session;

	if (upstream->ca_file != NULL) {
		session = tls_session(tls, "localhost", &err);
		if (session == NULL)
			json_problem(problems, &here, "%s", err.text);
		SSL_free(session);
	}
	tls_free(tls);
}

/* ---- headers ---- */

static bool is_token(const char *name)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "!#$%&'*+-.^_`|~";

	return name[0] != '\0' && strspn(name, allowed) == strlen(name);
}

/* Those by which the two sides agree where the answer ends. */
static bool is_ours(const char *name)
{
	static const char *const ours[] = {
	    "Connection", "Content-Length", "Transfer-Encoding", "Upgrade", "TE", "Expect"};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcasecmp(ours[i], name) == 0)
			return true;
	return false;
}

static bool is_clean(const char *value)
{
	for (; *value != '\0'; value++)
		if (((unsigned char)*value < ' ' && *value != '\t') || *value == 0x7f)
			return false;
	return true;
}

/* What is wrong with the header, or NULL. Values may be secrets: none is told. */
static const char *header_problem(const cJSON *header)
{
	if (!is_token(header->string))
		return "is not the name of a header";
	if (is_ours(header->string))
		return "is ours to send, expected another header";
	if (!cJSON_IsString(header) || !is_clean(header->valuestring))
		return "has no value that can be sent, expected a string without line ends";
	return NULL;
}

static void read_headers(const cJSON *object, const struct json_place *place,
    struct upstream *upstream, struct problems *problems)
{
	const cJSON *headers = cJSON_GetObjectItemCaseSensitive(object, "headers");
	struct json_place list = json_place_key(place, "headers");
	const cJSON *header;

	if (headers == NULL)
		return;
	if (!cJSON_IsObject(headers)) {
		json_problem(problems, &list, "expected an object of names and values");
		return;
	}
	upstream->headers =
	    xcalloc((size_t)cJSON_GetArraySize(headers) + 1, sizeof(*upstream->headers));
	cJSON_ArrayForEach(header, headers)
	{
		struct json_place here = json_place_key(&list, header->string);
		const char *problem = header_problem(header);

		if (problem != NULL)
			json_problem(problems, &here, "%s", problem);
		else if (upstream->place.scheme == UPSTREAM_TCP)
			json_problem(problems, &here, "is never sent to tcp://, expected none");
		else
			upstream->headers[upstream->header_count++] = (struct upstream_header){
			    xstrdup(header->string), xstrdup(header->valuestring)};
	}
}

void upstream_read(const cJSON *object, const struct json_place *place, struct upstream *upstream,
    struct problems *problems)
{
	keys_read(object, place, (struct key_target[]){{upstream_keys, upstream}}, 1, problems);
	if (!cJSON_IsObject(object))
		return;
	check_name(upstream->name, place, problems);
	check_url(upstream, place, problems);
	check_times(object, place, upstream, problems);
	check_ca_file(upstream, place, problems);
	read_headers(object, place, upstream, problems);
}

void upstream_print(const struct upstream *upstream, cJSON *object)
{
	cJSON *headers;

	keys_print(object, (struct key_source[]){{upstream_keys, upstream}}, 1, upstream_url_hide);
	if (upstream->header_count == 0)
		return;
	headers = cJSON_AddObjectToObject(object, "headers");
	for (size_t i = 0; i < upstream->header_count; i++)
		cJSON_AddStringToObject(headers, upstream->headers[i].name, "***");
}

void upstream_done(struct upstream *upstream)
{
	for (size_t i = 0; i < upstream->header_count; i++) {
		free(upstream->headers[i].name);
		free(upstream->headers[i].value);
	}
	free(upstream->headers);
	upstream_url_done(&upstream->place);
	keys_free(upstream_keys, upstream);
}
