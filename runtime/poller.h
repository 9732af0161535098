/* SPDX-License-Identifier: MIT
 *
 * The poller: asks the kernel which descriptors can go on, and hands back the coroutines that wait
 * for them. One worker at a time is the one who polls; an idle one stays in there until something
 * comes. docs/scheduler.md, "The poller".
 *
 * Two backends: epoll, and poll(2) where epoll is missing (or WEFT_POLLER=poll). Nothing is set up
 * before the first descriptor is opened.
 */
#ifndef WEFT_RUNTIME_POLLER_H
#define WEFT_RUNTIME_POLLER_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/include/weft.h"

struct weft__co;
struct weft_io;

/* ---- For the scheduler ------------------------------------------------------------------------
 */

/* Somebody waits for a descriptor: then it is no deadlock. */
bool weft__poller_waiting(void);

/* Somebody waits, and the caller is now the one who polls. False: nobody waits, or another does. */
bool weft__poller_enter(void);
void weft__poller_leave(void);

/*
 * By who has entered. Waits until `until` (WEFT_NOW: not at all), an event or an interrupt. Returns
 * the coroutines that may go on, parked and linked by `next`, oldest event first, or NULL.
 */
struct weft__co *weft__poller_run(int64_t until);

/* Ends the poller's wait, or the next one. Any thread. */
void weft__poller_interrupt(void);

/*
 * Somebody waits, and nobody polls or has for a while: also a worker with other things to do asks
 * now. weft__poller_note: it did.
 */
bool weft__poller_overdue(int64_t now);
void weft__poller_note(int64_t now);

/* Nobody has polled for WEFT__STANDBY_NS: vacant, nobody does; or quiet, one sleeps in there. */
#define WEFT__STANDBY_NS (10 * WEFT_MS)
bool weft__poller_vacant(int64_t now);
bool weft__poller_quiet(int64_t now);

/* Somebody waits, and nobody polls just now. Somebody waits, or did not long ago. */
bool weft__poller_unattended(void);
bool weft__poller_used(int64_t now);

/* The end of a run: one thread is left. */
void weft__poller_finish(void);

/* ---- For handles ------------------------------------------------------------------------------
 */

/* From now on events of this descriptor come. 0, -EPERM: it cannot be polled, or what the system
 * says. */
int weft__poller_add(struct weft_io *io);
/* Before the descriptor is closed: no wait that begins later tells of this handle. */
void weft__poller_remove(struct weft_io *io);

/* One more, one less waits. `watch`, with no lock held, before it parks: for what (a bit). */
void weft__poller_wait_begins(struct weft_io *io, unsigned for_what);
void weft__poller_wait_ends(void);

/* Frees the handle, as soon as nobody can be looking at an event of it any more. */
void weft__poller_free(struct weft_io *io);

/* ---- For the backends -------------------------------------------------------------------------
 */

/* Behind the system call that gave events, before these are looked at. */
void weft__poller_acquire(void);

/* Coroutines that were taken out of their queues, in order. */
struct weft__found {
	struct weft__co *first, **last;
};

struct weft__poller_ops {
	int (*start)(void); /* 0, or why this backend is not to be had */
	void (*stop)(void);
	int (*add)(struct weft_io *io);
	void (*remove)(struct weft_io *io);
	void (*want)(struct weft_io *io, unsigned for_what); /* or NULL: events come unasked */
	void (*wait)(int64_t until, struct weft__found *found);
	void (*interrupt)(void);
};

extern const struct weft__poller_ops weft__poller_epoll, weft__poller_poll;

#endif
