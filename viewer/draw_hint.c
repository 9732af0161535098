/* SPDX-License-Identifier: MIT
 *
 * What is under the mouse, in a box beside it that stays within the frame.
 */
#include <math.h>

#include "viewer/draw_parts.h"
#include "viewer/text.h"

#define SIZE 12.0
#define INSIDE 9.0
#define HIGH 26.0
#define BESIDE 14.0 /* clear of the mouse's own arrow */

void draw_hint(const struct pen *p)
{
	char text[256];
	struct scene_rect box;

	if (!p->v->hint || !p->v->hint[0])
		return;
	text_fit(text, sizeof(text), p->v->hint, SIZE, p->w - 2 * (INSIDE + BESIDE));
	box.w = draw_text_width(p, text, SIZE, false) + 2 * INSIDE;
	box.h = HIGH;
	box.x = p->v->hint_x + BESIDE;
	box.y = p->v->hint_y + BESIDE;
	if (box.x + box.w > p->w - 4)
		box.x = fmax(p->w - 4 - box.w, 4);
	if (box.y + box.h > p->h - 4)
		box.y = fmax(p->v->hint_y - BESIDE / 2 - box.h, 4);
	draw_box(p, box, 6);
	draw_colour(p, THEME_PANEL, 0.97);
	cairo_fill_preserve(p->cr);
	draw_colour(p, THEME_TIE, 1);
	cairo_set_line_width(p->cr, 1);
	cairo_stroke(p->cr);
	draw_colour(p, THEME_TEXT, 1);
	draw_text(p, text, box.x + INSIDE, box.y + HIGH / 2, SIZE, false, 0);
}
