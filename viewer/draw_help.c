/* SPDX-License-Identifier: MIT
 *
 * The overlay with the keys, written from the table that the keys themselves go by.
 *
 * Two columns where there is room, split between two groups; each is as wide as its words.
 */
#include <math.h>

#include "viewer/draw_parts.h"
#include "viewer/input.h"

#define LINE 20.0
#define GROUP 14.0 /* room above a heading */
#define EDGE 28.0
#define BETWEEN 18.0 /* keys and what they do */
#define COLUMNS 48.0 /* the first column and the second */
#define SIZE 12.0
#define WIDE_ENOUGH 760

/* Lines of the table in a column, from the first up to the end. */
struct column {
	size_t first, end;
	double keys, width, high;
};

static double line_high(const struct input_help *line, bool top)
{
	return LINE + (line->group ? LINE + (top ? 0 : GROUP) : 0);
}

static struct column measure(const struct pen *p, size_t first, size_t end)
{
	struct column c = {.first = first, .end = end};
	double what = 0;

	for (size_t i = first; i < end; i++) {
		struct input_help line;

		input_help_line(i, &line);
		c.high += line_high(&line, i == first);
		c.keys = fmax(c.keys, draw_text_width(p, line.keys, SIZE, false));
		what = fmax(what, draw_text_width(p, line.what, SIZE, false));
	}
	c.width = c.keys + BETWEEN + what;
	return c;
}

/* The heading that begins the second column, so that the two are about as high. */
static size_t split(const struct pen *p)
{
	size_t n = input_help_count(), best = n;
	double best_high = INFINITY;

	for (size_t i = 1; i < n; i++) {
		struct input_help line;
		double high;

		input_help_line(i, &line);
		if (!line.group)
			continue;
		high = fmax(measure(p, 0, i).high, measure(p, i, n).high);
		if (high < best_high) {
			best_high = high;
			best = i;
		}
	}
	return best;
}

static void draw_column(const struct pen *p, const struct column *c, double x)
{
	double y = EDGE;

	for (size_t i = c->first; i < c->end; i++) {
		struct input_help line;

		input_help_line(i, &line);
		y += line_high(&line, i == c->first);
		if (line.group) {
			draw_colour(p, THEME_TEXT, 1);
			draw_text(p, line.group, x, y - LINE * 1.5, SIZE + 0.5, true, 0);
		}
		draw_colour(p, THEME_HEAD, 1);
		draw_text(p, line.keys, x, y - LINE / 2, SIZE, false, 0);
		draw_colour(p, THEME_NAME, 1);
		draw_text(p, line.what, x + c->keys + BETWEEN, y - LINE / 2, SIZE, false, 0);
	}
}

void draw_help(const struct pen *p)
{
	size_t n = input_help_count(), middle = p->w >= WIDE_ENOUGH ? split(p) : n;
	struct column left = measure(p, 0, middle), right = measure(p, middle, n);
	double high = fmax(left.high, right.high) + 2 * EDGE, width = left.width + 2 * EDGE, shrink;

	if (middle < n)
		width += COLUMNS + right.width;
	shrink = fmin(fmin(p->w / (width + 20), p->h / (high + 20)), 1);
	cairo_save(p->cr);
	draw_colour(p, THEME_GROUND, 0.6);
	cairo_paint(p->cr);
	cairo_translate(p->cr, (p->w - width * shrink) / 2, (p->h - high * shrink) / 2);
	cairo_scale(p->cr, shrink, shrink);
	draw_box(p, (struct scene_rect){0, 0, width, high}, 12);
	draw_colour(p, THEME_PANEL, 0.98);
	cairo_fill_preserve(p->cr);
	draw_colour(p, THEME_TIE, 1);
	cairo_set_line_width(p->cr, 1);
	cairo_stroke(p->cr);
	draw_column(p, &left, EDGE);
	if (middle < n)
		draw_column(p, &right, EDGE + left.width + COLUMNS);
	cairo_restore(p->cr);
}
