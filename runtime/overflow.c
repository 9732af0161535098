/* SPDX-License-Identifier: MIT
 *
 * The handler looks whether the address lies in the guard below a coroutine's stack. If so, it says
 * so; in any case it puts the default back and returns, and the instruction faults again: the
 * process dies of the signal that it would have died of without us, core file and all. A run that
 * is recorded ends its recording first, and does so for other signals that kill, too.
 */
#include "runtime/overflow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/co.h"
#include "runtime/probe.h"
#include "runtime/stack.h"

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
#define SIGNALS 5
#define OF_STACKS 2 /* the first ones; the others are taken for the recording alone */
static bool taken[SIGNALS];

static void say_overflow(const struct weft__co *co)
{
	char line[512];
	/* snprintf is not on POSIX's list for handlers; glibc's does not allocate for these
	 * formats. */
	int n = snprintf(line, sizeof(line),
		"weft: stack overflow in coroutine %llu \"%s\" (%zu KiB, spawned in %s at %s:%d); "
		"WEFT_STACK=KIB makes stacks larger\n",
		(unsigned long long)co->id, weft__co_name(co), co->stack_bytes / 1024, co->at_fn,
		co->at_file, co->at_line);
	ssize_t unused =
		write(STDERR_FILENO, line, n < (int)sizeof(line) ? (size_t)n : sizeof(line));

	(void)unused;
}

static bool is_overflow(int sig, const siginfo_t *info)
{
	const char *at = info->si_addr;
	struct weft__co *co;

	if ((sig != SIGSEGV && sig != SIGBUS) || info->si_code <= 0)
		return false;
	co = weft__stack_find(at);
	return co && co->guarded && at < co->stack + sysconf(_SC_PAGESIZE);
}

/*
 * Ending the recording is not what a handler may do: if the program dies with the lock of malloc
 * held, its last 2 s are spent on waiting for a collector that needs it, and it dies all the same.
 */
static void handle(int sig, siginfo_t *info, void *context)
{
	(void)context;
	signal(sig, SIG_DFL);
	if (is_overflow(sig, info))
		say_overflow(weft__stack_find(info->si_addr));
	weft__rec_abort(WEFT_EOF_SIGNAL);
	if (info->si_code <= 0)
		raise(sig); /* sent, not a fault: nothing will fault again once we return */
}

void weft__overflow_init(bool recorded)
{
	const char *wish = secure_getenv("WEFT_SIGNALS");
	struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK},
			 old;

	sigemptyset(&action.sa_mask);
	for (int i = 0; i < SIGNALS; i++) {
		taken[i] = false;
		if ((wish && strcmp(wish, "0") == 0) || (i >= OF_STACKS && !recorded))
			continue;
		if (sigaction(signals[i], NULL, &old) == 0 && !(old.sa_flags & SA_SIGINFO) &&
			old.sa_handler == SIG_DFL)
			taken[i] = sigaction(signals[i], &action, NULL) == 0;
	}
}

void weft__overflow_finish(void)
{
	struct sigaction now;

	for (int i = 0; i < SIGNALS; i++) {
		/* Unless the program has put a handler of its own there meanwhile. */
		if (taken[i] && sigaction(signals[i], NULL, &now) == 0 &&
			(now.sa_flags & SA_SIGINFO) && now.sa_sigaction == handle)
			signal(signals[i], SIG_DFL);
	}
}

void weft__altstack_set(struct weft__altstack *alt)
{
	long size = sysconf(_SC_SIGSTKSZ);
	stack_t ss = {.ss_size = size > 32768 ? (size_t)size : 32768};

	alt->mem = NULL;
	if (sigaltstack(NULL, &alt->old) < 0 || !(alt->old.ss_flags & SS_DISABLE))
		return;
	ss.ss_sp = alt->mem = malloc(ss.ss_size);
	if (alt->mem && sigaltstack(&ss, NULL) < 0) {
		free(alt->mem);
		alt->mem = NULL;
	}
}

void weft__altstack_unset(struct weft__altstack *alt)
{
	if (!alt->mem)
		return;
	sigaltstack(&alt->old, NULL);
	free(alt->mem);
}
