/* SPDX-License-Identifier: MIT
 *
 * The scheduler: workers, their run queues, parking and waking. docs/scheduler.md tells the
 * protocols; this is what the rest of the runtime calls.
 *
 * "Worker only": from the worker's own thread, on a coroutine's stack or the scheduler's.
 */
#ifndef WEFT_RUNTIME_SCHED_H
#define WEFT_RUNTIME_SCHED_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/co.h"
#include "runtime/lock.h"

struct weft__ring;

#define WEFT__RUNQ_SIZE 256 /* a power of two */
#define WEFT__WORKERS_MAX 256

/* One OS thread that runs coroutines. Fields without a remark: its own thread only. */
struct weft__worker {
	struct weft__co *current;   /* NULL: on the scheduler's stack */
	struct weft__ctx sched_ctx; /* the thread's own stack */
	void (*after)(void *);	    /* what the next context does first */
	void *after_arg;
	uint32_t tick; /* switches; every 64th goes through the scheduler */
	uint32_t rng;
	int index;
	bool spinning;		 /* counted in weft__sched.spinning */
	struct weft__ring *ring; /* its recorder's buffer, or NULL */
	pthread_t thread;
	void *tsan_fiber;
	void *asan_fake;
	const void *asan_stack;
	size_t asan_stack_bytes;

	/*
	 * The run queue: `next` goes first; then ring[head..tail). The owner pushes (release tail);
	 * the owner and thieves take (compare-exchange head, acquire tail). `next` is exchanged.
	 */
	_Alignas(64) _Atomic(struct weft__co *) next;
	_Atomic uint32_t head;
	_Atomic uint32_t tail;
	_Atomic(struct weft__co *) runq[WEFT__RUNQ_SIZE];

	_Alignas(64) _Atomic uint32_t wake_word; /* futex: 1 when woken */
	bool idle;				 /* in the list of idle workers; under idle_lock */
	struct weft__worker *idle_next;		 /* under idle_lock */
};

/* One run. Set up and torn down by run.c while there is one thread. */
struct weft__sched {
	struct weft__worker *workers;
	int nworkers;
	int nthreads; /* started, worker 0 included */
	_Atomic uint32_t gate; /* futex: 1 once the workers may begin */
	atomic_bool
		stopping; /* release by the end of coroutine 1, acquire in the scheduler's loop */

	struct weft__lock global_lock; /* guards the global queue */
	struct weft__co *global_head, *global_tail;
	_Atomic uint32_t global_count; /* written under global_lock; read without, as a hint */

	struct weft__lock idle_lock; /* always taken: foreign threads wake workers too */
	struct weft__worker *idle_list;
	_Atomic int nidle;    /* written under idle_lock; read without: see weft__ready */
	_Atomic int spinning; /* workers that look for work: at most one is woken at a time */

	_Atomic uint64_t last_co, last_object; /* ids given out */
	_Atomic(struct weft__post *) inbox;    /* see post.c */
	_Atomic int doors;		       /* open: no deadlock then */
	int result;			       /* of coroutine 1 */
};

extern struct weft__sched weft__sched;

/*
 * The worker of the calling thread, or NULL. Not inlined and opaque to the compiler: a coroutine
 * may park on one thread and wake on another, and compilers keep the address of thread-locals.
 * Never keep the result across a park.
 */
struct weft__worker *weft__worker(void);
void weft__worker_set(struct weft__worker *worker);

/* The running coroutine, or NULL. */
struct weft__co *weft__current(void);

/* The running coroutine; panics, naming `what`, if the caller is none. */
struct weft__co *weft__self(const char *what);

/*
 * Parks the running coroutine, whose `wait` says why. after(arg) runs once its stack is left: it
 * gives back the lock that kept others from waking it before. Returns when weft__ready was called
 * for it, maybe on another worker.
 */
void weft__park(void (*after)(void *arg), void *arg);

/* Makes a parked (or new) coroutine ready: it runs next on this worker, or is stolen. Worker only.
 */
void weft__ready(struct weft__co *co);

/* Ends the running coroutine; its stack is used again. */
void weft__co_exit(void) __attribute__((noreturn));

/* Makes a new coroutine's stack ready for its first switch. The top WEFT__ARG_ROOM bytes are kept.
 */
void weft__co_prepare(struct weft__co *co);
#define WEFT__ARG_ROOM (WEFT_ARG_MAX + 16)

/* What a coroutine runs from its first switch on (co.c). */
void weft__co_main(struct weft__co *self) __attribute__((noreturn));

/* Panics if the canary at the low end of an unguarded stack is gone. */
void weft__stack_check(const struct weft__co *co);

/* Once a run, before the workers start. */
void weft__sched_init(void);

/* Has every worker leave its loop at the next switch. */
void weft__stop_workers(void);

/* Wakes an idle worker, if there is one and none looks for work already. Any thread. */
void weft__wake_one(void);

/* The loop of a worker; returns when the run stops. */
void weft__worker_loop(struct weft__worker *worker);

/* Local run queue (runq.c). Worker only, but for steal, whose victim may be any worker. */
void weft__runq_put(struct weft__worker *worker, struct weft__co *co); /* behind all others */
void weft__runq_put_next(struct weft__worker *worker, struct weft__co *co);
struct weft__co *weft__runq_get(struct weft__worker *worker);
/* The one that has waited longest, `next` last: now and then, or a pair of coroutines that wake
 * each other for ever would keep all others waiting. */
struct weft__co *weft__runq_get_oldest(struct weft__worker *worker);
bool weft__runq_empty(struct weft__worker *worker);
/* Half of the victim's queue (its `next` too if `with_next`); one is returned. */
struct weft__co *weft__runq_steal(
	struct weft__worker *thief, struct weft__worker *victim, bool with_next);
struct weft__co *weft__global_get(struct weft__worker *worker);
void weft__global_put(struct weft__co *first, struct weft__co *last, uint32_t count);

/* The worker's own random numbers (xorshift): select's choices, who is stolen from. */
uint32_t weft__random(struct weft__worker *worker);

/* 1, 2, 3 ...: never used twice in a run. */
uint64_t weft__new_id(_Atomic uint64_t *last);

#endif
