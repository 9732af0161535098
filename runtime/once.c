/* SPDX-License-Identifier: MIT
 *
 * Once: the first who comes calls a function, and whoever comes meanwhile waits for its end.
 */
#include <errno.h>

#include "runtime/cpu.h"
#include "runtime/panic.h"
#include "runtime/probe.h"
#include "runtime/sched.h"
#include "runtime/sync.h"

struct once {
	struct weft__sync sync;
	uint64_t caller; /* while it is CALLING; under the lock */
};

WEFT__SYNC_SAME(struct once, struct weft_once);

/* The word, from each to the next; DONE is a release, which pairs with the acquire of who sees it.
 */
#define CALLING 1u
#define DONE 2u

static bool is_done(struct once *o)
{
	return atomic_load_explicit(&o->sync.word, memory_order_acquire) == DONE;
}

static void call(struct once *o, struct weft__co *self, weft_fn fn, const void *arg)
{
	uintptr_t at_pc = self->at_pc;
	WEFT__WAKES(wakes);

	fn((void *)(uintptr_t)arg);
	self->at_pc = at_pc; /* where weft_once was called, and not what fn did last */
	weft__sync_lock(&o->sync, self, WEFT_OBJ_ONCE);
	weft__trace_release(self->worker, self, o->sync.id, &o->sync.last_t, WEFT_MODE_NONE);
	atomic_store_explicit(&o->sync.word, DONE, memory_order_release);
	weft__wakes_add_all(&wakes, &o->sync.waiters);
	weft__sync_unlock(&o->sync);
	weft__wakes_run(&wakes, self, WEFT_WHY_SYNC);
}

/* `anyway`: to wait for another's call does not end with the scope. */
static int call_or_wait(
	struct once *o, weft_fn fn, const void *arg, int64_t until, uintptr_t pc, bool anyway)
{
	struct weft__co *self = weft__self("weft_once");
	struct weft__waiter waiter = {.co = self, .index = -1};
	int r = 0;

	weft__trace_place(self, pc);
	weft__sync_lock(&o->sync, self, WEFT_OBJ_ONCE);
	switch (atomic_load_explicit(&o->sync.word, memory_order_relaxed)) {
	case DONE:
		break;
	case CALLING:
		if (o->caller == self->id)
			weft__panic("weft_once called by its own function");
		self->shields += anyway;
		r = weft__may_wait(self, until);
		if (r == 0) {
			weft__waitq_push(&o->sync.waiters, &waiter);
			r = weft__sync_wait(&o->sync, &waiter, WEFT_WHY_SYNC, until);
			self->shields -= anyway;
			return r;
		}
		self->shields -= anyway;
		break;
	default:
		atomic_store_explicit(&o->sync.word, CALLING, memory_order_relaxed);
		o->caller = self->id;
		weft__trace_acquire(
			self->worker, self, o->sync.id, &o->sync.last_t, WEFT_MODE_NONE, true);
		weft__sync_unlock(&o->sync);
		call(o, self, fn, arg);
		return 0;
	}
	weft__sync_unlock(&o->sync);
	return r;
}

int weft_once_call_until(struct weft_once *once, weft_fn fn, const void *arg, int64_t until)
{
	struct once *o = (struct once *)once;
	int r = is_done(o) ? 0 : call_or_wait(o, fn, arg, until, WEFT__CALLER, false);

	weft__keep_frame();
	return r;
}

void weft_once_call(struct weft_once *once, weft_fn fn, const void *arg)
{
	struct once *o = (struct once *)once;

	if (!is_done(o))
		call_or_wait(o, fn, arg, WEFT_NEVER, WEFT__CALLER, true);
	weft__keep_frame();
}
