/* SPDX-License-Identifier: MIT
 *
 * What each living channel carries, from its make to its free, so that a send need not say it.
 */
#ifndef WEFT_TRACER_RECORD_OBJECTS_H
#define WEFT_TRACER_RECORD_OBJECTS_H

#include <stddef.h>
#include <stdint.h>

#include "tracer/record/value.h"

struct weft__object {
	uint64_t id; /* 0: an empty slot */
	struct weft__elem elem;
};

struct weft__objects {
	struct weft__object *slots;
	size_t size;
	size_t used;
};

/* 0 or -ENOMEM. The type in elem is borrowed and must outlive the object. */
int weft__objects_add(struct weft__objects *objects, uint64_t id, const struct weft__elem *elem);

/* NULL if there is none. Valid until the next add or drop. */
const struct weft__elem *weft__objects_find(const struct weft__objects *objects, uint64_t id);

void weft__objects_drop(struct weft__objects *objects, uint64_t id);

void weft__objects_free(struct weft__objects *objects);

#endif
