/* SPDX-License-Identifier: MIT
 *
 * The stack census counts every coroutine, at the place of its spawn, with what it used.
 */
#include "tests/coro.h"

WEFT_CHAN(int_chan, int)

static __attribute__((noinline)) void use(size_t bytes)
{
	volatile char *room = __builtin_alloca(bytes);

	for (size_t i = 0; i < bytes; i++)
		room[i] = 0;
}

static int use_little(int_chan *c)
{
	return 0;
}

static int use_much(int_chan *c)
{
	use(32768);
	return 0;
}

static int use_some(size_t *bytes)
{
	use(*bytes);
	return 0;
}

static int wait_for_ever(int_chan *c)
{
	use(8192);
	weft_recv(c, NULL);
	return 0;
}

#define LITTLES 150

static int app(int argc, char **argv)
{
	static size_t small = 1024, large = 40960;
	int_chan *c = weft_make(int_chan, 0);

	for (int i = 0; i < LITTLES; i++)
		weft_join(weft_spawn(use_little, c), NULL);
	weft_join(weft_spawn(use_much, c), NULL);
	/* One in a hundred uses more; and on stacks that were used before. */
	for (int i = 0; i < 200; i++)
		weft_join(weft_spawn(use_some, i == 77 ? &large : &small), NULL);
	(void)weft_spawn(wait_for_ever, c);
	until_parked(c, 1);
	use(100000);
	return 0;
}

static void run_census(void)
{
	setenv("WEFT_STACK_CENSUS", "1", 1);
	setenv("WEFT_STACK", "64", 1);
	test_child_exit(weft_run(app, 0, NULL));
}

struct row {
	unsigned long long count;
	size_t mean, most_of_them, most, of;
};

static struct row row_of(const char *text, const char *fn)
{
	struct row row = {0, 0, 0, 0, 0};
	char key[64];
	const char *at;

	snprintf(key, sizeof(key), "  %s", fn);
	at = strstr(text, key);
	if (!at)
		test_fail(__FILE__, __LINE__, "no %s in: %s", fn, text);
	while (at > text && at[-1] != '\n')
		at--;
	CHECK_INT(sscanf(at, "%llu %zu %zu %zu %zu", &row.count, &row.mean, &row.most_of_them,
			  &row.most, &row.of),
		5);
	CHECK(row.mean <= row.most && row.most_of_them <= row.most && row.most <= row.of);
	return row;
}

TEST_WORKERS(each_spawn_site_has_its_row)
{
	const char *text = run_child(run_census)->text;
	struct row row;

	CHECK_IN(text, "weft: stack census, in bytes\n");
	row = row_of(text, "use_little at test_census.c:");
	CHECK_INT(row.count, LITTLES);
	CHECK(row.most < 8192 || SANITIZED);
	row = row_of(text, "use_much at test_census.c:");
	CHECK_INT(row.count, 1);
	CHECK_INT(row.of, 65536);
	CHECK(row.most >= 32768 && (row.most < 32768 + 8192 || SANITIZED));
	row = row_of(text, "use_some at test_census.c:");
	CHECK_INT(row.count, 200);
	CHECK(row.most >= 40960);
	CHECK(row.most_of_them >= 1024 && (row.most_of_them < 8192 || SANITIZED));
	CHECK(row.mean >= 1024 && row.mean < row.most);
	row = row_of(text, "wait_for_ever at test_census.c:");
	CHECK_INT(row.count, 1);
	CHECK(row.most >= 8192);
	row = row_of(text, "main");
	CHECK(row.most >= 100000);
}

static void run_silently(void)
{
	test_child_exit(weft_run(app, 0, NULL));
}

TEST_WORKERS(nothing_is_printed_that_was_not_asked_for)
{
	CHECK_STR(run_child(run_silently)->text, "");
}

TEST_MAIN
