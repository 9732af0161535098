/* SPDX-License-Identifier: MIT
 *
 * Threads as lines: their states, where they begin and end, who woke whom.
 */
#include <math.h>
#include <stdlib.h>

#include "viewer/scene_parts.h"
#include "viewer/xalloc.h"

/* A state is at least this long on paper; shorter ones share a piece of it. */
#define PIECE 1.5
/* Wakes between the same threads within this many units are one line. */
#define WAKE_ROW 3.0

static enum scene_look look_of(unsigned state, unsigned why)
{
	switch (state) {
	case WEFT_STATE_READY:
		return SCENE_READY;
	case WEFT_STATE_RUNNING:
		return SCENE_RUNNING;
	case WEFT_STATE_BLOCKED:
		break;
	default:
		return SCENE_LIFE;
	}
	switch (why) {
	case WEFT_WHY_SEND:
		return SCENE_SEND;
	case WEFT_WHY_RECV:
		return SCENE_RECV;
	case WEFT_WHY_SELECT:
		return SCENE_SELECT;
	case WEFT_WHY_JOIN:
	case WEFT_WHY_WAITGROUP:
		return SCENE_JOIN;
	case WEFT_WHY_SLEEP:
		return SCENE_SLEEP;
	default:
		return SCENE_WAIT;
	}
}

static void find_looks(struct scene_work *w)
{
	for (unsigned state = 0; state < WEFT_STATE_COUNT; state++)
		if (state != WEFT_STATE_BLOCKED && w->l->states >> state & 1)
			w->s->looks |= 1u << look_of(state, WEFT_WHY_NONE);
	for (unsigned why = 0; why < WEFT_WHY_COUNT; why++)
		if (w->l->whys >> why & 1)
			w->s->looks |= 1u << look_of(WEFT_STATE_BLOCKED, why);
}

static void add_piece(struct scene_work *w, const struct extent *e, double y0, double y1,
	const struct weft_span *span)
{
	enum scene_look look = span ? look_of(span->state, span->why) : SCENE_LIFE;
	uint8_t why = look >= SCENE_SEND ? span->why : WEFT_WHY_NONE;
	struct scene_lane *last = w->s->nlanes ? &w->s->lanes[w->s->nlanes - 1] : NULL;

	if (last && last->thread == e->thread && last->look == look && last->why == why &&
		last->y1 >= y0 - 0.01) {
		last->y1 = y1;
		return;
	}
	*SCENE_ADD(w, lanes) = (struct scene_lane){.x = e->x,
		.y0 = y0,
		.y1 = y1,
		.thread = e->thread,
		.look = (uint8_t)look,
		.why = why};
}

/* The first span of spans[lo..hi) that ends after t, or hi. */
static uint32_t span_after(const struct weft_span *spans, uint32_t lo, uint32_t hi, int64_t t_ns)
{
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (spans[mid].end_ns <= t_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Which of the spans that share a piece is shown: a running one, else the longest of a few. */
static uint32_t most_telling(const struct weft_span *spans, uint32_t lo, uint32_t hi)
{
	uint32_t best = lo;

	for (uint32_t i = lo; i < hi && i < lo + 8; i++) {
		if (spans[i].state == WEFT_STATE_RUNNING)
			return i;
		if (spans[i].end_ns - spans[i].begin_ns > spans[best].end_ns - spans[best].begin_ns)
			best = i;
	}
	return best;
}

static void add_states(struct scene_work *w, const struct extent *e)
{
	const struct weft_thread *thread = &w->t->threads[e->thread];
	const struct weft_span *spans = w->t->spans;
	uint32_t end = thread->first_span + thread->nspans;
	uint32_t i = span_after(spans, thread->first_span, end, w->t0_ns);
	double y = e->y0;

	while (i < end && y < e->y1) {
		double stop = fmin(scene_time_to_y(w, spans[i].end_ns), e->y1);
		uint32_t shown = i;

		if (i + 1 == end)
			stop = e->y1;
		if (stop - y < PIECE && i + 1 < end) {
			double piece = fmin(y + PIECE, e->y1);
			int64_t t_ns = timescale_t(w->ts, scene_y_to_axis(w->v, piece));
			uint32_t next = span_after(spans, i + 1, end, t_ns);

			shown = most_telling(spans, i, next);
			stop = piece;
			i = next;
		} else {
			i++;
		}
		add_piece(w, e, y, stop, &spans[shown]);
		y = stop;
	}
	if (y < e->y1)
		add_piece(w, e, y, e->y1, NULL);
}

static bool alive_at(const struct weft_thread *t, int64_t t_ns)
{
	return t->born_ns <= t_ns && (!t->ended || t->died_ns >= t_ns);
}

static void add_tie(struct scene_work *w, uint32_t thread, int64_t t_ns, bool end)
{
	uint32_t parent = w->t->threads[thread].parent;
	double y = scene_time_to_y(w, t_ns);

	if (parent >= w->t->nthreads || w->l->column[parent] == WEFT_NO_INDEX || y < w->top ||
		y > w->bottom || !alive_at(&w->t->threads[parent], t_ns))
		return;
	*SCENE_ADD(w, ties) = (struct scene_tie){.x0 = scene_world_to_x(w->v, w->l->x[parent]),
		.x1 = scene_world_to_x(w->v, w->l->x[thread]),
		.y = y,
		.thread = thread,
		.end = end};
}

static void add_thread(struct scene_work *w, uint32_t i)
{
	const struct weft_thread *thread = &w->t->threads[i];
	double x = scene_world_to_x(w->v, w->l->x[i]);
	double y0 = scene_time_to_y(w, thread->born_ns);
	double y1 = thread->ended ? scene_time_to_y(w, thread->died_ns) : scene_axis_to_y(w->v, 1);
	bool lives = thread->born_ns <= w->s->head_ns &&
		     (!thread->ended || thread->died_ns > w->s->head_ns);

	if (y0 > w->bottom + 0.01 || y1 < w->top)
		return;
	add_tie(w, i, thread->born_ns, false);
	if (thread->ended)
		add_tie(w, i, thread->died_ns, true);
	if (x < w->s->plot.x - 1 || x > w->s->plot.x + w->s->plot.w + 1)
		return;
	w->extents = xgrow(w->extents, w->nextents, &w->cap.extents, sizeof *w->extents);
	w->extents[w->nextents++] = (struct extent){.x = x,
		.y0 = fmax(y0, w->top),
		.y1 = fmin(y1, w->bottom),
		.born_y = y0,
		.thread = i,
		.starts = y0 >= w->top,
		.ends = thread->ended && y1 <= w->bottom};
	if (lives && w->s->head_y >= w->top && w->s->head_y <= w->s->plot.y + w->s->plot.h)
		*SCENE_ADD(w, dots) = (struct scene_dot){.x = x, .y = w->s->head_y, .thread = i};
}

static int by_place(const void *a, const void *b)
{
	const struct extent *x = a, *y = b;

	if (x->x != y->x)
		return x->x < y->x ? -1 : 1;
	if (x->y0 != y->y0)
		return x->y0 < y->y0 ? -1 : 1;
	return (x->thread > y->thread) - (x->thread < y->thread);
}

static void add_wakes(struct scene_work *w)
{
	uint32_t last_from = WEFT_NO_INDEX, last_to = WEFT_NO_INDEX;
	double last_y = -1e9;

	for (uint32_t i = 0; i < w->t->nwakes; i++) {
		const struct weft_wake *k = &w->t->wakes[i];
		double y;

		if (k->t_ns < w->t0_ns || k->t_ns > w->t1_ns || k->from >= w->t->nthreads ||
			k->to >= w->t->nthreads || k->from == k->to ||
			w->l->column[k->from] == WEFT_NO_INDEX ||
			w->l->column[k->to] == WEFT_NO_INDEX)
			continue;
		y = scene_time_to_y(w, k->t_ns);
		if (y < w->top || y > w->bottom ||
			(k->from == last_from && k->to == last_to && y - last_y < WAKE_ROW))
			continue;
		last_from = k->from;
		last_to = k->to;
		last_y = y;
		*SCENE_ADD(w, wakes) =
			(struct scene_wake){.x0 = scene_world_to_x(w->v, w->l->x[k->from]),
				.y0 = y,
				.x1 = scene_world_to_x(w->v, w->l->x[k->to]),
				.y1 = y,
				.wake = i};
	}
}

void scene_add_lanes(struct scene_work *w)
{
	w->nextents = 0;
	find_looks(w);
	for (uint32_t i = 0; i < w->t->nthreads; i++)
		if (w->l->column[i] != WEFT_NO_INDEX)
			add_thread(w, i);
	if (w->nextents > 1)
		qsort(w->extents, w->nextents, sizeof *w->extents, by_place);
	for (uint32_t i = 0; i < w->nextents; i++) {
		const struct extent *e = &w->extents[i];

		add_states(w, e);
		grid_mark_box(&w->grid, (struct scene_rect){e->x - 2, e->y0, 4, e->y1 - e->y0},
			GRID_LANE);
	}
	add_wakes(w);
}
