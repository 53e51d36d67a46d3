#include "routes.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../probes/xalloc.h"

/* What libpq takes for a keyword from the environment and its built-in defaults. */
static char *libpq_default(const char *keyword)
{
	PQconninfoOption *options = PQconndefaults();
	char *value = NULL;

	for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL;
	     option++)
		if (strcmp(option->keyword, keyword) == 0 && option->val != NULL &&
		    *option->val != '\0')
			value = xstrdup(option->val);
	PQconninfoFree(options);
	return value;
}

static char *effective(const struct dsn *dsn, const char *keyword)
{
	const char *value = dsn_get(dsn, keyword);

	return value != NULL ? xstrdup(value) : libpq_default(keyword);
}

/* Element number index of a comma-separated list, the last one where the list is shorter and
 * repeats is true; NULL where there is none or it is empty. free() releases it. */
static char *element(const char *list, size_t index, bool repeats)
{
	const char *start = list;
	size_t length;

	if (list == NULL)
		return NULL;
	for (size_t i = 0; i < index; i++) {
		const char *comma = strchr(start, ',');

		if (comma == NULL) {
			if (!repeats)
				return NULL;
			break;
		}
		start = comma + 1;
	}
	length = strcspn(start, ",");
	return length > 0 ? xstrndup(start, length) : NULL;
}

static size_t element_count(const char *list)
{
	size_t count = 1;

	for (const char *c = list; c != NULL && *c != '\0'; c++)
		count += *c == ',';
	return count;
}

struct routes routes_of(const struct dsn *dsn)
{
	/* A service file may name the host; only libpq reads it. */
	char *service = effective(dsn, "service");
	char *hosts =
	    service == NULL || dsn_get(dsn, "host") != NULL ? effective(dsn, "host") : NULL;
	char *addresses =
	    service == NULL || dsn_get(dsn, "hostaddr") != NULL ? effective(dsn, "hostaddr") : NULL;
	char *ports =
	    service == NULL || dsn_get(dsn, "port") != NULL ? effective(dsn, "port") : NULL;
	struct routes routes = {
	    .count = element_count(addresses != NULL ? addresses : hosts),
	};

	routes.items = xcalloc(routes.count, sizeof(*routes.items));
	for (size_t i = 0; i < routes.count; i++)
		routes.items[i] = (struct route){
		    .host = element(hosts, i, false),
		    .address = element(addresses, i, false),
		    .port = element(ports, i, true),
		};
	free(service);
	free(hosts);
	free(addresses);
	free(ports);
	return routes;
}

void routes_done(struct routes *routes)
{
	for (size_t i = 0; i < routes->count; i++) {
		free(routes->items[i].host);
		free(routes->items[i].address);
		free(routes->items[i].port);
	}
	free(routes->items);
	*routes = (struct routes){0};
}
