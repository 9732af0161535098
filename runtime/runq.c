/* SPDX-License-Identifier: MIT
 *
 * The rare side of the run queues: stealing, and the owner who meets a thief.
 */
#include "runtime/runq.h"

#include <sched.h>

#include "runtime/cpu.h"
#include "runtime/probe.h"
#include "runtime/sched.h"

#define SPINS 100

WEFT__NO_TSAN void weft__runq_enter_slowly(struct weft__runq *q)
{
	/* A thief may wait for this, to know that we go by the lock from now on. */
	atomic_store_explicit(&q->busy, 0, memory_order_release);
	weft__lock_unseen(&q->lock);
	q->locked = true;
}

WEFT__NO_TSAN void weft__runq_revoke(struct weft__runq *q)
{
	atomic_fetch_add_explicit(&q->revoked, 1, memory_order_seq_cst);
	weft__barrier_heavy();
	/*
	 * Either the owner saw `revoked`, or it is inside by its bias, and we see that. acquire:
	 * pairs with weft__runq_leave. It is inside for some ns, but its thread may be descheduled
	 * there.
	 */
	for (uint32_t spins = 0; atomic_load_explicit(&q->busy, memory_order_acquire); spins++) {
		if (spins < SPINS)
			weft__relax();
		else
			sched_yield();
	}
}

WEFT__NO_TSAN bool weft__runq_expect(struct weft__runq *q)
{
	if (q->locked || atomic_load_explicit(&q->busy, memory_order_relaxed)) /* ours */
		return false;
	/*
	 * relaxed: each weft__runq_enter from now on is ours, and sees it. What we did inside
	 * before, the thief sees by the release by which it hears of this.
	 */
	atomic_fetch_add_explicit(&q->revoked, 1, memory_order_relaxed);
	return true;
}

WEFT__NO_TSAN void weft__runq_restore(struct weft__runq *q)
{
	/* release: pairs with the acquire of `revoked` in weft__runq_enter. */
	atomic_fetch_sub_explicit(&q->revoked, 1, memory_order_release);
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

WEFT__NO_TSAN struct weft__co *weft__runq_steal(struct weft__worker *thief,
	struct weft__worker *victim, bool with_next, uint32_t *ret_count)
{
	struct weft__co *batch[WEFT__STEAL_MOST];
	uint32_t n;

	weft__trace_reserve(thief, WEFT__TRACE_STEAL_UNITS);
	weft__lock_unseen(&victim->runq.lock);
	n = take(&victim->runq, with_next, batch);
	weft__unlock_unseen(&victim->runq.lock);
	*ret_count = n;
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
