/* SPDX-License-Identifier: MIT
 *
 * The vocabulary that the recorder, the reader and the viewer share: the kinds of record, the word
 * lists of their fields, and the binary record that the recorder hands to its collector.
 *
 * Every list is written once, as a macro of X(CONSTANT, "word in the file"). Numbers never reach a
 * file, so their order is free. docs/format.md says what the words mean.
 */
#ifndef WEFT_TRACER_EVENT_H
#define WEFT_TRACER_EVENT_H

#include <stdint.h>

#define WEFT_FORMAT_MAJOR 1
#define WEFT_FORMAT_MINOR 0
#define WEFT_TIME_MAX ((INT64_C(1) << 53) - 1) /* ns, and the largest plain integer of a file */
#define WEFT_LINE_MAX (1024 * 1024)	       /* bytes of a line, its end included */
#define WEFT_NEST_MAX 16		       /* levels of a record, itself included */

/* Kinds of record: the field `ev`. */
#define WEFT_EV_LIST(X)                                                                            \
	X(LOC, "loc")                                                                              \
	X(STACK, "stack")                                                                          \
	X(NAME, "name")                                                                            \
	X(MAKE, "make")                                                                            \
	X(FREE, "free")                                                                            \
	X(SPAWN, "spawn")                                                                          \
	X(STATE, "state")                                                                          \
	X(RUN, "run")                                                                              \
	X(YIELD, "yield")                                                                          \
	X(BLOCK, "block")                                                                          \
	X(SLEEP, "sleep")                                                                          \
	X(UNBLOCK, "unblock")                                                                      \
	X(EXIT, "exit")                                                                            \
	X(JOIN, "join")                                                                            \
	X(CANCEL, "cancel")                                                                        \
	X(SEND, "send")                                                                            \
	X(RECV, "recv")                                                                            \
	X(UNSEND, "unsend")                                                                        \
	X(CLOSE, "close")                                                                          \
	X(SELECT, "select")                                                                        \
	X(ACQUIRE, "acquire")                                                                      \
	X(RELEASE, "release")                                                                      \
	X(ADD, "add")                                                                              \
	X(SIGNAL, "signal")                                                                        \
	X(TIMER, "timer")                                                                          \
	X(WORKER, "worker")                                                                        \
	X(STEAL, "steal")                                                                          \
	X(LOG, "log")                                                                              \
	X(NOTE, "note")                                                                            \
	X(BEGIN, "begin")                                                                          \
	X(END, "end")                                                                              \
	X(TASK, "task")                                                                            \
	X(COUNT, "count")                                                                          \
	X(TICK, "tick")                                                                            \
	X(DROP, "drop")                                                                            \
	X(EOF, "eof")

/* Why a coroutine waits: block, state and unblock; the last three only in unblock. */
#define WEFT_WHY_LIST(X)                                                                           \
	X(NONE, "")                                                                                \
	X(SEND, "send")                                                                            \
	X(RECV, "recv")                                                                            \
	X(SELECT, "select")                                                                        \
	X(LOCK, "lock")                                                                            \
	X(RLOCK, "rlock")                                                                          \
	X(WLOCK, "wlock")                                                                          \
	X(SEMAPHORE, "semaphore")                                                                  \
	X(COND, "cond")                                                                            \
	X(WAITGROUP, "waitgroup")                                                                  \
	X(BARRIER, "barrier")                                                                      \
	X(JOIN, "join")                                                                            \
	X(IO, "io")                                                                                \
	X(SLEEP, "sleep")                                                                          \
	X(SYSCALL, "syscall")                                                                      \
	X(GC, "gc")                                                                                \
	X(FOREVER, "forever")                                                                      \
	X(SYNC, "sync")                                                                            \
	X(OTHER, "other")                                                                          \
	X(CLOSE, "close")                                                                          \
	X(TIMER, "timer")                                                                          \
	X(CANCEL, "cancel")

/* Types of object: make. */
#define WEFT_OBJ_LIST(X)                                                                           \
	X(CHAN, "chan")                                                                            \
	X(MUTEX, "mutex")                                                                          \
	X(RWLOCK, "rwlock")                                                                        \
	X(SEMAPHORE, "semaphore")                                                                  \
	X(COND, "cond")                                                                            \
	X(WAITGROUP, "waitgroup")                                                                  \
	X(BARRIER, "barrier")                                                                      \
	X(ONCE, "once")                                                                            \
	X(TIMER, "timer")                                                                          \
	X(IO, "io")                                                                                \
	X(TASK, "task")                                                                            \
	X(OTHER, "other")

/* How a message left its sender: send. */
#define WEFT_VIA_LIST(X)                                                                           \
	X(NONE, "")                                                                                \
	X(HAND, "hand")                                                                            \
	X(BUFFER, "buffer")                                                                        \
	X(WAIT, "wait")                                                                            \
	X(SELECT, "select")

#define WEFT_YIELD_WHY_LIST(X)                                                                     \
	X(NONE, "")                                                                                \
	X(SCHED, "sched")                                                                          \
	X(PREEMPT, "preempt")                                                                      \
	X(HANDOFF, "handoff")

#define WEFT_EXIT_WHY_LIST(X)                                                                      \
	X(NONE, "")                                                                                \
	X(RETURN, "return")                                                                        \
	X(EXIT, "exit")                                                                            \
	X(CANCEL, "cancel")                                                                        \
	X(CRASH, "crash")                                                                          \
	X(KILLED, "killed")

#define WEFT_UNSEND_WHY_LIST(X)                                                                    \
	X(NONE, "")                                                                                \
	X(CLOSED, "closed")                                                                        \
	X(TIMEOUT, "timeout")                                                                      \
	X(CANCEL, "cancel")                                                                        \
	X(FREE, "free")

#define WEFT_EOF_WHY_LIST(X)                                                                       \
	X(NONE, "")                                                                                \
	X(STOP, "stop")                                                                            \
	X(EXIT, "exit")                                                                            \
	X(DEADLOCK, "deadlock")                                                                    \
	X(SIGNAL, "signal")                                                                        \
	X(CRASH, "crash")

#define WEFT_WORKER_OP_LIST(X)                                                                     \
	X(START, "start")                                                                          \
	X(STOP, "stop")                                                                            \
	X(PARK, "park")                                                                            \
	X(UNPARK, "unpark")

#define WEFT_MODE_LIST(X)                                                                          \
	X(NONE, "")                                                                                \
	X(READ, "read")                                                                            \
	X(WRITE, "write")

/* What a coroutine does: the record `state`, and the model. */
#define WEFT_STATE_LIST(X)                                                                         \
	X(UNKNOWN, "") /* alive, and the trace does not say (no `sched`) */                        \
	X(READY, "ready")                                                                          \
	X(RUNNING, "running")                                                                      \
	X(BLOCKED, "blocked") /* or asleep: why sleep */

#define WEFT_TIMER_OP_LIST(X)                                                                      \
	X(SET, "set")                                                                              \
	X(FIRE, "fire")                                                                            \
	X(STOP, "stop")

#define WEFT_TASK_OP_LIST(X)                                                                       \
	X(BEGIN, "begin")                                                                          \
	X(END, "end")

#define WEFT_LEVEL_LIST(X)                                                                         \
	X(NONE, "")                                                                                \
	X(TRACE, "trace")                                                                          \
	X(DEBUG, "debug")                                                                          \
	X(INFO, "info")                                                                            \
	X(WARN, "warn")                                                                            \
	X(ERROR, "error")

/* What a header may claim to hold completely. */
#define WEFT_CAP_LIST(X)                                                                           \
	X(SCHED, "sched")                                                                          \
	X(LIFE, "life")                                                                            \
	X(MSG, "msg")                                                                              \
	X(VALUE, "value")                                                                          \
	X(WAKE, "wake")                                                                            \
	X(SYNC, "sync")                                                                            \
	X(LOC, "loc")                                                                              \
	X(STACK, "stack")                                                                          \
	X(WORKER, "worker")                                                                        \
	X(USER, "user")

/*
 * What can be asked for, or left out, in WEFT_TRACE_EVENTS; stacks only if they are named, for they
 * cost more than all the rest. Records that others refer to (spawn,
 * make, free, name) and what the runtime itself has to say (log) are in every recording.
 */
#define WEFT_EVENTS_LIST(X)                                                                        \
	X(LIFE, "life")                                                                            \
	X(SCHED, "sched")                                                                          \
	X(MSG, "msg")                                                                              \
	X(WAKE, "wake")                                                                            \
	X(SYNC, "sync")                                                                            \
	X(WORKER, "worker")                                                                        \
	X(USER, "user")                                                                            \
	X(LOC, "loc")                                                                              \
	X(STACK, "stack")

enum weft_ev {
#define X(c, word) WEFT_EV_##c,
	WEFT_EV_LIST(X)
#undef X
	WEFT_EV_COUNT_ /* how many; WEFT_EV_COUNT is the kind "count" */
};
enum weft_why {
#define X(c, word) WEFT_WHY_##c,
	WEFT_WHY_LIST(X)
#undef X
	WEFT_WHY_COUNT
};
enum weft_obj {
#define X(c, word) WEFT_OBJ_##c,
	WEFT_OBJ_LIST(X)
#undef X
	WEFT_OBJ_COUNT
};
enum weft_via {
#define X(c, word) WEFT_VIA_##c,
	WEFT_VIA_LIST(X)
#undef X
	WEFT_VIA_COUNT
};
enum weft_yield_why {
#define X(c, word) WEFT_YIELD_##c,
	WEFT_YIELD_WHY_LIST(X)
#undef X
	WEFT_YIELD_COUNT
};
enum weft_exit_why {
#define X(c, word) WEFT_EXIT_##c,
	WEFT_EXIT_WHY_LIST(X)
#undef X
	WEFT_EXIT_COUNT
};
enum weft_unsend_why {
#define X(c, word) WEFT_UNSEND_##c,
	WEFT_UNSEND_WHY_LIST(X)
#undef X
	WEFT_UNSEND_COUNT
};
enum weft_eof_why {
#define X(c, word) WEFT_EOF_##c,
	WEFT_EOF_WHY_LIST(X)
#undef X
	WEFT_EOF_COUNT
};
enum weft_worker_op {
#define X(c, word) WEFT_WORKER_##c,
	WEFT_WORKER_OP_LIST(X)
#undef X
	WEFT_WORKER_OP_COUNT
};
enum weft_lock_mode {
#define X(c, word) WEFT_MODE_##c,
	WEFT_MODE_LIST(X)
#undef X
	WEFT_MODE_COUNT
};
enum weft_state {
#define X(c, word) WEFT_STATE_##c,
	WEFT_STATE_LIST(X)
#undef X
	WEFT_STATE_COUNT
};
enum weft_timer_op {
#define X(c, word) WEFT_TIMER_##c,
	WEFT_TIMER_OP_LIST(X)
#undef X
	WEFT_TIMER_OP_COUNT
};
enum weft_task_op {
#define X(c, word) WEFT_TASK_##c,
	WEFT_TASK_OP_LIST(X)
#undef X
	WEFT_TASK_OP_COUNT
};
enum weft_log_level {
#define X(c, word) WEFT_LEVEL_##c,
	WEFT_LEVEL_LIST(X)
#undef X
	WEFT_LEVEL_COUNT
};
enum weft_cap {
#define X(c, word) WEFT_CAP_##c,
	WEFT_CAP_LIST(X)
#undef X
	WEFT_CAP_COUNT
};

enum weft_events_bit {
#define X(c, word) WEFT_EVENTS_BIT_##c,
	WEFT_EVENTS_LIST(X)
#undef X
	WEFT_EVENTS_BIT_COUNT
};
/* Sets of them; WEFT_EVENTS_BASE is what is in every recording. */
enum weft_events {
#define X(c, word) WEFT_EVENTS_##c = 1 << WEFT_EVENTS_BIT_##c,
	WEFT_EVENTS_LIST(X)
#undef X
	WEFT_EVENTS_BASE = 1 << WEFT_EVENTS_BIT_COUNT,
	WEFT_EVENTS_ALL = (WEFT_EVENTS_BASE << 1) - 1,
	WEFT_EVENTS_USUAL = WEFT_EVENTS_ALL & ~WEFT_EVENTS_STACK, /* what "all" is called there */
};

/* The `pick` of a select is an index or one of these. */
enum weft_pick {
	WEFT_PICK_DEFAULT = -1,
	WEFT_PICK_TIMEOUT = -2,
	WEFT_PICK_CANCEL = -3,
};

/* What a channel's element is, as far as a trace cares. */
enum weft_class {
	WEFT_CLASS_NONE,  /* a token: null */
	WEFT_CLASS_INT,   /* signed integer or enum, 1..16 bytes */
	WEFT_CLASS_UINT,  /* unsigned integer, 1..16 bytes */
	WEFT_CLASS_FLOAT, /* float, double, long double */
	WEFT_CLASS_BOOL,
	WEFT_CLASS_CSTR,  /* const char *: copied up to WEFT_STR_MAX bytes at the send */
	WEFT_CLASS_PTR,   /* any other pointer: never followed */
	WEFT_CLASS_BYTES, /* struct, union, array: the first WEFT_BYTES_MAX bytes */
	WEFT_CLASS_COUNT
};
#define WEFT_STR_MAX 256
#define WEFT_BYTES_MAX 64

/* ---- The binary record: recorder to collector, never in a file -------------------------------
 *
 * A record is 1..WEFT_REC_UNITS_MAX units of 32 bytes: this head, then for most kinds a tail of
 * one unit, then a payload padded with zeros. Which field holds what:
 *
 *   kind      co       on        why    n          a          b          c          d        payload
 *   STACK     -        -         -      frames     number     -          -          -        frames x uint64_t, innermost first
 *   SPAWN     parent   new       -      line       stack B    -          stack      -        name\0fn\0file\0in\0
 *   MAKE      co       object    type   line       capacity   elem size  class      stack    name\0elem\0fn\0file\0; of a channel
 *   MAKE      co       object    type   line       capacity   elem size  pc         count    the same, of all else; an io: its descriptor in count
 *   FREE      co       object    -      -          (no tail)
 *   NAME      co (0: names the object)  object (0: names co)  -  -  -  -  -  -               name\0
 *   RUN       co       -         -      cpu        (no tail)
 *   YIELD     co       -         yield  -          (no tail)
 *   BLOCK     co       object    why    cases      until      of         pc         -        cases x struct weft_rec_case
 *   SLEEP     co       -         -      -          until      -          pc         -
 *   UNBLOCK   co (0: a timer)  object  why -       to         msg        -          -
 *   EXIT      co       -         exit   code       (no tail)
 *   JOIN      co       -         -      code       of         -          pc         -
 *   SEND      sender   object    via    case       msg        pc         len, or by value    value longer than 8 bytes
 *   RECV      co       object    -      case       msg        from       len        pc
 *   UNSEND    co       -         unsend -          msg        -          -          -
 *   CLOSE     co       object    -      woke       -          -          pc         -        (the tail only with a pc)
 *   SELECT    co       -         -      pick       cases      -          pc         -
 *   ADD       co       object    -      delta      value      -          pc         -
 *   WORKER    -        -         op     cpu        tid        -          -          -
 *   STEAL     -        -         -      from       count      -          -          -        count x uint64_t
 *   CANCEL    co (0: a deadline)  -  -  -          to         -          pc         -        reason\0
 *   ACQUIRE   co       object    mode   -          permits    -          pc         -        (the tail only with one of them)
 *   RELEASE   co       object    mode   -          permits    -          pc         -        (the same)
 *   SIGNAL    co       object    all    woken      -          -          pc         -        (the tail only with a pc)
 *   TIMER     co (0: it fires)  object  op  -      when       every      pc         -
 *   LOG       co       -         level  -          -          -          pc         -        text\0
 *   NOTE      co       -         -      -          -          -          pc         -        name\0
 *   BEGIN     co       -         -      -          task       -          pc         -        name\0
 *   END       co       -         -      -          -          -          pc         -        name\0
 *   TASK      co       -         op     -          task       parent     pc         -        name\0
 *   COUNT     co       -         -      -          -          -          pc         a double name\0
 *   STATE     co       object    why    state      (no tail)
 *   DROP      -        -         -      -          records    since      -          -
 *
 * In SPAWN `fn` is the function that was spawned, `file`, line and `in` (the function around it,
 * may be missing) are where. In MAKE file, line and `fn` are where. Elsewhere `pc` is where: the
 * address that the call into the runtime returns to; or WEFT_REC_STACK and the number of a STACK,
 * whose first frame that is, as `stack` always is. Every payload starts behind the tail. -1 means
 * "not there" for cpu, too.
 *
 * A RECV without a msg is of a closed channel. The send of a select that somebody else completed
 * has no len: WEFT_REC_BY says that `by` stands in its place.
 *
 * 0 means "not there" for co, on, msg, from, of, until, pc; -1 for case and len. Times are ns of
 * the run's clock; the collector subtracts the run's start. `value` is the element itself if it
 * fits in 8 bytes; WEFT_REC_VALUE says that there is one. A longer element, and every string,
 * is in the payload with its full length in d.
 */
#define WEFT_REC_UNIT 32
#define WEFT_REC_UNITS_MAX 32
#define WEFT_REC_STACK (UINT64_C(1) << 63) /* no address of a program has this bit */

enum weft_rec_flag {
	WEFT_REC_VALUE = 1,   /* SEND: d and the payload hold the value */
	WEFT_REC_NULL = 2,    /* SEND: a string that is a null pointer */
	WEFT_REC_SYS = 4,     /* co, or who is spawned, is of the runtime and runs on no worker */
	WEFT_REC_FAILED = 16, /* ACQUIRE: a try, and it was not free */
	WEFT_REC_PRE = 8,     /* SPAWN, MAKE: it was there before */
	WEFT_REC_BY = 32,     /* SEND: c is `by`, and there is no len */
	WEFT_REC_PAD = 0x80,  /* not a record: skip `units` to the ring's end */
};

struct weft_rec {
	int64_t t; /* ns, the run's clock */
	uint64_t co;
	uint64_t on;
	uint8_t kind; /* enum weft_ev */
	uint8_t units;
	uint8_t why;
	uint8_t flags; /* enum weft_rec_flag */
	int32_t n;
};

struct weft_rec_tail {
	int64_t a, b, c;
	uint64_t d;
};

/* One case of a blocked select. */
struct weft_rec_case {
	uint64_t on;
	uint32_t dir; /* 0 recv, 1 send */
	uint32_t pad;
};

_Static_assert(sizeof(struct weft_rec) == WEFT_REC_UNIT, "a record's head is one unit");
_Static_assert(sizeof(struct weft_rec_tail) == WEFT_REC_UNIT, "a record's tail is one unit");

#endif
