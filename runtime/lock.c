/* SPDX-License-Identifier: MIT
 *
 * The slow sides of lock.h, and the futex calls under them.
 */
#include "runtime/lock.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/futex.h"

#define SPINS 100 /* a critical section is 10 to 100 ns long */

bool weft__multi;

/* errno is put back: it is the thread's, whatever coroutine runs there. Hence also not for TSan. */
static WEFT__NO_TSAN long futex(
	_Atomic uint32_t *word, int op, uint32_t val, const struct timespec *timeout)
{
	int saved = errno;
	long r = syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, val, timeout, NULL,
		FUTEX_BITSET_MATCH_ANY);

	errno = saved;
	return r;
}

void weft__futex_wait(_Atomic uint32_t *word, uint32_t expected, int64_t until)
{
	struct timespec ts = {until / 1000000000, until % 1000000000};

	if (until < 0)
		ts = (struct timespec){0, 0};
	futex(word, FUTEX_WAIT_BITSET, expected, until == INT64_MAX ? NULL : &ts);
}

void weft__futex_wake(_Atomic uint32_t *word, int count)
{
	futex(word, FUTEX_WAKE, (uint32_t)count, NULL);
}

void weft__lock_wait(struct weft__lock *lock)
{
	for (int i = 0; i < SPINS; i++) {
		uint32_t free = 0;

		if (atomic_load_explicit(&lock->word, memory_order_relaxed) == 0 &&
			atomic_compare_exchange_strong_explicit(
				&lock->word, &free, 1, memory_order_acquire, memory_order_relaxed))
			return;
#if defined(__x86_64__)
		__builtin_ia32_pause();
#endif
	}
	/* From here on the word is 2 as long as we hold it: somebody else may sleep too. */
	while (atomic_exchange_explicit(&lock->word, 2, memory_order_acquire) != 0)
		weft__futex_wait(&lock->word, 2, INT64_MAX);
}

WEFT__NO_TSAN void weft__unlock_parked(struct weft__lock *lock)
{
	if (weft__multi && atomic_exchange_explicit(&lock->word, 0, memory_order_release) == 2)
		weft__lock_wake(lock);
}

void weft__lock_wake(struct weft__lock *lock)
{
	weft__futex_wake(&lock->word, 1);
}
