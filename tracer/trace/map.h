/* SPDX-License-Identifier: MIT
 *
 * Two small tables over the ids of a trace: a hash map from an id to a number, and a set of ids as
 * a paged bitmap, for the many that are dense (a bit each) and the few that are not.
 */
#ifndef WEFT_TRACER_TRACE_MAP_H
#define WEFT_TRACER_TRACE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEFT_MAP_NONE UINT64_MAX /* the key of an empty slot */

/* Open addressing with linear probing. Zeroed is empty. Any key but WEFT_MAP_NONE. */
struct weft_map {
	struct weft_map_slot {
		uint64_t key, value;
	} * slots;
	size_t used, mask; /* mask + 1 slots, or none */
	unsigned shift;	   /* 64 - the bits of mask */
};

/* Where the key's slot is looked for first: the top bits of a product, which all of the key's mix.
 */
static inline size_t weft_map_home(const struct weft_map *map, uint64_t key)
{
	return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> map->shift);
}

/* Where the key's value is, or NULL. Until the next put or remove. */
static inline uint64_t *weft_map_get(const struct weft_map *map, uint64_t key)
{
	if (map->used == 0)
		return NULL;
	for (size_t i = weft_map_home(map, key);; i = (i + 1) & map->mask) {
		struct weft_map_slot *slot = &map->slots[i];

		if (slot->key == key)
			return &slot->value;
		if (slot->key == WEFT_MAP_NONE)
			return NULL;
	}
}

/* Sets or replaces. Returns 0 or -ENOMEM. */
int weft_map_put(struct weft_map *map, uint64_t key, uint64_t value);
bool weft_map_take(struct weft_map *map, uint64_t key, uint64_t *ret_value); /* and removes it */
void weft_map_remove(struct weft_map *map, uint64_t key);
void weft_map_finish(struct weft_map *map);

struct weft_run {
	uint64_t begin, end; /* pages, the end not included */
};

/* Zeroed is empty. A bit for each id around those that are in it; none where all are. */
struct weft_set {
	struct weft_map pages; /* id / 512 to the index of its page */
	uint64_t (*bits)[8];
	size_t npages, room;
	size_t *spare; /* indices of pages that are not used any more */
	size_t nspare, spare_room;
	struct weft_run *runs; /* of pages that are full, in order */
	size_t nruns, runs_room;
};

bool weft_set_has(const struct weft_set *set, uint64_t id);
int weft_set_add(struct weft_set *set, uint64_t id);	/* 0 or -ENOMEM */
int weft_set_remove(struct weft_set *set, uint64_t id); /* 0 or -ENOMEM */
void weft_set_finish(struct weft_set *set);

/*
 * Makes room in an array for one more of `size` bytes: doubles it. Returns 0 or -ENOMEM. `array`
 * is the address of a pointer to the elements.
 */
int weft_grow(void *array, size_t count, size_t *room, size_t size);

#endif
