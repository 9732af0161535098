/* SPDX-License-Identifier: MIT
 *
 * Helper threads. They take jobs from one queue, know nothing of coroutines, and come back to a
 * worker through the inbox (post.c). An idle one goes away after some seconds; the newest idle one
 * gets the next job, so that those that are too many get old. docs/scheduler.md, "Blocking calls".
 */
#include "runtime/blocking.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/panic.h"
#include "runtime/post.h"
#include "runtime/probe.h"
#include "runtime/run.h"
#include "runtime/sched.h"
#include "runtime/waitq.h"
#include "tracer/record/futex.h"

#define IDLE_NS (5 * WEFT_SEC)

enum job_state { QUEUED, RUNNING, DONE };

struct job {
	struct weft__post post; /* in the inbox once it is done */
	weft_int_fn fn;
	void *arg;
	void (*drop)(void *arg); /* or NULL: then this lies on the caller's stack */
	int code;

	/* Under pool.lock. */
	enum job_state state;
	bool abandoned;
	uint32_t run;
	struct job *next;

	/* Between workers, under `lock`. */
	struct weft__lock lock;
	struct weft__waitq caller;
	bool back; /* taken out of the inbox */
};

/* On the helper's own stack. */
struct helper {
	_Atomic uint32_t
		word; /* futex: 1 once there is a job, or none will come; release, acquire */
	struct job *job;
	struct helper *next; /* in the list of idle ones */
	bool idle;
};

static struct {
	struct weft__lock lock; /* always taken */
	struct job *first, **last;
	struct helper *idle;
	int most;
	int threads;
	int owning;	       /* of them, those that run a job which owns its argument */
	int busy;	       /* jobs whose end the run has to wait for */
	bool ending;	       /* idle ones go home */
	uint32_t run;	       /* whose jobs count */
	_Atomic uint32_t left; /* futex: counts threads that have ended; release, under the lock */
} pool = {.last = &pool.first};

void weft__blocking_init(int most)
{
	pool.most = most;
}

/* ---- Helpers ----------------------------------------------------------------------------------
 */

static void lock(void)
{
	weft__lock_always(&pool.lock);
}

static void unlock(void)
{
	weft__unlock_always(&pool.lock);
}

/* Locked, as the next three. */
static void begin_job(struct job *job)
{
	job->state = RUNNING;
	if (job->drop)
		pool.owning++;
	else
		pool.busy++;
}

static void push_job(struct job *job)
{
	job->state = QUEUED;
	job->next = NULL;
	*pool.last = job;
	pool.last = &job->next;
}

static struct job *shift_job(void)
{
	struct job *job = pool.first;

	if (job) {
		pool.first = job->next;
		if (!job->next)
			pool.last = &pool.first;
		begin_job(job);
	}
	return job;
}

static void throw_away(struct job *job)
{
	job->drop(job->arg);
	free(job);
}

/* Locked, and locked again at its end. */
static void end_job(struct job *job)
{
	bool wanted = !job->abandoned && job->run == pool.run;

	if (job->drop) {
		pool.owning--;
		if (!wanted) {
			unlock();
			throw_away(job);
			lock();
			return;
		}
		pool.busy++; /* until it is in the inbox */
	}
	job->state = DONE;
	if (wanted) {
		unlock();
		weft__post_push(&job->post);
		lock();
	}
	pool.busy--;
}

/* Locked, as above. False: no job has come for long, or none will. */
static bool wait_for_job(struct helper *h)
{
	int64_t until = weft_now() + IDLE_NS;

	if (pool.ending)
		return false;
	atomic_store_explicit(&h->word, 0, memory_order_relaxed);
	h->job = NULL;
	h->idle = true;
	h->next = pool.idle;
	pool.idle = h;
	unlock();
	while (atomic_load_explicit(&h->word, memory_order_acquire) == 0) {
		if (!weft__futex_wait(&h->word, 0, until))
			continue;
		lock();
		if (h->idle) {
			struct helper **link = &pool.idle;

			while (*link != h)
				link = &(*link)->next;
			*link = h->next;
			return false;
		}
		unlock(); /* somebody has just taken us */
		until = INT64_MAX;
	}
	lock();
	return h->job != NULL;
}

static void *helper_main(void *arg)
{
	struct helper h = {.job = arg};

	for (;;) {
		h.job->code = h.job->fn(h.job->arg);
		lock();
		end_job(h.job);
		h.job = shift_job();
		if (!h.job && !wait_for_job(&h))
			break;
		unlock();
	}
	pool.threads--;
	atomic_fetch_add_explicit(&pool.left, 1, memory_order_release);
	unlock();
	weft__futex_wake(&pool.left, 1);
	return NULL;
}

/* All signals but those that a fault raises are blocked: they are the program's, on its own
 * threads. */
static int start_helper(struct job *job)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, old;
	int r;

	weft__thread_signals(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	r = pthread_create(&thread, &attr, helper_main, job);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return -r;
}

/* ---- The caller -------------------------------------------------------------------------------
 */

/* There is no new thread for it: it waits for one of the others, if there is any. Locked. */
static bool queue_instead(struct job *job)
{
	pool.threads--;
	if (job->drop)
		pool.owning--;
	else
		pool.busy--;
	if (pool.threads == 0)
		return false;
	push_job(job);
	return true;
}

static int submit(struct job *job)
{
	struct helper *h;
	int r = 0;

	lock();
	job->run = pool.run;
	h = pool.idle;
	if (h) {
		pool.idle = h->next;
		h->idle = false;
		h->job = job;
		begin_job(job);
		atomic_store_explicit(&h->word, 1, memory_order_release);
		unlock();
		weft__futex_wake(&h->word, 1);
		return 0;
	}
	if (pool.threads >= pool.most) {
		push_job(job);
		unlock();
		return 0;
	}
	pool.threads++;
	begin_job(job);
	unlock();
	r = start_helper(job);
	if (r < 0) {
		lock();
		if (queue_instead(job))
			r = 0;
		unlock();
	}
	return r;
}

static int wait_until_back(struct job *job, int64_t until)
{
	struct weft__co *self = weft__current();
	struct weft__waiter waiter = {.co = self, .index = -1};

	weft__trace_reserve(weft__worker(), WEFT__TRACE_WAKE_UNITS + WEFT__TRACE_PARK_UNITS);
	weft__lock(&job->lock);
	if (job->back) {
		weft__unlock(&job->lock);
		return 0;
	}
	self->wait = (struct weft__wait_for){.why = WEFT_WHY_SYSCALL};
	weft__trace_block_on(weft__worker(), self, 0, NULL, until);
	weft__waitq_push(&job->caller, &waiter);
	return weft__wait(&job->lock, &waiter, 0, NULL, until);
}

/* From the inbox. */
static void take(struct weft__post *post, bool runs)
{
	struct job *job = (struct job *)post;
	struct weft__worker *w = weft__worker();
	struct weft__waiter *waiter;

	if (!runs) {
		if (job->drop)
			throw_away(job);
		return;
	}
	weft__trace_reserve(w, WEFT__TRACE_WAKE_UNITS);
	weft__lock(&job->lock);
	job->back = true;
	waiter = weft__waitq_take(&job->caller);
	if (waiter)
		weft__trace_unblock(w, NULL, waiter->co, 0, NULL, 0, WEFT_WHY_SYSCALL);
	weft__unlock(&job->lock);
	/* From here on it is the caller's. */
	if (waiter)
		weft__ready(waiter->co);
}

static void unqueue(struct job *job)
{
	struct job **link = &pool.first;

	while (*link != job)
		link = &(*link)->next;
	*link = job->next;
	if (pool.last == &job->next)
		pool.last = link;
}

/* The wait has ended too early. False: nobody needs this job any more, and somebody else has it. */
static bool give_up(struct job *job)
{
	enum job_state was;

	lock();
	was = job->state;
	if (was == QUEUED)
		unqueue(job);
	else if (was == RUNNING && job->drop)
		job->abandoned = true;
	else
		was = DONE;
	unlock();
	if (was == QUEUED && job->drop)
		throw_away(job);
	return was == DONE;
}

/* It runs, and uses what is the caller's; or it is on its way back. */
static void insist(struct job *job)
{
	weft_shield_begin();
	wait_until_back(job, WEFT_NEVER);
	weft_shield_end();
}

static int run_job(struct job *job, int *ret_code, int64_t until)
{
	int r;

	r = submit(job);
	if (r < 0) {
		if (job->drop)
			throw_away(job);
		return r;
	}
	r = wait_until_back(job, until);
	if (r < 0) {
		if (!give_up(job))
			return r;
		insist(job);
	}
	if (ret_code)
		*ret_code = job->code;
	if (job->drop)
		free(job);
	return 0;
}

int weft__blocking(weft_int_fn fn, void *arg, void (*drop)(void *arg), int *ret_code, int64_t until)
{
	struct job here = {.post = {.take = take}, .fn = fn, .arg = arg, .drop = drop};
	struct weft__co *self = weft__self("weft_blocking");
	struct job *job = &here;
	int r = weft__may_wait(self, until);

	if (r == 0 && drop) {
		job = malloc(sizeof(*job));
		if (job)
			*job = here;
		else
			r = -ENOMEM;
	}
	if (r < 0) {
		if (drop)
			drop(arg);
		return r;
	}
	/* As an open door: it may make work. */
	atomic_fetch_add_explicit(&weft__sched.doors, 1, memory_order_acq_rel);
	r = run_job(job, ret_code, until);
	atomic_fetch_sub_explicit(&weft__sched.doors, 1, memory_order_acq_rel);
	return r;
}

/* ---- Copied arguments -------------------------------------------------------------------------
 */

struct copied {
	weft_int_fn fn;
	void (*drop)(void *arg);
	bool ran;
	_Alignas(16) char bytes[];
};

static int run_copied(void *arg)
{
	struct copied *c = arg;

	c->ran = true;
	return c->fn(c->bytes);
}

static void drop_copied(void *arg)
{
	struct copied *c = arg;

	if (c->ran && c->drop)
		c->drop(c->bytes);
	free(c);
}

int weft_blocking_call(weft_int_fn fn, void *arg, size_t copy_bytes, void (*drop)(void *copy),
	int *ret_code, int64_t until)
{
	struct copied *c;
	int r;

	weft__trace_here();
	if (!copy_bytes)
		return weft__blocking(fn, arg, NULL, ret_code, until);
	weft__self("weft_blocking_copy");
	if (copy_bytes > WEFT_ARG_MAX)
		weft__panic("weft_blocking_copy of %zu bytes: at most %d are possible", copy_bytes,
			WEFT_ARG_MAX);
	c = malloc(sizeof(*c) + copy_bytes);
	if (!c)
		return -ENOMEM;
	c->fn = fn;
	c->drop = drop;
	c->ran = false;
	memcpy(c->bytes, arg, copy_bytes);
	r = weft__blocking(run_copied, c, drop_copied, ret_code, until);
	if (r < 0)
		return r;
	memcpy(arg, c->bytes, copy_bytes);
	free(c);
	return 0;
}

/* ---- The end of a run -------------------------------------------------------------------------
 */

/* Idle helpers are sent home, jobs that nobody has begun are forgotten. */
static void dismiss(void)
{
	struct job *jobs;

	lock();
	pool.ending = true;
	pool.run++;
	jobs = pool.first;
	pool.first = NULL;
	pool.last = &pool.first;
	for (struct helper *h = pool.idle, *next; h; h = next) {
		next = h->next;
		h->idle = false;
		atomic_store_explicit(&h->word, 1, memory_order_release);
		weft__futex_wake(&h->word, 1);
	}
	pool.idle = NULL;
	unlock();
	while (jobs) {
		struct job *next = jobs->next;

		if (jobs->drop)
			throw_away(jobs);
		jobs = next;
	}
}

bool weft__blocking_finish(int64_t until)
{
	bool ended, last;

	dismiss();
	do {
		uint32_t left;

		lock();
		left = atomic_load_explicit(&pool.left, memory_order_relaxed);
		ended = pool.busy == 0;
		last = pool.threads == pool.owning || weft_now() >= until;
		if (last)
			pool.ending = false;
		unlock();
		if (!last)
			weft__futex_wait(&pool.left, left, until);
	} while (!last);
	return ended;
}
