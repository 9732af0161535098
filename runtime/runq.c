/* SPDX-License-Identifier: MIT
 *
 * Run queues: a bounded ring for each worker, of which others may steal half, a slot in front of it
 * for the coroutine that was made ready last, and one global list that takes what does not fit.
 *
 * The ring: the owner alone moves `tail`, everybody moves `head` by compare-exchange. A slot is
 * written before the release store of `tail` and read before the compare-exchange of `head`; a
 * thief whose exchange fails has read a stale slot and drops it. Indices wrap at 2^32.
 */
#include "runtime/sched.h"

#include <stdlib.h>

#include "runtime/probe.h"

#define MASK (WEFT__RUNQ_SIZE - 1)

WEFT__NO_TSAN void weft__global_put(struct weft__co *first, struct weft__co *last, uint32_t count)
{
	struct weft__sched *s = &weft__sched;

	last->next = NULL;
	weft__lock(&s->global_lock);
	if (s->global_tail)
		s->global_tail->next = first;
	else
		s->global_head = first;
	s->global_tail = last;
	atomic_store_explicit(&s->global_count,
		atomic_load_explicit(&s->global_count, memory_order_relaxed) + count,
		memory_order_relaxed);
	weft__unlock(&s->global_lock);
}

WEFT__NO_TSAN struct weft__co *weft__global_get(struct weft__worker *w)
{
	struct weft__sched *s = &weft__sched;
	struct weft__co *co;

	(void)w;
	if (atomic_load_explicit(&s->global_count, memory_order_relaxed) == 0)
		return NULL;
	weft__lock(&s->global_lock);
	co = s->global_head;
	if (co) {
		s->global_head = co->next;
		if (!co->next)
			s->global_tail = NULL;
		atomic_store_explicit(&s->global_count,
			atomic_load_explicit(&s->global_count, memory_order_relaxed) - 1,
			memory_order_relaxed);
	}
	weft__unlock(&s->global_lock);
	return co;
}

/* The ring is full: half of it goes to the global list, and co behind it. False: a thief was
 * faster. */
static WEFT__NO_TSAN bool overflow(struct weft__worker *w, struct weft__co *co)
{
	struct weft__co *batch[WEFT__RUNQ_SIZE / 2];
	uint32_t n = WEFT__RUNQ_SIZE / 2;
	uint32_t head = atomic_load_explicit(&w->head, memory_order_acquire);

	if (atomic_load_explicit(&w->tail, memory_order_relaxed) - head < WEFT__RUNQ_SIZE)
		return false;
	for (uint32_t i = 0; i < n; i++)
		batch[i] = atomic_load_explicit(&w->runq[(head + i) & MASK], memory_order_relaxed);
	if (!atomic_compare_exchange_strong_explicit(
		    &w->head, &head, head + n, memory_order_acq_rel, memory_order_relaxed))
		return false;
	for (uint32_t i = 0; i + 1 < n; i++)
		batch[i]->next = batch[i + 1];
	batch[n - 1]->next = co;
	weft__global_put(batch[0], co, n + 1);
	return true;
}

WEFT__NO_TSAN void weft__runq_put(struct weft__worker *w, struct weft__co *co)
{
	uint32_t tail = atomic_load_explicit(&w->tail, memory_order_relaxed);

	for (;;) {
		/* acquire: the slot is free only after its thief has read it. */
		uint32_t head = atomic_load_explicit(&w->head, memory_order_acquire);

		if (tail - head < WEFT__RUNQ_SIZE)
			break;
		if (overflow(w, co))
			return;
	}
	atomic_store_explicit(&w->runq[tail & MASK], co, memory_order_relaxed);
	/* release: pairs with the acquire of tail in steal. */
	atomic_store_explicit(&w->tail, tail + 1, memory_order_release);
}

WEFT__NO_TSAN void weft__runq_put_next(struct weft__worker *w, struct weft__co *co)
{
	struct weft__co *old;

	if (weft__multi) {
		/* acq_rel: pairs with the exchange of a thief. */
		old = atomic_exchange_explicit(&w->next, co, memory_order_acq_rel);
	} else {
		old = atomic_load_explicit(&w->next, memory_order_relaxed);
		atomic_store_explicit(&w->next, co, memory_order_relaxed);
	}
	if (old)
		weft__runq_put(w, old);
}

static WEFT__NO_TSAN struct weft__co *take_next(struct weft__worker *w)
{
	struct weft__co *co = atomic_load_explicit(&w->next, memory_order_relaxed);

	if (!co)
		return NULL;
	if (weft__multi)
		return atomic_exchange_explicit(&w->next, NULL, memory_order_acq_rel);
	atomic_store_explicit(&w->next, NULL, memory_order_relaxed);
	return co;
}

static WEFT__NO_TSAN struct weft__co *take_oldest(struct weft__worker *w)
{
	uint32_t head = atomic_load_explicit(&w->head, memory_order_acquire);
	uint32_t tail = atomic_load_explicit(&w->tail, memory_order_relaxed);

	while (head != tail) {
		struct weft__co *co =
			atomic_load_explicit(&w->runq[head & MASK], memory_order_relaxed);

		if (!weft__multi) {
			atomic_store_explicit(&w->head, head + 1, memory_order_relaxed);
			return co;
		}
		if (atomic_compare_exchange_weak_explicit(
			    &w->head, &head, head + 1, memory_order_acq_rel, memory_order_acquire))
			return co;
	}
	return NULL;
}

WEFT__NO_TSAN struct weft__co *weft__runq_get(struct weft__worker *w)
{
	struct weft__co *co = take_next(w);

	return co ? co : take_oldest(w);
}

WEFT__NO_TSAN struct weft__co *weft__runq_get_oldest(struct weft__worker *w)
{
	struct weft__co *co = take_oldest(w);

	return co ? co : take_next(w);
}

WEFT__NO_TSAN bool weft__runq_empty(struct weft__worker *w)
{
	return !atomic_load_explicit(&w->next, memory_order_acquire) &&
	       atomic_load_explicit(&w->head, memory_order_acquire) ==
		       atomic_load_explicit(&w->tail, memory_order_acquire);
}

WEFT__NO_TSAN struct weft__co *weft__runq_steal(
	struct weft__worker *thief, struct weft__worker *victim, bool with_next)
{
	struct weft__co *batch[WEFT__STEAL_MOST];
	uint32_t head, tail, n;
	bool stale;

	weft__trace_reserve(thief, WEFT__TRACE_STEAL_UNITS);
	head = atomic_load_explicit(&victim->head, memory_order_acquire);
	do {
		/* acquire: pairs with the owner's release; the slots up to tail are written. */
		tail = atomic_load_explicit(&victim->tail, memory_order_acquire);
		n = tail - head;
		n -= n / 2;
		stale = n > WEFT__RUNQ_SIZE / 2;
		if (stale) {
			/* head is stale: the owner has taken some and put others meanwhile. */
			head = atomic_load_explicit(&victim->head, memory_order_acquire);
			continue;
		}
		n = n < WEFT__STEAL_MOST ? n : WEFT__STEAL_MOST;
		for (uint32_t i = 0; i < n; i++)
			batch[i] = atomic_load_explicit(
				&victim->runq[(head + i) & MASK], memory_order_relaxed);
	} while (stale || (n > 0 && !atomic_compare_exchange_weak_explicit(&victim->head, &head,
					    head + n, memory_order_acq_rel, memory_order_acquire)));
	if (n == 0 && with_next && atomic_load_explicit(&victim->next, memory_order_relaxed)) {
		batch[0] = atomic_exchange_explicit(&victim->next, NULL, memory_order_acq_rel);
		n = batch[0] ? 1 : 0;
	}
	if (n == 0)
		return NULL;
	weft__trace_steal(thief, victim->index, batch, n);
	for (uint32_t i = 1; i < n; i++)
		weft__runq_put(thief, batch[i]);
	return batch[0];
}
