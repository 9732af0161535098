/* SPDX-License-Identifier: MIT
 *
 * Cancellation scopes, as the rest of the runtime sees them.
 *
 * A coroutine is in the ring of its scope's coroutines all the time, so a wait costs no lock of the
 * scope: it publishes in its own struct how the wait may be ended, and takes that back afterwards.
 * `interrupt` is
 *
 *	NULL		nothing to end
 *	a pointer	published by the owner, who holds the lock of what it waits for
 *	TAKEN		claimed by the scope that ends, which now does what a deadline's timer does
 *
 * docs/scheduler.md, "Cancellation", says why no end is missed.
 */
#ifndef WEFT_RUNTIME_SCOPE_H
#define WEFT_RUNTIME_SCOPE_H

#include "runtime/co.h"
#include "runtime/lock.h"
#include "runtime/timer.h"

#define WEFT__REASON_BYTES 96

/* `lock` guards what has no remark; at_* and parent do not change. */
struct weft_scope {
	struct weft__lock lock;
	bool timed; /* the timer may be in the heap; by who makes, ends or frees the scope */
	/*
	 * 0 until the scope ends. Written under the lock; seq_cst, against `interrupt` of its
	 * coroutines. Who reads something else than 0 sees the reason too.
	 */
	_Atomic int error;
	_Atomic uint64_t refs;		  /* acq_rel: the last unref sees all that others did */
	struct weft_scope *parent;	  /* or NULL; we hold a reference */
	struct weft__link among_siblings; /* under the parent's lock */
	struct weft__link children, cos;
	int64_t until;
	int64_t last_t; /* for the trace: no cancel is earlier than the spawn of whom it is for */
	struct weft__timer timer;
	struct weft_chan *done;		/* or NULL: nobody asked for it yet */
	struct weft_chan *to_close;	/* by who ends the scope */
	struct weft_scope *next_ended;	/* of those that end together; by who ends them */
	struct weft_scope *prev, *next; /* all scopes of the run; under the list's lock */
	const char *at_fn, *at_file;
	int at_line;
	char reason[WEFT__REASON_BYTES];
};

/* The scope that a wait of this coroutine ends with, or NULL. Unseen by TSan: reports ask, too. */
static WEFT__NO_TSAN_INLINE struct weft_scope *weft__scope_of(const struct weft__co *co)
{
	return co->scope && !co->shields ? co->scope : NULL;
}

/*
 * Before parking, in a scope. False: it has ended meanwhile, and nobody has seen `it`. True:
 * whoever ends the scope will.
 */
bool weft__scope_publish(struct weft__co *self, struct weft__interrupt *it);

/*
 * After parking. `cancelled`: it was the scope that woke us. Otherwise waits until nobody touches
 * `it` any more, which is at most two short critical sections away. No lock held.
 */
void weft__scope_retract(struct weft__co *self, struct weft__interrupt *it, bool cancelled);

/* A new coroutine enters the scope of its parent; and leaves its scope before it ends. */
void weft__scope_inherit(struct weft__co *co, struct weft_scope *scope);
void weft__scope_exit(struct weft__co *self);

/* weft_scope_cancel, in the name of whoever called the function that calls this. */
void weft__scope_cancel(struct weft_scope *scope, const char *reason);

/* Frees what the run has left. */
void weft__scopes_finish(void);

#endif
