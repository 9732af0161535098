/* SPDX-License-Identifier: MIT
 *
 * The run's clock, behind one function so that a cheaper one can take its place. All stamps of a
 * run, its deadlines and the collector's cut-off are readings of it, in ns.
 */
#ifndef WEFT_TRACER_RECORD_CLOCK_H
#define WEFT_TRACER_RECORD_CLOCK_H

#include <stdint.h>
#include <time.h>

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

#endif
