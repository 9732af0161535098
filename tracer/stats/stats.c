/* SPDX-License-Identifier: MIT
 *
 * Reading a file into statistics: once for the names, if the filter asks for them, and once to
 * count.
 */
#include "tracer/stats/stats.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/stats/gather.h"
#include "tracer/trace/feed.h"

/* ---- Choosing -------------------------------------------------------------------------------- */

static bool matches(const char *const *patterns, const char *name, uint64_t id)
{
	char text[32];

	snprintf(text, sizeof(text), "#%llu", (unsigned long long)id);
	for (; *patterns; patterns++) {
		if (fnmatch(*patterns, name, 0) == 0 || strcmp(*patterns, text) == 0)
			return true;
	}
	return false;
}

/* Only who is there and what it is called; the rest has no use here. */
static int take_name(void *arg, const struct weft_record *rec)
{
	switch (rec->kind) {
	case WEFT_EV_LOC:
	case WEFT_EV_MAKE:
	case WEFT_EV_SPAWN:
	case WEFT_EV_NAME:
		return weft_gather_record(arg, rec);
	default:
		weft_gather_thread(arg, rec->co);
		weft_gather_thread(arg, rec->to);
		weft_gather_object(arg, rec->on, WEFT_OBJ_OTHER);
		return 0;
	}
}

static int choose(const struct weft_stats *stats, const struct weft_stats_filter *filter,
	struct weft_set *threads, struct weft_set *objects)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && filter->threads && i < stats->nthreads; i++) {
		if (matches(filter->threads, stats->threads[i].name, stats->threads[i].id))
			rc = weft_set_add(threads, stats->threads[i].id);
	}
	for (uint32_t i = 0; rc == 0 && filter->channels && i < stats->nobjects; i++) {
		if (matches(filter->channels, stats->objects[i].name, stats->objects[i].id))
			rc = weft_set_add(objects, stats->objects[i].id);
	}
	return rc;
}

/* Reads the names and fills the sets of those that match. */
static int read_names(struct weft_input *input, const char *format,
	const struct weft_stats_filter *filter, struct weft_set *threads, struct weft_set *objects,
	struct weft_trace_error *error)
{
	const struct weft_stats_filter all = {0, INT64_MAX, NULL, NULL};
	const struct weft_chosen everybody = {NULL, NULL};
	struct weft_gather gather;
	struct weft_consumer consumer = {&gather, weft_gather_header, take_name};
	struct weft_fed fed;
	int rc = weft_gather_init(&gather, &all, &everybody, 0);

	if (rc == 0)
		rc = weft_feed(input, format, &consumer, &fed, error);
	else
		weft_refuse(error, rc, 0, "%s", strerror(-rc));
	if (rc == 0) {
		rc = weft_gather_end(&gather, input->path);
		if (rc == 0)
			rc = choose(gather.stats, filter, threads, objects);
		if (rc < 0)
			weft_refuse(error, rc, 0, "%s", strerror(-rc));
	}
	weft_gather_finish(&gather);
	weft_stats_free(gather.stats);
	return rc;
}

/* ---- Counting -------------------------------------------------------------------------------- */

static int finish(struct weft_gather *gather, const struct weft_fed *fed, const char *path,
	struct weft_trace_error *error)
{
	struct weft_stats *stats = gather->stats;
	int rc = weft_gather_end(gather, path);

	if (rc == 0) {
		stats->records = fed->records;
		stats->nerrors = fed->nerrors;
		stats->nwarnings = fed->nwarnings;
		stats->complete &= !fed->cut;
		stats->warning = strdup(fed->warning);
		rc = stats->warning ? 0 : -ENOMEM;
	}
	if (rc < 0)
		return weft_refuse(error, rc, 0, "%s", strerror(-rc));
	return stats->nthreads == 0 && !gather->over ? weft_feed_refuse_empty(fed, error) : 0;
}

static int count(struct weft_input *input, const char *format,
	const struct weft_stats_filter *filter, const struct weft_chosen *chosen, uint32_t longest,
	struct weft_stats **ret_stats, struct weft_trace_error *error)
{
	struct weft_gather gather;
	struct weft_consumer consumer = {&gather, weft_gather_header, weft_gather_record};
	struct weft_fed fed;
	int rc = weft_gather_init(&gather, filter, chosen, longest);

	if (rc < 0)
		weft_refuse(error, rc, 0, "%s", strerror(-rc));
	else
		rc = weft_feed(input, format, &consumer, &fed, error);
	if (rc == 0)
		rc = finish(&gather, &fed, input->path, error);
	weft_gather_finish(&gather);
	if (rc < 0) {
		weft_stats_free(gather.stats);
		return rc;
	}
	gather.stats->no_thread_matches = chosen->threads && chosen->threads->npages == 0;
	gather.stats->no_channel_matches = chosen->objects && chosen->objects->npages == 0;
	*ret_stats = gather.stats;
	return 0;
}

int weft_stats_read(const char *path, const char *format, const struct weft_stats_filter *filter,
	uint32_t longest, struct weft_stats **ret_stats, struct weft_trace_error *error)
{
	struct weft_set threads = {.npages = 0}, objects = {.npages = 0};
	struct weft_chosen chosen = {
		filter->threads ? &threads : NULL, filter->channels ? &objects : NULL};
	struct weft_input input;
	int rc = weft_input_open(&input, path, error);

	if (rc < 0)
		return rc;
	if (filter->threads || filter->channels)
		rc = read_names(&input, format, filter, &threads, &objects, error);
	if (rc == 0)
		rc = count(&input, format, filter, &chosen, longest, ret_stats, error);
	weft_input_close(&input);
	weft_set_finish(&threads);
	weft_set_finish(&objects);
	return rc;
}

static void free_lists(struct weft_stats *stats)
{
	for (uint32_t i = 0; i < stats->nthreads; i++)
		free(stats->threads[i].cases);
	for (uint32_t i = 0; i < stats->nobjects; i++) {
		weft_histogram_finish(&stats->objects[i].queue);
		weft_histogram_finish(&stats->objects[i].held);
	}
	for (uint32_t i = 0; i < stats->ncycles; i++)
		free(stats->cycles[i].threads);
	free(stats->threads);
	free(stats->objects);
	free(stats->reasons);
	free(stats->waits);
	free(stats->trips);
	free(stats->lost);
	free(stats->held);
	free(stats->cycles);
	free(stats->left);
}

void weft_stats_free(struct weft_stats *stats)
{
	if (!stats)
		return;
	free_lists(stats);
	weft_pairs_finish(&stats->pairs);
	weft_histogram_finish(&stats->queue);
	weft_histogram_finish(&stats->latency);
	weft_arena_free(stats->arena);
	free(stats->warning);
	free(stats);
}

double weft_stats_rate(const struct weft_object_stats *object)
{
	if (object->first_send_ns == WEFT_NO_TIME || object->last_recv_ns == WEFT_NO_TIME ||
		object->last_recv_ns <= object->first_send_ns)
		return 0;
	return (double)object->received * 1e9 /
	       (double)(object->last_recv_ns - object->first_send_ns);
}
