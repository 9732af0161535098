/* SPDX-License-Identifier: MIT
 *
 * Waiting on a 32-bit word, and waking who waits on it. Private to the process. A wait may end for
 * no reason: callers look at the word again.
 */
#ifndef WEFT_TRACER_RECORD_FUTEX_H
#define WEFT_TRACER_RECORD_FUTEX_H

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Sleeps while *word is `seen`, at most `ms`. True if the time ran out. errno is kept. */
static inline bool weft__rec_wait(_Atomic uint32_t *word, uint32_t seen, int ms)
{
	struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000L};
	int kept = errno;
	bool late = syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, &ts, NULL, 0) < 0 &&
		    errno == ETIMEDOUT;

	errno = kept;
	return late;
}

static inline void weft__rec_wake(_Atomic uint32_t *word)
{
	int kept = errno;

	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
	errno = kept;
}

#endif
