/* SPDX-License-Identifier: MIT
 *
 * What `weft info` says about a trace: where each thread's time went, how long messages were on
 * their way on each channel, and what waited longest. Computed in one pass over a loaded trace.
 */
#ifndef WEFT_TRACER_STATS_H
#define WEFT_TRACER_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "tracer/trace/trace.h"

/* One for each thread, by the same index. The four times add up to the length of its life. */
struct weft_thread_stats {
	int64_t running_ns, ready_ns, blocked_ns, unknown_ns;
	int64_t why_ns[WEFT_WHY_COUNT]; /* blocked, by reason */
	int64_t longest_ns;		/* the longest single wait */
	uint32_t waits;			/* how many times it was blocked */
};

/* One for each object, by the same index. Queue time goes from a send to its receive. */
struct weft_object_stats {
	uint32_t sent, received, withdrawn; /* messages; the rest is on its way */
	int64_t queue_max_ns, queue_mean_ns;
	uint32_t waits;	    /* how many times a thread was blocked on it */
	int64_t blocked_ns; /* all threads together */
};

/* One wait of one thread. */
struct weft_wait {
	int64_t begin_ns, end_ns;
	uint32_t thread;
	uint32_t obj; /* WEFT_NO_INDEX: none */
	uint8_t why;  /* enum weft_why */
	bool open;    /* it was still waiting when the trace ended */
};

struct weft_stats {
	struct weft_thread_stats *threads;
	struct weft_object_stats *objects;
	struct weft_wait *waits; /* the longest first; of equal ones the earlier */
	uint32_t *messages;	 /* indices of those longest on their way, the longest first */
	uint32_t nwaits, nmessages;
	int64_t running_ns, ready_ns, blocked_ns, unknown_ns; /* all threads together */
	uint32_t nalive;	      /* threads without an end, system threads left out */
	uint32_t nchannels, npending; /* npending: messages on their way at the end */
};

/*
 * Counts; keeps the `longest` longest waits and messages. Sleeping is a wait. Returns 0 or -ENOMEM.
 * The statistics refer to the trace's indices and must be freed with weft_stats_free (NULL is
 * fine).
 */
int weft_stats_create(
	const struct weft_trace *trace, uint32_t longest, struct weft_stats **ret_stats);
void weft_stats_free(struct weft_stats *stats);

#endif
