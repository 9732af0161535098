/* SPDX-License-Identifier: MIT
 *
 * Who wakes for the first timer. Of the workers that sleep one is up for it (the *first up*) and
 * one a little later (the *second*), in case the first is busy then; all others sleep on. So a
 * timer wakes one thread, and is late by ALARM_GRACE_NS at most while a worker sleeps.
 * docs/scheduler.md, "Alarms".
 */
#ifndef WEFT_RUNTIME_ALARM_H
#define WEFT_RUNTIME_ALARM_H

#include <stdint.h>

#include "runtime/sched.h"
#include "runtime/timer.h"

#define WEFT__ALARM_GRACE_NS WEFT_MS

/*
 * Under idle_lock: the worker, which is in the idle list, gets a place if one is wanted, and sleeps
 * until its `up_at` then. `wake` is weft__timers_wake(). A place that it has is changed for an
 * earlier time only, and so needs no further barrier.
 */
void weft__alarm_take(struct weft__worker *worker, int64_t wake);

/* It sleeps no more, or will ask again. Under idle_lock. */
void weft__alarm_clear(struct weft__worker *worker);

/*
 * `alarm`, to be asked once the first timer is stored, by a read-modify-write as all its stores are.
 * Either the one that gives up a place comes later, and is acquire: who does that, and looks at the
 * first timer then, sees it. Or we find the place given up.
 *
 * On x86 a load does: there all stores of `alarm` are full barriers, and so is the unlock behind
 * that of the timer; where no lock was taken (alone.h), who comes makes us pass one.
 */
static WEFT__NO_TSAN_INLINE int64_t weft__alarm_behind(void)
{
#if defined(__x86_64__) || defined(__i386__)
	/* Who takes a place has all pass a barrier before it looks at the first timer. */
	weft__barrier_light();
	return atomic_load_explicit(&weft__sched.alarm, memory_order_relaxed);
#else
	return atomic_fetch_add_explicit(&weft__sched.alarm, 0, memory_order_acq_rel);
#endif
}

/*
 * This worker goes on to run a coroutine: sees to it that somebody else is up for the first timer.
 * No lock held.
 */
static WEFT__NO_TSAN_INLINE void weft__alarm_check(void)
{
	int64_t next;

	if (!weft__multi)
		return;
	next = weft__timers_next();
	if (next != WEFT_NEVER && weft__alarm_behind() - WEFT__ALARM_GRACE_NS > next)
		weft__wake_one();
}

/*
 * Somebody who sleeps is up within two milliseconds, and looks at the queues then, or when it wakes
 * for something else: to be asked once the new work is stored. acq_rel, as all stores of `alarm`
 * are: either the one that gives up the place comes later, and who had it finds the work, or we
 * find the place given up.
 */
static WEFT__NO_TSAN_INLINE bool weft__alarm_soon(void)
{
	return atomic_fetch_add_explicit(&weft__sched.alarm, 0, memory_order_acq_rel) -
		       2 * WEFT__ALARM_GRACE_NS <
	       weft_now();
}

/*
 * A timer has become the first of all. On the scheduler's stack there is nothing to do: the worker
 * checks before it runs a coroutine, or sleeps no longer than until then itself.
 */
static WEFT__NO_TSAN_INLINE void weft__alarm_first(void)
{
	if (weft__worker()->current)
		weft__alarm_check();
}

#endif
