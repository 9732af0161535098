/* SPDX-License-Identifier: MIT
 *
 * Who takes part in a trace: threads and objects by their ids, source locations, and what all of
 * them are called in the end.
 */
#include <stdio.h>

#include "tracer/stats/gather.h"

const char *weft_gather_intern(struct weft_gather *g, const char *text)
{
	char label[WEFT_LABEL_TEXT];
	const char *copy;

	if (!text)
		return NULL;
	weft_label_text(text, label);
	copy = weft_arena_intern(g->arena, label);
	g->failed |= !copy;
	return copy;
}

uint32_t weft_gather_new_thread(struct weft_gather *g, uint64_t id)
{
	uint32_t i = g->stats->nthreads;

	if (i == WEFT_NO_INDEX - 1 ||
		weft_grow(&g->stats->threads, i, &g->room_threads, sizeof(*g->stats->threads)) <
			0 ||
		weft_ids_add(&g->thread_of, id, i) < 0) {
		g->failed = true;
		return WEFT_NO_INDEX;
	}
	g->stats->nthreads++;
	g->stats->threads[i] = (struct weft_thread_stats){
		.id = id,
		.born_ns = g->t,
		.died_ns = WEFT_NO_TIME,
		.since_ns = g->t,
		.parent = WEFT_NO_INDEX,
		.first_reason = WEFT_NO_INDEX,
		.obj = WEFT_NO_INDEX,
		.of = WEFT_NO_INDEX,
		.pre = true, /* until it is spawned */
		.chosen = !g->chosen.threads || weft_set_has(g->chosen.threads, id),
	};
	return i;
}

uint32_t weft_gather_new_object(struct weft_gather *g, uint64_t id, uint8_t type)
{
	uint32_t i = g->stats->nobjects;

	if (i == WEFT_NO_INDEX - 1 ||
		weft_grow(&g->stats->objects, i, &g->room_objects, sizeof(*g->stats->objects)) <
			0 ||
		weft_ids_add(&g->object_of, id, i) < 0) {
		g->failed = true;
		return WEFT_NO_INDEX;
	}
	g->stats->nobjects++;
	g->stats->objects[i] = (struct weft_object_stats){
		.id = id,
		.made_ns = g->t,
		.freed_ns = WEFT_NO_TIME,
		.closed_ns = WEFT_NO_TIME,
		.first_send_ns = WEFT_NO_TIME,
		.last_recv_ns = WEFT_NO_TIME,
		.holder = WEFT_NO_INDEX,
		.type = type,
		.chosen = !g->chosen.objects || weft_set_has(g->chosen.objects, id),
	};
	return i;
}

const char *weft_gather_where(struct weft_gather *g, const struct weft_record *rec)
{
	uint32_t i;

	if (rec->at_text)
		return weft_gather_intern(g, rec->at_text);
	i = rec->at ? weft_ids_get(&g->loc_of, rec->at) : WEFT_NO_INDEX;
	if (i == WEFT_NO_INDEX && rec->stack) {
		i = weft_ids_get(&g->stack_of, rec->stack);
		i = i == WEFT_NO_INDEX ? i : g->stacks[i];
	}
	return i == WEFT_NO_INDEX ? NULL : g->locs[i];
}

void weft_cast_stack(struct weft_gather *g, const struct weft_record *rec)
{
	uint32_t loc = rec->nids ? weft_ids_get(&g->loc_of, rec->ids[0]) : WEFT_NO_INDEX;

	if (loc == WEFT_NO_INDEX || weft_ids_get(&g->stack_of, rec->stack) != WEFT_NO_INDEX)
		return;
	if (weft_grow(&g->stacks, g->nstacks, &g->room_stacks, sizeof(*g->stacks)) < 0 ||
		weft_ids_add(&g->stack_of, rec->stack, (uint32_t)g->nstacks) < 0) {
		g->failed = true;
		return;
	}
	g->stacks[g->nstacks++] = loc;
}

void weft_cast_loc(struct weft_gather *g, const struct weft_record *rec)
{
	char text[WEFT_LABEL_TEXT];

	if (weft_ids_get(&g->loc_of, rec->loc) != WEFT_NO_INDEX)
		return;
	if (rec->file && rec->line_no >= 0)
		snprintf(text, sizeof(text), "%.200s:%lld", rec->file, (long long)rec->line_no);
	else
		snprintf(text, sizeof(text), "%.200s", rec->file ? rec->file : rec->fn);
	if (weft_grow(&g->locs, g->nlocs, &g->room_locs, sizeof(*g->locs)) < 0 ||
		weft_ids_add(&g->loc_of, rec->loc, (uint32_t)g->nlocs) < 0) {
		g->failed = true;
		return;
	}
	g->locs[g->nlocs++] = weft_gather_intern(g, text);
}

void weft_cast_spawn(struct weft_gather *g, const struct weft_record *rec)
{
	uint32_t parent = weft_gather_thread(g, rec->co);
	uint32_t known = g->stats->nthreads;
	uint32_t i = weft_gather_thread(g, rec->new_);
	struct weft_thread_stats *thread;

	if (i == WEFT_NO_INDEX)
		return;
	thread = &g->stats->threads[i];
	if (i < known && (thread->name || !thread->pre))
		return; /* an error, or said again after a drop */
	thread->name = weft_gather_intern(g, rec->name);
	thread->fn = weft_gather_intern(g, rec->fn);
	thread->at = weft_gather_where(g, rec);
	thread->pre = rec->pre || i < known;
	thread->sys = rec->sys && i >= known;
	thread->parent = i < known ? WEFT_NO_INDEX : parent;
	if (!thread->pre && g->sched)
		weft_life_spawn(g, i);
}

void weft_cast_make(struct weft_gather *g, const struct weft_record *rec)
{
	uint32_t known = g->stats->nobjects;
	uint32_t i = weft_gather_object(g, rec->on, rec->type);
	struct weft_object_stats *object;

	if (i == WEFT_NO_INDEX)
		return;
	object = &g->stats->objects[i];
	if (i < known && object->name)
		return;
	object->name = weft_gather_intern(g, rec->name);
	object->elem = weft_gather_intern(g, rec->elem);
	object->at = weft_gather_where(g, rec);
	object->type = rec->type;
	object->cap = rec->cap > 0 ? (uint64_t)rec->cap : 0;
	object->has_cap = rec->cap >= 0;
}

/* After the range those that take part already still get their names. */
void weft_cast_name(struct weft_gather *g, const struct weft_record *rec)
{
	const char **name = NULL;
	uint32_t i;

	if (rec->co) {
		i = g->over ? weft_ids_get(&g->thread_of, rec->co) : weft_gather_thread(g, rec->co);
		name = i == WEFT_NO_INDEX ? NULL : &g->stats->threads[i].name;
	} else if (rec->on) {
		i = g->over ? weft_ids_get(&g->object_of, rec->on)
			    : weft_gather_object(g, rec->on, WEFT_OBJ_OTHER);
		name = i == WEFT_NO_INDEX ? NULL : &g->stats->objects[i].name;
	}
	if (name)
		*name = weft_gather_intern(g, rec->name);
}

void weft_cast_object_end(struct weft_gather *g, const struct weft_record *rec)
{
	uint32_t i = weft_gather_object(
		g, rec->on, rec->kind == WEFT_EV_CLOSE ? WEFT_OBJ_CHAN : WEFT_OBJ_OTHER);

	if (i == WEFT_NO_INDEX)
		return;
	if (rec->kind == WEFT_EV_CLOSE)
		g->stats->objects[i].closed_ns = g->t;
	else
		g->stats->objects[i].freed_ns = g->t;
}

/* ---- Names ----------------------------------------------------------------------------------- */

/* Whether the name was seen before; counts it. Interned names are the same pointer. */
static void count_name(struct weft_gather *g, struct weft_map *names, const char *name)
{
	uint64_t *times = weft_map_get(names, (uintptr_t)name);

	g->failed |= weft_map_put(names, (uintptr_t)name, times ? *times + 1 : 1) < 0;
}

static bool is_ambiguous(const struct weft_map *names, const char *name)
{
	const uint64_t *times = weft_map_get(names, (uintptr_t)name);

	return times && *times > 1;
}

static void name_threads(struct weft_gather *g)
{
	struct weft_map names = {0};
	struct weft_stats *stats = g->stats;
	char text[64];

	for (uint32_t i = 0; i < stats->nthreads; i++) {
		struct weft_thread_stats *thread = &stats->threads[i];

		snprintf(text, sizeof(text), "#%llu", (unsigned long long)thread->id);
		if (!thread->name || !thread->name[0])
			thread->name = thread->fn && thread->fn[0] ? thread->fn
								   : weft_gather_intern(g, text);
		count_name(g, &names, thread->name);
	}
	for (uint32_t i = 0; i < stats->nthreads; i++)
		stats->threads[i].ambiguous = is_ambiguous(&names, stats->threads[i].name);
	weft_map_finish(&names);
}

static void name_objects(struct weft_gather *g)
{
	struct weft_map names = {0};
	struct weft_stats *stats = g->stats;
	char text[64];

	for (uint32_t i = 0; i < stats->nobjects; i++) {
		struct weft_object_stats *object = &stats->objects[i];

		snprintf(text, sizeof(text), "%s #%llu", weft_obj_word(object->type),
			(unsigned long long)object->id);
		if (!object->name || !object->name[0])
			object->name = weft_gather_intern(g, text);
		count_name(g, &names, object->name);
	}
	for (uint32_t i = 0; i < stats->nobjects; i++)
		stats->objects[i].ambiguous = is_ambiguous(&names, stats->objects[i].name);
	weft_map_finish(&names);
}

void weft_cast_end(struct weft_gather *g)
{
	name_threads(g);
	name_objects(g);
}
