/* SPDX-License-Identifier: MIT
 *
 * Workers without work. At most one of them *watches* the others (watch.c), and the others sleep.
 * docs/scheduler.md tells the protocol by which no work is forgotten:
 *
 * - who makes work stores it first, and looks afterwards whether a worker is idle and none watches;
 * - who goes to sleep says so first (it enters the list, it no longer watches), has every other
 *   thread pass a barrier, and looks at all queues afterwards.
 */
#include "runtime/alarm.h"
#include "runtime/alone.h"
#include "runtime/barrier.h"
#include "runtime/idle.h"
#include "runtime/monitor.h"
#include "runtime/poller.h"
#include "runtime/post.h"
#include "runtime/probe.h"
#include "runtime/report.h"
#include "runtime/sched.h"
#include "runtime/stack.h"
#include "runtime/ticker.h"
#include "runtime/timer.h"
#include "tracer/record/futex.h"

/* ---- Waking -----------------------------------------------------------------------------------
 */

/* Under idle_lock: out of the list, to be woken by the caller. */
static WEFT__NO_TSAN void take_from_list(struct weft__worker *w)
{
	struct weft__sched *s = &weft__sched;
	struct weft__worker **link = &s->idle_list;

	while (*link != w)
		link = &(*link)->idle_next;
	*link = w->idle_next;
	w->idle = false;
	atomic_fetch_sub_explicit(&s->nidle, 1, memory_order_relaxed);
	weft__alarm_clear(w);
	atomic_store_explicit(&w->wake_word, 1, memory_order_release);
}

/* `polls` as it was under idle_lock. A late call does no harm. */
static WEFT__NO_TSAN void wake(struct weft__worker *w, bool polls)
{
	weft__alone_expect();
	if (polls)
		weft__poller_interrupt();
	else
		weft__futex_wake(&w->wake_word, 1);
}

static WEFT__NO_TSAN bool begin_watch(void)
{
	uint32_t none = 0;

	/* acq_rel: whoever watches next sees what the last one has left. */
	return atomic_compare_exchange_strong_explicit(
		&weft__sched.watched, &none, 1, memory_order_acq_rel, memory_order_relaxed);
}

/*
 * Else `w` would have to pass a membarrier to take from us, which interrupts us, and stands still
 * while our core does. Under idle_lock, by which `w` hears of it; weft__watch or end_watch gives
 * the revocation back. Threads that are no workers have no queue to take from.
 */
static WEFT__NO_TSAN void invite(struct weft__worker *w)
{
	struct weft__worker *self = weft__worker();

	if (!self || !weft__runq_expect(&self->runq))
		return;
	w->invite.from = self;
	w->invite.at = weft_now();
	w->invite.tick = atomic_load_explicit(&self->runq.tick, memory_order_relaxed);
}

static WEFT__NO_TSAN void wake_watcher(bool to_share)
{
	struct weft__sched *s = &weft__sched;
	struct weft__worker *w;
	bool polls = false;

	/* The woken one watches from now: one at a time is woken, and wakes the next if need be. */
	if (!begin_watch())
		return;
	weft__lock_always(&s->idle_lock);
	w = s->idle_list;
	if (w && w->polls && w->idle_next)
		w = w->idle_next; /* the one in the poller is of use where it sleeps */
	if (w) {
		take_from_list(w);
		w->watching = true;
		w->to_share = to_share;
		invite(w);
		polls = w->polls;
	} else {
		/*
		 * Still locked: whoever enters the list from now on must not fall asleep while
		 * others believe that somebody watches.
		 */
		atomic_store_explicit(&s->watched, 0, memory_order_release);
	}
	weft__unlock_always(&s->idle_lock);
	if (w)
		wake(w, polls);
}

WEFT__NO_TSAN void weft__wake_one(void)
{
	if (weft__idle_unwatched())
		wake_watcher(false);
}

WEFT__NO_TSAN void weft__wake_to_share(void)
{
	if (weft__idle_unwatched())
		wake_watcher(true);
}

WEFT__NO_TSAN void weft__wake_worker(struct weft__worker *w)
{
	bool mine, polls;

	weft__lock_always(&weft__sched.idle_lock);
	mine = w->idle;
	polls = w->polls;
	if (mine)
		take_from_list(w);
	weft__unlock_always(&weft__sched.idle_lock);
	if (mine)
		wake(w, polls);
}

WEFT__NO_TSAN void weft__stop_workers(void)
{
	struct weft__sched *s = &weft__sched;

	atomic_store_explicit(&s->stopping, true, memory_order_seq_cst);
	weft__call_workers(WEFT__CALL_STOP);
}

WEFT__NO_TSAN void weft__call_workers(uint32_t bit)
{
	struct weft__sched *s = &weft__sched;

	/* Before idle_lock: who enters the list later sees it behind that, and does not sleep. */
	atomic_fetch_or_explicit(&s->calls, bit, memory_order_seq_cst);
	weft__lock_always(&s->idle_lock);
	while (s->idle_list) {
		struct weft__worker *w = s->idle_list;

		take_from_list(w);
		wake(w, w->polls);
	}
	weft__unlock_always(&s->idle_lock);
}

/* ---- What ends idleness ---------------------------------------------------------------------
 */

WEFT__NO_TSAN bool weft__others_run(void)
{
	return atomic_load_explicit(&weft__sched.nidle, memory_order_relaxed) <
	       weft__sched.nworkers - 1;
}

WEFT__NO_TSAN bool weft__timer_is_due(int64_t now)
{
	return weft__timers_next() <= now && weft__timers_wake() <= now;
}

WEFT__NO_TSAN bool weft__is_called(struct weft__worker *w, int64_t now)
{
	struct weft__sched *s = &weft__sched;

	return atomic_load_explicit(&w->inbox, memory_order_relaxed) ||
	       atomic_load_explicit(&s->inbox, memory_order_relaxed) ||
	       atomic_load_explicit(&s->calls, memory_order_relaxed) || weft__poller_overdue(now);
}

/* ---- Sleeping ---------------------------------------------------------------------------------
 */

static WEFT__NO_TSAN bool work_elsewhere(const struct weft__worker *w)
{
	struct weft__sched *s = &weft__sched;

	for (int i = 0; i < s->nworkers; i++) {
		if (i != w->index && !weft__runq_empty(&s->workers[i].runq))
			return true;
	}
	return false;
}

/* The caller has an empty run queue. */
static WEFT__NO_TSAN bool work_anywhere(const struct weft__worker *self)
{
	struct weft__sched *s = &weft__sched;

	if (atomic_load_explicit(&s->inbox, memory_order_acquire) || work_elsewhere(self))
		return true;
	for (int i = 0; i < s->nworkers; i++) {
		if (atomic_load_explicit(&s->workers[i].inbox, memory_order_acquire))
			return true;
	}
	return false;
}

/*
 * Nobody can ever go on: all workers are idle (the caller holds idle_lock), and nothing may come.
 */
static WEFT__NO_TSAN bool is_deadlock(const struct weft__worker *self)
{
	struct weft__sched *s = &weft__sched;

	return atomic_load_explicit(&s->nidle, memory_order_relaxed) == s->nworkers &&
	       atomic_load_explicit(&s->doors, memory_order_acquire) == 0 &&
	       !weft__poller_waiting() &&
	       !atomic_load_explicit(&s->stopping, memory_order_acquire) &&
	       !weft__timers_any(weft__timer_wakes) && !work_anywhere(self);
}

/* Out of the list, if nobody has taken us out to wake us. */
static WEFT__NO_TSAN void unregister(struct weft__worker *w)
{
	weft__lock_always(&weft__sched.idle_lock);
	if (w->idle)
		take_from_list(w);
	weft__unlock_always(&weft__sched.idle_lock);
}

/*
 * One of those who sleep on their futex stands by for the poller, since whoever polls may have
 * found a coroutine that computes, and be long in coming back. It looks now and then while
 * descriptors are busy. While they are quiet it sleeps; then who leaves the poller wakes it. Where
 * nobody stands by, who goes on to run a coroutine while others wait for descriptors wakes one who
 * then does.
 */
static struct {
	/*
	 * Exchanged, seq_cst, against the poller's `waiting`: it is seen to go, or sees that
	 * somebody waits.
	 */
	_Atomic(struct weft__worker *) who;
	/* As above, against the poller's `entered`: it sleeps, or sees that the other has left. */
	atomic_bool asleep;
} standby;

static WEFT__NO_TSAN void end_standby(struct weft__worker *w)
{
	if (atomic_load_explicit(&standby.who, memory_order_relaxed) == w)
		atomic_exchange_explicit(&standby.who, NULL, memory_order_seq_cst);
}

static WEFT__NO_TSAN bool stands_by(struct weft__worker *w, int64_t now)
{
	struct weft__worker *none = NULL;

	if (!weft__poller_used(now)) {
		end_standby(w);
		if (!weft__poller_waiting())
			return false;
	}
	return atomic_load_explicit(&standby.who, memory_order_relaxed) == w ||
	       atomic_compare_exchange_strong_explicit(
		       &standby.who, &none, w, memory_order_seq_cst, memory_order_relaxed);
}

WEFT__NO_TSAN void weft__standby_check(void)
{
	if (weft__multi && weft__poller_unattended() &&
		!atomic_load_explicit(&standby.who, memory_order_seq_cst))
		weft__wake_one();
}

WEFT__NO_TSAN void weft__standby_call(void)
{
	struct weft__worker *w;

	if (!atomic_load_explicit(&standby.asleep, memory_order_seq_cst))
		return;
	w = atomic_load_explicit(&standby.who, memory_order_acquire);
	if (w)
		weft__wake_worker(w);
}

static WEFT__NO_TSAN void doze(struct weft__worker *w, int64_t until)
{
	weft__alone_go();
	weft__futex_wait(&w->wake_word, 0, until);
	weft__alone_come();
}

static WEFT__NO_TSAN void sleep_on_futex(struct weft__worker *w, int64_t until)
{
	int64_t now = weft_now(), look = now + WEFT__STANDBY_NS;

	if (!stands_by(w, now)) {
		doze(w, until);
		return;
	}
	if (weft__poller_quiet(now)) {
		atomic_exchange_explicit(&standby.asleep, true, memory_order_seq_cst);
		if (weft__poller_quiet(now))
			look = until;
	}
	doze(w, look < until ? look : until);
	atomic_store_explicit(&standby.asleep, false, memory_order_relaxed);
}

static WEFT__NO_TSAN void leave_poller(void)
{
	weft__poller_note(weft_now());
	weft__poller_leave();
}

/* A place, or an earlier one, for who is in the idle list. Until when it sleeps. */
static WEFT__NO_TSAN int64_t take_alarm(struct weft__worker *w)
{
	int64_t wake = weft__timers_wake(), until;

	weft__lock_always(&weft__sched.idle_lock);
	if (w->idle)
		weft__alarm_take(w, wake);
	until = w->up_at;
	weft__unlock_always(&weft__sched.idle_lock);
	return until;
}

/* The place was for a timer that is gone. Another, as sleep() does it. */
static WEFT__NO_TSAN void renew_alarm(struct weft__worker *w)
{
	int64_t wake = weft__timers_wake();

	weft__lock_always(&weft__sched.idle_lock);
	weft__alarm_clear(w);
	if (w->idle)
		weft__alarm_take(w, wake);
	weft__unlock_always(&weft__sched.idle_lock);
	weft__barrier_heavy();
}

/* One of those who sleep does it in the poller (`polls`). Returns what that has found. */
static WEFT__NO_TSAN struct weft__co *sleep_until_woken(struct weft__worker *w, bool polls)
{
	struct weft__co *found = NULL;

	weft__trace_reserve(w, WEFT__TRACE_WORKER_UNITS);
	weft__trace_worker(w, WEFT_WORKER_PARK);
	for (;;) {
		int64_t until = take_alarm(w), now;

		if (weft__timer_is_due(weft_now()))
			break;
		if (polls)
			found = weft__poller_run(until);
		else
			sleep_on_futex(w, until);
		now = weft_now();
		if (found || weft__poller_vacant(now) ||
			atomic_load_explicit(&w->wake_word, memory_order_acquire) ||
			weft__timer_is_due(now))
			break;
		renew_alarm(w);
		/* Who fired it may be busy with the first, and keep the others waiting. */
		if (work_elsewhere(w) && begin_watch()) {
			w->watching = true;
			break;
		}
	}
	weft__trace_reserve(w, WEFT__TRACE_WORKER_UNITS);
	weft__trace_worker(w, WEFT_WORKER_UNPARK);
	return found;
}

/*
 * While it had a place, others may have kept work for themselves, since it was to look at their
 * queues in a moment (share_due). What they stored before they saw the place is seen here, behind
 * idle_lock: see weft__alarm_soon.
 */
static WEFT__NO_TSAN void keep_promise(const struct weft__worker *w)
{
	if (work_elsewhere(w))
		weft__wake_one();
}

static WEFT__NO_TSAN void sleep(struct weft__worker *w)
{
	struct weft__sched *s = &weft__sched;
	struct weft__co *found = NULL;
	bool polls = weft__poller_enter();
	int64_t wake = weft__timers_wake();

	weft__lock_always(&s->idle_lock);
	atomic_store_explicit(&w->wake_word, 0, memory_order_relaxed);
	w->idle = true;
	w->polls = polls;
	w->idle_next = s->idle_list;
	s->idle_list = w;
	w->up_at = WEFT_NEVER;
	w->had_place = false;
	weft__alarm_take(w, wake);
	atomic_fetch_add_explicit(&s->nidle, 1, memory_order_relaxed);
	if (is_deadlock(w))
		weft__report_deadlock();
	weft__unlock_always(&s->idle_lock);
	weft__barrier_heavy();
	if (work_elsewhere(w) && begin_watch()) {
		/* Who made it may have seen somebody watch just before, and so have woken nobody.
		 */
		w->watching = true;
	} else if (atomic_load_explicit(&w->inbox, memory_order_acquire) ||
		   atomic_load_explicit(&s->inbox, memory_order_acquire) ||
		   atomic_load_explicit(&s->calls, memory_order_acquire)) {
		/* For us: find_work finds it. */
	} else {
		weft__note_time(w);
		found = sleep_until_woken(w, polls);
		weft__note_time(w);
	}
	if (polls)
		leave_poller();
	else
		end_standby(w);
	unregister(w);
	/* Behind idle_lock, as the monitor's last look before it sleeps. */
	if (atomic_load_explicit(&s->monitor_sleeps, memory_order_relaxed))
		weft__monitor_wake();
	weft__ready_found(w, found); /* out of the list: else we would wake ourselves */
	if (w->had_place && !w->watching)
		keep_promise(w);
}

/*
 * Was it right to wake this worker for the rest of what was due? What it found without taking it
 * from another says no.
 */
static WEFT__NO_TSAN void note_share(struct weft__worker *w, bool took)
{
	_Atomic uint32_t *in_vain = &weft__sched.in_vain;

	if (!w->to_share)
		return;
	w->to_share = false;
	atomic_store_explicit(in_vain,
		took ? 0 : atomic_load_explicit(in_vain, memory_order_relaxed) + 1,
		memory_order_relaxed);
}

static WEFT__NO_TSAN void end_watch(struct weft__worker *w, bool took)
{
	w->watching = w->called_away = false;
	if (w->invite.from) /* it found something else before it watched */
		weft__runq_restore(&w->invite.from->runq);
	w->invite.from = NULL;
	note_share(w, took);
	/* release: pairs with the next one's acquire in begin_watch. */
	atomic_store_explicit(&weft__sched.watched, 0, memory_order_release);
}

WEFT__NO_TSAN void weft__watch_end(struct weft__worker *w, bool more)
{
	end_watch(w, false);
	/* Who relied on us stored its work before, and we see it behind this. */
	weft__barrier_heavy();
	if (more || work_elsewhere(w) ||
		atomic_load_explicit(&weft__sched.inbox, memory_order_relaxed))
		weft__wake_one();
}

/*
 * Time enough to give memory back: no timer for so long, or else a bit of it at such intervals.
 */
#define QUIET_NS (10 * WEFT_MS)
#define TRIM_EVERY_NS WEFT_SEC

static WEFT__NO_TSAN bool trim(struct weft__worker *w, int64_t now)
{
	if (weft__timers_next() <= now + QUIET_NS && now - w->trimmed_at < TRIM_EVERY_NS)
		return false;
	if (!weft__stacks_trim())
		return false;
	w->trimmed_at = now;
	return true;
}

WEFT__NO_TSAN struct weft__co *weft__idle(struct weft__worker *w)
{
	struct weft__co *co = NULL;
	int64_t now;

	weft__watch_judge(w);
	if (!w->watching && weft__others_run())
		w->watching = begin_watch();
	if (w->watching && weft__sched.nworkers > 1)
		co = weft__watch(w);
	if (co) {
		end_watch(w, true);
		weft__wake_one();
		return co;
	}
	now = weft_now();
	/* Who is called away still watches, until it has found what for (find_work). */
	if (weft__is_called(w, now) || weft__timer_is_due(now))
		return NULL;
	/* Before the trimming, which takes long: others would count on us meanwhile. */
	if (w->watching)
		end_watch(w, false);
	if (!trim(w, now))
		sleep(w);
	return NULL;
}
