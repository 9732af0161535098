/* SPDX-License-Identifier: MIT
 *
 * Where each thread stands, and how time becomes height: what is computed once for a trace.
 *
 * Who talks to whom decides. A thread's column may be used again by a later thread when the first
 * one has ended. Threads of a runtime (`sys`) are hidden. The same trace gives the same layout.
 */
#ifndef WEFT_VIEWER_LAYOUT_H
#define WEFT_VIEWER_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "viewer/timescale.h"
#include "viewer/view.h"

struct weft_trace;

struct layout {
	uint32_t nthreads, ncolumns; /* as many threads as the trace has */
	uint32_t *column;	     /* of each thread, from the left; WEFT_NO_INDEX: hidden */
	double *x;		     /* of each thread in the world, within 0..1; NaN: hidden */
	struct timescale scale[VIEW_AXIS_COUNT];
	/* What the whole run has, for a legend that does not change while it plays. */
	uint32_t states;    /* bit 1 << enum weft_state */
	uint32_t whys;	    /* of what was blocked on: bit 1 << enum weft_why */
	bool buffered;	    /* messages by way of a buffer */
	uint32_t nmessages; /* that can be drawn: those of a timer begin nowhere */
};

/* Borrows nothing from the trace. Never NULL (out of memory ends the program). */
struct layout *layout_create(const struct weft_trace *t);

/* Accepts NULL. */
void layout_destroy(struct layout *l);

#endif
