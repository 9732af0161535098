/* SPDX-License-Identifier: MIT
 *
 * The table of formats: one row for each, one file for each. A new format is one file and one row.
 */
#ifndef WEFT_TRACER_FORMATS_H
#define WEFT_TRACER_FORMATS_H

#include <stdio.h>

#include "tracer/formats/source.h"
#include "tracer/trace/input.h"
#include "tracer/trace/sink.h"

/* What a writer has to go by: the model for what is known at the end, the records for all else. */
struct weft_writing {
	const struct weft_trace *trace;
	struct weft_source *source;
	FILE *out;
	const char *file;   /* where `out` is on the disk, or NULL: standard output */
	const char *target; /* what the file will be called */
	uint32_t limit;	    /* messages at most; 0: as many as the format thinks right */
};

struct weft_format {
	const char *name;
	const char
		*suffixes; /* of what it writes, with blanks between; the first is the usual one */
	const char *summary; /* a few words for a list of formats */
	bool has_limit;	     /* its writer heeds a limit */

	/* Whether the first bytes look like this format; NULL: this format is only written. */
	bool (*probe)(const char *data, size_t len);

	/*
	 * Reads all into the sink. `option` is what stands behind the colon of a format's name
	 * ("gotrace:receive"), or NULL. Returns 0, or a negative errno value with `error` filled
	 * in. NULL: this format is only written.
	 */
	int (*read)(struct weft_input *input, const char *option, const struct weft_sink *sink,
		struct weft_trace_error *error);

	/*
	 * Writes a trace, or NULL: this format is only read. Failures of `out` itself are for the
	 * caller to find. Returns 0, or a negative errno value with `error` filled in.
	 */
	int (*write)(const struct weft_writing *writing, struct weft_trace_error *error);
};

/* The rows, NULL at the end; the first one is the native format. */
extern const struct weft_format *const weft_formats[];

/* The row of this name, which may have an option behind a colon, or NULL. */
const struct weft_format *weft_formats_find(const char *name);

/* The row that is written into a file of this name, by its suffix; NULL: none, or only ".json". */
const struct weft_format *weft_formats_for(const char *path);

/* The row that an open input is in, by its content. Returns 0, or as weft_formats_read. */
int weft_formats_guess(struct weft_input *input, const struct weft_format **ret_row,
	struct weft_trace_error *error);

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
