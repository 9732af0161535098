/* SPDX-License-Identifier: MIT
 *
 * Chrome trace JSON out: for Perfetto and chrome://tracing.
 *
 * Process 1 has a track for each thread of the program: its states tile its life, what it does lies
 * in them. Process 2 has a track for each worker. Arrows are flow records, each directly behind its
 * slice, which is how both readers tie an arrow to it. Since a cause stands before its effect in a
 * trace, the records come out sorted as they are: each state is put out where it begins, its end
 * being known to the model, and everything else where it happens.
 */
#include "tracer/formats/chrome_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "tracer/formats/chrome.h"
#include "tracer/trace/json.h"

struct chrome_place chrome_thread(
	const struct chrome_writer *cw, uint32_t thread, const struct weft_record *rec)
{
	return (struct chrome_place){
		CHROME_THREADS, cw->wide ? thread + 1 : cw->trace->threads[thread].id, rec->t};
}

const char *chrome_at(const struct chrome_writer *cw, const struct weft_record *rec)
{
	const uint64_t *index = rec->at ? weft_map_get(&cw->locs, rec->at) : NULL;

	return rec->at_text ? rec->at_text : index ? cw->loc_names[*index].text : NULL;
}

/* ---- States ---------------------------------------------------------------------------------- */

/* "blocked: recv answers": why, and what for. */
static void name_block(const struct chrome_writer *cw, const struct weft_span *span,
	const struct weft_record *rec, char *buf, size_t size)
{
	const char *what = "";

	if (span->obj != WEFT_NO_INDEX)
		what = cw->trace->objects[span->obj].name;
	else if (rec->kind == WEFT_EV_BLOCK && rec->of)
		what = weft_lookup_thread_name(&cw->lookup, rec->of);
	snprintf(buf, size, "blocked: %s%s%s", weft_why_word(span->why), what[0] ? " " : "", what);
}

/* What the worker's track shows of a run. */
static void put_worker_run(
	struct chrome_writer *cw, const struct weft_span *span, const struct weft_record *rec)
{
	const struct weft_thread *thread = &cw->trace->threads[span->thread];
	struct chrome_place place = {CHROME_WORKERS, (uint64_t)span->worker + 1, rec->t};

	if (span->worker < 0)
		return;
	chrome_begin(&cw->out, 'X', &place, "run", thread->name);
	chrome_dur(&cw->out, span->end_ns - span->begin_ns);
	chrome_arg_int(&cw->out, "co", (int64_t)thread->id);
	chrome_end(&cw->out);
}

static void put_span(
	struct chrome_writer *cw, const struct weft_span *span, const struct weft_record *rec)
{
	static const char *const cats[] = {"life", "ready", "run", "block"};
	/* Colours that chrome://tracing knows by name; else it would choose them by the title. */
	static const char *const colours[] = {
		"grey", "thread_state_runnable", "thread_state_running", "grey"};
	const struct weft_thread *thread = &cw->trace->threads[span->thread];
	struct chrome_place place = chrome_thread(cw, span->thread, rec);
	struct chrome_out *out = &cw->out;
	bool is_last = cw->lanes[span->thread].next_span == thread->first_span + thread->nspans;
	char name[600] = "alive";

	place.t = span->begin_ns;
	if (span->state == WEFT_STATE_BLOCKED)
		name_block(cw, span, rec, name, sizeof(name));
	else if (span->state != WEFT_STATE_UNKNOWN)
		strcpy(name, span->state == WEFT_STATE_RUNNING ? "run" : "ready");
	chrome_begin(out, 'X', &place, cats[span->state], name);
	chrome_dur(out, span->end_ns - span->begin_ns);
	chrome_text(out, "cname", colours[span->state]);
	if (span->state == WEFT_STATE_BLOCKED)
		chrome_where(cw, rec);
	if (span->state == WEFT_STATE_RUNNING && span->worker >= 0)
		chrome_arg_int(out, "worker", span->worker);
	if (span->state == WEFT_STATE_RUNNING && rec->kind == WEFT_EV_RUN && rec->cpu >= 0)
		chrome_arg_int(out, "cpu", rec->cpu);
	if (span->state == WEFT_STATE_BLOCKED) {
		chrome_arg_text(out, "why", weft_why_word(span->why));
		if (span->obj != WEFT_NO_INDEX)
			chrome_arg_int(out, "on", (int64_t)cw->trace->objects[span->obj].id);
		if (rec->until >= 0)
			chrome_arg_int(out, "until", rec->until);
		if (chrome_at(cw, rec))
			chrome_arg_text(out, "at", chrome_at(cw, rec));
	}
	if (is_last && !thread->ended)
		chrome_arg_flag(out, "unfinished", true);
	chrome_end(out);
}

bool chrome_state(struct chrome_writer *cw, uint32_t thread, enum weft_state state,
	const struct weft_record *rec)
{
	const struct weft_thread *th = &cw->trace->threads[thread];
	struct chrome_lane *lane = &cw->lanes[thread];
	uint32_t end = th->first_span + th->nspans;

	while (lane->next_span < end) {
		const struct weft_span *span = &cw->trace->spans[lane->next_span];
		bool is_it = span->state == state;

		/* A state that lasted no time is not in the model: the next one is still to come.
		 */
		if (span->begin_ns > rec->t || (span->begin_ns == rec->t && !is_it))
			return false;
		lane->next_span++;
		if (span->state != WEFT_STATE_UNKNOWN || lane->next_span == th->first_span + 1)
			put_span(cw, span, rec);
		if (is_it)
			return true;
	}
	return false;
}

/* ---- Threads --------------------------------------------------------------------------------- */

void chrome_start(struct chrome_writer *cw, uint32_t thread, const struct weft_record *rec)
{
	struct chrome_lane *lane = &cw->lanes[thread];
	struct chrome_place place = chrome_thread(cw, thread, rec);

	if (!lane->starts)
		return;
	lane->starts = false;
	chrome_begin(&cw->out, 'X', &place, "spawn", "start");
	chrome_dur(&cw->out, 0);
	chrome_end(&cw->out);
	if (lane->birth)
		chrome_flow(&cw->out, 'f', &place, "spawn", lane->birth);
	lane->birth = 0;
}

uint32_t chrome_appear(struct chrome_writer *cw, uint64_t co, const struct weft_record *rec)
{
	uint32_t i = weft_lookup_thread(&cw->lookup, co);

	if (i != WEFT_NO_INDEX && cw->lanes[i].next_span == cw->trace->threads[i].first_span)
		chrome_state(cw, i, WEFT_STATE_UNKNOWN, rec);
	return i;
}

static void take_run(struct chrome_writer *cw, const struct weft_record *rec)
{
	uint32_t i = chrome_appear(cw, rec->co, rec);
	struct chrome_place place;
	struct chrome_lane *lane;
	bool lasts;

	if (i == WEFT_NO_INDEX)
		return;
	lane = &cw->lanes[i];
	place = chrome_thread(cw, i, rec);
	lasts = chrome_state(cw, i, WEFT_STATE_RUNNING, rec);
	lane->runs_left -= lane->runs_left > 0;
	if (lane->wake && !lasts) { /* the arrow needs something to end in */
		chrome_begin(&cw->out, 'X', &place, "run", "run");
		chrome_dur(&cw->out, 0);
		chrome_arg_int(&cw->out, "worker", rec->w);
		chrome_end(&cw->out);
	}
	if (lane->wake)
		chrome_flow(&cw->out, 'f', &place, "wake", lane->wake);
	lane->wake = 0;
	if (lasts)
		put_worker_run(cw, &cw->trace->spans[lane->next_span - 1], rec);
	chrome_start(cw, i, rec);
}

static void take_state(struct chrome_writer *cw, const struct weft_record *rec)
{
	uint32_t i = chrome_appear(cw, rec->co, rec);
	enum weft_state state = WEFT_STATE_BLOCKED;

	if (i == WEFT_NO_INDEX)
		return;
	if (rec->kind == WEFT_EV_YIELD)
		state = WEFT_STATE_READY;
	else if (rec->kind == WEFT_EV_STATE)
		state = (enum weft_state)rec->state;
	if (chrome_state(cw, i, state, rec) && state == WEFT_STATE_RUNNING)
		put_worker_run(cw, &cw->trace->spans[cw->lanes[i].next_span - 1], rec);
}

/* ---- Workers --------------------------------------------------------------------------------- */

static void take_worker(struct chrome_writer *cw, const struct weft_record *rec)
{
	struct chrome_place place = {CHROME_WORKERS, (uint64_t)rec->w + 1, rec->t};

	if (rec->op != WEFT_WORKER_PARK || cw->parks == cw->plan.nparks)
		return;
	chrome_begin(&cw->out, 'X', &place, "worker", "parked");
	chrome_dur(&cw->out, cw->plan.park_ends[cw->parks++] - rec->t);
	chrome_end(&cw->out);
}

static void take_steal(struct chrome_writer *cw, const struct weft_record *rec)
{
	struct chrome_place place = {CHROME_WORKERS, (uint64_t)rec->w + 1, rec->t};
	char name[80];

	snprintf(name, sizeof(name), "steal %" PRIu32 " from %" PRId32, rec->nids, rec->from_w);
	chrome_begin(&cw->out, 'X', &place, "steal", name);
	chrome_dur(&cw->out, 0);
	chrome_arg_int(&cw->out, "from", rec->from_w);
	chrome_end(&cw->out);
}

/*
 * Records that were lost lie on tracks of their own below the workers, since what was going on when
 * the loss began would overlap with them.
 */
static uint64_t loss_track(const struct chrome_writer *cw, int32_t w)
{
	return (uint64_t)cw->trace->workers + 2 + (uint64_t)w;
}

static void put_losses(struct chrome_writer *cw, int64_t until)
{
	for (; cw->losses < cw->plan.nlosses; cw->losses++) {
		const struct chrome_loss *loss = &cw->plan.losses[cw->losses];
		struct chrome_place place = {CHROME_WORKERS, loss_track(cw, loss->w), loss->since};
		char name[80];

		if (loss->since > until)
			return;
		snprintf(name, sizeof(name), "%" PRId64 " records lost", loss->n);
		chrome_begin(&cw->out, 'X', &place, "drop", name);
		chrome_dur(&cw->out, loss->t - loss->since);
		chrome_arg_int(&cw->out, "n", loss->n);
		chrome_end(&cw->out);
		chrome_begin(&cw->out, 'i', &place, "drop", name);
		chrome_text(&cw->out, "s", "g");
		chrome_end(&cw->out);
	}
}

/* ---- Records --------------------------------------------------------------------------------- */

static void take_loc(struct chrome_writer *cw, const struct weft_record *rec)
{
	struct chrome_loc *loc;
	char text[512];

	if (rec->file && rec->line_no >= 0)
		snprintf(text, sizeof(text), "%.400s:%" PRId64, rec->file, rec->line_no);
	else
		snprintf(text, sizeof(text), "%.400s", rec->file ? rec->file : rec->fn);
	weft_clean_text(text, sizeof(text));
	if (weft_grow(&cw->loc_names, cw->nlocs, &cw->room_locs, sizeof(*cw->loc_names)) < 0 ||
		weft_map_put(&cw->locs, rec->loc, cw->nlocs) < 0) {
		cw->failed = true;
		return;
	}
	cw->loc_names[cw->nlocs] = (struct chrome_loc){
		.text = weft_arena_intern(cw->arena, text),
		.fn = weft_arena_intern(cw->arena, rec->fn),
		.file = rec->file ? weft_arena_intern(cw->arena, rec->file) : NULL,
		.line = rec->line_no,
	};
	loc = &cw->loc_names[cw->nlocs++];
	cw->failed |= !loc->text || !loc->fn || (rec->file && !loc->file);
}

static int take(void *arg, const struct weft_record *rec)
{
	struct chrome_writer *cw = arg;

	if (rec->co && weft_lookup_thread(&cw->lookup, rec->co) == WEFT_NO_INDEX)
		return 0; /* somebody has written over the file since it was loaded */
	put_losses(cw, rec->t);
	switch (rec->kind) {
	case WEFT_EV_LOC:
		take_loc(cw, rec);
		break;
	case WEFT_EV_STACK:
		chrome_take_stack(cw, rec);
		break;
	case WEFT_EV_RUN:
		take_run(cw, rec);
		break;
	case WEFT_EV_YIELD:
	case WEFT_EV_BLOCK:
	case WEFT_EV_SLEEP:
	case WEFT_EV_STATE:
		take_state(cw, rec);
		break;
	case WEFT_EV_WORKER:
		take_worker(cw, rec);
		break;
	case WEFT_EV_STEAL:
		take_steal(cw, rec);
		break;
	default:
		chrome_act(cw, rec);
	}
	return cw->failed ? -ENOMEM : 0;
}

static int take_header(void *arg, const struct weft_header *header)
{
	struct chrome_writer *cw = arg;

	json_object_put(cw->header);
	cw->header = json_object_get(header->json);
	return 0;
}

/* ---- Beginning and end ----------------------------------------------------------------------- */

static void put_names(struct chrome_writer *cw)
{
	const struct weft_trace *trace = cw->trace;
	struct chrome_out *out = &cw->out;
	const struct weft_record none = {.t = 0};
	char text[600];

	fputs("{\"traceEvents\":[", out->f);
	snprintf(text, sizeof(text), "threads: %s", trace->title);
	chrome_meta_text(out, CHROME_THREADS, 0, "process_name", "name", text);
	chrome_meta_int(out, CHROME_THREADS, 0, "process_sort_index", "sort_index", CHROME_THREADS);
	for (uint32_t i = 0; i < trace->nthreads; i++) {
		uint64_t tid = chrome_thread(cw, i, &none).tid;

		chrome_meta_text(
			out, CHROME_THREADS, tid, "thread_name", "name", trace->threads[i].name);
		chrome_meta_int(out, CHROME_THREADS, tid, "thread_sort_index", "sort_index", i);
	}
	if (trace->workers == 0 && cw->plan.nlosses == 0)
		return;
	chrome_meta_text(out, CHROME_WORKERS, 0, "process_name", "name", "workers");
	chrome_meta_int(out, CHROME_WORKERS, 0, "process_sort_index", "sort_index", CHROME_WORKERS);
	for (int32_t w = 0; w < trace->workers; w++) {
		snprintf(text, sizeof(text), "worker %" PRId32, w);
		chrome_meta_text(out, CHROME_WORKERS, (uint64_t)w + 1, "thread_name", "name", text);
		chrome_meta_int(
			out, CHROME_WORKERS, (uint64_t)w + 1, "thread_sort_index", "sort_index", w);
	}
	for (size_t i = 0; i < cw->plan.nlosses; i++) {
		int32_t w = cw->plan.losses[i].w;

		snprintf(text, sizeof(text), "lost of worker %" PRId32, w);
		chrome_meta_text(out, CHROME_WORKERS, loss_track(cw, w), "thread_name", "name",
			w < 0 ? "lost" : text);
	}
}

/* What the header says that no record does. */
static void put_end(struct chrome_writer *cw)
{
	static const char *const keys[] = {"tool", "wall", "src", "id", "exe", "host", "clock"};
	FILE *f = cw->out.f;
	struct json_object *value;

	fputs("\n],", f);
	chrome_put_frames(cw);
	fputs("\"displayTimeUnit\":\"ns\",\"metadata\":{\"format\":\"weft\",\"title\":", f);
	weft_json_string(f, cw->trace->title);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!json_object_object_get_ex(cw->header, keys[i], &value))
			continue;
		fprintf(f, ",\"%s\":", keys[i]);
		weft_json_value(f, value);
	}
	fputs("}}\n", f);
}

static int set_up(struct chrome_writer *cw)
{
	const struct weft_trace *trace = cw->trace;

	cw->arena = weft_arena_create();
	cw->lanes = calloc((size_t)trace->nthreads + 1, sizeof(*cw->lanes));
	if (!cw->arena || !cw->lanes)
		return -ENOMEM;
	for (uint32_t i = 0; i < trace->nthreads; i++) {
		cw->lanes[i].next_span = trace->threads[i].first_span;
		cw->wide |= trace->threads[i].id > UINT32_MAX;
	}
	for (uint32_t i = 0; i < trace->nevents; i++) {
		if (trace->events[i].kind == WEFT_EV_RUN)
			cw->lanes[trace->events[i].thread].runs_left++;
	}
	return weft_lookup_init(&cw->lookup, trace);
}

static void tear_down(struct chrome_writer *cw)
{
	chrome_plan_finish(&cw->plan);
	weft_lookup_finish(&cw->lookup);
	weft_arena_free(cw->arena);
	weft_map_finish(&cw->locs);
	weft_map_finish(&cw->tasks);
	weft_map_finish(&cw->flying);
	weft_map_finish(&cw->given);
	weft_set_finish(&cw->sent);
	weft_set_finish(&cw->spawned);
	weft_set_finish(&cw->closes);
	chrome_stacks_finish(&cw->stacks);
	free(cw->lanes);
	free(cw->loc_names);
	free(cw->task_names);
	json_object_put(cw->header);
}

int chrome_write(const struct weft_writing *writing, struct weft_trace_error *error)
{
	struct chrome_writer cw = {.out = {.f = writing->out}, .trace = writing->trace};
	struct weft_tap tap = {&cw, take_header, take, NULL};
	int rc = chrome_plan_make(&cw.plan, writing, error);

	if (rc == 0) {
		rc = set_up(&cw);
		if (rc < 0)
			weft_refuse(error, rc, 0, "%s", strerror(-rc));
	}
	if (rc == 0) {
		put_names(&cw);
		rc = weft_source_read(writing->source, &tap, error);
	}
	if (rc == 0) {
		put_losses(&cw, INT64_MAX);
		put_end(&cw);
	}
	tear_down(&cw);
	return rc;
}
