/* SPDX-License-Identifier: MIT
 *
 * Maps and sets of ids.
 */
#include "tracer/trace/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 64

/* The key's slot, or the empty one where it would go. There is always an empty one. */
static struct weft_map_slot *find(const struct weft_map *map, uint64_t key)
{
	size_t i = weft_map_home(map, key);

	while (map->slots[i].key != key && map->slots[i].key != WEFT_MAP_NONE)
		i = (i + 1) & map->mask;
	return &map->slots[i];
}

static int grow(struct weft_map *map)
{
	size_t old = map->slots ? map->mask + 1 : 0;
	size_t count = old ? old * 2 : FIRST_SLOTS;
	struct weft_map more = {
		.used = map->used,
		.mask = count - 1,
		.shift = (unsigned)__builtin_clzll(count) + 1,
	};

	more.slots = reallocarray(NULL, count, sizeof(*more.slots));
	if (!more.slots)
		return -ENOMEM;
	memset(more.slots, 0xff, count * sizeof(*more.slots));
	for (size_t i = 0; i < old; i++) {
		if (map->slots[i].key != WEFT_MAP_NONE)
			*find(&more, map->slots[i].key) = map->slots[i];
	}
	free(map->slots);
	*map = more;
	return 0;
}

int weft_map_put(struct weft_map *map, uint64_t key, uint64_t value)
{
	struct weft_map_slot *slot;

	if (!map->slots || map->used * 10 >= (map->mask + 1) * 7) {
		int rc = grow(map);

		if (rc < 0)
			return rc;
	}
	slot = find(map, key);
	if (slot->key == WEFT_MAP_NONE)
		map->used++;
	slot->key = key;
	slot->value = value;
	return 0;
}

/* Closes the gap: moves back what probing would no longer reach. */
static void remove_slot(struct weft_map *map, struct weft_map_slot *slot)
{
	size_t gap, i;

	map->used--;
	gap = i = (size_t)(slot - map->slots);
	for (;;) {
		size_t home;

		i = (i + 1) & map->mask;
		if (map->slots[i].key == WEFT_MAP_NONE)
			break;
		home = weft_map_home(map, map->slots[i].key);
		if (((i - home) & map->mask) < ((i - gap) & map->mask))
			continue;
		map->slots[gap] = map->slots[i];
		gap = i;
	}
	map->slots[gap].key = WEFT_MAP_NONE;
}

bool weft_map_take(struct weft_map *map, uint64_t key, uint64_t *ret_value)
{
	struct weft_map_slot *slot = map->slots ? find(map, key) : NULL;

	if (!slot || slot->key != key)
		return false;
	*ret_value = slot->value;
	remove_slot(map, slot);
	return true;
}

void weft_map_remove(struct weft_map *map, uint64_t key)
{
	uint64_t value;

	weft_map_take(map, key, &value);
}

void weft_map_finish(struct weft_map *map)
{
	free(map->slots);
	memset(map, 0, sizeof(*map));
}

static uint64_t *word_of(const struct weft_set *set, uint64_t id)
{
	uint64_t *page = weft_map_get(&set->pages, id / 512);

	return page ? &set->bits[*page][id % 512 / 64] : NULL;
}

bool weft_set_has(const struct weft_set *set, uint64_t id)
{
	uint64_t *word = word_of(set, id);

	return word && *word >> id % 64 & 1;
}

int weft_set_add(struct weft_set *set, uint64_t id)
{
	uint64_t *word = word_of(set, id);
	int rc;

	if (!word) {
		rc = weft_grow(&set->bits, set->npages, &set->room, sizeof(*set->bits));
		if (rc == 0)
			rc = weft_map_put(&set->pages, id / 512, set->npages);
		if (rc < 0)
			return rc;
		memset(set->bits[set->npages++], 0, sizeof(*set->bits));
		word = word_of(set, id);
	}
	*word |= UINT64_C(1) << id % 64;
	return 0;
}

void weft_set_remove(struct weft_set *set, uint64_t id)
{
	uint64_t *word = word_of(set, id);

	if (word)
		*word &= ~(UINT64_C(1) << id % 64);
}

void weft_set_finish(struct weft_set *set)
{
	weft_map_finish(&set->pages);
	free(set->bits);
	memset(set, 0, sizeof(*set));
}

int weft_grow(void *array, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 16;
	void *old, *grown;

	if (count < *room)
		return 0;
	memcpy(&old, array, sizeof(old));
	grown = reallocarray(old, more, size);
	if (!grown)
		return -ENOMEM;
	memcpy(array, &grown, sizeof(grown));
	*room = more;
	return 0;
}
