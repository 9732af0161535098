/* SPDX-License-Identifier: MIT
 *
 * From records to columns.
 *
 * The builder trusts nobody: whatever the records say, time does not go back (a smaller t becomes
 * the one before), the spans of a thread tile its life, and every index is valid. Threads and
 * objects that were never introduced come into being where they are first used.
 */
#include "tracer/trace/model_builder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct weft_builder *weft_builder_create(void)
{
	struct weft_builder *builder = calloc(1, sizeof(*builder));

	if (!builder)
		return NULL;
	builder->arena = weft_arena_create();
	builder->trace = calloc(1, sizeof(*builder->trace));
	if (!builder->arena || !builder->trace) {
		weft_builder_free(builder);
		return NULL;
	}
	return builder;
}

static void free_columns(struct weft_trace *trace)
{
	free(trace->threads);
	free(trace->objects);
	free(trace->messages);
	free(trace->spans);
	free(trace->wakes);
	free(trace->events);
}

void weft_builder_free(struct weft_builder *builder)
{
	if (!builder)
		return;
	if (builder->trace)
		free_columns(builder->trace);
	free(builder->trace);
	weft_arena_free(builder->arena);
	weft_map_finish(&builder->thread_of);
	weft_map_finish(&builder->object_of);
	weft_map_finish(&builder->message_of);
	weft_map_finish(&builder->loc_of);
	free(builder->locs);
	free(builder->nows);
	free(builder);
}

const char *weft_builder_intern(struct weft_builder *builder, const char *text)
{
	char label[WEFT_LABEL_TEXT];
	const char *copy;

	if (!text)
		return NULL;
	weft_label_text(text, label);
	copy = weft_arena_intern(builder->arena, label);
	builder->failed |= !copy;
	return copy;
}

int weft_builder_header(struct weft_builder *builder, const struct weft_header *header)
{
	struct weft_trace *trace = builder->trace;
	const char *title = header->title && header->title[0] ? header->title : header->exe;

	trace->title = weft_builder_intern(builder, title && title[0] ? title : NULL);
	trace->source = weft_builder_intern(builder, header->source);
	trace->t_is = weft_builder_intern(builder, header->t_is);
	trace->clock = weft_builder_intern(builder, header->clock ? header->clock : "");
	trace->caps = header->caps;
	trace->workers = header->workers;
	memcpy(trace->id, header->id, sizeof(trace->id));
	trace->has_id = header->has_id;
	return builder->failed ? -ENOMEM : 0;
}

/* ---- Columns --------------------------------------------------------------------------------- */

bool weft_builder_room_for(
	struct weft_builder *builder, void *column, uint32_t count, size_t *room, size_t size)
{
	if (count >= WEFT_NO_INDEX - 1 || weft_grow(column, count, room, size) < 0)
		builder->failed = true;
	return !builder->failed;
}

void weft_builder_end_span(struct weft_builder *builder, uint32_t thread, int64_t t)
{
	struct weft_trace *trace = builder->trace;
	struct now *now = &builder->nows[thread];
	struct weft_span *last;

	if (t <= now->since)
		return;
	if (now->last_span != WEFT_NO_INDEX) {
		last = &trace->spans[now->last_span];
		if (last->state == now->state && last->why == now->why && last->obj == now->obj &&
			last->worker == now->worker && now->state != WEFT_STATE_BLOCKED) {
			last->end_ns = now->since = t;
			return;
		}
	}
	if (!weft_builder_room_for(builder, &trace->spans, trace->nspans, &builder->room_spans,
		    sizeof(*trace->spans)))
		return;
	now->last_span = trace->nspans;
	trace->spans[trace->nspans++] = (struct weft_span){
		.begin_ns = now->since,
		.end_ns = t,
		.thread = thread,
		.obj = now->obj,
		.worker = now->worker,
		.state = now->state,
		.why = now->why,
	};
	trace->threads[thread].nspans++;
	now->since = t;
}

void weft_builder_set_state(struct weft_builder *builder, uint32_t thread, enum weft_state state,
	uint8_t why, uint32_t obj, int32_t worker)
{
	struct now *now = &builder->nows[thread];

	if (builder->trace->threads[thread].ended)
		return;
	weft_builder_end_span(builder, thread, builder->t);
	now->state = (uint8_t)state;
	now->why = why;
	now->obj = obj;
	now->worker = worker;
}

static uint32_t add_thread(struct weft_builder *builder, uint64_t id, int64_t t)
{
	struct weft_trace *trace = builder->trace;
	uint32_t i = trace->nthreads;

	if (!weft_builder_room_for(
		    builder, &trace->threads, i, &builder->room_threads, sizeof(*trace->threads)) ||
		!weft_builder_room_for(
			builder, &builder->nows, i, &builder->room_nows, sizeof(*builder->nows)))
		return WEFT_NO_INDEX;
	if (weft_map_put(&builder->thread_of, id, i) < 0) {
		builder->failed = true;
		return WEFT_NO_INDEX;
	}
	trace->threads[i] = (struct weft_thread){.id = id, .born_ns = t, .parent = WEFT_NO_INDEX};
	builder->nows[i] = (struct now){
		.since = t,
		.obj = WEFT_NO_INDEX,
		.worker = -1,
		.last_span = WEFT_NO_INDEX,
	};
	trace->nthreads++;
	return i;
}

uint32_t weft_builder_thread_of(struct weft_builder *builder, uint64_t id)
{
	uint64_t *index;
	uint32_t i;

	if (id == 0)
		return WEFT_NO_INDEX;
	index = weft_map_get(&builder->thread_of, id);
	if (index)
		return (uint32_t)*index;
	i = add_thread(builder, id, builder->t);
	if (i != WEFT_NO_INDEX)
		builder->trace->threads[i].pre = true;
	return i;
}

uint32_t weft_builder_actor(struct weft_builder *builder, uint64_t id)
{
	uint32_t i = weft_builder_thread_of(builder, id);
	struct weft_thread *thread;

	if (i == WEFT_NO_INDEX)
		return i;
	thread = &builder->trace->threads[i];
	if (thread->ended && builder->t > thread->died_ns) {
		weft_builder_end_span(builder, i, builder->t);
		thread->died_ns = builder->t;
	}
	return i;
}

static uint32_t add_object(struct weft_builder *builder, uint64_t id, uint8_t type)
{
	struct weft_trace *trace = builder->trace;
	uint32_t i = trace->nobjects;

	if (!weft_builder_room_for(
		    builder, &trace->objects, i, &builder->room_objects, sizeof(*trace->objects)))
		return WEFT_NO_INDEX;
	if (weft_map_put(&builder->object_of, id, i) < 0) {
		builder->failed = true;
		return WEFT_NO_INDEX;
	}
	trace->objects[i] = (struct weft_object){
		.id = id,
		.made_ns = builder->t,
		.freed_ns = WEFT_NO_TIME,
		.closed_ns = WEFT_NO_TIME,
		.type = type,
	};
	trace->nobjects++;
	return i;
}

uint32_t weft_builder_object_of(struct weft_builder *builder, uint64_t id, uint8_t type)
{
	uint64_t *index;
	uint32_t i;

	if (id == 0)
		return WEFT_NO_INDEX;
	index = weft_map_get(&builder->object_of, id);
	if (index)
		return (uint32_t)*index;
	i = add_object(builder, id, type);
	if (i != WEFT_NO_INDEX)
		builder->trace->objects[i].pre = true;
	return i;
}

void weft_builder_add_event(struct weft_builder *builder, uint8_t kind, uint32_t thread)
{
	struct weft_trace *trace = builder->trace;

	if (!weft_builder_room_for(builder, &trace->events, trace->nevents, &builder->room_events,
		    sizeof(*trace->events)))
		return;
	trace->events[trace->nevents++] =
		(struct weft_event){.t_ns = builder->t, .thread = thread, .kind = kind};
}
