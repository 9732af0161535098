/* SPDX-License-Identifier: MIT
 *
 * weft info: reads and counts a trace, and hands it to who prints it: info_text.c for a person,
 * info_json.c and info_csv.c for programs.
 */
#include "cli/info.h"

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { TOP = 10, TOP_MAX = 1000000, LONGEST_OF_ALL = 100 };

enum { FORMAT, TABLE, TOP_ROWS, ALL, THREAD, CHANNEL, FROM, TO, COLOR };

static const struct cli_option options[] = {
	[FORMAT] = {0, "format", "FORMAT", "text, json or csv (default: text)"},
	[TABLE] = {0, "table", "NAME",
		"the table that csv prints (default: threads): threads,\n"
		"channels, locks, pairs, waits, messages, left, held, lost\n"
		"or parallelism"},
	[TOP_ROWS] = {0, "top", "N", "the first N rows of each table (default: 10)"},
	[ALL] = {0, "all", NULL, "all rows; of the longest waits and messages, 100"},
	[THREAD] = {0, "thread", "PATTERN",
		"only threads with such a name (\"worker *\") or id (\"#3\");\n"
		"several are added up"},
	[CHANNEL] = {0, "channel", "PATTERN", "only such channels and locks"},
	[FROM] = {0, "from", "TIME", "only what happens from this time on: 1.5ms"},
	[TO] = {0, "to", "TIME", "only what happens before this time"},
	[COLOR] = {0, "color", "WHEN", "auto, yes or no (default: auto)"},
	{0, NULL, NULL, NULL},
};

enum form { TEXT, JSON, CSV };
static const char *const forms[] = {"text", "json", "csv", NULL};

/* What was asked for. */
struct request {
	const char *path;
	enum form form;
	int table;
	bool csv_table; /* a table was named */
	bool all;
	uint32_t top;
	struct weft_stats_filter filter;
	const char **threads, **channels; /* the lists of the filter */
	int nthreads, nchannels;
};

/* A filter that leaves nobody is a mistake in the filter. */
static void refuse_empty(const struct request *r, const struct weft_stats *s)
{
	const char *path = cli_clean(r->path);

	if (r->filter.from_ns > 0 && r->filter.from_ns >= s->length_ns)
		cli_usage("--from %s: %s ends at %s", cli_duration(r->filter.from_ns), path,
			cli_duration(s->length_ns));
	if (s->nthreads == 0)
		cli_usage("--to %s: nobody is in %s before", cli_duration(r->filter.to_ns), path);
	if (s->no_thread_matches)
		cli_usage("--thread %s: no such thread in %s", cli_clean(r->threads[0]), path);
	if (s->no_channel_matches)
		cli_usage("--channel %s: no such channel in %s", cli_clean(r->channels[0]), path);
}

static int info(const struct request *r)
{
	struct weft_trace_error error = {.text = ""};
	struct weft_stats *stats = NULL;
	struct info what = {.filter = &r->filter, .path = r->path};
	uint32_t longest = !r->all ? r->top : r->top > LONGEST_OF_ALL ? r->top : LONGEST_OF_ALL;

	if (weft_stats_read(r->path, NULL, &r->filter, longest, &stats, &error) < 0) {
		cli_say("%s: %s", cli_clean(r->path), cli_clean(error.text));
		return CLI_UNREADABLE;
	}
	if (*stats->warning)
		cli_say("%s: %s", cli_clean(r->path), cli_clean(stats->warning));
	refuse_empty(r, stats);
	what.stats = stats;
	what.top = r->all ? UINT32_MAX : r->top;
	if (r->form == JSON)
		info_json(&what);
	else if (r->form == CSV)
		info_csv(&what, r->table);
	else
		info_text(&what);
	weft_stats_free(stats);
	return CLI_OK;
}

static void add(const char **list, int *count, const char *value)
{
	list[(*count)++] = value;
	list[*count] = NULL;
}

static void take_option(struct request *r, int option, const char *value)
{
	switch (option) {
	case FORMAT:
		r->form = (enum form)cli_word("format", value, forms);
		break;
	case TABLE:
		r->table = cli_word("table", value, info_table_names);
		r->csv_table = true;
		break;
	case TOP_ROWS:
		r->top = cli_whole("top", value, TOP_MAX);
		break;
	case ALL:
		r->all = true;
		break;
	case THREAD:
		add(r->threads, &r->nthreads, value);
		break;
	case CHANNEL:
		add(r->channels, &r->nchannels, value);
		break;
	case FROM:
		r->filter.from_ns = cli_time("from", value);
		break;
	case TO:
		r->filter.to_ns = cli_time("to", value);
		break;
	case COLOR:
		cli_colour_option(value);
		break;
	}
}

static void read_arguments(struct request *r, const struct cli_verb *verb, int argc, char **argv)
{
	struct cli_args args = {.verb = verb, .argc = argc, .argv = argv};
	const char *value;
	int got;

	while ((got = cli_next(&args, &value)) != CLI_END) {
		if (got == CLI_OPERAND && r->path)
			cli_usage("%s: one trace at a time", cli_clean(value));
		else if (got == CLI_OPERAND)
			r->path = value;
		else
			take_option(r, got, value);
	}
	if (!r->path)
		cli_usage("info: no trace to look at; see weft info --help");
	if (r->csv_table && r->form != CSV)
		cli_usage("--table: only with --format=csv");
	if (r->filter.from_ns >= r->filter.to_ns)
		cli_usage("--to %s: not after --from %s", cli_duration(r->filter.to_ns),
			cli_duration(r->filter.from_ns));
	r->filter.threads = r->nthreads ? r->threads : NULL;
	r->filter.channels = r->nchannels ? r->channels : NULL;
}

static int run(const struct cli_verb *verb, int argc, char **argv)
{
	struct request r = {
		.top = TOP,
		.filter = {.to_ns = INT64_MAX},
		.threads = calloc((size_t)argc + 1, sizeof(*r.threads)),
		.channels = calloc((size_t)argc + 1, sizeof(*r.channels)),
	};
	int status;

	if (!r.threads || !r.channels) {
		cli_say("out of memory");
		return CLI_FAILED;
	}
	read_arguments(&r, verb, argc, argv);
	status = cli_finish_stdout(info(&r));
	free(r.threads);
	free(r.channels);
	return status;
}

const struct cli_verb cli_info = {
	.name = "info",
	.synopsis = "[OPTIONS] FILE",
	.summary = "who was left waiting, where the time went, what waited longest",
	.about = "Reports on a trace: who is left at its end and waits for what, how many ran at a "
		 "time,\n"
		 "and tables of threads, channels, locks and the longest waits. A + behind a time: "
		 "it had\n"
		 "not ended when the trace did.",
	.exits = "0  it was printed\n"
		 "1  the output could not be written\n"
		 "2  wrong usage, or the filter leaves nothing\n"
		 "3  FILE is not a trace that weft can read",
	.options = options,
	.run = run,
};
