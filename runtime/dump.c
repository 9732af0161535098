/* SPDX-License-Identifier: MIT */
#include "runtime/dump.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/leak.h"
#include "runtime/pause.h"
#include "runtime/sched.h"
#include "runtime/source.h"
#include "runtime/stack.h"
#include "runtime/symbol.h"

#define PAUSE_NS (200 * WEFT_MS) /* for those who compute; then they are reported as they are */
#define FULL_MS 2000		 /* a pipe that nobody reads is given up after that */
#define WAITS_MOST 8		 /* channels of a select, and waiters of a channel, in a line */

/* ---- Text -------------------------------------------------------------------------------------
 */

void weft__out_open(struct weft__out *out, int fd)
{
	out->fd = fd;
	out->error = 0;
	out->used = 0;
}

static void flush(struct weft__out *out)
{
	size_t done = 0;

	while (done < out->used && !out->error) {
		struct pollfd full = {.fd = out->fd, .events = POLLOUT};
		ssize_t n = write(out->fd, out->text + done, out->used - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno == EAGAIN && poll(&full, 1, FULL_MS) <= 0)
			out->error = -EAGAIN;
		else if (errno != EINTR && errno != EAGAIN)
			out->error = -errno;
	}
	out->used = 0;
}

void weft__out_put(struct weft__out *out, const char *format, ...)
{
	for (int round = 0; round < 2; round++) {
		size_t room = sizeof(out->text) - out->used;
		va_list args;
		int n;

		va_start(args, format);
		n = vsnprintf(out->text + out->used, room, format, args);
		va_end(args);
		if (n >= 0 && (size_t)n < room) {
			out->used += (size_t)n;
			return;
		}
		if (out->used == 0) {
			out->used = sizeof(out->text) - 1; /* longer than any line: cut */
			return;
		}
		flush(out);
	}
}

int weft__out_close(struct weft__out *out)
{
	flush(out);
	return out->error;
}

/* "3.2 s": by whole numbers, since the locale may have a comma. */
static void put_time(struct weft__out *out, int64_t ns)
{
	long long ms = ns > 0 ? ns / WEFT_MS : 0;

	if (ms < 1000)
		weft__out_put(out, "%lld ms", ms);
	else
		weft__out_put(out, "%lld.%lld s", ms / 1000, ms % 1000 / 100);
}

static const char *base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* ---- Coroutines -------------------------------------------------------------------------------
 */

static void put_chan(struct weft__out *out, const struct weft__snap_chan *chan)
{
	weft__out_put(out, "channel ");
	if (chan->name[0])
		weft__out_put(out, "\"%s\" ", chan->name);
	weft__out_put(
		out, "(of %s, made at %s:%d)", chan->elem, base(chan->at_file), chan->at_line);
}

static void put_select(
	struct weft__out *out, const struct weft__snap *snap, const struct weft__snap_co *co)
{
	weft__out_put(out, co->nwaits ? "selects:" : "selects from nothing");
	for (size_t i = 0; i < co->nwaits && i < WAITS_MOST; i++) {
		const struct weft__snap_wait *wait = &snap->waits[co->wait + i];

		weft__out_put(
			out, "%s %s ", i ? " or" : "", wait->send ? "sends on" : "receives from");
		put_chan(out, &snap->chans[wait->chan]);
	}
	if (co->nwaits > WAITS_MOST)
		weft__out_put(out, " or %zu more", co->nwaits - WAITS_MOST);
}

/* What is waited for, but channels and coroutines. */
static const char *waits_for(uint8_t why)
{
	switch (why) {
	case WEFT_WHY_SEND:
		return "sends on a channel";
	case WEFT_WHY_RECV:
		return "receives from a channel";
	case WEFT_WHY_SELECT:
		return "selects";
	case WEFT_WHY_LOCK:
		return "waits for mutex";
	case WEFT_WHY_RLOCK:
		return "waits to read under rwlock";
	case WEFT_WHY_WLOCK:
		return "waits to write under rwlock";
	case WEFT_WHY_SEMAPHORE:
		return "waits for semaphore";
	case WEFT_WHY_COND:
		return "waits for condition";
	case WEFT_WHY_WAITGROUP:
		return "waits for wait group";
	case WEFT_WHY_SYNC:
		return "waits for the one call of once";
	case WEFT_WHY_BARRIER:
		return "waits at barrier";
	case WEFT_WHY_SLEEP:
		return "sleeps";
	case WEFT_WHY_SYSCALL:
		return "waits for a blocking call";
	case WEFT_WHY_FOREVER:
		return "waits for ever on a null channel";
	case WEFT_WHY_CANCEL:
		return "waits for a cancellation";
	default:
		return "waits";
	}
}

static void put_wait(
	struct weft__out *out, const struct weft__snap *snap, const struct weft__snap_co *co)
{
	if (co->why == WEFT_WHY_JOIN) {
		weft__out_put(out, "joins coroutine %llu", (unsigned long long)co->of);
	} else if (co->why == WEFT_WHY_IO) {
		weft__out_put(out, "waits to %s descriptor %d", co->out ? "write to" : "read from",
			co->fd);
	} else if (co->why == WEFT_WHY_SELECT && !snap->no_chans) {
		put_select(out, snap, co);
	} else if ((co->why == WEFT_WHY_SEND || co->why == WEFT_WHY_RECV) && co->nwaits) {
		weft__out_put(out, co->why == WEFT_WHY_SEND ? "sends on " : "receives from ");
		put_chan(out, &snap->chans[snap->waits[co->wait].chan]);
	} else {
		weft__out_put(out, "%s", waits_for(co->why));
		if (co->sync_name[0])
			weft__out_put(out, " \"%s\"", co->sync_name);
		else if (co->sync)
			weft__out_put(out, " at %p", co->sync);
	}
	weft__out_put(out, ", for ");
	put_time(out, snap->now - co->since);
	if (co->until) {
		weft__out_put(out, ", at most ");
		put_time(out, co->until - snap->now);
		weft__out_put(out, " more");
	}
}

static void put_co(
	struct weft__out *out, const struct weft__snap *snap, const struct weft__snap_co *co)
{
	weft__out_put(out, "  %llu \"%s\" ", (unsigned long long)co->id,
		co->name[0] ? co->name : co->fn_name);
	switch (co->state) {
	case WEFT__CO_RUNNING:
		weft__out_put(out, "runs on worker %d", co->worker);
		break;
	case WEFT__CO_PARKED:
		put_wait(out, snap, co);
		break;
	default:
		weft__out_put(out, "is ready to run");
	}
	if (co->pinned >= 0)
		weft__out_put(out, ", pinned to worker %d", co->pinned);
	if (co->at_line)
		weft__out_put(
			out, ", spawned in %s at %s:%d", co->at_fn, base(co->at_file), co->at_line);
	weft__out_put(out, "\n");
}

/* ---- Frames -----------------------------------------------------------------------------------
 */

/*
 * How many of the innermost frames are the library's own, below the public call that was made (or
 * that left no frame): of no interest. 0 if that cannot be told, in a library without symbols.
 */
static int inner(struct weft__symbols *symbols, const uintptr_t *pcs, int n)
{
	int own = 0;

	for (int i = 0; i < n && i < 8; i++) {
		const char *name = weft__symbols_find(symbols, pcs[i]).function;

		if (!name || strncmp(name, "weft_", 5) != 0)
			continue;
		if (name[5] != '_')
			return i;
		own = i + 1;
	}
	return own;
}

/* The frames that are of interest. */
struct trace {
	const uintptr_t *pcs;
	int n;
};

static struct trace trace_of(const struct weft__snap *snap, struct weft__symbols *symbols,
	const struct weft__snap_co *co)
{
	const uintptr_t *pcs = snap->frames + co->frame;
	int own = inner(symbols, pcs, co->nframes);

	return (struct trace){pcs + own, co->nframes - own};
}

static bool same_trace(const struct trace *a, const struct trace *b)
{
	return a->n == b->n && memcmp(a->pcs, b->pcs, (size_t)a->n * sizeof(*a->pcs)) == 0;
}

/* What tells of an address where it is. */
struct places {
	struct weft__symbols *symbols;
	struct weft__sources *sources;
};

static struct places places_open(const struct weft__modules *modules)
{
	return (struct places){weft__symbols_open(modules), weft__sources_open(modules)};
}

static void places_close(struct places *places)
{
	weft__symbols_close(places->symbols);
	weft__sources_close(places->sources);
}

static void put_trace(struct weft__out *out, struct places *places, const struct trace *trace)
{
	for (int i = 0; i < trace->n; i++) {
		struct weft__place place = weft__symbols_find(places->symbols, trace->pcs[i]);
		struct weft__source source;
		bool known = weft__sources_find(places->sources, trace->pcs[i], &source);

		weft__out_put(out, "      ");
		if (known)
			weft__out_put(out, "%s at %s:%d ", place.function ? place.function : "??",
				base(source.file), source.line);
		else if (place.function)
			weft__out_put(out, "%s+0x%zx ", place.function, (size_t)place.offset);
		if (place.path)
			weft__out_put(out, "(%s+0x%zx)\n", place.path, (size_t)place.in_module);
		else
			weft__out_put(out, "0x%zx\n", (size_t)trace->pcs[i]);
	}
}

void weft__dump_frames(
	struct weft__out *out, const struct weft__modules *modules, const uintptr_t *pcs, int n)
{
	struct places places = places_open(modules);
	struct trace trace = {pcs, n};

	put_trace(out, &places, &trace);
	places_close(&places);
}

void weft__dump_cos(struct weft__out *out, const struct weft__snap *snap,
	bool (*wanted)(const struct weft__snap_co *co), size_t most)
{
	struct places places = places_open(&snap->modules);
	struct trace last = {NULL, 0};
	uint64_t whose = 0;
	size_t n = 0;

	for (size_t i = 0; i < snap->ncos; i++) {
		const struct weft__snap_co *co = &snap->cos[i];
		struct trace trace;

		if ((wanted && !wanted(co)) || n++ >= most)
			continue;
		put_co(out, snap, co);
		if (co->lost)
			weft__out_put(out, "      can never be woken: nobody else holds what it "
					   "waits for\n");
		trace = trace_of(snap, places.symbols, co);
		if (trace.n && same_trace(&trace, &last)) {
			weft__out_put(
				out, "      (the frames of %llu)\n", (unsigned long long)whose);
			continue;
		}
		put_trace(out, &places, &trace);
		last = trace;
		whose = co->id;
	}
	if (n > most)
		weft__out_put(out, "  ... and %zu more\n", n - most);
	places_close(&places);
}

/* ---- Channels ---------------------------------------------------------------------------------
 */

struct waiters {
	size_t n;
	uint64_t first[WAITS_MOST];
};

static void put_waiters(struct weft__out *out, const struct waiters *w, const char *what)
{
	if (w->n == 0)
		return;
	weft__out_put(out, ", %s:", what);
	for (size_t i = 0; i < w->n && i < WAITS_MOST; i++)
		weft__out_put(out, " %llu", (unsigned long long)w->first[i]);
	if (w->n > WAITS_MOST)
		weft__out_put(out, " and %zu more", w->n - WAITS_MOST);
}

static void put_chans(struct weft__out *out, const struct weft__snap *snap)
{
	struct waiters(*all)[2] = calloc(snap->nchans + 1, sizeof(*all));

	for (size_t i = 0; all && i < snap->nwaits; i++) {
		struct waiters *w = &all[snap->waits[i].chan][snap->waits[i].send];

		if (w->n < WAITS_MOST)
			w->first[w->n] = snap->waits[i].co;
		w->n++;
	}
	for (size_t i = snap->nchans; i > 0; i--) {
		const struct weft__snap_chan *chan = &snap->chans[i - 1];

		weft__out_put(out, "  ");
		put_chan(out, chan);
		weft__out_put(out, ": %zu of %zu buffered, %s, %llu reference%s", chan->count,
			chan->cap, chan->closed ? "closed" : "open", (unsigned long long)chan->refs,
			chan->refs == 1 ? "" : "s");
		if (all) {
			put_waiters(out, &all[i - 1][0], "received from by");
			put_waiters(out, &all[i - 1][1], "sent on by");
		}
		weft__out_put(out, "\n");
	}
	free(all);
}

/* ---- All of it --------------------------------------------------------------------------------
 */

static void put_all(struct weft__out *out, const struct weft__snap *snap)
{
	weft__out_put(out, "weft: dump of process %d: %zu coroutines on %d worker%s, guards: %s\n",
		(int)getpid(), snap->ncos, snap->nworkers, snap->nworkers == 1 ? "" : "s",
		weft__guard_word(weft__stacks_guard()));
	weft__dump_cos(out, snap, NULL, SIZE_MAX);
	if (snap->no_chans) {
		weft__out_put(out, "channels: not looked at, since the only worker computes on\n");
	} else {
		weft__out_put(out, "channels: %zu\n", snap->nchans);
		put_chans(out, snap);
	}
	if (snap->short_of_memory)
		weft__out_put(out, "weft: out of memory: this dump is not complete\n");
	weft__out_put(out, "weft: end of dump\n");
}

/* Not seen by TSan: the guards of what is copied are the workers' standing still. */
static WEFT__NO_TSAN bool all_quiet(const struct weft__worker *self)
{
	for (int i = 0; i < weft__sched.nthreads; i++) {
		if (&weft__sched.workers[i] != self && !weft__pause_kept(&weft__sched.workers[i]))
			return false;
	}
	return true;
}

static WEFT__NO_TSAN void take_paused(struct weft__snap *snap, bool *ret_quiet)
{
	struct weft__worker *w = weft__worker();
	struct weft__regs here;
	ucontext_t uc;

	getcontext(&uc);
	weft__regs_of(&uc, &here);
	while (!weft__pause_begin(w, weft_now() + PAUSE_NS)) {
		/* Somebody else dumps; a worker is waited for there. */
		if (w)
			weft__pause_here(w);
		else
			usleep(1000);
	}
	*ret_quiet = all_quiet(w);
	weft__snap_take(snap, w ? w->current : NULL, &here, *ret_quiet);
	weft__pause_end();
}

int weft__dump_and_tell(int fd, bool *ret_quiet)
{
	struct weft__out *out = malloc(sizeof(*out));
	struct weft__snap snap;
	int r;

	if (!out)
		return -ENOMEM;
	take_paused(&snap, ret_quiet);
	weft__leak_find(&snap);
	weft__out_open(out, fd);
	put_all(out, &snap);
	r = weft__out_close(out);
	weft__snap_free(&snap);
	free(out);
	return r;
}

int weft_dump(int fd)
{
	bool quiet;

	weft__self("weft_dump");
	return weft__dump_and_tell(fd, &quiet);
}
