/* SPDX-License-Identifier: MIT */
#include "tracer/record/objects.h"

#include <stdlib.h>

struct weft__object *weft__objects_add(struct weft__idmap *objects, uint64_t id)
{
	return weft__idmap_add(objects, id, sizeof(struct weft__object));
}

struct weft__object *weft__objects_find(const struct weft__idmap *objects, uint64_t id)
{
	return weft__idmap_find(objects, id);
}

void weft__objects_drop(struct weft__idmap *objects, uint64_t id)
{
	free(weft__idmap_take(objects, id));
}

void weft__objects_free(struct weft__idmap *objects)
{
	weft__idmap_free(objects, free);
}
