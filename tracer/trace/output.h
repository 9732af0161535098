/* SPDX-License-Identifier: MIT
 *
 * A file that is there when it is complete, and not before: it is written under a temporary name
 * beside its place and renamed at the end. "-" is the standard output, which has no such mercy.
 */
#ifndef WEFT_TRACER_TRACE_OUTPUT_H
#define WEFT_TRACER_TRACE_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "tracer/trace/trace.h"

struct weft_output {
	const char *path; /* borrowed */
	FILE *file;
	char temporary[4096]; /* where the file is until it is complete; "": standard output */
};

/*
 * Returns 0, or a negative errno value with `error` filled in. What stands at the path may be
 * replaced if it is a plain file that may be written.
 */
int weft_output_open(struct weft_output *output, const char *path, struct weft_trace_error *error);

/*
 * Ends the output. `rc` is how the writing went: if it or what is left to do failed, nothing is
 * left behind, and `error`, the one that open was given, says why, unless it does already. Returns
 * 0 or the negative errno value.
 */
int weft_output_finish(struct weft_output *output, int rc, struct weft_trace_error *error);

#endif
