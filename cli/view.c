/* SPDX-License-Identifier: MIT
 *
 * weft view: opens a trace in a window.
 */
#include "cli/cli.h"

#include "cli/look.h"
#include "viewer/window.h"

enum { THEME, AXIS, SPEED, SIZE, SCALE, PAUSED };

static const struct cli_option options[] = {
	[THEME] = {0, "theme", "THEME", "light, dark, classic or safe (default: light)"},
	[AXIS] = {0, "axis", "AXIS",
		"wall: true proportions; order: one step an event;\nsqueezed: idle gaps folded; "
		"auto: "
		"what suits it (default)"},
	[SPEED] = {0, "speed", "FACTOR", "0.01 to 100 (default: 1)"},
	[SIZE] = {0, "size", "WxH", "of the window"},
	[SCALE] = {0, "scale", "FACTOR", "of the picture (default: what the screen says)"},
	[PAUSED] = {0, "paused", NULL, "wait at the first instant"},
	{0, NULL, NULL, NULL},
};

static double read_speed(const char *value)
{
	double speed = cli_number("speed", value);

	if (speed < 0.01 || speed > 100)
		cli_usage("--speed %s: must be from 0.01 to 100", cli_clean(value));
	return speed;
}

static void read_size(const char *value, struct window_options *o)
{
	cli_size("size", value, &o->width, &o->height);
	if (o->width < 64 || o->height < 64 || o->width > 8192 || o->height > 8192)
		cli_usage("--size %s: must be from 64x64 to 8192x8192", cli_clean(value));
}

static int run(const struct cli_verb *verb, int argc, char **argv)
{
	struct cli_args args = {.verb = verb, .argc = argc, .argv = argv};
	struct window_options o;
	struct window_error error = {.text = ""};
	const char *value, *path = NULL;
	int got;

	window_options_init(&o);
	while ((got = cli_next(&args, &value)) != CLI_END) {
		if (got == CLI_OPERAND && path)
			cli_usage("%s: one trace at a time", cli_clean(value));
		else if (got == CLI_OPERAND)
			path = value;
		else if (got == THEME)
			o.theme = look_theme(value);
		else if (got == AXIS)
			o.axis = look_axis(value);
		else if (got == SPEED)
			o.speed = read_speed(value);
		else if (got == SIZE)
			read_size(value, &o);
		else if (got == SCALE)
			o.scale = look_scale(value, 0.25, 8);
		else if (got == PAUSED)
			o.paused = true;
	}
	if (!path)
		cli_usage("view: no trace to show; see weft view --help");
	struct weft_trace *trace = look_load(path);
	if (!trace)
		return CLI_UNREADABLE;
	o.path = path;
	int failed = window_run(trace, &o, &error);
	if (failed)
		cli_say("%s: %s; weft export draws without one", cli_clean(path),
			cli_clean(error.text));
	weft_trace_free(trace);
	return failed ? CLI_FAILED : CLI_OK;
}

const struct cli_verb cli_view = {
	.name = "view",
	.synopsis = "[OPTIONS] FILE",
	.summary = "play a trace in a window",
	.about = "Opens a window that plays the trace. Space pauses, Left and Right step one "
		 "event,\n"
		 "? shows all keys, Q quits.",
	.exits = "0  the window was closed\n"
		 "1  no window could be opened\n"
		 "2  wrong usage\n"
		 "3  FILE is not a trace that weft can read",
	.options = options,
	.run = run,
};
