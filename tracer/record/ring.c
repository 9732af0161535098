/* SPDX-License-Identifier: MIT
 *
 * The worker's side of a ring: making room, stamping, publishing. See ring.h; the hot path is
 * reserve, begin, end, and none of them leaves this file while there is room.
 */
#include "tracer/record/record.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>

#include "tracer/record/clock.h"
#include "tracer/record/futex.h"
#include "tracer/record/race.h"
#include "tracer/record/recorder.h"
#include "tracer/record/ring.h"

#define relaxed memory_order_relaxed
#define acquire memory_order_acquire
#define release memory_order_release

#define SLICE_MS                                                                        \
	100 /* of waiting for room: a process that was stopped has used up one, not all \
	     */

int64_t weft__rec_test_skew;

struct weft__ring *weft__ring_map(size_t bytes, int worker, int workers)
{
	struct weft__ring *ring;
	uint64_t size = WEFT__RING_MIN / WEFT_REC_UNIT;
	size_t all;
	void *mem;

	while (size * 2 * WEFT_REC_UNIT <= bytes)
		size *= 2;
	all = sizeof(*ring) + size * WEFT_REC_UNIT;
	mem = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		-1, 0);
	if (mem == MAP_FAILED)
		return NULL;
	ring = mem;
	ring->bytes = all;
	ring->size = size;
	ring->units = (struct weft_rec *)(ring + 1);
	ring->worker = worker;
	ring->skew = worker * weft__rec_test_skew;
	while (ring->msg_mask + 1 < (uint64_t)workers)
		ring->msg_mask = ring->msg_mask * 2 + 1;
	return ring;
}

/* What others refer to is lost last: it may take an eighth of the ring for itself. */
void weft__ring_drop(struct weft__ring *ring)
{
	ring->drops = true;
	ring->spare = ring->size / 8;
}

void weft__ring_unmap(struct weft__ring *ring)
{
	if (ring)
		munmap(ring, ring->bytes);
}

void weft__ring_rouse(struct weft__ring *ring)
{
	atomic_store(&ring->waiting, 0);
	atomic_fetch_add(&ring->wake, 1);
	weft__futex_wake(&ring->wake, INT_MAX);
}

void weft__ring_release(struct weft__ring *ring, uint64_t head)
{
	atomic_store(&ring->head, head);
	if (atomic_load(&ring->waiting))
		weft__ring_rouse(ring);
}

/* Reads the collector's head; true if `end` - head units fit. */
static bool fits(struct weft__ring *ring, uint64_t end)
{
	uint64_t head = atomic_load(&ring->head);

	atomic_store_explicit(&ring->head_seen, head, release);
	return end - head <= ring->size;
}

/*
 * Waits until the units up to `end` fit. False: recording is over. The collector never waits for a
 * worker that is here (its gate is closed) nor for any lock, so this ends as long as the file takes
 * what is written.
 */
static bool wait_for_room(struct weft__ring *ring, uint64_t end)
{
	uint32_t progress = atomic_load_explicit(&weft__rec.progress, relaxed);
	int idle = 0;

	while (weft__rec_enabled()) {
		uint32_t seen = atomic_load(&ring->wake);
		uint32_t now;

		atomic_store(&ring->waiting, 1);
		if (fits(ring, end))
			return true;
		weft__rec_kick();
		if (!weft__futex_wait(&ring->wake, seen, weft__rec_in_ms(SLICE_MS)))
			continue;
		now = atomic_load_explicit(&weft__rec.progress, relaxed);
		idle = now == progress ? idle + SLICE_MS : 0;
		progress = now;
		if (idle >= WEFT__REC_STALL_MS)
			weft__rec_fail(-ETIMEDOUT);
	}
	return false;
}

void weft__rec_reserve(struct weft__ring *ring, unsigned units)
{
	uint64_t tail = atomic_load_explicit(&ring->tail, relaxed);
	uint64_t end = tail + units + WEFT_REC_UNITS_MAX - 1; /* a pad at most */
	uint64_t seen = atomic_load_explicit(&ring->head_seen, acquire);

	atomic_store_explicit(&ring->moment, false, relaxed);
	if (end - seen <= ring->size / 2)
		return;
	if (end - tail > ring->size) /* more than a ring holds: begin will wait for the rest */
		end = tail + ring->size;
	if (!fits(ring, end)) {
		if (ring->drops)
			weft__rec_kick();
		else
			wait_for_room(ring, end);
		return;
	}
	if (end - atomic_load_explicit(&ring->head_seen, relaxed) > ring->size / 2)
		weft__rec_kick();
}

/* Nearly all records have one or two units, for which a call of memset takes as long as the rest.
 */
static struct weft_rec *blank(struct weft_rec *rec, enum weft_ev kind, unsigned units)
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
 * Opens the gate, then reads the floor: the collector does the two the other way round. A gate that
 * is open already belongs to a record in which the program crashed and that it never will finish.
 */
static int64_t open_gate(struct weft__ring *ring)
{
	uint64_t gate = atomic_load_explicit(&ring->gate, relaxed);

	gate += gate & 1 ? 2 : 1;
	if (ring->strong) {
		/* An exchange, as in weft__rec_end: see there. */
		atomic_exchange(&ring->gate, gate);
		return atomic_load(&weft__rec.floor);
	}
	atomic_store_explicit(&ring->gate, gate, relaxed);
	atomic_signal_fence(
		memory_order_seq_cst); /* the collector's membarrier is its other half */
	return atomic_load_explicit(&weft__rec.floor, acquire);
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* An operation happens at one moment: its first record reads the ticks, the others follow it. */
static int64_t stamp(struct weft__ring *ring, int64_t floor, int64_t *last, int64_t *last2)
{
	int64_t t = later(floor, atomic_load_explicit(&ring->last, relaxed));

	if (!atomic_load_explicit(&ring->moment, relaxed)) {
		t = later(t, weft__rec_ticks() + ring->skew);
		atomic_store_explicit(&ring->moment, true, relaxed);
	}
	if (last)
		t = later(t, *last + 1);
	if (last2)
		t = later(t, *last2 + 1);
	if (last)
		*last = t;
	if (last2)
		*last2 = t;
	atomic_store_explicit(&ring->last, t, relaxed);
	return t;
}

/* Units to skip so that a record of `units` is in one piece. */
static uint64_t gap(const struct weft__ring *ring, uint64_t pos, unsigned units)
{
	uint64_t rest = ring->size - (pos & (ring->size - 1));

	return units > rest ? rest : 0;
}

static bool defines(enum weft_ev kind)
{
	return kind == WEFT_EV_SPAWN || kind == WEFT_EV_MAKE || kind == WEFT_EV_NAME ||
	       kind == WEFT_EV_LOG;
}

/* There may not be room up to `end`. False: there is none, and there will be none soon. */
static bool find_room(struct weft__ring *ring, enum weft_ev kind, uint64_t end)
{
	if (fits(ring, defines(kind) ? end : end + ring->spare))
		return true;
	return !ring->drops && wait_for_room(ring, end);
}

static struct weft_rec *lose(struct weft__ring *ring, enum weft_ev kind, unsigned units)
{
	uint64_t lost = atomic_load_explicit(&ring->lost, relaxed);

	if (!lost)
		atomic_store_explicit(
			&ring->lost_since, atomic_load_explicit(&ring->last, relaxed), relaxed);
	atomic_store_explicit(&ring->lost, lost + 1, relaxed);
	return blank(ring->scratch, kind, units);
}

/* Writes how many records were lost. False: there is no room for that yet. */
static bool confess(struct weft__ring *ring)
{
	uint64_t lost = atomic_load_explicit(&ring->lost, relaxed);
	int64_t since = atomic_load_explicit(&ring->lost_since, relaxed);
	struct weft_rec *rec;
	bool done;

	atomic_store_explicit(&ring->lost, 0, relaxed);
	rec = weft__rec_begin(ring, WEFT_EV_DROP, 2, NULL, NULL);
	done = rec != ring->scratch;
	if (done) {
		weft__rec_tail(rec)->a = (int64_t)lost;
		weft__rec_tail(rec)->b = since;
	} else {
		atomic_store_explicit(&ring->lost, lost, relaxed);
		atomic_store_explicit(&ring->lost_since, since, relaxed);
	}
	weft__rec_end(ring, rec);
	return done;
}

struct weft_rec *weft__rec_begin(
	struct weft__ring *ring, enum weft_ev kind, unsigned units, int64_t *last, int64_t *last2)
{
	uint64_t pos, skip, end;
	struct weft_rec *rec;
	int64_t floor;

	if (__builtin_expect(atomic_load_explicit(&ring->lost, relaxed) != 0, 0) &&
		!confess(ring) && !defines(kind)) {
		weft__race_look_away();
		return lose(ring, kind, units);
	}
	pos = atomic_load_explicit(&ring->tail, relaxed);
	skip = gap(ring, pos, units);
	end = pos + skip + units;
	weft__race_look_away();
	if (__builtin_expect(end + ring->spare - atomic_load_explicit(&ring->head_seen, acquire) >
				     ring->size,
		    0) &&
		!find_room(ring, kind, end))
		return lose(ring, kind, units);
	if (skip) {
		rec = blank(&ring->units[pos & (ring->size - 1)], WEFT_EV_LOC, 1);
		rec->flags = WEFT_REC_PAD;
		rec->units = (uint8_t)skip;
		pos += skip;
	}
	rec = blank(&ring->units[pos & (ring->size - 1)], kind, units);
	atomic_store_explicit(&ring->next, end, relaxed);
	floor = open_gate(ring);
	rec->t = stamp(ring, floor, last, last2);
	return rec;
}

void weft__rec_end(struct weft__ring *ring, struct weft_rec *rec)
{
	weft__race_look_again();
	if (__builtin_expect(rec == ring->scratch, 0))
		return;
	atomic_store_explicit(&ring->tail, atomic_load_explicit(&ring->next, relaxed), release);
	if (ring->strong)
		/*
		 * For TSan, which takes the coroutines that use this ring by turns to be unordered:
		 * what one leaves here, the next acquires in open_gate.
		 */
		atomic_exchange(&ring->gate, atomic_load_explicit(&ring->gate, relaxed) + 1);
	else
		atomic_store_explicit(
			&ring->gate, atomic_load_explicit(&ring->gate, relaxed) + 1, release);
}

uint64_t weft__rec_msg(struct weft__ring *ring, uint64_t *last)
{
	uint64_t above = atomic_load_explicit(&ring->msg, relaxed);
	uint64_t msg;

	if (*last > above)
		above = *last;
	msg = (above & ~ring->msg_mask) | (uint64_t)ring->worker;
	if (msg <= above)
		msg += ring->msg_mask + 1;
	atomic_store_explicit(&ring->msg, msg, relaxed);
	*last = msg;
	return msg;
}
