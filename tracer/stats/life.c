/* SPDX-License-Identifier: MIT
 *
 * States: where the time of each thread goes, how long it waited for what and for whom, how late it
 * ran once it was ready, and how many ran at one time.
 */
#include <stdlib.h>

#include "tracer/stats/gather.h"

/* What a thread goes to. */
struct change {
	enum weft_state state;
	uint8_t why;
	uint32_t obj, of;
	uint32_t waker;	   /* who ended its wait */
	uint32_t waker_on; /* with which object */
	uint64_t msg;	   /* and which message */
	const char *where;
};

static void add_reason(
	struct weft_gather *g, struct weft_thread_stats *thread, uint8_t why, int64_t ns)
{
	struct weft_stats *stats = g->stats;
	struct weft_reason *reason;
	uint32_t i = thread->first_reason;

	while (i != WEFT_NO_INDEX && stats->reasons[i].why != why)
		i = stats->reasons[i].next;
	if (i == WEFT_NO_INDEX) {
		if (weft_grow(&stats->reasons, g->nreasons, &g->room_reasons,
			    sizeof(*stats->reasons)) < 0) {
			g->failed = true;
			return;
		}
		i = (uint32_t)g->nreasons++;
		stats->reasons[i] = (struct weft_reason){.next = thread->first_reason, .why = why};
		thread->first_reason = i;
	}
	reason = &stats->reasons[i];
	reason->ns += ns;
	reason->waits++;
}

/* On which side of a channel a thread waited. A message that is still on its way to it tells that
   it received; if the message is its own, or has arrived, it sent. */
static enum weft_side side_of(
	const struct weft_gather *g, uint32_t thread, uint8_t why, const struct change *next)
{
	const uint64_t *flight;

	if (why != WEFT_WHY_SELECT || !next || !next->msg)
		return why == WEFT_WHY_SEND ? WEFT_SIDE_SEND : WEFT_SIDE_RECV;
	flight = weft_map_get(&g->flight_of, next->msg);
	return flight && g->flights[*flight].from != thread ? WEFT_SIDE_RECV : WEFT_SIDE_SEND;
}

static void add_side(struct weft_side_stats *side, int64_t ns)
{
	side->waits++;
	weft_add_ns(&side->total_ns, ns);
	if (ns > side->max_ns)
		side->max_ns = ns;
}

static void keep_wait(struct weft_gather *g, uint32_t i, int64_t begin, int64_t end, uint32_t obj,
	const struct change *next)
{
	const struct weft_thread_stats *thread = &g->stats->threads[i];
	uint32_t slot = weft_longest_offer(&g->waits, end - begin, begin);

	if (slot == WEFT_LONGEST_NONE)
		return;
	g->stats->waits[slot] = (struct weft_wait){
		.begin_ns = begin,
		.end_ns = end,
		.thread = i,
		.waker = next ? next->waker : WEFT_NO_INDEX,
		.obj = obj,
		.where = thread->where,
		.why = thread->why,
		.open = !next,
	};
}

/* A wait that ends, or is open at the end of the trace (next is NULL). */
static void count_wait(
	struct weft_gather *g, uint32_t i, int64_t begin, int64_t end, const struct change *next)
{
	struct weft_stats *stats = g->stats;
	struct weft_thread_stats *thread = &stats->threads[i];
	uint32_t obj = thread->obj == WEFT_NO_INDEX && next ? next->waker_on : thread->obj;
	struct weft_object_stats *object = obj == WEFT_NO_INDEX ? NULL : &stats->objects[obj];

	if (g->chosen.objects && !(object && object->chosen))
		return;
	thread->blocked_ns += end - begin;
	thread->waits++;
	if (end - begin > thread->longest_ns)
		thread->longest_ns = end - begin;
	add_reason(g, thread, thread->why, end - begin);
	if (!thread->chosen)
		return;
	if (object)
		add_side(&object->sides[side_of(g, i, thread->why, next)], end - begin);
	if (thread->sys)
		return;
	if (weft_longest_takes(&g->waits, end - begin))
		keep_wait(g, i, begin, end, obj, next);
	if (next && next->waker != WEFT_NO_INDEX &&
		weft_pairs_add(&stats->pairs, i, next->waker, obj, end - begin) < 0)
		g->failed = true;
}

/* A thread goes from ready to run. */
static void count_start(struct weft_gather *g, uint32_t i)
{
	struct weft_stats *stats = g->stats;
	struct weft_thread_stats *thread = &stats->threads[i];
	int64_t late = g->t - thread->since_ns;

	if (!weft_gather_in_range(g, g->t))
		return;
	thread->starts++;
	if (late > thread->latest_ns)
		thread->latest_ns = late;
	if (thread->sys || !thread->chosen)
		return;
	if (stats->latest == WEFT_NO_INDEX || late > stats->latency.max_ns) {
		stats->latest = i;
		stats->latest_ns = g->t;
	}
	g->failed |= weft_histogram_add(&stats->latency, late) < 0;
}

/* What the thread has done since its last change goes into its sums, clipped to the range. */
static void count_stretch(struct weft_gather *g, uint32_t i, const struct change *next)
{
	struct weft_thread_stats *thread = &g->stats->threads[i];
	int64_t begin = thread->since_ns > g->from_ns ? thread->since_ns : g->from_ns;
	int64_t length = g->t - begin;

	if (length < 0 || (length == 0 && thread->since_ns < begin))
		return; /* over before the range began */
	switch (thread->state) {
	case WEFT_STATE_RUNNING:
		thread->running_ns += length;
		break;
	case WEFT_STATE_READY:
		thread->ready_ns += length;
		break;
	case WEFT_STATE_BLOCKED:
		count_wait(g, i, begin, g->t, next);
		break;
	default:
		thread->unknown_ns += length;
	}
}

static void set_level(struct weft_gather *g, uint32_t i, enum weft_state state, int by)
{
	const struct weft_thread_stats *thread = &g->stats->threads[i];

	if (state != WEFT_STATE_UNKNOWN && thread->chosen && !thread->sys)
		g->stats->levels.now[state] += (uint32_t)by;
}

static void change(struct weft_gather *g, uint32_t i, const struct change *next)
{
	struct weft_thread_stats *thread = &g->stats->threads[i];

	if (thread->ended)
		return;
	weft_levels_advance(&g->stats->levels, g->t);
	count_stretch(g, i, next);
	if (thread->state == WEFT_STATE_READY && next->state == WEFT_STATE_RUNNING)
		count_start(g, i);
	set_level(g, i, thread->state, -1);
	set_level(g, i, next->state, 1);
	thread->state = (uint8_t)next->state;
	thread->why = next->why;
	thread->obj = next->obj;
	thread->of = next->of;
	thread->where = next->where;
	thread->since_ns = g->t;
	thread->ncases = 0;
}

/* Those of channels that were introduced: a case is too short to make one for. */
static void keep_cases(struct weft_gather *g, uint32_t i, const struct weft_record *rec)
{
	for (uint32_t n = 0; n < rec->ncases; n++) {
		uint32_t obj = weft_ids_get(&g->object_of, rec->cases[n].on);
		struct weft_thread_stats *thread = &g->stats->threads[i];
		size_t room = thread->room_cases;

		if (obj == WEFT_NO_INDEX)
			continue;
		if (weft_grow(&thread->cases, thread->ncases, &room, sizeof(*thread->cases)) < 0) {
			g->failed = true;
			return;
		}
		thread->room_cases = (uint32_t)room;
		thread->cases[thread->ncases++] = (struct weft_stats_case){
			.obj = obj,
			.send = rec->cases[n].dir == WEFT_DIR_SEND,
		};
	}
}

static void take_block(struct weft_gather *g, uint32_t i, const struct weft_record *rec)
{
	struct change next = {
		.state = WEFT_STATE_BLOCKED,
		.why = rec->kind == WEFT_EV_SLEEP ? WEFT_WHY_SLEEP : rec->why,
		.obj = weft_gather_object(g, rec->on, WEFT_OBJ_OTHER),
		.of = weft_gather_thread(g, rec->of),
		.waker = WEFT_NO_INDEX,
		.waker_on = WEFT_NO_INDEX,
		.where = weft_gather_where(g, rec),
	};

	if (rec->kind == WEFT_EV_STATE) {
		next.state = rec->state;
		if (rec->state != WEFT_STATE_BLOCKED)
			next.obj = next.of = WEFT_NO_INDEX;
	}
	change(g, i, &next);
	if (next.state == WEFT_STATE_BLOCKED && rec->ncases)
		keep_cases(g, i, rec);
}

static void take_unblock(struct weft_gather *g, uint32_t i, const struct weft_record *rec)
{
	struct change next = {
		.state = WEFT_STATE_READY,
		.obj = WEFT_NO_INDEX,
		.of = WEFT_NO_INDEX,
		.waker = weft_gather_thread(g, rec->co),
		.waker_on = weft_gather_object(g, rec->on, WEFT_OBJ_OTHER),
		.msg = rec->msg,
	};

	change(g, i, &next);
}

/* To a state without an object. */
static void take_plain(struct weft_gather *g, uint32_t i, enum weft_state state)
{
	struct change next = {
		.state = state,
		.obj = WEFT_NO_INDEX,
		.of = WEFT_NO_INDEX,
		.waker = WEFT_NO_INDEX,
		.waker_on = WEFT_NO_INDEX,
	};

	change(g, i, &next);
}

static void take_exit(struct weft_gather *g, uint32_t i, const struct weft_record *rec)
{
	struct weft_thread_stats *thread = &g->stats->threads[i];

	if (thread->ended)
		return;
	take_plain(g, i, WEFT_STATE_UNKNOWN);
	thread->ended = true;
	thread->died_ns = g->t;
	thread->exit_why = rec->why;
}

void weft_life_spawn(struct weft_gather *g, uint32_t i)
{
	weft_levels_advance(&g->stats->levels, g->t);
	set_level(g, i, WEFT_STATE_READY, 1);
	g->stats->threads[i].state = WEFT_STATE_READY;
}

void weft_life_record(struct weft_gather *g, const struct weft_record *rec)
{
	uint32_t i = weft_gather_thread(g, rec->kind == WEFT_EV_UNBLOCK ? rec->to : rec->co);

	if (i == WEFT_NO_INDEX)
		return;
	switch (rec->kind) {
	case WEFT_EV_RUN:
		take_plain(g, i, WEFT_STATE_RUNNING);
		break;
	case WEFT_EV_YIELD:
		take_plain(g, i, WEFT_STATE_READY);
		break;
	case WEFT_EV_UNBLOCK:
		take_unblock(g, i, rec);
		break;
	case WEFT_EV_EXIT:
		take_exit(g, i, rec);
		break;
	default:
		take_block(g, i, rec);
	}
}

void weft_life_end(struct weft_gather *g)
{
	weft_levels_advance(&g->stats->levels, g->t);
	for (uint32_t i = 0; i < g->stats->nthreads; i++) {
		if (!g->stats->threads[i].ended)
			count_stretch(g, i, NULL);
	}
}
