/* SPDX-License-Identifier: MIT
 *
 * Looking ahead for the writer of Chrome traces. See chrome_plan.h.
 */
#include "tracer/formats/chrome_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int add_time(int64_t **times, size_t *n, size_t *room, int64_t t)
{
	if (weft_grow(times, *n, room, sizeof(**times)) < 0)
		return -ENOMEM;
	(*times)[(*n)++] = t;
	return 0;
}

/* Parked until the worker says otherwise. */
static int take_worker(struct chrome_plan *plan, const struct weft_record *rec)
{
	uint64_t key = (uint64_t)rec->w + 1;
	uint64_t *open = weft_map_get(&plan->parked, key);

	if (open) {
		plan->park_ends[*open] = rec->t;
		weft_map_remove(&plan->parked, key);
	}
	if (rec->op != WEFT_WORKER_PARK)
		return 0;
	if (add_time(&plan->park_ends, &plan->nparks, &plan->room_parks, INT64_MAX) < 0)
		return -ENOMEM;
	return weft_map_put(&plan->parked, key, plan->nparks - 1);
}

static int take_loss(struct chrome_plan *plan, const struct weft_record *rec)
{
	struct chrome_loss loss = {rec->since >= 0 ? rec->since : rec->t, rec->t, rec->n, rec->w};
	size_t i = plan->nlosses;

	if (loss.since > loss.t)
		loss.since = loss.t;
	if (weft_grow(&plan->losses, i, &plan->room_losses, sizeof(loss)) < 0)
		return -ENOMEM;
	for (; i > 0 && plan->losses[i - 1].since > loss.since; i--)
		plan->losses[i] = plan->losses[i - 1];
	plan->losses[i] = loss;
	plan->nlosses++;
	return 0;
}

static int take_lock(struct chrome_plan *plan, const struct weft_record *rec)
{
	uint64_t *given;

	if (rec->kind == WEFT_EV_RELEASE)
		return weft_map_put(&plan->given, rec->on, ++plan->nreleases);
	given = rec->from && rec->ok ? weft_map_get(&plan->given, rec->on) : NULL;
	if (!given)
		return 0;
	if (weft_set_add(&plan->handed, *given) < 0)
		return -ENOMEM;
	weft_map_remove(&plan->given, rec->on);
	return 0;
}

/* An operation ends at the latest where its thread does something else. */
static int take_act(struct chrome_plan *plan, const struct weft_record *rec)
{
	uint64_t *last = weft_map_get(&plan->acting, rec->co);

	if (last) {
		if (plan->op_ends[*last] > rec->t)
			plan->op_ends[*last] = rec->t;
		weft_map_remove(&plan->acting, rec->co);
	}
	if (rec->dur <= 0)
		return 0;
	if (add_time(&plan->op_ends, &plan->nops, &plan->room_ops, rec->t + rec->dur) < 0)
		return -ENOMEM;
	return weft_map_put(&plan->acting, rec->co, plan->nops - 1);
}

static int take(void *arg, const struct weft_record *rec)
{
	struct chrome_plan *plan = arg;
	int rc = rec->co ? take_act(plan, rec) : 0;

	if (rc < 0)
		return rc;
	switch (rec->kind) {
	case WEFT_EV_WORKER:
		return take_worker(plan, rec);
	case WEFT_EV_DROP:
		return take_loss(plan, rec);
	case WEFT_EV_ACQUIRE:
	case WEFT_EV_RELEASE:
		return take_lock(plan, rec);
	case WEFT_EV_CLOSE:
		return rec->co ? weft_set_add(&plan->closes, rec->on) : 0;
	case WEFT_EV_RECV:
		if (!rec->ok && weft_set_has(&plan->closes, rec->on))
			return weft_set_add(&plan->closed, rec->on);
		return 0;
	default:
		return 0;
	}
}

int chrome_plan_make(struct chrome_plan *plan, const struct weft_writing *writing,
	struct weft_trace_error *error)
{
	struct weft_tap tap = {plan, NULL, take, NULL};
	int rc;

	memset(plan, 0, sizeof(*plan));
	rc = weft_source_read(writing->source, &tap, error);
	for (size_t i = 0; i < plan->nparks; i++) {
		if (plan->park_ends[i] == INT64_MAX)
			plan->park_ends[i] = writing->trace->end_ns;
	}
	return rc;
}

void chrome_plan_finish(struct chrome_plan *plan)
{
	free(plan->park_ends);
	free(plan->op_ends);
	free(plan->losses);
	weft_set_finish(&plan->handed);
	weft_set_finish(&plan->closed);
	weft_set_finish(&plan->closes);
	weft_map_finish(&plan->parked);
	weft_map_finish(&plan->acting);
	weft_map_finish(&plan->given);
}
