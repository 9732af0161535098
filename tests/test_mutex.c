/* SPDX-License-Identifier: MIT
 *
 * Mutexes: one holder at a time, turns in order, nobody overtaken for ever, deadlines, misuse.
 */
#include "tests/coro.h"

struct shared {
	struct weft_mutex mutex;
	struct weft_waitgroup group;
	int holders, count;
	int order[8];
	_Atomic bool stop;
};

static void enter(struct shared *s)
{
	CHECK_INT(s->holders++, 0);
}

static void leave(struct shared *s)
{
	s->count++;
	CHECK_INT(--s->holders, 0);
	weft_mutex_unlock(&s->mutex);
}

static void add_1000(struct shared *s)
{
	for (int i = 0; i < 1000; i++) {
		weft_mutex_lock(&s->mutex);
		enter(s);
		if (i % 3 == 0)
			weft_yield();
		leave(s);
		if (i % 7 == 0)
			weft_yield();
	}
	weft_waitgroup_done(&s->group);
}

CO_TEST(one_holder_at_a_time)
{
	struct shared s = {.count = 0};

	weft_waitgroup_add(&s.group, 8);
	for (int i = 0; i < 8; i++)
		weft_go(add_1000, &s);
	weft_waitgroup_wait(&s.group);
	CHECK_INT(s.count, 8000);
	weft_sync_finish(&s.mutex);
}

CO_TEST(try_gives_eagain_while_it_is_held)
{
	struct weft_mutex mutex = {0};

	CHECK_INT(weft_mutex_try(&mutex), 0);
	CHECK_INT(weft_mutex_try(&mutex), -EAGAIN);
	weft_mutex_unlock(&mutex);
	CHECK_INT(weft_mutex_try(&mutex), 0);
	weft_mutex_unlock(&mutex);
}

CO_TEST(lock_until_takes_what_is_free_whatever_the_time)
{
	struct weft_mutex mutex = {0};
	const int64_t untils[] = {WEFT_NOW, 0, weft_now() - 1, weft_now() + WEFT_SEC, WEFT_NEVER};

	for (int i = 0; i < 5; i++) {
		CHECK_INT(weft_mutex_lock_until(&mutex, untils[i]), 0);
		CHECK_INT(weft_mutex_try(&mutex), -EAGAIN);
		weft_mutex_unlock(&mutex);
	}
}

CO_TEST(lock_until_runs_into_its_deadline)
{
	struct weft_mutex mutex = {0};
	int64_t until = weft_now() + 5 * WEFT_MS;

	weft_mutex_lock(&mutex);
	CHECK_INT(weft_mutex_lock_until(&mutex, WEFT_NOW), -EAGAIN);
	CHECK_INT(weft_mutex_lock_until(&mutex, weft_now() - 1), -ETIMEDOUT);
	CHECK_INT(weft_mutex_lock_until(&mutex, until), -ETIMEDOUT);
	CHECK(weft_now() >= until);
	weft_mutex_unlock(&mutex);
	CHECK_INT(weft_mutex_try(&mutex), 0);
	weft_mutex_unlock(&mutex);
}

struct taker {
	struct shared *s;
	int number;
	int64_t until;
};

static void take_turn(struct taker *t)
{
	if (weft_mutex_lock_until(&t->s->mutex, t->until) == 0) {
		enter(t->s);
		t->s->order[t->s->count] = t->number;
		weft_yield(); /* nobody else comes in meanwhile */
		leave(t->s);
	}
	weft_waitgroup_done(&t->s->group);
}

CO_TEST(those_who_wait_have_their_turns_in_order)
{
	struct shared s = {.count = 0};

	weft_mutex_lock(&s.mutex);
	weft_waitgroup_add(&s.group, 6);
	for (int i = 0; i < 6; i++) {
		weft_go_copy(take_turn, &(struct taker){&s, i, WEFT_NEVER});
		until_waiting(&s.mutex.weft_sync, i + 1);
	}
	weft_mutex_unlock(&s.mutex);
	weft_waitgroup_wait(&s.group);
	CHECK_INT(s.count, 6);
	for (int i = 0; i < 6; i++)
		CHECK_INT(s.order[i], i);
}

static int give_up(struct weft_mutex *mutex)
{
	CHECK_INT(weft_mutex_lock_until(mutex, weft_now() + WEFT_MS), -ETIMEDOUT);
	return 0;
}

CO_TEST(who_gives_up_loses_nobody_elses_turn)
{
	struct shared s = {.count = 0};

	weft_mutex_lock(&s.mutex);
	weft_waitgroup_add(&s.group, 6);
	for (int i = 0; i < 6; i++) {
		int64_t until = i % 2 ? WEFT_NEVER : weft_now() + 1000 * WEFT_SEC;

		CHECK_INT(weft_join(weft_spawn(give_up, &s.mutex), NULL), 0);
		weft_go_copy(take_turn, &(struct taker){&s, i, until});
		until_waiting(&s.mutex.weft_sync, i + 1);
	}
	weft_mutex_unlock(&s.mutex);
	weft_waitgroup_wait(&s.group);
	for (int i = 0; i < 6; i++)
		CHECK_INT(s.order[i], i);
	CHECK_INT(weft_mutex_try(&s.mutex), 0);
}

/* The only one who waits gives up; the mutex works as before. */
CO_TEST(mutex_is_as_new_when_the_last_who_waited_gave_up)
{
	struct weft_mutex mutex = {0};

	for (int i = 0; i < 3; i++) {
		weft_mutex_lock(&mutex);
		CHECK_INT(weft_mutex_lock_until(&mutex, weft_now() + WEFT_MS), -ETIMEDOUT);
		weft_mutex_unlock(&mutex);
		CHECK_INT(mutex.weft_sync.weft_word, 0);
	}
}

/* Takes the mutex again as soon as it has given it back, and lets others run only while it holds
 * it. */
static void hog(struct shared *s)
{
	while (!s->stop) {
		weft_mutex_lock(&s->mutex);
		enter(s);
		weft_yield();
		leave(s);
	}
	weft_waitgroup_done(&s->group);
}

CO_TEST(nobody_is_overtaken_for_ever)
{
	struct shared s = {.count = 0};

	weft_waitgroup_add(&s.group, 3);
	for (int i = 0; i < 3; i++)
		weft_go(hog, &s);
	for (int i = 0; i < 5; i++) {
		weft_mutex_lock(&s.mutex);
		enter(&s);
		leave(&s);
	}
	s.stop = true;
	weft_waitgroup_wait(&s.group);
}

static atomic_bool main_waits;
static int overtaken;

static void hog_that_counts(struct shared *s)
{
	while (!s->stop) {
		weft_mutex_lock(&s->mutex);
		overtaken += main_waits;
		weft_yield();
		weft_mutex_unlock(&s->mutex);
	}
	weft_waitgroup_done(&s->group);
}

/* With one worker nothing is left to chance. */
static int overtaken_app(int argc, char **argv)
{
	struct shared s = {.count = 0};

	weft_waitgroup_add(&s.group, 1);
	weft_go(hog_that_counts, &s);
	while (weft_mutex_try(&s.mutex) == 0) {
		weft_mutex_unlock(&s.mutex);
		weft_yield();
	}
	main_waits = true; /* the hog has it, and will have it once more when it has woken us */
	weft_mutex_lock(&s.mutex);
	CHECK_INT(overtaken, 1);
	s.stop = true;
	weft_mutex_unlock(&s.mutex);
	weft_waitgroup_wait(&s.group);
	return 0;
}

TEST(who_is_woken_in_vain_is_given_it_next)
{
	setenv("WEFT_WORKERS", "1", 1);
	CHECK_INT(weft_run(overtaken_app, 0, NULL), 0);
}

/* Two wait; the first is woken, overtaken by us, and comes before the second all the same. */
static int place_app(int argc, char **argv)
{
	struct shared s = {.count = 0};

	weft_mutex_lock(&s.mutex);
	weft_waitgroup_add(&s.group, 2);
	for (int i = 0; i < 2; i++) {
		weft_go_copy(take_turn, &(struct taker){&s, i, WEFT_NEVER});
		until_waiting(&s.mutex.weft_sync, i + 1);
	}
	weft_mutex_unlock(&s.mutex);
	weft_mutex_lock(&s.mutex);
	CHECK_INT(waiting_for(&s.mutex.weft_sync), 1);
	until_waiting(&s.mutex.weft_sync, 2);
	weft_mutex_unlock(&s.mutex);
	weft_waitgroup_wait(&s.group);
	CHECK_INT(s.order[0], 0);
	CHECK_INT(s.order[1], 1);
	return 0;
}

TEST(who_is_overtaken_keeps_its_place)
{
	setenv("WEFT_WORKERS", "1", 1);
	CHECK_INT(weft_run(place_app, 0, NULL), 0);
}

static int lock_in_ended_scope(struct shared *s)
{
	CHECK_INT(weft_scope_error(weft_scope_current()), -ECANCELED);
	CHECK_INT(weft_mutex_lock_until(&s->mutex, WEFT_NEVER), -ECANCELED);
	weft_mutex_lock(&s->mutex);
	enter(s);
	leave(s);
	return 0;
}

CO_TEST(lock_does_not_end_with_the_scope)
{
	struct shared s = {.count = 0};
	struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER), *before;
	struct weft_handle *h;

	weft_mutex_lock(&s.mutex);
	weft_scope_cancel(scope, NULL);
	before = weft_scope_enter(scope);
	h = weft_spawn(lock_in_ended_scope, &s);
	weft_scope_leave(before);
	until_waiting(&s.mutex.weft_sync, 1);
	CHECK_INT(s.count, 0);
	weft_mutex_unlock(&s.mutex);
	CHECK_INT(weft_join(h, NULL), 0);
	CHECK_INT(s.count, 1);
	weft_scope_unref(scope);
}

struct counted {
	struct weft_mutex mutex;
	int refs;
};

static void drop(struct counted *c)
{
	bool last;

	weft_mutex_lock(&c->mutex);
	last = --c->refs == 0;
	weft_mutex_unlock(&c->mutex);
	if (last)
		free(c);
}

static void drop_in_time(struct counted *c)
{
	bool last;

	while (weft_mutex_lock_until(&c->mutex, weft_now() + 20 * WEFT_US) < 0)
		;
	last = --c->refs == 0;
	weft_mutex_unlock(&c->mutex);
	if (last)
		free(c);
}

struct counting {
	struct counted *c;
	struct weft_waitgroup *group;
	bool in_time;
};

static void drop_and_tell(struct counting *d)
{
	struct weft_waitgroup *group = d->group;

	if (d->in_time)
		drop_in_time(d->c);
	else
		drop(d->c);
	weft_waitgroup_done(group);
}

/* unlock touches nothing once the mutex may be had. */
CO_TEST(memory_may_go_with_the_last_unlock)
{
	struct weft_waitgroup group = {0};

	for (int i = 0; i < 500; i++) {
		struct counted *c = calloc(1, sizeof(*c));

		c->refs = 5;
		weft_waitgroup_add(&group, 4);
		for (int j = 0; j < 4; j++)
			weft_go_copy(drop_and_tell, &(struct counting){c, &group, j % 2});
		drop(c);
		weft_waitgroup_wait(&group);
	}
}

static struct weft_mutex twice;

static int lock_and_unlock_app(int argc, char **argv)
{
	weft_mutex_lock(&twice);
	weft_mutex_unlock(&twice);
	return 0;
}

TEST_WORKERS(mutex_can_be_used_in_a_second_run)
{
	CHECK_INT(weft_run(lock_and_unlock_app, 0, NULL), 0);
	CHECK_INT(weft_run(lock_and_unlock_app, 0, NULL), 0);
}

PANIC_TEST(unlock_of_what_is_not_locked_panics, "weft_mutex_unlock of a mutex that nobody holds")
{
	struct weft_mutex mutex = {0};

	weft_mutex_lock(&mutex);
	weft_mutex_unlock(&mutex);
	weft_mutex_unlock(&mutex);
}

PANIC_TEST(finish_of_a_held_mutex_panics, "weft_sync_finish of what is held")
{
	struct weft_mutex mutex = {0};

	weft_mutex_lock(&mutex);
	weft_sync_finish(&mutex);
}

static void lock_held(struct weft_mutex *mutex)
{
	weft_mutex_lock(mutex);
}

PANIC_TEST(finish_of_a_mutex_that_is_waited_for_panics, "weft_sync_finish while somebody waits")
{
	weft_mutex_lock(&twice);
	weft_go(lock_held, &twice);
	until_waiting(&twice.weft_sync, 1);
	weft_sync_finish(&twice);
}

static void lock_twice_outside(void)
{
	weft_mutex_lock(&twice);
	weft_mutex_lock(&twice);
}

TEST(to_wait_outside_of_a_coroutine_panics)
{
	check_panic(lock_twice_outside, "weft_mutex_lock called outside of a coroutine");
}

struct stressed {
	struct shared s;
	atomic_int taken, refused;
};

struct stresser {
	struct stressed *all;
	uint32_t seed;
};

/* Every way to lock, with deadlines that come at any moment. */
static void stress(struct stresser *me)
{
	struct shared *s = &me->all->s;
	uint32_t x = me->seed;
	int r;

	for (int i = 0; i < 2000; i++) {
		x = x * 1664525u + 1013904223u;
		switch (x >> 29) {
		case 0:
			r = weft_mutex_try(&s->mutex);
			break;
		case 1:
		case 2:
		case 3:
			r = weft_mutex_lock_until(&s->mutex, weft_now() + (x >> 12) % 60000);
			break;
		default:
			weft_mutex_lock(&s->mutex);
			r = 0;
		}
		atomic_fetch_add(r == 0 ? &me->all->taken : &me->all->refused, 1);
		if (r < 0)
			continue;
		enter(s);
		if ((x >> 8) % 4 == 0)
			weft_yield();
		leave(s);
		if ((x >> 10) % 8 == 0)
			weft_yield();
	}
	weft_waitgroup_done(&s->group);
}

CO_STRESS(every_way_to_lock_at_once)
{
	struct stressed all = {.s = {.count = 0}};

	weft_waitgroup_add(&all.s.group, 16);
	for (uint32_t i = 0; i < 16; i++)
		weft_go_copy(stress, &(struct stresser){&all, i * 7919 + 1});
	weft_waitgroup_wait(&all.s.group);
	CHECK_INT(all.s.count, all.taken);
	CHECK_INT(all.taken + all.refused, 16 * 2000);
	CHECK_INT(all.s.mutex.weft_sync.weft_word & ~WEFT__SYNC_REST, 0);
	CHECK_INT(weft_mutex_try(&all.s.mutex), 0);
}

TEST_MAIN
