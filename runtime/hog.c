/* SPDX-License-Identifier: MIT
 *
 * A worker whose count of switches and whose coroutine are the same as at the look before has run
 * that one all the time. Looks are half of the limit apart, so a hog is found when it has run
 * between once and one and a half times the limit.
 *
 * What goes into the trace must be written by the worker itself, and so when the hog has left it.
 */
#include "runtime/hog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/co.h"
#include "runtime/dump.h"
#include "runtime/panic.h"
#include "runtime/poke.h"
#include "runtime/probe.h"
#include "runtime/sched.h"

#define LIMIT_MS 100
#define SAID_MOST 100 /* a run */

/* What the last look saw of a worker. The monitor's alone, and when it has ended, weft_run's. */
struct seen {
	uint32_t tick;
	const struct weft__co *co; /* NULL: none */
	int64_t since;
	bool told;
	char who[WEFT__HOG_TEXT - 80];
};

static struct {
	struct seen *seen;
	struct weft__hog_note *notes;
	int64_t limit;
	bool to_stderr, recorded;
	int said;
} hogs;

/* -1: nothing was wished for. 0: not wanted, in no way. */
static int64_t wish_ms(void)
{
	const char *text = secure_getenv("WEFT_HOG");
	char *end;
	long ms;

	if (!text || !*text)
		return -1;
	ms = strtol(text, &end, 10);
	if (*end == '\0' && ms >= 0 && ms <= 3600 * 1000)
		return ms == 1 ? LIMIT_MS : ms;
	weft__warn("WEFT_HOG=%s is no number of ms from 0 to 3600000: using %d", text, LIMIT_MS);
	return LIMIT_MS;
}

bool weft__hogs_init(bool recorded)
{
	struct weft__sched *s = &weft__sched;
	int64_t ms = wish_ms();

	memset(&hogs, 0, sizeof(hogs));
	hogs.to_stderr = ms > 0;
	hogs.recorded = recorded && ms != 0;
	hogs.limit = (ms > 0 ? ms : LIMIT_MS) * WEFT_MS;
	if (!hogs.to_stderr && !hogs.recorded)
		return false;
	hogs.seen = calloc((size_t)s->nworkers, sizeof(*hogs.seen));
	hogs.notes = calloc((size_t)s->nworkers, sizeof(*hogs.notes));
	if (!hogs.seen || !hogs.notes) {
		weft__warn("out of memory: nobody looks for coroutines that never switch");
		weft__hogs_finish();
		return false;
	}
	for (int i = 0; i < s->nworkers && hogs.recorded; i++)
		s->workers[i].hog = &hogs.notes[i];
	return true;
}

/* The coroutine runs, and may end meanwhile; its struct stays where it is. */
static WEFT__NO_TSAN void describe(const struct weft__co *co, char *text, size_t size)
{
	char name[WEFT__NAME_MAX];

	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = co->name[i];
	name[sizeof(name) - 1] = '\0';
	snprintf(text, size, "coroutine %llu \"%s\"", (unsigned long long)co->id,
		name[0] ? name : co->fn_name);
}

static WEFT__NO_TSAN bool still_there(const struct weft__worker *w, const struct seen *seen)
{
	return atomic_load_explicit(&w->runq.tick, memory_order_acquire) == seen->tick &&
	       w->current == seen->co;
}

static void say(const struct weft__worker *w, const struct seen *seen, int64_t now)
{
	struct weft__out *out = malloc(sizeof(*out));
	struct weft__modules modules;
	uintptr_t pcs[WEFT__FRAMES_MOST];
	int n;

	if (!out || hogs.said++ >= SAID_MOST) {
		free(out);
		return;
	}
	weft__modules_get(&modules);
	n = weft__poke(&modules, w, seen->co, (uintptr_t)weft__co_main, pcs, WEFT__FRAMES_MOST);
	weft__out_open(out, STDERR_FILENO);
	weft__out_put(out, "weft: %s has run for %lld ms without a switch, on worker %d\n",
		seen->who, (long long)((now - seen->since) / WEFT_MS), w->index);
	weft__dump_frames(out, &modules, pcs, n);
	if (hogs.said == SAID_MOST)
		weft__out_put(out, "weft: no more of this kind is reported\n");
	weft__out_close(out);
	weft__modules_put(&modules);
	free(out);
}

/* It has left its worker: for the trace. */
static void note(int i, int64_t now)
{
	struct seen *seen = &hogs.seen[i];
	struct weft__hog_note *out = &hogs.notes[i];

	/* acquire: pairs with the release in record. If it is full, this one is not told. */
	if (!hogs.recorded || atomic_load_explicit(&out->full, memory_order_acquire))
		return;
	snprintf(out->text, sizeof(out->text), "%s ran for about %lld ms without a switch",
		seen->who, (long long)((now - seen->since) / WEFT_MS));
	atomic_store_explicit(&out->full, true, memory_order_release);
}

static WEFT__NO_TSAN void look_at(int i, int64_t now)
{
	const struct weft__worker *w = &weft__sched.workers[i];
	struct seen *seen = &hogs.seen[i];

	if (!still_there(w, seen)) {
		if (seen->told)
			note(i, now);
		seen->tick = atomic_load_explicit(&w->runq.tick, memory_order_acquire);
		seen->co = w->current;
		seen->since = now;
		seen->told = false;
	} else if (seen->co && !seen->told && now - seen->since >= hogs.limit) {
		describe(seen->co, seen->who, sizeof(seen->who));
		if (!still_there(w, seen))
			return; /* it may have been another one that was described */
		seen->told = true;
		if (hogs.to_stderr)
			say(w, seen, now);
	}
}

WEFT__NO_TSAN int64_t weft__hogs_look(void)
{
	struct weft__sched *s = &weft__sched;
	int64_t now = weft_now();

	if (!hogs.seen)
		return WEFT_NEVER;
	for (int i = 0; i < s->nthreads; i++)
		look_at(i, now);
	if (atomic_load_explicit(&s->nidle, memory_order_relaxed) == s->nthreads)
		return WEFT_NEVER;
	return now + hogs.limit / 2;
}

void weft__hogs_record(struct weft__worker *w)
{
	/* acquire: the text. */
	if (!atomic_load_explicit(&w->hog->full, memory_order_acquire))
		return;
	weft__trace_reserve(w, WEFT_REC_UNITS_MAX);
	weft__trace_warning(w, w->hog->text);
	atomic_store_explicit(&w->hog->full, false, memory_order_release);
}

void weft__hogs_finish(void)
{
	struct weft__sched *s = &weft__sched;
	int64_t now = weft_now();

	for (int i = 0; i < s->nworkers && hogs.seen && hogs.notes; i++) {
		if (!s->workers[i].hog)
			continue;
		weft__hogs_record(&s->workers[i]);
		if (hogs.seen[i].told)
			note(i, now);
		weft__hogs_record(&s->workers[i]);
		s->workers[i].hog = NULL;
	}
	free(hogs.seen);
	free(hogs.notes);
	hogs.seen = NULL;
	hogs.notes = NULL;
}
