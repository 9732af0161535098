/* SPDX-License-Identifier: MIT
 *
 * The three axes: monotone, invertible, and each with the property that gives it its name.
 */
#include <math.h>

#include "tests/made.h"
#include "tests/test.h"
#include "viewer/timescale.h"

static struct weft_trace bursts(void)
{
	struct weft_trace t = made_trace("bursts", 10000000);

	made_thread(&t, "a", WEFT_NO_INDEX, 0, -1);
	made_thread(&t, "b", 0, 3, -1);
	for (int i = 0; i < 10; i++)
		made_message(&t, 0, 1, 100 + 20 * i, 110 + 20 * i, NULL);
	for (int i = 0; i < 10; i++)
		made_message(&t, 1, 0, 9000000 + 20 * i, 9000010 + 20 * i, NULL);
	return t;
}

static void check_monotone(const struct timescale *s, int64_t end_ns)
{
	CHECK(s->npoints >= 2);
	CHECK(s->points[0].y == 0);
	CHECK(s->points[s->npoints - 1].y == 1);
	CHECK_INT(s->points[0].t_ns, 0);
	CHECK_INT(s->points[s->npoints - 1].t_ns, end_ns);
	for (uint32_t i = 1; i < s->npoints; i++) {
		CHECK(s->points[i].t_ns > s->points[i - 1].t_ns);
		CHECK(s->points[i].y > s->points[i - 1].y);
	}
}

TEST(each_axis_rises_strictly_from_0_to_1)
{
	struct weft_trace t = bursts();

	for (int axis = 0; axis < VIEW_AXIS_COUNT; axis++) {
		struct timescale s;

		timescale_init(&s, &t, (enum view_axis)axis);
		check_monotone(&s, t.end_ns);
		timescale_finish(&s);
	}
}

TEST(there_and_back_is_the_same_nanosecond)
{
	struct weft_trace t = bursts();

	for (int axis = 0; axis < VIEW_AXIS_COUNT; axis++) {
		struct timescale s;

		timescale_init(&s, &t, (enum view_axis)axis);
		for (int64_t at = 0; at <= t.end_ns; at += 997)
			CHECK_INT(timescale_t(&s, timescale_y(&s, at)), at);
		for (uint32_t i = 0; i < t.nmessages; i++)
			CHECK_INT(timescale_t(&s, timescale_y(&s, t.messages[i].send_ns)),
				t.messages[i].send_ns);
		timescale_finish(&s);
	}
}

TEST(a_run_of_days_is_exact_too)
{
	struct weft_trace t = made_trace("days", INT64_C(1) << 50);
	struct timescale s;

	made_thread(&t, "a", WEFT_NO_INDEX, 0, -1);
	timescale_init(&s, &t, VIEW_AXIS_WALL);
	for (int64_t at = 1; at < t.end_ns; at = at * 3 + 1)
		CHECK_INT(timescale_t(&s, timescale_y(&s, at)), at);
	timescale_finish(&s);
}

TEST(outside_the_run_is_clamped)
{
	struct weft_trace t = bursts();
	struct timescale s;

	timescale_init(&s, &t, VIEW_AXIS_ORDER);
	CHECK(timescale_y(&s, -5) == 0);
	CHECK(timescale_y(&s, t.end_ns + 5) == 1);
	CHECK_INT(timescale_t(&s, -0.5), 0);
	CHECK_INT(timescale_t(&s, 1.5), t.end_ns);
	CHECK_INT(timescale_t(&s, NAN), 0);
	timescale_finish(&s);
}

TEST(wall_keeps_the_proportions)
{
	struct weft_trace t = bursts();
	struct timescale s;

	timescale_init(&s, &t, VIEW_AXIS_WALL);
	CHECK_INT(s.npoints, 2);
	CHECK(fabs(timescale_y(&s, t.end_ns / 4) - 0.25) < 1e-12);
	timescale_finish(&s);
}

TEST(order_gives_both_bursts_the_same_room)
{
	struct weft_trace t = bursts();
	struct timescale s;
	double first, second;

	timescale_init(&s, &t, VIEW_AXIS_ORDER);
	first = timescale_y(&s, 290) - timescale_y(&s, 100);
	second = timescale_y(&s, 9000190) - timescale_y(&s, 9000000);
	CHECK(fabs(first - second) < 1e-9);
	CHECK(first > 0.4);
	/* The 9 ms between them are one step, like any other. */
	CHECK(timescale_y(&s, 9000000) - timescale_y(&s, 290) < 0.03);
	timescale_finish(&s);
}

TEST(order_takes_small_steps_where_no_message_is)
{
	struct weft_trace t = made_trace("steps", 300);
	struct timescale s;

	made_thread(&t, "a", WEFT_NO_INDEX, 0, -1);
	made_event(&t, 100, 0, WEFT_EV_YIELD);
	made_message(&t, 0, 0, 200, 300, NULL);
	timescale_init(&s, &t, VIEW_AXIS_ORDER);
	CHECK(timescale_y(&s, 100) > 0);
	CHECK(timescale_y(&s, 100) < 0.5 * (timescale_y(&s, 200) - timescale_y(&s, 100)));
	timescale_finish(&s);
}

TEST(squeezed_folds_the_idle_gap_and_lists_it)
{
	struct weft_trace t = bursts();
	struct timescale s;
	bool long_gap = false;

	timescale_init(&s, &t, VIEW_AXIS_SQUEEZED);
	for (uint32_t i = 0; i < s.nfolds; i++) {
		const struct timescale_fold *f = &s.folds[i];

		CHECK(fabs(f->y0 - timescale_y(&s, f->begin_ns)) < 1e-9);
		CHECK(fabs(f->y1 - timescale_y(&s, f->end_ns)) < 1e-9);
		CHECK(f->y1 - f->y0 < 0.1);
		long_gap |= f->begin_ns == 290 && f->end_ns == 9000000;
	}
	CHECK(long_gap);
	/* What the folds gave up, the bursts have got. */
	CHECK(timescale_y(&s, 290) - timescale_y(&s, 100) > 0.2);
	timescale_finish(&s);
}

TEST(squeezed_leaves_a_gap_in_which_a_thread_runs)
{
	struct weft_trace t = bursts();
	struct timescale s;

	t.nthreads = 0;
	made_thread(&t, "a", WEFT_NO_INDEX, 0, -1);
	made_span(&t, 0, 9000000, WEFT_STATE_RUNNING, WEFT_WHY_NONE);
	made_span(&t, 9000000, 10000000, WEFT_STATE_BLOCKED, WEFT_WHY_RECV);
	made_thread(&t, "b", 0, 3, -1);
	timescale_init(&s, &t, VIEW_AXIS_SQUEEZED);
	CHECK_INT(s.nfolds, 1);
	CHECK_INT(s.folds[0].begin_ns, 9000190);
	timescale_finish(&s);
}

TEST(a_trace_without_duration_has_an_axis)
{
	struct weft_trace t = made_trace("nothing", 0);

	for (int axis = 0; axis < VIEW_AXIS_COUNT; axis++) {
		struct timescale s;

		timescale_init(&s, &t, (enum view_axis)axis);
		check_monotone(&s, 1);
		timescale_finish(&s);
	}
}

TEST(crowded_messages_choose_the_order_axis)
{
	struct weft_trace t = bursts();

	CHECK_INT(timescale_choose(&t), VIEW_AXIS_ORDER);
}

TEST(messages_spread_evenly_choose_the_wall_axis)
{
	for (int n = 4; n <= 100; n++) {
		struct weft_trace t = made_trace("even", 1000 * n);

		made_thread(&t, "a", WEFT_NO_INDEX, 0, -1);
		for (int i = 0; i < n; i++)
			made_message(&t, 0, 0, 1000 * i, 1000 * i + 10, NULL);
		CHECK_INT(timescale_choose(&t), VIEW_AXIS_WALL);
	}
}

TEST(crowded_instants_count_where_messages_are_few)
{
	struct weft_trace t = made_trace("select", 5000);

	made_thread(&t, "a", WEFT_NO_INDEX, 0, -1);
	CHECK_INT(timescale_choose(&t), VIEW_AXIS_WALL);
	for (int i = 1; i < 20; i++)
		made_event(&t, i, 0, WEFT_EV_YIELD);
	CHECK_INT(timescale_choose(&t), VIEW_AXIS_ORDER);
}

TEST(axes_have_words)
{
	enum view_axis axis = VIEW_AXIS_WALL;

	CHECK_INT(timescale_find("squeezed", &axis), 0);
	CHECK_INT(axis, VIEW_AXIS_SQUEEZED);
	CHECK(timescale_find("diagonal", &axis) < 0);
	CHECK_INT(axis, VIEW_AXIS_SQUEEZED);
	CHECK_STR(timescale_word(VIEW_AXIS_ORDER), "order");
}

TEST_MAIN
