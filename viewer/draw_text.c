/* SPDX-License-Identifier: MIT
 *
 * Text, and the labels of the plot.
 */
#include <string.h>

#include "viewer/draw_parts.h"

static void set_text(const struct pen *p, const char *text, double size, bool bold)
{
	pango_font_description_set_absolute_size(p->font, size * PANGO_SCALE);
	pango_font_description_set_weight(p->font, bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
	pango_layout_set_font_description(p->text, p->font);
	if (g_utf8_validate(text, -1, NULL)) {
		pango_layout_set_text(p->text, text, -1);
	} else {
		char *valid = g_utf8_make_valid(text, -1);

		pango_layout_set_text(p->text, valid, -1);
		g_free(valid);
	}
}

void draw_text(const struct pen *p, const char *text, double x, double y, double size, bool bold,
	double angle)
{
	if (!text[0])
		return;
	set_text(p, text, size, bold);
	cairo_save(p->cr);
	cairo_translate(p->cr, x, y);
	cairo_rotate(p->cr, angle);
	/* The middle of the small letters and of the figures lies on the line. */
	cairo_move_to(p->cr, 0, size * 0.36);
	pango_cairo_show_layout_line(p->cr, pango_layout_get_line_readonly(p->text, 0));
	cairo_restore(p->cr);
}

double draw_text_width(const struct pen *p, const char *text, double size, bool bold)
{
	PangoRectangle r;

	set_text(p, text, size, bold);
	pango_layout_get_extents(p->text, NULL, &r);
	return (double)r.width / PANGO_SCALE;
}

static void draw_label(const struct pen *p, const struct scene *s, const struct scene_label *l)
{
	static const enum theme_role roles[SCENE_LABEL_KIND_COUNT] = {
		[SCENE_LABEL_NAME] = THEME_NAME,
		[SCENE_LABEL_VALUE] = THEME_MESSAGE,
		[SCENE_LABEL_TICK] = THEME_DIM,
		[SCENE_LABEL_FOLD] = THEME_DIM,
	};

	if (l->kind <= SCENE_LABEL_VALUE && l->angle == 0) {
		draw_colour(p, THEME_GROUND, 0.85);
		draw_box(p, l->box, 3);
		cairo_fill(p->cr);
	}
	draw_colour(p, l->strong ? THEME_TEXT : roles[l->kind],
		l->kind == SCENE_LABEL_VALUE ? draw_message_ink(p, s, l->of, l->age) : 1);
	draw_text(p, l->text, l->x, l->y, l->size, false, l->angle);
}

void draw_labels(const struct pen *p, const struct scene *s)
{
	for (uint32_t i = 0; i < s->nlabels; i++)
		draw_label(p, s, &s->labels[i]);
}
