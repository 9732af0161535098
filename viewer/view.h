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
	VIEW_AXIS_ORDER,    /* one step for each distinct instant; small where no message is */
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
	double head; /* the play head on the axis, 0..1: nothing later is drawn; 1 is the whole run
		      */
	double line_width;  /* factor, 1 is normal */
	bool playing;	    /* draws the pause sign in place of the play sign */
	double speed;	    /* factor, shown beside the time */
	bool bar;	    /* the time line with its play button at the bottom */
	bool help;	    /* the overlay with the keys */
	bool labels;	    /* values beside the arrows */
	uint32_t hover;	    /* thread under the mouse, or WEFT_NO_INDEX */
	const char *notice; /* one line to show for a moment, or NULL */
	const char *hint;   /* what is under the mouse, to show beside it, or NULL */
	double hint_x, hint_y; /* where the mouse is, in the picture's units */
};

/* Zooming stops when the camera shows this much of the world. */
#define VIEW_SPAN_MIN_X 0.01
#define VIEW_SPAN_MIN_Y 1e-9

/* The whole run in a 1280x800 frame: what every picture starts from. */
void view_init(struct view *view);

void view_fit(struct view *view);

/*
 * Zooms by fx and fy (2 shows half as much), so that the world's point (x, y) stays where it is on
 * the screen as far as the world's edges let it.
 */
void view_zoom(struct view *view, double x, double y, double fx, double fy);

/* Moves the camera over the world by (dx, dy); stops at the world's edges. */
void view_pan(struct view *view, double dx, double dy);

/* The first, and the last, instant at the camera's edge; the zoom stays. */
void view_home(struct view *view);
void view_end(struct view *view);

/*
 * Moves a zoomed-in camera along the time axis so that the play head is in it, with room ahead of
 * it. Leaves a camera that shows the whole axis alone.
 */
void view_follow(struct view *view);

void view_cycle_axis(struct view *view);
void view_cycle_theme(struct view *view);

/* Thinner or thicker lines by a factor, within reason. */
void view_scale_lines(struct view *view, double factor);

/*
 * Where the camera has been, for undo and redo. Movements of one gesture (a drag, the turns of a
 * wheel) are one step. Zeroed is empty.
 */
#define VIEW_HISTORY_MAX 64
struct view_history {
	struct view_camera undo[VIEW_HISTORY_MAX], redo[VIEW_HISTORY_MAX]; /* the newest is last */
	int nundo, nredo;
	int gesture; /* the one that the newest undo step began with */
};

/*
 * Notes the camera before it moves. `gesture` tells one gesture from the next: a number that the
 * caller keeps while the gesture goes on; the same one again notes nothing new.
 */
void view_history_note(struct view_history *history, const struct view *view, int gesture);

/* Moves the camera one step back, or forward again; false if there is none. */
bool view_undo(struct view *view, struct view_history *history);
bool view_redo(struct view *view, struct view_history *history);

#endif
