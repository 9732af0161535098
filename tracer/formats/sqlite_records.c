/* SPDX-License-Identifier: MIT
 *
 * Records as rows: each into `event`, and into what it is about.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "tracer/formats/sqlite.h"
#include "tracer/trace/encode.h"

/* ---- The record as JSON ---------------------------------------------------------------------- */

/* The caller puts it. NULL: out of memory. */
static struct json_object *parse(struct sqlite_writer *sw, const struct weft_record *rec)
{
	struct json_object *json;
	char *text = NULL;
	size_t len = 0;
	FILE *f;

	json_tokener_reset(sw->tokener);
	if (rec->raw)
		return json_tokener_parse_ex(sw->tokener, rec->raw, (int)rec->raw_len);
	f = open_memstream(&text, &len);
	if (!f)
		return NULL;
	weft_encode_fields(f, rec);
	if (fclose(f) != 0)
		return NULL;
	json = json_tokener_parse_ex(sw->tokener, text, (int)len);
	free(text);
	return json;
}

static const char *string_of(struct json_object *json, const char *key)
{
	struct json_object *field;

	if (!json_object_object_get_ex(json, key, &field) ||
		!json_object_is_type(field, json_type_string))
		return NULL;
	return json_object_get_string(field);
}

static const char *text_of(struct json_object *json)
{
	return json_object_to_json_string_ext(
		json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* What has a column of its own is not said again. */
static void put_event(
	struct sqlite_writer *sw, const struct weft_record *rec, struct json_object *json)
{
	static const char *const columns[] = {"t", "w", "co", "on", "msg"};
	const char *ev = string_of(json, "ev");
	const char *word = weft_arena_intern(sw->arena, ev ? ev : weft_ev_word(rec->kind));
	bool is_definition = rec->kind == WEFT_EV_LOC || rec->kind == WEFT_EV_STACK;

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		json_object_object_del(json, columns[i]);
	json_object_object_del(json, "ev");
	if (rec->at)
		json_object_object_del(json, "at");
	sw->failed |= !word;
	sqlite_put(sw, SQLITE_EVENT, "onnotooot", rec->index, is_definition ? INT64_C(-1) : rec->t,
		(int64_t)rec->w, rec->co, word, rec->on, rec->msg,
		is_definition ? UINT64_C(0) : rec->at,
		json_object_object_length(json) ? text_of(json) : NULL);
}

/* ---- What records are about ------------------------------------------------------------------ */

static void take_send(struct sqlite_writer *sw, const struct weft_record *rec)
{
	const struct weft_trace *trace = sw->trace;
	const struct weft_message *m;
	char *value;

	if (sw->messages == trace->nmessages)
		return;
	m = &trace->messages[sw->messages++];
	value = rec->has_value ? weft_value_full(rec) : NULL;
	sw->failed |= rec->has_value && !value;
	sqlite_put(sw, SQLITE_MESSAGE, "oooointti", m->id, trace->objects[m->obj].id,
		trace->threads[m->from].id,
		m->to == WEFT_NO_INDEX ? UINT64_C(0) : trace->threads[m->to].id, m->send_ns,
		m->recv_ns == WEFT_NO_TIME ? INT64_C(-1) : m->recv_ns,
		m->via ? weft_via_word(m->via) : NULL, value, (int64_t)m->guess);
	free(value);
}

static void put_wake(struct sqlite_writer *sw, const struct sqlite_wake *wake, int64_t t_run)
{
	sqlite_put(sw, SQLITE_WAKE, "oioootn", wake->id, wake->t, wake->waker, wake->woken,
		wake->obj, wake->why, t_run);
}

/* The row waits until the woken one runs. */
static void take_run(struct sqlite_writer *sw, const struct weft_record *rec)
{
	const uint64_t *pending = weft_map_get(&sw->wake_of, rec->co);

	if (!pending)
		return;
	put_wake(sw, &sw->wakes[*pending], rec->t);
	sw->wakes[*pending].id = 0;
	weft_map_remove(&sw->wake_of, rec->co);
}

static void take_unblock(struct sqlite_writer *sw, const struct weft_record *rec)
{
	if (weft_grow(&sw->wakes, sw->nwakes, &sw->room_wakes, sizeof(*sw->wakes)) < 0 ||
		weft_map_put(&sw->wake_of, rec->to, sw->nwakes) < 0) {
		sw->failed = true;
		return;
	}
	sw->wakes[sw->nwakes] = (struct sqlite_wake){
		.t = rec->t,
		.id = sw->nwakes + 1,
		.waker = rec->co,
		.woken = rec->to,
		.obj = rec->on,
		.why = rec->why ? weft_why_word(rec->why) : NULL,
	};
	sw->nwakes++;
}

static void put_region(struct sqlite_writer *sw, const struct sqlite_region *region, int64_t end)
{
	sqlite_put(sw, SQLITE_REGION, "ootinio", region->id, region->co, region->name, region->t,
		end < 0 ? INT64_C(-1) : end - region->t, (int64_t)region->depth, region->task);
}

static void take_begin(struct sqlite_writer *sw, const struct weft_record *rec)
{
	const uint64_t *open = weft_map_get(&sw->region_of, rec->co);
	size_t outer = open ? (size_t)*open : SIZE_MAX;
	const char *name = weft_arena_intern(sw->arena, rec->name);

	if (!name ||
		weft_grow(&sw->regions, sw->nregions, &sw->room_regions, sizeof(*sw->regions)) <
			0 ||
		weft_map_put(&sw->region_of, rec->co, sw->nregions) < 0) {
		sw->failed = true;
		return;
	}
	sw->regions[sw->nregions] = (struct sqlite_region){
		.id = sw->nregions + 1,
		.co = rec->co,
		.task = rec->task,
		.name = name,
		.t = rec->t,
		.outer = outer,
		.depth = outer == SIZE_MAX ? 0 : sw->regions[outer].depth + 1,
	};
	sw->nregions++;
}

static void take_end(struct sqlite_writer *sw, const struct weft_record *rec)
{
	const uint64_t *open = weft_map_get(&sw->region_of, rec->co);
	struct sqlite_region *region;

	if (!open || *open == SIZE_MAX)
		return;
	region = &sw->regions[*open];
	put_region(sw, region, rec->t);
	region->id = 0;
	sw->failed |= weft_map_put(&sw->region_of, rec->co, region->outer) < 0;
}

static void take_worker(
	struct sqlite_writer *sw, const struct weft_record *rec, struct json_object *json)
{
	struct json_object *tid;

	if (rec->w < 0 || rec->w >= sw->trace->workers)
		return;
	if (rec->name)
		sw->worker_names[rec->w] = weft_arena_intern(sw->arena, rec->name);
	if (json_object_object_get_ex(json, "tid", &tid))
		sw->tids[rec->w] = json_object_get_int64(tid);
}

static void take_count(
	struct sqlite_writer *sw, const struct weft_record *rec, struct json_object *json)
{
	struct json_object *value;

	if (json_object_object_get_ex(json, "value", &value))
		sqlite_put(sw, SQLITE_COUNTER, "itoort", rec->t, rec->name, rec->co, rec->on,
			json_object_get_double(value), rec->unit);
}

static void take_log(
	struct sqlite_writer *sw, const struct weft_record *rec, struct json_object *json)
{
	struct json_object *args;
	bool has_args = json_object_object_get_ex(json, "args", &args);

	sqlite_put(sw, SQLITE_LOG, "iottt", rec->t, rec->co, string_of(json, "level"), rec->text,
		has_args ? text_of(args) : NULL);
}

static void take(struct sqlite_writer *sw, const struct weft_record *rec, struct json_object *json)
{
	switch (rec->kind) {
	case WEFT_EV_LOC:
		sqlite_put(sw, SQLITE_LOC, "ottn", rec->loc, rec->fn, rec->file, rec->line_no);
		break;
	case WEFT_EV_SEND:
		take_send(sw, rec);
		break;
	case WEFT_EV_RUN:
		take_run(sw, rec);
		break;
	case WEFT_EV_UNBLOCK:
		take_unblock(sw, rec);
		break;
	case WEFT_EV_BEGIN:
		take_begin(sw, rec);
		break;
	case WEFT_EV_END:
		take_end(sw, rec);
		break;
	case WEFT_EV_WORKER:
	case WEFT_EV_NAME:
		take_worker(sw, rec, json);
		break;
	case WEFT_EV_COUNT:
		take_count(sw, rec, json);
		break;
	case WEFT_EV_LOG:
		take_log(sw, rec, json);
		break;
	default:
		break;
	}
}

int sqlite_record(void *arg, const struct weft_record *rec)
{
	struct sqlite_writer *sw = arg;
	struct json_object *json = parse(sw, rec);

	if (!json)
		return -ENOMEM;
	take(sw, rec, json);
	put_event(sw, rec, json);
	json_object_put(json);
	return sw->failed ? -ENOMEM : 0;
}

void sqlite_records_end(struct sqlite_writer *sw)
{
	for (size_t i = 0; i < sw->nwakes; i++) {
		if (sw->wakes[i].id)
			put_wake(sw, &sw->wakes[i], -1);
	}
	for (size_t i = 0; i < sw->nregions; i++) {
		if (sw->regions[i].id)
			put_region(sw, &sw->regions[i], -1);
	}
}
