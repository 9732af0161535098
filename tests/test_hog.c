/* SPDX-License-Identifier: MIT
 *
 * A coroutine that runs for long without a switch is named on stderr if WEFT_HOG asks for it, with
 * its backtrace; and one that switches often enough is not, however long it runs.
 */
#include <stdatomic.h>

#include "tests/coro.h"

WEFT_CHAN(int_chan, int)

static volatile uint64_t sum;

static __attribute__((noinline)) void compute_until(int64_t until)
{
	while (weft_now() < until)
		sum++;
	sum++;
}

static void compute(int_chan *done)
{
	weft_set_name("glutton");
	compute_until(weft_now() + 400 * WEFT_MS);
	weft_send(done, 1);
}

static int run_glutton(int argc, char **argv)
{
	int_chan *done = weft_make(int_chan, 0);

	weft_go(compute, done);
	weft_recv(done, NULL);
	return 0;
}

static void hog_1(void)
{
	setenv("WEFT_HOG", "1", 1);
	test_child_exit(weft_run(run_glutton, 0, NULL));
}

TEST_WORKERS(one_that_computes_is_named_once)
{
	const char *text = run_child(hog_1)->text, *at;
	long ms;

	at = strstr(text, "weft: coroutine 2 \"glutton\" has run for ");
	if (!at)
		test_fail(__FILE__, __LINE__, "%s", text);
	ms = strtol(strstr(at, "for ") + 4, NULL, 10);
	CHECK(ms >= 100 && ms <= 400 + TOLERANCE_NS / WEFT_MS);
	CHECK_IN(at, " ms without a switch, on worker ");
	CHECK(!strstr(strstr(at, "has run"), "glutton"));
#if defined(__x86_64__) || defined(__aarch64__)
	if (!SANITIZED) {
		CHECK_IN(text, "      compute_until");
		CHECK_IN(text, "      compute at test_hog.c:");
	}
#endif
}

static void hog_off(void)
{
	test_child_exit(weft_run(run_glutton, 0, NULL));
}

TEST_WORKERS(nothing_is_said_that_was_not_asked_for)
{
	CHECK_STR(run_child(hog_off)->text, "");
}

static void hog_long(void)
{
	setenv("WEFT_HOG", "3600000", 1);
	test_child_exit(weft_run(run_glutton, 0, NULL));
}

TEST_WORKERS(the_limit_can_be_set)
{
	CHECK_STR(run_child(hog_long)->text, "");
}

static void hog_nonsense(void)
{
	setenv("WEFT_HOG", "often", 1);
	test_child_exit(weft_run(run_glutton, 0, NULL));
}

TEST_WORKERS(a_limit_that_is_no_number_is_warned_of)
{
	CHECK_IN(run_child(hog_nonsense)->text,
		"weft: WEFT_HOG=often is no number of ms from 0 to 3600000: using 100\n");
}

/* Long, but with switches: to itself, to others, and with sleeps. */
static int switch_often(int_chan *c)
{
	int64_t until = weft_now() + (int64_t)(500 * test_slowness()) * WEFT_MS;

	while (weft_now() < until)
		weft_yield();
	return 0;
}

static int sleep_often(int_chan *c)
{
	for (int i = 0; i < 100; i++)
		weft_sleep(3 * WEFT_MS);
	return 0;
}

static int run_polite(int argc, char **argv)
{
	struct weft_handle *handles[6];

	for (int i = 0; i < 6; i++)
		handles[i] = i % 2 ? weft_spawn(switch_often, NULL) : weft_spawn(sleep_often, NULL);
	for (int i = 0; i < 6; i++)
		weft_join(handles[i], NULL);
	return 0;
}

/* The limit is far above what a loaded machine may take from a thread. */
static void hog_polite(void)
{
	char limit[16];

	snprintf(limit, sizeof(limit), "%d", (int)(400 * test_slowness()));
	setenv("WEFT_HOG", limit, 1);
	test_child_exit(weft_run(run_polite, 0, NULL));
}

TEST_WORKERS(who_switches_is_none)
{
	CHECK_STR(run_child(hog_polite)->text, "");
}

/* All idle: the monitor sleeps as well, and wakes with the first worker. */
static int idle_then_compute(int argc, char **argv)
{
	struct rusage before, after;
	int64_t cpu_ns;

	getrusage(RUSAGE_SELF, &before);
	weft_sleep(1000 * WEFT_MS);
	getrusage(RUSAGE_SELF, &after);
	cpu_ns = (after.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_utime.tv_sec -
			 before.ru_stime.tv_sec) *
			 WEFT_SEC +
		 (after.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_utime.tv_usec -
			 before.ru_stime.tv_usec) *
			 WEFT_US;
	printf("switches of the monitor and all others while idle: %ld\n",
		after.ru_nvcsw - before.ru_nvcsw);
	if (cpu_ns > 100 * WEFT_MS || after.ru_nvcsw - before.ru_nvcsw > 100)
		return 1;
	compute_until(weft_now() + 300 * WEFT_MS);
	return 0;
}

static void hog_idle(void)
{
	/* A look every 5 ms, if it looked: 200 while we sleep. Until all sleep it does look, and
	 * workers nap. */
	setenv("WEFT_HOG", "10", 1);
	test_child_exit(weft_run(idle_then_compute, 0, NULL));
}

TEST_WORKERS(the_monitor_sleeps_while_all_are_idle)
{
	CHECK_IN(run_child_to(hog_idle, 0)->text, "weft: coroutine 1 \"main\" has run for ");
}

TEST_MAIN
