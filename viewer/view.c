/* SPDX-License-Identifier: MIT
 *
 * Moving the camera over the world, which is the unit square. The camera never leaves it: every
 * movement ends in clamp_axis(), so that no sequence of keys can lose the picture.
 */
#include "viewer/view.h"

#include <math.h>
#include <string.h>

#include "tracer/trace/trace.h"

#define LINE_WIDTH_MIN 0.25
#define LINE_WIDTH_MAX 8.0

/* Where a followed play head stands in the camera, and how far it may run before we move. */
#define FOLLOW_KEEP 0.25
#define FOLLOW_EDGE 0.85

void view_init(struct view *view)
{
	*view = (struct view){
		.width = 1280,
		.height = 800,
		.scale = 1,
		.head = 1,
		.line_width = 1,
		.speed = 1,
		.labels = true,
		.hover = WEFT_NO_INDEX,
	};
	view_fit(view);
}

void view_fit(struct view *view)
{
	view->camera = (struct view_camera){0, 0, 1, 1};
}

/* Puts an interval of the given length into 0..1, beginning at `begin` if that is possible. */
static void clamp_axis(double *ret_begin, double *ret_end, double begin, double span, double min)
{
	if (!(span < 1)) {
		*ret_begin = 0;
		*ret_end = 1;
		return;
	}
	if (span < min)
		span = min;
	if (!(begin > 0))
		begin = 0;
	if (begin > 1 - span)
		begin = 1 - span;
	*ret_begin = begin;
	*ret_end = begin + span;
}

static void zoom_axis(double *begin, double *end, double at, double factor, double min)
{
	double old = *end - *begin;
	double span = old / factor;

	if (!(factor > 0) || !isfinite(factor))
		return;
	span = fmin(fmax(span, min), 1);
	clamp_axis(begin, end, at - (at - *begin) * (span / old), span, min);
}

void view_zoom(struct view *view, double x, double y, double fx, double fy)
{
	struct view_camera *c = &view->camera;

	zoom_axis(&c->x0, &c->x1, x, fx, VIEW_SPAN_MIN_X);
	zoom_axis(&c->y0, &c->y1, y, fy, VIEW_SPAN_MIN_Y);
}

void view_pan(struct view *view, double dx, double dy)
{
	struct view_camera *c = &view->camera;

	clamp_axis(&c->x0, &c->x1, c->x0 + dx, c->x1 - c->x0, VIEW_SPAN_MIN_X);
	clamp_axis(&c->y0, &c->y1, c->y0 + dy, c->y1 - c->y0, VIEW_SPAN_MIN_Y);
}

void view_home(struct view *view)
{
	view_pan(view, 0, -1);
}

void view_end(struct view *view)
{
	view_pan(view, 0, 1);
}

void view_follow(struct view *view)
{
	const struct view_camera *c = &view->camera;
	double span = c->y1 - c->y0;

	if (span >= 1)
		return;
	if (view->head > c->y1)
		view_pan(view, 0, view->head - FOLLOW_KEEP * span - c->y0);
	else if (view->head > c->y0 + FOLLOW_EDGE * span)
		view_pan(view, 0, view->head - FOLLOW_EDGE * span - c->y0);
	else if (view->head < c->y0)
		view_pan(view, 0, view->head - FOLLOW_KEEP * span - c->y0);
}

void view_cycle_axis(struct view *view)
{
	view->axis = (enum view_axis)(((int)view->axis + 1) % VIEW_AXIS_COUNT);
}

void view_cycle_theme(struct view *view)
{
	view->theme = (enum theme_name)(((int)view->theme + 1) % THEME_COUNT);
}

void view_scale_lines(struct view *view, double factor)
{
	view->line_width = fmin(fmax(view->line_width * factor, LINE_WIDTH_MIN), LINE_WIDTH_MAX);
}

static bool same_camera(const struct view_camera *a, const struct view_camera *b)
{
	return a->x0 == b->x0 && a->y0 == b->y0 && a->x1 == b->x1 && a->y1 == b->y1;
}

static void push(struct view_camera *steps, int *n, const struct view_camera *camera)
{
	if (*n > 0 && same_camera(&steps[*n - 1], camera))
		return;
	if (*n == VIEW_HISTORY_MAX) {
		memmove(steps, steps + 1, sizeof(*steps) * (VIEW_HISTORY_MAX - 1));
		(*n)--;
	}
	steps[(*n)++] = *camera;
}

/* The newest step that isn't where the camera is already: a gesture may have moved nothing. */
static bool pop(struct view_camera *steps, int *n, struct view_camera *camera)
{
	while (*n > 0) {
		const struct view_camera *step = &steps[--*n];

		if (!same_camera(step, camera)) {
			*camera = *step;
			return true;
		}
	}
	return false;
}

void view_history_note(struct view_history *history, const struct view *view, int gesture)
{
	if (gesture == history->gesture && history->nundo > 0)
		return;
	push(history->undo, &history->nundo, &view->camera);
	history->gesture = gesture;
	history->nredo = 0;
}

bool view_undo(struct view *view, struct view_history *history)
{
	struct view_camera now = view->camera;

	if (!pop(history->undo, &history->nundo, &view->camera))
		return false;
	push(history->redo, &history->nredo, &now);
	history->gesture = 0;
	return true;
}

bool view_redo(struct view *view, struct view_history *history)
{
	struct view_camera now = view->camera;

	if (!pop(history->redo, &history->nredo, &view->camera))
		return false;
	push(history->undo, &history->nundo, &now);
	history->gesture = 0;
	return true;
}
