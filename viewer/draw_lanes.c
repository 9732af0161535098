/* SPDX-License-Identifier: MIT
 *
 * Threads: a state is told by the line's width, by its dashes and by its colour, so that two of the
 * three may fail.
 */
#include <math.h>

#include "tracer/trace/trace.h"
#include "viewer/draw_parts.h"

struct stroke {
	enum theme_role role;
	double width;	/* times the line's width */
	double dash[4]; /* units; none: solid */
	int ndash;
	bool hollow; /* two thin lines in place of a thick one */
};

static const struct stroke strokes[SCENE_LOOK_COUNT] = {
	[SCENE_LIFE] = {.role = THEME_LIFE, .width = 1.2},
	[SCENE_READY] = {.role = THEME_READY, .width = 3, .hollow = true},
	[SCENE_RUNNING] = {.role = THEME_RUNNING, .width = 3},
	[SCENE_SEND] = {.role = THEME_SEND, .width = 1.2, .dash = {6, 3}, .ndash = 2},
	[SCENE_RECV] = {.role = THEME_RECV, .width = 0.8},
	[SCENE_SELECT] = {.role = THEME_SELECT, .width = 1.2, .dash = {7, 3, 1.5, 3}, .ndash = 4},
	[SCENE_JOIN] = {.role = THEME_JOIN, .width = 0.9, .dash = {12, 4}, .ndash = 2},
	[SCENE_WAIT] = {.role = THEME_WAIT, .width = 1.2, .dash = {3, 3}, .ndash = 2},
	[SCENE_SLEEP] = {.role = THEME_SLEEP, .width = 1.3, .dash = {0.01, 5}, .ndash = 2},
};

enum theme_role draw_look_role(unsigned look)
{
	return strokes[look < SCENE_LOOK_COUNT ? look : SCENE_LIFE].role;
}

static void fill_bar(const struct pen *p, double x, double y0, double y1, double width)
{
	double w = fmax(round(width * p->scale), 1) / p->scale;
	double left = draw_middle(p, x, w) - w / 2;

	cairo_rectangle(p->cr, left, y0, w, y1 - y0);
	cairo_fill(p->cr);
}

void draw_state(const struct pen *p, double x, double y0, double y1, unsigned look, double line)
{
	const struct stroke *k = &strokes[look < SCENE_LOOK_COUNT ? look : SCENE_LIFE];
	double width = k->width * line;

	draw_colour(p, k->role, 1);
	if (k->hollow) {
		double side = fmax(width / 2 - 0.5, 1);

		fill_bar(p, x - side, y0, y1, 1);
		fill_bar(p, x + side, y0, y1, 1);
	} else if (!k->ndash) {
		fill_bar(p, x, y0, y1, width);
	} else {
		/* The pattern belongs to the sheet: it stands still when the line is clipped. */
		cairo_set_dash(p->cr, k->dash, k->ndash, y0);
		cairo_set_line_cap(
			p->cr, look == SCENE_SLEEP ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT);
		cairo_set_line_width(p->cr, fmax(round(width * p->scale), 1) / p->scale);
		cairo_move_to(p->cr, draw_middle(p, x, width), y0);
		cairo_line_to(p->cr, draw_middle(p, x, width), y1);
		cairo_stroke(p->cr);
		cairo_set_dash(p->cr, NULL, 0, 0);
		cairo_set_line_cap(p->cr, CAIRO_LINE_CAP_BUTT);
	}
}

static void draw_across(const struct pen *p, double x0, double x1, double y)
{
	double at = draw_middle(p, y, 1);

	cairo_move_to(p->cr, x0, at);
	cairo_line_to(p->cr, x1, at);
	cairo_stroke(p->cr);
}

void draw_lanes(const struct pen *p, const struct scene *s)
{
	static const double ended[] = {2, 2}, woken[] = {1, 3};

	cairo_set_line_width(p->cr, fmax(round(p->scale), 1) / p->scale);
	for (uint32_t i = 0; i < s->nties; i++) {
		const struct scene_tie *t = &s->ties[i];

		draw_colour(p, THEME_TIE, t->end ? 0.6 : 0.9);
		cairo_set_dash(p->cr, ended, t->end ? 2 : 0, 0);
		draw_across(p, t->x0, t->x1, t->y);
	}
	draw_colour(p, THEME_WAKE, 0.5);
	cairo_set_dash(p->cr, woken, 2, 0);
	for (uint32_t i = 0; i < s->nwakes; i++)
		draw_across(p, s->wakes[i].x0, s->wakes[i].x1, s->wakes[i].y0);
	cairo_set_dash(p->cr, NULL, 0, 0);
	for (uint32_t i = 0; i < s->nlanes; i++) {
		const struct scene_lane *l = &s->lanes[i];

		if (l->thread == p->v->hover) {
			draw_colour(p, THEME_HEAD, 0.18);
			fill_bar(p, l->x, l->y0, l->y1, 12);
		}
		draw_state(p, l->x, l->y0, l->y1, l->look, s->line);
	}
}

/* The play head, with a dot on each living thread. */
void draw_dots(const struct pen *p, const struct scene *s)
{
	static const double dash[] = {4, 4};

	if (p->v->head >= 1 || s->head_y < s->plot.y || s->head_y > s->plot.y + s->plot.h)
		return;
	draw_colour(p, THEME_HEAD, 0.6);
	cairo_set_dash(p->cr, dash, 2, 0);
	cairo_set_line_width(p->cr, fmax(round(p->scale), 1) / p->scale);
	draw_across(p, s->plot.x - 8, s->plot.x + s->plot.w, s->head_y);
	cairo_set_dash(p->cr, NULL, 0, 0);
	for (uint32_t i = 0; i < s->ndots; i++) {
		const struct scene_dot *d = &s->dots[i];
		double r = d->thread == p->v->hover ? 5 : 3.6;

		cairo_new_sub_path(p->cr);
		cairo_arc(p->cr, d->x, d->y, r + 1.2, 0, 2 * M_PI);
		draw_colour(p, THEME_GROUND, 1);
		cairo_fill(p->cr);
		cairo_arc(p->cr, d->x, d->y, r, 0, 2 * M_PI);
		draw_colour(p, THEME_HEAD, 1);
		cairo_fill(p->cr);
	}
}
