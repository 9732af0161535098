/* SPDX-License-Identifier: MIT
 *
 * Semaphores: permits are conserved, and handed out in order.
 */
#include "tests/coro.h"

struct shared {
	struct weft_semaphore semaphore;
	struct weft_waitgroup group;
	struct weft_mutex mutex;
	char log[16]; /* under the mutex */
	atomic_int out, most;
};

struct customer {
	struct shared *s;
	char name;
	int64_t n, until;
};

static void acquire_and_tell(struct customer *me)
{
	struct shared *s = me->s;

	if (weft_semaphore_acquire_until(&s->semaphore, me->n, me->until) == 0) {
		weft_mutex_lock(&s->mutex);
		s->log[strlen(s->log)] = me->name;
		weft_mutex_unlock(&s->mutex);
	}
	weft_waitgroup_done(&s->group);
}

static void queue_up(struct shared *s, char name, int64_t n, int64_t until)
{
	int before = waiting_for(&s->semaphore.weft_sync);

	weft_waitgroup_add(&s->group, 1);
	weft_go_copy(acquire_and_tell, &(struct customer){s, name, n, until});
	until_waiting(&s->semaphore.weft_sync, before + 1);
}

static void until_log(struct shared *s, const char *log)
{
	for (;;) {
		bool same;

		weft_mutex_lock(&s->mutex);
		same = strcmp(s->log, log) == 0;
		weft_mutex_unlock(&s->mutex);
		if (same)
			return;
		weft_yield();
	}
}

CO_TEST(permits_are_taken_and_given_back)
{
	struct weft_semaphore s = WEFT_SEMAPHORE(3);

	CHECK_INT(weft_semaphore_acquire(&s, 2), 0);
	CHECK_INT(weft_semaphore_try(&s, 2), -EAGAIN);
	CHECK_INT(weft_semaphore_try(&s, 1), 0);
	CHECK_INT(weft_semaphore_try(&s, 1), -EAGAIN);
	CHECK_INT(weft_semaphore_try(&s, 0), 0);
	weft_semaphore_release(&s, 3);
	CHECK_INT(weft_semaphore_acquire_until(&s, 3, 0), 0);
	weft_sync_finish(&s);
}

CO_TEST(zeroed_memory_has_no_permits)
{
	struct weft_semaphore s = {0};

	CHECK_INT(weft_semaphore_try(&s, 1), -EAGAIN);
	weft_semaphore_release(&s, 1);
	CHECK_INT(weft_semaphore_acquire(&s, 1), 0);
}

CO_TEST(acquire_runs_into_its_deadline)
{
	struct weft_semaphore s = WEFT_SEMAPHORE(1);
	int64_t until = weft_now() + 3 * WEFT_MS;

	CHECK_INT(weft_semaphore_acquire_until(&s, 2, weft_now() - 1), -ETIMEDOUT);
	CHECK_INT(weft_semaphore_acquire_until(&s, 2, until), -ETIMEDOUT);
	CHECK(weft_now() >= until);
	CHECK_INT(weft_semaphore_try(&s, 1), 0);
}

CO_TEST(those_who_wait_are_served_in_order)
{
	struct shared s = {.out = 0};

	queue_up(&s, 'a', 1, WEFT_NEVER);
	queue_up(&s, 'b', 2, WEFT_NEVER);
	queue_up(&s, 'c', 1, WEFT_NEVER);
	weft_semaphore_release(&s.semaphore, 1);
	until_log(&s, "a");
	weft_semaphore_release(&s.semaphore, 1);
	CHECK_INT(waiting_for(&s.semaphore.weft_sync), 2);
	weft_semaphore_release(&s.semaphore, 1);
	until_log(&s, "ab");
	weft_semaphore_release(&s.semaphore, 1);
	weft_waitgroup_wait(&s.group);
	CHECK_STR(s.log, "abc");
}

CO_TEST(who_wants_much_is_not_overtaken)
{
	struct shared s = {.semaphore = WEFT_SEMAPHORE(2)};

	queue_up(&s, 'L', 5, WEFT_NEVER);
	CHECK_INT(weft_semaphore_try(&s.semaphore, 1), -EAGAIN);
	queue_up(&s, 's', 1, WEFT_NEVER);
	weft_semaphore_release(&s.semaphore, 2);
	CHECK_INT(waiting_for(&s.semaphore.weft_sync), 2);
	weft_semaphore_release(&s.semaphore, 1);
	until_log(&s, "L");
	weft_semaphore_release(&s.semaphore, 1);
	weft_waitgroup_wait(&s.group);
	CHECK_STR(s.log, "Ls");
}

CO_TEST(one_release_serves_as_many_as_it_can)
{
	struct shared s = {.out = 0};

	for (int i = 0; i < 5; i++)
		queue_up(&s, 'x', 2, WEFT_NEVER);
	weft_semaphore_release(&s.semaphore, 7);
	until_log(&s, "xxx");
	CHECK_INT(waiting_for(&s.semaphore.weft_sync), 2);
	weft_semaphore_release(&s.semaphore, 3);
	weft_waitgroup_wait(&s.group);
	CHECK_INT(weft_semaphore_try(&s.semaphore, 1), -EAGAIN);
}

static int want_too_much(struct weft_semaphore *s)
{
	CHECK_INT(weft_semaphore_acquire_until(s, 5, weft_now() + 20 * WEFT_MS), -ETIMEDOUT);
	return 0;
}

/* Who waited behind it and wants less has it then. True: it did wait. */
static bool try_to_wait_behind(struct shared *s)
{
	struct weft_handle *large = weft_spawn(want_too_much, &s->semaphore);
	bool gone = false, seen = false;

	while (waiting_for(&s->semaphore.weft_sync) == 0 && !gone)
		gone = joined_or_yield(large);
	weft_waitgroup_add(&s->group, 1);
	weft_go_copy(acquire_and_tell, &(struct customer){s, 's', 2, WEFT_NEVER});
	while (!seen && !gone) {
		seen = waiting_for(&s->semaphore.weft_sync) == 2;
		gone = joined_or_yield(large);
	}
	weft_waitgroup_wait(&s->group);
	if (!gone)
		CHECK_INT(weft_join(large, NULL), 0);
	weft_semaphore_release(&s->semaphore, 2);
	return seen;
}

CO_TEST(who_gives_up_makes_room_for_those_behind)
{
	struct shared s = {.semaphore = WEFT_SEMAPHORE(2)};

	while (!try_to_wait_behind(&s)) /* a loaded machine was too slow */
		memset(s.log, 0, sizeof(s.log));
	CHECK_STR(s.log, "s");
}

PANIC_TEST(acquire_of_less_than_nothing_panics, "weft_semaphore_acquire of -1 permits")
{
	struct weft_semaphore s = WEFT_SEMAPHORE(1);

	weft_semaphore_acquire(&s, -1);
}

PANIC_TEST(release_of_less_than_nothing_panics, "weft_semaphore_release of -1 permits")
{
	struct weft_semaphore s = WEFT_SEMAPHORE(1);

	weft_semaphore_release(&s, -1);
}

PANIC_TEST(too_many_permits_panic, "more permits than an int64_t counts")
{
	struct weft_semaphore s = WEFT_SEMAPHORE(1);

	weft_semaphore_release(&s, INT64_MAX);
}

struct stresser {
	struct shared *s;
	uint32_t seed;
};

#define PERMITS 7

static void stress(struct stresser *me)
{
	struct shared *s = me->s;
	uint32_t x = me->seed;

	for (int i = 0; i < 2000; i++) {
		int64_t n, until;

		x = x * 1664525u + 1013904223u;
		n = (x >> 9) % (PERMITS + 1);
		until = x >> 30 == 0   ? WEFT_NOW
			: x >> 30 == 1 ? weft_now() + (x >> 10) % 60000
				       : WEFT_NEVER;
		if (weft_semaphore_acquire_until(&s->semaphore, n, until) < 0)
			continue;
		CHECK(atomic_fetch_add(&s->out, (int)n) + n <= PERMITS);
		if ((x >> 5) % 4 == 0)
			weft_yield();
		atomic_fetch_sub(&s->out, (int)n);
		weft_semaphore_release(&s->semaphore, n);
	}
	weft_waitgroup_done(&s->group);
}

CO_STRESS(no_permit_is_lost_or_doubled)
{
	struct shared s = {.semaphore = WEFT_SEMAPHORE(PERMITS)};

	weft_waitgroup_add(&s.group, 16);
	for (uint32_t i = 0; i < 16; i++)
		weft_go_copy(stress, &(struct stresser){&s, i * 7919 + 1});
	weft_waitgroup_wait(&s.group);
	CHECK_INT(weft_semaphore_try(&s.semaphore, PERMITS), 0);
	CHECK_INT(weft_semaphore_try(&s.semaphore, 1), -EAGAIN);
}

TEST_MAIN
