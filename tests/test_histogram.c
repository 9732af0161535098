/* SPDX-License-Identifier: MIT
 *
 * Histograms: what is exact, how far off the rest is at most, and what they cost.
 */
#include <stdlib.h>

#include "tests/test.h"
#include "tracer/stats/histogram.h"

static void add(struct weft_histogram *h, int64_t ns)
{
	CHECK_INT(weft_histogram_add(h, ns), 0);
}

TEST(an_empty_one_says_0)
{
	struct weft_histogram h = {0};

	CHECK_INT(weft_histogram_quantile(&h, 0.5), 0);
	CHECK_INT(weft_histogram_mean(&h), 0);
	CHECK_INT(h.max_ns, 0);
	weft_histogram_finish(&h);
}

TEST(times_below_64_ns_are_exact)
{
	struct weft_histogram h = {0};

	for (int64_t ns = 1; ns <= 60; ns++)
		add(&h, ns);
	CHECK_INT(weft_histogram_quantile(&h, 0.01), 1);
	CHECK_INT(weft_histogram_quantile(&h, 0.5), 30); /* 30 of 60 are at most 30 */
	CHECK_INT(weft_histogram_quantile(&h, 0.51), 31);
	CHECK_INT(weft_histogram_quantile(&h, 0.9), 54);
	CHECK_INT(weft_histogram_quantile(&h, 1), 60);
	CHECK_INT(weft_histogram_mean(&h), 30); /* 30.5, down */
	weft_histogram_finish(&h);
}

TEST(one_time_is_every_quantile)
{
	struct weft_histogram h = {0};

	add(&h, 123456789);
	CHECK_INT(weft_histogram_quantile(&h, 0.01), 123456789);
	CHECK_INT(weft_histogram_quantile(&h, 0.5), 123456789);
	CHECK_INT(weft_histogram_quantile(&h, 1), 123456789);
	weft_histogram_finish(&h);
}

TEST(negative_times_count_as_0)
{
	struct weft_histogram h = {0};

	add(&h, -5);
	add(&h, 3);
	CHECK_INT(h.min_ns, 0);
	CHECK_INT(weft_histogram_quantile(&h, 0.5), 0);
	weft_histogram_finish(&h);
}

TEST(the_longest_trace_fits)
{
	struct weft_histogram h = {0};
	int64_t most = (INT64_C(1) << 53) - 1;

	add(&h, 0);
	add(&h, most);
	add(&h, INT64_MAX);
	CHECK_INT(h.max_ns, INT64_MAX);
	CHECK_INT(weft_histogram_quantile(&h, 0.3), 0);
	CHECK(llabs(weft_histogram_quantile(&h, 0.6) - most) <= most / 64);
	CHECK_INT(h.sum_ns, INT64_MAX);
	weft_histogram_finish(&h);
}

static int compare(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return a < b ? -1 : a > b;
}

/* Against sorting: times of all magnitudes, none more than 1/64 off. */
TEST(quantiles_are_within_1_64_of_the_sorted_ones)
{
	enum { COUNT = 20000 };
	static int64_t times[COUNT];
	const double fractions[] = {0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999};
	struct weft_histogram h = {0};
	uint64_t seed = 7;

	for (int i = 0; i < COUNT; i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		times[i] = (int64_t)((seed >> 11) >> (seed % 53));
		add(&h, times[i]);
	}
	qsort(times, COUNT, sizeof(times[0]), compare);
	for (size_t i = 0; i < sizeof(fractions) / sizeof(fractions[0]); i++) {
		int rank = (int)(fractions[i] * COUNT + 0.999999);
		int64_t exact = times[rank - 1];
		int64_t got = weft_histogram_quantile(&h, fractions[i]);

		if (llabs(got - exact) * 64 > exact)
			test_fail(__FILE__, __LINE__, "%g: %lld is not near %lld", fractions[i],
				(long long)got, (long long)exact);
	}
	weft_histogram_finish(&h);
}

TEST(memory_goes_with_the_powers_of_two_that_occur)
{
	struct weft_histogram h = {0};

	for (int i = 0; i < 1000; i++)
		add(&h, 5000 + i % 100);
	CHECK_INT(h.powers, 1);
	add(&h, 3);
	CHECK_INT(h.powers, 9); /* 0..31, and eight doublings to 4096..8191 */
	CHECK_INT(h.count, 1001);
	CHECK_INT(weft_histogram_quantile(&h, 0.0001), 3);
	weft_histogram_finish(&h);
}

TEST_MAIN
