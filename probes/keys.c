#include "keys.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "text.h"
#include "xalloc.h"

#define KEYS_MAX 64 /* of all tables that one object is read by */

struct reading {
	const struct key *key;
	const cJSON *value; /* NULL: absent, so the default stands */
	const struct json_place *place;
	struct problems *problems;
	void *member;
};

static const struct {
	const char *unit;
	int64_t milliseconds;
} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};

#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

/* One "number unit" at *text; moves *text behind it. */
static int64_t duration_part(const char **text)
{
	char *end;
	double number = strtod(*text, &end);

	if (end == *text || **text < '0' || **text > '9' || !isfinite(number))
		return -1;
	if (number == 0 && *end == '\0') {
		*text = end;
		return 0;
	}
	for (size_t i = 0; i < UNIT_COUNT; i++) {
		size_t length = strlen(units[i].unit);

		if (strncmp(end, units[i].unit, length) != 0)
			continue;
		if (end[length] != '\0' && (end[length] < '0' || end[length] > '9'))
			continue;
		number *= (double)units[i].milliseconds;
		*text = end + length;
		return number > 1e15 ? -1 : (int64_t)(number + 0.5);
	}
	return -1;
}

int64_t duration_parse(const char *text)
{
	int64_t total = 0;

	if (*text == '\0')
		return -1;
	while (*text != '\0') {
		int64_t part = duration_part(&text);

		if (part < 0)
			return -1;
		total += part;
	}
	return total;
}

const char *duration_format(int64_t milliseconds, char *buffer, size_t size)
{
	struct text text;
	int64_t rest = milliseconds;

	text_init(&text, size - 1);
	for (size_t i = UNIT_COUNT; i-- > 0;) {
		if (rest < units[i].milliseconds)
			continue;
		text_addf(
		    &text, "%lld%s", (long long)(rest / units[i].milliseconds), units[i].unit);
		rest %= units[i].milliseconds;
	}
	if (text.length == 0)
		text_add(&text, "0s");
	snprintf(buffer, size, "%s", text_string(&text));
	text_done(&text);
	return buffer;
}

static size_t choice_count(const char *const *choices)
{
	size_t count = 0;

	while (choices[count] != NULL)
		count++;
	return count;
}

static int choice_index(const char *const *choices, const char *word)
{
	for (int i = 0; choices[i] != NULL; i++)
		if (strcmp(choices[i], word) == 0)
			return i;
	return -1;
}

static char *choices_joined(const char *const *choices)
{
	struct text text;

	text_init(&text, 0);
	for (size_t i = 0; choices[i] != NULL; i++)
		text_addf(&text, "%s\"%s\"", i > 0 ? ", " : "", choices[i]);
	return text_take(&text);
}

/* The value as a person typed it, for a problem; secrets are not shown. free() releases it. */
static char *value_shown(const struct reading *reading, const cJSON *value)
{
	char *printed;

	if (reading->key->secret || reading->key->may_hold_secret)
		return xstrdup("the value");
	printed = cJSON_PrintUnformatted(value);
	return printed != NULL ? printed : xstrdup("the value");
}

static void problem_expected(
    const struct reading *reading, const cJSON *value, const char *expected)
{
	char *shown = value_shown(reading, value);

	json_problem(
	    reading->problems, reading->place, "%s is not valid, expected %s", shown, expected);
	free(shown);
}

static void read_string(const struct reading *reading)
{
	char **member = reading->member;

	if (reading->value == NULL)
		*member = xstrdup(reading->key->fallback);
	else if (!cJSON_IsString(reading->value))
		problem_expected(reading, reading->value, "a string");
	else if (reading->value->valuestring[0] == '\0')
		json_problem(reading->problems, reading->place, "is empty, expected a string");
	else if (reading->key->identifier && strlen(reading->value->valuestring) > NAME_MAX_BYTES)
		json_problem(reading->problems, reading->place,
		    "is %zu bytes long, expected at most the %d that PostgreSQL keeps of a name",
		    strlen(reading->value->valuestring), NAME_MAX_BYTES);
	else
		*member = xstrdup(reading->value->valuestring);
}

static void read_bool(const struct reading *reading)
{
	bool *member = reading->member;

	if (reading->value == NULL)
		*member =
		    reading->key->fallback != NULL && strcmp(reading->key->fallback, "true") == 0;
	else if (!cJSON_IsBool(reading->value))
		problem_expected(reading, reading->value, "true or false");
	else
		*member = cJSON_IsTrue(reading->value);
}

static void problem_duration_range(const struct reading *reading)
{
	char least[32];
	char most[32];

	duration_format(reading->key->least, least, sizeof(least));
	duration_format(reading->key->most, most, sizeof(most));
	json_problem(reading->problems, reading->place, "\"%s\" is out of range, expected %s to %s",
	    reading->value->valuestring, least, most);
}

static void read_duration(const struct reading *reading)
{
	int64_t *member = reading->member;
	const char *text = reading->key->fallback;

	if (reading->value != NULL && !cJSON_IsString(reading->value)) {
		problem_expected(
		    reading, reading->value, "a duration with a unit, such as \"10s\"");
		return;
	}
	if (reading->value != NULL)
		text = reading->value->valuestring;
	*member = text != NULL ? duration_parse(text) : 0;
	if (*member < 0)
		problem_expected(
		    reading, reading->value, "a duration with a unit, such as \"10s\"");
	else if (reading->value != NULL &&
		 (*member < reading->key->least || *member > reading->key->most))
		problem_duration_range(reading);
}

static void read_integer(const struct reading *reading)
{
	int64_t *member = reading->member;
	double number;

	if (reading->value == NULL) {
		*member =
		    reading->key->fallback != NULL ? strtoll(reading->key->fallback, NULL, 10) : 0;
		return;
	}
	number = cJSON_IsNumber(reading->value) ? reading->value->valuedouble : NAN;
	if (number >= (double)reading->key->least && number <= (double)reading->key->most &&
	    number == floor(number)) {
		*member = (int64_t)number;
	} else {
		char *expected = xasprintf("a whole number of %lld to %lld",
		    (long long)reading->key->least, (long long)reading->key->most);

		problem_expected(reading, reading->value, expected);
		free(expected);
	}
}

/* The index of the choice that value names, or -1 and a problem. */
static int read_choice_of(const struct reading *reading, const cJSON *value)
{
	const char *const *choices = reading->key->choices;
	int index = cJSON_IsString(value) ? choice_index(choices, value->valuestring) : -1;

	if (index < 0) {
		char *expected = choices_joined(choices);
		char *shown = value_shown(reading, value);
		const char *near = !cJSON_IsString(value) ? NULL
							  : strings_nearest(value->valuestring,
								choices, choice_count(choices));

		if (near != NULL)
			json_problem(reading->problems, reading->place,
			    "%s is not known, did you mean \"%s\"? Expected one of %s", shown, near,
			    expected);
		else
			json_problem(reading->problems, reading->place,
			    "%s is not known, expected one of %s", shown, expected);
		free(shown);
		free(expected);
	}
	return index;
}

static void read_choice(const struct reading *reading)
{
	int *member = reading->member;

	if (reading->value != NULL)
		*member = read_choice_of(reading, reading->value);
	else if (reading->key->fallback != NULL)
		*member = choice_index(reading->key->choices, reading->key->fallback);
	else
		*member = -1;
}

static unsigned set_by_default(const struct key *key)
{
	int index = key->fallback != NULL ? choice_index(key->choices, key->fallback) : -1;

	return index >= 0 ? 1u << (unsigned)index : (1u << choice_count(key->choices)) - 1;
}

static void read_set(const struct reading *reading)
{
	unsigned *member = reading->member;
	const cJSON *element;

	if (reading->value == NULL) {
		*member = set_by_default(reading->key);
		return;
	}
	if (!cJSON_IsArray(reading->value)) {
		char *expected = choices_joined(reading->key->choices);
		char *shown = value_shown(reading, reading->value);

		json_problem(reading->problems, reading->place,
		    "%s is not valid, expected an array of any of %s", shown, expected);
		free(shown);
		free(expected);
		return;
	}
	cJSON_ArrayForEach(element, reading->value)
	{
		int index = read_choice_of(reading, element);

		if (index >= 0)
			*member |= 1u << (unsigned)index;
	}
}

/* {"name": "value"} as "name=value". */
static void read_labelled(const struct reading *reading)
{
	struct strings *member = reading->member;
	const cJSON *element;

	if (cJSON_GetArraySize(reading->value) == 0)
		problem_expected(reading, reading->value, "at least one member");
	cJSON_ArrayForEach(element, reading->value)
	{
		struct json_place place = json_place_key(reading->place, element->string);
		struct reading inner = *reading;

		inner.place = &place;
		if (cJSON_IsString(element) && element->valuestring[0] != '\0') {
			strings_take(
			    member, xasprintf("%s=%s", element->string, element->valuestring));
			continue;
		}
		problem_expected(&inner, element, "a string");
		strings_add(member, "");
	}
}

static void read_strings(const struct reading *reading)
{
	struct strings *member = reading->member;
	const cJSON *element;
	int index = 0;

	if (reading->value == NULL)
		return;
	if (reading->key->labelled && cJSON_IsObject(reading->value)) {
		read_labelled(reading);
		return;
	}
	if (cJSON_IsString(reading->value) && reading->value->valuestring[0] != '\0') {
		strings_add(member, reading->value->valuestring);
		return;
	}
	if (!cJSON_IsArray(reading->value) || cJSON_GetArraySize(reading->value) == 0) {
		problem_expected(reading, reading->value, "a string or an array of strings");
		return;
	}
	cJSON_ArrayForEach(element, reading->value)
	{
		struct json_place place = json_place_index(reading->place, index++);
		struct reading inner = *reading;

		inner.place = &place;
		if (cJSON_IsString(element) && element->valuestring[0] != '\0')
			strings_add(member, element->valuestring);
		else {
			problem_expected(&inner, element, "a string");
			strings_add(member, ""); /* so that the others keep their places */
		}
	}
}

/* "1%", a number of per cent. */
static bool read_share(const char *text, double *share)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*share = strtod(text, &end);
	return end != text && strcmp(end, "%") == 0 && *share >= 0 && *share <= 100;
}

static void read_amount(const struct reading *reading)
{
	struct amount *member = reading->member;
	const cJSON *value = reading->value;

	if (value == NULL)
		return;
	if (cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble <= 1e9 &&
	    value->valuedouble == floor(value->valuedouble))
		member->value = value->valuedouble;
	else if (cJSON_IsString(value) && read_share(value->valuestring, &member->value))
		member->is_share = true;
	else
		problem_expected(reading, value, "a whole number, or a share such as \"1%\"");
}

static void read_nothing(const struct reading *reading)
{
	(void)reading;
}

static void (*const readers[])(const struct reading *) = {
    [KEY_STRING] = read_string,
    [KEY_BOOL] = read_bool,
    [KEY_DURATION] = read_duration,
    [KEY_INTEGER] = read_integer,
    [KEY_CHOICE] = read_choice,
    [KEY_SET] = read_set,
    [KEY_STRINGS] = read_strings,
    [KEY_AMOUNT] = read_amount,
    [KEY_NESTED] = read_nothing,
};

static void problem_missing(const struct reading *reading)
{
	char *expected =
	    reading->key->choices != NULL ? choices_joined(reading->key->choices) : NULL;

	json_problem(reading->problems, reading->place, "is missing, expected %s%s",
	    expected != NULL ? "one of " : "a value", expected != NULL ? expected : "");
	free(expected);
}

/* The names of all keys that the object may hold; gives their number. */
static size_t known_names(const struct key_target *targets, size_t target_count, const char **names)
{
	size_t count = 0;

	for (size_t i = 0; i < target_count; i++)
		for (const struct key *key = targets[i].keys; key->name != NULL; key++)
			if (count < KEYS_MAX)
				names[count++] = key->name;
	return count;
}

static bool is_repeated(const cJSON *object, const cJSON *member)
{
	const cJSON *first = cJSON_GetObjectItemCaseSensitive(object, member->string);

	return first != member;
}

void keys_find_strangers(const cJSON *object, const struct json_place *place,
    const char *const *names, size_t count, struct problems *problems)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, object)
	{
		struct json_place here = json_place_key(place, member->string);
		const char *near;
		bool known = false;

		for (size_t i = 0; i < count; i++)
			known = known || strcmp(names[i], member->string) == 0;
		if (known && is_repeated(object, member))
			json_problem(problems, &here, "stands there twice, expected once");
		if (known)
			continue;
		near = strings_nearest(member->string, names, count);
		if (near != NULL)
			json_problem(problems, &here, "unknown key, did you mean \"%s\"?", near);
		else
			json_problem(problems, &here, "unknown key");
	}
}

void keys_read(const cJSON *object, const struct json_place *place,
    const struct key_target *targets, size_t target_count, struct problems *problems)
{
	const char *names[KEYS_MAX];

	if (!cJSON_IsObject(object)) {
		json_problem(problems, place, "expected an object");
		return;
	}
	keys_find_strangers(
	    object, place, names, known_names(targets, target_count, names), problems);
	for (size_t i = 0; i < target_count; i++) {
		for (const struct key *key = targets[i].keys; key->name != NULL; key++) {
			struct json_place here = json_place_key(place, key->name);
			struct reading reading = {
			    .key = key,
			    .value = cJSON_GetObjectItemCaseSensitive(object, key->name),
			    .place = &here,
			    .problems = problems,
			    .member = (char *)targets[i].values + key->offset,
			};

			if (reading.value == NULL && key->required)
				problem_missing(&reading);
			readers[key->type](&reading);
		}
	}
}

static cJSON *print_string(const struct key *key, const char *value, char *(*hide)(const char *))
{
	char *hidden;
	cJSON *printed;

	if (value == NULL)
		return NULL;
	if (key->secret || (key->may_hold_secret && hide == NULL))
		return cJSON_CreateString("***");
	if (!key->may_hold_secret)
		return cJSON_CreateString(value);
	hidden = hide(value);
	printed = cJSON_CreateString(hidden);
	free(hidden);
	return printed;
}

static cJSON *print_set(const struct key *key, unsigned value)
{
	cJSON *list = cJSON_CreateArray();

	for (unsigned i = 0; key->choices[i] != NULL; i++)
		if ((value & (1u << i)) != 0)
			cJSON_AddItemToArray(list, cJSON_CreateString(key->choices[i]));
	return list;
}

static cJSON *print_duration(int64_t milliseconds)
{
	char buffer[32];

	return cJSON_CreateString(duration_format(milliseconds, buffer, sizeof(buffer)));
}

static cJSON *print_amount(const struct amount *amount)
{
	char share[32];

	if (amount->value == 0)
		return NULL;
	if (!amount->is_share)
		return cJSON_CreateNumber(amount->value);
	snprintf(share, sizeof(share), "%.15g%%", amount->value);
	return cJSON_CreateString(share);
}

static cJSON *print_choice(const struct key *key, int index)
{
	return index < 0 ? NULL : cJSON_CreateString(key->choices[index]);
}

static cJSON *print_value(const struct key *key, const void *member, char *(*hide)(const char *))
{
	const struct strings *list = member;

	switch (key->type) {
	case KEY_STRING:
		return print_string(key, *(char *const *)member, hide);
	case KEY_BOOL:
		return cJSON_CreateBool(*(const bool *)member);
	case KEY_DURATION:
		return print_duration(*(const int64_t *)member);
	case KEY_INTEGER:
		return cJSON_CreateNumber((double)*(const int64_t *)member);
	case KEY_CHOICE:
		return print_choice(key, *(const int *)member);
	case KEY_SET:
		return print_set(key, *(const unsigned *)member);
	case KEY_STRINGS:
		return list->count == 0 ? NULL
					: cJSON_CreateStringArray(
					      (const char *const *)list->items, (int)list->count);
	case KEY_AMOUNT:
		return print_amount(member);
	case KEY_NESTED:
		break;
	}
	return NULL;
}

void keys_print(cJSON *object, const struct key_source *sources, size_t source_count,
    char *(*hide)(const char *value))
{
	for (size_t i = 0; i < source_count; i++) {
		for (const struct key *key = sources[i].keys; key->name != NULL; key++) {
			cJSON *value =
			    print_value(key, (const char *)sources[i].values + key->offset, hide);

			if (value != NULL)
				cJSON_AddItemToObject(object, key->name, value);
		}
	}
}

void keys_paths(const struct key *keys, const void *values, struct strings *paths)
{
	for (const struct key *key = keys; key->name != NULL; key++) {
		const void *member = (const char *)values + key->offset;
		const struct strings *list = member;

		if (!key->is_path)
			continue;
		if (key->type == KEY_STRING && *(char *const *)member != NULL)
			strings_add(paths, *(char *const *)member);
		for (size_t i = 0; key->type == KEY_STRINGS && i < list->count; i++)
			strings_add(paths, list->items[i]);
	}
}

void keys_free(const struct key *keys, void *values)
{
	for (const struct key *key = keys; key->name != NULL; key++) {
		void *member = (char *)values + key->offset;

		if (key->type == KEY_STRING) {
			free(*(char **)member);
			*(char **)member = NULL;
		} else if (key->type == KEY_STRINGS) {
			strings_done(member);
		}
	}
}
