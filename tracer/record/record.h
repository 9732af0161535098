/* SPDX-License-Identifier: MIT
 *
 * The recorder: workers write binary records (tracer/event.h) into rings of their own; one
 * collector thread merges the rings by time and writes the lines of the trace file.
 *
 * The runtime calls this and nothing else of tracer/. The hot path (reserve, begin, end) takes no
 * lock, allocates nothing, formats nothing and makes no system call, save reserve when the ring is
 * full. Protocols (publication, the collector's cut-off) are written down in docs/recorder.md.
 *
 * A run has one recorder; rings are numbered as the workers are. Everything but start, stop and
 * panic_flush is called by the worker that owns the ring.
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

/*
 * Makes sure that the next `units` units fit: call it before taking a lock, with the sum of all
 * records that the operation can write. When the ring is full it wakes the collector and waits,
 * holding nothing, as long as the collector advances. After it, begin never waits. In the mode that
 * drops records neither waits.
 *
 * It also begins a moment: the first record behind it reads the ticks, and those that follow it
 * bear the same stamp, unless an object asks for a later one.
 */
void weft__rec_reserve(struct weft__ring *ring, unsigned units);

/*
 * Opens a record of `units` units: marks the ring open, stamps
 *     t = max(ticks, the ring's last t, *last + 1, the collector's cut-off),
 * stores t in *last (the stamp of the object or coroutine acted on, under the lock that guards it;
 * may be NULL) and fills in t, kind, units; all else is zero (n too). `last2` as `last`, for what
 * acts on an object and on another coroutine.
 */
struct weft_rec *weft__rec_begin(
	struct weft__ring *ring, enum weft_ev kind, unsigned units, int64_t *last, int64_t *last2);

/* Publishes the record opened last and closes the ring again. */
void weft__rec_end(struct weft__ring *ring, struct weft_rec *rec);

/*
 * The next message number of this worker: the least one above both the ring's last and *last that
 * is congruent to the worker's number modulo 2^k; stores it in *last. Under the channel's lock.
 */
uint64_t weft__rec_msg(struct weft__ring *ring, uint64_t *last);

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
static inline void weft__rec_reserve(struct weft__ring *ring, unsigned units)
{
	(void)ring;
	(void)units;
}
static inline struct weft_rec *weft__rec_begin(
	struct weft__ring *ring, enum weft_ev kind, unsigned units, int64_t *last, int64_t *last2)
{
	(void)ring;
	(void)kind;
	(void)units;
	(void)last;
	(void)last2;
	abort(); /* never called: it stands behind weft__rec_enabled */
}
static inline void weft__rec_end(struct weft__ring *ring, struct weft_rec *rec)
{
	(void)ring;
	(void)rec;
}
static inline uint64_t weft__rec_msg(struct weft__ring *ring, uint64_t *last)
{
	(void)ring;
	return *last;
}
static inline void weft__rec_forked(void)
{
}
#endif

static inline bool weft__rec_enabled(void)
{
	return weft__rec_wants(WEFT_EVENTS_ALL);
}

/* The tail of a record of two or more units, and the payload behind it. */
static inline struct weft_rec_tail *weft__rec_tail(struct weft_rec *rec)
{
	return (struct weft_rec_tail *)(rec + 1);
}
static inline char *weft__rec_payload(struct weft_rec *rec)
{
	return (char *)(rec + 2);
}

#endif
