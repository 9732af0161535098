/* SPDX-License-Identifier: MIT
 *
 * The smallest pieces of JSON, as the recorder writes them: numbers eight digits at a time, strings
 * of plain characters, words of a list. For scan.c and plain.c alone.
 *
 * Each function takes the place where something should stand and returns the place behind it, or
 * NULL for a surprise. None looks for the text's end: all stop at a byte that they don't know, and
 * an end of a line or a NUL is one, inside and outside of strings. Eight bytes behind it are loaded
 * at most (WEFT_TEXT_PAD).
 */
#ifndef WEFT_TRACER_TRACE_TOKEN_H
#define WEFT_TRACER_TRACE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t load(const char *p)
{
	uint64_t bytes;

	memcpy(&bytes, p, sizeof(bytes));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	bytes = __builtin_bswap64(bytes);
#endif
	return bytes;
}

static inline bool is_digit(char c)
{
	return (unsigned)c - '0' < 10;
}

/* Up to eight digits. Returns how many. */
static inline unsigned scan_digits(const char *p, uint64_t *ret)
{
	uint64_t x = load(p) ^ UINT64_C(0x3030303030303030);
	uint64_t others = ((x + UINT64_C(0x7676767676767676)) | x) & UINT64_C(0x8080808080808080);
	unsigned n = others ? (unsigned)__builtin_ctzll(others) / 8 : 8;

	if (n == 0)
		return 0;
	x <<= 64 - 8 * n; /* as if zeros stood before */
	x = (x * 10 + (x >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
	x = (x * 100 + (x >> 16)) & UINT64_C(0x0000ffff0000ffff);
	*ret = (x * 10000 + (x >> 32)) & UINT64_C(0xffffffff);
	return n;
}

/* An integer of at most 16 digits. A fraction may follow, which is for the caller to see. */
static inline const char *scan_integer(const char *p, int64_t *ret)
{
	static const uint64_t tens[] = {
		1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
	bool minus = *p == '-';
	uint64_t high, low;
	unsigned n, m;

	if (is_digit(p[0]) && !is_digit(p[1])) { /* ids and workers mostly are that small */
		*ret = p[0] - '0';
		return p + 1;
	}
	p += minus;
	n = scan_digits(p, &high);
	if (n == 0 || *p == '0')
		return NULL;
	if (n == 8) {
		m = scan_digits(p + 8, &low);
		if (m > 0)
			high = high * tens[m] + low;
		n += m;
		if (n == 16 && is_digit(p[16]))
			return NULL;
	}
	*ret = minus ? -(int64_t)high : (int64_t)high;
	return p + n;
}

static inline const char *skip(const char *p, const char *word)
{
	size_t len = strlen(word);

	return strncmp(p, word, len) == 0 ? p + len : NULL;
}

static inline const char *scan_bool(const char *p, bool *ret)
{
	*ret = *p == 't';
	return skip(p, *ret ? "true" : "false");
}

/* A string of plain characters, quotes and all. UTF-8 and escapes are not plain. */
static inline const char *skip_string(const char *p)
{
	if (*p++ != '"')
		return NULL;
	while (*p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\')
		p++;
	return *p == '"' ? p + 1 : NULL;
}

/* One of a list of words; its number. */
static inline const char *scan_word(const char *p, const char *const *words, uint8_t *ret)
{
	if (*p++ != '"')
		return NULL;
	for (uint8_t i = 0; words[i]; i++) {
		const char *word = words[i];
		size_t n = 0;

		while (word[n] && word[n] == p[n])
			n++;
		if (!word[n] && n > 0 && p[n] == '"') {
			*ret = i;
			return p + n + 1;
		}
	}
	return NULL;
}

#endif
