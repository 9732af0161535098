/* SPDX-License-Identifier: MIT
 *
 * The tables of weft info: threads, channels, locks, who waited for whom, the longest waits and
 * trips. What does not fit into the first rows is summed up in one line.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/info.h"

/* A list of indices to sort and to show the first of. */
struct list {
	uint32_t *items;
	uint32_t count;
};

static struct list list_of(const struct weft_stats *s, uint32_t n,
	bool (*shows)(const struct weft_stats *s, uint32_t i),
	int (*compare)(const void *left, const void *right, void *stats))
{
	struct list list = {calloc((size_t)n + 1, sizeof(*list.items)), 0};

	if (!list.items) {
		cli_say("out of memory");
		exit(CLI_FAILED);
	}
	for (uint32_t i = 0; i < n; i++) {
		if (shows(s, i))
			list.items[list.count++] = i;
	}
	qsort_r(list.items, list.count, sizeof(*list.items), compare, (void *)s);
	return list;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void print_rest(uint32_t count, const struct info *info, const char *sums)
{
	if (count > info->top)
		printf("  %sand %s more%s; --all shows them%s\n", cli_colour(stdout, CLI_DIM),
			cli_count(count - info->top), sums, cli_colour(stdout, CLI_PLAIN));
}

static const char *time_or_dash(int64_t ns, uint64_t count)
{
	return count ? cli_duration(ns) : "-";
}

/* ---- Threads --------------------------------------------------------------------------------- */

static bool shows_thread(const struct weft_stats *s, uint32_t i)
{
	return s->threads[i].chosen && !s->threads[i].sys;
}

static int by_running(const void *left, const void *right, void *stats)
{
	const struct weft_stats *s = stats;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	int64_t time_a = s->threads[a].running_ns, time_b = s->threads[b].running_ns;

	if (time_a != time_b)
		return time_a > time_b ? -1 : 1;
	return a < b ? -1 : a > b;
}

/* "recv 93%": what it was blocked for most of the time. */
static void add_mostly(
	struct cli_table *table, const struct weft_stats *s, const struct weft_thread_stats *thread)
{
	const struct weft_reason *most = NULL;

	for (uint32_t r = thread->first_reason; r != WEFT_NO_INDEX; r = s->reasons[r].next) {
		if (!most || s->reasons[r].ns > most->ns)
			most = &s->reasons[r];
	}
	if (!most || thread->blocked_ns == 0)
		cli_table_add(table, "-");
	else
		cli_table_add(table, "%s %.0f%%", most->why ? weft_why_word(most->why) : "?",
			100 * (double)most->ns / (double)thread->blocked_ns);
}

static void print_threads(const struct info *info)
{
	static const struct cli_column columns[] = {{"id", 'r', false, 0}, {"thread", 'l', true, 0},
		{"running", 'r', false, 0}, {"ready", 'r', false, 0},
		{"longest ready", 'r', false, 3}, {"blocked", 'r', false, 0},
		{"mostly in", 'l', false, 1}, {"longest wait", 'r', false, 2},
		{"sent", 'r', false, 0}, {"received", 'r', false, 0}, {NULL, 0, false, 0}};
	const struct weft_stats *s = info->stats;
	struct list list = list_of(s, s->nthreads, shows_thread, by_running);
	struct cli_table table;
	int64_t rest = 0;
	char sums[64];

	info_heading("threads, by time running");
	cli_table_init(&table, columns);
	for (uint32_t n = 0; n < least(list.count, info->top); n++) {
		const struct weft_thread_stats *thread = &s->threads[list.items[n]];

		cli_table_add(&table, "%" PRIu64, thread->id);
		cli_table_add(&table, "%s", cli_clean(thread->name));
		cli_table_add(&table, "%s", cli_duration(thread->running_ns));
		cli_table_add(&table, "%s", cli_duration(thread->ready_ns));
		cli_table_add(&table, "%s", time_or_dash(thread->latest_ns, thread->starts));
		cli_table_add(&table, "%s", cli_duration(thread->blocked_ns));
		add_mostly(&table, s, thread);
		cli_table_add(&table, "%s", time_or_dash(thread->longest_ns, thread->waits));
		cli_table_add(&table, "%s", cli_count(thread->sent));
		cli_table_add(&table, "%s", cli_count(thread->received));
	}
	cli_table_print(&table, stdout);
	for (uint32_t n = info->top; n < list.count; n++)
		weft_add_ns(&rest, s->threads[list.items[n]].running_ns);
	snprintf(sums, sizeof(sums), ", running %s in sum", cli_duration(rest));
	print_rest(list.count, info, sums);
	free(list.items);
}

/* ---- Channels -------------------------------------------------------------------------------- */

static bool shows_channel(const struct weft_stats *s, uint32_t i)
{
	return s->objects[i].chosen && s->objects[i].type == WEFT_OBJ_CHAN;
}

static int64_t waited(const struct weft_object_stats *object)
{
	int64_t sum = object->sides[WEFT_SIDE_RECV].total_ns;

	weft_add_ns(&sum, object->sides[WEFT_SIDE_SEND].total_ns);
	return sum;
}

static int by_messages(const void *left, const void *right, void *stats)
{
	const struct weft_stats *s = stats;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	if (s->objects[a].sent != s->objects[b].sent)
		return s->objects[a].sent > s->objects[b].sent ? -1 : 1;
	if (waited(&s->objects[a]) != waited(&s->objects[b]))
		return waited(&s->objects[a]) > waited(&s->objects[b]) ? -1 : 1;
	return a < b ? -1 : a > b;
}

/* "1.2M/s" */
static const char *rate_text(double rate)
{
	static char text[32];
	const char *unit = "";

	if (rate <= 0)
		return "-";
	if (rate >= 999.5e3) {
		rate /= 1e6;
		unit = "M";
	} else if (rate >= 999.5) {
		rate /= 1e3;
		unit = "k";
	}
	snprintf(text, sizeof(text), "%.*f%s/s", rate < 9.95 ? 1 : 0, rate, unit);
	return text;
}

static void add_fullest(struct cli_table *table, const struct weft_object_stats *object)
{
	if (!object->has_cap)
		cli_table_add(table, "%" PRIu64, object->fullest);
	else if (object->cap == 0)
		cli_table_add(table, "-");
	else
		cli_table_add(table, "%" PRIu64 " of %" PRIu64, object->fullest, object->cap);
}

static void add_channel(struct cli_table *table, const struct weft_object_stats *object)
{
	const struct weft_histogram *queue = &object->queue;
	const struct weft_side_stats *sides = object->sides;

	cli_table_add(table, "%" PRIu64, object->id);
	cli_table_add(table, "%s", cli_clean(object->name));
	cli_table_add(table, "%s", object->elem ? cli_clean(object->elem) : "-");
	add_fullest(table, object);
	cli_table_add(table, "%s", cli_count(object->sent));
	cli_table_add(table, "%s", rate_text(weft_stats_rate(object)));
	cli_table_add(table, "%s", time_or_dash(weft_histogram_quantile(queue, 0.5), queue->count));
	cli_table_add(
		table, "%s", time_or_dash(weft_histogram_quantile(queue, 0.99), queue->count));
	cli_table_add(table, "%s", time_or_dash(queue->max_ns, queue->count));
	cli_table_add(table, "%s",
		time_or_dash(sides[WEFT_SIDE_SEND].total_ns, sides[WEFT_SIDE_SEND].waits));
	cli_table_add(table, "%s",
		time_or_dash(sides[WEFT_SIDE_RECV].total_ns, sides[WEFT_SIDE_RECV].waits));
	cli_table_add(table, "%s", object->closed_ns == WEFT_NO_TIME ? "" : "closed");
}

static void print_channels(const struct info *info)
{
	static const struct cli_column columns[] = {{"id", 'r', false, 0},
		{"channel", 'l', true, 0}, {"of", 'l', true, 5}, {"fullest", 'r', false, 1},
		{"messages", 'r', false, 0}, {"rate", 'r', false, 3}, {"p50", 'r', false, 2},
		{"p99", 'r', false, 0}, {"max", 'r', false, 0}, {"senders", 'r', false, 0},
		{"receivers", 'r', false, 0}, {"", 'l', false, 4}, {NULL, 0, false, 0}};
	const struct weft_stats *s = info->stats;
	struct list list = list_of(s, s->nobjects, shows_channel, by_messages);
	struct cli_table table;
	uint64_t rest = 0;
	char sums[64];

	if (list.count)
		info_heading("channels: from send to receive, and waits of senders and receivers");
	cli_table_init(&table, columns);
	for (uint32_t n = 0; n < least(list.count, info->top); n++)
		add_channel(&table, &s->objects[list.items[n]]);
	if (list.count)
		cli_table_print(&table, stdout);
	for (uint32_t n = info->top; n < list.count; n++)
		rest += s->objects[list.items[n]].sent;
	snprintf(sums, sizeof(sums), " with %s message%s in sum", cli_count(rest),
		info_plural(rest));
	print_rest(list.count, info, sums);
	free(list.items);
}

/* ---- Locks ----------------------------------------------------------------------------------- */

static bool shows_lock(const struct weft_stats *s, uint32_t i)
{
	return s->objects[i].chosen && weft_obj_is_lock(s->objects[i].type);
}

static int by_waited(const void *left, const void *right, void *stats)
{
	const struct weft_stats *s = stats;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	if (waited(&s->objects[a]) != waited(&s->objects[b]))
		return waited(&s->objects[a]) > waited(&s->objects[b]) ? -1 : 1;
	return a < b ? -1 : a > b;
}

static void print_locks(const struct info *info)
{
	static const struct cli_column columns[] = {{"id", 'r', false, 0}, {"lock", 'l', true, 0},
		{"type", 'l', false, 2}, {"taken", 'r', false, 1}, {"held", 'r', false, 1},
		{"p99", 'r', false, 3}, {"max", 'r', false, 1}, {"contended", 'r', false, 0},
		{"waited", 'r', false, 0}, {"longest", 'r', false, 0}, {NULL, 0, false, 0}};
	const struct weft_stats *s = info->stats;
	struct list list = list_of(s, s->nobjects, shows_lock, by_waited);
	struct cli_table table;

	if (list.count)
		info_heading("locks, by time waited for them");
	cli_table_init(&table, columns);
	for (uint32_t n = 0; n < least(list.count, info->top); n++) {
		const struct weft_object_stats *o = &s->objects[list.items[n]];
		const struct weft_side_stats *side = &o->sides[WEFT_SIDE_RECV];
		const struct weft_histogram *held = &o->held;

		cli_table_add(&table, "%" PRIu64, o->id);
		cli_table_add(&table, "%s", cli_clean(o->name));
		cli_table_add(&table, "%s", weft_obj_word(o->type));
		cli_table_add(&table, "%s", o->acquired ? cli_count(o->acquired) : "-");
		cli_table_add(&table, "%s", o->held_ns ? cli_duration(o->held_ns) : "-");
		cli_table_add(&table, "%s",
			time_or_dash(weft_histogram_quantile(held, 0.99), held->count));
		cli_table_add(&table, "%s", time_or_dash(held->max_ns, held->count));
		cli_table_add(&table, "%s", cli_count(side->waits));
		cli_table_add(&table, "%s", time_or_dash(side->total_ns, side->waits));
		cli_table_add(&table, "%s", time_or_dash(side->max_ns, side->waits));
	}
	if (list.count)
		cli_table_print(&table, stdout);
	print_rest(list.count, info, "");
	free(list.items);
}

/* ---- Waits ----------------------------------------------------------------------------------- */

static void print_pairs(const struct info *info)
{
	static const struct cli_column columns[] = {{"thread", 'l', true, 0},
		{"waited for", 'l', true, 0}, {"on", 'l', true, 0}, {"in sum", 'r', false, 0},
		{"times", 'r', false, 0}, {"longest", 'r', false, 1}, {NULL, 0, false, 0}};
	const struct weft_stats *s = info->stats;
	uint32_t count = (uint32_t)s->pairs.count;
	struct cli_table table;

	if (count == 0)
		return;
	info_heading("who waited for whom");
	cli_table_init(&table, columns);
	for (uint32_t n = 0; n < least(count, info->top); n++) {
		const struct weft_pair *pair = &s->pairs.list[n];

		cli_table_add(&table, "%s", info_thread(s, pair->waiter));
		cli_table_add(&table, "%s", info_thread(s, pair->waker));
		cli_table_add(&table, "%s", info_object(s, pair->obj));
		cli_table_add(&table, "%s", cli_duration(pair->total_ns));
		cli_table_add(&table, "%s", cli_count(pair->waits));
		cli_table_add(&table, "%s", cli_duration(pair->max_ns));
	}
	cli_table_print(&table, stdout);
	print_rest(count, info, "");
}

static void print_waits(const struct info *info)
{
	static const struct cli_column columns[] = {{"for", 'r', false, 0},
		{"thread", 'l', true, 0}, {"in", 'l', false, 0}, {"on", 'l', true, 0},
		{"since", 'r', false, 0}, {"woken by", 'l', true, 2}, {"where", 'l', true, 1},
		{NULL, 0, false, 0}};
	const struct weft_stats *s = info->stats;
	struct cli_table table;

	if (s->nwaits == 0)
		return;
	info_heading("the longest waits");
	cli_table_init(&table, columns);
	for (uint32_t n = 0; n < least(s->nwaits, info->top); n++) {
		const struct weft_wait *w = &s->waits[n];
		const struct weft_thread_stats *thread = &s->threads[w->thread];

		cli_table_add(
			&table, "%s%s", cli_duration(w->end_ns - w->begin_ns), w->open ? "+" : "");
		cli_table_add(&table, "%s", info_thread(s, w->thread));
		cli_table_add(&table, "%s", w->why ? weft_why_word(w->why) : "?");
		cli_table_add(&table, "%s", info_object(s, w->obj));
		cli_table_add(&table, "%s", cli_duration(w->begin_ns));
		cli_table_add(&table, "%s", info_thread(s, w->waker));
		if (w->where || !thread->fn)
			cli_table_add(&table, "%s", info_where(w->where));
		else
			cli_table_add(&table, "%s()", cli_clean(thread->fn));
	}
	cli_table_print(&table, stdout);
}

static void print_trips(const struct info *info)
{
	static const struct cli_column columns[] = {{"for", 'r', false, 0}, {"from", 'l', true, 0},
		{"to", 'l', true, 0}, {"on", 'l', true, 0}, {"sent at", 'r', false, 0},
		{"value", 'l', true, 1}, {NULL, 0, false, 0}};
	const struct weft_stats *s = info->stats;
	struct cli_table table;

	if (s->ntrips == 0)
		return;
	info_heading("the messages longest on their way");
	cli_table_init(&table, columns);
	for (uint32_t n = 0; n < least(s->ntrips, info->top); n++) {
		const struct weft_trip *trip = &s->trips[n];

		cli_table_add(&table, "%s", cli_duration(trip->recv_ns - trip->send_ns));
		cli_table_add(&table, "%s", info_thread(s, trip->from));
		cli_table_add(&table, "%s", info_thread(s, trip->to));
		cli_table_add(&table, "%s", info_object(s, trip->obj));
		cli_table_add(&table, "%s", cli_duration(trip->send_ns));
		cli_table_add(&table, "%s", trip->value ? cli_clean(trip->value) : "-");
	}
	cli_table_print(&table, stdout);
}

void info_tables(const struct info *info)
{
	print_threads(info);
	print_channels(info);
	print_locks(info);
	print_pairs(info);
	print_waits(info);
	print_trips(info);
}
