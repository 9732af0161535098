/* SPDX-License-Identifier: MIT
 *
 * Lives: who exists, who runs where, who waits. Rules E08 to E15 and E27, W06, and of W04 and W07
 * what concerns coroutines.
 *
 * After a finding the state of a coroutine is set as the record says, or to unknown, so that its
 * next records are not wrong for the same reason.
 */
#include "tracer/trace/check_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOW_WAKE_NS INT64_C(100000000)
#define SLOW_MAX 10   /* W07 of one sort */
#define ALIVE_MAX 100 /* W04 */

static bool is_known(const struct weft_checker *ck, const struct ck_co *co)
{
	return co->epoch == ck->epoch && co->state != WEFT_STATE_UNKNOWN;
}

static void set_state(struct weft_checker *ck, struct ck_co *co, const struct weft_record *rec,
	enum weft_state state)
{
	if (co->epoch != ck->epoch)
		co->select_pending = false; /* a drop may hide the outcome */
	co->epoch = ck->epoch;
	co->state = (uint8_t)state;
	co->w = -1;
	co->why = WEFT_WHY_NONE;
	co->on = co->of = 0;
	co->since = rec->t;
	co->line = rec->line;
}

static struct ck_co *add_co(struct weft_checker *ck, const struct weft_record *rec, uint64_t id)
{
	struct ck_co *co = ck_add(ck, &ck->cos, id, sizeof(*co));

	if (!co)
		return NULL;
	co->id = id;
	co->unblocked = -1;
	co->regions_epoch = ck->epoch;
	set_state(ck, co, rec, WEFT_STATE_UNKNOWN);
	return co;
}

void ck_finish_co(void *item)
{
	struct ck_co *co = item;

	for (size_t i = 0; i < co->nregions; i++)
		free(co->regions[i]);
	free(co->regions);
}

static const char *name_of(const struct ck_co *co, char *buf, size_t size)
{
	if (co->name[0])
		snprintf(buf, size, "coroutine %llu \"%s\"", (unsigned long long)co->id, co->name);
	else
		snprintf(buf, size, "coroutine %llu", (unsigned long long)co->id);
	return buf;
}

struct ck_worker *ck_worker(struct weft_checker *ck, int32_t w)
{
	struct ck_worker *worker = ck_find(&ck->workers, (uint64_t)w);

	if (worker)
		return worker;
	worker = ck_add(ck, &ck->workers, (uint64_t)w, sizeof(*worker));
	if (worker) {
		worker->w = w;
		worker->last_t = worker->last_run = -1;
	}
	return worker;
}

struct ck_co *ck_named_else(struct weft_checker *ck, const struct weft_record *rec, uint64_t id)
{
	struct ck_co *co;

	if (weft_set_has(&ck->gone_cos, id))
		return NULL;
	if (!ck_is_lossy(ck))
		ck_say(ck, "E08", rec, "%s: coroutine %llu was never spawned",
			weft_ev_word(rec->kind), (unsigned long long)id);
	co = add_co(ck, rec, id);
	if (co)
		co->assumed = true;
	return co;
}

static void say_gone(struct weft_checker *ck, const struct weft_record *rec, uint64_t id)
{
	if (weft_set_has(&ck->said_gone, id))
		return;
	ck_say(ck, "E09", rec, "%s: coroutine %llu has ended", weft_ev_word(rec->kind),
		(unsigned long long)id);
	ck_set_add(ck, &ck->said_gone, id);
}

struct ck_co *ck_alive(struct weft_checker *ck, const struct weft_record *rec, uint64_t id)
{
	struct ck_co *co = ck_named(ck, rec, id);

	if (!co && !ck->failed)
		say_gone(ck, rec, id);
	return co;
}

/* E13 and E14: it must be the one that runs on the record's worker. */
static void check_runs(
	struct weft_checker *ck, const struct weft_record *rec, struct ck_co *co, const char *rule)
{
	char name[96];

	if (!ck_claims(ck, WEFT_CAP_SCHED) || !is_known(ck, co))
		return;
	if (co->state == WEFT_STATE_RUNNING && (rec->w < 0 || co->w < 0 || co->w == rec->w))
		return;
	if (co->state == WEFT_STATE_RUNNING)
		ck_say(ck, rule, rec, "%s: %s runs on worker %d, not on %d",
			weft_ev_word(rec->kind), name_of(co, name, sizeof(name)), co->w, rec->w);
	else
		ck_say(ck, rule, rec, "%s: %s does not run, it is %s", weft_ev_word(rec->kind),
			name_of(co, name, sizeof(name)), weft_state_word(co->state));
	co->state = WEFT_STATE_UNKNOWN;
}

struct ck_co *ck_actor_else(struct weft_checker *ck, const struct weft_record *rec, uint64_t id)
{
	struct ck_co *co = ck_alive(ck, rec, id);

	if (co && rec->w >= 0)
		check_runs(ck, rec, co, "E14");
	return co;
}

/* It runs no more, wherever it did. */
static void stop_running(struct weft_checker *ck, const struct ck_co *co)
{
	struct ck_worker *worker = co->w >= 0 ? ck_find(&ck->workers, (uint64_t)co->w) : NULL;

	if (worker && worker->running == co->id)
		worker->running = 0;
}

void ck_spawn(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_co *co;

	if (rec->co)
		ck_actor(ck, rec, rec->co);
	co = ck_find(&ck->cos, rec->new_);
	if (co || weft_set_has(&ck->gone_cos, rec->new_)) {
		bool again = rec->pre && ck_is_lossy(ck) && co;
		bool assumed = co ? co->assumed : weft_set_has(&ck->unspawned, rec->new_);

		if (!again && !assumed)
			ck_say(ck, "E10", rec, "coroutine %llu exists already",
				(unsigned long long)rec->new_);
		ck_set_remove(ck, &ck->gone_cos, rec->new_);
		ck_set_remove(ck, &ck->unspawned, rec->new_);
	} else {
		ck->threads++;
	}
	if (!co)
		co = add_co(ck, rec, rec->new_);
	if (!co)
		return;
	if (is_known(ck, co) && co->state == WEFT_STATE_RUNNING)
		stop_running(ck, co);
	ck_copy_name(co->name, rec->name ? rec->name : rec->fn);
	co->sys = rec->sys;
	co->assumed = false;
	set_state(ck, co, rec, rec->pre ? WEFT_STATE_UNKNOWN : WEFT_STATE_READY);
}

void ck_state(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_co *co = ck_alive(ck, rec, rec->co), *other;
	struct ck_worker *worker;

	if (rec->on)
		ck_use(ck, rec, rec->on);
	if (!co)
		return;
	stop_running(ck, co);
	set_state(ck, co, rec, rec->state);
	co->unblocked = -1;
	co->why = rec->why;
	co->on = rec->on;
	if (rec->state != WEFT_STATE_RUNNING)
		return;
	co->w = rec->w;
	worker = rec->w >= 0 ? ck_worker(ck, rec->w) : NULL;
	if (!worker)
		return;
	other = worker->running ? ck_find(&ck->cos, worker->running) : NULL;
	if (other && other != co && other->w == rec->w)
		other->state = WEFT_STATE_UNKNOWN;
	worker->running = co->id;
}

/* E12: one coroutine on a worker, one worker for a coroutine. */
static void check_single(struct weft_checker *ck, const struct weft_record *rec, struct ck_co *co,
	struct ck_worker *worker)
{
	struct ck_co *other = worker->running ? ck_find(&ck->cos, worker->running) : NULL;
	char name[96];

	if (other && other != co && is_known(ck, other) && other->state == WEFT_STATE_RUNNING) {
		if (ck_claims(ck, WEFT_CAP_SCHED))
			ck_say(ck, "E12", rec, "worker %d still runs %s", rec->w,
				name_of(other, name, sizeof(name)));
		other->state = WEFT_STATE_UNKNOWN;
	}
	if (is_known(ck, co) && co->state == WEFT_STATE_RUNNING && co->w != rec->w && co->w >= 0) {
		if (ck_claims(ck, WEFT_CAP_SCHED))
			ck_say(ck, "E12", rec, "%s still runs on worker %d",
				name_of(co, name, sizeof(name)), co->w);
		stop_running(ck, co);
	}
}

/* W06: how often a worker's run carries the stamp of the one before. */
static void count_run(struct ck_worker *worker, const struct weft_record *rec)
{
	worker->runs++;
	worker->same += rec->t == worker->last_run;
	worker->last_run = rec->t;
}

void ck_run(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_worker *worker = ck_worker(ck, rec->w);
	struct ck_co *co = ck_alive(ck, rec, rec->co);
	char name[96];

	if (!worker)
		return;
	count_run(worker, rec);
	if (!co)
		return;
	check_single(ck, rec, co, worker);
	if (is_known(ck, co) && co->state == WEFT_STATE_BLOCKED && ck_claims(ck, WEFT_CAP_SCHED) &&
		ck_claims(ck, WEFT_CAP_WAKE))
		ck_say(ck, "E11", rec, "%s runs, and nobody has unblocked it",
			name_of(co, name, sizeof(name)));
	if (co->unblocked >= 0 && rec->t - co->unblocked > SLOW_WAKE_NS && co->epoch == ck->epoch &&
		ck->slow_wakes++ < SLOW_MAX)
		ck_say(ck, "W07", rec, "%s ran %lld ns after it was unblocked",
			name_of(co, name, sizeof(name)), (long long)(rec->t - co->unblocked));
	co->unblocked = -1;
	set_state(ck, co, rec, WEFT_STATE_RUNNING);
	co->w = rec->w;
	worker->running = co->id;
}

static void check_cases(struct weft_checker *ck, const struct weft_record *rec, struct ck_co *co)
{
	char name[96];

	for (uint32_t i = 0; i < rec->ncases; i++)
		ck_use(ck, rec, rec->cases[i].on);
	if (!co)
		return;
	if (co->select_pending && co->epoch == ck->epoch)
		ck_say(ck, "E27", rec, "%s waits again, and its select has no outcome",
			name_of(co, name, sizeof(name)));
}

void ck_leave(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_co *co = ck_alive(ck, rec, rec->co);

	if (co)
		check_runs(ck, rec, co, "E13");
	if (rec->of)
		ck_named(ck, rec, rec->of);
	if (rec->to)
		ck_named(ck, rec, rec->to);
	if (rec->on)
		ck_use(ck, rec, rec->on);
	if (rec->kind != WEFT_EV_YIELD)
		check_cases(ck, rec, co);
	if (!co)
		return;
	stop_running(ck, co);
	set_state(ck, co, rec, rec->kind == WEFT_EV_YIELD ? WEFT_STATE_READY : WEFT_STATE_BLOCKED);
	if (rec->kind == WEFT_EV_YIELD)
		return;
	co->select_pending = rec->kind == WEFT_EV_BLOCK && rec->cases;
	co->why = rec->kind == WEFT_EV_SLEEP ? WEFT_WHY_SLEEP : rec->why;
	co->on = rec->on;
	co->of = rec->of;
}

/*
 * Who has ended may still wake those that wait for its end. The record's word counts: what the
 * other one waits for may be told by a record that was lost.
 */
static bool wakes_joiner(
	const struct weft_checker *ck, const struct weft_record *rec, const struct ck_co *co)
{
	if (rec->why != WEFT_WHY_NONE || !co || !is_known(ck, co) ||
		co->state != WEFT_STATE_BLOCKED)
		return rec->why == WEFT_WHY_JOIN || rec->why == WEFT_WHY_NONE;
	return co->why == WEFT_WHY_JOIN && (co->of == 0 || co->of == rec->co);
}

void ck_unblock(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_co *co = ck_alive(ck, rec, rec->to);
	char name[96];

	if (rec->on)
		ck_use(ck, rec, rec->on);
	if (rec->co && weft_set_has(&ck->gone_cos, rec->co)) {
		if (!wakes_joiner(ck, rec, co))
			say_gone(ck, rec, rec->co);
	} else if (rec->co) {
		ck_actor(ck, rec, rec->co);
	}
	if (!co)
		return;
	if (ck_claims(ck, WEFT_CAP_SCHED) && is_known(ck, co) && co->state != WEFT_STATE_BLOCKED) {
		ck_say(ck, "E15", rec, "%s is unblocked, and it was %s",
			name_of(co, name, sizeof(name)), weft_state_word(co->state));
		stop_running(ck, co);
		set_state(ck, co, rec, WEFT_STATE_UNKNOWN);
		return;
	}
	set_state(ck, co, rec, WEFT_STATE_READY);
	co->unblocked = rec->t;
}

void ck_exit(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_co *co = ck_alive(ck, rec, rec->co);

	if (!co)
		return;
	if (rec->why != WEFT_EXIT_KILLED)
		check_runs(ck, rec, co, "E13");
	ck_regions_end(ck, rec, co);
	stop_running(ck, co);
	ck_set_add(ck, &ck->gone_cos, co->id);
	if (co->assumed)
		ck_set_add(ck, &ck->unspawned, co->id);
	ck_finish_co(co);
	ck_remove(&ck->cos, co->id);
}

/* ---- What can be next ------------------------------------------------------------------------ */

static bool is_there(const struct weft_checker *ck, uint64_t co)
{
	return co == 0 || ck_is_lossy(ck) || ck_find(&ck->cos, co) ||
	       weft_set_has(&ck->gone_cos, co);
}

static bool can_run(const struct weft_checker *ck, const struct weft_record *rec)
{
	const struct ck_co *co = ck_find(&ck->cos, rec->co);
	const struct ck_worker *worker = ck_find(&ck->workers, (uint64_t)rec->w);

	if (!co || !is_known(ck, co))
		return true;
	return co->state == WEFT_STATE_READY && !(worker && worker->running);
}

static bool can_acquire(const struct weft_checker *ck, const struct weft_record *rec)
{
	const struct ck_obj *obj = ck_find(&ck->objs, rec->on);

	if (!obj || !rec->ok || obj->epoch != ck->epoch)
		return true;
	if (obj->type == WEFT_OBJ_MUTEX || obj->type == WEFT_OBJ_RWLOCK)
		return (obj->holder == 0 || obj->holder == rec->co) &&
		       !(obj->type == WEFT_OBJ_RWLOCK && rec->mode != 1 && obj->readers > 0);
	return obj->type != WEFT_OBJ_SEMAPHORE || !obj->value_known ||
	       obj->value >= (rec->n >= 0 ? rec->n : 1);
}

bool weft_checker_can_be(const struct weft_checker *ck, const struct weft_record *rec)
{
	const struct ck_co *co = ck_find(&ck->cos, rec->to);
	const struct ck_obj *obj = ck_find(&ck->objs, rec->on);

	if (!is_there(ck, rec->co) || !is_there(ck, rec->to) || !is_there(ck, rec->of) ||
		!is_there(ck, rec->by))
		return false;
	if (rec->on && rec->kind != WEFT_EV_MAKE && !obj && !ck_is_lossy(ck) &&
		!weft_set_has(&ck->gone_objs, rec->on))
		return false;
	for (uint32_t i = 0; i < rec->nids && rec->kind == WEFT_EV_STEAL; i++) {
		if (!is_there(ck, rec->ids[i]))
			return false;
	}
	switch (rec->kind) {
	case WEFT_EV_RUN:
		return can_run(ck, rec);
	case WEFT_EV_UNBLOCK:
		return !co || !is_known(ck, co) || co->state == WEFT_STATE_BLOCKED;
	case WEFT_EV_RECV:
		if (!rec->ok)
			return !obj || obj->closed || obj->epoch != ck->epoch;
		return !rec->msg || ck_find(&ck->msgs, rec->msg) || ck_is_lossy(ck);
	case WEFT_EV_ACQUIRE:
		return can_acquire(ck, rec);
	default:
		return true;
	}
}

/* ---- The end --------------------------------------------------------------------------------- */

static void say_alive(struct weft_checker *ck, const struct ck_co *co)
{
	const struct ck_obj *obj = co->on ? ck_find(&ck->objs, co->on) : NULL;
	char name[96], what[96], on[96] = "";

	name_of(co, name, sizeof(name));
	if (obj)
		snprintf(on, sizeof(on), " on %.90s", ck_obj_name(obj, what, sizeof(what)));
	else if (co->on)
		snprintf(on, sizeof(on), " on object %llu", (unsigned long long)co->on);
	else if (co->of)
		snprintf(on, sizeof(on), " of coroutine %llu", (unsigned long long)co->of);
	if (co->state == WEFT_STATE_BLOCKED)
		ck_say_end(ck, "W04", co->line, "%s has not ended: blocked in %s%s since %lld ns",
			name, weft_why_word(co->why), on, (long long)co->since);
	else if (co->state == WEFT_STATE_UNKNOWN || !ck_claims(ck, WEFT_CAP_SCHED))
		ck_say_end(ck, "W04", co->line, "%s has not ended", name);
	else
		ck_say_end(ck, "W04", co->line, "%s has not ended: %s since %lld ns", name,
			weft_state_word(co->state), (long long)co->since);
}

static int by_id(const void *left, const void *right)
{
	const struct ck_co *a = *(const struct ck_co *const *)left;
	const struct ck_co *b = *(const struct ck_co *const *)right;

	return a->id < b->id ? -1 : a->id > b->id;
}

/* Who is left. Those that a drop hides may have ended there. */
static void say_left(struct weft_checker *ck)
{
	size_t n = 0, left = 0;
	void **cos = ck_sorted(ck, &ck->cos, by_id, &n);

	for (size_t i = 0; i < n && ck_claims(ck, WEFT_CAP_LIFE); i++) {
		const struct ck_co *co = cos[i];

		if (co->sys || co->assumed || co->epoch != ck->epoch)
			continue;
		if (left++ < ALIVE_MAX)
			say_alive(ck, co);
	}
	if (left > ALIVE_MAX)
		ck_say_end(
			ck, "W04", 0, "and %zu more coroutines have not ended", left - ALIVE_MAX);
	free(cos);
}

static int by_number(const void *left, const void *right)
{
	const struct ck_worker *a = *(const struct ck_worker *const *)left;
	const struct ck_worker *b = *(const struct ck_worker *const *)right;

	return a->w < b->w ? -1 : a->w > b->w;
}

static void say_coarse(struct weft_checker *ck)
{
	size_t n = 0;
	void **workers = ck_sorted(ck, &ck->workers, by_number, &n);

	for (size_t i = 0; i < n; i++) {
		const struct ck_worker *worker = workers[i];

		if (worker->runs >= 1000 && worker->same * 100 > worker->runs)
			ck_say_end(ck, "W06", 0,
				"a coarse clock: %llu of %llu runs of worker %d carry the stamp of "
				"the run before",
				(unsigned long long)worker->same, (unsigned long long)worker->runs,
				worker->w);
	}
	free(workers);
}

void ck_life_end(struct weft_checker *ck)
{
	say_left(ck);
	say_coarse(ck);
	if (ck->slow_wakes > SLOW_MAX)
		ck_say_end(ck, "W07", 0, "and %llu more runs over 100 ms after the unblock",
			(unsigned long long)(ck->slow_wakes - SLOW_MAX));
}
