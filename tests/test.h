/* SPDX-License-Identifier: MIT
 *
 * The test runner. A test program is ordinary C: blocks of TEST(name) { ... } and one TEST_MAIN.
 *
 *	TEST(recv_on_closed_empty_channel_gives_epipe)
 *	{
 *		CHECK_INT(weft_chan_recv(ch, &v), -EPIPE);
 *	}
 *	TEST_MAIN
 *
 * Each test runs in a process of its own, under a time limit, so that a crash, a hang or an exit
 * is one failed test and nothing more. The runner also fails a test that returns with more open
 * file descriptors than it began with. The output is TAP; arguments select tests by name (a part
 * of it is enough), "--list" shows them. Include this in one .c file of a program only.
 */
#ifndef WEFT_TESTS_TEST_H
#define WEFT_TESTS_TEST_H

#ifdef NDEBUG
#error "the tests need their assertions: build without NDEBUG"
#endif

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test {
	const char *name;
	void (*run)(void);
	const char *workers; /* WEFT_WORKERS for this run; NULL: as it is */
	unsigned limit_s;
	struct test *next;
};

void test_register(struct test *test);
int test_run_all(int argc, char **argv);

/* Both report file and line, then end the test's process. */
_Noreturn void test_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Ends the test as "ok N - name # SKIP reason". */
_Noreturn void test_skip(const char *reason);

/* A child that a test forks itself must leave by this, so that it isn't taken for the test. */
_Noreturn void test_child_exit(int status);

/* By what every limit is multiplied, for sanitizers and emulators: WEFT_TEST_SLOW, at least 1. */
double test_slowness(void);

#define TEST_LIMIT_S 20

#define TEST_ENTRY_(fn_, name_, tag_, workers_, limit_) \
	__attribute__((constructor)) static void fn_##_register_##tag_(void) \
	{ \
		static struct test test = {name_, fn_, workers_, limit_, NULL}; \
		test_register(&test); \
	}

/* A test, or one with a time limit of its own, in seconds. */
#define TEST_LIMIT(name, seconds) \
	static void name(void); \
	TEST_ENTRY_(name, #name, once, NULL, seconds) \
	static void name(void)
#define TEST(name) TEST_LIMIT(name, TEST_LIMIT_S)

/* Three tests of one body: with 1, 2 and 4 workers. */
#define TEST_WORKERS_LIMIT(name, seconds) \
	static void name(void); \
	TEST_ENTRY_(name, #name "/1", one, "1", seconds) \
	TEST_ENTRY_(name, #name "/2", two, "2", seconds) \
	TEST_ENTRY_(name, #name "/4", four, "4", seconds) \
	static void name(void)
#define TEST_WORKERS(name) TEST_WORKERS_LIMIT(name, TEST_LIMIT_S)

#define TEST_MAIN \
	int main(int argc, char **argv) \
	{ \
		return test_run_all(argc, argv); \
	}

#define CHECK(cond) \
	do { \
		if (!(cond)) \
			test_fail(__FILE__, __LINE__, "CHECK(%s)", #cond); \
	} while (0)

/* (a, b): a is what the code gave, b what it should have been. Any integer or enum. */
#define CHECK_INT(a, b) \
	do { \
		long long check_a_ = (long long)(a), check_b_ = (long long)(b); \
		if (check_a_ != check_b_) \
			test_fail(__FILE__, __LINE__, "%s is %lld, not %lld (%s)", #a, check_a_, \
				check_b_, #b); \
	} while (0)

#define CHECK_STR(a, b) test_check_str(__FILE__, __LINE__, #a, a, b)

/* b occurs in a. */
#define CHECK_IN(a, b) test_check_in(__FILE__, __LINE__, #a, a, b)

void test_check_str(const char *file, int line, const char *expr, const char *a, const char *b);
void test_check_in(const char *file, int line, const char *expr, const char *a, const char *b);

#endif
