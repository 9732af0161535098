/* SPDX-License-Identifier: MIT
 *
 * What channels and select share: the channel, the queues of those who wait, and the steps that
 * a send and a receive are made of.
 */
#ifndef WEFT_RUNTIME_CHAN_H
#define WEFT_RUNTIME_CHAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/lock.h"
#include "runtime/timer.h"
#include "runtime/waitq.h"
#include "runtime/include/weft.h"

struct weft__worker;

/* What a buffered value's message was: kept only while the run records. */
struct weft__chan_note {
	uint64_t msg, from;
};

/*
 * A channel. Everything is under `lock`, but for elem, cap, id and the place of its making, which
 * do not change. With one worker there is no lock and one thread.
 *
 * What a message without a buffer touches is one cache line: where there are many channels, none is
 * in the cache any more when its turn comes.
 */
struct weft_chan {
	_Alignas(64) struct weft__lock lock;
	uint32_t refs; /* references, and one for each waiter that keeps it */
	bool closed;
	uint32_t elem_size;
	struct weft__waitq receivers, senders; /* one of them is empty */
	size_t cap, count, first; /* the buffer is a ring: count values from first on */

	char *buf;		       /* cap * elem_size bytes, or NULL */
	struct weft__chan_note *notes; /* cap of them, or NULL */
	const struct weft_elem *elem;
	int64_t last_t; /* stamp of the last record about it */
	uint64_t last_msg;
	uint64_t id;

	struct weft_chan *prev, *next; /* all channels of the run; under chan.c's list lock */
	struct weft__ticker *ticker; /* the time comes on it, or NULL (ticker.c); does not change */
	const char *at_file;
	int at_line;
	char name[48]; /* "" until it is given one */
};

/* What the channel did for a sender or receiver that did not have to wait. */
enum weft__chan_step {
	WEFT__STEP_DONE,
	WEFT__STEP_WAIT,   /* nobody to meet and no room */
	WEFT__STEP_CLOSED, /* receive: closed and drained; send: closed */
};

/*
 * The channel is locked by the caller, and room for the records is reserved. On DONE, *ret_wake is
 * the coroutine to make ready once no lock is held, or NULL. `case_index` -1: not in a select.
 */
enum weft__chan_step weft__chan_send_step(struct weft__worker *w, struct weft_chan *chan,
	struct weft__co *self, const void *value, int case_index, struct weft__co **ret_wake);
enum weft__chan_step weft__chan_recv_step(struct weft__worker *w, struct weft_chan *chan,
	struct weft__co *self, void *ret_value, int case_index, struct weft__co **ret_wake);
#define WEFT__STEP_UNITS (2 * WEFT__TRACE_SEND_UNITS + 2 * WEFT__TRACE_WAKE_UNITS)

/* As weft_chan_make, for the library itself. */
struct weft_chan *weft__chan_make(const struct weft_elem *elem, size_t capacity, const char *at_fn,
	const char *at_file, int at_line);

/* As weft_close and weft_unref, also on the scheduler's stack: `by` is then NULL. Not NULL: chan.
 */
void weft__chan_close(struct weft_chan *chan, struct weft__co *by);
void weft__chan_unref(struct weft_chan *chan, struct weft__co *by);

/* How people know it: its name, or the line of its making. */
void weft__chan_describe(const struct weft_chan *chan, char *text, size_t size);

/* Locked: what was buffered first is lost, by self. */
void weft__chan_drop(struct weft_chan *chan, struct weft__co *self);

/* The memory of a channel that nobody has. */
void weft__chan_free(struct weft_chan *chan);

/* Calls fn for each channel of the run, under the lock of their list. fn may lock the channel. */
void weft__chans_walk(void (*fn)(struct weft_chan *chan, void *arg), void *arg);

/* Set up and torn down once a run. */
void weft__chans_finish(void);

#endif
