/* SPDX-License-Identifier: MIT
 *
 * The window: plays one trace until the user quits. window.c and what it keeps to itself are the
 * only files that know SDL; everything they show comes from the same code as `weft export`.
 */
#ifndef WEFT_VIEWER_WINDOW_H
#define WEFT_VIEWER_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

#include "viewer/view.h"

struct weft_trace;

struct window_options {
	const char *path; /* of the trace: screenshots and exports land beside it. NULL: here */
	int axis;	  /* enum view_axis, or -1: timescale_choose() */
	enum theme_name theme;
	int width, height; /* of the window, in the desktop's points; 0: a good size */
	double scale;	   /* pixels to a unit of the picture; 0: what the screen says */
	double speed;	   /* 0: 1 */
	bool paused;	   /* start at the first instant and wait, in place of playing at once */
};

/* Why a window could not be opened: one line, complete, for a person. */
struct window_error {
	char text[256];
};

/* A window of a good size that plays at once, in the light theme, axis chosen. */
void window_options_init(struct window_options *options);

/*
 * Opens a window, plays, and returns 0 when the user quits. Without a display, or if the window
 * can't be made: a negative errno value (-ENODEV, -ENOMEM) with `error` filled in. The trace is
 * borrowed. Call it from the main thread; it blocks.
 */
int window_run(const struct weft_trace *trace, const struct window_options *options,
	struct window_error *error);

#endif
