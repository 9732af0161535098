/* SPDX-License-Identifier: MIT
 *
 * What recording costs: rows of ours alone. With one worker, since they count the CPU time of the
 * thread that they run on.
 */
#include <stdlib.h>
#include <time.h>

#include "bench.h"

#define WARM_PAUSE (200 * WEFT_MS) /* the collector empties its ring meanwhile */

static int64_t ns_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * WEFT_SEC + t.tv_nsec;
}

static int64_t thread_ns(void)
{
	return ns_of(CLOCK_THREAD_CPUTIME_ID);
}

/* ---- bursts: `size` bursts of ping-pong, each of n round trips, with pauses
 * ----------------------
 *
 * The first half of them touches the memory of the ring for the first time; worker_ns, the CPU time
 * of a round trip, is the median of the others.
 */

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int run_bursts(long n, long size)
{
	int64_t times[64];
	long first = size / 2;
	int wrong = 0;

	if (size > 64)
		return 1;
	for (long i = 0; i < size; i++) {
		if (i > 0)
			weft_sleep(WARM_PAUSE);
		times[i] = thread_ns();
		wrong |= bench_pingpong(n, 2);
		times[i] = thread_ns() - times[i];
	}
	qsort(times + first, (size_t)(size - first), sizeof(*times), by_size);
	bench_value("worker_ns", (double)times[first + (size - first) / 2] / (double)n);
	return wrong;
}

/* ---- stamp: n readings of the processor's counter, and of the clock
 * ------------------------------
 */

static int64_t count(void)
{
#ifdef __x86_64__
	return (int64_t)__builtin_ia32_rdtsc();
#else
	return ns_of(CLOCK_MONOTONIC);
#endif
}

static double each(int64_t (*read)(void), long n)
{
	int64_t began = thread_ns(), sum = 0;

	for (long i = 0; i < n; i++)
		sum += read();
	__asm__ volatile("" ::"r"(sum));
	return (double)(thread_ns() - began) / (double)n;
}

static int64_t clock_ns(void)
{
	return ns_of(CLOCK_MONOTONIC);
}

static int run_stamp(long n, long size)
{
	bench_start();
	bench_value("counter_ns", each(count, n));
	bench_value("clock_ns", each(clock_ns, n));
	bench_stop();
	return 0;
}

const struct bench_row bench_trace_rows[] = {
	{"bursts", run_bursts, 10}, {"stamp", run_stamp, 1}, {0}};
