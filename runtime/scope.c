/* SPDX-License-Identifier: MIT
 *
 * Cancellation scopes: a tree of them, each with the coroutines that run in it. A scope ends once,
 * by weft_scope_cancel, by its deadline or with its parent, and stays so. To end it, mark it and
 * all below it first, then wake whoever waits in one of them.
 *
 * Lock order: a scope before the timers. No other lock is taken under one, and no scope's under
 * another lock: what is to be done to a coroutine, a channel or a child is done after its lock is
 * given back.
 */
#include "runtime/scope.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/alarm.h"
#include "runtime/chan.h"
#include "runtime/panic.h"
#include "runtime/probe.h"
#include "runtime/sched.h"
#include "runtime/timer.h"
#include "runtime/waitq.h"

#define DEADLINE "deadline" /* the reason */
#define LOOKED_AT_MOST 64   /* coroutines, before the lock is given back for a moment */
#define CANCEL_UNITS (2 + (WEFT__REASON_BYTES + WEFT_REC_UNIT) / WEFT_REC_UNIT)

/* Those that nobody unrefs end with the run. */
static struct {
	struct weft__lock lock;
	struct weft_scope *first;
} scopes;

static const struct weft_elem done_elem = {"weft_unit", sizeof(weft_unit), WEFT_ELEM_UNIT};

#define TAKEN ((struct weft__interrupt *)(uintptr_t)1)

static void unref(struct weft_scope *scope);

#define CONTAINER(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* ---- Rings ------------------------------------------------------------------------------------
 */

static void ring_init(struct weft__link *link)
{
	link->prev = link->next = link;
}

static bool ring_empty(const struct weft__link *ring)
{
	return ring->next == ring;
}

static void ring_remove(struct weft__link *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	ring_init(link);
}

/* As the last of the ring. */
static void ring_add(struct weft__link *ring, struct weft__link *link)
{
	link->prev = ring->prev;
	link->next = ring;
	ring->prev->next = link;
	ring->prev = link;
}

/* All of `from` to the empty ring `to`. */
static void ring_move(struct weft__link *from, struct weft__link *to)
{
	if (ring_empty(from))
		return;
	*to = *from;
	to->prev->next = to;
	to->next->prev = to;
	ring_init(from);
}

/* ---- What a wait has to do with its scope -----------------------------------------------------
 */

bool weft__scope_publish(struct weft__co *self, struct weft__interrupt *it)
{
	struct weft__interrupt *mine = it;

	/*
	 * Store mine, look at theirs; who ends the scope stores `error` and looks at `interrupt`.
	 * Both seq_cst: one of us sees the other. release: what `it` holds.
	 */
	if (weft__multi)
		atomic_exchange_explicit(&self->interrupt, it, memory_order_seq_cst);
	else
		atomic_store_explicit(&self->interrupt, it, memory_order_relaxed);
	if (atomic_load_explicit(&self->scope->error, memory_order_seq_cst) == 0)
		return true;
	/* It has ended. Taken back, nobody saw it; else it is claimed, and will be seen to. */
	return !atomic_compare_exchange_strong_explicit(
		&self->interrupt, &mine, NULL, memory_order_acq_rel, memory_order_relaxed);
}

void weft__scope_retract(struct weft__co *self, struct weft__interrupt *it, bool cancelled)
{
	struct weft__interrupt *mine = it;

	if (!weft__multi || cancelled) {
		atomic_store_explicit(&self->interrupt, NULL, memory_order_relaxed);
		return;
	}
	if (atomic_compare_exchange_strong_explicit(
		    &self->interrupt, &mine, NULL, memory_order_acq_rel, memory_order_relaxed))
		return;
	/* acquire: pairs with the release in weft__interrupt_cancel. */
	while (atomic_load_explicit(&self->interrupt, memory_order_acquire))
		sched_yield(); /* the other thread is between two locks */
}

/* The scope has ended, and is locked, so that co stays in it. What co waits in is ours, or NULL. */
static struct weft__interrupt *claim(struct weft__co *co)
{
	struct weft__interrupt *it = atomic_load_explicit(&co->interrupt, memory_order_seq_cst);

	/* acquire: what the owner put into *it before it was published. */
	if (it && !atomic_compare_exchange_strong_explicit(
			  &co->interrupt, &it, TAKEN, memory_order_acq_rel, memory_order_relaxed))
		it = NULL; /* its owner is awake already */
	return it;
}

/* ---- Ending -----------------------------------------------------------------------------------
 */

static void copy_reason(char *to, const char *from)
{
	size_t n = strnlen(from, WEFT__REASON_BYTES);

	if (n == WEFT__REASON_BYTES) {
		n--;
		while (n > 0 && ((unsigned char)from[n] & 0xc0) == 0x80)
			n--; /* no half character of UTF-8 */
	}
	memcpy(to, from, n);
	to[n] = '\0';
}

/* False: it has ended before. */
static bool mark(struct weft_scope *scope, int error, const char *reason)
{
	bool first;

	weft__lock(&scope->lock);
	first = atomic_load_explicit(&scope->error, memory_order_relaxed) == 0;
	if (first) {
		copy_reason(scope->reason, reason);
		scope->to_close = scope->done;
		scope->next_ended = NULL;
		atomic_store_explicit(&scope->error, error, memory_order_seq_cst);
	}
	weft__unlock(&scope->lock);
	return first;
}

static bool ref_unless_gone(struct weft_scope *scope)
{
	uint64_t refs = atomic_load_explicit(&scope->refs, memory_order_relaxed);

	while (refs != 0) {
		if (atomic_compare_exchange_weak_explicit(&scope->refs, &refs, refs + 1,
			    memory_order_acquire, memory_order_relaxed))
			return true;
	}
	return false;
}

/*
 * Its children end with it; `last` is the last of those that end together so far. Each is unlinked
 * for good; one that is being freed takes no harm from that.
 */
static struct weft_scope *mark_children(struct weft_scope *scope, struct weft_scope *last)
{
	int error = atomic_load_explicit(&scope->error, memory_order_relaxed);

	weft__lock(&scope->lock);
	while (!ring_empty(&scope->children)) {
		struct weft_scope *child =
			CONTAINER(scope->children.next, struct weft_scope, among_siblings);

		ring_remove(&child->among_siblings);
		if (!ref_unless_gone(child))
			continue;
		weft__unlock(&scope->lock);
		if (mark(child, error, scope->reason)) {
			last->next_ended = child;
			last = child;
		} else {
			unref(child);
		}
		weft__lock(&scope->lock);
	}
	weft__unlock(&scope->lock);
	return last;
}

/* With room for what is recorded until the lock is given back. */
static void lock_to_cancel(struct weft_scope *scope)
{
	weft__trace_reserve(weft__worker(), LOOKED_AT_MOST * CANCEL_UNITS);
	weft__lock(&scope->lock);
}

/*
 * Everybody who waits in it. Who comes into the scope meanwhile, or is looked at before it waits,
 * has seen `error` or will. A claimed coroutine cannot leave its wait, nor the scope, before it is
 * let go, so no lock is needed to end the wait.
 */
static void wake_waiting(struct weft_scope *scope, struct weft__co *by)
{
	struct weft__link todo;
	int looked_at = 0;

	ring_init(&todo);
	lock_to_cancel(scope);
	ring_move(&scope->cos, &todo);
	while (!ring_empty(&todo)) {
		struct weft__co *co = CONTAINER(todo.next, struct weft__co, in_scope);
		struct weft__interrupt *it = claim(co);

		ring_remove(&co->in_scope);
		ring_add(&scope->cos, &co->in_scope);
		weft__trace_cancel(weft__worker(), by, co->id, &scope->last_t, scope->reason);
		if (!it && ++looked_at < LOOKED_AT_MOST)
			continue;
		looked_at = 0;
		weft__unlock(&scope->lock);
		if (it)
			weft__interrupt_cancel(it, co, by);
		lock_to_cancel(scope);
	}
	weft__unlock(&scope->lock);
}

static void stop_timer(struct weft_scope *scope)
{
	if (scope->timed)
		weft__timer_cancel(&scope->timer);
	scope->timed = false;
}

/* On a coroutine or, by a timer, on the scheduler's stack. The caller holds a reference. */
static void end(struct weft_scope *scope, int error, const char *reason)
{
	struct weft_scope *last = scope, *next;
	struct weft__co *by = weft__current();

	if (!mark(scope, error, reason))
		return;
	weft_scope_ref(scope);
	for (struct weft_scope *s = scope; s; s = s->next_ended)
		last = mark_children(s, last);
	for (; scope; scope = next) {
		next = scope->next_ended;
		stop_timer(scope);
		wake_waiting(scope, by);
		if (scope->to_close)
			weft__chan_close(scope->to_close, by);
		unref(scope);
	}
}

/* It may be the last one who holds the scope; and `end` and unref stop the timer: so let go first.
 */
static void deadline_fire(struct weft__timer *timer)
{
	struct weft_scope *scope = CONTAINER(timer, struct weft_scope, timer);
	bool there = ref_unless_gone(scope);

	weft__timer_done(timer);
	if (there) {
		end(scope, -ETIMEDOUT, DEADLINE);
		unref(scope);
	}
}

/* ---- Making and freeing -----------------------------------------------------------------------
 */

static void list_add(struct weft_scope *scope)
{
	weft__lock(&scopes.lock);
	scope->next = scopes.first;
	if (scopes.first)
		scopes.first->prev = scope;
	scopes.first = scope;
	weft__unlock(&scopes.lock);
}

static void list_remove(struct weft_scope *scope)
{
	weft__lock(&scopes.lock);
	if (scope->prev)
		scope->prev->next = scope->next;
	else
		scopes.first = scope->next;
	if (scope->next)
		scope->next->prev = scope->prev;
	weft__unlock(&scopes.lock);
}

/* Among the children of its parent; or it has ended with it before it began. */
static void adopt(struct weft_scope *scope, struct weft_scope *parent)
{
	int error;

	weft__lock(&parent->lock);
	error = atomic_load_explicit(&parent->error, memory_order_relaxed);
	if (error == 0)
		ring_add(&parent->children, &scope->among_siblings);
	weft__unlock(&parent->lock);
	if (error)
		end(scope, error, parent->reason);
}

/* By its own timer, if the parent's deadline is not as early. */
static void arm(struct weft_scope *scope)
{
	scope->timed = true;
	if (weft__timer_arm(&scope->timer, scope->until, deadline_fire))
		weft__alarm_first();
}

static struct weft_scope *scope_new(struct weft_scope *parent, int64_t until)
{
	struct weft_scope *scope = calloc(1, sizeof(*scope));

	if (!scope)
		return NULL;
	ring_init(&scope->among_siblings);
	ring_init(&scope->children);
	ring_init(&scope->cos);
	scope->parent = weft_scope_ref(parent);
	scope->until = parent && parent->until < until ? parent->until : until;
	/* release: pairs with ref_unless_gone, by a timer that fires at once. */
	atomic_store_explicit(&scope->refs, 1, memory_order_release);
	return scope;
}

struct weft_scope *weft_scope_start(struct weft_scope *parent, int64_t until, const char *at_fn,
	const char *at_file, int at_line)
{
	struct weft__co *self = weft__self("weft_scope_make");
	struct weft_scope *scope;
	bool own, late;

	if (!parent)
		parent = self->scope;
	scope = scope_new(parent, until);
	if (!scope)
		weft__panic(
			"out of memory for a scope (made in %s at %s:%d)", at_fn, at_file, at_line);
	scope->at_fn = at_fn;
	scope->at_file = at_file;
	scope->at_line = at_line;
	list_add(scope);
	own = until != WEFT_NEVER && scope->until == until;
	late = own && until <= weft_now();
	if (own && !late)
		arm(scope); /* first: should the parent end just now, the timer is stopped again */
	if (parent)
		adopt(scope, parent);
	if (late)
		end(scope, -ETIMEDOUT, DEADLINE);
	return scope;
}

struct weft_scope *weft_scope_ref(struct weft_scope *scope)
{
	if (scope)
		atomic_fetch_add_explicit(&scope->refs, 1, memory_order_relaxed);
	return scope;
}

static void scope_free(struct weft_scope *scope)
{
	stop_timer(scope);
	if (scope->parent) {
		weft__lock(&scope->parent->lock);
		ring_remove(&scope->among_siblings);
		weft__unlock(&scope->parent->lock);
	}
	list_remove(scope);
	if (scope->done)
		weft__chan_unref(scope->done, weft__current());
	free(scope);
}

static void unref(struct weft_scope *scope)
{
	/* acq_rel: what we did with it is over before the last one frees it. */
	while (scope && atomic_fetch_sub_explicit(&scope->refs, 1, memory_order_acq_rel) == 1) {
		struct weft_scope *parent = scope->parent;

		scope_free(scope);
		scope = parent; /* not by recursion: the tree may be deep */
	}
}

void weft_scope_unref(struct weft_scope *scope)
{
	weft__self("weft_scope_unref");
	unref(scope);
}

void weft__scopes_finish(void)
{
	struct weft_scope *scope;

	while ((scope = scopes.first)) {
		scopes.first = scope->next;
		free(scope);
	}
}

/* ---- Ending it, and looking at it -------------------------------------------------------------
 */

void weft__scope_cancel(struct weft_scope *scope, const char *reason)
{
	end(scope, -ECANCELED, reason);
}

void weft_scope_cancel(struct weft_scope *scope, const char *reason)
{
	struct weft__co *self = weft__self("weft_scope_cancel");

	if (!scope)
		weft__panic("weft_scope_cancel of a null scope");
	weft__trace_at(self);
	weft__scope_cancel(scope, reason ? reason : "cancelled");
}

int weft_scope_error(struct weft_scope *scope)
{
	/* acquire: pairs with the store in mark; the reason is complete. */
	return scope ? atomic_load_explicit(&scope->error, memory_order_acquire) : 0;
}

const char *weft_scope_reason(struct weft_scope *scope)
{
	return weft_scope_error(scope) ? scope->reason : "";
}

int64_t weft_scope_until(struct weft_scope *scope)
{
	return scope ? scope->until : WEFT_NEVER;
}

/* Made by the first who asks for it, with no lock held; of two at once one is for nothing. */
weft_done_chan *weft_scope_done(struct weft_scope *scope)
{
	struct weft__co *self = weft__self("weft_scope_done");
	struct weft_chan *chan, *mine;
	bool ended;

	weft__trace_at(self);
	if (!scope)
		return NULL;
	weft__lock(&scope->lock);
	chan = scope->done;
	weft__unlock(&scope->lock);
	if (chan)
		return (weft_done_chan *)chan;
	mine = weft__chan_make(&done_elem, 0, scope->at_fn, scope->at_file, scope->at_line);
	weft__lock(&scope->lock);
	chan = scope->done;
	if (!chan)
		scope->done = mine;
	/* If not, whoever ends it finds the channel and closes it. */
	ended = atomic_load_explicit(&scope->error, memory_order_relaxed) != 0;
	weft__unlock(&scope->lock);
	if (chan) {
		weft__chan_unref(mine, self);
		return (weft_done_chan *)chan;
	}
	if (ended)
		weft__chan_close(mine, self);
	return (weft_done_chan *)mine;
}

/* ---- The running coroutine --------------------------------------------------------------------
 */

/* The reference that came with `scope` is the coroutine's from now on. */
static void attach(struct weft__co *co, struct weft_scope *scope)
{
	co->scope = scope;
	if (!scope)
		return;
	weft__lock(&scope->lock);
	ring_add(&scope->cos, &co->in_scope);
	if (scope->last_t < co->last_t)
		scope->last_t = co->last_t;
	weft__unlock(&scope->lock);
}

/* Its reference is the caller's now. */
static struct weft_scope *detach(struct weft__co *co)
{
	struct weft_scope *scope = co->scope;

	if (scope) {
		weft__lock(&scope->lock);
		ring_remove(&co->in_scope);
		weft__unlock(&scope->lock);
	}
	co->scope = NULL;
	return scope;
}

void weft__scope_inherit(struct weft__co *co, struct weft_scope *scope)
{
	attach(co, weft_scope_ref(scope));
}

void weft__scope_exit(struct weft__co *self)
{
	/* What coroutine 1 leaves behind ends with the run. */
	if (self->entered && self->id != 1)
		weft__panic(
			"a coroutine ends in a scope that it entered: weft_scope_leave is missing");
	unref(detach(self));
}

struct weft_scope *weft_scope_current(void)
{
	return weft__self("weft_scope_current")->scope;
}

struct weft_scope *weft_scope_enter(struct weft_scope *scope)
{
	struct weft__co *self = weft__self("weft_scope_enter");
	struct weft_scope *before = detach(self);

	attach(self, weft_scope_ref(scope));
	self->entered++;
	return before;
}

void weft_scope_leave(struct weft_scope *before)
{
	struct weft__co *self = weft__self("weft_scope_leave");

	if (self->entered == 0)
		weft__panic("weft_scope_leave without weft_scope_enter");
	self->entered--;
	unref(detach(self));
	attach(self, before);
}

void weft_shield_begin(void)
{
	weft__self("weft_shield_begin")->shields++;
}

void weft_shield_end(void)
{
	struct weft__co *self = weft__self("weft_shield_end");

	if (self->shields == 0)
		weft__panic("weft_shield_end without weft_shield_begin");
	self->shields--;
}
