/* SPDX-License-Identifier: MIT
 *
 * A heap of four children a node: half as deep as a binary one, and siblings lie side by side. Its
 * entries hold the times, and a number for each timer: where a timer stands in the heap is kept in
 * a table of these numbers, so that sifting touches none of the stacks on which the timers lie. Of
 * 100,000 sleepers each has a page of its own.
 *
 * What is due leaves the heap by the batch, for one taking of the lock. A timer in a batch can
 * still be had by who cancels it: it belongs to whoever takes it out of its slot.
 */
#include "runtime/timer.h"

#include <stdlib.h>

#include "runtime/cpu.h"
#include "runtime/lock.h"
#include "runtime/panic.h"
#include "runtime/sched.h"
#include "tracer/record/futex.h"

#define BATCH 32
#define SPINS 100 /* before who waits for a firing timer sleeps */
#define NO_NUMBER UINT32_MAX

struct entry {
	int64_t when;
	uint32_t number;
};

/* All under the lock, but `next`. */
static struct {
	struct weft__lock lock;
	struct entry *heap;
	struct weft__timer **timer;   /* by number */
	uint32_t *place;	      /* by number: in the heap; of a free one, the next free */
	uint32_t count, room, unused; /* `unused`: the first free number */
	int64_t fired_at;     /* when the last ones were taken out to fire */
	_Atomic int64_t next; /* heap[0].when or WEFT_NEVER: release, acquired without the lock */
} timers;

/*
 * What each worker has taken out to fire. A slot holds a timer until the worker fires it or another
 * one cancels it; the exchange decides between the two (acq_rel: see weft__timer_disarm).
 */
static struct {
	_Alignas(64) _Atomic(struct weft__timer *) slot[BATCH];
} batches[WEFT__WORKERS_MAX];

void weft__timers_init(void)
{
	timers.count = timers.room = 0;
	timers.fired_at = 0;
	timers.unused = NO_NUMBER;
	atomic_store_explicit(&timers.next, WEFT_NEVER, memory_order_relaxed);
}

void weft__timers_finish(void)
{
	free(timers.heap);
	free(timers.timer);
	free(timers.place);
	timers.heap = NULL;
	timers.timer = NULL;
	timers.place = NULL;
	timers.count = timers.room = 0;
}

/* ---- The heap ---------------------------------------------------------------------------------
 */

static WEFT__NO_TSAN void put(uint32_t i, struct entry e)
{
	timers.heap[i] = e;
	timers.place[e.number] = i;
}

static WEFT__NO_TSAN void sift_up(uint32_t i, struct entry e)
{
	while (i > 0 && timers.heap[(i - 1) / 4].when > e.when) {
		put(i, timers.heap[(i - 1) / 4]);
		i = (i - 1) / 4;
	}
	put(i, e);
}

static WEFT__NO_TSAN void sift_down(uint32_t i, struct entry e)
{
	for (;;) {
		uint32_t first = 4 * i + 1, least = first;

		if (first >= timers.count)
			break;
		for (uint32_t c = first + 1; c < first + 4 && c < timers.count; c++) {
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

/* Takes out the entry at i and frees its number. The caller looks after `next` if i is 0. */
static WEFT__NO_TSAN struct weft__timer *take_out(uint32_t i)
{
	uint32_t number = timers.heap[i].number;
	struct entry last = timers.heap[--timers.count];

	if (i < timers.count) {
		if (i > 0 && timers.heap[(i - 1) / 4].when > last.when)
			sift_up(i, last);
		else
			sift_down(i, last);
	}
	timers.place[number] = timers.unused;
	timers.unused = number;
	return timers.timer[number];
}

static WEFT__NO_TSAN void *grown(void *array, size_t room, size_t size)
{
	array = realloc(array, room * size);
	if (!array)
		weft__panic("out of memory for %zu timers", room);
	return array;
}

/* Room for twice as many; the new numbers are free. */
static WEFT__NO_TSAN void grow(void)
{
	uint32_t room = timers.room ? timers.room * 2 : 64;

	if (room < timers.room)
		weft__panic("more than %u timers", timers.room);
	timers.heap = grown(timers.heap, room, sizeof(*timers.heap));
	timers.timer = grown(timers.timer, room, sizeof(struct weft__timer *));
	timers.place = grown(timers.place, room, sizeof(*timers.place));
	for (uint32_t i = room; i-- > timers.room;) {
		timers.place[i] = timers.unused;
		timers.unused = i;
	}
	timers.room = room;
}

/* ---- Arming and cancelling --------------------------------------------------------------------
 */

WEFT__NO_TSAN bool weft__timer_arm(
	struct weft__timer *timer, int64_t when, void (*fire)(struct weft__timer *))
{
	uint32_t number;
	bool first;

	timer->fire = fire;
	atomic_store_explicit(&timer->state, WEFT__TIMER_ARMED, memory_order_relaxed);
	weft__lock(&timers.lock);
	if (timers.unused == NO_NUMBER)
		grow();
	number = timers.unused;
	timers.unused = timers.place[number];
	timers.timer[number] = timer;
	timer->number = number;
	sift_up(timers.count++, (struct entry){when, number});
	first = timers.heap[0].number == number;
	if (first)
		note_next();
	weft__unlock(&timers.lock);
	return first;
}

WEFT__NO_TSAN bool weft__timer_disarm(struct weft__timer *timer)
{
	struct weft__timer *mine = timer;
	uint32_t state, place;

	weft__lock(&timers.lock);
	state = atomic_load_explicit(&timer->state, memory_order_relaxed);
	if (state == WEFT__TIMER_ARMED) {
		place = timers.place[timer->number];
		take_out(place);
		if (place == 0)
			note_next();
		atomic_store_explicit(&timer->state, WEFT__TIMER_IDLE, memory_order_relaxed);
	}
	weft__unlock(&timers.lock);
	/* Due: with the worker that will fire it, unless we get it out of its slot before. */
	return state == WEFT__TIMER_ARMED ||
	       (state == WEFT__TIMER_DUE &&
		       atomic_compare_exchange_strong_explicit(timer->slot, &mine, NULL,
			       memory_order_acq_rel, memory_order_relaxed));
}

/* `fire` runs. It takes some hundred ns, unless its worker is descheduled. */
static WEFT__NO_TSAN void wait_until_done(struct weft__timer *timer)
{
	uint32_t state = WEFT__TIMER_DUE;

	for (int i = 0; i < SPINS; i++) {
		if (atomic_load_explicit(&timer->state, memory_order_acquire) == WEFT__TIMER_DONE)
			return;
		weft__relax();
	}
	/* Pairs with the exchange in weft__timer_done. */
	if (!atomic_compare_exchange_strong_explicit(&timer->state, &state, WEFT__TIMER_AWAITED,
		    memory_order_acquire, memory_order_acquire))
		return;
	while (atomic_load_explicit(&timer->state, memory_order_acquire) != WEFT__TIMER_DONE)
		weft__futex_wait(&timer->state, WEFT__TIMER_AWAITED, WEFT_NEVER);
}

void weft__timer_cancel(struct weft__timer *timer)
{
	if (!weft__timer_disarm(timer))
		wait_until_done(timer);
	/* acquire, for TSan to see it: pairs with weft__timer_done; `fire` reads our stack no more.
	 */
	(void)atomic_load_explicit(&timer->state, memory_order_acquire);
}

void weft__timer_done(struct weft__timer *timer)
{
	/* release: acquired by wait_until_done. The owner may be gone after it; a wake-up for the
	 * address alone does no harm. */
	if (atomic_exchange_explicit(&timer->state, WEFT__TIMER_DONE, memory_order_release) ==
		WEFT__TIMER_AWAITED)
		weft__futex_wake(&timer->state, 1);
}

/* ---- Firing -----------------------------------------------------------------------------------
 */

int64_t weft__timers_next(void)
{
	return atomic_load_explicit(&timers.next, memory_order_acquire);
}

/* Under the lock: the second of all lies among the children of the first. */
static WEFT__NO_TSAN int64_t second(void)
{
	int64_t when = WEFT_NEVER;

	for (uint32_t c = 1; c < 5 && c < timers.count; c++) {
		if (timers.heap[c].when < when)
			when = timers.heap[c].when;
	}
	return when;
}

WEFT__NO_TSAN int64_t weft__timers_wake(void)
{
	int64_t when = weft__timers_next(), together;

	if (when == WEFT_NEVER)
		return when;
	weft__lock(&timers.lock);
	together = timers.fired_at + WEFT__TIMERS_CROWD_NS;
	if (timers.count)
		when = timers.heap[0].when;
	if (when < together && second() <= together)
		when = together;
	weft__unlock(&timers.lock);
	return when;
}

WEFT__NO_TSAN bool weft__timers_any(bool (*does)(struct weft__timer *timer))
{
	for (uint32_t i = 0; i < timers.count; i++) {
		if (does(timers.timer[timers.heap[i].number]))
			return true;
	}
	return false;
}

/* Moves what is due into this worker's slots, first things first. How many. */
static WEFT__NO_TSAN int take_due(int64_t now, _Atomic(struct weft__timer *) *slot)
{
	int n = 0;

	weft__lock(&timers.lock);
	while (n < BATCH && timers.count && timers.heap[0].when <= now) {
		struct weft__timer *timer = take_out(0);

		timer->slot = &slot[n];
		atomic_store_explicit(&slot[n], timer, memory_order_relaxed);
		atomic_store_explicit(&timer->state, WEFT__TIMER_DUE, memory_order_relaxed);
		n++;
	}
	if (n) {
		timers.fired_at = now;
		note_next();
	}
	weft__unlock(&timers.lock);
	return n;
}

/* The timer in the slot, or NULL if it was cancelled. */
static WEFT__NO_TSAN struct weft__timer *take_slot(_Atomic(struct weft__timer *) *slot)
{
	struct weft__timer *timer;

	if (weft__multi)
		return atomic_exchange_explicit(slot, NULL, memory_order_acq_rel);
	timer = atomic_load_explicit(slot, memory_order_relaxed);
	atomic_store_explicit(slot, NULL, memory_order_relaxed);
	return timer;
}

WEFT__NO_TSAN void weft__timers_run(void)
{
	int64_t next = weft__timers_next(), now;
	_Atomic(struct weft__timer *) *slot;
	int n;

	if (next == WEFT_NEVER) /* never read the clock where nothing asks for the time */
		return;
	now = weft_now();
	if (next > now)
		return;
	slot = batches[weft__worker()->index].slot;
	n = take_due(now, slot);
	for (int i = 0; i < n; i++) {
		struct weft__timer *timer = take_slot(&slot[i]);

		if (timer)
			timer->fire(timer);
	}
}
