/* SPDX-License-Identifier: MIT
 *
 * A handler sets a bit (release) and wakes the monitor, which takes all bits (acquire).
 */
#include "runtime/monitor.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/dump.h"
#include "runtime/hog.h"
#include "runtime/sched.h"
#include "tracer/record/futex.h"
#include "tracer/record/record.h"

#define ASKED_STOP 1u
#define ASKED_DUMP 2u
#define ASKED_QUIT 4u
#define ASKED_LOOK 8u

static const int signals[] = {SIGQUIT, SIGUSR2};
#define SIGNALS 2
static bool taken[SIGNALS];

static _Atomic uint32_t asked;	  /* futex; ASKED_ bits */
static _Atomic uint32_t quitting; /* 1: SIGQUIT was seen before; the next one ends us at once */
static pthread_t thread;
static bool started, for_hogs;

static void ask(uint32_t bit)
{
	/* release: pairs with the exchange in monitor. */
	atomic_fetch_or_explicit(&asked, bit, memory_order_acq_rel);
	weft__futex_wake(&asked, 1); /* keeps errno */
}

static void handle(int sig)
{
	if (sig == SIGQUIT && atomic_exchange_explicit(&quitting, 1, memory_order_relaxed)) {
		/* The dump does not come to its end: what the signal does without us. */
		signal(SIGQUIT, SIG_DFL);
		raise(SIGQUIT);
		return;
	}
	ask(sig == SIGQUIT ? ASKED_QUIT : ASKED_DUMP);
}

static void quit(void)
{
	bool quiet;

	weft__dump_and_tell(STDERR_FILENO, &quiet);
	weft__rec_abort(WEFT_EOF_SIGNAL);
	if (quiet)
		fflush(NULL); /* else somebody may hold the lock of a FILE, for ever */
	_exit(2);
}

/*
 * All workers idle: until one of them is not. It says so first, and looks at their number once more
 * behind idle_lock; who leaves the list of idle ones looks behind idle_lock whether it was said.
 */
static WEFT__NO_TSAN bool may_sleep(void)
{
	struct weft__sched *s = &weft__sched;
	bool idle;

	atomic_store_explicit(&s->monitor_sleeps, 1, memory_order_seq_cst);
	weft__lock_always(&s->idle_lock);
	idle = atomic_load_explicit(&s->nidle, memory_order_relaxed) == s->nthreads;
	weft__unlock_always(&s->idle_lock);
	if (!idle)
		atomic_store_explicit(&s->monitor_sleeps, 0, memory_order_relaxed);
	return idle;
}

static void wait_for_more(void)
{
	int64_t next = for_hogs ? weft__hogs_look() : INT64_MAX;

	if (for_hogs && next == INT64_MAX && !may_sleep())
		return; /* look again */
	weft__futex_wait(&asked, 0, next);
	if (for_hogs)
		atomic_store_explicit(&weft__sched.monitor_sleeps, 0, memory_order_relaxed);
}

void weft__monitor_wake(void)
{
	if (atomic_exchange_explicit(&weft__sched.monitor_sleeps, 0, memory_order_acq_rel))
		ask(ASKED_LOOK);
}

static void *monitor(void *unused)
{
	bool quiet;

	(void)unused;
	for (;;) {
		uint32_t todo = atomic_exchange_explicit(&asked, 0, memory_order_acq_rel);

		if (todo & ASKED_QUIT)
			quit();
		if (todo & ASKED_DUMP) {
			weft__dump_and_tell(STDERR_FILENO, &quiet);
			weft__rec_dump(NULL); /* if it is a flight recorder; it says what comes of it */
		}
		if (todo & ASKED_STOP)
			return NULL;
		if (!todo)
			wait_for_more();
	}
}

static bool is_default(int sig)
{
	struct sigaction now;

	return sigaction(sig, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) &&
	       now.sa_handler == SIG_DFL;
}

void weft__monitor_start(bool hogs)
{
	const char *wish = secure_getenv("WEFT_SIGNALS");
	/* SA_ONSTACK: a coroutine's stack may be nearly full. */
	struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART | SA_ONSTACK};
	bool wanted = hogs;
	sigset_t all, old;

	started = false;
	for_hogs = hogs;
	atomic_store_explicit(&asked, 0, memory_order_relaxed);
	for (int i = 0; i < SIGNALS; i++) {
		taken[i] = !(wish && strcmp(wish, "0") == 0) && is_default(signals[i]);
		wanted = wanted || taken[i];
	}
	if (!wanted)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	started = pthread_create(&thread, NULL, monitor, NULL) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	sigemptyset(&action.sa_mask);
	for (int i = 0; i < SIGNALS; i++)
		taken[i] = started && taken[i] && sigaction(signals[i], &action, NULL) == 0;
}

static void give_back(void)
{
	struct sigaction now;

	for (int i = 0; i < SIGNALS; i++) {
		/* Unless the program has put a handler of its own there meanwhile. */
		if (taken[i] && sigaction(signals[i], NULL, &now) == 0 &&
			!(now.sa_flags & SA_SIGINFO) && now.sa_handler == handle)
			signal(signals[i], SIG_DFL);
		taken[i] = false;
	}
}

void weft__monitor_stop(void)
{
	give_back();
	if (!started)
		return;
	ask(ASKED_STOP);
	pthread_join(thread, NULL);
	started = false;
	if (for_hogs)
		weft__hogs_look(); /* who has come to its end with the run did so now */
}

void weft__monitor_forked(void)
{
	give_back();
	started = false;
}
