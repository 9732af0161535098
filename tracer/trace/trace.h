/* SPDX-License-Identifier: MIT
 *
 * A loaded trace: what the viewer, the exports and `weft info` look at.
 *
 * Columns of plain structs, immutable once loaded, freed at once. Threads, objects and messages
 * refer to each other by index into these arrays (WEFT_NO_INDEX: none), never by the file's ids.
 * All times are ns since t = 0. Strings live as long as the trace. Any thread may read a trace.
 */
#ifndef WEFT_TRACER_TRACE_H
#define WEFT_TRACER_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracer/event.h"

#define WEFT_NO_INDEX UINT32_MAX
#define WEFT_NO_TIME INT64_MIN

/* The state of a thread during a span. */
/* A stretch of a thread's life in one state. The spans of a thread tile its life, in order. */
struct weft_span {
	int64_t begin_ns, end_ns; /* begin <= end; empty ones are left out */
	uint32_t thread;
	uint32_t obj;	/* blocked on */
	int32_t worker; /* running on, or -1 */
	uint8_t state;	/* enum weft_state */
	uint8_t why;	/* enum weft_why */
};

/* One vertical line: a coroutine, a goroutine, an OS thread. Sorted by birth, then by id. */
struct weft_thread {
	uint64_t id;	  /* `co` in the file */
	const char *name; /* never NULL: a nameless one is called by its function, else "#ID" */
	const char *fn, *at; /* function and "file:line" of the spawn, or NULL */
	int64_t born_ns, died_ns; /* died: the trace's end if it never ended */
	uint32_t parent;
	uint32_t depth;	  /* 0: no parent */
	uint32_t first_span, nspans;
	uint32_t sent, received; /* messages */
	int32_t code;	  /* exit code */
	uint8_t exit_why; /* enum weft_exit_why */
	bool ended;	  /* the trace holds its exit */
	bool pre;	  /* it lived before the trace */
	bool sys;	  /* belongs to a runtime: hidden by default */
};

/* A channel, lock, timer ... Sorted by first appearance. */
struct weft_object {
	uint64_t id;
	const char *name; /* never NULL: a nameless one is "TYPE #ID" */
	const char *elem; /* C type of a channel's elements, or NULL */
	const char *at;	  /* "file:line" of its making, or NULL */
	int64_t made_ns, freed_ns; /* freed: WEFT_NO_TIME if never */
	int64_t closed_ns;	   /* WEFT_NO_TIME if never */
	uint64_t cap;
	uint32_t messages; /* sent on it */
	uint8_t type;	   /* enum weft_obj */
	bool has_cap;	   /* cap is known */
	bool merged, pre;
};

/* One value's trip, in the order of the send records. */
struct weft_message {
	uint64_t id;	  /* `msg` in the file */
	int64_t send_ns;
	int64_t recv_ns;  /* WEFT_NO_TIME: never received */
	int64_t unsend_ns; /* WEFT_NO_TIME, or when it was taken back */
	const char *value; /* as a person reads it (strings without quotes, cut at 64 bytes on a
			      character's edge, control characters replaced), or NULL: not recorded */
	uint32_t from, to; /* threads; to: WEFT_NO_INDEX if never received */
	uint32_t obj;
	uint8_t via;	   /* enum weft_via */
	bool guess;
};

/* Who made whom ready, when it was not a message that did. */
struct weft_wake {
	int64_t t_ns;
	uint32_t from, to; /* from: WEFT_NO_INDEX for a timer, I/O or the kernel */
	uint32_t obj;
	uint8_t why; /* enum weft_why */
};

/* Every record that happened at a time to a thread, in the file's order: what stepping steps over. */
struct weft_event {
	int64_t t_ns;
	uint32_t thread; /* WEFT_NO_INDEX: none */
	uint8_t kind;	 /* enum weft_ev */
};

struct weft_trace {
	const char *title;  /* never NULL: the header's title, else exe, else the file's name */
	const char *source; /* "weft", "gotrace" */
	const char *t_is;   /* gotrace: "send" or "receive", else NULL */
	const char *clock;  /* the header's word, or "" */
	uint8_t id[16];
	bool has_id;
	bool complete;	    /* it has its end (no W01, W02) */
	uint8_t eof_why;    /* enum weft_eof_why */
	uint32_t caps;	    /* bit 1 << enum weft_cap */
	int32_t workers;    /* highest worker + 1, or what the header says if that is more */
	int64_t end_ns;	    /* the last t: the duration */
	uint64_t records;   /* in the file, whatever their kind */
	uint64_t dropped;   /* records lost, by the `drop` records */

	struct weft_thread *threads;
	struct weft_object *objects;
	struct weft_message *messages;
	struct weft_span *spans;
	struct weft_wake *wakes;
	struct weft_event *events;
	uint32_t nthreads, nobjects, nmessages, nspans, nwakes, nevents;
	uint32_t nreceived; /* messages with a recv */

	/* What was wrong with the file, in one line for a person ("" if nothing): how many errors
	   and warnings, and the first finding with its line. */
	char *warning;
	uint32_t nerrors, nwarnings;

	void *arena; /* private: all the above */
};

/* Why a file could not be read. Caller owned; text is complete: "not a trace: ..." */
struct weft_trace_error {
	char text[256];
	uint64_t line; /* 0: unknown */
	int code;      /* negative errno value: -ENOENT ..., -EPROTO: not a trace that we read */
};

/*
 * Reads a trace of any known format. A file with errors loads as long as one thread in it is usable;
 * trace->warning then says what is wrong. Returns 0, or a negative errno value with `error` filled in
 * and *ret_trace untouched. `format` names the importer, or NULL to guess by content.
 */
int weft_trace_load(const char *path, const char *format, struct weft_trace **ret_trace,
	struct weft_trace_error *error);

/*
 * Who wants to know how far the reading of files is, a trace's or any other function's: told the
 * part that is read, now and then, and 1 at the end or when it is given up. What must be read twice
 * begins anew. For the whole process, NULL for nobody; not to be changed while something is read.
 */
typedef void (*weft_watch_fn)(void *arg, const char *path, double done);
void weft_trace_watch(weft_watch_fn fn, void *arg);

/* Accepts NULL. */
void weft_trace_free(struct weft_trace *trace);

/* The words of the lists in event.h; "?" out of range. */
const char *weft_ev_word(unsigned kind);
const char *weft_why_word(unsigned why);
const char *weft_obj_word(unsigned type);
const char *weft_via_word(unsigned via);
const char *weft_exit_word(unsigned why);
const char *weft_unsend_word(unsigned why);
const char *weft_eof_word(unsigned why);
const char *weft_state_word(unsigned state); /* "running", "ready", "blocked", "unknown" */

#endif
