/* SPDX-License-Identifier: MIT
 *
 * The builder's state, which model.c and model_kinds.c fill record by record and model_finish.c
 * turns into the finished trace. Nobody else includes this.
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

/* The arena's copy of a label, fit to be drawn and printed; NULL stays NULL. */
const char *weft_builder_intern(struct weft_builder *builder, const char *text);

/* Ends what the thread does now and adds its span, if it was not empty. */
void weft_builder_end_span(struct weft_builder *builder, uint32_t thread, int64_t t);

/* Room for one more in a column of the trace. Indices stay below WEFT_NO_INDEX. */
bool weft_builder_room_for(
	struct weft_builder *builder, void *column, uint32_t count, size_t *room, size_t size);

/* From now on the thread is in this state. */
void weft_builder_set_state(struct weft_builder *builder, uint32_t thread, enum weft_state state,
	uint8_t why, uint32_t obj, int32_t worker);

/*
 * The index of a thread by its id; one that was never introduced lived before. WEFT_NO_INDEX for id
 * 0 and when out of memory.
 */
uint32_t weft_builder_thread_of(struct weft_builder *builder, uint64_t id);

/* The same for one that acts: if it had ended, it lives on until now. */
uint32_t weft_builder_actor(struct weft_builder *builder, uint64_t id);

/* The index of an object by its id; `type` is for one that was never introduced. */
uint32_t weft_builder_object_of(struct weft_builder *builder, uint64_t id, uint8_t type);

void weft_builder_add_event(struct weft_builder *builder, uint8_t kind, uint32_t thread);

#endif
