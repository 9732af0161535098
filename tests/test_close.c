/* SPDX-License-Identifier: MIT
 *
 * Closed channels: what receivers still get, who wakes, and what is a panic.
 */
#include "tests/coro.h"

WEFT_CHAN(int_chan, int)

struct big {
	char bytes[777];
	int sum;
};
WEFT_CHAN(big_chan, struct big)

struct pair {
	int_chan *c;
	int value;
	struct weft_waitgroup group;
};

static void send_value(struct pair *p)
{
	weft_send(p->c, p->value);
}

CO_TEST(recv_on_closed_empty_channel_gives_false_and_zero)
{
	int_chan *c = weft_make(int_chan, 0);
	int v = 99;

	weft_close(c);
	CHECK(!weft_recv(c, &v));
	CHECK_INT(v, 0);
	CHECK(!weft_recv(c, NULL));
	v = 98;
	CHECK_INT(weft_recv_until(c, &v, weft_now() + WEFT_SEC), -EPIPE);
	CHECK_INT(v, 0);
	CHECK_INT(weft_try_recv(c, &v), -EPIPE);
}

CO_TEST(recv_on_closed_struct_channel_zeroes_all_of_it)
{
	big_chan *c = weft_make(big_chan, 1);
	struct big b, zero;

	memset(&b, 0xff, sizeof(b));
	memset(&zero, 0, sizeof(zero));
	weft_close(c);
	CHECK(!weft_recv(c, &b));
	CHECK(memcmp(&b, &zero, sizeof(b)) == 0);
}

CO_TEST(closed_channel_is_drained_before_it_says_false)
{
	int_chan *c = weft_make(int_chan, 3);
	int v;

	weft_send(c, 1);
	weft_send(c, 2);
	weft_close(c);
	CHECK_INT(weft_len(c), 2);
	CHECK(weft_recv(c, &v));
	CHECK_INT(v, 1);
	CHECK(weft_recv(c, &v));
	CHECK_INT(v, 2);
	CHECK(!weft_recv(c, &v));
	CHECK_INT(v, 0);
}

static void recv_false(struct pair *p)
{
	p->value = 77;
	CHECK(!weft_recv(p->c, &p->value));
	CHECK_INT(p->value, 0);
	weft_waitgroup_done(&p->group);
}

CO_TEST(close_wakes_all_receivers)
{
	struct pair p[9];
	int_chan *c = weft_make(int_chan, 0);

	memset(p, 0, sizeof(p));
	for (int i = 0; i < 9; i++) {
		p[i].c = c;
		weft_waitgroup_add(&p[i].group, 1);
		weft_go(recv_false, &p[i]);
	}
	until_parked(c, 9);
	weft_close(c);
	CHECK_INT(parked_on(c), 0);
	for (int i = 0; i < 9; i++)
		weft_waitgroup_wait(&p[i].group);
}

static void wait_false(struct pair *p)
{
	CHECK(!weft_recv(p->c, NULL));
	weft_waitgroup_done(&p->group);
}

static void select_false(struct pair *p)
{
	int_chan *never = weft_make(int_chan, 0);

	CHECK_INT(weft_select(weft_on_recv(never, NULL), weft_on_recv(p->c, NULL)), 1);
	weft_unref(never);
	weft_waitgroup_done(&p->group);
}

/* A close wakes some at a time. */
CO_TEST(close_wakes_all_of_many)
{
	static const int counts[] = {63, 64, 65, 128, 500};

	for (int i = 0; i < 5; i++) {
		struct pair p = {.c = weft_make(int_chan, 0)};

		weft_waitgroup_add(&p.group, counts[i]);
		for (int n = 0; n < counts[i]; n++)
			weft_go(n % 3 ? wait_false : select_false, &p);
		until_parked(p.c, counts[i]);
		weft_close(p.c);
		CHECK_INT(parked_on(p.c), 0);
		weft_waitgroup_wait(&p.group);
		weft_unref(p.c);
	}
}

PANIC_TEST(close_makes_a_waiting_sender_panic, "send on closed channel \"jobs\" (of int")
{
	static struct pair p;

	p.c = weft_make(int_chan, 0);
	weft_chan_name(p.c, "jobs");
	weft_go(send_value, &p);
	until_parked(p.c, 1);
	weft_close(p.c);
	weft_recv(weft_make(int_chan, 0), NULL);
}

PANIC_TEST(send_on_closed_channel_panics, "send on closed channel (of int, made at test_close.c:")
{
	int_chan *c = weft_make(int_chan, 1);

	weft_close(c);
	weft_send(c, 1);
}

PANIC_TEST(try_send_on_closed_channel_panics, "send on closed channel")
{
	int_chan *c = weft_make(int_chan, 1);

	weft_close(c);
	weft_try_send(c, 1);
}

PANIC_TEST(close_of_closed_channel_panics, "close of closed channel")
{
	int_chan *c = weft_make(int_chan, 0);

	weft_close(c);
	weft_close(c);
}

PANIC_TEST(close_of_null_channel_panics, "close of a null channel")
{
	int_chan *c = NULL;

	weft_close(c);
}

PANIC_TEST(panic_names_the_coroutine, "in coroutine 1 \"boss\"")
{
	int_chan *c = NULL;

	weft_set_name("boss");
	weft_close(c);
}

#if !SANITIZED /* their allocators stop the program themselves */
PANIC_TEST(capacity_that_memory_cannot_hold_panics, "out of memory for a channel")
{
	weft_make(int_chan, SIZE_MAX / 2);
}
#endif

TEST_MAIN
