/* SPDX-License-Identifier: MIT
 *
 * weft check: prints what is wrong with traces, a finding a line, as compilers do.
 */
#include "cli/cli.h"

#include <inttypes.h>
#include <string.h>

#include "tracer/trace/check.h"
#include "tracer/trace/json.h"

enum { STRICT, FORMAT, COLOR };

static const struct cli_option options[] = {
	[STRICT] = {0, "strict", NULL, "warnings count: exit status 1"},
	[FORMAT] = {0, "format", "FORMAT", "text or json (default: text)"},
	[COLOR] = {0, "color", "WHEN", "auto, yes or no (default: auto)"},
	{0, NULL, NULL, NULL},
};

/* One file's check, as its findings come in. */
struct job {
	const char *path;
	bool json;
	uint64_t reported; /* findings so far */
};

static void print_text(const struct job *job, const struct weft_finding *f)
{
	const char *colour = cli_colour(stdout, f->severity == WEFT_ERROR ? CLI_RED : CLI_YELLOW);

	printf("%s:", cli_clean(job->path));
	if (f->line)
		printf("%" PRIu64 ":", f->line);
	printf(" %s%s%s: %s\n", colour, f->rule, cli_colour(stdout, CLI_PLAIN), cli_clean(f->text));
}

static void print_json(const struct job *job, const struct weft_finding *f)
{
	printf("%s\n   {\"rule\":\"%s\",\"severity\":\"%s\",\"line\":", job->reported ? "," : "",
		f->rule, f->severity == WEFT_ERROR ? "error" : "warning");
	if (f->line)
		printf("%" PRIu64, f->line);
	else
		printf("null");
	printf(",\"record\":");
	if (f->record)
		printf("%" PRIu64, f->record);
	else
		printf("null");
	printf(",\"text\":");
	weft_json_string(stdout, f->text);
	putchar('}');
}

static void report(void *arg, const struct weft_finding *f)
{
	struct job *job = arg;

	if (job->json)
		print_json(job, f);
	else
		print_text(job, f);
	job->reported++;
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void end_json(int status, const struct weft_check_summary *s, const char *error)
{
	printf("],\n  \"errors\":%" PRIu64 ",\"warnings\":%" PRIu64 ",\"records\":%" PRIu64
	       ",\"threads\":%" PRIu32 ",\"error\":",
		s->errors, s->warnings, s->records, s->threads);
	weft_json_string(stdout, error);
	printf(",\"exit\":%d}", status);
}

static int check(struct job *job, bool strict)
{
	struct weft_check_summary s = {0};
	struct weft_trace_error error = {.text = ""};
	int status = CLI_OK;

	if (job->json) {
		printf(" {\"file\":");
		weft_json_string(stdout, job->path);
		printf(",\"findings\":[");
	}
	int unreadable = weft_check(job->path, NULL, report, job, &s, &error);
	if (unreadable)
		status = CLI_UNREADABLE;
	else if (s.errors)
		status = CLI_CHECK_ERRORS;
	else if (s.warnings && strict)
		status = CLI_CHECK_WARNINGS;
	if (job->json)
		end_json(status, &s, unreadable ? error.text : NULL);
	if (unreadable)
		cli_say("%s: %s", cli_clean(job->path), cli_clean(error.text));
	else if (s.errors)
		cli_say("%s: %" PRIu64 " error%s, %" PRIu64 " warning%s in %" PRIu64 " records",
			cli_clean(job->path), s.errors, plural(s.errors), s.warnings,
			plural(s.warnings), s.records);
	else if (!job->json && *cli_colour(stdout, CLI_GREEN))
		printf("%s: %ssound%s: %" PRIu32 " thread%s, %" PRIu64 " record%s, %" PRIu64
		       " warning%s\n",
			cli_clean(job->path), cli_colour(stdout, CLI_GREEN),
			cli_colour(stdout, CLI_PLAIN), s.threads, plural(s.threads), s.records,
			plural(s.records), s.warnings, plural(s.warnings));
	return status;
}

static int run(const struct cli_verb *verb, int argc, char **argv)
{
	struct cli_args args = {.verb = verb, .argc = argc, .argv = argv};
	bool strict = false, json = false;
	const char *value;
	int got, nfiles = 0, status = CLI_OK;

	/* The files stay in argv, moved to its front: options hold for all of them. */
	while ((got = cli_next(&args, &value)) != CLI_END) {
		if (got == CLI_OPERAND)
			argv[nfiles++] = argv[args.next - 1];
		else if (got == STRICT)
			strict = true;
		else if (got == FORMAT)
			json = cli_bool_format("format", value);
		else if (got == COLOR)
			cli_colour_option(value);
	}
	if (nfiles == 0)
		cli_usage("check: no trace to check; see weft check --help");
	if (json)
		puts("[");
	for (int i = 0; i < nfiles; i++) {
		struct job job = {.path = argv[i], .json = json};

		if (json && i > 0)
			puts(",");
		int one = check(&job, strict);
		status = one > status ? one : status;
	}
	if (json)
		puts("\n]");
	return cli_finish_stdout(status);
}

const struct cli_verb cli_check = {
	.name = "check",
	.synopsis = "[--strict] [--format=text|json] FILE...",
	.summary = "is a trace sound? what deadlocked, what was left behind?",
	.about = "Checks traces against the rules of the trace format and prints each finding on\n"
		 "stdout as FILE:LINE: RULE: TEXT. Rules that begin with E are errors, with W "
		 "warnings.",
	.exits = "0  no errors\n"
		 "1  no errors, but warnings, and --strict; or the output could not be written\n"
		 "2  errors; or wrong usage\n"
		 "3  a file is not a trace that weft can read\n"
		 "With several files, the highest of them.",
	.options = options,
	.run = run,
};
