/* SPDX-License-Identifier: MIT
 *
 * The collector: a thread that merges the rings by (time, worker) and writes their lines.
 *
 * Each round draws a line at T, the cut-off: no stamp below T can still come. Everything below T
 * is then complete and can be written in order. docs/recorder.md has the argument.
 */
#include "tracer/record/record.h"

#include <errno.h>
#include <limits.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tracer/record/append.h"
#include "tracer/record/clock.h"
#include "tracer/record/futex.h"
#include "tracer/record/race.h"
#include "tracer/record/recorder.h"

#define relaxed memory_order_relaxed
#define acquire memory_order_acquire
#define release memory_order_release

#define OPEN_SPINS 200 /* looks at an open ring before the CPU is given away */
#define OPEN_ABORT_MS \
	100 /* an open ring is given up then, if the program is dying: its owner may be */

/* The collector's view of a ring. */
struct cursor {
	struct weft__ring *ring;
	uint64_t head;		    /* read up to here */
	uint64_t told;		    /* what the worker knows of it */
	uint64_t tail;		    /* published, as of this round */
	const struct weft_rec *rec; /* at head; NULL: none */
};

struct merge {
	struct weft__recorder *rec;
	struct cursor *cursors;
	int n;
	int64_t last; /* the last stamp written */
};

/* The record at the cursor, behind pads. */
static void look(struct cursor *c)
{
	c->rec = NULL;
	while (c->head != c->tail) {
		const struct weft_rec *rec = &c->ring->units[c->head & (c->ring->size - 1)];

		if (!(rec->flags & WEFT_REC_PAD)) {
			c->rec = rec;
			return;
		}
		c->head += rec->units;
	}
}

/* Gives back what has been read, in portions: each costs the worker a cache miss. */
static void give_back(struct cursor *c, uint64_t least)
{
	if (c->head - c->told < least || c->head == c->told)
		return;
	c->told = c->head;
	weft__ring_release(c->ring, c->head);
}

/* Does record a of worker i come before b of worker j? */
static bool before(const struct weft_rec *a, int i, const struct weft_rec *b, int j)
{
	return a->t < b->t || (a->t == b->t && i < j);
}

/* The ring with the first record, and the one with the next after it; -1: none. */
static int first_two(const struct merge *m, int *next)
{
	int first = -1;

	*next = -1;
	for (int i = 0; i < m->n; i++) {
		const struct weft_rec *rec = m->cursors[i].rec;

		if (!rec)
			continue;
		if (first < 0 || before(rec, i, m->cursors[first].rec, first)) {
			*next = first;
			first = i;
		} else if (*next < 0 || before(rec, i, m->cursors[*next].rec, *next)) {
			*next = i;
		}
	}
	return first;
}

static void flush(struct merge *m)
{
	int ret;

	if (atomic_load_explicit(&m->rec->error, relaxed))
		return;
	ret = weft__writer_flush(&m->rec->out);
	if (ret < 0)
		weft__rec_fail(ret);
}

static bool keeps(const struct weft__recorder *rec)
{
	return rec->wishes.mode == WEFT__MODE_RING;
}

static int64_t ns_of(const struct merge *m, int64_t t)
{
	return weft__timeline_ns(&m->rec->lines.timeline, t);
}

static void put_record(struct merge *m, const struct weft_rec *rec, int worker)
{
	int ret;

	if (keeps(m->rec)) {
		ret = weft__flight_keep(&m->rec->flight, rec, worker, ns_of(m, rec->t));
		if (ret < 0)
			weft__rec_fail(ret);
		return;
	}
	if (atomic_load_explicit(&m->rec->error, relaxed))
		return;
	if (weft__writer_full(&m->rec->out))
		flush(m);
	ret = weft__line_record(&m->rec->lines, rec, worker);
	if (ret < 0)
		weft__rec_fail(ret);
}

/* Writes the cursor's record and goes on to its next. */
static void take(struct merge *m, struct cursor *c)
{
	put_record(m, c->rec, c->ring->worker);
	m->last = c->rec->t;
	c->head += c->rec->units;
	atomic_fetch_add_explicit(&m->rec->progress, 1, relaxed);
	give_back(c, c->ring->size / 8);
	look(c);
}

/* Writes all records below T that the cursors see. */
static void drain(struct merge *m, int64_t t)
{
	int first, next;

	while ((first = first_two(m, &next)) >= 0) {
		struct cursor *c = &m->cursors[first];

		if (c->rec->t >= t)
			break;
		do {
			take(m, c);
		} while (c->rec && c->rec->t < t &&
			 (next < 0 || before(c->rec, first, m->cursors[next].rec, next)));
	}
	for (int i = 0; i < m->n; i++)
		give_back(&m->cursors[i], 1);
}

/* After it, each ring is seen open or its worker sees the floor. */
static void barrier(const struct weft__recorder *rec)
{
	if (!rec->strong)
		syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

/*
 * Waits until the record that may be open in this ring is published. False: it was given up,
 * because the program ends and the worker does not move.
 */
static bool wait_closed(struct weft__recorder *rec, struct weft__ring *ring)
{
	uint64_t pos = atomic_load(&ring->pos);
	int64_t give_up = 0;

	for (int i = 0; (pos & 1) && atomic_load(&ring->pos) == pos; i++) {
		struct timespec nap = {.tv_nsec = 100000};

		if (i < OPEN_SPINS)
			continue;
		if (i < 2 * OPEN_SPINS)
			sched_yield();
		else
			nanosleep(&nap, NULL);
		if (!atomic_load_explicit(&rec->request, acquire))
			continue;
		if (!give_up)
			give_up = weft__rec_clock() + OPEN_ABORT_MS * INT64_C(1000000);
		else if (weft__rec_clock() > give_up)
			return false;
	}
	return true;
}

/* The cut-off. The last one of a run lies above all stamps given so far. */
static struct weft__instant cut_off(const struct merge *m, bool final)
{
	struct weft__instant now = weft__instant_now();
	int64_t t = now.ticks;

	for (int i = 0; final && i < m->n; i++) {
		int64_t last = atomic_load_explicit(&m->cursors[i].ring->last, relaxed);

		if (t <= last)
			t = last + 1;
	}
	now.ns += (int64_t)((double)(t - now.ticks) * m->rec->lines.timeline.long_rate);
	now.ticks = t;
	return now;
}

static bool anything(const struct merge *m)
{
	for (int i = 0; i < m->n; i++) {
		const struct cursor *c = &m->cursors[i];

		if (weft__ring_published(c->ring, relaxed) != c->head)
			return true;
	}
	return false;
}

/* One round: draws the line, writes what lies below it. Returns the cut-off. */
static int64_t collect(struct merge *m, bool final)
{
	struct weft__recorder *rec = m->rec;
	struct weft__instant end = cut_off(m, final);
	int64_t t = end.ticks;
	bool sound = true;

	atomic_exchange(&weft__rec_floor.ticks, t);
	barrier(rec);
	for (int i = 0; i < m->n; i++)
		sound = wait_closed(rec, m->cursors[i].ring) && sound;
	if (!sound && !final)
		return t; /* the last round comes at once */
	weft__race_look_away();
	for (int i = 0; i < m->n; i++) {
		m->cursors[i].tail = weft__ring_published(m->cursors[i].ring, acquire);
		look(&m->cursors[i]);
	}
	weft__timeline_extend(&rec->lines.timeline, end);
	drain(m, t);
	weft__race_look_again();
	return t;
}

static void flush_round(struct merge *m)
{
	uint64_t records = m->rec->out.records;
	int64_t t = collect(m, false);

	if (keeps(m->rec))
		return;
	if (m->rec->out.records == records || atomic_load_explicit(&m->rec->error, relaxed))
		return;
	if (weft__writer_full(&m->rec->out))
		flush(m);
	weft__line_tick(&m->rec->lines, t);
	flush(m);
}

/* Writes what the workers lost and had no room to tell. */
static void confess_all(struct merge *m, int64_t t)
{
	for (int i = 0; i < m->n; i++) {
		struct weft__ring *ring = m->cursors[i].ring;
		struct {
			struct weft_rec rec;
			struct weft_rec_tail tail;
		} drop = {
			{.t = t, .kind = WEFT_EV_DROP, .units = 2},
			{.a = (int64_t)atomic_load_explicit(&ring->lost, relaxed),
				.b = atomic_load_explicit(&ring->lost_since, relaxed)},
		};

		if (ring->drops && drop.tail.a)
			put_record(m, &drop.rec, ring->worker);
	}
}

/* What ends badly is written; what ends well was not asked for. */
static void end_flight(struct merge *m, int64_t t, enum weft_eof_why why)
{
	if (why == WEFT_EOF_DEADLOCK || why == WEFT_EOF_CRASH || why == WEFT_EOF_SIGNAL)
		weft__flight_write(m->rec, NULL, ns_of(m, t), why);
}

/* Whoever asked for a dump has given the path (acquire), and gets the result (release). */
static bool dump_is_asked_for(struct weft__recorder *rec)
{
	return atomic_load_explicit(&rec->dump, acquire) == 1;
}

static void answer_dump(struct weft__recorder *rec, int result)
{
	rec->dump_result = result;
	atomic_store_explicit(&rec->dump, 2, release);
	weft__futex_wake(&rec->dump, INT_MAX);
}

static void dump(struct merge *m)
{
	struct weft__recorder *rec = m->rec;
	int64_t ns;

	if (!dump_is_asked_for(rec))
		return;
	ns = ns_of(m, collect(m, false));
	answer_dump(rec, weft__flight_write(rec, rec->dump_path, ns, WEFT_EOF_STOP));
}

static void last_round(struct merge *m, enum weft_eof_why why)
{
	int64_t t = collect(m, true);

	if (keeps(m->rec)) {
		end_flight(m, t, why);
		return;
	}
	confess_all(m, t);
	if (weft__writer_full(&m->rec->out))
		flush(m);
	weft__line_eof(&m->rec->lines, m->last > t ? m->last : t, why);
	flush(m);
}

static int merge_init(struct merge *m, struct weft__recorder *rec)
{
	m->rec = rec;
	m->n = rec->workers;
	m->cursors = calloc((size_t)m->n, sizeof(*m->cursors));
	if (!m->cursors)
		return -ENOMEM;
	for (int i = 0; i < m->n; i++)
		m->cursors[i].ring = rec->rings[i];
	return 0;
}

/* Makes rounds until it is told to end, or until nothing can be written any more. */
static void run(struct merge *m)
{
	struct weft__recorder *rec = m->rec;

	if (!keeps(rec))
		flush(m); /* the header */
	for (;;) {
		uint32_t request = atomic_load_explicit(&rec->request, acquire);

		if (atomic_load_explicit(&rec->error, relaxed))
			return;
		if (request) {
			dump(m);
			last_round(m, (enum weft_eof_why)(request - 1));
			return;
		}
		if (anything(m))
			flush_round(m);
		dump(m);
		weft__futex_wait(&rec->kick, 0, weft__rec_in_ms(WEFT__REC_FLUSH_MS));
		atomic_exchange(&rec->kick, 0); /* reads it: who kicked has set request before */
	}
}

void *weft__rec_collect(void *arg)
{
	struct weft__recorder *rec = arg;
	struct merge merge = {0};
	int ret;

	/* acquire: the header and the start of time. */
	while (!atomic_load_explicit(&rec->go, acquire))
		weft__futex_wait(&rec->go, 0, INT64_MAX);
	merge.last = rec->lines.timeline.zero.ticks;
	ret = merge_init(&merge, rec);
	if (ret < 0)
		weft__rec_fail(ret);
	else
		run(&merge);
	free(merge.cursors);
	weft__lines_free(&rec->lines);
	weft__places_close(&rec->lines.places);
	weft__writer_finish(&rec->out);
	if (dump_is_asked_for(rec))
		answer_dump(rec, -EIO); /* recording has ended by an error */
	weft__flight_free(&rec->flight);
	weft__target_leave(&rec->target, rec->path);
	atomic_store_explicit(&rec->done, 1, release);
	weft__futex_wake(&rec->done, INT_MAX);
	return NULL;
}
