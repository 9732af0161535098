/* SPDX-License-Identifier: MIT
 *
 * The counting in progress. gather.c takes the records and knows who takes part; life.c counts
 * states, traffic.c messages, locks.c what is held, ending.c what is left. Nobody else includes
 * this.
 */
#ifndef WEFT_TRACER_STATS_GATHER_H
#define WEFT_TRACER_STATS_GATHER_H

#include "tracer/stats/ids.h"
#include "tracer/stats/kept.h"
#include "tracer/stats/longest.h"
#include "tracer/stats/slots.h"
#include "tracer/stats/stats.h"
#include "tracer/trace/arena.h"
#include "tracer/trace/record.h"

/* Who is chosen, by id; NULL: all are. */
struct weft_chosen {
	const struct weft_set *threads, *objects;
};

/* A message on its way. */
struct weft_flight {
	uint32_t next; /* of the free slots */
	uint32_t from, obj;
	bool used;
	bool counted; /* as sent */
	uint64_t msg;
	int64_t send_ns;
	struct weft_kept value;
};

/* A lock in somebody's hands. */
struct weft_hold {
	uint32_t next; /* of the free slots */
	uint32_t obj, thread;
	uint32_t count; /* times; 0: the slot is free */
	int64_t since_ns;
};

struct weft_gather {
	struct weft_stats *stats;
	struct weft_chosen chosen;
	int64_t from_ns, to_ns;
	int64_t t;   /* now; does not go back */
	int64_t end; /* the last t of the file */
	bool over;   /* to_ns is reached: only names change any more */
	bool failed; /* out of memory */
	bool sched;  /* the trace says who runs */

	struct weft_arena *arena;
	struct weft_ids thread_of, object_of, loc_of, stack_of;
	const char **locs;
	uint32_t *stacks; /* the location of each one's innermost frame */
	size_t nlocs, room_locs, room_threads, room_objects, nreasons, room_reasons, nstacks,
		room_stacks;

	struct weft_map flight_of; /* by msg */
	struct weft_flight *flights;
	struct weft_slots flight_slots;

	struct weft_map hold_of; /* by object << 32 | thread */
	struct weft_hold *holds;
	struct weft_slots hold_slots;

	struct weft_longest waits, trips;
};

/* Prepares the counting. Returns 0 or -ENOMEM; weft_gather_finish frees in any case. */
int weft_gather_init(struct weft_gather *gather, const struct weft_stats_filter *filter,
	const struct weft_chosen *chosen, uint32_t longest);
void weft_gather_finish(struct weft_gather *gather);

/* For struct weft_consumer. */
int weft_gather_header(void *arg, const struct weft_header *header);
int weft_gather_record(void *arg, const struct weft_record *rec);

/* Ends the trace: what is open is counted, everybody has a name. Returns 0 or -ENOMEM. */
int weft_gather_end(struct weft_gather *gather, const char *path);

/* ---- Among the files of the gatherer --------------------------------------------------------- */

/* By its id; one that was never introduced comes into being. WEFT_NO_INDEX for 0 and out of memory.
 */
uint32_t weft_gather_new_thread(struct weft_gather *gather, uint64_t id);
uint32_t weft_gather_new_object(struct weft_gather *gather, uint64_t id, uint8_t type);

static inline uint32_t weft_gather_thread(struct weft_gather *gather, uint64_t id)
{
	uint32_t i = weft_ids_get(&gather->thread_of, id);

	return i != WEFT_NO_INDEX || id == 0 ? i : weft_gather_new_thread(gather, id);
}

static inline uint32_t weft_gather_object(struct weft_gather *gather, uint64_t id, uint8_t type)
{
	uint32_t i = weft_ids_get(&gather->object_of, id);

	return i != WEFT_NO_INDEX || id == 0 ? i : weft_gather_new_object(gather, id, type);
}

const char *weft_gather_where(struct weft_gather *gather, const struct weft_record *rec);
const char *weft_gather_intern(struct weft_gather *gather, const char *text);

/* An instant of which the filter says that it counts. */
static inline bool weft_gather_in_range(const struct weft_gather *gather, int64_t t_ns)
{
	return t_ns >= gather->from_ns && t_ns < gather->to_ns;
}

void weft_cast_loc(struct weft_gather *gather, const struct weft_record *rec);
void weft_cast_stack(struct weft_gather *gather, const struct weft_record *rec);
void weft_cast_spawn(struct weft_gather *gather, const struct weft_record *rec);
void weft_cast_make(struct weft_gather *gather, const struct weft_record *rec);
void weft_cast_name(struct weft_gather *gather, const struct weft_record *rec);
void weft_cast_object_end(
	struct weft_gather *gather, const struct weft_record *rec); /* close, free */
void weft_cast_end(struct weft_gather *gather);			    /* everybody has a name */

void weft_life_record(struct weft_gather *gather, const struct weft_record *rec);
void weft_life_spawn(struct weft_gather *gather, uint32_t thread);
void weft_life_end(struct weft_gather *gather); /* what is open at gather->t */

void weft_traffic_record(struct weft_gather *gather, const struct weft_record *rec);
void weft_traffic_end(struct weft_gather *gather);
void weft_traffic_finish(struct weft_gather *gather);

void weft_locks_record(struct weft_gather *gather, const struct weft_record *rec);
void weft_locks_end(struct weft_gather *gather);

void weft_ending(struct weft_gather *gather); /* who is left, and who waits in a circle */

#endif
