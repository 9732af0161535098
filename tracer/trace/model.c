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
	const char *copy = text ? weft_arena_intern(builder->arena, text) : NULL;

	builder->failed |= text && !copy;
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

/* Room for one more in a column of the trace. Indices stay below WEFT_NO_INDEX. */
static bool room_for(
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
	if (!room_for(builder, &trace->spans, trace->nspans, &builder->room_spans,
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

static void set_state(struct weft_builder *builder, uint32_t thread, enum weft_state state,
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

	if (!room_for(
		    builder, &trace->threads, i, &builder->room_threads, sizeof(*trace->threads)) ||
		!room_for(builder, &builder->nows, i, &builder->room_nows, sizeof(*builder->nows)))
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

/* The thread of an id; one that was never introduced lived before. */
static uint32_t thread_of(struct weft_builder *builder, uint64_t id)
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

/* As thread_of, for one that acts: if it had ended, it lives on until now. */
static uint32_t actor(struct weft_builder *builder, uint64_t id)
{
	uint32_t i = thread_of(builder, id);
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

	if (!room_for(builder, &trace->objects, i, &builder->room_objects, sizeof(*trace->objects)))
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

static uint32_t object_of(struct weft_builder *builder, uint64_t id, uint8_t type)
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

static void add_event(struct weft_builder *builder, uint8_t kind, uint32_t thread)
{
	struct weft_trace *trace = builder->trace;

	if (!room_for(builder, &trace->events, trace->nevents, &builder->room_events,
		    sizeof(*trace->events)))
		return;
	trace->events[trace->nevents++] =
		(struct weft_event){.t_ns = builder->t, .thread = thread, .kind = kind};
}

/* ---- One kind after the other ---------------------------------------------------------------- */

static void take_loc(struct weft_builder *builder, const struct weft_record *rec)
{
	char text[512];

	if (rec->file && rec->line_no >= 0)
		snprintf(text, sizeof(text), "%.400s:%lld", rec->file, (long long)rec->line_no);
	else
		snprintf(text, sizeof(text), "%.400s", rec->file ? rec->file : rec->fn);
	if (weft_grow(&builder->locs, builder->nlocs, &builder->room_locs, sizeof(*builder->locs)) <
			0 ||
		weft_map_put(&builder->loc_of, rec->loc, builder->nlocs) < 0) {
		builder->failed = true;
		return;
	}
	builder->locs[builder->nlocs++] = weft_builder_intern(builder, text);
}

static const char *location(struct weft_builder *builder, const struct weft_record *rec)
{
	uint64_t *index;

	if (rec->at_text)
		return weft_builder_intern(builder, rec->at_text);
	index = rec->at ? weft_map_get(&builder->loc_of, rec->at) : NULL;
	return index ? builder->locs[*index] : NULL;
}

static void take_spawn(struct weft_builder *builder, const struct weft_record *rec)
{
	uint32_t parent = rec->co ? actor(builder, rec->co) : WEFT_NO_INDEX;
	bool known = weft_map_get(&builder->thread_of, rec->new_);
	uint32_t i = thread_of(builder, rec->new_);
	bool sched = builder->trace->caps & UINT32_C(1) << WEFT_CAP_SCHED;
	struct weft_thread *thread;

	if (i == WEFT_NO_INDEX)
		return;
	thread = &builder->trace->threads[i];
	if (known && thread->name)
		return; /* it is there already: an error, or said again after a drop */
	thread->name = weft_builder_intern(builder, rec->name);
	thread->fn = weft_builder_intern(builder, rec->fn);
	thread->at = location(builder, rec);
	thread->pre = rec->pre;
	thread->sys = rec->sys;
	if (!known && parent != WEFT_NO_INDEX) { /* so a parent is always the older one */
		thread->parent = parent;
		thread->depth = builder->trace->threads[parent].depth + 1;
	}
	if (sched && !rec->pre)
		builder->nows[i].state = WEFT_STATE_READY;
	add_event(builder, rec->kind, i);
}

static void take_make(struct weft_builder *builder, const struct weft_record *rec)
{
	uint64_t *known = weft_map_get(&builder->object_of, rec->on);
	uint32_t i = object_of(builder, rec->on, rec->type);
	struct weft_object *object;

	if (i == WEFT_NO_INDEX)
		return;
	object = &builder->trace->objects[i];
	if (known && object->name)
		return;
	object->name = weft_builder_intern(builder, rec->name);
	object->elem = weft_builder_intern(builder, rec->elem);
	object->at = location(builder, rec);
	object->type = rec->type;
	object->cap = rec->cap > 0 ? (uint64_t)rec->cap : 0;
	object->has_cap = rec->cap >= 0;
	object->merged = rec->merged;
	object->pre = rec->pre;
	if (rec->co)
		add_event(builder, rec->kind, actor(builder, rec->co));
}

static void take_name(struct weft_builder *builder, const struct weft_record *rec)
{
	uint32_t i;

	if (rec->co) {
		i = thread_of(builder, rec->co);
		if (i != WEFT_NO_INDEX)
			builder->trace->threads[i].name = weft_builder_intern(builder, rec->name);
	} else if (rec->on) {
		i = object_of(builder, rec->on, WEFT_OBJ_OTHER);
		if (i != WEFT_NO_INDEX)
			builder->trace->objects[i].name = weft_builder_intern(builder, rec->name);
	}
}

static void take_exit(struct weft_builder *builder, const struct weft_record *rec)
{
	uint32_t i = actor(builder, rec->co);
	struct weft_thread *thread;

	if (i == WEFT_NO_INDEX)
		return;
	thread = &builder->trace->threads[i];
	add_event(builder, rec->kind, i);
	if (thread->ended)
		return;
	set_state(builder, i, WEFT_STATE_UNKNOWN, 0, WEFT_NO_INDEX, -1);
	thread->ended = true;
	thread->died_ns = builder->t;
	thread->exit_why = rec->why;
	thread->code = rec->has_code && rec->code >= INT32_MIN && rec->code <= INT32_MAX
			       ? (int32_t)rec->code
			       : 0;
}

static const char *value_text(struct weft_builder *builder, const struct weft_record *rec)
{
	char text[WEFT_VALUE_TEXT];

	if (!rec->has_value)
		return NULL;
	weft_value_text(rec->value, text);
	return weft_builder_intern(builder, text);
}

static void take_send(struct weft_builder *builder, const struct weft_record *rec)
{
	struct weft_trace *trace = builder->trace;
	uint32_t from = actor(builder, rec->co);
	uint32_t obj = object_of(builder, rec->on, WEFT_OBJ_CHAN);
	uint32_t i = trace->nmessages;

	add_event(builder, rec->kind, from);
	if (builder->failed || !room_for(builder, &trace->messages, i, &builder->room_messages,
				       sizeof(*trace->messages)))
		return;
	if (weft_map_put(&builder->message_of, rec->msg, i) < 0) {
		builder->failed = true;
		return;
	}
	trace->messages[i] = (struct weft_message){
		.id = rec->msg,
		.send_ns = builder->t,
		.recv_ns = WEFT_NO_TIME,
		.unsend_ns = WEFT_NO_TIME,
		.value = value_text(builder, rec),
		.from = from,
		.to = WEFT_NO_INDEX,
		.obj = obj,
		.via = rec->via,
		.guess = rec->guess,
	};
	trace->nmessages++;
	trace->threads[from].sent++;
	trace->objects[obj].messages++;
}

static void take_recv(struct weft_builder *builder, const struct weft_record *rec)
{
	struct weft_trace *trace = builder->trace;
	uint32_t to = actor(builder, rec->co);
	uint64_t *index = rec->msg ? weft_map_get(&builder->message_of, rec->msg) : NULL;
	struct weft_message *message;

	object_of(builder, rec->on, WEFT_OBJ_CHAN);
	add_event(builder, rec->kind, to);
	if (builder->failed || !index)
		return;
	message = &trace->messages[*index];
	message->recv_ns = builder->t;
	message->to = to;
	message->guess |= rec->guess;
	if (!message->value)
		message->value = value_text(builder, rec);
	trace->threads[to].received++;
	trace->nreceived++;
	weft_map_remove(&builder->message_of, rec->msg);
}

static void take_unsend(struct weft_builder *builder, const struct weft_record *rec)
{
	uint64_t *index = weft_map_get(&builder->message_of, rec->msg);
	struct weft_message *message = NULL;

	if (index) {
		message = &builder->trace->messages[*index];
		message->unsend_ns = builder->t;
		weft_map_remove(&builder->message_of, rec->msg);
	}
	if (rec->co)
		add_event(builder, rec->kind, actor(builder, rec->co));
	else
		add_event(builder, rec->kind, message ? message->from : WEFT_NO_INDEX);
}

static void take_unblock(struct weft_builder *builder, const struct weft_record *rec)
{
	struct weft_trace *trace = builder->trace;
	uint32_t to = thread_of(builder, rec->to);
	uint32_t from = thread_of(builder, rec->co);
	uint32_t obj = object_of(builder, rec->on, WEFT_OBJ_OTHER);
	uint8_t why = rec->why;

	if (to == WEFT_NO_INDEX)
		return;
	if (why == WEFT_WHY_NONE)
		why = builder->nows[to].why;
	set_state(builder, to, WEFT_STATE_READY, 0, WEFT_NO_INDEX, -1);
	add_event(builder, rec->kind, to);
	if (rec->msg || !room_for(builder, &trace->wakes, trace->nwakes, &builder->room_wakes,
				sizeof(*trace->wakes)))
		return;
	trace->wakes[trace->nwakes++] = (struct weft_wake){
		.t_ns = builder->t,
		.from = from,
		.to = to,
		.obj = obj,
		.why = why,
	};
}

/* What a thread does with an object and nothing else changes. */
static void take_act(struct weft_builder *builder, const struct weft_record *rec)
{
	uint32_t thread = rec->co ? actor(builder, rec->co) : WEFT_NO_INDEX;

	if (rec->kind == WEFT_EV_CANCEL)
		thread_of(builder, rec->to);
	add_event(builder, rec->kind, thread);
}

static void take_object(struct weft_builder *builder, const struct weft_record *rec, uint8_t type)
{
	uint32_t obj = object_of(builder, rec->on, type);

	if (obj == WEFT_NO_INDEX)
		return;
	if (rec->kind == WEFT_EV_CLOSE)
		builder->trace->objects[obj].closed_ns = builder->t;
	else if (rec->kind == WEFT_EV_FREE)
		builder->trace->objects[obj].freed_ns = builder->t;
	take_act(builder, rec);
}

static void take_change(struct weft_builder *builder, const struct weft_record *rec)
{
	uint32_t i = actor(builder, rec->co);
	uint32_t obj = object_of(builder, rec->on, WEFT_OBJ_OTHER);

	if (i == WEFT_NO_INDEX)
		return;
	switch (rec->kind) {
	case WEFT_EV_RUN:
		set_state(builder, i, WEFT_STATE_RUNNING, 0, WEFT_NO_INDEX, rec->w);
		break;
	case WEFT_EV_YIELD:
		set_state(builder, i, WEFT_STATE_READY, 0, WEFT_NO_INDEX, -1);
		break;
	case WEFT_EV_SLEEP:
		set_state(builder, i, WEFT_STATE_BLOCKED, WEFT_WHY_SLEEP, WEFT_NO_INDEX, -1);
		break;
	case WEFT_EV_STATE:
		set_state(builder, i, rec->state, rec->state == WEFT_STATE_BLOCKED ? rec->why : 0,
			rec->state == WEFT_STATE_BLOCKED ? obj : WEFT_NO_INDEX,
			rec->state == WEFT_STATE_RUNNING ? rec->w : -1);
		return; /* a snapshot is no event */
	default:
		set_state(builder, i, WEFT_STATE_BLOCKED, rec->why, obj, -1);
	}
	add_event(builder, rec->kind, i);
}

static void take(struct weft_builder *builder, const struct weft_record *rec)
{
	struct weft_trace *trace = builder->trace;

	switch (rec->kind) {
	case WEFT_EV_LOC:
		take_loc(builder, rec);
		break;
	case WEFT_EV_NAME:
		take_name(builder, rec);
		break;
	case WEFT_EV_MAKE:
		take_make(builder, rec);
		break;
	case WEFT_EV_SPAWN:
		take_spawn(builder, rec);
		break;
	case WEFT_EV_STATE:
	case WEFT_EV_RUN:
	case WEFT_EV_YIELD:
	case WEFT_EV_BLOCK:
	case WEFT_EV_SLEEP:
		take_change(builder, rec);
		break;
	case WEFT_EV_UNBLOCK:
		take_unblock(builder, rec);
		break;
	case WEFT_EV_EXIT:
		take_exit(builder, rec);
		break;
	case WEFT_EV_SEND:
		take_send(builder, rec);
		break;
	case WEFT_EV_RECV:
		take_recv(builder, rec);
		break;
	case WEFT_EV_UNSEND:
		take_unsend(builder, rec);
		break;
	case WEFT_EV_FREE:
	case WEFT_EV_TIMER:
	case WEFT_EV_ACQUIRE:
	case WEFT_EV_RELEASE:
	case WEFT_EV_ADD:
	case WEFT_EV_SIGNAL:
		take_object(builder, rec, WEFT_OBJ_OTHER);
		break;
	case WEFT_EV_CLOSE:
		take_object(builder, rec, WEFT_OBJ_CHAN);
		break;
	case WEFT_EV_JOIN:
	case WEFT_EV_CANCEL:
	case WEFT_EV_SELECT:
	case WEFT_EV_LOG:
	case WEFT_EV_NOTE:
	case WEFT_EV_BEGIN:
	case WEFT_EV_END:
	case WEFT_EV_TASK:
		take_act(builder, rec);
		break;
	case WEFT_EV_DROP:
		trace->dropped += (uint64_t)rec->n;
		break;
	case WEFT_EV_EOF:
		trace->complete = true;
		trace->eof_why = rec->why;
		break;
	default:
		break; /* stack, worker, steal, count, tick, and what we don't know */
	}
}

int weft_builder_record(struct weft_builder *builder, const struct weft_record *rec)
{
	if (rec->t > builder->t)
		builder->t = rec->t;
	if (rec->w >= builder->trace->workers)
		builder->trace->workers = rec->w + 1;
	take(builder, rec);
	return builder->failed ? -ENOMEM : 0;
}
