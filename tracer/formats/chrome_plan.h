/* SPDX-License-Identifier: MIT
 *
 * What the writer of Chrome traces must know before its time has come: how long a worker will be
 * parked, where records will turn out to be lost, whether an arrow that begins will also end.
 *
 * One reading of the records fills it in; the next one, in the same order, uses it up.
 */
#ifndef WEFT_TRACER_FORMATS_CHROME_PLAN_H
#define WEFT_TRACER_FORMATS_CHROME_PLAN_H

#include "tracer/formats/formats.h"
#include "tracer/trace/map.h"

/* Records that are missing. */
struct chrome_loss {
	int64_t since, t, n;
	int32_t w; /* -1: of all workers */
};

struct chrome_plan {
	int64_t *park_ends;	    /* of each `park`, in order */
	int64_t *op_ends;	    /* of each record with a `dur`, in order: where it ends, at the
				       latest where its thread acts again */
	struct chrome_loss *losses; /* by `since` */
	size_t nparks, nops, nlosses;
	struct weft_set handed; /* numbers, from 1, of the releases whose lock was taken up next */
	struct weft_set closed; /* objects that somebody found closed after they were closed */

	/* Private: while it is filled in. */
	size_t room_parks, room_ops, room_losses;
	uint64_t nreleases;
	struct weft_map parked; /* worker + 1 to its open park */
	struct weft_map acting; /* coroutine to its last operation that took time */
	struct weft_map given;	/* object to its last release */
	struct weft_set closes;
};

/* Returns 0, or a negative errno value with `error` filled in; finish is due in both cases. */
int chrome_plan_make(struct chrome_plan *plan, const struct weft_writing *writing,
	struct weft_trace_error *error);
void chrome_plan_finish(struct chrome_plan *plan);

#endif
