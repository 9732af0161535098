/* SPDX-License-Identifier: MIT
 *
 * What the tests of the runtime share: a body that runs as coroutine 1 on 1, 2 and 4 workers, a way
 * to wait until others are parked (by looking into the object, so that no test sleeps and hopes),
 * and a child process for what ends a program.
 */
#ifndef WEFT_TESTS_CORO_H
#define WEFT_TESTS_CORO_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weft.h>

#include "runtime/chan.h"
#include "runtime/io.h"
#include "runtime/sync.h"
#include "tests/test.h"

/* The one tolerance of all tests that look at the clock: how late a loaded machine may be. */
#define TOLERANCE_NS (5 * WEFT_SEC)

/* `name`_app is what weft_run takes; its block follows. `name`_run is the same, for run_child. */
#define CO_BODY(name)                                        \
	static void name##_body(void);                       \
	static int name##_app(int argc, char **argv)         \
	{                                                    \
		name##_body();                               \
		return 0;                                    \
	}                                                    \
	__attribute__((unused)) static void name##_run(void) \
	{                                                    \
		CHECK_INT(weft_run(name##_app, 0, NULL), 0); \
	}

/* A test whose body runs inside of weft_run, on 1, 2 and 4 workers. */
#define CO_TEST(name) CO_TEST_LIMIT(name, TEST_LIMIT_S)
#define CO_TEST_LIMIT(name, seconds)      \
	CO_BODY(name)                     \
	TEST_WORKERS_LIMIT(name, seconds) \
	{                                 \
		name##_run();             \
	}                                 \
	static void name##_body(void)

/* The same with either poller: the default one, and poll(2). */
#define CO_TEST_POLLERS(name) CO_TEST_POLLERS_LIMIT(name, TEST_LIMIT_S)
#define CO_TEST_POLLERS_LIMIT(name, seconds)          \
	CO_BODY(name)                                 \
	TEST_WORKERS_LIMIT(name, seconds)             \
	{                                             \
		name##_run();                         \
	}                                             \
	TEST_WORKERS_LIMIT(name##_with_poll, seconds) \
	{                                             \
		setenv("WEFT_POLLER", "poll", 1);     \
		name##_run();                         \
	}                                             \
	static void name##_body(void)

/* The same on 8 workers, too: for bodies that leave much to chance. */
#define CO_STRESS(name)                                           \
	CO_BODY(name)                                             \
	static void name(void);                                   \
	TEST_ENTRY_(name, #name "/8", eight, "8", STRESS_LIMIT_S) \
	TEST_WORKERS_LIMIT(name, STRESS_LIMIT_S)                  \
	{                                                         \
		name##_run();                                     \
	}                                                         \
	static void name##_body(void)
#define STRESS_LIMIT_S 60

/*
 * The lock of the queue's object is held. Whoever takes it, as the next ones do, is a coroutine, or
 * is present meanwhile (weft__alone_come).
 */
static int count_waiters(const struct weft__waitq *queue)
{
	int n = 0;

	for (const struct weft__waiter *w = queue->head; w; w = w->next)
		n++;
	return n;
}

/* How many wait on a channel of any type. */
__attribute__((unused)) static int parked_on(void *typed)
{
	struct weft_chan *chan = typed;
	int n;

	weft__lock(&chan->lock);
	n = count_waiters(&chan->receivers) + count_waiters(&chan->senders);
	weft__unlock(&chan->lock);
	return n;
}

__attribute__((unused)) static void until_parked(void *chan, int n)
{
	while (parked_on(chan) != n)
		weft_yield();
}

/* How many wait for a mutex or one of its kin. */
__attribute__((unused)) static int waiting_for(struct weft_sync *object)
{
	struct weft__sync *sync = (struct weft__sync *)object;
	int n;

	weft__lock(&sync->lock);
	n = count_waiters(&sync->waiters);
	weft__unlock(&sync->lock);
	return n;
}

__attribute__((unused)) static void until_waiting(struct weft_sync *object, int n)
{
	while (waiting_for(object) != n)
		weft_yield();
}

/* How many wait at a handle, in either direction. */
__attribute__((unused)) static int waiting_at(struct weft_io *io)
{
	int n;

	weft__lock(&io->lock);
	n = count_waiters(&io->side[0].waiters) + count_waiters(&io->side[1].waiters);
	weft__unlock(&io->lock);
	return n;
}

__attribute__((unused)) static void until_waiting_at(struct weft_io *io, int n)
{
	while (waiting_at(io) != n)
		weft_yield();
}

__attribute__((unused)) static uint64_t refs_of(void *typed)
{
	struct weft_chan *chan = typed;
	uint64_t refs;

	weft__lock(&chan->lock);
	refs = chan->refs;
	weft__unlock(&chan->lock);
	return refs;
}

/* True: it has ended, and is joined. Else others have had a turn. */
__attribute__((unused)) static bool joined_or_yield(struct weft_handle *h)
{
	if (weft_join_until(h, NULL, WEFT_NOW) == 0)
		return true;
	weft_yield();
	return false;
}

/* How a child process ended, and what it printed on either stream. */
struct child {
	int status; /* as waitpid gives it */
	char text[65536];
};

__attribute__((unused)) static const struct child *run_child(void (*fn)(void))
{
	static struct child child;
	size_t used = 0;
	ssize_t n;
	int fds[2];
	pid_t pid;

	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	fflush(NULL);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		fn();
		fflush(NULL);
		test_child_exit(0);
	}
	close(fds[1]);
	while ((n = read(fds[0], child.text + used, sizeof(child.text) - 1 - used)) > 0)
		used += (size_t)n;
	child.text[used] = '\0';
	close(fds[0]);
	CHECK_INT(waitpid(pid, &child.status, 0), pid);
	/* A sanitizer's report does not always show in the exit status. */
	if (strstr(child.text, "Sanitizer") || strstr(child.text, "runtime error:"))
		test_fail(__FILE__, __LINE__, "%s", child.text);
	return &child;
}

/* The same for one that has to leave with this exit status. */
__attribute__((unused)) static const struct child *run_child_to(void (*fn)(void), int status)
{
	const struct child *child = run_child(fn);

	if (!WIFEXITED(child->status) || WEXITSTATUS(child->status) != status)
		test_fail(__FILE__, __LINE__, "status %#x, not exit %d: %s",
			(unsigned)child->status, status, child->text);
	return child;
}

/* fn ends in a deadlock, with a report. */
__attribute__((unused)) static const struct child *run_to_deadlock(void (*fn)(void))
{
	const struct child *child = run_child_to(fn, 2);

	CHECK_IN(child->text, "weft: deadlock: all coroutines (");
	return child;
}

/* fn panics: abort, and one line that holds `text`. */
__attribute__((unused)) static void check_panic(void (*fn)(void), const char *text)
{
	const struct child *child = run_child(fn);

	CHECK_IN(child->text, "weft: panic: ");
	CHECK_IN(child->text, text);
	CHECK(WIFSIGNALED(child->status) && WTERMSIG(child->status) == SIGABRT);
}

/* A test that `body`, run as coroutine 1, panics with `text` in its line. */
#define PANIC_TEST(name, text)                 \
	CO_BODY(name)                          \
	TEST_WORKERS(name)                     \
	{                                      \
		check_panic(name##_run, text); \
	}                                      \
	static void name##_body(void)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#endif
