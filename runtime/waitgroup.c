/* SPDX-License-Identifier: MIT
 *
 * Wait groups: a counter and those who wait for its zero.
 */
#include <errno.h>

#include "runtime/cpu.h"
#include "runtime/panic.h"
#include "runtime/probe.h"
#include "runtime/sched.h"
#include "runtime/sync.h"

struct group {
	struct weft__sync sync;
	int64_t count;
};

WEFT__SYNC_SAME(struct group, struct weft_waitgroup);

static __attribute__((noinline)) void add(
	struct group *g, struct weft__co *self, int64_t delta, uintptr_t pc)
{
	WEFT__WAKES(wakes);

	weft__trace_place(self, pc);
	weft__sync_lock_counting(&g->sync, self, WEFT_OBJ_WAITGROUP, &g->count);
	if (delta < INT32_MIN || delta > INT32_MAX)
		weft__panic("weft_waitgroup_add of %lld: out of range", (long long)delta);
	if (g->count + delta < 0)
		weft__panic("weft_waitgroup_add: the counter falls below zero");
	g->count += delta;
	weft__trace_add(weft__worker(), self, g->sync.id, &g->sync.last_t, delta, g->count);
	if (g->count == 0)
		weft__wakes_add_all(&wakes, &g->sync.waiters);
	weft__sync_unlock(&g->sync);
	if (wakes.first)
		weft__wakes_run(&wakes, self, WEFT_WHY_WAITGROUP);
}

/* Most calls are no more than a counter: there is nobody to wake, and nobody to tell. */
static inline bool just_count(struct group *g, int64_t delta)
{
	int64_t count;

	if (WEFT__PROBE_SYNC || delta != (int32_t)delta || !weft__single_enter())
		return false;
	count = g->count + delta;
	if (count > 0)
		g->count = count;
	weft__single_leave();
	return count > 0;
}

static inline __attribute__((always_inline)) void add_in(
	struct weft_waitgroup *group, int64_t delta, uintptr_t pc)
{
	struct weft__co *self = weft__self("weft_waitgroup_add");
	struct group *g = (struct group *)group;

	if (!just_count(g, delta))
		add(g, self, delta, pc);
}

void weft__waitgroup_add(struct weft_waitgroup *group, int64_t delta)
{
	add_in(group, delta, 0);
}

void weft_waitgroup_add(struct weft_waitgroup *group, int64_t delta)
{
	add_in(group, delta, WEFT__CALLER);
}

void weft_waitgroup_done(struct weft_waitgroup *group)
{
	add_in(group, -1, WEFT__CALLER);
}

int weft__waitgroup_wait(struct weft_waitgroup *group, int64_t until)
{
	struct weft__co *self = weft__self("weft_waitgroup_wait");
	struct group *g = (struct group *)group;
	struct weft__waiter waiter = {.co = self, .index = -1};
	int r;

	weft__sync_lock_counting(&g->sync, self, WEFT_OBJ_WAITGROUP, &g->count);
	r = g->count == 0 ? 0 : weft__may_wait(self, until);
	if (g->count == 0 || r < 0) {
		weft__sync_unlock(&g->sync);
		return r;
	}
	weft__waitq_push(&g->sync.waiters, &waiter);
	return weft__sync_wait(&g->sync, &waiter, WEFT_WHY_WAITGROUP, until);
}

int weft_waitgroup_wait_until(struct weft_waitgroup *group, int64_t until)
{
	int r;

	weft__trace_here();
	r = weft__waitgroup_wait(group, until);
	weft__keep_frame();
	return r;
}

int weft_waitgroup_wait(struct weft_waitgroup *group)
{
	int r;

	weft__trace_here();
	r = weft__waitgroup_wait(group, WEFT_NEVER);
	weft__keep_frame();
	return r;
}
