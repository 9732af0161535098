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

/* The worker is in the idle list. Until when it sleeps, or WEFT_NEVER. */
int64_t weft__alarm_set(struct weft__worker *worker);

/* It sleeps no more, or will ask again. Under idle_lock. */
void weft__alarm_clear(struct weft__worker *worker);

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
	if (next == WEFT_NEVER)
		return;
	/* Who is to be up clears its place, has all pass a barrier, and looks at the first timer. */
	weft__barrier_light();
	if (atomic_load_explicit(&weft__sched.alarm, memory_order_relaxed) - WEFT__ALARM_GRACE_NS >
		next)
		weft__wake_one();
}

/*
 * Somebody who sleeps is up within two milliseconds, and looks at the queues then: to be asked once
 * the new work is stored.
 */
static WEFT__NO_TSAN_INLINE bool weft__alarm_soon(void)
{
	weft__barrier_light();
	return atomic_load_explicit(&weft__sched.alarm, memory_order_relaxed) -
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
