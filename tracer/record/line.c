/* SPDX-License-Identifier: MIT
 *
 * What all lines have in common: their head, their end, and the location that they refer to. See
 * line.h; the fields of each kind are in kinds.c.
 */
#include "tracer/record/line.h"

#include <errno.h>
#include <stdbool.h>
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

static const char *keep(const struct weft__input *in, int i)
{
	return weft__names_keep(&in->lines->names, in->text[i].s, in->text[i].n);
}

/* Numbers the location (function and file are those strings) and writes it if it is new. */
static int locate(struct weft__input *in, int fn_text, int file_text)
{
	struct weft__writer *out = in->lines->out;
	const char *fn, *file;
	bool fresh;
	char *p;

	/* From nowhere, as the first coroutine. */
	if (!in->lines->located || !in->text[file_text].n || in->rec->n <= 0)
		return 0;
	fn = keep(in, fn_text);
	file = keep(in, file_text);
	if (!fn || !file)
		return -ENOMEM;
	in->at = weft__locs_number(&in->lines->locs, fn, file, in->rec->n, &fresh);
	if (!in->at)
		return -ENOMEM;
	if (!fresh)
		return 0;
	p = WEFT__PUT(weft__writer_at(out), "{\"ev\":\"loc\",\"loc\":");
	p = weft__put_u64(p, in->at);
	p = weft__put_text(WEFT__KEY(p, "fn"), in, fn_text);
	p = weft__put_text(WEFT__KEY(p, "file"), in, file_text);
	p = weft__put_i64(WEFT__KEY(p, "line"), in->rec->n);
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
		return locate(in, 3, 2);
	case WEFT_EV_MAKE:
		split_text(in);
		if (remember(in) < 0)
			return -ENOMEM;
		return locate(in, 2, 3);
	case WEFT_EV_NAME:
	case WEFT_EV_CANCEL:
	case WEFT_EV_LOG:
	case WEFT_EV_NOTE:
	case WEFT_EV_BEGIN:
	case WEFT_EV_END:
	case WEFT_EV_TASK:
	case WEFT_EV_COUNT:
		split_text(in);
		return 0;
	default:
		return 0;
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

	memcpy(p, heads[rec->kind].text, HEAD_ROOM);
	p += heads[rec->kind].len;
	p = weft__put_stamp(p, in->lines, rec->t);
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

	if (rec->kind >= WEFT_EV_COUNT_ || !weft__kinds[rec->kind])
		return 0;
	in.lines = lines;
	in.rec = rec;
	in.worker = worker;
	in.at = 0;
	in.room = 0;
	in.payload = (const char *)(rec + rec->units);
	in.tail = rec->units > 1 ? *(const struct weft_rec_tail *)(rec + 1)
				 : (struct weft_rec_tail){0};
	if (rec->units > 2) {
		in.payload = (const char *)(rec + 2);
		in.room = ((size_t)rec->units - 2) * WEFT_REC_UNIT;
	}
	if (prepare(&in) < 0)
		return -ENOMEM;
	p = put_head(weft__writer_at(lines->out), &in);
	p = weft__kinds[rec->kind](p, &in);
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
	weft__objects_free(&lines->objects);
}
