/* SPDX-License-Identifier: MIT
 *
 * Playing, stepping and seeking, with time that comes from the test.
 */
#include "viewer/player.h"

#include <math.h>

#include "tests/test.h"
#include "tracer/trace/trace.h"
#include "viewer/timescale.h"

/* Two messages, received at 40 and at 700; the events are not sorted, two share an instant. */
static struct weft_event events[] = {
	{.t_ns = 0, .kind = WEFT_EV_SPAWN},
	{.t_ns = 700, .kind = WEFT_EV_RECV},
	{.t_ns = 10, .kind = WEFT_EV_SEND},
	{.t_ns = 40, .kind = WEFT_EV_RECV},
	{.t_ns = 40, .kind = WEFT_EV_RUN},
	{.t_ns = 300, .kind = WEFT_EV_SEND},
	{.t_ns = 1000, .kind = WEFT_EV_EXIT},
};
static struct weft_message messages[] = {
	{.id = 1, .send_ns = 10, .recv_ns = 40},
	{.id = 2, .send_ns = 300, .recv_ns = 700},
	{.id = 3, .send_ns = 300, .recv_ns = WEFT_NO_TIME, .to = WEFT_NO_INDEX},
};
static const struct weft_trace trace = {
	.title = "t",
	.end_ns = 1000,
	.events = events,
	.nevents = 7,
	.messages = messages,
	.nmessages = 3,
};

/* Checks the times at which the head stops when it is stepped from where it is. */
static void check_stops(struct player *p, const struct timescale *s, enum player_step what, int way,
	const int64_t *times, int n)
{
	for (int i = 0; i < n; i++) {
		CHECK(player_step(p, &trace, s, what, way));
		CHECK_INT(timescale_t(s, p->head), times[i]);
		CHECK(!p->playing);
	}
	CHECK(!player_step(p, &trace, s, what, way));
}

TEST(a_step_lands_on_each_moment_on_every_axis)
{
	static const int64_t forward[] = {10, 40, 300, 700, 1000};
	static const int64_t back[] = {700, 300, 40, 10, 0};

	for (int axis = 0; axis < VIEW_AXIS_COUNT; axis++) {
		struct timescale s;
		struct player p;

		timescale_init(&s, &trace, (enum view_axis)axis);
		player_init(&p);
		check_stops(&p, &s, PLAYER_EVENT, 1, forward, 5);
		CHECK(p.head == 1);
		check_stops(&p, &s, PLAYER_EVENT, -1, back, 5);
		CHECK(p.head == 0);
		timescale_finish(&s);
	}
}

TEST(a_message_step_lands_where_messages_arrive)
{
	static const int64_t forward[] = {40, 700, 1000};
	static const int64_t back[] = {700, 40, 0};
	struct timescale s;
	struct player p;

	timescale_init(&s, &trace, VIEW_AXIS_WALL);
	player_init(&p);
	check_stops(&p, &s, PLAYER_MESSAGE, 1, forward, 3);
	check_stops(&p, &s, PLAYER_MESSAGE, -1, back, 3);
	timescale_finish(&s);
}

TEST(a_step_from_between_two_moments_goes_to_their_ends)
{
	struct timescale s;
	struct player p;

	timescale_init(&s, &trace, VIEW_AXIS_WALL);
	player_init(&p);
	player_seek(&p, 0.5);
	player_step(&p, &trace, &s, PLAYER_EVENT, 1);
	CHECK_INT(timescale_t(&s, p.head), 700);
	player_seek(&p, 0.5);
	player_step(&p, &trace, &s, PLAYER_EVENT, -1);
	CHECK_INT(timescale_t(&s, p.head), 300);
	timescale_finish(&s);
}

TEST(a_step_pauses)
{
	struct timescale s;
	struct player p;

	timescale_init(&s, &trace, VIEW_AXIS_ORDER);
	player_init(&p);
	player_toggle(&p);
	CHECK(p.playing);
	player_step(&p, &trace, &s, PLAYER_EVENT, 1);
	CHECK(!p.playing);
	timescale_finish(&s);
}

TEST(paused_time_stands_still)
{
	struct player p;

	player_init(&p);
	CHECK(!player_advance(&p, 100));
	CHECK(p.head == 0);
}

TEST(the_whole_run_takes_ten_seconds)
{
	struct player p;
	int frames = 0;

	player_init(&p);
	player_toggle(&p);
	while (p.playing && frames < 10000) {
		CHECK(player_advance(&p, 1 / 60.0));
		frames++;
	}
	CHECK(frames >= 599 && frames <= 601);
	CHECK(p.head == 1);
	CHECK(!player_advance(&p, 1));
}

TEST(speed_goes_by_half_steps_and_comes_back_to_one)
{
	struct player p;

	player_init(&p);
	player_faster(&p);
	CHECK(fabs(p.speed - 1.5) < 1e-9);
	player_toggle(&p);
	player_advance(&p, 1);
	CHECK(fabs(p.head - 0.15) < 1e-9);
	for (int i = 0; i < 5; i++)
		player_faster(&p);
	for (int i = 0; i < 6; i++)
		player_slower(&p);
	CHECK(p.speed == 1);
}

TEST(speed_has_bounds)
{
	struct player p;

	player_init(&p);
	for (int i = 0; i < 100; i++)
		player_faster(&p);
	CHECK(p.speed > 50 && p.speed <= PLAYER_SPEED_MAX);
	for (int i = 0; i < 100; i++)
		player_slower(&p);
	CHECK(p.speed < 0.02 && p.speed >= 1 / PLAYER_SPEED_MAX);
	player_set_speed(&p, -3);
	player_set_speed(&p, NAN);
	CHECK(p.speed < 0.02 && p.speed > 0);
}

TEST(play_at_the_end_starts_over)
{
	struct player p;

	player_init(&p);
	player_seek(&p, 1);
	player_toggle(&p);
	CHECK(p.playing && p.head == 0);
	player_seek(&p, 0.5);
	player_toggle(&p);
	CHECK(!p.playing && p.head == 0.5);
}

TEST(restart_keeps_a_pause_but_replays_a_finished_run)
{
	struct player p;

	player_init(&p);
	player_seek(&p, 0.5);
	player_restart(&p);
	CHECK(!p.playing && p.head == 0);
	player_toggle(&p);
	player_seek(&p, 0.5);
	player_restart(&p);
	CHECK(p.playing && p.head == 0);
	player_advance(&p, 100);
	CHECK(!p.playing && p.head == 1);
	player_restart(&p);
	CHECK(p.playing && p.head == 0);
}

TEST(seek_stays_within_the_run)
{
	struct player p;

	player_init(&p);
	player_seek(&p, 7);
	CHECK(p.head == 1);
	player_seek(&p, -7);
	CHECK(p.head == 0);
	player_seek(&p, 0.25);
	player_seek(&p, NAN);
	CHECK(p.head == 0.25);
}

TEST(time_never_goes_back)
{
	struct player p;

	player_init(&p);
	player_toggle(&p);
	player_seek(&p, 0.5);
	CHECK(!player_advance(&p, -1));
	CHECK(p.head == 0.5);
}

TEST_MAIN
