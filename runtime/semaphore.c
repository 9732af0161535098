/* SPDX-License-Identifier: MIT
 *
 * Weighted semaphores. Nobody overtakes who waits: the first of the queue gets what is released
 * until it has enough, so that many who want little cannot starve one who wants much.
 */
#include <errno.h>

#include "runtime/cpu.h"
#include "runtime/panic.h"
#include "runtime/probe.h"
#include "runtime/sched.h"
#include "runtime/sync.h"

/* Under the lock. */
struct semaphore {
	struct weft__sync sync;
	int64_t permits; /* never below 0 */
};

WEFT__SYNC_SAME(struct semaphore, struct weft_semaphore);

/* In the queue. */
struct customer {
	struct weft__waiter waiter;
	int64_t wants;
};

static void lock(struct semaphore *s, struct weft__co *self)
{
	weft__sync_lock_counting(&s->sync, self, WEFT_OBJ_SEMAPHORE, &s->permits);
}

/* n < 0: they are released. */
static void note(struct semaphore *s, struct weft__co *self, int64_t n, bool ok)
{
	if (n != 0)
		weft__trace_permits(self->worker, self, s->sync.id, &s->sync.last_t, n, ok);
}

/* Locked. Those at the front whose wants can be met get their permits. */
static void serve(struct semaphore *s, struct weft__wakes *wakes)
{
	struct weft__waiter *first;

	while ((first = s->sync.waiters.head)) {
		int64_t wants = ((struct customer *)first)->wants;

		if (wants > s->permits)
			return;
		s->permits -= wants;
		weft__waitq_remove(first);
		weft__wakes_add(wakes, first);
	}
}

/* Waits with the lock held, and gives it back. */
static int wait(struct semaphore *s, struct weft__co *self, int64_t n, int64_t until)
{
	struct customer me = {.waiter = {.co = self, .index = -1}, .wants = n};
	WEFT__WAKES(wakes);
	int r;

	weft__waitq_push(&s->sync.waiters, &me.waiter);
	r = weft__sync_wait(&s->sync, &me.waiter, WEFT_WHY_SEMAPHORE, until);
	if (r == 0) {
		if (WEFT__PROBE_SYNC) {
			lock(s, self);
			note(s, self, n, true);
			weft__sync_unlock(&s->sync);
		}
		return 0;
	}
	/* Those behind us may want less. */
	lock(s, self);
	serve(s, &wakes);
	weft__sync_unlock(&s->sync);
	weft__wakes_run(&wakes, self, WEFT_WHY_SEMAPHORE);
	return r;
}

int weft__semaphore_acquire(struct weft_semaphore *semaphore, int64_t n, int64_t until)
{
	struct semaphore *s = (struct semaphore *)semaphore;
	struct weft__co *self = weft__self("weft_semaphore_acquire");
	int r = 0;

	if (n < 0)
		weft__panic("weft_semaphore_acquire of %lld permits", (long long)n);
	lock(s, self);
	if (!s->sync.waiters.head && s->permits >= n) {
		s->permits -= n;
	} else {
		r = weft__may_wait(self, until);
		if (r == 0)
			return wait(s, self, n, until);
	}
	if (r == 0 || r == -EAGAIN)
		note(s, self, n, r == 0);
	weft__sync_unlock(&s->sync);
	return r;
}

int weft_semaphore_acquire_until(struct weft_semaphore *semaphore, int64_t n, int64_t until)
{
	int r;

	weft__trace_here();
	r = weft__semaphore_acquire(semaphore, n, until);
	weft__keep_frame();
	return r;
}

int weft_semaphore_acquire(struct weft_semaphore *semaphore, int64_t n)
{
	int r;

	weft__trace_here();
	r = weft__semaphore_acquire(semaphore, n, WEFT_NEVER);
	weft__keep_frame();
	return r;
}

int weft_semaphore_try(struct weft_semaphore *semaphore, int64_t n)
{
	weft__trace_here();
	return weft__semaphore_acquire(semaphore, n, WEFT_NOW);
}

void weft__semaphore_release(struct weft_semaphore *semaphore, int64_t n)
{
	struct semaphore *s = (struct semaphore *)semaphore;
	struct weft__co *self = weft__self("weft_semaphore_release");
	WEFT__WAKES(wakes);

	if (n < 0)
		weft__panic("weft_semaphore_release of %lld permits", (long long)n);
	lock(s, self);
	if (__builtin_add_overflow(s->permits, n, &s->permits))
		weft__panic("weft_semaphore_release: more permits than an int64_t counts");
	note(s, self, -n, true);
	serve(s, &wakes);
	weft__sync_unlock(&s->sync);
	weft__wakes_run(&wakes, self, WEFT_WHY_SEMAPHORE);
}

void weft_semaphore_release(struct weft_semaphore *semaphore, int64_t n)
{
	weft__trace_here();
	weft__semaphore_release(semaphore, n);
}
