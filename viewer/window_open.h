/* SPDX-License-Identifier: MIT
 *
 * Getting a window from SDL. Private to window.c.
 */
#ifndef WEFT_VIEWER_WINDOW_OPEN_H
#define WEFT_VIEWER_WINDOW_OPEN_H

#define SDL_MAIN_HANDLED
#include <SDL.h>

#include "viewer/window.h"

/* Starts SDL and opens a window with a surface to draw into. 0, or -ENODEV with `error` filled in.
 */
int window_open(const char *title, const struct window_options *options, SDL_Window **ret_window,
	struct window_error *error);

/* How long the screen shows a frame. */
double window_refresh_s(SDL_Window *window);

/* Pixels to a unit of the picture, for a window that is so many pixels wide. */
double window_scale(SDL_Window *window, const struct window_options *options, int width_px);

#endif
