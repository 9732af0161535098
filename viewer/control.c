/* SPDX-License-Identifier: MIT
 *
 * Every input ends as a change of the view or of the player, and marks the picture as dirty when it
 * changed something. The player's head is copied to the view in one place, show().
 */
#include "viewer/control.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tracer/trace/trace.h"
#include "viewer/hint.h"
#include "viewer/layout.h"
#include "viewer/scene.h"

#define ZOOM_STEP 1.25
#define LINE_STEP 1.25
#define PAN_STEP 60.0	     /* picture units */
#define GESTURE_S 0.7	     /* turns of a wheel closer than this are one movement */
#define LONGEST_FRAME_S 0.25 /* a machine that was asleep does not jump */
#define GRAB 8.0	     /* units around the time line that still hit it */

/* Puts the player's state into the view. */
static void show(struct control *c)
{
	c->view.head = c->player.head;
	c->view.playing = c->player.playing || c->resume;
	c->view.speed = c->player.speed;
	c->dirty = true;
}

void control_init(struct control *c, const struct weft_trace *trace, const struct layout *layout,
	struct scene *scene, enum view_axis axis, enum theme_name theme)
{
	*c = (struct control){.trace = trace, .layout = layout, .scene = scene};
	player_init(&c->player);
	player_toggle(&c->player);
	view_init(&c->view);
	c->view.axis = axis;
	c->view.theme = theme;
	c->view.bar = true;
	show(c);
}

void control_say(struct control *c, double for_s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(c->notice, sizeof(c->notice), format, args);
	va_end(args);
	c->notice_until_s = c->notice[0] ? c->now_s + for_s : 0;
	c->view.notice = c->notice[0] ? c->notice : NULL;
	c->dirty = true;
}

void control_tick(struct control *c, double now_s)
{
	double dt = fmin(now_s - c->now_s, LONGEST_FRAME_S);

	c->now_s = now_s;
	if (player_advance(&c->player, dt)) {
		show(c);
		view_follow(&c->view);
	}
	if (c->view.notice && now_s >= c->notice_until_s)
		control_say(c, 0, "%s", "");
}

double control_wake_s(const struct control *c)
{
	return c->view.notice ? c->notice_until_s : INFINITY;
}

void control_resize(struct control *c, int width, int height, double scale)
{
	c->view.width = width;
	c->view.height = height;
	c->view.scale = scale;
	c->dirty = true;
}

/* ---- the camera ---- */

/* The camera is about to move: notes where it was, once a gesture. */
static void begin_move(struct control *c, enum command command)
{
	if (command != c->moving || c->now_s >= c->moving_until_s)
		c->gesture++;
	c->moving = command;
	c->moving_until_s = c->now_s + GESTURE_S;
	view_history_note(&c->history, &c->view, c->gesture);
	c->dirty = true;
}

static bool in_rect(const struct scene_rect *r, double x, double y)
{
	return x >= r->x && x < r->x + r->w && y >= r->y && y < r->y + r->h;
}

/* About the mouse if it is over the plot, else about the middle. */
static void zoom(struct control *c, double fx, double fy)
{
	struct scene_rect plot = scene_plot_area(&c->view);
	double x = plot.x + plot.w / 2, y = plot.y + plot.h / 2;

	if (c->mouse_in && in_rect(&plot, c->mouse_x, c->mouse_y)) {
		x = c->mouse_x;
		y = c->mouse_y;
	}
	view_zoom(&c->view, scene_x_to_world(&c->view, x), scene_y_to_axis(&c->view, y), fx, fy);
}

/* Moves the camera by picture units. */
static void pan(struct control *c, double dx, double dy)
{
	struct scene_rect plot = scene_plot_area(&c->view);
	const struct view_camera *camera = &c->view.camera;

	view_pan(&c->view, dx * (camera->x1 - camera->x0) / fmax(plot.w, 1),
		dy * (camera->y1 - camera->y0) / fmax(plot.h, 1));
}

/* Where the camera shows the last instant already, the play head goes there. */
static void see_end(struct control *c, enum command command)
{
	if (c->view.camera.y1 >= 1) {
		player_seek(&c->player, 1);
		show(c);
		return;
	}
	begin_move(c, command);
	view_end(&c->view);
}

static void move_camera(struct control *c, enum command command, double amount)
{
	double by = pow(ZOOM_STEP, amount);

	/* In and out, up and down of one wheel are one gesture: the first of each pair stands. */
	switch (command) {
	case COMMAND_ZOOM_IN:
	case COMMAND_ZOOM_OUT:
		begin_move(c, COMMAND_ZOOM_IN);
		zoom(c, 1, command == COMMAND_ZOOM_IN ? by : 1 / by);
		break;
	case COMMAND_WIDEN:
	case COMMAND_NARROW:
		begin_move(c, COMMAND_WIDEN);
		zoom(c, command == COMMAND_WIDEN ? by : 1 / by, 1);
		break;
	case COMMAND_EARLIER:
	case COMMAND_LATER:
		begin_move(c, COMMAND_PAN);
		pan(c, 0, command == COMMAND_LATER ? PAN_STEP * amount : -PAN_STEP * amount);
		break;
	case COMMAND_LEFT:
	case COMMAND_RIGHT:
		begin_move(c, COMMAND_PAN);
		pan(c, command == COMMAND_RIGHT ? PAN_STEP * amount : -PAN_STEP * amount, 0);
		break;
	case COMMAND_FIT:
		begin_move(c, command);
		view_fit(&c->view);
		break;
	case COMMAND_HOME:
		begin_move(c, command);
		view_home(&c->view);
		break;
	default:
		see_end(c, command);
		break;
	}
}

/* The moments at the camera's edges and under the play head stay when the axis changes. */
static void change_axis(struct control *c)
{
	const struct timescale *from = &c->layout->scale[c->view.axis], *to;
	struct view_camera *camera = &c->view.camera;

	view_cycle_axis(&c->view);
	to = &c->layout->scale[c->view.axis];
	if (c->player.head < 1)
		player_seek(&c->player, timescale_y(to, timescale_t(from, c->player.head)));
	if (camera->y1 - camera->y0 < 1) {
		double y0 = timescale_y(to, timescale_t(from, camera->y0));
		double y1 = timescale_y(to, timescale_t(from, camera->y1));

		view_zoom(&c->view, 0, 0, 1, (camera->y1 - camera->y0) / fmax(y1 - y0, 1e-12));
		view_pan(&c->view, 0, y0 - camera->y0);
	}
	c->history = (struct view_history){.nundo = 0}; /* its places mean nothing here */
	show(c);
	control_say(c, 2, "time axis: %s", timescale_word(c->view.axis));
}

/* ---- commands ---- */

static void step(struct control *c, enum player_step what, int way)
{
	player_step(&c->player, c->trace, &c->layout->scale[c->view.axis], what, way);
	show(c);
	view_follow(&c->view);
}

static void play(struct control *c, enum command command)
{
	switch (command) {
	case COMMAND_PLAY:
		player_toggle(&c->player);
		break;
	case COMMAND_RESTART:
		player_restart(&c->player);
		break;
	case COMMAND_SLOWER:
		player_slower(&c->player);
		break;
	default:
		player_faster(&c->player);
		break;
	}
	show(c);
	if (command == COMMAND_RESTART || c->player.playing)
		view_follow(&c->view);
}

static void change_look(struct control *c, enum command command)
{
	switch (command) {
	case COMMAND_THINNER:
		view_scale_lines(&c->view, 1 / LINE_STEP);
		break;
	case COMMAND_THICKER:
		view_scale_lines(&c->view, LINE_STEP);
		break;
	case COMMAND_LABELS:
		c->view.labels = !c->view.labels;
		break;
	case COMMAND_THEME:
		view_cycle_theme(&c->view);
		control_say(c, 2, "theme: %s", theme_get(c->view.theme)->word);
		break;
	case COMMAND_HELP:
		c->view.help = !c->view.help;
		break;
	default: /* cancel */
		c->view.help = false;
		control_say(c, 0, "%s", "");
		break;
	}
	c->dirty = true;
}

static void change_history(struct control *c, bool back)
{
	if (back ? view_undo(&c->view, &c->history) : view_redo(&c->view, &c->history))
		c->dirty = true;
	else
		control_say(c, 2, "%s", back ? "nothing to undo" : "nothing to redo");
	c->moving = COMMAND_NONE;
}

enum control_request control_command(struct control *c, enum command command, double amount)
{
	switch (command) {
	case COMMAND_PLAY:
	case COMMAND_RESTART:
	case COMMAND_SLOWER:
	case COMMAND_FASTER:
		play(c, command);
		break;
	case COMMAND_STEP_BACK:
	case COMMAND_STEP_FORWARD:
		step(c, PLAYER_EVENT, command == COMMAND_STEP_FORWARD ? 1 : -1);
		break;
	case COMMAND_MESSAGE_BACK:
	case COMMAND_MESSAGE_FORWARD:
		step(c, PLAYER_MESSAGE, command == COMMAND_MESSAGE_FORWARD ? 1 : -1);
		break;
	case COMMAND_ZOOM_IN:
	case COMMAND_ZOOM_OUT:
	case COMMAND_WIDEN:
	case COMMAND_NARROW:
	case COMMAND_EARLIER:
	case COMMAND_LATER:
	case COMMAND_LEFT:
	case COMMAND_RIGHT:
	case COMMAND_FIT:
	case COMMAND_HOME:
	case COMMAND_END:
		move_camera(c, command, amount);
		break;
	case COMMAND_UNDO:
	case COMMAND_REDO:
		change_history(c, command == COMMAND_UNDO);
		break;
	case COMMAND_AXIS:
		change_axis(c);
		break;
	case COMMAND_THINNER:
	case COMMAND_THICKER:
	case COMMAND_LABELS:
	case COMMAND_THEME:
	case COMMAND_HELP:
	case COMMAND_CANCEL:
		change_look(c, command);
		break;
	case COMMAND_SCREENSHOT:
		return CONTROL_SCREENSHOT;
	case COMMAND_EXPORT:
		return CONTROL_EXPORT;
	case COMMAND_QUIT:
		return CONTROL_QUIT;
	case COMMAND_NONE:
	case COMMAND_SEEK: /* of the mouse: below */
	case COMMAND_PAN:
	case COMMAND_COUNT:
		break;
	}
	return CONTROL_NONE;
}

/* ---- the mouse ---- */

static void seek_to(struct control *c, double x)
{
	player_seek(&c->player, scene_bar_head(&c->view, x));
	show(c);
	view_follow(&c->view);
}

void control_press(struct control *c, double x, double y)
{
	struct scene_bar bar = scene_bar_area(&c->view);
	struct scene_rect plot = scene_plot_area(&c->view);

	c->mouse_x = x;
	c->mouse_y = y;
	c->mouse_in = true;
	if (c->view.help) {
		change_look(c, COMMAND_HELP);
	} else if (in_rect(&bar.button, x, y)) {
		play(c, COMMAND_PLAY);
	} else if (in_rect(&bar.area, x, y)) {
		if (x < bar.track.x - GRAB || x > bar.track.x + bar.track.w + GRAB)
			return;
		c->drag = CONTROL_SEEK;
		c->resume = c->player.playing;
		c->player.playing = false;
		seek_to(c, x);
	} else if (in_rect(&plot, x, y)) {
		c->drag = CONTROL_PAN;
		c->moving = COMMAND_NONE; /* each drag is a gesture of its own */
	}
}

void control_motion(struct control *c, double x, double y)
{
	double dx = x - c->mouse_x, dy = y - c->mouse_y;

	c->mouse_x = x;
	c->mouse_y = y;
	c->mouse_in = true;
	if (c->drag == CONTROL_SEEK) {
		seek_to(c, x);
	} else if (c->drag == CONTROL_PAN) {
		if (c->moving == COMMAND_NONE)
			begin_move(c, COMMAND_PAN);
		pan(c, -dx, -dy);
		c->dirty = true;
	} else {
		control_drawn(c);
	}
}

void control_release(struct control *c)
{
	if (c->drag == CONTROL_SEEK) {
		c->player.playing = c->resume && c->player.head < 1;
		c->resume = false;
		show(c);
	}
	c->drag = CONTROL_IDLE;
	c->moving = COMMAND_NONE;
}

void control_leave(struct control *c)
{
	c->mouse_in = false;
	control_drawn(c);
}

void control_drawn(struct control *c)
{
	struct scene_hit hit = {SCENE_NOTHING, WEFT_NO_INDEX};
	uint32_t thread;
	char hint[sizeof(c->hint)] = "";

	if (c->mouse_in && c->drag == CONTROL_IDLE && !c->view.help)
		hit = scene_pick(c->scene, c->mouse_x, c->mouse_y);
	thread = hit.what == SCENE_THREAD ? hit.index : WEFT_NO_INDEX;
	if (hit.what == SCENE_THREAD)
		hint_thread(hint, sizeof(hint), c->trace, hit.index,
			timescale_t(&c->layout->scale[c->view.axis],
				fmin(scene_y_to_axis(&c->view, c->mouse_y), c->view.head)));
	else if (hit.what == SCENE_MESSAGE)
		hint_message(hint, sizeof(hint), c->trace, hit.index);
	if (thread == c->view.hover && strcmp(hint, c->hint) == 0)
		return;
	memcpy(c->hint, hint, sizeof(hint));
	c->view.hover = thread;
	c->view.hint = c->hint[0] ? c->hint : NULL;
	c->view.hint_x = c->mouse_x;
	c->view.hint_y = c->mouse_y;
	c->dirty = true;
}
