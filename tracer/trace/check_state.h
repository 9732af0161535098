/* SPDX-License-Identifier: MIT
 *
 * What the checker knows while it reads: coroutines, objects and messages that are alive, and of
 * the others only that they were. Shared by the check_*.c files; nobody else includes this.
 *
 * A drop makes everything uncertain: it raises `epoch`, and what was learnt in an older epoch says
 * nothing until a record sets it again.
 */
#ifndef WEFT_TRACER_TRACE_CHECK_STATE_H
#define WEFT_TRACER_TRACE_CHECK_STATE_H

#include "tracer/trace/checker.h"
#include "tracer/trace/map.h"

#define CK_NAME_MAX 48

struct ck_co {
	uint64_t id;
	uint64_t line; /* of the record that set its state */
	char name[CK_NAME_MAX];
	int64_t since;	   /* it is in its state */
	int64_t unblocked; /* when it became ready, or -1 */
	uint64_t on, of;   /* blocked on an object, or until a coroutine ends */
	uint32_t epoch;
	int32_t w;     /* running on */
	uint8_t state; /* enum weft_state */
	uint8_t why;
	bool sys;
	bool assumed;	     /* never spawned; one finding is enough */
	bool select_pending; /* E27 */
	bool regions_lost;   /* there may be open ones that a drop hides */
	uint32_t regions_epoch;
	char **regions; /* names, the innermost last */
	size_t nregions, room_regions;
};

enum ck_where {
	CK_HANDED,
	CK_BUFFERED,
	CK_WAITING,
	CK_ANYWHERE, /* the trace does not say */
};

struct ck_msg {
	uint64_t id, on, from;
	int64_t t;
	uint64_t line;
	uint32_t epoch;
	uint8_t where; /* enum ck_where */
};

struct ck_obj {
	uint64_t id;
	char name[CK_NAME_MAX];
	uint32_t epoch;
	uint8_t type; /* enum weft_obj */
	bool assumed, pre, merged;
	bool closed;
	bool counting; /* `buffered` is known */
	int64_t cap;   /* -1: unknown */
	int64_t buffered;
	uint64_t *queue; /* messages that wait for room, some of them gone */
	size_t first, nqueue, room_queue;
	struct ck_pair { /* E22: the last number between two */
		uint64_t from, to, msg;
	} * pairs;
	size_t npairs, room_pairs, many_pairs; /* so many: look which can go */
	struct weft_map pair_of; /* hash of (from, to) to index; a clash forgets */
	uint64_t holder;	 /* mutex, or writer of an rwlock */
	int64_t depth;		 /* how often its holder took it */
	int64_t readers;
	int64_t value; /* semaphore, wait group */
	bool value_known;
};

struct ck_worker {
	int32_t w;
	uint64_t running; /* coroutine, or 0 */
	int64_t last_t;	  /* E06 */
	int64_t last_run; /* W06 */
	uint64_t runs, same;
};

/* A message that was received before its send came: order "worker" only. */
struct ck_early {
	uint64_t msg, line, index;
	int64_t t;
	bool hidden; /* by a drop: its send may be lost */
};

struct ck_finding {
	const char *rule; /* a literal */
	char *text;
	uint64_t line, record, seq;
	int64_t t; /* -1: no drop takes it back */
	uint8_t severity;
	bool at_end;
};

/* A table of things by id. The memory of those that go is kept for those that come. */
struct ck_table {
	struct weft_map item_of; /* id to address */
	void *spare;		 /* each of these begins with the address of the next */
};

struct weft_checker {
	struct ck_table cos, objs, msgs, workers;
	struct weft_set gone_cos, gone_objs, gone_msgs; /* they were, and are no more */
	struct weft_set said_gone;			/* E09 was said of them */
	struct weft_set unspawned, unmade; /* gone, and nobody had said where they came from */
	struct weft_set unsent;		   /* received or taken back, and not sent before that */
	struct weft_set locs, stacks, tasks, ended_tasks;
	struct weft_set said_locs, said_stacks; /* E07 was said of them */
	struct ck_early *early;
	size_t nearly, room_early;
	struct weft_map early_of;
	struct ck_finding *findings;
	size_t nfindings, room_findings;
	uint64_t errors, warnings, records, not_kept;
	uint64_t threads;
	uint64_t slow_trips, slow_wakes; /* W07 */
	uint32_t caps, epoch;
	int64_t last_t, tick, drop_from;
	bool by_worker, saw_eof, said_after_eof;
	bool failed; /* out of memory */
};

/* ---- check_state.c
 * --------------------------------------------------------------------------------- */

static inline bool ck_claims(const struct weft_checker *ck, enum weft_cap cap)
{
	return ck->caps & UINT32_C(1) << cap;
}

/* Something was lost: an unknown id need not be a mistake. */
static inline bool ck_is_lossy(const struct weft_checker *ck)
{
	return ck->epoch > 0;
}

/* A finding about a record. A drop takes back those of the rules that it silences. */
void ck_say(struct weft_checker *ck, const char *rule, const struct weft_record *rec,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A finding about the end of the trace. */
void ck_say_end(struct weft_checker *ck, const char *rule, uint64_t line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static inline void *ck_find(const struct ck_table *table, uint64_t id)
{
	const uint64_t *item = weft_map_get(&table->item_of, id);

	return item ? (void *)(uintptr_t)*item : NULL;
}

/* A new one, of zeros; NULL if out of memory. A table's are all of one size. */
void *ck_add(struct weft_checker *ck, struct ck_table *table, uint64_t id, size_t size);

/* It is used no more; what it owns has been freed. */
void ck_remove(struct ck_table *table, uint64_t id);

/* One after the other, in no order: begin with *i = 0. NULL at the end. */
void *ck_next(const struct ck_table *table, size_t *i);

/* All of them, in an order. NULL if out of memory; the caller frees the list. */
void **ck_sorted(struct weft_checker *ck, const struct ck_table *table,
	int (*compare)(const void *, const void *), size_t *ret_count);

/* `finish` frees what an item owns, and may be NULL. */
void ck_finish_table(struct ck_table *table, void (*finish)(void *));
void ck_set_add(struct weft_checker *ck, struct weft_set *set, uint64_t id);
void ck_set_remove(struct weft_checker *ck, struct weft_set *set, uint64_t id);
void ck_copy_name(char *to, const char *name);

/* ---- check_life.c: E08-E15, E27, W06, W07 ---------------------------------------------------- */

/* As below, for one that is not simply there and fine. */
struct ck_co *ck_named_else(struct weft_checker *ck, const struct weft_record *rec, uint64_t id);
struct ck_co *ck_actor_else(struct weft_checker *ck, const struct weft_record *rec, uint64_t id);

/* A coroutine that a record names: it must have been spawned (E08). NULL: it has ended. */
static inline struct ck_co *ck_named(
	struct weft_checker *ck, const struct weft_record *rec, uint64_t id)
{
	struct ck_co *co = ck_find(&ck->cos, id);

	return co ? co : ck_named_else(ck, rec, id);
}

/* One that must be alive (E09). NULL: it is not. */
struct ck_co *ck_alive(struct weft_checker *ck, const struct weft_record *rec, uint64_t id);

/* One that acts, on the record's worker: it must be alive (E09) and running there (E14). */
static inline struct ck_co *ck_actor(
	struct weft_checker *ck, const struct weft_record *rec, uint64_t id)
{
	struct ck_co *co = ck_find(&ck->cos, id);
	bool fine = co && (rec->w < 0 || (co->w == rec->w && co->state == WEFT_STATE_RUNNING));

	return fine ? co : ck_actor_else(ck, rec, id);
}

struct ck_worker *ck_worker(struct weft_checker *ck, int32_t w);
void ck_spawn(struct weft_checker *ck, const struct weft_record *rec);
void ck_state(struct weft_checker *ck, const struct weft_record *rec);
void ck_run(struct weft_checker *ck, const struct weft_record *rec);
void ck_leave(struct weft_checker *ck, const struct weft_record *rec); /* yield, block, sleep */
void ck_unblock(struct weft_checker *ck, const struct weft_record *rec);
void ck_exit(struct weft_checker *ck, const struct weft_record *rec);
void ck_life_end(struct weft_checker *ck);
void ck_finish_co(void *co);

/* ---- check_obj.c: E16, E21; check_chan.c: E17-E20, E22
 * ------------------------------------------------------------------- */

/* Types of object that the records of a kind cannot use, a bit for each: E16. */
extern const uint16_t ck_misfits[WEFT_EV_COUNT_];

/* An object that a record uses (E10, E16). NULL only if out of memory. */
struct ck_obj *ck_use_else(struct weft_checker *ck, const struct weft_record *rec, uint64_t id);
static inline struct ck_obj *ck_use(
	struct weft_checker *ck, const struct weft_record *rec, uint64_t id)
{
	struct ck_obj *obj = ck_find(&ck->objs, id);
	bool fine = obj && obj->epoch == ck->epoch && !(ck_misfits[rec->kind] >> obj->type & 1);

	return fine ? obj : ck_use_else(ck, rec, id);
}

/* `channel 3 "out"`, in the buffer. */
const char *ck_obj_name(const struct ck_obj *obj, char *buf, size_t size);

/* What a send and a receive do to the buffer; what they should have done is no longer known. */
void ck_count_send(struct weft_checker *ck, const struct weft_record *rec, struct ck_obj *obj,
	struct ck_msg *msg);
void ck_count_recv(struct weft_checker *ck, const struct weft_record *rec, struct ck_obj *obj,
	const struct ck_msg *msg);
void ck_stop_counting(struct ck_obj *obj);
void ck_make(struct weft_checker *ck, const struct weft_record *rec);
void ck_free(struct weft_checker *ck, const struct weft_record *rec);
void ck_send(struct weft_checker *ck, const struct weft_record *rec);
void ck_recv(struct weft_checker *ck, const struct weft_record *rec);
void ck_unsend(struct weft_checker *ck, const struct weft_record *rec);
void ck_close(struct weft_checker *ck, const struct weft_record *rec);
void ck_chan_end(struct weft_checker *ck);
void ck_finish_obj(void *obj);

/* ---- check_sync.c: E23, E24; check_user.c: E25, E26, W03 ------------------------------------- */

void ck_acquire(struct weft_checker *ck, const struct weft_record *rec);
void ck_release(struct weft_checker *ck, const struct weft_record *rec);
void ck_add_delta(struct weft_checker *ck, const struct weft_record *rec);
void ck_begin(struct weft_checker *ck, const struct weft_record *rec, struct ck_co *co);
void ck_end(struct weft_checker *ck, const struct weft_record *rec, struct ck_co *co);
void ck_regions_end(struct weft_checker *ck, const struct weft_record *rec, struct ck_co *co);
void ck_task(struct weft_checker *ck, const struct weft_record *rec);

#endif
