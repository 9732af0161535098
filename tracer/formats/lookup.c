/* SPDX-License-Identifier: MIT
 *
 * Ids to indices. See lookup.h.
 */
#include "tracer/formats/lookup.h"

#include <errno.h>

int weft_lookup_init(struct weft_lookup *lookup, const struct weft_trace *trace)
{
	*lookup = (struct weft_lookup){.trace = trace};
	for (uint32_t i = 0; i < trace->nthreads; i++) {
		if (weft_map_put(&lookup->threads, trace->threads[i].id, i) < 0)
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < trace->nobjects; i++) {
		if (weft_map_put(&lookup->objects, trace->objects[i].id, i) < 0)
			return -ENOMEM;
	}
	return 0;
}

void weft_lookup_finish(struct weft_lookup *lookup)
{
	weft_map_finish(&lookup->threads);
	weft_map_finish(&lookup->objects);
}

static uint32_t find(const struct weft_map *map, uint64_t id)
{
	const uint64_t *index = id ? weft_map_get(map, id) : NULL;

	return index ? (uint32_t)*index : WEFT_NO_INDEX;
}

uint32_t weft_lookup_thread(const struct weft_lookup *lookup, uint64_t co)
{
	return find(&lookup->threads, co);
}

uint32_t weft_lookup_object(const struct weft_lookup *lookup, uint64_t on)
{
	return find(&lookup->objects, on);
}

const char *weft_lookup_thread_name(const struct weft_lookup *lookup, uint64_t co)
{
	uint32_t i = weft_lookup_thread(lookup, co);

	return i == WEFT_NO_INDEX ? "?" : lookup->trace->threads[i].name;
}

const char *weft_lookup_object_name(const struct weft_lookup *lookup, uint64_t on)
{
	uint32_t i = weft_lookup_object(lookup, on);

	return i == WEFT_NO_INDEX ? "?" : lookup->trace->objects[i].name;
}
