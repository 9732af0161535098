/* SPDX-License-Identifier: MIT
 *
 * Rows about who runs when: sleepers, a second worker's help, and how long one coroutine waits
 * while others are busy.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "bench.h"

/* ---- sleepers: n coroutines sleep until moments spread over a second; CPU and mean lateness -----
 */

struct sleeper {
	int64_t due, *ret_late;
	struct weft_waitgroup *done;
};

static void sleeper(struct sleeper *s)
{
	weft_sleep(s->due - weft_now());
	*s->ret_late = weft_now() - s->due;
	weft_waitgroup_done(s->done);
}

/* The first is due half a second after the start, when all are asleep; neighbours wake far apart.
 */
static int run_sleepers(long n, long size)
{
	int64_t *late = malloc((size_t)n * sizeof(*late)), began, sum = 0;
	struct weft_waitgroup done = {0};
	long i;

	if (!late)
		return 1;
	weft_waitgroup_add(&done, n);
	bench_start();
	began = weft_now() + 500 * WEFT_MS;
	for (i = 0; i < n; i++)
		weft_go_copy(sleeper,
			&(struct sleeper){began + i * 7919 % n * (WEFT_SEC / n), &late[i], &done});
	weft_waitgroup_wait(&done);
	bench_stop();
	for (i = 0; i < n; i++)
		sum += late[i];
	bench_value("late_ns", (double)sum / (double)n);
	bench_percentiles("late_p50", "late_p99", late, (size_t)n);
	free(late);
	return 0;
}

/* ---- jobs: n jobs of 100 us of computing, `size` at a time, each a coroutine
 * --------------------- */

static void job(struct weft_waitgroup *done)
{
	bench_compute(BENCH_COMPUTE_STEPS);
	weft_waitgroup_done(done);
}

static int run_jobs(long n, long size)
{
	struct weft_waitgroup done = {0};
	long some, i;

	bench_start();
	for (; n > 0; n -= some) {
		some = n < size ? n : size;
		weft_waitgroup_add(&done, some);
		for (i = 0; i < some; i++)
			weft_go(job, &done);
		weft_waitgroup_wait(&done);
	}
	bench_stop();
	return 0;
}

/* ---- wake: from a send to the receiver running, n times; the sender computes on for 1 ms
 * --------- */

struct listener {
	long_chan *c;
	int64_t *ret_ns;
	struct weft_waitgroup *done;
};

static void listener(struct listener *l)
{
	long sent;

	while (weft_recv(l->c, &sent))
		*l->ret_ns++ = weft_now() - sent;
	weft_waitgroup_done(l->done);
}

static int run_wake(long n, long size)
{
	int64_t *ns = malloc((size_t)n * sizeof(*ns));
	long_chan *c = weft_make(long_chan, 1);
	struct weft_waitgroup done = {0};
	long i;

	if (!ns)
		return 1;
	weft_waitgroup_add(&done, 1);
	weft_go_copy(listener, &(struct listener){c, ns, &done});
	weft_sleep(10 * WEFT_MS); /* the listener waits, and its worker idles */
	bench_start();
	for (i = 0; i < n; i++) {
		weft_send(c, weft_now());
		bench_compute(10 * BENCH_COMPUTE_STEPS);
	}
	weft_close(c);
	weft_waitgroup_wait(&done);
	bench_stop();
	weft_unref(c);
	bench_percentiles("wake_p50", "wake_p99", ns, (size_t)n);
	free(ns);
	return 0;
}

/*
 * ---- wait-pair, wait-compute: how long after its time a sleeper runs, for n ms ------------------
 *
 * It sleeps for 1 ms again and again. Meanwhile `size` others are busy: pairs play ping-pong, or
 * each computes for 10 ms between two yields.
 */

static atomic_bool stopping; /* relaxed: nothing is published by it */

static void busy_pinger(struct listener *l)
{
	long v;

	while (!atomic_load_explicit(&stopping, memory_order_relaxed)) {
		weft_send(l->c, 1);
		weft_recv(l->c, &v);
	}
	weft_close(l->c);
	weft_waitgroup_done(l->done);
}

static void busy_ponger(struct listener *l)
{
	long v;

	while (weft_recv(l->c, &v))
		weft_send(l->c, v);
	weft_unref(l->c);
	weft_waitgroup_done(l->done);
}

static void busy_computer(struct weft_waitgroup *done)
{
	while (!atomic_load_explicit(&stopping, memory_order_relaxed)) {
		bench_compute(100 * BENCH_COMPUTE_STEPS);
		weft_yield();
	}
	weft_waitgroup_done(done);
}

/* Runs as coroutine 1, beside those that are busy already, and then ends them. */
static int wait_beside(long ms, bool yields, struct weft_waitgroup *done)
{
	const size_t waits_max = 1000000;
	int64_t *ns = malloc(waits_max * sizeof(*ns)), end, due;
	size_t n = 0;

	if (!ns)
		return 1;
	bench_start();
	end = weft_now() + ms * WEFT_MS;
	for (due = weft_now(); due < end && n < waits_max; n++) {
		due = weft_now() + (yields ? 0 : WEFT_MS);
		if (yields)
			weft_yield();
		else
			weft_sleep(WEFT_MS);
		ns[n] = weft_now() - due;
	}
	bench_stop();
	atomic_store_explicit(&stopping, true, memory_order_relaxed);
	weft_waitgroup_wait(done);
	bench_percentiles("wait_p50", "wait_p99", ns, n);
	bench_value("waits", (double)n);
	free(ns);
	return 0;
}

static int beside_pairs(long n, long size, bool yields)
{
	struct weft_waitgroup done = {0};
	struct listener l = {.done = &done};
	long i;

	weft_waitgroup_add(&done, size / 2 * 2);
	for (i = 0; i < size / 2; i++) {
		l.c = weft_make(long_chan, 0);
		weft_go_copy(busy_ponger, &l);
		weft_go_copy(busy_pinger, &l);
	}
	return wait_beside(n, yields, &done);
}

static int run_wait_pair(long n, long size)
{
	return beside_pairs(n, size, false);
}

static int run_wait_yield(long n, long size)
{
	return beside_pairs(n, size, true);
}

static int run_wait_compute(long n, long size)
{
	struct weft_waitgroup done = {0};
	long i;

	weft_waitgroup_add(&done, size);
	for (i = 0; i < size; i++)
		weft_go(busy_computer, &done);
	return wait_beside(n, false, &done);
}

const struct bench_row bench_time_rows[] = {{"sleepers", run_sleepers, 1}, {"jobs", run_jobs, 1000},
	{"wake", run_wake, 1}, {"wait-pair", run_wait_pair, 2}, {"wait-yield", run_wait_yield, 2},
	{"wait-compute", run_wait_compute, 2}, {0}};
