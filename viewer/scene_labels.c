/* SPDX-License-Identifier: MIT
 *
 * Names at the heads of threads and values beside arrows: each is tried at a few places, in order
 * of beauty, and left out where all of them are taken.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "viewer/scene_parts.h"
#include "viewer/text.h"
#include "viewer/xalloc.h"

#define NAME_HIGH 15.0
#define VALUE_HIGH 11.0
#define NAME_SHORTEST 40.0 /* units: no name is cut to less */
#define SLANT 0.62	   /* radians, of names that have no room beside each other */
#define SLANT_PITCH 20.0   /* units between two slanted names */
#define SLANT_SHIFT 12.0   /* units that a name at the right edge may be left of its line */
#define VALUE_LONGEST 120.0
#define BEHIND 8.0	      /* between the sender's line and a value behind it */
#define BEHIND_HIGH 9.0	      /* no line passes there: the figures alone need room */
#define RING_WIDE 6.0	      /* at the tail of a buffered message */
#define STUB_LONG 20.0	      /* what is drawn beside a thread for a message without a way */
#define NAME_OVER_ARROWS 24.0 /* a thread shorter than this has no name that hides arrows */
#define LABELS_MAX 1500

static bool is_strong(const struct scene_work *w, uint32_t thread)
{
	return thread == w->v->hover || w->t->threads[thread].parent == WEFT_NO_INDEX;
}

static struct scene_label name_label(const struct scene_work *w, uint32_t thread)
{
	return (struct scene_label){.size = SCENE_NAME_SIZE,
		.kind = SCENE_LABEL_NAME,
		.of = thread,
		.strong = is_strong(w, thread)};
}

/* Distance from this extent to the nearest other line at height y, on one side. */
static double room_beside(const struct scene_work *w, uint32_t i, int side, double y)
{
	double x = w->extents[i].x;
	double edge = side < 0 ? w->s->plot.x - 8 : w->s->plot.x + w->s->plot.w + 26;

	for (uint32_t k = i + (uint32_t)side; k < w->nextents; k += (uint32_t)side) {
		const struct extent *e = &w->extents[k];

		if (e->x != x && e->y0 <= y + 2 && e->y1 >= y - NAME_HIGH)
			return fabs(e->x - x);
	}
	return fabs(edge - x);
}

/* A label with its text, at x, y if there is room. */
static bool put_name(struct scene_work *w, struct scene_label label, double width, double x,
	double y, unsigned avoid, double align)
{
	if (y + NAME_HIGH / 2 > fmax(w->bottom, w->top + NAME_HIGH))
		return false;
	label.x = x - width * align;
	label.y = y;
	label.box = (struct scene_rect){label.x - 2, y - NAME_HIGH / 2, width + 4, NAME_HIGH};
	return scene_put_label(w, &label, avoid);
}

static bool try_name(struct scene_work *w, uint32_t thread, double x, double y, double room,
	unsigned avoid, double align)
{
	struct scene_label label = name_label(w, thread);
	double width = text_fit(
		label.text, sizeof label.text, w->t->threads[thread].name, label.size, room);

	return put_name(w, label, width, x, y, avoid, align);
}

/* The end of the name, which tells it from its neighbours': above the head, else at the right. */
static void try_tail(struct scene_work *w, const struct extent *e, double above, double right)
{
	struct scene_label label = name_label(w, e->thread);
	const char *name = w->t->threads[e->thread].name;
	const unsigned avoid = GRID_LABEL | GRID_LANE | GRID_ARROWS;
	double width = text_tail(label.text, sizeof label.text, name, label.size, above);

	if (width > 0 && put_name(w, label, width, e->x, e->y0 - NAME_HIGH / 2 - 2, avoid, 0.5))
		return;
	width = text_tail(label.text, sizeof label.text, name, label.size, right - 12);
	if (width > 0)
		put_name(w, label, width, e->x + 7, e->y0 + NAME_HIGH / 2 + 1, avoid, 0);
}

/* Beside a thread's first steps: on the right if the name has room there, else where there is more.
 */
static bool beside(struct scene_work *w, const struct extent *e, double left, double right,
	double least, unsigned avoid)
{
	double full = text_width(w->t->threads[e->thread].name, SCENE_NAME_SIZE);
	double y = e->y0 + NAME_HIGH / 2 + 1;
	bool first_right = right - 12 >= fmin(full, left - 12);

	for (int i = 0; i < 2; i++) {
		bool on_right = (i == 0) == first_right;
		double room = (on_right ? right : left) - 12;

		if (room >= fmin(full, least) && try_name(w, e->thread, e->x + (on_right ? 7 : -7),
							 y, room, avoid, on_right ? 0 : 1))
			return true;
	}
	return false;
}

static bool try_above(
	struct scene_work *w, const struct extent *e, double room, double least, unsigned avoid)
{
	double full = text_width(w->t->threads[e->thread].name, SCENE_NAME_SIZE);

	return room >= fmin(full, least) &&
	       try_name(w, e->thread, e->x, e->y0 - NAME_HIGH / 2 - 2, room, avoid, 0.5);
}

/* A thread that is born within the picture: above its head, else beside its first steps. */
static void add_inner_name(struct scene_work *w, uint32_t i)
{
	const struct extent *e = &w->extents[i];
	double left = room_beside(w, i, -1, e->y0), right = room_beside(w, i, 1, e->y0);
	double above = 2 * fmin(left, right) - 10;
	double full = text_width(w->t->threads[e->thread].name, SCENE_NAME_SIZE);
	static const unsigned avoid[] = {
		GRID_LABEL | GRID_LANE | GRID_ARROWS, GRID_LABEL | GRID_LANE};

	/* The whole name somewhere, else a shortened one. */
	for (unsigned k = 0; k < 4; k++) {
		double least = k < 2 ? full : 60, shortest = k < 2 ? full : NAME_SHORTEST;

		if (k % 2 && e->y1 - e->y0 < NAME_OVER_ARROWS)
			continue;
		if (try_above(w, e, above, least, avoid[k % 2]) ||
			beside(w, e, left, right, shortest, avoid[k % 2]) ||
			try_above(w, e, above, shortest, avoid[k % 2]))
			return;
	}
	try_tail(w, e, above, right);
}

/* Is the name above the plot, at the head of a line that comes in at its top? */
static bool is_top(const struct scene_work *w, const struct extent *e)
{
	return e->born_y < w->top + 4;
}

/* The room that each name above the plot has beside its neighbours; is it enough for all? */
static bool measure_top(const struct scene_work *w, double *room)
{
	double before = -1e9;
	uint32_t last = WEFT_NO_INDEX;
	bool enough = true;

	for (uint32_t i = 0; i < w->nextents; i++) {
		const struct extent *e = &w->extents[i];

		if (!is_top(w, e))
			continue;
		room[i] = fmin(e->x - before, 2 * (e->x - 6));
		if (last != WEFT_NO_INDEX)
			room[last] = fmin(room[last], e->x - before);
		before = e->x;
		last = i;
	}
	for (uint32_t i = 0; i < w->nextents; i++) {
		double full = text_width(w->t->threads[w->extents[i].thread].name, SCENE_NAME_SIZE);

		if (is_top(w, &w->extents[i]) && room[i] - 8 < fmin(full, fmax(full * 0.7, 44)))
			enough = false;
	}
	return enough;
}

/* Names that rise to the right, as far apart as they need. */
static void add_slanted(struct scene_work *w)
{
	double high = fmin(w->top - 4, 54), longest = (high - 12) / sin(SLANT), before = -1e9;
	double right = w->s->plot.x + w->s->plot.w + (w->s->plot.x >= 40 ? 30 : -2);

	right = fmin(right, w->v->width / w->v->scale - 5);

	for (uint32_t i = 0; i < w->nextents; i++) {
		const struct extent *e = &w->extents[i];
		struct scene_label label = name_label(w, e->thread);
		const char *name = w->t->threads[e->thread].name;
		double room = (right - e->x) / cos(SLANT), shift, width;

		if (!is_top(w, e) || e->x - before < SLANT_PITCH)
			continue;
		/* The last may lean to the left a little rather than lose letters. */
		shift = fmin(
			fmax(text_width(name, label.size) - room, 0) * cos(SLANT), SLANT_SHIFT);
		width = text_fit(label.text, sizeof label.text, name, label.size,
			fmin(longest, room + shift / cos(SLANT) + 0.1));
		if (width <= 0)
			continue;
		before = e->x;
		label.angle = -SLANT;
		label.x = e->x + 1 - shift;
		label.y = w->top - 9;
		label.box = (struct scene_rect){label.x - 4, label.y - width * sin(SLANT) - 7,
			width * cos(SLANT) + 8, width * sin(SLANT) + 14};
		*SCENE_ADD(w, labels) = label;
		grid_mark_box(&w->grid, label.box, GRID_LABEL);
	}
}

struct turn {
	uint32_t thread, extent;
	bool strong;
};

static int by_turn(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->strong != y->strong)
		return x->strong ? -1 : 1;
	return (x->thread > y->thread) - (x->thread < y->thread);
}

/* The first born choose their places first: parents before their children. */
static void add_inner_names(struct scene_work *w)
{
	struct turn *turns = xcalloc(w->nextents, sizeof *turns);
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->nextents; i++)
		if (!is_top(w, &w->extents[i]))
			turns[n++] = (struct turn){
				w->extents[i].thread, i, is_strong(w, w->extents[i].thread)};
	qsort(turns, n, sizeof *turns, by_turn);
	for (uint32_t i = 0; i < n && w->s->nlabels < LABELS_MAX; i++)
		add_inner_name(w, turns[i].extent);
	free(turns);
}

void scene_add_names(struct scene_work *w)
{
	double *room = xcalloc(w->nextents, sizeof *room);

	if (measure_top(w, room)) {
		for (uint32_t i = 0; i < w->nextents; i++)
			if (is_top(w, &w->extents[i]))
				try_name(w, w->extents[i].thread, w->extents[i].x, w->top - 12,
					room[i] - 8, GRID_LABEL, 0.5);
	} else {
		add_slanted(w);
	}
	free(room);
	add_inner_names(w);
}

/* One place for a value: `at` of the way along the arrow, `lift` above its line. */
static bool try_value(struct scene_work *w, const struct scene_arrow *a, const char *value,
	double at, double lift)
{
	struct scene_label label = {.size = SCENE_VALUE_SIZE,
		.kind = SCENE_LABEL_VALUE,
		.of = a->message,
		.age = a->age};
	double width = text_fit(label.text, sizeof label.text, value, label.size, VALUE_LONGEST);
	double x = a->x0 + (a->x1 - a->x0) * at;

	label.y = a->y0 + (a->y1 - a->y0) * at - lift;
	label.x = x - width / 2;
	label.box =
		(struct scene_rect){label.x - 2, label.y - VALUE_HIGH / 2, width + 4, VALUE_HIGH};
	if (label.y + VALUE_HIGH / 2 > w->bottom || label.y < w->top - 4)
		return false;
	return scene_put_label(w, &label, GRID_LABEL | GRID_LANE | GRID_ARROWS);
}

/* On the other side of the sender's line. */
static void try_behind(struct scene_work *w, const struct scene_arrow *a, const char *value)
{
	struct scene_label label = {.size = SCENE_VALUE_SIZE,
		.kind = SCENE_LABEL_VALUE,
		.of = a->message,
		.age = a->age,
		.y = a->y0};
	double width = text_fit(label.text, sizeof label.text, value, label.size, VALUE_LONGEST);

	label.x = a->x1 > a->x0 ? a->x0 - BEHIND - width : a->x0 + BEHIND;
	label.box =
		(struct scene_rect){label.x - 2, label.y - BEHIND_HIGH / 2, width + 4, BEHIND_HIGH};
	if (label.y + VALUE_HIGH / 2 <= w->bottom && label.y >= w->top - 4 &&
		label.x > w->s->plot.x - 8)
		scene_put_label(w, &label, GRID_LABEL | GRID_LANE | GRID_ARROWS);
}

/* Above or below the line, from the sender outwards; if that fails, on the line itself, or behind.
 */
static void place_value(
	struct scene_work *w, const struct scene_arrow *a, const char *value, double half)
{
	double wide = fabs(a->x1 - a->x0), slope = fabs(a->y1 - a->y0) / fmax(wide, 1);
	double ring = a->flags & SCENE_BUFFERED ? RING_WIDE : 0;
	double lift = VALUE_HIGH / 2 + 2 + slope * half, first = (half + 7 + ring) / fmax(wide, 1);

	for (int k = 0; k < 4 && slope < 0.7; k++) {
		double at = first + k * fmax(0.5 - first, 0) / 4;

		if (at > fmin(a->progress, 0.7))
			break;
		if (try_value(w, a, value, at, lift) || try_value(w, a, value, at, -lift))
			return;
	}
	first = (half + 16 + ring) / fmax(wide, 1);
	for (int k = 0; k < 4 && wide > 2 * half + 36; k++) {
		double at = first + k * fmax(0.6 - first, 0) / 4;

		if (at > fmin(a->progress, 0.7))
			break;
		if (try_value(w, a, value, at, 0))
			return;
	}
	try_behind(w, a, value);
}

/* A message to the sender itself, or to nobody: its value at the right of the loop or the stub. */
static void add_value_beside(struct scene_work *w, const struct scene_arrow *a, const char *value)
{
	struct scene_label label = {.size = SCENE_VALUE_SIZE,
		.kind = SCENE_LABEL_VALUE,
		.of = a->message,
		.age = a->age};
	double width = text_fit(label.text, sizeof label.text, value, label.size, VALUE_LONGEST);

	label.x = a->x0 + STUB_LONG + 2;
	label.y = (a->y0 + a->y1) / 2;
	label.box =
		(struct scene_rect){label.x - 2, label.y - VALUE_HIGH / 2, width + 4, VALUE_HIGH};
	if (a->progress >= 1 && label.y + VALUE_HIGH / 2 <= w->bottom &&
		label.y - VALUE_HIGH / 2 >= w->top)
		scene_put_label(w, &label, GRID_LABEL | GRID_LANE | GRID_ARROWS);
}

static void add_value(struct scene_work *w, const struct scene_arrow *a)
{
	const char *value = w->t->messages[a->message].value;
	double end_x = a->x0 + (a->x1 - a->x0) * a->progress;
	double end_y = a->y0 + (a->y1 - a->y0) * a->progress;
	double half;

	if (!value || !value[0])
		return;
	if (fabs(a->x1 - a->x0) < 1) {
		add_value_beside(w, a, value);
		return;
	}
	if (hypot(a->x1 - a->x0, a->y1 - a->y0) < 16)
		return;
	half = fmin(text_width(value, SCENE_VALUE_SIZE), VALUE_LONGEST) / 2;
	grid_line(&w->grid, a->x0, a->y0, end_x, end_y, -1);
	place_value(w, a, value, half);
	grid_line(&w->grid, a->x0, a->y0, end_x, end_y, 1);
}

void scene_add_values(struct scene_work *w)
{
	for (uint32_t i = 0; i < w->s->narrows && w->s->nlabels < LABELS_MAX; i++)
		add_value(w, &w->s->arrows[i]);
}
