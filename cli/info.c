/* SPDX-License-Identifier: MIT
 *
 * weft info: what is in a trace, as tables for a person. info_json.c says the same to a program.
 */
#include "cli/info.h"

#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"

enum { ROWS = 20, LONGEST = 5 };

enum { FORMAT, ALL, COLOR };

static const struct cli_option options[] = {
	[FORMAT] = {0, "format", "FORMAT", "text or json (default: text)"},
	[ALL] = {0, "all", NULL, "every thread and channel, not the first 20"},
	[COLOR] = {0, "color", "WHEN", "auto, yes or no (default: auto)"},
	{0, NULL, NULL, NULL},
};

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void heading(const char *text)
{
	printf("\n%s%s%s\n", cli_colour(stdout, CLI_BOLD), text, cli_colour(stdout, CLI_PLAIN));
}

static void print_rest(uint32_t n, uint32_t shown)
{
	if (n > shown)
		printf("  ... and %" PRIu32 " more; --all shows them\n", n - shown);
}

static void print_head(const struct weft_trace *t, const struct weft_stats *s, const char *path)
{
	printf("%s%s%s: %s, %s\n", cli_colour(stdout, CLI_BOLD), cli_clean(path),
		cli_colour(stdout, CLI_PLAIN), cli_clean(t->title), cli_duration(t->end_ns));
	printf("  %s trace, %" PRIu64 " record%s, %s%s\n", t->source, t->records,
		plural(t->records),
		!t->complete ? "without its end"
		: t->eof_why ? "ended by "
			     : "complete",
		t->complete ? weft_eof_word(t->eof_why) : "");
	printf("  %" PRIu32 " thread%s (%" PRIu32 " alive at the end)", t->nthreads,
		plural(t->nthreads), s->nalive);
	if (t->workers > 0)
		printf(" on %" PRId32 " worker%s", t->workers, plural((uint64_t)t->workers));
	printf(", %" PRIu32 " channel%s, %" PRIu32 " message%s", s->nchannels, plural(s->nchannels),
		t->nmessages, plural(t->nmessages));
	if (s->npending)
		printf(" (%" PRIu32 " never received)", s->npending);
	printf("\n");
	if (t->dropped)
		printf("  %s%" PRIu64 " record%s lost%s\n", cli_colour(stdout, CLI_YELLOW),
			t->dropped, plural(t->dropped), cli_colour(stdout, CLI_PLAIN));
}

static void print_threads(const struct weft_trace *t, const struct weft_stats *s, uint32_t rows)
{
	struct cli_table table;
	uint32_t n = t->nthreads < rows ? t->nthreads : rows;

	heading("threads");
	cli_table_init(&table, "rlrrrrrrr");
	for (const char *const *head = (const char *const[]){"id", "name", "life", "running",
		     "ready", "blocked", "longest wait", "sent", "received", NULL};
		*head; head++)
		cli_table_add(&table, "%s", *head);
	for (uint32_t i = 0; i < n; i++) {
		const struct weft_thread *th = &t->threads[i];
		const struct weft_thread_stats *ts = &s->threads[i];

		cli_table_add(&table, "%" PRIu64, th->id);
		cli_table_add(&table, "%s", cli_clean(th->name));
		cli_table_add(&table, "%s%s", cli_duration(th->died_ns - th->born_ns),
			th->ended ? "" : "+");
		cli_table_add(&table, "%s", cli_duration(ts->running_ns));
		cli_table_add(&table, "%s", cli_duration(ts->ready_ns));
		cli_table_add(&table, "%s", cli_duration(ts->blocked_ns));
		cli_table_add(&table, "%s", ts->waits ? cli_duration(ts->longest_ns) : "-");
		cli_table_add(&table, "%" PRIu32, th->sent);
		cli_table_add(&table, "%" PRIu32, th->received);
	}
	cli_table_print(&table, stdout);
	print_rest(t->nthreads, n);
}

static void add_channel(
	struct cli_table *table, const struct weft_object *o, const struct weft_object_stats *os)
{
	cli_table_add(table, "%s", cli_clean(o->name));
	cli_table_add(table, "%s", o->elem ? cli_clean(o->elem) : "-");
	if (o->has_cap)
		cli_table_add(table, "%" PRIu64, o->cap);
	else
		cli_table_add(table, "-");
	cli_table_add(table, "%" PRIu32, os->sent);
	cli_table_add(table, "%" PRIu32, os->received);
	cli_table_add(table, "%s", os->received ? cli_duration(os->queue_mean_ns) : "-");
	cli_table_add(table, "%s", os->received ? cli_duration(os->queue_max_ns) : "-");
	cli_table_add(table, "%s", o->closed_ns == WEFT_NO_TIME ? "" : "closed");
}

static void print_channels(const struct weft_trace *t, const struct weft_stats *s, uint32_t rows)
{
	struct cli_table table;
	uint32_t shown = 0;

	if (s->nchannels == 0)
		return;
	heading("channels");
	cli_table_init(&table, "llrrrrrl");
	for (const char *const *head = (const char *const[]){"name", "of", "cap", "sent",
		     "received", "mean transit", "longest", "", NULL};
		*head; head++)
		cli_table_add(&table, "%s", *head);
	for (uint32_t i = 0; i < t->nobjects && shown < rows; i++) {
		if (t->objects[i].type != WEFT_OBJ_CHAN)
			continue;
		add_channel(&table, &t->objects[i], &s->objects[i]);
		shown++;
	}
	cli_table_print(&table, stdout);
	print_rest(s->nchannels, shown);
}

static void print_waits(const struct weft_trace *t, const struct weft_stats *s)
{
	struct cli_table table;

	if (s->nwaits == 0)
		return;
	heading("waited longest");
	cli_table_init(&table, "rllll");
	for (const char *const *head =
			(const char *const[]){"for", "thread", "why", "on", "since", NULL};
		*head; head++)
		cli_table_add(&table, "%s", *head);
	for (uint32_t i = 0; i < s->nwaits; i++) {
		const struct weft_wait *w = &s->waits[i];

		cli_table_add(
			&table, "%s%s", cli_duration(w->end_ns - w->begin_ns), w->open ? "+" : "");
		cli_table_add(&table, "%s", cli_clean(t->threads[w->thread].name));
		cli_table_add(&table, "%s", weft_why_word(w->why));
		cli_table_add(&table, "%s",
			w->obj == WEFT_NO_INDEX ? "-" : cli_clean(t->objects[w->obj].name));
		cli_table_add(&table, "%s", cli_duration(w->begin_ns));
	}
	cli_table_print(&table, stdout);
}

static void print_messages(const struct weft_trace *t, const struct weft_stats *s)
{
	struct cli_table table;

	if (s->nmessages == 0)
		return;
	heading("messages longest on their way");
	cli_table_init(&table, "rlllll");
	for (const char *const *head =
			(const char *const[]){"for", "from", "to", "on", "value", "sent at", NULL};
		*head; head++)
		cli_table_add(&table, "%s", *head);
	for (uint32_t i = 0; i < s->nmessages; i++) {
		const struct weft_message *m = &t->messages[s->messages[i]];
		bool received = m->recv_ns != WEFT_NO_TIME;
		int64_t end = received ? m->recv_ns : t->end_ns;

		cli_table_add(&table, "%s%s", cli_duration(end - m->send_ns), received ? "" : "+");
		cli_table_add(&table, "%s", cli_clean(t->threads[m->from].name));
		cli_table_add(&table, "%s",
			m->to == WEFT_NO_INDEX ? "-" : cli_clean(t->threads[m->to].name));
		cli_table_add(&table, "%s",
			m->obj == WEFT_NO_INDEX ? "-" : cli_clean(t->objects[m->obj].name));
		cli_table_add(&table, "%s", m->value ? cli_clean(m->value) : "-");
		cli_table_add(&table, "%s", cli_duration(m->send_ns));
	}
	cli_table_print(&table, stdout);
}

static int info(const char *path, bool json, bool all)
{
	struct weft_trace_error error = {.text = ""};
	struct weft_trace *trace = NULL;
	struct weft_stats *stats = NULL;
	uint32_t rows = all ? UINT32_MAX : ROWS;

	if (weft_trace_load(path, NULL, &trace, &error) < 0) {
		cli_say("%s: %s", cli_clean(path), cli_clean(error.text));
		return CLI_UNREADABLE;
	}
	if (*trace->warning)
		cli_say("%s: %s", cli_clean(path), cli_clean(trace->warning));
	if (weft_stats_create(trace, LONGEST, &stats) < 0) {
		cli_say("%s: out of memory", cli_clean(path));
		weft_trace_free(trace);
		return CLI_FAILED;
	}
	if (json) {
		info_json(trace, stats, path);
	} else {
		print_head(trace, stats, path);
		print_threads(trace, stats, rows);
		print_channels(trace, stats, rows);
		print_waits(trace, stats);
		print_messages(trace, stats);
	}
	weft_stats_free(stats);
	weft_trace_free(trace);
	return CLI_OK;
}

static int run(const struct cli_verb *verb, int argc, char **argv)
{
	struct cli_args args = {.verb = verb, .argc = argc, .argv = argv};
	const char *value, *path = NULL;
	bool json = false, all = false;
	int got;

	while ((got = cli_next(&args, &value)) != CLI_END) {
		if (got == CLI_OPERAND && path)
			cli_usage("%s: one trace at a time", cli_clean(value));
		else if (got == CLI_OPERAND)
			path = value;
		else if (got == FORMAT)
			json = cli_bool_format("format", value);
		else if (got == ALL)
			all = true;
		else if (got == COLOR)
			cli_colour_option(value);
	}
	if (!path)
		cli_usage("info: no trace to look at; see weft info --help");
	return cli_finish_stdout(info(path, json, all));
}

const struct cli_verb cli_info = {
	.name = "info",
	.synopsis = "[--all] [--format=text|json] FILE",
	.summary = "threads, channels, messages, what waited longest",
	.about = "Prints what is in a trace. A + behind a time: it had not ended when the trace "
		 "did.",
	.exits = "0  it was printed\n"
		 "1  the output could not be written\n"
		 "2  wrong usage\n"
		 "3  FILE is not a trace that weft can read",
	.options = options,
	.run = run,
};
