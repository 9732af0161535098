/* SPDX-License-Identifier: MIT
 *
 * The messages of a trace as a Mermaid sequence diagram, which GitHub, GitLab and others draw where
 * it stands in a README. Each thread that takes part is a participant; a solid head is a message
 * that was handed over, an open one a message that went through a buffer.
 *
 * Such a diagram is for a few dozen messages: the first of them are drawn, the rest is counted.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/formats/rows.h"

#define MESSAGES 50
#define THREADS 20 /* where there is no message at all */

/*
 * Text of a trace, for a parser that takes ";" for the end of a line, "#" for the start of a
 * character's name, "%" for a comment, "<" for HTML, "$" for a formula and "@{" for a shape. Any
 * character may be written by its number.
 */
static void put_text(FILE *f, const char *text)
{
	if (!text[strspn(text, " ")])
		text = "(blank)";
	for (; *text; text++) {
		if (strchr("#;<>&%$@{}", *text))
			fprintf(f, "#%d;", *text);
		else
			fputc(*text, f);
	}
}

static void put_participants(FILE *f, const struct weft_trace *trace, const bool *takes_part)
{
	for (uint32_t i = 0; i < trace->nthreads; i++) {
		if (!takes_part[i])
			continue;
		fprintf(f, "    participant t%" PRIu64 " as ", trace->threads[i].id);
		put_text(f, trace->threads[i].name);
		fputc('\n', f);
	}
}

/* A channel that the program has not named is called by its place, which says little here. */
static bool is_named(const struct weft_object *channel)
{
	size_t len = strlen(channel->name), at = channel->at ? strlen(channel->at) : 0;

	return at < len || strcmp(channel->at + at - len, channel->name) != 0;
}

static void put_label(FILE *f, const struct weft_object *channel, const char *value)
{
	if (!value || is_named(channel))
		put_text(f, channel->name);
	if (value && is_named(channel))
		fputs(": ", f);
	if (value)
		put_text(f, value);
}

static void put_message(FILE *f, const struct weft_trace *trace, const struct weft_message *m)
{
	uint64_t from = trace->threads[m->from].id;

	if (m->to == WEFT_NO_INDEX)
		fprintf(f, "    Note over t%" PRIu64 ": ", from);
	else
		fprintf(f, "    t%" PRIu64 "%st%" PRIu64 ": ", from,
			m->via == WEFT_VIA_BUFFER ? "-)" : "->>", trace->threads[m->to].id);
	put_label(f, &trace->objects[m->obj], m->value && m->value[0] ? m->value : NULL);
	if (m->to == WEFT_NO_INDEX)
		fputs(m->unsend_ns == WEFT_NO_TIME ? ", never received" : ", withdrawn", f);
	fputc('\n', f);
}

static void put_rest(FILE *f, const struct weft_trace *trace, uint32_t shown)
{
	uint32_t rest = trace->nmessages - shown;

	if (rest)
		fprintf(f, "    Note over t%" PRIu64 ": and %" PRIu32 " more message%s\n",
			trace->threads[trace->messages[0].from].id, rest, rest == 1 ? "" : "s");
}

static bool is_markdown(const char *path)
{
	size_t len = strlen(path);

	return len > 3 && strcmp(path + len - 3, ".md") == 0;
}

static int write_mermaid(const struct weft_writing *writing, struct weft_trace_error *error)
{
	const struct weft_trace *trace = writing->trace;
	uint32_t limit = writing->limit ? writing->limit : MESSAGES;
	uint32_t shown = trace->nmessages < limit ? trace->nmessages : limit;
	bool *takes_part = calloc(trace->nthreads, sizeof(*takes_part));
	bool fenced = is_markdown(writing->target);
	FILE *f = writing->out;

	if (!takes_part)
		return weft_refuse(error, -ENOMEM, 0, "%s", strerror(ENOMEM));
	for (uint32_t i = 0; i < shown; i++) {
		takes_part[trace->messages[i].from] = true;
		if (trace->messages[i].to != WEFT_NO_INDEX)
			takes_part[trace->messages[i].to] = true;
	}
	for (uint32_t i = 0; shown == 0 && i < trace->nthreads && i < THREADS; i++)
		takes_part[i] = true;
	fputs(fenced ? "```mermaid\nsequenceDiagram\n" : "sequenceDiagram\n", f);
	put_participants(f, trace, takes_part);
	for (uint32_t i = 0; i < shown; i++)
		put_message(f, trace, &trace->messages[i]);
	put_rest(f, trace, shown);
	if (fenced)
		fputs("```\n", f);
	free(takes_part);
	return 0;
}

const struct weft_format weft_format_mermaid = {
	.name = "mermaid",
	.suffixes = "mmd mermaid md",
	.has_limit = true,
	.summary = "a sequence diagram of the messages, for READMEs",
	.write = write_mermaid,
};
