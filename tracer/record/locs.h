/* SPDX-License-Identifier: MIT
 *
 * The source locations of a trace: each gets a number and is written once, before its first use.
 */
#ifndef WEFT_TRACER_RECORD_LOCS_H
#define WEFT_TRACER_RECORD_LOCS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weft__loc {
	const char *fn, *file; /* kept names: compared as pointers */
	int32_t line;
	uint32_t number; /* from 1; 0: an empty slot */
};

struct weft__locs {
	struct weft__loc *slots;
	size_t size;
	uint32_t used;
};

/* The location's number; 0 when memory is out. *fresh: it is new and must be written. */
uint32_t weft__locs_number(
	struct weft__locs *locs, const char *fn, const char *file, int32_t line, bool *fresh);

void weft__locs_free(struct weft__locs *locs);

#endif
