/* SPDX-License-Identifier: MIT
 *
 * How a worker appends records to its ring: the hot path, inline, so that a kind's units are
 * constants where it is written. What is rare (no room in one piece, records lost) is in ring.c.
 * docs/recorder.md has the protocols. Everything here is called by the worker that owns the ring.
 */
#ifndef WEFT_TRACER_RECORD_APPEND_H
#define WEFT_TRACER_RECORD_APPEND_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "tracer/event.h"
#include "tracer/record/clock.h"
#include "tracer/record/hidden.h"
#include "tracer/record/race.h"
#include "tracer/record/ring.h"

#define WEFT__REC_AHEAD 16 /* units: so far ahead of its records a worker fetches, about 100 ns */

/* No new stamp is below it: the collector's cut-off, in ticks. On a line of its own. */
extern WEFT__HIDDEN struct weft__rec_floor {
	_Alignas(WEFT__RING_LINE) _Atomic int64_t ticks;
} weft__rec_floor;

/* Makes room, or waits for it, where reserve cannot tell that there is enough. */
void weft__rec_reserve_more(struct weft__ring *ring, unsigned units);

/*
 * Makes room for a record of this kind at the ring's position, behind a pad if need be, and tells
 * what was lost before. False: there is none, and the record is lost.
 */
bool weft__rec_make_room(struct weft__ring *ring, enum weft_ev kind, unsigned units);

/*
 * Makes sure that the next `units` units fit: call it before taking a lock, with the sum of all
 * records that the operation can write. When the ring is full it wakes the collector and waits,
 * holding nothing, as long as the collector advances. After it, begin never waits. In the mode that
 * drops records neither waits. The moment of the record before goes on.
 */
static inline void weft__rec_reserve_on(struct weft__ring *ring, unsigned units)
{
	/* A pad at most; reserve_more has the collector woken when half of it is taken. */
	uint64_t end =
		weft__ring_published(ring, memory_order_relaxed) + units + WEFT_REC_UNITS_MAX - 1;

	if (__builtin_expect(end - atomic_load_explicit(&ring->head_seen, memory_order_acquire) >
				     ring->size / 2,
		    0))
		weft__rec_reserve_more(ring, units);
}

/*
 * The same where a moment begins: the first record behind it reads the ticks, and those that follow
 * it bear the same stamp, unless an object asks for a later one.
 */
static inline void weft__rec_reserve(struct weft__ring *ring, unsigned units)
{
	atomic_store_explicit(&ring->moment, false, memory_order_relaxed);
	weft__rec_reserve_on(ring, units);
}

/*
 * Opens the ring behind `published` units, then reads the floor: the collector does the two the
 * other way round. It may be open already, with a record in which the program crashed: that one is
 * never finished, and this one stands in its place.
 */
static inline int64_t weft__rec_open(struct weft__ring *ring, uint64_t published)
{
	uint64_t pos = 2 * published + 1;

	if (__builtin_expect(ring->strong, 0)) {
		/* An exchange, as in weft__rec_publish: see there. */
		atomic_exchange(&ring->pos, pos);
		return atomic_load(&weft__rec_floor.ticks);
	}
	atomic_store_explicit(&ring->pos, pos, memory_order_release);
	/* The collector's membarrier is its other half. */
	atomic_signal_fence(memory_order_seq_cst);
	return atomic_load_explicit(&weft__rec_floor.ticks, memory_order_acquire);
}

static inline void weft__rec_publish(struct weft__ring *ring, uint64_t published)
{
	uint64_t pos = 2 * published;

	/*
	 * For TSan, which takes the coroutines that use this ring by turns to be unordered: what
	 * one leaves here, the next acquires in open.
	 */
	if (__builtin_expect(ring->strong, 0))
		atomic_exchange(&ring->pos, pos);
	else
		atomic_store_explicit(&ring->pos, pos, memory_order_release);
}

static inline int64_t weft__rec_later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* An operation happens at one moment: its first record reads the ticks, the others follow it. */
static inline int64_t weft__rec_stamp(
	struct weft__ring *ring, int64_t floor, int64_t *last, int64_t *last2)
{
	int64_t t = weft__rec_later(floor, atomic_load_explicit(&ring->last, memory_order_relaxed));

	if (!atomic_load_explicit(&ring->moment, memory_order_relaxed)) {
		t = weft__rec_later(t, weft__rec_ticks() + ring->skew);
		atomic_store_explicit(&ring->moment, true, memory_order_relaxed);
	}
	if (last)
		t = weft__rec_later(t, *last + 1);
	if (last2)
		t = weft__rec_later(t, *last2 + 1);
	if (last)
		*last = t;
	if (last2)
		*last2 = t;
	atomic_store_explicit(&ring->last, t, memory_order_relaxed);
	return t;
}

/* Nearly all records have one or two units, for which a call of memset takes as long as the rest.
 */
static inline struct weft_rec *weft__rec_blank(
	struct weft_rec *rec, enum weft_ev kind, unsigned units)
{
	memset(rec, 0, sizeof(*rec));
	if (units > 1)
		memset(rec + 1, 0, sizeof(*rec));
	if (units > 2)
		memset(rec + 2, 0, (units - 2) * sizeof(*rec));
	rec->kind = (uint8_t)kind;
	rec->units = (uint8_t)units;
	return rec;
}

/*
 * Opens a record of `units` units: marks the ring open, stamps
 *     t = max(ticks, the ring's last t, *last + 1, the collector's cut-off),
 * stores t in *last (the stamp of the object or coroutine acted on, under the lock that guards it;
 * may be NULL) and fills in t, kind, units; all else is zero (n too). `last2` as `last`, for what
 * acts on an object and on another coroutine.
 */
static inline struct weft_rec *weft__rec_begin(
	struct weft__ring *ring, enum weft_ev kind, unsigned units, int64_t *last, int64_t *last2)
{
	uint64_t pos = weft__ring_published(ring, memory_order_relaxed);
	struct weft_rec *rec;
	int64_t floor;

	if (__builtin_expect(
		    pos + units > atomic_load_explicit(&ring->room, memory_order_acquire), 0)) {
		if (!weft__rec_make_room(ring, kind, units)) {
			weft__race_look_away();
			return weft__rec_blank(ring->scratch, kind, units);
		}
		pos = weft__ring_published(ring, memory_order_relaxed);
	}
	weft__race_look_away();
	rec = &ring->units[pos & (ring->size - 1)];
	/* Untouched since the ring came round. Behind the ring's end it is harmless. */
	__builtin_prefetch(rec + WEFT__REC_AHEAD, 1);
	weft__rec_blank(rec, kind, units);
	floor = weft__rec_open(ring, pos);
	rec->t = weft__rec_stamp(ring, floor, last, last2);
	return rec;
}

/* Publishes the record opened last and closes the ring again. */
static inline void weft__rec_end(struct weft__ring *ring, struct weft_rec *rec)
{
	weft__race_look_again();
	if (__builtin_expect(rec == ring->scratch, 0))
		return;
	weft__rec_publish(ring, weft__ring_published(ring, memory_order_relaxed) + rec->units);
}

/*
 * The next message number of this worker: the least one above both the ring's last and *last that
 * is congruent to the worker's number modulo 2^k; stores it in *last. Under the channel's lock.
 */
static inline uint64_t weft__rec_msg(struct weft__ring *ring, uint64_t *last)
{
	uint64_t above = atomic_load_explicit(&ring->msg, memory_order_relaxed);
	uint64_t msg;

	if (*last > above)
		above = *last;
	msg = (above & ~ring->msg_mask) | (uint64_t)ring->worker;
	if (msg <= above)
		msg += ring->msg_mask + 1;
	atomic_store_explicit(&ring->msg, msg, memory_order_relaxed);
	*last = msg;
	return msg;
}

/* The tail of a record of two or more units, and the payload behind it. */
static inline struct weft_rec_tail *weft__rec_tail(struct weft_rec *rec)
{
	return (struct weft_rec_tail *)(rec + 1);
}
static inline char *weft__rec_payload(struct weft_rec *rec)
{
	return (char *)(rec + 2);
}

#endif
