/* SPDX-License-Identifier: MIT
 *
 * Who comes and goes, and so whether one is alone.
 */
#include "runtime/alone.h"

#include <sched.h>

#include "runtime/barrier.h"
#include "runtime/cpu.h"
#include "runtime/lock.h"
#include "runtime/sched.h"

#define SPINS 100

struct weft__alone weft__alone;

static struct weft__lock lock; /* of `present`, and of each state that follows from it */
static int present;

/* TSan knows nothing of membarriers. */
static bool possible(void)
{
	return weft__multi && weft__asymmetric && !WEFT__TSAN;
}

WEFT__NO_TSAN void weft__alone_init(void)
{
	present = 0;
	atomic_store_explicit(&weft__alone.state, WEFT__SHARED, memory_order_relaxed);
	atomic_store_explicit(&weft__alone.inside, 0, memory_order_relaxed);
	atomic_store_explicit(&weft__alone.brief, 0, memory_order_relaxed);
}

/* acquire: pairs with weft__alone_leave and _leave_briefly. */
static WEFT__NO_TSAN bool is_inside(void)
{
	struct weft__alone *a = &weft__alone;

	return atomic_load_explicit(&a->inside, memory_order_acquire) != 0 ||
	       atomic_load_explicit(&a->brief, memory_order_acquire) != 0;
}

/*
 * Whoever comes meanwhile does the same. The one who was alone sees the state, or we see that it is
 * inside and wait: for some ns, but its thread may be descheduled.
 */
static WEFT__NO_TSAN void end(void)
{
	uint32_t ending = WEFT__ENDING;

	weft__barrier_heavy();
	for (uint32_t spins = 0; is_inside(); spins++) {
		if (spins < SPINS)
			weft__relax();
		else
			sched_yield();
	}
	/* release: pairs with weft__alone_come. Else we are alone by now, or another has ended it.
	 */
	atomic_compare_exchange_strong_explicit(&weft__alone.state, &ending, WEFT__SHARED,
		memory_order_release, memory_order_relaxed);
}

WEFT__NO_TSAN void weft__alone_come(void)
{
	_Atomic uint32_t *state = &weft__alone.state;
	bool shared;

	if (!possible())
		return;
	weft__lock_always(&lock);
	/* acquire: pairs with the releases in end and weft__alone_expect. */
	shared = atomic_load_explicit(state, memory_order_acquire) == WEFT__SHARED;
	if (++present == 1) {
		shared = true; /* with nobody */
		atomic_store_explicit(state, WEFT__ALONE, memory_order_relaxed);
	} else if (!shared) {
		atomic_store_explicit(state, WEFT__ENDING, memory_order_relaxed);
	}
	weft__unlock_always(&lock);
	if (!shared)
		end();
}

WEFT__NO_TSAN void weft__alone_go(void)
{
	if (!possible())
		return;
	weft__lock_always(&lock);
	/* release: pairs with the acquire in weft__alone_enter. */
	if (--present == 1)
		atomic_store_explicit(&weft__alone.state, WEFT__ALONE, memory_order_release);
	weft__unlock_always(&lock);
}

WEFT__NO_TSAN void weft__alone_expect(void)
{
	struct weft__alone *a = &weft__alone;

	/* A worker that wakes another is present: if somebody is alone, we are. */
	if (!weft__worker() ||
		atomic_load_explicit(&a->state, memory_order_relaxed) != WEFT__ALONE ||
		atomic_load_explicit(&a->inside, memory_order_relaxed) != 0)
		return;
	/* release: what we did inside, for who comes. */
	atomic_store_explicit(&a->state, WEFT__SHARED, memory_order_release);
}
