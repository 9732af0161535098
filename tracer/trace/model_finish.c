/* SPDX-License-Identifier: MIT
 *
 * The end of building: lives that are open are ended, threads sorted by birth, spans by thread, and
 * everything handed to the arena.
 */
#include "tracer/trace/model_builder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void name_all(struct weft_builder *builder)
{
	struct weft_trace *trace = builder->trace;
	char text[64];

	for (uint32_t i = 0; i < trace->nthreads; i++) {
		struct weft_thread *thread = &trace->threads[i];

		snprintf(text, sizeof(text), "#%llu", (unsigned long long)thread->id);
		if (!thread->name || !thread->name[0])
			thread->name = thread->fn && thread->fn[0]
					       ? thread->fn
					       : weft_builder_intern(builder, text);
	}
	for (uint32_t i = 0; i < trace->nobjects; i++) {
		struct weft_object *object = &trace->objects[i];

		snprintf(text, sizeof(text), "%s #%llu", weft_obj_word(object->type),
			(unsigned long long)object->id);
		if (!object->name || !object->name[0])
			object->name = weft_builder_intern(builder, text);
	}
}

static void end_lives(struct weft_builder *builder)
{
	struct weft_trace *trace = builder->trace;

	for (uint32_t i = 0; i < trace->nthreads; i++) {
		struct weft_thread *thread = &trace->threads[i];

		if (thread->ended)
			continue;
		weft_builder_end_span(builder, i, builder->t);
		thread->died_ns = builder->t;
	}
}

/* Threads in the order of birth, then id. The records' order is nearly that already. */
struct order {
	int64_t born_ns;
	uint64_t id;
	uint32_t index;
};

static int compare(const void *left, const void *right)
{
	const struct order *a = left, *b = right;

	if (a->born_ns != b->born_ns)
		return a->born_ns < b->born_ns ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

static void renumber(struct weft_trace *trace, const uint32_t *new_of)
{
	for (uint32_t i = 0; i < trace->nthreads; i++) {
		if (trace->threads[i].parent != WEFT_NO_INDEX)
			trace->threads[i].parent = new_of[trace->threads[i].parent];
	}
	for (uint32_t i = 0; i < trace->nmessages; i++) {
		trace->messages[i].from = new_of[trace->messages[i].from];
		if (trace->messages[i].to != WEFT_NO_INDEX)
			trace->messages[i].to = new_of[trace->messages[i].to];
	}
	for (uint32_t i = 0; i < trace->nspans; i++)
		trace->spans[i].thread = new_of[trace->spans[i].thread];
	for (uint32_t i = 0; i < trace->nwakes; i++) {
		trace->wakes[i].to = new_of[trace->wakes[i].to];
		if (trace->wakes[i].from != WEFT_NO_INDEX)
			trace->wakes[i].from = new_of[trace->wakes[i].from];
	}
	for (uint32_t i = 0; i < trace->nevents; i++) {
		if (trace->events[i].thread != WEFT_NO_INDEX)
			trace->events[i].thread = new_of[trace->events[i].thread];
	}
}

static int sort_threads(struct weft_trace *trace)
{
	uint32_t n = trace->nthreads;
	struct order *order = reallocarray(NULL, n + 1, sizeof(*order));
	uint32_t *new_of = reallocarray(NULL, n + 1, sizeof(*new_of));
	struct weft_thread *sorted = reallocarray(NULL, n + 1, sizeof(*sorted));
	int rc = order && new_of && sorted ? 0 : -ENOMEM;

	if (rc == 0) {
		for (uint32_t i = 0; i < n; i++)
			order[i] =
				(struct order){trace->threads[i].born_ns, trace->threads[i].id, i};
		qsort(order, n, sizeof(*order), compare);
		for (uint32_t i = 0; i < n; i++) {
			sorted[i] = trace->threads[order[i].index];
			new_of[order[i].index] = i;
		}
		free(trace->threads);
		trace->threads = sorted;
		sorted = NULL;
		renumber(trace, new_of);
	}
	free(order);
	free(new_of);
	free(sorted);
	return rc;
}

/*
 * Gives the pages of a block back that hold nothing any more: what is sorted into a second block
 * else takes twice its memory at the end, more than all the rest.
 */
static void give_back(void *block, size_t bytes)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = ((uintptr_t)block + page - 1) / page * page;
	uintptr_t to = ((uintptr_t)block + bytes) / page * page;

	if (from < to)
		madvise((void *)from, to - from, MADV_DONTNEED);
}

/* Brings each thread's spans together; they keep their order in time. */
static int sort_spans(struct weft_trace *trace)
{
	enum { AT_ONCE = 1 << 18 };
	struct weft_span *spans = trace->spans;
	struct weft_span *sorted = reallocarray(NULL, (size_t)trace->nspans + 1, sizeof(*sorted));
	uint32_t *next = reallocarray(NULL, (size_t)trace->nthreads + 1, sizeof(*next));
	uint32_t first = 0;

	if (!sorted || !next) {
		free(sorted);
		free(next);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < trace->nthreads; i++) {
		trace->threads[i].first_span = next[i] = first;
		first += trace->threads[i].nspans;
	}
	for (uint32_t i = 0; i < trace->nspans; i++) {
		sorted[next[spans[i].thread]++] = spans[i];
		if (i % AT_ONCE == AT_ONCE - 1)
			give_back(&spans[i + 1 - AT_ONCE], AT_ONCE * sizeof(*spans));
	}
	free(next);
	free(spans);
	trace->spans = sorted;
	return 0;
}

static int adopt_columns(struct weft_builder *builder)
{
	struct weft_trace *trace = builder->trace;
	void *blocks[] = {trace->threads, trace->objects, trace->messages, trace->spans,
		trace->wakes, trace->events};
	int rc = 0;

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		if (rc == 0)
			rc = weft_arena_adopt(builder->arena, blocks[i]);
		else
			free(blocks[i]);
	}
	trace->threads = rc == 0 ? trace->threads : NULL;
	if (rc < 0) {
		trace->objects = NULL;
		trace->messages = NULL;
		trace->spans = NULL;
		trace->wakes = NULL;
		trace->events = NULL;
	}
	return rc;
}

int weft_builder_finish(
	struct weft_builder *builder, const char *path, struct weft_trace **ret_trace)
{
	struct weft_trace *trace = builder->trace;
	const char *slash = strrchr(path, '/');
	int rc;

	trace->end_ns = builder->t;
	if (!trace->title)
		trace->title = weft_builder_intern(builder, slash ? slash + 1 : path);
	end_lives(builder);
	name_all(builder);
	if (builder->failed)
		return -ENOMEM;
	rc = sort_threads(trace);
	if (rc == 0)
		rc = sort_spans(trace);
	if (rc < 0)
		return rc;
	rc = adopt_columns(builder);
	if (rc < 0)
		return rc;
	trace->arena = builder->arena;
	builder->arena = NULL;
	builder->trace = NULL;
	*ret_trace = trace;
	return 0;
}

void weft_trace_free(struct weft_trace *trace)
{
	if (!trace)
		return;
	weft_arena_free(trace->arena);
	free(trace->warning);
	free(trace);
}
