/* SPDX-License-Identifier: MIT
 *
 * Objects as they stand in their text. See chrome_object.h.
 */
#include "tracer/formats/chrome_object.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "tracer/event.h"
#include "tracer/trace/input.h"
#include "tracer/trace/map.h"

void chrome_object_finish(struct chrome_object *object)
{
	free(object->pairs);
	free(object->strings);
	free(object->mended);
	memset(object, 0, sizeof(*object));
}

/* ---- Scanning: each returns the place behind, or NULL for what json-c shall look at ---------- */

static const char *skip_blank(const char *p)
{
	while (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')
		p++;
	return p;
}

static const char *skip_string(const char *p)
{
	for (p++; *p != '"'; p++) {
		if ((unsigned char)*p < 0x20) /* the end of the text is one */
			return NULL;
		if (*p != '\\')
			continue;
		p++;
		if (!*p || !strchr("\"\\/bfnrtu", *p))
			return NULL;
	}
	return p + 1;
}

static const char *skip_digits(const char *p)
{
	const char *start = p;

	while (*p >= '0' && *p <= '9')
		p++;
	return p > start ? p : NULL;
}

static const char *skip_number(const char *p)
{
	p += *p == '-';
	p = *p == '0' ? p + 1 : skip_digits(p);
	if (p && *p == '.')
		p = skip_digits(p + 1);
	if (p && (*p == 'e' || *p == 'E')) {
		p++;
		p = skip_digits(p + (*p == '-' || *p == '+'));
	}
	return p;
}

static const char *skip_word(const char *p, const char *word)
{
	size_t len = strlen(word);

	return strncmp(p, word, len) == 0 ? p + len : NULL;
}

static const char *skip_inner(const char *p, unsigned depth);

static const char *skip_value(const char *p, unsigned depth)
{
	switch (*p) {
	case '"':
		return skip_string(p);
	case '{':
	case '[':
		return depth + 2 < WEFT_NEST_MAX ? skip_inner(p, depth + 1) : NULL;
	case 't':
		return skip_word(p, "true");
	case 'f':
		return skip_word(p, "false");
	case 'n':
		return skip_word(p, "null");
	default:
		return skip_number(p);
	}
}

/* `"key":`, or NULL. */
static const char *skip_key(const char *p)
{
	p = *p == '"' ? skip_string(p) : NULL;
	p = p ? skip_blank(p) : NULL;
	return p && *p == ':' ? skip_blank(p + 1) : NULL;
}

/* A list or an object within another. */
static const char *skip_inner(const char *p, unsigned depth)
{
	bool is_object = *p == '{';
	char end = is_object ? '}' : ']';

	p = skip_blank(p + 1);
	if (*p == end)
		return p + 1;
	for (;;) {
		p = is_object ? skip_key(p) : p;
		p = p ? skip_value(p, depth) : NULL;
		p = p ? skip_blank(p) : NULL;
		if (!p || (*p != ',' && *p != end))
			return NULL;
		if (*p == end)
			return p + 1;
		p = skip_blank(p + 1);
	}
}

static int add_pair(struct chrome_object *object, const struct chrome_pair *pair)
{
	if (weft_grow(&object->pairs, object->npairs, &object->room_pairs, sizeof(*pair)) < 0)
		return -ENOMEM;
	object->pairs[object->npairs++] = *pair;
	return 0;
}

/* All pairs of an object. Returns 0, -EINVAL or -ENOMEM. */
static int scan(struct chrome_object *object, const char *p, size_t len)
{
	const char *end = p + len;

	object->npairs = 0;
	if (*p != '{')
		return -EINVAL;
	p = skip_blank(p + 1);
	if (*p == '}')
		return p + 1 == end ? 0 : -EINVAL;
	for (;;) {
		struct chrome_pair pair = {.key = p + 1};

		pair.value = skip_key(p);
		if (!pair.value)
			return -EINVAL;
		pair.key_len = (size_t)(skip_string(p) - p) - 2;
		p = skip_value(pair.value, 0);
		if (!p)
			return -EINVAL;
		pair.len = (size_t)(p - pair.value);
		if (add_pair(object, &pair) < 0)
			return -ENOMEM;
		p = skip_blank(p);
		if (*p == '}')
			return p + 1 == end ? 0 : -EINVAL;
		if (*p != ',')
			return -EINVAL;
		p = skip_blank(p + 1);
	}
}

static struct json_object *parse(struct json_tokener *tokener, const char *text, size_t len)
{
	json_tokener_reset(tokener);
	return json_tokener_parse_ex(tokener, text, (int)len);
}

/* What json-c makes of a text that the scan does not know. */
static int mend(struct chrome_object *object, const char *text, size_t len)
{
	struct json_object *json = parse(object->tokener, text, len);
	int rc = -EINVAL;

	if (json_object_is_type(json, json_type_object)) {
		const char *mended =
			json_object_to_json_string_length(json, JSON_C_TO_STRING_PLAIN, &len);

		object->mended = calloc(1, len + WEFT_TEXT_PAD); /* as much is read behind values */
		if (object->mended)
			memcpy(object->mended, mended, len);
		rc = object->mended ? scan(object, object->mended, len) : -ENOMEM;
	}
	json_object_put(json);
	return rc;
}

int chrome_object_read(struct chrome_object *object, const char *text, size_t len)
{
	int rc;

	free(object->mended);
	object->mended = NULL;
	object->used = 0;
	rc = scan(object, text, len);
	if (rc == -EINVAL) {
		rc = mend(object, text, len);
		len = object->mended ? strlen(object->mended) : len;
	}
	if (rc < 0)
		object->npairs = 0;
	if (rc == 0 && len > object->room_strings) { /* as long as all values together */
		char *more = realloc(object->strings, 2 * len);

		if (!more)
			return -ENOMEM;
		object->strings = more;
		object->room_strings = 2 * len;
	}
	return rc;
}

/* ---- Values ---------------------------------------------------------------------------------- */

struct chrome_pair *chrome_find(const struct chrome_object *object, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = object->npairs; i-- > 0;) {
		struct chrome_pair *pair = &object->pairs[i];

		if (pair->key_len == len && memcmp(pair->key, key, len) == 0)
			return pair;
	}
	return NULL;
}

/* A copy of the value's text that ends with a NUL; quotes and escapes are taken off. */
static void make_string(struct chrome_object *object, struct chrome_pair *pair)
{
	bool quoted = pair->value[0] == '"';
	const char *text = pair->value + quoted;
	size_t len = pair->len - 2 * quoted;
	char *copy = object->strings + object->used;

	if (quoted && memchr(text, '\\', len)) {
		struct json_object *json = parse(object->tokener, pair->value, pair->len);

		/* Shorter than with its escapes. */
		text = json ? json_object_get_string(json) : "";
		memcpy(copy, text, strlen(text) + 1);
		json_object_put(json);
	} else {
		memcpy(copy, text, len);
		copy[len] = '\0';
	}
	object->used += strlen(copy) + 1;
	pair->string = copy;
}

const char *chrome_field(struct chrome_object *object, const char *key)
{
	struct chrome_pair *pair = chrome_find(object, key);

	if (!pair || strchr("{[tfn", pair->value[0]))
		return NULL;
	if (!pair->string)
		make_string(object, pair);
	return pair->string;
}

bool chrome_int(const struct chrome_object *object, const char *key, int64_t *ret)
{
	const struct chrome_pair *pair = chrome_find(object, key);
	char *end;

	if (!pair || strchr("\"{[tfn", pair->value[0]))
		return false;
	errno = 0;
	*ret = strtoll(pair->value, &end, 10);
	return errno == 0 && end == pair->value + pair->len;
}

bool chrome_true(const struct chrome_object *object, const char *key)
{
	const struct chrome_pair *pair = chrome_find(object, key);

	if (!pair)
		return false;
	switch (pair->value[0]) {
	case 'f':
	case 'n':
		return false;
	case '"':
		return pair->len > 2;
	case 't':
	case '{':
	case '[':
		return true;
	default:
		return strtod(pair->value, NULL) != 0;
	}
}

/* Digits as they stand, so that no nanosecond is lost in a double. */
static bool read_us(const char *text, int64_t *ret)
{
	bool negative = *text == '-';
	const char *p = text + negative;
	int64_t ns = 0;
	int places = -1;
	double us;

	for (; (*p >= '0' && *p <= '9') || (*p == '.' && places < 0); p++) {
		if (*p == '.') {
			places = 0;
		} else if (places < 3) {
			if (ns > INT64_MAX / 100)
				return false;
			ns = ns * 10 + (*p - '0');
			places += places >= 0;
		} else if (places++ == 3 && *p >= '5') {
			ns++;
		}
	}
	for (places = places < 0 ? 0 : places; places < 3; places++) {
		if (ns > INT64_MAX / 100)
			return false;
		ns *= 10;
	}
	if (*p) { /* with an exponent, or no number at all */
		char *end;

		us = strtod(text, &end);
		if (end == text || *end || !(us > -9e15 && us < 9e15))
			return false;
		ns = (int64_t)(us * 1000 + (us < 0 ? -0.5 : 0.5));
		negative = false;
	} else if (p == text + negative) {
		return false;
	}
	*ret = negative ? -ns : ns;
	return *ret >= -2 * WEFT_TIME_MAX && *ret <= 2 * WEFT_TIME_MAX;
}

bool chrome_time(struct chrome_object *object, const char *key, int64_t *ret)
{
	const char *text = chrome_field(object, key);

	return text && read_us(text, ret);
}

struct json_object *chrome_json(const struct chrome_object *object, const char *key)
{
	const struct chrome_pair *pair = chrome_find(object, key);

	return pair ? parse(object->tokener, pair->value, pair->len) : NULL;
}

int chrome_inner(const struct chrome_object *object, const char *key, struct chrome_object *inner)
{
	const struct chrome_pair *pair = chrome_find(object, key);
	int rc;

	inner->npairs = 0;
	if (!pair || pair->value[0] != '{')
		return 0;
	rc = chrome_object_read(inner, pair->value, pair->len);
	return rc == -ENOMEM ? rc : 0;
}
