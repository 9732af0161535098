/* SPDX-License-Identifier: MIT
 *
 * Messages: a line that is broken where it passes under a thread, a head at the receiver's line, a
 * ring at the tail where the value went into a buffer.
 */
#include <math.h>

#include "tracer/trace/trace.h"
#include "viewer/draw_parts.h"

#define HEAD_LONG 8.5
#define HEAD_WIDE 3.5
#define RING 2.6
#define GAP_MOST 4.0 /* half of it */
#define GAP_LEAST 1.7
#define FADE 0.45   /* of an old arrow's ink is gone */
#define OTHERS 0.22 /* ink of arrows that the hovered thread has no part in */

double draw_message_ink(const struct pen *p, const struct scene *s, uint32_t message, double age)
{
	const struct weft_message *m = &s->trace->messages[message];
	double ink = 1 - FADE * age;

	if (p->v->hover < s->trace->nthreads && m->from != p->v->hover && m->to != p->v->hover)
		ink *= OTHERS;
	return ink;
}

static void draw_head(const struct pen *p, double x, double y, double dx, double dy, double length)
{
	double wide = HEAD_WIDE * length / HEAD_LONG;

	cairo_move_to(p->cr, x, y);
	cairo_line_to(p->cr, x - dx * length - dy * wide, y - dy * length + dx * wide);
	cairo_line_to(p->cr, x - dx * length + dy * wide, y - dy * length - dx * wide);
	cairo_close_path(p->cr);
	cairo_fill(p->cr);
}

static void draw_ring(const struct pen *p, double x, double y, double ink)
{
	cairo_new_sub_path(p->cr);
	cairo_arc(p->cr, x, y, RING, 0, 2 * M_PI);
	draw_colour(p, THEME_GROUND, 1);
	cairo_fill_preserve(p->cr);
	draw_colour(p, THEME_MESSAGE, ink);
	cairo_stroke(p->cr);
}

/* The line from k0 to k1 of the way, without the gaps, which are narrow where there are many. */
static void draw_pieces(
	const struct pen *p, const struct scene_arrow *a, const double *gaps, double k0, double k1)
{
	double dx = a->x1 - a->x0, dy = a->y1 - a->y0, wide = fmax(fabs(dx), 1);
	double half = fmin(fmax(wide / (a->ngaps + 1) * 0.08, GAP_LEAST), GAP_MOST) / wide;

	for (uint32_t i = 0; i <= a->ngaps; i++) {
		double stop = i < a->ngaps ? fmin(gaps[i] - half, k1) : k1;

		if (stop > k0) {
			cairo_move_to(p->cr, a->x0 + dx * k0, a->y0 + dy * k0);
			cairo_line_to(p->cr, a->x0 + dx * stop, a->y0 + dy * stop);
		}
		if (i < a->ngaps)
			k0 = fmax(k0, gaps[i] + half);
	}
	cairo_stroke(p->cr);
}

/* What is that far outside the plot is not given to cairo, whose numbers are small. */
#define OUTSIDE 40.0

static struct scene_rect around(const struct scene *s)
{
	return (struct scene_rect){s->plot.x - OUTSIDE, s->plot.y - OUTSIDE,
		s->plot.w + 2 * OUTSIDE, s->plot.h + 2 * OUTSIDE};
}

/* From a thread to itself, by way of a buffer: a loop at the right. */
static void draw_loop(
	const struct pen *p, const struct scene *s, const struct scene_arrow *a, double edge)
{
	struct scene_rect in = around(s);
	double x = a->x0 + edge, y0 = fmax(a->y0, in.y);
	double y1 = fmin(a->y0 + (a->y1 - a->y0) * a->progress, in.y + in.h);

	cairo_move_to(p->cr, x, y0);
	cairo_curve_to(p->cr, x + 20, y0, x + 20, y1, x + HEAD_LONG - 1, y1);
	cairo_stroke(p->cr);
	draw_head(p, x, y1, -1, 0, HEAD_LONG);
}

/* Never received: a stub that ends at a bar. */
static void draw_lost(const struct pen *p, const struct scene_arrow *a, double edge)
{
	double x = a->x0 + edge, y = draw_middle(p, a->y0, 1.3);

	cairo_move_to(p->cr, x, y);
	cairo_line_to(p->cr, x + 13, y);
	cairo_move_to(p->cr, x + 13, y - 4);
	cairo_line_to(p->cr, x + 13, y + 4);
	cairo_stroke(p->cr);
}

static void draw_flight(
	const struct pen *p, const struct scene *s, const struct scene_arrow *a, double edge)
{
	double dx = a->x1 - a->x0, dy = a->y1 - a->y0, length = hypot(dx, dy);
	double start = fmin(edge / fmax(fabs(dx), 1), 0.4);
	double tip = a->flags & SCENE_IN_FLIGHT ? a->progress : 1 - start, neck, k0 = 0, k1 = 1;
	double head = fmin(HEAD_LONG, length * 0.6);
	struct scene_rect in;

	if (tip <= start || length <= 0)
		return;
	head = fmin(head, (tip - start) * length);
	neck = tip - head * 0.8 / length;
	in = around(s);
	if (!scene_clip(&in, a->x0, a->y0, a->x1, a->y1, &k0, &k1))
		return;
	draw_pieces(p, a, a->ngaps ? &s->gaps[a->first_gap] : NULL, fmax(start, k0),
		fmin(neck, k1));
	if (tip <= k1)
		draw_head(p, a->x0 + dx * tip, a->y0 + dy * tip, dx / length, dy / length, head);
}

void draw_arrow_line(const struct pen *p, double x0, double y0, double x1, double y1, bool ring)
{
	double length = hypot(x1 - x0, y1 - y0);

	draw_colour(p, THEME_MESSAGE, 1);
	cairo_set_line_width(p->cr, 1.3);
	cairo_move_to(p->cr, x0, y0);
	cairo_line_to(p->cr, x1 - (x1 - x0) / length * 6, y1 - (y1 - y0) / length * 6);
	cairo_stroke(p->cr);
	draw_head(p, x1, y1, (x1 - x0) / length, (y1 - y0) / length, HEAD_LONG);
	if (ring)
		draw_ring(p, x0 + RING, y0, 1);
}

void draw_arrows(const struct pen *p, const struct scene *s)
{
	double edge = s->line * 1.5 + 0.5;

	for (uint32_t i = 0; i < s->ndensities; i++) {
		const struct scene_density *d = &s->densities[i];

		draw_colour(p, THEME_MESSAGE, 0.10 + 0.35 * d->weight);
		cairo_rectangle(p->cr, d->area.x + edge, d->area.y + 1,
			fmax(d->area.w - 2 * edge, 2), fmax(d->area.h - 2, 1));
		cairo_fill(p->cr);
	}
	for (uint32_t i = 0; i < s->narrows; i++) {
		const struct scene_arrow *a = &s->arrows[i];
		double ink = draw_message_ink(p, s, a->message, a->age);

		draw_colour(p, THEME_MESSAGE, ink);
		cairo_set_line_width(p->cr, 1.3 * fmax(s->line / 1.6, 0.6));
		if (a->flags & SCENE_LOST)
			draw_lost(p, a, edge);
		else if (fabs(a->x1 - a->x0) < 1)
			draw_loop(p, s, a, edge);
		else
			draw_flight(p, s, a, edge);
		if (a->flags & SCENE_BUFFERED && a->y0 > s->plot.y - OUTSIDE) {
			double side = a->x1 < a->x0 ? -1 : 1;

			draw_ring(p, a->x0 + side * (edge + RING), a->y0, ink);
		}
	}
}
