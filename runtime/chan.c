/* SPDX-License-Identifier: MIT
 *
 * Channels: make, send, receive, close, count. A sender that finds a receiver waiting copies its
 * value straight into the receiver's variable; a receiver that makes room moves the first waiting
 * sender's value into the buffer. Select (select.c) is made of the same two steps.
 */
#include "runtime/chan.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/panic.h"
#include "runtime/probe.h"
#include "runtime/sched.h"
#include "runtime/ticker.h"

/* Every channel of the run, so that those which nobody unrefs end with it. */
static struct {
	struct weft__lock lock;
	struct weft_chan *first;
} chans;

static inline void copy_value(const struct weft_chan *chan, void *to, const void *from)
{
	/* The common sizes inline; both sides are variables of the element's type, maybe unaligned.
	 */
	switch (chan->elem_size) {
	case 4:
		memcpy(to, from, 4);
		break;
	case 8:
		memcpy(to, from, 8);
		break;
	default:
		memcpy(to, from, chan->elem_size);
	}
}

struct weft_chan *weft__chan_make(const struct weft_elem *elem, size_t capacity, const char *at_fn,
	const char *at_file, int at_line)
{
	struct weft__co *self = weft__self("weft_make");
	struct weft_chan *chan = aligned_alloc(_Alignof(struct weft_chan), sizeof(*chan));
	bool notes = weft__rec_enabled() && capacity > 0;

	if (chan)
		memset(chan, 0, sizeof(*chan));
	if (chan && capacity > 0)
		chan->buf = calloc(capacity, elem->size);
	if (chan && notes)
		chan->notes = calloc(capacity, sizeof(*chan->notes));
	if (!chan || (capacity > 0 && !chan->buf) || (notes && !chan->notes))
		weft__panic("out of memory for a channel of %zu values of %u bytes (made at %s:%d)",
			capacity, elem->size, at_file, at_line);
	chan->elem = elem;
	chan->elem_size = elem->size;
	chan->cap = capacity;
	chan->at_file = at_file;
	chan->at_line = at_line;
	chan->id = weft__new_id(&weft__sched.last_object);
	chan->refs = 1;
	weft__trace_reserve(weft__worker(), WEFT_REC_UNITS_MAX);
	weft__trace_chan_make(weft__worker(), self, chan, at_fn, at_file, at_line);
	weft__lock(&chans.lock);
	chan->next = chans.first;
	if (chans.first)
		chans.first->prev = chan;
	chans.first = chan;
	weft__unlock(&chans.lock);
	return chan;
}

struct weft_chan *weft_chan_make(const struct weft_elem *elem, size_t capacity, const char *at_fn,
	const char *at_file, int at_line)
{
	weft__trace_stack_here();
	return weft__chan_make(elem, capacity, at_fn, at_file, at_line);
}

struct weft_chan *weft_chan_ref(struct weft_chan *chan)
{
	if (chan) {
		weft__lock(&chan->lock);
		if (chan->refs == UINT32_MAX)
			weft__panic("weft_ref: the channel has 4294967295 references already");
		chan->refs++;
		weft__unlock(&chan->lock);
	}
	return chan;
}

void weft__chan_free(struct weft_chan *chan)
{
	free(chan->ticker);
	free(chan->buf);
	free(chan->notes);
	free(chan);
}

/* Nobody has a reference any more, and so nobody waits. */
static void forget(struct weft_chan *chan, struct weft__co *by)
{
	if (chan->ticker)
		weft__ticker_stop(chan->ticker, by);
	weft__trace_reserve(weft__worker(), WEFT__TRACE_WAKE_UNITS);
	weft__trace_free(weft__worker(), by, chan->id, &chan->last_t);
	weft__lock(&chans.lock);
	if (chan->prev)
		chan->prev->next = chan->next;
	else
		chans.first = chan->next;
	if (chan->next)
		chan->next->prev = chan->prev;
	weft__unlock(&chans.lock);
	if (!chan->ticker || weft__ticker_end(chan->ticker))
		weft__chan_free(chan);
}

void weft__chan_unref(struct weft_chan *chan, struct weft__co *by)
{
	bool last;

	weft__lock(&chan->lock);
	/* The last one's `free` must bear a later stamp than all that we did with it. */
	if (by && WEFT__PROBE_ON && chan->last_t < by->last_t)
		chan->last_t = by->last_t;
	last = --chan->refs == 0;
	weft__unlock(&chan->lock);
	if (last)
		forget(chan, by);
}

WEFT__NO_TSAN void weft__chans_walk(void (*fn)(struct weft_chan *chan, void *arg), void *arg)
{
	weft__lock(&chans.lock);
	for (struct weft_chan *chan = chans.first; chan; chan = chan->next)
		fn(chan, arg);
	weft__unlock(&chans.lock);
}

void weft_chan_unref(struct weft_chan *chan)
{
	struct weft__co *self = weft__self("weft_unref");

	if (chan)
		weft__chan_unref(chan, self);
}

void weft__chans_finish(void)
{
	struct weft_chan *chan;

	while ((chan = chans.first)) {
		chans.first = chan->next;
		weft__chan_free(chan);
	}
}

/* ---- The two steps ----------------------------------------------------------------------------
 */

static void buffer_put(struct weft_chan *chan, const void *value, uint64_t msg, uint64_t from)
{
	size_t i = chan->first + chan->count;

	if (i >= chan->cap)
		i -= chan->cap;
	copy_value(chan, chan->buf + i * chan->elem_size, value);
	if (chan->notes)
		chan->notes[i] = (struct weft__chan_note){msg, from};
	chan->count++;
}

static struct weft__chan_note buffer_get(struct weft_chan *chan, void *ret_value)
{
	struct weft__chan_note note = {0, 0};

	if (ret_value)
		copy_value(chan, ret_value, chan->buf + chan->first * chan->elem_size);
	if (chan->notes)
		note = chan->notes[chan->first];
	if (++chan->first == chan->cap)
		chan->first = 0;
	chan->count--;
	return note;
}

void weft__chan_drop(struct weft_chan *chan, struct weft__co *self)
{
	struct weft__chan_note note = buffer_get(chan, NULL);

	if (note.msg)
		weft__trace_unsend(weft__worker(), self, chan->id, note.msg, WEFT_UNSEND_CANCEL,
			&chan->last_t);
}

/* Out of its queue for good: see `keeps`. */
static inline void take_reference(struct weft_chan *chan, const struct weft__waiter *peer)
{
	if (!peer->keeps)
		chan->refs--;
}

/*
 * `traced` is a constant where this is called: once for runs that are recorded, and once, without
 * their calls, for those that are not.
 */
static inline __attribute__((always_inline)) enum weft__chan_step send_step(struct weft__worker *w,
	struct weft_chan *chan, struct weft__co *self, const void *value, int case_index,
	struct weft__co **ret_wake, bool traced)
{
	struct weft__waiter *peer;
	uint64_t msg = 0;

	*ret_wake = NULL;
	if (chan->closed)
		return WEFT__STEP_CLOSED;
	peer = weft__waitq_take(&chan->receivers);
	if (peer) {
		if (peer->value)
			copy_value(chan, peer->value, value);
		if (traced) {
			msg = weft__trace_send(
				w, self, chan, value, WEFT_VIA_HAND, NULL, case_index, -1);
			weft__trace_unblock(w, self, peer->co, chan->id, &chan->last_t, msg,
				peer->claim ? WEFT_WHY_SELECT : WEFT_WHY_RECV);
			peer->msg = msg;
			peer->from = self->id;
		}
		peer->result = 0;
		*ret_wake = peer->co;
		take_reference(chan, peer);
		return WEFT__STEP_DONE;
	}
	if (chan->count == chan->cap)
		return WEFT__STEP_WAIT;
	if (traced)
		msg = weft__trace_send(w, self, chan, value, WEFT_VIA_BUFFER, NULL, case_index,
			(int64_t)chan->count + 1);
	buffer_put(chan, value, msg, self->id);
	return WEFT__STEP_DONE;
}

/* A sender waits: its select, if it is one, has not been recorded as a send before. */
static void note_select_send(
	struct weft_chan *chan, struct weft__co *self, struct weft__waiter *peer)
{
	if (peer->claim)
		peer->msg = weft__trace_send(weft__worker(), peer->co, chan, peer->value,
			WEFT_VIA_SELECT, self, peer->index, -1);
}

static inline __attribute__((always_inline)) enum weft__chan_step recv_step(struct weft__worker *w,
	struct weft_chan *chan, struct weft__co *self, void *ret_value, int case_index,
	struct weft__co **ret_wake, bool traced)
{
	struct weft__waiter *peer = NULL;
	struct weft__chan_note note;

	*ret_wake = NULL;
	if (chan->count > 0 || chan->cap == 0)
		peer = weft__waitq_take(&chan->senders);
	if (traced && peer)
		note_select_send(chan, self, peer);
	if (chan->count > 0) {
		note = buffer_get(chan, ret_value);
		if (peer)
			buffer_put(chan, peer->value, peer->msg, peer->co->id);
	} else if (peer) {
		note = (struct weft__chan_note){peer->msg, peer->co->id};
		if (ret_value)
			copy_value(chan, ret_value, peer->value);
	} else if (chan->closed) {
		if (ret_value)
			memset(ret_value, 0, chan->elem_size);
		if (traced)
			weft__trace_recv(w, self, chan, 0, 0, case_index, -1, &chan->last_t);
		return WEFT__STEP_CLOSED;
	} else {
		return WEFT__STEP_WAIT;
	}
	if (traced)
		weft__trace_recv(w, self, chan, note.msg, note.from, case_index,
			chan->cap ? (int64_t)chan->count : -1, &chan->last_t);
	if (peer) {
		peer->result = 0;
		if (traced)
			weft__trace_unblock(w, self, peer->co, chan->id, &chan->last_t, peer->msg,
				peer->claim ? WEFT_WHY_SELECT : WEFT_WHY_SEND);
		*ret_wake = peer->co;
		take_reference(chan, peer);
	}
	return WEFT__STEP_DONE;
}

enum weft__chan_step weft__chan_send_step(struct weft__worker *w, struct weft_chan *chan,
	struct weft__co *self, const void *value, int case_index, struct weft__co **ret_wake)
{
	return WEFT__PROBE_ON ? send_step(w, chan, self, value, case_index, ret_wake, true)
			      : send_step(w, chan, self, value, case_index, ret_wake, false);
}

enum weft__chan_step weft__chan_recv_step(struct weft__worker *w, struct weft_chan *chan,
	struct weft__co *self, void *ret_value, int case_index, struct weft__co **ret_wake)
{
	return WEFT__PROBE_ON ? recv_step(w, chan, self, ret_value, case_index, ret_wake, true)
			      : recv_step(w, chan, self, ret_value, case_index, ret_wake, false);
}

/* ---- Send and receive -------------------------------------------------------------------------
 */

/* A null channel: nobody ever comes. */
static int wait_for_nobody(struct weft__co *self, int64_t until)
{
	int r = weft__may_wait(self, until);

	if (r < 0)
		return r;
	self->wait = (struct weft__wait_for){.why = WEFT_WHY_FOREVER};
	weft__trace_reserve(weft__worker(), WEFT__TRACE_PARK_UNITS);
	weft__trace_block_on(weft__worker(), self, 0, NULL, until);
	return weft__wait_alone(self, until);
}

static __attribute__((noinline, noreturn, cold)) void panic_closed(struct weft_chan *chan)
{
	char text[96];

	weft__chan_describe(chan, text, sizeof(text));
	weft__panic("send on closed channel %s", text);
}

/* Unlocks behind a step that went through. */
static inline int done(struct weft__worker *w, struct weft_chan *chan, struct weft__co *wake)
{
	weft__unlock(&chan->lock);
	if (wake)
		weft__ready_on(w, wake);
	return 0;
}

/*
 * Locked, and nothing could be done. Waits in the queue, and returns unlocked. When the result is 0
 * or -EPIPE and the waiter does not keep the channel, it may be gone: who matched it was the last.
 */
static inline __attribute__((always_inline)) int wait_in(struct weft__worker *w,
	struct weft_chan *chan, struct weft__co *self, struct weft__waitq *queue,
	struct weft__waiter *waiter, enum weft_why why, int64_t until, bool traced)
{
	self->wait = (struct weft__wait_for){.why = why, .kind = WEFT__WAIT_CHAN, .chan = chan};
	if (traced)
		weft__trace_block(w, self, chan, until);
	weft__waitq_push(queue, waiter);
	chan->refs++;
	if (waiter->keeps)
		return weft__wait(&chan->lock, waiter, chan->id, &chan->last_t, until);
	weft__lock_park(&chan->lock);
	weft__park_unlock(w, &chan->lock);
	return waiter->result;
}

/* Does the owner of a waiter touch the channel when it has woken? */
static inline bool must_keep(const struct weft__co *self, int64_t until, bool traced)
{
	return traced || weft__may_be_interrupted(self, until);
}

static inline __attribute__((always_inline)) int send_waits(struct weft__worker *w,
	struct weft_chan *chan, struct weft__co *self, const void *value, int64_t until,
	bool traced)
{
	struct weft__waiter waiter = {.co = self,
		.value = (void *)(uintptr_t)value,
		.index = -1,
		.keeps = must_keep(self, until, traced)};
	int r;

	if (traced)
		waiter.msg = weft__trace_send(w, self, chan, value, WEFT_VIA_WAIT, NULL, -1,
			chan->cap ? (int64_t)chan->count : -1);
	r = wait_in(w, chan, self, &chan->senders, &waiter, WEFT_WHY_SEND, until, traced);
	if (r == -EPIPE)
		panic_closed(chan);
	if (waiter.keeps)
		weft__chan_unref(chan, self);
	return r;
}

static inline __attribute__((always_inline)) int recv_waits(struct weft__worker *w,
	struct weft_chan *chan, struct weft__co *self, void *ret_value, int64_t until, bool traced)
{
	struct weft__waiter waiter = {.co = self,
		.value = ret_value,
		.index = -1,
		.keeps = must_keep(self, until, traced)};
	uint32_t bytes = chan->elem_size;
	int r = wait_in(w, chan, self, &chan->receivers, &waiter, WEFT_WHY_RECV, until, traced);

	if (r == -EPIPE && ret_value)
		memset(ret_value, 0, bytes);
	if (!waiter.keeps)
		return r;
	if (traced && (r == 0 || r == -EPIPE)) {
		weft__trace_reserve_awake(weft__worker(), WEFT__TRACE_WAKE_UNITS);
		weft__trace_recv(weft__worker(), self, chan, waiter.msg, waiter.from, -1, -1, NULL);
	}
	weft__chan_unref(chan, self);
	return r;
}

/* `traced` as for the steps. */
static inline __attribute__((always_inline)) int send_in(struct weft__worker *w,
	struct weft_chan *chan, struct weft__co *self, const void *value, int64_t until,
	bool traced)
{
	enum weft__chan_step step;
	struct weft__co *wake;
	int r;

	if (traced)
		weft__trace_reserve(w, WEFT__STEP_UNITS + WEFT__TRACE_PARK_UNITS);
	weft__lock(&chan->lock);
	step = send_step(w, chan, self, value, -1, &wake, traced);
	if (step == WEFT__STEP_DONE)
		return done(w, chan, wake);
	if (step == WEFT__STEP_CLOSED) {
		weft__unlock(&chan->lock);
		panic_closed(chan);
	}
	r = weft__may_wait(self, until);
	if (r == 0)
		return send_waits(w, chan, self, value, until, traced);
	weft__unlock(&chan->lock);
	return r;
}

static inline __attribute__((always_inline)) int recv_in(struct weft__worker *w,
	struct weft_chan *chan, struct weft__co *self, void *ret_value, int64_t until, bool traced)
{
	enum weft__chan_step step;
	struct weft__co *wake;
	int r;

	if (traced)
		weft__trace_reserve(w, WEFT__STEP_UNITS + WEFT__TRACE_PARK_UNITS);
	weft__lock(&chan->lock);
	step = recv_step(w, chan, self, ret_value, -1, &wake, traced);
	if (step == WEFT__STEP_DONE)
		return done(w, chan, wake);
	r = step == WEFT__STEP_CLOSED ? -EPIPE : weft__may_wait(self, until);
	if (r == 0)
		return recv_waits(w, chan, self, ret_value, until, traced);
	weft__unlock(&chan->lock);
	return r;
}

static __attribute__((noinline)) int send_traced(struct weft__worker *w, struct weft_chan *chan,
	struct weft__co *self, const void *value, int64_t until)
{
	return send_in(w, chan, self, value, until, true);
}

static __attribute__((noinline)) int recv_traced(struct weft__worker *w, struct weft_chan *chan,
	struct weft__co *self, void *ret_value, int64_t until)
{
	return recv_in(w, chan, self, ret_value, until, true);
}

int weft_chan_send(struct weft_chan *chan, const void *value, int64_t until)
{
	struct weft__worker *w = weft__worker();
	struct weft__co *self = weft__self_on(w, "weft_send");

	if (!chan) {
		weft__trace_at(self);
		return wait_for_nobody(self, until);
	}
	if (WEFT__PROBE_ON) {
		weft__trace_at(self);
		return send_traced(w, chan, self, value, until);
	}
	return send_in(w, chan, self, value, until, false);
}

int weft_chan_recv(struct weft_chan *chan, void *ret_value, int64_t until)
{
	struct weft__worker *w = weft__worker();
	struct weft__co *self = weft__self_on(w, "weft_recv");

	if (!chan) {
		weft__trace_at(self);
		return wait_for_nobody(self, until);
	}
	if (WEFT__PROBE_ON) {
		weft__trace_at(self);
		return recv_traced(w, chan, self, ret_value, until);
	}
	return recv_in(w, chan, self, ret_value, until, false);
}

/* ---- Close and the rest -----------------------------------------------------------------------
 */

/*
 * Room for the records of everybody who waits cannot be reserved in one go, so they are taken out
 * first and woken one by one: they are ours alone from then on. The record of the close says how
 * many they are; where none is made, some are taken at a time, so that of very many each is still
 * in the cache when it is woken. Nobody can come to wait any more meanwhile.
 */
#define CLOSE_SOME (WEFT__PROBE_ON ? INT_MAX : 64)

static struct weft__waiter *take_some(struct weft__waitq *queue, int *ret_count)
{
	struct weft__waiter *first = NULL, *last = NULL, **link = &first, *waiter;
	int most = CLOSE_SOME, n = 0;

	while (n < most && (waiter = weft__waitq_take(queue))) {
		if (last)
			weft__prefetch_beyond(last, waiter, 4);
		last = waiter;
		__builtin_prefetch(waiter->co, 1);
		*link = waiter;
		link = &waiter->next;
		n++;
	}
	*link = NULL;
	*ret_count = n;
	return first;
}

static void wake_closed(
	struct weft_chan *chan, struct weft__co *self, struct weft__waiter *waiter, bool sent)
{
	while (waiter) {
		struct weft__waiter *next = waiter->next;
		struct weft__worker *w = weft__worker();

		weft__trace_reserve(w, 2 * WEFT__TRACE_WAKE_UNITS);
		weft__lock(&chan->lock);
		if (waiter->msg)
			weft__trace_unsend(
				w, self, chan->id, waiter->msg, WEFT_UNSEND_CLOSED, &chan->last_t);
		waiter->result = -EPIPE;
		weft__trace_unblock(
			w, self, waiter->co, chan->id, &chan->last_t, 0, WEFT_WHY_CLOSE);
		/* A sender keeps it in any case: it panics, and says on which channel. */
		if (!sent)
			take_reference(chan, waiter);
		weft__unlock(&chan->lock);
		weft__ready(waiter->co);
		waiter = next;
	}
}

void weft__chan_close(struct weft_chan *chan, struct weft__co *by)
{
	struct weft__waiter *receivers, *senders;
	int nreceivers, nsenders;
	char text[96];

	weft__trace_reserve(weft__worker(), WEFT__TRACE_WAKE_UNITS);
	weft__lock(&chan->lock);
	if (chan->closed) {
		weft__unlock(&chan->lock);
		weft__chan_describe(chan, text, sizeof(text));
		weft__panic("close of closed channel %s", text);
	}
	chan->closed = true;
	receivers = take_some(&chan->receivers, &nreceivers);
	senders = take_some(&chan->senders, &nsenders);
	weft__trace_close(weft__worker(), by, chan, nreceivers);
	weft__unlock(&chan->lock);
	for (;;) {
		wake_closed(chan, by, receivers, false);
		wake_closed(chan, by, senders, true);
		if (nreceivers < CLOSE_SOME && nsenders < CLOSE_SOME)
			break;
		weft__lock(&chan->lock);
		receivers = take_some(&chan->receivers, &nreceivers);
		senders = take_some(&chan->senders, &nsenders);
		weft__unlock(&chan->lock);
	}
}

void weft_chan_close(struct weft_chan *chan)
{
	struct weft__co *self = weft__self("weft_close");

	if (!chan)
		weft__panic("close of a null channel");
	weft__trace_at(self);
	weft__chan_close(chan, self);
}

size_t weft_chan_len(struct weft_chan *chan)
{
	size_t len;

	if (!chan)
		return 0;
	weft__lock(&chan->lock);
	len = chan->count;
	weft__unlock(&chan->lock);
	return len;
}

size_t weft_chan_cap(struct weft_chan *chan)
{
	return chan ? chan->cap : 0;
}

void weft_chan_set_name(struct weft_chan *chan, const char *format, ...)
{
	char name[sizeof(chan->name)];
	va_list args;

	weft__self("weft_chan_name");
	if (!chan)
		return;
	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	weft__trace_reserve(weft__worker(), WEFT_REC_UNITS_MAX);
	weft__lock(&chan->lock);
	memcpy(chan->name, name, sizeof(name));
	weft__trace_name(weft__worker(), 0, chan->id, chan->name, &chan->last_t);
	weft__unlock(&chan->lock);
}

void weft__chan_describe(const struct weft_chan *chan, char *text, size_t size)
{
	const char *file = strrchr(chan->at_file, '/');

	snprintf(text, size, "%s%s%s(of %s, made at %s:%d)", chan->name[0] ? "\"" : "", chan->name,
		chan->name[0] ? "\" " : "", chan->elem->name, file ? file + 1 : chan->at_file,
		chan->at_line);
}
