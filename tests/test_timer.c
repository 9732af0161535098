/* SPDX-License-Identifier: MIT
 *
 * Sleeping and deadlines. What is tested is order: never too early, and in the order of the times;
 * how late is the machine's business, but for one tolerance (tests/coro.h).
 */
#include "runtime/timer.h"
#include "tests/coro.h"

WEFT_CHAN(int_chan, int)

CO_TEST(sleep_is_never_too_short)
{
	for (int i = 0; i < 20; i++) {
		int64_t t = weft_now(), ns = i * 100 * WEFT_US;

		weft_sleep(ns);
		CHECK(weft_now() >= t + ns);
		CHECK(weft_now() < t + ns + TOLERANCE_NS);
	}
}

CO_TEST(sleep_of_nothing_returns_at_once)
{
	weft_sleep(0);
	weft_sleep(-1);
	weft_sleep(INT64_MIN);
	weft_sleep_until(weft_now() - WEFT_SEC);
	weft_sleep_until(WEFT_NOW);
}

static void sleep_for_ever(int_chan *c)
{
	weft_send(c, 1);
	weft_sleep(INT64_MAX);
	CHECK(false);
}

/* It is no deadlock, and the run ends all the same. */
CO_TEST(sleep_of_three_hundred_years_is_abandoned)
{
	int_chan *c = weft_make(int_chan, 0);

	weft_go(sleep_for_ever, c);
	weft_recv(c, NULL);
	weft_sleep(WEFT_MS);
}

struct sleeper {
	int_chan *out;
	int64_t until;
	int number;
};

static void sleep_then_tell(struct sleeper *s)
{
	weft_sleep_until(s->until);
	CHECK(weft_now() >= s->until);
	weft_send(s->out, s->number);
}

/*
 * 64 sleepers, spawned in any order of their times, all asleep before the first is due. On one
 * worker they wake in the order of the times.
 */
static bool wake_in_order(int64_t delay)
{
	int_chan *out = weft_make(int_chan, 64);
	int64_t start = weft_now() + delay;
	bool in_time;
	int v;

	for (int i = 0; i < 64; i++) {
		int k = i * 37 % 64;

		weft_go_copy(sleep_then_tell, &(struct sleeper){out, start + k * 100 * WEFT_US, k});
	}
	weft_yield(); /* behind all of them */
	in_time = weft_now() < start;
	for (int i = 0; i < 64; i++) {
		weft_recv(out, &v);
		if (in_time)
			CHECK_INT(v, i);
	}
	return in_time;
}

static int wake_in_order_app(int argc, char **argv)
{
	int64_t delay = WEFT_MS;

	while (!wake_in_order(delay))
		delay *= 2;
	return 0;
}

static void sleep_then_count(struct sleeper *s)
{
	weft_sleep_until(s->until);
	weft_send(s->out, s->number);
}

/* Due in the order 999 ... 0, and far fewer workers than sleepers. */
CO_TEST(a_thousand_sleepers_all_wake)
{
	int_chan *out = weft_make(int_chan, 10);
	static bool seen[1000];
	int64_t start = weft_now() + WEFT_MS;
	int v;

	for (int i = 0; i < 1000; i++)
		weft_go_copy(sleep_then_count,
			&(struct sleeper){out, start + (1000 - i) * 10 * WEFT_US, i});
	for (int i = 0; i < 1000; i++) {
		weft_recv(out, &v);
		CHECK(!seen[v]);
		seen[v] = true;
	}
}

CO_TEST(sleepers_far_apart_wake_in_order)
{
	int_chan *out = weft_make(int_chan, 0);
	int64_t start = weft_now() + WEFT_MS;
	int v;

	/* The second starts when the first has told: no two are due at the same time. */
	for (int i = 0; i < 10; i++) {
		weft_go_copy(sleep_then_tell, &(struct sleeper){out, start, i});
		weft_recv(out, &v);
		CHECK_INT(v, i);
		start = weft_now() + WEFT_MS;
	}
}

/* ---- Deadlines ------------------------------------------------------------------------------- */

CO_TEST(send_gives_up_at_its_deadline)
{
	int_chan *c = weft_make(int_chan, 0);
	int64_t until = weft_now() + 3 * WEFT_MS;

	CHECK_INT(weft_send_until(c, 1, until), -ETIMEDOUT);
	CHECK(weft_now() >= until);
	CHECK_INT(parked_on(c), 0);
	CHECK_INT(refs_of(c), 1);
	CHECK_INT(weft_send_until(c, 1, weft_now() - 1), -ETIMEDOUT);
	CHECK_INT(weft_try_recv(c, NULL), -EAGAIN); /* what was sent in vain is gone */
}

CO_TEST(recv_gives_up_at_its_deadline)
{
	int_chan *c = weft_make(int_chan, 0);
	int64_t until = weft_now() + 3 * WEFT_MS;
	int v = 5;

	CHECK_INT(weft_recv_until(c, &v, until), -ETIMEDOUT);
	CHECK(weft_now() >= until);
	CHECK_INT(v, 5);
	CHECK_INT(parked_on(c), 0);
	CHECK_INT(refs_of(c), 1);
	CHECK_INT(weft_recv_until(c, &v, weft_now() - 1), -ETIMEDOUT);
}

CO_TEST(deadline_in_the_past_still_takes_what_is_ready)
{
	int_chan *c = weft_make(int_chan, 1);
	int v;

	CHECK_INT(weft_send_until(c, 7, weft_now() - 1), 0);
	CHECK_INT(weft_recv_until(c, &v, weft_now() - 1), 0);
	CHECK_INT(v, 7);
}

CO_TEST(select_gives_up_at_its_deadline)
{
	int_chan *a = weft_make(int_chan, 0), *b = weft_make(int_chan, 0);
	int64_t until = weft_now() + 3 * WEFT_MS;

	CHECK_INT(weft_select_until(until, weft_on_recv(a, NULL), weft_on_send(b, 1)), -ETIMEDOUT);
	CHECK(weft_now() >= until);
	CHECK_INT(parked_on(a) + parked_on(b), 0);
	CHECK_INT(refs_of(a), 1);
}

static int recv_once(int_chan *c)
{
	weft_recv(c, NULL);
	return 4;
}

CO_TEST(join_gives_up_and_can_be_tried_again)
{
	int_chan *c = weft_make(int_chan, 0);
	struct weft_handle *h = weft_spawn(recv_once, c);
	int64_t until = weft_now() + 3 * WEFT_MS;
	int code = 0;

	CHECK_INT(weft_join_until(h, &code, WEFT_NOW), -EAGAIN);
	CHECK_INT(weft_join_until(h, &code, weft_now() - 1), -ETIMEDOUT);
	CHECK_INT(weft_join_until(h, &code, until), -ETIMEDOUT);
	CHECK(weft_now() >= until);
	CHECK_INT(code, 0);
	weft_send(c, 1);
	CHECK_INT(weft_join_until(h, &code, weft_now() + TOLERANCE_NS), 0);
	CHECK_INT(code, 4);
}

/* ---- Deadlines that race with what they wait for --------------------------------------------- */

struct race {
	int_chan *c;
	atomic_int sent, received;
	struct weft_waitgroup group;
};

#define RACES 400

static void send_racing(struct race *r)
{
	for (int i = 0; i < RACES; i++)
		if (weft_send_until(r->c, i, weft_now() + i % 9 * 5 * WEFT_US) == 0)
			atomic_fetch_add(&r->sent, 1);
	weft_waitgroup_done(&r->group);
}

static void recv_racing(struct race *r)
{
	int v;

	for (int i = 0; i < RACES; i++) {
		int64_t until = weft_now() + i % 7 * 5 * WEFT_US;
		int k = i % 2 ? weft_recv_until(r->c, &v, until)
			      : weft_select_until(until, weft_on_recv(r->c, &v));

		if (k == 0)
			atomic_fetch_add(&r->received, 1);
	}
	weft_waitgroup_done(&r->group);
}

static void check_races(size_t capacity)
{
	struct race r = {.c = weft_make(int_chan, capacity)};

	weft_waitgroup_add(&r.group, 6);
	for (int i = 0; i < 3; i++) {
		weft_go(send_racing, &r);
		weft_go(recv_racing, &r);
	}
	weft_waitgroup_wait(&r.group);
	while (weft_try_recv(r.c, NULL) == 0)
		atomic_fetch_add(&r.received, 1);
	CHECK_INT(atomic_load(&r.sent), atomic_load(&r.received));
	CHECK_INT(parked_on(r.c), 0);
	CHECK_INT(refs_of(r.c), 1);
}

CO_TEST(each_message_arrives_or_times_out_never_both)
{
	check_races(0);
	check_races(2);
}

static int sleep_a_little(const int *us)
{
	weft_sleep(*us * WEFT_US);
	return *us;
}

CO_TEST(join_deadline_races_with_the_end)
{
	static const int us[5] = {0, 20, 50, 80, 120};

	for (int i = 0; i < 200; i++) {
		struct weft_handle *h = weft_spawn(sleep_a_little, &us[i % 5]);
		int code, r = weft_join_until(h, &code, weft_now() + i % 7 * 25 * WEFT_US);

		if (r != 0) {
			CHECK_INT(r, -ETIMEDOUT);
			CHECK_INT(weft_join(h, &code), 0);
		}
		CHECK_INT(code, us[i % 5]);
	}
}

/* ---- Timers beside those who compute --------------------------------------------------------- */

static atomic_int passed;

static void pass(int64_t *ns)
{
	weft_sleep(*ns);
	atomic_fetch_add(&passed, 1);
}

/* Never lets go of its worker: another one must fire the timer. */
static void compute_until_passed(int n)
{
	while (atomic_load(&passed) < n)
		;
}

static int compute_beside_a_sleeper(int argc, char **argv)
{
	for (int i = 0; i < 20; i++) {
		atomic_store(&passed, 0);
		weft_go_copy(pass, &(int64_t){i * 100 * WEFT_US});
		compute_until_passed(1);
	}
	return 0;
}

static int compute_after(int64_t *ns)
{
	weft_sleep(*ns);
	compute_until_passed(1);
	return 0;
}

/* The one who computes was woken by a timer itself; the other at the same time, or later. */
static int compute_beside_a_later_sleeper(int argc, char **argv)
{
	static const int64_t later[] = {0, 1000, 50 * WEFT_US, 3 * WEFT_MS};

	for (int i = 0; i < 40; i++) {
		int64_t ns = WEFT_MS;

		struct weft_handle *h;

		atomic_store(&passed, 0);
		h = weft_spawn_copy(compute_after, &ns);
		ns += later[i % 4];
		weft_go_copy(pass, &ns);
		weft_join(h, NULL);
	}
	return 0;
}

/* Each wakes many who do next to nothing, so that waking another worker for them is in vain. */
static int compute_after_many_short_ones(int argc, char **argv)
{
	struct weft_handle *h;
	int64_t ns = WEFT_MS;

	for (int round = 0; round < 5; round++) {
		atomic_store(&passed, -500);
		for (int i = 0; i < 500; i++)
			weft_go_copy(pass, &(int64_t){i % 10 * 100 * WEFT_US});
		while (atomic_load(&passed) < 0)
			weft_sleep(100 * WEFT_US);
		/* No timer beside theirs, so that nobody is up for another one. */
		h = weft_spawn_copy(compute_after, &ns);
		weft_go_copy(pass, &ns);
		weft_join(h, NULL);
	}
	return 0;
}

static void run_on_several(int (*app)(int argc, char **argv))
{
	static const char *const workers[] = {"2", "3", "4"};

	for (int i = 0; i < 3; i++) {
		setenv("WEFT_WORKERS", workers[i], 1);
		CHECK_INT(weft_run(app, 0, NULL), 0);
	}
}

TEST(a_timer_fires_beside_one_who_computes)
{
	run_on_several(compute_beside_a_sleeper);
}

TEST(a_timer_fires_beside_one_who_was_woken_and_computes)
{
	run_on_several(compute_beside_a_later_sleeper);
}

TEST(what_a_timer_woke_does_not_wait_behind_one_who_computes)
{
	run_on_several(compute_after_many_short_ones);
}

/* ---- Very many ------------------------------------------------------------------------------- */

static _Atomic int64_t lateness;

static void sleep_and_measure(struct race *r)
{
	int64_t ns = (int64_t)(weft_self() * 2654435761u % 500) * WEFT_MS, until = weft_now() + ns;

	weft_sleep_until(until);
	CHECK(weft_now() >= until);
	atomic_fetch_add(&lateness, weft_now() - until);
	weft_waitgroup_done(&r->group);
}

/* Half a second's worth of sleepers; a machine that is busy with other things is let off. */
CO_TEST_LIMIT(a_hundred_thousand_sleepers_all_wake_in_time, 60)
{
	struct race r = {.c = NULL};
	int n = SANITIZED ? 2000 : 100000;

	atomic_store(&lateness, 0);
	weft_waitgroup_add(&r.group, n);
	for (int i = 0; i < n; i++)
		weft_go(sleep_and_measure, &r);
	weft_waitgroup_wait(&r.group);
	CHECK(atomic_load(&lateness) / n < TOLERANCE_NS);
	CHECK_INT(weft__timers_next(), WEFT_NEVER);
}

static void fire_nothing(struct weft__timer *timer)
{
	weft__timer_done(timer);
}

/*
 * When a worker would wake for two timers in 100 and `second` us, just behind another's firing: in
 * ns after the first one's time. -1: this thread was too slow to tell.
 */
static int64_t wake_after(int64_t second)
{
	struct weft__timer a, b;
	int64_t t, fired, wake;

	weft_sleep(20 * WEFT_US);
	fired = weft_now();
	t = fired + 100 * WEFT_US;
	weft__timer_arm(&a, t, fire_nothing);
	weft__timer_arm(&b, fired + second * WEFT_US, fire_nothing);
	wake = weft__timers_wake();
	weft__timer_cancel(&a);
	weft__timer_cancel(&b);
	return weft_now() < t ? wake - t : -1;
}

/* The longest of some tries, or the first that is a wait worth the name. */
static int64_t longest_wake_after(int64_t second)
{
	int64_t longest = -1;

	for (int i = 0; i < 1000 && longest < 20 * WEFT_US; i++) {
		int64_t after = wake_after(second);

		longest = after > longest ? after : longest;
	}
	return longest;
}

static int crowd_and_lone(int argc, char **argv)
{
	int64_t after = longest_wake_after(120);

	CHECK(after > 20 * WEFT_US && after < WEFT__TIMERS_CROWD_NS);
	CHECK_INT(longest_wake_after(100000), 0);
	return 0;
}

TEST(a_crowd_of_timers_is_waited_for_and_a_lone_one_is_not)
{
	setenv("WEFT_WORKERS", "1", 1);
	CHECK_INT(weft_run(crowd_and_lone, 0, NULL), 0);
}

/*
 * How often one who computes between two yields has begun to after the sleeper's time, and before
 * the sleeper had its turn.
 */
struct turns {
	_Atomic int64_t due;
	atomic_int begun;
	atomic_bool stop;
};

static int take_turns(struct turns *turns)
{
	while (!atomic_load(&turns->stop)) {
		int64_t now = weft_now();

		if (now > atomic_load(&turns->due))
			atomic_fetch_add(&turns->begun, 1);
		while (weft_now() < now + 2 * WEFT_MS)
			;
		weft_yield();
	}
	return 0;
}

#define TURNS 20

static int sleep_beside_turns(int argc, char **argv)
{
	struct turns turns = {.due = WEFT_NEVER};
	struct weft_handle *handles[3];

	for (int i = 0; i < 3; i++)
		handles[i] = weft_spawn(take_turns, &turns);
	for (int i = 0; i < TURNS; i++) {
		atomic_store(&turns.due, weft_now() + WEFT_MS);
		weft_sleep_until(atomic_load(&turns.due));
		atomic_store(&turns.due, WEFT_NEVER);
	}
	atomic_store(&turns.stop, true);
	for (int i = 0; i < 3; i++)
		weft_join(handles[i], NULL);
	return atomic_load(&turns.begun);
}

/* The time may come between the scheduler's look at the clock and the turn's: but rarely. */
TEST(who_slept_goes_before_those_who_wait_for_their_turn)
{
	setenv("WEFT_WORKERS", "1", 1);
	CHECK(weft_run(sleep_beside_turns, 0, NULL) < TURNS / 4);
}

/* Who has begun to compute after the deadline of its scope, and did not know of it. */
struct late {
	struct weft_scope *scope;
	int64_t woken, deadline;
	struct weft_waitgroup group;
	int unaware;
};

static void compute_if_in_time(struct late *late)
{
	int64_t now;

	weft_sleep_until(late->woken);
	now = weft_now();
	if (now > late->deadline && !weft_scope_error(late->scope))
		late->unaware++;
	while (weft_now() < now + 2 * WEFT_MS)
		;
	weft_waitgroup_done(&late->group);
}

/* All wake at once, and each computes; the deadline comes when the first of them do. */
static int deadline_behind_a_crowd(int argc, char **argv)
{
	struct late late = {.woken = weft_now() + 20 * WEFT_MS};

	late.deadline = late.woken + 3 * WEFT_MS;
	late.scope = weft_scope_make(NULL, late.deadline);
	weft_waitgroup_add(&late.group, TURNS);
	for (int i = 0; i < TURNS; i++)
		weft_go(compute_if_in_time, &late);
	weft_waitgroup_wait(&late.group);
	weft_scope_unref(late.scope);
	return late.unaware;
}

TEST(a_deadline_does_not_wait_behind_those_who_have_slept)
{
	setenv("WEFT_WORKERS", "1", 1);
	CHECK(weft_run(deadline_behind_a_crowd, 0, NULL) < TURNS / 4);
}

TEST(sleepers_wake_in_the_order_of_their_times_on_one_worker)
{
	setenv("WEFT_WORKERS", "1", 1);
	CHECK_INT(weft_run(wake_in_order_app, 0, NULL), 0);
}

TEST_MAIN
