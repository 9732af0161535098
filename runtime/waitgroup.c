/* SPDX-License-Identifier: MIT
 *
 * Wait groups. They lie in the memory of the user, whose struct is seen here as a struct group.
 */
#include <errno.h>

#include "runtime/panic.h"
#include "runtime/probe.h"
#include "runtime/sched.h"
#include "runtime/waitq.h"

/* All under the lock. */
struct group {
	struct weft__lock lock;
	uint32_t unused;
	int64_t count;
	uint64_t id; /* 0: not used yet */
	int64_t last_t;
	struct weft__waitq waiters;
};

_Static_assert(sizeof(struct group) == sizeof(struct weft_waitgroup), "one is seen as the other");
_Static_assert(_Alignof(struct group) == _Alignof(struct weft_waitgroup), "as above");

/* Locked. A wait group of zeroes gets its number when it is first used. */
static void make(struct group *g, struct weft__co *self)
{
	if (g->id)
		return;
	g->id = weft__new_id(&weft__sched.last_object);
	g->last_t = 0;
	weft__trace_group_make(weft__worker(), self, g->id, &g->last_t);
}

static struct group *lock_group(struct weft_waitgroup *group, struct weft__co *self)
{
	struct group *g = (struct group *)group;

	weft__trace_reserve(weft__worker(), 3 * WEFT__TRACE_WAKE_UNITS + WEFT__TRACE_PARK_UNITS);
	weft__lock(&g->lock);
	make(g, self);
	return g;
}

void weft_waitgroup_add(struct weft_waitgroup *group, int64_t delta)
{
	struct weft__co *self = weft__self("weft_waitgroup_add");
	struct group *g = lock_group(group, self);
	struct weft__waiter *list = NULL, **link = &list, *waiter;

	if (delta < INT32_MIN || delta > INT32_MAX)
		weft__panic("weft_waitgroup_add of %lld: out of range", (long long)delta);
	if (g->count + delta < 0)
		weft__panic("weft_waitgroup_add: the counter falls below zero");
	g->count += delta;
	weft__trace_add(weft__worker(), self, g->id, &g->last_t, delta, g->count);
	while (g->count == 0 && (waiter = weft__waitq_take(&g->waiters))) {
		*link = waiter;
		link = &waiter->next;
	}
	*link = NULL;
	weft__unlock(&g->lock);
	/* They are ours alone now. The group may go as soon as the first of them runs. */
	while (list) {
		waiter = list;
		list = waiter->next;
		weft__trace_reserve(weft__worker(), WEFT__TRACE_WAKE_UNITS);
		weft__trace_unblock(weft__worker(), self, waiter->co, waiter->from, NULL, 0,
			WEFT_WHY_WAITGROUP);
		weft__ready(waiter->co);
	}
}

void weft_waitgroup_done(struct weft_waitgroup *group)
{
	weft_waitgroup_add(group, -1);
}

int weft_waitgroup_wait_until(struct weft_waitgroup *group, int64_t until)
{
	struct weft__co *self = weft__self("weft_waitgroup_wait");
	struct group *g = lock_group(group, self);
	struct weft__waiter waiter = {.co = self, .index = -1};
	int r = g->count == 0 ? 0 : weft__may_wait(self, until);

	if (g->count == 0 || r < 0) {
		weft__unlock(&g->lock);
		return r;
	}
	waiter.from = g->id;
	self->wait = (struct weft__wait_for){.why = WEFT_WHY_WAITGROUP};
	weft__trace_block_on(weft__worker(), self, g->id, &g->last_t, until);
	weft__waitq_push(&g->waiters, &waiter);
	return weft__wait(&g->lock, &waiter, g->id, &g->last_t, until);
}

void weft_waitgroup_wait(struct weft_waitgroup *group)
{
	weft_waitgroup_wait_until(group, WEFT_NEVER);
}

void weft_waitgroup_finish(struct weft_waitgroup *group)
{
	struct weft__co *self = weft__self("weft_waitgroup_finish");
	struct group *g = lock_group(group, self);

	if (g->waiters.head)
		weft__panic("weft_waitgroup_finish while somebody waits");
	weft__trace_free(weft__worker(), self, g->id, &g->last_t);
	g->id = 0;
	weft__unlock(&g->lock);
}
