/* SPDX-License-Identifier: MIT
 *
 * From a trace's ids to indices: an array as long as ids are dense, as weft's own are, and a hash
 * map for those that are far out.
 */
#ifndef WEFT_TRACER_STATS_IDS_H
#define WEFT_TRACER_STATS_IDS_H

#include "tracer/trace/map.h"
#include "tracer/trace/trace.h"

/* Zeroed is empty. */
struct weft_ids {
	uint32_t *dense; /* 1 + the index, or 0 */
	size_t room, count;
	struct weft_map sparse;
};

/* WEFT_NO_INDEX if the id is not known. */
static inline uint32_t weft_ids_get(const struct weft_ids *ids, uint64_t id)
{
	uint64_t *index;

	if (id < ids->room && ids->dense[id])
		return ids->dense[id] - 1;
	index = ids->sparse.used ? weft_map_get(&ids->sparse, id) : NULL;
	return index ? (uint32_t)*index : WEFT_NO_INDEX;
}

/* Adds an id that is not known yet. Returns 0 or -ENOMEM. */
int weft_ids_add(struct weft_ids *ids, uint64_t id, uint32_t index);
void weft_ids_finish(struct weft_ids *ids);

#endif
