/* SPDX-License-Identifier: MIT
 *
 * Objects and messages: rules E16 to E22, and of W04 and W07 what concerns messages.
 *
 * The buffer of a channel is counted from its first send on. Where the trace stops telling (a send
 * without `via`, a message from nowhere, a drop) counting ends, and E21 is silent.
 */
#include "tracer/trace/check_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOW_TRIP_NS INT64_C(1000000000)
#define SLOW_MAX 10

static const char *name_of(const struct ck_obj *obj, char *buf, size_t size)
{
	const char *type = obj->type == WEFT_OBJ_CHAN	 ? "channel"
			   : obj->type == WEFT_OBJ_OTHER ? "object"
							 : weft_obj_word(obj->type);

	if (obj->name[0])
		snprintf(buf, size, "%s %llu \"%s\"", type, (unsigned long long)obj->id, obj->name);
	else
		snprintf(buf, size, "%s %llu", type, (unsigned long long)obj->id);
	return buf;
}

/* ---- Objects --------------------------------------------------------------------------------- */

void ck_free_obj(struct ck_obj *obj)
{
	free(obj->queue);
	free(obj->pairs);
	weft_map_finish(&obj->pair_of);
	free(obj);
}

static struct ck_obj *add_obj(struct weft_checker *ck, uint64_t id)
{
	struct ck_obj *obj = ck_add(ck, &ck->objs, id, sizeof(*obj));

	if (!obj)
		return NULL;
	obj->id = id;
	obj->epoch = ck->epoch;
	obj->type = WEFT_OBJ_OTHER;
	obj->cap = -1;
	obj->pre = obj->assumed = true;
	return obj;
}

static bool fits(uint8_t kind, uint8_t type)
{
	if (type == WEFT_OBJ_OTHER)
		return true;
	switch (kind) {
	case WEFT_EV_SEND:
	case WEFT_EV_RECV:
	case WEFT_EV_CLOSE:
		return type == WEFT_OBJ_CHAN || type == WEFT_OBJ_IO;
	case WEFT_EV_ACQUIRE:
	case WEFT_EV_RELEASE:
		return type == WEFT_OBJ_MUTEX || type == WEFT_OBJ_RWLOCK ||
		       type == WEFT_OBJ_SEMAPHORE || type == WEFT_OBJ_ONCE;
	case WEFT_EV_ADD:
		return type == WEFT_OBJ_WAITGROUP;
	case WEFT_EV_SIGNAL:
		return type == WEFT_OBJ_COND;
	case WEFT_EV_TIMER:
		return type == WEFT_OBJ_TIMER;
	default:
		return true;
	}
}

/* Kinds that speak of an object without using it. */
static bool is_mention(uint8_t kind)
{
	return kind == WEFT_EV_NAME || kind == WEFT_EV_NOTE || kind == WEFT_EV_COUNT;
}

/* What was known before a drop is not known after it. */
static void refresh(struct weft_checker *ck, struct ck_obj *obj)
{
	if (obj->epoch == ck->epoch)
		return;
	obj->epoch = ck->epoch;
	obj->pre = true;
	obj->closed = obj->counting = obj->value_known = false;
	obj->holder = 0;
	obj->depth = obj->readers = 0;
	obj->first = obj->nqueue = 0;
}

struct ck_obj *ck_use(struct weft_checker *ck, const struct weft_record *rec, uint64_t id)
{
	struct ck_obj *obj = ck_find(&ck->objs, id);
	char name[96];

	if (!obj) {
		bool freed = weft_set_has(&ck->gone_objs, id);

		if (freed && is_mention(rec->kind))
			return NULL;
		if (freed)
			ck_say(ck, "E16", rec, "%s: object %llu has been freed",
				weft_ev_word(rec->kind), (unsigned long long)id);
		else if (!ck_is_lossy(ck))
			ck_say(ck, "E16", rec, "%s: object %llu was never made",
				weft_ev_word(rec->kind), (unsigned long long)id);
		return add_obj(ck, id);
	}
	refresh(ck, obj);
	if (!fits(rec->kind, obj->type))
		ck_say(ck, "E16", rec, "%s on %s", weft_ev_word(rec->kind),
			name_of(obj, name, sizeof(name)));
	return obj;
}

void ck_make(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_obj *obj = ck_find(&ck->objs, rec->on);
	bool again = rec->pre && ck_is_lossy(ck);

	if (rec->co)
		ck_actor(ck, rec, rec->co);
	if ((obj || weft_set_has(&ck->gone_objs, rec->on)) && !again && !(obj && obj->assumed))
		ck_say(ck, "E10", rec, "object %llu exists already", (unsigned long long)rec->on);
	weft_set_remove(&ck->gone_objs, rec->on);
	if (!obj)
		obj = add_obj(ck, rec->on);
	if (!obj)
		return;
	refresh(ck, obj);
	ck_copy_name(obj->name, rec->name);
	obj->type = rec->type;
	obj->pre = rec->pre;
	obj->merged = rec->merged;
	obj->assumed = obj->closed = false;
	obj->cap = rec->cap;
	obj->buffered = 0;
	obj->counting = !rec->pre && !rec->merged;
	obj->first = obj->nqueue = 0;
	obj->holder = 0;
	obj->depth = obj->readers = 0;
	obj->value = rec->n >= 0 ? rec->n : 0;
	obj->value_known = !rec->pre && (rec->n >= 0 || rec->type == WEFT_OBJ_WAITGROUP);
}

void ck_free(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_obj *obj;

	if (rec->co)
		ck_actor(ck, rec, rec->co);
	obj = ck_use(ck, rec, rec->on);
	if (!obj)
		return;
	ck_set_add(ck, &ck->gone_objs, rec->on);
	ck_remove(&ck->objs, rec->on);
	ck_free_obj(obj);
}

/* ---- The buffer ------------------------------------------------------------------------------ */

static void stop_counting(struct ck_obj *obj)
{
	obj->counting = false;
	obj->first = obj->nqueue = 0;
}

/* The messages that wait for room, the next one first; those that are gone are passed over. */
static void push_waiting(struct weft_checker *ck, struct ck_obj *obj, uint64_t msg, bool in_front)
{
	if (in_front && obj->first > 0) {
		obj->queue[--obj->first] = msg;
		return;
	}
	if (obj->first > 64 && obj->first * 2 > obj->nqueue) {
		memmove(obj->queue, obj->queue + obj->first,
			(obj->nqueue - obj->first) * sizeof(*obj->queue));
		obj->nqueue -= obj->first;
		obj->first = 0;
	}
	if (weft_grow(&obj->queue, obj->nqueue, &obj->room_queue, sizeof(*obj->queue)) < 0) {
		ck->failed = true;
		return;
	}
	obj->queue[obj->nqueue++] = msg;
	if (in_front) {
		memmove(obj->queue + obj->first + 1, obj->queue + obj->first,
			(obj->nqueue - 1 - obj->first) * sizeof(*obj->queue));
		obj->queue[obj->first] = msg;
	}
}

static struct ck_msg *pop_waiting(struct weft_checker *ck, struct ck_obj *obj)
{
	while (obj->first < obj->nqueue) {
		struct ck_msg *msg = ck_find(&ck->msgs, obj->queue[obj->first++]);

		if (msg && msg->where == CK_WAITING)
			return msg;
	}
	return NULL;
}

static void check_len(struct weft_checker *ck, const struct weft_record *rec, struct ck_obj *obj)
{
	char name[96];

	if (!obj->counting || rec->len < 0 || rec->len == obj->buffered)
		return;
	ck_say(ck, "E21", rec, "%s: len says %lld, and %s holds %lld", weft_ev_word(rec->kind),
		(long long)rec->len, name_of(obj, name, sizeof(name)), (long long)obj->buffered);
	obj->buffered = rec->len;
}

static void count_send(struct weft_checker *ck, const struct weft_record *rec, struct ck_obj *obj,
	struct ck_msg *msg)
{
	char name[96];

	if (rec->guess || rec->via == WEFT_VIA_NONE)
		stop_counting(obj);
	if (!obj->counting)
		return;
	switch (rec->via) {
	case WEFT_VIA_BUFFER:
		msg->where = CK_BUFFERED;
		obj->buffered++;
		if (obj->cap >= 0 && obj->buffered > obj->cap) {
			ck_say(ck, "E21", rec, "%s of capacity %lld holds %lld messages",
				name_of(obj, name, sizeof(name)), (long long)obj->cap,
				(long long)obj->buffered);
			stop_counting(obj);
			return;
		}
		break;
	case WEFT_VIA_WAIT:
	case WEFT_VIA_SELECT:
		msg->where = CK_WAITING;
		if (obj->cap != 0)
			push_waiting(ck, obj, rec->msg, rec->via == WEFT_VIA_SELECT);
		break;
	default:
		msg->where = CK_HANDED;
	}
	check_len(ck, rec, obj);
}

/* A message leaves; the oldest that waits for room takes its place. */
static void count_recv(struct weft_checker *ck, const struct weft_record *rec, struct ck_obj *obj,
	const struct ck_msg *msg)
{
	struct ck_msg *next;

	if (!obj->counting)
		return;
	if (msg->where == CK_ANYWHERE) {
		stop_counting(obj);
		return;
	}
	if (msg->where == CK_BUFFERED) {
		obj->buffered--;
		next = pop_waiting(ck, obj);
		if (next) {
			next->where = CK_BUFFERED;
			obj->buffered++;
		}
	}
	/* Who was handed a message records it when it runs: the buffer has gone on since. */
	if (msg->where != CK_HANDED && !rec->guess)
		check_len(ck, rec, obj);
}

/* ---- Messages -------------------------------------------------------------------------------- */

static void finish_msg(struct weft_checker *ck, struct ck_msg *msg)
{
	ck_set_add(ck, &ck->gone_msgs, msg->id);
	ck_remove(&ck->msgs, msg->id);
	free(msg);
}

/* E19: it was received before, in a file that is ordered by worker. Returns whether it was. */
static bool check_early(struct weft_checker *ck, const struct weft_record *rec)
{
	uint64_t *index = weft_map_get(&ck->early_of, rec->msg);

	if (!index)
		return false;
	ck_say(ck, "E19", rec, "message %llu is sent at %lld and received at %lld",
		(unsigned long long)rec->msg, (long long)rec->t, (long long)ck->early[*index].t);
	ck->early[*index].msg = 0;
	weft_map_remove(&ck->early_of, rec->msg);
	ck_set_add(ck, &ck->gone_msgs, rec->msg);
	return true;
}

/* The sender acts itself, or its peer writes the record for it. */
static void check_sender(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_co *co;

	if (rec->by) {
		ck_actor(ck, rec, rec->by);
		co = ck_named(ck, rec, rec->co);
	} else {
		co = ck_actor(ck, rec, rec->co);
	}
	if (co)
		co->select_pending = false;
}

void ck_send(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_obj *obj;
	struct ck_msg *msg;
	char name[96];

	check_sender(ck, rec);
	obj = ck_use(ck, rec, rec->on);
	if (!obj)
		return;
	if (obj->closed && !obj->merged)
		ck_say(ck, "E20", rec, "send on %s, which is closed",
			name_of(obj, name, sizeof(name)));
	if (ck_find(&ck->msgs, rec->msg) || weft_set_has(&ck->gone_msgs, rec->msg)) {
		ck_say(ck, "E17", rec, "message %llu was sent before",
			(unsigned long long)rec->msg);
		stop_counting(obj);
		return;
	}
	if (check_early(ck, rec)) {
		stop_counting(obj);
		return;
	}
	msg = ck_add(ck, &ck->msgs, rec->msg, sizeof(*msg));
	if (!msg)
		return;
	*msg = (struct ck_msg){
		rec->msg, rec->on, rec->co, rec->t, rec->line, ck->epoch, CK_ANYWHERE};
	count_send(ck, rec, obj, msg);
}

/* ok false: closed and drained. */
static void recv_closed(struct weft_checker *ck, const struct weft_record *rec, struct ck_obj *obj)
{
	char name[96];

	if (rec->msg && ck_claims(ck, WEFT_CAP_MSG))
		ck_say(ck, "E18", rec, "a receive with ok false and a message");
	if (obj->merged || obj->pre)
		return;
	name_of(obj, name, sizeof(name));
	if (!obj->closed)
		ck_say(ck, "E20", rec, "a receive with ok false on %s, which is open", name);
	else if (obj->counting && obj->buffered > 0)
		ck_say(ck, "E20", rec, "a receive with ok false on %s, which holds %lld messages",
			name, (long long)obj->buffered);
}

static void recv_early(struct weft_checker *ck, const struct weft_record *rec)
{
	if (weft_map_get(&ck->early_of, rec->msg)) {
		ck_say(ck, "E18", rec, "message %llu is received twice",
			(unsigned long long)rec->msg);
		return;
	}
	if (weft_grow(&ck->early, ck->nearly, &ck->room_early, sizeof(*ck->early)) < 0 ||
		weft_map_put(&ck->early_of, rec->msg, ck->nearly) < 0) {
		ck->failed = true;
		return;
	}
	ck->early[ck->nearly++] = (struct ck_early){rec->msg, rec->line, rec->index, rec->t};
}

/* A receive of what is not on its way. */
static void recv_unknown(struct weft_checker *ck, const struct weft_record *rec)
{
	if (weft_set_has(&ck->gone_msgs, rec->msg)) {
		ck_say(ck, "E18", rec, "message %llu was received or taken back before",
			(unsigned long long)rec->msg);
		return;
	}
	if (ck_is_lossy(ck)) {
		ck_set_add(ck, &ck->gone_msgs, rec->msg);
	} else if (ck->by_worker) {
		recv_early(ck, rec);
	} else {
		if (ck_claims(ck, WEFT_CAP_MSG))
			ck_say(ck, "E18", rec, "message %llu was never sent",
				(unsigned long long)rec->msg);
		ck_set_add(ck, &ck->gone_msgs, rec->msg);
	}
}

static uint64_t pair_key(uint64_t from, uint64_t to)
{
	return (from * UINT64_C(0x9e3779b97f4a7c15) ^ to) & (UINT64_MAX >> 1);
}

/* E22: the numbers between two rise. */
static void check_pair(struct weft_checker *ck, const struct weft_record *rec, struct ck_obj *obj,
	const struct ck_msg *msg)
{
	uint64_t key = pair_key(msg->from, rec->co), *index = weft_map_get(&obj->pair_of, key);
	struct ck_pair *pair;

	if (index) {
		pair = &obj->pairs[*index];
		if (pair->from == msg->from && pair->to == rec->co && msg->id < pair->msg)
			ck_say(ck, "E22", rec,
				"message %llu from coroutine %llu to %llu comes after %llu",
				(unsigned long long)msg->id, (unsigned long long)msg->from,
				(unsigned long long)rec->co, (unsigned long long)pair->msg);
		*pair = (struct ck_pair){msg->from, rec->co, msg->id};
		return;
	}
	if (weft_grow(&obj->pairs, obj->npairs, &obj->room_pairs, sizeof(*obj->pairs)) < 0 ||
		weft_map_put(&obj->pair_of, key, obj->npairs) < 0) {
		ck->failed = true;
		return;
	}
	obj->pairs[obj->npairs++] = (struct ck_pair){msg->from, rec->co, msg->id};
}

static void check_trip(struct weft_checker *ck, const struct weft_record *rec, struct ck_obj *obj,
	const struct ck_msg *msg)
{
	if (rec->from && rec->from != msg->from)
		ck_say(ck, "E18", rec, "message %llu is from coroutine %llu, not from %llu",
			(unsigned long long)msg->id, (unsigned long long)msg->from,
			(unsigned long long)rec->from);
	if (!obj->merged && !rec->guess)
		check_pair(ck, rec, obj, msg);
	if (rec->t - msg->t > SLOW_TRIP_NS && msg->epoch == ck->epoch &&
		ck->slow_trips++ < SLOW_MAX)
		ck_say(ck, "W07", rec, "message %llu was %lld ns on its way",
			(unsigned long long)msg->id, (long long)(rec->t - msg->t));
}

void ck_recv(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_co *co = ck_actor(ck, rec, rec->co);
	struct ck_obj *obj = ck_use(ck, rec, rec->on), *other;
	struct ck_msg *msg;

	if (co)
		co->select_pending = false;
	if (rec->from)
		ck_named(ck, rec, rec->from);
	if (!obj)
		return;
	if (!rec->ok) {
		recv_closed(ck, rec, obj);
		return;
	}
	if (!rec->msg && ck_claims(ck, WEFT_CAP_MSG))
		ck_say(ck, "E18", rec, "a receive without a message, and ok is not false");
	msg = rec->msg ? ck_find(&ck->msgs, rec->msg) : NULL;
	if (!msg) {
		if (rec->msg)
			recv_unknown(ck, rec);
		stop_counting(obj);
		return;
	}
	if (msg->on != rec->on) {
		ck_say(ck, "E18", rec, "message %llu was sent on object %llu, not on %llu",
			(unsigned long long)msg->id, (unsigned long long)msg->on,
			(unsigned long long)rec->on);
		other = ck_find(&ck->objs, msg->on);
		if (other)
			stop_counting(other);
		stop_counting(obj);
	}
	check_trip(ck, rec, obj, msg);
	count_recv(ck, rec, obj, msg);
	finish_msg(ck, msg);
}

void ck_unsend(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_msg *msg = ck_find(&ck->msgs, rec->msg);
	struct ck_obj *obj;

	if (rec->co)
		ck_actor(ck, rec, rec->co);
	if (!msg) {
		if (!ck_is_lossy(ck) || weft_set_has(&ck->gone_msgs, rec->msg))
			ck_say(ck, "E18", rec, "unsend: message %llu is not on its way",
				(unsigned long long)rec->msg);
		ck_set_add(ck, &ck->gone_msgs, rec->msg);
		return;
	}
	obj = ck_find(&ck->objs, msg->on);
	if (obj && obj->counting && msg->where == CK_BUFFERED)
		obj->buffered--;
	finish_msg(ck, msg);
}

void ck_close(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_obj *obj;
	char name[96];

	ck_actor(ck, rec, rec->co);
	obj = ck_use(ck, rec, rec->on);
	if (!obj)
		return;
	if (obj->closed && !obj->merged)
		ck_say(ck, "E20", rec, "%s is closed twice", name_of(obj, name, sizeof(name)));
	obj->closed = true;
}

/* ---- The end --------------------------------------------------------------------------------- */

/* Messages on their way, channel by channel. */
static void say_pending(struct weft_checker *ck)
{
	struct weft_map counts = {0};

	for (size_t i = 0; i < ck->msgs.count; i++) {
		const struct ck_msg *msg = ck->msgs.items[i];
		uint64_t *count;

		if (!msg || msg->epoch != ck->epoch)
			continue;
		count = weft_map_get(&counts, msg->on);
		if (count)
			++*count;
		else if (weft_map_put(&counts, msg->on, 1) < 0)
			ck->failed = true;
	}
	for (size_t i = 0; i < ck->msgs.count; i++) {
		const struct ck_msg *msg = ck->msgs.items[i];
		uint64_t *count = msg ? weft_map_get(&counts, msg->on) : NULL;
		const struct ck_obj *obj = msg ? ck_find(&ck->objs, msg->on) : NULL;
		char name[96] = "a channel that is gone";

		if (!count || msg->epoch != ck->epoch)
			continue;
		if (obj)
			name_of(obj, name, sizeof(name));
		ck_say_end(ck, "W04", msg->line, "%llu message%s on %s never arrived",
			(unsigned long long)*count, *count == 1 ? "" : "s", name);
		weft_map_remove(&counts, msg->on);
	}
	weft_map_finish(&counts);
}

void ck_chan_end(struct weft_checker *ck)
{
	for (size_t i = 0; i < ck->nearly && ck_claims(ck, WEFT_CAP_MSG); i++) {
		struct weft_record rec;

		if (!ck->early[i].msg)
			continue;
		weft_record_clear(&rec);
		rec.line = ck->early[i].line;
		rec.index = ck->early[i].index;
		ck_say(ck, "E18", &rec, "message %llu was never sent",
			(unsigned long long)ck->early[i].msg);
	}
	if (ck_claims(ck, WEFT_CAP_MSG))
		say_pending(ck);
	if (ck->slow_trips > SLOW_MAX)
		ck_say_end(ck, "W07", 0, "and %llu more messages over 1 s on their way",
			(unsigned long long)(ck->slow_trips - SLOW_MAX));
}
