/* SPDX-License-Identifier: MIT
 *
 * The window's behaviour: commands and mouse in, view and player out; no window anywhere.
 */
#include "viewer/control.h"

#include <math.h>

#include "tests/test.h"
#include "tracer/trace/trace.h"
#include "viewer/hint.h"
#include "viewer/layout.h"
#include "viewer/scene.h"

#define MS 1000000

static struct weft_span spans[] = {
	{.begin_ns = 0,
		.end_ns = 400 * MS,
		.thread = 0,
		.obj = WEFT_NO_INDEX,
		.worker = 0,
		.state = WEFT_STATE_RUNNING},
	{.begin_ns = 400 * MS,
		.end_ns = 1000 * MS,
		.thread = 0,
		.obj = 0,
		.worker = -1,
		.state = WEFT_STATE_BLOCKED,
		.why = WEFT_WHY_RECV},
	{.begin_ns = 100 * MS,
		.end_ns = 800 * MS,
		.thread = 1,
		.obj = WEFT_NO_INDEX,
		.worker = -1,
		.state = WEFT_STATE_READY},
};
static struct weft_thread threads[] = {
	{.id = 1, .name = "main", .died_ns = 1000 * MS, .parent = WEFT_NO_INDEX, .nspans = 2},
	{.id = 2,
		.name = "worker",
		.born_ns = 100 * MS,
		.died_ns = 800 * MS,
		.parent = 0,
		.depth = 1,
		.first_span = 2,
		.nspans = 1,
		.ended = true},
};
static struct weft_object objects[] = {{.id = 1,
	.name = "jobs",
	.freed_ns = WEFT_NO_TIME,
	.closed_ns = WEFT_NO_TIME,
	.type = WEFT_OBJ_CHAN}};
static struct weft_message messages[] = {
	{.id = 1,
		.send_ns = 200 * MS,
		.recv_ns = 300 * MS,
		.unsend_ns = WEFT_NO_TIME,
		.value = "42",
		.from = 0,
		.to = 1,
		.obj = 0},
	{.id = 2,
		.send_ns = 500 * MS,
		.recv_ns = WEFT_NO_TIME,
		.unsend_ns = WEFT_NO_TIME,
		.from = 1,
		.to = WEFT_NO_INDEX,
		.obj = 0},
};
static struct weft_event events[] = {
	{.t_ns = 0, .thread = 0, .kind = WEFT_EV_SPAWN},
	{.t_ns = 200 * MS, .thread = 0, .kind = WEFT_EV_SEND},
	{.t_ns = 300 * MS, .thread = 1, .kind = WEFT_EV_RECV},
	{.t_ns = 1000 * MS, .thread = 0, .kind = WEFT_EV_EXIT},
};
static const struct weft_trace trace = {
	.title = "small",
	.source = "weft",
	.clock = "",
	.warning = (char[]){""},
	.complete = true,
	.end_ns = 1000 * MS,
	.threads = threads,
	.objects = objects,
	.messages = messages,
	.spans = spans,
	.events = events,
	.nthreads = 2,
	.nobjects = 1,
	.nmessages = 2,
	.nspans = 3,
	.nevents = 4,
	.nreceived = 1,
};

/* A window in all but name, paused at the start at time 0. */
struct desk {
	struct layout *layout;
	struct scene *scene;
	struct control control;
};

static void draw(struct desk *d)
{
	scene_build(d->scene, &trace, d->layout, &d->control.view);
	d->control.dirty = false;
	control_drawn(&d->control);
}

static struct control *open_desk(struct desk *d)
{
	d->layout = layout_create(&trace);
	d->scene = scene_create();
	control_init(&d->control, &trace, d->layout, d->scene, VIEW_AXIS_WALL, THEME_LIGHT);
	control_resize(&d->control, 1000, 700, 1);
	control_command(&d->control, COMMAND_PLAY, 1);
	draw(d);
	return &d->control;
}

static void close_desk(struct desk *d)
{
	scene_destroy(d->scene);
	layout_destroy(d->layout);
}

static bool is_fit(const struct control *c)
{
	return c->view.camera.x0 == 0 && c->view.camera.x1 == 1 && c->view.camera.y0 == 0 &&
	       c->view.camera.y1 == 1;
}

TEST(it_starts_playing_from_the_first_instant)
{
	struct desk d;
	struct control *c = open_desk(&d);

	control_init(c, &trace, d.layout, d.scene, VIEW_AXIS_WALL, THEME_DARK);
	CHECK(c->view.playing && c->view.head == 0 && c->view.bar && c->dirty);
	CHECK_INT(c->view.theme, THEME_DARK);
	for (int i = 1; i <= 100; i++)
		control_tick(c, i * 0.05);
	CHECK(fabs(c->view.head - 0.5) < 1e-9);
	close_desk(&d);
}

TEST(a_machine_that_slept_does_not_jump)
{
	struct desk d;
	struct control *c = open_desk(&d);

	control_command(c, COMMAND_PLAY, 1);
	control_tick(c, 3600);
	CHECK(c->view.head > 0 && c->view.head < 0.05);
	close_desk(&d);
}

TEST(paused_nothing_needs_to_be_drawn)
{
	struct desk d;
	struct control *c = open_desk(&d);

	control_tick(c, 5);
	CHECK(!c->dirty);
	CHECK(isinf(control_wake_s(c)));
	close_desk(&d);
}

TEST(a_notice_goes_away_by_itself)
{
	struct desk d;
	struct control *c = open_desk(&d);

	control_tick(c, 5);
	control_say(c, 2, "saved %s", "x.png");
	CHECK_STR(c->view.notice, "saved x.png");
	CHECK(control_wake_s(c) == 7);
	control_tick(c, 6.9);
	CHECK(c->view.notice != NULL);
	c->dirty = false;
	control_tick(c, 7.1);
	CHECK(!c->view.notice && c->dirty);
	close_desk(&d);
}

TEST(a_click_on_the_sign_plays_and_pauses)
{
	struct desk d;
	struct control *c = open_desk(&d);
	struct scene_rect b = scene_bar_area(&c->view).button;

	control_press(c, b.x + b.w / 2, b.y + b.h / 2);
	control_release(c);
	CHECK(c->view.playing);
	control_press(c, b.x + b.w / 2, b.y + b.h / 2);
	control_release(c);
	CHECK(!c->view.playing);
	close_desk(&d);
}

TEST(a_drag_on_the_time_line_seeks_and_then_plays_on)
{
	struct desk d;
	struct control *c = open_desk(&d);
	struct scene_bar bar = scene_bar_area(&c->view);
	double y = bar.area.y + 1; /* well above the track, within the bar */

	control_command(c, COMMAND_PLAY, 1);
	control_press(c, bar.track.x + bar.track.w / 4, y);
	CHECK(fabs(c->view.head - 0.25) < 1e-9);
	control_tick(c, 0.2); /* while it is held, time stands */
	CHECK(fabs(c->view.head - 0.25) < 1e-9);
	CHECK(c->view.playing); /* the sign does not flicker */
	control_motion(c, bar.track.x + bar.track.w / 2, y - 300);
	CHECK(fabs(c->view.head - 0.5) < 1e-9);
	control_motion(c, -500, y);
	CHECK(c->view.head == 0);
	control_motion(c, bar.track.x + bar.track.w / 2, y);
	control_release(c);
	CHECK(c->player.playing);
	control_tick(c, 0.4);
	CHECK(c->view.head > 0.5);
	close_desk(&d);
}

TEST(a_seek_to_the_end_stays_there)
{
	struct desk d;
	struct control *c = open_desk(&d);
	struct scene_bar bar = scene_bar_area(&c->view);

	control_command(c, COMMAND_PLAY, 1);
	control_press(c, bar.track.x + bar.track.w / 2, bar.area.y + 1);
	control_motion(c, 5000, bar.area.y + 1);
	control_release(c);
	CHECK(c->view.head == 1 && !c->view.playing);
	close_desk(&d);
}

TEST(end_shows_the_end_then_goes_there)
{
	struct desk d;
	struct control *c = open_desk(&d);

	control_command(c, COMMAND_ZOOM_IN, 4);
	control_command(c, COMMAND_HOME, 1);
	CHECK(c->view.camera.y1 < 1);
	control_command(c, COMMAND_END, 1);
	CHECK(c->view.camera.y1 == 1 && c->view.head < 1);
	control_command(c, COMMAND_END, 1);
	CHECK(c->view.camera.y1 == 1 && c->view.head == 1 && !c->view.playing);
	close_desk(&d);
}

TEST(zoom_keeps_the_instant_under_the_mouse)
{
	struct desk d;
	struct control *c = open_desk(&d);
	struct scene_rect plot = scene_plot_area(&c->view);
	double y = plot.y + plot.h * 0.3, before;

	control_motion(c, plot.x + plot.w / 2, y);
	before = scene_y_to_axis(&c->view, y);
	control_command(c, COMMAND_ZOOM_IN, 1);
	control_command(c, COMMAND_ZOOM_IN, 2.5);
	CHECK(fabs(scene_y_to_axis(&c->view, y) - before) < 1e-9);
	CHECK(c->view.camera.y1 - c->view.camera.y0 < 0.5);
	CHECK(c->view.camera.x1 - c->view.camera.x0 == 1);
	control_command(c, COMMAND_WIDEN, 1);
	CHECK(fabs(c->view.camera.x1 - c->view.camera.x0 - 0.8) < 1e-9);
	control_command(c, COMMAND_FIT, 1);
	CHECK(is_fit(c));
	close_desk(&d);
}

TEST(a_drag_moves_the_picture_with_the_mouse_and_is_one_undo)
{
	struct desk d;
	struct control *c = open_desk(&d);
	struct scene_rect plot = scene_plot_area(&c->view);
	double y = plot.y + plot.h / 2, at;

	control_command(c, COMMAND_ZOOM_IN, 5);
	control_press(c, plot.x + 300, y);
	at = scene_y_to_axis(&c->view, y);
	for (int i = 1; i <= 40; i++)
		control_motion(c, plot.x + 300, y - i);
	CHECK(fabs(scene_y_to_axis(&c->view, y - 40) - at) < 1e-9);
	control_release(c);
	control_command(c, COMMAND_UNDO, 1);
	CHECK(fabs(scene_y_to_axis(&c->view, y) - at) < 1e-9);
	control_command(c, COMMAND_UNDO, 1);
	CHECK(is_fit(c));
	control_command(c, COMMAND_REDO, 1);
	control_command(c, COMMAND_REDO, 1);
	CHECK(fabs(scene_y_to_axis(&c->view, y - 40) - at) < 1e-9);
	close_desk(&d);
}

TEST(turns_of_the_wheel_are_one_undo_until_it_rests)
{
	struct desk d;
	struct control *c = open_desk(&d);
	double span;

	for (int i = 0; i < 5; i++) {
		control_tick(c, i * 0.1);
		control_command(c, COMMAND_ZOOM_IN, 1);
	}
	span = c->view.camera.y1 - c->view.camera.y0;
	control_tick(c, 3);
	control_command(c, COMMAND_ZOOM_IN, 1);
	control_command(c, COMMAND_UNDO, 1);
	CHECK(c->view.camera.y1 - c->view.camera.y0 == span);
	control_command(c, COMMAND_UNDO, 1);
	CHECK(is_fit(c));
	control_command(c, COMMAND_UNDO, 1);
	CHECK_STR(c->view.notice, "nothing to undo");
	close_desk(&d);
}

TEST(zoomed_in_the_camera_follows_the_play_head)
{
	struct desk d;
	struct control *c = open_desk(&d);

	control_command(c, COMMAND_ZOOM_IN, 10);
	control_command(c, COMMAND_HOME, 1);
	control_command(c, COMMAND_PLAY, 1);
	for (int i = 1; i <= 220; i++) {
		control_tick(c, i * 0.05);
		CHECK(c->view.head >= c->view.camera.y0 && c->view.head <= c->view.camera.y1);
	}
	CHECK(c->view.head == 1 && !c->view.playing);
	close_desk(&d);
}

TEST(another_axis_keeps_the_moment_and_the_camera)
{
	struct desk d;
	struct control *c = open_desk(&d);
	const struct timescale *s;

	control_command(c, COMMAND_STEP_FORWARD, 1);
	control_command(c, COMMAND_STEP_FORWARD, 1);
	control_command(c, COMMAND_ZOOM_IN, 3);
	for (int i = 0; i < VIEW_AXIS_COUNT; i++) {
		s = &d.layout->scale[c->view.axis];
		CHECK_INT(timescale_t(s, c->view.head), 300 * MS);
		CHECK(c->view.camera.y1 - c->view.camera.y0 < 0.99);
		control_command(c, COMMAND_AXIS, 1);
	}
	CHECK_INT(c->view.axis, VIEW_AXIS_WALL);
	CHECK_STR(c->view.notice, "time axis: wall");
	close_desk(&d);
}

TEST(the_whole_run_stays_whole_on_another_axis)
{
	struct desk d;
	struct control *c = open_desk(&d);

	player_seek(&c->player, 1);
	for (int i = 0; i < VIEW_AXIS_COUNT; i++) {
		control_command(c, COMMAND_AXIS, 1);
		CHECK(is_fit(c) && c->view.head == 1);
	}
	close_desk(&d);
}

TEST(the_mouse_on_a_thread_says_what_it_does)
{
	struct desk d;
	struct control *c = open_desk(&d);

	player_seek(&c->player, 1);
	control_resize(c, 1000, 700, 1);
	c->view.head = 1;
	draw(&d);
	control_motion(
		c, scene_world_to_x(&c->view, d.layout->x[0]), scene_axis_to_y(&c->view, 0.9));
	CHECK_INT(c->view.hover, 0);
	CHECK_STR(c->view.hint, "main: waits to receive from jobs, for 600.0 ms");
	CHECK(c->dirty);
	control_leave(c);
	CHECK(c->view.hover == WEFT_NO_INDEX && !c->view.hint);
	close_desk(&d);
}

TEST(files_and_the_end_are_the_windows_affair)
{
	struct desk d;
	struct control *c = open_desk(&d);

	CHECK_INT(control_command(c, COMMAND_QUIT, 1), CONTROL_QUIT);
	CHECK_INT(control_command(c, COMMAND_SCREENSHOT, 1), CONTROL_SCREENSHOT);
	CHECK_INT(control_command(c, COMMAND_EXPORT, 1), CONTROL_EXPORT);
	CHECK_INT(control_command(c, COMMAND_NONE, 1), CONTROL_NONE);
	CHECK_INT(control_command(c, COMMAND_THEME, 1), CONTROL_NONE);
	CHECK_INT(c->view.theme, THEME_DARK);
	close_desk(&d);
}

TEST(help_opens_and_closes)
{
	struct desk d;
	struct control *c = open_desk(&d);

	control_command(c, COMMAND_HELP, 1);
	CHECK(c->view.help);
	control_command(c, COMMAND_CANCEL, 1);
	CHECK(!c->view.help);
	control_command(c, COMMAND_HELP, 1);
	control_press(c, 300, 300);
	control_release(c);
	CHECK(!c->view.help && c->drag == CONTROL_IDLE);
	close_desk(&d);
}

TEST(hints_are_sentences)
{
	char text[256];

	hint_thread(text, sizeof(text), &trace, 0, 100 * MS);
	CHECK_STR(text, "main: runs on worker 0, for 400.0 ms");
	hint_thread(text, sizeof(text), &trace, 1, 100 * MS);
	CHECK_STR(text, "worker: ready to run, for 700.0 ms");
	hint_thread(text, sizeof(text), &trace, 1, 900 * MS);
	CHECK_STR(text, "worker: ended at 800.0 ms");
	hint_message(text, sizeof(text), &trace, 0);
	CHECK_STR(text, "42: main to worker on jobs, sent at 200.0 ms, 100.0 ms on its way");
	hint_message(text, sizeof(text), &trace, 1);
	CHECK_STR(text, "worker to nobody on jobs, sent at 500.0 ms, never received");
	hint_message(text, 10, &trace, 0);
	CHECK_STR(text, "42: main ");
}

TEST(hints_tell_namesakes_apart)
{
	struct weft_thread twins[2] = {threads[0], threads[1]};
	struct weft_trace t = trace;
	char text[256];

	twins[0].name = "worker";
	t.threads = twins;
	hint_message(text, sizeof(text), &t, 0);
	CHECK_IN(text, "42: worker #1 to worker #2 on jobs");
	hint_thread(text, sizeof(text), &t, 1, 100 * MS);
	CHECK_IN(text, "worker #2: ready to run");
}

TEST_MAIN
