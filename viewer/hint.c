/* SPDX-License-Identifier: MIT
 *
 * Sentences about threads and messages, from the trace alone.
 */
#include "viewer/hint.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tracer/trace/trace.h"
#include "viewer/text.h"

/* A line that is being written; what doesn't fit is cut. */
struct line {
	char *buf;
	size_t size, used;
};

static void put(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct line *l, const char *format, ...)
{
	va_list args;
	int n;

	if (l->used + 1 >= l->size)
		return;
	va_start(args, format);
	n = vsnprintf(l->buf + l->used, l->size - l->used, format, args);
	va_end(args);
	if (n > 0)
		l->used += (size_t)n;
}

static void put_time(struct line *l, int64_t ns)
{
	char text[48];

	text_time(text, sizeof(text), ns);
	put(l, "%s", text);
}

/* A name that says which: workers of a pool share theirs. */
static void put_name(struct line *l, const struct weft_trace *t, uint32_t thread)
{
	const struct weft_thread *th = &t->threads[thread];

	put(l, "%s", th->name);
	for (uint32_t i = 0; i < t->nthreads; i++) {
		if (i != thread && strcmp(t->threads[i].name, th->name) == 0) {
			put(l, " #%" PRIu64, th->id);
			return;
		}
	}
}

static const char *waits_for(unsigned why)
{
	switch (why) {
	case WEFT_WHY_SEND:
		return "waits to send";
	case WEFT_WHY_RECV:
		return "waits to receive";
	case WEFT_WHY_SELECT:
		return "waits in a select";
	case WEFT_WHY_JOIN:
		return "waits for another to end";
	case WEFT_WHY_SLEEP:
		return "sleeps";
	case WEFT_WHY_LOCK:
	case WEFT_WHY_RLOCK:
	case WEFT_WHY_WLOCK:
		return "waits for a lock";
	case WEFT_WHY_WAITGROUP:
		return "waits for a group";
	case WEFT_WHY_IO:
		return "waits for input or output";
	case WEFT_WHY_FOREVER:
		return "waits for ever";
	default:
		return "waits";
	}
}

/* "on" what it waits, in the word that goes with why. */
static void put_object(struct line *l, const struct weft_trace *t, const struct weft_span *s)
{
	if (s->obj >= t->nobjects)
		return;
	put(l, " %s %s", s->why == WEFT_WHY_RECV ? "from" : "on", t->objects[s->obj].name);
}

/* The span of a thread that holds t_ns; the later one at an edge. */
static const struct weft_span *find_span(
	const struct weft_trace *t, const struct weft_thread *th, int64_t t_ns)
{
	uint32_t low = 0, high = th->nspans;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (t->spans[th->first_span + middle].begin_ns <= t_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? &t->spans[th->first_span + low - 1] : NULL;
}

void hint_thread(char *buf, size_t size, const struct weft_trace *t, uint32_t thread, int64_t t_ns)
{
	const struct weft_thread *th = &t->threads[thread];
	const struct weft_span *s = find_span(t, th, t_ns);
	struct line l = {buf, size, 0};

	put_name(&l, t, thread);
	if (th->ended && t_ns > th->died_ns) {
		put(&l, ": ended at ");
		put_time(&l, th->died_ns);
		return;
	}
	if (!s || s->state == WEFT_STATE_UNKNOWN)
		return;
	if (s->state == WEFT_STATE_BLOCKED) {
		put(&l, ": %s", waits_for(s->why));
		put_object(&l, t, s);
	} else if (s->state == WEFT_STATE_RUNNING) {
		put(&l, ": runs");
		if (s->worker >= 0)
			put(&l, " on worker %d", s->worker);
	} else {
		put(&l, ": ready to run");
	}
	put(&l, ", for ");
	put_time(&l, s->end_ns - s->begin_ns);
}

void hint_message(char *buf, size_t size, const struct weft_trace *t, uint32_t message)
{
	const struct weft_message *m = &t->messages[message];
	struct line l = {buf, size, 0};

	if (m->value)
		put(&l, "%s: ", m->value);
	if (m->from < t->nthreads)
		put_name(&l, t, m->from);
	put(&l, " to ");
	if (m->to < t->nthreads)
		put_name(&l, t, m->to);
	else
		put(&l, "nobody");
	if (m->obj < t->nobjects)
		put(&l, " on %s", t->objects[m->obj].name);
	put(&l, ", sent at ");
	put_time(&l, m->send_ns);
	if (m->recv_ns == WEFT_NO_TIME) {
		put(&l, m->unsend_ns == WEFT_NO_TIME ? ", never received" : ", taken back");
	} else {
		put(&l, ", ");
		put_time(&l, m->recv_ns - m->send_ns);
		put(&l, " on its way");
	}
}
