/* SPDX-License-Identifier: MIT
 *
 * Channels on which the time comes: once (weft_after) or again and again (weft_ticker). The timer
 * belongs to the channel and holds no reference to it: with the last one it is taken out of the
 * heap. It sends from the scheduler's stack, into a buffer of one; what finds no room is dropped.
 *
 * Everything is under the channel's lock. Who changes the time does not wait for a timer that fires
 * just then: `fire` takes that lock as well, and looks at what holds now.
 */
#include "runtime/ticker.h"

#include <stdlib.h>

#include "runtime/alarm.h"
#include "runtime/chan.h"
#include "runtime/panic.h"
#include "runtime/probe.h"
#include "runtime/sched.h"
#include "runtime/timer.h"

struct weft__ticker {
	struct weft__timer timer;
	struct weft_chan *chan;
	uint64_t id;	/* in the trace; 0: it is not there */
	int64_t when;	/* the time comes then; WEFT_NEVER: not any more */
	int64_t period; /* 0: once */
	bool armed;	/* the timer is in the heap, or `fire` is on its way to the lock */
	bool dead;	/* and then frees the channel: nobody has it any more */
};

const struct weft_elem weft_time_chan_weft_elem = {"int64_t", sizeof(int64_t), WEFT_ELEM_INT};

/*
 * Who sends, for the trace: one coroutine that never runs stands for all timers (docs/format.md,
 * section 4). It has no stack, by which probe.c knows it. Made with the run's first ticker.
 */
static struct {
	struct weft__lock lock;
	struct weft__co co;
} sender;

void weft__tickers_init(void)
{
	sender.co = (struct weft__co){.fn_name = "timers", .at_fn = "", .at_file = ""};
}

static void make_sender(void)
{
	weft__trace_reserve(weft__worker(), WEFT_REC_UNITS_MAX);
	weft__lock(&sender.lock);
	if (!sender.co.id) {
		sender.co.id = weft__new_id(&weft__sched.last_co);
		weft__trace_spawn(weft__worker(), NULL, &sender.co);
	}
	weft__unlock(&sender.lock);
}

/* Locked. What is the timer's bears the stamps of its channel, whose lock it shares. */
static void note(struct weft__ticker *t, struct weft__co *by, enum weft_timer_op op)
{
	bool set = op == WEFT_TIMER_SET;

	if (t->id)
		weft__trace_timer(weft__worker(), by, t->id, &t->chan->last_t, op,
			set ? t->when : 0, set ? t->period : 0);
}

/* ---- Firing -----------------------------------------------------------------------------------
 */

/* Later than now, and a whole number of periods after the last one that was meant. */
static int64_t next_tick(const struct weft__ticker *t, int64_t now)
{
	int64_t missed = (now - t->when) / t->period;

	if (t->period > (INT64_MAX - 1 - t->when) / (missed + 1))
		return INT64_MAX - 1;
	return t->when + (missed + 1) * t->period;
}

/* Locked. Who is to be made ready, or NULL. */
static struct weft__co *send_time(struct weft__ticker *t, int64_t now)
{
	struct weft__co self = {.id = sender.co.id, .last_t = sender.co.last_t};
	struct weft__co *wake = NULL;

	note(t, NULL, WEFT_TIMER_FIRE);
	t->when = t->period ? next_tick(t, now) : WEFT_NEVER;
	if (weft__chan_send_step(weft__worker(), t->chan, &self, &now, -1, &wake) ==
		WEFT__STEP_CLOSED)
		t->when = WEFT_NEVER;
	return wake;
}

static void fire(struct weft__timer *timer);

/* Locked, and not armed. True: as weft__timer_arm. */
static bool arm(struct weft__ticker *t)
{
	t->armed = t->when != WEFT_NEVER;
	return t->armed && weft__timer_arm(&t->timer, t->when, fire);
}

/* Read before the lock that orders us after whoever armed it, hence unseen by TSan. */
static WEFT__NO_TSAN struct weft_chan *chan_of(struct weft__timer *timer)
{
	return ((struct weft__ticker *)timer)->chan;
}

static void fire(struct weft__timer *timer)
{
	struct weft__ticker *t = (struct weft__ticker *)timer;
	struct weft_chan *chan = chan_of(timer);
	int64_t now = weft_now();
	struct weft__co *wake = NULL;
	bool dead, first, ours = false;

	weft__trace_reserve(weft__worker(), WEFT__TRACE_WAKE_UNITS + WEFT__STEP_UNITS);
	weft__lock(&chan->lock);
	dead = t->dead;
	if (!dead && t->when <= now) {
		/* The receiver's may be the last reference, and it goes with our sending. (If there
		 * is none, somebody is letting go of the channel just now.) */
		ours = chan->refs > 0;
		chan->refs += ours;
		wake = send_time(t, now);
		if (ours && chan->refs > 1) {
			chan->refs--;
			ours = false;
		}
	}
	first = !dead && arm(t);
	weft__unlock(&chan->lock);
	/* The receiver may let go of the channel as soon as it runs. */
	if (dead)
		weft__chan_free(chan);
	if (wake)
		weft__ready(wake);
	if (ours)
		weft__chan_unref(chan, NULL);
	if (first)
		weft__alarm_first();
}

WEFT__NO_TSAN bool weft__timer_wakes(struct weft__timer *timer)
{
	return timer->fire != fire || chan_of(timer)->receivers.head;
}

bool weft__ticker_runs(const struct weft_chan *chan)
{
	return chan->ticker && chan->ticker->when != WEFT_NEVER;
}

/* ---- Making and ending ------------------------------------------------------------------------
 */

/* ns from now, at most as late as can be said. */
static int64_t after(int64_t ns)
{
	int64_t now = weft_now();

	if (ns <= 0)
		return now;
	return ns < INT64_MAX - 1 - now ? now + ns : INT64_MAX - 1;
}

static struct weft_chan *make(
	int64_t ns, int64_t period, const char *at_fn, const char *at_file, int at_line)
{
	struct weft__ticker *t = calloc(1, sizeof(*t));
	struct weft_chan *chan;
	bool first;

	if (!t)
		weft__panic("out of memory for a timer (made at %s:%d)", at_file, at_line);
	make_sender();
	chan = weft__chan_make(&weft_time_chan_weft_elem, 1, at_fn, at_file, at_line);
	weft__trace_reserve(weft__worker(), WEFT_REC_UNITS_MAX);
	weft__lock(&chan->lock);
	chan->ticker = t;
	t->chan = chan;
	t->period = period;
	t->when = after(ns);
	if (WEFT__PROBE_SYNC) {
		t->id = weft__new_id(&weft__sched.last_object);
		weft__trace_sync_make(weft__worker(), weft__current(), t->id, &chan->last_t,
			WEFT_OBJ_TIMER, "", 0, false);
		note(t, weft__current(), WEFT_TIMER_SET);
	}
	first = arm(t);
	weft__unlock(&chan->lock);
	if (first)
		weft__alarm_first();
	return chan;
}

struct weft_chan *weft_time_after(int64_t ns, const char *at_fn, const char *at_file, int at_line)
{
	weft__trace_at(weft__self("weft_after"));
	return make(ns, 0, at_fn, at_file, at_line);
}

struct weft_chan *weft_time_ticker(
	int64_t period, const char *at_fn, const char *at_file, int at_line)
{
	weft__trace_at(weft__self("weft_ticker"));
	if (period <= 0)
		weft__panic("weft_ticker with a period of %lld ns (at %s:%d)", (long long)period,
			at_file, at_line);
	return make(period, period, at_fn, at_file, at_line);
}

/* Locked. Out of the heap, unless `fire` is on its way: that finds what `when` says. */
static void disarm(struct weft__ticker *t)
{
	if (t->armed && weft__timer_disarm(&t->timer))
		t->armed = false;
}

void weft__ticker_stop(struct weft__ticker *t, struct weft__co *by)
{
	weft__trace_reserve(weft__worker(), WEFT__TRACE_WAKE_UNITS);
	weft__lock(&t->chan->lock);
	t->when = WEFT_NEVER;
	disarm(t);
	if (t->id)
		weft__trace_free(weft__worker(), by, t->id, &t->chan->last_t);
	t->id = 0;
	weft__unlock(&t->chan->lock);
}

bool weft__ticker_end(struct weft__ticker *t)
{
	struct weft_chan *chan = t->chan;
	bool dead;

	weft__lock(&chan->lock);
	dead = t->dead = t->armed;
	weft__unlock(&chan->lock);
	return !dead;
}

/* ---- Stop and reset ---------------------------------------------------------------------------
 */

static struct weft_chan *lock_ticker(weft_time_chan *c, const char *what)
{
	struct weft_chan *chan = (struct weft_chan *)c;

	weft__self(what);
	if (!chan || !chan->ticker)
		weft__panic("%s on a channel of neither weft_after nor weft_ticker", what);
	weft__trace_reserve(weft__worker(), 3 * WEFT__TRACE_WAKE_UNITS); /* stop, unsend, set */
	weft__lock(&chan->lock);
	return chan;
}

/*
 * Locked. No time will come any more, nor one that has come but was not received: a receive that
 * follows must not get what belongs to the past. True if there was one of either.
 */
static bool stop(struct weft_chan *chan)
{
	struct weft__ticker *t = chan->ticker;
	bool stopped = t->when != WEFT_NEVER;

	if (stopped)
		note(t, weft__current(), WEFT_TIMER_STOP);
	t->when = WEFT_NEVER;
	disarm(t);
	if (chan->count > 0 && !chan->senders.head) {
		stopped = true;
		weft__chan_drop(chan, weft__current());
	}
	return stopped;
}

bool weft_time_stop(weft_time_chan *c)
{
	struct weft_chan *chan;
	bool stopped;

	weft__trace_here();
	chan = lock_ticker(c, "weft_time_stop");
	stopped = stop(chan);
	weft__unlock(&chan->lock);
	return stopped;
}

bool weft_time_reset(weft_time_chan *c, int64_t ns)
{
	struct weft_chan *chan;
	struct weft__ticker *t;
	bool stopped, first = false;

	weft__trace_here();
	chan = lock_ticker(c, "weft_time_reset");
	t = chan->ticker;
	if (t->period && ns <= 0)
		weft__panic("weft_time_reset of a ticker to a period of %lld ns", (long long)ns);
	stopped = stop(chan);
	if (!chan->closed) {
		t->when = after(ns);
		t->period = t->period ? ns : 0;
		note(t, weft__current(), WEFT_TIMER_SET);
		if (!t->armed)
			first = arm(t);
	}
	weft__unlock(&chan->lock);
	if (first)
		weft__alarm_first();
	return stopped;
}
