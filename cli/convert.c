/* SPDX-License-Identifier: MIT
 *
 * weft convert: a trace in another format.
 */
#include "cli/cli.h"

#include <errno.h>
#include <string.h>

#include "tracer/formats/formats.h"
#include "tracer/trace/output.h"

enum { OUTPUT, FROM, TO, LIMIT };

static const struct cli_option options[] = {
	[OUTPUT] = {'o', "output", "FILE", "what to write; - is the standard output"},
	[FROM] = {0, "from", "FORMAT", "of the input (default: by its content)"},
	[TO] = {0, "to", "FORMAT", "of the output (default: by its suffix)"},
	[LIMIT] = {0, "limit", "N", "messages at most, in mermaid (default: 50) and csv (all)"},
	{0, NULL, NULL, NULL},
};

/* What the command line asked for. */
struct request {
	const char *input, *output;
	const char *from;
	const struct weft_format *to;
	uint32_t limit;
};

/* The names of all formats that are read, or of those that are written. */
static const char *format_names(bool written)
{
	static char names[200];

	names[0] = '\0';
	for (size_t i = 0; weft_formats[i]; i++) {
		if (!(written ? weft_formats[i]->write != NULL : weft_formats[i]->read != NULL))
			continue;
		if (names[0])
			strcat(names, ", ");
		strcat(names, weft_formats[i]->name);
	}
	return names;
}

static const struct weft_format *read_format(const char *option, const char *value, bool written)
{
	const struct weft_format *row = weft_formats_find(value);

	if (!row)
		cli_usage("--%s %s: unknown; choose one of %s", option, cli_clean(value),
			format_names(written));
	if (written && !row->write)
		cli_usage("--%s %s: is only read; choose one of %s", option, cli_clean(value),
			format_names(written));
	if (!written && !row->read)
		cli_usage("--%s %s: is only written; choose one of %s", option, cli_clean(value),
			format_names(written));
	return row;
}

static uint32_t read_limit(const char *value)
{
	double n = cli_number("limit", value);

	if (n < 1 || n > 1e9 || n != (double)(uint32_t)n)
		cli_usage("--limit %s: must be a whole number from 1", cli_clean(value));
	return (uint32_t)n;
}

static void read_options(struct cli_args *args, struct request *r)
{
	const char *value;
	int got;

	while ((got = cli_next(args, &value)) != CLI_END) {
		if (got == CLI_OPERAND && r->input)
			cli_usage("%s: one trace at a time", cli_clean(value));
		else if (got == CLI_OPERAND)
			r->input = value;
		else if (got == OUTPUT)
			r->output = value;
		else if (got == FROM && read_format("from", value, false))
			r->from = value;
		else if (got == TO)
			r->to = read_format("to", value, true);
		else if (got == LIMIT)
			r->limit = read_limit(value);
	}
	if (!r->input)
		cli_usage("convert: no trace; see weft convert --help");
	if (!r->output)
		cli_usage("convert: no output; name one with -o");
}

/*
 * By the suffix; a plain ".json" says little: what is weft's own is wanted in the other JSON, and
 * the other way round.
 */
static const struct weft_format *choose_output(
	const struct request *r, struct weft_source *source, struct weft_trace_error *error)
{
	const struct weft_format *row = r->to ? r->to : weft_formats_for(r->output);
	size_t len = strlen(r->output);
	bool is_json = len > 5 && strcmp(r->output + len - 5, ".json") == 0;

	if (row)
		return row;
	if (!is_json)
		cli_usage("%s: its suffix names no format; choose one of %s with --to",
			cli_clean(r->output), format_names(true));
	if (r->from)
		row = weft_formats_find(r->from);
	else if (weft_formats_guess(&source->input, &row, error) < 0)
		return NULL;
	return weft_formats_find(row == weft_formats[0] ? "chrome" : "weft");
}

static int write_output(struct weft_source *source, const struct weft_trace *trace,
	const struct weft_format *to, const struct request *r)
{
	struct weft_trace_error error = {.text = ""};
	struct weft_output output;
	struct weft_writing writing = {
		.trace = trace,
		.source = source,
		.target = r->output,
		.limit = r->limit,
	};
	int rc;

	cli_catch_signals();
	source->stop = &cli_caught;
	rc = weft_output_open(&output, r->output, &error);
	if (rc == 0) {
		writing.out = output.file;
		writing.file = output.temporary[0] ? output.temporary : NULL;
		rc = weft_output_finish(&output, to->write(&writing, &error), &error);
	}
	if (rc == -ECANCELED && cli_caught)
		return 128 + (int)cli_caught;
	if (rc < 0) {
		cli_say("%s: %s", cli_clean(r->output), cli_clean(error.text));
		return CLI_FAILED;
	}
	return CLI_OK;
}

static int convert(struct weft_source *source, const struct request *r)
{
	struct weft_trace_error error = {.text = ""};
	struct weft_trace *trace = NULL;
	const struct weft_format *to = choose_output(r, source, &error);
	int status;

	if (to && r->limit && !to->has_limit)
		cli_usage("--limit: %s is always complete; it is for mermaid and csv", to->name);
	if (!to || weft_source_load(source, &trace, &error) < 0) {
		cli_say("%s: %s", cli_clean(source->name), cli_clean(error.text));
		return CLI_UNREADABLE;
	}
	if (*trace->warning)
		cli_say("%s: %s", cli_clean(source->name), cli_clean(trace->warning));
	status = write_output(source, trace, to, r);
	weft_trace_free(trace);
	return status;
}

static int run(const struct cli_verb *verb, int argc, char **argv)
{
	struct cli_args args = {.verb = verb, .argc = argc, .argv = argv};
	struct request r = {.input = NULL};
	struct weft_trace_error error = {.text = ""};
	struct weft_source source;
	int status;

	read_options(&args, &r);
	cli_keep_input(r.input, r.output);
	if (weft_source_open(&source, r.input, r.from, &error) < 0) {
		cli_say("%s: %s", cli_clean(source.name), cli_clean(error.text));
		return CLI_UNREADABLE;
	}
	status = convert(&source, &r);
	weft_source_close(&source);
	return status;
}

const struct cli_verb cli_convert = {
	.name = "convert",
	.synopsis = "FILE -o OUTPUT [OPTIONS]",
	.summary = "write a trace in another format",
	.about = "Reads a trace of weft or of another tool and writes it in the format that the "
		 "suffix "
		 "of\n"
		 "OUTPUT names:\n"
		 "\n"
		 "  chrome    .chrome.json, .perfetto.json  for ui.perfetto.dev, chrome://tracing\n"
		 "  mermaid   .mmd, .md                     a sequence diagram for READMEs\n"
		 "  csv       .csv                          a table of the messages\n"
		 "  sqlite    .db, .sqlite                  a database of everything\n"
		 "  shiviz    .shiviz, .log                 what happened before what, for ShiViz\n"
		 "  weft      .weft.json                    weft's own, in the order of time\n"
		 "\n"
		 "A plain .json is chrome for a trace of weft, and weft for any other. - is the "
		 "standard\n"
		 "input or output. weft, gotrace and chrome are read.",
	.exits = "0  OUTPUT was written\n"
		 "1  OUTPUT could not be written; nothing is left behind\n"
		 "2  wrong usage\n"
		 "3  FILE is not a trace that weft can read",
	.options = options,
	.run = run,
};
