/* SPDX-License-Identifier: MIT
 *
 * The builder's state, which model.c fills record by record and model_finish.c turns into the
 * finished trace. Nobody else includes this.
 */
#ifndef WEFT_TRACER_TRACE_MODEL_BUILDER_H
#define WEFT_TRACER_TRACE_MODEL_BUILDER_H

#include "tracer/trace/arena.h"
#include "tracer/trace/map.h"
#include "tracer/trace/model.h"

/* What a thread is doing now; the span is added when it ends. */
struct now {
	int64_t since;
	uint32_t obj;
	int32_t worker;
	uint32_t last_span; /* to extend it, or WEFT_NO_INDEX */
	uint8_t state, why;
};

struct weft_builder {
	struct weft_arena *arena;
	struct weft_trace *trace;
	struct now *nows;					  /* for each thread */
	struct weft_map thread_of, object_of, message_of, loc_of; /* by the file's ids */
	const char **locs;
	size_t nlocs, room_locs;
	size_t room_threads, room_nows, room_objects, room_messages;
	size_t room_spans, room_wakes, room_events;
	int64_t t;
	bool failed; /* out of memory */
};

/* The arena's copy of a text; NULL stays NULL. */
const char *weft_builder_intern(struct weft_builder *builder, const char *text);

/* Ends what the thread does now and adds its span, if it was not empty. */
void weft_builder_end_span(struct weft_builder *builder, uint32_t thread, int64_t t);

#endif
