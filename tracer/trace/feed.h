/* SPDX-License-Identifier: MIT
 *
 * Reading a file through the checker into something that makes use of it: what loading a trace and
 * counting it have in common.
 */
#ifndef WEFT_TRACER_TRACE_FEED_H
#define WEFT_TRACER_TRACE_FEED_H

#include "tracer/trace/input.h"
#include "tracer/trace/record.h"

/* Takes the records in the order of time. Functions return 0, or -ENOMEM, which ends the reading.
 */
struct weft_consumer {
	void *arg;
	int (*header)(void *arg, const struct weft_header *header);
	int (*record)(void *arg, const struct weft_record *rec);
};

/* What was found on the way. */
struct weft_fed {
	uint64_t records; /* in the file, whatever their kind */
	uint32_t nerrors, nwarnings;
	bool cut; /* the end is missing (W01, W02) */

	/* What was wrong with the file, in one line for a person: how much, and the first finding
	   with its line; "" if nothing was. */
	char warning[400];
	char first[320]; /* that finding alone */
};

/*
 * Reads an open input from its start. `format` is as in weft_trace_load. Returns 0, or a negative
 * errno value with `error` filled in: then not even part of it can be used.
 */
int weft_feed(struct weft_input *input, const char *format, const struct weft_consumer *consumer,
	struct weft_fed *ret_fed, struct weft_trace_error *error);

/*
 * As weft_trace_load, from an open input, from its start. A trace without a title is called after
 * `name`, which is a path.
 */
int weft_trace_load_input(struct weft_input *input, const char *name, const char *format,
	struct weft_trace **ret_trace, struct weft_trace_error *error);

/* Refuses a trace in which nobody is, and says what else was wrong with it. */
int weft_feed_refuse_empty(const struct weft_fed *fed, struct weft_trace_error *error);

#endif
