/* SPDX-License-Identifier: MIT
 *
 * A heap of four children a node: half as deep as a binary one, and its children share a cache
 * line. The heap's array holds the times beside the pointers, so that sifting does not touch the
 * stacks on which the timers lie.
 */
#include "runtime/timer.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/lock.h"
#include "runtime/panic.h"
#include "runtime/sched.h"

struct entry {
	int64_t when;
	struct weft__timer *timer;
};

static struct {
	struct weft__lock lock;
	struct entry *heap;
	size_t count, room;
	_Atomic int64_t next; /* heap[0].when or WEFT_NEVER; written under the lock, read without */
} timers;

void weft__timers_init(void)
{
	timers.count = 0;
	atomic_store_explicit(&timers.next, WEFT_NEVER, memory_order_relaxed);
}

void weft__timers_finish(void)
{
	free(timers.heap);
	timers.heap = NULL;
	timers.count = timers.room = 0;
}

static WEFT__NO_TSAN void put(size_t i, struct entry e)
{
	timers.heap[i] = e;
	e.timer->place = i;
}

static WEFT__NO_TSAN void sift_up(size_t i, struct entry e)
{
	while (i > 0 && timers.heap[(i - 1) / 4].when > e.when) {
		put(i, timers.heap[(i - 1) / 4]);
		i = (i - 1) / 4;
	}
	put(i, e);
}

static WEFT__NO_TSAN void sift_down(size_t i, struct entry e)
{
	for (;;) {
		size_t first = 4 * i + 1, least = first;

		if (first >= timers.count)
			break;
		for (size_t c = first + 1; c < first + 4 && c < timers.count; c++) {
			if (timers.heap[c].when < timers.heap[least].when)
				least = c;
		}
		if (timers.heap[least].when >= e.when)
			break;
		put(i, timers.heap[least]);
		i = least;
	}
	put(i, e);
}

static WEFT__NO_TSAN void note_next(void)
{
	atomic_store_explicit(&timers.next, timers.count ? timers.heap[0].when : WEFT_NEVER,
		memory_order_release);
}

static WEFT__NO_TSAN void take_out(size_t i)
{
	struct entry last = timers.heap[--timers.count];

	if (i < timers.count) {
		if (i > 0 && timers.heap[(i - 1) / 4].when > last.when)
			sift_up(i, last);
		else
			sift_down(i, last);
	}
	if (i == 0)
		note_next();
}

WEFT__NO_TSAN bool weft__timer_arm(
	struct weft__timer *timer, int64_t when, void (*fire)(struct weft__timer *))
{
	bool first;

	timer->when = when;
	timer->fire = fire;
	atomic_store_explicit(&timer->state, WEFT__TIMER_ARMED, memory_order_relaxed);
	weft__lock(&timers.lock);
	if (timers.count == timers.room) {
		size_t room = timers.room ? timers.room * 2 : 64;
		void *heap = realloc(timers.heap, room * sizeof(*timers.heap));

		if (!heap)
			weft__panic("out of memory for %zu timers", room);
		timers.heap = heap;
		timers.room = room;
	}
	sift_up(timers.count++, (struct entry){when, timer});
	first = timers.heap[0].timer == timer;
	if (first)
		note_next();
	weft__unlock(&timers.lock);
	return first;
}

static WEFT__NO_TSAN void cancel(struct weft__timer *timer)
{
	bool armed;

	weft__lock(&timers.lock);
	armed = atomic_load_explicit(&timer->state, memory_order_relaxed) == WEFT__TIMER_ARMED;
	if (armed)
		take_out(timer->place);
	weft__unlock(&timers.lock);
	if (armed)
		return;
	while (atomic_load_explicit(&timer->state, memory_order_acquire) != WEFT__TIMER_DONE)
		sched_yield(); /* the firing thread is between two locks */
}

void weft__timer_cancel(struct weft__timer *timer)
{
	cancel(timer);
	/* acquire, for TSan to see it: pairs with weft__timer_done; `fire` reads our stack no more.
	 */
	(void)atomic_load_explicit(&timer->state, memory_order_acquire);
}

void weft__timer_done(struct weft__timer *timer)
{
	atomic_store_explicit(&timer->state, WEFT__TIMER_DONE, memory_order_release);
}

int64_t weft__timers_next(void)
{
	return atomic_load_explicit(&timers.next, memory_order_acquire);
}

/* The first one that is due, taken out of the heap, or NULL. */
static WEFT__NO_TSAN struct weft__timer *take_due(int64_t now)
{
	struct weft__timer *timer = NULL;

	weft__lock(&timers.lock);
	if (timers.count && timers.heap[0].when <= now) {
		timer = timers.heap[0].timer;
		take_out(0);
		atomic_store_explicit(&timer->state, WEFT__TIMER_FIRING, memory_order_relaxed);
	}
	weft__unlock(&timers.lock);
	return timer;
}

WEFT__NO_TSAN void weft__timers_run(void)
{
	int64_t next = weft__timers_next(), now;
	struct weft__timer *timer;

	if (next == WEFT_NEVER) /* never read the clock where nothing asks for the time */
		return;
	now = weft_now();
	if (next > now)
		return;
	while ((timer = take_due(now)))
		timer->fire(timer);
}
