/* SPDX-License-Identifier: MIT
 *
 * What all lines have in common: their head, their end, and the location that they refer to. See
 * line.h; the fields of each kind are in kinds.c.
 */
#include "tracer/record/line.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/record/kinds.h"
#include "tracer/record/text.h"

#define LARGEST ((size_t)WEFT_REC_UNITS_MAX * WEFT_REC_UNIT)

#define HEAD_ROOM 24

/* Copied whole, which takes two moves; what is too much is written over. */
struct head {
	char text[HEAD_ROOM];
	size_t len;
};

#define X(c, word) {"{\"ev\":\"" word "\",\"t\":", sizeof("{\"ev\":\"" word "\",\"t\":") - 1},
static const struct head heads[] = {WEFT_EV_LIST(X)};
#undef X
#define X(c, word) word,
static const char *const eof_words[] = {WEFT_EOF_WHY_LIST(X)};
#undef X

/* The payload's strings, one behind the other; what lies behind its end is empty. */
static void split_text(struct weft__input *in)
{
	const char *s = in->payload, *end = in->payload + in->room;

	for (size_t i = 0; i < sizeof(in->text) / sizeof(in->text[0]); i++) {
		in->text[i].s = s;
		in->text[i].n = strnlen(s, (size_t)(end - s));
		s += in->text[i].n;
		s += s < end;
	}
}

static const char *keep(struct weft__lines *lines, const struct weft__text *text)
{
	return weft__names_keep(&lines->names, text->s, text->n);
}

static void put_loc(struct weft__writer *out, uint32_t number, const struct weft__text *fn,
	const struct weft__text *file, int32_t line)
{
	char *p = WEFT__PUT(weft__writer_at(out), "{\"ev\":\"loc\",\"loc\":");

	p = weft__put_u64(p, number);
	p = weft__put_string(WEFT__KEY(p, "fn"), fn->s, fn->n);
	if (file->n) {
		p = weft__put_string(WEFT__KEY(p, "file"), file->s, file->n);
		p = weft__put_i64(WEFT__KEY(p, "line"), line);
	}
	weft__writer_to(out, WEFT__PUT(p, "},\n"));
	out->records++;
}

/* The record's location gets its number, and is written if it is new. */
static int locate(struct weft__input *in, const struct weft__text *fn,
	const struct weft__text *file, int32_t line)
{
	const char *kept_fn = keep(in->lines, fn), *kept_file = keep(in->lines, file);
	bool fresh;

	if (!kept_fn || !kept_file)
		return -ENOMEM;
	in->at = weft__locs_number(&in->lines->locs, kept_fn, kept_file, line, &fresh);
	if (!in->at)
		return -ENOMEM;
	if (fresh)
		put_loc(in->lines->out, in->at, fn, file, line);
	return 0;
}

/* The place that a macro has told: function and file are those strings. */
static int locate_text(struct weft__input *in, int fn, int file)
{
	/* From nowhere, as the first coroutine. */
	if (!in->lines->located || !in->text[file].n || in->rec->n <= 0)
		return 0;
	return locate(in, &in->text[fn], &in->text[file], in->rec->n);
}

/* Where the call returns to that the record tells of; 0: that is not in it. */
static uintptr_t pc_of(const struct weft__input *in)
{
	switch (in->rec->kind) {
	case WEFT_EV_SEND:
		return (uintptr_t)in->tail.b;
	case WEFT_EV_RECV:
		return (uintptr_t)in->tail.d;
	case WEFT_EV_MAKE:
		return in->rec->why == WEFT_OBJ_CHAN ? (uintptr_t)in->tail.d
						     : (uintptr_t)in->tail.c;
	case WEFT_EV_SPAWN:
	case WEFT_EV_BLOCK:
	case WEFT_EV_SLEEP:
	case WEFT_EV_JOIN:
	case WEFT_EV_CANCEL:
	case WEFT_EV_CLOSE:
	case WEFT_EV_SELECT:
	case WEFT_EV_ACQUIRE:
	case WEFT_EV_RELEASE:
	case WEFT_EV_ADD:
	case WEFT_EV_SIGNAL:
	case WEFT_EV_TIMER:
	case WEFT_EV_LOG:
	case WEFT_EV_NOTE:
	case WEFT_EV_BEGIN:
	case WEFT_EV_END:
	case WEFT_EV_TASK:
	case WEFT_EV_COUNT:
		return (uintptr_t)in->tail.c;
	default:
		return 0;
	}
}

/* A name of the program's own, from its tables; C++ makes very long ones. */
static struct weft__text name_of(const char *s)
{
	return (struct weft__text){s ? s : "", s ? strnlen(s, WEFT__PLACE_NAME_MAX) : 0};
}

static int locate_pc(struct weft__input *in, uintptr_t pc)
{
	struct weft__places *places = &in->lines->places;
	struct weft__rec_place place;
	struct weft__text fn, file;

	if (!pc || weft__places_known(places, pc, &in->at))
		return 0;
	if (weft__places_ask(places, pc, &place)) {
		fn = name_of(place.fn);
		file = name_of(place.file);
		if (locate(in, &fn, &file, file.n ? place.line : 0) < 0)
			return -ENOMEM;
	}
	return weft__places_keep(places, pc, in->at);
}

/* The place of the record's call, with its stack if the record has one. */
static int locate_call(struct weft__input *in)
{
	uintptr_t pc = pc_of(in);
	const struct weft__stack *stack;

	if (!(pc & WEFT_REC_STACK))
		return locate_pc(in, pc);
	stack = weft__idmap_find(&in->lines->stacks, pc & ~WEFT_REC_STACK);
	if (!stack)
		return 0;
	if (stack->written)
		in->stack = (uint32_t)(pc & ~WEFT_REC_STACK);
	if (!in->at)
		in->at = stack->at;
	return 0;
}

/*
 * A stack: the locations of its frames, then itself. Frames of which nothing is known are left
 * out. This one may write more than the writer keeps free for a record, so it looks itself.
 */
static int put_stack(struct weft__input *in)
{
	struct weft__writer *out = in->lines->out;
	size_t n = in->rec->n > 0 ? (size_t)in->rec->n : 0, known = 0;
	uint32_t at[LARGEST / sizeof(uint64_t)];
	struct weft__stack *stack =
		weft__idmap_add(&in->lines->stacks, (uint64_t)in->tail.a, sizeof(*stack));
	char *p;

	if (!stack)
		return -ENOMEM;
	if (n > in->room / sizeof(uint64_t))
		n = in->room / sizeof(uint64_t);
	for (size_t i = 0; i < n; i++) {
		uint64_t pc;
		int ret = weft__writer_full(out) ? weft__writer_flush(out) : 0;

		memcpy(&pc, in->payload + i * sizeof(pc), sizeof(pc));
		in->at = 0;
		if (ret == 0)
			ret = locate_pc(in, (uintptr_t)pc);
		if (ret < 0)
			return ret;
		if (i == 0)
			stack->at = in->at;
		if (in->at)
			at[known++] = in->at;
	}
	stack->written = known > 0;
	if (!known)
		return 0;
	p = weft__put_i64(
		WEFT__PUT(weft__writer_at(out), "{\"ev\":\"stack\",\"stack\":"), in->tail.a);
	p = WEFT__PUT(WEFT__KEY(p, "at"), "[");
	for (size_t i = 0; i < known; i++) {
		p = weft__put_u64(p, at[i]);
		*p++ = i + 1 < known ? ',' : ']';
	}
	weft__writer_to(out, WEFT__PUT(p, "},\n"));
	out->records++;
	return 0;
}

/* Remembers a new channel with what it carries, or a new lock. */
static int remember(struct weft__input *in)
{
	enum weft_obj type = in->rec->why;
	struct weft__object *object;
	char quoted[LARGEST * 6 + 2];

	if (type != WEFT_OBJ_CHAN && type != WEFT_OBJ_MUTEX && type != WEFT_OBJ_RWLOCK)
		return 0;
	if (!in->rec->on)
		return 0;
	object = weft__objects_add(&in->lines->objects, in->rec->on);
	if (!object)
		return -ENOMEM;
	object->elem.size = (uint32_t)in->tail.b;
	object->elem.class = (uint8_t)in->tail.c;
	if (in->text[1].n) {
		char *end = weft__put_text(quoted, in, 1);

		object->elem.type_len = (uint32_t)(end - quoted);
		object->elem.type =
			weft__names_keep(&in->lines->names, quoted, object->elem.type_len);
		if (!object->elem.type)
			return -ENOMEM;
	}
	return 0;
}

/* Strings, location and element of the record: what must be done before its own line begins. */
static int prepare(struct weft__input *in)
{
	switch (in->rec->kind) {
	case WEFT_EV_SPAWN:
		split_text(in);
		if (locate_text(in, 3, 2) < 0)
			return -ENOMEM;
		return locate_call(in);
	case WEFT_EV_MAKE:
		split_text(in);
		if (remember(in) < 0)
			return -ENOMEM;
		if (locate_text(in, 2, 3) < 0)
			return -ENOMEM;
		return locate_call(in);
	case WEFT_EV_NAME:
	case WEFT_EV_CANCEL:
	case WEFT_EV_LOG:
	case WEFT_EV_NOTE:
	case WEFT_EV_BEGIN:
	case WEFT_EV_END:
	case WEFT_EV_TASK:
	case WEFT_EV_COUNT:
		split_text(in);
		return locate_call(in);
	default:
		return locate_call(in);
	}
}

/* What timers do belongs to no worker, and a name is of one thing only. */
static bool has_worker(const struct weft_rec *rec, int worker)
{
	if (worker < 0)
		return false;
	switch (rec->kind) {
	case WEFT_EV_NAME:
		return false;
	case WEFT_EV_UNBLOCK:
	case WEFT_EV_CANCEL:
	case WEFT_EV_TIMER:
		return rec->co && !(rec->flags & WEFT_REC_SYS);
	default:
		return !(rec->flags & WEFT_REC_SYS);
	}
}

static char *put_head(char *p, const struct weft__input *in)
{
	const struct weft_rec *rec = in->rec;
	struct weft__lines *lines = in->lines;

	memcpy(p, heads[rec->kind].text, HEAD_ROOM);
	p += heads[rec->kind].len;
	p = weft__put_rising(p, &lines->last_t,
		(uint64_t)weft__file_ns(weft__timeline_ns(&lines->timeline, rec->t)));
	if (has_worker(rec, in->worker))
		p = weft__put_i64(WEFT__KEY(p, "w"), in->worker);
	if (rec->kind == WEFT_EV_NAME && rec->on)
		return p;
	return rec->co ? weft__put_u64(WEFT__KEY(p, "co"), rec->co) : p;
}

int weft__line_record(struct weft__lines *lines, const struct weft_rec *rec, int worker)
{
	struct weft__input in; /* each field by itself: clearing it whole is slow */
	char *p;

	if (rec->kind >= WEFT_EV_COUNT_)
		return 0;
	in.lines = lines;
	in.rec = rec;
	in.worker = worker;
	in.at = in.stack = 0;
	in.room = 0;
	in.payload = (const char *)(rec + rec->units);
	in.tail = rec->units > 1 ? *(const struct weft_rec_tail *)(rec + 1)
				 : (struct weft_rec_tail){0};
	if (rec->units > 2) {
		in.payload = (const char *)(rec + 2);
		in.room = ((size_t)rec->units - 2) * WEFT_REC_UNIT;
	}
	if (rec->kind == WEFT_EV_STACK)
		return put_stack(&in);
	if (!weft__kinds[rec->kind])
		return 0;
	if (prepare(&in) < 0)
		return -ENOMEM;
	p = put_head(weft__writer_at(lines->out), &in);
	p = weft__kinds[rec->kind](p, &in);
	if (in.at)
		p = weft__put_u64(WEFT__KEY(p, "at"), in.at);
	if (in.stack)
		p = weft__put_u64(WEFT__KEY(p, "stack"), in.stack);
	weft__writer_to(lines->out, WEFT__PUT(p, "},\n"));
	lines->out->records++;
	if (rec->kind == WEFT_EV_FREE)
		weft__objects_drop(&lines->objects, rec->on);
	return 0;
}

void weft__line_tick(struct weft__lines *lines, int64_t t)
{
	char *p = WEFT__PUT(weft__writer_at(lines->out), "{\"ev\":\"tick\",\"t\":");

	weft__writer_to(lines->out, WEFT__PUT(weft__put_stamp(p, lines, t), "},\n"));
	lines->out->records++;
}

void weft__line_eof(struct weft__lines *lines, int64_t t, enum weft_eof_why why)
{
	char *p = WEFT__PUT(weft__writer_at(lines->out), "{\"ev\":\"eof\",\"t\":");

	p = weft__put_stamp(p, lines, t);
	p = weft__put_u64(WEFT__KEY(p, "n"), lines->out->records);
	if (why > WEFT_EOF_NONE && why < WEFT_EOF_COUNT)
		p = weft__put_string(WEFT__KEY(p, "why"), eof_words[why], strlen(eof_words[why]));
	weft__writer_to(lines->out, WEFT__PUT(p, "}\n]}\n"));
	lines->out->records++;
}

void weft__lines_free(struct weft__lines *lines)
{
	weft__names_free(&lines->names);
	weft__locs_free(&lines->locs);
	weft__places_free(&lines->places);
	weft__objects_free(&lines->objects);
	weft__idmap_free(&lines->stacks, free);
}
