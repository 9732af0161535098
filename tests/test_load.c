/* SPDX-License-Identifier: MIT
 *
 * What many coroutines cost when nothing happens: those that are blocked no CPU, those that have
 * ended no memory.
 */
#include <sys/resource.h>
#include <time.h>

#include "tests/coro.h"

WEFT_CHAN(int_chan, int)

#define MANY (SANITIZED ? 5000 : 100000)
#define WATCHED_S 2
/* 10 ms in 10 s. Sanitizers have threads of their own. */
#define CPU_MOST_NS (SANITIZED ? 200 * WEFT_MS : 2 * WEFT_MS)
#define SETTLE_MOST 50

#define BURST 200000
#define BURST_BYTES_LEAST ((long)BURST * 4096)
#define BYTES_MOST (100l << 20)
#define BACK_WITHIN_NS (10 * WEFT_SEC)

static struct {
	int_chan *never, *nor_this;
	struct weft_mutex held;
	struct weft_semaphore none;
	struct weft_waitgroup ended;
	_Atomic int started;
	struct weft_io *silent, *mouth; /* a pipe in which nothing is written */
} crowd;

/* Each fifth in another way. */
static void block(void *unused)
{
	int64_t late = weft_now() + 3600 * WEFT_SEC;

	switch (atomic_fetch_add(&crowd.started, 1) % 5) {
	case 0:
		weft_recv(crowd.never, NULL);
		break;
	case 1:
		CHECK_INT(weft_recv_until(crowd.never, NULL, late), -EPIPE);
		break;
	case 2:
		weft_select(weft_on_recv(crowd.never, NULL), weft_on_recv(crowd.nor_this, NULL));
		break;
	case 3:
		weft_mutex_lock(&crowd.held);
		weft_mutex_unlock(&crowd.held);
		break;
	default:
		CHECK_INT(weft_semaphore_acquire_until(&crowd.none, 1, late), 0);
	}
	weft_waitgroup_done(&crowd.ended);
}

/* So that an idle worker sleeps in the poller. */
static void listen_to_silence(void *unused)
{
	char c;

	CHECK_INT(weft_io_read(crowd.silent, &c, 1), 0);
	weft_io_close(crowd.silent);
	weft_waitgroup_done(&crowd.ended);
}

static void make_pipe(void)
{
	int fds[2];

	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	CHECK_INT(weft_io_open(fds[0], &crowd.silent), 0);
	CHECK_INT(weft_io_open(fds[1], &crowd.mouth), 0);
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * WEFT_SEC + ts.tv_nsec;
}

/* The CPU time of all threads but the one that asks. */
static int64_t others_ns(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID) - clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* On a helper: to wake a worker for it would cost milliseconds by itself on a busy machine. */
static int watch(int64_t *ret_used)
{
	int64_t before;

	/* Until those on the way into their wait are there, and the workers have found nothing
	 * more. */
	for (int i = 0; i < SETTLE_MOST; i++) {
		before = others_ns();
		usleep(20000);
		if (others_ns() - before < WEFT_MS)
			break;
	}
	before = others_ns();
	sleep(WATCHED_S);
	*ret_used = others_ns() - before;
	return 0;
}

static void wake_all(void)
{
	weft_close(crowd.never);
	weft_mutex_unlock(&crowd.held);
	weft_semaphore_release(&crowd.none, MANY);
	weft_io_close(crowd.mouth);
	CHECK_INT(weft_waitgroup_wait(&crowd.ended), 0);
	weft_unref(crowd.never);
	weft_unref(crowd.nor_this);
}

CO_TEST_LIMIT(blocked_coroutines_use_no_cpu, 60)
{
	int64_t used = 0;

	crowd.never = weft_make(int_chan, 0);
	crowd.nor_this = weft_make(int_chan, 0);
	weft_mutex_lock(&crowd.held);
	make_pipe();
	weft_waitgroup_add(&crowd.ended, MANY + 1);
	weft_go(listen_to_silence, (void *)NULL);
	for (int i = 0; i < MANY; i++)
		weft_go(block, (void *)NULL);
	while (atomic_load(&crowd.started) < MANY)
		weft_yield();
	CHECK_INT(weft_blocking(watch, &used, NULL), 0);
	if (used > CPU_MOST_NS)
		test_fail(__FILE__, __LINE__, "%d blocked coroutines used %lld us of CPU in %d s",
			MANY, (long long)(used / WEFT_US), WATCHED_S);
	wake_all();
}

static long resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long all = 0, pages = 0;

	CHECK(f != NULL);
	CHECK_INT(fscanf(f, "%ld %ld", &all, &pages), 2);
	fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

static struct weft_waitgroup burst, burst_ended;
static struct weft_semaphore end_of_burst;

static void take_part(void *unused)
{
	weft_waitgroup_done(&burst);
	weft_semaphore_acquire(&end_of_burst, 1);
	weft_waitgroup_done(&burst_ended);
}

static void have_a_burst(void)
{
	weft_waitgroup_add(&burst, BURST);
	weft_waitgroup_add(&burst_ended, BURST);
	for (int i = 0; i < BURST; i++)
		weft_go(take_part, (void *)NULL);
	CHECK_INT(weft_waitgroup_wait(&burst), 0);
	CHECK(resident_bytes() >= BURST_BYTES_LEAST);
	weft_semaphore_release(&end_of_burst, BURST);
	CHECK_INT(weft_waitgroup_wait(&burst_ended), 0);
}

/* Twice: what was given back can be had again. */
static int bursts(int argc, char **argv)
{
	for (int i = 0; i < 2; i++) {
		int64_t until;

		have_a_burst();
		until = weft_now() + BACK_WITHIN_NS;
		while (resident_bytes() > BYTES_MOST && weft_now() < until)
			weft_sleep(50 * WEFT_MS); /* a worker that has nothing to do tidies up */
		if (resident_bytes() > BYTES_MOST)
			test_fail(__FILE__, __LINE__, "%ld MiB are resident behind a burst of %d",
				resident_bytes() >> 20, BURST);
	}
	return 0;
}

TEST_WORKERS_LIMIT(memory_falls_back_behind_a_burst, 180)
{
	if (SANITIZED)
		test_skip("sanitizers keep memory of their own");
	if (getenv("MESON_EXE_WRAPPER"))
		test_skip("an emulator's own memory is resident, too");
	CHECK_INT(weft_run(bursts, 0, NULL), 0);
}

/* ---- Timers that come thick -------------------------------------------------------------------
 */

#define THICK (SANITIZED ? 5000 : 20000)
#define APART_NS (10 * WEFT_US)

struct thick {
	int64_t first;
	_Atomic int asleep;
	struct weft_waitgroup woken;
};

static void sleep_thickly(struct thick *t)
{
	int i = atomic_fetch_add(&t->asleep, 1);

	weft_sleep(t->first + i * APART_NS - weft_now());
	weft_waitgroup_done(&t->woken);
}

/* Who fires a timer and wakes another worker for the next has two of them wake each other. */
CO_TEST(timers_that_come_thick_are_fired_together)
{
	struct thick t = {.first = weft_now() + WEFT_SEC / 2};
	struct rusage before, after;
	long switches;

	weft_waitgroup_add(&t.woken, THICK);
	for (int i = 0; i < THICK; i++)
		weft_go(sleep_thickly, &t);
	while (atomic_load(&t.asleep) < THICK)
		weft_yield();
	getrusage(RUSAGE_SELF, &before);
	weft_waitgroup_wait(&t.woken);
	getrusage(RUSAGE_SELF, &after);
	switches = after.ru_nvcsw - before.ru_nvcsw;
	if (switches >= THICK / 10)
		test_fail(__FILE__, __LINE__, "%ld switches of threads for %d timers", switches,
			THICK);
}

TEST_MAIN
