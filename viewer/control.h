/* SPDX-License-Identifier: MIT
 *
 * The window's behaviour without the window: what commands and the mouse do to the view and the
 * player. Knows neither SDL nor a clock; lengths are picture units, times are handed in.
 */
#ifndef WEFT_VIEWER_CONTROL_H
#define WEFT_VIEWER_CONTROL_H

#include <stdbool.h>

#include "viewer/input.h"
#include "viewer/player.h"
#include "viewer/view.h"

struct layout;
struct scene;
struct weft_trace;

/* What a command asks of the window, because it needs a file or ends it. */
enum control_request {
	CONTROL_NONE,
	CONTROL_QUIT,
	CONTROL_SCREENSHOT,
	CONTROL_EXPORT,
};

enum control_drag {
	CONTROL_IDLE,
	CONTROL_PAN,
	CONTROL_SEEK,
};

struct control {
	const struct weft_trace *trace; /* borrowed, like the next two */
	const struct layout *layout;
	struct scene *scene; /* of the last frame: what the mouse can point at */
	struct view view;    /* what to draw: the window's next frame */
	struct player player;
	struct view_history history;

	double mouse_x, mouse_y;
	bool mouse_in; /* the window */
	enum control_drag drag;
	bool resume; /* a drag on the time line stopped the playing for its while */

	double now_s;	       /* as of the last control_tick */
	enum command moving;   /* the navigation command of the gesture that goes on */
	double moving_until_s; /* it is over then */
	int gesture;

	char notice[256];
	double notice_until_s; /* 0: none, INFINITY: until replaced */
	char hint[256];
	bool dirty; /* the picture is not what the view says any more */
};

/* The view begins at the first instant, playing unless told otherwise. */
void control_init(struct control *c, const struct weft_trace *trace, const struct layout *layout,
	struct scene *scene, enum view_axis axis, enum theme_name theme);

/* Now is `now_s`, on any clock that doesn't go back: plays on and lets notices end. */
void control_tick(struct control *c, double now_s);

/* When control_tick is needed next, though nothing is played: INFINITY for never. */
double control_wake_s(const struct control *c);

/* `amount`: how much of it (the turns of a wheel); 1 for a key. */
enum control_request control_command(struct control *c, enum command command, double amount);

/* The mouse, with its first button. */
void control_motion(struct control *c, double x, double y);
void control_press(struct control *c, double x, double y);
void control_release(struct control *c);
void control_leave(struct control *c); /* the mouse left the window */

/* The frame's size in pixels, and how many of them are a unit. */
void control_resize(struct control *c, int width, int height, double scale);

/* Shows one line for a while; "" takes it away, INFINITY keeps it. */
void control_say(struct control *c, double for_s, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* After a frame was drawn from c->view into c->scene: what is under the mouse now. */
void control_drawn(struct control *c);

#endif
