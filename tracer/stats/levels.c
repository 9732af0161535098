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
	levels->begin_ns = levels->t_ns = levels->step_end_ns = begin_ns;
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

/* The step that begins at t, or that t is in. */
static void find_step(struct weft_levels *levels)
{
	int64_t step = (levels->t_ns - levels->begin_ns) >> levels->shift;

	levels->step = (uint32_t)step;
	levels->step_end_ns = levels->begin_ns + ((step + 1) << levels->shift);
}

static void add(struct weft_levels *levels, enum weft_state state, int64_t ns)
{
	int64_t all;

	if (__builtin_mul_overflow(levels->now[state], ns, &all))
		all = INT64_MAX;
	weft_add_ns(&levels->ns[state][levels->step], all);
}

/* Within one step. */
static void advance(struct weft_levels *levels, int64_t t_ns)
{
	int64_t ns = t_ns - levels->t_ns;

	add(levels, WEFT_STATE_RUNNING, ns);
	add(levels, WEFT_STATE_READY, ns);
	add(levels, WEFT_STATE_BLOCKED, ns);
	levels->t_ns = t_ns;
}

/* Up to the step in which t_ns is. */
static void pass_steps(struct weft_levels *levels, int64_t t_ns)
{
	while ((t_ns - 1 - levels->begin_ns) >> levels->shift >= WEFT_LEVEL_STEPS)
		halve(levels);
	find_step(levels);
	while (t_ns > levels->step_end_ns) {
		advance(levels, levels->step_end_ns);
		find_step(levels);
	}
}

void weft_levels_advance(struct weft_levels *levels, int64_t t_ns)
{
	if (t_ns <= levels->t_ns)
		return;
	if (levels->now[WEFT_STATE_RUNNING] > levels->most_running)
		levels->most_running = levels->now[WEFT_STATE_RUNNING];
	if (t_ns > levels->step_end_ns)
		pass_steps(levels, t_ns);
	advance(levels, t_ns);
}

uint32_t weft_levels_count(const struct weft_levels *levels)
{
	int64_t length = levels->t_ns - levels->begin_ns;

	return length ? (uint32_t)(((length - 1) >> levels->shift) + 1) : 0;
}
