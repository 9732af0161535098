/* SPDX-License-Identifier: MIT
 *
 * The runner tested by itself: this program runs itself once more with WEFT_TEST_SELF set, where
 * tests that must fail are registered, and looks at what the runner said about them.
 */
#include "tests/test.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#define SELF_LIMIT(name, limit)                                             \
	static void name(void);                                             \
	__attribute__((constructor)) static void name##_register(void)      \
	{                                                                   \
		static struct test test = {#name, name, NULL, limit, NULL}; \
		if (getenv("WEFT_TEST_SELF"))                               \
			test_register(&test);                               \
	}                                                                   \
	static void name(void)
#define SELF(name) SELF_LIMIT(name, 30)

SELF(planted_wrong_int)
{
	CHECK_INT(1 + 1, 3);
}

SELF(planted_wrong_string)
{
	CHECK_STR("left", "right");
}

SELF(planted_crash)
{
	raise(SIGABRT); /* the sanitizers would catch SIGSEGV */
}

SELF_LIMIT(planted_hang, 1)
{
	for (;;)
		pause();
}

SELF(planted_leak)
{
	CHECK(open("/dev/null", O_RDONLY) >= 0);
}

SELF(planted_exit)
{
	exit(5);
}

SELF(planted_skip)
{
	test_skip("no reason");
}

SELF(planted_loud)
{
	for (int i = 0; i < 100000; i++)
		puts("not ok 1 - a line that looks like TAP");
}

static void run_self(const char *name, char *out, size_t size)
{
	const char *wrapper = getenv("MESON_EXE_WRAPPER"); /* where tests run under an emulator */
	char command[4600], self[4096] = {0};

	CHECK(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	snprintf(command, sizeof(command), "WEFT_TEST_SELF=1 WEFT_TEST_SLOW=1 %s '%s' %s",
		wrapper ? wrapper : "", self, name);
	FILE *f = popen(command, "r");
	CHECK(f);
	size_t n = fread(out, 1, size - 1, f);
	out[n] = '\0';
	pclose(f);
}

static char out[65536];

TEST(a_failed_check_prints_both_values_and_the_line)
{
	run_self("planted_wrong_int", out, sizeof(out));
	CHECK_IN(out, "test_test.c:");
	CHECK_IN(out, "1 + 1 is 2, not 3");
	CHECK_IN(out, "not ok 1 - planted_wrong_int\n");
	run_self("planted_wrong_string", out, sizeof(out));
	CHECK_IN(out, "is \"left\", not \"right\"");
}

TEST(a_crash_names_its_signal)
{
	run_self("planted_crash", out, sizeof(out));
	CHECK_IN(out, "signal 6");
	CHECK_IN(out, "not ok 1 - planted_crash\n");
}

TEST(a_hang_ends_at_the_limit)
{
	run_self("planted_hang", out, sizeof(out));
	CHECK_IN(out, "killed");
	CHECK_IN(out, "not ok 1 - planted_hang\n");
}

TEST(a_leaked_descriptor_fails_the_test)
{
	run_self("planted_leak", out, sizeof(out));
	CHECK_IN(out, "file descriptors leaked");
	CHECK_IN(out, "not ok 1 - planted_leak\n");
}

TEST(an_exit_fails_the_test)
{
	run_self("planted_exit", out, sizeof(out));
	CHECK_IN(out, "exit status 5");
	CHECK_IN(out, "not ok 1 - planted_exit\n");
}

TEST(a_skip_gives_its_reason)
{
	run_self("planted_skip", out, sizeof(out));
	CHECK_IN(out, "ok 1 - planted_skip # SKIP no reason");
}

TEST(a_test_may_print_what_it_likes)
{
	run_self("planted_loud", out, sizeof(out));
	CHECK_STR(out, "1..1\nok 1 - planted_loud\n");
}

TEST_WORKERS(the_number_of_workers_is_in_the_environment)
{
	const char *w = getenv("WEFT_WORKERS");

	CHECK(w && (strcmp(w, "1") == 0 || strcmp(w, "2") == 0 || strcmp(w, "4") == 0));
}

TEST_MAIN
