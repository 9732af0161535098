/* SPDX-License-Identifier: MIT
 *
 * Parallelism over time: the sums are exact, whatever a step's length became.
 */
#include "tests/test.h"
#include "tracer/stats/levels.h"

static void set(struct weft_levels *levels, int64_t t_ns, uint32_t running)
{
	weft_levels_advance(levels, t_ns);
	levels->now[WEFT_STATE_RUNNING] = running;
}

static int64_t sum(const struct weft_levels *levels)
{
	int64_t ns = 0;

	for (uint32_t i = 0; i < weft_levels_count(levels); i++)
		ns += levels->ns[WEFT_STATE_RUNNING][i];
	return ns;
}

TEST(a_short_trace_has_a_step_for_each_ns)
{
	struct weft_levels levels;

	weft_levels_init(&levels, 100);
	set(&levels, 101, 2);
	set(&levels, 103, 1);
	weft_levels_advance(&levels, 104);
	CHECK_INT(weft_levels_count(&levels), 4);
	CHECK_INT(levels.shift, 0);
	CHECK_INT(levels.ns[WEFT_STATE_RUNNING][0], 0);
	CHECK_INT(levels.ns[WEFT_STATE_RUNNING][1], 2);
	CHECK_INT(levels.ns[WEFT_STATE_RUNNING][2], 2);
	CHECK_INT(levels.ns[WEFT_STATE_RUNNING][3], 1);
	CHECK_INT(levels.most_running, 2);
}

TEST(steps_double_and_nothing_is_lost)
{
	struct weft_levels levels;

	weft_levels_init(&levels, 0);
	set(&levels, 0, 3);
	set(&levels, 100, 1);
	set(&levels, 1000, 0);
	set(&levels, 5000, 2);
	weft_levels_advance(&levels, 10000);
	CHECK_INT(sum(&levels), 3 * 100 + 900 + 2 * 5000);
	CHECK_INT(levels.shift, 6); /* 10,000 / 64 is 157 steps */
	CHECK_INT(weft_levels_count(&levels), 157);
	CHECK_INT(levels.ns[WEFT_STATE_RUNNING][0], 3 * 64);
	CHECK_INT(levels.ns[WEFT_STATE_RUNNING][1], 3 * 36 + 28);
}

TEST(a_full_array_is_exactly_256_steps)
{
	struct weft_levels levels;

	weft_levels_init(&levels, 0);
	set(&levels, 0, 1);
	weft_levels_advance(&levels, 256);
	CHECK_INT(levels.shift, 0);
	CHECK_INT(weft_levels_count(&levels), 256);
	weft_levels_advance(&levels, 257);
	CHECK_INT(levels.shift, 1);
	CHECK_INT(weft_levels_count(&levels), 129);
	CHECK_INT(sum(&levels), 257);
}

TEST(what_lasted_no_time_is_no_parallelism)
{
	struct weft_levels levels;

	weft_levels_init(&levels, 0);
	set(&levels, 10, 1);
	set(&levels, 20, 2); /* the next runs before the first blocks, at one instant */
	set(&levels, 20, 1);
	weft_levels_advance(&levels, 30);
	CHECK_INT(levels.most_running, 1);
}

TEST(time_does_not_go_back)
{
	struct weft_levels levels;

	weft_levels_init(&levels, 50);
	set(&levels, 10, 1); /* before it begins */
	weft_levels_advance(&levels, 60);
	weft_levels_advance(&levels, 55);
	CHECK_INT(sum(&levels), 10);
}

TEST(the_longest_trace_of_very_many_does_not_overflow)
{
	struct weft_levels levels;

	weft_levels_init(&levels, 0);
	set(&levels, 0, UINT32_MAX);
	weft_levels_advance(&levels, (INT64_C(1) << 53) - 1);
	CHECK(levels.ns[WEFT_STATE_RUNNING][0] > 0);
	CHECK_INT(weft_levels_count(&levels), 256);
}

TEST_MAIN
