/* SPDX-License-Identifier: MIT
 *
 * The worker that watches the others: it takes over what waits behind a coroutine that computes.
 * What is handed to and fro in well under a microsecond it leaves alone, since that is faster on
 * one core than on two, unless there is a lot of it: then it tries, and measures. One worker at a
 * time watches; who does, and how no work is forgotten, is told in idle.c and docs/scheduler.md.
 */
#include "runtime/alone.h"
#include "runtime/cpu.h"
#include "runtime/idle.h"
#include "runtime/sched.h"
#include "runtime/timer.h"
#include "tracer/record/futex.h"

/*
 * A look at a worker lasts LOOK_NS. What waits there is worth moving if its coroutines run for
 * SLICE_NS or more between two switches; the one that was made ready last only if there was no
 * switch for SLOT_NS, since it is about to be run otherwise: two who fill and empty a buffer of 128
 * switch every 1 to 3 us, and are three times as slow on two workers.
 *
 * Who took many and was through with them in no time was wrong: it looks longer before it takes
 * many again (PATIENCE_MOST_NS), until that has paid once.
 */
#define LOOK_NS 3000
#define SLICE_NS 1000
#define SLOT_NS (3 * LOOK_NS)
#define PATIENCE_MOST_NS 400000
#define AWAKE_NS 30000	   /* looks are repeated at once for so long, then with naps between them */
#define NAP_NS 20000	   /* the first nap; each is longer than the one before, */
#define NAP_MOST_NS 100000 /* up to this */

/*
 * Where the others' coroutines are fine, but CROWD or more have waited for FINE_PATIENCE_NS, they
 * may be parts of one thing (each wakes the next, then two workers are no use) or of many (a long
 * pipeline, many pairs). Nothing but a trial tells: half is taken, and was worth it if both workers
 * together then switched more often than the one did before, by a quarter, and both had a share.
 * Otherwise the next trial waits four times as long: a failed one costs up to a millisecond, until
 * both are apart again.
 */
#define CROWD 32
#define FINE_PATIENCE_NS (8 * LOOK_NS)
#define FINE_PATIENCE_MOST_NS (100 * WEFT_MS)

struct look {
	int64_t since; /* of the last switch seen, or of the look */
	int64_t begun;
	int64_t crowd_since; /* so long its queue has been long; before: not */
	uint32_t tick, crowd_tick;
	bool revoked; /* the bias of its queue is; by us */
};

/*
 * By the one who watches: handed on with `watched`. It is kept while that one is called away, and
 * goes on then: a worker that is called every few looks, as where somebody waits for a descriptor,
 * would else never have looked for long enough.
 */
static struct watch {
	struct look looks[WEFT__WORKERS_MAX];
	int64_t awake_until;
	int64_t nap; /* the next one's length */
	bool busy;   /* somebody had a queue, or switched */
	bool away;   /* napping, or in between naps: takes no locks (alone.h) */
} the_watch;

static WEFT__NO_TSAN void come_back(struct watch *watch)
{
	if (watch->away)
		weft__alone_come();
	watch->away = false;
}

static WEFT__NO_TSAN uint32_t tick_of(const struct weft__worker *w)
{
	return atomic_load_explicit(&w->runq.tick, memory_order_relaxed);
}

static WEFT__NO_TSAN int64_t within(int64_t x, int64_t least, int64_t most)
{
	return x < least ? least : x < most ? x : most;
}

/* The counts of switches wrap: what was kept busy for minutes may be judged wrongly, once. */
WEFT__NO_TSAN void weft__watch_judge(struct weft__worker *w)
{
	struct weft__take *take = &w->take;
	double ns, mine, theirs;
	bool pays;

	if (take->n < 2)
		return;
	take->n = 0;
	ns = (double)(weft_now() - take->at);
	mine = tick_of(w) - take->tick;
	if (!take->fine) {
		w->patience = ns >= SLICE_NS * mine
				      ? 0
				      : within(2 * w->patience, 8 * LOOK_NS, PATIENCE_MOST_NS);
		return;
	}
	theirs = tick_of(take->from) - take->from_tick;
	/* One that ran dry was making them before, with few switches: its rate then says nothing.
	 */
	pays = 4 * theirs >= mine && mine + theirs >= 1.25 * take->rate * ns;
	w->fine_patience =
		pays ? 0
		     : within(4 * w->fine_patience, 4 * FINE_PATIENCE_NS, FINE_PATIENCE_MOST_NS);
}

static WEFT__NO_TSAN void restore(struct weft__worker *victim, struct look *look)
{
	if (look->revoked)
		weft__runq_restore(&victim->runq);
	look->revoked = false;
}

static WEFT__NO_TSAN struct weft__co *take_from(struct weft__worker *w, struct weft__worker *victim,
	struct watch *watch, struct look *look, bool with_next)
{
	struct weft__take *take = &w->take;
	struct weft__co *co;

	come_back(watch);
	if (!look->revoked)
		weft__runq_revoke(&victim->runq);
	look->revoked = true;
	co = weft__runq_steal(w, victim, with_next, &take->n);
	take->at = weft_now();
	take->tick = tick_of(w);
	take->from = victim;
	take->from_tick = tick_of(victim);
	return co;
}

static WEFT__NO_TSAN struct weft__co *take_slow(struct weft__worker *w, struct weft__worker *victim,
	struct watch *watch, struct look *look, int64_t now)
{
	uint32_t count = atomic_load_explicit(&victim->runq.count, memory_order_relaxed);
	bool stuck = now - look->since >= SLOT_NS;

	if (count > 1 && now - look->since < w->patience)
		return NULL;
	if (count == 0 && !stuck) /* only the slot, which is about to be run: no barrier for it */
		return NULL;
	w->take.fine = false;
	return take_from(w, victim, watch, look, stuck);
}

static WEFT__NO_TSAN struct weft__co *take_fine(struct weft__worker *w, struct weft__worker *victim,
	struct watch *watch, struct look *look, int64_t now)
{
	int64_t crowd_ns = now - look->crowd_since;

	if (crowd_ns < FINE_PATIENCE_NS || crowd_ns < w->fine_patience)
		return NULL;
	w->take.fine = true;
	w->take.rate = (double)(tick_of(victim) - look->crowd_tick) / (double)crowd_ns;
	return take_from(w, victim, watch, look, false);
}

static WEFT__NO_TSAN struct weft__co *look_at(
	struct weft__worker *w, struct weft__worker *victim, struct watch *watch, int64_t now)
{
	struct look *look = &watch->looks[victim->index];
	struct weft__runq *q = &victim->runq;
	uint32_t tick = tick_of(victim), slices = tick - look->tick;
	bool empty = weft__runq_empty(q), slow;
	int64_t span = now - look->begun;
	struct weft__co *co = NULL;

	if (slices || !empty)
		watch->busy = true;
	if (atomic_load_explicit(&q->count, memory_order_relaxed) < CROWD) {
		look->crowd_since = now;
		look->crowd_tick = tick;
	}
	if (span < LOOK_NS)
		return NULL;
	slow = span >= SLICE_NS * ((int64_t)slices + 1);
	look->begun = now;
	look->tick = tick;
	if (slices)
		look->since = now;
	if (!empty)
		co = slow ? take_slow(w, victim, watch, look, now)
			  : take_fine(w, victim, watch, look, now);
	if (!co && (slices || empty)) /* to one who switches its bias is worth more than to us */
		restore(victim, look);
	return co;
}

/* Who woke it is looked at from then on: the way of a wake-up is longer than many a look. */
static WEFT__NO_TSAN void accept_invite(struct weft__worker *w, struct watch *watch)
{
	struct weft__invite *invite = &w->invite;
	struct look *look;

	if (!invite->from)
		return;
	look = &watch->looks[invite->from->index];
	look->since = look->begun = invite->at;
	look->tick = invite->tick;
	look->revoked = true;
	invite->from = NULL;
}

static WEFT__NO_TSAN void begin(struct weft__worker *w, struct watch *watch, int64_t now)
{
	watch->nap = NAP_NS;
	watch->awake_until = now + AWAKE_NS;
	for (int i = 0; i < weft__sched.nworkers; i++) {
		struct look *look = &watch->looks[i];

		look->since = look->begun = look->crowd_since = now;
		look->tick = look->crowd_tick = tick_of(&weft__sched.workers[i]);
		look->revoked = false;
	}
	accept_invite(w, watch);
}

static WEFT__NO_TSAN void end_looks(struct watch *watch)
{
	for (int i = 0; i < weft__sched.nworkers; i++)
		restore(&weft__sched.workers[i], &watch->looks[i]);
}

/* From a random one on: else the first worker's queue would be the one that everybody takes from.
 */
static WEFT__NO_TSAN struct weft__co *look_round(
	struct weft__worker *w, struct watch *watch, int64_t now)
{
	uint32_t n = (uint32_t)weft__sched.nworkers, start = weft__random(w) % n;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t v = (start + i) % n;
		struct weft__co *co;

		if (v == (uint32_t)w->index)
			continue;
		co = look_at(w, &weft__sched.workers[v], watch, now);
		if (co)
			return co;
	}
	return NULL;
}

static WEFT__NO_TSAN bool timer_calls(struct watch *watch, int64_t now)
{
	if (weft__timers_next() > now)
		return false;
	come_back(watch); /* for the timers' lock */
	return weft__timer_is_due(now);
}

/*
 * To come back takes a membarrier, which interrupts who runs: not for a timer that is still to
 * come, since one who switches looks at those itself, and has mostly fired it by the time that we
 * wake. Who computes does not, and we come back when its time is there. Where timers come thick,
 * each of them would end a nap: not before NAP_NS.
 */
static WEFT__NO_TSAN void nap(struct weft__worker *w, struct watch *watch, int64_t now)
{
	int64_t until = now + watch->nap, timer = weft__timers_next();

	if (timer <= now) { /* put off, or armed just now */
		come_back(watch);
		timer = weft__timers_wake();
	}
	until = within(timer, now + NAP_NS, until);
	if (!watch->away)
		weft__alone_go();
	watch->away = true;
	atomic_store_explicit(&w->wake_word, 0, memory_order_relaxed);
	weft__futex_wait(&w->wake_word, 0, until);
	watch->nap = watch->nap * 5 / 4;
	if (watch->nap > NAP_MOST_NS)
		watch->nap = NAP_MOST_NS;
}

/* NULL: called away, or there is nobody worth watching. */
static WEFT__NO_TSAN struct weft__co *watch_on(struct weft__worker *w, struct watch *watch)
{
	for (;;) {
		int64_t now = weft_now();
		struct weft__co *co = look_round(w, watch, now);

		if (co)
			return co;
		if (weft__is_called(w, now) || timer_calls(watch, now) || !weft__others_run())
			return NULL;
		if (now >= watch->awake_until) {
			if (!watch->busy)
				return NULL;
			nap(w, watch, now);
			watch->busy = false;
			watch->awake_until = weft_now() + 2 * LOOK_NS;
		}
		for (int i = 0; i < 20; i++)
			weft__relax();
	}
}

WEFT__NO_TSAN struct weft__co *weft__watch(struct weft__worker *w)
{
	struct watch *watch = &the_watch;
	struct weft__co *co;
	int64_t now = weft_now();

	watch->busy = watch->away = false;
	if (w->called_away)
		watch->awake_until = now + 2 * LOOK_NS;
	else
		begin(w, watch, now);
	co = watch_on(w, watch);
	end_looks(watch);
	come_back(watch);
	w->called_away = !co;
	return co;
}
