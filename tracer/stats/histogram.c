/* SPDX-License-Identifier: MIT
 *
 * Histograms with buckets that are as wide as the time is long, divided by 32.
 */
#include "tracer/stats/histogram.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = WEFT_HISTOGRAM_BUCKETS, BITS = 5 };

/* Power 0 holds 0..31, power 1 holds 32..63, power 2 holds 64..127 in buckets of two ... */
static unsigned power_of(uint64_t ns)
{
	return ns < BUCKETS ? 0 : 63 - (unsigned)__builtin_clzll(ns) - BITS + 1;
}

static unsigned bucket_of(uint64_t ns, unsigned power)
{
	return power == 0 ? (unsigned)ns : (unsigned)(ns >> (power - 1)) - BUCKETS;
}

static int64_t middle_of(unsigned power, unsigned bucket)
{
	uint64_t width = power == 0 ? 1 : UINT64_C(1) << (power - 1);
	uint64_t low = power == 0 ? bucket : (uint64_t)(bucket + BUCKETS) * width;

	return (int64_t)(low + width / 2);
}

/* Makes room for a power of two. */
static int cover(struct weft_histogram *h, unsigned power)
{
	unsigned first = h->powers && h->first < power ? h->first : power;
	unsigned last =
		h->powers && h->first + h->powers - 1u > power ? h->first + h->powers - 1u : power;
	unsigned powers = last - first + 1;
	uint32_t *buckets;

	if (powers == h->powers)
		return 0;
	buckets = calloc((size_t)powers * BUCKETS, sizeof(*buckets));
	if (!buckets)
		return -ENOMEM;
	if (h->powers)
		memcpy(buckets + (size_t)(h->first - first) * BUCKETS, h->buckets,
			(size_t)h->powers * BUCKETS * sizeof(*buckets));
	free(h->buckets);
	h->buckets = buckets;
	h->first = (uint8_t)first;
	h->powers = (uint8_t)powers;
	return 0;
}

int weft_histogram_add(struct weft_histogram *h, int64_t ns)
{
	uint64_t time = ns > 0 ? (uint64_t)ns : 0;
	unsigned power = power_of(time);
	uint32_t *bucket;

	if ((power < h->first || power - h->first >= h->powers) && cover(h, power) < 0)
		return -ENOMEM;
	bucket = &h->buckets[(power - h->first) * BUCKETS + bucket_of(time, power)];
	*bucket += *bucket != UINT32_MAX;
	if (h->count == 0 || (int64_t)time < h->min_ns)
		h->min_ns = (int64_t)time;
	if ((int64_t)time > h->max_ns)
		h->max_ns = (int64_t)time;
	weft_add_ns(&h->sum_ns, (int64_t)time);
	h->count++;
	return 0;
}

int weft_histogram_merge(struct weft_histogram *h, const struct weft_histogram *other)
{
	if (other->count == 0)
		return 0;
	if (cover(h, other->first) < 0 || cover(h, other->first + other->powers - 1u) < 0)
		return -ENOMEM;
	for (unsigned i = 0; i < other->powers * (unsigned)BUCKETS; i++) {
		uint32_t *bucket = &h->buckets[(other->first - h->first) * BUCKETS + i];

		if (__builtin_add_overflow(*bucket, other->buckets[i], bucket))
			*bucket = UINT32_MAX;
	}
	if (h->count == 0 || other->min_ns < h->min_ns)
		h->min_ns = other->min_ns;
	if (other->max_ns > h->max_ns)
		h->max_ns = other->max_ns;
	weft_add_ns(&h->sum_ns, other->sum_ns);
	h->count += other->count;
	return 0;
}

int64_t weft_histogram_quantile(const struct weft_histogram *h, double fraction)
{
	double exact = fraction * (double)h->count;
	uint64_t wanted = (uint64_t)exact, seen = 0;
	int64_t middle = h->max_ns;

	wanted += (double)wanted < exact; /* up */
	if (wanted >= h->count)
		return h->max_ns;
	for (unsigned i = 0; i < h->powers * (unsigned)BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen >= wanted && h->buckets[i]) {
			middle = middle_of(h->first + i / BUCKETS, i % BUCKETS);
			break;
		}
	}
	if (middle < h->min_ns)
		return h->min_ns;
	return middle > h->max_ns ? h->max_ns : middle;
}

int64_t weft_histogram_mean(const struct weft_histogram *h)
{
	return h->count ? h->sum_ns / (int64_t)h->count : 0;
}

void weft_histogram_finish(struct weft_histogram *h)
{
	free(h->buckets);
	memset(h, 0, sizeof(*h));
}
