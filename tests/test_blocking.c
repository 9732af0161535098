/* SPDX-License-Identifier: MIT
 *
 * Jobs on helper threads: they run beside coroutines, come back, are waited for or left alone.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "tests/coro.h"
#include "tracer/record/futex.h"

WEFT_CHAN(int_chan, int)

/* A gate at which jobs wait as any blocking call does. */
struct gate {
	_Atomic uint32_t open; /* futex */
	atomic_int at;	       /* have come to it */
	atomic_int through, dropped;
};

static void wait_at_gate(struct gate *g)
{
	atomic_fetch_add(&g->at, 1);
	while (!atomic_load(&g->open))
		weft__futex_wait(&g->open, 0, INT64_MAX);
	atomic_fetch_add(&g->through, 1);
}

static void open_gate(struct gate *g)
{
	atomic_store(&g->open, 1);
	weft__futex_wake(&g->open, INT32_MAX);
}

static void until_at(struct gate *g, int n)
{
	while (atomic_load(&g->at) != n)
		weft_yield();
}

static long my_tid(void)
{
	return syscall(SYS_gettid);
}

struct sum {
	int a, b;
	long tid;
};

static int add(struct sum *s)
{
	s->tid = my_tid();
	return s->a + s->b;
}

CO_TEST(a_job_runs_on_another_thread_and_gives_its_result)
{
	struct sum s = {.a = 40, .b = 2};
	int code = 0;

	CHECK_INT(weft_blocking(add, &s, &code), 0);
	CHECK_INT(code, 42);
	CHECK(s.tid != my_tid());
	s.a = 1;
	CHECK_INT(weft_blocking(add, &s, NULL), 0);
}

static int pass_gate(struct gate *g)
{
	wait_at_gate(g);
	return 7;
}

static void open_later(struct gate *g)
{
	until_at(g, 1);
	open_gate(g);
}

CO_TEST(others_go_on_while_a_job_blocks)
{
	struct gate g = {0};
	int code = 0;

	weft_go(open_later, &g);
	CHECK_INT(weft_blocking(pass_gate, &g, &code), 0);
	CHECK_INT(code, 7);
}

/* Nothing but the job can wake it: no deadlock. The job ends by a thread that is not ours. */
static void *open_when_at(void *arg)
{
	struct gate *g = arg;

	while (!atomic_load(&g->at))
		sched_yield();
	open_gate(g);
	return NULL;
}

CO_TEST(a_job_is_no_deadlock)
{
	struct gate g = {0};
	pthread_t thread;

	CHECK_INT(pthread_create(&thread, NULL, open_when_at, &g), 0);
	CHECK_INT(weft_blocking(pass_gate, &g, NULL), 0);
	pthread_join(thread, NULL);
}

struct many {
	struct gate gate;
	struct weft_waitgroup group;
	atomic_int sum;
};

static void one_of_many(struct many *m)
{
	int code = 0;

	CHECK_INT(weft_blocking(pass_gate, &m->gate, &code), 0);
	atomic_fetch_add(&m->sum, code);
	weft_waitgroup_done(&m->group);
}

/* As many at the same time as there may be threads: they all come to the gate. */
CO_TEST(jobs_run_side_by_side)
{
	struct many m = {0};

	weft_waitgroup_add(&m.group, 50);
	for (int i = 0; i < 50; i++)
		weft_go(one_of_many, &m);
	until_at(&m.gate, 50);
	open_gate(&m.gate);
	weft_waitgroup_wait(&m.group);
	CHECK_INT(atomic_load(&m.sum), 50 * 7);
}

static void more_than_helpers(void)
{
	struct many m = {0};

	weft_waitgroup_add(&m.group, 100);
	for (int i = 0; i < 100; i++)
		weft_go(one_of_many, &m);
	until_at(&m.gate, 3);
	for (int i = 0; i < 100; i++)
		weft_yield();
	CHECK_INT(atomic_load(&m.gate.at), 3);
	open_gate(&m.gate);
	weft_waitgroup_wait(&m.group);
	CHECK_INT(atomic_load(&m.sum), 100 * 7);
}

static int more_than_helpers_app(int argc, char **argv)
{
	more_than_helpers();
	return 0;
}

TEST_WORKERS(more_jobs_than_helpers_queue_up)
{
	setenv("WEFT_HELPERS", "3", 1);
	CHECK_INT(weft_run(more_than_helpers_app, 0, NULL), 0);
}

static void many_short(struct many *m)
{
	struct sum s = {.a = 1, .b = 2};

	for (int i = 0; i < 100; i++) {
		int code = 0;

		s.a = i;
		CHECK_INT(weft_blocking(add, &s, &code), 0);
		CHECK_INT(code, i + 2);
	}
	weft_waitgroup_done(&m->group);
}

CO_TEST(thousands_of_short_jobs_come_back)
{
	struct many m = {0};

	weft_waitgroup_add(&m.group, 20);
	for (int i = 0; i < 20; i++)
		weft_go(many_short, &m);
	weft_waitgroup_wait(&m.group);
}

/* ---- Deadlines --------------------------------------------------------------------------------
 */

CO_TEST(a_job_that_has_begun_is_waited_for)
{
	struct gate g = {0};
	int code = 0;

	weft_go(open_later, &g);
	/* Most likely it is at the gate when the deadline comes; if not it does not begin. */
	int r = weft_blocking_until(pass_gate, &g, &code, weft_now() + 5 * WEFT_MS);
	if (r == 0) {
		CHECK_INT(code, 7);
	} else {
		CHECK_INT(r, -ETIMEDOUT);
		CHECK_INT(atomic_load(&g.through), 0);
		atomic_store(&g.at, 1); /* for open_later */
	}
	CHECK_INT(weft_blocking_until(pass_gate, &g, &code, WEFT_NOW), -EAGAIN);
	CHECK_INT(weft_blocking_until(pass_gate, &g, &code, weft_now() - 1), -ETIMEDOUT);
}

static int in_queue_app(int argc, char **argv)
{
	struct many m = {0};
	int code = 5;

	weft_waitgroup_add(&m.group, 1);
	weft_go(one_of_many, &m);
	until_at(&m.gate, 1);
	/* The only helper is at the gate: this one waits in the queue, and is taken out of it. */
	CHECK_INT(weft_blocking_until(pass_gate, &m.gate, &code, weft_now() + 3 * WEFT_MS),
		-ETIMEDOUT);
	CHECK_INT(code, 5);
	open_gate(&m.gate);
	weft_waitgroup_wait(&m.group);
	CHECK_INT(atomic_load(&m.gate.through), 1);
	return 0;
}

TEST_WORKERS(a_job_in_the_queue_is_taken_back_at_the_deadline)
{
	setenv("WEFT_HELPERS", "1", 1);
	CHECK_INT(weft_run(in_queue_app, 0, NULL), 0);
}

/* ---- Copies -----------------------------------------------------------------------------------
 */

CO_TEST(what_a_job_did_with_its_copy_comes_back)
{
	struct sum s = {.a = 40, .b = 2};
	int code = 0;

	CHECK_INT(weft_blocking_copy(add, &s, NULL, &code), 0);
	CHECK_INT(code, 42);
	CHECK(s.tid != 0 && s.tid != my_tid());
}

struct owned {
	struct gate *gate;
	char *text;
};

static int make_text(struct owned *o)
{
	wait_at_gate(o->gate);
	o->text = strdup("made by a helper");
	return 3;
}

static void drop_text(void *arg)
{
	struct owned *o = arg;
	struct gate *gate = o->gate;

	free(o->text);
	atomic_fetch_add(&gate->dropped, 1);
}

/* On a busy machine the deadline may come before the job has begun: then there is a later one. */
CO_TEST(a_job_with_a_copy_is_left_alone_at_the_deadline)
{
	static struct gate g; /* jobs that come late outlive the test */
	struct owned o = {.gate = &g};
	int code = 1;

	for (int64_t wait = 5 * WEFT_MS; atomic_load(&g.at) == 0; wait *= 2) {
		int64_t until = weft_now() + wait;

		CHECK_INT(weft_blocking_copy_until(make_text, &o, drop_text, &code, until),
			-ETIMEDOUT);
		CHECK(weft_now() >= until);
		CHECK(!o.text);
		CHECK_INT(code, 1);
	}
	CHECK_INT(atomic_load(&g.dropped), 0);
	open_gate(&g);
	/* It ends, and what it made is dropped. */
	while (atomic_load(&g.dropped) == 0)
		weft_yield();
	CHECK_INT(weft_blocking_copy(make_text, &o, drop_text, &code), 0);
	CHECK_STR(o.text, "made by a helper");
	free(o.text);
}

/* Neither it nor its drop ever runs. */
static int never_begun_app(int argc, char **argv)
{
	struct many m = {0};
	struct owned o = {.gate = &m.gate};

	CHECK_INT(weft_blocking_copy_until(make_text, &o, drop_text, NULL, weft_now() - 1),
		-ETIMEDOUT);
	weft_waitgroup_add(&m.group, 1);
	weft_go(one_of_many, &m);
	until_at(&m.gate, 1);
	/* Behind the job of the only helper. */
	CHECK_INT(
		weft_blocking_copy_until(make_text, &o, drop_text, NULL, weft_now() + 3 * WEFT_MS),
		-ETIMEDOUT);
	open_gate(&m.gate);
	weft_waitgroup_wait(&m.group);
	CHECK_INT(weft_blocking(pass_gate, &m.gate, NULL), 0);
	CHECK_INT(atomic_load(&m.gate.through), 2);
	CHECK_INT(atomic_load(&m.gate.dropped), 0);
	return 0;
}

TEST_WORKERS(a_job_with_a_copy_that_has_not_begun_by_the_deadline_never_does)
{
	setenv("WEFT_HELPERS", "1", 1);
	CHECK_INT(weft_run(never_begun_app, 0, NULL), 0);
}

/* ---- The end of a run -------------------------------------------------------------------------
 */

static struct gate end_gate;

static void block_in_copy(void *unused)
{
	struct owned o = {.gate = &end_gate};

	weft_blocking_copy(make_text, &o, drop_text, NULL);
	abort(); /* abandoned by then */
}

static int leave_a_copy(int argc, char **argv)
{
	weft_go(block_in_copy, NULL);
	until_at(&end_gate, argc);
	return 0;
}

static int add_once(int argc, char **argv)
{
	struct sum s = {.a = 40, .b = 2};
	int code = 0;

	CHECK_INT(weft_blocking(add, &s, &code), 0);
	return code;
}

TEST_WORKERS(a_run_ends_beside_jobs_with_copies)
{
	for (int i = 1; i <= 3; i++)
		CHECK_INT(weft_run(leave_a_copy, i, NULL), 0);
	CHECK_INT(atomic_load(&end_gate.dropped), 0);
	open_gate(&end_gate);
	while (atomic_load(&end_gate.dropped) != 3)
		sched_yield();
	/* Their threads can be used again, or have gone. */
	CHECK_INT(weft_run(add_once, 0, NULL), 42);
}

static void block_for_long(void *unused)
{
	weft_blocking(pass_gate, &end_gate, NULL);
}

static int leave_a_job(int argc, char **argv)
{
	weft_go(block_for_long, NULL);
	until_at(&end_gate, 1);
	return 0;
}

static void *open_soon(void *arg)
{
	usleep(50000); /* so that the run most likely ends before; nothing depends on it */
	open_gate(&end_gate);
	return NULL;
}

/* Its argument may lie on the stack of a coroutine. */
TEST_WORKERS(the_end_of_a_run_waits_for_jobs_that_have_begun)
{
	pthread_t thread;

	CHECK_INT(pthread_create(&thread, NULL, open_soon, NULL), 0);
	CHECK_INT(weft_run(leave_a_job, 0, NULL), 0);
	CHECK_INT(atomic_load(&end_gate.through), 1);
	pthread_join(thread, NULL);
	CHECK_INT(weft_run(add_once, 0, NULL), 42); /* there is another run */
}

TEST_WORKERS(a_job_that_never_ends_leaves_no_further_run)
{
	int64_t before = weft_now();

	CHECK_INT(weft_run(leave_a_job, 0, NULL), 0);
	CHECK(weft_now() - before < 2 * WEFT_SEC + TOLERANCE_NS);
	CHECK_INT(atomic_load(&end_gate.through), 0);
	CHECK_INT(weft_run(leave_a_job, 0, NULL), -EBUSY);
	open_gate(&end_gate);
}

/* ---- Misuse and failures ----------------------------------------------------------------------
 */

static int yield_on_helper(void *unused)
{
	weft_yield();
	return 0;
}

PANIC_TEST(a_call_from_a_helper_panics, "weft_yield called outside of a coroutine")
{
	weft_blocking(yield_on_helper, NULL, NULL);
}

static int look_at_mask(sigset_t *mask)
{
	return pthread_sigmask(SIG_BLOCK, NULL, mask);
}

CO_TEST(signals_are_blocked_on_helpers)
{
	sigset_t mask;

	CHECK_INT(weft_blocking(look_at_mask, &mask, NULL), 0);
	CHECK_INT(sigismember(&mask, SIGALRM), 1);
	CHECK_INT(sigismember(&mask, SIGTERM), 1);
	CHECK_INT(sigismember(&mask, SIGSEGV), 0);
}

#define ROOM (1 << 20) /* less than a thread's stack */
#define ROOMS_MOST 256

static int no_threads_app(int argc, char **argv)
{
	struct rlimit none = {0, 0};
	struct sum s = {.a = 1, .b = 2};

	/* For root the limit of processes does not count: threads need address space, too. */
	none.rlim_cur = none.rlim_max = (rlim_t)argc << 10;
	CHECK_INT(setrlimit(RLIMIT_AS, &none), 0);
	/* What another worker has given back since the limit was chosen would be enough for a
	 * thread. */
	for (int i = 0;
		mmap(NULL, ROOM, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED; i++)
		if (i == ROOMS_MOST)
			test_skip("the limit of address space is not heeded: an emulator's may be "
				  "its own");
	CHECK_INT(weft_blocking(add, &s, NULL), -EAGAIN);
	CHECK_INT(weft_blocking_copy(add, &s, NULL, NULL), -EAGAIN);
	return 0;
}

static long address_space_kib(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	CHECK_INT(fscanf(file, "%ld", &pages), 1);
	fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static int no_threads_main(int argc, char **argv)
{
	return no_threads_app((int)address_space_kib() + 256, argv);
}

TEST(no_thread_to_be_had_is_an_error)
{
	if (SANITIZED)
		test_skip("sanitizers need address space");
	CHECK_INT(weft_run(no_threads_main, 0, NULL), 0);
}

TEST_MAIN
