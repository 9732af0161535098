/* SPDX-License-Identifier: MIT
 *
 * Channels on which the time comes: never too early, once or again and again, not any more when
 * they are stopped, closed or let go, and no reason to wait but for who waits on them.
 */
#include "runtime/timer.h"
#include "tests/coro.h"

WEFT_CHAN(int_chan, int)

#define HOUR (3600 * WEFT_SEC)

static void until_sent(weft_time_chan *c)
{
	while (weft_len(c) == 0)
		weft_yield();
}

/* ---- After ----------------------------------------------------------------------------------- */

CO_TEST(after_sends_the_time_once_and_not_too_early)
{
	for (int i = 0; i < 20; i++) {
		int64_t start = weft_now(), ns = i * 100 * WEFT_US, t = 0;
		weft_time_chan *c = weft_after(ns);

		CHECK(weft_recv(c, &t));
		CHECK(t >= start + ns && t <= weft_now());
		CHECK(t < start + ns + TOLERANCE_NS);
		CHECK_INT(weft_try_recv(c, NULL), -EAGAIN);
		CHECK(!weft_time_stop(c));
		weft_unref(c);
	}
	CHECK_INT(weft__timers_next(), WEFT_NEVER);
}

CO_TEST(after_of_no_time_comes_at_once)
{
	static const int64_t ns[] = {0, -1, INT64_MIN};

	for (int i = 0; i < 3; i++) {
		int64_t before = weft_now(), t;
		weft_time_chan *c = weft_after(ns[i]);

		CHECK(weft_recv(c, &t));
		CHECK(t >= before);
		weft_unref(c);
	}
}

CO_TEST(after_keeps_its_time_until_it_is_received)
{
	weft_time_chan *c = weft_after(WEFT_MS);
	int64_t t;

	until_sent(c);
	t = weft_now();
	weft_sleep(WEFT_MS);
	CHECK_INT(weft_try_recv(c, &t), 0);
	CHECK(t < weft_now() - WEFT_MS);
	weft_unref(c);
}

/* The longest time there is: not now. */
CO_TEST(after_three_hundred_years_does_not_come_now)
{
	weft_time_chan *c = weft_after(INT64_MAX);

	CHECK_INT(weft_recv_until(c, NULL, weft_now() + 2 * WEFT_MS), -ETIMEDOUT);
	CHECK(weft_time_stop(c));
	weft_unref(c);
}

CO_TEST(select_takes_what_comes_first)
{
	int_chan *never = weft_make(int_chan, 0);
	weft_time_chan *late = weft_after(HOUR), *soon = weft_after(WEFT_MS);
	int64_t t = 0;

	CHECK_INT(weft_select(weft_on_recv(late, NULL), weft_on_recv(never, NULL),
			  weft_on_recv(soon, &t)),
		2);
	CHECK(t != 0);
	CHECK_INT(parked_on(late), 0);
	CHECK_INT(refs_of(late), 1);
	weft_unref(late);
	weft_unref(soon);
}

CO_TEST(letting_go_of_the_channel_ends_its_timer)
{
	for (int i = 0; i < 100; i++)
		weft_unref(weft_after(HOUR + i));
	weft_unref(weft_ticker(HOUR));
	CHECK_INT(weft__timers_next(), WEFT_NEVER);
}

static void count_channel(struct weft_chan *chan, void *arg)
{
	++*(int *)arg;
}

static int channels(void)
{
	int n = 0;

	weft__chans_walk(count_channel, &n);
	return n;
}

static int recv_time(void *arg)
{
	return weft_recv((weft_time_chan *)arg, NULL) ? 0 : 1;
}

/* Who waits holds a reference; if it is the last one, the channel goes when the time has come. */
CO_TEST(a_channel_that_only_its_receiver_holds_ends_with_the_receive)
{
	int before = channels();

	for (int i = 0; i < 10; i++) {
		weft_time_chan *c = i % 2 ? weft_after(HOUR) : weft_ticker(HOUR);
		struct weft_handle *receiver = weft_spawn(recv_time, c);
		int code = -1;

		until_parked(c, 1);
		weft_time_reset(c, 2 * WEFT_MS);
		weft_unref(c);
		weft_join(receiver, &code);
		CHECK_INT(code, 0);
		CHECK_INT(channels(), before);
	}
	CHECK_INT(weft__timers_next(), WEFT_NEVER);
}

/* What is left when the run ends goes with it: the address sanitizer looks. */
CO_TEST(channels_that_are_kept_end_with_the_run)
{
	weft_after(HOUR);
	weft_after(0);
	weft_ticker(10 * WEFT_US);
	weft_sleep(WEFT_MS);
}

/* ---- Tickers --------------------------------------------------------------------------------- */

CO_TEST(ticks_come_in_their_order_and_not_too_early)
{
	int64_t start = weft_now(), t;
	weft_time_chan *c = weft_ticker(300 * WEFT_US);

	for (int i = 1; i <= 20; i++) {
		CHECK(weft_recv(c, &t));
		CHECK(t >= start + i * 300 * WEFT_US);
		CHECK(t < start + i * 300 * WEFT_US + TOLERANCE_NS);
	}
	weft_unref(c);
	CHECK_INT(weft__timers_next(), WEFT_NEVER);
}

CO_TEST(a_slow_receiver_gets_one_tick_and_not_all_that_it_missed)
{
	weft_time_chan *c = weft_ticker(WEFT_MS);
	int64_t first, t;

	until_sent(c);
	first = weft_now();
	weft_sleep(10 * WEFT_MS);
	CHECK_INT(weft_len(c), 1);
	CHECK_INT(weft_cap(c), 1);
	CHECK(weft_time_stop(c));
	CHECK_INT(weft_try_recv(c, NULL), -EAGAIN);
	CHECK(weft_now() >= first + 10 * WEFT_MS);
	/* It goes on as before. */
	t = weft_now();
	CHECK(!weft_time_reset(c, WEFT_MS));
	CHECK(weft_recv(c, &first));
	CHECK(first >= t + WEFT_MS);
	weft_unref(c);
}

CO_TEST(a_stopped_ticker_is_silent_and_a_reset_one_goes_on)
{
	weft_time_chan *c = weft_ticker(20 * WEFT_US);
	int64_t start, t;

	CHECK(weft_recv(c, NULL));
	CHECK(weft_time_stop(c));
	CHECK(!weft_time_stop(c));
	CHECK_INT(weft__timers_next(), WEFT_NEVER);
	CHECK_INT(weft_recv_until(c, NULL, weft_now() + 2 * WEFT_MS), -ETIMEDOUT);
	start = weft_now();
	CHECK(!weft_time_reset(c, WEFT_MS));
	for (int i = 1; i <= 3; i++) {
		CHECK(weft_recv(c, &t));
		CHECK(t >= start + i * WEFT_MS);
	}
	CHECK(weft_time_reset(c, HOUR));
	CHECK_INT(weft_try_recv(c, NULL), -EAGAIN);
	weft_unref(c);
}

CO_TEST(reset_drops_a_time_of_before_the_reset)
{
	weft_time_chan *c = weft_after(0);
	int64_t start, t;

	until_sent(c);
	CHECK(weft_time_reset(c, HOUR));
	CHECK_INT(weft_len(c), 0);
	start = weft_now();
	CHECK(weft_time_reset(c, WEFT_MS));
	CHECK(weft_recv(c, &t));
	CHECK(t >= start + WEFT_MS);
	CHECK(!weft_time_reset(c, 0)); /* it was received */
	CHECK(weft_recv(c, &t));
	CHECK(!weft_time_stop(c));
	weft_unref(c);
}

/* ---- Closing --------------------------------------------------------------------------------- */

static atomic_int ticks;

static int recv_all(weft_time_chan *c)
{
	int n = 0;

	while (weft_recv(c, NULL)) {
		atomic_fetch_add(&ticks, 1);
		n++;
	}
	return n;
}

CO_TEST(closing_ends_the_ticker_and_its_receivers)
{
	weft_time_chan *c = weft_ticker(50 * WEFT_US);
	struct weft_handle *h[3];
	int n = 0, code;

	for (int i = 0; i < 3; i++)
		h[i] = weft_spawn(recv_all, c);
	while (atomic_load(&ticks) == 0)
		weft_sleep(WEFT_MS);
	weft_close(c);
	for (int i = 0; i < 3; i++) {
		weft_join(h[i], &code);
		n += code;
	}
	CHECK_INT(n, atomic_load(&ticks));
	weft_sleep(WEFT_MS); /* a tick finds it closed */
	CHECK_INT(weft__timers_next(), WEFT_NEVER);
	CHECK(!weft_time_reset(c, WEFT_MS));
	CHECK_INT(weft__timers_next(), WEFT_NEVER);
	weft_unref(c);
}

/* ---- Races ----------------------------------------------------------------------------------- */

/* Let go of around the moment at which they come. */
CO_TEST(letting_go_races_with_the_time)
{
	for (int i = 0; i < 2000; i++) {
		weft_time_chan *c = weft_after(i % 40 * WEFT_US);

		if (i % 5 == 0)
			weft_yield();
		if (i % 3 == 0)
			weft_sleep(i % 20 * WEFT_US);
		weft_unref(c);
	}
	CHECK_INT(weft__timers_next(), WEFT_NEVER);
}

struct mover {
	weft_time_chan *c;
	struct weft_waitgroup group;
	atomic_bool over;
};

static void move(struct mover *m)
{
	for (int i = 0; i < 500; i++) {
		if (i % 3)
			weft_time_reset(m->c, (i % 5 + 1) * 5 * WEFT_US);
		else
			weft_time_stop(m->c);
		if (i % 7 == 0)
			weft_sleep(20 * WEFT_US);
	}
	weft_waitgroup_done(&m->group);
}

static void listen(struct mover *m)
{
	while (!atomic_load(&m->over))
		weft_select_until(weft_now() + 50 * WEFT_US, weft_on_recv(m->c, NULL));
	weft_waitgroup_done(&m->group);
}

/* After all that it is as good as new. */
CO_TEST(stop_and_reset_race_with_the_ticks)
{
	struct mover m = {.c = weft_ticker(5 * WEFT_US)};
	int64_t start, t;

	weft_waitgroup_add(&m.group, 3);
	for (int i = 0; i < 3; i++)
		weft_go(move, &m);
	weft_waitgroup_wait(&m.group);
	weft_waitgroup_add(&m.group, 5);
	for (int i = 0; i < 3; i++)
		weft_go(move, &m);
	for (int i = 0; i < 2; i++)
		weft_go(listen, &m);
	weft_sleep(5 * WEFT_MS);
	atomic_store(&m.over, true);
	weft_waitgroup_wait(&m.group);
	weft_time_stop(m.c);
	CHECK_INT(weft_len(m.c), 0);
	CHECK_INT(parked_on(m.c), 0);
	start = weft_now();
	weft_time_reset(m.c, WEFT_MS);
	CHECK(weft_recv(m.c, &t));
	CHECK(t >= start + WEFT_MS);
	weft_unref(m.c);
	CHECK_INT(weft__timers_next(), WEFT_NEVER);
}

static void beat(int_chan *out)
{
	weft_time_chan *c = weft_ticker(100 * WEFT_US);

	for (int i = 0; i < 5; i++)
		weft_recv(c, NULL);
	weft_unref(c);
	weft_send(out, 1);
}

CO_TEST(two_hundred_tickers_at_once)
{
	int_chan *out = weft_make(int_chan, 0);

	for (int i = 0; i < 200; i++)
		weft_go(beat, out);
	for (int i = 0; i < 200; i++)
		weft_recv(out, NULL);
	CHECK_INT(weft__timers_next(), WEFT_NEVER);
}

/* ---- Deadlocks ------------------------------------------------------------------------------- */

#define DEADLOCK_TEST(name)                  \
	CO_BODY(name)                        \
	TEST_WORKERS(name)                   \
	{                                    \
		run_to_deadlock(name##_run); \
	}                                    \
	static void name##_body(void)

DEADLOCK_TEST(a_ticker_that_nobody_receives_from_hides_no_deadlock)
{
	weft_ticker(WEFT_MS);
	weft_recv(weft_make(int_chan, 0), NULL);
}

DEADLOCK_TEST(a_time_to_come_that_nobody_waits_for_hides_no_deadlock)
{
	for (int i = 0; i < 10; i++)
		weft_after(HOUR);
	weft_recv(weft_make(int_chan, 0), NULL);
}

DEADLOCK_TEST(waiting_for_a_stopped_ticker_is_a_deadlock)
{
	weft_time_chan *c = weft_ticker(WEFT_MS);

	weft_time_stop(c);
	weft_recv(c, NULL);
}

DEADLOCK_TEST(waiting_for_a_time_that_has_been_received_is_a_deadlock)
{
	weft_time_chan *c = weft_after(0);

	weft_recv(c, NULL);
	weft_recv(c, NULL);
}

static void wait_for_nothing(int_chan *c)
{
	weft_recv(c, NULL);
}

/* One waits for ever, one for the time: not yet a deadlock. */
CO_TEST(waiting_for_a_time_to_come_is_no_deadlock)
{
	int_chan *c = weft_make(int_chan, 0);
	weft_time_chan *tick = weft_ticker(2 * WEFT_MS);

	weft_go(wait_for_nothing, c);
	for (int i = 0; i < 3; i++)
		weft_recv(tick, NULL);
	weft_select(weft_on_recv(c, NULL), weft_on_recv(tick, NULL));
}

/* ---- Misuse ---------------------------------------------------------------------------------- */

PANIC_TEST(a_ticker_needs_a_period, "weft_ticker with a period of 0 ns")
{
	weft_ticker(0);
}

PANIC_TEST(a_ticker_is_reset_to_a_period, "weft_time_reset of a ticker to a period of -1 ns")
{
	weft_time_reset(weft_ticker(WEFT_SEC), -1);
}

PANIC_TEST(only_timed_channels_are_stopped, "weft_time_stop on a channel of neither weft_after")
{
	weft_time_stop(weft_make(weft_time_chan, 1));
}

PANIC_TEST(a_null_channel_is_not_reset, "weft_time_reset on a channel of neither weft_after")
{
	weft_time_reset(NULL, 1);
}

TEST_MAIN
