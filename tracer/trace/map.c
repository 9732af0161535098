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

/* The first run that ends behind the page, or as many as there are. */
static size_t find_run(const struct weft_set *set, uint64_t page)
{
	size_t low = 0, high = set->nruns;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->runs[middle].end <= page)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_folded(const struct weft_set *set, uint64_t page)
{
	size_t i = find_run(set, page);

	return i < set->nruns && set->runs[i].begin <= page;
}

bool weft_set_has(const struct weft_set *set, uint64_t id)
{
	uint64_t *word = word_of(set, id);

	return word ? *word >> id % 64 & 1 : is_folded(set, id / 512);
}

/* A page for the ids around `id`, all of them absent. */
static int add_page(struct weft_set *set, uint64_t id)
{
	size_t index = set->nspare > 0 ? set->spare[set->nspare - 1] : set->npages;
	int rc = 0;

	if (index == set->npages)
		rc = weft_grow(&set->bits, set->npages, &set->room, sizeof(*set->bits));
	if (rc == 0)
		rc = weft_map_put(&set->pages, id / 512, index);
	if (rc < 0)
		return rc;
	if (index == set->npages)
		set->npages++;
	else
		set->nspare--;
	memset(set->bits[index], 0, sizeof(*set->bits));
	return 0;
}

static int insert_run(struct weft_set *set, size_t at, struct weft_run run)
{
	int rc = weft_grow(&set->runs, set->nruns, &set->runs_room, sizeof(*set->runs));

	if (rc < 0)
		return rc;
	memmove(&set->runs[at + 1], &set->runs[at], (set->nruns++ - at) * sizeof(*set->runs));
	set->runs[at] = run;
	return 0;
}

/* A page that is full becomes part of a run, so that a million ids in a row take no room. */
static int fold(struct weft_set *set, uint64_t page)
{
	size_t i = find_run(set, page), index = *weft_map_get(&set->pages, page);
	bool behind = i > 0 && set->runs[i - 1].end == page;
	bool before = i < set->nruns && set->runs[i].begin == page + 1;
	int rc = weft_grow(&set->spare, set->nspare, &set->spare_room, sizeof(*set->spare));

	if (rc == 0 && !behind && !before)
		rc = insert_run(set, i, (struct weft_run){page, page + 1});
	if (rc < 0)
		return rc;
	if (behind && before) {
		set->runs[i - 1].end = set->runs[i].end;
		memmove(&set->runs[i], &set->runs[i + 1], (--set->nruns - i) * sizeof(*set->runs));
	} else if (behind) {
		set->runs[i - 1].end++;
	} else if (before) {
		set->runs[i].begin--;
	}
	weft_map_remove(&set->pages, page);
	set->spare[set->nspare++] = index;
	return 0;
}

/* The other way: the page of an id that is to be taken out. */
static int unfold(struct weft_set *set, uint64_t page)
{
	size_t i = find_run(set, page);
	struct weft_run run = set->runs[i];
	int rc = insert_run(set, i + 1, (struct weft_run){page + 1, run.end});

	if (rc == 0)
		rc = add_page(set, page * 512);
	if (rc < 0)
		return rc;
	memset(set->bits[*weft_map_get(&set->pages, page)], 0xff, sizeof(*set->bits));
	set->runs[i].end = page;
	return 0;
}

int weft_set_add(struct weft_set *set, uint64_t id)
{
	uint64_t *word = word_of(set, id);
	int rc;

	if (!word) {
		if (is_folded(set, id / 512))
			return 0;
		rc = add_page(set, id);
		if (rc < 0)
			return rc;
		word = word_of(set, id);
	}
	*word |= UINT64_C(1) << id % 64;
	if (*word != UINT64_MAX)
		return 0;
	for (int i = 0; i < 8; i++) {
		if (word_of(set, id / 512 * 512)[i] != UINT64_MAX)
			return 0;
	}
	return fold(set, id / 512);
}

int weft_set_remove(struct weft_set *set, uint64_t id)
{
	uint64_t *word = word_of(set, id);
	int rc;

	if (!word && is_folded(set, id / 512)) {
		rc = unfold(set, id / 512);
		if (rc < 0)
			return rc;
		word = word_of(set, id);
	}
	if (word)
		*word &= ~(UINT64_C(1) << id % 64);
	return 0;
}

void weft_set_finish(struct weft_set *set)
{
	weft_map_finish(&set->pages);
	free(set->bits);
	free(set->runs);
	free(set->spare);
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
