/* SPDX-License-Identifier: MIT
 *
 * What a flight recorder records, and how it comes to be written: tests/flight_test.py.
 *
 *	flight ROUNDS HOW [FILE]
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weft.h>

WEFT_CHAN(int_chan, int)

struct ends {
	int_chan *in, *out;
};

static void answer(const struct ends *ends)
{
	int value;

	while (weft_recv(ends->in, &value))
		weft_send(ends->out, value);
}

static void wait_for_ever(int_chan *c)
{
	weft_recv(c, NULL);
}

/* Nobody else does anything meanwhile: who asked has its answer before this returns. */
static void by_signal(int signal)
{
	kill(getpid(), signal);
	for (;;)
		weft_sleep(WEFT_SEC);
}

static void end(const char *how, const char *file, int_chan *left)
{
	if (strcmp(how, "dump") == 0)
		printf("%d\n", weft_trace_dump(file));
	else if (strcmp(how, "twice") == 0)
		printf("%d %d\n", weft_trace_dump(NULL), weft_trace_dump(NULL));
	else if (strcmp(how, "usr2") == 0)
		by_signal(SIGUSR2);
	else if (strcmp(how, "quit") == 0)
		by_signal(SIGQUIT);
	else if (strcmp(how, "segv") == 0)
		*(volatile int *)(getpid() > 0 ? NULL : left) = 1;
	else if (strcmp(how, "abort") == 0)
		abort();
	else if (strcmp(how, "panic") == 0)
		weft_chan_close(NULL);
	else if (strcmp(how, "deadlock") == 0)
		weft_recv(left, NULL);
}

static int app(int argc, char **argv)
{
	int_chan *in = weft_make(int_chan, 0), *out = weft_make(int_chan, 0);
	int_chan *left = weft_make(int_chan, 3);
	int rounds = atoi(argv[1]), value;

	weft_chan_name(left, "left");
	weft_go_copy(answer, &(struct ends){in, out});
	weft_go(wait_for_ever, left);
	for (int i = 0; i < rounds; i++) {
		weft_send(in, i);
		weft_recv(out, &value);
	}
	end(argv[2], argv[3], left);
	return 0;
}

int main(int argc, char **argv)
{
	return argc < 3 ? 2 : weft_run(app, argc, argv);
}
