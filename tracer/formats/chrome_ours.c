/* SPDX-License-Identifier: MIT
 *
 * What weft itself wrote (chrome_write.c), read back: it is known by its categories. A slice of
 * category send is a message that is sent, one of category run a run; its arrows say nothing that
 * its slices don't.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "tracer/formats/chrome_emit.h"
#include "tracer/trace/plain.h"

static int64_t number(struct chrome_object *args, const char *key, int64_t absent)
{
	int64_t n;

	return chrome_int(args, key, &n) && n >= 0 && n <= WEFT_TIME_MAX ? n : absent;
}

static uint64_t id(struct chrome_object *args, const char *key)
{
	return (uint64_t)number(args, key, 0);
}

/* The number of a word in a list that ends with NULL; 0 if it is not there. */
static uint8_t word(struct chrome_object *args, const char *key, const char *(*word_of)(unsigned))
{
	const char *text = chrome_field(args, key);

	for (unsigned i = 1; text && strcmp(word_of(i), "?") != 0; i++) {
		if (strcmp(word_of(i), text) == 0)
			return (uint8_t)i;
	}
	return 0;
}

static int act_spawn(struct chrome_emitter *em, struct weft_record *rec, struct chrome_object *args)
{
	const uint64_t *track = weft_map_get(&em->track_of, id(args, "new"));

	return track ? chrome_put_spawn(em, &em->im->tracks[*track], rec, false) : 0;
}

static int act_run(struct chrome_emitter *em, struct weft_record *rec, struct chrome_object *args)
{
	int64_t w = number(args, "worker", -1);

	if (w < 0 || w >= INT32_MAX)
		return 0;
	rec->kind = WEFT_EV_RUN;
	rec->w = (int32_t)w;
	return chrome_put(em, rec);
}

static int act_ready(struct chrome_emitter *em, struct weft_record *rec, struct chrome_object *args)
{
	rec->kind = WEFT_EV_STATE;
	rec->state = WEFT_STATE_READY;
	return chrome_put(em, rec);
}

static int act_block(struct chrome_emitter *em, struct weft_record *rec, struct chrome_object *args)
{
	rec->kind = WEFT_EV_STATE;
	rec->state = WEFT_STATE_BLOCKED;
	rec->why = word(args, "why", weft_why_word);
	if (weft_set_has(&em->made, id(args, "on")))
		rec->on = id(args, "on");
	return chrome_put(em, rec);
}

static int act_wake(struct chrome_emitter *em, struct weft_record *rec, struct chrome_object *args)
{
	rec->kind = WEFT_EV_UNBLOCK;
	rec->to = id(args, "to");
	rec->why = word(args, "why", weft_why_word);
	return rec->to ? chrome_put(em, rec) : 0;
}

/* The channel's name is what stands behind the verb. */
static int make_named(struct chrome_emitter *em, uint64_t on, struct chrome_object *event)
{
	const char *name = chrome_field(event, "name");
	const char *blank = name ? strchr(name, ' ') : NULL;

	return chrome_put_make(em, on, blank ? blank + 1 : NULL, false);
}

/* As it stands in the file, if it is plain. */
static void read_value(struct chrome_object *args, struct weft_record *rec)
{
	const struct chrome_pair *pair = chrome_find(args, "value");

	if (!pair)
		return;
	rec->has_value = true;
	if (weft_plain_value(pair->value) == pair->value + pair->len) {
		rec->plain = pair->value;
		rec->plain_len = pair->len;
	} else {
		rec->value = chrome_json(args, "value");
	}
}

static int act_message(
	struct chrome_emitter *em, struct weft_record *rec, struct chrome_object *args)
{
	int rc;

	rec->on = id(args, "on");
	rec->msg = id(args, "msg");
	rec->from = id(args, "from");
	rec->by = id(args, "by");
	rec->len = number(args, "len", -1);
	rec->index_case = number(args, "case", -1);
	rec->via = word(args, "via", weft_via_word);
	rec->ok = rec->kind == WEFT_EV_SEND || rec->msg;
	if (!rec->on || (rec->kind == WEFT_EV_SEND && !rec->msg)) {
		chrome_odd(em->im, CHROME_BAD_ACT, 0);
		return 0;
	}
	read_value(args, rec);
	rc = chrome_put(em, rec);
	json_object_put(rec->value);
	return rc;
}

static int act_close(struct chrome_emitter *em, struct weft_record *rec, struct chrome_object *args)
{
	rec->on = id(args, "on");
	rec->woke = number(args, "woke", -1);
	return rec->on ? chrome_put(em, rec) : 0;
}

static int act_unsend(
	struct chrome_emitter *em, struct weft_record *rec, struct chrome_object *args)
{
	rec->msg = id(args, "msg");
	rec->why = word(args, "why", weft_unsend_word);
	return rec->msg && rec->why ? chrome_put(em, rec) : 0;
}

static const struct act {
	const char *cat;
	uint8_t kind;
	bool has_object;
	int (*take)(struct chrome_emitter *em, struct weft_record *rec, struct chrome_object *args);
} acts[] = {
	{"spawn", WEFT_EV_SPAWN, false, act_spawn},
	{"run", WEFT_EV_RUN, false, act_run},
	{"ready", WEFT_EV_STATE, false, act_ready},
	{"block", WEFT_EV_STATE, false, act_block},
	{"wake", WEFT_EV_UNBLOCK, false, act_wake},
	{"send", WEFT_EV_SEND, true, act_message},
	{"recv", WEFT_EV_RECV, true, act_message},
	{"close", WEFT_EV_CLOSE, true, act_close},
	{"unsend", WEFT_EV_UNSEND, false, act_unsend},
};

/* A slice that weft wrote, or 1: it is like any other. */
static int put_act(
	struct chrome_emitter *em, const struct chrome_item *item, struct chrome_object *event)
{
	const char *cat = chrome_field(event, "cat");
	struct chrome_object *args = &em->im->args;
	struct weft_record rec;
	uint64_t stack = 0;
	int rc;

	if (!cat || strcmp(cat, "life") == 0)
		return cat ? 0 : 1;
	rc = chrome_inner(event, "args", args);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		const struct act *act = &acts[i];

		if (strcmp(act->cat, cat) != 0)
			continue;
		if (act->has_object && id(args, "on"))
			rc = make_named(em, id(args, "on"), event);
		if (rc == 0)
			rc = chrome_stack(em, event, &stack);
		chrome_begin_record(em, &rec, act->kind, chrome_co(em, item->track));
		rec.at_text = chrome_field(event, "loc");
		rec.stack = stack;
		return rc < 0 ? rc : act->take(em, &rec, args);
	}
	return 1;
}

/* The regions of a coroutine are asynchronous slices. */
static int put_region(struct chrome_emitter *em, struct chrome_object *event, char ph)
{
	struct chrome_object *args = &em->im->args;
	const struct chrome_pair *inner;
	struct weft_record rec;
	uint64_t stack = 0;
	int rc = chrome_inner(event, "args", args);

	if (rc == 0)
		rc = chrome_stack(em, event, &stack);
	if (rc < 0)
		return rc;
	inner = chrome_find(args, "args");
	chrome_begin_record(em, &rec, ph == 'b' ? WEFT_EV_BEGIN : WEFT_EV_END, id(args, "co"));
	rec.stack = stack;
	rec.name = chrome_field(event, "name");
	if (!rec.co || !rec.name)
		return 0;
	if (inner && inner->value[0] == '{')
		rec.args = chrome_json(args, "args");
	rc = chrome_put(em, &rec);
	json_object_put(rec.args);
	return rc;
}

int chrome_put_ours(
	struct chrome_emitter *em, const struct chrome_item *item, struct chrome_object *event)
{
	const char *ph = chrome_field(event, "ph"), *cat = chrome_field(event, "cat");
	const char *pid = chrome_field(event, "pid");
	struct chrome_track *track =
		item->track == UINT32_MAX ? NULL : &em->im->tracks[item->track];
	int rc = 0;

	if (pid && strcmp(pid, "2") == 0 && ph[0] != 'i')
		return 0;			 /* workers: the same runs once more */
	if (track ? !track->co : ph[0] == 'X') { /* no coroutine has such a number */
		chrome_odd(em->im, CHROME_BAD_ACT, 0);
		return 0;
	}
	if (track && !track->spawned)
		rc = chrome_put_spawn(em, track, NULL, false);
	if (rc == 0 && ph[0] == 'X') {
		rc = put_act(em, item, event);
		return rc == 1 ? chrome_put_mark(em, WEFT_EV_NOTE, track->co, event) : rc;
	}
	if (rc == 0 && cat && strcmp(cat, "region") == 0)
		return put_region(em, event, ph[0]);
	return rc < 0 ? rc : chrome_put_event(em, item, event);
}

int chrome_put_exit(struct chrome_emitter *em, uint32_t track)
{
	struct weft_record rec;

	if (chrome_co(em, track) == 0)
		return 0;
	chrome_begin_record(em, &rec, WEFT_EV_EXIT, chrome_co(em, track));
	return chrome_put(em, &rec);
}

/* In our own traces a thread's number is its coroutine's. */
int chrome_number_ours(struct chrome_emitter *em)
{
	struct chrome_importer *im = em->im;

	for (size_t i = 0; i < im->ntracks; i++) {
		struct chrome_track *track = &im->tracks[i];
		unsigned long long co = strtoull(track->tid, NULL, 10);

		if (strcmp(track->pid, "1") != 0 || co == 0 || co > WEFT_TIME_MAX)
			continue;
		track->co = co;
		if (weft_map_put(&em->track_of, co, i) < 0)
			return -ENOMEM;
	}
	return 0;
}
