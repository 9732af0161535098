/* SPDX-License-Identifier: MIT
 *
 * The time axis at the left: ticks, folded gaps; and the density of messages along the time line.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "viewer/scene_parts.h"
#include "viewer/text.h"
#include "viewer/xalloc.h"

#define TICK_SPACE 52.0 /* units between two ticks, at least */
#define BAR_BIN 3.0	/* units */

/* A line at the tick, if there is room for its text. */
static void add_tick(struct scene_work *w, int64_t t_ns, double y, const char *text)
{
	struct scene_label label = {
		.size = SCENE_TICK_SIZE, .kind = SCENE_LABEL_TICK, .of = WEFT_NO_INDEX, .y = y};
	double width = text_width(text, label.size);

	label.x = w->s->plot.x - 14 - width;
	label.box = (struct scene_rect){label.x - 1, y - 7, width + 2, 14};
	snprintf(label.text, sizeof label.text, "%s", text);
	if (label.x >= 0 && scene_put_label(w, &label, GRID_LABEL))
		*SCENE_ADD(w, ticks) = (struct scene_tick){.y = y, .t_ns = t_ns};
}

/* 1, 2 or 5 times a power of ten, at least `least`. */
static int64_t nice_step(double least)
{
	static const int factor[] = {1, 2, 5};
	int64_t power = 1;

	for (;; power *= 10)
		for (unsigned i = 0; i < 3; i++)
			if ((double)(power * factor[i]) >= least ||
				power > INT64_C(1000000000000000000))
				return power * factor[i];
}

static void add_even_ticks(struct scene_work *w)
{
	int64_t t1_ns = timescale_t(w->ts, fmin(w->v->camera.y1, 1));
	double span = (double)(t1_ns - w->t0_ns);
	double high = scene_time_to_y(w, t1_ns) - scene_time_to_y(w, w->t0_ns);
	int64_t step = nice_step(fmax(span * TICK_SPACE / fmax(high, 1), 1));
	int64_t t_ns = (w->t0_ns + step - 1) / step * step;

	for (; t_ns <= t1_ns; t_ns += step) {
		char text[32];

		text_time_like(text, sizeof text, t_ns, w->t->end_ns, step);
		if (t_ns == 0)
			snprintf(text, sizeof text, "0");
		add_tick(w, t_ns, scene_time_to_y(w, t_ns), text);
	}
}

/* A moment in the unit of the whole run; "0" needs none. */
static void moment_text(const struct scene_work *w, char *text, size_t size, int64_t t_ns)
{
	if (t_ns == 0)
		snprintf(text, size, "0");
	else
		text_time_in(text, size, t_ns, w->t->end_ns);
}

/* Where time runs unevenly: ticks at even distances, each with its own time. */
static void add_uneven_ticks(struct scene_work *w)
{
	const struct scene_rect *p = &w->s->plot;
	int n = (int)fmax(p->h / TICK_SPACE, 1);
	char before[32] = "";

	for (int i = 0; i <= n; i++) {
		double y = p->y + p->h * i / n, axis = scene_y_to_axis(w->v, y);
		int64_t t_ns = timescale_t(w->ts, axis);
		char text[32];

		if (axis < -1e-9 || axis > 1 + 1e-9)
			continue;
		moment_text(w, text, sizeof text, t_ns);
		if (strcmp(text, before) == 0)
			continue;
		memcpy(before, text, sizeof before);
		add_tick(w, t_ns, y, text);
	}
}

static void add_folds(struct scene_work *w)
{
	for (uint32_t i = 0; i < w->ts->nfolds; i++) {
		const struct timescale_fold *f = &w->ts->folds[i];
		double y0 = scene_axis_to_y(w->v, f->y0), y1 = scene_axis_to_y(w->v, f->y1);
		struct scene_label label = {.size = SCENE_TICK_SIZE,
			.kind = SCENE_LABEL_FOLD,
			.of = WEFT_NO_INDEX,
			.y = (y0 + y1) / 2};
		double width;

		if (y1 < w->top || y0 > w->bottom || y1 - y0 < 3)
			continue;
		*SCENE_ADD(w, folds) = (struct scene_fold){
			fmax(y0, w->top), fmin(y1, w->bottom), f->end_ns - f->begin_ns};
		text_time(label.text + 1, sizeof label.text - 1, f->end_ns - f->begin_ns);
		label.text[0] = '+';
		width = text_width(label.text, label.size);
		label.x = w->s->plot.x - 14 - width;
		label.box = (struct scene_rect){label.x - 1, label.y - 7, width + 2, 14};
		if (label.y <= w->bottom)
			scene_put_label(w, &label, GRID_LABEL);
	}
}

static void add_bar(struct scene_work *w)
{
	struct scene_rect track = scene_bar_area(w->v).track;
	uint32_t bins = track.w > 0 ? (uint32_t)(track.w / BAR_BIN) : 0;
	float most = 0;

	for (uint32_t i = 0; i < bins; i++)
		*SCENE_ADD(w, bar) = 0;
	for (uint32_t i = 0; i < w->t->nmessages && bins; i++) {
		double y = timescale_y(w->ts, w->t->messages[i].send_ns);
		float *bin = &w->s->bar[(uint32_t)fmin(y * bins, bins - 1)];

		*bin += 1;
		most = fmaxf(most, *bin);
	}
	for (uint32_t i = 0; i < bins && most > 0; i++)
		w->s->bar[i] = sqrtf(w->s->bar[i] / most);
}

/* The time at the play head, where the ticks are. */
static void add_now(struct scene_work *w)
{
	struct scene_label label = {.size = SCENE_TICK_SIZE,
		.kind = SCENE_LABEL_TICK,
		.of = WEFT_NO_INDEX,
		.strong = true,
		.y = w->s->head_y};
	double width;

	if (w->head >= 1 || label.y < w->s->plot.y || label.y > w->s->plot.y + w->s->plot.h)
		return;
	moment_text(w, label.text, sizeof label.text, w->s->head_ns);
	width = text_width(label.text, label.size);
	label.x = w->s->plot.x - 14 - width;
	label.box = (struct scene_rect){label.x - 1, label.y - 8, width + 2, 16};
	if (label.x >= 0)
		scene_put_label(w, &label, GRID_LABEL);
}

void scene_add_axis(struct scene_work *w)
{
	if (w->s->plot.x >= 40) {
		add_now(w);
		add_folds(w);
		if (w->v->axis == VIEW_AXIS_WALL)
			add_even_ticks(w);
		else
			add_uneven_ticks(w);
	}
	add_bar(w);
}
