/* SPDX-License-Identifier: MIT
 *
 * ping: main starts one coroutine, which sends a greeting back over a channel. With --rounds N the
 * two play ping-pong: N round trips.
 */
#include <stdio.h>

#include <weft.h>

#include "options.h"

WEFT_CHAN(string_chan, const char *)

struct player {
	string_chan *from, *to;
};

/* Answers every ping with a pong, until there are no more. */
static void pong(struct player *me)
{
	const char *ball;

	while (weft_recv(me->from, &ball))
		weft_send(me->to, "pong");
}

static void greet(string_chan *out)
{
	weft_send(out, "ping");
}

static int app(int argc, char **argv)
{
	string_chan *in = weft_make(string_chan, 0), *out = weft_make(string_chan, 0);
	const char *ball;
	long rounds;

	options_only(argc, argv, "--rounds");
	rounds = option(argc, argv, "--rounds", 0, 0, 100000000);
	weft_chan_name(in, "answers");
	weft_chan_name(out, "serves");
	if (rounds == 0) {
		weft_go(greet, in);
		weft_recv(in, &ball);
		puts(ball);
		return 0;
	}
	weft_go_copy(pong, &(struct player){.from = out, .to = in});
	for (long i = 0; i < rounds; i++) {
		weft_send(out, "ping");
		weft_recv(in, &ball);
	}
	printf("%ld rounds, the last answer was \"%s\"\n", rounds, ball);
	weft_close(out);
	return 0;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
