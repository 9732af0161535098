/* SPDX-License-Identifier: MIT
 *
 * What is known of each living object, from its make to its free: what a channel carries, so that a
 * send need not say it; who holds a lock, which its next holder had to wait for.
 */
#ifndef WEFT_TRACER_RECORD_OBJECTS_H
#define WEFT_TRACER_RECORD_OBJECTS_H

#include <stddef.h>
#include <stdint.h>

#include "tracer/record/value.h"

struct weft__object {
	uint64_t id; /* 0: an empty slot */
	struct weft__elem elem;
	uint64_t holder; /* of a lock; 0: nobody, or several */
	uint64_t last;	 /* who held it before */
};

struct weft__objects {
	struct weft__object *slots;
	size_t size;
	size_t used;
};

/* With nothing known of it; NULL: memory is out. Valid until the next add or drop. */
struct weft__object *weft__objects_add(struct weft__objects *objects, uint64_t id);

/* NULL if there is none. Valid until the next add or drop. */
struct weft__object *weft__objects_find(const struct weft__objects *objects, uint64_t id);

void weft__objects_drop(struct weft__objects *objects, uint64_t id);

void weft__objects_free(struct weft__objects *objects);

#endif
