/* SPDX-License-Identifier: MIT
 *
 * The pull reader of native traces, in any layout that docs/format.md, section 2, allows: the line
 * form, JSON Lines, and through the splitter every other way to write the same JSON.
 *
 * It hands out records in the order of the file and reports what is wrong with the bytes: E01, E02,
 * E04, E29, W01, W02, W05. Memory does not depend on the size of the file.
 */
#ifndef WEFT_TRACER_TRACE_READER_H
#define WEFT_TRACER_TRACE_READER_H

#include "tracer/trace/input.h"
#include "tracer/trace/record.h"

struct weft_reader;

/*
 * Starts at the beginning of `input`, which it borrows, as it does `report`. Returns 0, or a
 * negative errno value with `error` filled in: not a native trace, and what it looks like.
 */
int weft_reader_open(struct weft_input *input, const struct weft_report *report,
	struct weft_reader **ret_reader, struct weft_trace_error *error);
void weft_reader_close(struct weft_reader *reader);

const struct weft_header *weft_reader_header(const struct weft_reader *reader);

/* Returns 1 with a record; 0 at the end; or a negative errno value (-ENOMEM, -EIO ...). */
int weft_reader_next(struct weft_reader *reader, struct weft_record *rec);

/* The JSON of the record that came last, until the next one is read. */
const char *weft_reader_raw(const struct weft_reader *reader, size_t *ret_len);

/* Decodes such a text again, later; nothing is reported. WEFT_TEXT_PAD zeros stand behind it. As
   weft_decode. */
int weft_reader_again(struct weft_reader *reader, const char *raw, size_t len, uint64_t line,
	uint64_t index, struct weft_record *rec);

#endif
