/* SPDX-License-Identifier: MIT
 *
 * The rare side of the run queues: stealing, and the owner who meets a thief.
 */
#include "runtime/runq.h"

#include <limits.h>

#include "runtime/cpu.h"
#include "runtime/probe.h"
#include "runtime/sched.h"
#include "tracer/record/futex.h"

#define SPINS 100 /* a thief is inside for well under a microsecond, if it isn't descheduled */

WEFT__NO_TSAN void weft__runq_enter_slowly(struct weft__runq *q)
{
	do {
		uint32_t thief;

		/* Let it in, if it waits for us. */
		atomic_store_explicit(&q->busy, 0, memory_order_release);
		for (int i = 0; i < SPINS && atomic_load_explicit(&q->thief, memory_order_relaxed);
			i++)
			weft__relax();
		thief = 1;
		if (atomic_load_explicit(&q->thief, memory_order_relaxed) == 2 ||
			atomic_compare_exchange_strong_explicit(
				&q->thief, &thief, 2, memory_order_relaxed, memory_order_relaxed))
			weft__futex_wait(&q->thief, 2, INT64_MAX);
		atomic_store_explicit(&q->busy, 1, memory_order_seq_cst);
		weft__barrier_light();
	} while (atomic_load_explicit(&q->thief, memory_order_seq_cst) != 0);
}

static WEFT__NO_TSAN void thief_leave(struct weft__runq *q)
{
	/* release: pairs with the load of `thief` in weft__runq_enter. */
	if (atomic_exchange_explicit(&q->thief, 0, memory_order_release) == 2)
		weft__futex_wake(&q->thief, 1);
}

/* False: another thief is there, or the owner was inside for longer than usual. */
static WEFT__NO_TSAN bool thief_enter(struct weft__runq *q)
{
	uint32_t none = 0;

	if (!atomic_compare_exchange_strong_explicit(
		    &q->thief, &none, 1, memory_order_seq_cst, memory_order_relaxed))
		return false;
	weft__barrier_heavy();
	for (int i = 0; i < SPINS; i++) {
		/* acquire: pairs with weft__runq_leave. */
		if (atomic_load_explicit(&q->busy, memory_order_seq_cst) == 0)
			return true;
		weft__relax();
	}
	thief_leave(q);
	return false;
}

static WEFT__NO_TSAN uint32_t take(
	struct weft__runq *q, bool with_next, struct weft__co *batch[WEFT__STEAL_MOST])
{
	uint32_t count = atomic_load_explicit(&q->count, memory_order_relaxed), n;

	n = count - count / 2;
	n = n < WEFT__STEAL_MOST ? n : WEFT__STEAL_MOST;
	for (uint32_t i = 0; i < n; i++)
		batch[i] = weft__runq_get_oldest(q);
	if (n == 0 && with_next && (batch[0] = weft__runq_get(q)))
		n = 1;
	return n;
}

WEFT__NO_TSAN struct weft__co *weft__runq_steal(
	struct weft__worker *thief, struct weft__worker *victim, bool with_next)
{
	struct weft__co *batch[WEFT__STEAL_MOST];
	uint32_t n;

	weft__trace_reserve(thief, WEFT__TRACE_STEAL_UNITS);
	if (!thief_enter(&victim->runq))
		return NULL;
	n = take(&victim->runq, with_next, batch);
	thief_leave(&victim->runq);
	if (n == 0)
		return NULL;
	weft__trace_steal(thief, victim->index, batch, n);
	if (n > 1) {
		weft__runq_enter(&thief->runq);
		for (uint32_t i = 1; i < n; i++)
			weft__runq_put(&thief->runq, batch[i]);
		weft__runq_leave(&thief->runq);
	}
	return batch[0];
}
