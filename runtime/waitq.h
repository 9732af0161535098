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
	int result;		   /* 0, -EPIPE: closed, -ETIMEDOUT; set by whoever wakes it */
};

void weft__waitq_push(struct weft__waitq *queue, struct weft__waiter *waiter);
void weft__waitq_push_first(struct weft__waitq *queue, struct weft__waiter *waiter);
void weft__waitq_remove(struct weft__waiter *waiter); /* harmless if it is in none */

/* The first waiter that can be had, out of the queue and claimed; or NULL. */
struct weft__waiter *weft__waitq_take(struct weft__waitq *queue);

/* False: it was claimed before. */
bool weft__claim_take(struct weft__claim *claim, struct weft__waiter *winner);

/*
 * A wait in one queue that ends at a deadline. The owner arms it with the queue's lock held, parks,
 * and ends it after it has woken, with no lock held.
 */
struct weft__deadline {
	struct weft__timer timer;
	struct weft__lock *lock;
	struct weft__waiter *waiter;
	uint64_t on;	 /* the object, for the trace; 0: none */
	int64_t *last_t; /* its stamp, or NULL */
};

/* True: as weft__timer_arm. */
bool weft__deadline_arm(struct weft__deadline *deadline, struct weft__lock *lock,
	struct weft__waiter *waiter, uint64_t on, int64_t *last_t, int64_t until);
void weft__deadline_end(struct weft__deadline *deadline);

/*
 * Asked before a wait, when the operation cannot go on at once: 0, or why not to wait: -EAGAIN
 * (`until` is WEFT_NOW) or -ETIMEDOUT (it is past). Under the lock of what is waited for, or not.
 */
int weft__may_wait(struct weft__co *self, int64_t until);

/* Parks with `lock` held, and with a deadline unless `until` is WEFT_NEVER. Returns waiter->result.
 */
int weft__wait(struct weft__lock *lock, struct weft__waiter *waiter, uint64_t on, int64_t *last_t,
	int64_t until);

#endif
