/* SPDX-License-Identifier: MIT
 *
 * The run as a whole: how it begins, what ends it, and what is no part of it.
 */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>

#include "runtime/sched.h"
#include "tests/coro.h"

WEFT_CHAN(int_chan, int)

static int give_seven(int argc, char **argv)
{
	CHECK_INT(argc, 2);
	CHECK_STR(argv[1], "argument");
	return 7;
}

TEST_WORKERS(run_returns_what_app_returns)
{
	char *argv[] = {"program", "argument", NULL};

	CHECK_INT(weft_run(give_seven, 2, argv), 7);
}

static void send_one(int_chan *c)
{
	weft_send(c, 1);
}

static int use_everything(int argc, char **argv)
{
	int_chan *c = weft_make(int_chan, 0);

	CHECK_INT(weft_self(), 1);
	for (int i = 0; i < 100; i++)
		weft_go(send_one, c);
	for (int i = 0; i < 100; i++)
		weft_recv(c, NULL);
	weft_sleep(100 * WEFT_US);
	return argc;
}

TEST_WORKERS(a_process_may_run_again_and_again)
{
	for (int i = 0; i < 30 / test_slowness(); i++)
		CHECK_INT(weft_run(use_everything, i, NULL), i);
}

static int give_errno(void *unused)
{
	int64_t until = weft_now() + 100 * WEFT_US;

	while (weft_now() < until)
		weft_yield();
	CHECK_INT(close(-1), -1);
	return errno;
}

static int read_errno(int argc, char **argv)
{
	struct weft_handle *others[8];

	for (int i = 0; i < 8; i++)
		others[i] = weft_spawn(give_errno, NULL);
	for (int i = 0; i < 8; i++) {
		int error;

		weft_join(others[i], &error);
		CHECK_INT(error, EBADF);
	}
	return give_errno(NULL);
}

/* A thread that is new has set up its own before any coroutine comes to it: TSan must know that. */
TEST_WORKERS(errno_is_there_on_each_worker)
{
	for (int i = 0; i < 50 / test_slowness(); i++)
		CHECK_INT(weft_run(read_errno, 0, NULL), EBADF);
}

static int give_zero(void *arg)
{
	return 0;
}

static int join_hundred(int argc, char **argv)
{
	struct weft_handle *handles[100];

	for (int i = 0; i < 100; i++)
		handles[i] = weft_spawn(give_zero, NULL);
	for (int i = 0; i < 100; i++)
		weft_join(handles[i], NULL);
	return 0;
}

/* The handles alone would be 100 KiB and more. (0 all the time where a sanitizer replaces malloc.) */
TEST_WORKERS(a_run_leaves_no_memory_behind)
{
	size_t before;

	for (int i = 0; i < 10; i++)
		CHECK_INT(weft_run(join_hundred, 0, NULL), 0);
	before = mallinfo2().uordblks;
	for (int i = 0; i < 20; i++)
		CHECK_INT(weft_run(join_hundred, 0, NULL), 0);
	CHECK(mallinfo2().uordblks < before + (32 << 10));
}

TEST(number_of_workers_may_change_from_run_to_run)
{
	static const char *const workers[] = {"4", "1", "2", "1", "8", "3"};

	for (int i = 0; i < 6; i++) {
		setenv("WEFT_WORKERS", workers[i], 1);
		CHECK_INT(weft_run(use_everything, i, NULL), i);
	}
}

/* ---- The end --------------------------------------------------------------------------------- */

static atomic_int beats;

static void beat(void *unused)
{
	for (;;) {
		atomic_fetch_add(&beats, 1);
		weft_yield();
	}
}

static void wait_for_ever(int_chan *c)
{
	weft_recv(c, NULL);
	CHECK(false);
}

static int leave_many_behind(int argc, char **argv)
{
	int_chan *c = weft_make(int_chan, 0);

	for (int i = 0; i < 100; i++)
		weft_go(wait_for_ever, c);
	for (int i = 0; i < 5; i++)
		weft_go(beat, NULL);
	until_parked(c, 100);
	return 0;
}

TEST_WORKERS(end_of_app_abandons_all_others)
{
	int n;

	for (int i = 0; i < 5; i++) /* again where stacks were that nobody unwound */
		CHECK_INT(weft_run(leave_many_behind, 0, NULL), 0);
	n = atomic_load(&beats);
	CHECK_INT(weft_run(use_everything, 1, NULL), 1);
	CHECK_INT(atomic_load(&beats), n); /* nothing of theirs ran any more */
}

static atomic_bool computing, let_go;

static void compute(void *unused)
{
	atomic_store(&computing, true);
	while (!atomic_load(&let_go))
		;
}

static void *let_go_soon(void *unused)
{
	while (!atomic_load(&weft__sched.stopping))
		sched_yield();
	atomic_store(&let_go, true);
	return NULL;
}

static int end_while_one_computes(int argc, char **argv)
{
	pthread_t thread;

	pthread_create(&thread, NULL, let_go_soon, NULL);
	pthread_detach(thread);
	weft_go(compute, NULL);
	while (!atomic_load(&computing))
		weft_yield();
	return 0;
}

TEST(end_waits_for_one_who_computes)
{
	setenv("WEFT_WORKERS", "2", 1);
	CHECK_INT(weft_run(end_while_one_computes, 0, NULL), 0);
	CHECK(atomic_load(&let_go));
}

static bool on_main_thread(void)
{
	return gettid() == getpid();
}

/* Computes for ever on the thread of weft_run (or not there). */
static void compute_for_ever(bool *main_thread)
{
	while (on_main_thread() != *main_thread)
		weft_sleep(20 * WEFT_US); /* whoever comes by wakes us: we wander */
	atomic_store(&computing, true);
	for (;;)
		atomic_fetch_add(&beats, 1);
}

static bool there; /* on the thread of weft_run? */
static _Atomic(struct weft_door *) left_door;

static int end_beside_a_computer(int argc, char **argv)
{
	left_door = weft_door_open();
	weft_go(compute_for_ever, &there);
	while (!atomic_load(&computing))
		weft_sleep(20 * WEFT_US);
	printf("unflushed");
	return 9;
}

static void run_beside_main_thread(void)
{
	there = true;
	weft_run(end_beside_a_computer, 0, NULL);
	printf("it cannot return");
}

TEST(end_does_not_wait_for_ever_for_its_own_thread)
{
	setenv("WEFT_WORKERS", "2", 1);
	CHECK_STR(run_child_to(run_beside_main_thread, 9)->text, "unflushed");
}

static void send_nothing(void *unused)
{
}

static void run_after_one_was_left(void)
{
	CHECK_INT(weft_run(end_beside_a_computer, 0, NULL), 9);
	CHECK_INT(weft_post(left_door, send_nothing, NULL), -ESHUTDOWN);
	weft_door_close(left_door);
	CHECK_INT(weft_run(give_seven, 0, NULL), -EBUSY);
	CHECK_INT(weft_run(give_seven, 0, NULL), -EBUSY);
}

TEST(no_second_run_beside_one_who_was_left_computing)
{
	setenv("WEFT_WORKERS", "2", 1);
	run_child_to(run_after_one_was_left, 0);
}

static int exit_in_coroutine(int argc, char **argv)
{
	printf("unflushed");
	exit(3);
}

static void exit_three(void *unused)
{
	exit(3);
}

static int exit_in_another(int argc, char **argv)
{
	weft_go(exit_three, NULL);
	weft_recv(weft_make(int_chan, 0), NULL);
	return 0;
}

static void run_exit(void)
{
	weft_run(exit_in_coroutine, 0, NULL);
}

static void run_exit_in_another(void)
{
	weft_run(exit_in_another, 0, NULL);
}

TEST_WORKERS(exit_in_a_coroutine_ends_the_process)
{
	CHECK_IN(run_child_to(run_exit, 3)->text, "unflushed");
	run_child_to(run_exit_in_another, 3);
}

/* ---- WEFT_WORKERS, WEFT_STACK ---------------------------------------------------------------- */

static int print_workers(int argc, char **argv)
{
	printf("<%d workers>", weft__sched.nworkers);
	return 0;
}

static void run_print_workers(void)
{
	weft_run(print_workers, 0, NULL);
}

TEST(bad_numbers_of_workers_are_named_once_and_replaced)
{
	static const char *const bad[] = {"0", "-1", "257", "abc", "2x", "99999999999999999999"};
	char expected[80];

	for (int i = 0; i < 6; i++) {
		const struct child *child;

		setenv("WEFT_WORKERS", bad[i], 1);
		child = run_child_to(run_print_workers, 0);
		snprintf(expected, sizeof(expected), "weft: WEFT_WORKERS=%s is not a number",
			bad[i]);
		CHECK_IN(child->text, expected);
		CHECK_IN(child->text, " workers>");
	}
}

TEST(good_numbers_of_workers_are_taken)
{
	static const char *const good[] = {"1", "3", "256"};
	char expected[80];

	for (int i = 0; i < 3; i++) {
		setenv("WEFT_WORKERS", good[i], 1);
		snprintf(expected, sizeof(expected), "<%s workers>", good[i]);
		CHECK_STR(run_child(run_print_workers)->text, expected);
	}
	setenv("WEFT_WORKERS", "", 1);
	CHECK_IN(run_child(run_print_workers)->text, " workers>");
	unsetenv("WEFT_WORKERS");
	CHECK_IN(run_child(run_print_workers)->text, " workers>");
}

static void use_stack(int_chan *out)
{
	volatile char room[400 * 1024];

	for (size_t i = 0; i < sizeof(room); i += 1024)
		room[i] = 1;
	weft_send(out, room[5 * 1024]);
}

static int use_large_stack(int argc, char **argv)
{
	int_chan *c = weft_make(int_chan, 0);
	int v;

	weft_go(use_stack, c);
	weft_recv(c, &v);
	return v;
}

TEST_WORKERS(stacks_are_as_large_as_asked_for)
{
	setenv("WEFT_STACK", "512", 1);
	CHECK_INT(weft_run(use_large_stack, 0, NULL), 1);
}

/* ---- Outside --------------------------------------------------------------------------------- */

static void call_yield(void)
{
	weft_yield();
}

static void call_sleep(void)
{
	weft_sleep(WEFT_MS);
}

static void call_make(void)
{
	weft_make(int_chan, 0);
}

static void call_self(void)
{
	weft_self();
}

static void call_select(void)
{
	weft_chan_select(NULL, 0, WEFT_NOW);
}

static void call_go(void)
{
	weft_go(send_one, NULL);
}

static void call_add(void)
{
	struct weft_waitgroup group = {0};

	weft_waitgroup_add(&group, 1);
}

TEST(calls_outside_of_a_coroutine_panic)
{
	check_panic(call_yield, "weft_yield called outside of a coroutine");
	check_panic(call_sleep, "weft_sleep called outside of a coroutine");
	check_panic(call_make, "weft_make called outside of a coroutine");
	check_panic(call_self, "weft_self called outside of a coroutine");
	check_panic(call_select, "weft_select called outside of a coroutine");
	check_panic(call_go, "weft_go called outside of a coroutine");
	check_panic(call_add, "weft_waitgroup_add called outside of a coroutine");
}

static int run_inside(int argc, char **argv)
{
	return weft_run(give_seven, 0, NULL);
}

static void run_run_inside(void)
{
	weft_run(run_inside, 0, NULL);
}

TEST_WORKERS(run_inside_of_a_run_panics)
{
	check_panic(run_run_inside, "weft_run called while a run is going on");
}

/* ---- Fork ------------------------------------------------------------------------------------ */

static int_chan *inherited;

static void call_with_inherited(void)
{
	weft_send(inherited, 1);
}

CO_TEST(calls_of_a_forked_child_panic)
{
	int v = 0;

	inherited = weft_make(int_chan, 2);
	check_panic(call_with_inherited, "after fork no call is possible");
	check_panic(call_yield, "after fork no call is possible");
	weft_send(inherited, 5); /* the parent goes on */
	CHECK_INT(weft_len(inherited), 1);
	weft_recv(inherited, &v);
	CHECK_INT(v, 5);
}

#if !SANITIZED /* theirs may fork with a lock of their own held, which the child's exit wants */
static void run_in_child(void)
{
	weft_run(give_seven, 0, NULL);
}

static struct weft_door *open_door;

static void post_in_child(void)
{
	weft_post(open_door, exit_three, NULL);
}

static void close_in_child(void)
{
	weft_door_close(open_door);
}

CO_TEST(a_forked_child_may_not_run_nor_post)
{
	open_door = weft_door_open();
	check_panic(run_in_child, "after fork no call is possible");
	check_panic(post_in_child, "after fork no call is possible");
	check_panic(close_in_child, "after fork no call is possible");
	weft_door_close(open_door);
}

static void exit_four(void)
{
	exit(4);
}

CO_TEST(forked_child_may_exit)
{
	CHECK_STR(run_child_to(exit_four, 4)->text, "");
}
#endif

/* ---- Manners --------------------------------------------------------------------------------- */

static int count_threads_that_take_signals(int argc, char **argv)
{
	sigset_t now;

	/* The thread of weft_run keeps its own mask. */
	pthread_sigmask(SIG_SETMASK, NULL, &now);
	return sigismember(&now, SIGUSR1) + 2 * sigismember(&now, SIGTERM);
}

TEST(signals_of_the_calling_thread_are_as_before)
{
	sigset_t set, after;

	setenv("WEFT_WORKERS", "1", 1);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_SETMASK, &set, NULL);
	CHECK_INT(weft_run(count_threads_that_take_signals, 0, NULL), 1);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	CHECK(sigismember(&after, SIGUSR1) && !sigismember(&after, SIGTERM));
}

static int raise_segv(int argc, char **argv)
{
	raise(SIGSEGV);
	return 0;
}

static void run_raise_segv(void)
{
	weft_run(raise_segv, 0, NULL);
}

TEST_WORKERS(a_sent_segv_kills_as_ever)
{
	const struct child *child;

	if (SANITIZED)
		test_skip("the sanitizers take SIGSEGV themselves");
	child = run_child(run_raise_segv);
	CHECK(WIFSIGNALED(child->status) && WTERMSIG(child->status) == SIGSEGV);
}

static struct weft_waitgroup maskers;

/* Only the calling thread takes signals, whichever coroutine it runs and wherever that was made. */
static void look_at_mask(void *unused)
{
	for (int i = 0; i < 200; i++) {
		sigset_t now;

		pthread_sigmask(SIG_SETMASK, NULL, &now);
		CHECK_INT(sigismember(&now, SIGUSR1), gettid() != getpid());
		weft_yield();
	}
	weft_waitgroup_done(&maskers);
}

static void make_masker(void *unused)
{
	weft_go(look_at_mask, NULL);
	look_at_mask(NULL);
}

static int look_at_masks(int argc, char **argv)
{
	weft_waitgroup_add(&maskers, 200);
	for (int i = 0; i < 100; i++)
		weft_go(make_masker, NULL);
	weft_waitgroup_wait(&maskers);
	return 0;
}

TEST_WORKERS(signal_masks_stay_with_their_threads)
{
	CHECK_INT(weft_run(look_at_masks, 0, NULL), 0);
}

TEST(version_is_the_headers)
{
	CHECK_STR(weft_version(), WEFT_VERSION);
}

static void compute_for(int64_t ns)
{
	int64_t until = weft_now() + ns;

	while (weft_now() < until)
		;
}

static void set(atomic_int *done)
{
	atomic_store(done, 1);
}

/* Each of its switches leads through the scheduler, where it is the oldest one of the list. */
static int compute_and_yield(int argc, char **argv)
{
	atomic_int done = 0;

	for (int i = 0; i < 10; i++) {
		compute_for(5 * WEFT_MS);
		weft_yield();
	}
	weft_go(set, &done);
	for (int i = 0; i < 4 && !atomic_load(&done); i++) {
		compute_for(5 * WEFT_MS);
		weft_yield();
	}
	return atomic_load(&done);
}

TEST(who_yields_between_computations_starves_nobody)
{
	setenv("WEFT_WORKERS", "1", 1);
	CHECK_INT(weft_run(compute_and_yield, 0, NULL), 1);
}

TEST_MAIN
