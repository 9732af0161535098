/* SPDX-License-Identifier: MIT
 *
 * What users mark: regions of coroutines (E25, W03) and tasks (E26).
 */
#include "tracer/trace/check_state.h"

#include <stdlib.h>
#include <string.h>

/* What was open before a drop may have ended in it. */
static void refresh(struct weft_checker *ck, struct ck_co *co)
{
	if (co->regions_epoch == ck->epoch)
		return;
	co->regions_epoch = ck->epoch;
	for (size_t i = 0; i < co->nregions; i++)
		free(co->regions[i]);
	co->nregions = 0;
	co->regions_lost = true;
}

static void check_task(struct weft_checker *ck, const struct weft_record *rec, uint64_t id)
{
	if (id == 0 || weft_set_has(&ck->tasks, id))
		return;
	if (ck_claims(ck, WEFT_CAP_USER) && !ck_is_lossy(ck))
		ck_say(ck, "E26", rec, "%s: task %llu has not begun", weft_ev_word(rec->kind),
			(unsigned long long)id);
	ck_set_add(ck, &ck->tasks, id);
}

void ck_begin(struct weft_checker *ck, const struct weft_record *rec, struct ck_co *co)
{
	check_task(ck, rec, rec->task);
	if (!co)
		return;
	refresh(ck, co);
	if (weft_grow(&co->regions, co->nregions, &co->room_regions, sizeof(*co->regions)) < 0) {
		ck->failed = true;
		return;
	}
	co->regions[co->nregions] = strdup(rec->name);
	if (co->regions[co->nregions])
		co->nregions++;
	else
		ck->failed = true;
}

void ck_end(struct weft_checker *ck, const struct weft_record *rec, struct ck_co *co)
{
	size_t i;

	if (!co)
		return;
	refresh(ck, co);
	for (i = co->nregions; i > 0; i--) {
		if (strcmp(co->regions[i - 1], rec->name) == 0)
			break;
	}
	if (i != co->nregions || i == 0) {
		bool lost = i == 0 && (co->regions_lost || ck_is_lossy(ck));

		if (ck_claims(ck, WEFT_CAP_USER) && !lost)
			ck_say(ck, "E25", rec,
				"end of \"%.60s\", and the innermost region is %s%.60s%s",
				rec->name, co->nregions ? "\"" : "",
				co->nregions ? co->regions[co->nregions - 1] : "none",
				co->nregions ? "\"" : "");
	}
	/* At its word: it ends, and with it what is within. */
	while (i > 0 && co->nregions >= i)
		free(co->regions[--co->nregions]);
}

void ck_regions_end(struct weft_checker *ck, const struct weft_record *rec, struct ck_co *co)
{
	refresh(ck, co);
	if (co->nregions > 0)
		ck_say(ck, "W03", rec, "coroutine %llu ends in region \"%.60s\"",
			(unsigned long long)co->id, co->regions[co->nregions - 1]);
}

void ck_task(struct weft_checker *ck, const struct weft_record *rec)
{
	bool checked = ck_claims(ck, WEFT_CAP_USER);

	if (rec->op == 0) {
		check_task(ck, rec, rec->parent);
		if (checked && weft_set_has(&ck->tasks, rec->id))
			ck_say(ck, "E26", rec, "task %llu has begun before",
				(unsigned long long)rec->id);
		ck_set_add(ck, &ck->tasks, rec->id);
		return;
	}
	check_task(ck, rec, rec->id);
	if (checked && weft_set_has(&ck->ended_tasks, rec->id))
		ck_say(ck, "E26", rec, "task %llu ends twice", (unsigned long long)rec->id);
	ck_set_add(ck, &ck->ended_tasks, rec->id);
}
