/* SPDX-License-Identifier: MIT
 *
 * Everything around the plot: axis, title, legend, time line, notice.
 */
#include <math.h>
#include <stdio.h>

#include "tracer/trace/trace.h"
#include "viewer/draw_parts.h"
#include "viewer/text.h"

#define SAMPLE 22.0 /* length of a legend's sample */
#define WIDE_ENOUGH 360
#define HIGH_ENOUGH 300

void draw_axis(const struct pen *p, const struct scene *s)
{
	double right = s->plot.x + s->plot.w + 12;

	for (uint32_t i = 0; i < s->nfolds; i++) {
		const struct scene_fold *f = &s->folds[i];

		draw_colour(p, THEME_PANEL, 1);
		cairo_rectangle(p->cr, s->plot.x - 8, f->y0, right - s->plot.x + 8, f->y1 - f->y0);
		cairo_fill(p->cr);
		draw_colour(p, THEME_TIE, 1);
		cairo_set_line_width(p->cr, 1);
		/* A bend in the axis: the sign for a piece that was taken out. */
		cairo_move_to(p->cr, s->plot.x - 8, f->y0);
		cairo_line_to(p->cr, s->plot.x - 4, f->y0 + (f->y1 - f->y0) * 0.25);
		cairo_line_to(p->cr, s->plot.x - 12, f->y0 + (f->y1 - f->y0) * 0.75);
		cairo_line_to(p->cr, s->plot.x - 8, f->y1);
		cairo_stroke(p->cr);
	}
	draw_colour(p, THEME_GRID, 1);
	cairo_set_line_width(p->cr, fmax(round(p->scale), 1) / p->scale);
	for (uint32_t i = 0; i < s->nticks; i++) {
		double y = draw_middle(p, s->ticks[i].y, 1);

		cairo_move_to(p->cr, s->plot.x - 8, y);
		cairo_line_to(p->cr, right, y);
		cairo_stroke(p->cr);
	}
}

struct entry {
	const char *word;
	unsigned look; /* or one of these */
};

enum {
	ENTRY_MESSAGE = SCENE_LOOK_COUNT,
	ENTRY_BUFFERED,
};

static const struct entry entries[] = {
	{"running", SCENE_RUNNING},
	{"ready", SCENE_READY},
	{"on send", SCENE_SEND},
	{"on receive", SCENE_RECV},
	{"on select", SCENE_SELECT},
	{"on join", SCENE_JOIN},
	{"waiting", SCENE_WAIT},
	{"asleep", SCENE_SLEEP},
	{"message", ENTRY_MESSAGE},
	{"buffered", ENTRY_BUFFERED},
};
#define NENTRIES (sizeof entries / sizeof *entries)

static bool is_used(const struct scene *s, const struct entry *e)
{
	if (e->look == ENTRY_MESSAGE)
		return s->messages; /* not only once there is one */
	if (e->look == ENTRY_BUFFERED)
		return s->buffered;
	return s->looks >> e->look & 1;
}

/* A lying sample: the picture's own strokes, turned by a quarter. */
static void draw_sample(
	const struct pen *p, const struct scene *s, const struct entry *e, double x, double y)
{
	if (e->look >= SCENE_LOOK_COUNT) {
		draw_arrow_line(p, x, y, x + SAMPLE, y, e->look == ENTRY_BUFFERED);
		return;
	}
	cairo_save(p->cr);
	cairo_translate(p->cr, draw_edge(p, x), draw_edge(p, y));
	cairo_rotate(p->cr, -M_PI / 2);
	draw_state(p, 0, 0, SAMPLE, e->look, s->line);
	cairo_restore(p->cr);
}

/* At the right, in as many rows as it needs beside the title. */
static void draw_legend(const struct pen *p, const struct scene *s, double left)
{
	double right = p->w - 24, y = 24, x;
	size_t i = 0;

	while (i < NENTRIES && y < 70) {
		double width = 0;
		size_t end = i;

		for (; end < NENTRIES; end++) {
			double more =
				is_used(s, &entries[end])
					? SAMPLE + 22 +
						  draw_text_width(p, entries[end].word, 11, false)
					: 0;

			if (width > 0 && width + more > right - left)
				break;
			width += more;
		}
		if (width > right - left + 16)
			return;
		for (x = right - width + 16; i < end; i++) {
			if (!is_used(s, &entries[i]))
				continue;
			draw_sample(p, s, &entries[i], x, y);
			draw_colour(p, THEME_DIM, 1);
			draw_text(p, entries[i].word, x + SAMPLE + 6, y, 11, false, 0);
			x += SAMPLE + 22 + draw_text_width(p, entries[i].word, 11, false);
		}
		y += 18;
	}
}

void draw_title(const struct pen *p, const struct scene *s)
{
	double facts;

	if (p->h < HIGH_ENOUGH || p->w < WIDE_ENOUGH)
		return;
	draw_colour(p, THEME_TEXT, 1);
	draw_text(p, s->title, 24, 28, 18, true, 0);
	draw_colour(p, THEME_DIM, 1);
	draw_text(p, s->facts, 24, 50, 12, false, 0);
	facts = fmax(
		draw_text_width(p, s->facts, 12, false), draw_text_width(p, s->title, 18, true));
	draw_legend(p, s, 24 + facts + 30);
	draw_colour(p, THEME_WARN, 1);
	draw_text(p, s->warning, 24, s->plot.y + s->plot.h + 14, 11, false, 0);
}

static void draw_button(const struct pen *p, struct scene_rect b)
{
	double x = b.x + b.w / 2, y = b.y + b.h / 2;

	draw_colour(p, THEME_TEXT, 1);
	if (p->v->playing) {
		cairo_rectangle(p->cr, x - 6, y - 7, 4, 14);
		cairo_rectangle(p->cr, x + 2, y - 7, 4, 14);
	} else {
		cairo_move_to(p->cr, x - 5, y - 8);
		cairo_line_to(p->cr, x + 8, y);
		cairo_line_to(p->cr, x - 5, y + 8);
		cairo_close_path(p->cr);
	}
	cairo_fill(p->cr);
}

static void draw_track(const struct pen *p, const struct scene *s, struct scene_rect t)
{
	double head = t.x + t.w * fmin(fmax(p->v->head, 0), 1);

	draw_colour(p, THEME_MESSAGE, 0.45);
	for (uint32_t i = 0; i < s->nbar; i++) {
		double high = s->bar[i] * 13, width = t.w / s->nbar;

		if (high <= 0)
			continue;
		cairo_rectangle(p->cr, t.x + i * width, t.y - 2 - high, fmax(width - 1, 1), high);
		cairo_fill(p->cr);
	}
	draw_box(p, t, 3);
	draw_colour(p, THEME_TIE, 0.6);
	cairo_fill(p->cr);
	draw_box(p, (struct scene_rect){t.x, t.y, fmax(head - t.x, 1), t.h}, 3);
	draw_colour(p, THEME_HEAD, 1);
	cairo_fill(p->cr);
	cairo_arc(p->cr, head, t.y + t.h / 2, 7, 0, 2 * M_PI);
	cairo_fill(p->cr);
}

void draw_bar(const struct pen *p, const struct scene *s)
{
	struct scene_bar b = scene_bar_area(p->v);
	double y = b.area.y + b.area.h / 2;
	char speed[24];

	if (b.area.h <= 0)
		return;
	draw_colour(p, THEME_PANEL, 1);
	cairo_rectangle(p->cr, b.area.x, b.area.y, b.area.w, b.area.h);
	cairo_fill(p->cr);
	draw_button(p, b.button);
	draw_track(p, s, b.track);
	if (b.clock.w <= 0)
		return;
	draw_colour(p, THEME_TEXT, 1);
	draw_text(p, s->clock, b.clock.x, y, 12, false, 0);
	snprintf(speed, sizeof speed, "\xc3\x97%.3g", p->v->speed);
	draw_colour(p, THEME_DIM, 1);
	draw_text(p, speed, b.area.w - 24 - draw_text_width(p, speed, 12, false), y, 12, false, 0);
}

void draw_notice(const struct pen *p)
{
	double width, y = scene_bar_area(p->v).area.h > 0 ? scene_bar_area(p->v).area.y : p->h;
	struct scene_rect box;
	char text[512];

	if (!p->v->notice || !p->v->notice[0])
		return;
	text_fit(text, sizeof text, p->v->notice, 13, p->w - 60);
	width = draw_text_width(p, text, 13, false);
	box = (struct scene_rect){(p->w - width) / 2 - 14, y - 44, width + 28, 30};
	draw_box(p, box, 8);
	draw_colour(p, THEME_TEXT, 0.92);
	cairo_fill(p->cr);
	draw_colour(p, THEME_GROUND, 1);
	draw_text(p, text, box.x + 14, box.y + 15, 13, false, 0);
}
