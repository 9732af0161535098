/* SPDX-License-Identifier: MIT
 *
 * Mutexes. docs/scheduler.md tells the protocol: who may change which bit of the word, and why no
 * wake-up is lost.
 *
 * Who comes may overtake those who wait, since a mutex that is handed from sleeper to sleeper costs
 * a switch each time. But whoever was woken for it and finds it taken again is given it by its next
 * holder: that costs no more than to be woken in vain once more.
 */
#include <errno.h>

#include "runtime/cpu.h"
#include "runtime/panic.h"
#include "runtime/probe.h"
#include "runtime/sched.h"
#include "runtime/sync.h"

WEFT__SYNC_SAME(struct weft__sync, struct weft_mutex);

#define HELD 1u
#define WAITING 2u /* somebody may be in the queue: set, and cleared, with the lock held */
#define WOKEN                                                                              \
	4u /* somebody was taken out of the queue, and has not come back for the mutex yet \
	    */

#define HANDED 1 /* result of a waiter that was given the mutex; 0: it was told to try again */

/* In the queue. `urgent` under the lock. */
struct claimant {
	struct weft__waiter waiter;
	bool urgent;
};

/*
 * Takes a mutex that nobody holds, whoever else may wait for it. `word` is a guess at what it is.
 * `woken`: WOKEN is ours, and goes.
 */
static inline __attribute__((always_inline)) bool take(
	struct weft__sync *m, uint32_t word, bool woken)
{
	uint32_t gone = woken ? WOKEN : 0;

	while (!(word & HELD)) {
		if (weft__sync_change(m, &word, (word & ~gone) | HELD, memory_order_acquire))
			return true;
	}
	return false;
}

static inline uint32_t look(struct weft__sync *m)
{
	return atomic_load_explicit(&m->word, memory_order_relaxed);
}

/*
 * The holder runs on another worker, most likely, and will be through in some 10 ns: to look now
 * and then is cheaper than to park. Seldom, since each look takes the cache line from the holder,
 * who may well lock again and again: with 3 us between two looks both get on fastest. And only if
 * there is nothing better to do.
 */
#define LOOKS 4
#define PAUSES 200

static bool take_soon(struct weft__sync *m, bool woken)
{
	if (!weft__multi || !weft__runq_empty(&weft__worker()->runq))
		return false;
	for (int i = 0; i < LOOKS; i++) {
		for (int j = 0; j < PAUSES; j++)
			weft__relax();
		if (take(m, look(m), woken))
			return true;
	}
	return false;
}

/*
 * Locked. True: the mutex is ours. False: its holder will see that somebody waits. `woken`: WOKEN
 * is ours, and goes.
 */
static bool take_or_mark(struct weft__sync *m, bool woken)
{
	uint32_t word = look(m);

	for (;;) {
		uint32_t rest = woken ? word & ~WOKEN : word;

		if (word & HELD) {
			if (weft__sync_change(m, &word, rest | WAITING, memory_order_relaxed))
				return false;
		} else {
			if (!m->waiters.head)
				rest &= ~WAITING;
			if (weft__sync_change(m, &word, rest | HELD, memory_order_acquire))
				return true;
		}
	}
}

/* It was handed to us while we slept. */
static void note_handed(struct weft__sync *m, struct weft__co *self)
{
	if (!WEFT__PROBE_SYNC)
		return;
	weft__sync_lock(m, self, WEFT_OBJ_MUTEX);
	weft__trace_acquire(self->worker, self, m->id, &m->last_t, WEFT_MODE_NONE, true);
	weft__sync_unlock(m);
}

/* `pc`: where it was called, or 0: where whoever calls us in his turn was. */
static __attribute__((noinline)) int lock_slow(
	struct weft__sync *m, int64_t until, uintptr_t pc, const char *what)
{
	struct weft__co *self = weft__self(what);
	struct claimant me = {.waiter = {.co = self, .index = -1}};
	bool woken = false;
	int r;

	weft__trace_place(self, pc);
	for (;;) {
		if (!WEFT__PROBE_SYNC && (take(m, look(m), woken) || take_soon(m, woken)))
			return 0;
		weft__sync_lock(m, self, WEFT_OBJ_MUTEX);
		if (take_or_mark(m, woken)) {
			weft__trace_acquire(
				self->worker, self, m->id, &m->last_t, WEFT_MODE_NONE, true);
			weft__sync_unlock(m);
			return 0;
		}
		r = weft__may_wait(self, until);
		if (r < 0) {
			weft__sync_unlock(m);
			return r;
		}
		me.urgent = woken;
		if (woken)
			weft__waitq_push_first(&m->waiters, &me.waiter);
		else
			weft__waitq_push(&m->waiters, &me.waiter);
		r = weft__sync_wait(m, &me.waiter, WEFT_WHY_LOCK, until);
		if (r == HANDED)
			note_handed(m, self);
		if (r != 0)
			return r == HANDED ? 0 : r;
		woken = true;
	}
}

static __attribute__((noinline)) void lock_anyway(struct weft__sync *m, uintptr_t pc)
{
	struct weft__co *self = weft__self("weft_mutex_lock");

	self->shields++; /* it does not end with the scope */
	lock_slow(m, WEFT_NEVER, pc, "weft_mutex_lock");
	self->shields--;
}

void weft__mutex_lock(struct weft_mutex *mutex)
{
	lock_anyway((struct weft__sync *)mutex, 0);
}

void weft_mutex_lock(struct weft_mutex *mutex)
{
	struct weft__sync *m = (struct weft__sync *)mutex;

	if (WEFT__PROBE_SYNC || !take(m, 0, false)) {
		lock_anyway(m, WEFT__CALLER);
		weft__keep_frame();
	}
}

int weft_mutex_lock_until(struct weft_mutex *mutex, int64_t until)
{
	struct weft__sync *m = (struct weft__sync *)mutex;
	int r;

	if (!WEFT__PROBE_SYNC && take(m, 0, false))
		return 0;
	r = lock_slow(m, until, WEFT__CALLER, "weft_mutex_lock_until");
	weft__keep_frame();
	return r;
}

static __attribute__((noinline)) int try_recorded(struct weft__sync *m, uintptr_t pc)
{
	struct weft__co *self = weft__self("weft_mutex_try");
	bool done;

	weft__trace_place(self, pc);
	weft__sync_lock(m, self, WEFT_OBJ_MUTEX);
	done = take(m, look(m), false);
	weft__trace_acquire(self->worker, self, m->id, &m->last_t, WEFT_MODE_NONE, done);
	weft__sync_unlock(m);
	return done ? 0 : -EAGAIN;
}

int weft_mutex_try(struct weft_mutex *mutex)
{
	struct weft__sync *m = (struct weft__sync *)mutex;

	if (WEFT__PROBE_SYNC)
		return try_recorded(m, WEFT__CALLER);
	return take(m, 0, false) ? 0 : -EAGAIN;
}

/*
 * If somebody may wait, and nobody is on the way: gives the mutex to the first of the queue, or
 * back with the first woken. False: there was none, and WAITING is gone. Whoever takes the mutex
 * next is recorded under the lock, too, and so behind the release; `recorded`: that has been
 * written.
 */
static bool wake_first(struct weft__sync *m, struct weft__co *self, bool recorded)
{
	uint32_t word;
	struct weft__waiter *first;

	weft__sync_lock(m, self, WEFT_OBJ_MUTEX);
	word = look(m);
	if (!recorded)
		weft__trace_release(self->worker, self, m->id, &m->last_t, WEFT_MODE_NONE);
	if ((word & (WAITING | WOKEN)) != WAITING) {
		weft__sync_unlock(m);
		return false;
	}
	first = weft__waitq_take(&m->waiters);
	if (!first) {
		/* Still held: who takes it next, and may then free it, comes after our unlock. */
		while (!weft__sync_change(m, &word, word & ~WAITING, memory_order_relaxed))
			;
		weft__sync_unlock(m);
		return false;
	}
	if (((struct claimant *)first)->urgent) {
		first->result = HANDED;
	} else {
		while (!weft__sync_change(m, &word, (word & ~HELD) | WOKEN, memory_order_release))
			;
	}
	weft__trace_unblock(weft__worker(), self, first->co, m->id, &m->last_t, 0, WEFT_WHY_LOCK);
	weft__sync_unlock(m);
	weft__ready(first->co);
	return true;
}

/* Gives back a mutex of which that is all that is to be done. `word` is a guess. */
static inline __attribute__((always_inline)) bool give_back(struct weft__sync *m, uint32_t *word)
{
	while (*word & HELD && (*word & (WAITING | WOKEN)) != WAITING) {
		if (weft__sync_change(m, word, *word & ~HELD, memory_order_release))
			return true;
	}
	return false;
}

static __attribute__((noinline)) void unlock_slow(struct weft__sync *m, uint32_t word, uintptr_t pc)
{
	struct weft__co *self = weft__self("weft_mutex_unlock");
	bool recorded = false;

	weft__trace_place(self, pc);
	do {
		if (!(word & HELD))
			weft__panic("weft_mutex_unlock of a mutex that nobody holds");
		if (wake_first(m, self, recorded))
			return;
		recorded = true;
		word = look(m);
	} while (!give_back(m, &word));
}

void weft__mutex_unlock(struct weft_mutex *mutex)
{
	struct weft__sync *m = (struct weft__sync *)mutex;
	uint32_t word = look(m);

	if (WEFT__PROBE_SYNC || !give_back(m, &word))
		unlock_slow(m, word, 0);
}

void weft_mutex_unlock(struct weft_mutex *mutex)
{
	struct weft__sync *m = (struct weft__sync *)mutex;
	uint32_t word = HELD;

	if (WEFT__PROBE_SYNC)
		unlock_slow(m, look(m), WEFT__CALLER);
	else if (!give_back(m, &word))
		unlock_slow(m, word, WEFT__CALLER);
}
