/* SPDX-License-Identifier: MIT
 *
 * Writing JSON by hand: each function writes at p and returns the place behind. The caller knows
 * that there is room. Nothing here depends on the locale.
 */
#ifndef WEFT_TRACER_RECORD_TEXT_H
#define WEFT_TRACER_RECORD_TEXT_H

#include <stdint.h>
#include <string.h>

/* Not mempcpy, of which compilers make a call. */
#define WEFT__PUT(p, literal) \
	((char *)memcpy((p), (literal), sizeof(literal) - 1) + sizeof(literal) - 1)

char *weft__put_u64(char *p, uint64_t v);
char *weft__put_i64(char *p, int64_t v);
char *weft__put_hex(char *p, uint64_t v);

/* Numbers that rise slowly: each is mostly the one before but for its last four digits. Zeroed at
 * first. */
struct weft__rising {
	uint64_t high; /* the last number without those */
	char text[16];
	unsigned len;
};

/* May write up to 20 bytes, whatever the length of v is. */
char *weft__put_rising(char *p, struct weft__rising *last, uint64_t v);

/*
 * A JSON string with its quotes, at most 6 * n + 2 bytes. What is not UTF-8, and NUL, becomes
 * U+FFFD.
 */
char *weft__put_string(char *p, const char *s, size_t n);

/* Standard base64 with padding, no quotes: 4 bytes for each 3. */
char *weft__put_base64(char *p, const void *data, size_t n);

/*
 * The bytes of the UTF-8 character at s, of which n (> 0) bytes are there: 1..4; 0 if it is none
 * or a NUL; -1 if it goes on behind n.
 */
int weft__utf8_char(const char *s, size_t n);

#endif
