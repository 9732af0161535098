/* SPDX-License-Identifier: MIT
 *
 * A log for ShiViz, which draws what happened before what: two lines an event, what it is and the
 * vector clock of its thread, as ShiViz's own regular expression wants them.
 *
 * A thread's clock counts its events; a receive, a start, a wake-up, a join, an acquired lock take
 * over what the other side knew. Clocks are sparse: a thread that nobody has heard of is in none.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/formats/lookup.h"
#include "tracer/formats/rows.h"
#include "tracer/trace/arena.h"
#include "tracer/trace/json.h"

/* How many events of each thread are known, by thread. */
struct clock {
	struct tick {
		uint32_t thread;
		uint32_t count;
	} * ticks;
	size_t n, room;
};

struct shiviz {
	FILE *out;
	const struct weft_trace *trace;
	struct weft_lookup lookup;
	struct weft_arena *arena;
	const char **hosts;	/* a name for each thread, without blanks and no two the same */
	struct clock *clocks;	/* of each thread */
	struct clock *objects;	/* of each object: what who released or closed it knew */
	struct clock *messages; /* of each message, in the order of sending, until it is received */
	struct weft_map flying; /* message to its index */
	size_t sent;
	bool failed;
};

/* ---- Clocks ---------------------------------------------------------------------------------- */

static struct tick *find_tick(const struct clock *clock, uint32_t thread, size_t *ret_place)
{
	size_t low = 0, high = clock->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (clock->ticks[middle].thread < thread)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_place = low;
	return low < clock->n && clock->ticks[low].thread == thread ? &clock->ticks[low] : NULL;
}

static void raise_tick(struct shiviz *sv, struct clock *clock, uint32_t thread, uint32_t count)
{
	size_t place;
	struct tick *tick = find_tick(clock, thread, &place);

	if (tick) {
		tick->count = tick->count > count ? tick->count : count;
		return;
	}
	if (weft_grow(&clock->ticks, clock->n, &clock->room, sizeof(*tick)) < 0) {
		sv->failed = true;
		return;
	}
	memmove(&clock->ticks[place + 1], &clock->ticks[place], (clock->n - place) * sizeof(*tick));
	clock->ticks[place] = (struct tick){thread, count};
	clock->n++;
}

static void merge(struct shiviz *sv, struct clock *into, const struct clock *from)
{
	for (size_t i = 0; i < from->n; i++)
		raise_tick(sv, into, from->ticks[i].thread, from->ticks[i].count);
}

static void clear(struct clock *clock)
{
	free(clock->ticks);
	memset(clock, 0, sizeof(*clock));
}

/* ---- Events ---------------------------------------------------------------------------------- */

/* Text on one line. */
static void put_words(FILE *f, const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text, f);
}

/* One event of a thread: what it did, to what, with which value (or NULL). */
static void put_event(
	struct shiviz *sv, uint32_t thread, const char *verb, const char *what, const char *value)
{
	struct clock *clock = &sv->clocks[thread];
	size_t place;
	struct tick *own = find_tick(clock, thread, &place);

	raise_tick(sv, clock, thread, own ? own->count + 1 : 1);
	put_words(sv->out, verb);
	if (what) {
		fputc(' ', sv->out);
		put_words(sv->out, what);
	}
	if (value) {
		fputs(": ", sv->out);
		put_words(sv->out, value);
	}
	fprintf(sv->out, "\n%s {", sv->hosts[thread]);
	for (size_t i = 0; i < clock->n; i++) {
		if (i)
			fputc(',', sv->out);
		weft_json_string(sv->out, sv->hosts[clock->ticks[i].thread]);
		fprintf(sv->out, ":%" PRIu32, clock->ticks[i].count);
	}
	fputs("}\n", sv->out);
}

static uint32_t thread_of(const struct shiviz *sv, uint64_t co)
{
	return weft_lookup_thread(&sv->lookup, co);
}

static const char *object_name(const struct shiviz *sv, const struct weft_record *rec)
{
	return weft_lookup_object_name(&sv->lookup, rec->on);
}

/* What this thread knows now is known to the other one from its next event on. */
static void tell(struct shiviz *sv, uint32_t from, uint32_t to)
{
	if (from != WEFT_NO_INDEX && to != WEFT_NO_INDEX && from != to)
		merge(sv, &sv->clocks[to], &sv->clocks[from]);
}

static void take_spawn(struct shiviz *sv, const struct weft_record *rec)
{
	uint32_t parent = thread_of(sv, rec->co), child = thread_of(sv, rec->new_);

	if (child == WEFT_NO_INDEX || sv->clocks[child].n > 0)
		return; /* told again after a loss */
	if (parent != WEFT_NO_INDEX)
		put_event(sv, parent, "spawn", sv->trace->threads[child].name, NULL);
	tell(sv, parent, child);
	put_event(sv, child, "start", NULL, NULL);
}

static void take_send(struct shiviz *sv, const struct weft_record *rec)
{
	uint32_t from = thread_of(sv, rec->co);
	size_t index = sv->sent;

	if (index == sv->trace->nmessages)
		return;
	sv->sent++;
	put_event(sv, from, "send", object_name(sv, rec), sv->trace->messages[index].value);
	if (sv->trace->messages[index].to == WEFT_NO_INDEX)
		return;
	merge(sv, &sv->messages[index], &sv->clocks[from]);
	sv->failed |= weft_map_put(&sv->flying, rec->msg, index) < 0;
}

static void take_recv(struct shiviz *sv, const struct weft_record *rec)
{
	uint32_t to = thread_of(sv, rec->co), on = weft_lookup_object(&sv->lookup, rec->on);
	const uint64_t *index = rec->msg ? weft_map_get(&sv->flying, rec->msg) : NULL;
	const char *value = index ? sv->trace->messages[*index].value : NULL;

	if (index) {
		merge(sv, &sv->clocks[to], &sv->messages[*index]);
		clear(&sv->messages[*index]);
		weft_map_remove(&sv->flying, rec->msg);
	}
	if (!rec->ok && on != WEFT_NO_INDEX)
		merge(sv, &sv->clocks[to], &sv->objects[on]);
	put_event(sv, to, rec->ok ? "recv" : "closed", object_name(sv, rec), value);
}

/* A close or a release leaves behind what was known then; an acquire takes it up. */
static void take_object(struct shiviz *sv, const struct weft_record *rec)
{
	uint32_t thread = thread_of(sv, rec->co), on = weft_lookup_object(&sv->lookup, rec->on);

	if (thread == WEFT_NO_INDEX || on == WEFT_NO_INDEX || !rec->ok)
		return;
	if (rec->kind == WEFT_EV_ACQUIRE)
		merge(sv, &sv->clocks[thread], &sv->objects[on]);
	put_event(sv, thread, weft_ev_word(rec->kind), object_name(sv, rec), NULL);
	if (rec->kind != WEFT_EV_ACQUIRE)
		merge(sv, &sv->objects[on], &sv->clocks[thread]);
}

/* What a thread does to another one. */
static void take_other(struct shiviz *sv, const struct weft_record *rec)
{
	uint32_t thread = thread_of(sv, rec->co);
	uint32_t other = thread_of(sv, rec->kind == WEFT_EV_JOIN ? rec->of : rec->to);
	const char *verb = rec->kind == WEFT_EV_UNBLOCK ? "wake" : weft_ev_word(rec->kind);

	if (thread == WEFT_NO_INDEX || other == WEFT_NO_INDEX || rec->msg)
		return; /* a message's arrow says it, or nobody did it */
	if (rec->kind == WEFT_EV_JOIN)
		tell(sv, other, thread);
	put_event(sv, thread, verb, sv->trace->threads[other].name, NULL);
	if (rec->kind == WEFT_EV_UNBLOCK)
		tell(sv, thread, other);
}

static void take_mark(struct shiviz *sv, const struct weft_record *rec)
{
	uint32_t thread = thread_of(sv, rec->co);

	if (thread != WEFT_NO_INDEX)
		put_event(sv, thread, weft_ev_word(rec->kind), rec->text ? rec->text : rec->name,
			NULL);
}

static int take(void *arg, const struct weft_record *rec)
{
	struct shiviz *sv = arg;

	if (rec->co && thread_of(sv, rec->co) == WEFT_NO_INDEX)
		return 0; /* somebody has written over the file since it was loaded */
	switch (rec->kind) {
	case WEFT_EV_SPAWN:
		take_spawn(sv, rec);
		break;
	case WEFT_EV_EXIT:
		put_event(sv, thread_of(sv, rec->co), "exit", NULL, NULL);
		break;
	case WEFT_EV_SEND:
		take_send(sv, rec);
		break;
	case WEFT_EV_RECV:
		take_recv(sv, rec);
		break;
	case WEFT_EV_CLOSE:
	case WEFT_EV_ACQUIRE:
	case WEFT_EV_RELEASE:
		take_object(sv, rec);
		break;
	case WEFT_EV_UNBLOCK:
	case WEFT_EV_JOIN:
	case WEFT_EV_CANCEL:
		take_other(sv, rec);
		break;
	case WEFT_EV_LOG:
	case WEFT_EV_NOTE:
		take_mark(sv, rec);
		break;
	default:
		break;
	}
	return sv->failed ? -ENOMEM : 0;
}

/* ---- Hosts ----------------------------------------------------------------------------------- */

/* The thread's name without blanks, and with its number behind it until nobody else has it. */
static const char *name_host(struct shiviz *sv, uint32_t thread, struct weft_map *taken)
{
	const struct weft_thread *th = &sv->trace->threads[thread];
	char name[WEFT_LABEL_TEXT + 64];
	const char *host;

	snprintf(name, WEFT_LABEL_TEXT, "%s", th->name);
	for (char *c = name; *c; c++)
		*c = *c == ' ' ? '_' : *c;
	host = weft_arena_intern(sv->arena, name);
	for (int i = 0; host && weft_map_get(taken, (uintptr_t)host) && i < 2; i++) {
		size_t len = strlen(name);

		snprintf(name + len, sizeof(name) - len, "#%" PRIu64, th->id);
		host = weft_arena_intern(sv->arena, name);
	}
	if (!host || weft_map_put(taken, (uintptr_t)host, thread) < 0)
		return NULL;
	return host;
}

static int set_up(struct shiviz *sv)
{
	const struct weft_trace *trace = sv->trace;
	struct weft_map taken = {0};
	int rc = weft_lookup_init(&sv->lookup, trace);

	sv->arena = weft_arena_create();
	sv->hosts = calloc((size_t)trace->nthreads + 1, sizeof(*sv->hosts));
	sv->clocks = calloc((size_t)trace->nthreads + 1, sizeof(*sv->clocks));
	sv->objects = calloc((size_t)trace->nobjects + 1, sizeof(*sv->objects));
	sv->messages = calloc((size_t)trace->nmessages + 1, sizeof(*sv->messages));
	if (rc < 0 || !sv->arena || !sv->hosts || !sv->clocks || !sv->objects || !sv->messages)
		return -ENOMEM;
	for (uint32_t i = 0; i < trace->nthreads && rc == 0; i++) {
		sv->hosts[i] = name_host(sv, i, &taken);
		rc = sv->hosts[i] ? 0 : -ENOMEM;
	}
	weft_map_finish(&taken);
	return rc;
}

static void clear_all(struct clock *clocks, size_t n)
{
	for (size_t i = 0; clocks && i < n; i++)
		clear(&clocks[i]);
	free(clocks);
}

static void tear_down(struct shiviz *sv)
{
	clear_all(sv->clocks, sv->trace->nthreads);
	clear_all(sv->objects, sv->trace->nobjects);
	clear_all(sv->messages, sv->trace->nmessages);
	free(sv->hosts);
	weft_map_finish(&sv->flying);
	weft_lookup_finish(&sv->lookup);
	weft_arena_free(sv->arena);
}

static int write_shiviz(const struct weft_writing *writing, struct weft_trace_error *error)
{
	struct shiviz sv = {.out = writing->out, .trace = writing->trace};
	struct weft_tap tap = {&sv, NULL, take, NULL};
	int rc = set_up(&sv);

	if (rc < 0) {
		weft_refuse(error, rc, 0, "%s", strerror(-rc));
	} else {
		/* A file that is opened in ShiViz begins with its regular expression, and the one
		   between several runs, of which there is none. */
		fputs("(?<event>.*)\\n(?<host>\\S*) (?<clock>{.*})\n\n", sv.out);
		rc = weft_source_read(writing->source, &tap, error);
	}
	tear_down(&sv);
	return rc;
}

const struct weft_format weft_format_shiviz = {
	.name = "shiviz",
	.suffixes = "shiviz log",
	.summary = "a log with vector clocks, for ShiViz",
	.write = write_shiviz,
};
