/* SPDX-License-Identifier: MIT
 *
 * The runtime's side of recording: one function for each thing that happens. When the run does not
 * record, a site costs a relaxed load and a branch; the work is in probe.c.
 *
 * An operation reserves room for all of its records first (weft__trace_reserve), before it takes a
 * lock; the others then never wait. Who calls holds whatever guards the stamps that are updated.
 */
#ifndef WEFT_RUNTIME_PROBE_H
#define WEFT_RUNTIME_PROBE_H

#include <stdint.h>

#include "runtime/co.h"
#include "runtime/include/weft.h"
#include "tracer/event.h"
#include "tracer/record/record.h"

struct weft__worker;
struct weft_chan;

/*
 * Units of 32 bytes. A parking operation may record its block and the run of whoever comes next; or
 * that its scope has just ended: unsend, unblock, run.
 */
#define WEFT__TRACE_SEND_UNITS 12 /* head, tail, 256 bytes of text and its end */
#define WEFT__TRACE_WAKE_UNITS 2
#define WEFT__TRACE_PARK_UNITS 8
#define WEFT__TRACE_WORKER_UNITS 2
#define WEFT__TRACE_STEAL_UNITS WEFT_REC_UNITS_MAX
#define WEFT__STEAL_MOST 120 /* coroutines: what one record of a steal can name */
#define WEFT__TRACE_SELECT_UNITS WEFT_REC_UNITS_MAX

/* Without a recorder, constants: the calls below vanish, and probe.c is not built. */
#define WEFT__PROBE_ON weft__rec_enabled()
#define WEFT__PROBE_SYNC weft__rec_wants(WEFT_EVENTS_SYNC)
/* `events`: the record is one of a recording that wants any of these. */
#define WEFT__PROBE(events, call)            \
	do {                                 \
		if (weft__rec_wants(events)) \
			call;                \
	} while (0)

void weft__probe_here(uintptr_t pc);
uintptr_t weft__probe_place(struct weft__co *self, uintptr_t pc);
/* False: it is lost, since there was no room for it, and nothing may refer to it. */
bool weft__probe_stack(
	struct weft__worker *w, uint32_t number, const uintptr_t *pcs, int n, int64_t *last);
void weft__probe_reserve(struct weft__worker *w, unsigned units);
void weft__probe_reserve_awake(struct weft__worker *w, unsigned units);
void weft__probe_spawn(struct weft__worker *w, struct weft__co *parent, struct weft__co *co);
void weft__probe_run(struct weft__worker *w, struct weft__co *co);
void weft__probe_yield(struct weft__worker *w, struct weft__co *co);
void weft__probe_exit(struct weft__worker *w, struct weft__co *co, int code, int64_t *last);
void weft__probe_block(
	struct weft__worker *w, struct weft__co *co, struct weft_chan *chan, int64_t until);
void weft__probe_block_on(
	struct weft__worker *w, struct weft__co *co, uint64_t on, int64_t *last, int64_t until);
void weft__probe_block_select(struct weft__worker *w, struct weft__co *co,
	const struct weft_case *cases, int n, int64_t until);
void weft__probe_sleep(struct weft__worker *w, struct weft__co *co, int64_t until);
void weft__probe_unblock(struct weft__worker *w, struct weft__co *co, struct weft__co *to,
	uint64_t on, int64_t *last, uint64_t msg, enum weft_why why);
void weft__probe_join(
	struct weft__worker *w, struct weft__co *co, uint64_t of, int64_t *last, int code);
void weft__probe_chan_make(struct weft__worker *w, struct weft__co *co, struct weft_chan *chan,
	const char *fn, const char *file, int line);
void weft__probe_sync_make(struct weft__worker *w, struct weft__co *co, uint64_t on, int64_t *last,
	enum weft_obj type, const char *name, int64_t n, bool used);
void weft__probe_free(struct weft__worker *w, struct weft__co *co, uint64_t on, int64_t *last);
void weft__probe_name(
	struct weft__worker *w, uint64_t co, uint64_t on, const char *name, int64_t *last);
uint64_t weft__probe_send(struct weft__worker *w, struct weft__co *co, struct weft_chan *chan,
	const void *value, enum weft_via via, struct weft__co *by, int case_index, int64_t len);
void weft__probe_recv(struct weft__worker *w, struct weft__co *co, struct weft_chan *chan,
	uint64_t msg, uint64_t from, int case_index, int64_t len, int64_t *last);
void weft__probe_unsend(struct weft__worker *w, struct weft__co *co, uint64_t on, uint64_t msg,
	enum weft_unsend_why why, int64_t *last);
void weft__probe_close(
	struct weft__worker *w, struct weft__co *co, struct weft_chan *chan, int woke);
void weft__probe_select(struct weft__worker *w, struct weft__co *co, int pick, int n);
void weft__probe_add(struct weft__worker *w, struct weft__co *co, uint64_t on, int64_t *last,
	int64_t delta, int64_t value);
void weft__probe_acquire(struct weft__worker *w, struct weft__co *co, uint64_t on, int64_t *last,
	enum weft_lock_mode mode, bool ok);
void weft__probe_release(struct weft__worker *w, struct weft__co *co, uint64_t on, int64_t *last,
	enum weft_lock_mode mode);
void weft__probe_permits(struct weft__worker *w, struct weft__co *co, uint64_t on, int64_t *last,
	int64_t n, bool ok); /* n < 0: they are released */
void weft__probe_signal(
	struct weft__worker *w, struct weft__co *co, uint64_t on, int64_t *last, int n, bool all);
void weft__probe_timer(struct weft__worker *w, struct weft__co *co, uint64_t on, int64_t *last,
	enum weft_timer_op op, int64_t when, int64_t every);
void weft__probe_cancel(struct weft__worker *w, struct weft__co *co, uint64_t to, int64_t *last,
	const char *reason);

/* What a user marks; what has no remark may be 0. */
struct weft__mark {
	enum weft_ev kind;
	uint8_t why; /* level, or enum weft_task_op */
	uint64_t task;
	uint64_t parent;
	double value;
	const char *text; /* at most WEFT__MARK_TEXT bytes of it are kept */
};
#define WEFT__MARK_TEXT 480
void weft__probe_mark(struct weft__worker *w, struct weft__co *co, const struct weft__mark *mark);
void weft__probe_worker(struct weft__worker *w, enum weft_worker_op op);
void weft__probe_steal(struct weft__worker *w, int from, struct weft__co *const *cos, uint32_t n);
void weft__probe_crash(const char *text);
void weft__probe_warning(struct weft__worker *w, const char *text);

/*
 * The place of what a coroutine records is where the program called the library. Each public
 * function that waits or records notes it, and none of the library's functions calls one of those:
 * below them are others that do the same and leave the place as it is.
 */
#define WEFT__CALLER ((uintptr_t)__builtin_return_address(0)) /* in a public function itself */
#define weft__trace_at(self) \
	WEFT__PROBE(WEFT_EVENTS_LOC, (void)((self)->at_pc = weft__probe_place(self, WEFT__CALLER)))
#define weft__trace_here() WEFT__PROBE(WEFT_EVENTS_LOC, weft__probe_here(WEFT__CALLER))
/* What a public function has handed down; 0: nothing has to be noted. */
#define weft__trace_place(self, pc)  \
	WEFT__PROBE(WEFT_EVENTS_LOC, \
		(void)((self)->at_pc = (pc) ? weft__probe_place(self, pc) : (self)->at_pc))
/* For what the macros of weft.h tell the place of: only its stack is missing. */
#define weft__trace_stack_here() WEFT__PROBE(WEFT_EVENTS_STACK, weft__probe_here(WEFT__CALLER))
/* The runtime itself acts in its name now. */
#define weft__trace_nowhere(self) WEFT__PROBE(WEFT_EVENTS_LOC, (void)((self)->at_pc = 0))

#define weft__trace_reserve(...) WEFT__PROBE(WEFT_EVENTS_ALL, weft__probe_reserve(__VA_ARGS__))
/* For what is recorded first behind a wait, in the moment in which its coroutine went on. */
#define weft__trace_reserve_awake(...) \
	WEFT__PROBE(WEFT_EVENTS_ALL, weft__probe_reserve_awake(__VA_ARGS__))
#define weft__trace_spawn(...) WEFT__PROBE(WEFT_EVENTS_BASE, weft__probe_spawn(__VA_ARGS__))
#define weft__trace_run(...) WEFT__PROBE(WEFT_EVENTS_SCHED, weft__probe_run(__VA_ARGS__))
#define weft__trace_yield(...) WEFT__PROBE(WEFT_EVENTS_SCHED, weft__probe_yield(__VA_ARGS__))
#define weft__trace_exit(...) \
	WEFT__PROBE(WEFT_EVENTS_LIFE | WEFT_EVENTS_SCHED, weft__probe_exit(__VA_ARGS__))
#define weft__trace_block(...) WEFT__PROBE(WEFT_EVENTS_SCHED, weft__probe_block(__VA_ARGS__))
#define weft__trace_block_on(...) WEFT__PROBE(WEFT_EVENTS_SCHED, weft__probe_block_on(__VA_ARGS__))
#define weft__trace_block_select(...) \
	WEFT__PROBE(WEFT_EVENTS_SCHED, weft__probe_block_select(__VA_ARGS__))
#define weft__trace_sleep(...) WEFT__PROBE(WEFT_EVENTS_SCHED, weft__probe_sleep(__VA_ARGS__))
#define weft__trace_unblock(...) WEFT__PROBE(WEFT_EVENTS_WAKE, weft__probe_unblock(__VA_ARGS__))
#define weft__trace_join(...) WEFT__PROBE(WEFT_EVENTS_LIFE, weft__probe_join(__VA_ARGS__))
#define weft__trace_chan_make(...) WEFT__PROBE(WEFT_EVENTS_BASE, weft__probe_chan_make(__VA_ARGS__))
#define weft__trace_sync_make(...) WEFT__PROBE(WEFT_EVENTS_BASE, weft__probe_sync_make(__VA_ARGS__))
#define weft__trace_free(...) WEFT__PROBE(WEFT_EVENTS_BASE, weft__probe_free(__VA_ARGS__))
#define weft__trace_name(...) WEFT__PROBE(WEFT_EVENTS_BASE, weft__probe_name(__VA_ARGS__))
#define weft__trace_send(...) (weft__rec_wants(WEFT_EVENTS_MSG) ? weft__probe_send(__VA_ARGS__) : 0)
#define weft__trace_recv(...) WEFT__PROBE(WEFT_EVENTS_MSG, weft__probe_recv(__VA_ARGS__))
#define weft__trace_unsend(...) WEFT__PROBE(WEFT_EVENTS_MSG, weft__probe_unsend(__VA_ARGS__))
#define weft__trace_close(...) WEFT__PROBE(WEFT_EVENTS_MSG, weft__probe_close(__VA_ARGS__))
#define weft__trace_select(...) \
	WEFT__PROBE(WEFT_EVENTS_MSG | WEFT_EVENTS_SCHED, weft__probe_select(__VA_ARGS__))
#define weft__trace_add(...) WEFT__PROBE(WEFT_EVENTS_SYNC, weft__probe_add(__VA_ARGS__))
#define weft__trace_acquire(...) WEFT__PROBE(WEFT_EVENTS_SYNC, weft__probe_acquire(__VA_ARGS__))
#define weft__trace_release(...) WEFT__PROBE(WEFT_EVENTS_SYNC, weft__probe_release(__VA_ARGS__))
#define weft__trace_permits(...) WEFT__PROBE(WEFT_EVENTS_SYNC, weft__probe_permits(__VA_ARGS__))
#define weft__trace_signal(...) WEFT__PROBE(WEFT_EVENTS_SYNC, weft__probe_signal(__VA_ARGS__))
#define weft__trace_timer(...) WEFT__PROBE(WEFT_EVENTS_SYNC, weft__probe_timer(__VA_ARGS__))
#define weft__trace_cancel(...) WEFT__PROBE(WEFT_EVENTS_LIFE, weft__probe_cancel(__VA_ARGS__))
#define weft__trace_mark(...) WEFT__PROBE(WEFT_EVENTS_USER, weft__probe_mark(__VA_ARGS__))
#define weft__trace_worker(...) WEFT__PROBE(WEFT_EVENTS_WORKER, weft__probe_worker(__VA_ARGS__))
#define weft__trace_steal(...) WEFT__PROBE(WEFT_EVENTS_WORKER, weft__probe_steal(__VA_ARGS__))
#define weft__trace_crash(...) WEFT__PROBE(WEFT_EVENTS_BASE, weft__probe_crash(__VA_ARGS__))
#define weft__trace_warning(...) WEFT__PROBE(WEFT_EVENTS_BASE, weft__probe_warning(__VA_ARGS__))

#endif
