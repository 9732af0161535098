/* SPDX-License-Identifier: MIT
 *
 * The sums over steps of time. A call takes constant time, but for the steps that it passes.
 */
#include "tracer/stats/levels.h"

#include <string.h>

#include "tracer/stats/histogram.h"

void weft_levels_init(struct weft_levels *levels, int64_t begin_ns)
{
	memset(levels, 0, sizeof(*levels));
	levels->begin_ns = levels->t_ns = begin_ns;
}

static void halve(struct weft_levels *levels)
{
	for (int state = 0; state < WEFT_STATE_COUNT; state++) {
		int64_t *ns = levels->ns[state];

		for (int i = 0; i < WEFT_LEVEL_STEPS / 2; i++) {
			ns[i] = ns[2 * i];
			weft_add_ns(&ns[i], ns[2 * i + 1]);
		}
		memset(ns + WEFT_LEVEL_STEPS / 2, 0, WEFT_LEVEL_STEPS / 2 * sizeof(*ns));
	}
	levels->shift++;
}

static void add(int64_t *sum_ns, uint32_t threads, int64_t ns)
{
	int64_t all;

	weft_add_ns(sum_ns, __builtin_mul_overflow(threads, ns, &all) ? INT64_MAX : all);
}

void weft_levels_advance(struct weft_levels *levels, int64_t t_ns)
{
	if (t_ns <= levels->t_ns)
		return;
	if (levels->now[WEFT_STATE_RUNNING] > levels->most_running)
		levels->most_running = levels->now[WEFT_STATE_RUNNING];
	while ((t_ns - 1 - levels->begin_ns) >> levels->shift >= WEFT_LEVEL_STEPS)
		halve(levels);
	while (levels->t_ns < t_ns) {
		int64_t step = (levels->t_ns - levels->begin_ns) >> levels->shift;
		int64_t end = levels->begin_ns + ((step + 1) << levels->shift);
		int64_t length = (end < t_ns ? end : t_ns) - levels->t_ns;

		for (int state = 0; state < WEFT_STATE_COUNT; state++)
			add(&levels->ns[state][step], levels->now[state], length);
		levels->t_ns += length;
	}
}

uint32_t weft_levels_count(const struct weft_levels *levels)
{
	int64_t length = levels->t_ns - levels->begin_ns;

	return length ? (uint32_t)(((length - 1) >> levels->shift) + 1) : 0;
}
