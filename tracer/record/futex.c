/* SPDX-License-Identifier: MIT */
#include "tracer/record/futex.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tracer/record/race.h"

/* 0 or a negative errno value. Not for TSan: coroutines share their thread's errno by turns. */
static WEFT__NO_TSAN long futex(
	_Atomic uint32_t *word, int op, uint32_t val, const struct timespec *until)
{
	int kept = errno;
	long r = syscall(
		SYS_futex, word, op | FUTEX_PRIVATE_FLAG, val, until, NULL, FUTEX_BITSET_MATCH_ANY);

	r = r < 0 ? -errno : 0;
	errno = kept;
	return r;
}

/* Not for TSan either: who waits may stand on the stack of a coroutine that has ended. */
WEFT__NO_TSAN /* Not for TSan either: a coroutine that has ended may wait here before it leaves its
		 stack. */
	WEFT__NO_TSAN bool
	weft__futex_wait(_Atomic uint32_t *word, uint32_t expected, int64_t until)
{
	struct timespec ts = {0, 0};

	if (until > 0)
		ts = (struct timespec){until / 1000000000, until % 1000000000};
	return futex(word, FUTEX_WAIT_BITSET, expected, until == INT64_MAX ? NULL : &ts) ==
	       -ETIMEDOUT;
}

void weft__futex_wake(_Atomic uint32_t *word, int count)
{
	futex(word, FUTEX_WAKE, (uint32_t)count, NULL);
}
