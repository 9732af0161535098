/* SPDX-License-Identifier: MIT
 *
 * Read-write locks: readers and writers have the lock by turns, phase by phase. While somebody
 * waits nobody overtakes: who gives it back hands it on. The last reader hands it to the first
 * writer, and a writer to all readers who wait, so that neither can starve the other.
 */
#include <errno.h>

#include "runtime/panic.h"
#include "runtime/probe.h"
#include "runtime/sched.h"
#include "runtime/sync.h"

/* Writers wait in sync.waiters. */
struct rwlock {
	struct weft__sync sync;
	struct weft__waitq readers;
};

WEFT__SYNC_SAME(struct rwlock, struct weft_rwlock);

/*
 * The word. WAITING is set and cleared with the lock held, and only while somebody reads or writes.
 * As long as it is set nobody comes in by himself, and who goes out last does so with the lock
 * held.
 */
#define WRITING 1u
#define WAITING 2u
#define READER 4u /* one of those who read; above it their count */

/* Coming in is an acquire, which pairs with the releases of those who went out. */
static inline bool change(struct rwlock *rw, uint32_t *seen, uint32_t next, memory_order order)
{
	return weft__sync_change(&rw->sync, seen, next, order);
}

/* Comes in, if that needs no waiting. `word` is a guess at what it is. */
static inline bool take(struct rwlock *rw, uint32_t word, bool to_write)
{
	while (to_write ? word == 0 : !(word & (WRITING | WAITING))) {
		if (change(rw, &word, to_write ? WRITING : word + READER, memory_order_acquire))
			return true;
	}
	return false;
}

/* Locked. True: in. False: those who are in will see that somebody waits. */
static bool take_or_mark(struct rwlock *rw, bool to_write)
{
	for (;;) {
		uint32_t word = atomic_load_explicit(&rw->sync.word, memory_order_relaxed);

		if (take(rw, word, to_write))
			return true;
		word = atomic_load_explicit(&rw->sync.word, memory_order_relaxed);
		if (word & WAITING)
			return false;
		if (word != 0 && change(rw, &word, word | WAITING, memory_order_relaxed))
			return false;
	}
}

/*
 * Locked. A writer has given up: if no other one waits, and readers have the lock, those readers
 * that waited behind it come in.
 */
static void let_readers_in(struct rwlock *rw, struct weft__wakes *wakes)
{
	uint32_t word = atomic_load_explicit(&rw->sync.word, memory_order_relaxed), n;

	if (rw->sync.waiters.head || !(word & WAITING) || (word & WRITING))
		return;
	n = weft__wakes_add_all(wakes, &rw->readers);
	/*
	 * Readers may go out meanwhile, but for the last one. acquire: what the writers before did,
	 * for those whom we let in.
	 */
	while (!change(rw, &word, (word & ~WAITING) + n * READER, memory_order_acquire))
		;
}

static enum weft_lock_mode mode_of(bool to_write)
{
	return to_write ? WEFT_MODE_WRITE : WEFT_MODE_READ;
}

/* It was handed to us while we slept. */
static void note_handed(struct rwlock *rw, struct weft__co *self, bool to_write)
{
	if (!WEFT__PROBE_SYNC)
		return;
	weft__sync_lock(&rw->sync, self, WEFT_OBJ_RWLOCK);
	weft__trace_acquire(
		self->worker, self, rw->sync.id, &rw->sync.last_t, mode_of(to_write), true);
	weft__sync_unlock(&rw->sync);
}

static __attribute__((noinline)) int lock_slow(
	struct rwlock *rw, bool to_write, int64_t until, uintptr_t pc, const char *what)
{
	struct weft__co *self = weft__self(what);
	struct weft__waiter waiter = {.co = self, .index = -1};
	WEFT__WAKES(wakes);
	uint32_t word;
	int r = 0;

	weft__trace_place(self, pc);
	weft__sync_lock(&rw->sync, self, WEFT_OBJ_RWLOCK);
	word = atomic_load_explicit(&rw->sync.word, memory_order_relaxed);
	if (take(rw, word, to_write) || (r = weft__may_wait(self, until)) < 0 ||
		take_or_mark(rw, to_write)) {
		if (r == 0 || r == -EAGAIN)
			weft__trace_acquire(self->worker, self, rw->sync.id, &rw->sync.last_t,
				mode_of(to_write), r == 0);
		weft__sync_unlock(&rw->sync);
		return r;
	}
	weft__waitq_push(to_write ? &rw->sync.waiters : &rw->readers, &waiter);
	r = weft__sync_wait(&rw->sync, &waiter, to_write ? WEFT_WHY_WLOCK : WEFT_WHY_RLOCK, until);
	if (r == 0)
		note_handed(rw, self, to_write);
	if (r == 0 || !to_write)
		return r;
	weft__sync_lock(&rw->sync, self, WEFT_OBJ_RWLOCK);
	let_readers_in(rw, &wakes);
	weft__sync_unlock(&rw->sync);
	weft__wakes_run(&wakes, self, WEFT_WHY_RLOCK);
	return r;
}

/* A part of the public functions, as the two below: they hand on where those were called. */
static inline __attribute__((always_inline)) int lock(
	struct weft_rwlock *rwlock, bool to_write, int64_t until, const char *what)
{
	struct rwlock *rw = (struct rwlock *)rwlock;

	if (!WEFT__PROBE_SYNC && take(rw, 0, to_write))
		return 0;
	return lock_slow(rw, to_write, until, WEFT__CALLER, what);
}

/* It does not end with the scope, so that nobody is inside by mistake. */
static inline __attribute__((always_inline)) void lock_anyway(
	struct weft_rwlock *rwlock, bool to_write, const char *what)
{
	struct rwlock *rw = (struct rwlock *)rwlock;
	struct weft__co *self;

	if (!WEFT__PROBE_SYNC && take(rw, 0, to_write))
		return;
	self = weft__self(what);
	self->shields++;
	lock_slow(rw, to_write, WEFT_NEVER, WEFT__CALLER, what);
	self->shields--;
}

void weft_rwlock_rlock(struct weft_rwlock *rwlock)
{
	lock_anyway(rwlock, false, "weft_rwlock_rlock");
}

int weft_rwlock_rlock_until(struct weft_rwlock *rwlock, int64_t until)
{
	return lock(rwlock, false, until, "weft_rwlock_rlock_until");
}

int weft_rwlock_try_rlock(struct weft_rwlock *rwlock)
{
	return lock(rwlock, false, WEFT_NOW, "weft_rwlock_try_rlock");
}

void weft_rwlock_wlock(struct weft_rwlock *rwlock)
{
	lock_anyway(rwlock, true, "weft_rwlock_wlock");
}

int weft_rwlock_wlock_until(struct weft_rwlock *rwlock, int64_t until)
{
	return lock(rwlock, true, until, "weft_rwlock_wlock_until");
}

int weft_rwlock_try_wlock(struct weft_rwlock *rwlock)
{
	return lock(rwlock, true, WEFT_NOW, "weft_rwlock_try_wlock");
}

/*
 * Locked, by the one who is in and goes out, while WAITING keeps everybody else from coming in:
 * whom is the lock handed to? The new word, or 0: nobody waits any more. After a writer all readers
 * come before the next writer.
 */
static uint32_t hand_on(struct rwlock *rw, bool was_writer, struct weft__wakes *wakes)
{
	struct weft__waiter *writer;
	uint32_t n;

	if (was_writer || !rw->sync.waiters.head) {
		n = weft__wakes_add_all(wakes, &rw->readers);
		if (n)
			return n * READER | (rw->sync.waiters.head ? WAITING : 0);
	}
	writer = weft__waitq_take(&rw->sync.waiters);
	if (!writer)
		return 0;
	weft__wakes_add(wakes, writer);
	return WRITING | (rw->sync.waiters.head || rw->readers.head ? WAITING : 0);
}

/* False: nobody waits any more, and WAITING is gone. */
static bool unlock_to_others(struct rwlock *rw, uint32_t mine, struct weft__co *self)
{
	WEFT__WAKES(wakes);
	uint32_t next;

	weft__sync_lock(&rw->sync, self, WEFT_OBJ_RWLOCK);
	/* Others may have given up since, and a reader may have come in with those behind a writer.
	 */
	if (atomic_load_explicit(&rw->sync.word, memory_order_acquire) != (mine | WAITING)) {
		weft__sync_unlock(&rw->sync);
		return false;
	}
	next = hand_on(rw, mine == WRITING, &wakes);
	/*
	 * release: pairs with the acquire of readers who come in beside those whom we wake, with
	 * all that was done under the lock before: the load above was an acquire.
	 */
	atomic_store_explicit(&rw->sync.word, next ? next : mine, memory_order_release);
	weft__sync_unlock(&rw->sync);
	weft__wakes_run(&wakes, self, next & WRITING ? WEFT_WHY_WLOCK : WEFT_WHY_RLOCK);
	return next != 0;
}

static void check_held(struct rwlock *rw, uint32_t word, uint32_t mine, const char *what)
{
	if (mine == WRITING ? !(word & WRITING) : word < READER)
		weft__panic("%s: nobody %s", what, mine == WRITING ? "writes" : "reads");
}

/* Who comes in next is recorded under the lock, too, and so behind this. */
static void note_release(struct rwlock *rw, struct weft__co *self, uint32_t mine, const char *what)
{
	weft__sync_lock(&rw->sync, self, WEFT_OBJ_RWLOCK);
	check_held(rw, atomic_load_explicit(&rw->sync.word, memory_order_relaxed), mine, what);
	weft__trace_release(
		self->worker, self, rw->sync.id, &rw->sync.last_t, mode_of(mine == WRITING));
	weft__sync_unlock(&rw->sync);
}

static __attribute__((noinline)) void unlock_slow(
	struct rwlock *rw, uint32_t mine, uintptr_t pc, const char *what)
{
	struct weft__co *self = weft__self(what);

	weft__trace_place(self, pc);
	if (WEFT__PROBE_SYNC)
		note_release(rw, self, mine, what);
	for (;;) {
		uint32_t word = atomic_load_explicit(&rw->sync.word, memory_order_relaxed);

		check_held(rw, word, mine, what);
		if (word == (mine | WAITING)) {
			if (unlock_to_others(rw, mine, self))
				return;
		} else if (change(rw, &word, word - mine, memory_order_release)) {
			return;
		}
	}
}

static inline __attribute__((always_inline)) void unlock(
	struct weft_rwlock *rwlock, uint32_t mine, const char *what)
{
	struct rwlock *rw = (struct rwlock *)rwlock;
	uint32_t word = mine;

	if (WEFT__PROBE_SYNC || !change(rw, &word, 0, memory_order_release))
		unlock_slow(rw, mine, WEFT__CALLER, what);
}

void weft_rwlock_runlock(struct weft_rwlock *rwlock)
{
	unlock(rwlock, READER, "weft_rwlock_runlock");
}

void weft_rwlock_wunlock(struct weft_rwlock *rwlock)
{
	unlock(rwlock, WRITING, "weft_rwlock_wunlock");
}
