/* SPDX-License-Identifier: MIT
 *
 * The scene as a whole: the places of plot and time line, the camera, and the order of building.
 */
#include "viewer/scene.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "viewer/scene_parts.h"
#include "viewer/text.h"
#include "viewer/xalloc.h"

/* Below these sizes, parts are left out so that the plot keeps its room. */
#define WIDE 360
#define HIGH 300

static double units_w(const struct view *v)
{
	return v->width / (v->scale > 0 ? v->scale : 1);
}

static double units_h(const struct view *v)
{
	return v->height / (v->scale > 0 ? v->scale : 1);
}

static double bar_height(const struct view *v)
{
	return !v->bar ? 0 : units_h(v) >= HIGH ? 52 : 28;
}

struct scene_rect scene_plot_area(const struct view *v)
{
	double w = units_w(v), h = units_h(v);
	double left = w >= WIDE ? 74 : 10, right = w >= WIDE ? 34 : 10;
	double top = h >= HIGH ? 112 : 22, bottom = bar_height(v) + (h >= HIGH ? 24 : 8);

	return (struct scene_rect){left, top, fmax(w - left - right, 8), fmax(h - top - bottom, 8)};
}

double scene_x_to_world(const struct view *v, double x)
{
	struct scene_rect p = scene_plot_area(v);

	return v->camera.x0 + (x - p.x) / p.w * (v->camera.x1 - v->camera.x0);
}

double scene_y_to_axis(const struct view *v, double y)
{
	struct scene_rect p = scene_plot_area(v);

	return v->camera.y0 + (y - p.y) / p.h * (v->camera.y1 - v->camera.y0);
}

double scene_world_to_x(const struct view *v, double world)
{
	struct scene_rect p = scene_plot_area(v);

	return p.x + (world - v->camera.x0) / (v->camera.x1 - v->camera.x0) * p.w;
}

double scene_axis_to_y(const struct view *v, double axis)
{
	struct scene_rect p = scene_plot_area(v);

	return p.y + (axis - v->camera.y0) / (v->camera.y1 - v->camera.y0) * p.h;
}

double scene_time_to_y(const struct scene_work *w, int64_t t_ns)
{
	return scene_axis_to_y(w->v, timescale_y(w->ts, t_ns));
}

/* One side of the box: of the way, only that part is left where from + k * step <= room. */
static bool clip_side(double from, double step, double room, double *k0, double *k1)
{
	if (step == 0)
		return from <= room;
	if (step > 0)
		*k1 = fmin(*k1, (room - from) / step);
	else
		*k0 = fmax(*k0, (room - from) / step);
	return *k0 <= *k1;
}

bool scene_clip(const struct scene_rect *box, double x0, double y0, double x1, double y1,
	double *k0, double *k1)
{
	double dx = x1 - x0, dy = y1 - y0;

	return clip_side(x0, dx, box->x + box->w, k0, k1) && clip_side(-x0, -dx, -box->x, k0, k1) &&
	       clip_side(y0, dy, box->y + box->h, k0, k1) && clip_side(-y0, -dy, -box->y, k0, k1);
}

struct scene_bar scene_bar_area(const struct view *v)
{
	double w = units_w(v), h = units_h(v), high = bar_height(v), y = h - high;
	bool wide = w >= WIDE;
	double clock = wide ? fmin(260, w * 0.35) : 0, left = wide ? 74 : high + 4;

	if (high <= 0)
		return (struct scene_bar){0};
	return (struct scene_bar){
		.area = {0, y, w, high},
		.button = {wide ? 22 : 2, y + (high - 28) / 2, 28, 28},
		.track = {left, y + high / 2 - 3, fmax(w - left - clock - 20, 8), 6},
		.clock = {w - clock, y, clock, high},
	};
}

double scene_bar_head(const struct view *v, double x)
{
	struct scene_rect track = scene_bar_area(v).track;

	return track.w > 0 ? fmin(fmax((x - track.x) / track.w, 0), 1) : 0;
}

struct scene *scene_create(void)
{
	struct scene *s = xcalloc(1, sizeof *s);

	s->private_ = xcalloc(1, sizeof(struct scene_work));
	return s;
}

void scene_destroy(struct scene *s)
{
	struct scene_work *w;

	if (!s)
		return;
	w = s->private_;
	grid_finish(&w->grid);
	free(w->extents);
	free(w);
	free(s->lanes);
	free(s->ties);
	free(s->arrows);
	free(s->gaps);
	free(s->densities);
	free(s->wakes);
	free(s->labels);
	free(s->ticks);
	free(s->folds);
	free(s->dots);
	free(s->bar);
	free(s);
}

bool scene_put_label(struct scene_work *w, const struct scene_label *label, unsigned avoid)
{
	unsigned ink = grid_ink_in(&w->grid, label->box);

	/* An arrow's counter is several bits: any of them means arrows. */
	if (ink & avoid || !label->text[0])
		return false;
	grid_mark_box(&w->grid, label->box, GRID_LABEL);
	*SCENE_ADD(w, labels) = *label;
	return true;
}

/* A program's path is called by its last part. */
static const char *title_of(const char *title)
{
	const char *slash = strrchr(title, '/');

	return slash && slash[1] && (title[0] == '/' || title[0] == '.') ? slash + 1 : title;
}

static void write_facts(const struct scene_work *w)
{
	struct scene *s = w->s;
	uint32_t threads = 0;
	char now[32], end[32], *unit;

	for (uint32_t i = 0; i < w->t->nthreads; i++)
		threads += w->l->column[i] != WEFT_NO_INDEX;
	text_time(end, sizeof end, w->t->end_ns);
	snprintf(s->facts, sizeof s->facts, "%u thread%s   %u message%s   %s   %s axis", threads,
		threads == 1 ? "" : "s", w->l->nmessages, w->l->nmessages == 1 ? "" : "s", end,
		timescale_word(w->v->axis));
	text_fit(s->title, sizeof s->title, title_of(w->t->title), 18, fmax(units_w(w->v) - 48, 0));
	text_fit(s->warning, sizeof s->warning, w->t->warning ? w->t->warning : "", 11,
		fmax(units_w(w->v) - 48, 0));
	text_time_in(now, sizeof now, s->head_ns, w->t->end_ns);
	unit = strchr(now, ' ');
	if (unit)
		*unit = '\0';
	snprintf(s->clock, sizeof s->clock, "%s / %s", now, end);
}

static void empty(struct scene *s)
{
	s->nlanes = s->nties = s->narrows = s->ngaps = s->ndensities = s->nwakes = s->nlabels =
		s->nticks = s->nfolds = s->ndots = s->nbar = 0;
	s->looks = 0;
}

void scene_build(
	struct scene *s, const struct weft_trace *t, const struct layout *l, const struct view *v)
{
	struct scene_work *w = s->private_;

	empty(s);
	w->t = t;
	w->l = l;
	w->v = v;
	w->s = s;
	w->ts = &l->scale[(unsigned)v->axis < VIEW_AXIS_COUNT ? v->axis : VIEW_AXIS_WALL];
	w->head = fmin(fmax(v->head, 0), 1);
	s->trace = t;
	s->messages = l->nmessages > 0;
	s->buffered = l->buffered;
	s->plot = scene_plot_area(v);
	s->line = 1.6 * (v->line_width > 0 ? v->line_width : 1);
	s->head_y = scene_axis_to_y(v, w->head);
	s->head_ns = timescale_t(w->ts, w->head);
	w->top = s->plot.y;
	w->bottom = fmin(s->plot.y + s->plot.h, s->head_y);
	w->t0_ns = timescale_t(w->ts, v->camera.y0);
	w->t1_ns = timescale_t(w->ts, fmin(v->camera.y1, w->head));
	grid_reset(&w->grid, units_w(v), units_h(v));
	scene_add_lanes(w);
	scene_add_arrows(w);
	scene_add_axis(w);
	scene_add_names(w);
	if (v->labels)
		scene_add_values(w);
	write_facts(w);
}
