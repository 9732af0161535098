/* SPDX-License-Identifier: MIT
 *
 * The three maps from time to the axis. All start from the same list: the instants at which
 * something happened.
 */
#include "viewer/timescale.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/trace/trace.h"
#include "viewer/xalloc.h"

/* A gap may take this share of the squeezed axis; a longer idle one is folded to it. */
#define FOLD_SHARE 0.04
#define FOLD_ROUNDS 6

/* Steps of the order axis: messages want room for their arrows, births for their names. */
#define STEP 1.0
#define SMALL_STEP 0.35 /* a switch, a wake-up ... */
#define NO_STEP 0.02	/* to the first: before it there is nothing to see */

struct instant {
	int64_t t;
	double step;
};

struct instants {
	struct instant *at;
	size_t n, cap;
};

static void add(struct instants *in, int64_t t, int64_t end_ns, double step)
{
	if (t < 0 || t > end_ns)
		return;
	in->at = xgrow(in->at, in->n, &in->cap, sizeof *in->at);
	in->at[in->n++] = (struct instant){t, step};
}

/* Of one time, the largest step comes first. */
static int by_time(const void *a, const void *b)
{
	const struct instant *x = a, *y = b;

	if (x->t != y->t)
		return x->t < y->t ? -1 : 1;
	return (x->step < y->step) - (x->step > y->step);
}

/* Every distinct instant, in order; 0 and the end are always among them. */
static struct instants instants_of(const struct weft_trace *t, int64_t end_ns)
{
	struct instants in = {0};
	size_t n = 0;

	add(&in, 0, end_ns, SMALL_STEP);
	for (uint32_t i = 0; i < t->nevents; i++) {
		/* What workers do among themselves would leave stretches with nothing to see. */
		if (t->events[i].thread != WEFT_NO_INDEX)
			add(&in, t->events[i].t_ns, end_ns, SMALL_STEP);
	}
	for (uint32_t i = 0; i < t->nthreads; i++) {
		add(&in, t->threads[i].born_ns, end_ns, STEP);
		add(&in, t->threads[i].died_ns, end_ns, STEP);
	}
	for (uint32_t i = 0; i < t->nmessages; i++) {
		add(&in, t->messages[i].send_ns, end_ns, STEP);
		add(&in, t->messages[i].recv_ns, end_ns, STEP);
	}
	add(&in, end_ns, end_ns, SMALL_STEP);
	qsort(in.at, in.n, sizeof *in.at, by_time);
	for (size_t i = 0; i < in.n; i++)
		if (!n || in.at[n - 1].t != in.at[i].t)
			in.at[n++] = in.at[i];
	in.n = n;
	if (n > 1)
		in.at[1].step = NO_STEP;
	return in;
}

/* For each gap between neighbouring instants: does some thread run through it? */
static bool *busy_gaps(const struct weft_trace *t, const struct instants *in)
{
	bool *busy = xcalloc(in->n, sizeof *busy);
	int32_t *edge = xcalloc(in->n + 1, sizeof *edge);
	int32_t running = 0;

	for (uint32_t i = 0; i < t->nspans; i++) {
		const struct weft_span *s = &t->spans[i];
		size_t k[2] = {0, 0};

		if (s->state != WEFT_STATE_RUNNING)
			continue;
		for (int e = 0; e < 2; e++) {
			int64_t at = e ? s->end_ns : s->begin_ns;
			size_t lo = 0, hi = in->n;

			while (lo < hi) {
				size_t mid = lo + (hi - lo) / 2;

				if (in->at[mid].t < at)
					lo = mid + 1;
				else
					hi = mid;
			}
			k[e] = lo;
		}
		edge[k[0]]++;
		edge[k[1]]--;
	}
	for (size_t i = 0; i < in->n; i++) {
		running += edge[i];
		busy[i] = running > 0;
	}
	free(edge);
	return busy;
}

static void add_fold(struct timescale *s, size_t *cap, struct timescale_fold fold)
{
	s->folds = xgrow(s->folds, s->nfolds, cap, sizeof *s->folds);
	s->folds[s->nfolds++] = fold;
}

/*
 * Idle gaps are cut to FOLD_SHARE of what is then left, so the limit is found in a few rounds; when
 * nearly everything is gap, the rounds end before the limit becomes nothing.
 */
static void squeeze(struct timescale *s, const struct weft_trace *t, const struct instants *in)
{
	bool *busy = busy_gaps(t, in);
	double shown = (double)(in->at[in->n - 1].t - in->at[0].t), limit = 0, at = 0;
	size_t cap = 0;

	for (int round = 0; round < FOLD_ROUNDS; round++) {
		limit = shown * FOLD_SHARE;
		shown = 0;
		for (size_t i = 0; i + 1 < in->n; i++) {
			double gap = (double)(in->at[i + 1].t - in->at[i].t);

			shown += busy[i] ? gap : fmin(gap, limit);
		}
	}
	s->npoints = (uint32_t)in->n;
	for (size_t i = 0; i < in->n; i++) {
		double gap = i + 1 < in->n ? (double)(in->at[i + 1].t - in->at[i].t) : 0;
		bool fold = i + 1 < in->n && !busy[i] && gap > limit;

		s->points[i] = (struct timescale_point){in->at[i].t, at / shown};
		if (fold)
			add_fold(s, &cap,
				(struct timescale_fold){in->at[i].t, in->at[i + 1].t, at / shown,
					(at + limit) / shown});
		at += fold ? limit : gap;
	}
	free(busy);
}

/* The step to an instant is its own. */
static void count_steps(struct timescale *s, const struct instants *in)
{
	double all = 0, at = 0;

	for (size_t i = 1; i < in->n; i++)
		all += in->at[i].step;
	s->npoints = (uint32_t)in->n;
	for (size_t i = 0; i < in->n; i++) {
		at += i ? in->at[i].step : 0;
		s->points[i] = (struct timescale_point){in->at[i].t, at / all};
	}
}

void timescale_init(struct timescale *s, const struct weft_trace *t, enum view_axis axis)
{
	int64_t end_ns = t->end_ns > 0 ? t->end_ns : 1;
	struct instants in = {0};

	*s = (struct timescale){0};
	if (axis == VIEW_AXIS_WALL)
		in.n = 2;
	else
		in = instants_of(t, end_ns);
	s->points = xcalloc(in.n, sizeof *s->points);
	if (axis == VIEW_AXIS_SQUEEZED) {
		squeeze(s, t, &in);
	} else if (axis == VIEW_AXIS_ORDER) {
		count_steps(s, &in);
	} else {
		s->npoints = 2;
		s->points[0] = (struct timescale_point){0, 0};
		s->points[1] = (struct timescale_point){end_ns, 1};
	}
	s->points[s->npoints - 1].y = 1;
	free(in.at);
}

void timescale_finish(struct timescale *s)
{
	free(s->points);
	free(s->folds);
	*s = (struct timescale){0};
}

double timescale_y(const struct timescale *s, int64_t t_ns)
{
	const struct timescale_point *p = s->points;
	uint32_t lo = 0, hi = s->npoints - 1;

	if (t_ns <= p[0].t_ns)
		return p[0].y;
	if (t_ns >= p[hi].t_ns)
		return p[hi].y;
	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (p[mid].t_ns <= t_ns)
			lo = mid;
		else
			hi = mid;
	}
	return p[lo].y + (p[hi].y - p[lo].y) * (double)(t_ns - p[lo].t_ns) /
				 (double)(p[hi].t_ns - p[lo].t_ns);
}

int64_t timescale_t(const struct timescale *s, double y)
{
	const struct timescale_point *p = s->points;
	uint32_t lo = 0, hi = s->npoints - 1;

	if (!(y > p[0].y))
		return p[0].t_ns;
	if (y >= p[hi].y)
		return p[hi].t_ns;
	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (p[mid].y <= y)
			lo = mid;
		else
			hi = mid;
	}
	return p[lo].t_ns +
	       llround((double)(p[hi].t_ns - p[lo].t_ns) * (y - p[lo].y) / (p[hi].y - p[lo].y));
}

static const char *const words[VIEW_AXIS_COUNT] = {"wall", "order", "squeezed"};

const char *timescale_word(enum view_axis axis)
{
	return (unsigned)axis < VIEW_AXIS_COUNT ? words[axis] : "?";
}

int timescale_find(const char *word, enum view_axis *ret_axis)
{
	for (unsigned i = 0; i < VIEW_AXIS_COUNT; i++) {
		if (strcmp(words[i], word) == 0) {
			*ret_axis = (enum view_axis)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int by_length(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Does the middle one of the gaps between n rising times fall short of half an even share? Sorts
   the gaps in place of the times. */
static bool is_crowded(int64_t *times, uint32_t n, int64_t end_ns)
{
	for (uint32_t i = 0; i + 1 < n; i++)
		times[i] = times[i + 1] - times[i];
	qsort(times, n - 1, sizeof *times, by_length);
	return times[(n - 1) / 2] < end_ns / n / 2;
}

/*
 * The rule: messages sent at even distances are shown in true proportions. If most follow each
 * other in less than half of the even distance, they are crowded in some places while others are
 * empty: order. With fewer than four messages, distinct instants count in their place, if there are
 * at least twelve; below that there is no crowd.
 */
enum view_axis timescale_choose(const struct weft_trace *t)
{
	int64_t end_ns = t->end_ns > 0 ? t->end_ns : 1;
	struct instants in = instants_of(t, end_ns);
	uint32_t n = t->nmessages >= 4 ? t->nmessages : (uint32_t)in.n;
	int64_t *times = xcalloc(n, sizeof *times);
	bool crowded;

	for (uint32_t i = 0; i < n; i++)
		times[i] = t->nmessages >= 4 ? t->messages[i].send_ns : in.at[i].t;
	crowded = (t->nmessages >= 4 || n >= 12) && is_crowded(times, n, end_ns);
	free(times);
	free(in.at);
	return crowded ? VIEW_AXIS_ORDER : VIEW_AXIS_WALL;
}
