/* SPDX-License-Identifier: MIT
 *
 * Takes the records and hands each to who counts it.
 */
#include "tracer/stats/gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int weft_gather_init(struct weft_gather *g, const struct weft_stats_filter *filter,
	const struct weft_chosen *chosen, uint32_t longest)
{
	*g = (struct weft_gather){
		.stats = calloc(1, sizeof(*g->stats)),
		.chosen = *chosen,
		.from_ns = filter->from_ns,
		.to_ns = filter->to_ns,
		.arena = weft_arena_create(),
	};
	if (!g->stats || !g->arena)
		return -ENOMEM;
	g->stats->arena = g->arena;
	if (weft_longest_init(&g->waits, longest) < 0 || weft_longest_init(&g->trips, longest) < 0)
		return -ENOMEM;
	g->stats->latest = WEFT_NO_INDEX;
	g->stats->waits = calloc((size_t)longest + 1, sizeof(*g->stats->waits));
	g->stats->trips = calloc((size_t)longest + 1, sizeof(*g->stats->trips));
	weft_levels_init(&g->stats->levels, filter->from_ns);
	return g->stats->waits && g->stats->trips ? 0 : -ENOMEM;
}

void weft_gather_finish(struct weft_gather *g)
{
	weft_traffic_finish(g);
	weft_ids_finish(&g->thread_of);
	weft_ids_finish(&g->object_of);
	weft_ids_finish(&g->loc_of);
	weft_ids_finish(&g->stack_of);
	weft_map_finish(&g->flight_of);
	weft_map_finish(&g->hold_of);
	weft_longest_finish(&g->waits);
	weft_longest_finish(&g->trips);
	free(g->locs);
	free(g->stacks);
	free(g->flights);
	free(g->holds);
	if (!g->stats || !g->stats->arena)
		weft_arena_free(g->arena);
}

/* ---- Records --------------------------------------------------------------------------------- */

int weft_gather_header(void *arg, const struct weft_header *header)
{
	struct weft_gather *g = arg;
	struct weft_stats *stats = g->stats;
	const char *title = header->title && header->title[0] ? header->title : header->exe;

	stats->title = weft_gather_intern(g, title && title[0] ? title : NULL);
	stats->source = weft_gather_intern(g, header->source);
	stats->clock = weft_gather_intern(g, header->clock ? header->clock : "");
	stats->caps = header->caps;
	stats->workers = header->workers;
	g->sched = header->caps & UINT32_C(1) << WEFT_CAP_SCHED;
	return g->failed ? -ENOMEM : 0;
}

static void take(struct weft_gather *g, const struct weft_record *rec)
{
	switch (rec->kind) {
	case WEFT_EV_LOC:
		weft_cast_loc(g, rec);
		break;
	case WEFT_EV_STACK:
		weft_cast_stack(g, rec);
		break;
	case WEFT_EV_MAKE:
		weft_cast_make(g, rec);
		break;
	case WEFT_EV_SPAWN:
		weft_cast_spawn(g, rec);
		break;
	case WEFT_EV_STATE:
	case WEFT_EV_RUN:
	case WEFT_EV_YIELD:
	case WEFT_EV_BLOCK:
	case WEFT_EV_SLEEP:
	case WEFT_EV_UNBLOCK:
	case WEFT_EV_EXIT:
		weft_life_record(g, rec);
		break;
	case WEFT_EV_SEND:
	case WEFT_EV_RECV:
	case WEFT_EV_UNSEND:
		weft_traffic_record(g, rec);
		break;
	case WEFT_EV_ACQUIRE:
	case WEFT_EV_RELEASE:
		weft_locks_record(g, rec);
		break;
	case WEFT_EV_CLOSE:
	case WEFT_EV_FREE:
		weft_cast_object_end(g, rec);
		break;
	default:
		break;
	}
}

int weft_gather_record(void *arg, const struct weft_record *rec)
{
	struct weft_gather *g = arg;

	if (rec->t > g->end)
		g->end = rec->t;
	if (g->end >= g->to_ns && !g->over) {
		g->t = g->to_ns;
		g->over = true;
	}
	if (!g->over)
		g->t = g->end;
	if (rec->w >= g->stats->workers)
		g->stats->workers = rec->w + 1;
	switch (rec->kind) {
	case WEFT_EV_NAME:
		weft_cast_name(g, rec);
		break;
	case WEFT_EV_DROP:
		g->stats->dropped += (uint64_t)rec->n;
		break;
	case WEFT_EV_EOF:
		g->stats->complete = true;
		g->stats->eof_why = rec->why;
		break;
	default:
		if (!g->over)
			take(g, rec);
	}
	return g->failed ? -ENOMEM : 0;
}

/* ---- The end --------------------------------------------------------------------------------- */

/* By a chosen thread, in the range. */
static bool is_used(const struct weft_object_stats *object)
{
	return object->sent || object->received || object->pending || object->acquired ||
	       object->held_ns || object->sides[WEFT_SIDE_RECV].waits ||
	       object->sides[WEFT_SIDE_SEND].waits;
}

static void sum_up(struct weft_gather *g)
{
	struct weft_stats *stats = g->stats;

	for (uint32_t i = 0; i < stats->nthreads; i++) {
		const struct weft_thread_stats *thread = &stats->threads[i];

		if (thread->sys || !thread->chosen)
			continue;
		stats->nchosen++;
		weft_add_ns(&stats->running_ns, thread->running_ns);
		weft_add_ns(&stats->ready_ns, thread->ready_ns);
		weft_add_ns(&stats->blocked_ns, thread->blocked_ns);
		weft_add_ns(&stats->unknown_ns, thread->unknown_ns);
		for (uint32_t r = thread->first_reason; r != WEFT_NO_INDEX;
			r = stats->reasons[r].next)
			weft_add_ns(&stats->why_ns[stats->reasons[r].why], stats->reasons[r].ns);
	}
	for (uint32_t i = 0; i < stats->nobjects; i++) {
		struct weft_object_stats *object = &stats->objects[i];

		object->chosen &= !g->chosen.threads || is_used(object);
		if (!object->chosen)
			continue;
		stats->nchannels += object->type == WEFT_OBJ_CHAN;
		stats->nlocks += weft_obj_is_lock(object->type);
		stats->sent += object->sent;
		stats->received += object->received;
		stats->withdrawn += object->withdrawn;
		stats->pending += object->pending;
		g->failed |= weft_histogram_merge(&stats->queue, &object->queue) < 0;
	}
}

/* Brings what was kept beside the heaps into their order. */
static int sort_longest(struct weft_gather *g)
{
	struct weft_stats *stats = g->stats;
	struct weft_wait *waits = calloc((size_t)g->waits.room + 1, sizeof(*waits));
	struct weft_trip *trips = calloc((size_t)g->trips.room + 1, sizeof(*trips));

	if (!waits || !trips) {
		free(waits);
		free(trips);
		return -ENOMEM;
	}
	weft_longest_sort(&g->waits);
	weft_longest_sort(&g->trips);
	for (uint32_t i = 0; i < g->waits.count; i++)
		waits[i] = stats->waits[g->waits.entries[i].slot];
	for (uint32_t i = 0; i < g->trips.count; i++)
		trips[i] = stats->trips[g->trips.entries[i].slot];
	free(stats->waits);
	free(stats->trips);
	stats->waits = waits;
	stats->trips = trips;
	stats->nwaits = g->waits.count;
	stats->ntrips = g->trips.count;
	return 0;
}

int weft_gather_end(struct weft_gather *g, const char *path)
{
	struct weft_stats *stats = g->stats;
	const char *slash = strrchr(path, '/');

	if (!stats->title)
		stats->title = weft_gather_intern(g, slash ? slash + 1 : path);
	stats->length_ns = g->end;
	stats->to_ns = g->t;
	stats->from_ns = g->from_ns < g->t ? g->from_ns : g->t;
	weft_life_end(g);
	weft_traffic_end(g);
	weft_locks_end(g);
	weft_ending(g);
	weft_cast_end(g);
	sum_up(g);
	weft_pairs_sort(&stats->pairs);
	return g->failed ? -ENOMEM : sort_longest(g);
}
