/* SPDX-License-Identifier: MIT */
#include "runtime/sync.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/panic.h"
#include "runtime/probe.h"
#include "runtime/sched.h"

WEFT__SYNC_SAME(struct weft__sync, struct weft_sync);

static uint32_t run; /* counts them; written while there is no other thread */

void weft__sync_init(void)
{
	run++;
}

void weft__sync_know(
	struct weft__sync *sync, struct weft__co *self, enum weft_obj type, int64_t count)
{
	bool used;

	if (sync->id && sync->run == run)
		return;
	sync->run = run;
	sync->id = weft__new_id(&weft__sched.last_object);
	sync->last_t = 0;
	/* Somebody has it already, from before this run or since before locks were recorded. */
	used = (atomic_load_explicit(&sync->word, memory_order_relaxed) & ~WEFT__SYNC_REST) != 0;
	weft__trace_sync_make(
		weft__worker(), self, sync->id, &sync->last_t, type, sync->name, count, used);
}

int weft__sync_wait(
	struct weft__sync *sync, struct weft__waiter *waiter, enum weft_why why, int64_t until)
{
	struct weft__co *self = waiter->co;

	waiter->from = sync->id;
	self->wait = (struct weft__wait_for){.why = why, .kind = WEFT__WAIT_SYNC, .sync = sync};
	weft__trace_block_on(weft__worker(), self, sync->id, &sync->last_t, until);
	return weft__wait(&sync->lock, waiter, sync->id, &sync->last_t, until);
}

uint32_t weft__wakes_add_all(struct weft__wakes *wakes, struct weft__waitq *queue)
{
	struct weft__waiter *waiter;
	uint32_t n = 0;

	while ((waiter = weft__waitq_take(queue))) {
		weft__wakes_add(wakes, waiter);
		n++;
	}
	return n;
}

void weft__wakes_run(struct weft__wakes *wakes, struct weft__co *self, enum weft_why why)
{
	struct weft__waiter *waiter, *next;

	for (waiter = wakes->first; waiter; waiter = next) {
		next = waiter->next;
		weft__trace_reserve(weft__worker(), WEFT__TRACE_WAKE_UNITS);
		weft__trace_unblock(weft__worker(), self, waiter->co, waiter->from, NULL, 0, why);
		weft__ready(waiter->co);
	}
}

void weft__sync_describe(const struct weft__sync *sync, char *text, size_t size)
{
	if (sync->name[0])
		snprintf(text, size, "\"%s\"", sync->name);
	else
		snprintf(text, size, "at %p", (const void *)sync);
}

void weft_sync_set_name(struct weft_sync *object, const char *format, ...)
{
	struct weft__sync *sync = (struct weft__sync *)object;
	struct weft__co *self = weft__self("weft_sync_name");
	char name[WEFT__SYNC_NAME_MAX];
	va_list args;

	(void)self;
	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	weft__trace_reserve(weft__worker(), WEFT__SYNC_UNITS);
	weft__lock(&sync->lock);
	memcpy(sync->name, name, sizeof(name));
	/* If it is not known yet, its name will stand in the record of its making. */
	if (sync->id && sync->run == run)
		weft__trace_name(weft__worker(), 0, sync->id, name, &sync->last_t);
	weft__unlock(&sync->lock);
}

void weft_sync_end(struct weft_sync *object)
{
	struct weft__sync *sync = (struct weft__sync *)object;
	struct weft__co *self = weft__self("weft_sync_finish");

	weft__trace_reserve(weft__worker(), WEFT__SYNC_UNITS);
	weft__lock(&sync->lock);
	if (sync->waiters.head)
		weft__panic("weft_sync_finish while somebody waits");
	if (atomic_load_explicit(&sync->word, memory_order_relaxed) & ~WEFT__SYNC_REST)
		weft__panic("weft_sync_finish of what is held");
	if (sync->id && sync->run == run)
		weft__trace_free(weft__worker(), self, sync->id, &sync->last_t);
	sync->id = 0;
	sync->name[0] = '\0';
	weft__unlock(&sync->lock);
}
