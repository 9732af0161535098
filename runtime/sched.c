/* SPDX-License-Identifier: MIT
 *
 * Parking, waking, and the loop of a worker. docs/scheduler.md draws the protocols:
 *
 * - Hand-over: who parks switches straight to the next ready coroutine, or to the scheduler's stack
 *   (the worker's own thread), and leaves behind a callback that whoever runs next calls first.
 * - Sleeping: a worker registers as idle, has every other thread pass a barrier, looks at all
 * queues once more, and sleeps. Who makes work stores it first and looks for idle workers
 * afterwards.
 */
#include "runtime/sched.h"

#include <linux/membarrier.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/cpu.h"
#include "runtime/panic.h"
#include "runtime/post.h"
#include "runtime/probe.h"
#include "runtime/report.h"
#include "runtime/stack.h"
#include "runtime/timer.h"
#include "tracer/record/futex.h"

#define SCHEDULER_EVERY 64 /* switches: timers, the global queue and the inbox get their turn */
#define STEAL_ROUNDS 4

struct weft__sched weft__sched;

WEFT__NO_TSAN uint32_t weft__random(struct weft__worker *w)
{
	w->rng ^= w->rng << 13;
	w->rng ^= w->rng >> 17;
	w->rng ^= w->rng << 5;
	return w->rng;
}

/* ---- Switching --------------------------------------------------------------------------------
 */

/* What every context does first when it is switched to. */
static WEFT__NO_TSAN void arrive(void)
{
	struct weft__worker *w = weft__worker();
	void (*after)(void *) = w->after;

	if (after) {
		w->after = NULL;
		after(w->after_arg);
	}
}

/* Tells the sanitizers, then switches. `from` or `to` NULL: the scheduler's stack. */
static WEFT__NO_TSAN void switch_stacks(
	struct weft__worker *w, struct weft__co *from, struct weft__co *to, bool for_good)
{
	struct weft__ctx *from_ctx = from ? &from->ctx : &w->sched_ctx;
	struct weft__ctx *to_ctx = to ? &to->ctx : &w->sched_ctx;

	w->current = to;
	if (to) {
		atomic_store_explicit(&to->state, WEFT__CO_RUNNING, memory_order_relaxed);
		weft__trace_run(w, to);
	}
#if WEFT__ASAN
	void **fake = for_good ? NULL : from ? &from->asan_fake : &w->asan_fake;

	if (to)
		__sanitizer_start_switch_fiber(fake, to->stack, to->stack_bytes);
	else
		__sanitizer_start_switch_fiber(fake, w->asan_stack, w->asan_stack_bytes);
#endif
#if WEFT__TSAN
	__tsan_switch_to_fiber(to ? to->tsan_fiber : w->tsan_fiber, __tsan_switch_to_fiber_no_sync);
#endif
	(void)for_good;
	weft__ctx_switch(from_ctx, to_ctx);
#if WEFT__ASAN
	__sanitizer_finish_switch_fiber(
		from ? from->asan_fake : weft__worker()->asan_fake, NULL, NULL);
#endif
}

/* Leaves the running coroutine's stack for the next one's, or the scheduler's. */
static WEFT__NO_TSAN void leave(void (*after)(void *), void *arg, bool for_good)
{
	struct weft__worker *w = weft__worker();
	struct weft__co *self = w->current, *next = NULL;

	if (!self->guarded)
		weft__stack_check(self);
	w->after = after;
	w->after_arg = arg;
	if (++w->tick % SCHEDULER_EVERY != 0 &&
		!atomic_load_explicit(&weft__sched.stopping, memory_order_relaxed))
		next = weft__runq_get(w);
	switch_stacks(w, self, next, for_good);
	arrive();
}

void weft__park(void (*after)(void *arg), void *arg)
{
	struct weft__co *self = weft__worker()->current;

	/*
	 * Before the lock is given back: nobody can make us ready earlier. release: for what wakes
	 * us without a lock (a sleep's timer), and for the end of the run.
	 */
	atomic_store_explicit(&self->state, WEFT__CO_PARKED, memory_order_release);
	leave(after, arg, false);
	/* acquire: all that was done before weft__ready made us ready. */
	(void)atomic_load_explicit(&self->state, memory_order_acquire);
}

static WEFT__NO_TSAN void requeue(void *co)
{
	struct weft__worker *w = weft__worker();

	weft__runq_put(w, co);
	if (weft__multi)
		weft__wake_one();
}

void weft_yield(void)
{
	struct weft__co *self = weft__self("weft_yield");
	struct weft__worker *w = weft__worker();

	weft__trace_reserve(w, WEFT__TRACE_PARK_UNITS);
	weft__trace_yield(w, self);
	/* release: as in weft__ready, which a thief's acquire pairs with. */
	atomic_store_explicit(&self->state, WEFT__CO_READY, memory_order_release);
	leave(requeue, self, false);
}

static WEFT__NO_TSAN void free_stack(void *arg)
{
	struct weft__co *co = arg;

#if WEFT__TSAN
	__tsan_destroy_fiber(co->tsan_fiber);
#endif
#if WEFT__ASAN
	__lsan_unregister_root_region(co->stack, co->stack_bytes);
#endif
	weft__stack_put(co);
}

void weft__co_exit(void)
{
	struct weft__co *self = weft__worker()->current;

	/* release: whoever uses this stack next starts after all that we did on it. */
	atomic_store_explicit(&self->state, WEFT__CO_FREE, memory_order_release);
	leave(free_stack, self, true);
	abort(); /* nobody switches to a coroutine that has ended */
}

static void begin(void *arg)
{
	struct weft__co *self = arg;

#if WEFT__ASAN
	__sanitizer_finish_switch_fiber(NULL, NULL, NULL);
#endif
	arrive();
	/* acquire: all that the parent did before weft__ready. */
	(void)atomic_load_explicit(&self->state, memory_order_acquire);
	weft__co_main(self);
}

void weft__co_prepare(struct weft__co *co)
{
	char *lo = co->stack;
	size_t size = (size_t)((char *)co - lo);

	weft__ctx_make(&co->ctx, lo, (size - WEFT__ARG_ROOM) & ~(size_t)15, begin, co);
#if WEFT__TSAN
	co->tsan_fiber = __tsan_create_fiber(0);
#endif
}

/* ---- Making ready -----------------------------------------------------------------------------
 */

static bool have_membarrier;

/*
 * The two halves of "store mine, then look at theirs". Where membarrier works the sleeper pays for
 * both (it interrupts every running thread of the process), and the other side needs no barrier
 * but against its compiler. Elsewhere both are seq_cst read-modify-writes of one word.
 */
static _Atomic uint32_t barrier_word;

static inline void barrier_after_work(void)
{
	if (have_membarrier)
		atomic_signal_fence(memory_order_seq_cst);
	else
		atomic_fetch_add_explicit(&barrier_word, 1, memory_order_seq_cst);
}

static void barrier_before_sleep(void)
{
	if (have_membarrier)
		syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
	else
		atomic_fetch_add_explicit(&barrier_word, 1, memory_order_seq_cst);
}

uint64_t weft__new_id(_Atomic uint64_t *last)
{
	return atomic_fetch_add_explicit(last, 1, memory_order_relaxed) + 1;
}

void weft__sched_init(void)
{
	have_membarrier =
		syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

static WEFT__NO_TSAN void enqueue(struct weft__co *co)
{
	struct weft__worker *w = weft__worker();

	/* What a coroutine wakes runs next; what timers and posts wake keeps its order. */
	if (w->current)
		weft__runq_put_next(w, co);
	else
		weft__runq_put(w, co);
	if (weft__multi)
		weft__wake_one();
}

void weft__ready(struct weft__co *co)
{
	/* release: pairs with the acquire at the end of weft__park, or in begin. */
#if WEFT__TSAN
	/* An exchange keeps what co released itself when it parked: the end of the run wants it. */
	atomic_exchange_explicit(&co->state, WEFT__CO_READY, memory_order_release);
#else
	atomic_store_explicit(&co->state, WEFT__CO_READY, memory_order_release);
#endif
	enqueue(co);
}

WEFT__NO_TSAN void weft__wake_one(void)
{
	struct weft__sched *s = &weft__sched;
	struct weft__worker *w;
	int none = 0;

	barrier_after_work();
	if (atomic_load_explicit(&s->nidle, memory_order_relaxed) == 0 ||
		atomic_load_explicit(&s->spinning, memory_order_relaxed) != 0)
		return;
	/* One at a time: the woken one counts as spinning from now, and wakes the next if need be.
	 */
	if (!atomic_compare_exchange_strong_explicit(
		    &s->spinning, &none, 1, memory_order_acq_rel, memory_order_relaxed))
		return;
	weft__lock_always(&s->idle_lock);
	w = s->idle_list;
	if (w) {
		s->idle_list = w->idle_next;
		w->idle = false;
		atomic_fetch_sub_explicit(&s->nidle, 1, memory_order_relaxed);
		atomic_store_explicit(&w->wake_word, 1, memory_order_release);
	} else {
		/*
		 * Still locked: whoever enters the list from now on must not fall asleep while
		 * others take us for one who looks for work.
		 */
		atomic_fetch_sub_explicit(&s->spinning, 1, memory_order_acq_rel);
	}
	weft__unlock_always(&s->idle_lock);
	if (w)
		weft__futex_wake(&w->wake_word, 1);
}

WEFT__NO_TSAN void weft__stop_workers(void)
{
	struct weft__sched *s = &weft__sched;

	atomic_store_explicit(&s->stopping, true, memory_order_seq_cst);
	weft__lock_always(&s->idle_lock);
	for (struct weft__worker *w = s->idle_list; w; w = w->idle_next) {
		w->idle = false;
		atomic_store_explicit(&w->wake_word, 1, memory_order_release);
		weft__futex_wake(&w->wake_word, 1);
	}
	s->idle_list = NULL;
	atomic_store_explicit(&s->nidle, 0, memory_order_relaxed);
	weft__unlock_always(&s->idle_lock);
}

/* ---- The loop ---------------------------------------------------------------------------------
 */

static WEFT__NO_TSAN bool work_in_queues(void)
{
	struct weft__sched *s = &weft__sched;

	if (atomic_load_explicit(&s->global_count, memory_order_acquire) != 0 ||
		atomic_load_explicit(&s->inbox, memory_order_acquire))
		return true;
	for (int i = 0; i < s->nworkers; i++) {
		if (!weft__runq_empty(&s->workers[i]))
			return true;
	}
	return false;
}

/* Nobody can ever go on: all workers are idle (the caller holds idle_lock), and nothing may come.
 */
static WEFT__NO_TSAN bool is_deadlock(void)
{
	struct weft__sched *s = &weft__sched;

	return atomic_load_explicit(&s->nidle, memory_order_relaxed) == s->nworkers &&
	       atomic_load_explicit(&s->doors, memory_order_acquire) == 0 &&
	       !atomic_load_explicit(&s->stopping, memory_order_acquire) &&
	       weft__timers_next() == WEFT_NEVER && !work_in_queues();
}

/* Out of the idle list again. False: somebody has taken us out already, to wake us. */
static WEFT__NO_TSAN bool unregister(struct weft__worker *w)
{
	struct weft__sched *s = &weft__sched;
	bool mine;

	weft__lock_always(&s->idle_lock);
	mine = w->idle;
	if (mine) {
		struct weft__worker **link = &s->idle_list;

		while (*link != w)
			link = &(*link)->idle_next;
		*link = w->idle_next;
		w->idle = false;
		atomic_fetch_sub_explicit(&s->nidle, 1, memory_order_relaxed);
	}
	weft__unlock_always(&s->idle_lock);
	return mine;
}

static WEFT__NO_TSAN void sleep_until_woken(struct weft__worker *w)
{
	weft__trace_reserve(w, WEFT__TRACE_WORKER_UNITS);
	weft__trace_worker(w, WEFT_WORKER_PARK);
	while (atomic_load_explicit(&w->wake_word, memory_order_acquire) == 0) {
		int64_t next = weft__timers_next();

		if (next != WEFT_NEVER && next <= weft_now())
			break;
		weft__futex_wait(&w->wake_word, 0, next);
	}
	weft__trace_reserve(w, WEFT__TRACE_WORKER_UNITS);
	weft__trace_worker(w, WEFT_WORKER_UNPARK);
}

static WEFT__NO_TSAN void idle(struct weft__worker *w)
{
	struct weft__sched *s = &weft__sched;
	bool work;

	weft__lock_always(&s->idle_lock);
	atomic_store_explicit(&w->wake_word, 0, memory_order_relaxed);
	w->idle = true;
	w->idle_next = s->idle_list;
	s->idle_list = w;
	atomic_fetch_add_explicit(&s->nidle, 1, memory_order_relaxed);
	if (is_deadlock())
		weft__report_deadlock();
	weft__unlock_always(&s->idle_lock);
	barrier_before_sleep();
	work = work_in_queues();
	if (!work && !atomic_load_explicit(&s->stopping, memory_order_acquire))
		sleep_until_woken(w);
	/* Whoever took us out of the list has counted us as spinning. */
	if (!unregister(w)) {
		w->spinning = true;
	} else if (work) {
		/*
		 * Who made it may have seen us spin just before, and so have woken nobody: then the
		 * next must be woken by us, as by a spinner that found some.
		 */
		atomic_fetch_add_explicit(&s->spinning, 1, memory_order_acq_rel);
		w->spinning = true;
	}
}

/* May this worker look for work elsewhere? At most half of them do at a time. */
static WEFT__NO_TSAN bool may_spin(struct weft__worker *w)
{
	struct weft__sched *s = &weft__sched;

	if (w->spinning)
		return true;
	if (2 * atomic_load_explicit(&s->spinning, memory_order_relaxed) >= s->nworkers)
		return false;
	atomic_fetch_add_explicit(&s->spinning, 1, memory_order_acq_rel);
	w->spinning = true;
	return true;
}

static WEFT__NO_TSAN struct weft__co *steal(struct weft__worker *w)
{
	struct weft__sched *s = &weft__sched;

	for (int round = 0; round < STEAL_ROUNDS; round++) {
		bool last = round == STEAL_ROUNDS - 1;
		uint32_t start = weft__random(w);

		for (int i = 0; i < s->nworkers; i++) {
			struct weft__worker *victim =
				&s->workers[(start + (uint32_t)i) % (uint32_t)s->nworkers];
			struct weft__co *co;

			if (victim == w)
				continue;
			co = weft__runq_steal(w, victim, last);
			if (co)
				return co;
		}
		/* The victim will most likely run its `next` itself, any moment now. */
		for (int i = 0; i < 50; i++)
			weft__relax();
	}
	return NULL;
}

static WEFT__NO_TSAN struct weft__co *find_work(struct weft__worker *w)
{
	struct weft__co *co = NULL;

	weft__timers_run();
	weft__post_receive();
	/* Now and then those who have waited long come first, here and in the global list by turns.
	 */
	if (w->tick % (2 * SCHEDULER_EVERY) == 0)
		co = weft__global_get(w);
	else if (w->tick % SCHEDULER_EVERY == 0)
		co = weft__runq_get_oldest(w);
	if (!co)
		co = weft__runq_get(w);
	if (!co)
		co = weft__global_get(w);
	if (!co && weft__sched.nworkers > 1 && may_spin(w))
		co = steal(w);
	return co;
}

/* No longer looking for work. Found some, as the last one who looked: there may be more. */
static WEFT__NO_TSAN void stop_spinning(struct weft__worker *w, bool found)
{
	w->spinning = false;
	if (atomic_fetch_sub_explicit(&weft__sched.spinning, 1, memory_order_acq_rel) == 1 && found)
		weft__wake_one();
}

WEFT__NO_TSAN void weft__worker_loop(struct weft__worker *w)
{
	while (!atomic_load_explicit(&weft__sched.stopping, memory_order_acquire)) {
		struct weft__co *co;

		weft__trace_reserve(w, WEFT__TRACE_PARK_UNITS);
		co = find_work(w);
		if (w->spinning)
			stop_spinning(w, co != NULL);
		if (!co) {
			idle(w);
			continue;
		}
		w->tick++;
		weft__trace_reserve(w, WEFT__TRACE_PARK_UNITS);
		switch_stacks(w, NULL, co, false);
		arrive();
	}
}
