/* SPDX-License-Identifier: MIT
 *
 * Locks: how often each was taken, how long it was held, who holds it. Waits for it are counted
 * with the other waits, in life.c.
 */
#include <stdlib.h>

#include "tracer/stats/gather.h"

bool weft_obj_is_lock(unsigned type)
{
	return type == WEFT_OBJ_MUTEX || type == WEFT_OBJ_RWLOCK || type == WEFT_OBJ_SEMAPHORE ||
	       type == WEFT_OBJ_ONCE;
}

/* Whether nobody else can have it at the same time, so that who waits, waits for the holder. */
static bool is_exclusive(uint8_t type, uint8_t mode)
{
	enum { READ = 1 };

	return (type == WEFT_OBJ_MUTEX || type == WEFT_OBJ_RWLOCK || type == WEFT_OBJ_ONCE) &&
	       mode != READ;
}

static uint64_t key_of(uint32_t obj, uint32_t thread)
{
	return (uint64_t)obj << 32 | thread;
}

static struct weft_hold *new_hold(struct weft_gather *g, uint32_t obj, uint32_t thread)
{
	uint32_t slot = weft_slots_take(&g->hold_slots, &g->holds, sizeof(*g->holds));

	if (slot == UINT32_MAX || weft_map_put(&g->hold_of, key_of(obj, thread), slot) < 0) {
		g->failed = true;
		return NULL;
	}
	g->holds[slot] = (struct weft_hold){.obj = obj, .thread = thread, .since_ns = g->t};
	return &g->holds[slot];
}

static bool counts(const struct weft_gather *g, uint32_t obj, uint32_t thread)
{
	return g->stats->objects[obj].chosen && g->stats->threads[thread].chosen;
}

static void take_acquire(
	struct weft_gather *g, uint32_t obj, uint32_t thread, const struct weft_record *rec)
{
	struct weft_object_stats *object = &g->stats->objects[obj];
	const uint64_t *slot = weft_map_get(&g->hold_of, key_of(obj, thread));
	struct weft_hold *hold = slot ? &g->holds[*slot] : new_hold(g, obj, thread);

	if (!hold)
		return;
	hold->count++;
	if (is_exclusive(object->type, rec->mode))
		object->holder = thread;
	if (weft_gather_in_range(g, g->t) && counts(g, obj, thread))
		object->acquired++;
}

/* The part of a hold that is in the range. */
static void count_held(struct weft_gather *g, const struct weft_hold *hold)
{
	int64_t begin = hold->since_ns > g->from_ns ? hold->since_ns : g->from_ns;

	if (g->t > begin && counts(g, hold->obj, hold->thread))
		weft_add_ns(&g->stats->objects[hold->obj].held_ns, g->t - begin);
}

static void take_release(struct weft_gather *g, uint32_t obj, uint32_t thread)
{
	struct weft_object_stats *object = &g->stats->objects[obj];
	const uint64_t *slot = weft_map_get(&g->hold_of, key_of(obj, thread));
	struct weft_hold *hold;
	uint32_t freed;

	if (!slot)
		return; /* a semaphore may be given back by somebody else */
	freed = (uint32_t)*slot;
	hold = &g->holds[freed];
	if (--hold->count > 0)
		return;
	count_held(g, hold);
	if (weft_gather_in_range(g, g->t) && counts(g, obj, thread))
		g->failed |= weft_histogram_add(&object->held, g->t - hold->since_ns) < 0;
	if (object->holder == thread)
		object->holder = WEFT_NO_INDEX;
	weft_map_remove(&g->hold_of, key_of(obj, thread));
	weft_slots_give(&g->hold_slots, &g->holds, sizeof(*g->holds), freed);
	g->holds[freed].count = 0;
}

void weft_locks_record(struct weft_gather *g, const struct weft_record *rec)
{
	uint32_t thread = weft_gather_thread(g, rec->co);
	uint32_t obj = weft_gather_object(g, rec->on, WEFT_OBJ_OTHER);

	if (g->failed || thread == WEFT_NO_INDEX || obj == WEFT_NO_INDEX || !rec->ok)
		return;
	if (rec->kind == WEFT_EV_ACQUIRE)
		take_acquire(g, obj, thread, rec);
	else
		take_release(g, obj, thread);
}

static int by_time(const void *left, const void *right)
{
	const struct weft_held *a = left, *b = right;

	if (a->since_ns != b->since_ns)
		return a->since_ns < b->since_ns ? -1 : 1;
	return a->obj < b->obj ? -1 : a->obj > b->obj;
}

void weft_locks_end(struct weft_gather *g)
{
	struct weft_stats *stats = g->stats;

	stats->held = calloc(g->hold_slots.count + 1, sizeof(*stats->held));
	if (!stats->held) {
		g->failed = true;
		return;
	}
	for (size_t i = 0; i < g->hold_slots.count; i++) {
		const struct weft_hold *hold = &g->holds[i];

		if (hold->count == 0)
			continue;
		count_held(g, hold);
		if (counts(g, hold->obj, hold->thread))
			stats->held[stats->nheld++] =
				(struct weft_held){hold->obj, hold->thread, hold->since_ns};
	}
	qsort(stats->held, stats->nheld, sizeof(*stats->held), by_time);
}
