/* SPDX-License-Identifier: MIT
 *
 * The merge of a file of order "worker" into the order of time: docs/format.md, section 5.
 *
 * It keeps the text of the records that may still be overtaken: those since the last tick. What
 * carries no time (locations, stacks) goes through at once.
 */
#ifndef WEFT_TRACER_TRACE_MERGE_H
#define WEFT_TRACER_TRACE_MERGE_H

#include "tracer/trace/reader.h"
#include "tracer/trace/sink.h"

/* Reads all of a reader into the sink. Returns 0 or a negative errno value. */
int weft_merge(struct weft_reader *reader, const struct weft_sink *sink);

#endif
