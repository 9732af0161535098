/* SPDX-License-Identifier: MIT
 *
 * What `weft info` says about a trace: where the time of each thread went, what each channel and
 * lock was used for, who waited for whom, and who was left waiting at the end.
 *
 * It is counted in one pass over the records of a file, which are not kept: memory goes with the
 * threads, the objects, the pairs that met and the messages on their way, not with the length of
 * the trace. Times are ns since the trace's t = 0. Strings live as long as the statistics.
 */
#ifndef WEFT_TRACER_STATS_H
#define WEFT_TRACER_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "tracer/stats/histogram.h"
#include "tracer/stats/levels.h"
#include "tracer/stats/pairs.h"
#include "tracer/trace/trace.h"

/*
 * Which part of a trace is counted. Lists end with NULL and hold patterns of fnmatch(3) for names,
 * or "#ID"; an empty list (NULL) chooses all. Names are those that the whole trace gives last.
 *
 * - The range is from_ns <= t < to_ns. A stretch of time (running, ready, a wait, a lock held) is
 *   clipped to it. What happens at an instant counts if the instant is in it: a message is sent at
 *   its send; its time in the queue counts whole, at its receive; the latency of a start counts
 *   whole, at its run. Who is left at the end is who is left at to_ns.
 * - Threads: only their times, waits and starts, and the messages that one of them sent or
 *   received; and of the objects only those that one of them used.
 * - Channels (and locks, and all objects): only messages on them and waits for them; running and
 *   ready time and starts belong to no channel and are counted as ever.
 */
struct weft_stats_filter {
	int64_t from_ns, to_ns; /* 0 and INT64_MAX: all of it */
	const char *const *threads, *const *channels;
};

/* Time blocked for one reason. */
struct weft_reason {
	int64_t ns;
	uint32_t waits;
	uint32_t next; /* the same thread's next, or WEFT_NO_INDEX */
	uint8_t why;   /* enum weft_why */
};

/* What a select waits for. */
struct weft_stats_case {
	uint32_t obj;
	bool send;
};

/* In the order of first appearance, as everything that is an index here. */
struct weft_thread_stats {
	uint64_t id;
	const char *name;    /* never NULL */
	const char *fn, *at; /* function and "file:line" of the spawn, or NULL */
	int64_t born_ns;
	int64_t died_ns; /* WEFT_NO_TIME if it did not end in the range */
	uint32_t parent;

	/* They add up to the part of its life that is in the range (unless channels are chosen). */
	int64_t running_ns, ready_ns, blocked_ns, unknown_ns;
	uint32_t first_reason;	 /* in `reasons`, or WEFT_NO_INDEX */
	int64_t longest_ns;	 /* the longest single wait */
	int64_t latest_ns;	 /* the longest from ready to run */
	uint64_t waits, starts;	 /* times it was blocked; times it went from ready to run */
	uint64_t sent, received; /* messages */

	/* Where it stands at the end of the range, if it has not ended. */
	int64_t since_ns;
	const char *where;	       /* "file:line" of what it waits for, or NULL */
	struct weft_stats_case *cases; /* why is select */
	uint32_t ncases, room_cases;
	uint32_t obj;	    /* that it waits for */
	uint32_t of;	    /* why is join: the thread */
	uint8_t state, why; /* enum weft_state, enum weft_why */

	uint8_t exit_why; /* enum weft_exit_why */
	bool ended;	  /* in the range */
	bool pre;	  /* it lived before the trace */
	bool sys;	  /* belongs to a runtime: in no sum */
	bool chosen;	  /* by the filter */
	bool ambiguous;	  /* another one has the same name */
};

/* Waits on one side of a channel; a lock has only the first. */
enum weft_side { WEFT_SIDE_RECV, WEFT_SIDE_SEND, WEFT_SIDE_COUNT };
struct weft_side_stats {
	uint64_t waits;
	int64_t total_ns, max_ns;
};

struct weft_object_stats {
	uint64_t id;
	const char *name;      /* never NULL */
	const char *elem, *at; /* C type; "file:line" of its making; or NULL */
	int64_t made_ns;
	int64_t freed_ns, closed_ns; /* WEFT_NO_TIME if not in the range */
	uint64_t cap;

	uint64_t sent, received, withdrawn;
	uint64_t pending;		     /* sent, and neither at the end of the range */
	int64_t first_send_ns, last_recv_ns; /* WEFT_NO_TIME: none */
	struct weft_histogram queue;	     /* from send to receive */
	uint64_t fullest;		     /* the most items in its buffer */
	struct weft_side_stats sides[WEFT_SIDE_COUNT];

	uint64_t acquired;
	struct weft_histogram held; /* from acquire to release */
	int64_t held_ns;	    /* in sum, in the range, by all holders */
	uint32_t holder;	    /* who has it alone at the end, or WEFT_NO_INDEX */

	uint64_t on_way; /* while counting: messages sent and not received yet */
	uint8_t type;	 /* enum weft_obj */
	bool has_cap, chosen, ambiguous;
};

/* One wait, clipped to the range. */
struct weft_wait {
	int64_t begin_ns, end_ns;
	uint32_t thread;
	uint32_t waker;	   /* who ended it, or WEFT_NO_INDEX: nobody yet, a timer, the kernel */
	uint32_t obj;	   /* WEFT_NO_INDEX: none. Of a select, the one that ended it */
	const char *where; /* "file:line", or NULL */
	uint8_t why;	   /* enum weft_why */
	bool open;	   /* it was still waiting at the end */
};

/* One message that was received. */
struct weft_trip {
	uint64_t msg;
	int64_t send_ns, recv_ns;
	uint32_t from, to, obj;
	const char *value; /* as a person reads it, or NULL */
};

/* Messages on one channel that nobody has received, by its first. */
struct weft_lost {
	uint32_t obj;
	uint64_t count;
	uint64_t msg;
	int64_t send_ns;
	uint32_t from;
	const char *value;
};

/* A lock that somebody has at the end. */
struct weft_held {
	uint32_t obj, thread;
	int64_t since_ns;
};

/* Threads that wait in a circle, each for a lock that the next one has, or for its end. */
struct weft_cycle {
	uint32_t *threads;
	uint32_t count;
};

struct weft_stats {
	const char *title, *source, *clock; /* as in struct weft_trace */
	bool complete;			    /* the file has its end */
	uint8_t eof_why;		    /* enum weft_eof_why */
	uint32_t caps;			    /* bit 1 << enum weft_cap */
	int32_t workers;
	uint64_t records, dropped;
	uint32_t nerrors, nwarnings;
	char *warning;		/* what was wrong with the file, in one line; "" if nothing */
	int64_t length_ns;	/* of the trace */
	int64_t from_ns, to_ns; /* the range, within the trace */

	struct weft_thread_stats *threads;
	struct weft_object_stats *objects;
	struct weft_reason *reasons;
	struct weft_wait *waits; /* the longest, in order */
	struct weft_trip *trips; /* those longest on their way, in order */
	struct weft_lost *lost;	 /* by channel, the first sent first */
	struct weft_held *held;	 /* the longest first */
	struct weft_cycle *cycles;
	uint32_t *left; /* threads (not sys) that have not ended, who waits longest first */
	struct weft_pairs pairs;
	uint32_t nthreads, nobjects, nwaits, ntrips, nlost, nheld, ncycles, nleft;

	/* All chosen threads but those of a runtime; all chosen objects. */
	uint32_t nchosen, nchannels, nlocks;
	int64_t running_ns, ready_ns, blocked_ns, unknown_ns;
	int64_t why_ns[WEFT_WHY_COUNT];
	uint64_t sent, received, withdrawn, pending;
	struct weft_histogram queue;   /* from send to receive */
	struct weft_histogram latency; /* from ready to run */
	uint32_t latest;	       /* the thread with the longest of these, or WEFT_NO_INDEX */
	int64_t latest_ns;	       /* when it ran at last */
	struct weft_levels levels;

	/* The filter's patterns match nobody's name in the whole trace. */
	bool no_thread_matches, no_channel_matches;

	void *arena; /* private: strings */
};

/*
 * Reads and counts a file; keeps the `longest` longest waits and messages. Sleeping is a wait.
 * `format` is as in weft_trace_load. A file with errors counts as long as one thread in it is
 * usable. Returns 0, or a negative errno value with `error` filled in. A filter by names reads the
 * file twice.
 */
int weft_stats_read(const char *path, const char *format, const struct weft_stats_filter *filter,
	uint32_t longest, struct weft_stats **ret_stats, struct weft_trace_error *error);

/* Accepts NULL. */
void weft_stats_free(struct weft_stats *stats);

/* Whether it is taken and given back: mutex, rwlock, semaphore, once. */
bool weft_obj_is_lock(unsigned type);

/* Messages received a second, from a channel's first send to its last receive; 0: none to say. */
double weft_stats_rate(const struct weft_object_stats *object);

#endif
