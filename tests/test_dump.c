/* SPDX-License-Identifier: MIT
 *
 * A dump tells of each coroutine and channel what is so, by call and by signal, while the others
 * work on or compute; and signals are taken only from who does not want them.
 */
#include <poll.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "tests/coro.h"

WEFT_CHAN(int_chan, int)

/* What weft_dump writes. */
static const char *dump(void)
{
	static char text[1 << 20];
	int fd = memfd_create("dump", MFD_CLOEXEC);
	ssize_t n;

	CHECK(fd >= 0);
	CHECK_INT(weft_dump(fd), 0);
	n = pread(fd, text, sizeof(text) - 1, 0);
	close(fd);
	CHECK(n > 0 && n < (ssize_t)sizeof(text) - 1);
	text[n] = '\0';
	CHECK_IN(text, "weft: dump of process ");
	CHECK_IN(text, "weft: end of dump\n");
	return text;
}

/* The line of the coroutine of that name, without its frames. */
static const char *line_of(const char *text, const char *name)
{
	static char line[1024];
	char key[64];
	const char *at;

	snprintf(key, sizeof(key), " \"%s\" ", name);
	at = strstr(text, key);
	if (!at)
		test_fail(__FILE__, __LINE__, "no %s in: %s", name, text);
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
	return line;
}

/* ---- What it says ---------------------------------------------------------------------------- */

static void recv_two(int_chan *c)
{
	weft_set_name("consumer");
	weft_recv(c, NULL);
	weft_recv(c, NULL);
}

CO_TEST(a_receiver_its_channel_and_its_spawn_are_named)
{
	int_chan *jobs = weft_make(int_chan, 0);
	const char *text;

	weft_chan_name(jobs, "jobs");
	weft_go(recv_two, jobs);
	until_parked(jobs, 1);
	text = line_of(dump(), "consumer");
	CHECK_IN(text, "receives from channel \"jobs\" (of int, made at test_dump.c:");
	CHECK_IN(text, ", for ");
	CHECK_IN(text, "ms, spawned in a_receiver_its_channel_and_its_spawn_are_named_body at "
		       "test_dump.c:");
}

CO_TEST(who_dumps_runs)
{
	CHECK_IN(line_of(dump(), "main"), "runs on worker ");
}

static void send_three(int_chan *c)
{
	weft_set_name("producer");
	for (int i = 0; i < 4; i++)
		weft_send(c, i);
}

CO_TEST(a_channel_tells_what_is_in_it_and_who_waits)
{
	int_chan *c = weft_make(int_chan, 3), *closed = weft_make(int_chan, 7);
	const char *text;

	weft_chan_name(c, "full");
	weft_chan_name(closed, "shut");
	weft_close(closed);
	weft_go(send_three, c);
	until_parked(c, 1);
	text = dump();
	CHECK_IN(text, "channels: 2\n");
	CHECK_IN(text, "channel \"full\" (of int, made at test_dump.c:");
	CHECK_IN(text, ": 3 of 3 buffered, open, 2 references, sent on by: 2\n");
	CHECK_IN(text, ": 0 of 7 buffered, closed, 1 reference\n");
}

static void select_of(int_chan **c)
{
	weft_set_name("selector");
	weft_select(weft_on_recv(c[0], NULL), weft_on_send(c[1], 5));
	weft_yield();
}

CO_TEST(a_select_tells_all_its_cases)
{
	int_chan *c[2] = {weft_make(int_chan, 0), weft_make(int_chan, 0)};
	const char *text;

	weft_chan_name(c[0], "in");
	weft_chan_name(c[1], "out");
	weft_go(select_of, c);
	until_parked(c[0], 1);
	text = line_of(dump(), "selector");
	CHECK_IN(text, "selects: ");
	CHECK_IN(text, "receives from channel \"in\"");
	CHECK_IN(text, " or ");
	CHECK_IN(text, "sends on channel \"out\"");
}

static void sleep_long(int_chan *c)
{
	weft_set_name("sleeper");
	weft_recv_until(c, NULL, weft_now() + 3600 * WEFT_SEC);
}

CO_TEST(a_deadline_is_told)
{
	int_chan *c = weft_make(int_chan, 0);

	weft_go(sleep_long, c);
	until_parked(c, 1);
	CHECK_IN(line_of(dump(), "sleeper"), ", at most 3");
}

static int wait_for(int_chan *c)
{
	weft_recv(c, NULL);
	return 0;
}

static int join_it(struct weft_handle *handle)
{
	weft_set_name("joiner");
	return weft_join(handle, NULL);
}

/* Until the dump says so: a join cannot be looked at from outside. */
CO_TEST(a_join_tells_whom)
{
	int_chan *c = weft_make(int_chan, 0);
	struct weft_handle *joiner = weft_spawn(join_it, weft_spawn(wait_for, c));

	while (!strstr(dump(), "\"joiner\" joins coroutine 2, for "))
		weft_yield();
	weft_close(c);
	weft_join(joiner, NULL);
}

static void read_it(struct weft_io *io)
{
	char c;

	weft_set_name("reader");
	weft_io_read(io, &c, 1);
	weft_yield();
}

static void fill_it(struct weft_io *io)
{
	static char full[1 << 20];

	weft_set_name("writer");
	weft_io_write_all(io, full, sizeof(full));
	weft_yield();
}

/* Until the dump says so, as above. */
CO_TEST(a_wait_for_io_tells_the_descriptor)
{
	struct weft_io *in, *out;
	char reads[64], writes[64];
	int one[2], other[2];

	CHECK_INT(pipe(one), 0);
	CHECK_INT(pipe(other), 0);
	CHECK_INT(weft_io_open(one[0], &in), 0);
	CHECK_INT(weft_io_open(other[1], &out), 0);
	weft_go(read_it, in);
	weft_go(fill_it, out);
	snprintf(reads, sizeof(reads), "\"reader\" waits to read from descriptor %d, for ", one[0]);
	snprintf(writes, sizeof(writes), "\"writer\" waits to write to descriptor %d, for ",
		other[1]);
	while (!strstr(dump(), reads) || !strstr(dump(), writes))
		weft_yield();
	weft_io_close(in);
	weft_io_close(out);
	close(one[1]);
	close(other[0]);
}

CO_TEST(one_that_has_not_begun_is_ready)
{
	const char *text;

	if (strcmp(getenv("WEFT_WORKERS"), "1") != 0)
		return; /* another worker may begin it at any time */
	weft_go(recv_two, NULL);
	text = line_of(dump(), "recv_two");
	CHECK_IN(text, "is ready to run, spawned in ");
}

/* Since when: never less than the time between a look before and a look after. */
CO_TEST(the_time_it_waits_is_told)
{
	int_chan *c = weft_make(int_chan, 0);
	const char *text, *at;
	int64_t before, after;
	double s;

	weft_go(recv_two, c);
	until_parked(c, 1);
	before = weft_now();
	weft_sleep(1200 * WEFT_MS);
	text = line_of(dump(), "consumer");
	after = weft_now();
	at = strstr(text, ", for ");
	CHECK(at);
	s = strtod(at + 6, NULL); /* "1.2 s" */
	CHECK(strstr(at, " s, spawned"));
	CHECK(s >= 1.1);
	/* Up to 64 switches old, and from the beginning of this run at most. */
	CHECK(s <= (double)(after - before + TOLERANCE_NS) / WEFT_SEC);
}

/* ---- Backtraces ------------------------------------------------------------------------------ */

static volatile int depth = 3;

enum { RECV_LINE = __LINE__ + 7, CALL_LINE = __LINE__ + 13 };
static __attribute__((noinline)) void level_three(int_chan *c)
{
	volatile char *room =
		__builtin_alloca(200 * (size_t)depth); /* the CFA is by its frame pointer */

	room[0] = 1;
	weft_recv(c, NULL);
	depth += room[0];
}

static __attribute__((noinline)) void level_two(int_chan *c)
{
	level_three(c);
	depth++;
}

static __attribute__((noinline)) void level_one(int_chan *c)
{
	level_two(c);
	depth++;
}

static void descend(int_chan *c)
{
	level_one(c);
	depth++;
}

CO_TEST(frames_are_told_from_the_call_outwards)
{
	static const char *const order[] = {"      weft_chan_recv", "      level_three at ",
		"      level_two at ", "      level_one at ", "      descend at "};
	int_chan *c = weft_make(int_chan, 0);
	char lines[2][64];
	const char *at;

	if (SANITIZED || !strstr("x86_64 aarch64",
#if defined(__x86_64__)
				 "x86_64"
#elif defined(__aarch64__)
				 "aarch64"
#else
				 "another"
#endif
				 ))
		return; /* ASan moves frames about; on other CPUs there are none */
	weft_go(descend, c);
	until_parked(c, 1);
	at = strstr(dump(), "\"descend\"");
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const char *next = strchr(at, '\n') + 1;

		if (strncmp(next, order[i], strlen(order[i])) != 0)
			test_fail(__FILE__, __LINE__, "wanted \"%s\": %s", order[i], at);
		at = next;
	}
	CHECK(strncmp(strchr(at, '\n'), "\n      ", 7) != 0); /* that was the outermost */
	snprintf(lines[0], sizeof(lines[0]), "level_three at test_dump.c:%d (", RECV_LINE);
	snprintf(lines[1], sizeof(lines[1]), "level_two at test_dump.c:%d (", CALL_LINE);
	CHECK_IN(dump(), lines[0]);
	CHECK_IN(dump(), lines[1]);
}

/* ---- While others go on ---------------------------------------------------------------------- */

/* TSan holds signals back until a system call. */
#if (defined(__x86_64__) || defined(__aarch64__)) && !SANITIZED
#define HAS_POKE 1
#else
#define HAS_POKE 0
#endif

static atomic_bool enough, computing;

static void compute(void *unused)
{
	weft_set_name("busy");
	atomic_store(&computing, true);
	while (!atomic_load(&enough))
		;
}

CO_TEST(one_who_computes_does_not_hold_it_up)
{
	const char *text;

	if (strcmp(getenv("WEFT_WORKERS"), "1") == 0)
		return; /* nobody could call */
	atomic_store(&enough, false);
	atomic_store(&computing, false);
	weft_go(compute, NULL);
	while (!atomic_load(&computing))
		weft_yield();
	text = dump();
	CHECK_IN(line_of(text, "busy"), "runs on worker ");
	if (HAS_POKE)
		CHECK_IN(text, "      compute at test_dump.c:");
	CHECK_IN(text, "channels: 0");
	atomic_store(&enough, true);
}

struct pair {
	int_chan *there, *back;
};

static void echo(struct pair *p)
{
	int v;

	while (weft_recv(p->there, &v))
		weft_send(p->back, v + 1);
	weft_close(p->back);
}

static int call(struct pair *p)
{
	int v = 0;

	for (int i = 0; i < 2000; i++) {
		weft_send(p->there, v);
		CHECK(weft_recv(p->back, &v));
	}
	weft_close(p->there);
	return v;
}

static int dump_often(int *fd)
{
	for (int i = 0; i < 20; i++) {
		CHECK_INT(weft_dump(*fd), 0);
		weft_yield();
	}
	return 0;
}

CO_TEST_LIMIT(dumps_from_several_at_once_harm_nobody, 60)
{
	struct weft_handle *calls[8], *dumps[4];
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), v;

	for (int i = 0; i < 8; i++) {
		struct pair p = {weft_make(int_chan, 0), weft_make(int_chan, i % 3)};

		weft_go_copy(echo, &p);
		calls[i] = weft_spawn_copy(call, &p);
	}
	for (int i = 0; i < 4; i++)
		dumps[i] = weft_spawn(dump_often, &null);
	for (int i = 0; i < 8; i++) {
		weft_join(calls[i], &v);
		CHECK_INT(v, 2000);
	}
	for (int i = 0; i < 4; i++)
		weft_join(dumps[i], NULL);
	close(null);
}

CO_TEST(what_write_says_is_returned)
{
	int fds[2];

	CHECK_INT(weft_dump(-1), -EBADF);
	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	close(fds[0]);
	signal(SIGPIPE, SIG_IGN);
	CHECK_INT(weft_dump(fds[1]), -EPIPE);
	close(fds[1]);
}

static void dump_outside(void)
{
	weft_dump(2);
}

TEST(outside_of_a_coroutine_it_panics)
{
	check_panic(dump_outside, "weft_dump called outside of a coroutine");
}

/* ---- By signal ------------------------------------------------------------------------------- */

static int pipe_fds[2];

/* Lets others run until the pipe has brought `text`. */
static void until_said(const char *text)
{
	static char got[1 << 18];
	size_t used = 0;

	got[0] = '\0';
	while (!strstr(got, text)) {
		ssize_t n = read(pipe_fds[0], got + used, sizeof(got) - 1 - used);

		if (n > 0)
			used += (size_t)n;
		got[used] = '\0';
		weft_yield();
	}
	if (write(STDOUT_FILENO, got, used) < 0)
		abort();
}

static int two_dumps(int argc, char **argv)
{
	int_chan *c = weft_make(int_chan, 0);

	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return 1;
	fcntl(pipe_fds[1], F_SETFL, 0);
	dup2(pipe_fds[1], STDERR_FILENO);
	weft_go(recv_two, c);
	until_parked(c, 1);
	for (int i = 0; i < 2; i++) {
		kill(getpid(), SIGUSR2);
		until_said("weft: end of dump\n");
	}
	return 7;
}

/* Whoever started us may ignore them, as a shell does for what runs in the background. */
static void default_signals(void)
{
	signal(SIGQUIT, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
	signal(SIGURG, SIG_DFL);
}

static void run_two_dumps(void)
{
	default_signals();
	test_child_exit(weft_run(two_dumps, 0, NULL));
}

TEST_WORKERS(sigusr2_dumps_and_goes_on)
{
	const struct child *child = run_child_to(run_two_dumps, 7);

	CHECK_IN(child->text, "\"consumer\" receives from channel");
	CHECK_IN(strstr(child->text, "end of dump") + 1, "end of dump");
}

static int quit_while_others_wait(int argc, char **argv)
{
	int_chan *c = weft_make(int_chan, 0);

	printf("not flushed yet");
	weft_go(recv_two, c);
	until_parked(c, 1);
	kill(getpid(), SIGQUIT);
	/* TSan's poll delivers what it holds back, to the thread that it came to. */
	while (WEFT__TSAN && weft_pin(WEFT_MAIN_THREAD) == 0 && poll(NULL, 0, 0) == 0)
		weft_sleep(20 * WEFT_MS);
	weft_sleep(3600 * WEFT_SEC);
	return 7;
}

static void run_quit(void)
{
	default_signals();
	weft_run(quit_while_others_wait, 0, NULL);
}

TEST_WORKERS(sigquit_dumps_and_ends_with_status_2)
{
	const struct child *child = run_child_to(run_quit, 2);

	CHECK_IN(child->text, "\"consumer\" receives from channel");
	CHECK_IN(child->text, "\"main\" ");
	CHECK_IN(child->text, "weft: end of dump\n");
	CHECK_IN(child->text, "not flushed yet");
}

static int quit_while_computing(int argc, char **argv)
{
	weft_go(recv_two, weft_make(int_chan, 0));
	weft_yield();
	kill(getpid(), SIGQUIT);
	while (!atomic_load(&enough))
		depth = !depth;
	return 0;
}

static void run_quit_while_computing(void)
{
	default_signals();
	weft_run(quit_while_computing, 0, NULL);
}

TEST_WORKERS(sigquit_ends_a_program_that_computes_for_ever)
{
	const struct child *child;

	if (WEFT__TSAN)
		test_skip("TSan holds signals back until the thread makes a call that it knows");
	child = run_child_to(run_quit_while_computing, 2);
	CHECK_IN(child->text, "\"main\" runs on worker ");
	CHECK_IN(child->text, "weft: end of dump\n");
	CHECK_IN(child->text, strcmp(getenv("WEFT_WORKERS"), "1") == 0 && !SANITIZED
				      ? "channels: not looked at"
				      : "channels: ");
}

static atomic_int handled;

static void own_handler(int sig)
{
	(void)sig;
	atomic_store(&handled, 1);
}

static int signal_oneself(int argc, char **argv)
{
	kill(getpid(), SIGUSR2);
	while (!atomic_load(&handled))
		weft_yield();
	return 7;
}

static void run_with_own_handler(void)
{
	signal(SIGUSR2, own_handler);
	test_child_exit(weft_run(signal_oneself, 0, NULL));
}

TEST_WORKERS(a_handler_of_the_program_is_left_alone)
{
	CHECK(!strstr(run_child_to(run_with_own_handler, 7)->text, "dump"));
}

static void run_without_signals(void)
{
	default_signals();
	setenv("WEFT_SIGNALS", "0", 1);
	weft_run(signal_oneself, 0, NULL);
}

TEST_WORKERS(weft_signals_0_takes_none)
{
	const struct child *child = run_child(run_without_signals);

	CHECK(WIFSIGNALED(child->status) && WTERMSIG(child->status) == SIGUSR2);
	CHECK(!strstr(child->text, "dump"));
}

static int look_at_signals(int argc, char **argv)
{
	struct sigaction now;

	CHECK_INT(sigaction(SIGQUIT, NULL, &now), 0);
	CHECK(now.sa_handler != SIG_DFL);
	CHECK_INT(sigaction(SIGUSR2, NULL, &now), 0);
	CHECK(now.sa_handler != SIG_DFL);
	if (fork() == 0) {
		/* Only what is safe there. */
		sigaction(SIGQUIT, NULL, &now);
		_exit(now.sa_handler == SIG_DFL ? 5 : 6);
	}
	return 0;
}

TEST_WORKERS(signals_are_given_back_after_the_run_and_in_a_child)
{
	struct sigaction now;
	int status;

	default_signals();
	CHECK_INT(weft_run(look_at_signals, 0, NULL), 0);
	CHECK_INT(sigaction(SIGQUIT, NULL, &now), 0);
	CHECK(now.sa_handler == SIG_DFL);
	CHECK_INT(sigaction(SIGUSR2, NULL, &now), 0);
	CHECK(now.sa_handler == SIG_DFL);
	CHECK(wait(&status) > 0);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 5);
}

TEST_MAIN
