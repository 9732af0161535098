/* SPDX-License-Identifier: MIT
 *
 * One worker's buffer of binary records: single producer (the worker), single consumer (the
 * collector), contiguous records of 32-byte units; where a record does not fit before the end, a
 * WEFT_REC_PAD record fills the rest. Positions count units and only grow.
 *
 * What the worker keeps for itself is atomic too, though only it writes there: the coroutines of a
 * worker are threads of their own to a race detector. docs/recorder.md has the protocols.
 */
#ifndef WEFT_TRACER_RECORD_RING_H
#define WEFT_TRACER_RECORD_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracer/event.h"

#define WEFT__RING_MIN \
	(64 * 1024) /* bytes: a ring holds at least a few of the largest operations */
#define WEFT__RING_LINE 64

struct weft__ring {
	/* Written by the worker. */
	_Alignas(WEFT__RING_LINE) _Atomic uint64_t
		pos; /* twice what is published, and 1 more while a record is open: release;
			collector acquires */
	_Atomic uint64_t
		room; /* a record up to here fits in one piece; release, acquire (see above) */
	_Atomic uint64_t head_seen; /* a reading of head: release, acquire (see above) */
	_Atomic int64_t last;	    /* the last stamp; relaxed; the collector's last round reads */
	_Atomic uint64_t msg;	    /* the last message number; relaxed */
	_Atomic bool moment;	    /* ticks were read since it began; relaxed */
	_Atomic uint64_t lost;	    /* records since the last DROP; relaxed; the last round reads */
	_Atomic int64_t lost_since; /* when the first of them was; relaxed */

	/* Written by the collector. */
	_Alignas(WEFT__RING_LINE) _Atomic uint64_t
		head; /* free up to here: release; worker acquires */

	/* Written by both, when the ring is full. */
	_Alignas(WEFT__RING_LINE) _Atomic uint32_t
		waiting;       /* with head, both seq_cst exchanges: nobody sleeps on */
	_Atomic uint32_t wake; /* the futex: counts wake-ups */

	/* Fixed. */
	_Alignas(WEFT__RING_LINE) struct weft_rec *units;
	uint64_t size; /* units, a power of two */
	uint64_t msg_mask;
	int64_t skew;
	int worker;
	bool strong;				     /* no membarrier: gate and floor are seq_cst */
	bool drops;				     /* who finds no room goes on without */
	uint64_t spare;				     /* units that only definitions may take */
	size_t bytes;				     /* of the mapping */
	struct weft_rec scratch[WEFT_REC_UNITS_MAX]; /* takes what nobody will read */
};

/*
 * Maps a ring of at most `bytes` bytes (but WEFT__RING_MIN at least) for this worker of so many, of
 * the kind that loses nothing. NULL when memory is out. unmap takes NULL.
 */
struct weft__ring *weft__ring_map(size_t bytes, int worker, int workers);
/* From now on records that find no room are counted, and lost. Before the first record. */
void weft__ring_drop(struct weft__ring *ring);
void weft__ring_unmap(struct weft__ring *ring);

/* Either side: up to where records are published; and whether one is open behind that. */
static inline uint64_t weft__ring_published(const struct weft__ring *ring, memory_order order)
{
	return atomic_load_explicit(&ring->pos, order) >> 1;
}

/* The collector's side: tells the worker that units below `head` are free, and wakes it. */
void weft__ring_release(struct weft__ring *ring, uint64_t head);
void weft__ring_rouse(struct weft__ring *ring);

#endif
