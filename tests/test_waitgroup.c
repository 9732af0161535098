/* SPDX-License-Identifier: MIT
 *
 * Wait groups: they wait for zero, wake everybody, and can be used again.
 */
#include "tests/coro.h"

WEFT_CHAN(int_chan, int)

struct shared {
	struct weft_waitgroup group, woken;
	int_chan *gate;
	atomic_int ended;
};

static void pass_gate(struct shared *s)
{
	weft_recv(s->gate, NULL);
	atomic_fetch_add(&s->ended, 1);
	weft_waitgroup_done(&s->group);
}

CO_TEST(wait_on_zero_returns_at_once)
{
	struct weft_waitgroup group = {0};

	weft_waitgroup_wait(&group);
	CHECK_INT(weft_waitgroup_wait_until(&group, WEFT_NOW), 0);
	weft_waitgroup_add(&group, 0);
	weft_waitgroup_wait(&group);
	weft_sync_finish(&group);
}

CO_TEST(wait_returns_when_all_are_done)
{
	struct shared s = {.gate = weft_make(int_chan, 0)};

	weft_waitgroup_add(&s.group, 20);
	for (int i = 0; i < 20; i++)
		weft_go(pass_gate, &s);
	CHECK_INT(weft_waitgroup_wait_until(&s.group, WEFT_NOW), -EAGAIN);
	weft_close(s.gate);
	weft_waitgroup_wait(&s.group);
	CHECK_INT(atomic_load(&s.ended), 20);
}

static void wait_then_tell(struct shared *s)
{
	weft_waitgroup_wait(&s->group);
	CHECK_INT(atomic_load(&s->ended), 1);
	weft_waitgroup_done(&s->woken);
}

CO_TEST(zero_wakes_everybody_who_waits)
{
	struct shared s = {.gate = weft_make(int_chan, 0)};

	weft_waitgroup_add(&s.group, 1);
	weft_waitgroup_add(&s.woken, 7);
	for (int i = 0; i < 7; i++)
		weft_go(wait_then_tell, &s);
	weft_go(pass_gate, &s);
	until_parked(s.gate, 1);
	weft_send(s.gate, 1);
	weft_waitgroup_wait(&s.woken);
}

CO_TEST(group_can_be_used_again)
{
	struct shared s = {.gate = weft_make(int_chan, 0)};

	weft_close(s.gate);
	for (int i = 1; i <= 200; i++) {
		weft_waitgroup_add(&s.group, 1);
		weft_go(pass_gate, &s);
		weft_waitgroup_wait(&s.group);
		CHECK_INT(atomic_load(&s.ended), i);
	}
}

static void done_only(struct weft_waitgroup *group)
{
	weft_waitgroup_done(group);
}

/* The group's memory goes as soon as the waiter runs: done must not touch it after that. */
CO_TEST(memory_of_the_group_may_go_when_wait_returns)
{
	for (int i = 0; i < 500; i++) {
		struct weft_waitgroup *group = calloc(1, sizeof(*group));

		weft_waitgroup_add(group, 2);
		weft_go(done_only, group);
		weft_go(done_only, group);
		weft_waitgroup_wait(group);
		weft_sync_finish(group);
		free(group);
	}
}

CO_TEST(wait_runs_into_its_deadline)
{
	struct shared s = {.gate = weft_make(int_chan, 0)};
	int64_t until = weft_now() + 5 * WEFT_MS;

	weft_waitgroup_add(&s.group, 1);
	CHECK_INT(weft_waitgroup_wait_until(&s.group, weft_now() - 1), -ETIMEDOUT);
	CHECK_INT(weft_waitgroup_wait_until(&s.group, until), -ETIMEDOUT);
	CHECK(weft_now() >= until);
	weft_go(pass_gate, &s);
	weft_send(s.gate, 1);
	CHECK_INT(weft_waitgroup_wait_until(&s.group, weft_now() + TOLERANCE_NS), 0);
}

PANIC_TEST(counter_below_zero_panics, "falls below zero")
{
	struct weft_waitgroup group = {0};

	weft_waitgroup_add(&group, 1);
	weft_waitgroup_done(&group);
	weft_waitgroup_done(&group);
}

PANIC_TEST(delta_out_of_range_panics, "out of range")
{
	struct weft_waitgroup group = {0};

	weft_waitgroup_add(&group, INT64_C(1) << 40);
}

static struct shared waited;

static void wait_for_waited(void *unused)
{
	weft_waitgroup_wait(&waited.group);
}

PANIC_TEST(finish_while_somebody_waits_panics, "while somebody waits")
{
	weft_waitgroup_add(&waited.group, 1);
	weft_go(wait_for_waited, NULL);
	until_waiting(&waited.group.weft_sync, 1);
	weft_sync_finish(&waited.group);
}

TEST_MAIN
