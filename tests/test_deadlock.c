/* SPDX-License-Identifier: MIT
 *
 * A program in which nobody can go on ends, with status 2 and a report; never with a hang. And one
 * in which somebody still can does not.
 */
#include "tests/coro.h"

WEFT_CHAN(int_chan, int)

/* `body` as coroutine 1 ends in a deadlock whose report is `child->text`. */
#define DEADLOCK_TEST(name)                                 \
	CO_BODY(name)                                       \
	static void name##_look(const struct child *child); \
	TEST_WORKERS(name)                                  \
	{                                                   \
		name##_look(run_to_deadlock(name##_run));   \
	}                                                   \
	static void name##_body(void)
#define REPORT(name) static void name##_look(const struct child *child)

static void send_jobs(int_chan *c)
{
	weft_set_name("producer");
	weft_send(c, 1);
}

DEADLOCK_TEST(report_names_coroutine_channel_and_spawn_place)
{
	int_chan *jobs = weft_make(int_chan, 0);

	weft_chan_name(jobs, "jobs");
	weft_go(send_jobs, jobs);
	until_parked(jobs, 1);
	weft_recv(weft_make(int_chan, 0), NULL);
}

REPORT(report_names_coroutine_channel_and_spawn_place)
{
	CHECK_IN(child->text, "all coroutines (2) are blocked");
	CHECK_IN(child->text, "1 \"main\" receives from channel (of int, made at test_deadlock.c:");
	CHECK_IN(child->text, "2 \"producer\" sends on channel \"jobs\" (of int, made at "
			      "test_deadlock.c:");
	CHECK_IN(child->text, "spawned in report_names_coroutine_channel_and_spawn_place_body at "
			      "test_deadlock.c:");
}

DEADLOCK_TEST(recv_with_nobody_else)
{
	weft_recv(weft_make(int_chan, 0), NULL);
}

REPORT(recv_with_nobody_else)
{
	CHECK_IN(child->text, "(1) are blocked");
}

DEADLOCK_TEST(send_on_full_buffer)
{
	int_chan *c = weft_make(int_chan, 1);

	weft_send(c, 1);
	weft_send(c, 2);
}

REPORT(send_on_full_buffer)
{
	CHECK_IN(child->text, "sends on channel");
}

DEADLOCK_TEST(null_channel)
{
	int_chan *c = NULL;

	weft_send(c, 1);
}

REPORT(null_channel)
{
	CHECK_IN(child->text, "waits for ever on a null channel");
}

DEADLOCK_TEST(select_that_nobody_meets)
{
	int_chan *a = weft_make(int_chan, 0), *b = weft_make(int_chan, 0);

	weft_select(weft_on_recv(a, NULL), weft_on_send(b, 1));
}

REPORT(select_that_nobody_meets)
{
	CHECK_IN(child->text, "1 \"main\" selects");
}

DEADLOCK_TEST(select_of_nothing)
{
	weft_chan_select(NULL, 0, WEFT_NEVER);
}

REPORT(select_of_nothing)
{
	CHECK_IN(child->text, "1 \"main\" selects");
}

/* The first frame of `who` is the call that the program made, not what libweft has below it. */
static void begins_with(const char *text, const char *who, const char *call)
{
	const char *at = strstr(text, who);
	char wanted[64];

	CHECK(at);
	at = strchr(at, '\n');
	CHECK(at);
	snprintf(wanted, sizeof(wanted), "\n      %s", call);
	CHECK(strncmp(at, wanted, strlen(wanted)) == 0);
	/* Depends on whether libweft was built with -g. */
	at += strlen(wanted);
	CHECK(strncmp(at, "+0x", 3) == 0 || strncmp(at, " at ", 4) == 0);
}

static void lock_named(struct weft_mutex *mutex)
{
	weft_mutex_lock(mutex);
}

DEADLOCK_TEST(mutex_that_nobody_gives_back)
{
	static struct weft_mutex named, nameless;

	weft_sync_name(&named, "fork %d", 3);
	weft_mutex_lock(&named);
	weft_mutex_lock(&nameless);
	weft_go(lock_named, &named);
	weft_mutex_lock(&nameless);
}

REPORT(mutex_that_nobody_gives_back)
{
	CHECK_IN(child->text, "1 \"main\" waits for mutex at 0x");
	CHECK_IN(child->text, "2 \"lock_named\" waits for mutex \"fork 3\", for ");
	begins_with(child->text, "\"lock_named\"", "weft_mutex_lock");
}

static int wait_for_ever(int_chan *c)
{
	weft_recv(c, NULL);
	return 0;
}

static struct {
	struct weft_rwlock rw;
	struct weft_mutex mutex;
	struct weft_cond cond;
	struct weft_semaphore semaphore;
	struct weft_once once;
	int_chan *never;
} kin;

static void write_in_vain(void *unused)
{
	weft_rwlock_wlock(&kin.rw);
}

static void read_in_vain(void *unused)
{
	weft_rwlock_rlock(&kin.rw);
}

static void wait_in_vain(void *unused)
{
	weft_mutex_lock(&kin.mutex);
	weft_cond_wait(&kin.cond, &kin.mutex);
}

static void acquire_in_vain(void *unused)
{
	weft_semaphore_acquire(&kin.semaphore, 2);
}

static void recv_for_once(void *unused)
{
	weft_recv(kin.never, NULL);
}

static void once_in_vain(void *unused)
{
	weft_once(&kin.once, recv_for_once, NULL);
}

DEADLOCK_TEST(kin_of_mutexes_are_named)
{
	weft_sync_name(&kin.rw, "table");
	weft_sync_name(&kin.cond, "ready");
	weft_sync_name(&kin.semaphore, "slots");
	weft_sync_name(&kin.once, "set up");
	weft_rwlock_rlock(&kin.rw);
	weft_go(write_in_vain, NULL);
	until_waiting(&kin.rw.weft_sync, 1);
	weft_go(read_in_vain, NULL);
	weft_go(wait_in_vain, NULL);
	weft_go(acquire_in_vain, NULL);
	kin.never = weft_make(int_chan, 0);
	weft_go(once_in_vain, NULL);
	until_parked(kin.never, 1);
	once_in_vain(NULL);
}

REPORT(kin_of_mutexes_are_named)
{
	CHECK_IN(child->text, "\"write_in_vain\" waits to write under rwlock \"table\"");
	CHECK_IN(child->text, "\"read_in_vain\" waits to read under rwlock \"table\"");
	CHECK_IN(child->text, "\"wait_in_vain\" waits for condition \"ready\"");
	CHECK_IN(child->text, "\"acquire_in_vain\" waits for semaphore \"slots\"");
	CHECK_IN(child->text, "1 \"main\" waits for the one call of once \"set up\"");
	begins_with(child->text, "1 \"main\"", "weft_once_call");
}

DEADLOCK_TEST(join_of_who_never_ends)
{
	weft_join(weft_spawn(wait_for_ever, NULL), NULL);
}

REPORT(join_of_who_never_ends)
{
	CHECK_IN(child->text, "1 \"main\" joins coroutine 2");
	CHECK_IN(child->text, "2 \"wait_for_ever\" waits for ever on a null channel");
}

DEADLOCK_TEST(waitgroup_that_nobody_ends)
{
	struct weft_waitgroup group = {0};

	weft_waitgroup_add(&group, 1);
	weft_waitgroup_wait(&group);
}

REPORT(waitgroup_that_nobody_ends)
{
	CHECK_IN(child->text, "waits for wait group at 0x");
}

static void recv_twice(int_chan *c)
{
	weft_recv(c, NULL);
	weft_recv(c, NULL);
}

DEADLOCK_TEST(deadlock_after_sleeping)
{
	int_chan *c = weft_make(int_chan, 0);

	weft_go(recv_twice, c);
	weft_sleep(5 * WEFT_MS);
	weft_send(c, 1);
	weft_sleep(5 * WEFT_MS);
	weft_select_until(weft_now() + 2 * WEFT_MS, weft_on_recv(c, NULL));
	weft_recv(c, NULL);
}

REPORT(deadlock_after_sleeping)
{
	CHECK_IN(child->text, "(2) are blocked");
}

/* Much happens, then nothing can: found whatever the workers were doing last. */
static void pass_on(int_chan **c)
{
	int v;

	for (int i = 0; i < 200; i++) {
		weft_recv(c[0], &v);
		weft_send(c[1], v);
	}
}

DEADLOCK_TEST(ring_that_runs_dry)
{
	static int_chan *c[11];

	for (int i = 0; i < 11; i++)
		c[i] = weft_make(int_chan, 0);
	for (int i = 0; i < 10; i++)
		weft_go(pass_on, &c[i]);
	for (int i = 0; i < 100; i++) {
		weft_send(c[0], i);
		weft_recv(c[10], NULL);
	}
	weft_recv(c[10], NULL);
}

REPORT(ring_that_runs_dry)
{
	CHECK_IN(child->text, "(11) are blocked");
}

DEADLOCK_TEST(long_reports_are_cut)
{
	int_chan *c = weft_make(int_chan, 0);

	for (int i = 0; i < 500; i++)
		weft_spawn(wait_for_ever, c);
	weft_recv(c, NULL);
}

REPORT(long_reports_are_cut)
{
	int lines = 0;

	for (const char *p = child->text; (p = strchr(p, '\n')); p++)
		lines++;
	CHECK_IN(child->text, "all coroutines (501) are blocked");
	CHECK_IN(child->text, "... and 401 more");
	CHECK(lines <= 2 * 100 + 10); /* each with its frames, or whose they are */
}

DEADLOCK_TEST(stdout_is_flushed)
{
	printf("no newline yet");
	weft_recv(weft_make(int_chan, 0), NULL);
}

REPORT(stdout_is_flushed)
{
	CHECK_IN(child->text, "no newline yet");
}

/* ---- No deadlocks ---------------------------------------------------------------------------- */

static void sleep_then_send(int_chan *c)
{
	weft_sleep(20 * WEFT_MS);
	weft_send(c, 1);
}

CO_TEST(waiting_for_a_sleeper_is_no_deadlock)
{
	int_chan *c = weft_make(int_chan, 0);

	weft_go(sleep_then_send, c);
	CHECK(weft_recv(c, NULL));
}

CO_TEST(waiting_with_a_deadline_is_no_deadlock)
{
	int_chan *c = weft_make(int_chan, 0);
	int_chan *null = NULL;

	CHECK_INT(weft_recv_until(c, NULL, weft_now() + 10 * WEFT_MS), -ETIMEDOUT);
	CHECK_INT(weft_recv_until(null, NULL, weft_now() + 10 * WEFT_MS), -ETIMEDOUT);
	CHECK_INT(weft_select_until(weft_now() + 10 * WEFT_MS, weft_on_recv(c, NULL)), -ETIMEDOUT);
}

static void compute_then_send(int_chan *c)
{
	int64_t until = weft_now() + 20 * WEFT_MS;

	while (weft_now() < until)
		;
	weft_send(c, 1);
}

CO_TEST(waiting_for_one_who_computes_is_no_deadlock)
{
	int_chan *c = weft_make(int_chan, 0);

	weft_go(compute_then_send, c);
	CHECK(weft_recv(c, NULL));
}

TEST_MAIN
