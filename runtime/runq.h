/* SPDX-License-Identifier: MIT
 *
 * Run queues: each worker has a list of coroutines that are ready, first in first out, and in front
 * of it a slot `next` for the one that was made ready last.
 *
 * The lock is biased: its owner enters by a plain store and a load, since it does so at every
 * switch. A thief revokes the bias first, which takes a membarrier, or the owner did so when it
 * woke that one; from then on both use a lock as any other. docs/scheduler.md tells the protocol.
 * With one worker there is no thief, and no lock.
 */
#ifndef WEFT_RUNTIME_RUNQ_H
#define WEFT_RUNTIME_RUNQ_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/barrier.h"
#include "runtime/co.h"
#include "runtime/lock.h"

struct weft__worker;

/*
 * `next`, head, tail, soon and the links belong to whoever is inside. count is written inside and
 * read by anybody as a hint; tick is the owner's, and tells others how fast it goes on.
 */
struct weft__runq {
	_Atomic uint32_t busy;	  /* the owner is inside, by its bias: see weft__runq_enter */
	_Atomic uint32_t revoked; /* how many have revoked the bias, or are about to */
	bool locked;		  /* the owner is inside, by the lock; the owner's own */
	struct weft__lock lock;	  /* while the bias is revoked */
	_Atomic(struct weft__co *) next;
	struct weft__co *head, *tail;
	struct weft__co *soon; /* the next that weft__runq_put_soon puts in go behind it, or NULL */
	_Atomic uint32_t count; /* in the list */
	_Atomic uint32_t tick;	/* switches */
};

void weft__runq_enter_slowly(struct weft__runq *q);

/* The owner. To be left again within some ten instructions, or by the context it switches to. */
static WEFT__NO_TSAN_INLINE void weft__runq_enter(struct weft__runq *q)
{
	if (!weft__multi)
		return;
	/* Mine first, then a look at theirs: the other half is in weft__runq_revoke. */
	if (weft__asymmetric)
		atomic_store_explicit(&q->busy, 1, memory_order_relaxed);
	else
		atomic_store_explicit(&q->busy, 1, memory_order_seq_cst);
	weft__barrier_light();
	/* acquire: what the last thief did, with its release in weft__runq_restore. */
	if (__builtin_expect(atomic_load_explicit(&q->revoked, memory_order_acquire) != 0, 0))
		weft__runq_enter_slowly(q);
}

static WEFT__NO_TSAN_INLINE void weft__runq_leave(struct weft__runq *q)
{
	if (!weft__multi)
		return;
	/* release: pairs with the acquire of `busy` by the next thief. */
	atomic_store_explicit(&q->busy, 0, memory_order_release);
	if (__builtin_expect(q->locked, 0)) {
		q->locked = false;
		weft__unlock_unseen(&q->lock);
	}
}

/* The rest of the owner's calls are made inside. */

static WEFT__NO_TSAN_INLINE void weft__runq_add(struct weft__runq *q, int n)
{
	uint32_t count = atomic_load_explicit(&q->count, memory_order_relaxed);

	atomic_store_explicit(&q->count, count + (uint32_t)n, memory_order_relaxed);
}

/* Behind all others. */
static WEFT__NO_TSAN_INLINE void weft__runq_put(struct weft__runq *q, struct weft__co *co)
{
	co->next = NULL;
	if (q->head)
		q->tail->next = co;
	else
		q->head = co;
	q->tail = co;
	weft__runq_add(q, 1);
}

/* A chain of n behind all others. */
static WEFT__NO_TSAN_INLINE void weft__runq_put_all(
	struct weft__runq *q, struct weft__co *first, struct weft__co *last, int n)
{
	last->next = NULL;
	if (q->head)
		q->tail->next = first;
	else
		q->head = first;
	q->tail = last;
	weft__runq_add(q, n);
}

/*
 * A chain of n in front of the oldest: what timers wake is late already. Not in front of those that
 * were put in so before, nor of the one that was the oldest then, so that all others go on as well.
 * True: the chain is what comes first now.
 */
static WEFT__NO_TSAN_INLINE bool weft__runq_put_soon(
	struct weft__runq *q, struct weft__co *first, struct weft__co *last, int n)
{
	struct weft__co **link = q->soon ? &q->soon->next : &q->head, *behind = *link;
	bool at_front = !q->soon;

	last->next = behind;
	*link = first;
	if (!behind)
		q->tail = last;
	q->soon = behind ? behind : last;
	weft__runq_add(q, n);
	return at_front;
}

/* In front of all others; the one that was there goes behind them. */
static WEFT__NO_TSAN_INLINE void weft__runq_put_next(struct weft__runq *q, struct weft__co *co)
{
	struct weft__co *old = atomic_load_explicit(&q->next, memory_order_relaxed);

	atomic_store_explicit(&q->next, co, memory_order_relaxed);
	if (old)
		weft__runq_put(q, old);
}

/*
 * Who comes next is touched ahead: of very many, none is in the cache any more. Its stack at once,
 * since its struct was touched the time before, the line of that which its end reads, and the
 * struct of who comes behind it, and, at a guess, of the one behind that. More of the stack than
 * when it was made ready: also what the calls return to, by which it goes on.
 */
static WEFT__NO_TSAN_INLINE void weft__runq_prefetch(struct weft__co *co)
{
	if (!co)
		return;
	weft__co_prefetch(co, 6);
	__builtin_prefetch(&co->arg, 1);
	__builtin_prefetch(co->next, 1);
	if (co->next)
		weft__prefetch_beyond(co, co->next, 1);
}

/* The one that has waited longest in the list, or NULL. */
static WEFT__NO_TSAN_INLINE struct weft__co *weft__runq_get_oldest(struct weft__runq *q)
{
	struct weft__co *co = q->head;

	if (co) {
		q->head = co->next;
		weft__runq_prefetch(q->head);
		weft__runq_add(q, -1);
		if (__builtin_expect(co == q->soon, 0))
			q->soon = NULL;
	}
	return co;
}

static WEFT__NO_TSAN_INLINE struct weft__co *weft__runq_get(struct weft__runq *q)
{
	struct weft__co *co = atomic_load_explicit(&q->next, memory_order_relaxed);

	if (!co)
		return weft__runq_get_oldest(q);
	atomic_store_explicit(&q->next, NULL, memory_order_relaxed);
	return co;
}

/* `co` behind all others, and the next one out, which may be `co` itself. */
static WEFT__NO_TSAN_INLINE struct weft__co *weft__runq_cycle(
	struct weft__runq *q, struct weft__co *co)
{
	struct weft__co *next = atomic_load_explicit(&q->next, memory_order_relaxed);

	if (__builtin_expect(next != NULL, 0)) {
		atomic_store_explicit(&q->next, NULL, memory_order_relaxed);
		weft__runq_put(q, co);
		return next;
	}
	next = q->head;
	if (!next)
		return co;
	co->next = NULL;
	q->tail->next = co;
	q->tail = co;
	q->head = next->next;
	weft__runq_prefetch(q->head);
	if (__builtin_expect(next == q->soon, 0))
		q->soon = NULL;
	return next;
}

/* Anybody, as a hint; exact behind weft__barrier_heavy for what was put in before it. */
static WEFT__NO_TSAN_INLINE bool weft__runq_empty(struct weft__runq *q)
{
	return !atomic_load_explicit(&q->next, memory_order_acquire) &&
	       atomic_load_explicit(&q->count, memory_order_acquire) == 0;
}

/*
 * The owner: it is about to wake a thief, and revokes the bias for it, which takes no barrier. The
 * thief has to hear of it by a release of the owner's, behind this, and restores the bias. False:
 * the owner is inside, and the thief has to revoke it itself.
 */
bool weft__runq_expect(struct weft__runq *q);

/*
 * A thief's calls. Revoke takes some microseconds, and the owner goes on meanwhile, more slowly; so
 * who takes several times revokes once, and restores the bias when it is through.
 */
void weft__runq_revoke(struct weft__runq *q);
void weft__runq_restore(struct weft__runq *q);

/*
 * With the victim's bias revoked: half of its list, rounded up (`next` if the list is empty and
 * with_next). One is returned, the others are put into the thief's own queue; *ret_count says how
 * many they are in all. NULL: nothing.
 */
struct weft__co *weft__runq_steal(struct weft__worker *thief, struct weft__worker *victim,
	bool with_next, uint32_t *ret_count);

#endif
