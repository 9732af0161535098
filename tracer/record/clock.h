/* SPDX-License-Identifier: MIT
 *
 * The run's two clocks. `weft__rec_clock` is CLOCK_MONOTONIC in ns: deadlines, and what people see.
 * `weft__rec_ticks` stamps records: the processor's own counter where the kernel trusts it with its
 * clock, which takes half the time; else the same as the other. timeline.h makes ns of it.
 */
#ifndef WEFT_TRACER_RECORD_CLOCK_H
#define WEFT_TRACER_RECORD_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "tracer/record/hidden.h"

static inline int64_t weft__rec_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static inline int64_t weft__rec_in_ms(int64_t ms)
{
	return weft__rec_clock() + ms * 1000000;
}

/* Whether ticks are the processor's. Written before the first record of a process. */
extern WEFT__HIDDEN bool weft__rec_counts;

static inline int64_t weft__rec_ticks(void)
{
#ifdef __x86_64__
	if (__builtin_expect(weft__rec_counts, 1))
		return (int64_t)__builtin_ia32_rdtsc();
#endif
	return weft__rec_clock();
}

#endif
