/* SPDX-License-Identifier: MIT
 *
 * weft_run: sets the house up, makes the calling thread worker 0 and `app` coroutine 1, and clears
 * up when `app` has returned.
 */
#include "runtime/run.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/alone.h"
#include "runtime/blocking.h"
#include "runtime/callers.h"
#include "runtime/census.h"
#include "runtime/chan.h"
#include "runtime/debug.h"
#include "runtime/hog.h"
#include "runtime/leak.h"
#include "runtime/local.h"
#include "runtime/locate.h"
#include "runtime/overflow.h"
#include "runtime/io.h"
#include "runtime/panic.h"
#include "runtime/poller.h"
#include "runtime/poke.h"
#include "runtime/post.h"
#include "runtime/probe.h"
#include "runtime/sched.h"
#include "runtime/scope.h"
#include "runtime/stack.h"
#include "runtime/sync.h"
#include "runtime/ticker.h"
#include "runtime/timer.h"
#include "runtime/monitor.h"
#include "tracer/record/futex.h"
#include "tracer/record/clock.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__)
#define STACK_KIB 256
#else
#define STACK_KIB 64
#endif
#define MAIN_STACK_BYTES ((size_t)8 << 20) /* what a C program's main is used to */
#define END_WAIT_NS (2 * WEFT_SEC)	   /* for a coroutine that computes while the run ends */

static atomic_bool running;
static bool left_behind; /* a worker of an earlier run computes on, in what was the run's */
static bool forked;	 /* in the middle of a run: this is the child */

/* Who goes on when coroutine 1 has ended on another worker than 0: futex, ENDING when undecided. */
enum ending { ENDING, ENDING_RETURNS, ENDING_EXITS };
static _Atomic uint32_t ending;
static atomic_int
	ended_on; /* the worker of coroutine 1's end, -1 before; release: and its result */

struct app {
	int (*fn)(int argc, char **argv);
	int argc;
	char **argv;
};

/* By its name it is no frame of the program: see is_ours in locate.c. */
static int weft__app_main(void *arg)
{
	struct app *app = arg;

	return app->fn(app->argc, app->argv);
}

/* A whole number from the environment, or `fallback` with one warning. */
static long env_number(const char *name, long min, long max, long fallback)
{
	const char *text = secure_getenv(name);
	char *end;
	long n;

	if (!text || !*text)
		return fallback;
	n = strtol(text, &end, 10);
	if (*end == '\0' && n >= min && n <= max)
		return n;
	weft__warn(
		"%s=%s is not a number from %ld to %ld: using %ld", name, text, min, max, fallback);
	return fallback;
}

static int cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	return CPU_COUNT(&set);
}

void weft__panic_outside(const char *what)
{
	weft__panic("%s called outside of a coroutine (use weft_run, or weft_post from other "
		    "threads; after fork no call is possible)",
		what);
}

int64_t weft_now(void)
{
	return weft__rec_clock();
}

const char *weft_version(void)
{
	return WEFT_VERSION;
}

/* ---- Workers ----------------------------------------------------------------------------------
 */

static void learn_thread(struct weft__worker *w)
{
	atomic_store_explicit(&w->tid, (int)syscall(SYS_gettid), memory_order_release);
#if WEFT__TSAN
	w->tsan_fiber = __tsan_get_current_fiber();
	__tsan_release(&w->tsan_fiber); /* see arrive */
#endif
#if WEFT__ASAN
	pthread_attr_t attr;
	void *lo;

	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstack(&attr, &lo, &w->asan_stack_bytes);
	w->asan_stack = lo;
	pthread_attr_destroy(&attr);
#endif
}

static void work(struct weft__worker *w)
{
	struct weft__altstack alt;

	weft__altstack_set(&alt);
	learn_thread(w);
	weft__worker_set(w);
	weft__trace_reserve(w, WEFT__TRACE_WORKER_UNITS);
	weft__trace_worker(w, WEFT_WORKER_START);
	weft__worker_loop(w);
	weft__trace_reserve(w, WEFT__TRACE_WORKER_UNITS);
	weft__trace_worker(w, WEFT_WORKER_STOP);
	weft__worker_set(NULL);
	weft__altstack_unset(&alt);
}

/* True: it is us who decide how the run ends. */
static bool decide(enum ending how)
{
	uint32_t undecided = ENDING;

	return atomic_compare_exchange_strong(&ending, &undecided, how);
}

/*
 * Coroutine 1 has ended on this worker. If another one computes on the thread of weft_run, that
 * cannot return: then the process ends, as a Go program does.
 */
static void wait_for_main_thread(void)
{
	int64_t until = weft_now() + END_WAIT_NS;

	while (atomic_load(&ending) == ENDING && weft_now() < until)
		weft__futex_wait(&ending, ENDING, until);
	if (decide(ENDING_EXITS))
		exit(weft__sched.result);
}

/* Where threads wait that were made before there is anything to do. */
static void open_gate(void)
{
	/* release: the recorder's rings. */
	atomic_store_explicit(&weft__sched.gate, 1, memory_order_release);
	weft__futex_wake(&weft__sched.gate, INT_MAX);
}

static void *worker_thread(void *arg)
{
	struct weft__worker *w = arg;

	while (!atomic_load_explicit(&weft__sched.gate, memory_order_acquire))
		weft__futex_wait(&weft__sched.gate, 0, WEFT_NEVER);
	weft__poke_allow();
	weft__alone_come();
	work(w);
	weft__alone_go();
	if (atomic_load_explicit(&ended_on, memory_order_acquire) == w->index)
		wait_for_main_thread();
	return NULL;
}

/* On the thread of weft_run, out of its loop. */
static void main_thread_is_back(void)
{
	/* acquire: the result. */
	(void)atomic_load_explicit(&ended_on, memory_order_acquire);
	if (!decide(ENDING_RETURNS))
		for (;;)
			pause(); /* a worker is in exit */
	weft__futex_wake(&ending, 1);
}

static int workers_make(int n)
{
	struct weft__sched *s = &weft__sched;

	s->workers = aligned_alloc(64, (size_t)n * sizeof(*s->workers));
	if (!s->workers)
		return -ENOMEM;
	memset(s->workers, 0, (size_t)n * sizeof(*s->workers));
	s->nworkers = n;
	for (int i = 0; i < n; i++) {
		s->workers[i].index = i;
		s->workers[i].about = weft_now();
		s->workers[i].pace = 1;
		s->workers[i].rng =
			(uint32_t)(weft_now() >> 4) * 2654435761u + (uint32_t)i * 40503u + 1;
		if (s->workers[i].rng == 0)
			s->workers[i].rng = 1;
	}
	return 0;
}

void weft__thread_signals(sigset_t *ret_blocked)
{
	sigfillset(ret_blocked);
	sigdelset(ret_blocked, SIGSEGV);
	sigdelset(ret_blocked, SIGBUS);
	sigdelset(ret_blocked, SIGFPE);
	sigdelset(ret_blocked, SIGILL);
	sigdelset(ret_blocked, SIGTRAP);
}

/* Worker threads take no signals: those are the program's business, on its own threads. */
static int threads_start(void)
{
	struct weft__sched *s = &weft__sched;
	sigset_t all, old;
	int r = 0;

	weft__thread_signals(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	for (s->nthreads = 1; s->nthreads < s->nworkers && r == 0; s->nthreads += r == 0) {
		struct weft__worker *w = &s->workers[s->nthreads];

		r = pthread_create(&w->thread, NULL, worker_thread, w);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

/* False: one of them computes on and on, and what it uses cannot be freed. */
static bool threads_join(void)
{
	struct timespec until;
	bool all = true;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += END_WAIT_NS / WEFT_SEC;
	for (int i = 1; i < weft__sched.nthreads; i++) {
		if (pthread_timedjoin_np(weft__sched.workers[i].thread, NULL, &until) != 0) {
			pthread_detach(weft__sched.workers[i].thread);
			all = false;
		}
	}
	return all;
}

/* ---- The run ----------------------------------------------------------------------------------
 */

static void at_exit(void)
{
	/* exit(3) in the middle of a run. */
	if (atomic_load_explicit(&running, memory_order_relaxed))
		weft__rec_abort(WEFT_EOF_EXIT);
}

static void in_child(void)
{
	weft__worker_set(NULL); /* every call panics from here on */
	weft__rec_forked();
	weft__monitor_forked();
	weft__poke_finish();
	if (atomic_exchange(&running, false))
		forked = true; /* its locks may be held by threads that are not here */
}

void weft__not_in_child(const char *what)
{
	if (__builtin_expect(forked, 0))
		weft__panic("%s called in a forked child: after fork no call is possible", what);
}

static void once(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	atexit(at_exit);
	pthread_atfork(NULL, NULL, in_child);
}

static int set_up(void)
{
	struct weft__sched *s = &weft__sched;
	int n = (int)env_number("WEFT_WORKERS", 1, WEFT__WORKERS_MAX, cpus());

	memset(s, 0, sizeof(*s));
	atomic_store(&ending, ENDING);
	atomic_store(&ended_on, -1);
	if (workers_make(n) < 0)
		return -ENOMEM;
	weft__multi = n > 1 || WEFT__TSAN;
	atomic_store(&s->alarm, WEFT_NEVER);
	weft__sched_init();
	weft__alone_init();
	weft__blocking_init((int)env_number("WEFT_HELPERS", 1, 1024, 64));
	weft__sync_init();
	weft__timers_init();
	weft__tickers_init();
	weft__poke_init();
	weft__census_init();
	weft__debug_init();
	return weft__stacks_init(
		(size_t)env_number("WEFT_STACK", 16, 65536, STACK_KIB) * 1024, MAIN_STACK_BYTES);
}

/* The workers exist, and wait at the gate: what is recorded begins with the run itself. */
static void start(int argc, char **argv)
{
	struct weft__sched *s = &weft__sched;
	struct weft__rec_config config = {.argc = argc,
		.argv = argv,
		.workers = s->nworkers,
		.guard = weft__guard_word(weft__stacks_guard()),
		.locator = &weft__locator};
	bool recorded = weft__rec_start(&config) > 0;

	if (recorded) {
		WEFT__PROBE(WEFT_EVENTS_STACK, weft__callers_start());
		for (int i = 0; i < s->nworkers; i++)
			s->workers[i].ring = weft__rec_ring(i);
	}
	weft__overflow_init(recorded);
	weft__monitor_start(weft__hogs_init(recorded));
	open_gate();
}

static void clear_up(void)
{
	weft__stacks_acquire();
	weft__post_finish();
	weft__ios_finish();
	weft__poller_finish();
	weft__scopes_finish();
	weft__chans_finish();
	weft__timers_finish();
	weft__overflow_finish();
	weft__poke_finish();
	weft__locals_finish();
	weft__handles_finish();
	weft__stacks_finish();
	weft__handles_finish();
	free(weft__sched.workers);
	weft__sched.workers = NULL;
}

void weft__run_end(int result)
{
	weft__sched.result = result;
	atomic_store_explicit(&ended_on, weft__worker()->index, memory_order_release);
	weft__stop_workers();
}

int weft_run(int (*app)(int argc, char **argv), int argc, char **argv)
{
	struct app arg = {app, argc, argv};
	struct weft__co *first;
	bool all_ended;
	int r;

	weft__not_in_child("weft_run");
	if (weft__worker() || atomic_exchange(&running, true))
		weft__panic("weft_run called while a run is going on");
	if (left_behind) {
		atomic_store(&running, false);
		return -EBUSY;
	}
	once();
	r = set_up();
	if (r < 0) {
		if (weft__sched.workers)
			clear_up();
		atomic_store(&running, false);
		return r;
	}
	weft__worker_set(&weft__sched.workers[0]);
	r = threads_start();
	if (r < 0) {
		weft__stop_workers();
		open_gate();
		weft__sched.result = r;
		goto out;
	}
	weft__alone_come(); /* before others may run */
	start(argc, argv);
	first = weft__co_first(weft__worker(), &arg, sizeof(arg));
	first->int_fn = weft__app_main;
	weft__ready(first);
	work(&weft__sched.workers[0]);
	weft__alone_go();
out:
	weft__worker_set(NULL);
	main_thread_is_back();
	weft__monitor_stop(); /* before the join: it may be pausing the workers */
	all_ended = threads_join();
	if (!weft__blocking_finish(weft_now() + END_WAIT_NS))
		all_ended = false;
	if (all_ended) {
		weft__hogs_finish();
		WEFT__PROBE(WEFT_EVENTS_STACK, weft__callers_finish());
		weft__rec_stop(WEFT_EOF_EXIT);
		weft__leak_report();
		weft__census_report();
		clear_up();
	} else {
		left_behind = true;
		weft__post_finish();
		weft__rec_abort(WEFT_EOF_EXIT);
	}
	atomic_store(&running, false);
	return weft__sched.result;
}
