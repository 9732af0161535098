/* SPDX-License-Identifier: MIT
 *
 * Free objects of one kind, kept for their next use: each worker has two magazines of its own, and
 * takes and puts without a lock; whole magazines go to and come from a depot that all share. So a
 * worker that only makes and one that only frees meet once in MAGAZINE objects, and no worker
 * hoards.
 *
 * The first two words of a free object are ours: its links.
 */
#ifndef WEFT_RUNTIME_CACHE_H
#define WEFT_RUNTIME_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/lock.h"

#define WEFT__MAGAZINE 64 /* objects */

struct weft__free {
	struct weft__free *next;     /* in the magazine */
	struct weft__free *magazine; /* the depot's next one; of the first object only */
};

/* A worker's own, zeroed at first. `spare` is full or NULL. */
struct weft__cache {
	struct weft__free *first, *spare;
	uint32_t count; /* from `first` on */
};

struct weft__depot {
	struct weft__lock lock;
	struct weft__free *first; /* full magazines */
	size_t count;
};

/* A full magazine for, or from, the depot. */
void weft__depot_put(struct weft__depot *depot, struct weft__free *magazine);
struct weft__free *weft__depot_get(struct weft__depot *depot); /* or NULL */

/* The slow sides of the two below. */
void *weft__cache_refill(struct weft__cache *cache, struct weft__depot *depot);
void weft__cache_spill(struct weft__cache *cache, struct weft__depot *depot);

/* Calls fn for each object, which goes. */
void weft__magazine_finish(struct weft__free *magazine, void (*fn)(void *object));
void weft__cache_finish(struct weft__cache *cache, void (*fn)(void *object));

/* NULL: there is none. Worker only, as the next. */
static WEFT__NO_TSAN_INLINE void *weft__cache_get(
	struct weft__cache *cache, struct weft__depot *depot)
{
	struct weft__free *object = cache->first;

	if (!object)
		return weft__cache_refill(cache, depot);
	cache->first = object->next;
	cache->count--;
	return object;
}

static WEFT__NO_TSAN_INLINE void weft__cache_put(
	struct weft__cache *cache, struct weft__depot *depot, void *memory)
{
	struct weft__free *object = memory;

	if (cache->count == WEFT__MAGAZINE)
		weft__cache_spill(cache, depot);
	object->next = cache->first;
	cache->first = object;
	cache->count++;
}

#endif
