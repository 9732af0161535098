/* SPDX-License-Identifier: MIT
 *
 * The one thread-local of the runtime, in a file of its own so that no compiler (nor LTO: noinline
 * and the barrier) can keep its address across a park; and errno, for the same reason.
 */
#include "runtime/sched.h"

#include <errno.h>
#include <stddef.h>

/* used: named in assembly, which LTO does not read. */
__thread struct weft__worker *weft__this_worker __attribute__((tls_model("initial-exec"), used));

#ifndef WEFT__WORKER_INLINE
__attribute__((noinline)) WEFT__NO_TSAN struct weft__worker *weft__worker(void)
{
	struct weft__worker *worker = weft__this_worker;

	__asm__ volatile("" : "+r"(worker) : : "memory");
	return worker;
}
#endif

WEFT__NO_TSAN struct weft__co *weft__current(void)
{
	struct weft__worker *worker = weft__worker();

	return worker ? worker->current : NULL;
}

__attribute__((noinline)) void weft__worker_set(struct weft__worker *worker)
{
	weft__this_worker = worker;
	__asm__ volatile("" : : : "memory");
}

/* Not for TSan: coroutines share their thread's errno by turns. */
__attribute__((noinline)) WEFT__NO_TSAN int weft__errno(void)
{
	int e = errno;

	__asm__ volatile("" : "+r"(e) : : "memory");
	return e;
}
