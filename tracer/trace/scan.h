/* SPDX-License-Identifier: MIT
 *
 * A second way from text to a record: many times as fast as the general one, for records that look
 * as the recorder writes them. Whatever surprises it, it leaves to the general one; so that is the
 * only one that reports, and what both take they take for the same.
 */
#ifndef WEFT_TRACER_TRACE_SCAN_H
#define WEFT_TRACER_TRACE_SCAN_H

#include "tracer/trace/record.h"

struct weft_scanner;

struct weft_scanner *weft_scanner_create(void); /* NULL if out of memory */
void weft_scanner_free(struct weft_scanner *scanner);

/*
 * Reads one record: an object without blanks, `ev` first, of fields that its kind has, each once,
 * with plain values. Returns the place behind its bracket, or NULL if it could not. `rec` is
 * complete then but for its place in the file, and its strings, lists and value are borrowed until
 * the next call or the text's end.
 *
 * The text need not end there, but within `room` bytes or right behind them the end of a line or a
 * NUL must stand, and WEFT_TEXT_PAD bytes behind them must be readable.
 */
const char *weft_scan(
	struct weft_scanner *scanner, const char *text, size_t room, struct weft_record *rec);

#endif
