/* SPDX-License-Identifier: MIT
 *
 * Signals during every wait: one comes each millisecond, for a handler that has system calls
 * interrupted, on the thread of weft_run, which is worker 0. Nobody notices.
 */
#include <sys/socket.h>
#include <sys/time.h>

#include "tests/coro.h"

WEFT_CHAN(int_chan, int)

#define SIGNALS 300 /* that have to come in the course of a test */

static _Atomic int signals_seen;

static void note(int sig)
{
	atomic_fetch_add_explicit(&signals_seen, 1, memory_order_relaxed);
}

static void begin_signals(void)
{
	struct sigaction action = {.sa_handler = note}; /* no SA_RESTART */
	struct itimerval each_ms = {{0, 1000}, {0, 1000}};

	CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
	CHECK_INT(setitimer(ITIMER_REAL, &each_ms, NULL), 0);
}

static void end_signals(void)
{
	struct itimerval none = {{0, 0}, {0, 0}};

	CHECK_INT(setitimer(ITIMER_REAL, &none, NULL), 0);
}

static bool enough(void)
{
	return atomic_load_explicit(&signals_seen, memory_order_relaxed) >= SIGNALS;
}

/* ---- Those who wait, each in another way, until it is enough ----------------------------------
 */

static int sleeper(void *unused)
{
	while (!enough()) {
		int64_t t = weft_now() + 2 * WEFT_MS;

		CHECK_INT(weft_sleep(2 * WEFT_MS), 0);
		CHECK(weft_now() >= t);
	}
	return 0;
}

static int waiter_with_deadline(void *unused)
{
	int_chan *c = weft_make(int_chan, 0);

	while (!enough()) {
		int64_t t = weft_now() + 3 * WEFT_MS;

		CHECK_INT(weft_recv_until(c, NULL, t), -ETIMEDOUT);
		CHECK(weft_now() >= t);
	}
	weft_unref(c);
	return 0;
}

static int pipe_reader(struct weft_io *io)
{
	char c;
	ssize_t n;

	while ((n = weft_io_read(io, &c, 1)) > 0)
		;
	CHECK_INT(n, 0);
	weft_io_close(io);
	return 0;
}

static int pipe_writer(struct weft_io *io)
{
	while (!enough()) {
		CHECK_INT(weft_io_write_all(io, "x", 1), 0);
		CHECK_INT(weft_sleep(WEFT_MS), 0);
	}
	weft_io_close(io);
	return 0;
}

static int acceptor(struct weft_io *listener)
{
	struct weft_io *io;
	char c;
	int r;

	while ((r = weft_accept(listener, &io)) == 0) {
		CHECK_INT(weft_io_read(io, &c, 1), 1);
		CHECK_INT(weft_io_write(io, &c, 1), 1);
		weft_io_close(io);
	}
	CHECK_INT(r, -EBADF);
	weft_io_unref(listener);
	return 0;
}

static int dialer(struct weft_io *listener)
{
	char text[WEFT_ADDR_TEXT], c;
	struct weft_addr addr;
	struct weft_io *io;

	CHECK_INT(weft_io_local(listener, &addr), 0);
	CHECK_INT(weft_addr_text(&addr, text, sizeof(text)), 0);
	while (!enough()) {
		CHECK_INT(weft_dial(text, &io), 0);
		CHECK_INT(weft_io_write(io, "x", 1), 1);
		CHECK_INT(weft_io_read(io, &c, 1), 1);
		CHECK_INT(weft_io_read(io, &c, 1), 0);
		weft_io_close(io);
		CHECK_INT(weft_sleep(WEFT_MS), 0);
	}
	weft_io_close(listener);
	return 0;
}

static int nap(int *code)
{
	usleep(1500);
	return *code;
}

static int caller_of_helpers(void *unused)
{
	while (!enough()) {
		int seven = 7, code = 0;

		CHECK_INT(weft_blocking(nap, &seven, &code), 0);
		CHECK_INT(code, 7);
	}
	return 0;
}

static struct weft_mutex mutex;
static struct weft_cond cond;

static int holder(void *unused)
{
	while (!enough()) {
		weft_mutex_lock(&mutex);
		CHECK_INT(weft_cond_wait_until(&cond, &mutex, weft_now() + WEFT_MS), -ETIMEDOUT);
		CHECK_INT(weft_sleep(WEFT_MS), 0);
		weft_mutex_unlock(&mutex);
	}
	return 0;
}

static int app(int argc, char **argv)
{
	struct weft_handle *handles[16];
	struct weft_io *ends[2], *listener;
	int fds[2], n = 0;

	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	CHECK_INT(weft_io_open(fds[0], &ends[0]), 0);
	CHECK_INT(weft_io_open(fds[1], &ends[1]), 0);
	CHECK_INT(weft_listen("tcp:127.0.0.1:0", &listener), 0);
	begin_signals();
	handles[n++] = weft_spawn(sleeper, (void *)NULL);
	handles[n++] = weft_spawn(waiter_with_deadline, (void *)NULL);
	handles[n++] = weft_spawn(pipe_reader, ends[0]);
	handles[n++] = weft_spawn(pipe_writer, ends[1]);
	handles[n++] = weft_spawn(acceptor, weft_io_ref(listener));
	handles[n++] = weft_spawn(dialer, listener);
	handles[n++] = weft_spawn(caller_of_helpers, (void *)NULL);
	handles[n++] = weft_spawn(holder, (void *)NULL);
	handles[n++] = weft_spawn(holder, (void *)NULL);
	for (int i = 0; i < n; i++)
		CHECK_INT(weft_join(handles[i], NULL), 0);
	return 0;
}

/* The signals go on while the run ends and another one begins. */
TEST_WORKERS(signals_are_not_noticed_by_who_waits)
{
	CHECK_INT(weft_run(app, 0, NULL), 0);
	atomic_store(&signals_seen, 0);
	CHECK_INT(weft_run(app, 0, NULL), 0);
	end_signals();
}

TEST_WORKERS(signals_are_not_noticed_by_who_waits_in_poll)
{
	setenv("WEFT_POLLER", "poll", 1);
	CHECK_INT(weft_run(app, 0, NULL), 0);
	end_signals();
}

/* One thing at a time, so that it is this wait that worker 0 is in. */
static int alone_app(int argc, char **argv)
{
	int (*const waits[])(void *) = {sleeper, waiter_with_deadline, caller_of_helpers, holder};

	begin_signals();
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		atomic_store(&signals_seen, SIGNALS - 30);
		waits[i](NULL);
	}
	return 0;
}

TEST_WORKERS(signals_are_not_noticed_by_who_waits_alone)
{
	CHECK_INT(weft_run(alone_app, 0, NULL), 0);
	end_signals();
}

TEST_MAIN
