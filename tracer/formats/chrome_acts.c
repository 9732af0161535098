/* SPDX-License-Identifier: MIT
 *
 * What threads do, as slices of a Chrome trace: empty ones, unless the trace says how long an
 * operation took. And their arrows: a message, a spawn, a wake-up, a close, a lock that changes
 * hands. An arrow begins only if it is known to end.
 */
#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include "tracer/formats/chrome_write.h"

/* "send answers" */
static void put_name(char *buf, size_t size, const char *verb, const char *what)
{
	snprintf(buf, size, "%s %s", verb, what);
}

/* ---- Slices ---------------------------------------------------------------------------------- */

/* How long the operation took; it ends before its thread does anything else. */
static int64_t duration(struct chrome_writer *cw, const struct weft_record *rec)
{
	int64_t end;

	if (rec->dur <= 0 || cw->ops == cw->plan.nops)
		return 0;
	end = cw->plan.op_ends[cw->ops++];
	return end > rec->t ? end - rec->t : 0;
}

/* Begins a slice on the thread's track. Where nobody acts it is a mark of the whole process. */
static void begin_act(
	struct chrome_writer *cw, uint32_t thread, const char *name, const struct weft_record *rec)
{
	struct chrome_place place = {CHROME_WORKERS, 0, rec->t};

	if (thread == WEFT_NO_INDEX) {
		chrome_begin(&cw->out, 'i', &place, weft_ev_word(rec->kind), name);
		chrome_text(&cw->out, "s", "p");
	} else {
		place = chrome_thread(cw, thread, rec);
		chrome_begin(&cw->out, 'X', &place, weft_ev_word(rec->kind), name);
		chrome_dur(&cw->out, duration(cw, rec));
	}
	chrome_where(cw, rec);
	if (chrome_at(cw, rec))
		chrome_arg_text(&cw->out, "at", chrome_at(cw, rec));
}

static void arg_id(struct chrome_writer *cw, const char *key, uint64_t id)
{
	if (id)
		chrome_arg_int(&cw->out, key, (int64_t)id);
}

static void arg_count(struct chrome_writer *cw, const char *key, int64_t n)
{
	if (n >= 0)
		chrome_arg_int(&cw->out, key, n);
}

static void flow(struct chrome_writer *cw, char ph, uint32_t thread, const char *cat, uint64_t id,
	const struct weft_record *rec)
{
	struct chrome_place place = chrome_thread(cw, thread, rec);

	chrome_flow(&cw->out, ph, &place, cat, id);
}

/* ---- Life ------------------------------------------------------------------------------------ */

static void take_spawn(struct chrome_writer *cw, const struct weft_record *rec)
{
	uint32_t child = weft_lookup_thread(&cw->lookup, rec->new_);
	uint32_t parent = chrome_appear(cw, rec->co, rec);
	bool again = weft_set_has(&cw->spawned, rec->new_);
	struct chrome_lane *lane;
	char name[600];

	if (child == WEFT_NO_INDEX || again)
		return; /* told again after a loss */
	cw->failed |= weft_set_add(&cw->spawned, rec->new_) < 0;
	lane = &cw->lanes[child];
	if (parent != WEFT_NO_INDEX) {
		put_name(name, sizeof(name), "spawn", cw->trace->threads[child].name);
		begin_act(cw, parent, name, rec);
		arg_id(cw, "new", rec->new_);
		if (rec->fn)
			chrome_arg_text(&cw->out, "fn", rec->fn);
		chrome_end(&cw->out);
		flow(cw, 's', parent, "spawn", rec->new_, rec);
		lane->birth = rec->new_;
	}
	lane->starts = true;
	chrome_appear(cw, rec->new_, rec);
	chrome_state(cw, child, WEFT_STATE_READY, rec);
	if (lane->runs_left == 0)
		chrome_start(cw, child, rec);
}

/* An arrow ends in what the woken one runs next; in its being ready if it never runs again. */
static void take_unblock(struct chrome_writer *cw, const struct weft_record *rec)
{
	uint32_t from = chrome_appear(cw, rec->co, rec);
	uint32_t to = chrome_appear(cw, rec->to, rec);
	struct chrome_place place;
	struct chrome_lane *lane;
	bool arrow = from != WEFT_NO_INDEX && !rec->msg;
	char name[600];

	if (to == WEFT_NO_INDEX)
		return;
	place = chrome_thread(cw, to, rec);
	lane = &cw->lanes[to];
	if (arrow) {
		put_name(name, sizeof(name), "wake", cw->trace->threads[to].name);
		chrome_begin(&cw->out, 'X',
			&(struct chrome_place){
				CHROME_THREADS, chrome_thread(cw, from, rec).tid, rec->t},
			"wake", name);
		chrome_dur(&cw->out, 0);
		chrome_where(cw, rec);
		arg_id(cw, "to", rec->to);
		if (rec->why)
			chrome_arg_text(&cw->out, "why", weft_why_word(rec->why));
		arg_id(cw, "on", rec->on);
		chrome_end(&cw->out);
		flow(cw, 's', from, "wake", ++cw->wakes, rec);
	}
	if (!chrome_state(cw, to, WEFT_STATE_READY, rec) && arrow &&
		(lane->runs_left == 0 || lane->wake)) {
		chrome_begin(&cw->out, 'X', &place, "ready", "ready");
		chrome_dur(&cw->out, 0);
		chrome_end(&cw->out);
	}
	if (arrow && (lane->runs_left == 0 || lane->wake))
		flow(cw, 'f', to, "wake", cw->wakes, rec);
	else if (arrow)
		lane->wake = cw->wakes;
}

/* ---- Messages -------------------------------------------------------------------------------- */

static void take_send(struct chrome_writer *cw, const struct weft_record *rec)
{
	uint32_t from = chrome_appear(cw, rec->co, rec);
	const struct weft_message *message;
	char name[600];
	bool arrow;

	if (from == WEFT_NO_INDEX || cw->messages == cw->trace->nmessages)
		return;
	message = &cw->trace->messages[cw->messages++];
	arrow = message->to != WEFT_NO_INDEX && !weft_set_has(&cw->sent, rec->msg);
	put_name(name, sizeof(name), "send", weft_lookup_object_name(&cw->lookup, rec->on));
	begin_act(cw, from, name, rec);
	arg_id(cw, "on", rec->on);
	arg_id(cw, "msg", rec->msg);
	if (rec->has_value)
		chrome_arg_value(&cw->out, "value", rec);
	if (rec->via)
		chrome_arg_text(&cw->out, "via", weft_via_word(rec->via));
	arg_count(cw, "len", rec->len);
	arg_count(cw, "case", rec->index_case);
	arg_id(cw, "by", rec->by);
	chrome_end(&cw->out);
	cw->failed |= weft_map_put(&cw->flying, rec->msg, rec->on) < 0;
	if (!arrow)
		return;
	flow(cw, 's', from, "msg", rec->msg, rec);
	cw->failed |= weft_set_add(&cw->sent, rec->msg) < 0;
}

static void take_recv(struct chrome_writer *cw, const struct weft_record *rec)
{
	uint32_t to = chrome_appear(cw, rec->co, rec);
	bool arrow = rec->msg && weft_map_get(&cw->flying, rec->msg) &&
		     weft_set_has(&cw->sent, rec->msg);
	char name[600];

	put_name(name, sizeof(name), rec->ok ? "recv" : "closed",
		weft_lookup_object_name(&cw->lookup, rec->on));
	begin_act(cw, to, name, rec);
	arg_id(cw, "on", rec->on);
	arg_id(cw, "msg", rec->msg);
	arg_id(cw, "from", rec->from);
	if (rec->has_value)
		chrome_arg_value(&cw->out, "value", rec);
	arg_count(cw, "len", rec->len);
	arg_count(cw, "case", rec->index_case);
	chrome_end(&cw->out);
	if (arrow)
		flow(cw, 'f', to, "msg", rec->msg, rec);
	else if (!rec->ok && weft_set_has(&cw->plan.closed, rec->on))
		flow(cw, 'f', to, "close", rec->on, rec);
	if (rec->msg)
		weft_map_remove(&cw->flying, rec->msg);
}

static void take_unsend(struct chrome_writer *cw, const struct weft_record *rec)
{
	const uint64_t *on = weft_map_get(&cw->flying, rec->msg);
	char name[600];

	put_name(name, sizeof(name), "unsend", weft_lookup_object_name(&cw->lookup, on ? *on : 0));
	begin_act(cw, chrome_appear(cw, rec->co, rec), name, rec);
	arg_id(cw, "msg", rec->msg);
	chrome_arg_text(&cw->out, "why", weft_unsend_word(rec->why));
	chrome_end(&cw->out);
	weft_map_remove(&cw->flying, rec->msg);
}

static void take_close(struct chrome_writer *cw, const struct weft_record *rec)
{
	uint32_t thread = chrome_appear(cw, rec->co, rec);
	char name[600];

	put_name(name, sizeof(name), "close", weft_lookup_object_name(&cw->lookup, rec->on));
	begin_act(cw, thread, name, rec);
	arg_id(cw, "on", rec->on);
	arg_count(cw, "woke", rec->woke);
	chrome_end(&cw->out);
	if (thread != WEFT_NO_INDEX && weft_set_has(&cw->plan.closed, rec->on) &&
		!weft_set_has(&cw->closes, rec->on)) {
		flow(cw, 's', thread, "close", rec->on, rec);
		cw->failed |= weft_set_add(&cw->closes, rec->on) < 0;
	}
}

static void take_select(struct chrome_writer *cw, const struct weft_record *rec)
{
	static const char *const words[] = {"default", "timeout", "cancel"};

	begin_act(cw, chrome_appear(cw, rec->co, rec), "select", rec);
	if (rec->pick >= 0)
		chrome_arg_int(&cw->out, "pick", rec->pick);
	else
		chrome_arg_text(&cw->out, "pick", words[WEFT_PICK_DEFAULT - rec->pick]);
	arg_count(cw, "n", rec->n);
	chrome_end(&cw->out);
}

/* ---- Locks and friends ----------------------------------------------------------------------- */

/* What was done to an object, with what all these kinds may have. */
static void begin_object(
	struct chrome_writer *cw, uint32_t thread, const char *verb, const struct weft_record *rec)
{
	char name[600];

	put_name(name, sizeof(name), verb, weft_lookup_object_name(&cw->lookup, rec->on));
	begin_act(cw, thread, name, rec);
	arg_id(cw, "on", rec->on);
	arg_count(cw, "n", rec->n);
}

static void take_lock(struct chrome_writer *cw, const struct weft_record *rec)
{
	static const char *const modes[] = {"", "read", "write"};
	bool is_release = rec->kind == WEFT_EV_RELEASE;
	uint32_t thread = chrome_appear(cw, rec->co, rec);
	uint64_t *given;

	begin_object(cw, thread,
		is_release ? "release"
		: rec->ok  ? "acquire"
			   : "did not acquire",
		rec);
	if (rec->mode)
		chrome_arg_text(&cw->out, "mode", modes[rec->mode]);
	arg_id(cw, "from", rec->from);
	chrome_end(&cw->out);
	if (is_release) {
		cw->releases++;
		if (!weft_set_has(&cw->plan.handed, cw->releases))
			return;
		flow(cw, 's', thread, "lock", cw->releases, rec);
		cw->failed |= weft_map_put(&cw->given, rec->on, cw->releases) < 0;
		return;
	}
	given = rec->from && rec->ok ? weft_map_get(&cw->given, rec->on) : NULL;
	if (!given)
		return;
	flow(cw, 'f', thread, "lock", *given, rec);
	weft_map_remove(&cw->given, rec->on);
}

static void take_object(struct chrome_writer *cw, const struct weft_record *rec)
{
	static const char *const ops[] = {"set", "fire", "stop"};
	const char *verb = rec->kind == WEFT_EV_TIMER ? ops[rec->op] : weft_ev_word(rec->kind);

	begin_object(cw, chrome_appear(cw, rec->co, rec), verb, rec);
	if (rec->kind == WEFT_EV_ADD)
		chrome_arg_int(&cw->out, "delta", rec->delta);
	if (rec->has_number)
		chrome_arg_int(&cw->out, "value", rec->number);
	if (rec->all)
		chrome_arg_flag(&cw->out, "all", true);
	arg_count(cw, "when", rec->when);
	arg_count(cw, "every", rec->every);
	chrome_end(&cw->out);
}

static void take_other(struct chrome_writer *cw, const struct weft_record *rec)
{
	bool is_join = rec->kind == WEFT_EV_JOIN;
	uint64_t other = is_join ? rec->of : rec->to;
	char name[600];

	put_name(name, sizeof(name), weft_ev_word(rec->kind),
		weft_lookup_thread_name(&cw->lookup, other));
	begin_act(cw, chrome_appear(cw, rec->co, rec), name, rec);
	arg_id(cw, is_join ? "of" : "to", other);
	if (rec->has_value)
		chrome_arg_value(&cw->out, "value", rec);
	if (rec->text)
		chrome_arg_text(&cw->out, "why", rec->text);
	chrome_end(&cw->out);
}

/* ---- The program's own marks ----------------------------------------------------------------- */

static void take_mark(struct chrome_writer *cw, const struct weft_record *rec)
{
	static const char *const levels[] = {"", "trace", "debug", "info", "warn", "error"};

	begin_act(cw, chrome_appear(cw, rec->co, rec), rec->text ? rec->text : rec->name, rec);
	if (rec->level)
		chrome_arg_text(&cw->out, "level", levels[rec->level]);
	if (rec->cat)
		chrome_arg_text(&cw->out, "cat", rec->cat);
	arg_id(cw, "on", rec->on);
	if (rec->args)
		chrome_arg_json(&cw->out, "args", rec->args);
	chrome_end(&cw->out);
}

/* A region may begin in one run and end in another, so it is no slice of the thread. */
static void take_region(struct chrome_writer *cw, const struct weft_record *rec)
{
	uint32_t thread = chrome_appear(cw, rec->co, rec);
	struct chrome_place place = chrome_thread(cw, thread, rec);

	chrome_begin(&cw->out, rec->kind == WEFT_EV_BEGIN ? 'b' : 'e', &place, "region", rec->name);
	chrome_id(&cw->out, "local", rec->co);
	chrome_where(cw, rec);
	arg_id(cw, "co", rec->co);
	arg_id(cw, "task", rec->task);
	if (rec->args)
		chrome_arg_json(&cw->out, "args", rec->args);
	chrome_end(&cw->out);
}

/* The end of a task has no name; it must have that of its beginning. */
static const char *task_name(struct chrome_writer *cw, const struct weft_record *rec)
{
	const uint64_t *known = weft_map_get(&cw->tasks, rec->id);
	char text[64];

	if (known)
		return cw->task_names[*known];
	snprintf(text, sizeof(text), "task %" PRIu64, rec->id);
	if (weft_grow(&cw->task_names, cw->ntasks, &cw->room_tasks, sizeof(*cw->task_names)) < 0 ||
		weft_map_put(&cw->tasks, rec->id, cw->ntasks) < 0) {
		cw->failed = true;
		return "";
	}
	cw->task_names[cw->ntasks] = weft_arena_intern(cw->arena, rec->name ? rec->name : text);
	cw->failed |= !cw->task_names[cw->ntasks];
	return cw->task_names[cw->ntasks++];
}

static void take_task(struct chrome_writer *cw, const struct weft_record *rec)
{
	uint32_t thread = chrome_appear(cw, rec->co, rec);
	struct chrome_place place = {CHROME_THREADS, 0, rec->t};

	if (thread != WEFT_NO_INDEX)
		place = chrome_thread(cw, thread, rec);
	chrome_begin(&cw->out, rec->op == 0 ? 'b' : 'e', &place, "task", task_name(cw, rec));
	chrome_id(&cw->out, "global", rec->id);
	chrome_where(cw, rec);
	arg_id(cw, "parent", rec->parent);
	if (rec->args)
		chrome_arg_json(&cw->out, "args", rec->args);
	chrome_end(&cw->out);
}

/* Counters belong to the process, so one of a coroutine or an object says whose it is. */
static void take_count(struct chrome_writer *cw, const struct weft_record *rec)
{
	struct chrome_place place = {CHROME_THREADS, 0, rec->t};
	char name[600];

	if (rec->co)
		snprintf(name, sizeof(name), "%.500s co%" PRIu64, rec->name, rec->co);
	else if (rec->on)
		snprintf(name, sizeof(name), "%.500s on%" PRIu64, rec->name, rec->on);
	else
		snprintf(name, sizeof(name), "%.500s", rec->name);
	weft_clean_text(name, sizeof(name));
	chrome_begin(&cw->out, 'C', &place, "count", name);
	chrome_arg_value(&cw->out, rec->unit && rec->unit[0] ? rec->unit : "value", rec);
	chrome_end(&cw->out);
}

/* ---------------------------------------------------------------------------------------------- */

void chrome_act(struct chrome_writer *cw, const struct weft_record *rec)
{
	static void (*const takers[WEFT_EV_COUNT_ + 1])(
		struct chrome_writer *, const struct weft_record *) = {
		[WEFT_EV_SPAWN] = take_spawn,
		[WEFT_EV_UNBLOCK] = take_unblock,
		[WEFT_EV_SEND] = take_send,
		[WEFT_EV_RECV] = take_recv,
		[WEFT_EV_UNSEND] = take_unsend,
		[WEFT_EV_CLOSE] = take_close,
		[WEFT_EV_SELECT] = take_select,
		[WEFT_EV_ACQUIRE] = take_lock,
		[WEFT_EV_RELEASE] = take_lock,
		[WEFT_EV_ADD] = take_object,
		[WEFT_EV_SIGNAL] = take_object,
		[WEFT_EV_TIMER] = take_object,
		[WEFT_EV_JOIN] = take_other,
		[WEFT_EV_CANCEL] = take_other,
		[WEFT_EV_LOG] = take_mark,
		[WEFT_EV_NOTE] = take_mark,
		[WEFT_EV_BEGIN] = take_region,
		[WEFT_EV_END] = take_region,
		[WEFT_EV_TASK] = take_task,
		[WEFT_EV_COUNT] = take_count,
	};

	if (takers[rec->kind])
		takers[rec->kind](cw, rec);
}
