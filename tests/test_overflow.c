/* SPDX-License-Identifier: MIT
 *
 * Stacks that overflow: a line says whose, and the process dies of SIGSEGV as it would have anyway.
 * Compiled with -fstack-clash-protection, so that large frames meet the guard, too.
 */
#include <string.h>
#include <sys/mman.h>

#include "tests/coro.h"

/* Too deep for any stack. What it does behind the call keeps it from becoming a loop. */
static int go_deeper(volatile int *depth)
{
	volatile char some[256];

	some[0] = (char)++*depth;
	return *depth == INT32_MAX ? 0 : go_deeper(depth) + some[0];
}

/* Larger than the stack, its guard and two neighbours. */
static int take_much(volatile int *depth)
{
	char much[200 * 1024];

	much[0] = (char)++*depth;
	__asm__ volatile("" : : "r"(much) : "memory"); /* or one byte would do */
	return much[0];
}

static int wait_for_it(void *unused)
{
	weft_sleep(WEFT_NEVER);
	return 0;
}

/* With neighbours below and above. */
static void run_beside_others(int (*fn)(volatile int *depth))
{
	volatile int depth = 0;
	struct weft_handle *deep;

	for (int i = 0; i < 20; i++)
		weft_spawn(wait_for_it, NULL);
	weft_yield();
	deep = weft_spawn(fn, &depth);
	for (int i = 0; i < 20; i++)
		weft_spawn(wait_for_it, NULL);
	weft_join(deep, NULL);
}

static void check_segv(const struct child *child)
{
	if (!WIFSIGNALED(child->status) || WTERMSIG(child->status) != SIGSEGV)
		test_fail(__FILE__, __LINE__, "status %#x, not SIGSEGV: %s",
			(unsigned)child->status, child->text);
}

/* A run of `body` overflows, and what is said holds `text`. */
static void check_overflow(void (*run)(void), const char *text)
{
	const struct child *child;

	if (SANITIZED)
		test_skip("the sanitizers take SIGSEGV themselves");
	setenv("WEFT_STACK", "64", 0); /* builds for debuggers have more */
	child = run_child(run);
	check_segv(child);
	CHECK_IN(child->text, "weft: stack overflow in coroutine ");
	CHECK_IN(child->text, text);
}

CO_BODY(deep)
static void deep_body(void)
{
	run_beside_others(go_deeper);
}

TEST_WORKERS(who_calls_too_deep_is_named_with_its_spawn_place)
{
	check_overflow(deep_run, " \"fn\" (64 KiB, spawned in run_beside_others at ");
	CHECK_IN(run_child(deep_run)->text, "test_overflow.c:");
}

TEST_WORKERS(guards_by_mprotect_do_as_well)
{
	setenv("WEFT_GUARD", "mprotect", 1);
	check_overflow(deep_run, " \"fn\" (64 KiB, ");
}

CO_BODY(wide)
static void wide_body(void)
{
	run_beside_others(take_much);
}

TEST_WORKERS(a_frame_that_is_larger_than_all_meets_the_guard_too)
{
	check_overflow(wide_run, " \"fn\" (64 KiB, ");
}

TEST_WORKERS(the_size_of_its_stack_is_told)
{
	setenv("WEFT_STACK", "16", 1);
	check_overflow(deep_run, " (16 KiB, ");
}

CO_BODY(main_deep)
static void main_deep_body(void)
{
	volatile int depth = 0;

	weft_set_name("the main one");
	go_deeper(&depth);
}

TEST_WORKERS(coroutine_1_has_a_guard_too)
{
	check_overflow(main_deep_run, " 1 \"the main one\" (8192 KiB, ");
}

/* ---- What is none -----------------------------------------------------------------------------
 */

static int write_to(volatile char *at)
{
	*at = 1;
	return 0;
}

CO_BODY(stray)
static void stray_body(void)
{
	char *nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	weft_join(weft_spawn(write_to, (volatile char *)nowhere), NULL);
}

TEST_WORKERS(another_bad_address_is_not_called_an_overflow)
{
	const struct child *child;

	if (SANITIZED)
		test_skip("the sanitizers take SIGSEGV themselves");
	child = run_child(stray_run);
	check_segv(child);
	CHECK(!strstr(child->text, "weft: ")); /* an emulator may say something */
}

TEST_WORKERS(with_weft_signals_0_it_dies_in_silence)
{
	const struct child *child;

	if (SANITIZED)
		test_skip("the sanitizers take SIGSEGV themselves");
	setenv("WEFT_SIGNALS", "0", 1);
	child = run_child(deep_run);
	check_segv(child);
	CHECK(!strstr(child->text, "weft: ")); /* an emulator may say something */
}

TEST_MAIN
