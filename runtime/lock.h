/* SPDX-License-Identifier: MIT
 *
 * A lock for short stretches: spins a little, then sleeps on a futex, since its holder's thread may
 * have been descheduled. Nothing that waits, calls the user or formats runs under one.
 *
 * While a run has one worker, channels and their kin are touched by one thread only (that is why
 * foreign threads may call nothing but weft_post): weft__lock then costs a branch, and little more
 * while all other workers sleep (alone.h). Locks that foreign threads take as well use
 * weft__lock_always.
 *
 * A coroutine may park holding one; the context that runs next gives it back (weft__park).
 * Order where two are held: the list of channels before a channel, a channel before the timers;
 * channels by address.
 */
#ifndef WEFT_RUNTIME_LOCK_H
#define WEFT_RUNTIME_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/alone.h"
#include "runtime/sanitize.h"
#include "tracer/record/hidden.h"

/* 0 free, or held by who is alone; 1 held, 2 held and somebody may sleep on it. */
struct weft__lock {
	_Atomic uint32_t word;
};

extern WEFT__HIDDEN bool weft__multi; /* written while there is no other worker */

void weft__lock_wait(struct weft__lock *lock);
void weft__lock_wake(struct weft__lock *lock);

static inline void weft__lock_always(struct weft__lock *lock)
{
	uint32_t free = 0;

	/* acquire: sees all that the last holder did before its release in weft__unlock_always. */
	if (!atomic_compare_exchange_strong_explicit(
		    &lock->word, &free, 1, memory_order_acquire, memory_order_relaxed))
		weft__lock_wait(lock);
}

static inline void weft__unlock_always(struct weft__lock *lock)
{
	/* release, by an exchange: pairs with the acquire in weft__lock_always and _wait. */
	if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) == 2)
		weft__lock_wake(lock);
}

/*
 * True: until weft__single_leave no other thread is where weft__lock is taken, since there is one
 * worker, or ours is alone. A few instructions without a call, which need no lock and no order.
 */
static inline bool weft__single_enter(void)
{
	return !weft__multi || weft__alone_enter_briefly();
}

static inline void weft__single_leave(void)
{
	if (weft__multi)
		weft__alone_leave_briefly();
}

static inline void weft__lock(struct weft__lock *lock)
{
	if (weft__multi && !weft__alone_enter())
		weft__lock_always(lock);
}

/* By its holder: it was alone when it entered, and did not take it. relaxed: our own store, if any.
 */
static WEFT__NO_TSAN_INLINE bool weft__lock_not_taken(struct weft__lock *lock)
{
	return atomic_load_explicit(&lock->word, memory_order_relaxed) == 0;
}

static inline void weft__unlock(struct weft__lock *lock)
{
	if (!weft__multi)
		return;
	if (weft__lock_not_taken(lock))
		weft__alone_leave();
	else
		weft__unlock_always(lock);
}

/*
 * Before parking with the lock held, which weft__unlock_unseen gives back from another context. For
 * TSan the lock is released here, with all that the caller did, and not there: what runs next on
 * this worker has nothing to do with it.
 */
static inline void weft__lock_park(struct weft__lock *lock)
{
#if WEFT__TSAN
	atomic_fetch_add_explicit(&lock->word, 0, memory_order_release);
#else
	(void)lock;
#endif
}

/*
 * As weft__lock and weft__unlock, unseen by TSan: for the scheduler's own locks, and to give back
 * one that was parked with.
 */
void weft__lock_unseen(struct weft__lock *lock);
void weft__unlock_unseen(struct weft__lock *lock);

#endif
