/* SPDX-License-Identifier: MIT
 *
 * Does a bit of everything that is recorded, over and over: tests/record_wishes.py records it with
 * all kinds of wishes.
 *
 *	record_all ROUNDS [dump | late]
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weft.h>

#define OWN __attribute__((noinline)) /* places are in functions, as they are compiled */

struct pair {
	int first;
	char text[36];
};

WEFT_CHAN(int_chan, int)
WEFT_CHAN(text_chan, const char *)
WEFT_CHAN(pair_chan, struct pair)

static struct weft_mutex mutex;
static struct weft_rwlock rwlock;
static struct weft_cond changed;
static struct weft_once once;
static int value;

static void send_some(int_chan *c)
{
	for (int i = 0; i < 3; i++)
		weft_send(c, i);
	weft_close(c);
}

static OWN void channels(void)
{
	int_chan *plain = weft_make(int_chan, 0), *buffered = weft_make(int_chan, 2);
	text_chan *texts = weft_make(text_chan, 1);
	pair_chan *pairs = weft_make(pair_chan, 1);
	int got, open = 2;

	weft_chan_name(buffered, "buffered");
	weft_go(send_some, plain);
	weft_go(send_some, buffered);
	while (open > 0) {
		bool ok = true;

		switch (weft_select(
			weft_on_recv_ok(plain, &got, &ok), weft_on_recv_ok(buffered, &got, &ok))) {
		case 0:
			if (!ok)
				plain = NULL;
			break;
		case 1:
			if (!ok)
				buffered = NULL;
			break;
		}
		open -= !ok;
	}
	weft_send(texts, "a text that is longer than sixteen bytes");
	weft_recv(texts, NULL);
	weft_send(pairs, ((struct pair){7, "a struct longer than sixteen bytes"}));
	weft_recv(pairs, NULL);
	weft_send(texts, "left behind");
	weft_send_until(texts, "too late", weft_now() + 100 * WEFT_US);
	weft_try_recv(texts, NULL);
}

static void set_once(void *unused)
{
	value = 0;
}

static void change(void *unused)
{
	weft_mutex_lock(&mutex);
	value++;
	weft_cond_broadcast(&changed);
	weft_mutex_unlock(&mutex);
}

static void read_value(struct weft_waitgroup *all)
{
	weft_rwlock_rlock(&rwlock);
	weft_yield();
	weft_rwlock_runlock(&rwlock);
	weft_waitgroup_done(all);
}

static OWN void locks(void)
{
	struct weft_semaphore permits = WEFT_SEMAPHORE(2);
	struct weft_waitgroup all = {0};
	int before;

	weft_once(&once, set_once, NULL);
	weft_mutex_lock(&mutex);
	before = value;
	weft_go(change, NULL);
	while (value == before)
		weft_cond_wait(&changed, &mutex);
	weft_mutex_unlock(&mutex);
	weft_waitgroup_add(&all, 2);
	weft_rwlock_wlock(&rwlock);
	weft_go(read_value, &all);
	weft_go(read_value, &all);
	weft_yield();
	weft_rwlock_wunlock(&rwlock);
	weft_waitgroup_wait(&all);
	weft_semaphore_acquire(&permits, 2);
	weft_semaphore_acquire_until(&permits, 1, weft_now() + 50 * WEFT_US);
	weft_semaphore_release(&permits, 2);
}

static int sleep_long(void *unused)
{
	return weft_sleep(3600 * WEFT_SEC);
}

static OWN void times(void)
{
	struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER), *outer;
	struct weft_handle *handle;
	weft_time_chan *ticks = weft_ticker(50 * WEFT_US);
	int code;

	weft_recv(ticks, NULL);
	weft_time_stop(ticks);
	weft_unref(ticks);
	outer = weft_scope_enter(scope);
	handle = weft_spawn(sleep_long, NULL);
	weft_scope_leave(outer);
	weft_sleep(2 * WEFT_MS);
	weft_scope_cancel(scope, "enough");
	if (weft_join(handle, &code) != 0 || code != -ECANCELED)
		exit(3);
	weft_scope_unref(scope);
}

static void write_one(struct weft_io *io)
{
	weft_io_write(io, "x", 1);
}

static OWN void pipes(void)
{
	struct weft_io *in, *out;
	int ends[2];
	char c;

	if (pipe(ends) < 0 || weft_io_open(ends[0], &in) < 0 || weft_io_open(ends[1], &out) < 0)
		exit(4);
	weft_go(write_one, out);
	if (weft_io_read(in, &c, 1) != 1)
		exit(5);
	weft_io_close(in);
	weft_io_close(out);
}

static void dial(const char *address)
{
	struct weft_io *io;

	if (weft_dial(address, &io) < 0)
		exit(7);
	weft_io_close(io);
}

static OWN void sockets(void)
{
	struct weft_io *listener, *io;
	struct weft_addr addr;
	char text[WEFT_ADDR_TEXT];

	if (weft_listen("tcp:127.0.0.1:0", &listener) < 0 || weft_io_local(listener, &addr) < 0 ||
		weft_addr_text(&addr, text, sizeof(text)) < 0)
		exit(8);
	weft_go(dial, text);
	if (weft_accept(listener, &io) < 0)
		exit(9);
	weft_io_close(io);
	weft_io_close(listener);
}

static OWN void count(int round)
{
	weft_count("rounds", round);
}

static OWN void marks(int round)
{
	uint64_t task = weft_task_begin("round", 0);

	weft_region_begin("marks", task);
	weft_note("round %d", round);
	weft_log(WEFT_LOG_DEBUG, "a line of round %d", round);
	count(round);
	weft_region_end("marks");
	weft_task_end(task);
}

static OWN void late(void)
{
	weft_note("late");
}

/* The same over and over, until whoever has started us has seen enough and closes our stdin. */
static void go_on(void)
{
	struct pollfd end = {.fd = STDIN_FILENO, .events = POLLIN};

	while (poll(&end, 1, 0) == 0) {
		late();
		weft_sleep(WEFT_MS);
	}
}

static int all(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 1;
	const char *then = argc > 2 ? argv[2] : "";

	for (int i = 0; i < rounds; i++) {
		channels();
		locks();
		times();
		pipes();
		sockets();
		marks(i);
	}
	if (strcmp(then, "dump") == 0 && weft_trace_dump(NULL) != 0)
		exit(6);
	if (strcmp(then, "late") == 0)
		late();
	puts("done"); /* from now on nothing much is recorded */
	fflush(stdout);
	if (strcmp(then, "late") == 0)
		go_on();
	return 0;
}

int main(int argc, char **argv)
{
	return weft_run(all, argc, argv);
}
