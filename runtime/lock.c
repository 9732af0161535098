/* SPDX-License-Identifier: MIT
 *
 * The slow sides of lock.h.
 */
#include "runtime/lock.h"

#include "runtime/cpu.h"
#include "tracer/record/futex.h"

#define SPINS 100 /* a critical section is 10 to 100 ns long */

bool weft__multi;

static WEFT__NO_TSAN void wait_unseen(struct weft__lock *lock)
{
	for (int i = 0; i < SPINS; i++) {
		uint32_t free = 0;

		if (atomic_load_explicit(&lock->word, memory_order_relaxed) == 0 &&
			atomic_compare_exchange_strong_explicit(
				&lock->word, &free, 1, memory_order_acquire, memory_order_relaxed))
			return;
		weft__relax();
	}
	/* From here on the word is 2 as long as we hold it: somebody else may sleep too. */
	while (atomic_exchange_explicit(&lock->word, 2, memory_order_acquire) != 0)
		weft__futex_wait(&lock->word, 2, INT64_MAX);
}

void weft__lock_wait(struct weft__lock *lock)
{
	wait_unseen(lock);
	/* For TSan: the acquire that it has not seen. */
	if (WEFT__TSAN)
		(void)atomic_load_explicit(&lock->word, memory_order_acquire);
}

WEFT__NO_TSAN void weft__lock_unseen(struct weft__lock *lock)
{
	uint32_t free = 0;

	if (weft__multi && !weft__alone_enter() &&
		!atomic_compare_exchange_strong_explicit(
			&lock->word, &free, 1, memory_order_acquire, memory_order_relaxed))
		wait_unseen(lock);
}

WEFT__NO_TSAN void weft__unlock_unseen(struct weft__lock *lock)
{
	if (!weft__multi)
		return;
	if (weft__lock_not_taken(lock))
		weft__alone_leave();
	else if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) == 2)
		weft__lock_wake(lock);
}

void weft__lock_wake(struct weft__lock *lock)
{
	weft__futex_wake(&lock->word, 1);
}
