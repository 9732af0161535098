/* SPDX-License-Identifier: MIT
 *
 * Traces made by hand for the viewer's tests. A made trace is plain memory of the test's process;
 * threads are added in order of birth, messages in order of sending.
 */
#ifndef WEFT_TESTS_MADE_H
#define WEFT_TESTS_MADE_H

#include <string.h>

#include "tracer/trace/trace.h"

#define MADE_THREADS 256
#define MADE_MESSAGES 40000
#define MADE_SPANS 4096

static struct weft_thread made_threads[MADE_THREADS];
static struct weft_message made_messages[MADE_MESSAGES];
static struct weft_span made_spans[MADE_SPANS];
static struct weft_event made_events[2 * MADE_MESSAGES];
static struct weft_object made_objects[1] = {{.id = 1, .name = "c", .type = WEFT_OBJ_CHAN}};

static inline struct weft_trace made_trace(const char *title, int64_t end_ns)
{
	return (struct weft_trace){.title = title,
		.source = "weft",
		.clock = "",
		.complete = true,
		.end_ns = end_ns,
		.threads = made_threads,
		.messages = made_messages,
		.spans = made_spans,
		.events = made_events,
		.objects = made_objects,
		.nobjects = 1,
		.warning = ""};
}

static inline void made_event(struct weft_trace *t, int64_t t_ns, uint32_t thread, unsigned kind)
{
	t->events[t->nevents++] = (struct weft_event){t_ns, thread, (uint8_t)kind};
}

/* died_ns < 0: it never ends. Returns its number. */
static inline uint32_t made_thread(
	struct weft_trace *t, const char *name, uint32_t parent, int64_t born_ns, int64_t died_ns)
{
	uint32_t i = t->nthreads++;

	t->threads[i] = (struct weft_thread){.id = i + 1,
		.name = name,
		.parent = parent,
		.born_ns = born_ns,
		.died_ns = died_ns < 0 ? t->end_ns : died_ns,
		.ended = died_ns >= 0,
		.first_span = t->nspans};
	made_event(t, born_ns, i, WEFT_EV_SPAWN);
	return i;
}

/* Of the thread that was added last. */
static inline void made_span(
	struct weft_trace *t, int64_t begin_ns, int64_t end_ns, unsigned state, unsigned why)
{
	uint32_t i = t->nthreads - 1;

	t->spans[t->nspans++] = (struct weft_span){.begin_ns = begin_ns,
		.end_ns = end_ns,
		.thread = i,
		.obj = WEFT_NO_INDEX,
		.worker = -1,
		.state = (uint8_t)state,
		.why = (uint8_t)why};
	t->threads[i].nspans++;
}

/* recv_ns < 0: never received. */
static inline uint32_t made_message(struct weft_trace *t, uint32_t from, uint32_t to,
	int64_t send_ns, int64_t recv_ns, const char *value)
{
	uint32_t i = t->nmessages++;

	t->messages[i] = (struct weft_message){.id = i + 1,
		.send_ns = send_ns,
		.recv_ns = recv_ns < 0 ? WEFT_NO_TIME : recv_ns,
		.unsend_ns = WEFT_NO_TIME,
		.value = value,
		.from = from,
		.to = recv_ns < 0 ? WEFT_NO_INDEX : to};
	made_event(t, send_ns, from, WEFT_EV_SEND);
	return i;
}

/* Children of main that pass values on to the next one; each gives one back to main. */
static inline struct weft_trace made_sieve(uint32_t filters)
{
	struct weft_trace t = made_trace("sieve", 1000 * (int64_t)filters + 1000);

	made_thread(&t, "main", WEFT_NO_INDEX, 0, -1);
	for (uint32_t i = 1; i <= filters; i++)
		made_thread(&t, "filter", 0, 1000 * (int64_t)i - 900, -1);
	for (uint32_t i = 1; i <= filters; i++) {
		int64_t at = 1000 * (int64_t)i;

		for (uint32_t k = 1; k < i; k++)
			made_message(&t, k, k + 1, at + 10 * k, at + 10 * k + 7, "13");
		made_message(&t, i, 0, at + 10 * i, at + 10 * i + 7, "13");
	}
	return t;
}

/* Main, `pools` children of it, `workers` children of each; jobs go down the tree. */
static inline struct weft_trace made_pool(uint32_t pools, uint32_t workers)
{
	struct weft_trace t = made_trace("pool", 1000000);

	made_thread(&t, "main", WEFT_NO_INDEX, 0, -1);
	for (uint32_t i = 0; i < pools; i++)
		made_thread(&t, "pool", 0, 100 + i, -1);
	for (uint32_t i = 0; i < pools * workers; i++)
		made_thread(&t, "worker", 1 + i / workers, 1000 + i, -1);
	for (uint32_t i = 0; i < pools * workers; i++) {
		int64_t at = 10000 + 1000 * (int64_t)i;

		made_message(&t, 0, 1 + i / workers, at, at + 100, "7");
		made_message(&t, 1 + i / workers, 1 + pools + i, at + 200, at + 300, "7");
	}
	return t;
}

#endif
