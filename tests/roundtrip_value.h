/* SPDX-License-Identifier: MIT
 *
 * Random numbers, texts and elements of channels for test_roundtrip.c, and elements made of the
 * JSON that a file has of them. Static, as trace_file.h.
 */
#ifndef WEFT_TESTS_ROUNDTRIP_VALUE_H
#define WEFT_TESTS_ROUNDTRIP_VALUE_H

#include <json-c/json.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/event.h"

#define ELEMENT_MAX 512

static uint64_t random_state;

static uint64_t random_bits(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

static size_t below(size_t n)
{
	return (size_t)(random_bits() >> 16) % n;
}

/* Whether a character of UTF-8 begins here, and how long it is. */
static size_t character(const unsigned char *u, size_t n)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = u[0] < 0x80       ? 1
		     : u[0] >> 5 == 6  ? 2
		     : u[0] >> 4 == 14 ? 3
		     : u[0] >> 3 == 30 ? 4
				       : 0;
	uint32_t c = len == 1 ? u[0] : u[0] & (0x7fu >> len);

	if (len == 0 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if (u[i] >> 6 != 2)
			return 0;
		c = c << 6 | (u[i] & 0x3f);
	}
	return c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : len;
}

/* As a file has it: each byte that is of no character becomes U+FFFD. Three bytes for each. */
static void repair(char *to, const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t len = character((const unsigned char *)s + i, n - i);

		memcpy(to, len ? s + i : "\xef\xbf\xbd", len ? len : 3);
		to += len ? len : 3;
		i += len ? len : 1;
	}
	*to = '\0';
}

/* n bytes and a NUL. */
static void random_text(char *to, size_t n, bool sound)
{
	static const char *const pieces[] = {"\"", "\\", "\b\f\n\r\t", "\x01\x1f", "\x7f", "/",
		"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf",
		"\xff", "\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"};
	size_t whole = below(3) ? 0 : sound ? 11 : 17, len = 0;

	while (len < n) {
		const char *piece = pieces[whole && below(2) ? below(whole) : 5];

		if (piece[0] != '/' && strlen(piece) <= n - len) {
			memcpy(to + len, piece, strlen(piece));
			len += strlen(piece);
		} else {
			to[len++] = (char)(' ' + below(95));
		}
	}
	to[n] = '\0';
}

static double random_double(void)
{
	static const double edges[] = {0, -0.0, 1, -1, 0.1, 1e22, 5e-324, 1.7976931348623157e308};
	uint64_t bits = random_bits();
	double v;

	memcpy(&v, &bits, sizeof(v));
	return isfinite(v) && below(2) ? v : edges[below(sizeof(edges) / sizeof(edges[0]))];
}

/* What was sent. */
struct element {
	int class;
	size_t size;
	const char *type; /* as it is read; "": not known */
	bool null;	  /* a string that is none */
	size_t len;	  /* of the string, or else the size */
	char data[ELEMENT_MAX];
};

static void random_real(struct element *e)
{
	long double l = (long double)random_double() * (below(2) ? 1 : 3.3L);
	double d = random_double();
	float f = (float)random_double();

	if (!below(8))
		f = (float)(l = d = below(2) ? (double)NAN : below(2) ? INFINITY : -INFINITY);
	if (e->size == sizeof(f))
		memcpy(e->data, &f, sizeof(f));
	else if (e->size == sizeof(d))
		memcpy(e->data, &d, sizeof(d));
	else
		memcpy(e->data, &l, sizeof(l));
}

static void random_element(struct element *e)
{
	unsigned how = (unsigned)below(4);

	e->len = e->size;
	if (e->class == WEFT_CLASS_CSTR) {
		e->null = !below(8);
		e->len = e->null ? 0 : below(ELEMENT_MAX);
		random_text(e->data, e->len, below(2));
		return;
	}
	for (size_t i = 0; i < e->size; i++)
		e->data[i] = (char)(how == 0 ? 0 : how == 1 ? 0xff : random_bits() >> 8);
	if (how == 2 && e->size > 2)
		memset(e->data + e->size / 2, 0, e->size - e->size / 2);
	if (e->class == WEFT_CLASS_BOOL)
		e->data[0] &= 1;
	if (e->class == WEFT_CLASS_FLOAT)
		random_real(e);
}

/* ---- From JSON ------------------------------------------------------------------------------- */

static const char *part(struct json_object *json, const char *name)
{
	struct json_object *part;

	if (!json_object_is_type(json, json_type_object) ||
		!json_object_object_get_ex(json, name, &part))
		return NULL;
	return json_object_get_string(part);
}

static bool is_integer(const struct element *e, struct json_object *json)
{
	const char *s = part(json, "int");
	unsigned __int128 v = 0, sent = 0;
	bool tagged = s, negative, beyond;

	if (!tagged && !json_object_is_type(json, json_type_int))
		return false;
	memcpy(&sent, e->data, e->size);
	if (e->class == WEFT_CLASS_INT && e->size < sizeof(sent) && e->data[e->size - 1] & 0x80)
		sent |= ~(unsigned __int128)0 << e->size * 8;
	s = tagged ? s : json_object_get_string(json);
	negative = *s == '-';
	for (s += negative; *s; s++)
		v = v * 10 + (unsigned)(*s - '0');
	beyond = v > (uint64_t)WEFT_TIME_MAX; /* what a double holds is plain */
	return beyond == tagged && (!negative || e->class == WEFT_CLASS_INT) &&
	       (negative ? 0 - v : v) == sent;
}

static bool is_same_real(long double a, long double b)
{
	return isnan(a) ? isnan(b) : a == b && signbit(a) == signbit(b);
}

static bool is_real(const struct element *e, struct json_object *json)
{
	const char *s = part(json, "float"), *digits = part(json, "str");
	long double l, sent;
	double d;
	float f;

	if (!s && !digits && !json_object_is_type(json, json_type_double))
		return false;
	s = s ? s : digits ? digits : json_object_get_string(json);
	memcpy(&f, e->data, sizeof(f));
	memcpy(&d, e->data, sizeof(d));
	memcpy(&sent, e->data, sizeof(sent));
	if (e->size == sizeof(f))
		return !digits && is_same_real(strtof(s, NULL), f);
	if (e->size == sizeof(d))
		return !digits && is_same_real(strtod(s, NULL), d);
	/* What a double holds is plain, and its digits are a double's. */
	l = digits ? strtold(s, NULL) : strtod(s, NULL);
	return is_same_real(l, sent);
}

/* Whether base64 text is n bytes of this. */
static bool is_base64(const char *s, const char *data, size_t n)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t at = 0, bits = 0, word = 0;

	if (!s || strlen(s) != (n + 2) / 3 * 4)
		return false;
	for (; *s && *s != '='; s++) {
		word = word << 6 | (size_t)(strchr(letters, *s) - letters);
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (at == n || (unsigned char)data[at++] != (word >> bits & 0xff))
			return false;
	}
	return at == n;
}

static bool has_length(const struct element *e, struct json_object *json)
{
	const char *len = part(json, "len");

	return len && strtoull(len, NULL, 10) == e->len;
}

static bool is_pointer(struct json_object *json, uint64_t v)
{
	const char *s = part(json, "ptr");

	return s && strtoull(s, NULL, 16) == v;
}

/* Whether these bytes, with others behind them, could be a character. */
static bool is_begun(const char *s, size_t n)
{
	unsigned char low[4], high[4];

	memset(low, 0x80, 4);
	memset(high, 0xbf, 4);
	memcpy(low, s, n < 4 ? n : 4);
	memcpy(high, s, n < 4 ? n : 4);
	return character(low, 4) > n || character(high, 4) > n;
}

static bool is_string(const struct element *e, struct json_object *json)
{
	size_t n = e->len < WEFT_STR_MAX ? e->len : WEFT_STR_MAX, whole = 0;
	bool cut = e->len > n;
	const char *s;

	if (e->null)
		return is_pointer(json, 0);
	while (whole < n) {
		size_t len = character((const unsigned char *)e->data + whole, n - whole);

		if (len == 0 && cut && is_begun(e->data + whole, n - whole))
			break;
		if (len == 0)
			return is_base64(part(json, "base64"), e->data, n) && has_length(e, json);
		whole += len;
	}
	if (cut ? !has_length(e, json) : !json_object_is_type(json, json_type_string))
		return false;
	s = cut ? part(json, "str") : json_object_get_string(json);
	return s && strlen(s) == whole && memcmp(s, e->data, whole) == 0;
}

static bool is_type(const struct element *e, struct json_object *json)
{
	const char *type = part(json, "type");
	bool plain = !part(json, "int") && !part(json, "ptr") && !part(json, "base64");

	if (!type)
		return plain || e->type[0] == '\0' || e->class == WEFT_CLASS_CSTR;
	return strcmp(type, e->type) == 0;
}

/* Whether the JSON is that element. */
static bool is_element(const struct element *e, struct json_object *json)
{
	uint64_t word;

	memcpy(&word, e->data, sizeof(word));
	if (!is_type(e, json))
		return false;
	switch (e->class) {
	case WEFT_CLASS_NONE:
		return !json;
	case WEFT_CLASS_INT:
	case WEFT_CLASS_UINT:
		return is_integer(e, json);
	case WEFT_CLASS_FLOAT:
		return is_real(e, json);
	case WEFT_CLASS_BOOL:
		return json_object_is_type(json, json_type_boolean) &&
		       json_object_get_boolean(json) == e->data[0];
	case WEFT_CLASS_CSTR:
		return is_string(e, json);
	case WEFT_CLASS_PTR:
		return is_pointer(json, word);
	default:
		return is_base64(part(json, "base64"), e->data,
			       e->size < WEFT_BYTES_MAX ? e->size : WEFT_BYTES_MAX) &&
		       has_length(e, json);
	}
}

#endif
