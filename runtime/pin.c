/* SPDX-License-Identifier: MIT
 *
 * Coroutines that run on one worker only: docs/scheduler.md, "Pinning".
 */
#include "runtime/pin.h"

#include <errno.h>

#include "runtime/panic.h"

/* ---- Those that are ready ---------------------------------------------------------------------
 */

/* Behind all others that are pinned to this worker. */
static WEFT__NO_TSAN void put_pinned(struct weft__worker *w, struct weft__co *co)
{
	co->next = NULL;
	if (w->pinned)
		w->pinned_last->next = co;
	else
		w->pinned = co;
	w->pinned_last = co;
}

WEFT__NO_TSAN struct weft__co *weft__pinned_get(struct weft__worker *w)
{
	struct weft__co *co = w->pinned;

	if (co)
		w->pinned = co->next;
	return co;
}

/* Any thread. release: pairs with the acquire in weft__pinned_receive. */
static WEFT__NO_TSAN void hand_over(struct weft__worker *to, struct weft__co *co)
{
	co->next = atomic_load_explicit(&to->inbox, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(
		&to->inbox, &co->next, co, memory_order_release, memory_order_relaxed))
		;
	weft__wake_worker(to);
}

/* What others handed over: newest first, turned round. */
WEFT__NO_TSAN void weft__pinned_receive(struct weft__worker *w)
{
	struct weft__co *co, *oldest = NULL;

	if (!atomic_load_explicit(&w->inbox, memory_order_relaxed))
		return;
	co = atomic_exchange_explicit(&w->inbox, NULL, memory_order_acquire);
	while (co) {
		struct weft__co *next = co->next;

		co->next = oldest;
		oldest = co;
		co = next;
	}
	while (oldest) {
		co = oldest;
		oldest = co->next;
		put_pinned(w, co);
	}
}

WEFT__NO_TSAN void weft__pinned_put(struct weft__worker *w, struct weft__co *co)
{
	if (co->pinned == w)
		put_pinned(w, co);
	else
		hand_over(co->pinned, co);
}

/* ---- For users --------------------------------------------------------------------------------
 */

static WEFT__NO_TSAN int worker_index(struct weft__worker *w)
{
	return w->index;
}

/* Its own stack is left before anybody can find it: it is made ready by whoever runs next. */
int weft_pin(int worker)
{
	struct weft__worker *w = weft__worker(), *to;
	struct weft__co *self = weft__self_on(w, "weft_pin");

	if (worker == WEFT_THIS_WORKER)
		worker = worker_index(w);
	if (worker < 0 || worker >= weft__sched.nworkers)
		return -EINVAL;
	to = &weft__sched.workers[worker];
	if (self->pinned && self->pinned != to)
		return -EBUSY;
	self->pinned = to;
	self->is_pinned = true;
	self->pins++;
	if (to != w)
		weft__yield(w, self);
	return 0;
}

void weft_unpin(void)
{
	struct weft__co *self = weft__self("weft_unpin");

	if (self->pins == 0)
		weft__panic("weft_unpin of a coroutine that is not pinned");
	if (--self->pins == 0) {
		self->is_pinned = false;
		self->pinned = NULL;
	}
}

int weft_worker_index(void)
{
	weft__self("weft_worker_index");
	return worker_index(weft__worker());
}

int weft_worker_count(void)
{
	weft__self("weft_worker_count");
	return weft__sched.nworkers;
}
