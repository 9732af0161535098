/* SPDX-License-Identifier: MIT
 *
 * mutex, mutex-yield: `size` coroutines lock one mutex, n times in sum, and count under it; in the
 * second row they yield while they hold it.
 */
#include "bench.h"

struct shared {
	struct weft_mutex mutex;
	long count, n;
	struct weft_waitgroup done;
};

static void locker(struct shared *s)
{
	long i;

	for (i = 0; i < s->n; i++) {
		weft_mutex_lock(&s->mutex);
		s->count++;
		weft_mutex_unlock(&s->mutex);
	}
	weft_waitgroup_done(&s->done);
}

static void yielding_locker(struct shared *s)
{
	long i;

	for (i = 0; i < s->n; i++) {
		weft_mutex_lock(&s->mutex);
		s->count++;
		weft_yield();
		weft_mutex_unlock(&s->mutex);
	}
	weft_waitgroup_done(&s->done);
}

static int lock_all(void (*fn)(struct shared *), long n, long size)
{
	struct shared s = {.n = (n + size - 1) / size};
	long i;

	weft_waitgroup_add(&s.done, size);
	bench_start();
	for (i = 0; i < size; i++)
		weft_go(fn, &s);
	weft_waitgroup_wait(&s.done);
	bench_stop();
	return s.count != size * s.n;
}

static int run_mutex(long n, long size)
{
	return lock_all(locker, n, size);
}

static int run_mutex_yield(long n, long size)
{
	return lock_all(yielding_locker, n, size);
}

const struct bench_row bench_mutex_rows[] = {
	{"mutex", run_mutex, 1}, {"mutex-yield", run_mutex_yield, 8}, {0}};
