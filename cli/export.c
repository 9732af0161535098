/* SPDX-License-Identifier: MIT
 *
 * weft export: a trace as a picture or an animation.
 */
#include "cli/cli.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/look.h"
#include "viewer/export.h"

enum { OUTPUT, AT, DURATION, FPS, SIZE, SCALE, THEME, AXIS, NO_LABELS };

static const struct cli_option options[] = {
	[OUTPUT] = {'o', "output", "FILE", "what to write; its suffix says how: .png, .gif"},
	[AT] = {0, "at", "TIME", "a picture of this moment (1.5ms; ns, us, ms, s)"},
	[DURATION] = {0, "duration", "TIME", "of an animation (default: 10s)"},
	[FPS] = {0, "fps", "N", "frames a second, 1 to 50 (default: 25)"},
	[SIZE] = {0, "size", "WxH", "in pixels (default: 1280x720)"},
	[SCALE] = {0, "scale", "FACTOR", "pixels to a unit of the picture, 0.25 to 8"},
	[THEME] = {0, "theme", "THEME", "light, dark, classic or safe (default: light)"},
	[AXIS] = {0, "axis", "AXIS",
		"wall: true proportions; order: one step an event;\nsqueezed: idle gaps folded; "
		"auto: "
		"what suits it (default)"},
	[NO_LABELS] = {0, "no-labels", NULL, "no values beside the arrows"},
	{0, NULL, NULL, NULL},
};

/* What the command line asked for. */
struct request {
	const char *input, *output;
	struct export_options o;
};

static int on_progress(void *arg, double done)
{
	enum { WIDTH = 40 };
	int *shown = arg; /* percent; -1: stderr is no terminal */
	int percent = (int)(done * 100);

	if (*shown >= 0 && percent != *shown) {
		char bar[WIDTH + 1];

		memset(bar, ' ', WIDTH);
		memset(bar, '=', (size_t)(percent * WIDTH / 100));
		bar[WIDTH] = '\0';
		fprintf(stderr, "\r[%s] %3d %%", bar, percent);
		*shown = percent;
	}
	return cli_caught != 0;
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
		else if (got == AT)
			r->o.at_ns = cli_time("at", value);
		else if (got == DURATION)
			r->o.duration_s = cli_seconds("duration", value);
		else if (got == FPS)
			r->o.fps = cli_number("fps", value);
		else if (got == SIZE)
			cli_size("size", value, &r->o.width, &r->o.height);
		else if (got == SCALE)
			r->o.scale = look_scale(value, EXPORT_SCALE_MIN, EXPORT_SCALE_MAX);
		else if (got == THEME)
			r->o.theme = look_theme(value);
		else if (got == AXIS)
			r->o.axis = look_axis(value);
		else if (got == NO_LABELS)
			r->o.labels = false;
	}
}

static int write_output(const struct weft_trace *trace, const struct request *r)
{
	int shown = isatty(STDERR_FILENO) ? 0 : -1;
	char error[512] = "";

	cli_catch_signals();
	int failed =
		export_file(trace, r->output, &r->o, on_progress, &shown, error, sizeof(error));
	if (shown >= 0)
		fputs("\r\033[K", stderr);
	if (failed == -ECANCELED && cli_caught)
		return 128 + (int)cli_caught;
	if (failed) {
		cli_say("%s", cli_clean(error)); /* it names the file */
		return CLI_FAILED;
	}
	if (shown >= 0)
		cli_say("wrote %s", cli_clean(r->output));
	return CLI_OK;
}

static int run(const struct cli_verb *verb, int argc, char **argv)
{
	struct cli_args args = {.verb = verb, .argc = argc, .argv = argv};
	struct request r = {.input = NULL};
	char error[512] = "";

	export_options_init(&r.o);
	read_options(&args, &r);
	if (!r.input)
		cli_usage("export: no trace; see weft export --help");
	if (!r.output)
		cli_usage("export: no output; name one with -o, ending in one of %s",
			export_suffixes());
	if (export_check(r.output, &r.o, error, sizeof(error)) < 0)
		cli_usage("%s", cli_clean(error));
	cli_keep_input(r.input, r.output);
	struct weft_trace *trace = look_load(r.input);
	if (!trace)
		return CLI_UNREADABLE;
	if (r.o.at_ns != WEFT_NO_TIME && r.o.at_ns > trace->end_ns)
		cli_usage("--at %s: after the end of the run, which is at %s",
			cli_duration(r.o.at_ns), cli_duration(trace->end_ns));
	int status = write_output(trace, &r);
	weft_trace_free(trace);
	return status;
}

const struct cli_verb cli_export = {
	.name = "export",
	.synopsis = "FILE -o OUTPUT [OPTIONS]",
	.summary = "make a picture (.png) or an animation (.gif) of a trace",
	.about = "Draws what weft view shows, without a display. A .png is the whole run, or with "
		 "--at\n"
		 "one moment of it; a .gif plays the run. The same trace and options give the same "
		 "bytes.",
	.exits = "0  OUTPUT was written\n"
		 "1  OUTPUT could not be written; nothing is left behind\n"
		 "2  wrong usage\n"
		 "3  FILE is not a trace that weft can read",
	.options = options,
	.run = run,
};
