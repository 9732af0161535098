/* SPDX-License-Identifier: MIT
 *
 * Groups: a semaphore for how many run at once, a wait group for their end, and a scope that ends
 * with the first error. Their coroutines are ordinary ones that know their group.
 */
#include "runtime/group.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/panic.h"
#include "runtime/probe.h"
#include "runtime/sched.h"
#include "runtime/scope.h"
#include "runtime/sync.h"

struct group {
	struct weft_semaphore slots;
	struct weft_waitgroup running;
	struct weft_scope *scope; /* NULL: it is not open */
	/* The first that is not 0; relaxed: `running` orders it before the end of the wait. */
	atomic_int result;
};

WEFT__SYNC_SAME(struct group, struct weft_group);

void weft_group_begin(struct weft_group *group, int64_t limit, const char *at_fn,
	const char *at_file, int at_line)
{
	struct group *g = (struct group *)group;

	weft__self("weft_group_open");
	if (limit < 0)
		weft__panic("weft_group_open with a limit of %lld", (long long)limit);
	*g = (struct group){.slots = WEFT_SEMAPHORE(limit ? limit : INT64_MAX)};
	weft_sync_name(&g->slots, "slots of a group");
	weft_sync_name(&g->running, "of a group");
	g->scope = weft_scope_start(NULL, WEFT_NEVER, at_fn, at_file, at_line);
}

static struct group *open_group(struct weft_group *group, const char *what)
{
	struct group *g = (struct group *)group;

	weft__self(what);
	if (!g->scope)
		weft__panic("%s: the group is not open", what);
	return g;
}

struct weft_scope *weft_group_scope(struct weft_group *group)
{
	return open_group(group, "weft_group_scope")->scope;
}

int weft_group_launch(struct weft_group *group, weft_int_fn fn, const char *name, const void *arg,
	size_t copy_bytes, int64_t until, const char *at_fn, const char *at_file, int at_line)
{
	struct group *g = open_group(group, "weft_group_go");
	struct weft_scope *before;
	struct weft__co *co;
	int r;

	weft__trace_here();
	r = weft__semaphore_acquire(&g->slots, 1, until);
	if (r < 0)
		return r;
	if (weft_scope_error(g->scope)) {
		weft__semaphore_release(&g->slots, 1);
		return -ECANCELED;
	}
	weft__waitgroup_add(&g->running, 1);
	before = weft_scope_enter(g->scope);
	co = weft__co_new(
		weft__worker(), weft__current(), name, arg, copy_bytes, at_fn, at_file, at_line);
	weft_scope_leave(before);
	co->int_fn = fn;
	co->group = group;
	weft__ready(co);
	return 0;
}

void weft__group_end(struct weft_group *group, int code)
{
	struct group *g = (struct group *)group;
	int none = 0;

	weft__trace_nowhere(weft__current());
	if (code != 0 && atomic_compare_exchange_strong_explicit(&g->result, &none, code,
				 memory_order_relaxed, memory_order_relaxed)) {
		char reason[WEFT__REASON_BYTES];

		snprintf(reason, sizeof(reason), "a function of the group returned %d", code);
		weft__scope_cancel(g->scope, reason);
	}
	weft__semaphore_release(&g->slots, 1);
	weft__waitgroup_add(&g->running, -1);
}

/* All have ended. */
static int close_group(struct group *g)
{
	weft_sync_finish(&g->running);
	weft_sync_finish(&g->slots);
	weft_scope_unref(g->scope);
	g->scope = NULL;
	return atomic_load_explicit(&g->result, memory_order_relaxed);
}

int weft_group_wait(struct weft_group *group)
{
	struct group *g = open_group(group, "weft_group_wait");

	/* What they use may be ours: not before they have ended. */
	weft__trace_here();
	weft_shield_begin();
	weft__waitgroup_wait(&g->running, WEFT_NEVER);
	weft_shield_end();
	return close_group(g);
}

int weft_group_wait_until(struct weft_group *group, int *ret_result, int64_t until)
{
	struct group *g = open_group(group, "weft_group_wait_until");
	int r;

	weft__trace_here();
	r = weft__waitgroup_wait(&g->running, until);
	if (r < 0)
		return r;
	r = close_group(g);
	if (ret_result)
		*ret_result = r;
	return 0;
}
