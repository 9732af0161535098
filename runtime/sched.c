/* SPDX-License-Identifier: MIT
 *
 * Parking and waking. docs/scheduler.md draws the protocol of the hand-over: who parks switches
 * straight to the next ready coroutine, or to the scheduler's stack (the worker's own thread,
 * loop.c), and whoever runs next gives back the lock that it parked with.
 */
#include "runtime/sched.h"

#include <stdlib.h>

#include "runtime/barrier.h"
#include "runtime/census.h"
#include "runtime/pin.h"
#include "runtime/probe.h"
#include "runtime/stack.h"

/*
 * At the beginning of a page: a load looks as if it met a store before it that is a whole number of
 * pages away, and waits for it. Coroutines' frames are at the end of pages.
 */
_Alignas(4096) struct weft__sched weft__sched;

WEFT__NO_TSAN uint32_t weft__random(struct weft__worker *w)
{
	w->rng ^= w->rng << 13;
	w->rng ^= w->rng >> 17;
	w->rng ^= w->rng << 5;
	return w->rng;
}

/* ---- Switching --------------------------------------------------------------------------------
 */

static WEFT__NO_TSAN __attribute__((noinline)) void unlock_for_the_last(struct weft__worker *w)
{
	struct weft__lock *lock = w->parked_lock;

	w->parked_lock = NULL;
	weft__unlock_unseen(lock);
}

static WEFT__NO_TSAN __attribute__((noinline)) void call_for_the_last(struct weft__worker *w)
{
	void (*after)(void *) = w->after;

	w->after = NULL;
	after(w->after_arg);
}

/*
 * What every context does first when it is switched to: the last thing for the one before it.
 * Mostly that is nothing, and so it needs no register that a call must keep.
 */
static WEFT__NO_TSAN_INLINE void arrive(struct weft__worker *w)
{
#if WEFT__TSAN
	/* What the thread did before its first coroutine, as setting up its errno, it has done. */
	__tsan_acquire(&w->tsan_fiber);
#endif
	weft__runq_leave(&w->runq);
	if (w->parked_lock)
		unlock_for_the_last(w);
	if (w->after)
		call_for_the_last(w);
}

static WEFT__NO_TSAN_INLINE void go_on(struct weft__worker *w, struct weft__co *co)
{
	co->worker = w;
	atomic_store_explicit(&co->state, WEFT__CO_RUNNING, memory_order_relaxed);
}

/* Whose turn it is, NULL: the scheduler's; and if it has yet to begin. */
struct turn {
	struct weft__co *to;
	bool begins;
};

/* Apart, so that a run that is not recorded keeps nothing in mind for the sake of this call. */
static __attribute__((noinline, cold)) WEFT__NO_TSAN struct turn turn_recorded(
	struct weft__worker *w, struct weft__co *to)
{
	struct turn turn = {to, !to->worker};

	go_on(w, to);
	weft__trace_run(w, to);
	return turn;
}

static WEFT__NO_TSAN_ALWAYS_INLINE struct turn turn_of(struct weft__worker *w, struct weft__co *to)
{
	struct turn turn = {to, to && !to->worker};

	w->current = to;
	if (!to)
		return turn;
	if (weft__rec_wants(WEFT_EVENTS_SCHED))
		return turn_recorded(w, to);
	go_on(w, to);
	return turn;
}

static void begin(void *self);

/* Tells the sanitizers, then switches. `from` NULL: the scheduler's stack. */
static WEFT__NO_TSAN_ALWAYS_INLINE void switch_stacks(
	struct weft__worker *w, struct weft__co *from, struct turn turn, bool for_good)
{
	struct weft__co *to = turn.to;
	struct weft__ctx *from_ctx = from ? &from->ctx : &w->sched_ctx;
	struct weft__ctx *to_ctx = to ? &to->ctx : &w->sched_ctx;

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
	if (for_good && turn.begins)
		weft__ctx_leave_begin(to_ctx, begin, to);
	if (for_good)
		weft__ctx_leave(to_ctx);
	if (turn.begins)
		weft__ctx_begin(from_ctx, to_ctx, begin, to);
	else
		weft__ctx_switch(from_ctx, to_ctx);
#if WEFT__ASAN
	__sanitizer_finish_switch_fiber(from ? from->asan_fake : w->asan_fake, NULL, NULL);
#endif
}

/*
 * True: it is the scheduler's turn: now and then, when the workers are called, and as long as there
 * are pinned ones, who are in no queue from which `leave` takes.
 */
static WEFT__NO_TSAN_INLINE bool count_switch(struct weft__worker *w)
{
	uint32_t tick = atomic_load_explicit(&w->runq.tick, memory_order_relaxed) + 1;

	atomic_store_explicit(&w->runq.tick, tick, memory_order_relaxed);
	return (int32_t)(tick - w->pass_at) >= 0 ||
	       ((uintptr_t)w->pinned |
		       atomic_load_explicit(&weft__sched.calls, memory_order_relaxed));
}

static WEFT__NO_TSAN void wake_one(void *unused)
{
	weft__wake_one();
}

/*
 * Whose turn it is when self leaves. The run queue is entered here and left by whoever runs next.
 * `again`: self is ready, behind all others.
 */
static WEFT__NO_TSAN_ALWAYS_INLINE struct turn next_turn(
	struct weft__worker *w, struct weft__co *self, bool again)
{
	struct weft__co *next = NULL;
	bool to_scheduler = count_switch(w);

	if (__builtin_expect(!self->guarded, 0))
		weft__stack_check(self);
	weft__runq_enter(&w->runq);
	if (__builtin_expect(!to_scheduler, 1))
		next = again ? weft__runq_cycle(&w->runq, self) : weft__runq_get(&w->runq);
	else if (again)
		weft__runq_put(&w->runq, self);
	if (again && weft__multi && weft__idle_unwatched())
		w->after = wake_one;
	return turn_of(w, next);
}

/*
 * What is on a coroutine's stack while it waits is touched when it goes on, and where very many
 * wait, each line of it is in no cache any more. So all that happens before a switch and behind it
 * are calls, and whoever switches keeps a register and its address there.
 */
static WEFT__NO_TSAN __attribute__((noinline)) struct turn next_turn_parked(
	struct weft__worker *w, struct weft__co *self)
{
	return next_turn(w, self, false);
}

static WEFT__NO_TSAN __attribute__((noinline)) struct turn next_turn_ready(
	struct weft__worker *w, struct weft__co *self)
{
	return next_turn(w, self, true);
}

static WEFT__NO_TSAN __attribute__((noinline)) void arrive_as(struct weft__co *self)
{
	arrive(self->worker);
}

/* Leaves the running coroutine's stack for the next one's, or the scheduler's. */
static WEFT__NO_TSAN_ALWAYS_INLINE void leave(struct weft__co *self, struct turn turn)
{
	if (turn.to != self)
		switch_stacks(self->worker, self, turn, false);
	arrive_as(self);
}

/*
 * Before the lock is given back: nobody can make us ready earlier. release: for what wakes us
 * without a lock (a sleep's timer), and for the end of the run.
 */
static inline void park(struct weft__worker *w)
{
	struct weft__co *self = w->current;

	self->parked_at = w->about;
	atomic_store_explicit(&self->state, WEFT__CO_PARKED, memory_order_release);
	leave(self, next_turn_parked(w, self));
	/* acquire: all that was done before weft__ready made us ready. */
	(void)atomic_load_explicit(&self->state, memory_order_acquire);
}

/* Unseen by TSan, as a worker's fields are. */
static WEFT__NO_TSAN_INLINE struct weft__worker *leave_behind(
	struct weft__worker *w, void (*after)(void *arg), void *arg)
{
	w->after = after;
	w->after_arg = arg;
	return w;
}

static WEFT__NO_TSAN_INLINE struct weft__worker *leave_lock_behind(
	struct weft__worker *w, struct weft__lock *lock)
{
	if (weft__multi)
		w->parked_lock = lock;
	return w;
}

void weft__park(void (*after)(void *arg), void *arg)
{
	park(leave_behind(weft__worker(), after, arg));
}

void weft__park_unlock(struct weft__worker *w, struct weft__lock *lock)
{
	park(leave_lock_behind(w, lock));
}

static WEFT__NO_TSAN void requeue_pinned(void *co)
{
	weft__ready(co);
}

/* To the end of the queue; a pinned one by way of whoever runs next, to its own worker. */
static inline void leave_ready(struct weft__worker *w, struct weft__co *self)
{
	/* release: as in weft__ready, which a thief's acquire pairs with. */
	atomic_store_explicit(&self->state, WEFT__CO_READY, memory_order_release);
	if (self->is_pinned) {
		leave_behind(w, requeue_pinned, self);
		leave(self, next_turn_parked(w, self));
	} else {
		leave(self, next_turn_ready(w, self));
	}
}

/* As turn_recorded, and to the end: the caller need not even keep w. */
static __attribute__((noinline, cold)) void yield_recorded(
	struct weft__worker *w, struct weft__co *self)
{
	weft__trace_reserve(w, WEFT__TRACE_PARK_UNITS);
	weft__trace_yield(w, self);
	leave_ready(w, self);
}

static inline void yield(struct weft__worker *w, struct weft__co *self)
{
	if (WEFT__PROBE_ON)
		yield_recorded(w, self);
	else
		leave_ready(w, self);
}

void weft__yield(struct weft__worker *w, struct weft__co *self)
{
	yield(w, self);
}

void weft_yield(void)
{
	struct weft__worker *w = weft__worker();

	yield(w, weft__self_on(w, "weft_yield"));
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
	if (__builtin_expect(weft__census_on, 0))
		weft__census_count(co);
	weft__stack_put(&weft__worker()->stacks, co);
}

void weft__switch_to(struct weft__worker *w, struct weft__co *co)
{
	count_switch(w);
	switch_stacks(w, NULL, turn_of(w, co), false);
	arrive(w);
}

void weft__co_exit(void)
{
	struct weft__worker *w = weft__worker();
	struct weft__co *self = w->current;

	/* release: whoever uses this stack next starts after all that we did on it. */
	atomic_store_explicit(&self->state, WEFT__CO_FREE, memory_order_release);
	leave_behind(w, free_stack, self);
	switch_stacks(w, self, next_turn(w, self, false), true);
	abort(); /* nobody switches to a coroutine that has ended */
}

static void begin(void *arg)
{
	struct weft__co *self = arg;

#if WEFT__ASAN
	__sanitizer_finish_switch_fiber(NULL, NULL, NULL);
#endif
	arrive_as(self);
	/* acquire: all that the parent did before weft__ready. */
	(void)atomic_load_explicit(&self->state, memory_order_acquire);
	weft__co_main(self);
}

void weft__co_prepare(struct weft__co *co, char *top)
{
	weft__ctx_make(&co->ctx, co->stack, (size_t)(top - co->stack) & ~(size_t)15, begin, co);
#if WEFT__TSAN
	co->tsan_fiber = __tsan_create_fiber(0);
#endif
}

/* ---- Making ready -----------------------------------------------------------------------------
 */

void weft__sched_init(void)
{
	weft__barrier_init();
}

/* Made ready by a timer, a post ...: kept by this worker until it is through with all of them. */
static WEFT__NO_TSAN void put_due(struct weft__worker *w, struct weft__co *co)
{
	co->next = NULL;
	if (w->due)
		w->due_last->next = co;
	else
		w->due = co;
	w->due_last = co;
}

static WEFT__NO_TSAN __attribute__((noinline)) void enqueue_other(
	struct weft__worker *w, struct weft__co *co)
{
	if (co->is_pinned)
		weft__pinned_put(w, co);
	else
		put_due(w, co);
}

static WEFT__NO_TSAN_INLINE void enqueue(struct weft__worker *w, struct weft__co *co)
{
	weft__co_prefetch(co, 4);
	if (__builtin_expect(co->is_pinned || !w->current, 0)) {
		enqueue_other(w, co);
		return;
	}
	weft__runq_enter(&w->runq);
	weft__runq_put_next(&w->runq, co); /* what a coroutine wakes runs next */
	weft__runq_leave(&w->runq);
	if (weft__multi && weft__idle_unwatched())
		weft__wake_one();
}

static void mark_ready(struct weft__co *co)
{
	/* release: pairs with the acquire at the end of weft__park, or in begin. */
#if WEFT__TSAN
	/* An exchange keeps what co released itself when it parked: the end of the run wants it. */
	atomic_exchange_explicit(&co->state, WEFT__CO_READY, memory_order_release);
#else
	atomic_store_explicit(&co->state, WEFT__CO_READY, memory_order_release);
#endif
}

void weft__ready_on(struct weft__worker *w, struct weft__co *co)
{
	mark_ready(co);
	enqueue(w, co);
}

void weft__ready(struct weft__co *co)
{
	weft__ready_on(weft__worker(), co);
}

/*
 * One alone is for this worker, which has nothing else to do: to wake another for it would cost
 * more than most of them take.
 */
WEFT__NO_TSAN void weft__ready_found(struct weft__worker *w, struct weft__co *found)
{
	bool share = found && (found->next || !weft__runq_empty(&w->runq));

	while (found) {
		struct weft__co *co = found;

		found = co->next;
		mark_ready(co);
		if (co->is_pinned) {
			weft__pinned_put(w, co);
			continue;
		}
		weft__runq_enter(&w->runq);
		weft__runq_put(&w->runq, co);
		weft__runq_leave(&w->runq);
	}
	if (share && weft__multi && weft__idle_unwatched())
		weft__wake_one();
}
