/* SPDX-License-Identifier: MIT
 *
 * The table of formats: one row for each, one file for each. A new format is one file and one row.
 */
#ifndef WEFT_TRACER_FORMATS_H
#define WEFT_TRACER_FORMATS_H

#include <stdio.h>

#include "tracer/trace/input.h"
#include "tracer/trace/sink.h"

struct weft_format {
	const char *name;
	const char *suffixes; /* for exports, with blanks between */

	/* Whether the first bytes look like this format. */
	bool (*probe)(const char *data, size_t len);

	/*
	 * Reads all into the sink. `option` is what stands behind the colon of a format's name
	 * ("gotrace:receive"), or NULL. Returns 0, or a negative errno value with `error` filled
	 * in.
	 */
	int (*read)(struct weft_input *input, const char *option, const struct weft_sink *sink,
		struct weft_trace_error *error);

	/* Writes a loaded trace, or NULL: this format is only read. */
	int (*write)(const struct weft_trace *trace, FILE *out);
};

/* The rows, NULL at the end; the first one is the native format. */
extern const struct weft_format *const weft_formats[];

/*
 * Opens a file, finds its format by name or by content and reads it into the sink. Returns 0, or a
 * negative errno value with `error` filled in.
 */
int weft_formats_read(const char *path, const char *format, const struct weft_sink *sink,
	struct weft_trace_error *error);

/* The same from an open input, from its start, whatever was read of it before. */
int weft_formats_read_input(struct weft_input *input, const char *format,
	const struct weft_sink *sink, struct weft_trace_error *error);

#endif
