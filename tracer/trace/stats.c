/* SPDX-License-Identifier: MIT
 *
 * Statistics of a loaded trace.
 */
#include "tracer/trace/stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Something that lasted, in a list of the longest. */
struct entry {
	int64_t length_ns, begin_ns;
	uint32_t index; /* of a span or a message */
};

/* The longest ones seen so far, as a heap with the least of them on top. */
struct longest {
	struct entry *entries;
	uint32_t count, room;
};

/* Whether `a` stands before `b` in the list: it is longer, or it was earlier. */
static bool is_before(const struct entry *a, const struct entry *b)
{
	if (a->length_ns != b->length_ns)
		return a->length_ns > b->length_ns;
	if (a->begin_ns != b->begin_ns)
		return a->begin_ns < b->begin_ns;
	return a->index < b->index;
}

static void sift_down(struct longest *list)
{
	struct entry entry = list->entries[0];
	uint32_t i = 0;

	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child >= list->count)
			break;
		if (child + 1 < list->count &&
			is_before(&list->entries[child], &list->entries[child + 1]))
			child++;
		if (!is_before(&entry, &list->entries[child]))
			break;
		list->entries[i] = list->entries[child];
		i = child;
	}
	list->entries[i] = entry;
}

static void offer(struct longest *list, const struct entry *entry)
{
	uint32_t i;

	if (list->room == 0)
		return;
	if (list->count == list->room) {
		if (is_before(entry, &list->entries[0])) {
			list->entries[0] = *entry;
			sift_down(list);
		}
		return;
	}
	i = list->count++;
	while (i > 0 && is_before(&list->entries[(i - 1) / 2], entry)) {
		list->entries[i] = list->entries[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	list->entries[i] = *entry;
}

static int compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	return is_before(a, b) ? -1 : is_before(b, a);
}

static void count_span(struct weft_stats *stats, const struct weft_trace *trace,
	struct longest *waits, uint32_t index)
{
	const struct weft_span *span = &trace->spans[index];
	struct weft_thread_stats *thread = &stats->threads[span->thread];
	struct entry entry = {span->end_ns - span->begin_ns, span->begin_ns, index};

	switch (span->state) {
	case WEFT_STATE_RUNNING:
		thread->running_ns += entry.length_ns;
		return;
	case WEFT_STATE_READY:
		thread->ready_ns += entry.length_ns;
		return;
	case WEFT_STATE_BLOCKED:
		break;
	default:
		thread->unknown_ns += entry.length_ns;
		return;
	}
	thread->blocked_ns += entry.length_ns;
	thread->why_ns[span->why] += entry.length_ns;
	thread->waits++;
	if (entry.length_ns > thread->longest_ns)
		thread->longest_ns = entry.length_ns;
	if (span->obj != WEFT_NO_INDEX) {
		stats->objects[span->obj].waits++;
		stats->objects[span->obj].blocked_ns += entry.length_ns;
	}
	if (!trace->threads[span->thread].sys)
		offer(waits, &entry);
}

static void count_message(struct weft_stats *stats, const struct weft_trace *trace,
	struct longest *messages, uint32_t index)
{
	const struct weft_message *message = &trace->messages[index];
	struct weft_object_stats *object = &stats->objects[message->obj];
	struct entry entry = {0, message->send_ns, index};

	object->sent++;
	if (message->recv_ns == WEFT_NO_TIME) {
		object->withdrawn += message->unsend_ns != WEFT_NO_TIME;
		stats->npending += message->unsend_ns == WEFT_NO_TIME;
		return;
	}
	entry.length_ns = message->recv_ns - message->send_ns;
	object->received++;
	if (entry.length_ns > object->queue_max_ns)
		object->queue_max_ns = entry.length_ns;
	/* The sum, until all are counted. It stops at the top: 2^32 times 2^53 ns do not fit. */
	if (__builtin_add_overflow(object->queue_mean_ns, entry.length_ns, &object->queue_mean_ns))
		object->queue_mean_ns = INT64_MAX;
	offer(messages, &entry);
}

static void count_totals(struct weft_stats *stats, const struct weft_trace *trace)
{
	for (uint32_t i = 0; i < trace->nthreads; i++) {
		const struct weft_thread_stats *thread = &stats->threads[i];

		stats->running_ns += thread->running_ns;
		stats->ready_ns += thread->ready_ns;
		stats->blocked_ns += thread->blocked_ns;
		stats->unknown_ns += thread->unknown_ns;
		stats->nalive += !trace->threads[i].ended && !trace->threads[i].sys;
	}
	for (uint32_t i = 0; i < trace->nobjects; i++) {
		struct weft_object_stats *object = &stats->objects[i];

		stats->nchannels += trace->objects[i].type == WEFT_OBJ_CHAN;
		if (object->received)
			object->queue_mean_ns /= object->received;
	}
}

static void fill_waits(
	struct weft_stats *stats, const struct weft_trace *trace, struct longest *waits)
{
	qsort(waits->entries, waits->count, sizeof(*waits->entries), compare);
	for (uint32_t i = 0; i < waits->count; i++) {
		const struct weft_span *span = &trace->spans[waits->entries[i].index];
		const struct weft_thread *thread = &trace->threads[span->thread];

		stats->waits[stats->nwaits++] = (struct weft_wait){
			.begin_ns = span->begin_ns,
			.end_ns = span->end_ns,
			.thread = span->thread,
			.obj = span->obj,
			.why = span->why,
			.open = !thread->ended && span->end_ns == trace->end_ns,
		};
	}
}

static int count(struct weft_stats *stats, const struct weft_trace *trace, struct longest *waits,
	struct longest *messages)
{
	stats->threads = calloc((size_t)trace->nthreads + 1, sizeof(*stats->threads));
	stats->objects = calloc((size_t)trace->nobjects + 1, sizeof(*stats->objects));
	stats->waits = calloc((size_t)waits->room + 1, sizeof(*stats->waits));
	stats->messages = calloc((size_t)messages->room + 1, sizeof(*stats->messages));
	waits->entries = calloc((size_t)waits->room + 1, sizeof(*waits->entries));
	messages->entries = calloc((size_t)messages->room + 1, sizeof(*messages->entries));
	if (!stats->threads || !stats->objects || !stats->waits || !stats->messages ||
		!waits->entries || !messages->entries)
		return -ENOMEM;
	for (uint32_t i = 0; i < trace->nspans; i++)
		count_span(stats, trace, waits, i);
	for (uint32_t i = 0; i < trace->nmessages; i++)
		count_message(stats, trace, messages, i);
	count_totals(stats, trace);
	fill_waits(stats, trace, waits);
	qsort(messages->entries, messages->count, sizeof(*messages->entries), compare);
	for (uint32_t i = 0; i < messages->count; i++)
		stats->messages[stats->nmessages++] = messages->entries[i].index;
	return 0;
}

int weft_stats_create(
	const struct weft_trace *trace, uint32_t longest, struct weft_stats **ret_stats)
{
	struct weft_stats *stats = calloc(1, sizeof(*stats));
	struct longest waits = {.room = longest < trace->nspans ? longest : trace->nspans};
	struct longest messages = {.room = longest < trace->nmessages ? longest : trace->nmessages};
	int rc = stats ? count(stats, trace, &waits, &messages) : -ENOMEM;

	free(waits.entries);
	free(messages.entries);
	if (rc < 0)
		weft_stats_free(stats);
	else
		*ret_stats = stats;
	return rc;
}

void weft_stats_free(struct weft_stats *stats)
{
	if (!stats)
		return;
	free(stats->threads);
	free(stats->objects);
	free(stats->waits);
	free(stats->messages);
	free(stats);
}
