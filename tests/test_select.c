/* SPDX-License-Identifier: MIT
 *
 * Select: which case, how fair, what it leaves behind.
 */
#include "tests/coro.h"

WEFT_CHAN(int_chan, int)

struct sender {
	int_chan *c;
	int value;
};

static void send_one(struct sender *s)
{
	weft_send(s->c, s->value);
}

CO_TEST(ready_receive_is_taken)
{
	int_chan *a = weft_make(int_chan, 1), *b = weft_make(int_chan, 1);
	int v = 0;

	weft_send(b, 5);
	CHECK_INT(weft_select(weft_on_recv(a, &v), weft_on_recv(b, &v)), 1);
	CHECK_INT(v, 5);
}

CO_TEST(ready_send_is_taken)
{
	int_chan *a = weft_make(int_chan, 0), *b = weft_make(int_chan, 1);
	int v = 0;

	CHECK_INT(weft_select(weft_on_recv(a, &v), weft_on_send(b, 6)), 1);
	weft_recv(b, &v);
	CHECK_INT(v, 6);
}

static void select_recv(struct sender *s)
{
	int_chan *quit = weft_make(int_chan, 0);
	int v = 0;

	CHECK_INT(weft_select(weft_on_recv(quit, &v), weft_on_recv(s[0].c, &v)), 1);
	weft_send(s[1].c, v + 1);
}

CO_TEST(waiting_select_gets_what_a_sender_brings)
{
	struct sender s[2] = {{weft_make(int_chan, 0), 0}, {weft_make(int_chan, 0), 0}};
	int v;

	weft_go(select_recv, s);
	until_parked(s[0].c, 1);
	weft_send(s[0].c, 10);
	weft_recv(s[1].c, &v);
	CHECK_INT(v, 11);
}

static void select_send(struct sender *s)
{
	int_chan *quit = weft_make(int_chan, 0);
	int r = weft_select(weft_on_send(s[0].c, 70), weft_on_recv(quit, NULL));

	weft_send(s[1].c, r);
}

static void check_waiting_send(size_t capacity)
{
	struct sender s[2] = {{weft_make(int_chan, capacity), 0}, {weft_make(int_chan, 0), 0}};
	int v;

	for (size_t i = 0; i < capacity; i++)
		weft_send(s[0].c, 60 + (int)i);
	weft_go(select_send, s);
	until_parked(s[0].c, 1);
	for (size_t i = 0; i < capacity; i++) {
		weft_recv(s[0].c, &v);
		CHECK_INT(v, 60 + i);
	}
	weft_recv(s[0].c, &v);
	CHECK_INT(v, 70);
	weft_recv(s[1].c, &v);
	CHECK_INT(v, 0);
}

CO_TEST(waiting_selects_send_is_taken)
{
	check_waiting_send(0);
	check_waiting_send(2);
}

CO_TEST(default_is_taken_when_nothing_is_ready)
{
	int_chan *a = weft_make(int_chan, 0), *b = weft_make(int_chan, 1);
	int v = 9;

	CHECK_INT(weft_try_select(weft_on_recv(a, &v), weft_on_recv(b, &v), weft_on_send(a, 1)),
		-EAGAIN);
	CHECK_INT(v, 9);
	weft_send(b, 3);
	CHECK_INT(weft_try_select(weft_on_recv(a, &v), weft_on_recv(b, &v)), 1);
	CHECK_INT(v, 3);
}

CO_TEST(null_channel_is_never_ready)
{
	int_chan *null = NULL, *a = weft_make(int_chan, 1);
	int v;

	CHECK_INT(weft_try_select(weft_on_recv(null, &v), weft_on_send(null, 1)), -EAGAIN);
	for (int i = 0; i < 100; i++) {
		CHECK_INT(weft_select(weft_on_recv(null, &v), weft_on_send(a, 1),
				  weft_on_send(null, 2)),
			1);
		weft_recv(a, &v);
	}
	CHECK_INT(weft_select_until(weft_now() + WEFT_MS, weft_on_recv(null, &v)), -ETIMEDOUT);
}

static void time_out_often(struct weft_waitgroup *group)
{
	int_chan *null = NULL;

	for (int i = 0; i < 300; i++) {
		CHECK_INT(
			weft_select_until(weft_now() + 100 + i % 7 * 500, weft_on_recv(null, NULL)),
			-ETIMEDOUT);
		CHECK_INT(weft_chan_select(NULL, 0, weft_now() + 200), -ETIMEDOUT);
	}
	weft_waitgroup_done(group);
}

/* The deadline may be over before the select has left its stack. */
CO_TEST(deadline_of_a_select_without_channels_waits_for_it_to_park)
{
	struct weft_waitgroup group = {0};

	weft_waitgroup_add(&group, 4);
	for (int i = 0; i < 4; i++)
		weft_go(time_out_often, &group);
	weft_waitgroup_wait(&group);
}

CO_TEST(closed_channel_is_a_ready_receive)
{
	int_chan *a = weft_make(int_chan, 0), *b = weft_make(int_chan, 1);
	bool ok = true;
	int v = 9;

	weft_close(a);
	CHECK_INT(weft_select(weft_on_recv_ok(a, &v, &ok), weft_on_recv(b, &v)), 0);
	CHECK(!ok);
	CHECK_INT(v, 0);
	weft_send(b, 2);
	weft_close(b);
	CHECK_INT(weft_select(weft_on_recv_ok(b, &v, &ok)), 0);
	CHECK(ok);
	CHECK_INT(v, 2);
	CHECK_INT(weft_select(weft_on_recv_ok(b, &v, &ok)), 0);
	CHECK(!ok);
}

static void select_closed(struct sender *s)
{
	bool ok = true;
	int v = 9;

	CHECK_INT(weft_select(weft_on_recv_ok(s[0].c, &v, &ok)), 0);
	CHECK(!ok);
	CHECK_INT(v, 0);
	weft_send(s[1].c, 1);
}

CO_TEST(close_wakes_waiting_selects)
{
	struct sender s[2] = {{weft_make(int_chan, 0), 0}, {weft_make(int_chan, 0), 0}};

	for (int i = 0; i < 5; i++)
		weft_go(select_closed, s);
	until_parked(s[0].c, 5);
	weft_close(s[0].c);
	for (int i = 0; i < 5; i++)
		CHECK(weft_recv(s[1].c, NULL));
}

PANIC_TEST(send_case_on_closed_channel_panics, "send on closed channel (of int")
{
	int_chan *a = weft_make(int_chan, 1);

	weft_close(a);
	weft_select(weft_on_send(a, 1));
}

PANIC_TEST(close_makes_a_waiting_send_case_panic, "send on closed channel (of int")
{
	static struct sender s[2];

	s[0].c = weft_make(int_chan, 0);
	s[1].c = weft_make(int_chan, 0);
	weft_go(select_send, s);
	until_parked(s[0].c, 1);
	weft_close(s[0].c);
	weft_recv(s[1].c, NULL);
}

PANIC_TEST(more_cases_than_possible_panic, "65536 are possible")
{
	struct weft_case c = {0};

	weft_chan_select(&c, 65537, WEFT_NEVER);
}

/* Two cases of one channel, in either direction: the select cannot meet itself. */
CO_TEST(select_does_not_meet_itself)
{
	int_chan *a = weft_make(int_chan, 0);
	int v;

	CHECK_INT(weft_try_select(weft_on_recv(a, &v), weft_on_send(a, 1)), -EAGAIN);
	CHECK_INT(weft_select_until(weft_now() + WEFT_MS, weft_on_recv(a, &v), weft_on_send(a, 1),
			  weft_on_recv(a, &v)),
		-ETIMEDOUT);
	CHECK_INT(parked_on(a), 0);
	CHECK_INT(refs_of(a), 1);
}

static void select_both(struct sender *s)
{
	int v = 0, r = weft_select(weft_on_recv(s[0].c, &v), weft_on_send(s[0].c, 80));

	weft_send(s[1].c, r * 1000 + v);
}

CO_TEST(select_in_both_directions_takes_either)
{
	struct sender s[2] = {{weft_make(int_chan, 0), 0}, {weft_make(int_chan, 0), 0}};
	int v;

	weft_go(select_both, s);
	until_parked(s[0].c, 2);
	weft_send(s[0].c, 5);
	CHECK(parked_on(s[0].c) <= 1); /* its other waiter, until it runs */
	weft_recv(s[1].c, &v);
	CHECK_INT(v, 5);
	weft_go(select_both, s);
	until_parked(s[0].c, 2);
	weft_recv(s[0].c, &v);
	CHECK_INT(v, 80);
	weft_recv(s[1].c, &v);
	CHECK_INT(v, 1000);
}

CO_TEST(select_leaves_nothing_behind)
{
	struct sender s[2] = {{weft_make(int_chan, 0), 0}, {weft_make(int_chan, 0), 0}};
	int_chan *other = weft_make(int_chan, 0);
	int v;

	for (int i = 0; i < 100; i++) {
		s[0].value = i;
		weft_go(send_one, &s[0]);
		CHECK_INT(weft_select(weft_on_recv(other, &v), weft_on_recv(s[0].c, &v),
				  weft_on_send(other, 1)),
			1);
		CHECK_INT(v, i);
		CHECK_INT(parked_on(other), 0);
		CHECK_INT(refs_of(other), 1);
	}
}

CO_TEST(deadline_in_the_past_takes_what_is_ready)
{
	int_chan *a = weft_make(int_chan, 1);
	int v;

	CHECK_INT(weft_select_until(weft_now() - 1, weft_on_recv(a, &v)), -ETIMEDOUT);
	weft_send(a, 4);
	CHECK_INT(weft_select_until(weft_now() - 1, weft_on_recv(a, &v)), 0);
	CHECK_INT(v, 4);
}

CO_TEST(array_of_a_hundred_cases)
{
	int_chan *c[100];
	struct weft_case cases[100];
	int v;

	for (int i = 0; i < 100; i++) {
		c[i] = weft_make(int_chan, 1);
		cases[i] = weft_on_recv(c[i], &v);
	}
	CHECK_INT(weft_chan_select(cases, 100, WEFT_NOW), -EAGAIN);
	for (int i = 99; i >= 0; i--) {
		struct sender s = {c[i], i};

		weft_go_copy(send_one, &s);
		CHECK_INT(weft_chan_select(cases, 100, WEFT_NEVER), i);
		CHECK_INT(v, i);
	}
	CHECK_INT(weft_chan_select(cases, 100, weft_now() + WEFT_MS), -ETIMEDOUT);
	for (int i = 0; i < 100; i++)
		CHECK_INT(refs_of(c[i]), 1);
}

/*
 * Chi-square with 4 cases: 3 degrees of freedom; above 27 with a chance of 6 in a million. All are
 * ready each time.
 */
CO_TEST(ready_cases_are_equally_likely)
{
	enum { ROUNDS = 8000 };
	int_chan *c[4];
	int count[4] = {0}, v;
	double chi = 0;

	for (int i = 0; i < 4; i++) {
		c[i] = weft_make(int_chan, 1);
		weft_send(c[i], i);
	}
	for (int n = 0; n < ROUNDS; n++) {
		int i = weft_select(weft_on_recv(c[0], &v), weft_on_recv(c[1], &v),
			weft_on_recv(c[2], &v), weft_on_recv(c[3], &v));

		CHECK_INT(v, i);
		count[i]++;
		weft_send(c[i], i);
	}
	for (int i = 0; i < 4; i++) {
		double d = count[i] - ROUNDS / 4.0;

		chi += d * d / (ROUNDS / 4.0);
	}
	if (chi > 27)
		test_fail(__FILE__, __LINE__, "chi-square %.1f: %d %d %d %d", chi, count[0],
			count[1], count[2], count[3]);
}

/* ---- Many selects meet ----------------------------------------------------------------------- */

#define PLAYERS 8
#define THROWS 400

static int_chan *table[3];
static struct weft_waitgroup players;
static atomic_int thrown, caught;

/* Throws THROWS values on any table, and catches whatever comes meanwhile. */
static void play(const int *number)
{
	int left = THROWS, v;

	while (left > 0) {
		switch (weft_select(weft_on_send(table[0], *number), weft_on_send(table[1], 1),
			weft_on_recv(table[1], &v), weft_on_recv(table[2], &v),
			weft_on_send(table[2], 2), weft_on_recv(table[0], &v))) {
		case 0:
		case 1:
		case 4:
			atomic_fetch_add(&thrown, 1);
			left--;
			break;
		default:
			atomic_fetch_add(&caught, 1);
		}
	}
	weft_waitgroup_done(&players);
}

static void catch_rest(int_chan *quit)
{
	int v;

	for (;;) {
		switch (weft_select(weft_on_recv(table[0], &v), weft_on_recv(table[1], &v),
			weft_on_recv(table[2], &v), weft_on_recv(quit, &v))) {
		case 3:
			weft_send(quit, atomic_load(&caught));
			return;
		default:
			atomic_fetch_add(&caught, 1);
		}
	}
}

CO_TEST(selects_that_meet_selects_lose_nothing)
{
	static const int numbers[PLAYERS];
	int_chan *quit = weft_make(int_chan, 0);
	int v;

	for (int i = 0; i < 3; i++)
		table[i] = weft_make(int_chan, 0);
	weft_waitgroup_add(&players, PLAYERS);
	for (int i = 0; i < PLAYERS; i++)
		weft_go(play, &numbers[i]);
	weft_go(catch_rest, quit);
	weft_waitgroup_wait(&players);
	weft_send(quit, 0);
	weft_recv(quit, &v);
	CHECK_INT(atomic_load(&thrown), PLAYERS * THROWS);
	CHECK_INT(v, PLAYERS * THROWS);
}

struct let_go {
	int_chan *out, *quit;
};

static void send_or_quit(struct let_go *c)
{
	weft_select(weft_on_send(c->out, 1), weft_on_recv(c->quit, NULL));
}

/* Whoever has the last message owns the channels: a select that is through touches none of them. */
CO_TEST(receiver_of_the_last_message_may_let_go_of_all)
{
	for (int i = 0; i < 3000; i++) {
		struct let_go c = {weft_make(int_chan, 1), weft_make(int_chan, 1)};

		if (c.out > c.quit) {
			int_chan *out = c.out;

			c.out = c.quit;
			c.quit = out;
		}
		weft_go_copy(send_or_quit, &c);
		while (weft_try_recv(c.out, NULL) < 0)
			weft_yield();
		weft_unref(c.out);
		weft_unref(c.quit);
	}
}

TEST_MAIN
