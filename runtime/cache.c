/* SPDX-License-Identifier: MIT */
#include "runtime/cache.h"

WEFT__NO_TSAN void weft__depot_put(struct weft__depot *depot, struct weft__free *magazine)
{
	weft__lock_unseen(&depot->lock);
	magazine->magazine = depot->first;
	depot->first = magazine;
	depot->count++;
	weft__unlock_unseen(&depot->lock);
}

WEFT__NO_TSAN struct weft__free *weft__depot_get(struct weft__depot *depot)
{
	struct weft__free *magazine;

	weft__lock_unseen(&depot->lock);
	magazine = depot->first;
	if (magazine) {
		depot->first = magazine->magazine;
		depot->count--;
	}
	weft__unlock_unseen(&depot->lock);
	return magazine;
}

WEFT__NO_TSAN void *weft__cache_refill(struct weft__cache *cache, struct weft__depot *depot)
{
	struct weft__free *magazine = cache->spare;

	if (magazine)
		cache->spare = NULL;
	else
		magazine = weft__depot_get(depot);
	if (!magazine)
		return NULL;
	cache->first = magazine->next;
	cache->count = WEFT__MAGAZINE - 1;
	return magazine;
}

WEFT__NO_TSAN void weft__cache_spill(struct weft__cache *cache, struct weft__depot *depot)
{
	if (cache->spare)
		weft__depot_put(depot, cache->spare);
	cache->spare = cache->first;
	cache->first = NULL;
	cache->count = 0;
}

void weft__magazine_finish(struct weft__free *magazine, void (*fn)(void *object))
{
	while (magazine) {
		struct weft__free *next = magazine->next;

		fn(magazine);
		magazine = next;
	}
}

void weft__cache_finish(struct weft__cache *cache, void (*fn)(void *object))
{
	weft__magazine_finish(cache->first, fn);
	weft__magazine_finish(cache->spare, fn);
	*cache = (struct weft__cache){0};
}
