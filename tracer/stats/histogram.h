/* SPDX-License-Identifier: MIT
 *
 * How a time is distributed: counts in buckets whose width grows with the time, so that any number
 * of times takes little memory and a quantile is found without sorting.
 *
 * Below 64 ns every ns has its own bucket. Above, each power of two is divided into 32 buckets, so
 * that the middle of a bucket is at most 1/64 of the time away from each time in it. Only the
 * powers of two that occurred take memory, 128 bytes each. Count, sum, least and greatest are
 * exact.
 */
#ifndef WEFT_TRACER_STATS_HISTOGRAM_H
#define WEFT_TRACER_STATS_HISTOGRAM_H

#include <stdint.h>

/* Adds to a sum of times, which stops at its top: 2^32 times 2^53 ns do not fit. */
static inline void weft_add_ns(int64_t *sum_ns, int64_t ns)
{
	if (__builtin_add_overflow(*sum_ns, ns, sum_ns))
		*sum_ns = INT64_MAX;
}

#define WEFT_HISTOGRAM_BUCKETS 32 /* in a power of two */

/* Zeroed is empty. */
struct weft_histogram {
	uint64_t count;
	int64_t sum_ns;
	int64_t min_ns, max_ns;
	uint32_t *buckets; /* `powers` times WEFT_HISTOGRAM_BUCKETS; each stops at UINT32_MAX */
	uint8_t first, powers;
};

/* Counts one time; a negative one counts as 0. Returns 0 or -ENOMEM. */
int weft_histogram_add(struct weft_histogram *histogram, int64_t ns);

/* Counts all that another one did. Returns 0 or -ENOMEM. */
int weft_histogram_merge(struct weft_histogram *histogram, const struct weft_histogram *other);

/*
 * The least time that at least `fraction` of all times (0 < fraction <= 1) do not exceed, within
 * 1/64 of it. 0 if nothing was counted.
 */
int64_t weft_histogram_quantile(const struct weft_histogram *histogram, double fraction);

/* 0 if nothing was counted. */
int64_t weft_histogram_mean(const struct weft_histogram *histogram);

void weft_histogram_finish(struct weft_histogram *histogram);

#endif
