/* SPDX-License-Identifier: MIT
 *
 * The runner behind tests/test.h. The parent forks one child a test, takes what it prints through
 * a pipe, and says in TAP what became of it. The pipe is read to its end before the child is
 * waited for, so a test may print as much as it likes; a grandchild that keeps the pipe open can
 * hold the runner no longer than the time limit, because the whole process group is killed then.
 */
#include "tests/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	STATUS_OK = 0,
	STATUS_FAILED = 91,
	STATUS_SKIPPED = 92,
	OUTPUT_MAX = 1 << 20, /* of a test's output; the rest is read and dropped */
};

static struct test *tests, **tests_end = &tests;
static pid_t test_pid; /* in a child: its own pid, so that its children are told apart */

/* What a child printed, and how it ended. */
struct outcome {
	char *text;
	size_t size;
	int status; /* as waitpid(2) gives it */
	bool timeout;
	double seconds;
};

void test_register(struct test *test)
{
	*tests_end = test;
	tests_end = &test->next;
}

_Noreturn void test_child_exit(int status)
{
	_exit(status);
}

_Noreturn static void leave(int status)
{
	fflush(stdout);
	fflush(stderr);
	_exit(status);
}

_Noreturn void test_fail(const char *file, int line, const char *format, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "%s:%d: ", file, line);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	leave(STATUS_FAILED);
}

_Noreturn void test_skip(const char *reason)
{
	printf("%s\n", reason);
	leave(STATUS_SKIPPED);
}

void test_check_str(const char *file, int line, const char *expr, const char *a, const char *b)
{
	if (a == b || (a && b && strcmp(a, b) == 0))
		return;
	test_fail(file, line, "%s is %s%s%s, not %s%s%s", expr, a ? "\"" : "", a ? a : "NULL",
		a ? "\"" : "", b ? "\"" : "", b ? b : "NULL", b ? "\"" : "");
}

void test_check_in(const char *file, int line, const char *expr, const char *a, const char *b)
{
	if (a && strstr(a, b))
		return;
	test_fail(file, line, "%s holds no \"%s\": \"%s\"", expr, b, a ? a : "(null)");
}

/* Writes "3 4 7" for the open descriptors; the one that reads the folder is left out. */
static void list_fds(char *buf, size_t size)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t used = 0;

	buf[0] = '\0';
	if (!dir)
		return;
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		int fd = atoi(e->d_name);

		if (e->d_name[0] == '.' || fd == dirfd(dir))
			continue;
		int n = snprintf(buf + used, size - used, "%d ", fd);
		if (n < 0 || (size_t)n >= size - used)
			break;
		used += (size_t)n;
	}
	closedir(dir);
}

static int count_fds(void)
{
	char list[4096];
	int n = 0;

	list_fds(list, sizeof(list));
	for (const char *p = list; *p; p++)
		n += *p == ' ';
	return n;
}

_Noreturn static void run_child(const struct test *test, int out)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* Ctrl+C ends the runner, and so the test */
	test_pid = getpid();
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	close(out);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (test->workers)
		setenv("WEFT_WORKERS", test->workers, 1);
	unsetenv("WEFT_TRACE");

	int before = count_fds();
	test->run();
	if (getpid() != test_pid)
		_exit(0); /* a forked child fell out of the test's body */
	if (count_fds() > before) {
		char list[4096];

		list_fds(list, sizeof(list));
		fprintf(stderr, "file descriptors leaked: %d before, now open: %s\n", before, list);
		leave(STATUS_FAILED);
	}
	/* Through exit, not _exit: so that a sanitizer's leak check at exit has its say. */
	exit(STATUS_OK);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Collects the child's output until end of file or the deadline. Returns false at the deadline. */
static bool read_output(int fd, double deadline, struct outcome *o)
{
	char chunk[4096];

	for (;;) {
		double left = deadline - now();
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (left <= 0)
			return false;
		if (poll(&p, 1, (int)(left * 1000) + 1) <= 0)
			continue;
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return true;
		if (o->size + (size_t)n > OUTPUT_MAX)
			continue;
		o->text = realloc(o->text, o->size + (size_t)n + 1);
		if (!o->text)
			abort();
		memcpy(o->text + o->size, chunk, (size_t)n);
		o->size += (size_t)n;
		o->text[o->size] = '\0';
	}
}

double test_slowness(void)
{
	const char *s = getenv("WEFT_TEST_SLOW");
	double f = s ? atof(s) : 1;

	return f >= 1 ? f : 1;
}

static struct outcome run_test(const struct test *test)
{
	struct outcome o = {0};
	double start = now();
	int fds[2];

	fflush(NULL);
	if (pipe2(fds, O_CLOEXEC) < 0)
		abort();
	pid_t pid = fork();
	if (pid < 0)
		abort();
	if (pid == 0) {
		close(fds[0]);
		run_child(test, fds[1]);
	}
	setpgid(pid, pid); /* in both, so that it holds whoever comes first */
	close(fds[1]);
	double deadline = start + test->limit_s * test_slowness();
	o.timeout = !read_output(fds[0], deadline, &o);
	/* The child may have closed its output and go on: the limit holds for its end as well. */
	siginfo_t info = {0};
	while (!o.timeout && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | WNOHANG) == 0 &&
		info.si_pid == 0) {
		struct timespec ms = {0, 1000000};

		o.timeout = now() > deadline;
		nanosleep(&ms, NULL);
	}
	kill(-pid, SIGKILL); /* whatever it left behind; the zombie keeps the number taken */
	while (waitpid(pid, &o.status, 0) < 0 && errno == EINTR)
		;
	close(fds[0]);
	o.seconds = now() - start;
	return o;
}

/* Prints a test's output as TAP comments, so that it can't be taken for a result. */
static void print_output(const struct outcome *o)
{
	for (const char *p = o->text; p && *p;) {
		size_t n = strcspn(p, "\n");

		printf("# %.*s\n", (int)n, p);
		p += n;
		p += *p == '\n';
	}
}

/* Says in TAP how the test ended. Returns whether it is well. */
static bool report(int number, const struct test *test, const struct outcome *o)
{
	bool exited = !o->timeout && WIFEXITED(o->status);

	if (exited && WEXITSTATUS(o->status) == STATUS_SKIPPED) {
		printf("ok %d - %s # SKIP %.*s\n", number, test->name,
			(int)strcspn(o->text ? o->text : "", "\n"), o->text ? o->text : "");
		return true;
	}
	if (exited && WEXITSTATUS(o->status) == STATUS_OK) {
		printf("ok %d - %s\n", number, test->name);
		return true;
	}
	print_output(o);
	if (o->timeout)
		printf("# not done after %.1f s: killed\n", o->seconds);
	else if (WIFSIGNALED(o->status))
		printf("# ended by signal %d (%s)\n", WTERMSIG(o->status),
			strsignal(WTERMSIG(o->status)));
	else if (WEXITSTATUS(o->status) != STATUS_FAILED)
		printf("# left with exit status %d\n", WEXITSTATUS(o->status));
	printf("not ok %d - %s\n", number, test->name);
	return false;
}

static bool is_selected(const struct test *test, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strstr(test->name, argv[i]))
			return true;
	return argc <= 1;
}

int test_run_all(int argc, char **argv)
{
	int count = 0, number = 0, failed = 0;

	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		for (struct test *t = tests; t; t = t->next)
			puts(t->name);
		return 0;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (struct test *t = tests; t; t = t->next)
		count += is_selected(t, argc, argv);
	printf("1..%d\n", count);
	for (struct test *t = tests; t; t = t->next) {
		if (!is_selected(t, argc, argv))
			continue;
		struct outcome o = run_test(t);
		failed += !report(++number, t, &o);
		free(o.text);
	}
	if (count == 0) {
		printf("# no test has such a name\n");
		return 1;
	}
	return failed ? 1 : 0;
}
