/* SPDX-License-Identifier: MIT
 *
 * The camera: what stays where under zoom and pan, and that it never leaves the world.
 */
#include "viewer/view.h"

#include <math.h>

#include "tests/test.h"

static struct view fresh(void)
{
	struct view v;

	view_init(&v);
	return v;
}

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-12;
}

static bool is_fit(const struct view *v)
{
	return v->camera.x0 == 0 && v->camera.y0 == 0 && v->camera.x1 == 1 && v->camera.y1 == 1;
}

static void check_inside(const struct view *v)
{
	const struct view_camera *c = &v->camera;

	CHECK(c->x0 >= 0 && c->x1 <= 1 && c->x1 - c->x0 >= VIEW_SPAN_MIN_X * 0.999);
	CHECK(c->y0 >= 0 && c->y1 <= 1 && c->y1 - c->y0 >= VIEW_SPAN_MIN_Y * 0.999);
}

TEST(a_fresh_view_shows_the_whole_run)
{
	struct view v = fresh();

	CHECK(is_fit(&v));
	CHECK(v.head == 1 && !v.playing && v.width > 0 && v.height > 0 && v.scale == 1);
}

TEST(zoom_keeps_the_point_where_it_is)
{
	struct view v = fresh();
	const double y = 0.4;

	for (int i = 0; i < 10; i++) {
		double before = (y - v.camera.y0) / (v.camera.y1 - v.camera.y0);
		double span = v.camera.y1 - v.camera.y0;

		view_zoom(&v, 0.5, y, 1, 1.25);
		CHECK(near((y - v.camera.y0) / (v.camera.y1 - v.camera.y0), before));
		CHECK(near(v.camera.y1 - v.camera.y0, span / 1.25));
	}
	CHECK(v.camera.x0 == 0 && v.camera.x1 == 1);
}

TEST(zoom_out_ends_at_the_whole_world)
{
	struct view v = fresh();

	view_zoom(&v, 0.9, 0.9, 2, 8);
	view_zoom(&v, 0.1, 0.1, 0.01, 0.01);
	CHECK(is_fit(&v));
}

TEST(zoom_at_an_edge_stays_inside)
{
	struct view v = fresh();

	view_zoom(&v, 0, 0, 4, 4);
	CHECK(v.camera.x0 == 0 && v.camera.y0 == 0);
	CHECK(near(v.camera.x1, 0.25) && near(v.camera.y1, 0.25));
	view_zoom(&v, 5, -5, 1.5, 1.5); /* a cursor outside the plot */
	check_inside(&v);
}

TEST(zoom_in_has_an_end)
{
	struct view v = fresh();

	for (int i = 0; i < 1000; i++)
		view_zoom(&v, 0.3, 0.7, 1.25, 1.25);
	check_inside(&v);
	CHECK(v.camera.y1 - v.camera.y0 < VIEW_SPAN_MIN_Y * 1.01);
	CHECK(v.camera.y0 < 0.7 && v.camera.y1 > 0.7);
}

TEST(senseless_factors_change_nothing)
{
	struct view v = fresh();
	struct view_camera before;

	view_zoom(&v, 0.5, 0.5, 2, 2);
	before = v.camera;
	view_zoom(&v, 0.5, 0.5, 0, -1);
	view_zoom(&v, 0.5, 0.5, NAN, INFINITY);
	CHECK(memcmp(&before, &v.camera, sizeof(before)) == 0);
}

TEST(pan_stops_at_the_edges)
{
	struct view v = fresh();

	view_pan(&v, 0.3, 0.3);
	CHECK(is_fit(&v));
	view_zoom(&v, 0.5, 0.5, 1, 4);
	view_pan(&v, 0, 0.1);
	CHECK(near(v.camera.y0, 0.475) && near(v.camera.y1, 0.725));
	view_pan(&v, 0, 5);
	CHECK(near(v.camera.y0, 0.75) && v.camera.y1 == 1);
	view_pan(&v, -1, -5);
	CHECK(v.camera.y0 == 0 && near(v.camera.y1, 0.25));
}

TEST(home_and_end_keep_the_zoom)
{
	struct view v = fresh();

	view_zoom(&v, 0.5, 0.5, 2, 5);
	view_end(&v);
	CHECK(v.camera.y1 == 1 && near(v.camera.y0, 0.8));
	view_home(&v);
	CHECK(v.camera.y0 == 0 && near(v.camera.y1, 0.2));
	CHECK(near(v.camera.x1 - v.camera.x0, 0.5));
}

TEST(follow_leaves_the_whole_axis_alone)
{
	struct view v = fresh();

	v.head = 0.99;
	view_follow(&v);
	CHECK(is_fit(&v));
}

TEST(follow_keeps_the_play_head_in_sight)
{
	struct view v = fresh();

	view_zoom(&v, 0.5, 0, 1, 20);
	for (int i = 0; i <= 1000; i++) {
		double before = v.camera.y0;

		v.head = i / 1000.0;
		view_follow(&v);
		CHECK(v.head >= v.camera.y0 && v.head <= v.camera.y1);
		CHECK(v.camera.y0 >= before && v.camera.y0 - before < 0.0011); /* no jumps */
	}
	CHECK(v.camera.y1 == 1);
}

TEST(follow_jumps_to_a_play_head_out_of_sight)
{
	struct view v = fresh();

	view_zoom(&v, 0.5, 0, 1, 20);
	v.head = 0.5;
	view_follow(&v);
	CHECK(v.head > v.camera.y0 && v.head < v.camera.y0 + 0.5 * (v.camera.y1 - v.camera.y0));
	v.head = 0;
	view_follow(&v);
	CHECK(v.camera.y0 == 0);
}

TEST(axes_and_themes_go_round)
{
	struct view v = fresh();

	for (int i = 1; i <= VIEW_AXIS_COUNT; i++) {
		view_cycle_axis(&v);
		CHECK_INT(v.axis, i % VIEW_AXIS_COUNT);
	}
	for (int i = 1; i <= THEME_COUNT; i++) {
		view_cycle_theme(&v);
		CHECK_INT(v.theme, i % THEME_COUNT);
	}
}

TEST(lines_keep_within_reason)
{
	struct view v = fresh();

	for (int i = 0; i < 100; i++)
		view_scale_lines(&v, 1.25);
	CHECK(v.line_width <= 8 && v.line_width > 7);
	for (int i = 0; i < 100; i++)
		view_scale_lines(&v, 1 / 1.25);
	CHECK(v.line_width >= 0.25 && v.line_width < 0.26);
}

TEST(undo_and_redo_go_the_same_way_back_and_forth)
{
	struct view v = fresh();
	struct view_history h = {.nundo = 0};
	struct view_camera a, b;

	CHECK(!view_undo(&v, &h));
	view_history_note(&h, &v, 1);
	view_zoom(&v, 0.5, 0.5, 1, 2);
	a = v.camera;
	view_history_note(&h, &v, 2);
	view_pan(&v, 0, 0.1);
	b = v.camera;

	CHECK(view_undo(&v, &h));
	CHECK(memcmp(&v.camera, &a, sizeof(a)) == 0);
	CHECK(view_undo(&v, &h));
	CHECK(is_fit(&v));
	CHECK(!view_undo(&v, &h));
	CHECK(view_redo(&v, &h));
	CHECK(view_redo(&v, &h));
	CHECK(memcmp(&v.camera, &b, sizeof(b)) == 0);
	CHECK(!view_redo(&v, &h));
}

TEST(one_gesture_is_one_step)
{
	struct view v = fresh();
	struct view_history h = {.nundo = 0};

	for (int i = 0; i < 20; i++) {
		view_history_note(&h, &v, 7);
		view_zoom(&v, 0.5, 0.5, 1, 1.1);
	}
	CHECK(view_undo(&v, &h));
	CHECK(is_fit(&v));
}

TEST(a_gesture_that_moved_nothing_is_no_step)
{
	struct view v = fresh();
	struct view_history h = {.nundo = 0};

	view_history_note(&h, &v, 1);
	view_zoom(&v, 0.5, 0.5, 1, 2);
	view_history_note(&h, &v, 2); /* then nothing moves */
	CHECK(view_undo(&v, &h));
	CHECK(is_fit(&v));
}

TEST(a_new_move_forgets_what_was_undone)
{
	struct view v = fresh();
	struct view_history h = {.nundo = 0};

	view_history_note(&h, &v, 1);
	view_zoom(&v, 0.5, 0.5, 1, 2);
	view_undo(&v, &h);
	view_history_note(&h, &v, 2);
	view_zoom(&v, 0.5, 0.5, 1, 4);
	CHECK(!view_redo(&v, &h));
}

TEST(a_long_history_forgets_its_oldest_steps)
{
	struct view v = fresh();
	struct view_history h = {.nundo = 0};
	int undone = 0;

	for (int i = 0; i < 3 * VIEW_HISTORY_MAX; i++) {
		view_history_note(&h, &v, i + 1);
		view_zoom(&v, 0.5, 0.5, 1, 1.05);
	}
	while (view_undo(&v, &h))
		undone++;
	CHECK_INT(undone, VIEW_HISTORY_MAX);
	while (view_redo(&v, &h))
		undone--;
	CHECK_INT(undone, 0);
}

TEST_MAIN
