/* SPDX-License-Identifier: MIT
 *
 * How far the reading of a large trace is, as one line on a terminal that is gone afterwards. What
 * is read in a moment shows nothing, and neither does a stderr that is no terminal.
 */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tracer/trace/trace.h"

enum { NAME_MAX_BYTES = 50, PATIENCE_MS = 300, PERIOD_MS = 100 };

static struct {
	bool shown;
	int percent;
	int64_t patience_ms; /* so long nothing is shown */
	int64_t began_ms, drawn_ms;
} line;

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void cli_clear_progress(void)
{
	if (line.shown)
		fputs("\r\033[K", stderr);
	line.shown = false;
}

static void draw(const char *path, int percent)
{
	const char *slash = strrchr(path, '/'), *name = cli_clean(slash ? slash + 1 : path);

	fprintf(stderr, "\r\033[Kweft: reading %s: %d %%",
		strlen(name) <= NAME_MAX_BYTES ? name : "the trace", percent);
	fflush(stderr);
	line.shown = true;
}

static void on_progress(void *arg, const char *path, double done)
{
	int64_t now = now_ms();
	int percent = (int)(done * 100);

	(void)arg;
	if (done >= 1) {
		cli_clear_progress();
		line.began_ms = 0;
		return;
	}
	if (!line.began_ms)
		line.began_ms = now;
	if (now - line.began_ms < line.patience_ms || now - line.drawn_ms < PERIOD_MS ||
		(line.shown && percent == line.percent))
		return;
	draw(path, percent);
	line.percent = percent;
	line.drawn_ms = now;
}

void cli_show_progress(void)
{
	const char *patience = getenv("WEFT_TEST_PATIENCE_MS"), *term = getenv("TERM");

	line.patience_ms = patience ? atoi(patience) : PATIENCE_MS;
	if (isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0)
		weft_trace_watch(on_progress, NULL);
}
