/* SPDX-License-Identifier: MIT
 *
 * What happens in the runtime, as binary records (tracer/event.h).
 *
 * A ring belongs to a worker, on which coroutines take turns that TSan takes to be unordered; in
 * its builds the recorder therefore orders them whenever they record (append.h).
 */
#include "runtime/probe.h"

#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/callers.h"
#include "runtime/chan.h"
#include "runtime/sched.h"
#include "runtime/unwind.h"
#include "tracer/record/append.h"

void weft__probe_reserve(struct weft__worker *w, unsigned units)
{
	weft__rec_reserve(w->ring, units);
}

/* That it went on was recorded right before, with a stamp of that moment; if it was recorded. */
void weft__probe_reserve_awake(struct weft__worker *w, unsigned units)
{
	if (weft__rec_wants(WEFT_EVENTS_SCHED))
		weft__rec_reserve_on(w->ring, units);
	else
		weft__rec_reserve(w->ring, units);
}

/* A record of `units` by co; its stamp is kept in co and in *last. */
static inline struct weft_rec *open_own(struct weft__worker *w, enum weft_ev kind, unsigned units,
	struct weft__co *co, uint64_t on, int64_t *last)
{
	struct weft_rec *rec = weft__rec_begin(w->ring, kind, units, &co->last_t, last);

	rec->co = co->id;
	rec->on = on;
	return rec;
}

/* The same by co, or by nobody: NULL. */
static struct weft_rec *open_rec(struct weft__worker *w, enum weft_ev kind, unsigned units,
	struct weft__co *co, uint64_t on, int64_t *last)
{
	struct weft_rec *rec = weft__rec_begin(w->ring, kind, units, co ? &co->last_t : NULL, last);

	rec->co = co ? co->id : 0;
	rec->on = on;
	return rec;
}

void weft__probe_here(uintptr_t pc)
{
	struct weft__co *self = weft__current();

	if (self)
		self->at_pc = weft__probe_place(self, pc);
}

/* What is to be kept of a place. */
uintptr_t weft__probe_place(struct weft__co *self, uintptr_t pc)
{
	return weft__rec_wants(WEFT_EVENTS_STACK) ? weft__callers(self, pc) : pc;
}

/* Where it called. (If locations are not wanted, nobody looks.) */
static int64_t pc_of(const struct weft__co *co)
{
	return co ? (int64_t)co->at_pc : 0;
}

/* As open_rec, for a kind that has a tail only if it has a place, or something else to hold. */
static struct weft_rec *open_placed(struct weft__worker *w, enum weft_ev kind, bool tail,
	struct weft__co *co, uint64_t on, int64_t *last)
{
	bool placed = pc_of(co) && weft__rec_wants(WEFT_EVENTS_LOC);
	struct weft_rec *rec = open_rec(w, kind, placed || tail ? 2 : 1, co, on, last);

	if (placed || tail)
		weft__rec_tail(rec)->c = pc_of(co);
	return rec;
}

/* Of a place that is told otherwise. */
static int64_t stack_of(const struct weft__co *co)
{
	return pc_of(co) < 0 ? pc_of(co) : 0;
}

/* Of the runtime: it stands for timers (ticker.c) and runs nowhere. */
static uint8_t sys_flag(const struct weft__co *co)
{
	return co && !co->stack ? WEFT_REC_SYS : 0;
}

static unsigned units_of(size_t payload)
{
	return 2 + (unsigned)((payload + WEFT_REC_UNIT - 1) / WEFT_REC_UNIT);
}

#define TEXT_MOST 200 /* bytes of a name or a path in a record; longer ones lose their front */

static size_t text_bytes(const char *text)
{
	size_t n = strlen(text);

	return (n < TEXT_MOST ? n : TEXT_MOST) + 1;
}

static char *put_text(char *p, const char *text)
{
	size_t n = strlen(text);

	if (n > TEXT_MOST)
		text += n - TEXT_MOST;
	n = n < TEXT_MOST ? n : TEXT_MOST;
	memcpy(p, text, n + 1);
	return p + n + 1;
}

bool weft__probe_stack(
	struct weft__worker *w, uint32_t number, const uintptr_t *pcs, int n, int64_t *last)
{
	size_t bytes = (size_t)n * sizeof(*pcs);
	struct weft_rec *rec = weft__rec_begin(w->ring, WEFT_EV_STACK, units_of(bytes), last, NULL);
	bool kept = rec != w->ring->scratch;

	rec->n = n;
	weft__rec_tail(rec)->a = number;
	memcpy(weft__rec_payload(rec), pcs, bytes);
	weft__rec_end(w->ring, rec);
	return kept;
}

void weft__probe_spawn(struct weft__worker *w, struct weft__co *parent, struct weft__co *co)
{
	size_t bytes = text_bytes(co->name) + text_bytes(co->fn_name) + text_bytes(co->at_fn) +
		       text_bytes(co->at_file);
	struct weft_rec *rec =
		open_rec(w, WEFT_EV_SPAWN, units_of(bytes), parent, co->id, &co->last_t);
	struct weft_rec_tail *tail = weft__rec_tail(rec);
	char *p = weft__rec_payload(rec);

	co->at_pc = 0;
	rec->n = co->at_line;
	rec->flags = sys_flag(co);
	tail->a = (int64_t)co->stack_bytes;
	tail->c = stack_of(parent);
	p = put_text(p, co->name);
	p = put_text(p, co->fn_name);
	p = put_text(p, co->at_file);
	put_text(p, co->at_fn);
	weft__rec_end(w->ring, rec);
}

void weft__probe_run(struct weft__worker *w, struct weft__co *co)
{
	struct weft_rec *rec;

	/* acquire: pairs with weft__ready's release, for the stamp that was left in co. */
	(void)atomic_load_explicit(&co->state, memory_order_acquire);
	rec = open_own(w, WEFT_EV_RUN, 1, co, 0, NULL);
	rec->n = -1;
	weft__rec_end(w->ring, rec);
}

void weft__probe_yield(struct weft__worker *w, struct weft__co *co)
{
	struct weft_rec *rec = open_own(w, WEFT_EV_YIELD, 1, co, 0, NULL);

	rec->why = WEFT_YIELD_SCHED;
	weft__rec_end(w->ring, rec);
}

void weft__probe_exit(struct weft__worker *w, struct weft__co *co, int code, int64_t *last)
{
	struct weft_rec *rec = open_own(w, WEFT_EV_EXIT, 1, co, 0, last);

	rec->n = code;
	rec->why = WEFT_EXIT_RETURN;
	weft__rec_end(w->ring, rec);
}

static int64_t until_of(int64_t until)
{
	return until == WEFT_NEVER ? 0 : until;
}

void weft__probe_block(
	struct weft__worker *w, struct weft__co *co, struct weft_chan *chan, int64_t until)
{
	weft__probe_block_on(w, co, chan->id, &chan->last_t, until);
}

void weft__probe_block_on(
	struct weft__worker *w, struct weft__co *co, uint64_t on, int64_t *last, int64_t until)
{
	struct weft_rec *rec = open_own(w, WEFT_EV_BLOCK, 2, co, on, last);

	rec->why = co->wait.why;
	weft__rec_tail(rec)->a = until_of(until);
	weft__rec_tail(rec)->b = co->wait.kind == WEFT__WAIT_CO ? (int64_t)co->wait.co : 0;
	weft__rec_tail(rec)->c = pc_of(co);
	weft__rec_end(w->ring, rec);
}

void weft__probe_block_select(struct weft__worker *w, struct weft__co *co,
	const struct weft_case *cases, int n, int64_t until)
{
	int most = (WEFT_REC_UNITS_MAX - 2) * WEFT_REC_UNIT / (int)sizeof(struct weft_rec_case);
	struct weft_rec_case *out;
	struct weft_rec *rec;
	int m = 0;

	for (int i = 0; i < n && m < most; i++)
		m += cases[i].chan != NULL;
	rec = open_own(w, WEFT_EV_BLOCK, units_of((size_t)m * sizeof(*out)), co, 0, NULL);
	rec->why = WEFT_WHY_SELECT;
	rec->n = m;
	weft__rec_tail(rec)->a = until_of(until);
	weft__rec_tail(rec)->c = pc_of(co);
	out = (struct weft_rec_case *)weft__rec_payload(rec);
	for (int i = 0; i < n && m > 0; i++) {
		struct weft_chan *chan = cases[i].chan;

		if (!chan)
			continue;
		*out++ = (struct weft_rec_case){.on = chan->id, .dir = (uint32_t)cases[i].send};
		if (chan->last_t < rec->t)
			chan->last_t = rec->t; /* all of them are locked */
		m--;
	}
	weft__rec_end(w->ring, rec);
}

void weft__probe_sleep(struct weft__worker *w, struct weft__co *co, int64_t until)
{
	struct weft_rec *rec = open_own(w, WEFT_EV_SLEEP, 2, co, 0, NULL);

	weft__rec_tail(rec)->a = until;
	weft__rec_tail(rec)->c = pc_of(co);
	weft__rec_end(w->ring, rec);
}

void weft__probe_unblock(struct weft__worker *w, struct weft__co *co, struct weft__co *to,
	uint64_t on, int64_t *last, uint64_t msg, enum weft_why why)
{
	/* The actor's own stamp follows from its worker's; the woken one's and the object's count.
	 */
	struct weft_rec *rec = weft__rec_begin(w->ring, WEFT_EV_UNBLOCK, 2, &to->last_t, last);

	rec->co = co ? co->id : 0;
	rec->on = on;
	rec->why = (uint8_t)why;
	rec->flags = sys_flag(co);
	weft__rec_tail(rec)->a = (int64_t)to->id;
	weft__rec_tail(rec)->b = (int64_t)msg;
	weft__rec_end(w->ring, rec);
}

void weft__probe_join(
	struct weft__worker *w, struct weft__co *co, uint64_t of, int64_t *last, int code)
{
	struct weft_rec *rec = open_own(w, WEFT_EV_JOIN, 2, co, 0, last);

	rec->n = code;
	weft__rec_tail(rec)->a = (int64_t)of;
	weft__rec_tail(rec)->c = pc_of(co);
	weft__rec_end(w->ring, rec);
}

static void make_rec(struct weft__worker *w, struct weft__co *co, uint64_t on, int64_t *last,
	enum weft_obj type, const char *name, const struct weft_chan *chan, const char *fn,
	const char *file, int line, int64_t n, bool used)
{
	const char *elem = chan ? chan->elem->name : "";
	size_t bytes = text_bytes(name) + text_bytes(elem) + text_bytes(fn) + text_bytes(file);
	struct weft_rec *rec = open_rec(w, WEFT_EV_MAKE, units_of(bytes), co, on, last);
	struct weft_rec_tail *tail = weft__rec_tail(rec);
	char *p = weft__rec_payload(rec);

	rec->why = (uint8_t)type;
	rec->n = line;
	rec->flags = used ? WEFT_REC_PRE : 0;
	tail->c = pc_of(co);
	tail->d = (uint64_t)n;
	if (chan) {
		tail->a = (int64_t)chan->cap;
		tail->b = chan->elem_size;
		tail->c = chan->elem->kind;
		tail->d = (uint64_t)stack_of(co);
	}
	p = put_text(p, name);
	p = put_text(p, elem);
	p = put_text(p, fn);
	put_text(p, file);
	weft__rec_end(w->ring, rec);
}

void weft__probe_chan_make(struct weft__worker *w, struct weft__co *co, struct weft_chan *chan,
	const char *fn, const char *file, int line)
{
	make_rec(w, co, chan->id, &chan->last_t, WEFT_OBJ_CHAN, "", chan, fn, file, line, 0, false);
}

void weft__probe_sync_make(struct weft__worker *w, struct weft__co *co, uint64_t on, int64_t *last,
	enum weft_obj type, const char *name, int64_t n, bool used)
{
	make_rec(w, co, on, last, type, name, NULL, "", "", 0, n, used);
}

void weft__probe_free(struct weft__worker *w, struct weft__co *co, uint64_t on, int64_t *last)
{
	weft__rec_end(w->ring, open_rec(w, WEFT_EV_FREE, 1, co, on, last));
}

void weft__probe_name(
	struct weft__worker *w, uint64_t co, uint64_t on, const char *name, int64_t *last)
{
	struct weft_rec *rec =
		weft__rec_begin(w->ring, WEFT_EV_NAME, units_of(text_bytes(name)), last, NULL);

	rec->co = co;
	rec->on = on;
	put_text(weft__rec_payload(rec), name);
	weft__rec_end(w->ring, rec);
}

static size_t at_most(size_t n, size_t most)
{
	size_t wanted = (size_t)weft__rec_value_bytes;

	if (n > most)
		n = most;
	return n < wanted ? n : wanted;
}

/* How much of a value goes into the payload, and its full length (for strings and large values). */
static size_t value_payload(
	const struct weft_chan *chan, const void *value, const char **ret_bytes, size_t *ret_len)
{
	const char *text;

	if (chan->elem->kind == WEFT_ELEM_CSTR) {
		memcpy(&text, value, sizeof(text));
		*ret_bytes = text;
		*ret_len = text ? strlen(text) : 0;
		return at_most(*ret_len, WEFT_STR_MAX);
	}
	*ret_bytes = value;
	*ret_len = chan->elem_size;
	if (chan->elem->kind == WEFT_ELEM_UNIT)
		return 0;
	return at_most(chan->elem_size, WEFT_BYTES_MAX);
}

/* All but the value, for which the payload has room. */
static inline struct weft_rec *open_send(struct weft__worker *w, size_t payload,
	struct weft__co *co, struct weft_chan *chan, enum weft_via via, struct weft__co *by,
	int case_index, int64_t len)
{
	struct weft_rec *rec =
		open_rec(w, WEFT_EV_SEND, units_of(payload), co, chan->id, &chan->last_t);
	struct weft_rec_tail *tail = weft__rec_tail(rec);

	rec->why = (uint8_t)via;
	rec->n = case_index;
	rec->flags = sys_flag(co) | (by ? WEFT_REC_BY : 0);
	tail->a = (int64_t)weft__rec_msg(w->ring, &chan->last_msg);
	tail->b = pc_of(co);
	tail->c = by ? (int64_t)by->id : len;
	return rec;
}

/* Of a string, or of more than the tail has room for. */
static __attribute__((noinline)) uint64_t send_long(struct weft__worker *w, struct weft__co *co,
	struct weft_chan *chan, const void *value, enum weft_via via, struct weft__co *by,
	int case_index, int64_t len)
{
	const char *bytes;
	size_t full, n = value_payload(chan, value, &bytes, &full);
	struct weft_rec *rec = open_send(w, n, co, chan, via, by, case_index, len);
	uint64_t msg = (uint64_t)weft__rec_tail(rec)->a;

	rec->flags |= WEFT_REC_VALUE | (bytes ? 0 : WEFT_REC_NULL);
	weft__rec_tail(rec)->d = full;
	if (bytes)
		memcpy(weft__rec_payload(rec), bytes, n);
	weft__rec_end(w->ring, rec);
	return msg;
}

/* At most 8 bytes. A call of memcpy takes as long as the rest. */
static inline void put_short(uint64_t *to, const void *value, size_t size)
{
	if (size == 8)
		memcpy(to, value, 8);
	else if (size == 4)
		memcpy(to, value, 4);
	else
		memcpy(to, value, size);
}

uint64_t weft__probe_send(struct weft__worker *w, struct weft__co *co, struct weft_chan *chan,
	const void *value, enum weft_via via, struct weft__co *by, int case_index, int64_t len)
{
	bool shown = weft__rec_value_bytes >= 0;
	struct weft_rec *rec;
	uint64_t msg;

	if (shown && (chan->elem_size > 8 || chan->elem->kind == WEFT_ELEM_CSTR))
		return send_long(w, co, chan, value, via, by, case_index, len);
	rec = open_send(w, 0, co, chan, via, by, case_index, len);
	msg = (uint64_t)weft__rec_tail(rec)->a;
	if (shown) {
		rec->flags |= WEFT_REC_VALUE;
		put_short(&weft__rec_tail(rec)->d, value, chan->elem_size);
	}
	weft__rec_end(w->ring, rec);
	return msg;
}

void weft__probe_recv(struct weft__worker *w, struct weft__co *co, struct weft_chan *chan,
	uint64_t msg, uint64_t from, int case_index, int64_t len, int64_t *last)
{
	struct weft_rec *rec = open_own(w, WEFT_EV_RECV, 2, co, chan->id, last);
	struct weft_rec_tail *tail = weft__rec_tail(rec);

	rec->n = case_index;
	tail->a = (int64_t)msg;
	tail->b = (int64_t)from;
	tail->c = len;
	tail->d = (uint64_t)pc_of(co);
	weft__rec_end(w->ring, rec);
}

void weft__probe_unsend(struct weft__worker *w, struct weft__co *co, uint64_t on, uint64_t msg,
	enum weft_unsend_why why, int64_t *last)
{
	struct weft_rec *rec = open_rec(w, WEFT_EV_UNSEND, 2, co, on, last);

	rec->why = (uint8_t)why;
	weft__rec_tail(rec)->a = (int64_t)msg;
	weft__rec_end(w->ring, rec);
}

void weft__probe_close(
	struct weft__worker *w, struct weft__co *co, struct weft_chan *chan, int woke)
{
	struct weft_rec *rec = open_placed(w, WEFT_EV_CLOSE, false, co, chan->id, &chan->last_t);

	rec->n = woke;
	weft__rec_end(w->ring, rec);
}

void weft__probe_select(struct weft__worker *w, struct weft__co *co, int pick, int n)
{
	struct weft_rec *rec = open_own(w, WEFT_EV_SELECT, 2, co, 0, NULL);

	rec->n = pick;
	weft__rec_tail(rec)->a = n;
	weft__rec_tail(rec)->c = pc_of(co);
	weft__rec_end(w->ring, rec);
}

void weft__probe_add(struct weft__worker *w, struct weft__co *co, uint64_t on, int64_t *last,
	int64_t delta, int64_t value)
{
	struct weft_rec *rec = open_rec(w, WEFT_EV_ADD, 2, co, on, last);

	rec->n = (int32_t)delta;
	weft__rec_tail(rec)->a = value;
	weft__rec_tail(rec)->c = pc_of(co);
	weft__rec_end(w->ring, rec);
}

void weft__probe_acquire(struct weft__worker *w, struct weft__co *co, uint64_t on, int64_t *last,
	enum weft_lock_mode mode, bool ok)
{
	struct weft_rec *rec = open_placed(w, WEFT_EV_ACQUIRE, false, co, on, last);

	rec->why = (uint8_t)mode;
	rec->flags = ok ? 0 : WEFT_REC_FAILED;
	weft__rec_end(w->ring, rec);
}

void weft__probe_release(struct weft__worker *w, struct weft__co *co, uint64_t on, int64_t *last,
	enum weft_lock_mode mode)
{
	struct weft_rec *rec = open_placed(w, WEFT_EV_RELEASE, false, co, on, last);

	rec->why = (uint8_t)mode;
	weft__rec_end(w->ring, rec);
}

void weft__probe_permits(
	struct weft__worker *w, struct weft__co *co, uint64_t on, int64_t *last, int64_t n, bool ok)
{
	struct weft_rec *rec =
		open_placed(w, n < 0 ? WEFT_EV_RELEASE : WEFT_EV_ACQUIRE, true, co, on, last);

	rec->flags = ok ? 0 : WEFT_REC_FAILED;
	weft__rec_tail(rec)->a = n < 0 ? -n : n;
	weft__rec_end(w->ring, rec);
}

void weft__probe_signal(
	struct weft__worker *w, struct weft__co *co, uint64_t on, int64_t *last, int n, bool all)
{
	struct weft_rec *rec = open_placed(w, WEFT_EV_SIGNAL, false, co, on, last);

	rec->n = n;
	rec->why = all;
	weft__rec_end(w->ring, rec);
}

void weft__probe_timer(struct weft__worker *w, struct weft__co *co, uint64_t on, int64_t *last,
	enum weft_timer_op op, int64_t when, int64_t every)
{
	struct weft_rec *rec = open_rec(w, WEFT_EV_TIMER, 2, co, on, last);

	rec->why = (uint8_t)op;
	weft__rec_tail(rec)->a = when;
	weft__rec_tail(rec)->b = every;
	weft__rec_tail(rec)->c = pc_of(co);
	weft__rec_end(w->ring, rec);
}

void weft__probe_cancel(
	struct weft__worker *w, struct weft__co *co, uint64_t to, int64_t *last, const char *reason)
{
	struct weft_rec *rec =
		open_rec(w, WEFT_EV_CANCEL, units_of(text_bytes(reason)), co, 0, last);

	weft__rec_tail(rec)->a = (int64_t)to;
	weft__rec_tail(rec)->c = pc_of(co);
	put_text(weft__rec_payload(rec), reason);
	weft__rec_end(w->ring, rec);
}

/* Its text is cut at its end, on a character's edge. */
void weft__probe_mark(struct weft__worker *w, struct weft__co *co, const struct weft__mark *mark)
{
	size_t n = strlen(mark->text);
	struct weft_rec *rec;

	if (n > WEFT__MARK_TEXT) {
		n = WEFT__MARK_TEXT;
		while (n > 0 && ((unsigned char)mark->text[n] & 0xc0) == 0x80)
			n--;
	}
	rec = open_rec(w, mark->kind, units_of(n + 1), co, 0, NULL);
	rec->why = mark->why;
	weft__rec_tail(rec)->a = (int64_t)mark->task;
	weft__rec_tail(rec)->b = (int64_t)mark->parent;
	weft__rec_tail(rec)->c = pc_of(co);
	memcpy(&weft__rec_tail(rec)->d, &mark->value, sizeof(mark->value));
	memcpy(weft__rec_payload(rec), mark->text, n);
	weft__rec_end(w->ring, rec);
}

void weft__probe_worker(struct weft__worker *w, enum weft_worker_op op)
{
	struct weft_rec *rec = open_rec(w, WEFT_EV_WORKER, 2, NULL, 0, NULL);

	rec->why = (uint8_t)op;
	rec->n = -1;
	if (op == WEFT_WORKER_START)
		weft__rec_tail(rec)->a = syscall(SYS_gettid);
	weft__rec_end(w->ring, rec);
}

void weft__probe_steal(struct weft__worker *w, int from, struct weft__co *const *cos, uint32_t n)
{
	struct weft_rec *rec;
	int64_t last = 0; /* the latest of theirs */
	uint64_t *out;

	/* They are the thief's alone now, by way of run queues that TSan does not see. */
	weft__race_look_away();
	for (uint32_t i = 0; i < n; i++)
		last = cos[i]->last_t > last ? cos[i]->last_t : last;
	rec = open_rec(w, WEFT_EV_STEAL, units_of(n * sizeof(*out)), NULL, 0, &last);
	rec->n = from;
	weft__rec_tail(rec)->a = n;
	out = (uint64_t *)weft__rec_payload(rec);
	for (uint32_t i = 0; i < n; i++) {
		out[i] = cos[i]->id;
		cos[i]->last_t = last;
	}
	weft__rec_end(w->ring, rec);
	weft__race_look_again();
}

void weft__probe_crash(const char *text)
{
	struct weft__worker *w = weft__worker();
	struct weft_rec *rec;

	if (weft__current()) {
		/* A lock may be held, but nobody who reads the ring needs it: there is room soon.
		 */
		weft__rec_reserve(w->ring, units_of(text_bytes(text)));
		rec = open_rec(
			w, WEFT_EV_LOG, units_of(text_bytes(text)), weft__current(), 0, NULL);
		rec->why = WEFT_LEVEL_ERROR;
		put_text(weft__rec_payload(rec), text);
		weft__rec_end(w->ring, rec);
	}
	weft__rec_abort(WEFT_EOF_CRASH);
}

void weft__probe_warning(struct weft__worker *w, const char *text)
{
	struct weft_rec *rec = open_rec(w, WEFT_EV_LOG, units_of(text_bytes(text)), NULL, 0, NULL);

	rec->why = WEFT_LEVEL_WARN;
	put_text(weft__rec_payload(rec), text);
	weft__rec_end(w->ring, rec);
}

#define SAME(a, b) _Static_assert((int)(a) == (int)(b), "weft.h and event.h count alike")
SAME(WEFT_ELEM_UNIT, WEFT_CLASS_NONE);
SAME(WEFT_ELEM_INT, WEFT_CLASS_INT);
SAME(WEFT_ELEM_UINT, WEFT_CLASS_UINT);
SAME(WEFT_ELEM_FLOAT, WEFT_CLASS_FLOAT);
SAME(WEFT_ELEM_BOOL, WEFT_CLASS_BOOL);
SAME(WEFT_ELEM_CSTR, WEFT_CLASS_CSTR);
SAME(WEFT_ELEM_PTR, WEFT_CLASS_PTR);
SAME(WEFT_ELEM_BYTES, WEFT_CLASS_BYTES);
_Static_assert(WEFT__FRAMES_MOST <= (WEFT_REC_UNITS_MAX - 2) * WEFT_REC_UNIT / 8,
	"a stack fits into one record");
_Static_assert(WEFT__STEAL_MOST == (WEFT_REC_UNITS_MAX - 2) * WEFT_REC_UNIT / 8,
	"a steal fits into one record");
