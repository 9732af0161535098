/* SPDX-License-Identifier: MIT
 *
 * Parallelism over time: how many threads were in each state, as sums over equal steps of time.
 *
 * Nobody knows beforehand how long a trace is, so a step begins as 1 ns and doubles whenever the
 * steps run out. Every step but the last is full, and at least half of them are in use at the end
 * (if the trace has that many ns).
 */
#ifndef WEFT_TRACER_STATS_LEVELS_H
#define WEFT_TRACER_STATS_LEVELS_H

#include <stdint.h>

#include "tracer/trace/trace.h"

#define WEFT_LEVEL_STEPS 256

struct weft_levels {
	int64_t begin_ns, t_ns; /* what is counted: from begin to t */
	unsigned shift;		/* a step is 1 << shift ns */
	uint32_t step;		/* the one that t is in, or at whose end it is */
	int64_t step_end_ns;
	uint32_t now[WEFT_STATE_COUNT];

	/* The most that ran at one time, for however short. */
	uint32_t most_running;

	/* Thread-ns in each state, step by step; unknown is not counted. */
	int64_t ns[WEFT_STATE_COUNT][WEFT_LEVEL_STEPS];
};

/* Begins at a time, with nobody in any state. */
void weft_levels_init(struct weft_levels *levels, int64_t begin_ns);

/* Counts what is, up to `t_ns`; an earlier time than before changes nothing. */
void weft_levels_advance(struct weft_levels *levels, int64_t t_ns);

/* How many steps are in use. */
uint32_t weft_levels_count(const struct weft_levels *levels);

#endif
