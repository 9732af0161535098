/* SPDX-License-Identifier: MIT
 *
 * Writing to a pipe that nobody reads gives EPIPE and no SIGPIPE, without touching what the process
 * does about that signal: it goes to the thread that wrote, which blocks it meanwhile and takes it
 * back. (Sockets have MSG_NOSIGNAL for it.)
 */
#ifndef WEFT_RUNTIME_SIGPIPE_H
#define WEFT_RUNTIME_SIGPIPE_H

#include <signal.h>
#include <stdbool.h>

struct weft__sigpipe {
	sigset_t mask; /* as it was */
	bool main;     /* the thread of weft_run: the others block it for good */
	bool pending;  /* one was there before: not ours */
};

/* Both on the same thread: no wait between them. */
void weft__sigpipe_block(struct weft__sigpipe *guard);
void weft__sigpipe_unblock(struct weft__sigpipe *guard, bool raised);

#endif
