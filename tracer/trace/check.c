/* SPDX-License-Identifier: MIT
 *
 * The checker's frame: findings, the rules of the file's order (E03, E05-E07, E28), drops, and who
 * looks at which record. The rules themselves are in check_*.c by noun.
 */
#include "tracer/trace/check_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/formats/formats.h"

struct weft_checker *weft_checker_create(void)
{
	struct weft_checker *ck = calloc(1, sizeof(*ck));

	if (ck)
		ck->tick = ck->last_t = -1;
	return ck;
}

void weft_checker_free(struct weft_checker *ck)
{
	if (!ck)
		return;
	ck_finish_table(&ck->cos, ck_finish_co);
	ck_finish_table(&ck->objs, ck_finish_obj);
	ck_finish_table(&ck->msgs, NULL);
	ck_finish_table(&ck->workers, NULL);
	weft_set_finish(&ck->gone_cos);
	weft_set_finish(&ck->gone_objs);
	weft_set_finish(&ck->gone_msgs);
	weft_set_finish(&ck->said_gone);
	weft_set_finish(&ck->unspawned);
	weft_set_finish(&ck->unmade);
	weft_set_finish(&ck->unsent);
	weft_set_finish(&ck->said_locs);
	weft_set_finish(&ck->said_stacks);
	weft_set_finish(&ck->locs);
	weft_set_finish(&ck->stacks);
	weft_set_finish(&ck->tasks);
	weft_set_finish(&ck->ended_tasks);
	weft_map_finish(&ck->early_of);
	free(ck->early);
	for (size_t i = 0; i < ck->nfindings; i++)
		free(ck->findings[i].text);
	free(ck->findings);
	free(ck);
}

int weft_checker_header(struct weft_checker *ck, const struct weft_header *header)
{
	ck->caps = header->caps;
	ck->by_worker = header->by_worker;
	return 0;
}

/* ---- The order of the file ------------------------------------------------------------------- */

__attribute__((cold)) static void say_back(struct weft_checker *ck, const struct weft_record *rec)
{
	if (!ck->by_worker && rec->t < ck->last_t) {
		ck_say(ck, "E05", rec, "t goes back from %lld to %lld", (long long)ck->last_t,
			(long long)rec->t);
		return;
	}
	ck_say(ck, "E05", rec, "t = %lld, after a tick promised nothing before %lld",
		(long long)rec->t, (long long)ck->tick);
	ck->tick = rec->t;
}

static void check_worker_time(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_worker *worker = ck_worker(ck, rec->w);

	if (!worker)
		return;
	/* A drop stands where the loss was noticed, and carries the time of its end. */
	if (rec->t < worker->last_t && rec->kind != WEFT_EV_DROP)
		ck_say(ck, "E06", rec, "on worker %d t goes back from %lld to %lld", rec->w,
			(long long)worker->last_t, (long long)rec->t);
	worker->last_t = rec->t;
}

static void check_time(struct weft_checker *ck, const struct weft_record *rec)
{
	if (rec->t < 0)
		return;
	if (rec->t < ck->tick || (rec->t < ck->last_t && !ck->by_worker))
		say_back(ck, rec);
	ck->last_t = rec->t;
	if (rec->kind == WEFT_EV_TICK)
		ck->tick = rec->t;
	if (ck->by_worker && rec->w >= 0)
		check_worker_time(ck, rec);
}

/* A reference to a location or a stack; one finding for each number. */
static void check_reference(struct weft_checker *ck, const struct weft_record *rec,
	const struct weft_set *defined, struct weft_set *said, uint64_t id, const char *what)
{
	if (weft_set_has(defined, id) || weft_set_has(said, id))
		return;
	ck_say(ck, "E07", rec, "%s %llu is not defined earlier in the file", what,
		(unsigned long long)id);
	ck_set_add(ck, said, id);
}

static void define(struct weft_checker *ck, const struct weft_record *rec, struct weft_set *set,
	uint64_t id, const char *what)
{
	if (weft_set_has(set, id))
		ck_say(ck, "E10", rec, "%s %llu exists already", what, (unsigned long long)id);
	ck_set_add(ck, set, id);
}

__attribute__((cold)) static void take_eof(struct weft_checker *ck, const struct weft_record *rec)
{
	if (!ck->saw_eof && (uint64_t)rec->n != rec->index - 1)
		ck_say(ck, "E28", rec, "eof counts %lld records, and %llu stand before it",
			(long long)rec->n, (unsigned long long)(rec->index - 1));
	ck->saw_eof = true;
}

__attribute__((cold)) static void say_after_eof(
	struct weft_checker *ck, const struct weft_record *rec)
{
	if (!ck->said_after_eof)
		ck_say(ck, "E03", rec, "a record after eof");
	ck->said_after_eof = true;
}

__attribute__((cold)) static void take_stack(struct weft_checker *ck, const struct weft_record *rec)
{
	for (uint32_t i = 0; i < rec->nids; i++)
		check_reference(ck, rec, &ck->locs, &ck->said_locs, rec->ids[i], "location");
	define(ck, rec, &ck->stacks, rec->stack, "stack");
}

int weft_checker_arrive(struct weft_checker *ck, const struct weft_record *rec)
{
	ck->records = rec->index;
	if (ck->saw_eof)
		say_after_eof(ck, rec);
	check_time(ck, rec);
	if (rec->at)
		check_reference(ck, rec, &ck->locs, &ck->said_locs, rec->at, "location");
	if (rec->kind == WEFT_EV_STACK)
		take_stack(ck, rec);
	else if (rec->stack)
		check_reference(ck, rec, &ck->stacks, &ck->said_stacks, rec->stack, "stack");
	if (rec->kind == WEFT_EV_LOC)
		define(ck, rec, &ck->locs, rec->loc, "location");
	else if (rec->kind == WEFT_EV_EOF)
		take_eof(ck, rec);
	return ck->failed ? -ENOMEM : 0;
}

/* ---- The order of time ----------------------------------------------------------------------- */

/* Takes back what was found among records that the lost ones belong to; from now all is uncertain.
 */
static void take_drop(struct weft_checker *ck, const struct weft_record *rec)
{
	int64_t since = rec->since >= 0 ? rec->since : ck->drop_from;
	struct ck_worker *worker;
	size_t kept = 0, at = 0;

	for (size_t i = 0; i < ck->nfindings; i++) {
		struct ck_finding *finding = &ck->findings[i];

		if (finding->t >= 0 && finding->t >= since) {
			ck->errors -= finding->severity == WEFT_ERROR;
			ck->warnings -= finding->severity == WEFT_WARNING;
			free(finding->text);
			continue;
		}
		ck->findings[kept++] = *finding;
	}
	ck->nfindings = kept;
	for (size_t i = 0; i < ck->nearly; i++)
		ck->early[i].hidden |= ck->early[i].t >= since;
	ck->drop_from = rec->t;
	ck->epoch++;
	while ((worker = ck_next(&ck->workers, &at)))
		worker->running = 0;
}

static void take_named(struct weft_checker *ck, const struct weft_record *rec)
{
	if (rec->co)
		ck_named(ck, rec, rec->co);
	if (rec->on)
		ck_use(ck, rec, rec->on);
}

/* From here on the reports call it so. */
static void take_name(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_co *co = rec->co ? ck_named(ck, rec, rec->co) : NULL;
	struct ck_obj *obj = rec->on ? ck_use(ck, rec, rec->on) : NULL;

	if (co)
		ck_copy_name(co->name, rec->name);
	if (obj)
		ck_copy_name(obj->name, rec->name);
}

/* Kinds whose coroutine only does something, with or without an object. */
static void take_act(struct weft_checker *ck, const struct weft_record *rec)
{
	struct ck_co *co = rec->co ? ck_actor(ck, rec, rec->co) : NULL;

	if (rec->on)
		ck_use(ck, rec, rec->on);
	switch (rec->kind) {
	case WEFT_EV_JOIN:
		ck_named(ck, rec, rec->of);
		break;
	case WEFT_EV_CANCEL:
		ck_named(ck, rec, rec->to);
		break;
	case WEFT_EV_SELECT:
		if (co)
			co->select_pending = false;
		break;
	case WEFT_EV_BEGIN:
		ck_begin(ck, rec, co);
		break;
	case WEFT_EV_END:
		ck_end(ck, rec, co);
		break;
	case WEFT_EV_TASK:
		ck_task(ck, rec);
		break;
	default:
		break;
	}
}

static void take_steal(struct weft_checker *ck, const struct weft_record *rec)
{
	for (uint32_t i = 0; i < rec->nids; i++)
		ck_named(ck, rec, rec->ids[i]);
}

static void (*const takers[WEFT_EV_COUNT_])(struct weft_checker *, const struct weft_record *) = {
	[WEFT_EV_NAME] = take_name,
	[WEFT_EV_MAKE] = ck_make,
	[WEFT_EV_FREE] = ck_free,
	[WEFT_EV_SPAWN] = ck_spawn,
	[WEFT_EV_STATE] = ck_state,
	[WEFT_EV_RUN] = ck_run,
	[WEFT_EV_YIELD] = ck_leave,
	[WEFT_EV_BLOCK] = ck_leave,
	[WEFT_EV_SLEEP] = ck_leave,
	[WEFT_EV_UNBLOCK] = ck_unblock,
	[WEFT_EV_EXIT] = ck_exit,
	[WEFT_EV_JOIN] = take_act,
	[WEFT_EV_CANCEL] = take_act,
	[WEFT_EV_SEND] = ck_send,
	[WEFT_EV_RECV] = ck_recv,
	[WEFT_EV_UNSEND] = ck_unsend,
	[WEFT_EV_CLOSE] = ck_close,
	[WEFT_EV_SELECT] = take_act,
	[WEFT_EV_ACQUIRE] = ck_acquire,
	[WEFT_EV_RELEASE] = ck_release,
	[WEFT_EV_ADD] = ck_add_delta,
	[WEFT_EV_SIGNAL] = take_act,
	[WEFT_EV_TIMER] = take_act,
	[WEFT_EV_STEAL] = take_steal,
	[WEFT_EV_LOG] = take_act,
	[WEFT_EV_NOTE] = take_act,
	[WEFT_EV_BEGIN] = take_act,
	[WEFT_EV_END] = take_act,
	[WEFT_EV_TASK] = take_act,
	[WEFT_EV_COUNT] = take_named,
	[WEFT_EV_DROP] = take_drop,
};

int weft_checker_record(struct weft_checker *ck, const struct weft_record *rec)
{
	if (rec->kind < WEFT_EV_COUNT_ && takers[rec->kind])
		takers[rec->kind](ck, rec);
	return ck->failed ? -ENOMEM : 0;
}

/* ---- The end --------------------------------------------------------------------------------- */

static int compare(const void *left, const void *right)
{
	const struct ck_finding *a = left, *b = right;

	if (a->at_end != b->at_end)
		return a->at_end ? 1 : -1;
	if (a->line != b->line && !a->at_end)
		return a->line < b->line ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

int weft_checker_finish(
	struct weft_checker *ck, weft_finding_fn report, void *arg, struct weft_check_summary *ret)
{
	ck_chan_end(ck);
	ck_life_end(ck);
	if (ck->failed)
		return -ENOMEM;
	if (ck->nfindings)
		qsort(ck->findings, ck->nfindings, sizeof(*ck->findings), compare);
	for (size_t i = 0; i < ck->nfindings && report; i++) {
		const struct ck_finding *from = &ck->findings[i];
		struct weft_finding finding = {from->rule, (enum weft_severity)from->severity,
			from->line, from->record, from->text};

		report(arg, &finding);
	}
	if (ck->not_kept && report) {
		char text[80];
		struct weft_finding finding = {"limit", WEFT_WARNING, 0, 0, text};

		snprintf(text, sizeof(text), "%llu more findings are counted but not listed",
			(unsigned long long)ck->not_kept);
		report(arg, &finding);
	}
	ret->errors = ck->errors;
	ret->warnings = ck->warnings;
	ret->records = ck->records;
	ret->threads = (uint32_t)(ck->threads < UINT32_MAX ? ck->threads : UINT32_MAX);
	return 0;
}

static int on_header(void *arg, const struct weft_header *header)
{
	return weft_checker_header(arg, header);
}

static int on_arrive(void *arg, const struct weft_record *rec)
{
	return weft_checker_arrive(arg, rec);
}

static int on_record(void *arg, const struct weft_record *rec)
{
	return weft_checker_record(arg, rec);
}

static bool on_can_be(void *arg, const struct weft_record *rec)
{
	return weft_checker_can_be(arg, rec);
}

int weft_check(const char *path, const char *format, weft_finding_fn report, void *arg,
	struct weft_check_summary *ret, struct weft_trace_error *error)
{
	struct weft_checker *ck = weft_checker_create();
	struct weft_check_summary summary;
	struct weft_sink sink = {
		.arg = ck,
		.header = on_header,
		.arrive = on_arrive,
		.record = on_record,
		.can_be = on_can_be,
	};
	int rc, end;

	if (!ck)
		return weft_refuse(error, -ENOMEM, 0, "%s", strerror(ENOMEM));
	sink.report = weft_checker_report(ck);
	rc = weft_formats_read(path, format, &sink, error);
	end = weft_checker_finish(ck, report, arg, &summary);
	weft_checker_free(ck);
	if (rc < 0)
		return rc;
	if (end < 0)
		return weft_refuse(error, end, 0, "%s", strerror(-end));
	*ret = summary;
	return 0;
}
