/* SPDX-License-Identifier: MIT
 *
 * What each kind of record does to the columns.
 */
#include "tracer/trace/model_builder.h"

#include <errno.h>
#include <stdio.h>

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
	uint32_t parent = rec->co ? weft_builder_actor(builder, rec->co) : WEFT_NO_INDEX;
	bool known = weft_map_get(&builder->thread_of, rec->new_);
	uint32_t i = weft_builder_thread_of(builder, rec->new_);
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
	weft_builder_add_event(builder, rec->kind, i);
}

static void take_make(struct weft_builder *builder, const struct weft_record *rec)
{
	uint64_t *known = weft_map_get(&builder->object_of, rec->on);
	uint32_t i = weft_builder_object_of(builder, rec->on, rec->type);
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
		weft_builder_add_event(builder, rec->kind, weft_builder_actor(builder, rec->co));
}

static void take_name(struct weft_builder *builder, const struct weft_record *rec)
{
	uint32_t i;

	if (rec->co) {
		i = weft_builder_thread_of(builder, rec->co);
		if (i != WEFT_NO_INDEX)
			builder->trace->threads[i].name = weft_builder_intern(builder, rec->name);
	} else if (rec->on) {
		i = weft_builder_object_of(builder, rec->on, WEFT_OBJ_OTHER);
		if (i != WEFT_NO_INDEX)
			builder->trace->objects[i].name = weft_builder_intern(builder, rec->name);
	}
}

static void take_exit(struct weft_builder *builder, const struct weft_record *rec)
{
	uint32_t i = weft_builder_actor(builder, rec->co);
	struct weft_thread *thread;

	if (i == WEFT_NO_INDEX)
		return;
	thread = &builder->trace->threads[i];
	weft_builder_add_event(builder, rec->kind, i);
	if (thread->ended)
		return;
	weft_builder_set_state(builder, i, WEFT_STATE_UNKNOWN, 0, WEFT_NO_INDEX, -1);
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
	weft_value_text(rec, text);
	return weft_builder_intern(builder, text);
}

static void take_send(struct weft_builder *builder, const struct weft_record *rec)
{
	struct weft_trace *trace = builder->trace;
	uint32_t from = weft_builder_actor(builder, rec->co);
	uint32_t obj = weft_builder_object_of(builder, rec->on, WEFT_OBJ_CHAN);
	uint32_t i = trace->nmessages;

	weft_builder_add_event(builder, rec->kind, from);
	if (builder->failed || !weft_builder_room_for(builder, &trace->messages, i,
				       &builder->room_messages, sizeof(*trace->messages)))
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
	uint32_t to = weft_builder_actor(builder, rec->co);
	uint64_t *index = rec->msg ? weft_map_get(&builder->message_of, rec->msg) : NULL;
	struct weft_message *message;

	weft_builder_object_of(builder, rec->on, WEFT_OBJ_CHAN);
	weft_builder_add_event(builder, rec->kind, to);
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
		weft_builder_add_event(builder, rec->kind, weft_builder_actor(builder, rec->co));
	else
		weft_builder_add_event(builder, rec->kind, message ? message->from : WEFT_NO_INDEX);
}

static void take_unblock(struct weft_builder *builder, const struct weft_record *rec)
{
	struct weft_trace *trace = builder->trace;
	uint32_t to = weft_builder_thread_of(builder, rec->to);
	uint32_t from = weft_builder_thread_of(builder, rec->co);
	uint32_t obj = weft_builder_object_of(builder, rec->on, WEFT_OBJ_OTHER);
	uint8_t why = rec->why;

	if (to == WEFT_NO_INDEX)
		return;
	if (why == WEFT_WHY_NONE)
		why = builder->nows[to].why;
	weft_builder_set_state(builder, to, WEFT_STATE_READY, 0, WEFT_NO_INDEX, -1);
	weft_builder_add_event(builder, rec->kind, to);
	if (rec->msg || !weft_builder_room_for(builder, &trace->wakes, trace->nwakes,
				&builder->room_wakes, sizeof(*trace->wakes)))
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
	uint32_t thread = rec->co ? weft_builder_actor(builder, rec->co) : WEFT_NO_INDEX;

	if (rec->kind == WEFT_EV_CANCEL)
		weft_builder_thread_of(builder, rec->to);
	weft_builder_add_event(builder, rec->kind, thread);
}

static void take_object(struct weft_builder *builder, const struct weft_record *rec, uint8_t type)
{
	uint32_t obj = weft_builder_object_of(builder, rec->on, type);

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
	uint32_t i = weft_builder_actor(builder, rec->co);
	uint32_t obj = weft_builder_object_of(builder, rec->on, WEFT_OBJ_OTHER);

	if (i == WEFT_NO_INDEX)
		return;
	switch (rec->kind) {
	case WEFT_EV_RUN:
		weft_builder_set_state(builder, i, WEFT_STATE_RUNNING, 0, WEFT_NO_INDEX, rec->w);
		break;
	case WEFT_EV_YIELD:
		weft_builder_set_state(builder, i, WEFT_STATE_READY, 0, WEFT_NO_INDEX, -1);
		break;
	case WEFT_EV_SLEEP:
		weft_builder_set_state(
			builder, i, WEFT_STATE_BLOCKED, WEFT_WHY_SLEEP, WEFT_NO_INDEX, -1);
		break;
	case WEFT_EV_STATE:
		weft_builder_set_state(builder, i, rec->state,
			rec->state == WEFT_STATE_BLOCKED ? rec->why : 0,
			rec->state == WEFT_STATE_BLOCKED ? obj : WEFT_NO_INDEX,
			rec->state == WEFT_STATE_RUNNING ? rec->w : -1);
		return; /* a snapshot is no event */
	default:
		weft_builder_set_state(builder, i, WEFT_STATE_BLOCKED, rec->why, obj, -1);
	}
	weft_builder_add_event(builder, rec->kind, i);
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
