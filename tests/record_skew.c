/* SPDX-License-Identifier: MIT
 *
 * A weft program with a bit of everything, whose workers' clocks are off by SKEW ns each (given in
 * the environment). tests/record_skew.py looks at its trace: cause must come before effect.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <weft.h>

#include "tracer/record/record.h"

#define PRODUCERS 6
#define RELAYS 4
#define EACH 150

WEFT_CHAN(int_chan, int)

static int_chan *in, *out, *quit;
static struct weft_waitgroup producers, relays, sayers;
static atomic_bool said;

static void produce(int_chan *c)
{
	for (int i = 0; i < EACH; i++) {
		weft_send(c, i);
		if (i % 50 == 0)
			weft_sleep(20 * WEFT_US);
		if (i % 17 == 0)
			weft_yield();
	}
	weft_waitgroup_done(&producers);
}

/* Receives from in or is told to quit; what it has goes on to out. */
static void relay(int_chan *c)
{
	int v;
	bool ok;

	for (;;) {
		switch (weft_select(weft_on_recv_ok(c, &v, &ok), weft_on_recv(quit, NULL))) {
		case 0:
			if (ok && weft_select(weft_on_send(out, v)) == 0)
				continue;
		}
		break;
	}
	weft_waitgroup_done(&relays);
}

static void close_up(int_chan *c)
{
	weft_waitgroup_wait(&producers);
	weft_close(c);
	weft_waitgroup_wait(&relays);
	weft_close(out);
}

static int answer(int_chan *c)
{
	int v;

	weft_recv_until(c, &v, weft_now() + 200 * WEFT_US);
	return 42;
}

/*
 * Two come from the same place, one after the other, which nothing but their clocks tells: first
 * the one whose clock is ahead.
 */
static void say(const int *first)
{
	int last = weft_worker_count() - 1;

	weft_pin((weft__rec_test_skew > 0) == *first ? last : 0);
	while (!*first && !atomic_load(&said))
		weft_yield();
	weft_note("said");
	atomic_store(&said, true);
	weft_waitgroup_done(&sayers);
}

static int app(int argc, char **argv)
{
	static const int first = 1, second = 0;
	struct weft_handle *handle;
	int v, n = 0, code;

	/* Before messages carry the clock that is ahead to all others. */
	weft_waitgroup_add(&sayers, 2);
	weft_go(say, &first);
	weft_go(say, &second);
	weft_waitgroup_wait(&sayers);
	in = weft_make(int_chan, 3);
	out = weft_make(int_chan, 0);
	quit = weft_make(int_chan, 0);
	weft_waitgroup_add(&producers, PRODUCERS);
	weft_waitgroup_add(&relays, RELAYS);
	for (int i = 0; i < PRODUCERS; i++)
		weft_go(produce, in);
	for (int i = 0; i < RELAYS; i++)
		weft_go(relay, in);
	weft_go(close_up, in);
	handle = weft_spawn(answer, quit);
	while (weft_recv(out, &v))
		n++;
	weft_join(handle, &code);
	printf("%d %d\n", n, code);
	return 0;
}

int main(int argc, char **argv)
{
	const char *skew = getenv("SKEW");

	weft__rec_test_skew = skew ? atoll(skew) : 0;
	return weft_run(app, argc, argv);
}
