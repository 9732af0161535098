/* SPDX-License-Identifier: MIT
 *
 * Channels, rule by rule as in Go, on 1, 2 and 4 workers. What closing does: test_close.c.
 */
#include "tests/coro.h"

WEFT_CHAN(int_chan, int)
WEFT_CHAN(string_chan, const char *)
WEFT_CHAN(unit_chan, weft_unit)
WEFT_CHAN(byte_chan, char)
WEFT_CHAN(real_chan, double)

struct big {
	char bytes[777];
	int sum;
};
WEFT_CHAN(big_chan, struct big)

struct pair {
	int_chan *c;
	int value;
	atomic_int done;
	struct weft_waitgroup group;
};

/* ---- Handing over ---------------------------------------------------------------------------- */

static void send_value(struct pair *p)
{
	weft_send(p->c, p->value);
	atomic_store(&p->done, 1);
}

static void recv_value(struct pair *p)
{
	CHECK(weft_recv(p->c, &p->value));
	weft_waitgroup_done(&p->group);
}

CO_TEST(sender_finds_waiting_receiver)
{
	struct pair p = {.c = weft_make(int_chan, 0)};

	weft_waitgroup_add(&p.group, 1);
	weft_go(recv_value, &p);
	until_parked(p.c, 1);
	CHECK_INT(weft_send(p.c, 42), 0);
	weft_waitgroup_wait(&p.group);
	CHECK_INT(p.value, 42);
}

CO_TEST(receiver_finds_waiting_sender)
{
	struct pair p = {.c = weft_make(int_chan, 0), .value = 43};
	int v = 0;

	weft_go(send_value, &p);
	until_parked(p.c, 1);
	CHECK(weft_recv(p.c, &v));
	CHECK_INT(v, 43);
	while (!atomic_load(&p.done)) /* it is on our stack */
		weft_yield();
}

CO_TEST(unbuffered_send_returns_only_when_received)
{
	static struct pair p;
	int v;

	p.c = weft_make(int_chan, 0);
	weft_go(send_value, &p);
	until_parked(p.c, 1);
	for (int i = 0; i < 100; i++)
		weft_yield();
	CHECK_INT(atomic_load(&p.done), 0);
	weft_recv(p.c, &v);
	while (!atomic_load(&p.done))
		weft_yield();
}

CO_TEST(recv_into_null_drops_the_value)
{
	int_chan *c = weft_make(int_chan, 2);
	int v;

	weft_send(c, 1);
	weft_send(c, 2);
	CHECK(weft_recv(c, NULL));
	CHECK(weft_recv(c, &v));
	CHECK_INT(v, 2);
}

static void recv_dropping(struct pair *p)
{
	CHECK(weft_recv(p->c, NULL));
	weft_waitgroup_done(&p->group);
}

CO_TEST(waiting_recv_into_null_drops_the_value)
{
	struct pair p = {.c = weft_make(int_chan, 0)};

	weft_waitgroup_add(&p.group, 1);
	weft_go(recv_dropping, &p);
	until_parked(p.c, 1);
	weft_send(p.c, 1);
	weft_waitgroup_wait(&p.group);
}

/* ---- Buffers --------------------------------------------------------------------------------- */

CO_TEST(buffered_send_goes_on_while_there_is_room)
{
	int_chan *c = weft_make(int_chan, 3);

	CHECK_INT(weft_cap(c), 3);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(weft_len(c), i);
		CHECK_INT(weft_send(c, i), 0);
	}
	CHECK_INT(weft_len(c), 3);
	CHECK_INT(weft_try_send(c, 3), -EAGAIN);
	for (int i = 0, v; i < 3; i++) {
		CHECK(weft_recv(c, &v));
		CHECK_INT(v, i);
		CHECK_INT(weft_len(c), 2 - i);
	}
}

CO_TEST(full_buffer_takes_the_waiting_senders_value_behind_all)
{
	struct pair p = {.c = weft_make(int_chan, 2), .value = 3};

	weft_send(p.c, 1);
	weft_send(p.c, 2);
	weft_go(send_value, &p);
	until_parked(p.c, 1);
	for (int i = 1, v; i <= 3; i++) {
		CHECK(weft_recv(p.c, &v));
		CHECK_INT(v, i);
		if (i == 1)
			CHECK_INT(weft_len(p.c), 2); /* the sender's value has moved up */
	}
	while (!atomic_load(&p.done))
		weft_yield();
}

CO_TEST(unbuffered_channel_has_len_and_cap_zero)
{
	struct pair p = {.c = weft_make(int_chan, 0), .value = 1};

	CHECK_INT(weft_cap(p.c), 0);
	weft_go(send_value, &p);
	until_parked(p.c, 1);
	CHECK_INT(weft_len(p.c), 0);
	weft_recv(p.c, NULL);
	while (!atomic_load(&p.done))
		weft_yield();
}

CO_TEST(buffer_wraps_around)
{
	int_chan *c = weft_make(int_chan, 3);
	int next = 0;

	for (int i = 0; i < 100; i++) {
		weft_send(c, i);
		if (i % 3 == 2)
			for (int k = 0, v; k < 3; k++) {
				weft_recv(c, &v);
				CHECK_INT(v, next++);
			}
	}
}

/* ---- Order ----------------------------------------------------------------------------------- */

#define MANY 2000

static void send_many(int_chan *c)
{
	for (int i = 0; i < MANY; i++)
		weft_send(c, i);
	weft_close(c);
}

static void check_order(size_t capacity)
{
	int_chan *c = weft_make(int_chan, capacity);
	int v, n = 0;

	weft_go(send_many, c);
	while (weft_recv(c, &v))
		CHECK_INT(v, n++);
	CHECK_INT(n, MANY);
}

CO_TEST(values_come_in_the_order_of_sends_unbuffered)
{
	check_order(0);
}

CO_TEST(values_come_in_the_order_of_sends_buffered)
{
	check_order(1);
	check_order(7);
}

static void send_numbered(struct pair *p)
{
	for (int i = 0; i < 300; i++)
		weft_send(p->c, p->value * 1000 + i);
	weft_waitgroup_done(&p->group);
}

CO_TEST(each_senders_order_is_kept_among_many)
{
	struct pair p[8];
	int next[8] = {0};
	int_chan *c = weft_make(int_chan, 4);

	memset(p, 0, sizeof(p));
	for (int i = 0; i < 8; i++) {
		p[i].c = c;
		p[i].value = i;
		weft_waitgroup_add(&p[i].group, 1);
		weft_go(send_numbered, &p[i]);
	}
	for (int i = 0, v; i < 8 * 300; i++) {
		CHECK(weft_recv(c, &v));
		CHECK_INT(v % 1000, next[v / 1000]++);
	}
	for (int i = 0; i < 8; i++)
		weft_waitgroup_wait(&p[i].group);
}

CO_TEST(waiting_receivers_are_served_first_come_first_served)
{
	struct pair p[6];
	int_chan *c = weft_make(int_chan, 0);

	memset(p, 0, sizeof(p));
	for (int i = 0; i < 6; i++) {
		p[i].c = c;
		weft_waitgroup_add(&p[i].group, 1);
		weft_go(recv_value, &p[i]);
		until_parked(c, i + 1);
	}
	for (int i = 0; i < 6; i++)
		weft_send(c, 100 + i);
	for (int i = 0; i < 6; i++) {
		weft_waitgroup_wait(&p[i].group);
		CHECK_INT(p[i].value, 100 + i);
	}
}

static void check_senders_in_order(size_t capacity)
{
	struct pair p[6];
	int_chan *c = weft_make(int_chan, capacity);
	int v;

	memset(p, 0, sizeof(p));
	for (size_t i = 0; i < capacity; i++)
		weft_send(c, -1);
	for (int i = 0; i < 6; i++) {
		p[i].c = c;
		p[i].value = i;
		weft_go(send_value, &p[i]);
		until_parked(c, i + 1);
	}
	for (size_t i = 0; i < capacity; i++) {
		weft_recv(c, &v);
		CHECK_INT(v, -1);
	}
	for (int i = 0; i < 6; i++) {
		weft_recv(c, &v);
		CHECK_INT(v, i);
	}
	for (int i = 0; i < 6; i++) {
		while (!atomic_load(&p[i].done))
			weft_yield();
	}
}

CO_TEST(waiting_senders_are_served_first_come_first_served)
{
	check_senders_in_order(0);
	check_senders_in_order(2);
}

/* ---- Null channels, trying ------------------------------------------------------------------- */

CO_TEST(null_channel_never_goes_on)
{
	int_chan *c = NULL;
	int v = 5;

	CHECK_INT(weft_try_send(c, 1), -EAGAIN);
	CHECK_INT(weft_try_recv(c, &v), -EAGAIN);
	CHECK_INT(weft_send_until(c, 1, weft_now() + WEFT_MS), -ETIMEDOUT);
	CHECK_INT(weft_recv_until(c, &v, weft_now() + WEFT_MS), -ETIMEDOUT);
	CHECK_INT(v, 5);
	CHECK_INT(weft_len(c), 0);
	CHECK_INT(weft_cap(c), 0);
	CHECK(weft_ref(c) == NULL);
	weft_unref(c);
}

CO_TEST(try_send_and_try_recv_do_not_wait)
{
	struct pair p = {.c = weft_make(int_chan, 0), .value = 8};
	int v = 5;

	CHECK_INT(weft_try_send(p.c, 1), -EAGAIN);
	CHECK_INT(weft_try_recv(p.c, &v), -EAGAIN);
	CHECK_INT(v, 5);
	weft_go(send_value, &p);
	until_parked(p.c, 1);
	CHECK_INT(weft_try_recv(p.c, &v), 0);
	CHECK_INT(v, 8);
	while (!atomic_load(&p.done))
		weft_yield();
	weft_waitgroup_add(&p.group, 1);
	weft_go(recv_value, &p);
	until_parked(p.c, 1);
	CHECK_INT(weft_try_send(p.c, 9), 0);
	weft_waitgroup_wait(&p.group);
	CHECK_INT(p.value, 9);
}

/* ---- Values ---------------------------------------------------------------------------------- */

static void send_big(big_chan *c)
{
	struct big b = {.sum = 12345};

	memset(b.bytes, 'x', sizeof(b.bytes));
	weft_send(c, b);
	memset(&b, 0, sizeof(b));
	weft_send(c, b);
}

static void check_big(size_t capacity)
{
	big_chan *c = weft_make(big_chan, capacity);
	struct big b;

	weft_go(send_big, c);
	weft_recv(c, &b);
	CHECK_INT(b.sum, 12345);
	for (size_t i = 0; i < sizeof(b.bytes); i++)
		CHECK_INT(b.bytes[i], 'x');
	weft_recv(c, &b);
	CHECK_INT(b.sum, 0);
}

CO_TEST(large_structs_are_copied_whole)
{
	check_big(0);
	check_big(1);
	check_big(2);
}

CO_TEST(values_of_all_sizes)
{
	byte_chan *b = weft_make(byte_chan, 3);
	real_chan *r = weft_make(real_chan, 1);
	string_chan *s = weft_make(string_chan, 1);
	unit_chan *u = weft_make(unit_chan, 2);
	const char *text;
	weft_unit unit;
	double d;
	char ch[3];

	weft_send(b, 'a');
	weft_send(b, 'b');
	weft_send(b, 'c');
	for (int i = 0; i < 3; i++)
		weft_recv(b, &ch[i]);
	CHECK(memcmp(ch, "abc", 3) == 0);
	weft_send(r, 0.5);
	weft_recv(r, &d);
	CHECK(d == 0.5);
	weft_send(r, 3); /* an int is converted, as by assignment */
	weft_recv(r, &d);
	CHECK(d == 3.0);
	weft_send(s, "ping");
	weft_recv(s, &text);
	CHECK_STR(text, "ping");
	weft_send(u, WEFT_UNIT);
	CHECK(weft_recv(u, &unit));
	weft_send(u, WEFT_UNIT);
	CHECK(weft_recv(u, NULL));
}

/* ---- References ------------------------------------------------------------------------------ */

CO_TEST(last_unref_frees_and_waiters_hold_a_reference)
{
	struct pair p = {.c = weft_make(int_chan, 0)};
	int_chan *c = p.c;

	CHECK_INT(refs_of(c), 1);
	CHECK(weft_ref(c) == c);
	CHECK_INT(refs_of(c), 2);
	weft_unref(c);
	weft_waitgroup_add(&p.group, 1);
	weft_go(recv_value, &p);
	until_parked(c, 1);
	CHECK_INT(refs_of(c), 2);
	weft_send(c, 6);
	weft_unref(c); /* the receiver may not have run yet: its reference keeps the channel */
	weft_waitgroup_wait(&p.group);
	CHECK_INT(p.value, 6);
}

static void send_and_forget(struct pair *p)
{
	int_chan *c = p->c;

	weft_send(c, 1);
	atomic_store(&p->done, 1); /* the receiver has dropped the channel meanwhile */
}

CO_TEST(receiver_may_drop_the_channel_while_the_sender_wakes)
{
	for (int i = 0; i < 200; i++) {
		struct pair p = {.c = weft_make(int_chan, 0)};

		weft_go(send_and_forget, &p);
		until_parked(p.c, 1);
		CHECK(weft_recv(p.c, NULL));
		weft_unref(p.c);
		while (!atomic_load(&p.done))
			weft_yield();
	}
}

CO_TEST(unref_frees_what_is_buffered)
{
	for (int i = 0; i < 100; i++) {
		big_chan *c = weft_make(big_chan, 10);
		struct big b = {.sum = i};

		weft_send(c, b);
		weft_unref(c);
	}
}

/* ---- Many ------------------------------------------------------------------------------------ */

static int_chan *work, *sums;

static void produce(const int *first)
{
	for (int i = 0; i < 500; i++)
		weft_send(work, *first + i);
	weft_send(sums, 0);
}

static void consume(int_chan *c)
{
	int v, sum = 0;

	while (weft_recv(c, &v))
		sum += v;
	weft_send(sums, sum);
}

CO_TEST(many_to_many_lose_and_double_nothing)
{
	static const int firsts[6] = {0, 1000, 2000, 3000, 4000, 5000};
	int expected = 0, sum = 0, v;

	work = weft_make(int_chan, 3);
	sums = weft_make(int_chan, 0);
	for (int i = 0; i < 6; i++) {
		weft_go(produce, &firsts[i]);
		weft_go(consume, work);
		expected += 500 * firsts[i] + 499 * 500 / 2;
	}
	for (int i = 0; i < 6; i++)
		weft_recv(sums, NULL); /* the producers: consumers come after close */
	weft_close(work);
	for (int i = 0; i < 6; i++) {
		weft_recv(sums, &v);
		sum += v;
	}
	CHECK_INT(sum, expected);
}

TEST_MAIN
