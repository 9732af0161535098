/* SPDX-License-Identifier: MIT
 *
 * The builder of the loaded model: takes records in the order of time and makes columns of them.
 */
#ifndef WEFT_TRACER_TRACE_MODEL_H
#define WEFT_TRACER_TRACE_MODEL_H

#include "tracer/trace/record.h"

struct weft_builder;

struct weft_builder *weft_builder_create(void);
void weft_builder_free(struct weft_builder *builder);

/* All return 0 or -ENOMEM; the builder is then only good for weft_builder_free. */
int weft_builder_header(struct weft_builder *builder, const struct weft_header *header);
int weft_builder_record(struct weft_builder *builder, const struct weft_record *rec);

/* Ends the trace and hands it out. `path` gives a title to what has none. */
int weft_builder_finish(
	struct weft_builder *builder, const char *path, struct weft_trace **ret_trace);

#endif
