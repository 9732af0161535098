/* SPDX-License-Identifier: MIT
 *
 * What the scene_*.c files share while a scene is being built. Private to them.
 */
#ifndef WEFT_VIEWER_SCENE_PARTS_H
#define WEFT_VIEWER_SCENE_PARTS_H

#include <stddef.h>

#include "tracer/trace/trace.h"
#include "viewer/layout.h"
#include "viewer/scene.h"
#include "viewer/scene_grid.h"

/* The part of a thread's life that is in sight, sorted by x, then by y0. */
struct extent {
	double x, y0, y1;
	double born_y; /* unclipped */
	uint32_t thread;
	bool starts, ends; /* its birth, its end are in sight */
};

/* Owned by the scene, kept from build to build for its memory. */
struct scene_work {
	const struct weft_trace *t;
	const struct layout *l;
	const struct view *v;
	const struct timescale *ts;
	struct scene *s;
	double head;	    /* on the axis */
	double top, bottom; /* of what may be seen: plot and play head */
	int64_t t0_ns, t1_ns; /* the same in time */
	struct extent *extents;
	uint32_t nextents;
	struct grid grid;
	struct {
		size_t lanes, ties, arrows, gaps, densities, wakes, labels, ticks, folds, dots,
			extents, bar;
	} cap;
};

/* One more item at the end of a list of the scene; a zeroed one. */
#define SCENE_ADD(work, list)                                                                      \
	((work)->s->list = xgrow((work)->s->list, (work)->s->n##list, &(work)->cap.list,           \
		 sizeof *(work)->s->list),                                                         \
		&(work)->s->list[(work)->s->n##list++])

double scene_time_to_y(const struct scene_work *w, int64_t t_ns);

/* In this order: each uses what the ones before have found. */
void scene_add_lanes(struct scene_work *w);  /* lanes, ties, wakes, dots, extents */
void scene_add_arrows(struct scene_work *w); /* arrows, gaps, densities */
void scene_add_axis(struct scene_work *w);   /* ticks, folds, their labels, bar */
void scene_add_names(struct scene_work *w);
void scene_add_values(struct scene_work *w);

/* A label, if nothing of `avoid` (enum grid_ink) is in its box; then it is marked. */
bool scene_put_label(struct scene_work *w, const struct scene_label *label, unsigned avoid);

#define SCENE_NAME_SIZE 11.5
#define SCENE_VALUE_SIZE 11.0
#define SCENE_TICK_SIZE 10.5

#endif
