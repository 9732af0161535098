/* SPDX-License-Identifier: MIT
 *
 * Programs with and without a data race, for planted_test.py: does TSan see coroutines as what they
 * are, on one worker, too? The argument says which.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <weft.h>

#include "runtime/sanitize.h"

WEFT_CHAN(int_chan, int)
WEFT_CHAN(int_ptr_chan, int *)

static int shared;
static struct weft_waitgroup group;

static void add_bare(void *unused)
{
	for (int i = 0; i < 100; i++) {
		shared++;
		weft_yield();
	}
	weft_waitgroup_done(&group);
}

/* Nothing orders the two but the worker that they may share. */
static void race(void)
{
	weft_waitgroup_add(&group, 2);
	weft_go(add_bare, NULL);
	weft_go(add_bare, NULL);
	weft_waitgroup_wait(&group);
}

struct passing {
	int_ptr_chan *in, *out;
};

static void add_passing(struct passing *p)
{
	int *n;

	while (weft_recv(p->in, &n)) {
		++*n;
		weft_send(p->out, n);
	}
}

/* The same, but who adds has got the number through a channel. */
static void channel(size_t capacity)
{
	struct passing p = {weft_make(int_ptr_chan, capacity), weft_make(int_ptr_chan, capacity)};
	int *n = &shared;

	weft_go_copy(add_passing, &p);
	weft_go_copy(add_passing, &p);
	for (int i = 0; i < 100; i++) {
		++*n;
		weft_send(p.in, n);
		weft_recv(p.out, &n);
	}
}

static int add_once(void *unused)
{
	shared++;
	return 0;
}

/* Spawning and joining order, too; and so does a wait group. */
static void join(void)
{
	for (int i = 0; i < 100; i++) {
		shared++;
		weft_join(weft_spawn(add_once, NULL), NULL);
	}
}

static void add_and_done(void *unused)
{
	shared++;
	weft_waitgroup_done(&group);
}

static void waitgroup(void)
{
	for (int i = 0; i < 100; i++) {
		shared++;
		weft_waitgroup_add(&group, 1);
		weft_go(add_and_done, NULL);
		weft_waitgroup_wait(&group);
	}
}

static struct weft_mutex mutex;
static struct weft_rwlock rwlock;
static struct weft_semaphore semaphore = WEFT_SEMAPHORE(1);
static struct weft_cond cond;
static struct weft_once once;

enum guard { MUTEX, TRY, RWLOCK, SEMAPHORE };

/* The same as in `race`, but what is shared has a guard; with the yield inside or outside. */
static void add_guarded(const enum guard *guard)
{
	for (int i = 0; i < 100; i++) {
		switch (*guard) {
		case MUTEX:
			weft_mutex_lock(&mutex);
			break;
		case TRY:
			while (weft_mutex_try(&mutex) < 0)
				weft_yield();
			break;
		case RWLOCK:
			weft_rwlock_wlock(&rwlock);
			break;
		default:
			weft_semaphore_acquire(&semaphore, 1);
		}
		shared++;
		if (i % 2)
			weft_yield();
		switch (*guard) {
		case MUTEX:
		case TRY:
			weft_mutex_unlock(&mutex);
			break;
		case RWLOCK:
			weft_rwlock_wunlock(&rwlock);
			break;
		default:
			weft_semaphore_release(&semaphore, 1);
		}
		weft_yield();
	}
	weft_waitgroup_done(&group);
}

static void guarded(enum guard guard)
{
	weft_waitgroup_add(&group, 3);
	for (int i = 0; i < 3; i++)
		weft_go_copy(add_guarded, &guard);
	weft_waitgroup_wait(&group);
}

static atomic_int holding;

/* relaxed: the two hold the lock at the same time, but nothing orders them behind that. */
static void add_as_reader(void *unused)
{
	weft_rwlock_rlock(&rwlock);
	atomic_fetch_add_explicit(&holding, 1, memory_order_relaxed);
	while (atomic_load_explicit(&holding, memory_order_relaxed) < 2)
		weft_yield();
	for (int i = 0; i < 100; i++) {
		shared++;
		weft_yield();
	}
	weft_rwlock_runlock(&rwlock);
	weft_waitgroup_done(&group);
}

/* Readers do not exclude each other. */
static void readers(void)
{
	weft_waitgroup_add(&group, 2);
	weft_go(add_as_reader, NULL);
	weft_go(add_as_reader, NULL);
	weft_waitgroup_wait(&group);
}

static void take_turns(const int *parity)
{
	weft_mutex_lock(&mutex);
	for (int i = 0; i < 100; i++) {
		while (shared % 2 != *parity)
			weft_cond_wait(&cond, &mutex);
		shared++;
		weft_cond_signal(&cond);
	}
	weft_mutex_unlock(&mutex);
	weft_waitgroup_done(&group);
}

static void condition(void)
{
	weft_waitgroup_add(&group, 2);
	weft_go_copy(take_turns, &(const int){0});
	weft_go_copy(take_turns, &(const int){1});
	weft_waitgroup_wait(&group);
}

static void set_up(void *unused)
{
	weft_yield();
	shared = 1;
}

static int read_once(void *unused)
{
	weft_once(&once, set_up, NULL);
	return shared;
}

static void use_once(void)
{
	struct weft_handle *a = weft_spawn(read_once, NULL), *b = weft_spawn(read_once, NULL);

	weft_once(&once, set_up, NULL);
	weft_join(a, NULL);
	weft_join(b, NULL);
}

static void add_and_close(int_chan *c)
{
	shared++;
	weft_close(c);
}

static void close_and_select(void)
{
	for (int i = 0; i < 100; i++) {
		int_chan *c = weft_make(int_chan, 0), *other = weft_make(int_chan, 0);

		shared++;
		weft_go(add_and_close, c);
		weft_select(weft_on_recv(c, NULL), weft_on_recv(other, NULL));
	}
}

static int app(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "race") == 0)
		race();
	else if (strcmp(what, "channel") == 0)
		channel(0);
	else if (strcmp(what, "buffer") == 0)
		channel(1);
	else if (strcmp(what, "join") == 0)
		join();
	else if (strcmp(what, "waitgroup") == 0)
		waitgroup();
	else if (strcmp(what, "close") == 0)
		close_and_select();
	else if (strcmp(what, "mutex") == 0)
		guarded(MUTEX);
	else if (strcmp(what, "try") == 0)
		guarded(TRY);
	else if (strcmp(what, "rwlock") == 0)
		guarded(RWLOCK);
	else if (strcmp(what, "readers") == 0)
		readers();
	else if (strcmp(what, "semaphore") == 0)
		guarded(SEMAPHORE);
	else if (strcmp(what, "condition") == 0)
		condition();
	else if (strcmp(what, "once") == 0)
		use_once();
	else
		return 64;
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "sanitizer") == 0) {
		puts(WEFT__TSAN ? "thread" : "none");
		return 0;
	}
	return weft_run(app, argc, argv);
}
