/* SPDX-License-Identifier: MIT
 *
 * From a scene to ink: the draw_*.c files are the only ones that know cairo's strokes and fills.
 *
 * The cairo context must have device pixels as its unit (a fresh one has); view->scale is applied
 * here. Nothing is read but the arguments: the same ones give the same pixels.
 */
#ifndef WEFT_VIEWER_DRAW_H
#define WEFT_VIEWER_DRAW_H

#include <cairo.h>

#include "viewer/view.h"

struct layout;
struct scene;
struct weft_trace;

/* A whole frame: builds the scene and draws it over all of view->width x view->height. */
void draw_frame(cairo_t *cr, const struct weft_trace *t, const struct layout *l,
	const struct view *v);

/* The same for a scene that the caller built (and keeps, for scene_pick) with the same view. */
void draw_scene(cairo_t *cr, const struct scene *s, const struct view *v);

#endif
