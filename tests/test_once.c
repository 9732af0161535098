/* SPDX-License-Identifier: MIT
 *
 * Once: one call, and nobody goes on before its end.
 */
#include "tests/coro.h"

WEFT_CHAN(int_chan, int)

struct shared {
	struct weft_once once;
	struct weft_waitgroup group;
	int_chan *gate;
	int calls; /* by the one call; read behind weft_once */
	atomic_int over;
};

static void call(struct shared *s)
{
	if (s->gate)
		weft_recv(s->gate, NULL);
	s->calls++;
}

static void once_and_look(struct shared *s)
{
	weft_once(&s->once, call, s);
	CHECK_INT(s->calls, 1);
	s->over++;
	weft_waitgroup_done(&s->group);
}

CO_TEST(the_function_is_called_once)
{
	struct shared s = {.calls = 0};

	for (int i = 0; i < 3; i++) {
		weft_once(&s.once, call, &s);
		CHECK_INT(s.calls, 1);
	}
	CHECK_INT(weft_once_until(&s.once, call, &s, WEFT_NOW), 0);
	CHECK_INT(s.calls, 1);
	weft_sync_finish(&s.once);
}

CO_TEST(others_wait_for_its_end)
{
	struct shared s = {.gate = weft_make(int_chan, 0)};

	weft_waitgroup_add(&s.group, 6);
	for (int i = 0; i < 6; i++)
		weft_go(once_and_look, &s);
	until_waiting(&s.once.weft_sync, 5);
	CHECK_INT(s.over, 0);
	weft_send(s.gate, 1);
	weft_waitgroup_wait(&s.group);
	CHECK_INT(s.over, 6);
}

CO_TEST(to_wait_for_it_may_end_at_a_deadline)
{
	struct shared s = {.gate = weft_make(int_chan, 0)};

	weft_waitgroup_add(&s.group, 1);
	weft_go(once_and_look, &s);
	until_parked(s.gate, 1);
	CHECK_INT(weft_once_until(&s.once, call, &s, WEFT_NOW), -EAGAIN);
	CHECK_INT(weft_once_until(&s.once, call, &s, weft_now() - 1), -ETIMEDOUT);
	CHECK_INT(weft_once_until(&s.once, call, &s, weft_now() + WEFT_MS), -ETIMEDOUT);
	weft_send(s.gate, 1);
	CHECK_INT(weft_once_until(&s.once, call, &s, weft_now() + TOLERANCE_NS), 0);
	CHECK_INT(s.calls, 1);
	weft_waitgroup_wait(&s.group);
}

static void call_other(struct shared *s)
{
	weft_once(&s[1].once, call, &s[1]);
	s->calls++;
}

CO_TEST(its_function_may_use_another_once)
{
	struct shared s[2] = {{.calls = 0}, {.calls = 0}};

	weft_once(&s[0].once, call_other, s);
	CHECK_INT(s[0].calls, 1);
	CHECK_INT(s[1].calls, 1);
}

CO_STRESS(many_come_at_once)
{
	for (int i = 0; i < 500 / test_slowness(); i++) {
		struct shared s = {.calls = 0};

		weft_waitgroup_add(&s.group, 6);
		for (int j = 0; j < 6; j++)
			weft_go(once_and_look, &s);
		weft_waitgroup_wait(&s.group);
	}
}

static void call_itself(struct weft_once *once)
{
	weft_once(once, call_itself, once);
}

PANIC_TEST(its_function_may_not_come_back, "weft_once called by its own function")
{
	struct weft_once once = {0};

	weft_once(&once, call_itself, &once);
}

TEST_MAIN
