/* SPDX-License-Identifier: MIT
 *
 * Who waits in a queue (waitq.h).
 */
#ifndef WEFT_RUNTIME_WAITER_H
#define WEFT_RUNTIME_WAITER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weft__co;
struct weft__waitq;
struct weft__waiter;

/* One select that waits. `winner` is set once, by whoever wakes it. */
struct weft__claim {
	_Atomic(struct weft__waiter *)
		winner; /* acq_rel, against other claimers; then read by the owner */
};

/* The first 64 bytes are all that waking touches where nothing is recorded. */
struct weft__waiter {
	struct weft__waiter *prev, *next;
	struct weft__waitq *queue; /* NULL: in none any more */
	struct weft__co *co;
	struct weft__claim *claim; /* of its select, or NULL */
	void *value;		   /* to take from (send) or to put to (receive) */
	int index;		   /* of its case, or -1 */
	int result; /* 0, -EPIPE: closed, -ETIMEDOUT, -ECANCELED; set by whoever wakes it */
	/*
	 * On a channel: the owner itself gives back the reference that its waiting took. Else
	 * whoever takes it out of the queue does, and the owner does not touch the channel any
	 * more.
	 */
	bool keeps;
	uint64_t msg, from; /* of the value: for the trace */
};

#endif
