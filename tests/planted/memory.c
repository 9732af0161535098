/* SPDX-License-Identifier: MIT
 *
 * Programs with and without a misuse of memory, for planted_test.py: does ASan see coroutines'
 * stacks as what they are? The argument says which.
 */
#include "runtime/sanitize.h"
#include "tests/misuse.h"

static void send_local(void *unused)
{
	int local = 5;

	weft_send(pointers, &local);
}

/* The coroutine has ended, and its local with it. */
static int use_after_end(void)
{
	int *p;

	weft_go(send_local, NULL);
	weft_recv(pointers, &p);
	for (int i = 0; i < 100; i++)
		weft_yield();
	return *p == 5 ? 0 : 1;
}

static __attribute__((noinline)) int *address_of_local(void)
{
	int local = 5;
	int *volatile p = &local;

	return p;
}

static void use_returned(int_chan *c)
{
	int *p = address_of_local();

	weft_yield();
	weft_send(c, *p);
}

/* Within one coroutine, with a switch between. */
static int use_after_return(void)
{
	int_chan *c = weft_make(int_chan, 0);
	int v;

	weft_go(use_returned, c);
	weft_recv(c, &v);
	return v == 5 ? 0 : 1;
}

static void overflow_local(int_chan *c)
{
	char text[8];
	volatile size_t n = 9;

	weft_yield();
	memset(text, 'x', n);
	weft_send(c, text[0]);
}

static int stack_overflow(void)
{
	int_chan *c = weft_make(int_chan, 0);

	weft_go(overflow_local, c);
	weft_recv(c, NULL);
	return 0;
}

static void lose(int_chan *c)
{
	for (int i = 0; i < 10; i++) {
		char *volatile lost = malloc(1234);

		lost[0] = 1;
		lost = NULL;
	}
	weft_send(c, 1);
}

static int leak(void)
{
	int_chan *c = weft_make(int_chan, 0);

	weft_go(lose, c);
	weft_recv(c, NULL);
	return 0;
}

static void hold(int_chan *c)
{
	char *volatile held = malloc(1234);

	weft_send(c, 1);
	c = NULL;
	weft_recv(c, NULL); /* for ever */
	free(held);
}

/* exit while others are parked: what they hold is no leak. */
static int parked(void)
{
	int_chan *c = weft_make(int_chan, 0);

	for (int i = 0; i < 20; i++) {
		weft_go(hold, c);
		weft_recv(c, NULL);
	}
	exit(0);
}

static void use_much(int_chan *c)
{
	volatile char room[3000];

	for (size_t i = 0; i < sizeof(room); i++)
		room[i] = (char)i;
	weft_send(c, room[5]);
}

/* Stacks are used again, whatever redzones were on them. */
static int clean(void)
{
	int_chan *c = weft_make(int_chan, 0);

	for (int i = 0; i < 500; i++) {
		int *p;

		weft_go(use_much, c);
		weft_recv(c, NULL);
		weft_go(send_local, NULL);
		weft_recv(pointers, &p);
	}
	return 0;
}

static const struct misuse programs[] = {
	{"use-after-end", use_after_end},
	{"use-after-return", use_after_return},
	{"use-after-free", use_after_free},
	{"stack-overflow", stack_overflow},
	{"leak", leak},
	{"parked", parked},
	{"clean", clean},
	{NULL, NULL},
};

static int app(int argc, char **argv)
{
	return run_misuse(programs, argc, argv);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "sanitizer") == 0) {
		puts(WEFT__ASAN ? "address" : "none");
		return 0;
	}
	return weft_run(app, argc, argv);
}
