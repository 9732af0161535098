/* SPDX-License-Identifier: MIT
 *
 * A trace that is read more than once: first as the loaded model, then its records again, as often
 * as a writer likes, always in the same order.
 */
#ifndef WEFT_TRACER_FORMATS_SOURCE_H
#define WEFT_TRACER_FORMATS_SOURCE_H

#include <signal.h>

#include "tracer/trace/input.h"
#include "tracer/trace/record.h"

struct weft_source {
	const char *name;   /* for people */
	const char *format; /* of weft_formats, with its option; NULL: guess */
	struct weft_input input;
	uint64_t records; /* that the model was made of; 0: nothing has been loaded */
	const volatile sig_atomic_t *stop; /* set: reading ends with -ECANCELED. Or NULL */
};

/*
 * `path` "-" is the standard input. Borrows `path` and `format`. Returns 0, or a negative errno
 * value with `error` filled in.
 */
int weft_source_open(struct weft_source *source, const char *path, const char *format,
	struct weft_trace_error *error);
void weft_source_close(struct weft_source *source);

/* As weft_trace_load. */
int weft_source_load(
	struct weft_source *source, struct weft_trace **ret_trace, struct weft_trace_error *error);

/* Functions return 0, or a negative errno value that ends the reading. */
struct weft_tap {
	void *arg;
	int (*header)(void *arg, const struct weft_header *header); /* or NULL */
	int (*record)(void *arg, const struct weft_record *rec);
	weft_finding_fn finding; /* what the checker finds, when all records have been; or NULL */
};

/*
 * All records in the order in which the model was built from them. As there, t never goes back: a
 * record with a smaller one, or none, has that of the one before. What has been written to the file
 * since it was loaded is left out.
 */
int weft_source_read(
	struct weft_source *source, const struct weft_tap *tap, struct weft_trace_error *error);

#endif
