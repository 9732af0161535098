/* SPDX-License-Identifier: MIT
 *
 * A program to look into, for tests/gdb_test.py: one coroutine parked in nested functions, one that
 * selects, one that computes. With "crash" it ends by abort, from coroutine 1; else it says "ready"
 * and waits.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft.h>

WEFT_CHAN(int_chan, int)

static atomic_int parked, computing;
static volatile int work;

static __attribute__((noinline)) void innermost(int_chan *c)
{
	weft_recv(c, NULL);
	work++;
}

static __attribute__((noinline)) void in_between(int_chan *c)
{
	innermost(c);
	work++;
}

static void consumer(int_chan *c)
{
	weft_set_name("consumer");
	atomic_fetch_add(&parked, 1);
	in_between(c);
	work++;
}

static void selector(int_chan *c)
{
	atomic_fetch_add(&parked, 1);
	weft_select(weft_on_recv(c, NULL));
	work++;
}

static void glutton(int_chan *c)
{
	atomic_store(&computing, 1);
	while (atomic_load(&computing))
		work++;
}

static int app(int argc, char **argv)
{
	int_chan *jobs = weft_make(int_chan, 0);

	weft_chan_name(jobs, "jobs");
	weft_go(consumer, jobs);
	weft_go(selector, jobs);
	weft_go(glutton, jobs);
	while (atomic_load(&parked) < 2 || !atomic_load(&computing))
		weft_yield();
	weft_sleep(50 * WEFT_MS); /* they park in the meantime; who looks says if not */
	if (argc > 1 && strcmp(argv[1], "crash") == 0)
		abort();
	puts("ready");
	fflush(stdout);
	weft_sleep(60 * WEFT_SEC);
	return 0;
}

int main(int argc, char **argv)
{
	setenv("WEFT_WORKERS", "2", 0);
	return weft_run(app, argc, argv);
}
