/* SPDX-License-Identifier: MIT
 *
 * ring: --threads N coroutines stand in a ring and hand a counter on, --laps N times round. The
 * last one hands it to main.
 */
#include <stdio.h>

#include <weft.h>

#include "options.h"

WEFT_CHAN(int_chan, int)

struct runner {
	int_chan *from, *to, *finish;
	int number, hops; /* hops in all: who makes the last one is at the finish */
};

static void run(struct runner *me)
{
	int baton;

	weft_set_name("runner %d", me->number);
	while (weft_recv(me->from, &baton)) {
		baton++;
		if (baton == me->hops)
			weft_send(me->finish, baton);
		else
			weft_send(me->to, baton);
	}
}

static int app(int argc, char **argv)
{
	int_chan *first, *from, *finish = weft_make(int_chan, 0);
	int threads, laps, baton;

	options_only(argc, argv, "--threads --laps");
	threads = (int)option(argc, argv, "--threads", 3, 1, 1000000);
	laps = (int)option(argc, argv, "--laps", 4, 1, 2000);
	weft_chan_name(finish, "finish");
	/* Room for one, so that even a ring of one can hand the counter to itself. */
	first = from = weft_make(int_chan, 1);
	for (int i = 0; i < threads; i++) {
		int_chan *to = i + 1 < threads ? weft_make(int_chan, 1) : first;

		weft_go_copy(run, &(struct runner){from, to, finish, i + 1, threads * laps});
		from = to;
	}
	weft_send(first, 0);
	weft_recv(finish, &baton);
	printf("%d hops\n", baton);
	return 0;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
