/* SPDX-License-Identifier: MIT */
#include "tracer/record/flight.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Who or what lives, and what a coroutine was doing. */
struct life {
	struct weft_rec *born,
		*name; /* copies of its SPAWN or MAKE, and of its last NAME or NULL */
	struct {
		struct weft_rec rec;
		struct weft_rec_tail tail;
	} state; /* a STATE; its n is 0 while it is not known */
	int worker;
};

static void life_free(void *value)
{
	struct life *life = value;

	if (!life)
		return;
	free(life->born);
	free(life->name);
	free(life);
}

int weft__flight_init(struct weft__flight *flight, uint64_t bytes)
{
	memset(flight, 0, sizeof(*flight));
	flight->size = 2 * WEFT_REC_UNITS_MAX;
	while (flight->size * 2 * WEFT_REC_UNIT <= bytes)
		flight->size *= 2;
	flight->units = calloc(flight->size, sizeof(*flight->units));
	flight->workers = calloc(flight->size, sizeof(*flight->workers));
	return flight->units && flight->workers ? 0 : -ENOMEM;
}

void weft__flight_free(struct weft__flight *flight)
{
	free(flight->units);
	free(flight->workers);
	weft__idmap_free(&flight->cos, life_free);
	weft__idmap_free(&flight->objects, life_free);
	weft__idmap_free(&flight->stacks, free);
	memset(flight, 0, sizeof(*flight));
}

static struct weft_rec *copy_of(const struct weft_rec *rec)
{
	struct weft_rec *copy = malloc(rec->units * sizeof(*rec));

	return copy ? memcpy(copy, rec, rec->units * sizeof(*rec)) : NULL;
}

/* ---- What is forgotten --------------------------------------------------------------------------
 */

static int begin_life(struct weft__idmap *map, const struct weft_rec *rec)
{
	struct life *life;

	life_free(weft__idmap_take(map, rec->on));
	life = weft__idmap_add(map, rec->on, sizeof(*life));
	if (!life)
		return -ENOMEM;
	life->worker = -1;
	life->born = copy_of(rec);
	return life->born ? 0 : -ENOMEM;
}

static int keep_stack(struct weft__idmap *stacks, const struct weft_rec *rec, uint64_t number)
{
	size_t bytes = rec->units * sizeof(*rec);
	struct weft_rec *copy = weft__idmap_add(stacks, number, bytes);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, rec, bytes);
	return 0;
}

static int rename_life(struct life *life, const struct weft_rec *rec)
{
	if (!life)
		return 0;
	free(life->name);
	life->name = copy_of(rec);
	return life->name ? 0 : -ENOMEM;
}

static void set_state(struct weft__flight *flight, uint64_t co, enum weft_state state, int worker,
	enum weft_why why, uint64_t on)
{
	struct life *life = weft__idmap_find(&flight->cos, co);

	if (!life)
		return;
	life->state.rec = (struct weft_rec){.co = co,
		.on = on,
		.kind = WEFT_EV_STATE,
		.units = 1,
		.why = (uint8_t)why,
		.n = state};
	life->worker = state == WEFT_STATE_RUNNING ? worker : -1;
}

/* What this record, which goes, changes for those that are kept. */
static int apply(struct weft__flight *flight, const struct weft_rec *rec, int worker)
{
	const struct weft_rec_tail *tail = (const struct weft_rec_tail *)(rec + 1);

	switch (rec->kind) {
	case WEFT_EV_STACK:
		return keep_stack(&flight->stacks, rec, (uint64_t)tail->a);
	case WEFT_EV_SPAWN:
		if (begin_life(&flight->cos, rec) < 0)
			return -ENOMEM;
		if (!(rec->flags & WEFT_REC_SYS))
			set_state(flight, rec->on, WEFT_STATE_READY, worker, WEFT_WHY_NONE, 0);
		return 0;
	case WEFT_EV_MAKE:
		return begin_life(&flight->objects, rec);
	case WEFT_EV_NAME:
		return rename_life(weft__idmap_find(rec->on ? &flight->objects : &flight->cos,
					   rec->on ? rec->on : rec->co),
			rec);
	case WEFT_EV_FREE:
		life_free(weft__idmap_take(&flight->objects, rec->on));
		return 0;
	case WEFT_EV_EXIT:
		life_free(weft__idmap_take(&flight->cos, rec->co));
		return 0;
	case WEFT_EV_RUN:
		set_state(flight, rec->co, WEFT_STATE_RUNNING, worker, WEFT_WHY_NONE, 0);
		return 0;
	case WEFT_EV_YIELD:
		set_state(flight, rec->co, WEFT_STATE_READY, worker, WEFT_WHY_NONE, 0);
		return 0;
	case WEFT_EV_BLOCK:
		set_state(flight, rec->co, WEFT_STATE_BLOCKED, worker, rec->why, rec->on);
		return 0;
	case WEFT_EV_SLEEP:
		set_state(flight, rec->co, WEFT_STATE_BLOCKED, worker, WEFT_WHY_SLEEP, 0);
		return 0;
	case WEFT_EV_UNBLOCK:
		set_state(flight, (uint64_t)tail->a, WEFT_STATE_READY, worker, WEFT_WHY_NONE, 0);
		return 0;
	default:
		return 0;
	}
}

/* ---- What is kept -------------------------------------------------------------------------------
 */

static struct weft_rec *at(const struct weft__flight *flight, uint64_t pos)
{
	return &flight->units[pos & (flight->size - 1)];
}

static int forget_oldest(struct weft__flight *flight)
{
	const struct weft_rec *rec = at(flight, flight->head);
	int worker = flight->workers[flight->head & (flight->size - 1)];

	flight->head += rec->units;
	if (rec->flags & WEFT_REC_PAD)
		return 0;
	flight->forgotten++;
	return apply(flight, rec, worker);
}

int weft__flight_keep(
	struct weft__flight *flight, const struct weft_rec *rec, int worker, int64_t ns)
{
	uint64_t rest = flight->size - (flight->tail & (flight->size - 1));
	uint64_t skip = rec->units > rest ? rest : 0;

	while (flight->tail + skip + rec->units - flight->head > flight->size) {
		if (forget_oldest(flight) < 0)
			return -ENOMEM;
	}
	if (skip)
		*at(flight, flight->tail) =
			(struct weft_rec){.units = (uint8_t)skip, .flags = WEFT_REC_PAD};
	flight->tail += skip;
	memcpy(at(flight, flight->tail), rec, rec->units * sizeof(*rec));
	at(flight, flight->tail)->t = ns;
	flight->workers[flight->tail & (flight->size - 1)] = (uint16_t)worker;
	flight->tail += rec->units;
	return 0;
}

/* ---- A file of it -------------------------------------------------------------------------------
 */

struct play {
	weft__flight_fn *fn;
	void *arg;
	int64_t t; /* of the oldest record */
};

/* Of the records that stand for what lived before: with the stamp of the oldest. */
static int put(const struct play *play, const struct weft_rec *rec, uint8_t flags, int worker)
{
	struct weft_rec copy[WEFT_REC_UNITS_MAX];

	memcpy(copy, rec, rec->units * sizeof(*rec));
	copy->t = play->t;
	copy->flags |= flags;
	return play->fn(play->arg, copy, worker);
}

static int play_lives(const struct play *play, const struct weft__idmap *map)
{
	int ret = 0;

	for (size_t i = 0; i < map->size && ret == 0; i++) {
		const struct life *life = map->slots[i].value;

		if (!life)
			continue;
		ret = put(play, life->born, WEFT_REC_PRE, -1);
		if (ret == 0 && life->name)
			ret = put(play, life->name, 0, -1);
	}
	return ret;
}

static int play_stacks(const struct play *play, const struct weft__idmap *stacks)
{
	int ret = 0;

	for (size_t i = 0; i < stacks->size && ret == 0; i++) {
		const struct weft_rec *rec = stacks->slots[i].value;

		if (rec)
			ret = put(play, rec, 0, -1);
	}
	return ret;
}

static int play_states(const struct play *play, const struct weft__idmap *cos)
{
	int ret = 0;

	for (size_t i = 0; i < cos->size && ret == 0; i++) {
		const struct life *life = cos->slots[i].value;

		if (life && life->state.rec.n)
			ret = put(play, &life->state.rec, 0, life->worker);
	}
	return ret;
}

static int play_before(const struct weft__flight *flight, const struct play *play)
{
	struct {
		struct weft_rec rec;
		struct weft_rec_tail tail;
	} drop = {{.kind = WEFT_EV_DROP, .units = 2}, {.a = (int64_t)flight->forgotten}};
	int ret = put(play, &drop.rec, 0, -1);

	if (ret == 0)
		ret = play_stacks(play, &flight->stacks);
	if (ret == 0)
		ret = play_lives(play, &flight->cos);
	if (ret == 0)
		ret = play_lives(play, &flight->objects);
	return ret ? ret : play_states(play, &flight->cos);
}

int weft__flight_play(struct weft__flight *flight, weft__flight_fn *fn, void *arg)
{
	struct play play = {.fn = fn, .arg = arg};
	int ret = 0;

	while (flight->head != flight->tail && at(flight, flight->head)->flags & WEFT_REC_PAD)
		flight->head += at(flight, flight->head)->units;
	if (flight->head != flight->tail)
		play.t = at(flight, flight->head)->t;
	if (flight->forgotten)
		ret = play_before(flight, &play);
	for (uint64_t pos = flight->head; pos != flight->tail && ret == 0;
		pos += at(flight, pos)->units) {
		const struct weft_rec *rec = at(flight, pos);

		if (!(rec->flags & WEFT_REC_PAD))
			ret = fn(arg, rec, flight->workers[pos & (flight->size - 1)]);
	}
	return ret;
}
