/* SPDX-License-Identifier: MIT
 *
 * Messages: rules E17 to E20 and E22, and of W04 and W07 what concerns messages.
 */
#include "tracer/trace/check_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOW_TRIP_NS INT64_C(1000000000)
#define SLOW_MAX 10

/* ---- Messages -------------------------------------------------------------------------------- */

static void finish_msg(struct weft_checker *ck, struct ck_msg *msg)
{
	ck_set_add(ck, &ck->gone_msgs, msg->id);
	ck_remove(&ck->msgs, msg->id);
}

/* E19: it was received before, in a file that is ordered by worker. Returns whether it was. */
static bool check_early(struct weft_checker *ck, const struct weft_record *rec)
{
	uint64_t *index = weft_map_get(&ck->early_of, rec->msg);

	if (!index)
		return false;
	/* If it is not later, the send came behind a tick's promise: E05 has said so. */
	if (rec->t > ck->early[*index].t)
		ck_say(ck, "E19", rec, "message %llu is sent at %lld and received at %lld",
			(unsigned long long)rec->msg, (long long)rec->t,
			(long long)ck->early[*index].t);
	ck->early[*index].msg = 0;
	weft_map_remove(&ck->early_of, rec->msg);
	if (ck->early_of.used == 0)
		ck->nearly = 0;
	ck_set_add(ck, &ck->gone_msgs, rec->msg);
	return true;
}

/* The sender acts itself, or its peer writes the record for it. */
static void check_sender(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_co *co;

	if (rec->by) {
		ck_actor(ck, rec, rec->by);
		co = ck_alive(ck, rec, rec->co);
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
	if (ck_find(&ck->msgs, rec->msg) || weft_set_has(&ck->gone_msgs, rec->msg)) {
		ck_say(ck, "E17", rec, "message %llu was sent before",
			(unsigned long long)rec->msg);
		ck_stop_counting(obj);
		return;
	}
	if (obj->closed && !obj->merged && !obj->assumed)
		ck_say(ck, "E20", rec, "send on %s, which is closed",
			ck_obj_name(obj, name, sizeof(name)));
	if (weft_set_has(&ck->unsent, rec->msg)) {
		ck_set_remove(ck, &ck->unsent, rec->msg);
		ck_set_add(ck, &ck->gone_msgs, rec->msg);
		ck_stop_counting(obj);
		return;
	}
	if (check_early(ck, rec)) {
		ck_stop_counting(obj);
		return;
	}
	msg = ck_add(ck, &ck->msgs, rec->msg, sizeof(*msg));
	if (!msg)
		return;
	*msg = (struct ck_msg){
		rec->msg, rec->on, rec->co, rec->t, rec->line, ck->epoch, CK_ANYWHERE};
	ck_count_send(ck, rec, obj, msg);
}

/* ok false: closed and drained. */
static void recv_closed(struct weft_checker *ck, const struct weft_record *rec, struct ck_obj *obj)
{
	char name[96];

	if (rec->msg && ck_claims(ck, WEFT_CAP_MSG))
		ck_say(ck, "E18", rec, "a receive with ok false and a message");
	if (obj->merged || obj->pre)
		return;
	ck_obj_name(obj, name, sizeof(name));
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
	ck->early[ck->nearly++] =
		(struct ck_early){rec->msg, rec->line, rec->index, rec->t, ck_is_lossy(ck)};
}

/* A receive of what is not on its way. */
static void recv_unknown(struct weft_checker *ck, const struct weft_record *rec)
{
	if (weft_set_has(&ck->gone_msgs, rec->msg) || weft_set_has(&ck->unsent, rec->msg)) {
		ck_say(ck, "E18", rec, "message %llu was received or taken back before",
			(unsigned long long)rec->msg);
		return;
	}
	if (ck->by_worker) {
		recv_early(ck, rec);
	} else {
		if (ck_claims(ck, WEFT_CAP_MSG) && !ck_is_lossy(ck))
			ck_say(ck, "E18", rec, "message %llu was never sent",
				(unsigned long long)rec->msg);
		ck_set_add(ck, &ck->unsent, rec->msg);
	}
}

static uint64_t pair_key(uint64_t from, uint64_t to)
{
	return (from * UINT64_C(0x9e3779b97f4a7c15) ^ to) & (UINT64_MAX >> 1);
}

/* Whether a message may still pass between the two of a pair. */
static bool may_pass(
	const struct weft_checker *ck, const struct ck_pair *pair, const struct weft_set *senders)
{
	if (weft_set_has(&ck->gone_cos, pair->to))
		return false;
	return !weft_set_has(&ck->gone_cos, pair->from) || weft_set_has(senders, pair->from);
}

/* Forgets the pairs of those that have ended: a channel may outlive a million of them. */
static void sweep_pairs(struct weft_checker *ck, struct ck_obj *obj)
{
	struct weft_set senders = {0}; /* of what is on its way */
	const struct ck_msg *msg;
	size_t i = 0, kept = 0;

	while ((msg = ck_next(&ck->msgs, &i))) {
		if (msg->on == obj->id)
			ck_set_add(ck, &senders, msg->from);
	}
	weft_map_finish(&obj->pair_of);
	for (i = 0; i < obj->npairs; i++) {
		const struct ck_pair *pair = &obj->pairs[i];

		if (!may_pass(ck, pair, &senders))
			continue;
		if (weft_map_put(&obj->pair_of, pair_key(pair->from, pair->to), kept) < 0)
			ck->failed = true;
		obj->pairs[kept++] = *pair;
	}
	obj->npairs = kept;
	obj->many_pairs = kept * 2 < 64 ? 64 : kept * 2;
	weft_set_finish(&senders);
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
	if (obj->npairs >= 64 && obj->npairs >= obj->many_pairs)
		sweep_pairs(ck, obj);
	if (weft_grow(&obj->pairs, obj->npairs, &obj->room_pairs, sizeof(*obj->pairs)) < 0 ||
		weft_map_put(&obj->pair_of, key, obj->npairs) < 0) {
		ck->failed = true;
		return;
	}
	obj->pairs[obj->npairs++] = (struct ck_pair){msg->from, rec->co, msg->id};
}

/* Whether the receive and the send speak of the same object and the same sender. */
static bool check_trip(
	struct weft_checker *ck, const struct weft_record *rec, const struct ck_msg *msg)
{
	bool same_sender = !rec->from || rec->from == msg->from;

	if (msg->on != rec->on)
		ck_say(ck, "E18", rec, "message %llu was sent on object %llu, not on %llu",
			(unsigned long long)msg->id, (unsigned long long)msg->on,
			(unsigned long long)rec->on);
	else if (!same_sender)
		ck_say(ck, "E18", rec, "message %llu is from coroutine %llu, not from %llu",
			(unsigned long long)msg->id, (unsigned long long)msg->from,
			(unsigned long long)rec->from);
	return msg->on == rec->on && same_sender;
}

static void check_duration(
	struct weft_checker *ck, const struct weft_record *rec, const struct ck_msg *msg)
{
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
		ck_stop_counting(obj);
		return;
	}
	if (check_trip(ck, rec, msg)) {
		if (!obj->merged && !obj->assumed && !rec->guess)
			check_pair(ck, rec, obj, msg);
		ck_count_recv(ck, rec, obj, msg);
	} else {
		other = ck_find(&ck->objs, msg->on);
		if (other)
			ck_stop_counting(other);
		ck_stop_counting(obj);
	}
	check_duration(ck, rec, msg);
	finish_msg(ck, msg);
}

void ck_unsend(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_msg *msg = ck_find(&ck->msgs, rec->msg);
	struct ck_obj *obj;

	if (rec->co)
		ck_actor(ck, rec, rec->co);
	if (!msg) {
		bool gone = weft_set_has(&ck->gone_msgs, rec->msg);

		if (!ck_is_lossy(ck) || gone)
			ck_say(ck, "E18", rec, "unsend: message %llu is not on its way",
				(unsigned long long)rec->msg);
		if (!gone)
			ck_set_add(ck, &ck->unsent, rec->msg);
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

	if (rec->co)
		ck_actor(ck, rec, rec->co);
	obj = ck_use(ck, rec, rec->on);
	if (!obj)
		return;
	if (obj->closed && !obj->merged && !obj->assumed)
		ck_say(ck, "E20", rec, "%s is closed twice", ck_obj_name(obj, name, sizeof(name)));
	obj->closed = true;
}

/* ---- The end --------------------------------------------------------------------------------- */

static int by_channel_and_line(const void *left, const void *right)
{
	const struct ck_msg *a = *(const struct ck_msg *const *)left;
	const struct ck_msg *b = *(const struct ck_msg *const *)right;

	if (a->on != b->on)
		return a->on < b->on ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

/* Messages on their way, channel by channel, each with the line of its first. */
static void say_pending(struct weft_checker *ck)
{
	size_t n = 0, left = 0;
	void **msgs = ck_sorted(ck, &ck->msgs, by_channel_and_line, &n);

	for (size_t i = 0; i < n; i++) {
		if (((struct ck_msg *)msgs[i])->epoch == ck->epoch)
			msgs[left++] = msgs[i];
	}
	for (size_t i = 1, first = 0; i <= left; i++) {
		const struct ck_msg *msg = msgs[first];
		const struct ck_obj *obj = ck_find(&ck->objs, msg->on);
		char name[96] = "a channel that is gone";

		if (i < left && ((struct ck_msg *)msgs[i])->on == msg->on)
			continue;
		if (obj)
			ck_obj_name(obj, name, sizeof(name));
		ck_say_end(ck, "W04", msg->line, "%zu message%s on %s never arrived", i - first,
			i - first == 1 ? "" : "s", name);
		first = i;
	}
	free(msgs);
}

void ck_chan_end(struct weft_checker *ck)
{
	for (size_t i = 0; i < ck->nearly && ck_claims(ck, WEFT_CAP_MSG); i++) {
		struct weft_record rec;

		if (!ck->early[i].msg || ck->early[i].hidden)
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
