/* SPDX-License-Identifier: MIT
 *
 * A ring, and what is rare on the worker's side of it: making room, waiting for it, losing records.
 * The hot path is in append.h.
 */
#include "tracer/record/append.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>

#include "tracer/record/futex.h"
#include "tracer/record/recorder.h"

#define relaxed memory_order_relaxed
#define acquire memory_order_acquire
#define release memory_order_release

#define SLICE_MS                                                                        \
	100 /* of waiting for room: a process that was stopped has used up one, not all \
	     */

struct weft__rec_floor weft__rec_floor;
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
	atomic_exchange(&ring->head, head);
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

		atomic_exchange(&ring->waiting, 1);
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

void weft__rec_reserve_more(struct weft__ring *ring, unsigned units)
{
	uint64_t tail = weft__ring_published(ring, relaxed);
	uint64_t end = tail + units + WEFT_REC_UNITS_MAX - 1; /* a pad at most */

	if (end - tail > ring->size) /* more than a ring holds: begin will wait for the rest */
		end = tail + ring->size;
	if (!fits(ring, end)) {
		if (ring->drops)
			weft__rec_kick();
		else
			wait_for_room(ring, end);
		return;
	}
	/* A hint: that it was given already may be seen late, and does no harm. */
	if (end - atomic_load_explicit(&ring->head_seen, relaxed) > ring->size / 2 &&
		!atomic_load_explicit(&weft__rec.kick, relaxed))
		weft__rec_kick();
}

static bool defines(enum weft_ev kind)
{
	return kind == WEFT_EV_SPAWN || kind == WEFT_EV_MAKE || kind == WEFT_EV_NAME ||
	       kind == WEFT_EV_LOG || kind == WEFT_EV_STACK;
}

/* There may not be room up to `end`. False: there is none, and there will be none soon. */
static bool find_room(struct weft__ring *ring, enum weft_ev kind, uint64_t end)
{
	if (fits(ring, defines(kind) ? end : end + ring->spare))
		return true;
	return !ring->drops && wait_for_room(ring, end);
}

/* Begins tell the next that it has to ask, as long as records have been lost. */
static void set_lost(struct weft__ring *ring, uint64_t lost)
{
	atomic_store_explicit(&ring->lost, lost, relaxed);
	if (lost)
		atomic_store_explicit(&ring->room, 0, release);
}

static void lose(struct weft__ring *ring)
{
	uint64_t lost = atomic_load_explicit(&ring->lost, relaxed);

	if (!lost)
		atomic_store_explicit(
			&ring->lost_since, atomic_load_explicit(&ring->last, relaxed), relaxed);
	set_lost(ring, lost + 1);
}

/* Writes how many records were lost. False: there is no room for that yet. */
static bool confess(struct weft__ring *ring)
{
	uint64_t lost = atomic_load_explicit(&ring->lost, relaxed);
	int64_t since = atomic_load_explicit(&ring->lost_since, relaxed);
	struct weft_rec *rec;
	bool done;

	set_lost(ring, 0);
	rec = weft__rec_begin(ring, WEFT_EV_DROP, 2, NULL, NULL);
	done = rec != ring->scratch;
	if (done) {
		weft__rec_tail(rec)->a = (int64_t)lost;
		weft__rec_tail(rec)->b = since;
	} else {
		set_lost(ring, lost);
		atomic_store_explicit(&ring->lost_since, since, relaxed);
	}
	weft__rec_end(ring, rec);
	return done;
}

/* Units to skip so that a record of `units` is in one piece. */
static unsigned gap(const struct weft__ring *ring, uint64_t pos, unsigned units)
{
	uint64_t rest = ring->size - (pos & (ring->size - 1));

	return units > rest ? (unsigned)rest : 0;
}

static void put_pad(struct weft__ring *ring, uint64_t pos, unsigned units)
{
	struct weft_rec *rec = &ring->units[pos & (ring->size - 1)];

	weft__race_look_away();
	weft__rec_blank(rec, WEFT_EV_LOC, 1);
	rec->flags = WEFT_REC_PAD;
	rec->units = (uint8_t)units;
	weft__rec_open(ring, pos);
	weft__race_look_again();
	weft__rec_publish(ring, pos + units);
}

/* Up to where records fit, as far as is known, and are in one piece. */
static void note_room(struct weft__ring *ring)
{
	uint64_t pos = weft__ring_published(ring, relaxed);
	uint64_t piece = (pos | (ring->size - 1)) + 1;
	uint64_t full = atomic_load_explicit(&ring->head_seen, relaxed) + ring->size - ring->spare;

	if (atomic_load_explicit(&ring->lost, relaxed) == 0)
		atomic_store_explicit(&ring->room, piece < full ? piece : full, release);
}

bool weft__rec_make_room(struct weft__ring *ring, enum weft_ev kind, unsigned units)
{
	uint64_t pos;
	unsigned skip;

	if (atomic_load_explicit(&ring->lost, relaxed) && !confess(ring) && !defines(kind)) {
		lose(ring);
		return false;
	}
	pos = weft__ring_published(ring, relaxed);
	skip = gap(ring, pos, units);
	if (!find_room(ring, kind, pos + skip + units)) {
		lose(ring);
		return false;
	}
	if (skip)
		put_pad(ring, pos, skip);
	note_room(ring);
	return true;
}
