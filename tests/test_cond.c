/* SPDX-License-Identifier: MIT
 *
 * Conditions: a signal wakes one, in order; a broadcast all; none is lost, none comes from nowhere.
 * The linker puts us behind weft__mutex_unlock (--wrap), for what happens just then.
 */
#include "tests/coro.h"

void __real_weft__mutex_unlock(struct weft_mutex *mutex);
void __wrap_weft__mutex_unlock(struct weft_mutex *mutex);

/* Called once, behind the next unlock. */
static void (*behind_unlock)(void);

void __wrap_weft__mutex_unlock(struct weft_mutex *mutex)
{
	void (*fn)(void) = behind_unlock;

	if (fn)
		behind_unlock = NULL; /* still under the mutex */
	__real_weft__mutex_unlock(mutex);
	if (fn)
		fn();
}

struct shared {
	struct weft_mutex mutex;
	struct weft_cond cond, other;
	struct weft_waitgroup group;
	int wakes, turns; /* under the mutex */
	int order[8];
};

struct listener {
	struct shared *s;
	int number;
};

static void wait_once(struct listener *me)
{
	struct shared *s = me->s;

	weft_mutex_lock(&s->mutex);
	CHECK_INT(weft_cond_wait(&s->cond, &s->mutex), 0);
	s->order[s->wakes++] = me->number;
	CHECK_INT(weft_mutex_try(&s->mutex), -EAGAIN);
	weft_mutex_unlock(&s->mutex);
	weft_waitgroup_done(&s->group);
}

/* Starts n that wait, one after the other. */
static void start_waiting(struct shared *s, int n)
{
	for (int i = 0; i < n; i++) {
		int before = waiting_for(&s->cond.weft_sync);

		weft_waitgroup_add(&s->group, 1);
		weft_go_copy(wait_once, &(struct listener){s, i});
		until_waiting(&s->cond.weft_sync, before + 1);
	}
}

static void until_woken(struct shared *s, int n)
{
	for (;;) {
		bool enough;

		weft_mutex_lock(&s->mutex);
		enough = s->wakes == n;
		weft_mutex_unlock(&s->mutex);
		if (enough)
			return;
		weft_yield();
	}
}

CO_TEST(signal_wakes_one_in_order)
{
	struct shared s = {.wakes = 0};

	start_waiting(&s, 5);
	for (int i = 0; i < 5; i++) {
		weft_cond_signal(&s.cond);
		until_woken(&s, i + 1);
		CHECK_INT(waiting_for(&s.cond.weft_sync), 4 - i);
		CHECK_INT(s.order[i], i);
	}
	weft_waitgroup_wait(&s.group);
}

CO_TEST(broadcast_wakes_all)
{
	struct shared s = {.wakes = 0};

	start_waiting(&s, 6);
	weft_mutex_lock(&s.mutex);
	weft_cond_broadcast(&s.cond);
	CHECK_INT(waiting_for(&s.cond.weft_sync), 0);
	CHECK_INT(s.wakes, 0);
	weft_mutex_unlock(&s.mutex);
	weft_waitgroup_wait(&s.group);
	CHECK_INT(s.wakes, 6);
	weft_sync_finish(&s.cond);
}

static struct shared quick;

static void signal_quick(void)
{
	CHECK_INT(waiting_for(&quick.cond.weft_sync), 1);
	weft_cond_signal(&quick.cond);
}

static void broadcast_quick(void)
{
	CHECK_INT(waiting_for(&quick.cond.weft_sync), 3);
	weft_cond_broadcast(&quick.cond);
}

/* The mutex is given back, and who waits is in the queue, but not parked yet. */
CO_TEST(signal_before_the_wait_has_parked_is_not_lost)
{
	weft_mutex_lock(&quick.mutex);
	behind_unlock = signal_quick;
	CHECK_INT(weft_cond_wait_until(&quick.cond, &quick.mutex, WEFT_NEVER), 0);
	CHECK_INT(weft_mutex_try(&quick.mutex), -EAGAIN);
	weft_mutex_unlock(&quick.mutex);
}

CO_TEST(broadcast_wakes_those_who_parked_and_one_who_has_not)
{
	start_waiting(&quick, 2);
	weft_mutex_lock(&quick.mutex); /* both have given it back, and are in the queue */
	behind_unlock = broadcast_quick;
	CHECK_INT(weft_cond_wait_until(&quick.cond, &quick.mutex, WEFT_NEVER), 0);
	weft_mutex_unlock(&quick.mutex);
	weft_waitgroup_wait(&quick.group);
	CHECK_INT(quick.wakes, 2);
}

CO_TEST(signal_that_nobody_waits_for_is_forgotten)
{
	struct shared s = {.wakes = 0};

	weft_cond_signal(&s.cond);
	weft_cond_broadcast(&s.cond);
	weft_mutex_lock(&s.mutex);
	CHECK_INT(weft_cond_wait_until(&s.cond, &s.mutex, weft_now() + WEFT_MS), -ETIMEDOUT);
	weft_mutex_unlock(&s.mutex);
}

CO_TEST(wait_that_may_not_wait_keeps_the_mutex)
{
	struct shared s = {.wakes = 0};

	weft_mutex_lock(&s.mutex);
	CHECK_INT(weft_cond_wait_until(&s.cond, &s.mutex, WEFT_NOW), -EAGAIN);
	CHECK_INT(weft_cond_wait_until(&s.cond, &s.mutex, weft_now() - 1), -ETIMEDOUT);
	CHECK_INT(weft_mutex_try(&s.mutex), -EAGAIN);
	weft_mutex_unlock(&s.mutex);
}

CO_TEST(deadline_ends_the_wait_with_the_mutex_held)
{
	struct shared s = {.wakes = 0};
	int64_t until = weft_now() + 3 * WEFT_MS;

	weft_mutex_lock(&s.mutex);
	CHECK_INT(weft_cond_wait_until(&s.cond, &s.mutex, until), -ETIMEDOUT);
	CHECK(weft_now() >= until);
	CHECK_INT(weft_mutex_try(&s.mutex), -EAGAIN);
	weft_mutex_unlock(&s.mutex);
	/* And nothing of it is left. */
	start_waiting(&s, 1);
	weft_cond_signal(&s.cond);
	weft_waitgroup_wait(&s.group);
}

/* A bounded buffer, the classic: what goes in comes out, and nobody waits for ever. */
#define ITEMS 2000
struct buffer {
	struct weft_mutex mutex;
	struct weft_cond not_empty, not_full;
	struct weft_waitgroup group;
	int n, put, got;
};

static void produce(struct buffer *b)
{
	for (int i = 0; i < ITEMS; i++) {
		weft_mutex_lock(&b->mutex);
		while (b->n == 3)
			CHECK_INT(weft_cond_wait(&b->not_full, &b->mutex), 0);
		b->n++;
		b->put++;
		weft_cond_signal(&b->not_empty);
		weft_mutex_unlock(&b->mutex);
	}
	weft_waitgroup_done(&b->group);
}

static void consume(struct buffer *b)
{
	for (int i = 0; i < ITEMS; i++) {
		weft_mutex_lock(&b->mutex);
		while (b->n == 0)
			CHECK_INT(weft_cond_wait(&b->not_empty, &b->mutex), 0);
		b->n--;
		b->got++;
		weft_mutex_unlock(&b->mutex);
		weft_cond_signal(&b->not_full); /* without the mutex is as good */
	}
	weft_waitgroup_done(&b->group);
}

CO_STRESS(no_signal_is_lost)
{
	struct buffer b = {.n = 0};

	weft_waitgroup_add(&b.group, 8);
	for (int i = 0; i < 4; i++) {
		weft_go(produce, &b);
		weft_go(consume, &b);
	}
	weft_waitgroup_wait(&b.group);
	CHECK_INT(b.put, 4 * ITEMS);
	CHECK_INT(b.got, 4 * ITEMS);
	CHECK_INT(b.n, 0);
}

/* Signals and wake-ups are counted: each signal to who waits wakes exactly one, timed out or not.
 */
struct counted {
	struct weft_mutex mutex;
	struct weft_cond cond;
	struct weft_waitgroup group;
	int waiting, permits, woken, late;
	_Atomic bool stop;
};

static void wait_in_time(struct counted *c)
{
	for (int i = 0; i < 500; i++) {
		int r;

		weft_mutex_lock(&c->mutex);
		c->waiting++;
		r = weft_cond_wait_until(&c->cond, &c->mutex, weft_now() + 30 * WEFT_US);
		c->waiting--;
		if (r == 0)
			c->woken++;
		else
			c->late++;
		CHECK(r == 0 || r == -ETIMEDOUT);
		weft_mutex_unlock(&c->mutex);
	}
	weft_waitgroup_done(&c->group);
}

static int signal_for_ever(struct counted *c)
{
	int n = 0;

	while (!c->stop) {
		weft_mutex_lock(&c->mutex);
		n += c->waiting > 0;
		weft_cond_signal(&c->cond);
		weft_mutex_unlock(&c->mutex);
		weft_yield();
	}
	return n;
}

CO_STRESS(a_signal_wakes_one_at_most)
{
	struct counted c = {.waiting = 0};
	struct weft_handle *h;
	int signals;

	weft_waitgroup_add(&c.group, 6);
	for (int i = 0; i < 6; i++)
		weft_go(wait_in_time, &c);
	h = weft_spawn(signal_for_ever, &c);
	weft_waitgroup_wait(&c.group);
	c.stop = true;
	weft_join(h, &signals);
	CHECK_INT(c.woken + c.late, 6 * 500);
	CHECK(c.woken <= signals);
	CHECK(c.woken > 0);
}

PANIC_TEST(wait_without_the_mutex_panics, "weft_mutex_unlock of a mutex that nobody holds")
{
	struct shared s = {.wakes = 0};

	weft_cond_wait(&s.cond, &s.mutex);
}

static struct shared waited;

PANIC_TEST(finish_while_somebody_waits_panics, "weft_sync_finish while somebody waits")
{
	start_waiting(&waited, 1);
	weft_sync_finish(&waited.cond);
}

TEST_MAIN
