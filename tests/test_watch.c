/* SPDX-License-Identifier: MIT
 *
 * What the worker that watches takes: of many fine coroutines it takes its share, though each runs
 * for far less than a microsecond. (Where that does not pay, it is only slower: bench/, "spawn".)
 * It takes a share to try it. Whether that pays is up to the machine, and a core that others use
 * makes any trial fail; so what must come is the trial. Where turns are long, as sanitizers make
 * them, nothing is tried, but a share must be taken.
 *
 * And it looks for long enough, however often it is called away meanwhile.
 */
#include <stdatomic.h>

#include "runtime/sched.h"
#include "tests/coro.h"

WEFT_CHAN(long_chan, long)

#define WORKERS 4
#define STEPS 120 /* of computing in a turn: 100 to 300 ns, so that two workers surely pay */
#if WEFT__TSAN	  /* a turn takes ten times as long, and a share of fewer is one as well */
#define FILTERS 100
#define SPAN 20000
#else
#define FILTERS 500
#define SPAN 400000 /* turns that are looked at together, */
#endif
#define SPANS 100   /* so often, at most: on a busy machine trials may fail for seconds */
#define SHARE 4	    /* one in so many turns, at least, on the worker that has second most */
#define LONG_NS 500 /* a turn, where two workers share them */

static struct {
	atomic_long turns[WORKERS];
	long before[WORKERS]; /* this span */
	int spans;
	int64_t span_at;
	atomic_int threads, trials;
	atomic_bool ended, shared;
	struct weft_waitgroup done;
} crowd;

struct weft__co *__real_weft__runq_steal(
	struct weft__worker *w, struct weft__worker *victim, bool with_next, uint32_t *ret_n);
struct weft__co *__wrap_weft__runq_steal(
	struct weft__worker *w, struct weft__worker *victim, bool with_next, uint32_t *ret_n);

WEFT__NO_TSAN struct weft__co *__wrap_weft__runq_steal(
	struct weft__worker *w, struct weft__worker *victim, bool with_next, uint32_t *ret_n)
{
	struct weft__co *co = __real_weft__runq_steal(w, victim, with_next, ret_n);

	if (co && w->take.fine && *ret_n > 1)
		atomic_fetch_add(&crowd.trials, 1);
	return co;
}

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

static bool is_tried(void)
{
	return atomic_load(&crowd.trials) > 0 || atomic_load(&crowd.shared);
}

static void look_at_shares(void)
{
	long total, second = second_most(&total);
	int64_t now = weft_now();

	if (total < SPAN)
		return;
	if (second >= total / SHARE && now - crowd.span_at >= total * LONG_NS)
		atomic_store(&crowd.shared, true);
	if (is_tried() || ++crowd.spans >= SPANS)
		atomic_store(&crowd.ended, true);
	crowd.span_at = now;
	for (int i = 0; i < WORKERS; i++)
		crowd.before[i] = atomic_load(&crowd.turns[i]);
}

struct filter {
	long_chan *in, *out;
	long prime;
};

/* Each step mixes what it is given: a compiler that knows arithmetic makes one of many linear ones.
 */
static void compute(long v)
{
	volatile unsigned long end;
	unsigned long x = (unsigned long)v;

	for (int i = 0; i < STEPS; i++)
		x = (x ^ x >> 31) * 6364136223846793005u + 1442695040888963407u;
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
	crowd.span_at = weft_now();
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
	CHECK(is_tried());
	for (int i = 0; i < FILTERS; i++)
		weft_unref(filters[i].in);
}

/* ---- While it is called away again and again ----------------------------------------------------
 */

#define BEHIND 6

static atomic_int behind_ran;

static void behind(void *unused)
{
	atomic_fetch_add(&behind_ran, 1);
}

static void read_nothing(struct weft_io *in)
{
	char byte;

	CHECK_INT(weft_io_read(in, &byte, 1), 0);
}

/* As if each had just taken many that were through in no time. */
static WEFT__NO_TSAN void make_patient(void)
{
	for (int i = 0; i < weft_worker_count(); i++)
		weft__sched.workers[i].patience = 400000;
}

CO_TEST(a_watcher_called_away_for_input_looks_for_long_enough)
{
	int64_t until = weft_now() + TOLERANCE_NS;
	struct weft_io *in, *out;
	int fds[2];

	if (weft_worker_count() == 1)
		return;
	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	CHECK_INT(weft_io_open(fds[0], &in), 0);
	CHECK_INT(weft_io_open(fds[1], &out), 0);
	weft_go(read_nothing, in);
	until_waiting_at(in, 1);
	atomic_store(&behind_ran, 0);
	make_patient();
	for (int i = 0; i < BEHIND; i++)
		weft_go(behind, NULL);
	while (atomic_load(&behind_ran) < BEHIND && weft_now() < until)
		;
	CHECK_INT(atomic_load(&behind_ran), BEHIND);
	weft_io_close(out);
	until_waiting_at(in, 0);
	weft_io_close(in);
}

TEST_MAIN
