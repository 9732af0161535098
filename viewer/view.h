/* SPDX-License-Identifier: MIT
 *
 * A view: everything that a frame depends on besides the trace and its layout. Plain data; a frame
 * is a pure function of (trace, layout, view). Nothing here knows SDL or cairo.
 *
 * World coordinates: x runs over the lanes from 0 (left edge) to 1 (right edge), y over the time
 * axis from 0 (first instant) to 1 (last). The camera is the rectangle of the world that fills the
 * plot area; the whole world is "fit".
 */
#ifndef WEFT_VIEWER_VIEW_H
#define WEFT_VIEWER_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "viewer/theme.h"

enum view_axis {
	VIEW_AXIS_WALL,	    /* true proportions */
	VIEW_AXIS_ORDER,    /* one step for each distinct instant */
	VIEW_AXIS_SQUEEZED, /* wall, with idle gaps folded and marked */
	VIEW_AXIS_COUNT
};

struct view_camera {
	double x0, y0, x1, y1;
};

struct view {
	int width, height; /* of the frame, in device pixels */
	double scale;	   /* device pixels to one of the picture's units: 2 on a HiDPI screen */
	enum view_axis axis;
	enum theme_name theme;
	struct view_camera camera;
	double head; /* the play head on the axis, 0..1: nothing later is drawn; 1 is the whole run */
	double line_width; /* factor, 1 is normal */
	bool playing;	   /* draws the pause sign in place of the play sign */
	double speed;	   /* factor, shown beside the time */
	bool bar;	   /* the time line with its play button at the bottom */
	bool help;	   /* the overlay with the keys */
	bool labels;	   /* values beside the arrows */
	uint32_t hover;	   /* thread under the mouse, or WEFT_NO_INDEX */
	const char *notice; /* one line to show for a moment, or NULL */
};

#endif
