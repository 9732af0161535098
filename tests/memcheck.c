/* SPDX-License-Identifier: MIT
 *
 * Programs with and without a misuse of memory, for tests/valgrind_test.py. The argument says
 * which.
 */
#include "tests/misuse.h"

static volatile int sink;

/* Much switching, on many stacks that are used again; deep and shallow frames; values by pointer.
 */
static __attribute__((noinline)) int fill(int n)
{
	volatile char room[4000];

	for (size_t i = 0; i < sizeof(room); i++)
		room[i] = (char)n;
	return room[n % 4000];
}

static void pass(int_chan **c)
{
	int v, local = 0;

	for (int i = 0; i < 20; i++) {
		local += fill(i);
		weft_recv(c[0], &v);
		weft_yield();
		weft_send(c[1], v + (local & 0));
	}
}

static void send_local(int_chan *go_on)
{
	int local = 5;

	weft_send(pointers, &local);
	weft_recv(go_on, NULL);
}

static int clean(void)
{
	int_chan *c[9];
	int v = 0, *p;

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 9; i++)
			c[i] = weft_make(int_chan, (size_t)i % 2);
		for (int i = 0; i < 8; i++)
			weft_go(pass, &c[i]);
		for (int i = 0; i < 20; i++) {
			weft_send(c[0], i);
			weft_recv(c[8], &v);
		}
		weft_go(send_local, c[0]);
		weft_recv(pointers, &p);
		sink = *p; /* on the stack of one who waits */
		weft_send(c[0], 1);
		weft_select_until(weft_now() + WEFT_MS, weft_on_recv(c[0], &v));
	}
	return v == 19 ? 0 : 1;
}

/* On a stack that another coroutine has used. */
static void leave_traces(int_chan *done)
{
	fill(1);
	weft_send(done, 1);
}

static __attribute__((noinline)) int read_unset(void)
{
	int room[100];

	/* For all that the compiler knows, it is written here: so it has to look. */
	__asm__ volatile("" : : "r"(room) : "memory");
	if (room[50] == 12345)
		puts("by chance");
	return room[51];
}

static void read_uninitialised(int_chan *done)
{
	sink = read_unset();
	weft_send(done, 1);
}

static int uninitialised(void)
{
	int_chan *done = weft_make(int_chan, 0);

	weft_go(leave_traces, done);
	weft_recv(done, NULL);
	weft_yield();
	weft_go(read_uninitialised, done);
	weft_recv(done, NULL);
	return 0;
}

static void hand_local(void *unused)
{
	int local = 5;

	weft_send(pointers, &local);
}

static int use_after_end(void)
{
	int *p;

	weft_go(hand_local, NULL);
	weft_recv(pointers, &p);
	for (int i = 0; i < 10; i++)
		weft_yield();
	sink = *p;
	return 0;
}

static const struct misuse programs[] = {
	{"clean", clean},
	{"uninitialised", uninitialised},
	{"use-after-free", use_after_free},
	{"use-after-end", use_after_end},
	{NULL, NULL},
};

static int app(int argc, char **argv)
{
	return run_misuse(programs, argc, argv);
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
