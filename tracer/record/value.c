/* SPDX-License-Identifier: MIT
 *
 * Elements to JSON values. What JSON holds exactly is plain; the rest is an object with one tag.
 * Records come from a program that may be broken: no length is believed beyond the payload.
 */
#include "tracer/record/value.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "tracer/event.h"
#include "tracer/record/real.h"
#include "tracer/record/text.h"

static char *put_type(char *p, const struct weft__elem *elem)
{
	if (elem->type) {
		p = WEFT__PUT(p, ",\"type\":");
		p = mempcpy(p, elem->type, elem->type_len);
	}
	return p;
}

/* The `size` bytes of a plain element: in d, or else in the payload. False: they are not there. */
static bool fetch(void *to, const struct weft__elem *elem, const struct weft__raw *raw, size_t max)
{
	if (elem->size == 0 || elem->size > max)
		return false;
	if (elem->size <= sizeof(raw->d))
		memcpy(to, &raw->d, elem->size);
	else if (elem->size <= raw->room)
		memcpy(to, raw->data, elem->size);
	else
		return false;
	return true;
}

static char *put_base64_value(char *p, const char *data, size_t n, uint64_t full)
{
	p = WEFT__PUT(p, "{\"base64\":\"");
	p = weft__put_base64(p, data, n);
	p = WEFT__PUT(p, "\",\"len\":");
	return weft__put_u64(p, full);
}

static char *put_bytes(char *p, const struct weft__elem *elem, const struct weft__raw *raw)
{
	const char *data = elem->size <= sizeof(raw->d) ? (const char *)&raw->d : raw->data;
	size_t room = elem->size <= sizeof(raw->d) ? sizeof(raw->d) : raw->room;
	size_t n = elem->size;

	if (n > WEFT_BYTES_MAX)
		n = WEFT_BYTES_MAX;
	if (n > room)
		n = room;
	p = put_base64_value(p, data, n, elem->size);
	p = put_type(p, elem);
	*p++ = '}';
	return p;
}

static char *put_decimal128(char *p, unsigned __int128 v)
{
	const uint64_t chunk = UINT64_C(1000000000000000000); /* 10^18 */
	uint64_t low;
	char digits[20];

	if (v < chunk)
		return weft__put_u64(p, (uint64_t)v);
	p = put_decimal128(p, v / chunk);
	low = (uint64_t)(v % chunk);
	weft__put_u64(digits, low + chunk); /* a leading 1 keeps the zeros */
	return mempcpy(p, digits + 1, 18);
}

static char *put_integer(char *p, const struct weft__elem *elem, const struct weft__raw *raw)
{
	unsigned __int128 v = 0;
	bool negative = false;

	if (!fetch(&v, elem, raw, sizeof(v)))
		return put_bytes(p, elem, raw);
	if (elem->class == WEFT_CLASS_INT && v >> (elem->size * 8 - 1) & 1) {
		negative = true;
		if (elem->size < sizeof(v))
			v |= ~(unsigned __int128)0 << elem->size * 8;
		v = 0 - v;
	}
	if (v <= (uint64_t)WEFT_TIME_MAX)
		return weft__put_i64(p, negative ? -(int64_t)v : (int64_t)v);
	p = WEFT__PUT(p, "{\"int\":\"");
	if (negative)
		*p++ = '-';
	p = put_decimal128(p, v);
	*p++ = '"';
	p = put_type(p, elem);
	*p++ = '}';
	return p;
}

static char *put_special(char *p, long double v)
{
	if (isnan(v))
		return WEFT__PUT(p, "{\"float\":\"nan\"}");
	return v > 0 ? WEFT__PUT(p, "{\"float\":\"inf\"}") : WEFT__PUT(p, "{\"float\":\"-inf\"}");
}

/* A long double is plain where a double holds it; no JSON number is read as more than that. */
static char *put_long(char *p, const struct weft__elem *elem, long double v)
{
	if (!isfinite(v))
		return put_special(p, v);
	if (v == (long double)(double)v)
		return weft__put_double(p, (double)v);
	p = WEFT__PUT(p, "{\"str\":\"");
	p = weft__put_long_double(p, v);
	*p++ = '"';
	p = put_type(p, elem);
	*p++ = '}';
	return p;
}

static char *put_real_value(char *p, const struct weft__elem *elem, const struct weft__raw *raw)
{
	union {
		float f;
		double d;
		long double l;
	} v;

	memset(&v, 0, sizeof(v));
	if (!fetch(&v, elem, raw, sizeof(v)))
		return put_bytes(p, elem, raw);
	if (elem->size == sizeof(v.f))
		return isfinite(v.f) ? weft__put_float(p, v.f) : put_special(p, v.f);
	if (elem->size == sizeof(v.d))
		return isfinite(v.d) ? weft__put_double(p, v.d) : put_special(p, v.d);
	if (elem->size == sizeof(v.l))
		return put_long(p, elem, v.l);
	return put_bytes(p, elem, raw);
}

static char *put_pointer(char *p, const struct weft__elem *elem, uint64_t v)
{
	p = WEFT__PUT(p, "{\"ptr\":\"0x");
	p = weft__put_hex(p, v);
	*p++ = '"';
	p = put_type(p, elem);
	*p++ = '}';
	return p;
}

/* The bytes of s that are whole characters; n if a byte is none of any. */
static bool is_utf8(const char *s, size_t n, bool cut, size_t *whole)
{
	size_t i = 0;

	while (i < n) {
		int len = weft__utf8_char(s + i, n - i);

		if (len == 0 || (len < 0 && !cut))
			return false;
		if (len < 0)
			break;
		i += (size_t)len;
	}
	*whole = i;
	return true;
}

static char *put_cstr(char *p, const struct weft__elem *elem, const struct weft__raw *raw)
{
	size_t n = raw->room < WEFT_STR_MAX ? raw->room : WEFT_STR_MAX;
	size_t whole;

	if (raw->flags & WEFT_REC_NULL)
		return put_pointer(p, elem, 0);
	if (raw->d < n)
		n = (size_t)raw->d;
	if (!is_utf8(raw->data, n, raw->d > n, &whole)) {
		p = put_base64_value(p, raw->data, n, raw->d);
		*p++ = '}';
		return p;
	}
	if (raw->d == n)
		return weft__put_string(p, raw->data, n);
	p = WEFT__PUT(p, "{\"str\":");
	p = weft__put_string(p, raw->data, whole);
	p = WEFT__PUT(p, ",\"len\":");
	p = weft__put_u64(p, raw->d);
	*p++ = '}';
	return p;
}

char *weft__put_value(char *p, const struct weft__elem *elem, const struct weft__raw *raw)
{
	switch (elem->class) {
	case WEFT_CLASS_NONE:
		return WEFT__PUT(p, "null");
	case WEFT_CLASS_INT:
	case WEFT_CLASS_UINT:
		return put_integer(p, elem, raw);
	case WEFT_CLASS_FLOAT:
		return put_real_value(p, elem, raw);
	case WEFT_CLASS_BOOL:
		return raw->d & 0xff ? WEFT__PUT(p, "true") : WEFT__PUT(p, "false");
	case WEFT_CLASS_CSTR:
		return put_cstr(p, elem, raw);
	case WEFT_CLASS_PTR:
		return put_pointer(p, elem, raw->d);
	default:
		return put_bytes(p, elem, raw);
	}
}
