/* SPDX-License-Identifier: MIT
 *
 * A list of pairs and a hash table of where each is in it.
 */
#include "tracer/stats/pairs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/trace/map.h"

#define FIRST_SLOTS 64

static size_t hash(uint32_t waiter, uint32_t waker, uint32_t obj)
{
	uint64_t key = (uint64_t)waiter << 32 | waker;

	key = (key ^ key >> 29) * UINT64_C(0xbf58476d1ce4e5b9) + obj;
	key = (key ^ key >> 32) * UINT64_C(0x94d049bb133111eb);
	return (size_t)(key ^ key >> 31);
}

/* The pair's slot, or the empty one where it would go. */
static uint32_t *find(const struct weft_pairs *pairs, uint32_t waiter, uint32_t waker, uint32_t obj)
{
	for (size_t i = hash(waiter, waker, obj) & pairs->mask;; i = (i + 1) & pairs->mask) {
		const struct weft_pair *pair;

		if (!pairs->slots[i])
			return &pairs->slots[i];
		pair = &pairs->list[pairs->slots[i] - 1];
		if (pair->waiter == waiter && pair->waker == waker && pair->obj == obj)
			return &pairs->slots[i];
	}
}

static int grow(struct weft_pairs *pairs)
{
	size_t count = pairs->slots ? (pairs->mask + 1) * 2 : FIRST_SLOTS;
	uint32_t *slots = calloc(count, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	free(pairs->slots);
	pairs->slots = slots;
	pairs->mask = count - 1;
	for (size_t i = 0; i < pairs->count; i++) {
		const struct weft_pair *pair = &pairs->list[i];

		*find(pairs, pair->waiter, pair->waker, pair->obj) = (uint32_t)i + 1;
	}
	return 0;
}

int weft_pairs_add(
	struct weft_pairs *pairs, uint32_t waiter, uint32_t waker, uint32_t obj, int64_t ns)
{
	struct weft_pair *pair;
	uint32_t *slot;

	if ((!pairs->slots || pairs->count * 10 >= (pairs->mask + 1) * 7) && grow(pairs) < 0)
		return -ENOMEM;
	slot = find(pairs, waiter, waker, obj);
	if (!*slot) {
		if (pairs->count >= UINT32_MAX - 1 ||
			weft_grow(&pairs->list, pairs->count, &pairs->room, sizeof(*pairs->list)) <
				0)
			return -ENOMEM;
		pairs->list[pairs->count++] = (struct weft_pair){waiter, waker, obj, 0, 0, 0};
		*slot = (uint32_t)pairs->count;
	}
	pair = &pairs->list[*slot - 1];
	pair->waits++;
	pair->total_ns += ns;
	if (ns > pair->max_ns)
		pair->max_ns = ns;
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct weft_pair *a = left, *b = right;

	if (a->total_ns != b->total_ns)
		return a->total_ns > b->total_ns ? -1 : 1;
	if (a->waits != b->waits)
		return a->waits > b->waits ? -1 : 1;
	if (a->waiter != b->waiter)
		return a->waiter < b->waiter ? -1 : 1;
	if (a->waker != b->waker)
		return a->waker < b->waker ? -1 : 1;
	return a->obj < b->obj ? -1 : a->obj > b->obj;
}

void weft_pairs_sort(struct weft_pairs *pairs)
{
	if (pairs->count)
		qsort(pairs->list, pairs->count, sizeof(*pairs->list), compare);
	free(pairs->slots);
	pairs->slots = NULL;
}

void weft_pairs_finish(struct weft_pairs *pairs)
{
	free(pairs->list);
	free(pairs->slots);
	memset(pairs, 0, sizeof(*pairs));
}
