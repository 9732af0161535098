/* SPDX-License-Identifier: MIT
 *
 * A map from ids to what belongs to them: open addressing; what is dropped closes its gap at once,
 * so that a program may make and free things for ever.
 */
#ifndef WEFT_TRACER_RECORD_IDMAP_H
#define WEFT_TRACER_RECORD_IDMAP_H

#include <stddef.h>
#include <stdint.h>

struct weft__idslot {
	uint64_t id; /* 0: empty */
	void *value; /* allocated, and the map's */
};

struct weft__idmap {
	struct weft__idslot *slots;
	size_t size, used;
};

/* A new value of zeros, in the place of an old one if there is one; NULL: memory is out, or id is
 * 0. */
void *weft__idmap_add(struct weft__idmap *map, uint64_t id, size_t bytes);

/* NULL if there is none. */
void *weft__idmap_find(const struct weft__idmap *map, uint64_t id);

/* Takes it out, to be freed by the caller. NULL if there is none. */
void *weft__idmap_take(struct weft__idmap *map, uint64_t id);

/* Frees all values with `drop`. */
void weft__idmap_free(struct weft__idmap *map, void (*drop)(void *value));

#endif
