/* SPDX-License-Identifier: MIT
 *
 * Who is left at the end, and who waits in a circle. For a lock that one thread has, and for the
 * end of a thread, it is certain for whom somebody waits, so each thread has at most one such
 * successor, and all circles are found by following each thread once.
 */
#include <stdlib.h>

#include "tracer/stats/gather.h"

static int by_wait(const void *left, const void *right, void *arg)
{
	const struct weft_stats *stats = arg;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	int64_t since_a = stats->threads[a].since_ns, since_b = stats->threads[b].since_ns;

	if (since_a != since_b)
		return since_a < since_b ? -1 : 1;
	return a < b ? -1 : a > b;
}

/* Whether what a thread waits for is chosen. */
static bool waits_for_chosen(const struct weft_stats *stats, const struct weft_thread_stats *thread)
{
	if (thread->obj != WEFT_NO_INDEX && stats->objects[thread->obj].chosen)
		return true;
	for (uint32_t i = 0; i < thread->ncases; i++) {
		if (stats->objects[thread->cases[i].obj].chosen)
			return true;
	}
	return false;
}

static void list_left(struct weft_gather *g)
{
	struct weft_stats *stats = g->stats;

	stats->left = calloc((size_t)stats->nthreads + 1, sizeof(*stats->left));
	if (!stats->left) {
		g->failed = true;
		return;
	}
	for (uint32_t i = 0; i < stats->nthreads; i++) {
		const struct weft_thread_stats *thread = &stats->threads[i];

		if (!thread->ended && !thread->sys && thread->chosen &&
			(!g->chosen.objects || waits_for_chosen(stats, thread)))
			stats->left[stats->nleft++] = i;
	}
	qsort_r(stats->left, stats->nleft, sizeof(*stats->left), by_wait, stats);
}

/* The one thread that can end the wait of thread i, or WEFT_NO_INDEX: nobody, or unknown. */
static uint32_t successor(const struct weft_stats *stats, uint32_t i)
{
	const struct weft_thread_stats *thread = &stats->threads[i];

	if (thread->ended || thread->state != WEFT_STATE_BLOCKED)
		return WEFT_NO_INDEX;
	if (thread->why == WEFT_WHY_JOIN)
		return thread->of;
	return thread->obj == WEFT_NO_INDEX ? WEFT_NO_INDEX : stats->objects[thread->obj].holder;
}

/* Whether one in the circle is chosen, and if channels are, what one waits for. */
static bool is_chosen_cycle(const struct weft_gather *g, uint32_t first)
{
	const struct weft_stats *stats = g->stats;
	bool thread = false, object = !g->chosen.objects;
	uint32_t i = first;

	do {
		thread |= stats->threads[i].chosen;
		object |= waits_for_chosen(stats, &stats->threads[i]);
	} while ((i = successor(stats, i)) != first);
	return thread && object;
}

static int add_cycle(struct weft_stats *stats, size_t *room, uint32_t first)
{
	struct weft_cycle cycle = {NULL, 0};
	uint32_t i = first;

	do
		cycle.count++;
	while ((i = successor(stats, i)) != first);
	cycle.threads = calloc(cycle.count, sizeof(*cycle.threads));
	if (!cycle.threads ||
		weft_grow(&stats->cycles, stats->ncycles, room, sizeof(*stats->cycles)) < 0) {
		free(cycle.threads);
		return -1;
	}
	for (uint32_t n = 0; n < cycle.count; n++, i = successor(stats, i))
		cycle.threads[n] = i;
	stats->cycles[stats->ncycles++] = cycle;
	return 0;
}

/* Each walk stops where it, or an earlier one, has been: in a circle if it was this one. */
static void find_cycles(struct weft_gather *g)
{
	struct weft_stats *stats = g->stats;
	uint32_t *walk = calloc((size_t)stats->nthreads + 1, sizeof(*walk)); /* 1 + the first */
	size_t room = 0;

	for (uint32_t first = 0; walk && first < stats->nthreads; first++) {
		uint32_t i = first;

		while (i != WEFT_NO_INDEX && walk[i] == 0) {
			walk[i] = first + 1;
			i = successor(stats, i);
		}
		if (i != WEFT_NO_INDEX && walk[i] == first + 1 && is_chosen_cycle(g, i))
			g->failed |= add_cycle(stats, &room, i) < 0;
	}
	g->failed |= !walk;
	free(walk);
}

void weft_ending(struct weft_gather *g)
{
	list_left(g);
	if (!g->failed)
		find_cycles(g);
}
