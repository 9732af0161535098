/* SPDX-License-Identifier: MIT
 *
 * A snapshot: what all coroutines and channels are doing, copied while the workers stand still, so
 * that they may go on before it is printed. Dumps, the deadlock report and the search for leaks are
 * made from it.
 */
#ifndef WEFT_RUNTIME_SNAP_H
#define WEFT_RUNTIME_SNAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/chan.h"
#include "runtime/co.h"
#include "runtime/sync.h"
#include "runtime/unwind.h"

struct weft__worker;

struct weft__snap_co {
	uint64_t id;
	enum weft__co_state state;
	int worker;	  /* RUNNING: on which; else -1 */
	int pinned;	  /* to which worker, or -1 */
	uint8_t why;	  /* PARKED: enum weft_why, and */
	bool out;	  /* for I/O: to write to, not to read from, */
	int fd;		  /* which descriptor; */
	uint64_t of;	  /* whom it joins */
	const void *sync; /* the mutex or the like, or NULL, and its name */
	char sync_name[WEFT__SYNC_NAME_MAX];
	int64_t until; /* 0: no deadline */
	bool scoped;   /* its wait ends with its scope */
	int64_t since;
	const char *fn_name, *at_fn, *at_file;
	int at_line;
	char name[WEFT__NAME_MAX];
	size_t frame; /* the first of nframes in the snapshot's frames */
	int nframes;
	size_t wait, nwaits; /* its part of the snapshot's waits, once they are sorted */
	bool lost;	     /* can never be woken: see leak.h */
};

struct weft__snap_chan {
	uint64_t id;
	char name[WEFT__NAME_MAX];
	const char *elem, *at_file;
	int at_line;
	size_t cap, count;
	bool closed;
	bool timed; /* the time will come on it */
	uint64_t refs;
	size_t senders, receivers; /* waiting */
};

/* One waiter in a channel's queue. */
struct weft__snap_wait {
	uint64_t co;
	size_t chan; /* index */
	bool send;
};

struct weft__snap {
	struct weft__snap_co *cos; /* by id */
	size_t ncos, cos_room;
	uintptr_t *frames;
	size_t nframes, frames_room;
	struct weft__snap_chan *chans; /* the newest first */
	size_t nchans;
	struct weft__snap_wait *waits; /* by coroutine */
	size_t nwaits;
	struct weft__modules modules;
	int64_t now;
	int nworkers;
	bool quiet;	      /* no worker computed meanwhile */
	bool no_chans;	      /* the one worker computes, and what it may use was not touched */
	bool short_of_memory; /* some are missing */
};

/*
 * All workers must stand still, but for those that compute. `self` and `here`: the coroutine that
 * calls, and its registers, or NULL. `quiet`: nobody computes. Allocates; free it in any case.
 */
void weft__snap_take(struct weft__snap *snap, const struct weft__co *self,
	const struct weft__regs *here, bool quiet);
void weft__snap_free(struct weft__snap *snap);

/* NULL: there is none of this number. */
struct weft__snap_co *weft__snap_find(const struct weft__snap *snap, uint64_t id);

#endif
