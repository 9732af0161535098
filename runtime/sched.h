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

#include "runtime/cache.h"
#include "runtime/co.h"
#include "runtime/lock.h"
#include "runtime/runq.h"
#include "tracer/record/hidden.h"

struct weft__ring;

#define WEFT__WORKERS_MAX 256

/* One worker took coroutines of another: how things stood, to see later if that was right. */
struct weft__take {
	struct weft__worker *from;
	double rate; /* of the other's switches before, a ns; for fine ones */
	int64_t at;
	uint32_t n;		  /* so many, or 0: nothing to be judged */
	uint32_t tick, from_tick; /* of both, right behind */
	bool fine;		  /* each ran for less than a microsecond */
};

/* Who woke a worker to watch; the bias of its run queue is revoked for that. */
struct weft__invite {
	struct weft__worker *from; /* NULL: nobody, or no longer */
	int64_t at;		   /* weft_now() */
	uint32_t tick;		   /* of `from`'s queue, then */
};

/* One OS thread that runs coroutines. Fields without a remark: its own thread only. */
struct weft__worker {
	_Alignas(64) struct weft__runq runq;
	struct weft__co *current;	  /* NULL: on the scheduler's stack */
	struct weft__lock *parked_lock; /* what the next context does first: gives this back, */
	void (*after)(void *);		  /* and calls this */
	void *after_arg;
	struct weft__ring *ring; /* its recorder's buffer, or NULL */
	uint32_t rng;
	int index;
	uint32_t pass_at; /* the switch that leads through the scheduler: timers, posts, the pinned */
	uint32_t pass_tick; /* when the last such switch was */
	uint32_t pace;	  /* switches from one to the next, 1 to 64; never 0 */
	int64_t trimmed_at; /* ns: when it gave stacks' memory back last */
	int64_t about; /* ns: what the time was at the last pass */
	uint32_t turn_tick; /* when the oldest of the list had its turn last: in switches, */
	int64_t turn_at;    /* as `about` is, */
	int64_t turn_used;  /* and in ns of this thread's CPU time; below 0: not measured */
	struct weft__take take; /* the last time that it took from another: watch.c */
	int64_t patience, fine_patience; /* ns: how long it looks before it takes many */
	struct weft__hog_note *hog; /* what the monitor found, for the trace; or NULL */
	bool watching;			 /* it is the one that weft__sched.watched tells of */
	bool called_away;		 /* and has looked before, and goes on with that */
	bool to_share;			 /* woken for what share_due had; it has found nothing yet */
	struct weft__invite invite;	 /* under idle_lock by who wakes it, then its own */
	struct weft__co *due, *due_last; /* made ready on the scheduler's stack, not in runq yet */
	uint32_t kept;			 /* so many times it kept them to itself: see share_due */
	struct weft__co *pinned, *pinned_last; /* ready, and only here: first in, first out */
	bool pinned_had_turn;		       /* at the last pass through the scheduler */
	const struct weft__co *passed_over; /* left in the slot by the last pass; maybe gone since */
	struct weft__cache stacks, handles; /* free ones */
	struct weft__ctx sched_ctx;	 /* the thread's own stack */
	pthread_t thread;
	_Atomic int tid; /* of its thread: release, acquired by who pokes it */
	void *tsan_fiber;
	void *asan_fake;
	const void *asan_stack;
	size_t asan_stack_bytes;

	/* What others made ready for this worker: pushed (release), taken whole by it (acquire). */
	_Alignas(64) _Atomic(struct weft__co *) inbox;
	_Atomic uint32_t wake_word;    /* futex: 1 when woken */
	_Atomic uint32_t paused;       /* which pause it keeps, or WEFT__PAUSED_GONE: pause.c */
	bool idle;		       /* in the list of idle workers; under idle_lock */
	bool polls;		       /* sleeps in the poller; under idle_lock */
	struct weft__worker *idle_next; /* under idle_lock */
	int64_t up_at; /* sleeps until then, or WEFT_NEVER; under idle_lock: see alarm.h */
	bool had_place; /* since it entered the list, or has it; under idle_lock */
};

/* One run. Set up and torn down by run.c while there is one thread. */
struct weft__sched {
	struct weft__worker *workers;
	int nworkers;
	int nthreads; /* started, worker 0 included */
	_Atomic uint32_t gate; /* futex: 1 once the workers may begin */
	atomic_bool
		stopping; /* release by the end of coroutine 1, acquire in the scheduler's loop */
	/*
	 * WEFT__CALL_ bits: everybody to the scheduler at the next switch. seq_cst by who calls;
	 * relaxed at a switch, acquire in the scheduler, and behind idle_lock before a sleep.
	 */
	_Atomic uint32_t calls;

	struct weft__lock idle_lock; /* always taken: foreign threads wake workers too */
	struct weft__worker *idle_list;
	_Atomic int nidle;	 /* written under idle_lock; read without: see weft__wake_one */
	_Atomic uint32_t watched; /* 1: a worker without work watches the queues of the others */
	_Atomic uint32_t in_vain; /* the last so many woken by share_due took nothing; a hint */

	struct weft__worker *first_up, *second_up; /* under idle_lock: see alarm.h */
	_Atomic int64_t alarm; /* the earlier of the two; written under idle_lock, read without */

	_Atomic uint32_t monitor_sleeps; /* 1: until a worker has something to do; monitor.c */

	_Atomic uint64_t last_co, last_object; /* ids given out */
	_Atomic(struct weft__post *) inbox;    /* see post.c */
	_Atomic int doors;		       /* open: no deadlock then */
	int result;			       /* of coroutine 1 */

	/* Behind all else: what each switch reads keeps its place in the cache lines. */
	_Atomic uint64_t last_task; /* as last_co */
};

extern WEFT__HIDDEN struct weft__sched weft__sched;

#define WEFT__CALL_STOP 1u  /* the run ends */
#define WEFT__CALL_PAUSE 2u /* somebody wants to look at all of it: pause.c */

/*
 * The worker of the calling thread, or NULL. Opaque to the compiler, by assembly or by a call: a
 * coroutine may park on one thread and wake on another, and compilers keep the address of
 * thread-locals. Never keep the result across a park.
 */
#if defined(__x86_64__) && defined(__LP64__)
#define WEFT__WORKER_INLINE
static inline struct weft__worker *weft__worker(void)
{
	struct weft__worker *worker;

	__asm__ volatile("movq weft__this_worker@gottpoff(%%rip), %0\n\t"
			 "movq %%fs:(%0), %0"
			 : "=r"(worker)
			 :
			 : "memory");
	return worker;
}
#else
struct weft__worker *weft__worker(void);
#endif
void weft__worker_set(struct weft__worker *worker);

/* The calling thread's errno, just after a system call: coroutines must not name it themselves. */
int weft__errno(void);

/* The coroutine that runs on this worker; NULL if there is no worker, or none runs. */
static WEFT__NO_TSAN_INLINE struct weft__co *weft__current_on(struct weft__worker *worker)
{
	return worker ? worker->current : NULL;
}

/* The running coroutine, or NULL. */
struct weft__co *weft__current(void);

/* The same; panics, naming `what`, if there is none. */
void weft__panic_outside(const char *what) __attribute__((noreturn, cold));
static inline struct weft__co *weft__self_on(struct weft__worker *worker, const char *what)
{
	struct weft__co *self = weft__current_on(worker);

	if (__builtin_expect(!self, 0))
		weft__panic_outside(what);
	return self;
}
static inline struct weft__co *weft__self(const char *what)
{
	return weft__self_on(weft__worker(), what);
}

/*
 * Parks the running coroutine, whose `wait` says why. after(arg), if not NULL, runs once its stack
 * is left: it gives back the lock that kept others from waking it before. Returns when weft__ready
 * was called for it, maybe on another worker.
 */
void weft__park(void (*after)(void *arg), void *arg);

/* The same where all there is to do is to give back a lock. `worker` is the running one. */
void weft__park_unlock(struct weft__worker *worker, struct weft__lock *lock);

/*
 * Makes a parked (or new) coroutine ready. It runs next on this worker, unless another one finds it
 * waiting; one that is pinned runs on its own worker. Worker only.
 */
void weft__ready(struct weft__co *co);
void weft__ready_on(struct weft__worker *worker, struct weft__co *co); /* the running one */

/* What the poller has found, linked by `next`; in that order. On the scheduler's stack. */
void weft__ready_found(struct weft__worker *worker, struct weft__co *found);

/* weft_yield; to its own worker, if it is pinned. `self`, which runs on `worker`. */
void weft__yield(struct weft__worker *worker, struct weft__co *self);

/* weft_sleep_until, in the name of whoever called the function that calls this. */
int weft__sleep_until(int64_t t);

/* From the scheduler's stack to a ready coroutine, and back: the loop's. */
void weft__switch_to(struct weft__worker *worker, struct weft__co *co);

/* Ends the running coroutine; its stack is used again. */
void weft__co_exit(void) __attribute__((noreturn));

/* Makes a new coroutine's stack ready for its first switch. `top`: the first byte that is taken. */
void weft__co_prepare(struct weft__co *co, char *top);

/* What a coroutine runs from its first switch on (co.c). */
void weft__co_main(struct weft__co *self) __attribute__((noreturn));

/* Panics if the canary at the low end of an unguarded stack is gone. */
void weft__stack_check(const struct weft__co *co);

/* Once a run, before the workers start. */
void weft__sched_init(void);

/* Has every worker leave its loop at the next switch. */
void weft__stop_workers(void);

/* Sets a WEFT__CALL_ bit, and wakes all who are idle. Any thread. */
void weft__call_workers(uint32_t bit);

/* ---- Idle workers (idle.c) ---- */

/*
 * There is something new to be found: work in a queue, a timer that is the first of all, a post. If
 * a worker is idle and none watches, one is woken. Any thread.
 */
void weft__wake_one(void);

/* The same, by who has more than one coroutine that became due: counts if that was in vain. */
void weft__wake_to_share(void);

/* Would weft__wake_one do anything? To be asked once the new thing is stored. */
static WEFT__NO_TSAN_INLINE bool weft__idle_unwatched(void)
{
	weft__barrier_light();
	return atomic_load_explicit(&weft__sched.nidle, memory_order_relaxed) != 0 &&
	       atomic_load_explicit(&weft__sched.watched, memory_order_relaxed) == 0;
}

/* The same for a worker, who has work for this one alone. */
void weft__wake_worker(struct weft__worker *worker);

/* Nothing to do here: watches the others, and returns what it took from one of them; or sleeps, and
 * returns NULL when there may be something. On the scheduler's stack. */
struct weft__co *weft__idle(struct weft__worker *worker);

/*
 * This worker goes on to run a coroutine: sees to it that somebody polls, or stands by to do so. No
 * lock held.
 */
void weft__standby_check(void);

/* This worker has left the poller: wakes who stands by, if it sleeps on that. No lock held. */
void weft__standby_call(void);

/*
 * This worker no longer watches: it has something to do. The next one is woken if there is work for
 * it elsewhere, or here (`more`).
 */
void weft__watch_end(struct weft__worker *worker, bool more);

/* For reports: looks at a coarse clock, so rarely that it costs nothing. */
void weft__note_time(struct weft__worker *worker);

/* The loop of a worker; returns when the run stops. */
void weft__worker_loop(struct weft__worker *worker);

/* The worker's own random numbers (xorshift): select's choices, who is stolen from. */
uint32_t weft__random(struct weft__worker *worker);

/* 1, 2, 3 ...: never used twice in a run. A present worker only (alone.h). */
static inline uint64_t weft__new_id(_Atomic uint64_t *last)
{
	uint64_t id;

	if (!weft__single_enter())
		return atomic_fetch_add_explicit(last, 1, memory_order_relaxed) + 1;
	id = atomic_load_explicit(last, memory_order_relaxed) + 1;
	atomic_store_explicit(last, id, memory_order_relaxed);
	weft__single_leave();
	return id;
}

#endif
