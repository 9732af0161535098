/* SPDX-License-Identifier: MIT
 *
 * Numbers as DWARF writes them, out of memory that is not trusted: a reader stops at its end, and
 * gives zeroes from there on. Little-endian, as the machines are whose tables are read.
 */
#ifndef WEFT_RUNTIME_READER_H
#define WEFT_RUNTIME_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weft__reader {
	const uint8_t *p, *end;
	bool over; /* more was asked for than there is */
};

static inline uint64_t weft__read(struct weft__reader *r, size_t bytes)
{
	uint64_t value = 0;

	if (r->over || (size_t)(r->end - r->p) < bytes) {
		r->over = true;
		return 0;
	}
	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)r->p[i] << (8 * i);
	r->p += bytes;
	return value;
}

/* A number in groups of 7 bits; `*ret_sign` is what a signed one has above its highest. */
static inline uint64_t weft__read_leb(struct weft__reader *r, uint64_t *ret_sign)
{
	uint64_t value = 0, byte;
	unsigned shift = 0;

	do {
		byte = weft__read(r, 1);
		if (shift < 64)
			value |= (byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	*ret_sign = shift < 64 && byte & 0x40 ? ~UINT64_C(0) << shift : 0;
	return value;
}

static inline uint64_t weft__read_uleb(struct weft__reader *r)
{
	uint64_t sign;

	return weft__read_leb(r, &sign);
}

static inline int64_t weft__read_sleb(struct weft__reader *r)
{
	uint64_t sign, value = weft__read_leb(r, &sign);

	return (int64_t)(value | sign);
}

static inline void weft__read_skip(struct weft__reader *r, uint64_t bytes)
{
	if (r->over || bytes > (uint64_t)(r->end - r->p))
		r->over = true;
	else
		r->p += bytes;
}

#endif
