/* SPDX-License-Identifier: MIT
 *
 * Queues of those who wait, first in first out. A waiter lies on the stack of the coroutine that is
 * blocked: blocking allocates nothing. A queue and its waiters are under the lock of the object
 * that the queue belongs to.
 *
 * A select has a waiter in the queue of each of its channels, under different locks, and only one
 * of them may win: whoever takes a waiter out of a queue claims its select first, and drops the
 * waiter if somebody else has.
 */
#ifndef WEFT_RUNTIME_WAITQ_H
#define WEFT_RUNTIME_WAITQ_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/lock.h"
#include "runtime/scope.h"
#include "runtime/timer.h"

struct weft__co;
struct weft_chan;

struct weft__waitq {
	struct weft__waiter *head, *tail;
};

/* One select that waits. `winner` is set once, by whoever wakes it. */
struct weft__claim {
	_Atomic(struct weft__waiter *)
		winner; /* acq_rel, against other claimers; then read by the owner */
};

struct weft__waiter {
	struct weft__waiter *prev, *next;
	struct weft__waitq *queue; /* NULL: in none any more */
	struct weft__co *co;
	struct weft__claim *claim; /* of its select, or NULL */
	void *value;		   /* to take from (send) or to put to (receive) */
	uint64_t msg, from;	   /* of the value: for the trace */
	int index;		   /* of its case, or -1 */
	/*
	 * On a channel: the owner itself gives back the reference that its waiting took. Else
	 * whoever takes it out of the queue does, and the owner does not touch the channel any
	 * more.
	 */
	bool keeps;
	int result; /* 0, -EPIPE: closed, -ETIMEDOUT, -ECANCELED; set by whoever wakes it */
};

static inline void weft__waitq_push(struct weft__waitq *queue, struct weft__waiter *waiter)
{
	waiter->queue = queue;
	waiter->next = NULL;
	waiter->prev = queue->tail;
	if (queue->tail)
		queue->tail->next = waiter;
	else
		queue->head = waiter;
	queue->tail = waiter;
}

void weft__waitq_push_first(struct weft__waitq *queue, struct weft__waiter *waiter);
void weft__waitq_remove(struct weft__waiter *waiter); /* harmless if it is in none */

/* False: it was claimed before. */
bool weft__claim_take(struct weft__claim *claim, struct weft__waiter *winner);

/* The first waiter that can be had, out of the queue and claimed; or NULL. */
static inline struct weft__waiter *weft__waitq_take(struct weft__waitq *queue)
{
	struct weft__waiter *waiter;

	while ((waiter = queue->head)) {
		queue->head = waiter->next;
		if (waiter->next)
			waiter->next->prev = NULL;
		else
			queue->tail = NULL;
		waiter->queue = NULL;
		if (!waiter->claim || weft__claim_take(waiter->claim, waiter))
			return waiter;
	}
	return NULL;
}

/*
 * What may end a wait besides a peer: its deadline, by a timer, and the end of the coroutine's
 * scope. It lies on the stack of who waits, beside the waiter. Whoever of the three comes first,
 * under the lock, wins; the owner leaves only when the others have let go (docs/scheduler.md,
 * "Cancellation").
 */
struct weft__interrupt {
	struct weft__timer timer;
	struct weft__lock *lock; /* of what is waited for */
	struct weft__waiter *waiter;
	uint64_t on;	 /* the object, for the trace; 0: none */
	int64_t *last_t; /* its stamp, or NULL */
	bool timed, scoped;
	int result; /* 0, or -ETIMEDOUT or -ECANCELED by which of them it ended; under the lock */
};

/*
 * The lock is held, the waiter queued (or, of a select, in no queue but with its claim), the block
 * recorded, and room for WEFT__TRACE_PARK_UNITS reserved. 0 or 1: now park, and give the lock back;
 * if 1, call weft__wake_one behind that. -ECANCELED: the scope has just ended and the waiter is out
 * again: give the lock back and do not park. In any case weft__interrupt_end, with no lock held.
 */
int weft__interrupt_begin(struct weft__interrupt *it, struct weft__lock *lock,
	struct weft__waiter *waiter, uint64_t on, int64_t *last_t, int64_t until);
void weft__interrupt_end(struct weft__interrupt *it);

/* For the scope that ends, which has claimed it (scope.c). `by` may be NULL: a timer. */
void weft__interrupt_cancel(struct weft__interrupt *it, struct weft__co *co, struct weft__co *by);

/* Will anything but a peer end the wait? */
static inline bool weft__may_be_interrupted(const struct weft__co *self, int64_t until)
{
	return until != WEFT_NEVER || weft__scope_of(self);
}

/*
 * Asked before a wait, when the operation cannot go on at once: 0, or why not to wait: -EAGAIN
 * (`until` is WEFT_NOW), -ECANCELED (the scope of `self` has ended) or -ETIMEDOUT (`until` is
 * past). Under the lock of what is waited for, or not.
 */
int weft__may_wait_slowly(struct weft__co *self, int64_t until);
static inline int weft__may_wait(struct weft__co *self, int64_t until)
{
	return weft__may_be_interrupted(self, until) ? weft__may_wait_slowly(self, until) : 0;
}

/*
 * Parks with `lock` held and the waiter queued. Ends by a peer, at the deadline (WEFT_NEVER: none),
 * or with the scope: returns waiter->result, which then is -ETIMEDOUT or -ECANCELED.
 */
int weft__wait(struct weft__lock *lock, struct weft__waiter *waiter, uint64_t on, int64_t *last_t,
	int64_t until);

/* The same where there is nothing to wait for: -ETIMEDOUT or -ECANCELED, or for ever. */
int weft__wait_alone(struct weft__co *self, int64_t until);

#endif
