/* SPDX-License-Identifier: MIT
 *
 * Pinning: a pinned coroutine runs on one thread only, whatever wakes it and from wherever; it
 * takes part in deadlocks, dumps and the end of the run as all others.
 */
#include <stdatomic.h>
#include <sys/mman.h>

#include "runtime/sched.h"
#include "tests/coro.h"

WEFT_CHAN(int_chan, int)
WEFT_CHAN(unit_chan, weft_unit)

/* Where the caller runs, as the kernel knows it. */
static int thread_here(void)
{
	return (int)gettid();
}

static int last_worker(void)
{
	return weft_worker_count() - 1;
}

/* ---- The calls --------------------------------------------------------------------------------
 */

CO_TEST(the_main_thread_is_that_of_weft_run)
{
	/* The process of a test has one thread, which has called weft_run. */
	CHECK_INT(weft_pin(WEFT_MAIN_THREAD), 0);
	CHECK_INT(thread_here(), getpid());
	CHECK_INT(weft_worker_index(), 0);
	weft_unpin();
}

CO_TEST(workers_are_as_many_as_was_asked_for)
{
	CHECK_INT(weft_worker_count(), atoi(getenv("WEFT_WORKERS")));
}

static int threads[8];

static int note_thread(int *worker)
{
	CHECK_INT(weft_pin(*worker), 0);
	CHECK_INT(weft_worker_index(), *worker);
	threads[*worker] = thread_here();
	weft_unpin();
	return 0;
}

CO_TEST(each_worker_is_another_thread)
{
	int n = weft_worker_count();

	for (int i = 0; i < n; i++)
		weft_join(weft_spawn_copy(note_thread, &i), NULL);
	CHECK_INT(threads[0], getpid());
	for (int i = 0; i < n; i++) {
		for (int j = 0; j < i; j++)
			CHECK(threads[i] != threads[j]);
	}
}

CO_TEST(pin_moves_from_worker_to_worker)
{
	for (int i = 0; i < 1000; i++) {
		int to = i % weft_worker_count();

		CHECK_INT(weft_pin(to), 0);
		CHECK_INT(weft_worker_index(), to);
		weft_yield();
		CHECK_INT(weft_worker_index(), to);
		weft_unpin();
	}
}

CO_TEST(this_worker_is_where_the_caller_is)
{
	int thread;

	CHECK_INT(weft_pin(WEFT_THIS_WORKER), 0);
	thread = thread_here();
	for (int i = 0; i < 100; i++) {
		weft_yield();
		CHECK_INT(thread_here(), thread);
	}
	weft_unpin();
}

CO_TEST(pin_to_no_worker_gives_einval)
{
	CHECK_INT(weft_pin(weft_worker_count()), -EINVAL);
	CHECK_INT(weft_pin(-2), -EINVAL);
	CHECK_INT(weft_pin(INT32_MAX), -EINVAL);
	CHECK_INT(weft_pin(last_worker()), 0); /* not pinned by those */
	weft_unpin();
}

CO_TEST(pins_nest_on_one_worker)
{
	CHECK_INT(weft_pin(last_worker()), 0);
	CHECK_INT(weft_pin(last_worker()), 0);
	CHECK_INT(weft_pin(WEFT_THIS_WORKER), 0);
	weft_unpin();
	weft_unpin();
	for (int i = 0; i < 100; i++) {
		weft_yield();
		CHECK_INT(weft_worker_index(), last_worker());
	}
	if (weft_worker_count() > 1)
		CHECK_INT(weft_pin(0), -EBUSY);
	CHECK_INT(weft_worker_index(), last_worker());
	weft_unpin();
	CHECK_INT(weft_pin(0), 0);
	weft_unpin();
}

PANIC_TEST(unpin_without_a_pin_panics, "weft_unpin of a coroutine that is not pinned")
{
	weft_unpin();
}

PANIC_TEST(one_unpin_too_many_panics, "weft_unpin of a coroutine that is not pinned")
{
	weft_pin(0);
	weft_unpin();
	weft_unpin();
}

static void pin_outside(void)
{
	weft_pin(0);
}

TEST(pin_outside_of_a_coroutine_panics)
{
	check_panic(pin_outside, "weft_pin called outside of a coroutine");
}

static int pin_elsewhere(weft_unit *unused)
{
	(void)unused;
	CHECK_INT(weft_pin(last_worker()), 0); /* -EBUSY if it were pinned to 0 */
	weft_unpin();
	CHECK_INT(weft_pin(0), 0);
	return 0; /* pinned to its end: who uses its stack next must not be */
}

CO_TEST(children_and_heirs_of_a_stack_are_not_pinned)
{
	CHECK_INT(weft_pin(0), 0);
	for (int i = 0; i < 100; i++)
		weft_join(weft_spawn(pin_elsewhere, (weft_unit *)NULL), NULL);
	weft_unpin();
}

/* ---- What wakes them --------------------------------------------------------------------------
 */

struct echo {
	int worker;
	int_chan *in, *out;
	struct weft_mutex *mutex;
	int *counter;
};

static int echo(struct echo *e)
{
	int thread, n;

	CHECK_INT(weft_pin(e->worker), 0);
	thread = thread_here();
	while (weft_recv(e->in, &n)) {
		CHECK_INT(thread_here(), thread);
		weft_mutex_lock(e->mutex);
		CHECK_INT(thread_here(), thread);
		if (n % 16 == 0)
			weft_yield();
		if (n % 64 == 0)
			weft_sleep(10 * WEFT_US);
		CHECK_INT(thread_here(), thread);
		++*e->counter;
		weft_mutex_unlock(e->mutex);
		weft_send(e->out, n);
		CHECK_INT(thread_here(), thread);
		CHECK_INT(weft_worker_index(), e->worker);
	}
	return 0;
}

static void feed(struct echo *e)
{
	for (int i = 1; i <= 200; i++)
		weft_send(e->in, i);
	weft_close(e->in);
}

#define PAIRS 40

CO_STRESS(many_pinned_talk_to_many_that_are_not)
{
	struct weft_handle *handles[PAIRS];
	struct weft_mutex mutex = {0};
	int counter = 0;

	for (int i = 0; i < PAIRS; i++) {
		struct echo e = {i % weft_worker_count(), weft_make(int_chan, i % 3),
			weft_make(int_chan, 1000), &mutex, &counter};

		weft_go_copy(feed, &e);
		handles[i] = weft_spawn_copy(echo, &e);
	}
	for (int i = 0; i < PAIRS; i++)
		weft_join(handles[i], NULL);
	CHECK_INT(counter, PAIRS * 200);
}

/* Two that are pinned to different workers: each message is handed over. */
CO_TEST(two_pinned_on_different_workers_play_ping_pong)
{
	int_chan *there = weft_make(int_chan, 0), *back = weft_make(int_chan, 0);
	struct weft_mutex mutex = {0};
	int counter = 0, n;
	struct weft_handle *other = weft_spawn_copy(
		echo, &((struct echo){last_worker(), there, back, &mutex, &counter}));

	CHECK_INT(weft_pin(0), 0);
	for (int i = 1; i <= 500; i++) {
		weft_send(there, i);
		CHECK(weft_recv(back, &n));
		CHECK_INT(n, i);
		CHECK_INT(thread_here(), getpid());
	}
	weft_close(there);
	weft_join(other, NULL);
}

static void end_later(struct weft_scope *scope)
{
	weft_scope_cancel(scope, "enough");
}

CO_TEST(deadlines_sleeps_selects_and_scopes_wake_on_the_same_thread)
{
	int_chan *c = weft_make(int_chan, 0);
	struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER), *outer;
	weft_time_chan *soon = weft_after(WEFT_MS);
	int64_t then = weft_now() + WEFT_MS;
	int thread;

	CHECK_INT(weft_pin(last_worker()), 0);
	thread = thread_here();
	CHECK_INT(weft_recv_until(c, NULL, then), -ETIMEDOUT);
	CHECK_INT(thread_here(), thread);
	CHECK(weft_now() >= then);
	CHECK_INT(weft_sleep(WEFT_MS), 0);
	CHECK_INT(thread_here(), thread);
	CHECK_INT(weft_select(weft_on_recv(c, NULL), weft_on_recv(soon, NULL)), 1);
	CHECK_INT(thread_here(), thread);
	weft_go(end_later, scope);
	outer = weft_scope_enter(scope);
	CHECK_INT(weft_sleep(3600 * WEFT_SEC), -ECANCELED);
	CHECK_INT(thread_here(), thread);
	/* In a scope that has ended one can still move. */
	weft_unpin();
	CHECK_INT(weft_pin(0), 0);
	CHECK_INT(thread_here(), getpid());
	weft_scope_leave(outer);
	weft_scope_unref(scope);
	weft_unref(soon);
}

static int nap(int *arg)
{
	usleep(1000);
	return *arg;
}

CO_TEST(a_blocking_call_comes_back_to_the_same_thread)
{
	int code = 0;

	CHECK_INT(weft_pin(last_worker()), 0);
	threads[0] = thread_here();
	for (int i = 0; i < 5; i++) {
		CHECK_INT(weft_blocking(nap, &(int){7}, &code), 0);
		CHECK_INT(code, 7);
		CHECK_INT(thread_here(), threads[0]);
	}
}

CO_TEST(pin_with_a_mutex_held_keeps_it)
{
	struct weft_mutex mutex = {0};

	weft_mutex_lock(&mutex);
	for (int i = 0; i < 50; i++) {
		CHECK_INT(weft_pin(i % weft_worker_count()), 0);
		CHECK_INT(weft_mutex_try(&mutex), -EAGAIN);
		weft_unpin();
	}
	weft_mutex_unlock(&mutex);
	CHECK_INT(weft_mutex_try(&mutex), 0);
	weft_mutex_unlock(&mutex);
}

/* ---- A worker that is busy --------------------------------------------------------------------
 */

static atomic_bool enough;

static void keep_busy(struct weft_waitgroup *group)
{
	while (!atomic_load(&enough))
		weft_yield();
	weft_waitgroup_done(group);
}

/*
 * They never wait, so nothing but the turns among those who are ready brings the pinned ones on: a
 * test that would not end if these starved.
 */
CO_TEST(pinned_ones_get_their_turn_on_busy_workers)
{
	struct weft_waitgroup group = {0};
	int_chan *there = weft_make(int_chan, 0), *back = weft_make(int_chan, 0);
	struct weft_mutex mutex = {0};
	int counter = 0;
	struct weft_handle *other;

	atomic_store(&enough, false);
	weft_waitgroup_add(&group, 12);
	for (int i = 0; i < 12; i++)
		weft_go(keep_busy, &group);
	other = weft_spawn_copy(
		echo, &((struct echo){last_worker(), there, back, &mutex, &counter}));
	for (int i = 0; i < 100; i++) {
		CHECK_INT(weft_pin(i % weft_worker_count()), 0);
		CHECK_INT(weft_worker_index(), i % weft_worker_count());
		weft_send(there, i);
		CHECK(weft_recv(back, NULL));
		weft_unpin();
	}
	weft_close(there);
	weft_join(other, NULL);
	atomic_store(&enough, true);
	weft_waitgroup_wait(&group);
}

static atomic_int turns[3];

struct taker {
	int me, pin;
	struct weft_waitgroup *group;
};

static void take_turns(struct taker *t)
{
	if (t->pin)
		CHECK_INT(weft_pin(0), 0);
	while (!atomic_load(&enough)) {
		atomic_fetch_add(&turns[t->me], 1);
		weft_yield();
		if (atomic_load(&turns[0]) + atomic_load(&turns[1]) + atomic_load(&turns[2]) >=
			30000)
			atomic_store(&enough, true);
	}
	weft_waitgroup_done(t->group);
}

/* On one worker, so that there is nobody to take over those that are not pinned. */
static int fair_app(int argc, char **argv)
{
	struct weft_waitgroup group = {0};

	weft_waitgroup_add(&group, 3);
	for (int i = 0; i < 3; i++)
		weft_go_copy(take_turns, &(struct taker){i, i > 0, &group});
	weft_waitgroup_wait(&group);
	return 0;
}

TEST(pinned_and_others_take_turns)
{
	setenv("WEFT_WORKERS", "1", 1);
	CHECK_INT(weft_run(fair_app, 0, NULL), 0);
	for (int i = 0; i < 3; i++)
		CHECK(atomic_load(&turns[i]) >= 5000);
}

/* Worker 0 computes; what is pinned there runs when it comes to a switch, and not before. */
static atomic_int computing, moved;

static void compute(weft_unit *unused)
{
	(void)unused;
	CHECK_INT(weft_pin(0), 0);
	atomic_store(&computing, 1);
	while (atomic_load(&computing) == 1) /* stands for a long computation */
		;
	CHECK(atomic_load(&moved) == 0);
	weft_unpin();
}

static int move_to_main(weft_unit *unused)
{
	(void)unused;
	CHECK_INT(weft_pin(0), 0);
	atomic_store(&moved, 1);
	return 0;
}

static int busy_target_app(int argc, char **argv)
{
	struct weft_handle *handle;

	CHECK_INT(weft_pin(1), 0);
	weft_go(compute, (weft_unit *)NULL);
	while (!atomic_load(&computing))
		weft_yield();
	handle = weft_spawn(move_to_main, (weft_unit *)NULL);
	while (!atomic_load(&weft__sched.workers[0].inbox))
		weft_yield();
	CHECK(atomic_load(&moved) == 0);
	atomic_store(&computing, 2);
	weft_join(handle, NULL);
	CHECK(atomic_load(&moved) == 1);
	return 0;
}

TEST(a_worker_that_computes_takes_it_at_its_next_switch)
{
	setenv("WEFT_WORKERS", "2", 1);
	CHECK_INT(weft_run(busy_target_app, 0, NULL), 0);
}

/* ---- Dumps, deadlocks, the end ----------------------------------------------------------------
 */

static void wait_pinned(int_chan *c)
{
	weft_set_name("screen");
	weft_pin(last_worker());
	weft_recv(c, NULL);
}

CO_TEST(a_dump_says_where_it_is_pinned)
{
	static char text[65536];
	int_chan *c = weft_make(int_chan, 0);
	int fd = memfd_create("dump", MFD_CLOEXEC);
	char wanted[64];
	ssize_t n;

	weft_go(wait_pinned, c);
	until_parked(c, 1);
	CHECK_INT(weft_dump(fd), 0);
	n = pread(fd, text, sizeof(text) - 1, 0);
	close(fd);
	CHECK(n > 0);
	snprintf(wanted, sizeof(wanted), ", pinned to worker %d, spawned in ", last_worker());
	CHECK_IN(text, wanted);
	weft_send(c, 1);
}

static int deadlock_app(int argc, char **argv)
{
	int_chan *c = weft_make(int_chan, 0);

	weft_go(wait_pinned, c);
	weft_pin(0);
	weft_recv(weft_make(int_chan, 0), NULL);
	return 0;
}

static void deadlock_run(void)
{
	weft_run(deadlock_app, 0, NULL);
}

TEST_WORKERS(pinned_ones_that_nobody_wakes_are_a_deadlock)
{
	const struct child *child = run_child(deadlock_run);

	CHECK(WIFEXITED(child->status));
	CHECK_INT(WEXITSTATUS(child->status), 2);
	CHECK_IN(child->text, "weft: deadlock: all coroutines (2) are blocked");
	CHECK_IN(child->text, ", pinned to worker 0");
}

static void go_on(int *pin)
{
	if (*pin)
		weft_pin(last_worker());
	for (;;)
		weft_yield();
}

/* Blocked, ready, or handed over and not taken yet: the end of the run leaves them where they are.
 */
static int abandon_app(int argc, char **argv)
{
	int_chan *c = weft_make(int_chan, 0);

	for (int i = 0; i < 8; i++) {
		weft_go_copy(go_on, &(int){i % 2});
		weft_go(wait_pinned, c);
	}
	for (int i = 0; i < 50; i++)
		weft_yield();
	CHECK_INT(weft_pin(last_worker()), 0);
	return 7;
}

TEST_WORKERS(a_run_ends_with_pinned_ones_left)
{
	for (int i = 0; i < 20; i++) {
		CHECK_INT(weft_run(abandon_app, 0, NULL), 7);
	}
}

TEST_MAIN
