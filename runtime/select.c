/* SPDX-License-Identifier: MIT
 *
 * Select: locks the channels of all cases in the order of their addresses, takes one that is ready,
 * or waits in the queues of all. The first peer (or the deadline, or the scope) that claims the
 * select wins; the others drop its waiters, and the owner, when it has woken, takes those that are
 * left out again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/alarm.h"
#include "runtime/chan.h"
#include "runtime/panic.h"
#include "runtime/probe.h"
#include "runtime/sched.h"
#include "runtime/scope.h"

#define CASES_MOST 65536
#define CASES_INLINE 16 /* more cases take memory from the heap for the time of the call */

struct select {
	struct weft_case *cases;
	int n;
	struct weft_chan **order; /* the distinct channels, by address; */
	int norder;		  /* once they are sorted: until then, 0 */
	int *ready;		  /* room for the indexes of those that seem so */
	bool alone;		  /* locked by one entry for all (alone.h) */
	struct weft__waiter *waiters;
	struct weft__claim claim;
};

static int by_address(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t) * (struct weft_chan *const *)a;
	uintptr_t y = (uintptr_t) * (struct weft_chan *const *)b;

	return x < y ? -1 : x > y;
}

/* The distinct channels in the order in which they are locked. */
static void sort_channels(struct select *s)
{
	int n = 0, distinct = 0;

	for (int i = 0; i < s->n; i++) {
		struct weft_chan *chan = s->cases[i].chan;
		int j = n;

		if (!chan)
			continue;
		n++;
		/* Insertion sort for the usual few; qsort below for many. */
		for (; n <= CASES_INLINE && j > 0 && s->order[j - 1] > chan; j--)
			s->order[j] = s->order[j - 1];
		s->order[j] = chan;
	}
	if (n > CASES_INLINE)
		qsort(s->order, (size_t)n, sizeof(*s->order), by_address);
	for (int i = 0; i < n; i++) {
		if (distinct == 0 || s->order[distinct - 1] != s->order[i])
			s->order[distinct++] = s->order[i];
	}
	s->norder = distinct;
}

/* One of its channels, or NULL; *ret_only: it has no other. */
static struct weft_chan *a_channel(const struct select *s, bool *ret_only)
{
	struct weft_chan *a = NULL;

	*ret_only = true;
	for (int i = 0; i < s->n && *ret_only; i++) {
		struct weft_chan *chan = s->cases[i].chan;

		if (chan && a && chan != a)
			*ret_only = false;
		else if (chan)
			a = chan;
	}
	return a;
}

/* Locked. True even if all that waits there are selects which somebody else has claimed. */
static inline bool seems_ready(const struct weft_case *c)
{
	const struct weft_chan *chan = c->chan;

	if (!chan)
		return false;
	if (c->send)
		return chan->closed || chan->receivers.head || chan->count < chan->cap;
	return chan->count > 0 || chan->senders.head || chan->closed;
}

/*
 * All locked. A case that seems ready, each equally likely, or -1. Where it isn't ready after all,
 * trying it has dropped those who waited in vain there, and the next choice is as fair.
 */
static int choose(const struct select *s, struct weft__worker *w)
{
	int n = 0;

	for (int i = 0; i < s->n; i++) {
		if (seems_ready(&s->cases[i]))
			s->ready[n++] = i;
	}
	if (n < 2)
		return n ? s->ready[0] : -1;
	return s->ready[(uint64_t)weft__random(w) * (uint32_t)n >> 32];
}

/* With one worker there are no locks; who is alone enters once, for all of them. */
static void lock_all(struct select *s)
{
	if (!weft__multi)
		return;
	s->alone = weft__alone_enter();
	if (s->alone)
		return;
	if (s->norder == 0)
		sort_channels(s);
	for (int i = 0; i < s->norder; i++)
		weft__lock(&s->order[i]->lock);
}

/*
 * `last`, if not NULL, goes last: who meets us there may let go of all these channels, as the
 * receiver of a last message may.
 */
static void unlock_all(struct select *s, struct weft_chan *last)
{
	if (!weft__multi)
		return;
	if (s->alone) {
		weft__alone_leave();
		return;
	}
	for (int i = 0; i < s->norder; i++) {
		if (s->order[i] != last)
			weft__unlock(&s->order[i]->lock);
	}
	if (last)
		weft__unlock(&last->lock);
}

/*
 * As unlock_all, once the select's stack is left. After the last unlock the select may be gone: its
 * owner, once woken, waits for all these locks before it returns, so nothing of *s is read after
 * that.
 */
static WEFT__NO_TSAN void unlock_parked(void *arg)
{
	struct select *s = arg;
	struct weft_chan **order = s->order;
	int n = s->norder;

	if (!weft__multi)
		return;
	if (s->alone) {
		weft__alone_leave();
		return;
	}
	for (int i = 0; i < n; i++) {
		struct weft_chan *chan = order[i];

		weft__unlock_unseen(&chan->lock);
	}
}

static WEFT__NO_TSAN void unlock_parked_and_wake(void *arg)
{
	unlock_parked(arg);
	weft__alarm_first();
}

/* With all locked. When it returns, the select has been woken; unlock_parked may still be at it. */
static void park(struct select *s, bool then_wake)
{
	for (int i = 0; WEFT__TSAN && i < s->norder; i++)
		weft__lock_park(&s->order[i]->lock);
	if (!weft__multi && !then_wake)
		weft__park_unlock(weft__worker(), NULL);
	else
		weft__park(then_wake ? unlock_parked_and_wake : unlock_parked, s);
}

static void panic_send_on_closed(struct weft_chan *chan)
{
	char text[96];

	weft__chan_describe(chan, text, sizeof(text));
	weft__panic("select: send on closed channel %s", text);
}

static enum weft__chan_step try_case(struct weft__worker *w, struct weft_case *c, int index,
	struct weft__co *self, struct weft__co **ret_wake)
{
	enum weft__chan_step step;

	if (c->send)
		return weft__chan_send_step(w, c->chan, self, c->value, index, ret_wake);
	step = weft__chan_recv_step(w, c->chan, self, c->value, index, ret_wake);
	if (step != WEFT__STEP_WAIT && c->ret_ok)
		*c->ret_ok = step == WEFT__STEP_DONE;
	return step;
}

/* All locked. The index of the case that went through, or -EAGAIN. */
static int try_all(
	struct select *s, struct weft__worker *w, struct weft__co *self, struct weft__co **ret_wake)
{
	int index;

	while ((index = choose(s, w)) >= 0) {
		struct weft_case *c = &s->cases[index];
		enum weft__chan_step step = try_case(w, c, index, self, ret_wake);

		if (step == WEFT__STEP_WAIT)
			continue;
		if (step == WEFT__STEP_CLOSED && c->send) {
			unlock_all(s, NULL);
			panic_send_on_closed(c->chan);
		}
		weft__trace_select(w, self, index, s->n);
		return index;
	}
	return -EAGAIN;
}

static void enqueue_all(struct select *s, struct weft__co *self)
{
	for (int i = 0; i < s->n; i++) {
		struct weft_case *c = &s->cases[i];

		if (!c->chan)
			continue;
		s->waiters[i] = (struct weft__waiter){.co = self,
			.claim = &s->claim,
			.value = c->value,
			.index = i,
			.keeps = true};
		weft__waitq_push(c->send ? &c->chan->senders : &c->chan->receivers, &s->waiters[i]);
		c->chan->refs++;
	}
}

/*
 * Woken: out of the queues in which we still are. Waits until unlock_parked is through. Gives back
 * the references that it can: the last one, which frees a channel, and those of recorded runs,
 * whose channels are stamped by it, go later.
 */
static void dequeue_all(struct select *s, struct weft__waiter *winner)
{
	lock_all(s);
	for (int i = 0; i < s->n; i++) {
		struct weft_chan *chan = s->cases[i].chan;

		if (!chan)
			continue;
		weft__waitq_remove(&s->waiters[i]);
		if (&s->waiters[i] != winner && chan->refs > 1 && !WEFT__PROBE_ON) {
			chan->refs--;
			s->waiters[i].keeps = false;
		}
	}
	unlock_all(s, NULL);
}

/* The winner's value is in place; what is left is to record it and to say so. */
static int finish_case(struct select *s, struct weft__co *self, struct weft__waiter *winner)
{
	struct weft_case *c = &s->cases[winner->index];
	bool ok = winner->result == 0;

	if (c->send && !ok)
		panic_send_on_closed(c->chan);
	weft__trace_reserve_awake(weft__worker(), WEFT__STEP_UNITS);
	if (!c->send) {
		if (!ok && c->value)
			memset(c->value, 0, c->chan->elem_size);
		if (c->ret_ok)
			*c->ret_ok = ok;
		weft__trace_recv(weft__worker(), self, c->chan, winner->msg, winner->from,
			winner->index, -1, NULL);
	}
	weft__trace_select(weft__worker(), self, winner->index, s->n);
	return winner->index;
}

/* `nobody` is who wins for the deadline or the scope; it is in no queue. */
static struct weft__waiter *park_all(
	struct select *s, struct weft_chan *a, struct weft__waiter *nobody, int64_t until)
{
	struct weft__interrupt it;
	int r;

	if (until == WEFT_NEVER && !weft__scope_of(nobody->co)) {
		park(s, false);
		return atomic_load_explicit(&s->claim.winner, memory_order_acquire);
	}
	r = weft__interrupt_begin(&it, &a->lock, nobody, 0, NULL, until);
	if (r >= 0)
		park(s, r > 0);
	else
		unlock_all(s, NULL);
	weft__interrupt_end(&it);
	return atomic_load_explicit(&s->claim.winner, memory_order_acquire);
}

static int pick_of(int error)
{
	return error == -EAGAIN	     ? WEFT_PICK_DEFAULT
	       : error == -ETIMEDOUT ? WEFT_PICK_TIMEOUT
				     : WEFT_PICK_CANCEL;
}

/* No channel, no lock: nobody comes. */
static int wait_for_nobody(struct select *s, struct weft__co *self, int64_t until)
{
	int r = weft__wait_alone(self, until);

	weft__trace_reserve_awake(weft__worker(), WEFT__TRACE_WAKE_UNITS);
	weft__trace_select(weft__worker(), self, pick_of(r), s->n);
	return r;
}

/* All locked, nothing ready. */
static int wait_all(struct select *s, struct weft__co *self, int64_t until)
{
	struct weft__waiter nobody = {.co = self, .claim = &s->claim, .index = -1}, *winner;
	bool only;
	struct weft_chan *a = a_channel(s, &only);
	int r;

	self->wait = (struct weft__wait_for){.why = WEFT_WHY_SELECT,
		.kind = only ? WEFT__WAIT_CHAN : WEFT__WAIT_NOTHING,
		.timed = until != WEFT_NEVER,
		.chan = only ? a : NULL};
	self->until = until;
	weft__trace_block_select(weft__worker(), self, s->cases, s->n, until);
	if (!a) {
		unlock_all(s, NULL);
		return wait_for_nobody(s, self, until);
	}
	enqueue_all(s, self);
	winner = park_all(s, a, &nobody, until);
	dequeue_all(s, winner);
	if (winner == &nobody) {
		weft__trace_reserve_awake(weft__worker(), WEFT__TRACE_WAKE_UNITS);
		weft__trace_select(weft__worker(), self, pick_of(nobody.result), s->n);
		r = nobody.result;
	} else {
		r = finish_case(s, self, winner);
	}
	for (int i = 0; i < s->n; i++) {
		if (s->cases[i].chan && s->waiters[i].keeps)
			weft__chan_unref(s->cases[i].chan, self);
	}
	return r;
}

static int select_in(struct select *s, int64_t until)
{
	struct weft__worker *w = weft__worker();
	struct weft__co *self = weft__self_on(w, "weft_select"), *wake = NULL;
	int r;

	weft__trace_reserve(
		w, WEFT__STEP_UNITS + WEFT__TRACE_SELECT_UNITS + WEFT__TRACE_PARK_UNITS);
	lock_all(s);
	r = try_all(s, w, self, &wake);
	if (r >= 0) {
		unlock_all(s, s->cases[r].chan);
		if (wake)
			weft__ready_on(w, wake);
		return r;
	}
	r = weft__may_wait(self, until);
	if (r < 0) {
		weft__trace_select(weft__worker(), self, pick_of(r), s->n);
		unlock_all(s, NULL);
		return r;
	}
	return wait_all(s, self, until);
}

static int select_many(struct select *s, int64_t until)
{
	size_t n = (size_t)s->n;
	int r;

	s->order = calloc(n, sizeof(*s->order));
	s->waiters = calloc(n, sizeof(*s->waiters));
	s->ready = calloc(n, sizeof(*s->ready));
	if (!s->order || !s->waiters || !s->ready)
		weft__panic("out of memory for a select of %zu cases", n);
	r = select_in(s, until);
	free(s->order);
	free(s->waiters);
	free(s->ready);
	return r;
}

int weft_chan_select(struct weft_case *cases, int n, int64_t until)
{
	struct weft_chan *order[CASES_INLINE];
	struct weft__waiter waiters[CASES_INLINE];
	int ready[CASES_INLINE];
	struct select s = {
		.cases = cases, .n = n, .order = order, .ready = ready, .waiters = waiters};

	if (n < 0 || n > CASES_MOST)
		weft__panic("weft_select with %d cases: 0 to %d are possible", n, CASES_MOST);
	weft__trace_here();
	return n <= CASES_INLINE ? select_in(&s, until) : select_many(&s, until);
}
