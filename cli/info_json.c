/* SPDX-License-Identifier: MIT
 *
 * weft info --format=json. Threads and channels are named by their ids in the trace; times are ns.
 */
#include "cli/info.h"

#include <inttypes.h>

#include "cli/cli.h"

static void text(const char *key, const char *value)
{
	printf("\"%s\":", key);
	cli_json_string(stdout, value);
}

static void number(const char *key, int64_t value)
{
	printf(",\"%s\":%" PRId64, key, value);
}

/* A time, or null. */
static void moment(const char *key, int64_t t_ns)
{
	if (t_ns == WEFT_NO_TIME)
		printf(",\"%s\":null", key);
	else
		number(key, t_ns);
}

/* The id behind an index, or null. */
static void thread_id(const char *key, const struct weft_trace *t, uint32_t index)
{
	if (index == WEFT_NO_INDEX)
		printf(",\"%s\":null", key);
	else
		printf(",\"%s\":%" PRIu64, key, t->threads[index].id);
}

static void object_id(const char *key, const struct weft_trace *t, uint32_t index)
{
	if (index == WEFT_NO_INDEX)
		printf(",\"%s\":null", key);
	else
		printf(",\"%s\":%" PRIu64, key, t->objects[index].id);
}

static void flag(const char *key, bool value)
{
	printf(",\"%s\":%s", key, value ? "true" : "false");
}

static void print_thread(const struct weft_trace *t, const struct weft_stats *s, uint32_t i)
{
	const struct weft_thread *th = &t->threads[i];
	const struct weft_thread_stats *ts = &s->threads[i];

	printf("%s\n  {", i ? "," : "");
	text("name", th->name);
	thread_id("id", t, i);
	thread_id("parent", t, th->parent);
	number("born_ns", th->born_ns);
	number("died_ns", th->died_ns);
	flag("ended", th->ended);
	flag("sys", th->sys);
	number("running_ns", ts->running_ns);
	number("ready_ns", ts->ready_ns);
	number("blocked_ns", ts->blocked_ns);
	number("unknown_ns", ts->unknown_ns);
	number("longest_wait_ns", ts->longest_ns);
	number("waits", ts->waits);
	number("sent", th->sent);
	number("received", th->received);
	putchar('}');
}

static void print_channel(
	const struct weft_trace *t, const struct weft_stats *s, uint32_t i, bool first)
{
	const struct weft_object *o = &t->objects[i];
	const struct weft_object_stats *os = &s->objects[i];

	printf("%s\n  {", first ? "" : ",");
	text("name", o->name);
	object_id("id", t, i);
	putchar(',');
	text("elem", o->elem);
	if (o->has_cap)
		printf(",\"cap\":%" PRIu64, o->cap);
	else
		printf(",\"cap\":null");
	number("sent", os->sent);
	number("received", os->received);
	number("withdrawn", os->withdrawn);
	number("mean_transit_ns", os->queue_mean_ns);
	number("longest_transit_ns", os->queue_max_ns);
	number("blocked_ns", os->blocked_ns);
	moment("closed_ns", o->closed_ns);
	putchar('}');
}

static void print_wait(const struct weft_trace *t, const struct weft_wait *w, bool first)
{
	printf("%s\n  {", first ? "" : ",");
	text("why", weft_why_word(w->why));
	thread_id("thread", t, w->thread);
	object_id("on", t, w->obj);
	number("begin_ns", w->begin_ns);
	number("end_ns", w->end_ns);
	flag("open", w->open);
	putchar('}');
}

static void print_message(const struct weft_trace *t, const struct weft_message *m, bool first)
{
	printf("%s\n  {", first ? "" : ",");
	text("value", m->value);
	printf(",\"msg\":%" PRIu64, m->id);
	thread_id("from", t, m->from);
	thread_id("to", t, m->to);
	object_id("on", t, m->obj);
	number("send_ns", m->send_ns);
	moment("recv_ns", m->recv_ns);
	putchar('}');
}

static void print_lists(const struct weft_trace *t, const struct weft_stats *s)
{
	bool first = true;

	printf(",\n \"threads\":[");
	for (uint32_t i = 0; i < t->nthreads; i++)
		print_thread(t, s, i);
	printf("],\n \"channels\":[");
	for (uint32_t i = 0; i < t->nobjects; i++) {
		if (t->objects[i].type != WEFT_OBJ_CHAN)
			continue;
		print_channel(t, s, i, first);
		first = false;
	}
	printf("],\n \"longest_waits\":[");
	for (uint32_t i = 0; i < s->nwaits; i++)
		print_wait(t, &s->waits[i], i == 0);
	printf("],\n \"longest_messages\":[");
	for (uint32_t i = 0; i < s->nmessages; i++)
		print_message(t, &t->messages[s->messages[i]], i == 0);
	printf("]");
}

void info_json(const struct weft_trace *t, const struct weft_stats *s, const char *path)
{
	printf("{");
	text("file", path);
	printf(",");
	text("title", t->title);
	printf(",");
	text("source", t->source);
	printf(",");
	text("ended_by", t->complete ? weft_eof_word(t->eof_why) : NULL);
	flag("complete", t->complete);
	number("duration_ns", t->end_ns);
	number("records", (int64_t)t->records);
	number("dropped", (int64_t)t->dropped);
	number("errors", t->nerrors);
	number("warnings", t->nwarnings);
	number("workers", t->workers);
	number("threads_total", t->nthreads);
	number("threads_alive", s->nalive);
	number("channels_total", s->nchannels);
	number("messages_total", t->nmessages);
	number("messages_received", t->nreceived);
	number("messages_pending", s->npending);
	print_lists(t, s);
	printf("\n}\n");
}
