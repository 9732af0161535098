/* SPDX-License-Identifier: MIT
 *
 * weft info for a person: first what the trace is, then what is wrong at its end, then where the
 * time went, in a screen; the tables come behind it.
 */
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/info.h"

const char *info_plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

void info_heading(const char *text)
{
	printf("\n%s%s%s\n", cli_colour(stdout, CLI_BOLD), text, cli_colour(stdout, CLI_PLAIN));
}

void info_add(struct info_line *line, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line->text + line->len, sizeof(line->text) - line->len, format, ap);
	va_end(ap);
	line->len += (size_t)n;
	if (line->len >= sizeof(line->text))
		line->len = sizeof(line->text) - 1;
}

static const char *with_id(const char *name, uint64_t id, bool ambiguous)
{
	char text[300];

	if (!ambiguous)
		return cli_clean(name);
	snprintf(text, sizeof(text), "%.256s #%" PRIu64, name, id);
	return cli_clean(text);
}

const char *info_thread(const struct weft_stats *s, uint32_t i)
{
	if (i == WEFT_NO_INDEX)
		return "-";
	return with_id(s->threads[i].name, s->threads[i].id, s->threads[i].ambiguous);
}

const char *info_object(const struct weft_stats *s, uint32_t i)
{
	if (i == WEFT_NO_INDEX)
		return "-";
	return with_id(s->objects[i].name, s->objects[i].id, s->objects[i].ambiguous);
}

const char *info_where(const char *where)
{
	const char *slash = where ? strrchr(where, '/') : NULL;

	return where ? cli_clean(slash ? slash + 1 : where) : "-";
}

/* ---- What it is ------------------------------------------------------------------------------ */

/* "3 threads", with what was chosen of them. */
static void print_number(const char *before, uint64_t n, const char *what)
{
	printf("%s%s %s%s", before, cli_count(n), what, info_plural(n));
}

static void print_filter(const struct info *info)
{
	const struct weft_stats_filter *f = info->filter;
	const struct weft_stats *s = info->stats;
	const char *before = "  counted: ";

	for (int i = 0; f->threads && f->threads[i]; i++, before = ", ")
		printf("%sthread %s", before, cli_clean(f->threads[i]));
	for (int i = 0; f->channels && f->channels[i]; i++, before = ", ")
		printf("%schannel %s", before, cli_clean(f->channels[i]));
	if (f->from_ns > 0 || f->to_ns < INT64_MAX) {
		printf("%sfrom %s to %s", before, cli_duration(s->from_ns), cli_duration(s->to_ns));
		before = ", ";
	}
	if (strcmp(before, ", ") == 0)
		printf("\n");
}

static void print_head(const struct info *info)
{
	const struct weft_stats *s = info->stats;
	const char *title = strrchr(s->title, '/');

	printf("%s%s%s: %s, %s, %s%s\n", cli_colour(stdout, CLI_BOLD), cli_clean(info->path),
		cli_colour(stdout, CLI_PLAIN), cli_clean(title ? title + 1 : s->title),
		cli_duration(s->length_ns),
		!s->complete ? "without its end"
		: s->eof_why ? "ended by "
			     : "complete",
		s->complete ? weft_eof_word(s->eof_why) : "");
	print_number("  ", s->nchosen, "thread");
	if (s->workers > 0)
		print_number(" on ", (uint64_t)s->workers, "worker");
	print_number(", ", s->nchannels, "channel");
	if (s->nlocks)
		print_number(", ", s->nlocks, "lock");
	print_number(", ", s->sent, "message");
	print_number(", ", s->records, "record");
	if (strcmp(s->source, "weft") != 0)
		printf(", from %s", cli_clean(s->source));
	printf("\n");
	print_filter(info);
	if (s->dropped)
		printf("  %s%s record%s lost: what follows is what is left%s\n",
			cli_colour(stdout, CLI_YELLOW), cli_count(s->dropped),
			info_plural(s->dropped), cli_colour(stdout, CLI_PLAIN));
}

/* ---- Where the time went --------------------------------------------------------------------- */

enum { LABEL = 10 };

static void print_label(const char *label)
{
	printf("%s%-*s%s ", cli_colour(stdout, CLI_DIM), LABEL - 1, label,
		cli_colour(stdout, CLI_PLAIN));
}

static void print_line(const char *label, const struct info_line *line)
{
	int width = cli_width(stdout) - LABEL, used;
	size_t fits = cli_text_fit(line->text, width, &used);

	if (line->text[fits])
		fits = cli_text_fit(line->text, width - 1, &used);
	print_label(label);
	printf("%.*s%s\n", (int)fits, line->text,
		!line->text[fits] ? ""
		: cli_is_utf8()	  ? "\u2026"
				  : "~");
}

static const char *percent(double part)
{
	static char text[16];

	snprintf(text, sizeof(text), "%.*f%%", part < 0.0995 ? 1 : 0, 100 * part);
	return text;
}

/* The states of all threads, and what they were blocked for, the longest first. */
static void print_time(const struct weft_stats *s)
{
	const struct {
		const char *what;
		int64_t ns;
	} states[] = {{"running", s->running_ns}, {"ready", s->ready_ns},
		{"blocked", s->blocked_ns}, {"unknown", s->unknown_ns}};
	struct info_line line = {"", 0};
	double all = 0;

	for (int i = 0; i < 4; i++)
		all += (double)states[i].ns;
	if (all == 0)
		return;
	for (int i = 0; i < 4; i++) {
		if (states[i].ns > 0)
			info_add(&line, "%s%s %s (%s)", line.len ? ", " : "", states[i].what,
				cli_duration(states[i].ns), percent((double)states[i].ns / all));
	}
	print_line("time", &line);
}

static void print_reasons(const struct weft_stats *s)
{
	bool done[WEFT_WHY_COUNT] = {false};
	struct info_line line = {"", 0};

	if (s->blocked_ns == 0)
		return;
	for (int n = 0; n < 6; n++) {
		int most = -1;

		for (int why = 0; why < WEFT_WHY_COUNT; why++) {
			if (!done[why] && s->why_ns[why] > 0 &&
				(most < 0 || s->why_ns[why] > s->why_ns[most]))
				most = why;
		}
		if (most < 0)
			break;
		done[most] = true;
		info_add(&line, "%s%s %s", line.len ? ", " : "",
			most ? weft_why_word((unsigned)most) : "?",
			percent((double)s->why_ns[most] / (double)s->blocked_ns));
	}
	print_line("blocked", &line);
}

/* The mean level between two fractions of the range. */
static double level_between(const struct weft_levels *l, int state, double from, double to)
{
	double length = (double)(l->t_ns - l->begin_ns), step = ldexp(1, (int)l->shift);
	double begin = from * length / step, end = to * length / step, sum = 0;

	for (uint32_t i = (uint32_t)begin; i < weft_levels_count(l) && i < end; i++) {
		double left = begin > i ? begin : i, right = end < i + 1 ? end : i + 1;
		double last = length / step; /* the last step need not be full */
		double full = last < i + 1 ? last - i : 1;

		if (full > 0)
			sum += (double)l->ns[state][i] * (right - left) / full;
	}
	return sum / (length * (to - from));
}

static double mean_level(const struct weft_levels *l, int state)
{
	double sum = 0;

	for (uint32_t i = 0; i < weft_levels_count(l); i++)
		sum += (double)l->ns[state][i];
	return sum / (double)(l->t_ns - l->begin_ns);
}

/* One character a column: nothing, or 1/8 to 8/8 of the highest. */
static void print_spark(const struct weft_levels *l, int state, int width, double highest)
{
	static const char *const blocks[] = {" ", "\u2581", "\u2582", "\u2583", "\u2584", "\u2585",
		"\u2586", "\u2587", "\u2588"};
	static const char *const ascii[] = {" ", ".", ":", "-", "=", "+", "*", "%", "#"};
	const char *const *marks = cli_is_utf8() ? blocks : ascii;

	putchar('|');
	for (int x = 0; x < width; x++) {
		double level = level_between(l, state, (double)x / width, (double)(x + 1) / width);
		int eighths = highest > 0 ? (int)ceil(8 * level / highest - 1e-9) : 0;

		fputs(marks[eighths < 0 ? 0 : eighths > 8 ? 8 : eighths], stdout);
	}
	putchar('|');
}

static const char *level_text(double level)
{
	static char text[32];

	snprintf(text, sizeof(text), "%.*f", level < 9.95 ? 2 : level < 99.5 ? 1 : 0, level);
	return text;
}

static void print_levels(const struct info *info)
{
	const struct weft_stats *s = info->stats;
	const struct weft_levels *l = &s->levels;
	int all = cli_width(stdout), width = (all < 100 ? all : 100) - LABEL - 2 - 29;
	double ready = 0;
	char text[64];

	if (weft_levels_count(l) == 0 || s->running_ns + s->ready_ns == 0)
		return;
	if (width < 8)
		width = 8;
	for (int x = 0; x < width; x++)
		ready = fmax(ready, level_between(l, WEFT_STATE_READY, (double)x / width,
					    (double)(x + 1) / width));
	print_label("running");
	print_spark(l, WEFT_STATE_RUNNING, width,
		s->workers > 0 ? (double)s->workers : (double)l->most_running);
	snprintf(text, sizeof(text), "of %" PRId32, s->workers);
	printf(" mean %s, most %s %s\n", level_text(mean_level(l, WEFT_STATE_RUNNING)),
		cli_count(l->most_running), s->workers > 0 ? text : "");
	if (s->ready_ns == 0)
		return;
	print_label("ready");
	print_spark(l, WEFT_STATE_READY, width, ready);
	printf(" mean %s, ", level_text(mean_level(l, WEFT_STATE_READY)));
	printf("highest %s\n", level_text(ready));
}

static void add_histogram(struct info_line *line, const struct weft_histogram *h)
{
	info_add(line, "p50 %s, p99 %s, max %s", cli_duration(weft_histogram_quantile(h, 0.5)),
		cli_duration(weft_histogram_quantile(h, 0.99)), cli_duration(h->max_ns));
}

static void print_latency(const struct weft_stats *s)
{
	struct info_line line = {"", 0}, longer;

	if (s->latency.count == 0)
		return;
	info_add(&line, "ready to run: ");
	add_histogram(&line, &s->latency);
	longer = line;
	if (s->latest != WEFT_NO_INDEX)
		info_add(&longer, " (%s at %s)", info_thread(s, s->latest),
			cli_duration(s->latest_ns));
	if (cli_text_width(longer.text) <= cli_width(stdout) - LABEL)
		line = longer;
	print_line("latency", &line);
}

static void print_traffic(const struct weft_stats *s)
{
	struct info_line line = {"", 0};

	if (s->queue.count == 0)
		return;
	info_add(&line, "send to receive: ");
	add_histogram(&line, &s->queue);
	print_line("messages", &line);
}

void info_text(const struct info *info)
{
	print_head(info);
	info_left(info);
	if (info->stats->running_ns || info->stats->ready_ns || info->stats->blocked_ns ||
		info->stats->unknown_ns)
		printf("\n");
	print_time(info->stats);
	print_reasons(info->stats);
	print_levels(info);
	print_latency(info->stats);
	print_traffic(info->stats);
	info_tables(info);
}
