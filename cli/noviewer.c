/* SPDX-License-Identifier: MIT
 *
 * weft view and weft export in a build without the viewer: both say so.
 */
#include "cli/cli.h"

#include <string.h>

static const struct cli_option options[] = {{0, NULL, NULL, NULL}};

static int run(const struct cli_verb *verb, int argc, char **argv)
{
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		cli_help(verb);
		return cli_finish_stdout(CLI_OK);
	}
	cli_say("%s: this weft was built without its viewer; build it with -Dviewer=enabled, which "
		"needs SDL2, cairo, pango and giflib",
		verb->name);
	return CLI_FAILED;
}

#define ABOUT                                                                                   \
	"This weft was built without its viewer. Build it with -Dviewer=enabled, which needs\n" \
	"SDL2, cairo, pango and giflib."

const struct cli_verb cli_view = {
	.name = "view",
	.synopsis = "FILE",
	.summary = "play a trace in a window (not in this build)",
	.about = ABOUT,
	.exits = "1  always, in this build",
	.options = options,
	.run = run,
};

const struct cli_verb cli_export = {
	.name = "export",
	.synopsis = "FILE -o OUTPUT",
	.summary = "make a picture or an animation (not in this build)",
	.about = ABOUT,
	.exits = "1  always, in this build",
	.options = options,
	.run = run,
};
