/* SPDX-License-Identifier: MIT
 *
 * What WEFT_LEAKS=1 reports at the end of a run: coroutines that nobody can wake any more, all of
 * them, and none about which that is not certain.
 */
#include "tests/coro.h"

WEFT_CHAN(int_chan, int)

/* `body` as coroutine 1; LOOK sees what was printed. */
#define LEAK_TEST(name)                                         \
	CO_BODY(name)                                           \
	static void name##_look(const char *text);              \
	TEST_WORKERS(name)                                      \
	{                                                       \
		setenv("WEFT_LEAKS", "1", 1);                   \
		name##_look(run_child_to(name##_run, 0)->text); \
	}                                                       \
	static void name##_body(void)
#define LOOK(name) static void name##_look(const char *text)

static void recv_one(int_chan *c)
{
	weft_recv(c, NULL);
	weft_yield();
}

static void send_one(int_chan *c)
{
	weft_send(c, 1);
	weft_yield();
}

LEAK_TEST(a_channel_that_only_its_receiver_holds)
{
	int_chan *c = weft_make(int_chan, 0);

	weft_chan_name(c, "lonely");
	weft_go(recv_one, c);
	until_parked(c, 1);
	weft_unref(c);
}

LOOK(a_channel_that_only_its_receiver_holds)
{
	CHECK_IN(text, "weft: leak: 1 coroutine can never be woken\n");
	CHECK_IN(text,
		"2 \"recv_one\" receives from channel \"lonely\" (of int, made at test_leak.c:");
	CHECK_IN(text, "spawned in a_channel_that_only_its_receiver_holds_body at test_leak.c:");
	CHECK_IN(text, "can never be woken: nobody else holds what it waits for");
	CHECK(!strstr(text, "may still have been"));
}

LEAK_TEST(several_senders_of_one)
{
	int_chan *c = weft_make(int_chan, 0);

	for (int i = 0; i < 3; i++)
		weft_go(send_one, c);
	until_parked(c, 3);
	weft_unref(c);
}

LOOK(several_senders_of_one)
{
	CHECK_IN(text, "weft: leak: 3 coroutines can never be woken\n");
	CHECK_IN(text, "4 \"send_one\" sends on channel");
}

static void recv_time(weft_time_chan *c)
{
	weft_recv(c, NULL);
	weft_yield();
}

LEAK_TEST(a_channel_on_which_the_time_will_come_is_no_finding)
{
	weft_time_chan *c = weft_after(3600 * WEFT_SEC);

	weft_go(recv_time, c);
	until_parked(c, 1);
	weft_unref(c);
}

LOOK(a_channel_on_which_the_time_will_come_is_no_finding)
{
	CHECK(!strstr(text, "leak"));
}

LEAK_TEST(a_reference_more_is_no_finding)
{
	int_chan *c = weft_make(int_chan, 0);

	weft_go(recv_one, c);
	until_parked(c, 1);
}

LOOK(a_reference_more_is_no_finding)
{
	CHECK(!strstr(text, "leak"));
	CHECK_IN(text, "weft: 1 coroutine was blocked at the end, and somebody may still have been "
		       "able to wake it\n");
}

static void recv_for_an_hour(int_chan *c)
{
	weft_recv_until(c, NULL, weft_now() + 3600 * WEFT_SEC);
}

LEAK_TEST(a_deadline_is_no_finding)
{
	int_chan *c = weft_make(int_chan, 0);

	weft_go(recv_for_an_hour, c);
	until_parked(c, 1);
	weft_unref(c);
}

LOOK(a_deadline_is_no_finding)
{
	CHECK_STR(text, "");
}

struct two {
	int_chan *a, *b;
};

static void select_two(struct two *two)
{
	weft_select(weft_on_recv(two->a, NULL), weft_on_recv(two->b, NULL));
	weft_yield();
}

LEAK_TEST(a_scope_is_no_finding)
{
	struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER);
	struct weft_scope *outer = weft_scope_enter(scope);
	int_chan *c = weft_make(int_chan, 0);

	weft_go(recv_one, c);
	weft_scope_leave(outer);
	until_parked(c, 1);
	weft_unref(c);
}

LOOK(a_scope_is_no_finding)
{
	CHECK(!strstr(text, "can never be woken"));
	CHECK_IN(text, "1 coroutine was blocked at the end");
}

LEAK_TEST(a_select_of_which_one_channel_is_held_is_no_finding)
{
	struct two two = {weft_make(int_chan, 0), weft_make(int_chan, 0)};

	weft_go_copy(select_two, &two);
	until_parked(two.b, 1);
	weft_go(recv_one, two.a); /* whom the select's owner might wake */
	until_parked(two.a, 2);
	weft_unref(two.a);
}

LOOK(a_select_of_which_one_channel_is_held_is_no_finding)
{
	CHECK(!strstr(text, "leak"));
	CHECK_IN(text, "weft: 2 coroutines were blocked at the end");
}

LEAK_TEST(a_select_of_which_no_channel_is_held)
{
	struct two two = {weft_make(int_chan, 0), weft_make(int_chan, 0)};

	weft_go_copy(select_two, &two);
	until_parked(two.b, 1);
	weft_unref(two.a);
	weft_unref(two.b);
}

LOOK(a_select_of_which_no_channel_is_held)
{
	CHECK_IN(text, "weft: leak: 1 coroutine can never be woken\n");
	CHECK_IN(text, "\"select_two\" selects: receives from channel");
}

static int recv_then_end(int_chan *c)
{
	weft_recv(c, NULL);
	return 0;
}

static void spawn_and_join(int_chan *c)
{
	weft_join(weft_spawn(recv_then_end, c), NULL);
	weft_yield();
}

LEAK_TEST(who_joins_a_lost_one_is_lost)
{
	int_chan *c = weft_make(int_chan, 0);

	weft_go(spawn_and_join, c);
	until_parked(c, 1);
	weft_unref(c);
}

LOOK(who_joins_a_lost_one_is_lost)
{
	CHECK_IN(text, "\"recv_then_end\" receives from channel");
	/* With more than one worker the joiner may not have come to its join yet. */
	if (strstr(text, "weft: leak: 2 coroutines"))
		CHECK_IN(text, "2 \"spawn_and_join\" joins coroutine 3");
	else
		CHECK(strcmp(getenv("WEFT_WORKERS"), "1") != 0);
}

LEAK_TEST(a_null_channel_is_for_ever)
{
	weft_go(recv_one, (int_chan *)NULL);
	for (int i = 0; i < 3; i++)
		weft_yield(); /* on one worker, it has had its turn then */
}

LOOK(a_null_channel_is_for_ever)
{
	if (strcmp(getenv("WEFT_WORKERS"), "1") == 0)
		CHECK_IN(text, "\"recv_one\" waits for ever on a null channel");
}

CO_BODY(lose_silently)
static void lose_silently_body(void)
{
	int_chan *c = weft_make(int_chan, 0);

	weft_go(recv_one, c);
	until_parked(c, 1);
	weft_unref(c);
}

TEST_WORKERS(nothing_is_printed_that_was_not_asked_for)
{
	CHECK_STR(run_child_to(lose_silently_run, 0)->text, "");
}

TEST_MAIN
