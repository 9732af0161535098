/* SPDX-License-Identifier: MIT
 *
 * Strings that come again and again (functions, files, C types), each kept once: equal strings are
 * equal pointers.
 */
#ifndef WEFT_TRACER_RECORD_NAMES_H
#define WEFT_TRACER_RECORD_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct weft__name; /* one string with its length and hash */

struct weft__names {
	struct weft__name **slots;
	size_t size; /* a power of two, or 0 */
	size_t used;
};

/* The one copy of s, with a NUL behind; NULL when memory is out. Lives as long as the set. */
const char *weft__names_keep(struct weft__names *names, const char *s, size_t n);

void weft__names_free(struct weft__names *names);

uint64_t weft__hash(const void *data, size_t n);

static inline uint64_t weft__hash_number(uint64_t v)
{
	v *= UINT64_C(0x9e3779b97f4a7c15);
	return v ^ v >> 32;
}

#endif
