/* SPDX-License-Identifier: MIT
 *
 * The overlay with the keys, written from the table that the keys themselves go by.
 */
#include <math.h>

#include "viewer/draw_parts.h"
#include "viewer/input.h"

#define LINE 19.0
#define GROUP 14.0 /* room above a heading */
#define KEYS 150.0
#define COLUMN 380.0
#define EDGE 28.0

/* Where each line goes: the columns are filled from the top, groups may be split. */
struct place {
	double x, y;
};

static double line_high(size_t i)
{
	struct input_help line;

	input_help_line(i, &line);
	return LINE + (line.group ? GROUP + LINE : 0);
}

static void draw_help_line(const struct pen *p, size_t i, struct place at)
{
	struct input_help line;

	input_help_line(i, &line);
	if (line.group) {
		draw_colour(p, THEME_TEXT, 1);
		draw_text(p, line.group, at.x, at.y + GROUP + LINE / 2, 12.5, true, 0);
		at.y += GROUP + LINE;
	}
	draw_colour(p, THEME_HEAD, 1);
	draw_text(p, line.keys, at.x, at.y + LINE / 2, 12, false, 0);
	draw_colour(p, THEME_NAME, 1);
	draw_text(p, line.what, at.x + KEYS, at.y + LINE / 2, 12, false, 0);
}

void draw_help(const struct pen *p)
{
	size_t n = input_help_count(), columns = p->w > 2 * COLUMN + 2 * EDGE ? 2 : 1;
	double all = 0, high, width = (double)columns * COLUMN + 2 * EDGE, shrink;
	struct place at = {EDGE, EDGE - GROUP};

	for (size_t i = 0; i < n; i++)
		all += line_high(i);
	high = all / (double)columns + 2 * EDGE + LINE + GROUP;
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
	for (size_t i = 0; i < n; i++) {
		if (columns == 2 && at.x < COLUMN && at.y > EDGE - GROUP + all / 2)
			at = (struct place){EDGE + COLUMN, EDGE - GROUP};
		draw_help_line(p, i, at);
		at.y += line_high(i);
	}
	cairo_restore(p->cr);
}
