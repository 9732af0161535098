/* SPDX-License-Identifier: MIT
 *
 * Values as a person reads them: strings without quotes, tagged objects without their tags.
 */
#include "tracer/trace/record.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#define ELLIPSIS "\xe2\x80\xa6"

/* Copies at most `room` bytes of UTF-8; `more`: there was more than this in the program already. */
static void put_label(char *buf, size_t room, const char *text, size_t len, bool more)
{
	size_t keep = len;

	if (more || len > room) {
		more = true;
		keep = len < room - 3 ? len : room - 3;
		while (keep > 0 && keep < len && ((unsigned char)text[keep] & 0xc0) == 0x80)
			keep--;
	}
	for (size_t i = 0; i < keep; i++) {
		unsigned char c = (unsigned char)text[i];

		buf[i] = c < 0x20 || c == 0x7f ? ' ' : (char)c;
	}
	strcpy(buf + keep, more ? ELLIPSIS : "");
}

void weft_label_text(const char *text, char *buf)
{
	put_label(buf, WEFT_LABEL_TEXT - 1, text, strlen(text), false);
}

void weft_clean_text(char *text, size_t size)
{
	size_t len = strlen(text), start = len;

	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			text[i] = ' ';
	}
	if (len + 1 < size)
		return;
	while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start > 0 && (unsigned char)text[start - 1] >= 0xc0)
		text[start - 1] = '\0'; /* the last character may have been cut */
}

static void put_text(char *buf, const char *text, size_t len, bool more)
{
	put_label(buf, WEFT_VALUE_TEXT - 1, text, len, more);
}

static void put_string(char *buf, struct json_object *string, bool more)
{
	put_text(buf, json_object_get_string(string), (size_t)json_object_get_string_len(string),
		more);
}

static struct json_object *member(struct json_object *object, const char *key, enum json_type type)
{
	struct json_object *field = NULL;

	if (!json_object_object_get_ex(object, key, &field) || !json_object_is_type(field, type))
		return NULL;
	return field;
}

/* Bytes have no text: "point{...}" says their type, and where that isn't known, how many they are.
 */
static void put_bytes(char *buf, struct json_object *value, struct json_object *base64)
{
	struct json_object *type = member(value, "type", json_type_string);
	struct json_object *len = member(value, "len", json_type_int);
	int64_t n = len ? json_object_get_int64(len) : json_object_get_string_len(base64) / 4 * 3;
	const char *name = type ? json_object_get_string(type) : "";
	char text[128];
	int used;

	if (strncmp(name, "struct ", 7) == 0)
		name += 7;
	if (*name)
		used = snprintf(text, sizeof(text), "%.80s{\xe2\x80\xa6}", name);
	else
		used = snprintf(text, sizeof(text), "%lld byte%s", (long long)n, n == 1 ? "" : "s");
	put_text(buf, text, (size_t)used, false);
}

/* The string that says all of a tagged object, or NULL. */
static struct json_object *plain_string(struct json_object *value)
{
	static const char *const plain[] = {"str", "int", "float", "ptr"};
	struct json_object *field = NULL;

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]) && !field; i++)
		field = member(value, plain[i], json_type_string);
	return field;
}

static void put_tagged(char *buf, struct json_object *value)
{
	struct json_object *field = plain_string(value), *len;

	if (field) {
		len = field == member(value, "str", json_type_string)
			      ? member(value, "len", json_type_int)
			      : NULL;
		put_string(buf, field,
			len && json_object_get_int64(len) > json_object_get_string_len(field));
		return;
	}
	field = member(value, "base64", json_type_string);
	if (field) {
		put_bytes(buf, value, field);
		return;
	}
	if (json_object_object_get_ex(value, "json", &field))
		value = field;
	size_t n = 0;
	const char *text = json_object_to_json_string_length(
		value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);

	put_text(buf, text ? text : "", text ? n : 0, false);
}

static void put_value(char *buf, struct json_object *value)
{
	const char *text;

	switch (json_object_get_type(value)) {
	case json_type_null:
		buf[0] = '\0'; /* a token says nothing but that it came */
		return;
	case json_type_string:
		put_string(buf, value, false);
		return;
	case json_type_object:
		put_tagged(buf, value);
		return;
	default:
		text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
		put_text(buf, text ? text : "", text ? strlen(text) : 0, false);
	}
}

/* A value that was kept as text; the caller puts it. */
static struct json_object *parse(const struct weft_record *rec)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *value =
		tokener ? json_tokener_parse_ex(tokener, rec->plain, (int)rec->plain_len) : NULL;

	if (tokener)
		json_tokener_free(tokener);
	return value;
}

void weft_value_text(const struct weft_record *rec, char *buf)
{
	if (!rec->plain) {
		put_value(buf, rec->value);
	} else if (rec->plain[0] == '{') {
		struct json_object *value = parse(rec);

		put_value(buf, value);
		json_object_put(value);
	} else if (rec->plain[0] == '"') {
		put_text(buf, rec->plain + 1, rec->plain_len - 2, false);
	} else {
		put_text(buf, rec->plain, rec->plain[0] == 'n' ? 0 : rec->plain_len, false);
	}
}

static char *full_text(struct json_object *value)
{
	struct json_object *field = value;
	const char *text = NULL;

	if (json_object_is_type(value, json_type_object)) {
		field = plain_string(value);
		if (!field && json_object_object_get_ex(value, "json", &field))
			value = field;
	}
	if (!value)
		text = "";
	else if (field && json_object_is_type(field, json_type_string))
		text = json_object_get_string(field);
	else
		text = json_object_to_json_string_ext(
			value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	return text ? strdup(text) : NULL;
}

char *weft_value_full(const struct weft_record *rec)
{
	struct json_object *value;
	char *text;

	if (!rec->plain)
		return full_text(rec->value);
	if (rec->plain[0] == '"')
		return strndup(rec->plain + 1, rec->plain_len - 2);
	if (rec->plain[0] != '{')
		return strndup(rec->plain, rec->plain[0] == 'n' ? 0 : rec->plain_len);
	value = parse(rec);
	text = full_text(value);
	json_object_put(value);
	return text;
}
