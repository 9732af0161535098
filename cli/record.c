/* SPDX-License-Identifier: MIT
 *
 * weft record: runs a program with WEFT_TRACE set, and passes on how it ended.
 *
 * libweft in the program does the recording, so a program without it runs as ever and leaves
 * nothing; what stood under the trace's name is then untouched, and the difference between the file
 * before and after tells whether a trace was written.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT };

static const struct cli_option options[] = {
	[OUTPUT] = {'o', "output", "FILE",
		"the trace (default: PROGRAM.json, in this folder);\n%p in it is the process's "
		"number"},
	{0, NULL, NULL, NULL},
};

/* The trace file's state, to see whether the program wrote it. */
struct before {
	bool exists;
	struct stat st;
};

static bool has_written(const char *path, const struct before *before)
{
	struct stat now;

	if (stat(path, &now) < 0)
		return false;
	if (!S_ISREG(now.st_mode))
		return true; /* a pipe or a device keeps no traces: no telling */
	if (!before->exists)
		return true;
	return now.st_ino != before->st.st_ino || now.st_size != before->st.st_size ||
	       now.st_mtim.tv_sec != before->st.st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != before->st.st_mtim.tv_nsec;
}

/* Makes `name` absolute, since the program may change its folder. Caller frees. */
static char *absolute(const char *name)
{
	char *path = NULL, folder[PATH_MAX];

	if (name[0] == '/')
		path = strdup(name);
	else if (!getcwd(folder, sizeof(folder)) || asprintf(&path, "%s/%s", folder, name) < 0)
		path = NULL;
	if (!path) {
		cli_say("%s: %s", cli_clean(name), strerror(errno));
		exit(CLI_RECORD_FAILED);
	}
	return path;
}

/* What the recorder makes of %p. Caller frees. */
static char *with_pid(const char *pattern, pid_t pid)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	if (!f)
		return NULL;
	for (; *pattern; pattern++) {
		if (pattern[0] == '%' && pattern[1] == 'p') {
			fprintf(f, "%ld", (long)pid);
			pattern++;
		} else {
			fputc(*pattern, f);
		}
	}
	return fclose(f) == 0 ? out : NULL;
}

static bool is_trace(int fd)
{
	char head[8];
	ssize_t n = pread(fd, head, sizeof(head), 0);

	return n == 0 || (n == 8 && memcmp(head, "{\"weft\":", 8) == 0);
}

/*
 * Why the trace can't be written there, or NULL. Asked before the program runs: a run of an hour
 * whose recording fails at its start is an hour lost.
 */
static const char *obstacle(const char *path, bool chosen, struct before *before)
{
	const char *reason = NULL;

	before->exists = stat(path, &before->st) == 0;
	if (!before->exists) {
		char *folder = strdup(path);

		if (folder)
			*(strrchr(folder, '/') + 1) = '\0';
		if (folder && access(folder, W_OK | X_OK) < 0)
			reason = strerror(errno);
		free(folder);
		return reason;
	}
	if (S_ISDIR(before->st.st_mode))
		return strerror(EISDIR);
	if (!S_ISREG(before->st.st_mode))
		return access(path, W_OK) < 0 ? strerror(errno) : NULL;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return strerror(errno);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		reason = "another program is recording into it; choose another with -o";
	else if (!chosen && !is_trace(fd))
		reason = "exists and is not a weft trace; choose another with -o";
	close(fd);
	return reason;
}

/* In the child: becomes the program, or writes errno to `report`. */
_Noreturn static void become(char **argv, const char *trace, const sigset_t *mask, int report)
{
	int error;

	if (setenv("WEFT_TRACE", trace, 1) == 0) {
		sigprocmask(SIG_SETMASK, mask, NULL);
		execvp(argv[0], argv);
	}
	error = errno;
	if (write(report, &error, sizeof(error)) < 0)
		_exit(CLI_RECORD_FAILED);
	_exit(CLI_RECORD_CANNOT_RUN);
}

/*
 * Waits for the program. What a terminal sends (Ctrl+C) goes to the whole foreground group, the
 * program included, and must not end the recording before it; what somebody sends to this process
 * alone was meant for the program and is handed on.
 */
static int wait_for(pid_t pid, const sigset_t *signals)
{
	for (;;) {
		siginfo_t info;
		int status, sig = sigwaitinfo(signals, &info);

		if (sig == SIGCHLD) {
			if (waitpid(pid, &status, WNOHANG) == pid)
				return status;
		} else if (sig > 0 && info.si_code <= 0) {
			kill(pid, sig);
		}
	}
}

static int start(char **argv, const char *trace, const sigset_t *mask, pid_t *ret_pid)
{
	int report[2], error = 0;

	if (pipe2(report, O_CLOEXEC) < 0)
		return -errno;
	pid_t pid = fork();
	if (pid < 0) {
		error = errno;
		close(report[0]);
		close(report[1]);
		return -error;
	}
	if (pid == 0)
		become(argv, trace, mask, report[1]);
	close(report[1]);
	while (read(report[0], &error, sizeof(error)) < 0 && errno == EINTR)
		;
	close(report[0]);
	if (error)
		waitpid(pid, NULL, 0);
	*ret_pid = pid;
	return -error;
}

static void tell(const char *program, const char *pattern, pid_t pid, const struct before *before)
{
	char *path = with_pid(pattern, pid);

	if (!path)
		return;
	if (!has_written(path, before))
		cli_say("%s: no trace was written: it is not a weft program, or ended before "
			"weft_run",
			cli_clean(program));
	else if (isatty(STDERR_FILENO))
		cli_say("recorded; see it with: weft view %s", cli_clean(path));
	free(path);
}

static int record(char **argv, const char *pattern, bool chosen)
{
	struct before before = {.exists = false};
	sigset_t signals, mask;
	pid_t pid = -1;

	const char *reason = obstacle(pattern, chosen, &before);
	if (reason) {
		cli_say("%s: %s", cli_clean(pattern), reason);
		return CLI_RECORD_FAILED;
	}
	sigemptyset(&signals);
	for (const int *s = (const int[]){SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1,
		     SIGUSR2, SIGALRM, SIGWINCH, 0};
		*s; s++)
		sigaddset(&signals, *s);
	sigprocmask(SIG_BLOCK, &signals, &mask);
	int error = start(argv, pattern, &mask, &pid);
	if (error) {
		cli_say("%s: %s", cli_clean(argv[0]), strerror(-error));
		return error == -ENOENT			      ? CLI_RECORD_NOT_FOUND
		       : error == -EAGAIN || error == -ENOMEM ? CLI_RECORD_FAILED
							      : CLI_RECORD_CANNOT_RUN;
	}
	int status = wait_for(pid, &signals);
	tell(argv[0], pattern, pid, &before);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run(const struct cli_verb *verb, int argc, char **argv)
{
	struct cli_args args = {.verb = verb, .argc = argc, .argv = argv};
	const char *output = NULL, *value;
	char *name = NULL;
	int got;

	while ((got = cli_next(&args, &value)) != CLI_END && got != CLI_OPERAND)
		output = value;
	if (got == CLI_END)
		cli_usage("record: no program to run; see weft record --help");
	if (output && !*output)
		cli_usage("--output: the name of the trace is empty");

	char **program = argv + args.next;
	const char *base = strrchr(program[0], '/');
	if (!output && asprintf(&name, "%s.json", base ? base + 1 : program[0]) < 0)
		name = NULL;
	char *pattern = absolute(output ? output : name ? name : "weft.json");
	int status = record(program, pattern, output != NULL);
	free(pattern);
	free(name);
	return status;
}

const struct cli_verb cli_record = {
	.name = "record",
	.synopsis = "[-o FILE] [--] PROGRAM [ARGUMENTS]",
	.summary = "run a weft program and record it",
	.about = "Runs PROGRAM with its trace going to FILE. The same can be done without this "
		 "command\n"
		 "by WEFT_TRACE=FILE in the program's environment. A program that is not weft's "
		 "runs as\n"
		 "ever and leaves no trace.",
	.exits = "N    what PROGRAM exited with\n"
		 "128+N  PROGRAM was ended by signal N\n"
		 "2    wrong usage\n"
		 "125  the trace could not be written there; PROGRAM was not run\n"
		 "126  PROGRAM could not be run\n"
		 "127  PROGRAM was not found",
	.options = options,
	.stops_at_operand = true,
	.run = run,
};
