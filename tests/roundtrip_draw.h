/* SPDX-License-Identifier: MIT
 *
 * Draws the fields of a record at random, by the table of roundtrip_rows.h, and with each what must
 * be read of it. Static, as trace_file.h.
 */
#ifndef WEFT_TESTS_ROUNDTRIP_DRAW_H
#define WEFT_TESTS_ROUNDTRIP_DRAW_H

#include <stdio.h>

#include "tests/roundtrip_made.h"
#include "tests/roundtrip_rows.h"
#include "tracer/trace/fields.h"
#include "tracer/trace/trace.h"

static void set_binary(struct made *one, unsigned where, int64_t v)
{
	switch (where) {
	case CO:
		one->rec.co = (uint64_t)v;
		break;
	case ON:
		one->rec.on = (uint64_t)v;
		break;
	case WHY:
		one->rec.why = (uint8_t)v;
		break;
	case N:
		one->rec.n = (int32_t)v;
		break;
	case A:
		one->tail.a = v;
		break;
	case B:
		one->tail.b = v;
		break;
	case C:
		one->tail.c = v;
		break;
	case D:
		one->tail.d = (uint64_t)v;
		break;
	default:
		one->rec.flags |= (uint8_t)v;
	}
}

static void set_wanted(struct made *one, const struct row *row, int64_t v)
{
	char *to = (char *)&one->want + row->to;

	if (row->raw) {
		one->raw = row->raw;
		one->raw_number = v;
		one->raw_optional = row->rule == SOME;
	} else if (row->size == 8) {
		*(int64_t *)to = v;
	} else if (row->size == 4) {
		*(int32_t *)to = (int32_t)v;
	} else {
		*(uint8_t *)to = (uint8_t)v;
	}
	if (row->has)
		*((bool *)&one->want + row->has) = true;
}

/* A number from `least` to `most`, often one of the two or near them. */
static int64_t between(int64_t least, int64_t most)
{
	uint64_t span = (uint64_t)most - (uint64_t)least, near = below(span < 3 ? span + 1 : 3);

	switch (below(3)) {
	case 0:
		return most - (int64_t)near;
	case 1:
		return least + (int64_t)near;
	default:
		return least + (int64_t)((random_bits() >> below(64)) % (span + 1));
	}
}

/* A call at a place, or with a stack. */
static void draw_pc(struct made *one, const struct row *row)
{
	int stack = nstacks && below(2) ? 1 + (int)below((size_t)nstacks) : 0, place;

	if (stack) {
		set_binary(one, row->where, INT64_MIN | stack);
		one->stack = stack;
		if (stacks[stack].written)
			one->want.stack = (uint64_t)stack;
		if (!one->at.known)
			one->at = stacks[stack].first;
	} else if (row->rule == PC && below(4)) {
		place = (int)below(PLACES);
		set_binary(one, row->where, place + 1);
		expect_place(one, &places[place]);
	}
}

static void draw_number(struct made *one, const struct row *row)
{
	int64_t most = row->where == N ? INT32_MAX - 1 : WEFT_TIME_MAX, v, read;
	int64_t zero = weft__rec.lines.timeline.zero.ns;

	switch (row->rule) {
	case ID:
		v = read = between(row->where == ON ? PAST_OBJECTS : 1, most);
		break;
	case OPT_ID:
		v = read = below(2) ? between(row->where == ON ? PAST_OBJECTS : 1, most) : 0;
		break;
	case COUNT:
		v = read = between(0, most);
		break;
	case OPT_COUNT:
		v = below(2) ? between(0, most) : -1;
		read = v;
		break;
	case SOME:
		v = below(2) ? between(1, most) : 0;
		read = v || row->raw ? v : -1;
		break;
	case INT:
		v = read = row->where == N ? between(INT32_MIN, INT32_MAX)
					   : between(-WEFT_TIME_MAX, WEFT_TIME_MAX);
		break;
	case WORD:
		v = read = row->least + (int64_t)below((size_t)(row->most - row->least));
		break;
	case DEADLINE:
		v = below(4) ? between(1, INT64_MAX) : below(2) ? zero + between(0, 5000000) : 0;
		read = v ? in_file(v - zero) : -1;
		break;
	case STAMP:
		v = weft__rec.lines.timeline.zero.ticks + between(-9, WEFT_TIME_MAX / 2);
		read = in_file(v - weft__rec.lines.timeline.zero.ticks);
		break;
	case PICK:
		v = read = between(WEFT_PICK_CANCEL, most);
		break;
	default: /* FLAG */
		read = below(2);
		v = read ? row->least : 0;
	}
	set_binary(one, row->where, v);
	set_wanted(one, row, read);
}

/* Puts a string behind those that are in the payload, and returns it as it is read. */
static const char *draw_text(struct made *one, int i, size_t most)
{
	size_t n = below(3) ? below(most) : 0;

	random_text(one->payload + one->bytes, n, false);
	repair(one->texts[i], one->payload + one->bytes, n);
	one->bytes += n + 1;
	return one->texts[i];
}

/*
 * The place that a macro has told. What has no name is called by it, or by the function that runs.
 */
static void draw_told(struct made *one, const char *const *texts)
{
	bool is_spawn = one->rec.kind == WEFT_EV_SPAWN, has_pc = one->tail.c && !one->stack;
	const char *fn = texts[is_spawn ? 3 : 2], *file = texts[is_spawn ? 2 : 3];
	const char *slash = strrchr(file, '/');

	one->rec.n = below(4) && !has_pc ? (int32_t)between(1, INT32_MAX) : 0;
	if (file[0] && one->rec.n > 0) {
		one->at = (struct place){.known = true, .line = one->rec.n};
		strcpy(one->at.fn, fn);
		strcpy(one->at.file, file);
	}
	if (!one->want.name && is_spawn) {
		one->want.name = one->want.fn;
	} else if (!one->want.name && file[0]) {
		sprintf(one->texts[0], "%s:%d", slash ? slash + 1 : file, one->rec.n);
		one->want.name = one->texts[0];
	}
}

/* The strings of a record; its rows name them by their numbers. */
static void draw_texts(struct made *one)
{
	int kind = one->rec.kind, most = -1;
	const char *read[4] = {"", "", "", ""};

	for (const struct row *row = rows; row < rows + ROWS; row++) {
		if (row->kind == kind && (row->rule == TEXT || row->rule == OPT_TEXT))
			most = kind == WEFT_EV_SPAWN || kind == WEFT_EV_MAKE ? 3 : 0;
	}
	for (int i = 0; i <= most; i++)
		read[i] = draw_text(one, i, most ? 200 : PAYLOAD_MAX - 1);
	for (const struct row *row = rows; row < rows + ROWS; row++) {
		const char **to = (const char **)((char *)&one->want + row->to);

		if (row->kind != kind || (row->types && !(row->types & BIT(one->rec.why))))
			continue;
		if (row->rule == TEXT || (row->rule == OPT_TEXT && read[row->where][0]))
			*to = read[row->where];
	}
	if (most == 3)
		draw_told(one, read);
}

static void draw_cases(struct made *one)
{
	struct weft_rec_case cases[CASES_MAX] = {{0}};

	one->want.cases = one->cases;
	one->rec.n = (int32_t)below(CASES_MAX + 1);
	for (int i = 0; i < one->rec.n; i++) {
		struct weft_case *read = &one->cases[one->want.ncases];

		cases[i].on = below(4) ? (uint64_t)between(1, WEFT_TIME_MAX) : 0;
		cases[i].dir = (uint32_t)below(2);
		*read = (struct weft_case){
			cases[i].on, cases[i].dir ? WEFT_DIR_SEND : WEFT_DIR_RECV};
		one->want.ncases += cases[i].on != 0; /* a nil channel's is left out */
	}
	one->bytes = (size_t)one->rec.n * sizeof(cases[0]);
	memcpy(one->payload, cases, one->bytes);
}

/* Frames of which something is known. */
static void draw_stack(struct made *one)
{
	struct stack *stack = &stacks[++nstacks];

	*stack = (struct stack){.last = 0};
	one->tail.a = one->stack = nstacks;
	one->want.stack = (uint64_t)nstacks;
	one->rec.n = (int32_t)(1 + below(FRAMES_MAX));
	for (int i = 0; i < one->rec.n; i++) {
		uint64_t pc = 1 + below(PLACES);

		memcpy(one->payload + 8 * i, &pc, 8);
		if (!places[pc - 1].known)
			continue;
		one->ids[one->want.nids++] = pc; /* for now: compare_stack */
		stack->written = true;
		if (i == 0) {
			expect_place(one, &places[pc - 1]);
			stack->first = one->at;
		}
	}
	one->bytes = (size_t)one->rec.n * 8;
	one->want.ids = one->ids;
	one->at.known = false;
}

static void draw_steal(struct made *one)
{
	one->tail.a = (int64_t)below(FRAMES_MAX + 1);
	for (int64_t i = 0; i < one->tail.a; i++)
		one->ids[i] = (uint64_t)between(1, WEFT_TIME_MAX);
	one->bytes = (size_t)one->tail.a * 8;
	memcpy(one->payload, one->ids, one->bytes);
	one->want.ids = one->ids;
	one->want.nids = (uint32_t)one->tail.a;
}

static void draw_sent(struct made *one)
{
	int channel = 1 + (int)below(CHANNELS);

	one->rec.on = one->want.on = (uint64_t)channel;
	if (below(2)) {
		one->rec.flags |= WEFT_REC_BY;
		one->tail.c = (int64_t)(one->want.by = below(2) ? (uint64_t)between(1, 9) : 0);
	} else {
		one->tail.c = one->want.len = between(-1, WEFT_TIME_MAX);
	}
	if (!below(8))
		return;
	one->sent = (struct element){.class = kinds_of_element[channel - 1][0],
		.size = (size_t)kinds_of_element[channel - 1][1],
		.type = elements[channel]};
	random_element(&one->sent);
	one->rec.flags |= WEFT_REC_VALUE;
	one->rec.flags |= one->sent.null ? WEFT_REC_NULL : 0;
	one->tail.d = one->sent.len;
	if (one->sent.class != WEFT_CLASS_CSTR && one->sent.size <= 8)
		memcpy(&one->tail.d, one->sent.data, 8);
	else
		one->bytes = one->sent.len < WEFT_STR_MAX ? one->sent.len : WEFT_STR_MAX;
	memcpy(one->payload, one->sent.data, one->bytes);
	one->want.has_value = true;
}

/* What no row can say. */
static void draw_others(struct made *one)
{
	double value = random_double();

	switch (one->rec.kind) {
	case WEFT_EV_STACK:
		draw_stack(one);
		break;
	case WEFT_EV_STEAL:
		draw_steal(one);
		break;
	case WEFT_EV_SEND:
		draw_sent(one);
		break;
	case WEFT_EV_NAME:
		if (below(2))
			one->rec.on = one->want.on = (uint64_t)between(PAST_OBJECTS, WEFT_TIME_MAX);
		if (!one->rec.on || below(2))
			one->rec.co = (uint64_t)between(1, WEFT_TIME_MAX);
		one->want.co = one->rec.on ? 0 : one->rec.co;
		break;
	case WEFT_EV_BLOCK:
		if (one->rec.why == WEFT_WHY_SELECT)
			draw_cases(one);
		break;
	case WEFT_EV_RECV:
		one->want.ok = one->want.msg;
		if (one->want.ok && below(2))
			one->tail.b = (int64_t)(one->want.from = (uint64_t)between(1, 9));
		break;
	case WEFT_EV_JOIN:
		one->rec.n = (int32_t)between(INT32_MIN, INT32_MAX);
		one->sent = (struct element){.class = WEFT_CLASS_INT, .size = 4, .type = ""};
		memcpy(one->sent.data, &one->rec.n, 4);
		one->want.has_value = true;
		break;
	case WEFT_EV_COUNT:
		one->sent = (struct element){.class = WEFT_CLASS_FLOAT, .size = 8, .type = ""};
		memcpy(one->sent.data, &value, 8);
		memcpy(&one->tail.d, &value, 8);
		one->want.has_value = true;
		break;
	case WEFT_EV_ACQUIRE:
		if (!below(4)) {
			one->rec.flags |= WEFT_REC_FAILED;
			one->want.ok = false;
		}
		/* fall through */
	case WEFT_EV_RELEASE:
		one->rec.on = one->want.on = CHANNELS + 1 + below(LOCKS);
		one->rec.co = one->want.co = 1 + below(4); /* often the same ones */
	}
}

/* What makes a record of it that no worker of the program's is in. */
static void draw_worker(struct made *one)
{
	const struct weft_field *field;
	bool needed = false;
	unsigned kind;

	for (field = weft_fields(weft_ev_word(one->rec.kind), &kind); field->name; field++)
		needed |= strcmp(field->name, "w") == 0 && field->required;
	if (!needed && one->rec.kind != WEFT_EV_SPAWN && !below(4))
		one->rec.flags |= WEFT_REC_SYS;
	one->want.w = one->worker;
	if (one->rec.flags & WEFT_REC_SYS || one->rec.kind == WEFT_EV_NAME)
		one->want.w = -1;
	if (!one->rec.co && (one->rec.kind == WEFT_EV_UNBLOCK || one->rec.kind == WEFT_EV_CANCEL ||
				    one->rec.kind == WEFT_EV_TIMER))
		one->want.w = -1;
	if (one->rec.kind == WEFT_EV_STACK)
		one->want.w = -1;
}

#endif
