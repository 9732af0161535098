/* SPDX-License-Identifier: MIT
 *
 * The loop of a worker, on its own stack: where the next coroutine comes from when it is not simply
 * the next of the run queue, and how often that is asked.
 */
#include <time.h>

#include "runtime/alarm.h"
#include "runtime/hog.h"
#include "runtime/pause.h"
#include "runtime/pin.h"
#include "runtime/poller.h"
#include "runtime/post.h"
#include "runtime/probe.h"
#include "runtime/sched.h"
#include "runtime/timer.h"

#define PASS_NS                                                                                  \
	50000	     /* between two passes through the scheduler, if nobody computes for longer, \
		      */
#define PACE_MOST 64 /* and so many switches at most */
#define TURN_SWITCHES 64
#define TURN_NS (10 * WEFT_MS)

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

/*
 * Descriptors get their turn too: at once if there is nothing else, else when they are overdue.
 * True: something was found.
 */
static WEFT__NO_TSAN bool poll_now_and_then(struct weft__worker *w)
{
	struct weft__co *found;
	int64_t now;

	if (!weft__poller_waiting())
		return false;
	now = weft_now();
	if (!weft__runq_empty(&w->runq) && !weft__poller_overdue(now))
		return false;
	if (!weft__poller_enter())
		return false;
	weft__poller_note(now);
	found = weft__poller_run(WEFT_NOW);
	weft__poller_leave();
	weft__ready_found(w, found);
	return found != NULL;
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
	bool due_first = false, more, polled;

	weft__timers_run();
	more = flush_due(w, &due_first);
	weft__post_receive();
	more |= flush_due(w, NULL);
	weft__pinned_receive(w);
	polled = poll_now_and_then(w);
	if (!w->pinned_had_turn)
		co = weft__pinned_get(w);
	w->pinned_had_turn = co != NULL;
	if (!co)
		co = get_unpinned(w, due_first);
	if (!co)
		co = weft__pinned_get(w);
	/* What is due is shared, or not, by share_due. */
	if (co && w->watching)
		weft__watch_end(w, !more && !weft__runq_empty(&w->runq));
	/* What was found alone is for this worker: not if one comes first who cannot go elsewhere.
	 */
	if (polled && co && co->is_pinned && !weft__runq_empty(&w->runq))
		weft__wake_one();
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
		weft__alarm_check();
		weft__standby_check();
		weft__switch_to(w, co);
	}
	/* release: whoever pauses the run finds nothing of ours in motion. */
	atomic_store_explicit(&w->paused, WEFT__PAUSED_GONE, memory_order_release);
}
