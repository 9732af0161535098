/* SPDX-License-Identifier: MIT
 *
 * Conditions: who waits gives a mutex back and is woken by name, first in first out.
 *
 * The mutex is given back by its holder itself, who is in the queue by then but not parked yet. A
 * signal that comes in between takes it out of the queue, which is all that there is to do.
 */
#include <errno.h>

#include "runtime/panic.h"
#include "runtime/probe.h"
#include "runtime/sched.h"
#include "runtime/sync.h"

WEFT__SYNC_SAME(struct weft__sync, struct weft_cond);

/* In the queue. `parked` under the lock. */
struct listener {
	struct weft__waiter waiter;
	bool parked;
};

/* In the queue, and the mutex is given back. */
static int listen(struct weft__sync *c, struct listener *me, int64_t until)
{
	weft__sync_lock(c, me->waiter.co, WEFT_OBJ_COND);
	if (!me->waiter.queue) {
		weft__sync_unlock(c);
		return 0;
	}
	me->parked = true;
	return weft__sync_wait(c, &me->waiter, WEFT_WHY_COND, until);
}

/* A part of the public functions, whose callers' places it notes. */
static inline __attribute__((always_inline)) int wait(
	struct weft_cond *cond, struct weft_mutex *mutex, int64_t until)
{
	struct weft__sync *c = (struct weft__sync *)cond;
	struct listener me = {.waiter = {.co = weft__self("weft_cond_wait"), .index = -1}};
	int r = weft__may_wait(me.waiter.co, until);

	if (r < 0)
		return r;
	weft__trace_at(me.waiter.co);
	weft__sync_lock(c, me.waiter.co, WEFT_OBJ_COND);
	weft__waitq_push(&c->waiters, &me.waiter);
	weft__sync_unlock(c);
	weft__mutex_unlock(mutex);
	r = listen(c, &me, until);
	weft__mutex_lock(mutex);
	return r;
}

int weft_cond_wait_until(struct weft_cond *cond, struct weft_mutex *mutex, int64_t until)
{
	return wait(cond, mutex, until);
}

int weft_cond_wait(struct weft_cond *cond, struct weft_mutex *mutex)
{
	return wait(cond, mutex, WEFT_NEVER);
}

/* Locked. Whoever has not parked yet needs no waking, and must not be touched after the unlock. */
static bool take_first(struct weft__sync *c, struct weft__wakes *wakes)
{
	struct weft__waiter *first = weft__waitq_take(&c->waiters);

	if (first && ((struct listener *)first)->parked)
		weft__wakes_add(wakes, first);
	return first != NULL;
}

static void signal_some(struct weft_cond *cond, bool all, const char *what)
{
	struct weft__sync *c = (struct weft__sync *)cond;
	struct weft__co *self = weft__self(what);
	WEFT__WAKES(wakes);
	int n = 0;

	weft__sync_lock(c, self, WEFT_OBJ_COND);
	while (take_first(c, &wakes)) {
		n++;
		if (!all)
			break;
	}
	weft__trace_signal(self->worker, self, c->id, &c->last_t, n, all);
	weft__sync_unlock(c);
	weft__wakes_run(&wakes, self, WEFT_WHY_COND);
}

void weft_cond_signal(struct weft_cond *cond)
{
	weft__trace_here();
	signal_some(cond, false, "weft_cond_signal");
}

void weft_cond_broadcast(struct weft_cond *cond)
{
	weft__trace_here();
	signal_some(cond, true, "weft_cond_broadcast");
}
