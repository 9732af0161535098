/* SPDX-License-Identifier: MIT
 *
 * One function for each kind of record. See kinds.h; what the fields of a binary record mean is a
 * table in tracer/event.h. Records come from a program that may be broken: no count is believed
 * beyond the payload, no word beyond its list.
 */
#include "tracer/record/kinds.h"

#include <string.h>

#include "tracer/record/real.h"
#include "tracer/record/value.h"

#define WORD_ROOM 16

/* With its quotes; copied whole, and what is too much is written over. */
struct word {
	char text[WORD_ROOM];
	size_t len; /* 0: no word */
};

#define X(c, word) {"\"" word "\"", sizeof(word) > 1 ? sizeof(word) + 1 : 0},
static const struct word why_words[] = {WEFT_WHY_LIST(X)};
static const struct word obj_words[] = {WEFT_OBJ_LIST(X)};
static const struct word via_words[] = {WEFT_VIA_LIST(X)};
static const struct word yield_words[] = {WEFT_YIELD_WHY_LIST(X)};
static const struct word exit_words[] = {WEFT_EXIT_WHY_LIST(X)};
static const struct word unsend_words[] = {WEFT_UNSEND_WHY_LIST(X)};
static const struct word worker_words[] = {WEFT_WORKER_OP_LIST(X)};
static const struct word state_words[] = {WEFT_STATE_LIST(X)};
static const struct word mode_words[] = {WEFT_MODE_LIST(X)};
static const struct word timer_words[] = {WEFT_TIMER_OP_LIST(X)};
static const struct word task_words[] = {WEFT_TASK_OP_LIST(X)};
static const struct word level_words[] = {WEFT_LEVEL_LIST(X)};
#undef X

#define COUNT(list) (sizeof(list) / sizeof(*(list)))
#define OPT_WORD(p, key, list, i) \
	((size_t)(i) < COUNT(list) && (list)[i].len ? put_word(WEFT__KEY(p, key), &(list)[i]) : (p))
#define OPT_U(p, key, v) ((v) ? weft__put_u64(WEFT__KEY(p, key), (uint64_t)(v)) : (p))
#define OPT_N(p, key, v) ((v) >= 0 ? weft__put_i64(WEFT__KEY(p, key), v) : (p))

static char *put_word(char *p, const struct word *word)
{
	memcpy(p, word->text, WORD_ROOM);
	return p + word->len;
}

/* As many as a number in a file can say. */
static char *put_count(char *p, int64_t n)
{
	return weft__put_i64(p, n < WEFT_TIME_MAX ? n : WEFT_TIME_MAX);
}

static char *opt_until(char *p, const struct weft__input *in, int64_t until)
{
	return until ? weft__put_time(WEFT__KEY(p, "until"), in->lines, until) : p;
}

/* What has no name is called by the place where it was made: `file.c:12`. */
static char *put_object_name(char *p, const struct weft__input *in)
{
	const char *file = in->text[3].s, *slash;
	size_t n = in->text[3].n;

	if (in->text[0].n)
		return weft__put_text(WEFT__KEY(p, "name"), in, 0);
	if (!n)
		return p;
	slash = memrchr(file, '/', n);
	if (slash) {
		n -= (size_t)(slash + 1 - file);
		file = slash + 1;
	}
	p = weft__put_string(WEFT__KEY(p, "name"), file, n);
	p[-1] = ':';
	p = weft__put_i64(p, in->rec->n);
	*p++ = '"';
	return p;
}

static char *line_make(char *p, const struct weft__input *in)
{
	unsigned type = in->rec->why;

	p = weft__put_u64(WEFT__KEY(p, "on"), in->rec->on);
	p = put_word(
		WEFT__KEY(p, "type"), &obj_words[type < COUNT(obj_words) ? type : WEFT_OBJ_OTHER]);
	p = put_object_name(p, in);
	if (type == WEFT_OBJ_CHAN) {
		p = weft__put_i64(WEFT__KEY(p, "cap"), in->tail.a);
		if (in->text[1].n)
			p = weft__put_text(WEFT__KEY(p, "elem"), in, 1);
		p = weft__put_i64(WEFT__KEY(p, "size"), in->tail.b);
	}
	if (type == WEFT_OBJ_SEMAPHORE || type == WEFT_OBJ_WAITGROUP)
		p = put_count(WEFT__KEY(p, "n"), (int64_t)in->tail.d);
	if (type == WEFT_OBJ_IO)
		p = weft__put_u64(WEFT__KEY(p, "fd"), in->tail.d);
	return in->rec->flags & WEFT_REC_PRE ? WEFT__PUT(p, ",\"pre\":true") : p;
}

static char *line_spawn(char *p, const struct weft__input *in)
{
	p = weft__put_u64(WEFT__KEY(p, "new"), in->rec->on);
	if (in->text[0].n || in->text[1].n)
		p = weft__put_text(WEFT__KEY(p, "name"), in, in->text[0].n ? 0 : 1);
	if (in->text[1].n)
		p = weft__put_text(WEFT__KEY(p, "fn"), in, 1);
	if (in->rec->flags & WEFT_REC_SYS)
		p = WEFT__PUT(p, ",\"sys\":true");
	if (in->rec->flags & WEFT_REC_PRE)
		p = WEFT__PUT(p, ",\"pre\":true");
	return OPT_U(p, "stack_bytes", in->tail.a);
}

static char *line_free(char *p, const struct weft__input *in)
{
	return weft__put_u64(WEFT__KEY(p, "on"), in->rec->on);
}

static char *line_name(char *p, const struct weft__input *in)
{
	if (in->rec->on)
		p = weft__put_u64(WEFT__KEY(p, "on"), in->rec->on);
	return weft__put_text(WEFT__KEY(p, "name"), in, 0);
}

static char *line_run(char *p, const struct weft__input *in)
{
	return OPT_N(p, "cpu", in->rec->n);
}

static char *line_yield(char *p, const struct weft__input *in)
{
	return OPT_WORD(p, "why", yield_words, in->rec->why);
}

static char *put_cases(char *p, const struct weft__input *in)
{
	size_t n = in->rec->n > 0 ? (size_t)in->rec->n : 0;
	const char *sep = "";

	if (n > in->room / sizeof(struct weft_rec_case))
		n = in->room / sizeof(struct weft_rec_case);
	p = WEFT__PUT(WEFT__KEY(p, "cases"), "[");
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

static char *line_block(char *p, const struct weft__input *in)
{
	unsigned why = in->rec->why;

	/* Words that only an unblock may use, and no word at all. */
	if (why == WEFT_WHY_NONE || why >= WEFT_WHY_CLOSE)
		why = WEFT_WHY_OTHER;
	p = put_word(WEFT__KEY(p, "why"), &why_words[why]);
	p = OPT_U(p, "on", in->rec->on);
	if (why == WEFT_WHY_SELECT)
		p = put_cases(p, in);
	p = opt_until(p, in, in->tail.a);
	return OPT_U(p, "of", in->tail.b);
}

static char *line_sleep(char *p, const struct weft__input *in)
{
	return opt_until(p, in, in->tail.a);
}

static char *line_unblock(char *p, const struct weft__input *in)
{
	p = weft__put_i64(WEFT__KEY(p, "to"), in->tail.a);
	p = OPT_U(p, "on", in->rec->on);
	p = OPT_U(p, "msg", in->tail.b);
	return OPT_WORD(p, "why", why_words, in->rec->why);
}

static char *line_exit(char *p, const struct weft__input *in)
{
	p = weft__put_i64(WEFT__KEY(p, "code"), in->rec->n);
	return OPT_WORD(p, "why", exit_words, in->rec->why);
}

static char *line_join(char *p, const struct weft__input *in)
{
	p = weft__put_i64(WEFT__KEY(p, "of"), in->tail.a);
	return weft__put_i64(WEFT__KEY(p, "value"), in->rec->n);
}

static char *put_sent(char *p, const struct weft__input *in)
{
	const struct weft__object *chan = weft__objects_find(&in->lines->objects, in->rec->on);
	struct weft__raw raw = {
		.d = in->tail.d, .data = in->payload, .room = in->room, .flags = in->rec->flags};
	size_t most = in->lines->value_bytes;

	if (!chan || !(in->rec->flags & WEFT_REC_VALUE))
		return p;
	if (raw.room > most) /* what lies behind is padding */
		raw.room = most;
	return weft__put_value(WEFT__KEY(p, "value"), &chan->elem, &raw);
}

static char *line_send(char *p, const struct weft__input *in)
{
	p = weft__put_u64(WEFT__KEY(p, "on"), in->rec->on);
	p = weft__put_i64(WEFT__KEY(p, "msg"), in->tail.a);
	p = put_sent(p, in);
	p = OPT_WORD(p, "via", via_words, in->rec->why);
	if (in->rec->flags & WEFT_REC_BY)
		p = OPT_U(p, "by", in->tail.c);
	p = OPT_N(p, "case", in->rec->n);
	return in->rec->flags & WEFT_REC_BY ? p : OPT_N(p, "len", in->tail.c);
}

static char *line_recv(char *p, const struct weft__input *in)
{
	p = weft__put_u64(WEFT__KEY(p, "on"), in->rec->on);
	if (in->tail.a) {
		p = weft__put_i64(WEFT__KEY(p, "msg"), in->tail.a);
		p = OPT_U(p, "from", in->tail.b);
	} else {
		p = WEFT__PUT(p, ",\"ok\":false");
	}
	p = OPT_N(p, "case", in->rec->n);
	return OPT_N(p, "len", in->tail.c);
}

static char *line_unsend(char *p, const struct weft__input *in)
{
	unsigned why = in->rec->why;

	if (why == WEFT_UNSEND_NONE || why >= COUNT(unsend_words))
		why = WEFT_UNSEND_FREE;
	p = weft__put_i64(WEFT__KEY(p, "msg"), in->tail.a);
	return put_word(WEFT__KEY(p, "why"), &unsend_words[why]);
}

static char *line_close(char *p, const struct weft__input *in)
{
	p = weft__put_u64(WEFT__KEY(p, "on"), in->rec->on);
	return OPT_N(p, "woke", in->rec->n);
}

static char *line_select(char *p, const struct weft__input *in)
{
	p = WEFT__KEY(p, "pick");
	if (in->rec->n >= 0)
		p = weft__put_i64(p, in->rec->n);
	else if (in->rec->n == WEFT_PICK_TIMEOUT)
		p = WEFT__PUT(p, "\"timeout\"");
	else if (in->rec->n == WEFT_PICK_CANCEL)
		p = WEFT__PUT(p, "\"cancel\"");
	else
		p = WEFT__PUT(p, "\"default\"");
	return weft__put_i64(WEFT__KEY(p, "n"), in->tail.a);
}

static char *line_add(char *p, const struct weft__input *in)
{
	p = weft__put_u64(WEFT__KEY(p, "on"), in->rec->on);
	p = weft__put_i64(WEFT__KEY(p, "delta"), in->rec->n);
	return weft__put_i64(WEFT__KEY(p, "value"), in->tail.a);
}

static char *line_worker(char *p, const struct weft__input *in)
{
	unsigned op = in->rec->why < COUNT(worker_words) ? in->rec->why : WEFT_WORKER_STOP;

	p = put_word(WEFT__KEY(p, "op"), &worker_words[op]);
	p = OPT_U(p, "tid", in->tail.a);
	return op == WEFT_WORKER_START ? OPT_N(p, "cpu", in->rec->n) : p;
}

static char *line_steal(char *p, const struct weft__input *in)
{
	size_t n = in->tail.a > 0 ? (size_t)in->tail.a : 0;

	if (n > in->room / sizeof(uint64_t))
		n = in->room / sizeof(uint64_t);
	p = weft__put_i64(WEFT__KEY(p, "from"), in->rec->n);
	p = WEFT__PUT(WEFT__KEY(p, "cos"), "[");
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

static char *line_cancel(char *p, const struct weft__input *in)
{
	p = weft__put_i64(WEFT__KEY(p, "to"), in->tail.a);
	return in->text[0].n ? weft__put_text(WEFT__KEY(p, "why"), in, 0) : p;
}

/* What acquire and release have in common. */
static char *put_lock(char *p, const struct weft__input *in)
{
	p = weft__put_u64(WEFT__KEY(p, "on"), in->rec->on);
	p = OPT_WORD(p, "mode", mode_words, in->rec->why);
	return in->tail.a ? put_count(WEFT__KEY(p, "n"), in->tail.a) : p;
}

static char *line_acquire(char *p, const struct weft__input *in)
{
	struct weft__object *lock = weft__objects_find(&in->lines->objects, in->rec->on);

	p = put_lock(p, in);
	if (in->rec->flags & WEFT_REC_FAILED)
		return WEFT__PUT(p, ",\"ok\":false");
	if (!lock)
		return p;
	p = OPT_U(p, "from", lock->last);
	lock->holder = in->rec->why == WEFT_MODE_READ ? 0 : in->rec->co;
	return p;
}

/* Any coroutine may unlock a mutex, so the file says whose it was. */
static char *line_release(char *p, const struct weft__input *in)
{
	struct weft__object *lock = weft__objects_find(&in->lines->objects, in->rec->on);

	p = put_lock(p, in);
	if (!lock)
		return p;
	if (lock->holder && lock->holder != in->rec->co)
		p = weft__put_u64(WEFT__KEY(p, "from"), lock->holder);
	lock->last = lock->holder ? lock->holder : in->rec->co;
	lock->holder = 0;
	return p;
}

static char *line_signal(char *p, const struct weft__input *in)
{
	p = weft__put_u64(WEFT__KEY(p, "on"), in->rec->on);
	p = weft__put_i64(WEFT__KEY(p, "n"), in->rec->n);
	return in->rec->why ? WEFT__PUT(p, ",\"all\":true") : p;
}

static char *line_timer(char *p, const struct weft__input *in)
{
	unsigned op = in->rec->why < COUNT(timer_words) ? in->rec->why : WEFT_TIMER_STOP;

	p = weft__put_u64(WEFT__KEY(p, "on"), in->rec->on);
	p = put_word(WEFT__KEY(p, "op"), &timer_words[op]);
	if (in->tail.a)
		p = weft__put_time(WEFT__KEY(p, "when"), in->lines, in->tail.a);
	return OPT_U(p, "every", in->tail.b);
}

static char *line_log(char *p, const struct weft__input *in)
{
	p = weft__put_text(WEFT__KEY(p, "text"), in, 0);
	return OPT_WORD(p, "level", level_words, in->rec->why);
}

/* A note, and the end of a region. */
static char *line_mark(char *p, const struct weft__input *in)
{
	return weft__put_text(WEFT__KEY(p, "name"), in, 0);
}

static char *line_begin(char *p, const struct weft__input *in)
{
	p = weft__put_text(WEFT__KEY(p, "name"), in, 0);
	return OPT_U(p, "task", in->tail.a);
}

static char *line_task(char *p, const struct weft__input *in)
{
	unsigned op = in->rec->why < COUNT(task_words) ? in->rec->why : WEFT_TASK_END;

	p = put_word(WEFT__KEY(p, "op"), &task_words[op]);
	p = weft__put_i64(WEFT__KEY(p, "id"), in->tail.a);
	if (in->text[0].n)
		p = weft__put_text(WEFT__KEY(p, "name"), in, 0);
	return OPT_U(p, "parent", in->tail.b);
}

static char *line_count(char *p, const struct weft__input *in)
{
	double value;

	memcpy(&value, &in->tail.d, sizeof(value));
	p = weft__put_text(WEFT__KEY(p, "name"), in, 0);
	return weft__put_double(WEFT__KEY(p, "value"), value);
}

static char *line_state(char *p, const struct weft__input *in)
{
	p = OPT_WORD(p, "state", state_words, in->rec->n);
	p = OPT_WORD(p, "why", why_words, in->rec->why);
	return OPT_U(p, "on", in->rec->on);
}

static char *line_drop(char *p, const struct weft__input *in)
{
	p = weft__put_stamp(WEFT__KEY(p, "since"), in->lines, in->tail.b);
	return weft__put_i64(WEFT__KEY(p, "n"), in->tail.a);
}

weft__kind_fn *const weft__kinds[WEFT_EV_COUNT_] = {
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
	[WEFT_EV_CANCEL] = line_cancel,
	[WEFT_EV_ACQUIRE] = line_acquire,
	[WEFT_EV_RELEASE] = line_release,
	[WEFT_EV_SIGNAL] = line_signal,
	[WEFT_EV_TIMER] = line_timer,
	[WEFT_EV_LOG] = line_log,
	[WEFT_EV_NOTE] = line_mark,
	[WEFT_EV_BEGIN] = line_begin,
	[WEFT_EV_END] = line_mark,
	[WEFT_EV_TASK] = line_task,
	[WEFT_EV_COUNT] = line_count,
	[WEFT_EV_STATE] = line_state,
	[WEFT_EV_DROP] = line_drop,
};
