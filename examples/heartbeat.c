/* SPDX-License-Identifier: MIT
 *
 * heartbeat: a heart beats --beats times, every --period ms, and then falls silent. A monitor
 * counts, and says so when it has not heard from it for --patience ms: a ticker on one side, a
 * timer that is wound up anew after each beat on the other.
 */
#include <weft.h>

#include "options.h"

WEFT_CHAN(beat_chan, int)

struct heart {
	beat_chan *beats;
	int64_t period;
	int count;
};

static void heart(struct heart *me)
{
	weft_time_chan *tick = weft_ticker(me->period);

	weft_set_name("heart");
	for (int i = 1; i <= me->count; i++) {
		weft_recv(tick, NULL);
		weft_send(me->beats, i);
	}
	weft_unref(tick); /* that also stops it */
}

static int monitor(beat_chan *beats, int64_t patience)
{
	weft_time_chan *silence = weft_after(patience);
	int beat, heard = 0;

	while (weft_select(weft_on_recv(beats, &beat), weft_on_recv(silence, NULL)) == 0) {
		printf("beat %d\n", beat);
		heard++;
		weft_time_reset(silence, patience);
	}
	weft_unref(silence);
	return heard;
}

static int app(int argc, char **argv)
{
	options_only(argc, argv, "--beats --period --patience");
	int count = (int)option(argc, argv, "--beats", 5, 0, 1000000);
	int64_t period = option(argc, argv, "--period", 10, 1, 3600000) * WEFT_MS;
	int64_t patience = option(argc, argv, "--patience", 500, 1, 3600000) * WEFT_MS;
	beat_chan *beats = weft_make(beat_chan, 0);
	int64_t start = weft_now();
	int heard;

	weft_go_copy(heart, &(struct heart){beats, period, count});
	heard = monitor(beats, patience);
	printf("silence after %d beats\n", heard);
	/* Nothing comes too early: neither the beats nor the end of patience. */
	if (weft_now() - start < heard * period + patience)
		printf("too early\n");
	return heard == count ? 0 : 1;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
