/* SPDX-License-Identifier: MIT
 *
 * weft: coroutines and channels for C, with Go's semantics, on all cores.
 *
 *	WEFT_CHAN(string_chan, const char *)
 *
 *	static void ping(string_chan *c)
 *	{
 *		weft_send(c, "ping");
 *	}
 *
 *	static int app(int argc, char **argv)
 *	{
 *		string_chan *c = weft_make(string_chan, 0);
 *		const char *s;
 *
 *		weft_go(ping, c);
 *		weft_recv(c, &s);
 *		puts(s);
 *		return 0;
 *	}
 *
 *	int main(int argc, char **argv)
 *	{
 *		return weft_run(app, argc, argv);
 *	}
 *
 * This header reads from top to bottom as the manual. What holds everywhere:
 *
 * - Calls that can fail return >= 0 or a negative errno value, never errno itself: a coroutine may
 *   wake on another OS thread. For the same reason re-read errno after each weft call, and hold no
 *   pthread mutex, FILE lock or other state bound to a thread across one.
 * - Everything here is for coroutines, save weft_run (the main program), weft_post and weft_door_close
 *   (any thread), weft_now and weft_version (anywhere). A call from elsewhere is a panic: one line that
 *   says what was wrong, then abort().
 * - Where memory is out, the calls that say so give -ENOMEM; all others panic (a coroutine's stack, a
 *   channel, a scope, a timer ...).
 * - What waits, ends when the caller's scope ends (see Cancellation): -ECANCELED.
 * - Times are int64_t nanoseconds of CLOCK_MONOTONIC. What waits has a form that ends with _until and
 *   takes a deadline: such a time, or WEFT_NEVER, or WEFT_NOW: "do not wait", which gives -EAGAIN. One in
 *   the past still takes what is ready at once, and gives -ETIMEDOUT where nothing is.
 */
#ifndef WEFT_H
#define WEFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_API __attribute__((visibility("default")))

/* ---- The run -------------------------------------------------------------------------------- */

/*
 * Runs `app` as coroutine 1 and returns what it returns. The calling thread becomes worker 0;
 * WEFT_WORKERS (1 to 256, default: one for each CPU this process may use) says how many there are.
 *
 * The run ends when `app` returns, as a Go program ends with main: coroutines that are still
 * blocked or ready are abandoned (nothing of theirs runs any more) and channels are freed. One that
 * is running is waited for until its next weft call, at most 2 s. If it still computes then, it goes on
 * beside what the program does next, and no other run is possible; but if it does so on the thread of
 * weft_run, which then cannot return, the process ends by exit(what app returned).
 * A process may call it again, one run after the other; not from inside a run.
 *
 * When nothing can go on any more, it does not return: a report of who waits for what goes to
 * stderr, stdio is flushed, and the process ends with exit status 2.
 *
 * WEFT_TRACE=FILE in the environment records the run. Returns -ENOMEM or -EAGAIN if memory or
 * threads could not be had before `app` began, -EBUSY if somebody of an earlier run computes on.
 */
WEFT_API int weft_run(int (*app)(int argc, char **argv), int argc, char **argv);

/* "0.1.0": of the library that is linked, which may be newer than this header. */
WEFT_API const char *weft_version(void);

/* ---- Coroutines -------------------------------------------------------------------------------
 *
 * A coroutine runs a function of one pointer argument of any type, on a stack of its own: 64 KiB by
 * default (256 KiB in debug and sanitizer builds; WEFT_STACK=KIB sets it, 16 to 65536), 8 MiB for
 * coroutine 1. printf and friends fit; deep recursion and large arrays may not. A guard of one page is
 * below each stack: compile with -fstack-clash-protection, where that is not the default, or a frame
 * larger than a page may step over it, into somebody else's stack, and nothing tells of the overflow.
 * Coroutines move between workers wherever they wait.
 */

/*
 * weft_go(fn, arg): starts fn(arg), detached, as Go's `go`. The pointer is handed on as it is; what
 * it points to must live long enough.
 */
#define weft_go(fn, ...)                                                                           \
	weft_co_go(WEFT__FN(fn, __VA_ARGS__), #fn, WEFT__PTR(__VA_ARGS__), 0, WEFT__HERE)

/*
 * weft_go_copy(fn, arg): the same, but fn gets a pointer to a copy of *arg on its own stack, which
 * lives until fn returns. At most WEFT_ARG_MAX bytes.
 *
 *	weft_go_copy(filter, &(struct filter){in, out, prime});
 */
#define weft_go_copy(fn, ...)                                                                      \
	weft_co_go(WEFT__FN(fn, __VA_ARGS__), #fn, WEFT__PTR(__VA_ARGS__), WEFT__ARG(__VA_ARGS__), \
		WEFT__HERE)

/*
 * weft_spawn(fn, arg), weft_spawn_copy(fn, arg): starts `int fn(T *)` and returns a handle. The
 * handle must be given to weft_join exactly once; the coroutine's stack is freed when fn returns.
 */
#define weft_spawn(fn, ...)                                                                        \
	weft_co_spawn(WEFT__INT_FN(fn, __VA_ARGS__), #fn, WEFT__PTR(__VA_ARGS__), 0, WEFT__HERE)
#define weft_spawn_copy(fn, ...)                                                                   \
	weft_co_spawn(WEFT__INT_FN(fn, __VA_ARGS__), #fn, WEFT__PTR(__VA_ARGS__),                  \
		WEFT__ARG(__VA_ARGS__), WEFT__HERE)

struct weft_handle;

/*
 * Waits until the coroutine has ended, stores what it returned in *ret_code (may be NULL) and frees
 * the handle. 0, -ECANCELED, or of weft_join_until -ETIMEDOUT: the handle is then still good.
 */
WEFT_API int weft_join(struct weft_handle *handle, int *ret_code);
WEFT_API int weft_join_until(struct weft_handle *handle, int *ret_code, int64_t until);

/* Lets others run; goes on when its turn comes again. */
WEFT_API void weft_yield(void);

/* The running coroutine's number: 1 is `app`, never used twice in a run. */
WEFT_API uint64_t weft_self(void);

/* Names the running coroutine, for traces and reports; at most 47 bytes are kept. */
WEFT_API void weft_set_name(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Coroutine-local values: a pointer for each key and coroutine, null at first; not inherited.
 *
 *	static struct weft_local user = WEFT_LOCAL_INIT(user_free);
 *
 *	weft_local_set(&user, user_of(request));
 *	... anywhere below ...
 *	struct user *u = weft_local_get(&user);
 *
 * A key is an object that lives as long as any coroutine uses it, and is known by its address. Its
 * destructor (or NULL) gets the value when the coroutine's function has returned, and before whoever
 * joins it goes on, on the coroutine's own stack: it may do what the function might. Destructors run
 * in the reverse of the order in which this coroutine first set the keys; not for values that were
 * replaced or are null, and not in coroutines that are abandoned at the end of the run. Values that
 * a destructor sets are destroyed in turn. A look-up goes through the keys that the coroutine has
 * set: meant for a handful.
 */
struct weft_local {
	void (*weft_destroy)(void *value);
	void *weft_reserved;
};

#define WEFT_LOCAL_INIT(destroy) {destroy, NULL}

WEFT_API void *weft_local_get(const struct weft_local *key);
/* 0, or -ENOMEM, which only the first set of a key in a coroutine can give. */
WEFT_API int weft_local_set(const struct weft_local *key, void *value);

/*
 * Pinning. Worker 0 is the thread that called weft_run, the main thread as a rule: some libraries
 * (SDL, Cocoa ...) want to be called from it only, others from always the same thread.
 *
 *	weft_pin(WEFT_MAIN_THREAD);
 *	SDL_Init(SDL_INIT_VIDEO);
 *	... the coroutine may wait meanwhile: it goes on on the same thread ...
 *	weft_unpin();
 *
 * weft_pin(worker): the caller runs on that worker (0 to weft_worker_count() - 1) when it returns,
 * and on no other until weft_unpin. It moves as by a yield: a worker that sleeps is woken, one that
 * computes takes it at its next switch. Not ended by the scope. Pins nest: each that gave 0 wants
 * one weft_unpin, and the last of them sets the coroutine free. What it starts is not pinned.
 *
 * 0, -EINVAL if there is no such worker, or -EBUSY if the caller is pinned to another one.
 *
 * Only the coroutine is bound, not the worker, which runs others between; state that belongs to the
 * thread (a locale, a current GL context) is seen by these, too. A message to a pinned coroutine that
 * has its worker asleep costs the waking of a thread, some 10 us: pin what must be, not for speed.
 */
#define WEFT_MAIN_THREAD 0    /* as a worker: the thread that called weft_run */
#define WEFT_THIS_WORKER (-1) /* as a worker: on which the caller runs now */

WEFT_API int weft_pin(int worker);
/* A panic if the caller is not pinned. Goes on where it is. */
WEFT_API void weft_unpin(void);

/* The worker on which the caller runs now: without a pin it may be another one after any wait. */
WEFT_API int weft_worker_index(void);
WEFT_API int weft_worker_count(void); /* the same for all of a run */

/* ---- Channels ---------------------------------------------------------------------------------
 *
 * As in Go: FIFO, unbuffered (capacity 0) or buffered, shared by any number of coroutines on all
 * workers. A null channel is Go's nil channel: send and receive on it wait for ever.
 *
 * WEFT_CHAN(int_chan, int) at file scope declares the type int_chan of channels of int. What is
 * sent is checked against it at compile time: a double or a wrong pointer on such a channel is
 * diagnosed, an int on a channel of long is converted. A `const char *` is shown as a string in
 * traces (and read up to 256 bytes when it is sent); any other pointer is never followed.
 */

/*
 * weft_make(int_chan, capacity): a new channel, with one reference. It never fails: out of memory is
 * a panic, as is a capacity that memory cannot hold.
 */
#define weft_make(type, capacity)                                                                  \
	WEFT__TYPED(type, weft_chan_make(&type##_weft_elem, (capacity), WEFT__HERE))

/*
 * weft_send(c, value): sends a copy of the value; waits until a receiver has taken it or the buffer
 * has room. A send on a closed channel is a panic. Returns 0, or -ECANCELED: nobody has it.
 *
 * weft_send_until(c, value, until): -ETIMEDOUT if it was not taken by then.
 * weft_try_send(c, value): -EAGAIN if it would have to wait.
 */
#define weft_send(c, ...)                                                                          \
	weft_chan_send(WEFT__CHAN(c), WEFT__VALUE(c, (__VA_ARGS__)), WEFT_NEVER)
#define weft_send_until(c, value, until)                                                           \
	weft_chan_send(WEFT__CHAN(c), WEFT__VALUE(c, (value)), (until))
#define weft_try_send(c, ...)                                                                      \
	weft_chan_send(WEFT__CHAN(c), WEFT__VALUE(c, (__VA_ARGS__)), WEFT_NOW)

/*
 * weft_recv(c, &v): receives into v (a null pointer: drops the value). True, or false when the
 * channel is closed and drained; v is then zero. False too, and v as it was, when the scope has
 * ended; weft_recv_until tells which. So a loop over all that comes is
 *
 *	while (weft_recv(c, &v))
 *
 * weft_recv_until(c, &v, until): 0, -EPIPE when closed and drained, -ETIMEDOUT or -ECANCELED.
 * weft_try_recv(c, &v): 0, -EPIPE, or -EAGAIN.
 */
#define weft_recv(c, ptr)                                                                          \
	weft__received(weft_chan_recv(WEFT__CHAN(c), WEFT__INTO(c, ptr), WEFT_NEVER))
#define weft_recv_until(c, ptr, until)                                                             \
	weft_chan_recv(WEFT__CHAN(c), WEFT__INTO(c, ptr), (until))
#define weft_try_recv(c, ptr) weft_chan_recv(WEFT__CHAN(c), WEFT__INTO(c, ptr), WEFT_NOW)

/*
 * weft_close(c): no more sends; receivers get what is buffered, then false. Wakes everybody who
 * waits. Closing twice, or closing a null channel, is a panic.
 */
#define weft_close(c) weft_chan_close(WEFT__CHAN(c))

#define weft_len(c) weft_chan_len(WEFT__CHAN(c)) /* values buffered now */
#define weft_cap(c) weft_chan_cap(WEFT__CHAN(c)) /* values that fit */

/*
 * Channels are counted: weft_make gives one reference, weft_ref(c) adds one and gives c back,
 * weft_unref(c) drops one and frees the channel (and whatever is buffered in it) with the last.
 * Whoever waits on a channel keeps it alive meanwhile. What is left at the end of the run is freed then.
 */
#define weft_ref(c) WEFT__REF(c)
#define weft_unref(c) weft_chan_unref(WEFT__CHAN(c))

/* weft_chan_name(c, "jobs"): names it, for traces and reports; at most 47 bytes are kept. */
#define weft_chan_name(c, ...) weft_chan_set_name(WEFT__CHAN(c), __VA_ARGS__)

/* The element of a channel of mere tokens: WEFT_CHAN(done_chan, weft_unit), weft_send(c, WEFT_UNIT). */
typedef struct weft_unit {
	char weft_nothing;
} weft_unit;

/* ---- Select -----------------------------------------------------------------------------------
 *
 *	switch (weft_select(weft_on_recv(jobs, &job), weft_on_send(results, r))) {
 *	case 0: ...		a job came
 *	case 1: ...		r was taken
 *	}
 *
 * Waits until one of the cases can go on, does it, and returns its index. Among several that are
 * ready, each is equally likely. A case on a null channel is never ready. Or -ECANCELED.
 */
struct weft_case {
	struct weft_chan *chan;
	void *value; /* private from here */
	bool *ret_ok;
	int send;
};

#define weft_on_recv(c, ptr) WEFT__CASE(WEFT__CHAN(c), WEFT__INTO(c, ptr), NULL, 0)
/* The same; *ret_ok (a bool) says whether a value came, false: the channel is closed and drained. */
#define weft_on_recv_ok(c, ptr, ret_ok) WEFT__CASE(WEFT__CHAN(c), WEFT__INTO(c, ptr), ret_ok, 0)
#define weft_on_send(c, ...) WEFT__CASE(WEFT__CHAN(c), WEFT__VALUE(c, (__VA_ARGS__)), NULL, 1)

#define weft_select(...) WEFT__SELECT(WEFT_NEVER, __VA_ARGS__)
/* With a deadline: -ETIMEDOUT if no case was ready by then. */
#define weft_select_until(until, ...) WEFT__SELECT(until, __VA_ARGS__)
/* With a default: -EAGAIN if no case is ready now. */
#define weft_try_select(...) WEFT__SELECT(WEFT_NOW, __VA_ARGS__)

/* The same for an array of n cases (at most 65536), with `until` WEFT_NEVER, WEFT_NOW or a time. */
WEFT_API int weft_chan_select(struct weft_case *cases, int n, int64_t until);

/* ---- Time -------------------------------------------------------------------------------------
 *
 * Nothing happens too early; how late depends on what else runs: a worker looks at the time between
 * two coroutines, not while one computes. Where several are due within 250 us they may be woken
 * together, with the last of them.
 */

#define WEFT_NEVER INT64_MAX /* as a deadline: none */
#define WEFT_NOW INT64_MIN   /* as a deadline: do not wait */
#define WEFT_US INT64_C(1000)
#define WEFT_MS INT64_C(1000000)
#define WEFT_SEC INT64_C(1000000000)

WEFT_API int64_t weft_now(void); /* anywhere */
/*
 * weft_sleep(20 * WEFT_MS). Zero and less: at once. Other coroutines go on meanwhile. 0, or
 * -ECANCELED: woken before its time.
 */
WEFT_API int weft_sleep(int64_t ns);
WEFT_API int weft_sleep_until(int64_t t);

/*
 * Channels on which the time comes: what weft_now gave when it was sent. They have room for one
 * value; while that has not been received, further ones are dropped, so a slow receiver is not
 * flooded with the past. They are channels as all others, with one reference for the caller.
 *
 *	weft_time_chan *tick = weft_ticker(WEFT_SEC), *enough = weft_after(5 * WEFT_SEC);
 *
 *	while (weft_select(weft_on_recv(tick, &now), weft_on_recv(enough, NULL)) == 0)
 *		...
 *	weft_unref(tick);
 *	weft_unref(enough);
 *
 * Dropping the last reference ends the timer as well, whether it has come or not; nothing else need
 * be stopped. Closing the channel ends it too, and its receivers get false. A time to come keeps a
 * run from being taken for a deadlock only while somebody waits on its channel.
 */
typedef struct weft_time_chan {
	int64_t weft_elem;
} weft_time_chan;

/* weft_after(ns): the time comes once, ns from now; zero and less: now. */
#define weft_after(ns) WEFT__TYPED(weft_time_chan, weft_time_after((ns), WEFT__HERE))

/*
 * weft_ticker(period): the time comes every `period` ns (more than 0, or a panic), first in one
 * period. Ticks that are late do not move those that follow.
 */
#define weft_ticker(period) WEFT__TYPED(weft_time_chan, weft_time_ticker((period), WEFT__HERE))

/*
 * No time comes any more, and one that was not received is dropped: what comes after a reset is of
 * after the reset. True: there was one, dropped or still to come. On other channels: a panic.
 */
WEFT_API bool weft_time_stop(weft_time_chan *c);

/* Stops it, then starts it anew: once in ns, or for a ticker every ns from now on. */
WEFT_API bool weft_time_reset(weft_time_chan *c, int64_t ns);

/* ---- Cancellation -----------------------------------------------------------------------------
 *
 * A scope is what runs together and may be told to stop together, as Go's context. A coroutine runs
 * in the scope in which it was started (coroutine 1: in none). When a scope ends, every wait of its
 * coroutines ends with -ECANCELED: those that wait now, and whatever would have to wait later. What
 * can go on at once still does; a value is delivered or the wait is cancelled, never both.
 *
 *	struct weft_scope *scope = weft_scope_make(NULL, weft_now() + 200 * WEFT_MS);
 *	struct weft_scope *outer = weft_scope_enter(scope);
 *
 *	weft_go(fetch, &a);			runs in the scope, as all that it starts
 *	if (weft_select(...) == -ECANCELED)
 *		puts(weft_scope_reason(scope));
 *	weft_scope_leave(outer);
 *	weft_scope_cancel(scope, "done");	whatever is still at work
 *	weft_scope_unref(scope);
 *
 * A scope ends once: by weft_scope_cancel, by its deadline, or with its parent. Children never
 * outlast their parents. Scopes belong to coroutines of all workers; all calls are for coroutines.
 */
struct weft_scope;

/*
 * weft_scope_make(parent, until): a new scope, with one reference. `parent` NULL: the caller's
 * current one, if any. It ends at the deadline (WEFT_NEVER: none), or the parent's if that is
 * earlier; with a parent that has ended it begins ended. Out of memory is a panic.
 */
#define weft_scope_make(parent, until) weft_scope_start((parent), (until), WEFT__HERE)

/*
 * Counted as channels are: a coroutine that runs in it holds a reference, and so do its children. To
 * drop the last one stops the timer, and cancels nothing: nobody is left. NULL: nothing happens.
 */
WEFT_API struct weft_scope *weft_scope_ref(struct weft_scope *scope);
WEFT_API void weft_scope_unref(struct weft_scope *scope);

/*
 * The running coroutine goes on in `scope` (NULL: in none, for what shall outlive its scope), and
 * what it starts does too. Returns the scope before, which weft_scope_leave takes to go back; once
 * for each weft_scope_enter, before the coroutine ends.
 */
WEFT_API struct weft_scope *weft_scope_enter(struct weft_scope *scope);
WEFT_API void weft_scope_leave(struct weft_scope *before);

/* The scope in which the caller runs, or NULL; no new reference. */
WEFT_API struct weft_scope *weft_scope_current(void);

/*
 * Ends the scope and all below it, with the first 95 bytes of `reason` (NULL: "cancelled"). When it
 * has ended already nothing happens: the first reason stays. When it returns, all below have ended and
 * all who waited are ready; if somebody else ends it just now, maybe a moment later. The caller may
 * run in it.
 */
WEFT_API void weft_scope_cancel(struct weft_scope *scope, const char *reason);

/* 0, or how it ended: -ECANCELED, or -ETIMEDOUT at its deadline or that of one above. NULL: 0. */
WEFT_API int weft_scope_error(struct weft_scope *scope);
/* Why it ended, "deadline" for a deadline; "" as long as it has not. Lives as long as the scope. */
WEFT_API const char *weft_scope_reason(struct weft_scope *scope);
/* Its deadline, or WEFT_NEVER. */
WEFT_API int64_t weft_scope_until(struct weft_scope *scope);

/*
 * A channel that is closed when the scope ends, for weft_select in coroutines that do not run in it
 * or that want to know at once. Lives as long as the scope. NULL, never ready, for NULL.
 */
typedef struct weft_done_chan {
	weft_unit weft_elem;
} weft_done_chan;

WEFT_API weft_done_chan *weft_scope_done(struct weft_scope *scope);

/*
 * Between these two the running coroutine waits as if it had no scope: to clean up after the end.
 * They nest. What it starts there inherits the scope all the same, unshielded.
 */
WEFT_API void weft_shield_begin(void);
WEFT_API void weft_shield_end(void);

/* ---- Sync -------------------------------------------------------------------------------------
 *
 * Mutexes, wait groups and their kin are structs in the memory of the program: global, on a stack, or
 * in structs of its own. Zeroed memory is ready for use. None may be copied or moved once it is used,
 * and its memory may go when nobody uses it any more; who was the last to unlock a mutex, or to return
 * from a wait, may free it. What is still held or waited for at the end of a run must be zeroed before
 * another one uses it.
 *
 * weft_sync_name(&mutex, "cache %d", n) names one of them, for traces and reports; at most 19 bytes are
 * kept. weft_sync_finish(&mutex) tells traces that it is not used any more, and panics if it still is;
 * needed only where its memory is used again for something else in the same run.
 */
struct weft_sync {
	uint32_t weft_lock, weft_word, weft_run;
	char weft_name[20];
	uint64_t weft_id;
	int64_t weft_last;
	void *weft_queue[2];
};

#define weft_sync_name(object, ...) weft_sync_set_name(&(object)->weft_sync, __VA_ARGS__)
#define weft_sync_finish(object) weft_sync_end(&(object)->weft_sync)

/*
 * A mutex: one coroutine at a time holds it, and it may wait for other things meanwhile. Those who
 * wait have their turns in the order in which they came. Who comes while the first of them is on its
 * way may overtake it, once: if that one finds the mutex taken again, it is given it next.
 *
 * To lock a mutex twice is a deadlock; to unlock one that nobody holds is a panic. Any coroutine may
 * unlock it. weft_mutex_lock and _unlock do not look who calls them where nobody contends: a call from
 * outside of a coroutine may go unnoticed, and is no less wrong.
 */
struct weft_mutex {
	struct weft_sync weft_sync;
};

/* Does not end by cancellation, so that nobody is inside by mistake. */
WEFT_API void weft_mutex_lock(struct weft_mutex *mutex);
/* 0; or it is not locked: -ETIMEDOUT or -ECANCELED. */
WEFT_API int weft_mutex_lock_until(struct weft_mutex *mutex, int64_t until);
/* 0, or -EAGAIN if somebody holds it. */
WEFT_API int weft_mutex_try(struct weft_mutex *mutex);
WEFT_API void weft_mutex_unlock(struct weft_mutex *mutex);

/*
 * An rwlock: any number of readers, or one writer. Nobody overtakes who waits. When a writer waits,
 * readers who come wait for it; when it is through, all readers who wait by then have their turn
 * before the next writer. So a reader that takes the lock a second time may wait for a writer that
 * waits for it: don't. To unlock what is not locked so is a panic.
 */
struct weft_rwlock {
	struct weft_sync weft_sync;
	void *weft_readers[2];
};

/* As for mutexes: these two do not end by cancellation, */
WEFT_API void weft_rwlock_rlock(struct weft_rwlock *rwlock);
WEFT_API void weft_rwlock_wlock(struct weft_rwlock *rwlock);
/* and these give 0 or -ETIMEDOUT or -ECANCELED, */
WEFT_API int weft_rwlock_rlock_until(struct weft_rwlock *rwlock, int64_t until);
WEFT_API int weft_rwlock_wlock_until(struct weft_rwlock *rwlock, int64_t until);
/* and these 0 or -EAGAIN. */
WEFT_API int weft_rwlock_try_rlock(struct weft_rwlock *rwlock);
WEFT_API int weft_rwlock_try_wlock(struct weft_rwlock *rwlock);
WEFT_API void weft_rwlock_runlock(struct weft_rwlock *rwlock);
WEFT_API void weft_rwlock_wunlock(struct weft_rwlock *rwlock);

/*
 * A condition: wait for something to become true that a mutex guards.
 *
 *	weft_mutex_lock(&m);
 *	while (!ready)
 *		weft_cond_wait(&ready_cond, &m);
 *
 * The caller holds the mutex. It is given back while the caller waits, and is held again when the call
 * returns, whatever that says; others may have had it in between, hence the loop. There are no
 * wake-ups without a signal.
 */
struct weft_cond {
	struct weft_sync weft_sync;
};

/* 0: signalled. -ETIMEDOUT or -ECANCELED. */
WEFT_API int weft_cond_wait(struct weft_cond *cond, struct weft_mutex *mutex);
WEFT_API int weft_cond_wait_until(
	struct weft_cond *cond, struct weft_mutex *mutex, int64_t until);
/* Wakes who has waited longest, if anybody waits; or all. With the mutex or without it. */
WEFT_API void weft_cond_signal(struct weft_cond *cond);
WEFT_API void weft_cond_broadcast(struct weft_cond *cond);

/*
 * A semaphore: permits that are acquired, n at a time, and released by anybody. Those who wait are
 * served in their order: one who wants many is not overtaken by those who want few. Zeroed memory has
 * no permits; `struct weft_semaphore s = WEFT_SEMAPHORE(3);` has three.
 */
struct weft_semaphore {
	struct weft_sync weft_sync;
	int64_t weft_permits;
};

#define WEFT_SEMAPHORE(permits) {{0, 0, 0, {0}, 0, 0, {0, 0}}, (permits)}

/* 0; or nothing is acquired: -ETIMEDOUT or -ECANCELED; and -EAGAIN of _try. n below 0 is a panic. */
WEFT_API int weft_semaphore_acquire(struct weft_semaphore *semaphore, int64_t n);
WEFT_API int weft_semaphore_acquire_until(
	struct weft_semaphore *semaphore, int64_t n, int64_t until);
WEFT_API int weft_semaphore_try(struct weft_semaphore *semaphore, int64_t n);
WEFT_API void weft_semaphore_release(struct weft_semaphore *semaphore, int64_t n);

/*
 * Once: weft_once(&once, fn, arg) calls fn(arg) if nobody has done so, and returns when that one call
 * is over, whoever made it. fn itself may not come back to the same once: a panic.
 *
 * weft_once_until(&once, fn, arg, until): 0, or -ETIMEDOUT or -ECANCELED: the call of somebody else
 * goes on.
 */
struct weft_once {
	struct weft_sync weft_sync;
	uint64_t weft_caller;
};

#define weft_once(once, fn, arg)                                                                   \
	weft_once_call((once), WEFT__FN(fn, (arg)), WEFT__PTR(arg))
#define weft_once_until(once, fn, arg, until)                                                      \
	weft_once_call_until((once), WEFT__FN(fn, (arg)), WEFT__PTR(arg), (until))

/* A wait group, as Go's sync.WaitGroup: a counter that can be waited for. A delta has 32 bits. */
struct weft_waitgroup {
	struct weft_sync weft_sync;
	int64_t weft_count;
};

WEFT_API void weft_waitgroup_add(struct weft_waitgroup *group, int64_t delta); /* below 0: panic */
WEFT_API void weft_waitgroup_done(struct weft_waitgroup *group);
/* 0, -ECANCELED, or -ETIMEDOUT. */
WEFT_API int weft_waitgroup_wait(struct weft_waitgroup *group);
WEFT_API int weft_waitgroup_wait_until(struct weft_waitgroup *group, int64_t until);

/*
 * A group: functions that run together, at most `limit` of them at a time, and fail together.
 *
 *	struct weft_group group;
 *	int started = 0, r;
 *
 *	weft_group_open(&group, 4);
 *	for (int i = 0; i < n && started == 0; i++)
 *		started = weft_group_go(&group, fetch, &pages[i]);
 *	r = weft_group_wait(&group);
 *	if (r == 0)
 *		r = started;
 *
 * They run in a scope of the group, a child of the scope of who opens it. The first that returns
 * something else than 0 ends that scope: what the others wait for ends with -ECANCELED, and no more are
 * started.
 */
struct weft_group {
	struct weft_semaphore weft_slots;
	struct weft_waitgroup weft_running;
	struct weft_scope *weft_scope;
	int weft_result;
};

/* Makes the memory ready, whatever it holds. Limit 0: none. */
#define weft_group_open(group, limit) weft_group_begin((group), (limit), WEFT__HERE)

/*
 * weft_group_go(&group, fn, arg): starts `int fn(T *)`, when fewer than `limit` run. 0; or it is not
 * started: -ECANCELED, the scope of the group or of the caller has ended. Its functions may start
 * others. weft_group_go_copy hands fn a copy of *arg, as weft_go_copy does.
 *
 * weft_group_go_until(&group, until, fn, arg), weft_group_go_copy_until: also -ETIMEDOUT, or -EAGAIN
 * with WEFT_NOW.
 */
#define weft_group_go(group, fn, ...) weft_group_go_until(group, WEFT_NEVER, fn, __VA_ARGS__)
#define weft_group_go_copy(group, fn, ...)                                                         \
	weft_group_go_copy_until(group, WEFT_NEVER, fn, __VA_ARGS__)
#define weft_group_go_until(group, until, fn, ...)                                                 \
	weft_group_launch((group), WEFT__INT_FN(fn, __VA_ARGS__), #fn, WEFT__PTR(__VA_ARGS__), 0,  \
		(until), WEFT__HERE)
#define weft_group_go_copy_until(group, until, fn, ...)                                            \
	weft_group_launch((group), WEFT__INT_FN(fn, __VA_ARGS__), #fn, WEFT__PTR(__VA_ARGS__),     \
		WEFT__ARG(__VA_ARGS__), (until), WEFT__HERE)

/*
 * Waits until all have ended, and closes the group, which may then be opened again. Returns the first
 * result that was not 0, or 0: what weft_group_go refused to start has none, so look at that one's result,
 * too. Each group that was opened must be waited for, once. It does not end with the scope of the caller,
 * since its functions may use what is the caller's; but they do.
 *
 * weft_group_wait_until: 0, and the result in *ret_result (may be NULL); or the group is still open:
 * -ETIMEDOUT or -ECANCELED.
 */
WEFT_API int weft_group_wait(struct weft_group *group);
WEFT_API int weft_group_wait_until(struct weft_group *group, int *ret_result, int64_t until);

/* The scope, to end it or to select on its end; until the group is closed. */
WEFT_API struct weft_scope *weft_group_scope(struct weft_group *group);

/* ---- Rate limiter -----------------------------------------------------------------------------
 *
 * A bucket that holds up to `burst` tokens and starts full; `rate` tokens come back each second (or
 * each `per` ns), evenly. Who wants to do something takes tokens first, and waits until they are
 * there: first in, first out. In the program's memory, as a mutex:
 *
 *	static struct weft_limiter mails = {.rate = 100, .burst = 10};
 *	static struct weft_limiter slow = {.rate = 1, .per = 60 * WEFT_SEC, .burst = 1};
 *
 * Over any stretch of time no more than burst + rate * time tokens are used, exactly: times are
 * counted without rounding, for days as for milliseconds. The three numbers must not change once it
 * is used; all from 1 up (per 0: a second), or the first call panics.
 */
struct weft_limiter {
	int64_t rate, burst, per;
	uint32_t weft_lock, weft_unused; /* zero, as all below */
	int64_t weft_full[2], weft_last;
};

/*
 * Takes n tokens (0 and more; below is a panic), and waits until they may be used. 0; -EINVAL: more
 * than the burst, they would never be there; -ECANCELED: the tokens have been given back.
 *
 * weft_limiter_wait_until: -ETIMEDOUT, at once, if that would be later than `until`; no tokens are
 * taken then. weft_limiter_try: -EAGAIN if it would have to wait.
 */
WEFT_API int weft_limiter_wait(struct weft_limiter *limiter, int64_t n);
WEFT_API int weft_limiter_wait_until(struct weft_limiter *limiter, int64_t n, int64_t until);
WEFT_API int weft_limiter_try(struct weft_limiter *limiter, int64_t n);

/*
 * Takes n tokens and returns when they may be used, now or later (for weft_sleep_until), or -EINVAL.
 * Who does not want to wait so long gives them back: who comes from then on gets them, though not
 * before those who have got a time already. -EOVERFLOW: that would be in more than a hundred years.
 */
WEFT_API int64_t weft_limiter_reserve(struct weft_limiter *limiter, int64_t n);
WEFT_API void weft_limiter_give_back(struct weft_limiter *limiter, int64_t n);

/* ---- I/O --------------------------------------------------------------------------------------
 *
 * A handle stands for a descriptor that can be polled: a socket, a pipe, a terminal, an eventfd, a
 * timerfd ... Each call tries first, and parks the coroutine while there is nothing to do: others go
 * on meanwhile, thousands at a time. A run in which somebody waits for a descriptor is never taken for
 * a deadlock. Regular files cannot be polled: read and write them within weft_blocking.
 *
 * All calls have a form that ends with _until and takes a deadline. They return what is said, or
 *
 *	-ETIMEDOUT	the deadline came first; -EAGAIN if it was WEFT_NOW
 *	-ECANCELED	the coroutine's scope has ended
 *	-EBADF		the handle has been closed, maybe while the call was waiting
 *
 * or what the system says, save -EINTR, which is never given. No call raises SIGPIPE: a write that
 * nobody will read gives -EPIPE.
 *
 * Any number of coroutines may use a handle at the same time, on all workers. Each read, each write
 * takes what there is, or what fits: two that write more than that at the same time get mixed up.
 */
struct weft_io;
struct iovec;

/*
 * Makes a handle of a descriptor, which is the handle's own from then on; sets O_NONBLOCK (closing
 * puts it back, for whoever has a copy of the descriptor; so to keep it: dup(weft_io_fd(io)), then
 * close). 0, -EPERM: it cannot be polled (a regular file), -EEXIST: it has a handle already, -EBADF,
 * -ENOMEM, -ENOSPC (/proc/sys/fs/epoll/max_user_watches). On failure it is left as it was.
 */
WEFT_API int weft_io_open(int fd, struct weft_io **ret_io);

/*
 * Handles are counted: making one gives a reference, weft_io_ref adds one, and two calls drop one:
 *
 * weft_io_close closes the descriptor for everybody, first: who waits gets -EBADF, and so does each
 * later call of those who have a reference still. (A call that is just under way on another worker
 * may finish; the descriptor is closed behind it.) weft_io_unref closes only with the last reference.
 *
 * So if one coroutine alone has a handle, weft_io_close is all there is; give each other one a
 * reference of its own. A call that waits needs none. What is left at the end of the run is closed.
 * The descriptor is the handle's: close(2) behind its back wakes nobody who waits with epoll.
 */
WEFT_API struct weft_io *weft_io_ref(struct weft_io *io);
WEFT_API void weft_io_unref(struct weft_io *io);
WEFT_API void weft_io_close(struct weft_io *io);

/* The descriptor, for setsockopt and the like; do not read, write or close it. -EBADF when closed. */
WEFT_API int weft_io_fd(struct weft_io *io);

/* Waits until there is something, and reads at most n bytes. 0: the end (or an empty datagram). */
WEFT_API ssize_t weft_io_read(struct weft_io *io, void *buf, size_t n);
WEFT_API ssize_t weft_io_read_until(struct weft_io *io, void *buf, size_t n, int64_t until);
/* Waits until there is room, and writes what fits: at least 1 byte, maybe less than n. */
WEFT_API ssize_t weft_io_write(struct weft_io *io, const void *buf, size_t n);
WEFT_API ssize_t weft_io_write_until(struct weft_io *io, const void *buf, size_t n, int64_t until);
/* The same with several pieces, as readv(2) and writev(2). */
WEFT_API ssize_t weft_io_readv(struct weft_io *io, const struct iovec *list, int n);
WEFT_API ssize_t weft_io_readv_until(
	struct weft_io *io, const struct iovec *list, int n, int64_t until);
WEFT_API ssize_t weft_io_writev(struct weft_io *io, const struct iovec *list, int n);
WEFT_API ssize_t weft_io_writev_until(
	struct weft_io *io, const struct iovec *list, int n, int64_t until);

/* Reads n bytes, less only if the end comes before. An error loses how much was read until then. */
WEFT_API ssize_t weft_io_read_full(struct weft_io *io, void *buf, size_t n);
WEFT_API ssize_t weft_io_read_full_until(struct weft_io *io, void *buf, size_t n, int64_t until);
/* Writes all n bytes: 0. An error loses how much was written until then. */
WEFT_API int weft_io_write_all(struct weft_io *io, const void *buf, size_t n);
WEFT_API int weft_io_write_all_until(struct weft_io *io, const void *buf, size_t n, int64_t until);

/* Half-close: `how` as in shutdown(2), SHUT_WR to say that no more comes. 0. */
WEFT_API int weft_io_shutdown(struct weft_io *io, int how);

/*
 * Waits until a read (WEFT_IO_IN) or a write (WEFT_IO_OUT) could go on, for libraries that do that
 * themselves. 0. Somebody else may be faster.
 */
#define WEFT_IO_IN 1
#define WEFT_IO_OUT 2
WEFT_API int weft_io_wait(struct weft_io *io, int for_what);
WEFT_API int weft_io_wait_until(struct weft_io *io, int for_what, int64_t until);

/* ---- Sockets ----------------------------------------------------------------------------------
 *
 * An address is text:
 *
 *	tcp:HOST:PORT	a stream. HOST is a name, 192.0.2.1 or [2001:db8::1]; PORT a number or the name of
 *			a service. No HOST: all addresses of this machine to listen on, loopback to dial
 *	udp:HOST:PORT	datagrams
 *	unix:/PATH	a stream in this machine
 *	unix:@NAME	the same in the abstract namespace
 *
 * Names are looked up on a helper thread. What does not look like this gives -EINVAL or -ENAMETOOLONG,
 * an unknown name -ENOENT, a name service that fails -EIO. TCP_NODELAY is set, and SO_REUSEADDR for
 * listeners; all descriptors are close-on-exec.
 */

/*
 * Connects; tries all addresses that the name has, one after the other, each for its part of the time
 * until the deadline. 0, or what the last of them gave. A udp address makes a socket for this peer only.
 */
WEFT_API int weft_dial(const char *address, struct weft_io **ret_io);
WEFT_API int weft_dial_until(const char *address, struct weft_io **ret_io, int64_t until);

/*
 * A socket that can accept; a udp address makes one for weft_recvfrom. 0, or why not: -EADDRINUSE
 * (also if the path of a unix address exists: unlink it before) ... Port 0 is any free one; weft_io_local
 * tells which.
 */
WEFT_API int weft_listen(const char *address, struct weft_io **ret_io);

/*
 * Waits for a connection: 0. When there is no descriptor left (-EMFILE, -ENFILE) or no memory (-ENOMEM,
 * -ENOBUFS), it says so after 10 ms, so that a loop around it does not spin; the connection stays in the
 * queue.
 */
WEFT_API int weft_accept(struct weft_io *listener, struct weft_io **ret_io);
WEFT_API int weft_accept_until(struct weft_io *listener, struct weft_io **ret_io, int64_t until);

/* An address in the system's form, to be copied at will. */
struct weft_addr {
	uint64_t weft_bytes[17];
};

/* The first that the text stands for. 0. */
WEFT_API int weft_addr_find(const char *text, struct weft_addr *ret_addr);
WEFT_API int weft_addr_find_until(const char *text, struct weft_addr *ret_addr, int64_t until);
/* The text of it, which weft_dial takes. 0, -ENOSPC: longer than size; WEFT_ADDR_TEXT is enough. */
#define WEFT_ADDR_TEXT 128
WEFT_API int weft_addr_text(const struct weft_addr *addr, char *text, size_t size);

/* This end's address, and the other's. 0, -ENOTCONN ... */
WEFT_API int weft_io_local(struct weft_io *io, struct weft_addr *ret_addr);
WEFT_API int weft_io_peer(struct weft_io *io, struct weft_addr *ret_addr);

/* One datagram. What does not fit into n bytes is lost. ret_from may be a null pointer. */
WEFT_API ssize_t weft_sendto(
	struct weft_io *io, const void *buf, size_t n, const struct weft_addr *to);
WEFT_API ssize_t weft_sendto_until(struct weft_io *io, const void *buf, size_t n,
	const struct weft_addr *to, int64_t until);
WEFT_API ssize_t weft_recvfrom(
	struct weft_io *io, void *buf, size_t n, struct weft_addr *ret_from);
WEFT_API ssize_t weft_recvfrom_until(
	struct weft_io *io, void *buf, size_t n, struct weft_addr *ret_from, int64_t until);

/* ---- Blocking calls ---------------------------------------------------------------------------
 *
 * What blocks a thread (a file, a name look-up, a library that waits) blocks a worker, and with it
 * others. weft_blocking has it done by a helper thread meanwhile: `int fn(T *)` runs there, and the
 * caller waits. Of this header fn may use what any thread may: weft_post, weft_now and so on. Helpers
 * are started as they are needed, at most WEFT_HELPERS (default: 64) of them; more jobs queue up. Idle
 * ones end after some seconds. All signals are blocked there.
 *
 *	static int load(struct load *l)
 *	{
 *		l->n = pread(l->fd, l->buf, sizeof(l->buf), l->at);
 *		return l->n < 0 ? -errno : 0;
 *	}
 *
 *	r = weft_blocking(load, &l, &code);
 */

/*
 * weft_blocking(fn, arg, &code): 0, and what fn returned is in code (a null pointer: it is dropped).
 * -EAGAIN: no thread could be had. -ECANCELED, or of weft_blocking_until -ETIMEDOUT: fn has not begun
 * until then, and never will. A job that has begun uses what is the caller's: it is waited for, to
 * its end, whatever comes.
 *
 * At the end of the run, too, jobs that have begun are waited for, at most 2 s; then the same holds as
 * for coroutines that compute on (see weft_run).
 */
#define weft_blocking(fn, arg, ret_code) weft_blocking_until(fn, arg, ret_code, WEFT_NEVER)
#define weft_blocking_until(fn, arg, ret_code, until)                                              \
	weft_blocking_call(WEFT__INT_FN(fn, arg), WEFT__MUTABLE(arg), 0, NULL, (ret_code), (until))

/*
 * weft_blocking_copy(fn, arg, drop, &code): the same with a copy of *arg (at most WEFT_ARG_MAX bytes),
 * which is copied back when fn has returned. So the job may be left alone: -ECANCELED and
 * -ETIMEDOUT come at once, *arg stays as it was, and fn ends when it ends. drop(copy) then runs
 * behind it, on the helper, to free what fn may have left in there; NULL: nothing to free. What no
 * helper has taken by then never begins, and neither of the two runs. -ENOMEM is possible too.
 */
#define weft_blocking_copy(fn, arg, drop, ret_code)                                                \
	weft_blocking_copy_until(fn, arg, drop, ret_code, WEFT_NEVER)
#define weft_blocking_copy_until(fn, arg, drop, ret_code, until)                                   \
	weft_blocking_call(WEFT__INT_FN(fn, arg), WEFT__MUTABLE(arg), WEFT__ARG(arg), (drop),      \
		(ret_code), (until))

/* ---- Other threads ----------------------------------------------------------------------------
 *
 * A thread that is not a worker may do one thing: have a function run as a coroutine. A coroutine
 * opens a door for it first; while a door is open, a run in which everybody waits is not taken for a
 * deadlock. The end of the run shuts all doors; weft_door_close, due in any case, also frees its door
 * (any thread, once each).
 *
 * A signal handler may call nothing of this header. Block the signal before weft_run, and have a
 * coroutine read it: signalfd(2) and weft_io_open.
 */
struct weft_door;

/* NULL when memory is out. */
WEFT_API struct weft_door *weft_door_open(void);
WEFT_API void weft_door_close(struct weft_door *door);
/* Runs fn(arg) as a detached coroutine. Any thread. 0, -ENOMEM, or -ESHUTDOWN: the run has ended. */
WEFT_API int weft_post(struct weft_door *door, void (*fn)(void *arg), void *arg);

/* ---- Looking inside ---------------------------------------------------------------------------
 *
 * A dump says of each coroutine what it does or waits for (a channel by its name, or the line of
 * its making), since when, where it was spawned, and its backtrace; and of each channel what is in
 * it and who waits. The other workers stand still until all of that is copied. Whoever computes and
 * does not come to a weft call within 200 ms is shown as it runs.
 *
 * SIGUSR2 writes a dump to stderr; SIGQUIT (Ctrl-\) writes one and ends the process with status 2.
 * Both also write what a flight recorder has (weft_trace_dump, below).
 * Both only where the program left these signals as they are by default; WEFT_SIGNALS=0 turns it off.
 * "Since when" is coarse: it may be too long by the time of 64 switches.
 */

/* Writes a dump to the descriptor. Uses some 16 KiB of stack. 0, or what write(2) said, negative;
 * -EAGAIN: nobody reads it. */
WEFT_API int weft_dump(int fd);

/* ---- Marks in the recording ------------------------------------------------------------------
 *
 * What a program tells about itself, for the recording of its run (WEFT_TRACE): log lines and notes,
 * which are instants; regions, which are stretches of one coroutine and nest; tasks, which go
 * through many; and counters. Names and texts are copied, up to 480 bytes.
 *
 * In a run that is not recorded, or not with these (WEFT_TRACE_EVENTS), they do nothing and cost a
 * call; weft_traced tells when even the arguments are too dear. They also do nothing outside of
 * coroutines. No call of these waits for other coroutines, though each may wait for the recorder.
 */
enum weft_level {
	WEFT_LOG_TRACE = 1,
	WEFT_LOG_DEBUG,
	WEFT_LOG_INFO,
	WEFT_LOG_WARN,
	WEFT_LOG_ERROR
};

/* Whether this run records marks. */
WEFT_API bool weft_traced(void);
WEFT_API void weft_log(enum weft_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
WEFT_API void weft_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A task: 0 where nothing is recorded, and 0 as a parent or a task says that there is none. */
WEFT_API uint64_t weft_task_begin(const char *name, uint64_t parent);
WEFT_API void weft_task_end(uint64_t task);

/* Regions end in the opposite order of their beginning, by the same name, in the same coroutine. */
WEFT_API void weft_region_begin(const char *name, uint64_t task);
WEFT_API void weft_region_end(const char *name);
/* A region from here to the end of the block, however it is left (but for longjmp). */
#define weft_region(name)                                                                          \
	const char *WEFT__UNIQUE(weft__region_) __attribute__((cleanup(weft__region_leave), unused)) =\
		(name);                                                                            \
	weft_region_begin(WEFT__UNIQUE(weft__region_), 0)

/*
 * In a run that keeps only its newest records (WEFT_TRACE_MODE=ring): writes those, and what lived
 * before them, to the file; NULL: to the one that WEFT_TRACE names, and from the second time on to
 * NAME.2.json and so on. Any thread; waits until it is written, and a worker with it. 0; -ENOTSUP:
 * the run is not recorded, or not in that mode; -EWOULDBLOCK: another program records to that file;
 * or another error of the system.
 */
WEFT_API int weft_trace_dump(const char *path);

/* A sample of a counter, which belongs to the whole program; what is not finite is left out. */
WEFT_API void weft_count(const char *name, double value);

/* ---- Below: what the macros above are made of ------------------------------------------------- */

#define WEFT_ARG_MAX 1024

struct weft_chan;

enum weft_elem_kind {
	WEFT_ELEM_UNIT,
	WEFT_ELEM_INT,
	WEFT_ELEM_UINT,
	WEFT_ELEM_FLOAT,
	WEFT_ELEM_BOOL,
	WEFT_ELEM_CSTR,
	WEFT_ELEM_PTR,
	WEFT_ELEM_BYTES
};

/* Describes the elements of a channel; must live as long as the run. */
struct weft_elem {
	const char *name; /* the C type, as it is written */
	uint32_t size;	  /* bytes */
	uint32_t kind;	  /* enum weft_elem_kind */
};

typedef void (*weft_fn)(void *arg);
typedef int (*weft_int_fn)(void *arg);

WEFT_API void weft_co_go(weft_fn fn, const char *name, const void *arg, size_t copy_bytes,
	const char *at_fn, const char *at_file, int at_line);
WEFT_API struct weft_handle *weft_co_spawn(weft_int_fn fn, const char *name, const void *arg,
	size_t copy_bytes, const char *at_fn, const char *at_file, int at_line);
WEFT_API struct weft_chan *weft_chan_make(const struct weft_elem *elem, size_t capacity,
	const char *at_fn, const char *at_file, int at_line);
WEFT_API struct weft_chan *weft_time_after(
	int64_t ns, const char *at_fn, const char *at_file, int at_line);
WEFT_API struct weft_chan *weft_time_ticker(
	int64_t period, const char *at_fn, const char *at_file, int at_line);
WEFT_API extern const struct weft_elem weft_time_chan_weft_elem;
WEFT_API int weft_chan_send(struct weft_chan *chan, const void *value, int64_t until);
WEFT_API int weft_chan_recv(struct weft_chan *chan, void *ret_value, int64_t until);
WEFT_API void weft_chan_close(struct weft_chan *chan);
WEFT_API size_t weft_chan_len(struct weft_chan *chan);
WEFT_API size_t weft_chan_cap(struct weft_chan *chan);
WEFT_API struct weft_chan *weft_chan_ref(struct weft_chan *chan);
WEFT_API void weft_chan_unref(struct weft_chan *chan);
WEFT_API int weft_blocking_call(weft_int_fn fn, void *arg, size_t copy_bytes,
	void (*drop)(void *copy), int *ret_code, int64_t until);
WEFT_API void weft_chan_set_name(struct weft_chan *chan, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
WEFT_API void weft_sync_set_name(struct weft_sync *object, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
WEFT_API void weft_sync_end(struct weft_sync *object);
WEFT_API void weft_group_begin(struct weft_group *group, int64_t limit, const char *at_fn,
	const char *at_file, int at_line);
WEFT_API int weft_group_launch(struct weft_group *group, weft_int_fn fn, const char *name,
	const void *arg, size_t copy_bytes, int64_t until, const char *at_fn, const char *at_file,
	int at_line);
WEFT_API void weft_once_call(struct weft_once *once, weft_fn fn, const void *arg);
WEFT_API int weft_once_call_until(
	struct weft_once *once, weft_fn fn, const void *arg, int64_t until);

WEFT_API struct weft_scope *weft_scope_start(struct weft_scope *parent, int64_t until,
	const char *at_fn, const char *at_file, int at_line);

static inline void weft__region_leave(const char **name)
{
	weft_region_end(*name);
}
#define WEFT__JOIN(a, b) a##b
#define WEFT__JOINED(a, b) WEFT__JOIN(a, b)
#define WEFT__UNIQUE(prefix) WEFT__JOINED(prefix, __LINE__)

static inline bool weft__received(int result)
{
	return result == 0;
}

#define WEFT__HERE __func__, __FILE__, __LINE__

#ifdef __CHAR_UNSIGNED__ /* as on ARM */
#define WEFT__CHAR_KIND WEFT_ELEM_UINT
#else
#define WEFT__CHAR_KIND WEFT_ELEM_INT
#endif

/* Not of ISO C, but of all compilers for 64 bits. */
#ifdef __SIZEOF_INT128__
__extension__ typedef __int128 weft__int128;
__extension__ typedef unsigned __int128 weft__uint128;
#define WEFT__UINT128 weft__uint128
#else
#define WEFT__UINT128 struct weft__no_uint128 *
#endif

#ifndef __cplusplus

#define WEFT_UNIT ((weft_unit){0})

#define WEFT_CHAN(chan_type, elem_type)                                                            \
	typedef struct chan_type {                                                                 \
		elem_type weft_elem;                                                               \
	} chan_type;                                                                               \
	static const struct weft_elem chan_type##_weft_elem __attribute__((unused)) = {            \
		#elem_type, sizeof(elem_type), WEFT__KIND(elem_type)};

/* gcc's classes of types: 5 is a pointer, 1 to 4 integers, enums and booleans, 8 reals. */
#define WEFT__KIND(type)                                                                           \
	_Generic(*(type *)0, weft_unit                                                             \
		 : WEFT_ELEM_UNIT, _Bool                                                           \
		 : WEFT_ELEM_BOOL, char                                                            \
		 : WEFT__CHAR_KIND, unsigned char                                                  \
		 : WEFT_ELEM_UINT, unsigned short                                                  \
		 : WEFT_ELEM_UINT, unsigned int                                                    \
		 : WEFT_ELEM_UINT, unsigned long                                                   \
		 : WEFT_ELEM_UINT, unsigned long long                                              \
		 : WEFT_ELEM_UINT, WEFT__UINT128                                                   \
		 : WEFT_ELEM_UINT, const char *                                                    \
		 : WEFT_ELEM_CSTR, default                                                         \
		 : __builtin_classify_type(*(type *)0) == 5   ? WEFT_ELEM_PTR                      \
		   : __builtin_classify_type(*(type *)0) == 8 ? WEFT_ELEM_FLOAT                    \
		   : __builtin_classify_type(*(type *)0) <= 4 ? WEFT_ELEM_INT                      \
							      : WEFT_ELEM_BYTES)

#define WEFT__TYPED(type, chan) ((type *)(chan))

/* A typed channel as the untyped one; does not compile for anything else. */
#define WEFT__CHAN(c) ((void)sizeof((c)->weft_elem), (struct weft_chan *)(c))
#define WEFT__REF(c) ((__typeof__(c))weft_chan_ref(WEFT__CHAN(c)))

/*
 * A pointer to the value, converted as by assignment. The conditional never evaluates the channel:
 * it makes the compiler compare the types, structs and pointers included. A real number on a channel
 * of integers would pass that, hence the assertion.
 */
#define WEFT__VALUE(c, value)                                                                      \
	(WEFT__NOT_REAL_TO_INT(c, value),                                                          \
		(__typeof__((c)->weft_elem)[1]){1 ? value : (c)->weft_elem})
#define WEFT__IS_REAL(x) _Generic((x), float : 1, double : 1, long double : 1, default : 0)
#define WEFT__NOT_REAL_TO_INT(c, value)                                                            \
	WEFT__ASSERT(!(WEFT__IS_REAL(value) && !WEFT__IS_REAL((c)->weft_elem)),                    \
		weft_error_a_real_number_is_sent_on_a_channel_of_another_type)

/* An assertion inside an expression: the incomplete struct's name is what the compiler complains of. */
#define WEFT__ASSERT(condition, message)                                                           \
	((void)sizeof(*__builtin_choose_expr(condition, (char *)0, (struct message *)0)))

#define WEFT__INTO(c, ptr) (1 ? (ptr) : &(c)->weft_elem)

#define WEFT__CASE(chan, value, ret_ok, send) ((struct weft_case){chan, value, ret_ok, send})
#define WEFT__SELECT(until, ...)                                                                   \
	weft_chan_select((struct weft_case[]){__VA_ARGS__},                                        \
		(int)(sizeof((struct weft_case[]){__VA_ARGS__}) / sizeof(struct weft_case)), (until))

/* The call is never evaluated: it makes the compiler check the argument against the function. */
#define WEFT__FN(fn, ...) ((void)sizeof(((fn)(__VA_ARGS__)), 0), (weft_fn)(fn))
#define WEFT__INT_FN(fn, ...)                                                                      \
	((void)sizeof(_Generic((fn)(__VA_ARGS__), int : 0)), (weft_int_fn)(fn))
#define WEFT__PTR(...) ((const void *)(__VA_ARGS__))
/* For a function that was checked to take the pointer as it is, const or not. */
#define WEFT__MUTABLE(...) ((void *)(uintptr_t)WEFT__PTR(__VA_ARGS__))
#define WEFT__ARG(...)                                                                             \
	(WEFT__ASSERT(sizeof(*(__VA_ARGS__)) <= WEFT_ARG_MAX,                                      \
		 weft_error_the_argument_is_larger_than_WEFT_ARG_MAX),                             \
		sizeof(*(__VA_ARGS__)))

#else /* __cplusplus */
} /* extern "C" */

#define WEFT_UNIT (weft_unit())

#define WEFT_CHAN(chan_type, elem_type)                                                            \
	typedef struct chan_type {                                                                 \
		elem_type weft_elem;                                                               \
	} chan_type;                                                                               \
	static const struct weft_elem chan_type##_weft_elem __attribute__((unused)) = {            \
		#elem_type, sizeof(elem_type), weft__::kind<elem_type>::value};

namespace weft__
{
template <class T> struct kind {
	static const uint32_t value = __is_enum(T) ? WEFT_ELEM_INT : WEFT_ELEM_BYTES;
};
template <class T> struct kind<T *> {
	static const uint32_t value = WEFT_ELEM_PTR;
};
template <class T> struct real {
	static const bool value = false;
};
#define WEFT__TYPE(type, k)                                                                        \
	template <> struct kind<type> {                                                            \
		static const uint32_t value = k;                                                   \
	}
WEFT__TYPE(weft_unit, WEFT_ELEM_UNIT);
WEFT__TYPE(bool, WEFT_ELEM_BOOL);
WEFT__TYPE(char, WEFT__CHAR_KIND);
WEFT__TYPE(signed char, WEFT_ELEM_INT);
WEFT__TYPE(short, WEFT_ELEM_INT);
WEFT__TYPE(int, WEFT_ELEM_INT);
WEFT__TYPE(long, WEFT_ELEM_INT);
WEFT__TYPE(long long, WEFT_ELEM_INT);
WEFT__TYPE(unsigned char, WEFT_ELEM_UINT);
WEFT__TYPE(unsigned short, WEFT_ELEM_UINT);
WEFT__TYPE(unsigned int, WEFT_ELEM_UINT);
WEFT__TYPE(unsigned long, WEFT_ELEM_UINT);
WEFT__TYPE(unsigned long long, WEFT_ELEM_UINT);
#ifdef __SIZEOF_INT128__
WEFT__TYPE(weft__int128, WEFT_ELEM_INT);
WEFT__TYPE(weft__uint128, WEFT_ELEM_UINT);
#endif
WEFT__TYPE(float, WEFT_ELEM_FLOAT);
WEFT__TYPE(double, WEFT_ELEM_FLOAT);
WEFT__TYPE(long double, WEFT_ELEM_FLOAT);
WEFT__TYPE(const char *, WEFT_ELEM_CSTR);
#undef WEFT__TYPE
template <> struct real<float> {
	static const bool value = true;
};
template <> struct real<double> {
	static const bool value = true;
};
template <> struct real<long double> {
	static const bool value = true;
};

template <bool> struct only {
};
template <> struct only<true> {
	typedef int type;
};

/*
 * Holds a value until the end of the full expression. The caller converts it, as by assignment; but
 * the second constructor takes real numbers that would become integers.
 */
template <class E> struct box {
	E value;
	explicit box(E v) : value(v)
	{
	}
	template <class V, typename only<real<V>::value && !real<E>::value>::type = 0>
	explicit box(V) : value()
	{
		static_assert(real<V>::value && real<E>::value,
			"a real number is sent on a channel of another type");
	}
	void *ptr()
	{
		return &value;
	}
};
template <class C> C *ref(C *c)
{
	(void)sizeof(c->weft_elem);
	weft_chan_ref(reinterpret_cast<struct weft_chan *>(c));
	return c;
}
template <class E> E *into(E *p, E *)
{
	return p;
}

/*
 * What may be handed to a function that takes a P: its pointer goes through void * as it is, so one
 * to a base class, which may be at another address, is refused.
 */
template <class A, class B> struct same {
	static const bool value = false;
};
template <class A> struct same<A, A> {
	static const bool value = true;
};
template <class P, class A> struct passes {
	static const bool value = false;
};
template <class P, class A> struct passes<P *, A> {
	static const bool value =
		same<P, A>::value || same<P, const A>::value || same<P, const void>::value;
};
template <class A> struct passes<void *, A> {
	static const bool value = true;
};
template <class A> struct passes<void *, const A> {
	static const bool value = false;
};
template <class P> struct arg {
	template <class A, typename only<passes<P, A>::value>::type = 0> arg(A *);
	arg(decltype(nullptr));
};
template <class T> struct as_it_is {
	typedef T type;
};
/* Never called, but for what the compiler says to it. */
template <class R, class P> char takes(R (*f)(P), typename as_it_is<arg<P> >::type);
template <class P> char joined_takes(int (*f)(P), typename as_it_is<arg<P> >::type);
template <class F> weft_fn plain_fn(F *f)
{
	return reinterpret_cast<weft_fn>(f);
}
template <class F> weft_int_fn joined_fn(F *f)
{
	return reinterpret_cast<weft_int_fn>(f);
}
template <size_t N> struct copied {
	static_assert(N <= WEFT_ARG_MAX, "the argument is larger than WEFT_ARG_MAX");
	static const size_t bytes = N;
};
template <class... C> int select(int64_t until, C... cases)
{
	struct weft_case list[] = {cases...};
	return weft_chan_select(list, static_cast<int>(sizeof...(cases)), until);
}
} /* namespace weft__ */

#define WEFT__TYPED(type, chan) (reinterpret_cast<type *>(chan))
#define WEFT__CHAN(c) ((void)sizeof((c)->weft_elem), reinterpret_cast<struct weft_chan *>(c))
#define WEFT__REF(c) (weft__::ref((c)))
#define WEFT__VALUE(c, value) (weft__::box<decltype((c)->weft_elem)>(value).ptr())
#define WEFT__INTO(c, dest) (weft__::into<decltype((c)->weft_elem)>((dest), nullptr))
#define WEFT__CASE(chan, value, ret_ok, send) (weft_case{chan, value, ret_ok, send})
#define WEFT__SELECT(until, ...) (weft__::select((until), __VA_ARGS__))
#define WEFT__FN(fn, ...) ((void)sizeof(weft__::takes((fn), (__VA_ARGS__))), weft__::plain_fn((fn)))
#define WEFT__INT_FN(fn, ...)                                                                      \
	((void)sizeof(weft__::joined_takes((fn), (__VA_ARGS__))), weft__::joined_fn((fn)))
#define WEFT__PTR(...) (static_cast<const void *>(__VA_ARGS__))
#define WEFT__MUTABLE(...) (const_cast<void *>(WEFT__PTR(__VA_ARGS__)))
#define WEFT__ARG(...) (weft__::copied<sizeof(*(__VA_ARGS__))>::bytes)

#endif /* __cplusplus */

#endif /* WEFT_H */
