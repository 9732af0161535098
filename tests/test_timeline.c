/* SPDX-License-Identifier: MIT
 *
 * From ticks to ns: exact where both clocks were read, never back, and not led astray by readings
 * that are close together or wrong by a little.
 */
#include "tests/test.h"
#include "tracer/record/clock.h"
#include "tracer/record/timeline.h"

#define RATE 0.385 /* ns a tick */

/* As if it had been prepared 1 ms before time began, at these ticks. */
static struct weft__timeline begun(int64_t ticks, int64_t ns)
{
	struct weft__timeline line = {.early = {ticks - (int64_t)(1e6 / RATE), ns - 1000000},
		.zero = {ticks, ns},
		.rate = RATE,
		.long_rate = RATE};

	line.read = line.from = line.to = line.zero;
	return line;
}

TEST(a_reading_is_met)
{
	struct weft__timeline line = begun(1000000, 5000);

	CHECK_INT(weft__timeline_ns(&line, 1000000), 0);
	weft__timeline_extend(&line, (struct weft__instant){1000000 + 26000000, 5000 + 10000000});
	CHECK_INT(weft__timeline_ns(&line, 1000000), 0);
	CHECK_INT(weft__timeline_ns(&line, 1000000 + 13000000), 5000000);
	CHECK_INT(weft__timeline_ns(&line, 1000000 + 26000000), 10000000);
	/* The second counts faster. */
	weft__timeline_extend(&line, (struct weft__instant){1000000 + 36000000, 5000 + 20000000});
	CHECK_INT(weft__timeline_ns(&line, 1000000 + 26000000), 10000000);
	CHECK_INT(weft__timeline_ns(&line, 1000000 + 31000000), 15000000);
	CHECK_INT(weft__timeline_ns(&line, 1000000 + 36000000), 20000000);
}

TEST(time_never_goes_back_and_no_error_grows)
{
	struct weft__timeline line = begun(0, 0);
	int64_t ticks = 0, before = 0;
	uint64_t random = 7;

	for (int round = 0; round < 20000; round++) {
		int64_t step, error, ns;

		random = random * UINT64_C(6364136223846793005) + 1;
		/* Rounds of 100 ticks to 100 ms, read with an error of 200 ns at most. */
		step = INT64_C(100) << (random >> 60);
		step += (int64_t)(random >> 33) % step;
		error = (int64_t)(random >> 40) % 401 - 200;
		weft__timeline_extend(
			&line, (struct weft__instant){ticks + step,
				       (int64_t)((double)(ticks + step) * RATE) + error});
		for (int i = 0; i <= 8; i++) {
			ns = weft__timeline_ns(&line, ticks + step * i / 8);
			CHECK(ns >= before);
			before = ns;
		}
		ticks += step;
		ns = before - (int64_t)((double)ticks * RATE);
		CHECK(ns > -1500 && ns < 1500);
	}
}

TEST(a_stamp_behind_the_round_goes_on_at_the_same_rate)
{
	struct weft__timeline line = begun(0, 0);
	int64_t ns;

	weft__timeline_extend(&line, (struct weft__instant){26000000, 10010000});
	ns = weft__timeline_ns(&line, 36000000);
	CHECK(ns > 13700000 && ns < 14000000);
}

TEST(the_real_clocks_agree)
{
	struct weft__timeline line = {0};
	struct weft__instant now;
	int64_t end;

	weft__ticks_choose();
	weft__timeline_prepare(&line);
	weft__timeline_begin(&line);
	end = weft__rec_clock() + 20000000;
	while (weft__rec_clock() < end)
		;
	weft__timeline_extend(&line, weft__instant_now());
	now = weft__instant_now();
	CHECK(now.ticks > line.to.ticks);
	/* Of two readings the kernel may step in between: what is asked is no more than that it
	 * fits. */
	end = now.ns - line.zero.ns - weft__timeline_ns(&line, now.ticks);
	CHECK(end > -1000000 && end < 1000000);
}

TEST_MAIN
