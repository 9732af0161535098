/* SPDX-License-Identifier: MIT
 *
 * Messages as arrows, and as density where there are too many to tell apart.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "viewer/scene_parts.h"
#include "viewer/xalloc.h"

/* Arrows whose ends are in the same squares of this side are one arrow. */
#define SAME 1.5
/* A picture has room for one arrow on so many square units, and for some in any case. */
#define UNITS_EACH 1000.0
#define ARROWS_LEAST 250

/* How far behind the play head, on the axis, an arrow is fully old. */
#define OLD 0.6
/* Ink fades in this many steps, so that a picture differs little from the one before it. */
#define AGES 4
/* Nearer to the ends of an arrow than this, there are no gaps. */
#define GAP 4.0

/*
 * Arrows between the same two threads that start in the same row are a group: from the group's
 * `many`-th on they are density. The first level with which all fit into the picture is taken.
 */
static const struct level {
	double row;
	uint32_t many;
} levels[] = {{12, 5}, {12, 3}, {12, 2}, {24, 2}, {48, 2}};
#define NLEVELS (sizeof levels / sizeof *levels)

/* An arrow that may be drawn, and how many others lie on it. */
struct candidate {
	struct scene_arrow arrow;
	uint32_t twins;
};

struct candidates {
	struct candidate *at;
	size_t n, cap;
};

/* A set of keys that counts: open addressing, grows at half full. */
struct counts {
	uint64_t *keys;
	uint32_t *n, *value;
	size_t size, used;
};

static uint64_t mix(uint64_t k)
{
	k ^= k >> 31;
	k *= UINT64_C(0x7fb5d329728ea185);
	k ^= k >> 27;
	k *= UINT64_C(0x81dadef4bc2dd44d);
	return k ^ k >> 33;
}

static size_t slot_of(const struct counts *c, uint64_t key)
{
	size_t i = mix(key) & (c->size - 1);

	while (c->n[i] && c->keys[i] != key)
		i = (i + 1) & (c->size - 1);
	return i;
}

static void counts_grow(struct counts *c)
{
	struct counts old = *c;

	c->size = old.size ? old.size * 2 : 1024;
	c->keys = xcalloc(c->size, sizeof *c->keys);
	c->n = xcalloc(c->size, sizeof *c->n);
	c->value = xcalloc(c->size, sizeof *c->value);
	for (size_t i = 0; i < old.size; i++) {
		if (old.n[i]) {
			size_t k = slot_of(c, old.keys[i]);

			c->keys[k] = old.keys[i];
			c->n[k] = old.n[i];
			c->value[k] = old.value[i];
		}
	}
	free(old.keys);
	free(old.n);
	free(old.value);
}

/* Counts the key; returns its slot, with n[slot] counting this one. */
static size_t count_key(struct counts *c, uint64_t key)
{
	size_t i;

	if (c->used * 2 >= c->size)
		counts_grow(c);
	i = slot_of(c, key);
	if (!c->n[i]++) {
		c->keys[i] = key;
		c->used++;
	}
	return i;
}

static void counts_finish(struct counts *c)
{
	free(c->keys);
	free(c->n);
	free(c->value);
}

/* Four small coordinates in one key. */
static uint64_t key_of(double a, double b, double c, double d)
{
	return ((uint64_t)((int64_t)floor(a) & 0xffff) << 48) |
	       ((uint64_t)((int64_t)floor(b) & 0xffff) << 32) |
	       ((uint64_t)((int64_t)floor(c) & 0xffff) << 16) |
	       (uint64_t)((int64_t)floor(d) & 0xffff);
}

/* The ends of a message that will never be received are both at its sender. */
static bool place_arrow(const struct scene_work *w, uint32_t i, struct scene_arrow *a)
{
	const struct weft_message *m = &w->t->messages[i];
	bool lost = m->to >= w->t->nthreads || m->recv_ns == WEFT_NO_TIME ||
		    w->l->column[m->to] == WEFT_NO_INDEX;
	double send, recv;

	if (m->send_ns > w->t1_ns || m->from >= w->t->nthreads ||
		w->l->column[m->from] == WEFT_NO_INDEX ||
		(lost ? m->send_ns : m->recv_ns) < w->t0_ns)
		return false;
	send = timescale_y(w->ts, m->send_ns);
	recv = lost ? send : timescale_y(w->ts, m->recv_ns);
	if (send > w->head || (recv <= send && recv > w->head))
		return false;
	*a = (struct scene_arrow){.message = i, .progress = 1};
	a->flags = (m->via == WEFT_VIA_BUFFER ? SCENE_BUFFERED : 0) | (lost ? SCENE_LOST : 0);
	if (recv > w->head) {
		a->progress = (w->head - send) / (recv - send);
		a->flags |= SCENE_IN_FLIGHT;
	} else if (w->head < 1) {
		a->age = floor(fmin((w->head - recv) / OLD, 1) * AGES) / AGES;
	}
	a->x0 = scene_world_to_x(w->v, w->l->x[m->from]);
	a->x1 = lost ? a->x0 : scene_world_to_x(w->v, w->l->x[m->to]);
	a->y0 = scene_axis_to_y(w->v, send);
	a->y1 = scene_axis_to_y(w->v, recv);
	return true;
}

static bool in_sight(const struct scene_work *w, const struct scene_arrow *a)
{
	const struct scene_rect *p = &w->s->plot;

	return fmax(a->x0, a->x1) >= p->x && fmin(a->x0, a->x1) <= p->x + p->w && a->y1 >= w->top &&
	       a->y0 <= w->bottom;
}

/* Adds `count` to the density of the arrow's row, between its two threads. */
static void add_density(struct scene_work *w, struct counts *groups, size_t group,
	const struct scene_arrow *a, double row, uint32_t count)
{
	struct scene_density *d;
	double x = fmin(a->x0, a->x1), right = fmax(a->x0, a->x1);
	double y = w->top + floor((a->y0 - w->top) / row) * row;

	if (!groups->value[group]) {
		d = SCENE_ADD(w, densities);
		*d = (struct scene_density){.area = {x, fmax(y, w->top), right - x, row}};
		d->area.h = fmin(d->area.h, w->bottom - d->area.y);
		groups->value[group] = w->s->ndensities;
	}
	d = &w->s->densities[groups->value[group] - 1];
	d->count += count;
	d->weight = 1 - exp(-(double)d->count / 12);
	if (x < d->area.x) {
		d->area.w += d->area.x - x;
		d->area.x = x;
	}
	d->area.w = fmax(d->area.w, right - d->area.x);
}

/* The first extent at or right of x. */
static uint32_t extent_from(const struct scene_work *w, double x)
{
	uint32_t lo = 0, hi = w->nextents;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (w->extents[mid].x < x)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void add_gaps(struct scene_work *w, struct scene_arrow *a)
{
	double left = fmin(a->x0, a->x1), right = fmax(a->x0, a->x1), dx = a->x1 - a->x0;

	a->first_gap = w->s->ngaps;
	if (right - left < 4 * GAP)
		return;
	for (uint32_t i = extent_from(w, left + GAP); i < w->nextents; i++) {
		const struct extent *e = &w->extents[i];
		double at = (e->x - a->x0) / dx, y = a->y0 + (a->y1 - a->y0) * at;

		if (e->x >= right - GAP)
			break;
		if (at > a->progress || y < e->y0 || y > e->y1 ||
			(w->s->ngaps > a->first_gap && w->s->gaps[w->s->ngaps - 1] == at))
			continue;
		*SCENE_ADD(w, gaps) = at;
	}
	a->ngaps = w->s->ngaps - a->first_gap;
	if (a->ngaps > 1)
		qsort(w->s->gaps + a->first_gap, a->ngaps, sizeof *w->s->gaps, by_value);
}

static void add_arrow(struct scene_work *w, const struct scene_arrow *place)
{
	struct scene_arrow *a = SCENE_ADD(w, arrows);

	*a = *place;
	if (!(a->flags & SCENE_LOST))
		add_gaps(w, a);
	grid_line(&w->grid, a->x0, a->y0, a->x0 + (a->x1 - a->x0) * a->progress,
		a->y0 + (a->y1 - a->y0) * a->progress, 1);
}

/* Every arrow in sight, once. */
static struct candidates collect(const struct scene_work *w)
{
	struct candidates c = {0};
	struct counts same = {0};

	for (uint32_t i = 0; i < w->t->nmessages; i++) {
		struct scene_arrow a;
		size_t twin;

		if (!place_arrow(w, i, &a) || !in_sight(w, &a))
			continue;
		twin = count_key(&same, key_of(a.x0 / SAME, a.y0 / SAME, a.x1 / SAME, a.y1 / SAME));
		if (same.n[twin] > 1) {
			c.at[same.value[twin]].twins++;
			continue;
		}
		same.value[twin] = (uint32_t)c.n;
		c.at = xgrow(c.at, c.n, &c.cap, sizeof *c.at);
		c.at[c.n++] = (struct candidate){.arrow = a};
	}
	counts_finish(&same);
	return c;
}

static size_t group_of(const struct scene_work *w, struct counts *groups,
	const struct scene_arrow *a, const struct level *level)
{
	return count_key(groups, key_of(a->x0 / 4, (a->y0 - w->top) / level->row, a->x1 / 4, 0));
}

static size_t arrows_at(
	const struct scene_work *w, const struct candidates *c, const struct level *level)
{
	struct counts groups = {0};
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		size_t group = group_of(w, &groups, &c->at[i].arrow, level);

		n += groups.n[group] < level->many;
	}
	counts_finish(&groups);
	return n;
}

void scene_add_arrows(struct scene_work *w)
{
	struct candidates c = collect(w);
	double room = fmax(w->s->plot.w * w->s->plot.h / UNITS_EACH, ARROWS_LEAST);
	const struct level *level = levels;
	struct counts groups = {0};

	while (level + 1 < levels + NLEVELS && (double)arrows_at(w, &c, level) > room)
		level++;
	for (size_t i = 0; i < c.n; i++) {
		const struct scene_arrow *a = &c.at[i].arrow;
		size_t group = group_of(w, &groups, a, level);
		bool drawn = groups.n[group] < level->many || a->flags & SCENE_IN_FLIGHT;

		if (drawn && w->s->narrows >= 4 * room)
			drawn = false;
		if (drawn)
			add_arrow(w, a);
		if (!drawn || c.at[i].twins)
			add_density(w, &groups, group, a, level->row, c.at[i].twins + !drawn);
	}
	/* No label stands on density: it would seem to be the value of all of it. */
	for (uint32_t i = 0; i < w->s->ndensities; i++)
		grid_mark_box(&w->grid, w->s->densities[i].area, GRID_ARROWS);
	counts_finish(&groups);
	free(c.at);
}
