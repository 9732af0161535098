/* SPDX-License-Identifier: MIT
 *
 * What the draw_*.c files share. Private to them.
 */
#ifndef WEFT_VIEWER_DRAW_PARTS_H
#define WEFT_VIEWER_DRAW_PARTS_H

#include <cairo.h>
#include <pango/pangocairo.h>
#include <stdbool.h>

#include "viewer/scene.h"
#include "viewer/theme.h"

/* What a frame is drawn with: lives as long as the frame. */
struct pen {
	cairo_t *cr;
	const struct view *v;
	const struct theme *theme;
	PangoLayout *text;
	PangoFontDescription *font;
	double scale; /* device pixels to a unit */
	double w, h;  /* of the frame, units */
};

void draw_colour(const struct pen *p, enum theme_role role, double alpha);

/* The nearest edge between two device pixels. */
double draw_edge(const struct pen *p, double at);

/* The middle of a line of this width that covers whole device pixels. */
double draw_middle(const struct pen *p, double at, double width);

void draw_box(const struct pen *p, struct scene_rect box, double radius);

enum theme_role draw_look_role(unsigned look);

/* A piece of a thread's line in a state, from (x, y0) down to (x, y1). */
void draw_state(const struct pen *p, double x, double y0, double y1, unsigned look, double line);

void draw_lanes(const struct pen *p, const struct scene *s);
void draw_dots(const struct pen *p, const struct scene *s);

/* An arrow's line and head between two points of the picture; `ring` at its tail. */
void draw_arrow_line(const struct pen *p, double x0, double y0, double x1, double y1, bool ring);

/* How much of its colour a message has: less when it is old, or not of the hovered thread. */
double draw_message_ink(const struct pen *p, const struct scene *s, uint32_t message, double age);

void draw_arrows(const struct pen *p, const struct scene *s);

/* Text whose middle line begins at (x, y), turned by `angle`. */
void draw_text(const struct pen *p, const char *text, double x, double y, double size, bool bold,
	double angle);
double draw_text_width(const struct pen *p, const char *text, double size, bool bold);

void draw_labels(const struct pen *p, const struct scene *s);
void draw_axis(const struct pen *p, const struct scene *s);
void draw_title(const struct pen *p, const struct scene *s);
void draw_bar(const struct pen *p, const struct scene *s);
void draw_help(const struct pen *p);
void draw_notice(const struct pen *p);
void draw_hint(const struct pen *p);

#endif
