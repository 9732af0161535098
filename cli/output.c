/* SPDX-License-Identifier: MIT
 *
 * What the verbs that write a file share: the input is not overwritten, and a signal ends the
 * writing in such a way that the half-written file is removed.
 */
#include "cli/cli.h"

#include <sys/stat.h>

volatile sig_atomic_t cli_caught;

static void on_signal(int sig)
{
	cli_caught = sig;
}

void cli_catch_signals(void)
{
	struct sigaction sa = {.sa_handler = on_signal};

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

/* The trace under another name, or behind a link, as well. */
static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

void cli_keep_input(const char *input, const char *output)
{
	if (same_file(input, output))
		cli_usage("%s: is the trace itself; it is not overwritten", cli_clean(output));
}
