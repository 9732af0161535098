/* SPDX-License-Identifier: MIT
 *
 * Binary records to lines of the file, with what must be remembered from record to record.
 */
#ifndef WEFT_TRACER_RECORD_LINE_H
#define WEFT_TRACER_RECORD_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracer/event.h"
#include "tracer/record/locs.h"
#include "tracer/record/names.h"
#include "tracer/record/objects.h"
#include "tracer/record/places.h"
#include "tracer/record/text.h"
#include "tracer/record/timeline.h"
#include "tracer/record/writer.h"

struct weft__lines {
	struct weft__writer *out;
	struct weft__timeline timeline;
	struct weft__rising last_t; /* as it was written */
	bool located;		    /* source locations are wanted */
	size_t value_bytes;	    /* what a record holds of a value at most */
	struct weft__names names;
	struct weft__locs locs;
	struct weft__places places;
	struct weft__idmap objects;
	struct weft__idmap stacks; /* by their numbers: struct weft__stack */
};

/* A call stack that is in the file, or would be if anything were known of it. */
struct weft__stack {
	uint32_t at;  /* the location of its first frame, or 0 */
	bool written; /* false: none of its frames is known */
};

/*
 * Appends the line of a record of this worker's ring (-1: of none), and the `loc` it needs before
 * it. The writer must not be full. 0 or -ENOMEM; an unknown kind is skipped.
 */
int weft__line_record(struct weft__lines *lines, const struct weft_rec *rec, int worker);

/* The stream's own records; t is in ticks. */
void weft__line_tick(struct weft__lines *lines, int64_t t);
void weft__line_eof(struct weft__lines *lines, int64_t t, enum weft_eof_why why);

void weft__lines_free(struct weft__lines *lines);

#endif
