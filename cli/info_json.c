/* SPDX-License-Identifier: MIT
 *
 * weft info --format=json: one object with all tables, described by docs/info.schema.json.
 */
#include <inttypes.h>

#include "cli/cli.h"
#include "cli/info.h"

#include "tracer/trace/json.h"

static void print_patterns(struct info_out *out, const char *key, const char *const *patterns)
{
	info_out_key(out, key);
	putchar('[');
	for (int i = 0; patterns && patterns[i]; i++) {
		if (i)
			putchar(',');
		weft_json_string(stdout, patterns[i]);
	}
	putchar(']');
}

static void print_file(struct info_out *out, const struct info *info)
{
	const struct weft_stats *s = info->stats;

	info_out_int(out, "info", 1);
	info_out_text(out, "file", info->path);
	info_out_text(out, "title", s->title);
	info_out_text(out, "source", s->source);
	info_out_bool(out, "complete", s->complete);
	info_out_text(
		out, "ended_by", s->complete && s->eof_why ? weft_eof_word(s->eof_why) : NULL);
	info_out_int(out, "length_ns", s->length_ns);
	info_out_int(out, "records", (int64_t)s->records);
	info_out_int(out, "dropped", (int64_t)s->dropped);
	info_out_int(out, "errors", s->nerrors);
	info_out_int(out, "warnings", s->nwarnings);
	info_out_text(out, "first_finding", *s->warning ? s->warning : NULL);
	info_out_int(out, "workers", s->workers);
}

static void print_filter(struct info_out *out, const struct info *info)
{
	struct info_out inner = {INFO_JSON, true};

	info_out_key(out, "filter");
	putchar('{');
	info_out_int(&inner, "from_ns", info->stats->from_ns);
	info_out_int(&inner, "to_ns", info->stats->to_ns);
	print_patterns(&inner, "threads", info->filter->threads);
	print_patterns(&inner, "channels", info->filter->channels);
	putchar('}');
}

static void print_totals(struct info_out *out, const struct weft_stats *s)
{
	struct info_out inner = {INFO_JSON, true}, reasons = {INFO_JSON, true};

	info_out_key(out, "totals");
	putchar('{');
	info_out_int(&inner, "threads", s->nchosen);
	info_out_int(&inner, "left", s->nleft);
	info_out_int(&inner, "channels", s->nchannels);
	info_out_int(&inner, "locks", s->nlocks);
	info_out_int(&inner, "running_ns", s->running_ns);
	info_out_int(&inner, "ready_ns", s->ready_ns);
	info_out_int(&inner, "blocked_ns", s->blocked_ns);
	info_out_int(&inner, "unknown_ns", s->unknown_ns);
	info_out_key(&inner, "blocked_by_ns");
	putchar('{');
	for (unsigned why = 1; why < WEFT_WHY_COUNT; why++) {
		if (s->why_ns[why])
			info_out_int(&reasons, weft_why_word(why), s->why_ns[why]);
	}
	putchar('}');
	info_out_int(&inner, "sent", (int64_t)s->sent);
	info_out_int(&inner, "received", (int64_t)s->received);
	info_out_int(&inner, "withdrawn", (int64_t)s->withdrawn);
	info_out_int(&inner, "pending", (int64_t)s->pending);
	info_out_histogram(&inner, "queue", &s->queue);
	info_out_int(&inner, "starts", (int64_t)s->latency.count);
	info_out_histogram(&inner, "latency", &s->latency);
	info_out_int(&inner, "most_running", s->levels.most_running);
	putchar('}');
}

static void print_cycles(struct info_out *out, const struct weft_stats *s)
{
	info_out_key(out, "cycles");
	putchar('[');
	for (uint32_t i = 0; i < s->ncycles; i++) {
		printf(i ? ",[" : "[");
		for (uint32_t n = 0; n < s->cycles[i].count; n++)
			printf("%s%" PRIu64, n ? "," : "", s->threads[s->cycles[i].threads[n]].id);
		putchar(']');
	}
	putchar(']');
}

static void print_table(
	struct info_out *out, const struct info *info, const struct info_table *table)
{
	const char *before = "\n  {";

	printf(",\n ");
	out->first = true;
	info_out_key(out, table->name);
	putchar('[');
	for (uint32_t i = 0; i < table->count(info); i++) {
		struct info_out row = {INFO_JSON, true};

		if (table->shows && !table->shows(info->stats, i))
			continue;
		fputs(before, stdout);
		table->row(&row, info->stats, i);
		putchar('}');
		before = ",\n  {";
	}
	putchar(']');
}

void info_json(const struct info *info)
{
	struct info_out out = {INFO_JSON, true};

	putchar('{');
	print_file(&out, info);
	print_filter(&out, info);
	print_totals(&out, info->stats);
	print_cycles(&out, info->stats);
	for (int i = 0; i < INFO_TABLES; i++)
		print_table(&out, info, &info_table_list[i]);
	printf("\n}\n");
}
