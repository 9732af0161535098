/* SPDX-License-Identifier: MIT
 *
 * A handle: a descriptor that coroutines wait for by parking. docs/scheduler.md, "The poller", has
 * the protocol between those who wait and the events.
 */
#ifndef WEFT_RUNTIME_IO_H
#define WEFT_RUNTIME_IO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/include/weft.h"
#include "runtime/lock.h"
#include "runtime/waitq.h"

struct weft__found;

enum weft__io_dir { WEFT__IO_IN, WEFT__IO_OUT };

/* What a poller tells of a handle: bits. */
enum weft__io_event {
	WEFT__IO_CAN_IN = 1 << WEFT__IO_IN,
	WEFT__IO_CAN_OUT = 1 << WEFT__IO_OUT,
	WEFT__IO_ODD = 4, /* its end, an error, urgent data: no short cuts from now on */
};

enum weft__io_kind { WEFT__IO_OTHER, WEFT__IO_PIPE, WEFT__IO_SOCKET, WEFT__IO_TCP };

/* One direction of a handle; under its lock. */
struct weft__io_side {
	struct weft__waitq waiters;
	uint32_t edges; /* events so far: who has seen the same number before its system call may
			   wait */
	bool dry;	/* known to have nothing: wait without asking */
	uint8_t streak; /* calls that did not have to wait, one after the other */
};

struct weft_io {
	struct weft__lock lock;
	int fd;		/* constant */
	uint8_t kind;	/* enum weft__io_kind; constant */
	bool restore;	/* constant: O_NONBLOCK was not set when we got it */
	bool odd;	/* under the lock from here on */
	bool closed;	/* no more calls; the descriptor goes with the last that is under way */
	bool gone;	/* the descriptor has */
	uint32_t refs;	/* references, and calls under way */
	uint32_t users; /* calls under way that are not parked: they may use the descriptor */
	struct weft__io_side side[2];
	uint64_t id;
	int64_t last_t;
	struct weft_io *next,
		**link; /* all handles of the run (io.c); later those to be freed (poller.c) */

	/* Of the poll(2) backend, under its lock. */
	struct weft_io *want_next, **want_link;
	uint8_t wants; /* bits: somebody waits for that */
};

/*
 * A handle for `fd`, which is non-blocking and its own from now on if that succeeds: 0, -ENOMEM,
 * -EPERM, -ENOSPC ...
 */
int weft__io_new(int fd, enum weft__io_kind kind, struct weft_io **ret_io);

/*
 * Does what `step` does: -EAGAIN from it means "not now, wait for this direction"; 0 and more, and
 * any other negative errno value, is the result. `most` > 0: of a TCP socket, less than that many
 * bytes mean that it is empty now.
 */
typedef ssize_t weft__io_step(int fd, void *arg);
ssize_t weft__io_call(struct weft_io *io, enum weft__io_dir dir, weft__io_step *step, void *arg,
	size_t most, int64_t until, const char *what);

/* The end of a run: all handles that are left. */
void weft__ios_finish(void);

/*
 * Something may go on: the first who waits for it is taken out of its queue, and into `found`. By
 * whoever polls; it may be a false alarm.
 */
void weft__io_event(struct weft_io *io, unsigned events, struct weft__found *found);

#endif
