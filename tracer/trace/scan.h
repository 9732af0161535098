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
 * with plain values. Returns whether it could; `rec` is complete then but for its place in the
 * file, and its strings, lists and value are borrowed until the next call or the text's end.
 *
 * Behind the text must stand a line's end or a NUL (at most a comma and blanks before it), and
 * WEFT_TEXT_PAD bytes must be readable there.
 */
bool weft_scan(struct weft_scanner *scanner, const char *text, size_t len, struct weft_record *rec);

#endif
