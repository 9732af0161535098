/* SPDX-License-Identifier: MIT
 *
 * Records one of each kind, with the fields that it may leave out once there and once not.
 * tests/record_lines.py knows the lines that must come of it.
 */
#include "tracer/record/append.h"
#include "tracer/record/record.h"

#include <string.h>
#include <time.h>

static struct weft__ring *ring;

/* As the runtime's would: some addresses are in known lines, some in functions alone. */
enum { IN_LINE = 0x1000, IN_FUNCTION = 0x2000, NOWHERE = 0x3000 };
static int asked[3];
static int is_open;

static void *open_it(void)
{
	is_open++;
	return &is_open;
}

static bool find(void *arg, uintptr_t pc, struct weft__rec_place *ret_place)
{
	asked[pc / 0x1000 - 1] += arg == &is_open;
	if (pc == IN_LINE)
		*ret_place = (struct weft__rec_place){"worker", "src/b.c", 12};
	else if (pc == IN_FUNCTION)
		*ret_place = (struct weft__rec_place){.fn = "helper"};
	return pc != NOWHERE;
}

static void close_it(void *arg)
{
	is_open -= arg == &is_open;
}

static const struct weft__rec_locator locator = {open_it, find, close_it};

/* What a record holds, as the table of event.h has it. */
struct fields {
	uint64_t co, on;
	int why, n;
	int64_t a, b, c;
	uint64_t d;
	int flags;
	const void *payload;
	size_t bytes;
};

#define TEXT(s) .payload = s, .bytes = sizeof(s)
#define ADD(kind, ...) add(WEFT_EV_##kind, &(struct fields){__VA_ARGS__})

static void add(enum weft_ev kind, const struct fields *f)
{
	unsigned units = 2 + (unsigned)((f->bytes + WEFT_REC_UNIT - 1) / WEFT_REC_UNIT);
	struct weft_rec *rec;

	weft__rec_reserve(ring, units);
	rec = weft__rec_begin(ring, kind, units, NULL, NULL);
	rec->co = f->co;
	rec->on = f->on;
	rec->why = (uint8_t)f->why;
	rec->n = f->n;
	rec->flags = (uint8_t)f->flags;
	*weft__rec_tail(rec) = (struct weft_rec_tail){f->a, f->b, f->c, f->d};
	if (f->bytes)
		memcpy(weft__rec_payload(rec), f->payload, f->bytes);
	weft__rec_end(ring, rec);
}

static void lives(void)
{
	ADD(WORKER, .why = WEFT_WORKER_START, .n = 3, .a = 4711);
	ADD(SPAWN, .on = 1, .n = 0, TEXT("main\0main\0weft_run\0"));
	ADD(RUN, .co = 1, .n = 2);
	ADD(RUN, .co = 1, .n = -1);
	ADD(SPAWN, .co = 1, .on = 2, .n = 7, .a = 65536, TEXT("\0filter\0src/a.c\0main"));
	ADD(SPAWN, .co = 1, .on = 3, .n = 7, .a = 65536, TEXT("three\0filter\0src/a.c\0main"));
	ADD(YIELD, .co = 1, .why = WEFT_YIELD_SCHED);
	ADD(YIELD, .co = 1);
	ADD(EXIT, .co = 2, .n = 3);
	ADD(EXIT, .co = 3, .n = -1, .why = WEFT_EXIT_CANCEL);
	ADD(JOIN, .co = 1, .a = 2, .n = 3);
	ADD(NAME, .co = 2, TEXT("new name"));
	ADD(NAME, .on = 1, TEXT("numbers"));
	ADD(NAME, .co = 2, .on = 1, TEXT("numbers"));
	ADD(STEAL, .n = 1, .a = 3, .payload = ((uint64_t[]){4, 5, 6}), .bytes = 24);
	ADD(LOG, .co = 1, .why = WEFT_LEVEL_ERROR, TEXT("panic: \"send\" on a closed channel"));
	ADD(CANCEL, .co = 1, .a = 2, TEXT("too late"));
	ADD(CANCEL, .a = 2, TEXT(""));
}

static void marks(void)
{
	double value = 0.1;
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	ADD(LOG, .co = 1, .why = WEFT_LEVEL_TRACE, TEXT("a\nb"));
	ADD(LOG, .co = 1, .why = 99, TEXT(""));
	ADD(NOTE, .co = 1, TEXT("here"));
	ADD(TASK, .co = 1, .why = WEFT_TASK_BEGIN, .a = 1, TEXT("order"));
	ADD(TASK, .co = 1, .why = WEFT_TASK_BEGIN, .a = 2, .b = 1, TEXT("part"));
	ADD(BEGIN, .co = 1, .a = 2, TEXT("parse"));
	ADD(BEGIN, .co = 1, TEXT("inner"));
	ADD(END, .co = 1, TEXT("inner"));
	ADD(END, .co = 1, TEXT("parse"));
	ADD(TASK, .co = 1, .why = WEFT_TASK_END, .a = 2, TEXT(""));
	ADD(COUNT, .co = 1, .d = bits, TEXT("load"));
}

static void locks(void)
{
	ADD(MAKE, .co = 1, .on = 20, .why = WEFT_OBJ_MUTEX, TEXT("m\0\0\0"));
	ADD(MAKE, .co = 1, .on = 21, .why = WEFT_OBJ_RWLOCK, .flags = WEFT_REC_PRE,
		TEXT("rw\0\0\0"));
	ADD(MAKE, .co = 1, .on = 22, .why = WEFT_OBJ_SEMAPHORE, .d = 3, TEXT("s\0\0\0"));
	ADD(MAKE, .co = 1, .on = 26, .why = WEFT_OBJ_SEMAPHORE, .d = INT64_MAX, TEXT("\0\0\0"));
	ADD(MAKE, .co = 1, .on = 23, .why = WEFT_OBJ_IO, .d = 7, TEXT("\0\0\0"));
	ADD(MAKE, .co = 1, .on = 24, .why = WEFT_OBJ_TIMER, TEXT("\0\0\0"));
	ADD(ACQUIRE, .co = 1, .on = 20);
	ADD(ACQUIRE, .co = 2, .on = 20, .flags = WEFT_REC_FAILED);
	ADD(RELEASE, .co = 1, .on = 20);
	ADD(ACQUIRE, .co = 2, .on = 20);
	ADD(RELEASE, .co = 3, .on = 20); /* another one's */
	ADD(ACQUIRE, .co = 3, .on = 20);
	ADD(ACQUIRE, .co = 1, .on = 21, .why = WEFT_MODE_READ);
	ADD(ACQUIRE, .co = 2, .on = 21, .why = WEFT_MODE_READ);
	ADD(RELEASE, .co = 1, .on = 21, .why = WEFT_MODE_READ);
	ADD(RELEASE, .co = 2, .on = 21, .why = WEFT_MODE_READ);
	ADD(ACQUIRE, .co = 3, .on = 21, .why = WEFT_MODE_WRITE);
	ADD(ACQUIRE, .co = 1, .on = 22, .a = 2);
	ADD(RELEASE, .co = 1, .on = 22, .a = 2);
	ADD(SIGNAL, .co = 1, .on = 25, .n = 1);
	ADD(SIGNAL, .co = 1, .on = 25, .n = 3, .why = 1);
	ADD(TIMER, .co = 1, .on = 24, .why = WEFT_TIMER_SET, .b = 1000);
	ADD(TIMER, .on = 24, .why = WEFT_TIMER_FIRE);
	ADD(TIMER, .co = 1, .on = 24, .why = WEFT_TIMER_STOP);
}

static void objects(void)
{
	ADD(MAKE, .co = 1, .on = 1, .why = WEFT_OBJ_CHAN, .n = 9, .a = 4, .b = 4,
		.c = WEFT_CLASS_INT, TEXT("n\0int\0main\0src/a.c"));
	ADD(MAKE, .co = 1, .on = 2, .why = WEFT_OBJ_CHAN, .n = 9, .b = 8, .c = WEFT_CLASS_CSTR,
		TEXT("\0const char *\0main\0src/a.c"));
	ADD(MAKE, .co = 1, .on = 3, .why = WEFT_OBJ_WAITGROUP, .n = 10, .d = 2,
		TEXT("all\0\0main\0src/a.c"));
	ADD(MAKE, .on = 4, .why = WEFT_OBJ_TIMER);
	ADD(ADD, .co = 1, .on = 3, .n = -1, .a = 1);
	ADD(FREE, .co = 1, .on = 3);
	ADD(FREE, .on = 4);
}

static void messages(void)
{
	char s[] = "hello, this is longer than eight bytes";

	ADD(SEND, .co = 1, .on = 1, .why = WEFT_VIA_BUFFER, .n = -1, .a = 8, .c = 1, .d = 42,
		.flags = WEFT_REC_VALUE);
	ADD(SEND, .co = 1, .on = 1, .why = WEFT_VIA_SELECT, .n = 0, .a = 16, .c = 2,
		.flags = WEFT_REC_BY, .d = 43);
	ADD(SEND, .co = 1, .on = 2, .why = WEFT_VIA_HAND, .n = -1, .a = 24, .c = -1, .d = strlen(s),
		.flags = WEFT_REC_VALUE, TEXT(s));
	ADD(SEND, .co = 1, .on = 2, .why = WEFT_VIA_WAIT, .n = -1, .a = 32, .c = -1,
		.flags = WEFT_REC_VALUE | WEFT_REC_NULL);
	ADD(RECV, .co = 2, .on = 1, .n = -1, .a = 8, .b = 1, .c = 0);
	ADD(RECV, .co = 2, .on = 2, .n = 1, .a = 24, .c = -1);
	ADD(RECV, .co = 2, .on = 2, .n = -1, .c = -1);
	ADD(UNSEND, .co = 1, .why = WEFT_UNSEND_TIMEOUT, .a = 32);
	ADD(CLOSE, .co = 1, .on = 2, .n = 3);
	ADD(SELECT, .co = 1, .n = 2, .a = 3);
	ADD(SELECT, .co = 1, .n = WEFT_PICK_DEFAULT, .a = 1);
	ADD(SELECT, .co = 1, .n = WEFT_PICK_TIMEOUT, .a = 1);
	ADD(SELECT, .co = 1, .n = WEFT_PICK_CANCEL, .a = 1);
}

static int64_t far_off(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec + 3600 * INT64_C(1000000000);
}

static void waits(void)
{
	struct weft_rec_case cases[] = {
		{.on = 1, .dir = 1}, {.on = 0, .dir = 0}, {.on = 2, .dir = 0}};

	ADD(BLOCK, .co = 1, .why = WEFT_WHY_RECV, .on = 1);
	ADD(BLOCK, .co = 1, .why = WEFT_WHY_JOIN, .b = 2);
	ADD(BLOCK, .co = 1, .why = WEFT_WHY_SELECT, .n = 3, .a = far_off(), .payload = cases,
		.bytes = sizeof(cases));
	ADD(BLOCK, .co = 1, .why = WEFT_WHY_FOREVER);
	ADD(SLEEP, .co = 1, .a = far_off());
	ADD(UNBLOCK, .co = 2, .a = 1, .on = 1, .b = 8, .why = WEFT_WHY_RECV);
	ADD(UNBLOCK, .a = 1, .why = WEFT_WHY_TIMER);
	ADD(UNBLOCK, .co = 2, .a = 1, .on = 2, .why = WEFT_WHY_CLOSE);
	ADD(WORKER, .why = WEFT_WORKER_PARK);
	ADD(WORKER, .why = WEFT_WORKER_UNPARK);
	ADD(WORKER, .why = WEFT_WORKER_STOP);
}

/* Each kind that may have a place, with one; and what is known of it. */
static void places(void)
{
	ADD(SEND, .co = 1, .on = 1, .why = WEFT_VIA_HAND, .n = -1, .a = 40, .b = IN_LINE, .c = 3);
	ADD(RECV, .co = 1, .on = 1, .n = -1, .a = 40, .c = -1, .d = IN_FUNCTION);
	ADD(RECV, .co = 1, .on = 1, .n = -1, .c = -1, .d = IN_LINE);
	ADD(SLEEP, .co = 1, .a = far_off(), .c = NOWHERE);
	ADD(BLOCK, .co = 1, .why = WEFT_WHY_RECV, .on = 1, .c = NOWHERE);
	ADD(BLOCK, .co = 1, .why = WEFT_WHY_RECV, .on = 1, .c = IN_LINE);
	ADD(CLOSE, .co = 1, .on = 1, .n = 0, .c = IN_LINE);
	ADD(SELECT, .co = 1, .n = 0, .a = 1, .c = IN_LINE);
	ADD(JOIN, .co = 1, .a = 2, .n = 3, .c = IN_LINE);
	ADD(CANCEL, .co = 1, .a = 2, .c = IN_LINE, TEXT(""));
	ADD(ACQUIRE, .co = 1, .on = 20, .c = IN_LINE);
	ADD(RELEASE, .co = 1, .on = 20, .c = IN_FUNCTION);
	ADD(ADD, .co = 1, .on = 3, .n = 1, .a = 1, .c = IN_LINE);
	ADD(SIGNAL, .co = 1, .on = 25, .n = 1, .c = IN_LINE);
	ADD(TIMER, .co = 1, .on = 24, .why = WEFT_TIMER_STOP, .c = IN_LINE);
	ADD(LOG, .co = 1, .why = WEFT_LEVEL_INFO, .c = IN_LINE, TEXT("x"));
	ADD(NOTE, .co = 1, .c = IN_LINE, TEXT("x"));
	ADD(BEGIN, .co = 1, .c = IN_LINE, TEXT("x"));
	ADD(END, .co = 1, .c = IN_LINE, TEXT("x"));
	ADD(TASK, .co = 1, .why = WEFT_TASK_END, .a = 1, .c = IN_LINE, TEXT(""));
	ADD(COUNT, .co = 1, .c = IN_LINE, TEXT("x"));
	/* These have something else there. */
	ADD(YIELD, .co = 1, .c = IN_LINE);
	ADD(EXIT, .co = 1, .c = IN_LINE);
	ADD(DROP, .a = 1, .b = 1, .c = IN_LINE);
}

int main(int argc, char **argv)
{
	struct weft__rec_config config = {
		.argc = argc, .argv = argv, .workers = 3, .locator = &locator};

	if (weft__rec_start(&config) != 1)
		return 3;
	ring = weft__rec_ring(1);
	lives();
	objects();
	messages();
	waits();
	locks();
	marks();
	places();
	weft__rec_stop(WEFT_EOF_DEADLOCK);
	/* It was asked once about each, and is closed. */
	return asked[0] == 1 && asked[1] == 1 && asked[2] == 1 && !is_open ? 0 : 4;
}
