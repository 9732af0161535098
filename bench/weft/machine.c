/* SPDX-License-Identifier: MIT
 *
 * What a machine takes by itself, without a runtime: rows beside which those of coroutines are
 * read. They are ours alone.
 */
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

/* ---- touch: n pages written to where the tops of coroutines' stacks would be -------------------
 */

#define STACK_BYTES ((size_t)65536)

static int run_touch(long n, long size)
{
	size_t bytes = (size_t)n * STACK_BYTES;
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return 1;
	madvise(p, bytes, MADV_NOHUGEPAGE);
	bench_start();
	for (long i = 1; i <= n; i++)
		p[(size_t)i * STACK_BYTES - 8] = 1;
	bench_stop();
	munmap(p, bytes);
	return 0;
}

/* ---- stops: how long a bare loop that reads the clock stands still --------------------------
 *
 * A stop is a reading STOP_NS or more behind the one before. No runtime is there in between.
 */

#define STOP_NS 10000

static int run_stops(long ms, long size)
{
	int64_t began = weft_now(), last = began, end = began + ms * WEFT_MS, stopped = 0;
	long stops = 0;

	bench_start();
	while (last < end) {
		int64_t now = weft_now();

		if (now - last >= STOP_NS) {
			stopped += now - last;
			stops++;
		}
		last = now;
	}
	bench_stop();
	bench_value("stops_per_s", (double)stops * 1e9 / (double)(last - began));
	bench_value("stopped", (double)stopped / (double)(last - began));
	return 0;
}

/* ---- moment-bare: how late a loop that reads the clock sees a moment 1 ms ahead, n times -----
 *
 * As the row `wait-pair`, with nothing to be done in between.
 */

static int run_moment_bare(long n, long size)
{
	int64_t *ns = malloc((size_t)n * sizeof(*ns));

	if (!ns)
		return 1;
	bench_start();
	for (long i = 0; i < n; i++) {
		int64_t due = weft_now() + WEFT_MS, now;

		do
			now = weft_now();
		while (now < due);
		ns[i] = now - due;
	}
	bench_stop();
	bench_percentiles("wait_p50", "wait_p99", ns, (size_t)n);
	free(ns);
	return 0;
}

/* ---- wake-bare: from a word's change to the thread that sleeps on it, n times ------------------
 *
 * As the row `wake`, with a futex for the channel: who changes the word computes on for 1 ms.
 */

struct sleeper {
	_Atomic uint32_t word; /* how many times it was woken; release, acquire */
	_Atomic uint32_t seen; /* how many of them it has seen; release, acquire */
	uint32_t n;
	int64_t sent;
	int64_t *ns;
};

static void *sleep_on_word(void *arg)
{
	struct sleeper *s = arg;

	for (uint32_t i = 0; i < s->n; i++) {
		while (atomic_load_explicit(&s->word, memory_order_acquire) == i)
			syscall(SYS_futex, &s->word, FUTEX_WAIT_PRIVATE, i, NULL, NULL, 0);
		s->ns[i] = weft_now() - s->sent;
		atomic_store_explicit(&s->seen, i + 1, memory_order_release);
	}
	return NULL;
}

static int run_wake_bare(long n, long size)
{
	struct sleeper s = {.n = (uint32_t)n, .ns = malloc((size_t)n * sizeof(*s.ns))};
	pthread_t thread;

	if (!s.ns || pthread_create(&thread, NULL, sleep_on_word, &s) != 0)
		return 1;
	bench_compute(100 * BENCH_COMPUTE_STEPS); /* it sleeps */
	bench_start();
	for (uint32_t i = 1; i <= s.n; i++) {
		s.sent = weft_now();
		atomic_store_explicit(&s.word, i, memory_order_release);
		syscall(SYS_futex, &s.word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
		bench_compute(10 * BENCH_COMPUTE_STEPS);
		while (atomic_load_explicit(&s.seen, memory_order_acquire) != i)
			;
	}
	bench_stop();
	pthread_join(thread, NULL);
	bench_percentiles("wake_p50", "wake_p99", s.ns, (size_t)n);
	free(s.ns);
	return 0;
}

const struct bench_row bench_machine_rows[] = {{"touch", run_touch, 1}, {"stops", run_stops, 1},
	{"moment-bare", run_moment_bare, 1}, {"wake-bare", run_wake_bare, 1}, {0}};
