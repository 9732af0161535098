/* SPDX-License-Identifier: MIT
 *
 * The recorder: workers write binary records (tracer/event.h) into rings of their own; one
 * collector thread merges the rings by time and writes the lines of the trace file.
 *
 * The runtime calls this and append.h, and nothing else of tracer/. The hot path (append.h) takes
 * no lock, allocates nothing, formats nothing and makes no system call, save reserve when the ring
 * is full. Protocols (publication, the collector's cut-off) are written down in docs/recorder.md.
 *
 * A run has one recorder; rings are numbered as the workers are. Everything in append.h
 * is called by the worker that owns the ring.
 */
#ifndef WEFT_TRACER_RECORD_H
#define WEFT_TRACER_RECORD_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "tracer/event.h"
#include "tracer/record/hidden.h"
#include "tracer/record/race.h"

struct weft__ring; /* one worker's buffer */

/* Where a call stands in the source, as people read it. */
struct weft__rec_place {
	const char *fn;
	const char *file; /* NULL: only the function is known */
	int line;
};

/*
 * What makes places of code addresses. The recorder opens it on the thread that starts the
 * recording, if locations are wanted; all else is called by the collector alone, which must not
 * wait for a lock that a worker could hold while it records.
 */
struct weft__rec_locator {
	void *(*open)(void); /* NULL: it cannot be had, and records have no places */
	/* `pc` is where a call returns to. False: not known. Strings are valid until close. */
	bool (*find)(void *arg, uintptr_t pc, struct weft__rec_place *ret_place);
	void (*close)(void *arg);
};

struct weft__rec_config {
	int argc;
	char **argv;
	int workers;
	const char *guard; /* how stacks are guarded, for the header (`x_guard`): "guard",
			      "mprotect", "none" */
	const struct weft__rec_locator *locator; /* or NULL */
};

#ifndef WEFT_NO_TRACE
/*
 * What this run records (enum weft_events); 0: nothing. Written by start and stop only, while no
 * worker runs, and by the collector when the file can no longer be written (relaxed: a record more
 * or less is harmless).
 */
extern WEFT__HIDDEN _Atomic uint32_t weft__rec_events;

/*
 * Does it record any of these (a constant)? Two instructions where it does not: compilers would
 * load an atomic into a register first.
 */
#if defined(__x86_64__) && defined(__OPTIMIZE__) && !WEFT__RACE_DETECTOR
static inline __attribute__((always_inline)) bool weft__rec_wants(uint32_t events)
{
	__asm__ goto("testl %1, %0\n\tjnz %l2"
		     :
		     : "m"(*(const uint32_t *)&weft__rec_events), "i"(events)
		     : "cc"
		     : wanted);
	return false;
wanted:
#ifndef __clang__
	__attribute__((cold));
#endif
	return true;
}
#else
static inline bool weft__rec_wants(uint32_t events)
{
	return __builtin_expect(
		atomic_load_explicit(&weft__rec_events, memory_order_relaxed) & events, 0);
}
#endif

/* How much of a value (of a message) is to be in its record, in bytes; -1: it has none. */
extern WEFT__HIDDEN int weft__rec_value_bytes;

/*
 * Reads WEFT_TRACE (secure_getenv) and, if it names a file, opens it, writes the header and starts
 * the collector. Called with no worker running. Returns 1 if the run records, 0 if it was not
 * asked to, or could not: then one warning has been printed and the program runs on.
 * `%p` in the name becomes the pid. The second and later runs of one process write NAME.2.json ...
 */
int weft__rec_start(const struct weft__rec_config *config);

/*
 * Drains all rings, writes `eof` with this reason and closes the file. Called with no worker
 * running (they must have been joined), or by the one thread that ends the process. Prints the one
 * warning if the trace is incomplete. Harmless if the run does not record.
 */
void weft__rec_stop(enum weft_eof_why why);

/*
 * For panics, deadlocks and exit(3): as stop, but other workers may still be recording: takes what
 * is published by now and waits for the collector at most 2 s. Async-signal-unsafe.
 */
void weft__rec_abort(enum weft_eof_why why);

/*
 * In a run that keeps the newest records (WEFT_TRACE_MODE=ring): writes those to the file, or with
 * NULL to the one that WEFT_TRACE names, then to NAME.2.json and so on; that is said on stderr. Any
 * thread, but no signal handler. Waits until it is written. 0; -ENOTSUP: it is no such run; -EBUSY:
 * a write before has not ended; or what the system says.
 */
int weft__rec_dump(const char *path);

struct weft__ring *weft__rec_ring(int worker);

/* Test hook: ticks added to those of worker w are w * this. Set before start. */
extern int64_t weft__rec_test_skew;

/* In the child after fork: recording is off and nothing buffered is written twice. */
void weft__rec_forked(void);

#else /* -Dtrace=false: a constant, so that the compiler drops every site */

#define weft__rec_wants(events) 0
static inline int weft__rec_start(const struct weft__rec_config *config)
{
	(void)config;
	return 0;
}
static inline void weft__rec_stop(enum weft_eof_why why)
{
	(void)why;
}
static inline void weft__rec_abort(enum weft_eof_why why)
{
	(void)why;
}
static inline int weft__rec_dump(const char *path)
{
	(void)path;
	return -ENOTSUP;
}
static inline struct weft__ring *weft__rec_ring(int worker)
{
	(void)worker;
	return NULL;
}
static inline void weft__rec_forked(void)
{
}
#endif

static inline bool weft__rec_enabled(void)
{
	return weft__rec_wants(WEFT_EVENTS_ALL);
}

#endif
