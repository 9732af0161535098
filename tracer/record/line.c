/* SPDX-License-Identifier: MIT
 *
 * One function for each group of kinds. All write at p and return the place behind; the caller
 * has put `ev`, `t`, `w` and `co` there and closes the line. See line.h.
 */
#include "tracer/record/line.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "tracer/record/text.h"
#include "tracer/record/value.h"

#define KEY(p, key) WEFT__PUT(p, ",\"" key "\":")
#define LARGEST ((size_t)WEFT_REC_UNITS_MAX * WEFT_REC_UNIT)

struct word {
	const char *text;
	size_t len;
};

#define X(c, word) {word, sizeof(word) - 1},
static const struct word why_words[] = {WEFT_WHY_LIST(X)};
static const struct word obj_words[] = {WEFT_OBJ_LIST(X)};
static const struct word via_words[] = {WEFT_VIA_LIST(X)};
static const struct word yield_words[] = {WEFT_YIELD_WHY_LIST(X)};
static const struct word exit_words[] = {WEFT_EXIT_WHY_LIST(X)};
static const struct word unsend_words[] = {WEFT_UNSEND_WHY_LIST(X)};
static const struct word eof_words[] = {WEFT_EOF_WHY_LIST(X)};
static const struct word worker_words[] = {WEFT_WORKER_OP_LIST(X)};
#undef X
#define X(c, word) {"{\"ev\":\"" word "\",\"t\":", sizeof("{\"ev\":\"" word "\",\"t\":") - 1},
static const struct word heads[] = {WEFT_EV_LIST(X)};
#undef X

#define COUNT(list) (sizeof(list) / sizeof(*(list)))
#define OPT_WORD(p, key, list, i) \
	((size_t)(i) < COUNT(list) && (list)[i].len ? put_word(KEY(p, key), &(list)[i]) : (p))
#define OPT_U(p, key, v) ((v) ? weft__put_u64(KEY(p, key), (uint64_t)(v)) : (p))
#define OPT_N(p, key, v) ((v) >= 0 ? weft__put_i64(KEY(p, key), v) : (p))

/* A record as the functions below get it. */
struct input {
	struct weft__lines *lines;
	const struct weft_rec *rec;
	struct weft_rec_tail tail; /* zeros if the record has none */
	const char *payload;
	size_t room;
	int worker;
	uint32_t at; /* the number of its location, or 0 */
	struct {
		const char *s;
		size_t n;
	} text[4]; /* the payload's strings, in kinds that have some */
};

static char *put_word(char *p, const struct word *word)
{
	*p++ = '"';
	p = mempcpy(p, word->text, word->len);
	*p++ = '"';
	return p;
}

static char *put_time(char *p, const struct input *in, int64_t t)
{
	t -= in->lines->t0;
	if (t < 0)
		t = 0;
	return weft__put_i64(p, t < WEFT_TIME_MAX ? t : WEFT_TIME_MAX);
}

static char *opt_until(char *p, const struct input *in, int64_t until)
{
	return until ? put_time(KEY(p, "until"), in, until) : p;
}

/* The payload's strings, one behind the other; what lies behind its end is empty. */
static void split_text(struct input *in)
{
	const char *s = in->payload, *end = in->payload + in->room;

	for (size_t i = 0; i < COUNT(in->text); i++) {
		in->text[i].s = s;
		in->text[i].n = strnlen(s, (size_t)(end - s));
		s += in->text[i].n;
		s += s < end;
	}
}

static char *put_text(char *p, const struct input *in, int i)
{
	return weft__put_string(p, in->text[i].s, in->text[i].n);
}

static const char *keep(const struct input *in, int i)
{
	return weft__names_keep(&in->lines->names, in->text[i].s, in->text[i].n);
}

/* Numbers the location (function and file are those strings) and writes it if it is new. */
static int locate(struct input *in, int fn_text, int file_text)
{
	struct weft__writer *out = in->lines->out;
	const char *fn, *file;
	bool fresh;
	char *p;

	if (!in->text[file_text].n)
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
	p = put_text(KEY(p, "fn"), in, fn_text);
	p = put_text(KEY(p, "file"), in, file_text);
	if (in->rec->n > 0)
		p = OPT_N(p, "line", in->rec->n);
	weft__writer_to(out, WEFT__PUT(p, "},\n"));
	out->records++;
	return 0;
}

/* Remembers what a new channel carries. */
static int remember(struct input *in)
{
	struct weft__elem elem = {
		.size = (uint32_t)in->tail.b,
		.class = (uint8_t)in->tail.c,
	};
	char quoted[LARGEST * 6 + 2];

	if (in->text[1].n) {
		char *end = put_text(quoted, in, 1);

		elem.type_len = (uint32_t)(end - quoted);
		elem.type = weft__names_keep(&in->lines->names, quoted, elem.type_len);
		if (!elem.type)
			return -ENOMEM;
	}
	return weft__objects_add(&in->lines->objects, in->rec->on, &elem);
}

/* What has no name is called by the place where it was made: `file.c:12`. */
static char *put_object_name(char *p, const struct input *in)
{
	const char *file = in->text[3].s, *slash;
	size_t n = in->text[3].n;

	if (in->text[0].n)
		return put_text(KEY(p, "name"), in, 0);
	if (!n)
		return p;
	slash = memrchr(file, '/', n);
	if (slash) {
		n -= (size_t)(slash + 1 - file);
		file = slash + 1;
	}
	p = weft__put_string(KEY(p, "name"), file, n);
	p[-1] = ':';
	p = weft__put_i64(p, in->rec->n);
	*p++ = '"';
	return p;
}

static char *line_make(char *p, const struct input *in)
{
	unsigned type = in->rec->why;

	p = weft__put_u64(KEY(p, "on"), in->rec->on);
	p = put_word(KEY(p, "type"), &obj_words[type < COUNT(obj_words) ? type : WEFT_OBJ_OTHER]);
	p = put_object_name(p, in);
	if (type == WEFT_OBJ_CHAN) {
		p = weft__put_i64(KEY(p, "cap"), in->tail.a);
		if (in->text[1].n)
			p = put_text(KEY(p, "elem"), in, 1);
		p = weft__put_i64(KEY(p, "size"), in->tail.b);
	}
	if (type == WEFT_OBJ_SEMAPHORE || type == WEFT_OBJ_WAITGROUP)
		p = weft__put_u64(KEY(p, "n"), in->tail.d);
	return OPT_U(p, "at", in->at);
}

static char *line_spawn(char *p, const struct input *in)
{
	p = weft__put_u64(KEY(p, "new"), in->rec->on);
	if (in->text[0].n || in->text[1].n)
		p = put_text(KEY(p, "name"), in, in->text[0].n ? 0 : 1);
	if (in->text[1].n)
		p = put_text(KEY(p, "fn"), in, 1);
	p = OPT_U(p, "stack_bytes", in->tail.a);
	return OPT_U(p, "at", in->at);
}

static char *line_free(char *p, const struct input *in)
{
	return weft__put_u64(KEY(p, "on"), in->rec->on);
}

static char *line_name(char *p, const struct input *in)
{
	if (in->rec->on)
		p = weft__put_u64(KEY(p, "on"), in->rec->on);
	return put_text(KEY(p, "name"), in, 0);
}

static char *line_run(char *p, const struct input *in)
{
	return OPT_N(p, "cpu", in->rec->n);
}

static char *line_yield(char *p, const struct input *in)
{
	return OPT_WORD(p, "why", yield_words, in->rec->why);
}

static char *put_cases(char *p, const struct input *in)
{
	size_t n = in->rec->n > 0 ? (size_t)in->rec->n : 0;
	const char *sep = "";

	if (n > in->room / sizeof(struct weft_rec_case))
		n = in->room / sizeof(struct weft_rec_case);
	p = WEFT__PUT(KEY(p, "cases"), "[");
	for (size_t i = 0; i < n; i++) {
		struct weft_rec_case one;

		memcpy(&one, in->payload + i * sizeof(one), sizeof(one));
		if (!one.on) /* a nil channel: nothing that a record could refer to */
			continue;
		p = mempcpy(p, sep, strlen(sep));
		p = weft__put_u64(WEFT__PUT(p, "{\"on\":"), one.on);
		p = one.dir ? WEFT__PUT(p, ",\"dir\":\"send\"}")
			    : WEFT__PUT(p, ",\"dir\":\"recv\"}");
		sep = ",";
	}
	*p++ = ']';
	return p;
}

static char *line_block(char *p, const struct input *in)
{
	unsigned why = in->rec->why;

	/* Words that only an unblock may use, and no word at all. */
	if (why == WEFT_WHY_NONE || why >= WEFT_WHY_CLOSE)
		why = WEFT_WHY_OTHER;
	p = put_word(KEY(p, "why"), &why_words[why]);
	p = OPT_U(p, "on", in->rec->on);
	if (why == WEFT_WHY_SELECT)
		p = put_cases(p, in);
	p = opt_until(p, in, in->tail.a);
	return OPT_U(p, "of", in->tail.b);
}

static char *line_sleep(char *p, const struct input *in)
{
	return opt_until(p, in, in->tail.a);
}

static char *line_unblock(char *p, const struct input *in)
{
	p = weft__put_i64(KEY(p, "to"), in->tail.a);
	p = OPT_U(p, "on", in->rec->on);
	p = OPT_U(p, "msg", in->tail.b);
	return OPT_WORD(p, "why", why_words, in->rec->why);
}

static char *line_exit(char *p, const struct input *in)
{
	p = weft__put_i64(KEY(p, "code"), in->rec->n);
	return OPT_WORD(p, "why", exit_words, in->rec->why);
}

static char *line_join(char *p, const struct input *in)
{
	p = weft__put_i64(KEY(p, "of"), in->tail.a);
	return weft__put_i64(KEY(p, "value"), in->rec->n);
}

static char *put_sent(char *p, const struct input *in)
{
	const struct weft__elem *elem = weft__objects_find(&in->lines->objects, in->rec->on);
	struct weft__raw raw = {
		.d = in->tail.d, .data = in->payload, .room = in->room, .flags = in->rec->flags};

	if (!elem || !(in->rec->flags & WEFT_REC_VALUE))
		return p;
	return weft__put_value(KEY(p, "value"), elem, &raw);
}

static char *line_send(char *p, const struct input *in)
{
	p = weft__put_u64(KEY(p, "on"), in->rec->on);
	p = weft__put_i64(KEY(p, "msg"), in->tail.a);
	p = put_sent(p, in);
	p = OPT_WORD(p, "via", via_words, in->rec->why);
	p = OPT_U(p, "by", in->tail.b);
	p = OPT_N(p, "case", in->rec->n);
	return OPT_N(p, "len", in->tail.c);
}

static char *line_recv(char *p, const struct input *in)
{
	p = weft__put_u64(KEY(p, "on"), in->rec->on);
	if (in->tail.d) {
		p = OPT_U(p, "msg", in->tail.a);
		p = OPT_U(p, "from", in->tail.b);
	} else {
		p = WEFT__PUT(p, ",\"ok\":false");
	}
	p = OPT_N(p, "case", in->rec->n);
	return OPT_N(p, "len", in->tail.c);
}

static char *line_unsend(char *p, const struct input *in)
{
	unsigned why = in->rec->why;

	if (why == WEFT_UNSEND_NONE || why >= COUNT(unsend_words))
		why = WEFT_UNSEND_FREE;
	p = weft__put_i64(KEY(p, "msg"), in->tail.a);
	return put_word(KEY(p, "why"), &unsend_words[why]);
}

static char *line_close(char *p, const struct input *in)
{
	p = weft__put_u64(KEY(p, "on"), in->rec->on);
	return OPT_N(p, "woke", in->rec->n);
}

static char *line_select(char *p, const struct input *in)
{
	p = KEY(p, "pick");
	if (in->rec->n >= 0)
		p = weft__put_i64(p, in->rec->n);
	else if (in->rec->n == WEFT_PICK_TIMEOUT)
		p = WEFT__PUT(p, "\"timeout\"");
	else if (in->rec->n == WEFT_PICK_CANCEL)
		p = WEFT__PUT(p, "\"cancel\"");
	else
		p = WEFT__PUT(p, "\"default\"");
	return weft__put_i64(KEY(p, "n"), in->tail.a);
}

static char *line_add(char *p, const struct input *in)
{
	p = weft__put_u64(KEY(p, "on"), in->rec->on);
	p = weft__put_i64(KEY(p, "delta"), in->rec->n);
	return weft__put_i64(KEY(p, "value"), in->tail.a);
}

static char *line_worker(char *p, const struct input *in)
{
	unsigned op = in->rec->why < COUNT(worker_words) ? in->rec->why : WEFT_WORKER_STOP;

	p = put_word(KEY(p, "op"), &worker_words[op]);
	p = OPT_U(p, "tid", in->tail.a);
	return op == WEFT_WORKER_START ? OPT_N(p, "cpu", in->rec->n) : p;
}

static char *line_steal(char *p, const struct input *in)
{
	size_t n = in->tail.a > 0 ? (size_t)in->tail.a : 0;

	if (n > in->room / sizeof(uint64_t))
		n = in->room / sizeof(uint64_t);
	p = weft__put_i64(KEY(p, "from"), in->rec->n);
	p = WEFT__PUT(KEY(p, "cos"), "[");
	for (size_t i = 0; i < n; i++) {
		uint64_t co;

		memcpy(&co, in->payload + i * sizeof(co), sizeof(co));
		if (i)
			*p++ = ',';
		p = weft__put_u64(p, co);
	}
	*p++ = ']';
	return p;
}

static char *line_log(char *p, const struct input *in)
{
	p = put_text(KEY(p, "text"), in, 0);
	return WEFT__PUT(p, ",\"level\":\"error\"");
}

static char *(*const kinds[WEFT_EV_COUNT_])(char *, const struct input *) = {
	[WEFT_EV_SPAWN] = line_spawn,
	[WEFT_EV_MAKE] = line_make,
	[WEFT_EV_FREE] = line_free,
	[WEFT_EV_NAME] = line_name,
	[WEFT_EV_RUN] = line_run,
	[WEFT_EV_YIELD] = line_yield,
	[WEFT_EV_BLOCK] = line_block,
	[WEFT_EV_SLEEP] = line_sleep,
	[WEFT_EV_UNBLOCK] = line_unblock,
	[WEFT_EV_EXIT] = line_exit,
	[WEFT_EV_JOIN] = line_join,
	[WEFT_EV_SEND] = line_send,
	[WEFT_EV_RECV] = line_recv,
	[WEFT_EV_UNSEND] = line_unsend,
	[WEFT_EV_CLOSE] = line_close,
	[WEFT_EV_SELECT] = line_select,
	[WEFT_EV_ADD] = line_add,
	[WEFT_EV_WORKER] = line_worker,
	[WEFT_EV_STEAL] = line_steal,
	[WEFT_EV_LOG] = line_log,
};

/* Strings, location and element of the record: what must be done before its own line begins. */
static int prepare(struct input *in)
{
	switch (in->rec->kind) {
	case WEFT_EV_SPAWN:
		split_text(in);
		return locate(in, 3, 2);
	case WEFT_EV_MAKE:
		split_text(in);
		if (in->rec->why == WEFT_OBJ_CHAN && remember(in) < 0)
			return -ENOMEM;
		return locate(in, 2, 3);
	case WEFT_EV_NAME:
	case WEFT_EV_LOG:
		split_text(in);
		return 0;
	default:
		return 0;
	}
}

/* A timer's unblock belongs to no worker, and a name is of one thing only. */
static bool has_worker(const struct weft_rec *rec)
{
	return rec->kind != WEFT_EV_NAME && (rec->kind != WEFT_EV_UNBLOCK || rec->co);
}

static char *put_head(char *p, const struct input *in)
{
	const struct weft_rec *rec = in->rec;

	p = mempcpy(p, heads[rec->kind].text, heads[rec->kind].len);
	p = put_time(p, in, rec->t);
	if (has_worker(rec))
		p = weft__put_i64(KEY(p, "w"), in->worker);
	if (rec->kind == WEFT_EV_NAME && rec->on)
		return p;
	return OPT_U(p, "co", rec->co);
}

int weft__line_record(struct weft__lines *lines, const struct weft_rec *rec, int worker)
{
	struct input in = {.lines = lines, .rec = rec, .worker = worker};
	char *p;

	if (rec->kind >= WEFT_EV_COUNT_ || !kinds[rec->kind])
		return 0;
	in.payload = (const char *)(rec + rec->units);
	if (rec->units > 1)
		memcpy(&in.tail, rec + 1, sizeof(in.tail));
	if (rec->units > 2) {
		in.payload = (const char *)(rec + 2);
		in.room = ((size_t)rec->units - 2) * WEFT_REC_UNIT;
	}
	if (prepare(&in) < 0)
		return -ENOMEM;
	p = put_head(weft__writer_at(lines->out), &in);
	p = kinds[rec->kind](p, &in);
	weft__writer_to(lines->out, WEFT__PUT(p, "},\n"));
	lines->out->records++;
	if (rec->kind == WEFT_EV_FREE)
		weft__objects_drop(&lines->objects, rec->on);
	return 0;
}

void weft__line_tick(struct weft__lines *lines, int64_t t)
{
	struct input in = {.lines = lines};
	char *p = WEFT__PUT(weft__writer_at(lines->out), "{\"ev\":\"tick\",\"t\":");

	weft__writer_to(lines->out, WEFT__PUT(put_time(p, &in, t), "},\n"));
	lines->out->records++;
}

void weft__line_eof(struct weft__lines *lines, int64_t t, enum weft_eof_why why)
{
	struct input in = {.lines = lines};
	char *p = WEFT__PUT(weft__writer_at(lines->out), "{\"ev\":\"eof\",\"t\":");

	p = put_time(p, &in, t);
	p = weft__put_u64(KEY(p, "n"), lines->out->records);
	p = OPT_WORD(p, "why", eof_words, why);
	weft__writer_to(lines->out, WEFT__PUT(p, "}\n]}\n"));
	lines->out->records++;
}

void weft__lines_free(struct weft__lines *lines)
{
	weft__names_free(&lines->names);
	weft__locs_free(&lines->locs);
	weft__objects_free(&lines->objects);
}
