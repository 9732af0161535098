/* SPDX-License-Identifier: MIT
 *
 * Numbers, strings and base64 as JSON wants them. See text.h.
 */
#include "tracer/record/text.h"

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
			    "25262728293031323334353637383940414243444546474849"
			    "50515253545556575859606162636465666768697071727374"
			    "75767778798081828384858687888990919293949596979899";
static const char hex_digits[] = "0123456789abcdef";

/* How many digits v has. */
static unsigned digits_of(uint64_t v)
{
	static const uint64_t powers[] = {0, 10, 100, 1000, 10000, 100000, 1000000, 10000000,
		100000000, 1000000000, 10000000000, 100000000000, 1000000000000, 10000000000000,
		100000000000000, 1000000000000000, 10000000000000000, 100000000000000000,
		1000000000000000000, UINT64_C(10000000000000000000)};
	/* 1233 / 4096 is log 2 / log 10: the number of bits says it, but for one. */
	unsigned about = (64 - (unsigned)__builtin_clzll(v | 1)) * 1233 >> 12;

	return about + (v >= powers[about]);
}

static inline void put_pair(char *p, uint32_t v)
{
	memcpy(p, pairs + v * 2, 2);
}

static inline void put_four(char *p, uint32_t v)
{
	put_pair(p, v / 100);
	put_pair(p + 2, v % 100);
}

/*
 * From the last digits to the first, in their place. Four at a time: each division waits for the
 * one before, and what is done with four digits does not.
 */
char *weft__put_u64(char *p, uint64_t v)
{
	char *end, *d;
	uint32_t first;

	if (v < 10) { /* most are: workers, coroutines, channels */
		*p = (char)('0' + v);
		return p + 1;
	}
	end = d = p + digits_of(v);
	for (; v >= 10000; v /= 10000) {
		d -= 4;
		put_four(d, (uint32_t)(v % 10000));
	}
	first = (uint32_t)v;
	if (first >= 100) {
		put_pair(d - 2, first % 100);
		first /= 100;
	}
	if (first >= 10)
		put_pair(p, first);
	else
		*p = (char)('0' + first);
	return end;
}

char *weft__put_rising(char *p, struct weft__rising *last, uint64_t v)
{
	uint64_t high = v / 10000;

	if (high == 0)
		return weft__put_u64(p, v);
	if (high != last->high) {
		last->high = high;
		last->len = (unsigned)(weft__put_u64(last->text, high) - last->text);
	}
	memcpy(p, last->text, sizeof(last->text));
	put_four(p + last->len, (uint32_t)(v % 10000));
	return p + last->len + 4;
}

char *weft__put_i64(char *p, int64_t v)
{
	if (v >= 0)
		return weft__put_u64(p, (uint64_t)v);
	*p++ = '-';
	return weft__put_u64(p, 0 - (uint64_t)v);
}

char *weft__put_hex(char *p, uint64_t v)
{
	int shift = 60;

	while (shift > 0 && !(v >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*p++ = hex_digits[v >> shift & 15];
	return p;
}

int weft__utf8_char(const char *s, size_t n)
{
	const unsigned char *u = (const unsigned char *)s;
	unsigned char low = 0x80, high = 0xbf;
	int len;

	if (u[0] < 0x80)
		return u[0] ? 1 : 0;
	if (u[0] < 0xc2 || u[0] > 0xf4)
		return 0;
	len = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	/* The second byte rules out overlong forms, surrogates and what lies above U+10FFFF. */
	if (u[0] == 0xe0)
		low = 0xa0;
	else if (u[0] == 0xed)
		high = 0x9f;
	else if (u[0] == 0xf0)
		low = 0x90;
	else if (u[0] == 0xf4)
		high = 0x8f;
	for (int i = 1; i < len; i++) {
		if ((size_t)i == n)
			return -1;
		if (u[i] < low || u[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return len;
}

static char *put_escape(char *p, unsigned char c)
{
	static const char names[] = "\bb\ff\nn\rr\tt\"\"\\\\";

	*p++ = '\\';
	for (const char *s = names; *s; s += 2) {
		if ((unsigned char)s[0] == c) {
			*p++ = s[1];
			return p;
		}
	}
	p = WEFT__PUT(p, "u00");
	*p++ = hex_digits[c >> 4];
	*p++ = hex_digits[c & 15];
	return p;
}

char *weft__put_string(char *p, const char *s, size_t n)
{
	const char *end = s + n;

	*p++ = '"';
	while (s < end) {
		unsigned char c = (unsigned char)*s;
		int len;

		if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
			*p++ = *s++;
			continue;
		}
		len = weft__utf8_char(s, (size_t)(end - s));
		if (len <= 0) {
			p = WEFT__PUT(p, "\xef\xbf\xbd");
			s++;
		} else if (len == 1) {
			p = put_escape(p, c);
			s++;
		} else {
			p = mempcpy(p, s, (size_t)len);
			s += len;
		}
	}
	*p++ = '"';
	return p;
}

char *weft__put_base64(char *p, const void *data, size_t n)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *u = data;

	for (; n > 0; u += 3) {
		size_t take = n < 3 ? n : 3;
		uint32_t bits = (uint32_t)u[0] << 16;

		if (take > 1)
			bits |= (uint32_t)u[1] << 8;
		if (take > 2)
			bits |= u[2];
		*p++ = letters[bits >> 18];
		*p++ = letters[bits >> 12 & 63];
		*p++ = take > 1 ? letters[bits >> 6 & 63] : '=';
		*p++ = take > 2 ? letters[bits & 63] : '=';
		n -= take;
	}
	return p;
}
