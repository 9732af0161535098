/* SPDX-License-Identifier: MIT
 *
 * Timers: one heap for the run. Workers fire what is due when they pass through the scheduler; idle
 * workers sleep no longer than until the first.
 */
#ifndef WEFT_RUNTIME_TIMER_H
#define WEFT_RUNTIME_TIMER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum weft__timer_state {
	WEFT__TIMER_IDLE,
	WEFT__TIMER_ARMED,   /* in the heap */
	WEFT__TIMER_DUE,     /* out of it: in a slot of the worker that fires it, or firing */
	WEFT__TIMER_AWAITED, /* firing, and its owner sleeps until that is over */
	WEFT__TIMER_DONE,    /* `fire` will not touch it again */
};

/* Lies on the stack of whoever waits, or in what will send (ticker.c). */
struct weft__timer {
	/*
	 * Runs on the scheduler's stack, no lock held. Either it makes the owner ready, as the last
	 * thing it does with the timer, or it calls weft__timer_done. (Or the timer belongs to
	 * something that knows when it fires, as tickers do, and is never cancelled.)
	 */
	void (*fire)(struct weft__timer *timer);
	_Atomic(struct weft__timer *) *slot; /* when DUE; both under the timers' lock */
	uint32_t number;
	_Atomic uint32_t state; /* enum weft__timer_state; see weft__timer_disarm */
};

void weft__timers_init(void);
void weft__timers_finish(void);

/*
 * May be called with a channel's lock held; `fire` may run from then on, on any worker. True: it is
 * now the first of all, and an idle worker may sleep for longer than that. The caller then calls
 * weft__alarm_first, once it holds no lock.
 */
bool weft__timer_arm(struct weft__timer *timer, int64_t when, void (*fire)(struct weft__timer *));

/*
 * True: it was armed, and will not fire any more. False: it fires just now, or has fired. May be
 * called with a channel's lock held.
 */
bool weft__timer_disarm(struct weft__timer *timer);

/*
 * Afterwards the timer's memory may go. If it is just firing, waits until `fire` has let go of it
 * (a few hundred ns). Not to be called by an owner that `fire` woke. No lock held.
 */
void weft__timer_cancel(struct weft__timer *timer);

/* The loser's side of `fire`: the owner was woken by somebody else. Release, acquired in cancel. */
void weft__timer_done(struct weft__timer *timer);

/* When the first timer is due, or WEFT_NEVER. Any worker, no lock. */
int64_t weft__timers_next(void);

/*
 * When to wake for the first one: at its time; where timers come thick, up to WEFT__TIMERS_CROWD_NS
 * later, so that one wake-up does for several. A lone timer never waits. Any worker that
 * is present (alone.h), no lock held.
 */
#define WEFT__TIMERS_CROWD_NS (250 * WEFT_US)
int64_t weft__timers_wake(void);

/* Is there an armed timer of which `does` holds? With all workers idle. */
bool weft__timers_any(bool (*does)(struct weft__timer *timer));

/* Fires what is due, but so much only that others get their turn as well. On the scheduler's stack.
 */
void weft__timers_run(void);

#endif
