/* SPDX-License-Identifier: MIT
 *
 * Handles: pipes, socket pairs and whatever else can be polled; with epoll, and most of it with
 * poll(2) as well.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

#include "runtime/poller.h"
#include "runtime/sched.h"
#include "tests/coro.h"

WEFT_CHAN(long_chan, long)

static struct weft_io *opened(int fd)
{
	struct weft_io *io = NULL;

	CHECK_INT(weft_io_open(fd, &io), 0);
	return io;
}

static void make_pipe(struct weft_io **ret_in, struct weft_io **ret_out)
{
	int fds[2];

	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	*ret_in = opened(fds[0]);
	*ret_out = opened(fds[1]);
}

static void make_pair(struct weft_io *pair[2])
{
	int fds[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	pair[0] = opened(fds[0]);
	pair[1] = opened(fds[1]);
}

/* A call of another coroutine on a handle, and what came of it. */
struct reader {
	struct weft_io *io;
	char buf[64];
	size_t n;
	int64_t until;
	long_chan *result;
};

/* The other end may be held for a moment by poll(2) on another worker. */
static void until_broken(struct weft_io *out)
{
	ssize_t r;

	while ((r = weft_io_write(out, "x", 1)) == 1)
		weft_yield();
	CHECK_INT(r, -EPIPE);
}

static void read_once(struct reader *r)
{
	weft_send(r->result, weft_io_read_until(r->io, r->buf, r->n, r->until));
}

static void start_reader(struct reader *r, struct weft_io *io)
{
	r->io = io;
	r->n = sizeof(r->buf);
	r->until = WEFT_NEVER;
	r->result = weft_make(long_chan, 1);
	weft_go(read_once, r);
}

static long reader_result(struct reader *r)
{
	long n;

	CHECK(weft_recv(r->result, &n));
	weft_unref(r->result);
	return n;
}

CO_TEST_POLLERS(read_waits_for_what_is_written)
{
	struct weft_io *in, *out;
	struct reader r;

	make_pipe(&in, &out);
	for (int i = 0; i < 100; i++) {
		start_reader(&r, in);
		until_waiting_at(in, 1);
		CHECK_INT(weft_io_write(out, "hello", 5), 5);
		CHECK_INT(reader_result(&r), 5);
		CHECK(memcmp(r.buf, "hello", 5) == 0);
	}
	weft_io_close(out);
	CHECK_INT(weft_io_read(in, r.buf, 1), 0);
	weft_io_close(in);
}

CO_TEST_POLLERS(end_of_input_wakes_the_reader)
{
	struct weft_io *in, *out;
	struct reader r;

	make_pipe(&in, &out);
	start_reader(&r, in);
	until_waiting_at(in, 1);
	weft_io_close(out);
	CHECK_INT(reader_result(&r), 0);
	weft_io_close(in);
}

struct transfer {
	struct weft_io *io;
	size_t bytes;
	long_chan *done;
};

static unsigned char pattern(size_t i)
{
	return (unsigned char)(i * 7 + i / 251);
}

static void write_pattern(struct transfer *t)
{
	unsigned char *buf = malloc(t->bytes);
	int r;

	for (size_t i = 0; i < t->bytes; i++)
		buf[i] = pattern(i);
	r = weft_io_write_all(t->io, buf, t->bytes);
	free(buf);
	weft_send(t->done, r);
}

/* More than a pipe holds, read in odd pieces. */
static void transfer_through(struct weft_io *in, struct weft_io *out)
{
	struct transfer t = {.io = out, .bytes = 1 << 20, .done = weft_make(long_chan, 0)};
	unsigned char buf[997];
	size_t have = 0;
	long r;

	weft_go(write_pattern, &t);
	while (have < t.bytes) {
		size_t want = t.bytes - have < sizeof(buf) ? t.bytes - have : sizeof(buf);

		CHECK_INT(weft_io_read_full(in, buf, want), want);
		for (size_t i = 0; i < want; i++)
			CHECK_INT(buf[i], pattern(have + i));
		have += want;
	}
	weft_recv(t.done, &r);
	CHECK_INT(r, 0);
	weft_unref(t.done);
}

CO_TEST_POLLERS(a_pipe_carries_more_than_it_holds)
{
	struct weft_io *in, *out;

	make_pipe(&in, &out);
	transfer_through(in, out);
	weft_io_close(in);
	weft_io_close(out);
}

CO_TEST_POLLERS(a_socket_pair_carries_more_than_it_holds_both_ways)
{
	struct weft_io *pair[2];

	make_pair(pair);
	transfer_through(pair[0], pair[1]);
	transfer_through(pair[1], pair[0]);
	weft_io_close(pair[0]);
	weft_io_close(pair[1]);
}

CO_TEST_POLLERS(deadline_ends_a_read)
{
	struct weft_io *in, *out;
	int64_t until = weft_now() + 5 * WEFT_MS;
	char c;

	make_pipe(&in, &out);
	CHECK_INT(weft_io_read_until(in, &c, 1, WEFT_NOW), -EAGAIN);
	CHECK_INT(weft_io_read_until(in, &c, 1, weft_now() - 1), -ETIMEDOUT);
	CHECK_INT(weft_io_read_until(in, &c, 1, until), -ETIMEDOUT);
	CHECK(weft_now() >= until);
	CHECK(weft_now() < until + TOLERANCE_NS);
	CHECK_INT(weft_io_write(out, "x", 1), 1);
	CHECK_INT(weft_io_read_until(in, &c, 1, weft_now() - 1), 1);
	weft_io_close(in);
	weft_io_close(out);
}

CO_TEST_POLLERS(deadline_ends_a_write)
{
	struct weft_io *in, *out;
	char block[4096] = {0};

	make_pipe(&in, &out);
	while (weft_io_write_until(out, block, sizeof(block), WEFT_NOW) > 0)
		;
	CHECK_INT(weft_io_write_until(out, block, 1, weft_now() + 3 * WEFT_MS), -ETIMEDOUT);
	CHECK_INT(weft_io_read(in, block, sizeof(block)), sizeof(block));
	CHECK_INT(weft_io_write_until(out, block, 1, weft_now() + TOLERANCE_NS), 1);
	weft_io_close(in);
	weft_io_close(out);
}

CO_TEST_POLLERS(close_wakes_everybody_who_waits)
{
	struct weft_io *in, *out;
	struct reader readers[5];

	make_pipe(&in, &out);
	for (int i = 0; i < 5; i++)
		start_reader(&readers[i], in);
	until_waiting_at(in, 5);
	weft_io_close(in);
	for (int i = 0; i < 5; i++)
		CHECK_INT(reader_result(&readers[i]), -EBADF);
	until_broken(out);
	weft_io_close(out);
}

CO_TEST_POLLERS(a_closed_handle_is_good_for_nothing_but_unref)
{
	struct weft_io *in, *out;
	char c;

	make_pipe(&in, &out);
	CHECK(weft_io_ref(in) == in);
	CHECK(weft_io_fd(in) >= 0);
	weft_io_close(in);
	CHECK_INT(weft_io_read(in, &c, 1), -EBADF);
	CHECK_INT(weft_io_fd(in), -EBADF);
	CHECK_INT(weft_io_shutdown(in, SHUT_RD), -EBADF);
	weft_io_unref(in);
	weft_io_unref(out);
}

CO_TEST_POLLERS(the_last_reference_closes)
{
	struct weft_io *in, *out;
	struct reader r;

	make_pipe(&in, &out);
	weft_io_ref(out);
	start_reader(&r, in);
	until_waiting_at(in, 1);
	weft_io_unref(out);
	CHECK_INT(weft_io_write(out, "ab", 2), 2);
	CHECK_INT(reader_result(&r), 2);
	start_reader(&r, in);
	until_waiting_at(in, 1);
	weft_io_unref(out);
	CHECK_INT(reader_result(&r), 0);
	weft_io_unref(in);
}

/* Several that wait at one handle all get something from one write. */
CO_TEST_POLLERS(each_who_waits_gets_its_part)
{
	struct weft_io *in, *out;
	struct reader readers[5];

	make_pipe(&in, &out);
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 5; i++) {
			readers[i].io = in;
			readers[i].n = 1;
			readers[i].until = WEFT_NEVER;
			readers[i].result = weft_make(long_chan, 1);
			weft_go(read_once, &readers[i]);
		}
		until_waiting_at(in, 5);
		CHECK_INT(weft_io_write(out, "12345", 5), 5);
		for (int i = 0; i < 5; i++)
			CHECK_INT(reader_result(&readers[i]), 1);
	}
	weft_io_close(in);
	weft_io_close(out);
}

CO_TEST_POLLERS(pieces_are_gathered_and_scattered)
{
	struct weft_io *pair[2];
	char a[3], b[4];
	struct iovec out[2] = {{(char *)"abc", 3}, {(char *)"defg", 4}}, in[2] = {{a, 3}, {b, 4}};

	make_pair(pair);
	CHECK_INT(weft_io_writev(pair[0], out, 2), 7);
	CHECK_INT(weft_io_readv(pair[1], in, 2), 7);
	CHECK(memcmp(a, "abc", 3) == 0 && memcmp(b, "defg", 4) == 0);
	weft_io_close(pair[0]);
	CHECK_INT(weft_io_readv(pair[1], in, 2), 0);
	CHECK_INT(weft_io_writev(pair[1], out, 2), -EPIPE);
	CHECK_INT(weft_io_writev(pair[1], out, -1), -EINVAL);
	weft_io_close(pair[1]);
}

CO_TEST_POLLERS(half_close_lets_the_other_half_go_on)
{
	struct weft_io *pair[2];
	char buf[8];

	make_pair(pair);
	CHECK_INT(weft_io_shutdown(pair[0], SHUT_WR), 0);
	CHECK_INT(weft_io_read(pair[1], buf, 8), 0);
	CHECK_INT(weft_io_write(pair[0], "x", 1), -EPIPE);
	CHECK_INT(weft_io_write_all(pair[1], "answer", 6), 0);
	weft_io_close(pair[1]);
	CHECK_INT(weft_io_read_full(pair[0], buf, 8), 6);
	weft_io_close(pair[0]);
}

/* No SIGPIPE: it would kill the test. The program's own way with it stays as it was. */
CO_TEST_POLLERS(a_broken_pipe_is_an_error_and_no_signal)
{
	struct sigaction before, after;
	struct iovec v = {(char *)"x", 1};
	struct weft_io *in, *out;
	sigset_t mask, pending;

	sigaction(SIGPIPE, NULL, &before);
	make_pipe(&in, &out);
	weft_io_close(in);
	for (int i = 0; i < 10; i++) {
		CHECK_INT(weft_io_write(out, "x", 1), -EPIPE);
		CHECK_INT(weft_io_writev(out, &v, 1), -EPIPE);
		sigpending(&pending);
		CHECK_INT(sigismember(&pending, SIGPIPE), 0);
		weft_yield();
	}
	sigaction(SIGPIPE, NULL, &after);
	CHECK(before.sa_handler == after.sa_handler);
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	if (weft__worker()->index == 0)
		CHECK_INT(sigismember(&mask, SIGPIPE), 0);
	weft_io_close(out);
}

CO_TEST_POLLERS(a_regular_file_is_refused)
{
	struct weft_io *io;
	FILE *file = tmpfile();
	int flags = fcntl(fileno(file), F_GETFL);

	CHECK_INT(weft_io_open(fileno(file), &io), -EPERM);
	CHECK_INT(fcntl(fileno(file), F_GETFL), flags);
	fclose(file);
	CHECK_INT(weft_io_open(-1, &io), -EBADF);
}

CO_TEST(a_descriptor_has_one_handle)
{
	struct weft_io *in, *out, *again;

	make_pipe(&in, &out);
	CHECK_INT(weft_io_open(weft_io_fd(in), &again), -EEXIST);
	weft_io_close(in);
	weft_io_close(out);
}

/* A copy of the descriptor, in this process or another, has the same flag. */
CO_TEST_POLLERS(closing_puts_blocking_mode_back)
{
	int fds[2], copy;

	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	copy = dup(fds[0]);
	struct weft_io *in = opened(fds[0]);
	CHECK(fcntl(copy, F_GETFL) & O_NONBLOCK);
	weft_io_close(in);
	CHECK(!(fcntl(copy, F_GETFL) & O_NONBLOCK));
	close(copy);
	close(fds[1]);
}

CO_TEST_POLLERS(events_and_timers_of_the_system_can_be_read)
{
	struct weft_io *event = opened(eventfd(0, EFD_CLOEXEC)),
		       *timer = opened(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
	struct itimerspec soon = {.it_value = {0, 2000000}};
	uint64_t n = 3, got;

	CHECK_INT(weft_io_write(event, &n, 8), 8);
	CHECK_INT(weft_io_read(event, &got, 8), 8);
	CHECK_INT(got, 3);
	CHECK_INT(timerfd_settime(weft_io_fd(timer), 0, &soon, NULL), 0);
	CHECK_INT(weft_io_wait(timer, WEFT_IO_IN), 0);
	CHECK_INT(weft_io_read(timer, &got, 8), 8);
	CHECK_INT(got, 1);
	weft_io_close(event);
	weft_io_close(timer);
}

CO_TEST_POLLERS(wait_takes_nothing)
{
	struct weft_io *in, *out;
	char c;

	make_pipe(&in, &out);
	CHECK_INT(weft_io_wait_until(in, WEFT_IO_IN, WEFT_NOW), -EAGAIN);
	CHECK_INT(weft_io_wait_until(in, WEFT_IO_IN, weft_now() + WEFT_MS), -ETIMEDOUT);
	CHECK_INT(weft_io_wait(out, WEFT_IO_OUT), 0);
	CHECK_INT(weft_io_wait(out, 77), -EINVAL);
	CHECK_INT(weft_io_write(out, "x", 1), 1);
	CHECK_INT(weft_io_wait(in, WEFT_IO_IN), 0);
	CHECK_INT(weft_io_wait(in, WEFT_IO_IN), 0);
	CHECK_INT(weft_io_read(in, &c, 1), 1);
	weft_io_close(in);
	weft_io_close(out);
}

/* ---- Beside others ----------------------------------------------------------------------------
 */

static atomic_bool stop_spinning;

static void spin_by_yielding(void *unused)
{
	while (!atomic_load(&stop_spinning))
		weft_yield();
}

/* Those who are ready all the time do not keep events away. */
CO_TEST_POLLERS(busy_coroutines_let_events_in)
{
	struct weft_io *in, *out;
	struct reader r;

	make_pipe(&in, &out);
	atomic_store(&stop_spinning, false);
	for (int i = 0; i < 8; i++)
		weft_go(spin_by_yielding, NULL);
	start_reader(&r, in);
	until_waiting_at(in, 1);
	CHECK_INT(weft_io_write(out, "x", 1), 1);
	CHECK_INT(reader_result(&r), 1);
	atomic_store(&stop_spinning, true);
	weft_io_close(in);
	weft_io_close(out);
}

struct flood {
	struct weft_io *io[2];
	atomic_bool stop;
	atomic_long rounds;
	long_chan *done;
};

/* Never has to wait: what it writes it reads. */
static void read_own_writes(struct flood *f)
{
	char c = 'x';

	while (!atomic_load(&f->stop)) {
		CHECK_INT(weft_io_write(f->io[1], &c, 1), 1);
		CHECK_INT(weft_io_read(f->io[0], &c, 1), 1);
		atomic_fetch_add(&f->rounds, 1);
	}
	weft_send(f->done, atomic_load(&f->rounds));
}

CO_TEST_POLLERS(one_that_never_waits_lets_others_run)
{
	struct flood f = {.done = weft_make(long_chan, 0)};
	long n;

	make_pipe(&f.io[0], &f.io[1]);
	weft_go(read_own_writes, &f);
	while (atomic_load(&f.rounds) == 0)
		weft_yield();
	weft_sleep(WEFT_MS);
	atomic_store(&f.stop, true);
	CHECK(weft_recv(f.done, &n));
	weft_unref(f.done);
	weft_io_close(f.io[0]);
	weft_io_close(f.io[1]);
}

/* Nobody but another process could ever wake it: not a deadlock. */
static int wait_for_a_byte(int argc, char **argv)
{
	struct weft_io *io;
	char c;

	CHECK_INT(weft_io_open(argc, &io), 0);
	CHECK_INT(weft_io_read(io, &c, 1), 1);
	weft_io_close(io);
	return c;
}

static void byte_from_another_process(const char *poller)
{
	int fds[2];
	pid_t pid;
	char c = 'A';

	setenv("WEFT_POLLER", poller, 1);
	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		usleep(20000); /* most likely it sleeps by then; nothing depends on it */
		CHECK_INT(write(fds[1], &c, 1), 1);
		test_child_exit(0);
	}
	CHECK_INT(weft_run(wait_for_a_byte, fds[0], NULL), 'A');
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	close(fds[1]);
}

TEST_WORKERS(who_waits_for_a_descriptor_is_no_deadlock)
{
	byte_from_another_process("epoll");
	byte_from_another_process("poll");
	byte_from_another_process("");
}

static void wait_for_ever(struct weft_io *io)
{
	char c;

	weft_io_read(io, &c, 1);
}

static int leave_open(int argc, char **argv)
{
	for (int i = 0; i < 10; i++) {
		struct weft_io *in, *out;

		make_pipe(&in, &out);
		weft_go(wait_for_ever, in);
		until_waiting_at(in, 1);
	}
	return 0;
}

/* The runner counts descriptors. */
TEST_WORKERS(what_is_left_at_the_end_is_closed)
{
	for (int i = 0; i < 3; i++)
		CHECK_INT(weft_run(leave_open, 0, NULL), 0);
	setenv("WEFT_POLLER", "poll", 1);
	CHECK_INT(weft_run(leave_open, 0, NULL), 0);
}

/* Descriptors are looked after while one worker computes what came of the first of them. */
struct relief {
	struct weft_io *first_in, *second_in, *first_out, *second_out;
	bool busy; /* there is traffic before */
	atomic_bool computing, relieved;
	struct weft_waitgroup done;
};

static void compute_until_relieved(struct relief *r)
{
	char c;

	CHECK_INT(weft_io_read(r->first_in, &c, 1), 1);
	atomic_store(&r->computing, true);
	while (!atomic_load(&r->relieved))
		; /* no call: this worker is lost for others */
	weft_waitgroup_done(&r->done);
}

static void relieve(struct relief *r)
{
	char c;

	do {
		CHECK_INT(weft_io_read(r->second_in, &c, 1), 1);
	} while (c != 'r');
	atomic_store(&r->relieved, true);
	weft_waitgroup_done(&r->done);
}

static void *write_both(void *arg)
{
	struct relief *r = arg;

	/* To look, it must be present: else who is alone takes no locks (alone.h). */
	weft__alone_come();
	while (waiting_at(r->first_in) != 1 || waiting_at(r->second_in) != 1)
		sched_yield();
	weft__alone_go();
	/* Most likely the others sleep deeply then, or nap; it must be right in any case. */
	for (int i = 0; i < 30; i++) {
		if (r->busy)
			CHECK_INT(write(r->second_out->fd, "b", 1), 1);
		usleep(1500);
	}
	CHECK_INT(write(r->first_out->fd, "x", 1), 1);
	while (!atomic_load(&r->computing))
		sched_yield();
	CHECK_INT(write(r->second_out->fd, "r", 1), 1);
	return NULL;
}

static int relief_app(int argc, char **argv)
{
	struct relief r = {.busy = argc};
	pthread_t thread;

	weft_waitgroup_add(&r.done, 2);
	make_pipe(&r.first_in, &r.first_out);
	make_pipe(&r.second_in, &r.second_out);
	weft_go(compute_until_relieved, &r);
	weft_go(relieve, &r);
	CHECK_INT(pthread_create(&thread, NULL, write_both, &r), 0);
	weft_waitgroup_wait(&r.done);
	pthread_join(thread, NULL);
	return 0;
}

static void relief(const char *workers)
{
	setenv("WEFT_WORKERS", workers, 1);
	for (int i = 0; i < 4; i++)
		CHECK_INT(weft_run(relief_app, i % 2, NULL), 0);
	setenv("WEFT_POLLER", "poll", 1);
	for (int i = 0; i < 4; i++)
		CHECK_INT(weft_run(relief_app, i % 2, NULL), 0);
}

TEST(descriptors_are_looked_after_while_another_worker_computes)
{
	relief("2");
	relief("3");
}

/* ---- Signals ----------------------------------------------------------------------------------
 */

static atomic_int ticks;

static void tick(int sig)
{
	atomic_fetch_add(&ticks, 1);
}

static void ticking(int us)
{
	struct itimerval every = {{0, us}, {0, us}};
	struct sigaction action = {.sa_handler = tick}; /* no SA_RESTART: system calls end */

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
}

CO_TEST_POLLERS(signals_are_not_seen)
{
	struct weft_io *in, *out;
	struct reader r;
	char c;

	make_pipe(&in, &out);
	ticking(500);
	for (int i = 0; i < 10; i++) {
		int before = atomic_load(&ticks);

		start_reader(&r, in);
		/* Each wait is struck by some. */
		while (atomic_load(&ticks) < before + 3)
			weft_yield();
		CHECK_INT(weft_io_write(out, "x", 1), 1);
		CHECK_INT(reader_result(&r), 1);
		before = atomic_load(&ticks);
		CHECK_INT(weft_io_read_until(in, &c, 1, weft_now() + 3 * WEFT_MS), -ETIMEDOUT);
		CHECK(atomic_load(&ticks) > before || weft__worker()->index != 0);
	}
	transfer_through(in, out);
	ticking(0);
	weft_io_close(in);
	weft_io_close(out);
}

/* ---- Older systems ----------------------------------------------------------------------------
 */

/* From now on this call is not there. */
static void forbid(long call)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {sizeof(program) / sizeof(program[0]), program};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
		test_skip("no filters of system calls here");
	if (syscall(call, -1, 0, 0, 0, 0, 0) != -1 || errno != ENOSYS)
		test_skip("system calls are not filtered here");
}

TEST_WORKERS(without_epoll_there_is_poll)
{
	forbid(SYS_epoll_create1);
	CHECK_INT(weft_run(read_waits_for_what_is_written_app, 0, NULL), 0);
	CHECK_INT(weft_run(deadline_ends_a_read_app, 0, NULL), 0);
}

TEST_WORKERS(without_epoll_pwait2_deadlines_are_rounded_up)
{
	forbid(SYS_epoll_pwait2);
	CHECK_INT(weft_run(read_waits_for_what_is_written_app, 0, NULL), 0);
	CHECK_INT(weft_run(deadline_ends_a_read_app, 0, NULL), 0);
}

/* ---- Memory -----------------------------------------------------------------------------------
 */

static _Atomic(void *) freed; /* what is looked for, then NULL */
static bool attended;	      /* somebody polled then */

void __real_free(void *memory);
void __wrap_free(void *memory);

void __wrap_free(void *memory)
{
	void *wanted = memory;

	if (memory && atomic_compare_exchange_strong(&freed, &wanted, NULL))
		attended = !weft__poller_unattended();
	__real_free(memory);
}

/* Else a worker that goes to sleep just then would not poll, and leave it to nobody. */
CO_TEST_POLLERS(who_frees_a_handle_keeps_nobody_from_polling)
{
	struct weft_io *in, *out, *other_in, *other_out;
	struct reader r;

	if (weft_worker_count() > 1) /* another may be polling indeed */
		return;
	make_pipe(&in, &out);
	make_pipe(&other_in, &other_out);
	start_reader(&r, in);
	until_waiting_at(in, 1);
	atomic_store(&freed, other_in);
	weft_io_close(other_in);
	CHECK(!atomic_load(&freed));
	CHECK(!attended);
	weft_io_close(other_out);
	weft_io_close(out);
	CHECK_INT(reader_result(&r), 0);
	weft_io_close(in);
}

/* ---- Many -------------------------------------------------------------------------------------
 */

struct hop {
	struct weft_io *in, *out;
};

static void pass_on(struct hop *hop)
{
	uint32_t n;

	while (weft_io_read_full(hop->in, &n, 4) == 4) {
		n++;
		if (weft_io_write_all(hop->out, &n, 4) < 0)
			break;
	}
	weft_io_close(hop->out);
	weft_io_close(hop->in);
}

/* A ring of pipes: each event wakes one, who makes the next. */
CO_TEST_POLLERS(a_ring_of_pipes_passes_a_number_on)
{
	enum { HOPS = 50, LAPS = 20 };
	struct weft_io *first_in, *in, *out;
	uint32_t n = 0;

	make_pipe(&first_in, &out);
	in = NULL;
	struct weft_io *start = NULL;
	for (int i = 0; i < HOPS; i++) {
		struct weft_io *next_in, *next_out;

		make_pipe(&next_in, &next_out);
		if (!in) {
			start = next_out;
		} else {
			weft_go_copy(pass_on, (&(struct hop){in, next_out}));
		}
		in = next_in;
	}
	weft_go_copy(pass_on, (&(struct hop){in, out}));
	for (int lap = 0; lap < LAPS; lap++) {
		CHECK_INT(weft_io_write_all(start, &n, 4), 0);
		CHECK_INT(weft_io_read_full(first_in, &n, 4), 4);
	}
	CHECK_INT(n, HOPS * LAPS);
	weft_io_close(start);
	CHECK_INT(weft_io_read(first_in, &n, 4), 0); /* the end has gone round */
	weft_io_close(first_in);
}

struct closing {
	struct weft_io *io;
	struct weft_waitgroup *group;
};

static void use_until_closed(struct closing *c)
{
	char buf[16];
	ssize_t r;

	do {
		r = weft_io_read(c->io, buf, sizeof(buf));
	} while (r > 0);
	CHECK(r == -EBADF || r == 0 || r == -ECONNRESET); /* reset: with bytes unread */
	weft_io_unref(c->io);
	weft_waitgroup_done(c->group);
}

static void write_until_closed(struct closing *c)
{
	int r;

	while ((r = weft_io_write_all(c->io, "0123456789", 10)) == 0)
		;
	CHECK(r == -EBADF || r == -EPIPE || r == -ECONNRESET);
	weft_io_unref(c->io);
	weft_waitgroup_done(c->group);
}

/* A descriptor that is closed while others are in calls on it is not used again before they are
 * out. */
CO_TEST_POLLERS(closing_beside_users_is_safe)
{
	for (int round = 0; round < 50; round++) {
		struct weft_waitgroup group = {0};
		struct weft_io *pair[2];

		make_pair(pair);
		weft_waitgroup_add(&group, 8);
		for (int i = 0; i < 4; i++) {
			weft_go_copy(use_until_closed,
				(&(struct closing){weft_io_ref(pair[0]), &group}));
			weft_go_copy(write_until_closed,
				(&(struct closing){weft_io_ref(pair[1]), &group}));
		}
		for (int i = 0; i < round; i++)
			weft_yield();
		weft_io_close(pair[round % 2]);
		weft_yield();
		weft_io_close(pair[!(round % 2)]);
		weft_waitgroup_wait(&group);
	}
}

PANIC_TEST(a_null_handle_panics, "weft_io_read of a null handle")
{
	char c;

	weft_io_read(NULL, &c, 1);
}

static void io_outside(void)
{
	weft_io_fd(NULL);
}

TEST(io_outside_of_a_coroutine_panics)
{
	check_panic(io_outside, "weft_io_fd called outside of a coroutine");
}

/* ---- Who polls ------------------------------------------------------------------------------- */

/*
 * Worker 1 sleeps since before anybody waited for a descriptor. One waits now, and a pinned
 * coroutine computes on worker 0: worker 1 has to look.
 */
static atomic_bool waits, has_read;

static bool worker_1_sleeps(void)
{
	struct weft__sched *s = &weft__sched;
	bool sleeps;

	weft__lock_always(&s->idle_lock);
	sleeps = s->workers[1].idle;
	weft__unlock_always(&s->idle_lock);
	return sleeps;
}

static void read_when_worker_1_sleeps(void *arg)
{
	struct weft_io *in = arg;
	int64_t since = weft_now();
	char c;

	weft_pin(0);
	weft_unpin();
	/* It is not in its sleep at once; that it is does no more than to make the test sharp. */
	while (weft_now() < since + WEFT_MS) {
		if (!worker_1_sleeps())
			since = weft_now();
	}
	atomic_store(&waits, true);
	CHECK_INT(weft_io_read(in, &c, 1), 1);
	atomic_store(&has_read, true);
	weft_io_unref(in);
}

static int compute_while_one_waits(int argc, char **argv)
{
	struct weft_io *in, *out;
	int64_t until;

	weft_pin(0);
	make_pipe(&in, &out);
	weft_go(read_when_worker_1_sleeps, in);
	while (!atomic_load(&waits))
		weft_yield();
	CHECK_INT(weft_io_write(out, "x", 1), 1);
	until = weft_now() + TOLERANCE_NS;
	while (!atomic_load(&has_read))
		CHECK(weft_now() < until);
	weft_unpin();
	weft_io_unref(out);
	return 0;
}

TEST(one_who_sleeps_polls_while_another_computes)
{
	setenv("WEFT_WORKERS", "2", 1);
	CHECK_INT(weft_run(compute_while_one_waits, 0, NULL), 0);
}

/*
 * Who has stood by for the poller sleeps when nobody waits for descriptors any more. Worker 0 goes
 * to the poller while worker 1 computes, which then stands by.
 */
static void read_on_worker_0(void *arg)
{
	struct weft_io *in = arg;
	char c;

	weft_pin(0);
	atomic_store(&waits, true);
	CHECK_INT(weft_io_read(in, &c, 1), 1);
	atomic_store(&has_read, true);
	weft_unpin();
	weft_io_unref(in);
}

static void compute_on_worker_1(void *arg)
{
	int64_t until;

	weft_pin(1);
	until = weft_now() + 3 * WEFT_MS;
	while (weft_now() < until)
		;
	weft_unpin();
}

static int read_and_rest(int argc, char **argv)
{
	struct weft_io *in, *out;
	struct rusage before, after;

	weft_pin(0);
	make_pipe(&in, &out);
	for (int i = 0; i < 8; i++) {
		atomic_store(&waits, false);
		atomic_store(&has_read, false);
		weft_go(read_on_worker_0, weft_io_ref(in));
		while (!atomic_load(&waits))
			weft_yield();
		weft_go(compute_on_worker_1, NULL);
		weft_sleep(7 * WEFT_MS);
		CHECK_INT(weft_io_write(out, "x", 1), 1);
		while (!atomic_load(&has_read))
			weft_yield();
		weft_sleep(30 * WEFT_MS);
		getrusage(RUSAGE_SELF, &before);
		weft_sleep(250 * WEFT_MS);
		getrusage(RUSAGE_SELF, &after);
		CHECK(after.ru_nvcsw - before.ru_nvcsw < 15);
	}
	weft_unpin();
	weft_io_unref(in);
	weft_io_unref(out);
	return 0;
}

TEST(nobody_looks_for_events_when_nobody_waits)
{
	setenv("WEFT_WORKERS", "2", 1);
	CHECK_INT(weft_run(read_and_rest, 0, NULL), 0);
}

TEST_MAIN
