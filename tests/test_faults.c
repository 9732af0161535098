/* SPDX-License-Identifier: MIT
 *
 * Each call that can fail, walked through all its failures: the first, the second, ... call of
 * malloc, mmap, epoll_ctl, accept and so on fails (tests/fault.h), each in a process of its own.
 * Then the call of libweft gives the error that weft.h names, or panics with one line where it says
 * so; the same call made once more is well; and nothing is left behind: no descriptor, and no
 * memory (where the address sanitizer looks).
 */
#include <dirent.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "tests/coro.h"
#include "tests/fault.h"
#include "tests/names.h"

WEFT_CHAN(int_chan, int)

#define CHILD_LIMIT_S 30

/* What a child tells. */
static struct {
	long calls[FAULT_KINDS];
	int result;
	bool happened, began;
} * told;

/* What a child shall do. */
static struct {
	int (*fn)(void);
	enum fault kind;
	long nth;
	int error;
} plan;

enum expected {
	FAILS, /* or does without */
	FAILS_FOR_SURE,
	GOES_ON,
};

static const struct rule {
	enum fault kind;
	int error;
	enum expected expected;
} rules[] = {{FAULT_ALLOC, ENOMEM, FAILS}, {FAULT_MMAP, ENOMEM, FAILS},
	{FAULT_MADVISE, EINVAL, GOES_ON}, {FAULT_MADVISE, ENOSYS, GOES_ON},
	{FAULT_MPROTECT, ENOMEM, GOES_ON}, {FAULT_THREAD, EAGAIN, FAILS},
	{FAULT_EPOLL_CREATE, EMFILE, FAILS_FOR_SURE}, {FAULT_EPOLL_CREATE, ENOSYS, GOES_ON},
	{FAULT_EPOLL_CTL, ENOSPC, FAILS}, {FAULT_EPOLL_CTL, ENOMEM, FAILS},
	{FAULT_EPOLL_WAIT, EINTR, GOES_ON}, {FAULT_EPOLL_WAIT, ENOSYS, GOES_ON},
	{FAULT_EVENTFD, EMFILE, FAILS}, {FAULT_POLL, EINTR, GOES_ON}, {FAULT_SOCKET, EMFILE, FAILS},
	{FAULT_SOCKET, EAFNOSUPPORT, FAILS}, {FAULT_BIND, EADDRINUSE, FAILS},
	{FAULT_LISTEN, EADDRINUSE, FAILS}, {FAULT_CONNECT, ECONNREFUSED, FAILS},
	{FAULT_CONNECT, EINTR, GOES_ON}, {FAULT_ACCEPT, EMFILE, FAILS},
	{FAULT_ACCEPT, ECONNABORTED, GOES_ON}, {FAULT_ACCEPT, EINTR, GOES_ON},
	{FAULT_READ, ECONNRESET, FAILS}, {FAULT_READ, EINTR, GOES_ON}, {FAULT_WRITE, EPIPE, FAILS},
	{FAULT_WRITE, EINTR, GOES_ON}};

#define RULES (sizeof(rules) / sizeof(rules[0]))

__attribute__((weak)) int __lsan_do_recoverable_leak_check(void);

static int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	CHECK(dir != NULL);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

struct held {
	int descriptors;
	long blocks;
};

static struct held held_now(void)
{
	return (struct held){open_descriptors(), fault_blocks()};
}

static void check_nothing_left(struct held before)
{
	struct held now = held_now();

	if (SANITIZED && __lsan_do_recoverable_leak_check)
		CHECK_INT(__lsan_do_recoverable_leak_check(), 0);
	CHECK_INT(now.descriptors, before.descriptors);
	CHECK_INT(now.blocks, before.blocks);
}

static void tell_counts(void)
{
	fault_end();
	for (int i = 0; i < FAULT_KINDS; i++)
		told->calls[i] = fault_calls((enum fault)i);
	told->happened = fault_happened();
}

static int app(int argc, char **argv)
{
	fault_begin(plan.kind, plan.nth, plan.error);
	told->result = plan.fn();
	tell_counts();
	CHECK_INT(plan.fn(), 0);
	return 0;
}

static void operate(void)
{
	struct held before = held_now();

	alarm(CHILD_LIMIT_S);
	CHECK_INT(weft_run(app, 0, NULL), 0);
	check_nothing_left(before);
}

static void check_outcome(const struct rule *rule, long nth, const struct child *child)
{
	int r = told->result;
	bool died = WIFSIGNALED(child->status) && WTERMSIG(child->status) == SIGABRT;
	bool good = child->status == 0 &&
		    ((r == 0 && (rule->expected != FAILS_FOR_SURE || !told->happened)) ||
			    (rule->expected != GOES_ON && r == -rule->error));

	if (died && rule->expected == FAILS)
		good = strncmp(child->text, "weft: panic: out of memory for ", 31) == 0;
	if (!good)
		test_fail(__FILE__, __LINE__, "%s %ld fails with %s: %s, result %d, status %#x: %s",
			fault_name(rule->kind), nth, strerrorname_np(rule->error),
			told->happened ? "happened" : "did not happen", r, (unsigned)child->status,
			child->text);
}

static void prepare(int (*fn)(void))
{
	if (!told)
		told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	CHECK(told != MAP_FAILED);
	plan.fn = fn;
}

static void walk_with(void (*child)(void), int (*fn)(void))
{
	long calls[FAULT_KINDS], happened = 0;
	const struct child *ended;

	prepare(fn);
	/* Other threads may call some of them as well, so not each one happens in each run. */
	for (size_t i = 0; i <= RULES; i++) {
		/* First a run without a failure, to count. */
		const struct rule *rule =
			i ? &rules[i - 1] : &(struct rule){FAULT_ALLOC, 0, GOES_ON};
		long n = i ? calls[rule->kind] : 0;

		plan.kind = rule->kind;
		plan.error = rule->error;
		for (plan.nth = i ? 1 : 0; plan.nth <= n; plan.nth++) {
			memset(told, 0, sizeof(*told));
			ended = run_child(child);
			check_outcome(rule, plan.nth, ended);
			happened += told->happened || WIFSIGNALED(ended->status);
		}
		if (i == 0)
			memcpy(calls, told->calls, sizeof(calls));
	}
	CHECK(happened > 0);
}

static void walk(int (*fn)(void))
{
	setenv("WEFT_WORKERS", "2", 0);
	walk_with(operate, fn);
}

/* What the walk of fn comes across: at least `least` calls of a kind. */
static void needs(enum fault kind, long least)
{
	fault_begin(kind, 0, 0);
	fault_end();
	plan.nth = 0;
	memset(told, 0, sizeof(*told));
	CHECK_INT(run_child(operate)->status, 0);
	if (told->calls[kind] < least)
		test_fail(__FILE__, __LINE__, "%ld calls of %s, not %ld", told->calls[kind],
			fault_name(kind), least);
}

#define WALK(name)                    \
	static int name##_call(void); \
	TEST_LIMIT(name, 60)          \
	{                             \
		walk(name##_call);    \
	}                             \
	static int name##_call(void)

/* ---- The run itself ---------------------------------------------------------------------------
 */

static int nothing_to_do(int argc, char **argv)
{
	told->began = true;
	return 0;
}

static void run_twice(void)
{
	struct held before = held_now();

	alarm(CHILD_LIMIT_S);
	fault_begin(plan.kind, plan.nth, plan.error);
	told->result = weft_run(nothing_to_do, 0, NULL);
	tell_counts();
	CHECK(told->began == (told->result == 0));
	CHECK_INT(weft_run(nothing_to_do, 0, NULL), 0);
	check_nothing_left(before);
}

static void check_run_returns(const struct rule *rule)
{
	for (plan.nth = 1;; plan.nth++) {
		const struct child *child;

		plan.kind = rule->kind;
		plan.error = rule->error;
		memset(told, 0, sizeof(*told));
		child = run_child(run_twice);
		if (child->status != 0)
			test_fail(__FILE__, __LINE__, "%s %ld: status %#x: %s",
				fault_name(rule->kind), plan.nth, (unsigned)child->status,
				child->text);
		if (!told->happened)
			break;
	}
	if (plan.nth == 1)
		test_fail(__FILE__, __LINE__, "no call of %s", fault_name(rule->kind));
}

TEST_WORKERS_LIMIT(a_run_returns_its_failure_before_app_begins, 60)
{
	walk_with(run_twice, NULL);
	check_run_returns(&(struct rule){FAULT_ALLOC, ENOMEM, FAILS});
	check_run_returns(&(struct rule){FAULT_MMAP, ENOMEM, FAILS});
	check_run_returns(&(struct rule){FAULT_THREAD, EAGAIN, FAILS});
}

/* ---- Reports and recordings --------------------------------------------------------------------
 */

static int nothing_comes(int_chan *c)
{
	return weft_recv(c, NULL);
}

static void wait_for_nothing(int_chan *c)
{
	weft_recv(c, NULL);
}

static int meet_and_leave_some(int argc, char **argv)
{
	int_chan *c = weft_make(int_chan, 1), *never = weft_make(int_chan, 0);
	struct weft_handle *handle;

	told->began = true;
	weft_chan_name(c, "meeting");
	weft_set_name("a name");
	handle = weft_spawn(nothing_comes, c);
	weft_ref(never); /* which it never gives back */
	weft_go(wait_for_nothing, never);
	weft_send(c, 1);
	CHECK_INT(weft_join(handle, NULL), 0);
	weft_unref(c);
	weft_unref(never);
	return 0;
}

static char trace_path[64];

/* A run that is recorded and reports leaks: neither is needed for it. */
static void run_recorded(void)
{
	struct held before = held_now();

	alarm(CHILD_LIMIT_S);
	snprintf(trace_path, sizeof(trace_path), "/tmp/weft-faults-%d.json", (int)getpid());
	setenv("WEFT_TRACE", trace_path, 1);
	setenv("WEFT_LEAKS", "1", 1);
	fault_begin(plan.kind, plan.nth, plan.error);
	told->result = weft_run(meet_and_leave_some, 0, NULL);
	tell_counts();
	CHECK(told->began == (told->result == 0));
	unlink(trace_path);
	check_nothing_left(before);
}

TEST_WORKERS_LIMIT(a_run_goes_on_where_it_cannot_be_recorded, 60)
{
	walk_with(run_recorded, NULL);
}

static int block_for_ever(int argc, char **argv)
{
	int_chan *c = weft_make(int_chan, 0);

	weft_go(wait_for_nothing, c);
	weft_yield();
	fault_begin(plan.kind, plan.nth, plan.error);
	weft_recv(c, NULL);
	return 0;
}

static void deadlock(void)
{
	alarm(CHILD_LIMIT_S);
	weft_run(block_for_ever, 0, NULL);
}

TEST_WORKERS_LIMIT(a_deadlock_is_told_without_memory_too, 60)
{
	plan.kind = FAULT_ALLOC;
	plan.error = ENOMEM;
	for (plan.nth = 1; plan.nth <= 30; plan.nth++) {
		const struct child *child = run_child(deadlock);

		CHECK_IN(child->text, "weft: deadlock: all coroutines");
		CHECK(WIFEXITED(child->status) && WEXITSTATUS(child->status) == 2);
	}
}

/* ---- Coroutines and channels ------------------------------------------------------------------
 */

static void done(struct weft_waitgroup *group)
{
	weft_waitgroup_done(group);
}

WALK(go)
{
	static struct weft_waitgroup group;

	weft_waitgroup_add(&group, 300);
	for (int i = 0; i < 300; i++)
		weft_go(done, &group);
	return weft_waitgroup_wait(&group);
}

CO_TEST(few_stacks_will_do_where_there_is_no_room_for_many)
{
	static struct weft_waitgroup group;

	weft_waitgroup_add(&group, 10);
	fault_begin(FAULT_MMAP, 1, ENOMEM);
	for (int i = 0; i < 10; i++)
		weft_go(done, &group);
	fault_end();
	CHECK(fault_happened());
	CHECK_INT(weft_waitgroup_wait(&group), 0);
}

static int answer(const int *n)
{
	return *n;
}

WALK(spawn_and_join)
{
	int n = 42, code = 0;

	CHECK_INT(weft_join(weft_spawn_copy(answer, &n), &code), 0);
	CHECK_INT(code, 42);
	return 0;
}

WALK(channels)
{
	int_chan *c = weft_make(int_chan, 4), *d = weft_make(int_chan, 0);
	int v = 0;

	weft_send(c, 7);
	CHECK(weft_recv(c, &v) && v == 7);
	weft_unref(c);
	weft_unref(d);
	return 0;
}

WALK(selects_of_many)
{
	int_chan *c = weft_make(int_chan, 1);
	struct weft_case cases[200];
	int v, r;

	for (int i = 0; i < 200; i++)
		cases[i] = weft_on_recv((int_chan *)NULL, &v);
	cases[199] = weft_on_recv(c, &v);
	weft_send(c, 7);
	CHECK_INT(weft_chan_select(cases, 200, WEFT_NEVER), 199);
	r = weft_chan_select(cases, 200, weft_now() + WEFT_US);
	CHECK_INT(r, -ETIMEDOUT);
	weft_unref(c);
	return 0;
}

WALK(times)
{
	weft_time_chan *once = weft_after(WEFT_US), *often = weft_ticker(WEFT_US);
	int64_t t;

	CHECK(weft_recv(once, &t));
	CHECK(weft_recv(often, &t));
	weft_unref(once);
	weft_unref(often);
	return weft_sleep(WEFT_US);
}

WALK(scopes)
{
	struct weft_scope *scope = weft_scope_make(NULL, weft_now() + WEFT_SEC);
	struct weft_scope *child = weft_scope_make(scope, WEFT_NEVER), *outer;

	outer = weft_scope_enter(child);
	CHECK_INT(weft_try_recv(weft_scope_done(child), NULL), -EAGAIN);
	weft_scope_cancel(scope, "enough");
	CHECK_INT(weft_sleep(WEFT_SEC), -ECANCELED);
	CHECK_INT(weft_try_recv(weft_scope_done(child), NULL), -EPIPE);
	weft_scope_leave(outer);
	weft_scope_unref(child);
	weft_scope_unref(scope);
	return 0;
}

static int good(void *unused)
{
	return 0;
}

WALK(groups)
{
	struct weft_group group;

	weft_group_open(&group, 2);
	for (int i = 0; i < 4; i++)
		CHECK_INT(weft_group_go(&group, good, (void *)NULL), 0);
	return weft_group_wait(&group);
}

static struct weft_local keys[8];

static int set_locals(void *unused)
{
	int r = 0;

	for (int i = 0; i < 8 && r == 0; i++)
		r = weft_local_set(&keys[i], &keys[i]);
	return r;
}

WALK(locals)
{
	int code;

	CHECK_INT(weft_join(weft_spawn(set_locals, (void *)NULL), &code), 0);
	return code;
}

WALK(limiters)
{
	struct weft_limiter limiter = {.rate = 200, .burst = 1};

	for (int i = 0; i < 3; i++)
		CHECK_INT(weft_limiter_wait(&limiter, 1), 0);
	return 0;
}

static struct poster {
	struct weft_door *door;
	struct weft_waitgroup posted;
	int result;
} poster;

static void was_posted(void *unused)
{
	weft_waitgroup_done(&poster.posted);
}

/* weft_post has what it needs from malloc alone. */
static void *post_from_outside(void *unused)
{
	poster.result = weft_post(poster.door, was_posted, NULL);
	weft_door_close(poster.door);
	return NULL;
}

WALK(doors_and_posts)
{
	pthread_t thread;

	poster.door = weft_door_open();
	if (!poster.door)
		return -ENOMEM;
	weft_waitgroup_add(&poster.posted, 1);
	if (pthread_create(&thread, NULL, post_from_outside, NULL) != 0) {
		weft_door_close(poster.door);
		weft_waitgroup_done(&poster.posted);
		return -EAGAIN;
	}
	pthread_join(thread, NULL);
	if (poster.result < 0)
		weft_waitgroup_done(&poster.posted);
	weft_waitgroup_wait(&poster.posted);
	return poster.result;
}

static int twice(int *n)
{
	*n *= 2;
	return *n;
}

WALK(blocking_calls)
{
	int n = 21, code = 0, r = weft_blocking(twice, &n, &code);

	if (r < 0)
		return r;
	CHECK_INT(code, 42);
	r = weft_blocking_copy(twice, &n, NULL, &code);
	if (r < 0)
		return r;
	CHECK_INT(code, 84);
	CHECK_INT(n, 84);
	return 0;
}

WALK(dumps)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = weft_dump(fd);
	close(fd);
	return r;
}

/* ---- I/O --------------------------------------------------------------------------------------
 */

#define TEXT "what is written is read"
#define BYTES sizeof(TEXT)

WALK(pipes)
{
	char text[BYTES] = "";
	struct weft_io *in, *out;
	int fds[2], r;
	ssize_t n;

	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	r = weft_io_open(fds[0], &in);
	if (r < 0) {
		close(fds[0]);
		close(fds[1]);
		return r;
	}
	r = weft_io_open(fds[1], &out);
	if (r < 0) {
		close(fds[1]);
		weft_io_close(in);
		return r;
	}
	r = weft_io_write_all(out, TEXT, BYTES);
	weft_io_close(out);
	n = r < 0 ? 0 : weft_io_read_full(in, text, BYTES);
	weft_io_close(in);
	if (n > 0)
		CHECK_STR(text, TEXT);
	return n < 0 ? (int)n : r;
}

struct server {
	struct weft_io *listener;
	int result;
};

/* Sends back what comes, once. Its failures are seen by the client: it closes what it has. */
static int serve(struct server *s)
{
	char text[BYTES];
	struct weft_io *io;
	ssize_t n;
	int r = weft_accept(s->listener, &io);

	weft_io_close(s->listener);
	if (r < 0)
		return r;
	n = weft_io_read_full(io, text, BYTES);
	r = n < 0 ? (int)n : weft_io_write_all(io, text, (size_t)n);
	weft_io_close(io);
	return r;
}

static int ask(const char *address)
{
	struct iovec pieces[2] = {{(void *)TEXT, 4}, {(void *)&TEXT[4], BYTES - 4}};
	char text[BYTES] = "";
	struct weft_io *io;
	ssize_t n;
	int r = weft_dial(address, &io);

	if (r < 0)
		return r;
	n = weft_io_writev(io, pieces, 2);
	r = n < 0 ? (int)n : 0;
	if (r == 0)
		r = weft_io_write_all(io, &TEXT[n], BYTES - (size_t)n);
	if (r == 0)
		r = weft_io_shutdown(io, SHUT_WR);
	if (r == 0) {
		n = weft_io_read_full(io, text, BYTES);
		r = n < 0 ? (int)n : n < (ssize_t)BYTES ? -EPIPE : 0;
	}
	weft_io_close(io);
	if (r == 0)
		CHECK_STR(text, TEXT);
	return r;
}

/* A round trip. Whose failure it was: what the other one got is only what follows from that. */
static int converse(const char *listen_on, const char *dial_as)
{
	char local[WEFT_ADDR_TEXT], address[WEFT_ADDR_TEXT + 16];
	struct weft_handle *handle;
	struct weft_addr addr;
	struct server s = {0};
	int served = 0, asked, r = weft_listen(listen_on, &s.listener);

	if (r < 0)
		return r;
	CHECK_INT(weft_io_local(s.listener, &addr), 0);
	CHECK_INT(weft_addr_text(&addr, local, sizeof(local)), 0);
	snprintf(address, sizeof(address), "%s%s", dial_as,
		dial_as[0] ? strrchr(local, ':') : local);
	weft_io_ref(s.listener);
	handle = weft_spawn(serve, &s);
	asked = ask(address);
	if (asked < 0)
		weft_io_close(s.listener); /* it may wait for us for ever */
	else
		weft_io_unref(s.listener);
	CHECK_INT(weft_join(handle, &served), 0);
	if (plan.error && (asked == -plan.error || served == -plan.error))
		return -plan.error;
	return asked < 0 ? asked : served;
}

WALK(streams_between_processes)
{
	return converse("unix:@", "");
}

WALK(tcp)
{
	return converse("tcp:127.0.0.1:0", "");
}

/* That is, the walk before did. */
TEST_LIMIT(tcp_comes_across_all_kinds_of_failures, 60)
{
	setenv("WEFT_WORKERS", "2", 0);
	prepare(tcp_call);
	needs(FAULT_ALLOC, 4);
	needs(FAULT_EPOLL_CREATE, 1);
	needs(FAULT_EVENTFD, 1);
	needs(FAULT_EPOLL_CTL, 4);
	needs(FAULT_SOCKET, 2);
	needs(FAULT_BIND, 1);
	needs(FAULT_LISTEN, 1);
	needs(FAULT_CONNECT, 1);
	needs(FAULT_ACCEPT, 1);
	needs(FAULT_READ, 2);
	needs(FAULT_WRITE, 2);
}

TEST_LIMIT(tcp_by_poll, 60)
{
	setenv("WEFT_POLLER", "poll", 1);
	walk(tcp_call);
}

static int by_name_call(void)
{
	return converse("tcp:localhost:0", "tcp:localhost");
}

TEST_LIMIT(tcp_by_name, 60)
{
	need_names("localhost", NULL);
	walk(by_name_call);
}

WALK(datagrams)
{
	struct weft_io *a, *b = NULL;
	struct weft_addr to;
	char text[BYTES] = "";
	ssize_t n = 0;
	int r = weft_listen("udp:127.0.0.1:0", &a);

	if (r < 0)
		return r;
	r = weft_listen("udp:127.0.0.1:0", &b);
	if (r == 0) {
		CHECK_INT(weft_io_local(b, &to), 0);
		n = weft_sendto(a, TEXT, BYTES, &to);
		if (n > 0)
			n = weft_recvfrom(b, text, BYTES, NULL);
		if (n > 0)
			CHECK_STR(text, TEXT);
		weft_io_close(b);
	}
	weft_io_close(a);
	return r < 0 ? r : n < 0 ? (int)n : 0;
}

/* ---- Short and interrupted --------------------------------------------------------------------
 */

#define LONG_BYTES 3000

static int send_long(struct weft_io *io)
{
	char bytes[LONG_BYTES];
	struct iovec pieces[3] = {{bytes, 0}, {bytes, 1000}, {bytes + 1000, 500}};
	size_t done;

	for (int i = 0; i < LONG_BYTES; i++)
		bytes[i] = (char)(i * 7);
	for (done = 0; done < 1500;) {
		ssize_t n = weft_io_writev(io, pieces, 3);

		CHECK(n > 0);
		done += (size_t)n;
		for (int i = 0; i < 3 && n > 0; i++) {
			size_t part = (size_t)n < pieces[i].iov_len ? (size_t)n : pieces[i].iov_len;

			pieces[i].iov_base = (char *)pieces[i].iov_base + part;
			pieces[i].iov_len -= part;
			n -= (ssize_t)part;
		}
	}
	CHECK_INT(weft_io_write_all(io, bytes + 1500, LONG_BYTES - 1500), 0);
	weft_io_close(io);
	return 0;
}

static void take_long(struct weft_io *io)
{
	char bytes[LONG_BYTES + 1];
	struct iovec pieces[2] = {{bytes, 700}, {bytes + 700, 300}};
	size_t have = 0;

	while (have < 700) {
		ssize_t n = weft_io_readv(io, pieces, 2);

		CHECK(n > 0);
		have += (size_t)n;
		pieces[0] = (struct iovec){bytes + have, have < 700 ? 700 - have : 0};
		pieces[1] = (struct iovec){bytes + (have > 700 ? have : 700), 300};
	}
	CHECK_INT(weft_io_read_full(io, bytes + have, LONG_BYTES + 1 - have),
		(ssize_t)(LONG_BYTES - have));
	for (int i = 0; i < LONG_BYTES; i++)
		CHECK_INT(bytes[i], (char)(i * 7));
	weft_io_close(io);
}

static void pass_long_through(int from, int to)
{
	struct weft_handle *handle;
	struct weft_io *in, *out;

	CHECK_INT(weft_io_open(from, &in), 0);
	CHECK_INT(weft_io_open(to, &out), 0);
	handle = weft_spawn(send_long, out);
	take_long(in);
	CHECK_INT(weft_join(handle, NULL), 0);
}

CO_TEST(short_and_interrupted_calls_lose_nothing_in_a_pipe)
{
	int fds[2];

	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	fault_hardship(true);
	pass_long_through(fds[0], fds[1]);
	fault_hardship(false);
}

CO_TEST(short_and_interrupted_calls_lose_nothing_in_a_socket)
{
	int fds[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	fault_hardship(true);
	pass_long_through(fds[0], fds[1]);
	fault_hardship(false);
}

CO_TEST(interrupted_calls_lose_nothing_on_tcp)
{
	fault_hardship(true);
	CHECK_INT(converse("tcp:127.0.0.1:0", ""), 0);
	fault_hardship(false);
}

TEST_MAIN
