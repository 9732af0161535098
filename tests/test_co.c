/* SPDX-License-Identifier: MIT
 *
 * Coroutines: go, spawn, join, copies of arguments, names, numbers, yield, and that nobody starves.
 */
#include "runtime/stack.h"
#include <time.h>

#include "tests/coro.h"

WEFT_CHAN(int_chan, int)
WEFT_CHAN(id_chan, uint64_t)

struct counter {
	atomic_int n;
	struct weft_waitgroup group;
};

static void count_up(struct counter *c)
{
	atomic_fetch_add(&c->n, 1);
	weft_waitgroup_done(&c->group);
}

CO_TEST(go_runs_each_coroutine_once)
{
	struct counter c = {0};

	for (int i = 0; i < 2000; i++) {
		weft_waitgroup_add(&c.group, 1);
		weft_go(count_up, &c);
	}
	weft_waitgroup_wait(&c.group);
	CHECK_INT(atomic_load(&c.n), 2000);
}

struct argument {
	int_chan *out;
	int value;
	char filling[WEFT_ARG_MAX - sizeof(int_chan *) - sizeof(int)];
};

static void tell_value(struct argument *a)
{
	for (size_t i = 0; i < sizeof(a->filling); i++)
		CHECK_INT(a->filling[i], 'f');
	weft_yield();
	weft_send(a->out, a->value);
}

CO_TEST(go_copy_gives_each_its_own_copy)
{
	struct argument a = {.out = weft_make(int_chan, 0)};
	int v, sum = 0;

	_Static_assert(sizeof(a) == WEFT_ARG_MAX, "the largest argument that may be copied");
	memset(a.filling, 'f', sizeof(a.filling));
	for (a.value = 0; a.value < 50; a.value++)
		weft_go_copy(tell_value, &a);
	memset(&a.filling, 0, sizeof(a.filling));
	for (int i = 0; i < 50; i++) {
		weft_recv(a.out, &v);
		sum += v;
	}
	CHECK_INT(sum, 50 * 49 / 2);
}

CO_TEST(copied_argument_is_aligned)
{
	struct argument a = {.out = weft_make(int_chan, 0)};
	int v;

	memset(a.filling, 'f', sizeof(a.filling));
	weft_go_copy(tell_value, &a);
	weft_recv(a.out, &v);
	CHECK_INT(v, 0);
}

static int twice(const int *n)
{
	weft_yield();
	return *n * 2;
}

CO_TEST(join_gives_what_the_function_returned)
{
	static const int n[3] = {21, -4, 0};
	struct weft_handle *h[3];
	int code;

	for (int i = 0; i < 3; i++)
		h[i] = weft_spawn(twice, &n[i]);
	for (int i = 2; i >= 0; i--) {
		CHECK_INT(weft_join(h[i], &code), 0);
		CHECK_INT(code, n[i] * 2);
	}
	CHECK_INT(weft_join(weft_spawn(twice, &n[0]), NULL), 0);
}

static int at_once(const int *n)
{
	return *n;
}

CO_TEST(join_after_the_end)
{
	static const int n = 5;
	struct weft_handle *h = weft_spawn(at_once, &n);
	int code = 0;

	for (int i = 0; i < 200; i++)
		weft_yield();
	CHECK_INT(weft_join(h, &code), 0);
	CHECK_INT(code, 5);
}

CO_TEST(join_races_with_the_end)
{
	static const int n = 6;

	for (int i = 0; i < 1000; i++) {
		int code = 0;

		CHECK_INT(weft_join(weft_spawn(at_once, &n), &code), 0);
		CHECK_INT(code, 6);
	}
}

struct sum {
	int from, to;
};

static int add_up(struct sum *s)
{
	struct sum left = {s->from, (s->from + s->to) / 2}, right = {left.to, s->to};
	struct weft_handle *h;
	int a, b;

	if (s->to - s->from == 1)
		return s->from;
	h = weft_spawn_copy(add_up, &left);
	b = add_up(&right);
	weft_join(h, &a);
	return a + b;
}

CO_TEST(tree_of_joins)
{
	struct sum all = {0, 512};

	CHECK_INT(add_up(&all), 511 * 512 / 2);
}

static int join_it(struct weft_handle **h)
{
	int code;

	weft_join(*h, &code);
	return code;
}

static int wait_for_close(int_chan *c)
{
	weft_recv(c, NULL);
	return 9;
}

#if !SANITIZED /* there it is found as what it is, a use of freed memory */
PANIC_TEST(joining_again_panics, "weft_join of a handle that was joined before")
{
	static const int n = 3;
	struct weft_handle *handle = weft_spawn(twice, &n);

	weft_join(handle, NULL);
	weft_join(handle, NULL);
}
#endif

PANIC_TEST(joining_twice_at_once_panics, "is joined twice")
{
	static struct weft_handle *h;
	int_chan *c = weft_make(int_chan, 0);

	h = weft_spawn(wait_for_close, c);
	weft_spawn(join_it, &h);
	for (;;) {
		weft_yield();
		/* Once the other one waits this panics; before, it comes back at once. */
		CHECK_INT(weft_join_until(h, NULL, WEFT_NOW), -EAGAIN);
	}
}

PANIC_TEST(join_of_a_null_handle_panics, "null handle")
{
	weft_join(NULL, NULL);
}

PANIC_TEST(argument_that_is_too_large_panics, "at most 1024")
{
	static char text[2000];

	weft_co_go((weft_fn)(void *)count_up, "count_up", text, sizeof(text), "f", "f.c", 1);
}

/* ---- Names and numbers ----------------------------------------------------------------------- */

static void tell_id(id_chan *c)
{
	weft_send(c, weft_self());
}

CO_TEST(numbers_are_never_used_twice)
{
	id_chan *c = weft_make(id_chan, 0);
	static bool seen[1002];
	uint64_t id;

	CHECK_INT(weft_self(), 1);
	for (int i = 0; i < 1000; i++) {
		weft_go(tell_id, c);
		if (i % 10 == 9)
			for (int k = 0; k < 10; k++) {
				weft_recv(c, &id);
				CHECK(id > 1 && id <= 1001);
				CHECK(!seen[id]);
				seen[id] = true;
			}
	}
}

PANIC_TEST(name_shows_in_a_panic, "in coroutine 1 \"number 7\"\n")
{
	weft_set_name("number %d", 7);
	weft_join(NULL, NULL);
}

PANIC_TEST(name_is_cut_at_47_bytes, "\"12345678901234567890123456789012345678901234567\"")
{
	weft_set_name("%s", "12345678901234567890123456789012345678901234567890");
	weft_join(NULL, NULL);
}

static void panic_in_child(int_chan *c)
{
	weft_close(c);
}

PANIC_TEST(panic_names_function_and_spawn_place,
	"\"panic_in_child\", spawned in panic_names_function_and_spawn_place_body at ")
{
	weft_go(panic_in_child, NULL);
	weft_recv(weft_make(int_chan, 0), NULL);
}

/* ---- Turns ----------------------------------------------------------------------------------- */

/* Atomic, since coroutines share memory as threads do: on one worker, too. */
static atomic_int turns[400], nturns;

static void take_turns(const int *number)
{
	for (int i = 0; i < 100; i++) {
		atomic_store(&turns[atomic_fetch_add(&nturns, 1)], *number);
		weft_yield();
	}
}

static int take_turns_app(int argc, char **argv)
{
	static const int numbers[4] = {0, 1, 2, 3};

	for (int i = 0; i < 4; i++)
		weft_go(take_turns, &numbers[i]);
	while (atomic_load(&nturns) < 400)
		weft_yield();
	return 0;
}

TEST(yield_goes_round_on_one_worker)
{
	setenv("WEFT_WORKERS", "1", 1);
	weft_run(take_turns_app, 0, NULL);
	/* All four have started after the first few; then each has its turn before any has two. */
	for (int i = 4; i < 392; i++)
		for (int k = 1; k < 4; k++)
			CHECK(atomic_load(&turns[i]) != atomic_load(&turns[i + k]));
}

struct pair {
	int_chan *a, *b;
};

static void ping(struct pair *p)
{
	for (;;) {
		weft_send(p->a, 1);
		weft_recv(p->b, NULL);
	}
}

static void pong(struct pair *p)
{
	for (;;) {
		weft_recv(p->a, NULL);
		weft_send(p->b, 1);
	}
}

static struct pair pairs[5]; /* still in use when the run ends */

static void start_pairs(void)
{
	for (int i = 0; i < 5; i++) {
		pairs[i].a = weft_make(int_chan, 0);
		pairs[i].b = weft_make(int_chan, 0);
		weft_go(ping, &pairs[i]);
		weft_go(pong, &pairs[i]);
	}
}

/* Each pair wakes the other and waits: the slot for who was woken last must not be a throne. */
CO_TEST(pairs_that_never_stop_starve_nobody)
{
	static const int n = 3;
	int code;

	start_pairs();
	for (int i = 0; i < 50; i++) {
		weft_join(weft_spawn(twice, &n), &code);
		CHECK_INT(code, 6);
	}
}

CO_TEST(timers_fire_while_pairs_never_stop)
{
	start_pairs();
	for (int i = 0; i < 20; i++)
		weft_sleep(WEFT_MS);
}

static void yield_for_ever(void *unused)
{
	for (;;)
		weft_yield();
}

CO_TEST(yielders_starve_nobody)
{
	static const int n = 4;
	int_chan *c = weft_make(int_chan, 0);
	int code;

	for (int i = 0; i < 6; i++)
		weft_go(yield_for_ever, NULL);
	for (int i = 0; i < 50; i++) {
		weft_join(weft_spawn(twice, &n), &code);
		CHECK_INT(code, 8);
	}
	weft_sleep(WEFT_MS);
	CHECK_INT(weft_recv_until(c, NULL, weft_now() + WEFT_MS), -ETIMEDOUT);
}

static int64_t cpu_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (int64_t)ts.tv_sec * WEFT_SEC + ts.tv_nsec;
}

static void set_flag(atomic_bool *flag)
{
	atomic_store(flag, true);
}

/* For more of the thread's own time between two switches than the oldest of a list may wait. */
static int compute_and_yield(atomic_bool *stop)
{
	while (!atomic_load(stop)) {
		int64_t until = cpu_time() + 15 * WEFT_MS;

		while (cpu_time() < until)
			;
		weft_yield();
	}
	return 0;
}

/*
 * Whom one wakes is in front of the list; and where coroutines compute for long, each pass through
 * the scheduler would take the oldest of the list.
 */
CO_TEST(who_computes_between_yields_starves_nobody)
{
	atomic_bool flag = false, stop = false;
	struct weft_handle *other = weft_spawn(compute_and_yield, &stop);

	for (int i = 0; i < 8; i++) {
		atomic_store(&flag, false);
		weft_go(set_flag, &flag);
		compute_and_yield(&flag);
	}
	atomic_store(&stop, true);
	weft_join(other, NULL);
}

/* More than a run queue holds: the rest goes through the global list. */
static void wait_and_count(struct counter *c)
{
	weft_yield();
	count_up(c);
}

CO_TEST(more_ready_coroutines_than_a_run_queue_holds)
{
	struct counter c = {0};

	weft_waitgroup_add(&c.group, 3000);
	for (int i = 0; i < 3000; i++)
		weft_go(wait_and_count, &c);
	weft_waitgroup_wait(&c.group);
	CHECK_INT(atomic_load(&c.n), 3000);
}

/* ---- Stacks that are used again ---------------------------------------------------------------
 */

#if WEFT__TSAN || WEFT__ASAN
#define CROWD 300 /* they bear no more: each is a thread to TSan */
#else
#define CROWD 12000 /* more than keep their memory when they are free */
#endif

struct crowd {
	struct weft_waitgroup gate, all;
};

static void stay(struct crowd *c)
{
	weft_waitgroup_wait(&c->gate);
	weft_waitgroup_done(&c->all);
}

/* All at the same time, so that each has a stack of its own. */
static void gather_and_leave(void)
{
	struct crowd c = {0};

	weft_waitgroup_add(&c.gate, 1);
	weft_waitgroup_add(&c.all, CROWD);
	for (int i = 0; i < CROWD; i++)
		weft_go(stay, &c);
	weft_waitgroup_done(&c.gate);
	weft_waitgroup_wait(&c.all);
}

static uint64_t stacks_cut(void)
{
	const void *slabs, *nslabs;
	uint32_t bytes, base, stack_bytes, used, unused;
	uint64_t n = 0;

	weft__stacks_debug(&(struct weft__stacks_debug){&slabs, &nslabs, &bytes, &base,
		&stack_bytes, &used, &unused, &unused, &unused});
	for (uint32_t i = 0; i < atomic_load((const _Atomic uint32_t *)nslabs); i++)
		n += atomic_load(
			(const _Atomic uint32_t *)((const char *)slabs + i * bytes + used));
	return n;
}

/*
 * Idle workers give the memory of free stacks back, several of them at once; the stacks themselves
 * must not get lost. (What a worker keeps for itself, some others may have to cut anew.)
 */
CO_TEST(stacks_that_were_given_back_are_used_again)
{
	uint64_t first;

	gather_and_leave();
	first = stacks_cut();
	for (int i = 0; i < 12; i++) {
		weft_sleep(40 * WEFT_MS);
		gather_and_leave();
	}
	/* Two workers may have a batch of 1,024 each in hand when the next crowd comes. */
	CHECK(stacks_cut() <= first + 4 * 3 * 64 + 2 * 1024);
}

TEST_MAIN
