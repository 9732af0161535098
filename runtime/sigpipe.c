/* SPDX-License-Identifier: MIT */
#include "runtime/sigpipe.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <time.h>

#include "runtime/sched.h"

static void only_pipe(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGPIPE);
}

void weft__sigpipe_block(struct weft__sigpipe *guard)
{
	sigset_t pipe, pending;

	/* All signals but faults are blocked on the threads that weft_run has made. */
	guard->main = weft__worker()->index == 0;
	guard->pending = false;
	if (!guard->main)
		return;
	only_pipe(&pipe);
	pthread_sigmask(SIG_BLOCK, &pipe, &guard->mask);
	if (sigismember(&guard->mask, SIGPIPE) && sigpending(&pending) == 0)
		guard->pending = sigismember(&pending, SIGPIPE);
}

void weft__sigpipe_unblock(struct weft__sigpipe *guard, bool raised)
{
	static const struct timespec at_once;
	sigset_t pipe;

	only_pipe(&pipe);
	if (raised && !guard->pending) {
		/* It may be ignored, and so not be there. */
		while (sigtimedwait(&pipe, NULL, &at_once) < 0 && weft__errno() == EINTR)
			;
	}
	if (guard->main)
		pthread_sigmask(SIG_SETMASK, &guard->mask, NULL);
}
