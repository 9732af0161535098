/* SPDX-License-Identifier: MIT
 *
 * Held records lie in a heap by (t, w, position). All of one instant come out together; of those
 * each worker's first may go next, and the first that can be (a receive whose send is out, a run of
 * a coroutine that is ready ...) goes.
 */
#include "tracer/trace/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/trace/map.h"

#define LOOK_AHEAD 256	       /* workers whose first record is tried */
#define LOOK_PAST 4096	       /* records that are looked over for them */
#define LAST_T (INT64_MAX - 1) /* where eof is held: behind all else */

/* A record that waits for its turn. */
struct held {
	int64_t t;
	uint64_t line, index; /* index: its position, too */
	char *raw;
	size_t len;
	int32_t w;
};

struct merge {
	struct weft_reader *reader;
	const struct weft_sink *sink;
	struct held *heap;
	size_t count, room;
	struct held *group; /* of one instant, in order */
	size_t ngroup, group_room;
	int64_t last_t;
};

static bool is_before(const struct held *a, const struct held *b)
{
	if (a->t != b->t)
		return a->t < b->t;
	if (a->w != b->w)
		return a->w < b->w;
	return a->index < b->index;
}

static int push(struct merge *merge, const struct held *held)
{
	size_t i = merge->count;
	int rc = weft_grow(&merge->heap, merge->count, &merge->room, sizeof(*merge->heap));

	if (rc < 0)
		return rc;
	merge->count++;
	while (i > 0 && is_before(held, &merge->heap[(i - 1) / 2])) {
		merge->heap[i] = merge->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	merge->heap[i] = *held;
	return 0;
}

static struct held pop(struct merge *merge)
{
	struct held top = merge->heap[0], last = merge->heap[--merge->count];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= merge->count)
			break;
		if (child + 1 < merge->count &&
			is_before(&merge->heap[child + 1], &merge->heap[child]))
			child++;
		if (!is_before(&merge->heap[child], &last))
			break;
		merge->heap[i] = merge->heap[child];
		i = child;
	}
	if (merge->count > 0)
		merge->heap[i] = last;
	return top;
}

static int hold(struct merge *merge, const struct weft_record *rec)
{
	size_t len;
	const char *raw = weft_reader_raw(merge->reader, &len);
	struct held held = {.t = rec->t, .line = rec->line, .index = rec->index, .w = rec->w};
	int rc;

	if (rec->kind == WEFT_EV_EOF)
		held.t = LAST_T;
	held.raw = malloc(len + WEFT_TEXT_PAD);
	if (!held.raw)
		return -ENOMEM;
	memset(mempcpy(held.raw, raw, len), 0, WEFT_TEXT_PAD);
	held.len = len;
	rc = push(merge, &held);
	if (rc < 0)
		free(held.raw);
	return rc;
}

static int decode(struct merge *merge, const struct held *held, struct weft_record *rec)
{
	int rc = weft_reader_again(
		merge->reader, held->raw, held->len, held->line, held->index, rec);

	rec->raw = held->raw;
	rec->raw_len = held->len;
	if (held->t != LAST_T)
		rec->t = held->t;
	return rc;
}

/* The first of the group that can be, or the first. Each worker's records keep their order. */
static int choose(struct merge *merge, size_t from, size_t *ret_index, struct weft_record *rec)
{
	size_t tried = 0;

	for (size_t i = from; i < merge->ngroup && i - from < LOOK_PAST && tried < LOOK_AHEAD;
		i++) {
		int rc;

		if (i > from && merge->group[i].w == merge->group[i - 1].w)
			continue;
		tried++;
		rc = decode(merge, &merge->group[i], rec);
		if (rc < 0)
			return rc;
		if (rc == 0 || merge->sink->can_be(merge->sink->arg, rec)) {
			*ret_index = i;
			return rc;
		}
	}
	*ret_index = from;
	return decode(merge, &merge->group[from], rec);
}

/* Puts out all records of the earliest instant. */
static int release_instant(struct merge *merge)
{
	struct weft_record rec;
	int rc = 0;

	merge->ngroup = 0;
	do {
		rc = weft_grow(
			&merge->group, merge->ngroup, &merge->group_room, sizeof(*merge->group));
		if (rc < 0)
			break;
		merge->group[merge->ngroup++] = pop(merge);
	} while (merge->count > 0 && merge->heap[0].t == merge->group[0].t);
	for (size_t from = 0; rc >= 0 && from < merge->ngroup; from++) {
		struct held chosen;
		size_t i = from;

		rc = choose(merge, from, &i, &rec);
		chosen = merge->group[i];
		memmove(&merge->group[from + 1], &merge->group[from], (i - from) * sizeof(chosen));
		merge->group[from] = chosen;
		if (rc > 0)
			rc = merge->sink->record(merge->sink->arg, &rec);
	}
	for (size_t i = 0; i < merge->ngroup; i++)
		free(merge->group[i].raw);
	return rc < 0 ? rc : 0;
}

/* Puts out what is before `t`. */
static int release(struct merge *merge, int64_t t)
{
	int rc = 0;

	while (rc == 0 && merge->count > 0 && merge->heap[0].t < t)
		rc = release_instant(merge);
	return rc;
}

/* Locations and stacks have no time and wait for nobody. */
static int put_definition(struct merge *merge, struct weft_record *rec)
{
	rec->raw = weft_reader_raw(merge->reader, &rec->raw_len);
	return merge->sink->record(merge->sink->arg, rec);
}

static int take(struct merge *merge, struct weft_record *rec)
{
	const struct weft_sink *sink = merge->sink;
	int64_t tick = rec->kind == WEFT_EV_TICK ? rec->t : -1;
	int rc = sink->arrive(sink->arg, rec);

	if (rc < 0)
		return rc;
	if (rec->kind == WEFT_EV_LOC || rec->kind == WEFT_EV_STACK)
		return put_definition(merge, rec);
	if (rec->t < 0)
		rec->t = merge->last_t; /* stays with its neighbour */
	merge->last_t = rec->t;
	rc = hold(merge, rec);
	return rc == 0 && tick >= 0 ? release(merge, tick) : rc;
}

int weft_merge(struct weft_reader *reader, const struct weft_sink *sink)
{
	struct merge merge = {.reader = reader, .sink = sink};
	struct weft_record rec;
	int rc;

	while ((rc = weft_reader_next(reader, &rec)) > 0) {
		rc = take(&merge, &rec);
		if (rc < 0)
			break;
	}
	if (rc == 0)
		rc = release(&merge, INT64_MAX);
	for (size_t i = 0; i < merge.count; i++)
		free(merge.heap[i].raw);
	free(merge.heap);
	free(merge.group);
	return rc;
}
