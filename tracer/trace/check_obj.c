/* SPDX-License-Identifier: MIT
 *
 * Objects and what a channel holds: rules E16 and E21.
 *
 * The buffer of a channel is counted from its first send on. Where the trace stops telling (a send
 * without `via`, a message from nowhere, a drop) counting ends, and E21 is silent.
 */
#include "tracer/trace/check_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *ck_obj_name(const struct ck_obj *obj, char *buf, size_t size)
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

void ck_finish_obj(void *item)
{
	struct ck_obj *obj = item;

	free(obj->queue);
	free(obj->pairs);
	weft_map_finish(&obj->pair_of);
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

_Static_assert(WEFT_OBJ_COUNT <= 16, "a bit for each type");
#define BIT(type) (1u << WEFT_OBJ_##type)
#define ALL_BUT(types) ((uint16_t) ~((types) | BIT(OTHER)))
#define CHANNELS ALL_BUT(BIT(CHAN) | BIT(IO))
#define LOCKS ALL_BUT(BIT(MUTEX) | BIT(RWLOCK) | BIT(SEMAPHORE) | BIT(ONCE))

const uint16_t ck_misfits[WEFT_EV_COUNT_] = {
	[WEFT_EV_SEND] = CHANNELS,
	[WEFT_EV_RECV] = CHANNELS,
	[WEFT_EV_CLOSE] = CHANNELS,
	[WEFT_EV_ACQUIRE] = LOCKS,
	[WEFT_EV_RELEASE] = LOCKS,
	[WEFT_EV_ADD] = ALL_BUT(BIT(WAITGROUP)),
	[WEFT_EV_SIGNAL] = ALL_BUT(BIT(COND)),
	[WEFT_EV_TIMER] = ALL_BUT(BIT(TIMER)),
};

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

struct ck_obj *ck_use_else(struct weft_checker *ck, const struct weft_record *rec, uint64_t id)
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
	if (ck_misfits[rec->kind] >> obj->type & 1)
		ck_say(ck, "E16", rec, "%s on %s", weft_ev_word(rec->kind),
			ck_obj_name(obj, name, sizeof(name)));
	return obj;
}

void ck_make(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_obj *obj = ck_find(&ck->objs, rec->on);
	bool again = rec->pre && ck_is_lossy(ck) && obj, assumed;

	if (rec->co)
		ck_actor(ck, rec, rec->co);
	assumed = obj ? obj->assumed : weft_set_has(&ck->unmade, rec->on);
	if ((obj || weft_set_has(&ck->gone_objs, rec->on)) && !again && !assumed)
		ck_say(ck, "E10", rec, "object %llu exists already", (unsigned long long)rec->on);
	ck_set_remove(ck, &ck->gone_objs, rec->on);
	ck_set_remove(ck, &ck->unmade, rec->on);
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
	if (obj->assumed && !weft_set_has(&ck->gone_objs, rec->on))
		ck_set_add(ck, &ck->unmade, rec->on);
	ck_set_add(ck, &ck->gone_objs, rec->on);
	ck_finish_obj(obj);
	ck_remove(&ck->objs, rec->on);
}

/* ---- The buffer ------------------------------------------------------------------------------ */

void ck_stop_counting(struct ck_obj *obj)
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
		(long long)rec->len, ck_obj_name(obj, name, sizeof(name)),
		(long long)obj->buffered);
	obj->buffered = rec->len;
}

void ck_count_send(struct weft_checker *ck, const struct weft_record *rec, struct ck_obj *obj,
	struct ck_msg *msg)
{
	char name[96];

	if (rec->guess || rec->via == WEFT_VIA_NONE)
		ck_stop_counting(obj);
	if (!obj->counting)
		return;
	switch (rec->via) {
	case WEFT_VIA_BUFFER:
		msg->where = CK_BUFFERED;
		obj->buffered++;
		if (obj->cap >= 0 && obj->buffered > obj->cap) {
			ck_say(ck, "E21", rec, "%s of capacity %lld holds %lld messages",
				ck_obj_name(obj, name, sizeof(name)), (long long)obj->cap,
				(long long)obj->buffered);
			ck_stop_counting(obj);
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
void ck_count_recv(struct weft_checker *ck, const struct weft_record *rec, struct ck_obj *obj,
	const struct ck_msg *msg)
{
	struct ck_msg *next;

	if (!obj->counting)
		return;
	if (msg->where == CK_ANYWHERE) {
		ck_stop_counting(obj);
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
