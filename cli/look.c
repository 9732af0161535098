/* SPDX-License-Identifier: MIT
 *
 * Options that view and export have in common. See look.h.
 */
#include "cli/look.h"

#include <string.h>

#include "cli/cli.h"
#include "viewer/timescale.h"

enum theme_name look_theme(const char *value)
{
	enum theme_name theme;

	if (theme_find(value, &theme) < 0)
		cli_usage("--theme %s: unknown; choose one of %s", cli_clean(value), theme_words());
	return theme;
}

int look_axis(const char *value)
{
	enum view_axis axis;

	if (strcmp(value, "auto") == 0)
		return -1;
	if (timescale_find(value, &axis) < 0)
		cli_usage("--axis %s: unknown; choose one of auto, wall, order, squeezed",
			cli_clean(value));
	return (int)axis;
}

double look_scale(const char *value, double min, double max)
{
	double scale = cli_number("scale", value);

	if (scale < min || scale > max)
		cli_usage("--scale %s: must be from %g to %g", cli_clean(value), min, max);
	return scale;
}

struct weft_trace *look_load(const char *path)
{
	struct weft_trace_error error = {.text = ""};
	struct weft_trace *trace = NULL;

	if (weft_trace_load(path, NULL, &trace, &error) < 0) {
		cli_say("%s: %s", cli_clean(path), cli_clean(error.text));
		return NULL;
	}
	if (*trace->warning)
		cli_say("%s: %s", cli_clean(path), cli_clean(trace->warning));
	return trace;
}
