/* SPDX-License-Identifier: MIT */
#include "tracer/record/idmap.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/record/names.h"

static size_t home(const struct weft__idmap *map, uint64_t id)
{
	return weft__hash_number(id) & (map->size - 1);
}

static size_t slot_of(const struct weft__idmap *map, uint64_t id)
{
	size_t i = home(map, id);

	while (map->slots[i].id && map->slots[i].id != id)
		i = (i + 1) & (map->size - 1);
	return i;
}

static int grow(struct weft__idmap *map)
{
	struct weft__idmap bigger = {.size = map->size ? map->size * 2 : 64, .used = map->used};

	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -1;
	for (size_t i = 0; i < map->size; i++) {
		if (map->slots[i].id)
			bigger.slots[slot_of(&bigger, map->slots[i].id)] = map->slots[i];
	}
	free(map->slots);
	*map = bigger;
	return 0;
}

void *weft__idmap_add(struct weft__idmap *map, uint64_t id, size_t bytes)
{
	struct weft__idslot *slot;
	void *value;

	if (!id || (map->used * 2 >= map->size && grow(map) < 0))
		return NULL;
	value = calloc(1, bytes);
	if (!value)
		return NULL;
	slot = &map->slots[slot_of(map, id)];
	if (slot->id)
		free(slot->value);
	else
		map->used++;
	*slot = (struct weft__idslot){id, value};
	return value;
}

void *weft__idmap_find(const struct weft__idmap *map, uint64_t id)
{
	return map->size && id ? map->slots[slot_of(map, id)].value : NULL;
}

void *weft__idmap_take(struct weft__idmap *map, uint64_t id)
{
	void *value = weft__idmap_find(map, id);
	size_t mask = map->size - 1;
	size_t gap, i;

	if (!value)
		return NULL;
	gap = slot_of(map, id);
	map->used--;
	/* Whoever stands behind the gap and belongs at or before it moves in; his place is the gap.
	 */
	for (i = (gap + 1) & mask; map->slots[i].id; i = (i + 1) & mask) {
		size_t want = home(map, map->slots[i].id);

		if (((i - want) & mask) >= ((i - gap) & mask)) {
			map->slots[gap] = map->slots[i];
			gap = i;
		}
	}
	map->slots[gap] = (struct weft__idslot){0, NULL};
	return value;
}

void weft__idmap_free(struct weft__idmap *map, void (*drop)(void *value))
{
	for (size_t i = 0; i < map->size; i++) {
		if (map->slots[i].id)
			drop(map->slots[i].value);
	}
	free(map->slots);
	memset(map, 0, sizeof(*map));
}
