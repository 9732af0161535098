/* SPDX-License-Identifier: MIT
 *
 * Two workers that hand fine work to and fro are seldom of use: mostly one runs it all, and the
 * others sleep, or nap and watch. While one is *alone* there is nobody to lock out, so it enters a
 * critical section by a plain store and a load, as the owner of a run queue does. Who comes back
 * sees to it first that the one who was alone takes locks from then on, and is in no section any
 * more. docs/scheduler.md, "Alone".
 *
 * Who takes a weft__lock is *present*: the workers, save while they sleep or nap, and whoever looks
 * at channels from outside (snap.c).
 */
#ifndef WEFT_RUNTIME_ALONE_H
#define WEFT_RUNTIME_ALONE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/sanitize.h"
#include "tracer/record/hidden.h"

/* ENDING: somebody has come, but the one who was alone may not have seen it yet. */
enum { WEFT__SHARED, WEFT__ENDING, WEFT__ALONE };

struct weft__alone {
	_Alignas(64) _Atomic uint32_t state;
	/* Of the one who is alone, who alone writes them: */
	_Atomic uint32_t inside; /* the sections that it is in, */
	_Atomic uint32_t brief;	 /* 1: and a brief one */
};

extern WEFT__HIDDEN struct weft__alone weft__alone;

/* False: take the lock. */
static WEFT__NO_TSAN_INLINE bool weft__alone_enter(void)
{
	struct weft__alone *a = &weft__alone;
	uint32_t inside;

	/* acquire: what who was alone before did to `inside`; pairs as the second look does. */
	if (atomic_load_explicit(&a->state, memory_order_acquire) != WEFT__ALONE)
		return false;
	inside = atomic_load_explicit(&a->inside, memory_order_relaxed);
	/* Mine first, then a look at theirs: the other half is in weft__alone_come. */
	atomic_store_explicit(&a->inside, inside + 1, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	/*
	 * acquire: what those who have gone did before, maybe since the first look; pairs with the
	 * release in weft__alone_go.
	 */
	if (__builtin_expect(
		    atomic_load_explicit(&a->state, memory_order_acquire) == WEFT__ALONE, 1))
		return true;
	atomic_store_explicit(&a->inside, inside, memory_order_release);
	return false;
}

static WEFT__NO_TSAN_INLINE void weft__alone_leave(void)
{
	struct weft__alone *a = &weft__alone;

	/* release: pairs with the acquire in weft__alone_come. */
	atomic_store_explicit(&a->inside,
		atomic_load_explicit(&a->inside, memory_order_relaxed) - 1, memory_order_release);
}

/*
 * The same for a section of a few instructions, in which no other is entered: it says so by
 * constants, and so depends on nothing that was stored just before.
 */
static WEFT__NO_TSAN_INLINE bool weft__alone_enter_briefly(void)
{
	struct weft__alone *a = &weft__alone;

	if (atomic_load_explicit(&a->state, memory_order_acquire) != WEFT__ALONE)
		return false;
	atomic_store_explicit(&a->brief, 1, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	if (__builtin_expect(
		    atomic_load_explicit(&a->state, memory_order_acquire) == WEFT__ALONE, 1))
		return true;
	atomic_store_explicit(&a->brief, 0, memory_order_release);
	return false;
}

static WEFT__NO_TSAN_INLINE void weft__alone_leave_briefly(void)
{
	/* release: pairs with the acquire in weft__alone_come. */
	atomic_store_explicit(&weft__alone.brief, 0, memory_order_release);
}

/* Once a run, before there is another worker. */
void weft__alone_init(void);

/* The caller takes locks from now on, until it goes. No lock held. */
void weft__alone_come(void);
void weft__alone_go(void);

/* Somebody is about to be woken. The one who is alone, if it is us, ends that without a membarrier.
 */
void weft__alone_expect(void);

#endif
