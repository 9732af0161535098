/* SPDX-License-Identifier: MIT
 *
 * From the events of a Chrome trace, sorted by time, to native records.
 *
 * Slices become regions, marks become notes, arrows messages; nothing is said of lives, since no
 * Chrome trace says when a thread ends. What weft itself wrote (chrome_write.c) is recognised by
 * its categories: there a slice of category send is a message, one of category run a run.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "tracer/formats/chrome_emit.h"

/* ---- Records --------------------------------------------------------------------------------- */

void chrome_begin_record(
	const struct chrome_emitter *em, struct weft_record *rec, uint8_t kind, uint64_t co)
{
	weft_record_clear(rec);
	rec->kind = kind;
	rec->t = em->t;
	rec->co = co;
}

int chrome_put(struct chrome_emitter *em, struct weft_record *rec)
{
	int rc;

	rec->index = ++em->index;
	rc = em->sink->arrive(em->sink->arg, rec);
	return rc < 0 ? rc : em->sink->record(em->sink->arg, rec);
}

uint64_t chrome_co(const struct chrome_emitter *em, uint32_t track)
{
	return track == UINT32_MAX ? 0 : em->im->tracks[track].co;
}

/* ---- Threads --------------------------------------------------------------------------------- */

/* "process/thread"; where there is one process, its name is the trace's. */
static const char *track_name(const struct chrome_importer *im, const struct chrome_track *track,
	bool many, char *buf, size_t size)
{
	const char *process = im->processes[track->process].name;
	const char *thread = track->name ? track->name : track->tid;

	if (!many || !process)
		return thread;
	snprintf(buf, size, "%.250s/%.250s", process, thread);
	return buf;
}

int chrome_put_spawn(struct chrome_emitter *em, struct chrome_track *track,
	const struct weft_record *by, bool pre)
{
	struct weft_record rec;
	char name[512];

	if (track->spawned)
		return 0;
	chrome_begin_record(em, &rec, WEFT_EV_SPAWN, by ? by->co : 0);
	rec.at_text = by ? by->at_text : NULL;
	rec.stack = by ? by->stack : 0;
	rec.new_ = track->co;
	rec.name = track_name(em->im, track, em->many, name, sizeof(name));
	rec.pre = pre;
	rec.extra = em->im->ours ? NULL : track->source;
	track->spawned = true;
	return chrome_put(em, &rec);
}

struct order {
	int64_t process_order, order;
	uint32_t process;
	uint64_t seq;
	size_t index;
};

static int compare(const void *left, const void *right)
{
	const struct order *a = left, *b = right;

	if (a->process_order != b->process_order)
		return a->process_order < b->process_order ? -1 : 1;
	if (a->process != b->process)
		return a->process < b->process ? -1 : 1;
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

/* Threads are numbered as the file wants them shown. All of them were there before. */
static int introduce(struct chrome_emitter *em)
{
	struct chrome_importer *im = em->im;
	struct order *orders = calloc(im->ntracks + 1, sizeof(*orders));
	uint64_t co = 0;
	int rc = orders ? 0 : -ENOMEM;

	for (size_t i = 0; rc == 0 && i < im->ntracks; i++) {
		const struct chrome_track *track = &im->tracks[i];
		const struct chrome_process *process = &im->processes[track->process];

		orders[i] =
			(struct order){process->order, track->order, track->process, track->seq, i};
	}
	if (rc == 0)
		qsort(orders, im->ntracks, sizeof(*orders), compare);
	for (size_t i = 0; rc == 0 && i < im->ntracks; i++) {
		struct chrome_track *track = &im->tracks[orders[i].index];

		if (track->used) {
			track->co = ++co;
			rc = chrome_put_spawn(em, track, NULL, true);
		}
	}
	free(orders);
	return rc;
}

int chrome_put_make(struct chrome_emitter *em, uint64_t on, const char *name, bool merged)
{
	struct weft_record rec;

	if (weft_set_has(&em->made, on))
		return 0;
	if (weft_set_add(&em->made, on) < 0)
		return -ENOMEM;
	chrome_begin_record(em, &rec, WEFT_EV_MAKE, 0);
	rec.on = on;
	rec.type = WEFT_OBJ_CHAN;
	rec.name = name;
	rec.merged = merged;
	rec.pre = true;
	return chrome_put(em, &rec);
}

/* ---- Any Chrome trace ------------------------------------------------------------------------ */

int chrome_put_mark(
	struct chrome_emitter *em, uint8_t kind, uint64_t co, struct chrome_object *event)
{
	const char *name = chrome_field(event, "name");
	const struct chrome_pair *args = chrome_find(event, "args");
	struct weft_record rec;
	uint64_t stack;
	int rc = chrome_stack(em, event, &stack);

	if (rc < 0)
		return rc;
	chrome_begin_record(em, &rec, kind, co);
	rec.stack = stack;
	rec.name = name ? name : "";
	if (args && args->value[0] == '{')
		rec.args = chrome_json(event, "args");
	rec.at_text = chrome_field(event, "loc");
	rc = chrome_put(em, &rec);
	json_object_put(rec.args);
	return rc;
}

static int put_begin(struct chrome_emitter *em, uint32_t track, struct chrome_object *event)
{
	struct chrome_track *of = &em->im->tracks[track];
	const char *name = chrome_field(event, "name");
	const char *copy = weft_arena_intern(em->im->arena, name ? name : "");

	if (!copy || weft_grow(&of->open, of->nopen, &of->room_open, sizeof(*of->open)) < 0)
		return -ENOMEM;
	of->open[of->nopen++] = copy;
	return chrome_put_mark(em, WEFT_EV_BEGIN, of->co, event);
}

/* The end of a region has the name of what it ends, whatever it calls itself. */
static int put_end(struct chrome_emitter *em, uint32_t track)
{
	struct chrome_track *of = &em->im->tracks[track];
	struct weft_record rec;

	if (of->nopen == 0) {
		chrome_odd(em->im, CHROME_END_WITHOUT_BEGIN, 0);
		return 0;
	}
	chrome_begin_record(em, &rec, WEFT_EV_END, of->co);
	rec.name = of->open[--of->nopen];
	return chrome_put(em, &rec);
}

static int put_slice(struct chrome_emitter *em, uint32_t track, struct chrome_object *event)
{
	int64_t dur = 0;

	if (!chrome_time(event, "dur", &dur) || dur <= 0)
		return chrome_put_mark(em, WEFT_EV_NOTE, chrome_co(em, track), event);
	return put_begin(em, track, event);
}

/* One record for each number among the arguments. */
static int put_counts(struct chrome_emitter *em, struct chrome_object *event)
{
	const char *name = chrome_field(event, "name");
	struct json_object *args = NULL;
	const struct chrome_pair *pair = chrome_find(event, "args");
	struct weft_record rec;
	char text[512];
	int rc = 0;

	if (pair && pair->value[0] == '{')
		args = chrome_json(event, "args");
	if (!args)
		return 0;
	json_object_object_foreach(args, key, value)
	{
		if (!json_object_is_type(value, json_type_int) &&
			!json_object_is_type(value, json_type_double))
			continue;
		chrome_begin_record(em, &rec, WEFT_EV_COUNT, 0);
		snprintf(text, sizeof(text), "%.250s%s%.250s", name ? name : "",
			strcmp(key, "value") == 0 ? "" : " ", strcmp(key, "value") == 0 ? "" : key);
		rec.name = text;
		rec.value = value;
		rec.has_value = true;
		rc = chrome_put(em, &rec);
		if (rc < 0)
			break;
	}
	json_object_put(args);
	return rc;
}

/* What belongs together in an asynchronous slice: its id, in its scope, and its category. */
static const char *async_key(struct chrome_emitter *em, struct chrome_object *event)
{
	const char *id = chrome_field(event, "id"), *cat = chrome_field(event, "cat");
	const char *pid = "", *copy;
	struct chrome_object *id2 = &em->im->inner;
	char *text = NULL;

	if (chrome_inner(event, "id2", id2) < 0)
		return NULL;
	if (id2->npairs > 0) {
		id = chrome_field(id2, "global");
		if (!id) {
			id = chrome_field(id2, "local");
			pid = chrome_field(event, "pid");
		}
	}
	if (asprintf(&text, "%s\x1f%s\x1f%s", cat ? cat : "", id ? id : "", pid ? pid : "") < 0)
		return NULL;
	copy = weft_arena_intern(em->im->arena, text);
	free(text);
	return copy;
}

/* Asynchronous slices of one key nest: the end is that of the innermost. */
static int put_task(struct chrome_emitter *em, struct chrome_object *event, bool is_begin)
{
	const char *key = async_key(em, event);
	const uint64_t *open = key ? weft_map_get(&em->tasks, (uintptr_t)key) : NULL;
	size_t innermost = open ? (size_t)*open : SIZE_MAX;
	struct weft_record rec;
	int rc;

	if (!key)
		return -ENOMEM;
	if (!is_begin && innermost == SIZE_MAX) {
		chrome_odd(em->im, CHROME_END_WITHOUT_BEGIN, 0);
		return 0;
	}
	chrome_begin_record(em, &rec, WEFT_EV_TASK, 0);
	rec.name = is_begin ? chrome_field(event, "name") : NULL;
	rec.op = !is_begin;
	if (is_begin) {
		rc = weft_grow(&em->open_tasks, em->ntasks, &em->room_tasks, sizeof(struct task));
		if (rc == 0)
			rc = weft_map_put(&em->tasks, (uintptr_t)key, em->ntasks);
		if (rc < 0)
			return rc;
		rec.id = em->ntasks + 1;
		em->open_tasks[em->ntasks++] = (struct task){rec.id, innermost};
		return chrome_put(em, &rec);
	}
	rec.id = em->open_tasks[innermost].id;
	rc = weft_map_put(&em->tasks, (uintptr_t)key, em->open_tasks[innermost].outer);
	return rc < 0 ? rc : chrome_put(em, &rec);
}

/* Perfetto's states of threads. */
static int put_thread_state(struct chrome_emitter *em, uint32_t track, struct chrome_object *event)
{
	const char *name = chrome_field(event, "name");
	struct chrome_object *args = &em->im->args;
	struct weft_record rec;
	int64_t cpu;

	if (!name)
		return 0;
	chrome_begin_record(em, &rec, WEFT_EV_STATE, chrome_co(em, track));
	if (strcmp(name, "Running") == 0) {
		rec.kind = WEFT_EV_RUN;
		rec.w = 0;
		if (chrome_inner(event, "args", args) < 0)
			return -ENOMEM;
		if (chrome_int(args, "cpu", &cpu) && cpu >= 0 && cpu < 65536)
			rec.w = (int32_t)cpu;
	} else if (strcmp(name, "R") == 0 || strcmp(name, "R+") == 0) {
		rec.state = WEFT_STATE_READY;
	} else {
		rec.state = WEFT_STATE_BLOCKED;
		rec.why = WEFT_WHY_OTHER;
	}
	return chrome_put(em, &rec);
}

int chrome_put_event(
	struct chrome_emitter *em, const struct chrome_item *item, struct chrome_object *event)
{
	const char *ph = chrome_field(event, "ph");

	switch (ph ? ph[0] : '\0') {
	case 'X':
		return put_slice(em, item->track, event);
	case 'B':
		return put_begin(em, item->track, event);
	case 'E':
		return put_end(em, item->track);
	case 'C':
		return put_counts(em, event);
	case 'b':
	case 'S':
		return put_task(em, event, true);
	case 'e':
	case 'F':
		return put_task(em, event, false);
	case 'T':
		return put_thread_state(em, item->track, event);
	default:
		return chrome_put_mark(em, WEFT_EV_NOTE, chrome_co(em, item->track), event);
	}
}

/* ---- Messages of arrows ---------------------------------------------------------------------- */

static int put_hop(struct chrome_emitter *em, const struct chrome_item *item)
{
	struct chrome_hop *hop = &em->im->hops[item->hop];
	bool is_send = item->role == CHROME_ROLE_SEND;
	struct weft_record rec;

	if (is_send)
		hop->msg = ++em->messages;
	chrome_begin_record(
		em, &rec, is_send ? WEFT_EV_SEND : WEFT_EV_RECV, chrome_co(em, item->track));
	rec.on = hop->channel + 1;
	rec.msg = hop->msg;
	if (!is_send)
		rec.from = chrome_co(em, hop->from);
	return chrome_put(em, &rec);
}

/* ---- All of it ------------------------------------------------------------------------------- */

static int put_item(struct chrome_emitter *em, const struct chrome_item *item)
{
	struct chrome_object *event = &em->im->event;

	if (item->role == CHROME_ROLE_SEND || item->role == CHROME_ROLE_RECV)
		return put_hop(em, item);
	if (item->role == CHROME_ROLE_EXIT)
		return chrome_put_exit(em, item->track);
	if (item->role == CHROME_ROLE_END)
		return em->im->ours ? 0 : put_end(em, item->track);
	if (chrome_object_read(event, item->text, item->len) < 0)
		return -ENOMEM;
	return em->im->ours ? chrome_put_ours(em, item, event) : chrome_put_event(em, item, event);
}

static int put_items(struct chrome_emitter *em)
{
	struct chrome_importer *im = em->im;
	int64_t least = im->nitems && !im->ours ? im->items[0].t : 0;
	int rc = 0;

	if (im->nitems &&
		(im->items[0].t < least || im->items[im->nitems - 1].t - least > WEFT_TIME_MAX ||
			im->items[0].t - least < 0))
		return -ERANGE;
	rc = im->ours ? chrome_number_ours(em) : introduce(em);
	for (size_t i = 0; rc == 0 && i < im->nchannels && !im->ours; i++)
		rc = chrome_put_make(em, i + 1, im->channels[i], true);
	for (size_t i = 0; rc == 0 && i < im->nitems; i++) {
		em->t = im->items[i].t - least;
		rc = put_item(em, &im->items[i]);
	}
	return rc;
}

int chrome_emit(struct chrome_importer *im, const struct weft_sink *sink)
{
	struct chrome_emitter em = {.im = im, .sink = sink};
	struct weft_record rec;
	size_t used = 0;
	int rc;

	for (size_t i = 0; i < im->nprocesses; i++)
		used += im->processes[i].used;
	em.many = used > 1 && !im->ours;
	rc = put_items(&em);
	if (rc == 0) {
		chrome_begin_record(&em, &rec, WEFT_EV_EOF, 0);
		rec.n = (int64_t)em.index;
		rc = chrome_put(&em, &rec);
	}
	weft_map_finish(&em.track_of);
	weft_set_finish(&em.made);
	weft_map_finish(&em.loc_of);
	weft_map_finish(&em.tasks);
	free(em.open_tasks);
	return rc;
}
