/* SPDX-License-Identifier: MIT
 *
 * The flight recorder's memory: the newest records, merged, and of everything older only who lives,
 * what each was doing, and call stacks. The collector's alone.
 */
#ifndef WEFT_TRACER_RECORD_FLIGHT_H
#define WEFT_TRACER_RECORD_FLIGHT_H

#include <stdint.h>

#include "tracer/event.h"
#include "tracer/record/idmap.h"

struct weft__flight {
	struct weft_rec *units; /* a ring, as a worker's is */
	uint16_t *workers;	/* whose record begins at this unit */
	uint64_t size;		/* units, a power of two */
	uint64_t head, tail;	/* positions only grow */
	uint64_t forgotten;	/* records */

	/* As of the oldest record that is kept. */
	struct weft__idmap cos, objects;
	struct weft__idmap stacks; /* struct weft_rec: STACKs that later records may refer to */
};

/* At most so many bytes for the records. 0 or -ENOMEM. */
int weft__flight_init(struct weft__flight *flight, uint64_t bytes);
void weft__flight_free(struct weft__flight *flight);

/* Keeps a copy, stamped with ns since t = 0, and forgets as many of the oldest as must be. 0 or
 * -ENOMEM. */
int weft__flight_keep(
	struct weft__flight *flight, const struct weft_rec *rec, int worker, int64_t ns);

/*
 * All that a file of it holds, in order, stops at the first that is not 0 and returns that: a drop,
 * if anything was forgotten, with who and what lived then; then the records. `worker` is -1 where
 * a record has none.
 */
typedef int weft__flight_fn(void *arg, const struct weft_rec *rec, int worker);
int weft__flight_play(struct weft__flight *flight, weft__flight_fn *fn, void *arg);

#endif
