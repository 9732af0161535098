/* SPDX-License-Identifier: MIT
 *
 * The table of test_roundtrip.c: where a field of each kind stands in a binary record, what may
 * stand there, and where it is in a decoded one. What no row can say is in draw_others
 * (roundtrip_draw.h). A new kind, or a new field of one, needs a row here.
 */
#ifndef WEFT_TESTS_ROUNDTRIP_ROWS_H
#define WEFT_TESTS_ROUNDTRIP_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "tracer/event.h"
#include "tracer/trace/record.h"

/* What may stand there, and what it means. */
enum rule {
	ID,	   /* from 1 */
	OPT_ID,	   /* 0: not there */
	COUNT,	   /* from 0 */
	OPT_COUNT, /* negative: not there */
	SOME,	   /* a count; 0: not there */
	INT,
	WORD,	  /* the index of one, from `least` and below `most` */
	DEADLINE, /* the clock's; 0: not there */
	STAMP,
	PICK,
	FLAG,	     /* of `flags`: `least` */
	TEXT,	     /* the payload's string of the number `where` */
	OPT_TEXT,    /* "": not there */
	PC,	     /* the place of the call, or its stack */
	PC_OF_STACK, /* the stack, or nothing */
};

enum where { CO, ON, WHY, N, A, B, C, D, FLAGS, FIRST = 0 };

struct row {
	uint8_t kind, where, rule, least, most;
	uint32_t types;	 /* only with one of these in `why`; 0: always */
	size_t to, size; /* in struct weft_record */
	size_t has;
	const char *raw; /* the reader does not keep it: its name in the file */
};

#define TO(m) offsetof(struct weft_record, m), sizeof(((struct weft_record *)0)->m)
#define ROW(kind, where, rule, m)                                    \
	{                                                            \
		WEFT_EV_##kind, where, rule, 0, 0, 0, TO(m), 0, NULL \
	}
#define HAS(kind, where, rule, m, has)                                                          \
	{                                                                                       \
		WEFT_EV_##kind, where, rule, 0, 0, 0, TO(m), offsetof(struct weft_record, has), \
			NULL                                                                    \
	}
#define WORDS(kind, where, m, least, most)                                  \
	{                                                                   \
		WEFT_EV_##kind, where, WORD, least, most, 0, TO(m), 0, NULL \
	}
#define OF(kind, types, where, rule, m)                                  \
	{                                                                \
		WEFT_EV_##kind, where, rule, 0, 0, types, TO(m), 0, NULL \
	}
#define FLAG_OF(kind, flag, m)                                          \
	{                                                               \
		WEFT_EV_##kind, FLAGS, FLAG, flag, 0, 0, TO(m), 0, NULL \
	}
#define RAW(kind, types, where, rule, name)                             \
	{                                                               \
		WEFT_EV_##kind, where, rule, 0, 0, types, 0, 0, 0, name \
	}
#define AT(kind, where)                                           \
	{                                                         \
		WEFT_EV_##kind, where, PC, 0, 0, 0, 0, 0, 0, NULL \
	}
#define BIT(c) (UINT32_C(1) << (c))
#define CHANS BIT(WEFT_OBJ_CHAN)

static const struct row rows[] = {
	ROW(SPAWN, CO, OPT_ID, co),
	ROW(SPAWN, ON, ID, new_),
	FLAG_OF(SPAWN, WEFT_REC_SYS, sys),
	FLAG_OF(SPAWN, WEFT_REC_PRE, pre),
	RAW(SPAWN, 0, A, SOME, "stack_bytes"),
	OF(SPAWN, 0, C, PC_OF_STACK, stack),
	ROW(SPAWN, FIRST, OPT_TEXT, name),
	ROW(SPAWN, 1, OPT_TEXT, fn),
	/* `why` first: on it depends what the others are */
	WORDS(MAKE, WHY, type, 0, WEFT_OBJ_COUNT),
	ROW(MAKE, CO, OPT_ID, co),
	ROW(MAKE, ON, ID, on),
	FLAG_OF(MAKE, WEFT_REC_PRE, pre),
	OF(MAKE, CHANS, A, COUNT, cap),
	OF(MAKE, CHANS, B, COUNT, size),
	OF(MAKE, CHANS, D, PC_OF_STACK, stack),
	OF(MAKE, ~CHANS, C, PC, at),
	OF(MAKE, CHANS, 1, OPT_TEXT, elem),
	OF(MAKE, BIT(WEFT_OBJ_SEMAPHORE) | BIT(WEFT_OBJ_WAITGROUP), D, COUNT, n),
	RAW(MAKE, BIT(WEFT_OBJ_IO), D, COUNT, "fd"),
	ROW(MAKE, FIRST, OPT_TEXT, name),
	ROW(FREE, CO, OPT_ID, co),
	ROW(FREE, ON, ID, on),
	ROW(NAME, FIRST, TEXT, name),
	ROW(RUN, CO, ID, co),
	ROW(RUN, N, OPT_COUNT, cpu),
	ROW(YIELD, CO, ID, co),
	WORDS(YIELD, WHY, why, 0, WEFT_YIELD_COUNT),
	ROW(BLOCK, CO, ID, co),
	ROW(BLOCK, ON, OPT_ID, on),
	WORDS(BLOCK, WHY, why, WEFT_WHY_SEND, WEFT_WHY_CLOSE),
	ROW(BLOCK, A, DEADLINE, until),
	ROW(BLOCK, B, OPT_ID, of),
	AT(BLOCK, C),
	ROW(SLEEP, CO, ID, co),
	ROW(SLEEP, A, DEADLINE, until),
	AT(SLEEP, C),
	ROW(UNBLOCK, CO, OPT_ID, co),
	ROW(UNBLOCK, ON, OPT_ID, on),
	ROW(UNBLOCK, A, ID, to),
	ROW(UNBLOCK, B, OPT_ID, msg),
	WORDS(UNBLOCK, WHY, why, 0, WEFT_WHY_COUNT),
	ROW(EXIT, CO, ID, co),
	HAS(EXIT, N, INT, code, has_code),
	WORDS(EXIT, WHY, why, 0, WEFT_EXIT_COUNT),
	ROW(JOIN, CO, ID, co),
	ROW(JOIN, A, ID, of),
	AT(JOIN, C), /* n: the value */
	ROW(SEND, CO, ID, co),
	WORDS(SEND, WHY, via, 0, WEFT_VIA_COUNT),
	ROW(SEND, A, ID, msg),
	ROW(SEND, N, OPT_COUNT, index_case),
	AT(SEND, B), /* c: see add_others */
	ROW(RECV, CO, ID, co),
	ROW(RECV, ON, ID, on),
	ROW(RECV, N, OPT_COUNT, index_case),
	ROW(RECV, A, OPT_ID, msg),
	ROW(RECV, C, OPT_COUNT, len),
	AT(RECV, D),
	ROW(UNSEND, CO, OPT_ID, co),
	ROW(UNSEND, A, ID, msg),
	WORDS(UNSEND, WHY, why, WEFT_UNSEND_CLOSED, WEFT_UNSEND_COUNT),
	ROW(CLOSE, CO, OPT_ID, co),
	ROW(CLOSE, ON, ID, on),
	ROW(CLOSE, N, OPT_COUNT, woke),
	AT(CLOSE, C),
	ROW(SELECT, CO, ID, co),
	ROW(SELECT, N, PICK, pick),
	ROW(SELECT, A, COUNT, n),
	AT(SELECT, C),
	ROW(ADD, CO, ID, co),
	ROW(ADD, ON, ID, on),
	ROW(ADD, N, INT, delta),
	HAS(ADD, A, INT, number, has_number),
	AT(ADD, C),
	WORDS(WORKER, WHY, op, 0, WEFT_WORKER_OP_COUNT),
	RAW(WORKER, 0, A, SOME, "tid"),
	OF(WORKER, BIT(WEFT_WORKER_START), N, OPT_COUNT, cpu),
	ROW(STEAL, N, COUNT, from_w),
	ROW(CANCEL, CO, OPT_ID, co),
	ROW(CANCEL, A, ID, to),
	AT(CANCEL, C),
	ROW(CANCEL, FIRST, OPT_TEXT, text),
	ROW(ACQUIRE, CO, ID, co),
	WORDS(ACQUIRE, WHY, mode, 0, WEFT_MODE_COUNT),
	ROW(ACQUIRE, A, SOME, n),
	AT(ACQUIRE, C),
	ROW(RELEASE, CO, ID, co),
	WORDS(RELEASE, WHY, mode, 0, WEFT_MODE_COUNT),
	ROW(RELEASE, A, SOME, n),
	AT(RELEASE, C),
	ROW(SIGNAL, CO, ID, co),
	ROW(SIGNAL, ON, ID, on),
	ROW(SIGNAL, N, COUNT, n),
	WORDS(SIGNAL, WHY, all, 0, 2),
	AT(SIGNAL, C),
	ROW(TIMER, CO, OPT_ID, co),
	ROW(TIMER, ON, ID, on),
	WORDS(TIMER, WHY, op, 0, WEFT_TIMER_OP_COUNT),
	ROW(TIMER, A, DEADLINE, when),
	ROW(TIMER, B, SOME, every),
	AT(TIMER, C),
	ROW(LOG, CO, OPT_ID, co),
	WORDS(LOG, WHY, level, 0, WEFT_LEVEL_COUNT),
	AT(LOG, C),
	ROW(LOG, FIRST, TEXT, text),
	ROW(NOTE, CO, OPT_ID, co),
	AT(NOTE, C),
	ROW(NOTE, FIRST, TEXT, name),
	ROW(BEGIN, CO, ID, co),
	ROW(BEGIN, A, OPT_ID, task),
	AT(BEGIN, C),
	ROW(BEGIN, FIRST, TEXT, name),
	ROW(END, CO, ID, co),
	AT(END, C),
	ROW(END, FIRST, TEXT, name),
	ROW(TASK, CO, OPT_ID, co),
	WORDS(TASK, WHY, op, 0, WEFT_TASK_OP_COUNT),
	ROW(TASK, A, ID, id),
	ROW(TASK, B, OPT_ID, parent),
	AT(TASK, C),
	ROW(TASK, FIRST, OPT_TEXT, name),
	ROW(COUNT, CO, OPT_ID, co),
	AT(COUNT, C),
	ROW(COUNT, FIRST, TEXT, name), /* d: the value */
	ROW(STATE, CO, ID, co),
	ROW(STATE, ON, OPT_ID, on),
	WORDS(STATE, WHY, why, 0, WEFT_WHY_CLOSE),
	WORDS(STATE, N, state, WEFT_STATE_READY, WEFT_STATE_COUNT),
	ROW(DROP, A, COUNT, n),
	ROW(DROP, B, STAMP, since),
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

#endif
