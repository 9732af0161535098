/* SPDX-License-Identifier: MIT
 *
 * screen: the main thread owns the screen, as with graphics libraries that want to be called from
 * no other. Coroutine 1 is pinned to it; the --bands of each of the --frames are computed on any
 * worker.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <weft.h>

#include "options.h"

static const char shades[] = ".:-=+*#%";

/* ---- The library: it works on the first thread of the process only. ---- */

static pthread_t main_thread; /* set by main */

static void only_on_the_main_thread(void)
{
	if (pthread_equal(pthread_self(), main_thread))
		return;
	fputs("screen: called from a thread that is not the main thread\n", stderr);
	exit(1);
}

static void screen_draw(int shade)
{
	only_on_the_main_thread();
	putchar(shades[shade]);
}

static void screen_flip(void)
{
	only_on_the_main_thread();
	putchar('\n');
}

/* ---- The program ---- */

struct band {
	int frame, number;
};

/* Takes a while, and runs where there is room. */
static int render(struct band *band)
{
	unsigned int n = 0;

	weft_set_name("band %d", band->number);
	for (int i = 0; i < 80001; i++)
		n = (n + (unsigned int)(band->frame + band->number)) % 8;
	return (int)n;
}

static int app(int argc, char **argv)
{
	options_only(argc, argv, "--frames --bands");
	int frames = (int)option(argc, argv, "--frames", 5, 1, 10000);
	int bands = (int)option(argc, argv, "--bands", 8, 1, 1000);
	struct weft_handle **handles = calloc((size_t)bands, sizeof(struct weft_handle *));
	int shade;

	if (!handles || weft_pin(WEFT_MAIN_THREAD) < 0)
		return 1;
	for (int frame = 0; frame < frames; frame++) {
		for (int i = 0; i < bands; i++)
			handles[i] = weft_spawn_copy(render, &((struct band){frame, i}));
		for (int i = 0; i < bands; i++) {
			weft_join(handles[i], &shade); /* waits, and goes on on this thread */
			screen_draw(shade);
		}
		printf(" frame %d", frame + 1);
		screen_flip();
	}
	weft_unpin();
	free(handles);
	return 0;
}

int main(int argc, char **argv)
{
	main_thread = pthread_self();
	return weft_run(app, argc, argv);
}
