/* SPDX-License-Identifier: MIT
 *
 * What both backends have in common: who polls, how many wait, and when a handle may be freed.
 */
#include "runtime/poller.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/include/weft.h"
#include "runtime/io.h"
#include "runtime/lock.h"
#include "runtime/panic.h"
#include "runtime/sanitize.h"
#include "runtime/sched.h"

#define OVERDUE_NS (50 * WEFT_US)
#define DEAD_MOST 256 /* handles that wait to be freed while somebody sleeps in the poller */

enum { NOT_STARTED, STARTING, STARTED };

static struct {
	atomic_int state;		    /* release STARTED, acquired by everybody else */
	const struct weft__poller_ops *ops; /* written by who starts it */

	/*
	 * Both seq_cst, and stored by read-modify-writes: who could not enter, because another had,
	 * may sleep; and that other one sees, when it has left and would enter again, that somebody
	 * waits.
	 */
	_Atomic int64_t waiting;
	atomic_bool entered;

	_Atomic int64_t last; /* a hint, relaxed */

	/*
	 * Handles so far. Added to (release) before the kernel learns of one, read (acquire) behind
	 * its events: what a handle was when it was made is seen by whoever gets an event of it.
	 */
	atomic_uint added;

	struct weft__lock dead_lock; /* of these two; only coroutines and workers take it */
	struct weft_io *dead;
	int ndead;
} poller;

/* ---- Starting ---------------------------------------------------------------------------------
 */

static int start(void)
{
	const char *wanted = secure_getenv("WEFT_POLLER");
	bool only_poll = wanted && strcmp(wanted, "poll") == 0;

	if (wanted && *wanted && !only_poll && strcmp(wanted, "epoll") != 0)
		weft__warn("WEFT_POLLER=%s is neither epoll nor poll: using epoll", wanted);
	poller.ops = &weft__poller_epoll;
	if (!only_poll) {
		int r = poller.ops->start();

		/* Missing, or forbidden by a filter. Not because a descriptor is missing just now.
		 */
		if (r != -ENOSYS && r != -EPERM)
			return r;
	}
	poller.ops = &weft__poller_poll;
	return poller.ops->start();
}

/* By coroutines. Another one may just be at it, on another worker: a few system calls. */
static int be_started(void)
{
	for (;;) {
		int state = NOT_STARTED, r;

		if (atomic_load_explicit(&poller.state, memory_order_acquire) == STARTED)
			return 0;
		if (!atomic_compare_exchange_strong_explicit(&poller.state, &state, STARTING,
			    memory_order_acq_rel, memory_order_acquire)) {
			if (state == STARTING)
				sched_yield();
			continue;
		}
		r = start();
		atomic_store_explicit(
			&poller.state, r < 0 ? NOT_STARTED : STARTED, memory_order_release);
		return r;
	}
}

/* ---- Who polls --------------------------------------------------------------------------------
 */

WEFT__NO_TSAN bool weft__poller_waiting(void)
{
	return atomic_load_explicit(&poller.waiting, memory_order_seq_cst) != 0;
}

bool weft__poller_enter(void)
{
	return atomic_load_explicit(&poller.waiting, memory_order_seq_cst) != 0 &&
	       !atomic_exchange_explicit(&poller.entered, true, memory_order_seq_cst);
}

void weft__poller_leave(void)
{
	atomic_exchange_explicit(&poller.entered, false, memory_order_seq_cst);
	weft__standby_call(); /* it may have taken us for one who sleeps in here */
}

static void free_dead(void)
{
	struct weft_io *io;

	weft__lock(&poller.dead_lock);
	io = poller.dead;
	poller.dead = NULL;
	poller.ndead = 0;
	weft__unlock(&poller.dead_lock);
	while (io) {
		struct weft_io *next = io->next;

		free(io);
		io = next;
	}
}

struct weft__co *weft__poller_run(int64_t until)
{
	struct weft__found found = {.last = &found.first};

	/* They were removed before they got here: what we wait for from now on knows them not. */
	free_dead();
	poller.ops->wait(until, &found);
	return found.first;
}

void weft__poller_interrupt(void)
{
	if (atomic_load_explicit(&poller.state, memory_order_acquire) == STARTED)
		poller.ops->interrupt();
}

WEFT__NO_TSAN bool weft__poller_overdue(int64_t now)
{
	return atomic_load_explicit(&poller.waiting, memory_order_relaxed) != 0 &&
	       !atomic_load_explicit(&poller.entered, memory_order_relaxed) &&
	       now - atomic_load_explicit(&poller.last, memory_order_relaxed) >= OVERDUE_NS;
}

static WEFT__NO_TSAN bool unchanged(int64_t now)
{
	return now - atomic_load_explicit(&poller.last, memory_order_relaxed) >= WEFT__STANDBY_NS;
}

WEFT__NO_TSAN bool weft__poller_vacant(int64_t now)
{
	return weft__poller_waiting() &&
	       !atomic_load_explicit(&poller.entered, memory_order_seq_cst) && unchanged(now);
}

WEFT__NO_TSAN bool weft__poller_unattended(void)
{
	return weft__poller_waiting() &&
	       !atomic_load_explicit(&poller.entered, memory_order_seq_cst);
}

WEFT__NO_TSAN bool weft__poller_used(int64_t now)
{
	return weft__poller_waiting() || !unchanged(now);
}

WEFT__NO_TSAN bool weft__poller_quiet(int64_t now)
{
	return atomic_load_explicit(&poller.entered, memory_order_seq_cst) && unchanged(now);
}

void weft__poller_note(int64_t now)
{
	atomic_store_explicit(&poller.last, now, memory_order_relaxed);
}

void weft__poller_finish(void)
{
	if (atomic_load_explicit(&poller.state, memory_order_acquire) != STARTED)
		return;
	free_dead();
	poller.ops->stop();
	atomic_store_explicit(&poller.waiting, 0, memory_order_relaxed);
	atomic_store_explicit(&poller.entered, false, memory_order_relaxed);
	atomic_store_explicit(&poller.state, NOT_STARTED, memory_order_release);
}

/* ---- Handles ----------------------------------------------------------------------------------
 */

int weft__poller_add(struct weft_io *io)
{
	int r = be_started();

	if (r < 0)
		return r;
	atomic_fetch_add_explicit(&poller.added, 1, memory_order_release);
	return poller.ops->add(io);
}

void weft__poller_acquire(void)
{
	(void)atomic_load_explicit(&poller.added, memory_order_acquire);
}

void weft__poller_remove(struct weft_io *io)
{
	poller.ops->remove(io);
}

void weft__poller_wait_begins(struct weft_io *io, unsigned for_what)
{
	atomic_fetch_add_explicit(&poller.waiting, 1, memory_order_seq_cst);
	if (poller.ops->want)
		poller.ops->want(io, for_what);
}

void weft__poller_wait_ends(void)
{
	atomic_fetch_sub_explicit(&poller.waiting, 1, memory_order_seq_cst);
}

void weft__poller_free(struct weft_io *io)
{
	bool many;

	/*
	 * Nobody polls: nobody holds an event of it. Who begins later gets none, since the kernel,
	 * or the list of poll(2), no longer knew of it by then: see weft__poller_remove. So there is
	 * no need to enter, which would keep out who comes to poll just now.
	 */
	if (!atomic_load_explicit(&poller.entered, memory_order_seq_cst)) {
		free(io);
		return;
	}
	/* Else whoever polls next, or its next round, frees it. */
	weft__lock(&poller.dead_lock);
	io->next = poller.dead;
	poller.dead = io;
	many = ++poller.ndead == DEAD_MOST;
	weft__unlock(&poller.dead_lock);
	if (many)
		weft__poller_interrupt();
}
