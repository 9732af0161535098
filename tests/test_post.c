/* SPDX-License-Identifier: MIT
 *
 * Doors: what threads of the program's own may do, and what an open door means for a deadlock.
 */
#include <pthread.h>
#include <sched.h>

#include "runtime/sched.h"
#include "tests/coro.h"

WEFT_CHAN(int_chan, int)

struct poster {
	struct weft_door *door;
	int_chan *out;
	int n;
	atomic_int posted;
};

static void send_one(void *arg)
{
	struct poster *p = arg;

	weft_send(p->out, 1);
}

static void *post_many(void *arg)
{
	struct poster *p = arg;

	for (int i = 0; i < p->n; i++)
		CHECK_INT(weft_post(p->door, send_one, p), 0);
	return NULL;
}

CO_TEST(post_runs_a_coroutine)
{
	struct poster p = {.door = weft_door_open(), .out = weft_make(int_chan, 0), .n = 1};
	pthread_t thread;

	CHECK_INT(pthread_create(&thread, NULL, post_many, &p), 0);
	CHECK(weft_recv(p.out, NULL)); /* everybody waits: no deadlock, the door is open */
	pthread_join(thread, NULL);
	weft_door_close(p.door);
}

CO_TEST(many_threads_post_and_nothing_is_lost)
{
	struct poster p = {.door = weft_door_open(), .out = weft_make(int_chan, 0), .n = 300};
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		CHECK_INT(pthread_create(&threads[i], NULL, post_many, &p), 0);
	for (int i = 0; i < 4 * 300; i++)
		CHECK(weft_recv(p.out, NULL));
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	CHECK_INT(weft_recv_until(p.out, NULL, weft_now() + WEFT_MS), -ETIMEDOUT);
	weft_door_close(p.door);
}

static int_chan *order;

static void send_number(void *number)
{
	weft_send(order, (int)(intptr_t)number);
}

static void *post_numbers(void *door)
{
	for (intptr_t i = 0; i < 100; i++)
		weft_post(door, send_number, (void *)i);
	return NULL;
}

static int post_in_order(int argc, char **argv)
{
	struct weft_door *door = weft_door_open();
	pthread_t thread;
	int v;

	order = weft_make(int_chan, 0);
	pthread_create(&thread, NULL, post_numbers, door);
	for (int i = 0; i < 100; i++) {
		weft_recv(order, &v);
		CHECK_INT(v, i);
	}
	pthread_join(thread, NULL);
	weft_door_close(door);
	return 0;
}

TEST(posts_run_in_their_order_on_one_worker)
{
	setenv("WEFT_WORKERS", "1", 1);
	CHECK_INT(weft_run(post_in_order, 0, NULL), 0);
}

/* Posts must be seen while a worker is never idle. */
static void yield_for_ever(void *unused)
{
	for (;;)
		weft_yield();
}

CO_TEST(posts_come_through_while_all_workers_are_busy)
{
	struct poster p = {.door = weft_door_open(), .out = weft_make(int_chan, 0), .n = 50};
	pthread_t thread;

	for (int i = 0; i < 6; i++)
		weft_go(yield_for_ever, NULL);
	pthread_create(&thread, NULL, post_many, &p);
	for (int i = 0; i < 50; i++)
		CHECK(weft_recv(p.out, NULL));
	pthread_join(thread, NULL);
	weft_door_close(p.door);
}

/* ---- Deadlocks ------------------------------------------------------------------------------- */

static pthread_barrier_t barrier;

/* Closes the door when nobody can run any more: only then is it a deadlock. */
static void *close_when_all_is_quiet(void *door)
{
	pthread_barrier_wait(&barrier);
	while (atomic_load(&weft__sched.nidle) != weft__sched.nworkers)
		sched_yield();
	puts("closing");
	fflush(stdout);
	weft_door_close(door);
	return NULL;
}

static int wait_behind_door(int argc, char **argv)
{
	struct weft_door *door = weft_door_open();
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&thread, NULL, close_when_all_is_quiet, door);
	pthread_detach(thread);
	pthread_barrier_wait(&barrier);
	weft_recv(weft_make(int_chan, 0), NULL);
	return 0;
}

static void run_wait_behind_door(void)
{
	weft_run(wait_behind_door, 0, NULL);
}

TEST_WORKERS(closing_the_last_door_finds_the_deadlock)
{
	const struct child *child = run_to_deadlock(run_wait_behind_door);

	CHECK(strstr(child->text, "closing") < strstr(child->text, "deadlock"));
}

/* ---- The end --------------------------------------------------------------------------------- */

static struct poster late;
static atomic_bool run_is_over;

static atomic_int ran;

static void do_nothing(void *unused)
{
	atomic_fetch_add(&ran, 1);
}

static void *post_until_refused(void *unused)
{
	int r;

	while ((r = weft_post(late.door, do_nothing, NULL)) == 0) {
		atomic_fetch_add(&late.posted, 1);
		/* No flood: coroutine 1 would stand behind all of it. */
		do
			sched_yield();
		while (atomic_load(&late.posted) > atomic_load(&ran) + 100 &&
			!atomic_load(&weft__sched.stopping));
	}
	CHECK_INT(r, -ESHUTDOWN);
	/* It stays so, and the door is still there to be closed. */
	while (!atomic_load(&run_is_over))
		sched_yield();
	CHECK_INT(weft_post(late.door, do_nothing, NULL), -ESHUTDOWN);
	weft_door_close(late.door);
	return NULL;
}

static pthread_t late_thread;

static int end_while_posted_to(int argc, char **argv)
{
	late.door = weft_door_open();
	pthread_create(&late_thread, NULL, post_until_refused, NULL);
	while (atomic_load(&late.posted) < 20)
		weft_yield();
	return 3;
}

TEST_WORKERS(post_after_the_run_is_refused)
{
	CHECK_INT(weft_run(end_while_posted_to, 0, NULL), 3);
	atomic_store(&run_is_over, true);
	pthread_join(late_thread, NULL);
}

static void *call_from_outside(void *chan)
{
	weft_send((int_chan *)chan, 1);
	return NULL;
}

PANIC_TEST(other_calls_from_a_foreign_thread_panic, "weft_send called outside of a coroutine")
{
	pthread_t thread;

	pthread_create(&thread, NULL, call_from_outside, weft_make(int_chan, 1));
	pthread_join(thread, NULL);
}

TEST(door_opened_outside_of_a_run_panics)
{
	check_panic((void (*)(void))(void *)weft_door_open, "weft_door_open called outside");
}

static void post_through_nothing(void)
{
	weft_post(NULL, NULL, NULL);
}

TEST(a_null_door_panics)
{
	check_panic(post_through_nothing, "weft_post through a null door");
}

/* ---- Beside coroutines that compute ---------------------------------------------------------- */

#define ROUNDS 400

static struct {
	struct weft_door *door;
	int_chan *back;
	atomic_int round, ran;
} beside;

/* Computes until another coroutine has run: there must be a worker that takes it. */
static void compute_until_ran(int round)
{
	int64_t until = weft_now() + TOLERANCE_NS;

	while (atomic_load(&beside.ran) < round)
		CHECK(weft_now() < until);
}

static void run_round(int *round)
{
	atomic_store(&beside.ran, *round);
}

static void compute_posted(void *round)
{
	compute_until_ran((int)(intptr_t)round);
	weft_send(beside.back, 1);
}

static void *post_each_round(void *unused)
{
	for (intptr_t round = 1; round <= ROUNDS; round++) {
		while (atomic_load(&beside.round) < round)
			sched_yield();
		CHECK_INT(weft_post(beside.door, compute_posted, (void *)round), 0);
	}
	return NULL;
}

/*
 * At about the same time one coroutine makes work and computes, and a post calls away the worker
 * that watches, to compute, too: a third one is needed. Where the post comes is left to chance.
 */
CO_TEST(work_is_found_while_a_post_calls_the_watcher_away)
{
	pthread_t thread;

	if (weft_worker_count() < 3)
		return;
	beside.door = weft_door_open();
	beside.back = weft_make(int_chan, 1);
	CHECK_INT(pthread_create(&thread, NULL, post_each_round, NULL), 0);
	for (int round = 1; round <= ROUNDS; round++) {
		int64_t until;

		atomic_store(&beside.round, round);
		until = weft_now() + round % 40 * 500;
		while (weft_now() < until)
			;
		weft_go(run_round, &round);
		compute_until_ran(round);
		CHECK(weft_recv(beside.back, NULL));
	}
	pthread_join(thread, NULL);
	weft_door_close(beside.door);
	weft_unref(beside.back);
}

TEST_MAIN
