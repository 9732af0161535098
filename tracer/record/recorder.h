/* SPDX-License-Identifier: MIT
 *
 * What the parts of the recorder share: the one recorder of the process. start and stop (record.c)
 * make and end it, workers (ring.c) wake the collector and watch its progress, everything else is
 * the collector's (collector.c).
 */
#ifndef WEFT_TRACER_RECORD_RECORDER_H
#define WEFT_TRACER_RECORD_RECORDER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "tracer/event.h"
#include "tracer/record/flight.h"
#include "tracer/record/line.h"
#include "tracer/record/record.h"
#include "tracer/record/ring.h"
#include "tracer/record/target.h"
#include "tracer/record/wishes.h"
#include "tracer/record/writer.h"

#define WEFT__REC_FLUSH_MS 100 /* what _exit and SIGKILL may cost */
#define WEFT__REC_STALL_MS                                                     \
	5000 /* so long nothing is written before nobody waits for it any more \
	      */
#define WEFT__REC_ABORT_MS 2000

struct weft__recorder {
	_Alignas(WEFT__RING_LINE) _Atomic uint32_t kick; /* the collector sleeps on it while 0 */
	_Atomic uint32_t go; /* 1: the header is written, time has begun (release; acquired by the
				collector) */
	_Atomic uint32_t progress; /* grows with each step of the collector; relaxed */
	_Atomic uint32_t
		request;       /* 1 + enum weft_eof_why: end the file with it; release, acquire */
	_Atomic uint32_t dump; /* 0; 1: asked for; 2: done. Release, acquire, both ways */
	char *dump_path;       /* or NULL; ours, written before 1 */
	int dump_result;       /* written before 2 */
	_Atomic uint32_t done; /* the collector has left: release; who waits acquires */
	atomic_int error;      /* the first -errno that ended the recording; set once */
	atomic_bool live;      /* between start and stop */
	atomic_bool warned;    /* the one line about this trace is out */
	atomic_bool reaped;    /* somebody has taken the thread's end upon him */
	bool lost;	       /* a collector was left behind, stuck in a write: no more runs */

	struct weft__ring **rings;
	int workers;
	bool strong;
	struct weft__wishes wishes;
	struct weft__rec_config config;
	pthread_t thread;
	struct weft__writer out;
	struct weft__lines lines;
	char *path;

	/* With WEFT__MODE_RING; the collector's. */
	struct weft__flight flight;
	struct weft__target target; /* of the first file; its fd is -1 once that is written */
};

extern struct weft__recorder weft__rec;

/* Test hook: as on a kernel without membarrier. Set before start. */
extern bool weft__rec_test_strong;

/* Wakes the collector, unless it has been already. */
void weft__rec_kick(void);

/* Ends the recording for this reason (the first one counts) and releases all who wait. */
void weft__rec_fail(int error);

/* The name of the next file of this process; the caller frees it. NULL when memory is out. */
char *weft__rec_next_path(void);

/*
 * Writes what the flight recorder has, up to ns since t = 0, to this file, or to the next one
 * (NULL), which is then said on stderr. 0 or -errno. By the collector.
 */
int weft__flight_write(
	struct weft__recorder *rec, const char *path, int64_t ns, enum weft_eof_why why);

/* The thread; its argument is the recorder. */
void *weft__rec_collect(void *arg);

#endif
