/* SPDX-License-Identifier: MIT
 *
 * Groups: never more than the limit at once, the first error wins and ends the others.
 */
#include "runtime/scope.h"
#include "tests/coro.h"

WEFT_CHAN(int_chan, int)

#define HOUR (3600 * WEFT_SEC)

struct shared {
	struct weft_group group;
	int_chan *gate;
	atomic_int running, most, ended, cancelled;
};

static void came(struct shared *s)
{
	int n = atomic_fetch_add(&s->running, 1) + 1, most = s->most;

	while (n > most && !atomic_compare_exchange_weak(&s->most, &most, n))
		;
}

static int work(struct shared *s)
{
	came(s);
	weft_yield();
	weft_yield();
	atomic_fetch_sub(&s->running, 1);
	atomic_fetch_add(&s->ended, 1);
	return 0;
}

static int wait_at_gate(struct shared *s)
{
	int r;

	came(s);
	r = weft_recv_until(s->gate, NULL, WEFT_NEVER);
	atomic_fetch_sub(&s->running, 1);
	atomic_fetch_add(r == -ECANCELED ? &s->cancelled : &s->ended, 1);
	return r;
}

static int give_back(int *code)
{
	return *code;
}

CO_TEST(group_of_nothing_gives_0)
{
	struct weft_group group;

	memset(&group, 0xa5, sizeof(group)); /* whatever the memory holds */
	weft_group_open(&group, 3);
	CHECK_INT(weft_group_wait(&group), 0);
}

CO_TEST(all_run_and_wait_waits_for_them)
{
	struct shared s = {.ended = 0};

	weft_group_open(&s.group, 0);
	for (int i = 0; i < 50; i++)
		CHECK_INT(weft_group_go(&s.group, work, &s), 0);
	CHECK_INT(weft_group_wait(&s.group), 0);
	CHECK_INT(s.ended, 50);
}

CO_TEST(no_more_than_the_limit_run_at_once)
{
	for (int limit = 1; limit <= 4; limit++) {
		struct shared s = {.ended = 0};

		weft_group_open(&s.group, limit);
		for (int i = 0; i < 50; i++)
			CHECK_INT(weft_group_go(&s.group, work, &s), 0);
		CHECK_INT(weft_group_wait(&s.group), 0);
		CHECK_INT(s.ended, 50);
		CHECK(s.most <= limit);
	}
}

CO_TEST(as_many_as_the_limit_do_run_at_once)
{
	struct shared s = {.gate = weft_make(int_chan, 0)};

	weft_group_open(&s.group, 3);
	for (int i = 0; i < 3; i++)
		CHECK_INT(weft_group_go(&s.group, wait_at_gate, &s), 0);
	until_parked(s.gate, 3);
	CHECK_INT(weft_group_go_until(&s.group, WEFT_NOW, wait_at_gate, &s), -EAGAIN);
	CHECK_INT(
		weft_group_go_until(&s.group, weft_now() + WEFT_MS, wait_at_gate, &s), -ETIMEDOUT);
	weft_send(s.gate, 1);
	CHECK_INT(weft_group_go(&s.group, wait_at_gate, &s), 0);
	for (int i = 0; i < 3; i++)
		weft_send(s.gate, 1);
	CHECK_INT(weft_group_wait(&s.group), 0);
	CHECK_INT(s.most, 3);
	CHECK_INT(s.ended, 4);
}

CO_TEST(arguments_are_copied_where_that_is_asked_for)
{
	struct weft_group group;
	int codes[3] = {0};

	weft_group_open(&group, 1);
	for (int i = 0; i < 3; i++) {
		codes[0] = i == 1 ? 11 : 0;
		CHECK_INT(weft_group_go_copy(&group, give_back, &codes[0]), i < 2 ? 0 : -ECANCELED);
	}
	CHECK_INT(weft_group_go_copy_until(&group, WEFT_NOW, give_back, &codes[0]), -ECANCELED);
	CHECK_INT(weft_group_wait(&group), 11);
}

CO_TEST(first_error_ends_the_others)
{
	struct shared s = {.gate = weft_make(int_chan, 0)};
	struct weft_scope *scope;
	int code = -EIO;

	weft_group_open(&s.group, 0);
	for (int i = 0; i < 5; i++)
		CHECK_INT(weft_group_go(&s.group, wait_at_gate, &s), 0);
	until_parked(s.gate, 5);
	scope = weft_scope_ref(weft_group_scope(&s.group));
	CHECK_INT(weft_scope_error(scope), 0);
	CHECK_INT(weft_group_go(&s.group, give_back, &code), 0);
	/* The others end with -ECANCELED, which is not the first. */
	CHECK_INT(weft_group_wait(&s.group), -EIO);
	CHECK_INT(s.cancelled, 5);
	CHECK_INT(s.ended, 0);
	CHECK_INT(weft_scope_error(scope), -ECANCELED);
	CHECK_STR(weft_scope_reason(scope), "a function of the group returned -5");
	weft_scope_unref(scope);
}

CO_TEST(nothing_is_started_after_the_first_error)
{
	struct shared s = {.ended = 0};
	int code = 7;

	weft_group_open(&s.group, 1);
	CHECK_INT(weft_group_go(&s.group, give_back, &code), 0);
	CHECK_INT(weft_group_go(&s.group, work, &s), -ECANCELED); /* waits for its end */
	CHECK_INT(weft_group_go(&s.group, work, &s), -ECANCELED);
	CHECK_INT(weft_group_wait(&s.group), 7);
	CHECK_INT(s.ended, 0);
}

CO_TEST(group_ends_with_the_scope_of_who_opened_it)
{
	struct shared s = {.gate = weft_make(int_chan, 0)};
	struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER);
	struct weft_scope *before = weft_scope_enter(scope);

	weft_group_open(&s.group, 2);
	CHECK_INT(weft_group_go(&s.group, wait_at_gate, &s), 0);
	CHECK_INT(weft_group_go(&s.group, wait_at_gate, &s), 0);
	until_parked(s.gate, 2);
	weft_scope_cancel(scope, "enough");
	CHECK_INT(weft_group_go(&s.group, work, &s), -ECANCELED);
	/* We wait for their end although our scope has ended. */
	CHECK_INT(weft_group_wait(&s.group), -ECANCELED);
	CHECK_INT(s.cancelled, 2);
	CHECK_INT(s.running, 0);
	weft_scope_leave(before);
	CHECK_INT(atomic_load(&scope->refs), 1);
	weft_scope_unref(scope);
}

CO_TEST(wait_to_go_ends_with_the_scope_of_the_caller)
{
	struct shared s = {.gate = weft_make(int_chan, 0)};
	struct weft_scope *scope, *before;

	weft_group_open(&s.group, 1);
	CHECK_INT(weft_group_go(&s.group, wait_at_gate, &s), 0);
	scope = weft_scope_make(NULL, weft_now() + 2 * WEFT_MS);
	before = weft_scope_enter(scope);
	CHECK_INT(weft_group_go(&s.group, work, &s), -ECANCELED);
	weft_scope_leave(before);
	weft_scope_unref(scope);
	weft_send(s.gate, 1);
	CHECK_INT(weft_group_wait(&s.group), 0);
	CHECK_INT(s.ended, 1);
}

static int stop_group(struct shared *s)
{
	weft_scope_cancel(weft_group_scope(&s->group), "found");
	return 0;
}

CO_TEST(group_may_be_ended_without_an_error)
{
	struct shared s = {.gate = weft_make(int_chan, 0)};

	weft_group_open(&s.group, 3);
	CHECK_INT(weft_group_go(&s.group, wait_at_gate, &s), 0);
	until_parked(s.gate, 1);
	CHECK_INT(weft_group_go(&s.group, stop_group, &s), 0);
	CHECK_INT(weft_group_wait(&s.group), -ECANCELED); /* what wait_at_gate returned */
	CHECK_INT(s.cancelled, 1);
}

CO_TEST(wait_until_leaves_the_group_open_at_its_deadline)
{
	struct shared s = {.gate = weft_make(int_chan, 0)};
	int result = 99;

	weft_group_open(&s.group, 3);
	CHECK_INT(weft_group_go(&s.group, wait_at_gate, &s), 0);
	CHECK_INT(weft_group_wait_until(&s.group, &result, WEFT_NOW), -EAGAIN);
	CHECK_INT(weft_group_wait_until(&s.group, &result, weft_now() + WEFT_MS), -ETIMEDOUT);
	CHECK_INT(result, 99);
	CHECK_INT(weft_group_go(&s.group, work, &s), 0);
	weft_send(s.gate, 1);
	CHECK_INT(weft_group_wait_until(&s.group, &result, weft_now() + TOLERANCE_NS), 0);
	CHECK_INT(result, 0);
}

CO_TEST(group_can_be_opened_again)
{
	struct shared s = {.ended = 0};
	int code = 3;

	for (int i = 0; i < 200; i++) {
		weft_group_open(&s.group, 2);
		weft_group_go(&s.group, give_back, &code);
		weft_group_go(&s.group, work, &s);
		CHECK_INT(weft_group_wait(&s.group), 3);
	}
}

struct node {
	struct shared *s;
	int depth;
};

static int branch(struct node *n)
{
	struct node below = {n->s, n->depth - 1};

	atomic_fetch_add(&n->s->ended, 1);
	if (n->depth == 0)
		return 0;
	weft_group_go_copy(&n->s->group, branch, &below);
	weft_group_go_copy(&n->s->group, branch, &below);
	return 0;
}

CO_TEST(functions_may_start_others)
{
	struct shared s = {.ended = 0};
	struct node root = {&s, 6};

	weft_group_open(&s.group, 0);
	weft_group_go(&s.group, branch, &root);
	CHECK_INT(weft_group_wait(&s.group), 0);
	CHECK_INT(s.ended, 127);
}

static int open_inner(struct shared *s)
{
	struct weft_group inner;
	int code = -EBADF;

	weft_group_open(&inner, 2);
	weft_group_go(&inner, wait_at_gate, s);
	weft_group_go(&inner, give_back, &code);
	return weft_group_wait(&inner);
}

CO_TEST(groups_lie_one_in_another)
{
	struct shared s = {.gate = weft_make(int_chan, 0)};

	weft_group_open(&s.group, 2);
	weft_group_go(&s.group, wait_at_gate, &s);
	weft_group_go(&s.group, open_inner, &s);
	CHECK_INT(weft_group_wait(&s.group), -EBADF);
	CHECK_INT(s.cancelled, 2);
}

CO_TEST(memory_of_the_group_may_go_when_wait_returns)
{
	for (int i = 0; i < 300; i++) {
		struct shared *s = calloc(1, sizeof(*s));

		weft_group_open(&s->group, 3);
		for (int j = 0; j < 5; j++)
			weft_group_go(&s->group, work, s);
		CHECK_INT(weft_group_wait(&s->group), 0);
		CHECK_INT(s->ended, 5);
		free(s);
	}
}

PANIC_TEST(go_before_open_panics, "weft_group_go: the group is not open")
{
	struct shared s = {.ended = 0};

	weft_group_go(&s.group, work, &s);
}

PANIC_TEST(second_wait_panics, "weft_group_wait: the group is not open")
{
	struct weft_group group;

	weft_group_open(&group, 1);
	weft_group_wait(&group);
	weft_group_wait(&group);
}

PANIC_TEST(limit_below_nothing_panics, "weft_group_open with a limit of -1")
{
	struct weft_group group;

	weft_group_open(&group, -1);
}

struct job {
	struct shared *s;
	int number;
};

#define BAD 37

/* Every fifth waits for the end, one fails; the others are through at once. */
static int do_job(struct job *j)
{
	came(j->s);
	if (j->number % 5 == 0)
		weft_sleep(j->s->gate ? HOUR : 0);
	else if (j->number % 3 == 0)
		weft_yield();
	atomic_fetch_sub(&j->s->running, 1);
	atomic_fetch_add(&j->s->ended, 1);
	return j->number == BAD ? BAD : 0;
}

/* All that were started end, whatever happens, and never more than the limit run. */
CO_STRESS(many_groups_fail)
{
	for (int i = 0; i < 200 / test_slowness(); i++) {
		int limit = i % 7 ? i % 7 + 8 : 0, started = 0;
		struct shared s = {.gate = weft_make(int_chan, 0)};

		weft_group_open(&s.group, limit);
		for (int j = 0; j < 60; j++)
			started += weft_group_go_copy(&s.group, do_job, &(struct job){&s, j}) == 0;
		CHECK_INT(weft_group_wait(&s.group), BAD);
		CHECK_INT(s.ended, started);
		CHECK_INT(s.running, 0);
		CHECK(started > BAD && (limit == 0 || s.most <= limit));
		weft_unref(s.gate);
	}
}

TEST_MAIN
