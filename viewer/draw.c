/* SPDX-License-Identifier: MIT
 *
 * A frame, from the back to the front, and the few strokes that all parts use.
 */
#include "viewer/draw.h"

#include <math.h>

#include "viewer/draw_parts.h"

void draw_colour(const struct pen *p, enum theme_role role, double alpha)
{
	uint32_t c = p->theme->colour[role];

	cairo_set_source_rgba(
		p->cr, (c >> 16 & 255) / 255.0, (c >> 8 & 255) / 255.0, (c & 255) / 255.0, alpha);
}

double draw_edge(const struct pen *p, double at)
{
	return round(at * p->scale) / p->scale;
}

double draw_middle(const struct pen *p, double at, double width)
{
	double pixels = fmax(round(width * p->scale), 1);

	return (round(at * p->scale - pixels / 2) + pixels / 2) / p->scale;
}

void draw_box(const struct pen *p, struct scene_rect b, double radius)
{
	double r = fmin(radius, fmin(b.w, b.h) / 2);

	cairo_new_path(p->cr);
	cairo_arc(p->cr, b.x + b.w - r, b.y + r, r, -M_PI / 2, 0);
	cairo_arc(p->cr, b.x + b.w - r, b.y + b.h - r, r, 0, M_PI / 2);
	cairo_arc(p->cr, b.x + r, b.y + b.h - r, r, M_PI / 2, M_PI);
	cairo_arc(p->cr, b.x + r, b.y + r, r, M_PI, M_PI * 1.5);
	cairo_close_path(p->cr);
}

/* The same text on every machine that has the font: grey edges, no fitting to the pixel grid. */
static PangoLayout *text_layout(cairo_t *cr)
{
	PangoLayout *text = pango_cairo_create_layout(cr);
	PangoContext *context = pango_layout_get_context(text);
	cairo_font_options_t *options = cairo_font_options_create();

	cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	pango_cairo_context_set_font_options(context, options);
	pango_cairo_context_set_resolution(context, 96);
	cairo_font_options_destroy(options);
	pango_layout_context_changed(text);
	pango_layout_set_single_paragraph_mode(text, TRUE);
	return text;
}

/* Nothing of the plot strays into the margins, but for arrow heads and names. */
static void clip_to_plot(const struct pen *p, const struct scene *s)
{
	cairo_save(p->cr);
	cairo_rectangle(p->cr, s->plot.x - 12, s->plot.y - 6, s->plot.w + 24, s->plot.h + 12);
	cairo_clip(p->cr);
}

void draw_scene(cairo_t *cr, const struct scene *s, const struct view *v)
{
	double scale = v->scale > 0 ? v->scale : 1;
	struct pen p = {.cr = cr,
		.v = v,
		.theme = theme_get(v->theme),
		.scale = scale,
		.w = v->width / scale,
		.h = v->height / scale};

	cairo_save(cr);
	cairo_scale(cr, scale, scale);
	p.text = text_layout(cr);
	p.font = pango_font_description_from_string("DejaVu Sans,Sans");
	draw_colour(&p, THEME_GROUND, 1);
	cairo_paint(cr);
	draw_axis(&p, s);
	clip_to_plot(&p, s);
	draw_lanes(&p, s);
	draw_arrows(&p, s);
	draw_dots(&p, s);
	cairo_restore(cr);
	draw_labels(&p, s);
	draw_title(&p, s);
	draw_bar(&p, s);
	draw_hint(&p);
	draw_notice(&p);
	if (v->help)
		draw_help(&p);
	pango_font_description_free(p.font);
	g_object_unref(p.text);
	cairo_restore(cr);
}

void draw_frame(
	cairo_t *cr, const struct weft_trace *t, const struct layout *l, const struct view *v)
{
	struct scene *s = scene_create();

	scene_build(s, t, l, v);
	draw_scene(cr, s, v);
	scene_destroy(s);
}
