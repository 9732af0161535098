/* SPDX-License-Identifier: MIT
 *
 * What mutexes, rwlocks, conditions, semaphores, onces and wait groups have in common: each lies in
 * the memory of the user, works when zeroed, and begins with a struct weft_sync, which is seen here
 * as a struct weft__sync.
 *
 * Such an object gets a number only when a run that records comes by it, anew in each run: memory
 * of the user may outlive a run.
 */
#ifndef WEFT_RUNTIME_SYNC_H
#define WEFT_RUNTIME_SYNC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/co.h"
#include "runtime/lock.h"
#include "runtime/probe.h"
#include "runtime/waitq.h"

#define WEFT__SYNC_NAME_MAX 20

/*
 * Under the lock, but for `word`: the state of a mutex, rwlock or once, changed by whoever uses it.
 * While nobody uses the object no bit of it is set save WEFT__SYNC_REST.
 */
struct weft__sync {
	struct weft__lock lock;
	_Atomic uint32_t word;
	uint32_t run; /* in which it got its number */
	char name[WEFT__SYNC_NAME_MAX];
	uint64_t id; /* 0: none in this run */
	int64_t last_t;
	struct weft__waitq waiters;
};
#define WEFT__SYNC_REST 2u

static inline bool weft__sync_change_single(struct weft__sync *sync, uint32_t *seen, uint32_t next)
{
	uint32_t word = atomic_load_explicit(&sync->word, memory_order_relaxed);

	if (word != *seen) {
		*seen = word;
		return false;
	}
	atomic_store_explicit(&sync->word, next, memory_order_relaxed);
	return true;
}

/* The word from *seen to `next`, or *seen is what it is instead. */
static inline bool weft__sync_change(
	struct weft__sync *sync, uint32_t *seen, uint32_t next, memory_order order)
{
	bool done;

	if (!weft__multi)
		return weft__sync_change_single(sync, seen, next);
	if (!weft__alone_enter_briefly())
		return atomic_compare_exchange_strong_explicit(
			&sync->word, seen, next, order, memory_order_relaxed);
	done = weft__sync_change_single(sync, seen, next);
	weft__alone_leave_briefly();
	return done;
}

/* Room that weft__sync_lock reserves: a make, a wake, what is done, and whatever a park writes. */
#define WEFT__SYNC_UNITS (4 * WEFT__TRACE_WAKE_UNITS + WEFT__TRACE_PARK_UNITS)

/* Makes the object known to the trace, with what it counts to now. */
void weft__sync_know(
	struct weft__sync *sync, struct weft__co *self, enum weft_obj type, int64_t count);

/*
 * Reserves room for the records of one operation, locks, and makes the object known to the trace;
 * `count` may be NULL.
 */
static inline void weft__sync_lock_counting(
	struct weft__sync *sync, struct weft__co *self, enum weft_obj type, const int64_t *count)
{
	weft__trace_reserve(self->worker, WEFT__SYNC_UNITS);
	weft__lock(&sync->lock);
	if (WEFT__PROBE_ON)
		weft__sync_know(sync, self, type, count ? *count : 0);
}
static inline void weft__sync_lock(
	struct weft__sync *sync, struct weft__co *self, enum weft_obj type)
{
	weft__sync_lock_counting(sync, self, type, NULL);
}
static inline void weft__sync_unlock(struct weft__sync *sync)
{
	weft__unlock(&sync->lock);
}

/*
 * Locked, with the waiter in a queue of the object's: waits until somebody takes it out or the
 * deadline comes. Returns waiter->result, unlocked.
 */
int weft__sync_wait(
	struct weft__sync *sync, struct weft__waiter *waiter, enum weft_why why, int64_t until);

/*
 * Those who are woken together: taken out of their queues under the lock, made ready without it.
 * The object's memory may go as soon as the first of them runs.
 */
struct weft__wakes {
	struct weft__waiter *first, **link;
};
#define WEFT__WAKES(wakes) struct weft__wakes wakes = {NULL, &wakes.first}

static inline void weft__wakes_add(struct weft__wakes *wakes, struct weft__waiter *waiter)
{
	*wakes->link = waiter;
	wakes->link = &waiter->next;
	waiter->next = NULL;
}
/* All that wait in the queue. Returns how many. */
uint32_t weft__wakes_add_all(struct weft__wakes *wakes, struct weft__waitq *queue);
void weft__wakes_run(struct weft__wakes *wakes, struct weft__co *self, enum weft_why why);

/*
 * As the public calls, but for the place (weft__trace_at): conditions and groups do this in the
 * name of their callers.
 */
void weft__mutex_lock(struct weft_mutex *mutex);
void weft__mutex_unlock(struct weft_mutex *mutex);
int weft__semaphore_acquire(struct weft_semaphore *semaphore, int64_t n, int64_t until);
void weft__semaphore_release(struct weft_semaphore *semaphore, int64_t n);
void weft__waitgroup_add(struct weft_waitgroup *group, int64_t delta);
int weft__waitgroup_wait(struct weft_waitgroup *group, int64_t until);

/* How people know it: its name, or where it lies. */
void weft__sync_describe(const struct weft__sync *sync, char *text, size_t size);

/* Before each run. */
void weft__sync_init(void);

/* `type` begins with a struct weft_sync, and is seen as `own`. */
#define WEFT__SYNC_SAME(own, type)                                               \
	_Static_assert(sizeof(own) == sizeof(type), "one is seen as the other"); \
	_Static_assert(_Alignof(own) == _Alignof(type), "as above")

#endif
