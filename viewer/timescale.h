/* SPDX-License-Identifier: MIT
 *
 * From trace time to the time axis 0..1 and back: a monotone, piecewise linear map, one for each of
 * the three axes of view.h. Pure; knows no pixels.
 */
#ifndef WEFT_VIEWER_TIMESCALE_H
#define WEFT_VIEWER_TIMESCALE_H

#include <stdint.h>

#include "viewer/view.h"

struct weft_trace;

/* A corner of the map. Both coordinates rise strictly from one to the next. */
struct timescale_point {
	int64_t t_ns;
	double y;
};

/* An idle gap that the squeezed axis shows shorter than it was. */
struct timescale_fold {
	int64_t begin_ns, end_ns;
	double y0, y1; /* where it is on the axis */
};

struct timescale {
	struct timescale_point *points; /* at least two; the first at y 0, the last at y 1 */
	struct timescale_fold *folds;
	uint32_t npoints, nfolds;
};

/*
 * Builds the map of an axis for a trace. A trace without duration gets one of 1 ns, so that there
 * is always something to divide by. Never fails (out of memory ends the program).
 */
void timescale_init(struct timescale *s, const struct weft_trace *t, enum view_axis axis);

/* Accepts a zeroed one. */
void timescale_finish(struct timescale *s);

/* 0..1; times before the first instant are 0, after the last 1. */
double timescale_y(const struct timescale *s, int64_t t_ns);

/* The time at y, clamped to the run. timescale_t(timescale_y(t)) is t to the nanosecond. */
int64_t timescale_t(const struct timescale *s, double y);

/* "wall", "order", "squeezed". */
const char *timescale_word(enum view_axis axis);

/* 0 and the axis called `word`, or -EINVAL. */
int timescale_find(const char *word, enum view_axis *ret_axis);

/*
 * The axis that shows a trace best: wall where messages are sent at even distances, order where they
 * are crowded (the comment in timescale.c has the rule).
 */
enum view_axis timescale_choose(const struct weft_trace *t);

#endif
