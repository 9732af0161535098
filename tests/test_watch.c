/* SPDX-License-Identifier: MIT
 *
 * What the worker that watches takes: of many fine coroutines it takes its share, though each runs
 * for far less than a microsecond. (Where that does not pay, it is only slower: bench/, "spawn".)
 */
#include <stdatomic.h>

#include "tests/coro.h"

WEFT_CHAN(long_chan, long)

#define FILTERS 500
#define WORKERS 4
#define STEPS 150   /* of computing in a turn: 100 to 200 ns, so that two workers surely pay */
#define SPAN 400000 /* turns that are looked at together, */
#define SPANS 100   /* so often, at most: on a busy machine trials may fail for seconds */
#define SHARE 4	    /* one in so many turns, at least, on the worker that has second most */

static struct {
	atomic_long turns[WORKERS];
	long before[WORKERS]; /* this span */
	int spans;
	atomic_int threads;
	atomic_bool ended, shared;
	struct weft_waitgroup done;
} crowd;

/*
 * Never inlined: a coroutine may be on another thread at its next call. Atomic for TSan, to which
 * the coroutines of one thread are threads.
 */
static __attribute__((noinline)) atomic_long *turns_here(void)
{
	static _Thread_local _Atomic(atomic_long *) mine;
	atomic_long *here = atomic_load_explicit(&mine, memory_order_relaxed);

	if (!here) {
		here = &crowd.turns[atomic_fetch_add(&crowd.threads, 1)];
		atomic_store_explicit(&mine, here, memory_order_relaxed);
	}
	return here;
}

/* In this span. */
static long second_most(long *ret_total)
{
	long first = 0, second = 0;

	*ret_total = 0;
	for (int i = 0; i < WORKERS; i++) {
		long n = atomic_load(&crowd.turns[i]) - crowd.before[i];

		*ret_total += n;
		if (n > first) {
			second = first;
			first = n;
		} else if (n > second) {
			second = n;
		}
	}
	return second;
}

/* One span is enough: how long they keep it is up to the machine. */
static void look_at_shares(void)
{
	long total, second = second_most(&total);

	if (total < SPAN)
		return;
	if (second >= total / SHARE)
		atomic_store(&crowd.shared, true);
	if (atomic_load(&crowd.shared) || ++crowd.spans >= SPANS)
		atomic_store(&crowd.ended, true);
	for (int i = 0; i < WORKERS; i++)
		crowd.before[i] = atomic_load(&crowd.turns[i]);
}

struct filter {
	long_chan *in, *out;
	long prime;
};

static void compute(long v)
{
	volatile unsigned long end;
	unsigned long x = (unsigned long)v;

	for (int i = 0; i < STEPS; i++)
		x = x * 6364136223846793005u + 1442695040888963407u;
	end = x;
	(void)end;
}

/* As the last of them it only tells when it is enough. */
static void filter(struct filter *f)
{
	long v;

	while (weft_recv(f->in, &v)) {
		atomic_fetch_add(turns_here(), 1);
		compute(v);
		if (f->out && v % f->prime != 0)
			weft_send(f->out, v);
		if (!f->out)
			look_at_shares();
	}
	if (f->out)
		weft_close(f->out);
	weft_waitgroup_done(&crowd.done);
}

static long next_prime(long after)
{
	for (long n = after + 1;; n++) {
		long d = 2;

		while (d < n && n % d != 0)
			d++;
		if (d == n)
			return n;
	}
}

CO_TEST(a_long_pipeline_is_shared)
{
	struct filter filters[FILTERS];
	long prime = 1;

	if (weft_worker_count() == 1)
		return;
	weft_waitgroup_add(&crowd.done, FILTERS);
	for (int i = 0; i < FILTERS; i++) {
		filters[i].prime = prime = next_prime(prime);
		filters[i].in = weft_make(long_chan, 0);
		filters[i].out = NULL;
		if (i > 0)
			filters[i - 1].out = filters[i].in;
	}
	for (int i = 0; i < FILTERS; i++)
		weft_go(filter, &filters[i]);
	for (long n = 2; !atomic_load(&crowd.ended); n++)
		weft_send(filters[0].in, n);
	weft_close(filters[0].in);
	weft_waitgroup_wait(&crowd.done);
	CHECK(atomic_load(&crowd.shared));
	for (int i = 0; i < FILTERS; i++)
		weft_unref(filters[i].in);
}

TEST_MAIN
