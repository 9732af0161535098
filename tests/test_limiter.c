/* SPDX-License-Identifier: MIT
 *
 * Rate limiters. The arithmetic is tested with times of our own, against exact fractions; what
 * waits only for "not before".
 */
#include "runtime/limiter.h"
#include "tests/coro.h"

WEFT_CHAN(unit_chan, weft_unit)

__extension__ typedef __int128 wide;

#define DAY (86400 * WEFT_SEC)

static int64_t take(struct weft_limiter *l, int64_t n, int64_t now)
{
	return weft__limiter_take(l, n, now, WEFT_NEVER);
}

/* The least whole ns that is not before n tokens' time. */
static int64_t time_of(wide n, int64_t rate, int64_t per)
{
	return (int64_t)((n * per + rate - 1) / rate);
}

/* ---- Arithmetic ------------------------------------------------------------------------------ */

TEST(the_burst_is_there_at_once_and_the_rest_comes_evenly)
{
	struct weft_limiter l = {.rate = 10, .burst = 3};
	int64_t now = DAY;

	for (int i = 0; i < 3; i++)
		CHECK_INT(take(&l, 1, now), now);
	for (int i = 1; i < 50; i++)
		CHECK_INT(take(&l, 1, now), now + i * 100 * WEFT_MS);
}

TEST(a_bucket_is_filled_again_and_not_over_its_brim)
{
	struct weft_limiter l = {.rate = 10, .burst = 3};
	int64_t now = DAY;

	CHECK_INT(take(&l, 3, now), now);
	now += 200 * WEFT_MS;
	CHECK_INT(take(&l, 3, now), now + 100 * WEFT_MS);
	now += DAY;
	CHECK_INT(take(&l, 3, now), now);
	CHECK_INT(take(&l, 1, now), now + 100 * WEFT_MS);
}

/* Rates that no binary fraction can tell. */
static void check_no_drift(int64_t rate, int64_t per, int64_t burst, int64_t n, int count)
{
	struct weft_limiter l = {.rate = rate, .burst = burst, .per = per};
	int64_t now = 7 * DAY + 1;
	wide used = 0;

	if (SANITIZED)
		count /= 10;
	for (int i = 0; i < count; i++) {
		int64_t at = take(&l, n, now), due;

		used += n;
		due = used <= burst ? 0 : time_of(used - burst, rate, per ? per : WEFT_SEC);
		if (at != now + due)
			CHECK_INT(at, now + due);
	}
}

TEST(times_are_exact_after_millions_of_tokens)
{
	check_no_drift(3, 0, 1, 1, 1000000);
	check_no_drift(7, 0, 100, 13, 1000000);
	check_no_drift(999999937, 0, 1000, 17, 1000000);
	check_no_drift(3000000019, 0, 1, 1, 1000000); /* more than one a ns */
	check_no_drift(1, 3600 * WEFT_SEC, 1, 1, 100000);
	check_no_drift(INT64_MAX, 1, INT64_MAX, INT64_MAX / 3, 1000000);
}

/*
 * A taker that always comes just in time is never slowed down, and never gets ahead. (The bucket
 * has room for one more: from one that is full the parts of a ns that he comes late run over.)
 */
TEST(who_comes_just_in_time_for_days_never_waits)
{
	struct weft_limiter l = {.rate = 3, .burst = 2};
	int64_t start = DAY;

	CHECK_INT(take(&l, 2, start), start);
	for (int64_t i = 1; i < 1000000; i++) {
		int64_t now = start + time_of(i, 3, WEFT_SEC);

		CHECK_INT(weft__limiter_take(&l, 1, now - 1, WEFT_NOW), -ETIMEDOUT);
		CHECK_INT(take(&l, 1, now), now);
	}
}

TEST(a_large_take_waits_for_all_its_tokens_and_small_ones_wait_behind_it)
{
	struct weft_limiter l = {.rate = 10, .burst = 5};
	int64_t now = DAY;

	CHECK_INT(take(&l, 5, now), now);
	CHECK_INT(take(&l, 5, now), now + 500 * WEFT_MS);
	CHECK_INT(take(&l, 1, now + 10), now + 600 * WEFT_MS);
	CHECK_INT(take(&l, 0, now + 20), now + 600 * WEFT_MS); /* behind it, too */
}

TEST(what_cannot_be_in_time_takes_nothing)
{
	struct weft_limiter l = {.rate = 10, .burst = 2};
	int64_t now = DAY;

	CHECK_INT(take(&l, 2, now), now);
	CHECK_INT(weft__limiter_take(&l, 1, now, WEFT_NOW), -ETIMEDOUT);
	CHECK_INT(weft__limiter_take(&l, 1, now, now + 100 * WEFT_MS - 1), -ETIMEDOUT);
	CHECK_INT(weft__limiter_take(&l, 3, now, WEFT_NEVER), -EINVAL);
	CHECK_INT(weft__limiter_take(&l, 1, now, now + 100 * WEFT_MS), now + 100 * WEFT_MS);
	/* In the past: what is there may still be had. */
	now += DAY;
	CHECK_INT(weft__limiter_take(&l, 2, now, now - 1), now);
}

TEST(what_is_given_back_is_for_those_who_come_later)
{
	struct weft_limiter l = {.rate = 10, .burst = 2};
	int64_t now = DAY;

	CHECK_INT(take(&l, 2, now), now);
	CHECK_INT(take(&l, 2, now), now + 200 * WEFT_MS); /* given back below */
	CHECK_INT(take(&l, 1, now), now + 300 * WEFT_MS);
	((int64_t *)l.weft_full)[0] -= 200 * WEFT_MS; /* as weft_limiter_give_back does it */
	/* Two tokens more, but nobody overtakes the one who was told 300 ms. */
	CHECK_INT(take(&l, 1, now), now + 300 * WEFT_MS);
	CHECK_INT(take(&l, 1, now), now + 300 * WEFT_MS);
	CHECK_INT(take(&l, 1, now), now + 400 * WEFT_MS);
}

TEST(times_beyond_a_hundred_years_are_refused)
{
	struct weft_limiter l = {.rate = 1, .burst = 1, .per = 50 * 365 * DAY};
	int64_t now = DAY, last = 0;
	int n = 0;

	while ((last = take(&l, 1, now)) >= 0)
		n++;
	CHECK_INT(last, -EOVERFLOW);
	CHECK(n >= 2 && n <= 4);
	CHECK_INT(take(&l, 1, now), -EOVERFLOW);
}

/* ---- Waiting --------------------------------------------------------------------------------- */

CO_TEST(wait_returns_not_before_its_time)
{
	struct weft_limiter l = {.rate = 2000, .burst = 2};
	int64_t start = weft_now();

	for (int i = 0; i < 12; i++) {
		CHECK_INT(weft_limiter_wait(&l, 1), 0);
		CHECK(weft_now() >= start + (i - 1) * WEFT_MS / 2);
	}
	CHECK_INT(weft_limiter_wait(&l, 3), -EINVAL);
	CHECK_INT(weft_limiter_wait(&l, 0), 0);
}

CO_TEST(try_takes_what_is_there_and_no_more)
{
	struct weft_limiter l = {.rate = 1, .per = 3600 * WEFT_SEC, .burst = 3};

	CHECK_INT(weft_limiter_try(&l, 2), 0);
	CHECK_INT(weft_limiter_try(&l, 2), -EAGAIN);
	CHECK_INT(weft_limiter_wait_until(&l, 2, weft_now() + WEFT_SEC), -ETIMEDOUT);
	CHECK_INT(weft_limiter_wait_until(&l, 1, weft_now() - WEFT_SEC), 0);
	CHECK_INT(weft_limiter_try(&l, 1), -EAGAIN);
	CHECK_INT(weft_limiter_try(&l, 0), 0);
	CHECK_INT(weft_limiter_try(&l, 4), -EINVAL);
}

CO_TEST(a_reservation_can_be_given_back)
{
	struct weft_limiter l = {.rate = 1, .per = 3600 * WEFT_SEC, .burst = 2};
	int64_t before = weft_now(), at = weft_limiter_reserve(&l, 2), later;

	CHECK(at >= before && at <= weft_now());
	weft_limiter_give_back(&l, 1);
	CHECK_INT(weft_limiter_try(&l, 1), 0);
	CHECK_INT(weft_limiter_try(&l, 1), -EAGAIN);
	later = weft_limiter_reserve(&l, 1);
	CHECK(later >= at + 3600 * WEFT_SEC);
	CHECK_INT(weft_limiter_reserve(&l, 3), -EINVAL);
}

struct taker {
	struct weft_limiter *limiter;
	struct weft_waitgroup *group;
};

static void take_one(struct taker *t)
{
	int64_t at = weft_limiter_reserve(t->limiter, 1);

	CHECK(at > 0);
	weft_sleep_until(at);
	CHECK(weft_now() >= at);
	weft_waitgroup_done(t->group);
}

/* However many take at once: each gets a time of its own, and none is lost. */
CO_TEST(many_takers_use_the_rate_and_no_more)
{
	struct weft_limiter l = {.rate = 100000, .burst = 10};
	struct weft_waitgroup group = {0};
	int64_t start = weft_now();
	int n = SANITIZED ? 300 : 3000;

	weft_waitgroup_add(&group, n);
	for (int i = 0; i < n; i++)
		weft_go_copy(take_one, &(struct taker){.limiter = &l, .group = &group});
	weft_waitgroup_wait(&group);
	CHECK(weft_now() >= start + (n - 10) * 10 * WEFT_US);
	CHECK(weft_limiter_reserve(&l, 1) >= start + (n + 1 - 10) * 10 * WEFT_US);
}

struct long_wait {
	struct weft_limiter *limiter;
	unit_chan *begins;
};

static int wait_long(struct long_wait *w)
{
	weft_send(w->begins, WEFT_UNIT);
	return weft_limiter_wait(w->limiter, 1);
}

/* Whether it sleeps already or not. */
CO_TEST(a_wait_ends_with_its_scope_and_takes_nothing)
{
	struct weft_limiter l = {.rate = 1, .per = 3600 * WEFT_SEC, .burst = 1};
	struct long_wait w = {&l, weft_make(unit_chan, 0)};
	int64_t first = weft_limiter_reserve(&l, 1);

	for (int i = 0; i < 20; i++) {
		struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER), *outer;
		struct weft_handle *h;
		int code = 0;

		outer = weft_scope_enter(scope);
		h = weft_spawn(wait_long, &w);
		weft_scope_leave(outer);
		weft_recv(w.begins, NULL);
		if (i % 2)
			weft_sleep(100 * WEFT_US);
		weft_scope_cancel(scope, NULL);
		weft_join(h, &code);
		CHECK_INT(code, -ECANCELED);
		weft_scope_unref(scope);
	}
	weft_unref(w.begins);
	CHECK_INT(weft_limiter_reserve(&l, 1), first + 3600 * WEFT_SEC);
}

/* What is there can be had in a scope that has ended, too. */
CO_TEST(an_ended_scope_takes_what_is_there)
{
	struct weft_limiter l = {.rate = 1, .per = 3600 * WEFT_SEC, .burst = 1};
	struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER), *outer;

	outer = weft_scope_enter(scope);
	weft_scope_cancel(scope, NULL);
	CHECK_INT(weft_limiter_wait(&l, 1), 0);
	CHECK_INT(weft_limiter_wait(&l, 1), -ECANCELED);
	CHECK_INT(weft_limiter_try(&l, 1), -EAGAIN);
	weft_scope_leave(outer);
	weft_scope_unref(scope);
}

/* ---- Misuse ---------------------------------------------------------------------------------- */

PANIC_TEST(a_limiter_of_zeroes_lets_nobody_through, "a limiter of rate 0 and burst 0, per 0 ns")
{
	weft_limiter_wait(&(struct weft_limiter){0}, 1);
}

PANIC_TEST(a_negative_number_of_tokens_is_misuse, "weft_limiter of -1 tokens")
{
	weft_limiter_try(&(struct weft_limiter){.rate = 1, .burst = 1}, -1);
}

PANIC_TEST(giving_back_what_was_never_taken_is_misuse, "weft_limiter_give_back of 2 tokens")
{
	weft_limiter_give_back(&(struct weft_limiter){.rate = 1, .burst = 1}, 2);
}

PANIC_TEST(a_burst_of_centuries_is_misuse, "more than 73 years")
{
	weft_limiter_try(&(struct weft_limiter){.rate = 1, .burst = INT64_MAX}, 1);
}

TEST_MAIN
