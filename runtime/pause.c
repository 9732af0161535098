/* SPDX-License-Identifier: MIT
 *
 * One pause at a time, each with a number. Who calls for it sets the bit in `calls` and wakes the
 * idle; a worker that sees the bit notes the number of the pause it keeps, and sleeps until the
 * number has changed.
 */
#include "runtime/pause.h"

#include <limits.h>

#include "runtime/sched.h"
#include "tracer/record/futex.h"

static struct {
	_Atomic uint32_t busy;	  /* 1: a pause is called for or going on. acq_rel */
	_Atomic uint32_t number;  /* futex; of the pause that goes on, or comes next */
	_Atomic uint32_t arrived; /* futex; counts up whenever a worker keeps one */
} pause_ = {.number = 1};	  /* a worker of zeroes keeps none */

WEFT__NO_TSAN bool weft__pause_kept(const struct weft__worker *w)
{
	/* acquire: pairs with the release in weft__pause_here; what ran on w is complete. */
	uint32_t paused = atomic_load_explicit(&w->paused, memory_order_acquire);

	return paused == WEFT__PAUSED_GONE ||
	       paused == atomic_load_explicit(&pause_.number, memory_order_relaxed);
}

static WEFT__NO_TSAN bool all_keep_it(const struct weft__worker *self)
{
	const struct weft__sched *s = &weft__sched;

	for (int i = 0; i < s->nthreads; i++) {
		if (&s->workers[i] != self && !weft__pause_kept(&s->workers[i]))
			return false;
	}
	return true;
}

WEFT__NO_TSAN bool weft__pause_begin(struct weft__worker *self, int64_t until)
{
	uint32_t free = 0;

	if (!atomic_compare_exchange_strong_explicit(
		    &pause_.busy, &free, 1, memory_order_acq_rel, memory_order_relaxed))
		return false;
	weft__call_workers(WEFT__CALL_PAUSE);
	for (;;) {
		uint32_t arrived = atomic_load_explicit(&pause_.arrived, memory_order_acquire);

		if (all_keep_it(self) || weft_now() >= until)
			return true;
		weft__futex_wait(&pause_.arrived, arrived, until);
	}
}

WEFT__NO_TSAN void weft__pause_end(void)
{
	atomic_fetch_and_explicit(&weft__sched.calls, ~WEFT__CALL_PAUSE, memory_order_seq_cst);
	/* release: pairs with the acquire in weft__pause_here. */
	atomic_fetch_add_explicit(&pause_.number, 1, memory_order_acq_rel);
	weft__futex_wake(&pause_.number, INT_MAX);
	atomic_store_explicit(&pause_.busy, 0, memory_order_release);
}

WEFT__NO_TSAN void weft__pause_here(struct weft__worker *w)
{
	uint32_t number = atomic_load_explicit(&pause_.number, memory_order_acquire);

	/* The number first: if the pause ends in between, the bit is gone or the number is old. */
	if (!(atomic_load_explicit(&weft__sched.calls, memory_order_acquire) & WEFT__CALL_PAUSE))
		return;
	atomic_store_explicit(&w->paused, number, memory_order_release);
	atomic_fetch_add_explicit(&pause_.arrived, 1, memory_order_acq_rel);
	weft__futex_wake(&pause_.arrived, 1);
	while (atomic_load_explicit(&pause_.number, memory_order_acquire) == number)
		weft__futex_wait(&pause_.number, number, WEFT_NEVER);
}
