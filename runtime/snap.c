/* SPDX-License-Identifier: MIT
 *
 * What is read here belongs to coroutines that stand still, or lies under its lock. A worker that
 * computes beside us may at most make others ready and change channels; it runs no other coroutine
 * than its own before it has passed the pause. So the stacks of all others may be read, and what
 * they wait for is still there.
 */
#include "runtime/snap.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/alone.h"
#include "runtime/poke.h"
#include "runtime/sched.h"
#include "runtime/stack.h"
#include "runtime/ticker.h"

/* One more element of an array that grows; false: no memory. */
static bool grow(void *array, size_t *room, size_t count, size_t bytes)
{
	void *old = *(void **)array, *new;

	if (count <= *room)
		return true;
	if (count < 2 * *room)
		count = 2 * *room;
	new = realloc(old, count * bytes);
	if (!new)
		return false;
	*(void **)array = new;
	*room = count;
	return true;
}

struct taking {
	struct weft__snap *snap;
	const struct weft__co *self;
	const struct weft__regs *here;
	size_t waits_room, chans_room, waits_wanted, chans_wanted;
};

/* ---- Coroutines -------------------------------------------------------------------------------
 */

static WEFT__NO_TSAN int worker_of(const struct weft__co *co)
{
	const struct weft__sched *s = &weft__sched;

	for (int i = 0; i < s->nworkers; i++) {
		if (s->workers[i].current == co)
			return i;
	}
	return -1;
}

static WEFT__NO_TSAN void take_frames(
	struct taking *t, const struct weft__co *co, struct weft__snap_co *out)
{
	struct weft__snap *snap = t->snap;
	struct weft__regs regs;
	uintptr_t pcs[WEFT__FRAMES_MOST];
	bool bottom;
	int n;

	out->frame = snap->nframes;
	out->nframes = 0;
	if (out->worker >= 0 && co != t->self) {
		n = weft__poke(&snap->modules, &weft__sched.workers[out->worker], co,
			(uintptr_t)weft__co_main, pcs, WEFT__FRAMES_MOST);
	} else {
		if (co == t->self)
			regs = *t->here;
		else if (!weft__ctx_regs(&co->ctx, co->stack, co, &regs))
			return;
		n = weft__unwind(&snap->modules, &regs, co->stack, co, (uintptr_t)weft__co_main,
			pcs, WEFT__FRAMES_MOST, &bottom);
		if (out->state == WEFT__CO_READY && !bottom)
			return; /* it has not begun */
	}
	if (!grow(&snap->frames, &snap->frames_room, snap->nframes + (size_t)n,
		    sizeof(*snap->frames))) {
		snap->short_of_memory = true;
		return;
	}
	memcpy(snap->frames + snap->nframes, pcs, (size_t)n * sizeof(*pcs));
	snap->nframes += (size_t)n;
	out->nframes = n;
}

static WEFT__NO_TSAN void take_co(struct weft__co *co, void *arg)
{
	struct taking *t = arg;
	struct weft__snap *snap = t->snap;
	struct weft__snap_co *out;

	if (!grow(&snap->cos, &snap->cos_room, snap->ncos + 1, sizeof(*snap->cos))) {
		snap->short_of_memory = true;
		return;
	}
	out = &snap->cos[snap->ncos++];
	*out = (struct weft__snap_co){.id = co->id,
		/* acquire: pairs with the release in weft__park and weft__ready. */
		.state =
			(enum weft__co_state)atomic_load_explicit(&co->state, memory_order_acquire),
		.worker = worker_of(co),
		.pinned = co->pinned ? co->pinned->index : -1,
		.since = co->parked_at,
		.fn_name = co->fn_name,
		.at_fn = co->at_fn,
		.at_file = co->at_file,
		.at_line = co->at_line};
	for (size_t i = 0; i < sizeof(out->name) - 1; i++)
		out->name[i] = co->name[i];
	if (out->worker >= 0)
		out->state = WEFT__CO_RUNNING;
	if (out->state == WEFT__CO_PARKED) {
		out->why = co->wait.why;
		out->out = co->wait.out;
		out->fd = co->wait.fd;
		out->of = co->wait.kind == WEFT__WAIT_CO ? co->wait.co : 0;
		out->until = co->wait.timed ? co->until : 0;
		out->scoped = co->scope && !co->shields; /* weft__scope_of, unseen by TSan */
		if (co->wait.kind == WEFT__WAIT_SYNC)
			out->sync = co->wait.sync;
		/* It lies in the user's memory, where it stays as long as nobody runs. */
		if (out->sync && snap->quiet)
			memcpy(out->sync_name, co->wait.sync->name, sizeof(out->sync_name));
	}
	take_frames(t, co, out);
}

/* ---- Channels ---------------------------------------------------------------------------------
 */

static WEFT__NO_TSAN size_t take_queue(
	struct taking *t, const struct weft__waitq *queue, bool send, size_t chan)
{
	size_t n = 0;

	for (const struct weft__waiter *waiter = queue->head; waiter; waiter = waiter->next, n++) {
		if (t->waits_wanted++ >= t->waits_room)
			continue;
		t->snap->waits[t->snap->nwaits++] =
			(struct weft__snap_wait){waiter->co->id, chan, send};
	}
	return n;
}

/* Under the list's lock: only copies, into what there is room for. */
static WEFT__NO_TSAN void take_chan(struct weft_chan *chan, void *arg)
{
	struct taking *t = arg;
	struct weft__snap_chan *out;
	size_t i = t->chans_wanted++;

	if (i >= t->chans_room)
		return;
	out = &t->snap->chans[i];
	t->snap->nchans = i + 1;
	weft__lock(&chan->lock);
	*out = (struct weft__snap_chan){.id = chan->id,
		.elem = chan->elem->name,
		.at_file = chan->at_file,
		.at_line = chan->at_line,
		.cap = chan->cap,
		.count = chan->count,
		.closed = chan->closed,
		.timed = chan->ticker && weft__ticker_runs(chan),
		.refs = chan->refs};
	memcpy(out->name, chan->name, sizeof(out->name));
	out->senders = take_queue(t, &chan->senders, true, i);
	out->receivers = take_queue(t, &chan->receivers, false, i);
	weft__unlock(&chan->lock);
}

static WEFT__NO_TSAN void take_chans(struct taking *t)
{
	struct weft__snap *snap = t->snap;

	/* How many there are is known only under the lock, where nothing is allocated. */
	for (;;) {
		t->waits_wanted = t->chans_wanted = snap->nwaits = snap->nchans = 0;
		weft__chans_walk(take_chan, t);
		if (t->waits_wanted <= t->waits_room && t->chans_wanted <= t->chans_room)
			return;
		if (!grow(&snap->waits, &t->waits_room, t->waits_wanted + 64,
			    sizeof(*snap->waits)) ||
			!grow(&snap->chans, &t->chans_room, t->chans_wanted + 64,
				sizeof(*snap->chans))) {
			snap->short_of_memory = true;
			return;
		}
	}
}

/* ---- The whole --------------------------------------------------------------------------------
 */

static int co_order(const void *a, const void *b)
{
	const struct weft__snap_co *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int wait_order(const void *a, const void *b)
{
	const struct weft__snap_wait *x = a, *y = b;

	if (x->co != y->co)
		return x->co < y->co ? -1 : 1;
	return x->chan < y->chan ? -1 : x->chan > y->chan;
}

struct weft__snap_co *weft__snap_find(const struct weft__snap *snap, uint64_t id)
{
	struct weft__snap_co key = {.id = id};

	if (snap->ncos == 0)
		return NULL;
	return bsearch(&key, snap->cos, snap->ncos, sizeof(*snap->cos), co_order);
}

static void give_waits(struct weft__snap *snap)
{
	for (size_t i = 0; i < snap->nwaits; i++) {
		struct weft__snap_co *co = weft__snap_find(snap, snap->waits[i].co);

		if (co && co->nwaits++ == 0)
			co->wait = i;
	}
}

void weft__snap_take(struct weft__snap *snap, const struct weft__co *self,
	const struct weft__regs *here, bool quiet)
{
	struct taking taking = {.snap = snap, .self = self, .here = here};

	*snap = (struct weft__snap){
		.nworkers = weft__sched.nworkers, .now = weft_now(), .quiet = quiet};
	weft__modules_get(&snap->modules);
	weft__stacks_walk(take_co, &taking);
	/* With one worker there are no locks: it would have to stand still. */
	snap->no_chans = !quiet && !weft__multi;
	if (!snap->no_chans) {
		weft__alone_come();
		take_chans(&taking);
		weft__alone_go();
	}
	if (snap->ncos)
		qsort(snap->cos, snap->ncos, sizeof(*snap->cos), co_order);
	if (snap->nwaits)
		qsort(snap->waits, snap->nwaits, sizeof(*snap->waits), wait_order);
	give_waits(snap);
}

void weft__snap_free(struct weft__snap *snap)
{
	free(snap->cos);
	free(snap->frames);
	free(snap->chans);
	free(snap->waits);
	weft__modules_put(&snap->modules);
}
