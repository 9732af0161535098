/* SPDX-License-Identifier: MIT
 *
 * What is known of each living object, from its make to its free: what a channel carries, so that a
 * send need not say it; who holds a lock, which its next holder had to wait for.
 */
#ifndef WEFT_TRACER_RECORD_OBJECTS_H
#define WEFT_TRACER_RECORD_OBJECTS_H

#include <stdint.h>

#include "tracer/record/idmap.h"
#include "tracer/record/value.h"

struct weft__object {
	struct weft__elem elem;
	uint64_t holder; /* of a lock; 0: nobody, or several */
	uint64_t last;	 /* who held it before */
};

/* With nothing known of it; NULL: memory is out. */
struct weft__object *weft__objects_add(struct weft__idmap *objects, uint64_t id);

/* NULL if there is none. */
struct weft__object *weft__objects_find(const struct weft__idmap *objects, uint64_t id);

void weft__objects_drop(struct weft__idmap *objects, uint64_t id);

void weft__objects_free(struct weft__idmap *objects);

#endif
