/* SPDX-License-Identifier: MIT
 *
 * Parking, waking, and the loop of a worker. docs/scheduler.md draws the protocol of the hand-over:
 * who parks switches straight to the next ready coroutine, or to the scheduler's stack (the
 * worker's own thread), and whoever runs next gives back the lock that it parked with.
 */
#include "runtime/sched.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/alarm.h"
#include "runtime/barrier.h"
#include "runtime/census.h"
#include "runtime/hog.h"
#include "runtime/panic.h"
#include "runtime/pause.h"
#include "runtime/poller.h"
#include "runtime/post.h"
#include "runtime/probe.h"
#include "runtime/stack.h"
#include "runtime/timer.h"
#include "tracer/record/futex.h"

#define PASS_NS                                                                                  \
	50000	     /* between two passes through the scheduler, if nobody computes for longer, \
		      */
#define PACE_MOST 64 /* and so many switches at most */
#define TURN_SWITCHES 64
#define TURN_NS (10 * WEFT_MS)

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

/* What every context does first when it is switched to: the last thing for the one before it. */
static WEFT__NO_TSAN_INLINE void arrive(struct weft__worker *w)
{
	struct weft__lock *lock = w->parked_lock;
	void (*after)(void *) = w->after;

#if WEFT__TSAN
	/* What the thread did before its first coroutine, as setting up its errno, it has done. */
	__tsan_acquire(&w->tsan_fiber);
#endif
	weft__runq_leave(&w->runq);
	if (lock) {
		w->parked_lock = NULL;
		weft__unlock_unseen(lock);
	}
	if (after) {
		w->after = NULL;
		after(w->after_arg);
	}
}

static WEFT__NO_TSAN_INLINE void go_on(struct weft__worker *w, struct weft__co *co)
{
	co->worker = w;
	atomic_store_explicit(&co->state, WEFT__CO_RUNNING, memory_order_relaxed);
	weft__trace_run(w, co);
}

/* Whose turn it is, NULL: the scheduler's; and if it has yet to begin. */
struct turn {
	struct weft__co *to;
	bool begins;
};

static WEFT__NO_TSAN_ALWAYS_INLINE struct turn turn_of(struct weft__worker *w, struct weft__co *to)
{
	struct turn turn = {to, to && !to->worker};

	w->current = to;
	if (to)
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
	if (again) {
		weft__runq_put(&w->runq, self);
		if (weft__multi && weft__idle_unwatched())
			w->after = wake_one;
	}
	if (__builtin_expect(!to_scheduler, 1))
		next = weft__runq_get(&w->runq);
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
static inline void yield(struct weft__worker *w, struct weft__co *self)
{
	weft__trace_reserve(w, WEFT__TRACE_PARK_UNITS);
	weft__trace_yield(w, self);
	/* release: as in weft__ready, which a thief's acquire pairs with. */
	atomic_store_explicit(&self->state, WEFT__CO_READY, memory_order_release);
	if (self->is_pinned) {
		leave_behind(w, requeue_pinned, self);
		leave(self, next_turn_parked(w, self));
	} else {
		leave(self, next_turn_ready(w, self));
	}
}

void weft_yield(void)
{
	struct weft__worker *w = weft__worker();

	yield(w, weft__self_on(w, "weft_yield"));
}

/* ---- Pinning ----------------------------------------------------------------------------------
 */

static WEFT__NO_TSAN int worker_index(struct weft__worker *w)
{
	return w->index;
}

/* Its own stack is left before anybody can find it: it is made ready by whoever runs next. */
int weft_pin(int worker)
{
	struct weft__worker *w = weft__worker(), *to;
	struct weft__co *self = weft__self_on(w, "weft_pin");

	if (worker == WEFT_THIS_WORKER)
		worker = worker_index(w);
	if (worker < 0 || worker >= weft__sched.nworkers)
		return -EINVAL;
	to = &weft__sched.workers[worker];
	if (self->pinned && self->pinned != to)
		return -EBUSY;
	self->pinned = to;
	self->is_pinned = true;
	self->pins++;
	if (to != w)
		yield(w, self);
	return 0;
}

void weft_unpin(void)
{
	struct weft__co *self = weft__self("weft_unpin");

	if (self->pins == 0)
		weft__panic("weft_unpin of a coroutine that is not pinned");
	if (--self->pins == 0) {
		self->is_pinned = false;
		self->pinned = NULL;
	}
}

int weft_worker_index(void)
{
	weft__self("weft_worker_index");
	return worker_index(weft__worker());
}

int weft_worker_count(void)
{
	weft__self("weft_worker_count");
	return weft__sched.nworkers;
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

/* Behind all others that are pinned to this worker. */
static WEFT__NO_TSAN void put_pinned(struct weft__worker *w, struct weft__co *co)
{
	co->next = NULL;
	if (w->pinned)
		w->pinned_last->next = co;
	else
		w->pinned = co;
	w->pinned_last = co;
}

static WEFT__NO_TSAN struct weft__co *get_pinned(struct weft__worker *w)
{
	struct weft__co *co = w->pinned;

	if (co)
		w->pinned = co->next;
	return co;
}

/* Any thread. release: pairs with the acquire in receive. */
static WEFT__NO_TSAN void hand_over(struct weft__worker *to, struct weft__co *co)
{
	co->next = atomic_load_explicit(&to->inbox, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(
		&to->inbox, &co->next, co, memory_order_release, memory_order_relaxed))
		;
	weft__wake_worker(to);
}

/* What others handed over: newest first, turned round. */
static WEFT__NO_TSAN void receive(struct weft__worker *w)
{
	struct weft__co *co, *oldest = NULL;

	if (!atomic_load_explicit(&w->inbox, memory_order_relaxed))
		return;
	co = atomic_exchange_explicit(&w->inbox, NULL, memory_order_acquire);
	while (co) {
		struct weft__co *next = co->next;

		co->next = oldest;
		oldest = co;
		co = next;
	}
	while (oldest) {
		co = oldest;
		oldest = co->next;
		put_pinned(w, co);
	}
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

/*
 * Into the run queue, in their order: behind all others, or, where `ret_first` is asked for, in
 * front if it may be; that says if they are the first now. True: there were any.
 */
static WEFT__NO_TSAN bool flush_due(struct weft__worker *w, bool *ret_first)
{
	struct weft__co *first = w->due;
	int n = 0;

	if (!first)
		return false;
	w->due = NULL;
	for (struct weft__co *co = first; co; co = co->next)
		n++;
	weft__runq_enter(&w->runq);
	if (ret_first)
		*ret_first = weft__runq_put_soon(&w->runq, first, w->due_last, n);
	else
		weft__runq_put_all(&w->runq, first, w->due_last, n);
	weft__runq_leave(&w->runq);
	return true;
}

/* False: not on this worker. */
static WEFT__NO_TSAN bool put_ready(struct weft__worker *w, struct weft__co *co, bool next)
{
	if (__builtin_expect(co->is_pinned, 0)) {
		if (co->pinned == w)
			put_pinned(w, co);
		else
			hand_over(co->pinned, co);
		return false;
	}
	weft__runq_enter(&w->runq);
	if (next)
		weft__runq_put_next(&w->runq, co);
	else
		weft__runq_put(&w->runq, co);
	weft__runq_leave(&w->runq);
	return true;
}

static WEFT__NO_TSAN_INLINE void enqueue(struct weft__worker *w, struct weft__co *co)
{
	weft__co_prefetch(co);
	if (!w->current && !co->is_pinned) {
		put_due(w, co);
		return;
	}
	/* What a coroutine wakes runs next. */
	if (put_ready(w, co, true) && weft__multi && weft__idle_unwatched())
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
		put_ready(w, co, false);
	}
	if (share && weft__multi && weft__idle_unwatched())
		weft__wake_one();
}

/*
 * One of those who have become ready is run here. Another worker is woken for the rest, unless that
 * was in vain the last times: coroutines that a timer wakes often do little, and are through before
 * a thread has woken. The more often it was in vain, the more rarely it is tried; and only while
 * somebody has a place to wake in a moment anyway, who looks whether they wait when it gives that
 * up (idle.c).
 */
static WEFT__NO_TSAN void share_due(struct weft__worker *w)
{
	uint32_t in_vain;

	if (!weft__multi || weft__runq_empty(&w->runq))
		return;
	in_vain = atomic_load_explicit(&weft__sched.in_vain, memory_order_relaxed);
	if (++w->kept >> (in_vain < 6 ? in_vain : 6) == 0 && weft__alarm_soon())
		return;
	w->kept = 0;
	weft__wake_to_share();
}

/* ---- The loop ---------------------------------------------------------------------------------
 */

/* Descriptors get their turn too: at once if there is nothing else, else when they are overdue. */
static WEFT__NO_TSAN void poll_now_and_then(struct weft__worker *w)
{
	struct weft__co *found;
	int64_t now;

	if (!weft__poller_waiting())
		return;
	now = weft_now();
	if (!weft__runq_empty(&w->runq) && !weft__poller_overdue(now))
		return;
	if (!weft__poller_enter())
		return;
	weft__poller_note(now);
	found = weft__poller_run(WEFT_NOW);
	weft__poller_leave();
	weft__ready_found(w, found);
}

/*
 * A pair that wakes each other for ever would pass the slot in front of the list to and fro. So the
 * oldest of the list has its turn behind TURN_SWITCHES, and before that if those took TURN_NS: of
 * the thread's own time, so that what other programs do does not change the order in which
 * coroutines of one worker run.
 */
static WEFT__NO_TSAN bool oldest_has_turn(struct weft__worker *w)
{
	uint32_t tick = atomic_load_explicit(&w->runq.tick, memory_order_relaxed);
	bool many = tick - w->turn_tick >= TURN_SWITCHES;
	struct timespec ts;
	int64_t used;

	if (!many && w->about - w->turn_at < TURN_NS)
		return false;
	w->turn_at = w->about;
	if (many) {
		w->turn_tick = tick;
		w->turn_used = -1;
		return true;
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	used = (int64_t)ts.tv_sec * WEFT_SEC + ts.tv_nsec;
	if (w->turn_used < 0)
		w->turn_used = used;
	if (used - w->turn_used < TURN_NS)
		return false;
	w->turn_tick = tick;
	w->turn_used = used;
	return true;
}

/*
 * At its turn the oldest of the list, else the slot. But where each switch is a pass, and a turn,
 * as coroutines compute for TURN_NS between two, the slot would starve behind the list: whom the
 * last turn left there comes first then.
 */
static WEFT__NO_TSAN struct weft__co *get_unpinned(struct weft__worker *w, bool due_first)
{
	struct weft__co *next, *co = NULL;
	bool turn = oldest_has_turn(w) || due_first;

	weft__runq_enter(&w->runq);
	next = atomic_load_explicit(&w->runq.next, memory_order_relaxed); /* ours while inside */
	if (turn && (!next || next != w->passed_over))
		co = weft__runq_get_oldest(&w->runq);
	w->passed_over = co ? next : NULL;
	if (!co)
		co = weft__runq_get(&w->runq);
	weft__runq_leave(&w->runq);
	return co;
}

/*
 * Nobody knows yet how long those take who come from elsewhere: so the next pass is at the next
 * switch.
 */
static WEFT__NO_TSAN void pass_soon(struct weft__worker *w)
{
	w->pace = 1;
	w->pass_at = atomic_load_explicit(&w->runq.tick, memory_order_relaxed) + 1;
}

/* What comes from elsewhere, the pinned by turns, and then the run queue. */
static WEFT__NO_TSAN struct weft__co *find_work(struct weft__worker *w)
{
	struct weft__co *co = NULL;
	bool due_first = false, more;

	weft__timers_run();
	more = flush_due(w, &due_first);
	weft__post_receive();
	more |= flush_due(w, NULL);
	receive(w);
	poll_now_and_then(w);
	if (!w->pinned_had_turn)
		co = get_pinned(w);
	w->pinned_had_turn = co != NULL;
	if (!co)
		co = get_unpinned(w, due_first);
	if (!co)
		co = get_pinned(w);
	/* Where there is something to share, share_due decides. */
	if (co && w->watching)
		weft__watch_end(w, more && !weft__runq_empty(&w->runq));
	if (more) {
		pass_soon(w);
		share_due(w);
	}
	return co;
}

static WEFT__NO_TSAN int64_t coarse_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (int64_t)ts.tv_sec * WEFT_SEC + ts.tv_nsec;
}

WEFT__NO_TSAN void weft__note_time(struct weft__worker *w)
{
	bool asked = weft__timers_next() != WEFT_NEVER || weft__poller_waiting();

	w->about = asked ? weft_now() : coarse_now();
}

/*
 * Behind so many switches as will take about PASS_NS, or as long as it is until the first timer:
 * timers and descriptors should not wait for long, and a clock that is read at each switch would
 * cost more than many a switch.
 */
static WEFT__NO_TSAN void plan_pass(struct weft__worker *w)
{
	uint32_t tick = atomic_load_explicit(&w->runq.tick, memory_order_relaxed);
	uint32_t switches = tick - w->pass_tick, most;
	int64_t since = w->about, span, left;

	if ((int32_t)(tick - w->pass_at) < 0)
		return;
	weft__note_time(w);
	span = w->about - since;
	if (span > PASS_NS)
		w->pace = (uint32_t)(switches * PASS_NS / span) + 1;
	else if (w->pace < PACE_MOST)
		w->pace *= 2;
	most = w->pace;
	left = weft__timers_next() - w->about;
	if (left > 0 && left < span)
		most = (uint32_t)(switches * left / span) + 1;
	w->pass_tick = tick;
	w->pass_at = tick + (most < w->pace ? most : w->pace);
}

WEFT__NO_TSAN void weft__worker_loop(struct weft__worker *w)
{
	while (!atomic_load_explicit(&weft__sched.stopping, memory_order_acquire)) {
		struct weft__co *co;

		plan_pass(w);
		if (w->hog)
			weft__hogs_record(w);
		weft__trace_reserve(w, WEFT__TRACE_PARK_UNITS);
		co = find_work(w);
		if (!co)
			co = weft__idle(w);
		if (atomic_load_explicit(&weft__sched.calls, memory_order_acquire))
			weft__pause_here(w);
		if (!co)
			continue;
		weft__trace_reserve(w, WEFT__TRACE_PARK_UNITS);
		count_switch(w);
		weft__alarm_check();
		weft__standby_check();
		switch_stacks(w, NULL, turn_of(w, co), false);
		arrive(w);
	}
	/* release: whoever pauses the run finds nothing of ours in motion. */
	atomic_store_explicit(&w->paused, WEFT__PAUSED_GONE, memory_order_release);
}
