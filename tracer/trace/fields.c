/* SPDX-License-Identifier: MIT
 *
 * The rows of the table of kinds: docs/format.md, section 4, in C.
 */
#include "tracer/trace/fields.h"

#include <string.h>

#include "tracer/event.h"
#include "tracer/trace/record.h"

#define X(c, word) word,
static const char *const whys[] = {WEFT_WHY_LIST(X) NULL};
static const char *const types[] = {WEFT_OBJ_LIST(X) NULL};
static const char *const vias[] = {WEFT_VIA_LIST(X) NULL};
static const char *const yield_whys[] = {WEFT_YIELD_WHY_LIST(X) NULL};
static const char *const exit_whys[] = {WEFT_EXIT_WHY_LIST(X) NULL};
static const char *const unsend_whys[] = {WEFT_UNSEND_WHY_LIST(X) NULL};
static const char *const eof_whys[] = {WEFT_EOF_WHY_LIST(X) NULL};
static const char *const worker_ops[] = {WEFT_WORKER_OP_LIST(X) NULL};
static const char *const states[] = {WEFT_STATE_LIST(X) NULL};
static const char *const modes[] = {WEFT_MODE_LIST(X) NULL};
static const char *const task_ops[] = {WEFT_TASK_OP_LIST(X) NULL};
static const char *const timer_ops[] = {WEFT_TIMER_OP_LIST(X) NULL};
static const char *const levels[] = {WEFT_LEVEL_LIST(X) NULL};
#undef X

#define AT(m) offsetof(struct weft_record, m)
#define FIELD(name, type, required, m)                               \
	{                                                            \
		name, WEFT_FIELD_##type, required, AT(m), 0, NULL, 0 \
	}
#define FLAG(name, type, required, m, has)                                 \
	{                                                                  \
		name, WEFT_FIELD_##type, required, AT(m), AT(has), NULL, 0 \
	}
#define SKIP(name, type, required)                               \
	{                                                        \
		name, WEFT_FIELD_##type, required, 0, 0, NULL, 0 \
	}
#define WORD(name, required, m, words, other)                           \
	{                                                               \
		name, WEFT_FIELD_WORD, required, AT(m), 0, words, other \
	}

#define EV SKIP("ev", STRING, true)
#define UNTIMED EV
/* What every kind with a time may have. */
#define TIMED(required)                                                  \
	EV, FIELD("t", TIME, required, t), FIELD("w", WORKER, false, w), \
		FIELD("at", AT, false, at), FIELD("stack", ID, false, stack)
/* What a kind has that runs on a worker. */
#define ON_WORKER                                                                               \
	EV, FIELD("t", TIME, true, t), FIELD("w", WORKER, true, w), FIELD("at", AT, false, at), \
		FIELD("stack", ID, false, stack)
#define END SKIP(NULL, IGNORED, false)

#define ID(required, m) FIELD(#m, ID, required, m)
#define CO(required) ID(required, co)
#define ON(required) ID(required, on)
#define NAME(required) FIELD("name", STRING, required, name)
#define GUESS FIELD("guess", BOOL, false, guess)
#define PRE FIELD("pre", BOOL, false, pre)
#define ARGS FIELD("args", OBJECT, false, args)
#define UNTIL FIELD("until", TIME, false, until)
#define CPU FIELD("cpu", COUNT, false, cpu)
#define N(required) FIELD("n", COUNT, required, n)
#define VALUE FLAG("value", VALUE, false, value, has_value)

#define ROWS(kind, ...) static const struct weft_field kind##_fields[] = {__VA_ARGS__, END}

ROWS(loc, UNTIMED, ID(true, loc), FIELD("fn", STRING, true, fn), FIELD("file", STRING, false, file),
	FIELD("line", COUNT, false, line_no));
ROWS(stack, UNTIMED, ID(true, stack), FIELD("at", IDS, true, ids));
ROWS(name, TIMED(false), NAME(true), CO(false), ON(false));
ROWS(make, TIMED(true), ON(true), WORD("type", true, type, types, WEFT_OBJ_OTHER), NAME(false),
	FIELD("cap", COUNT, false, cap), FIELD("elem", STRING, false, elem),
	FIELD("size", COUNT, false, size), N(false), CO(false), SKIP("fd", INT, false), PRE,
	FIELD("merged", BOOL, false, merged));
ROWS(free, TIMED(true), ON(true), CO(false));
ROWS(spawn, TIMED(true), FIELD("new", ID, true, new_), CO(false), NAME(false),
	FIELD("fn", STRING, false, fn), FIELD("sys", BOOL, false, sys), PRE,
	SKIP("stack_bytes", COUNT, false), SKIP("tid", INT, false));
ROWS(state, TIMED(true), CO(true), WORD("state", true, state, states, 0),
	WORD("why", false, why, whys, WEFT_WHY_OTHER), ON(false));
ROWS(run, ON_WORKER, CO(true), CPU);
ROWS(yield, ON_WORKER, CO(true), WORD("why", false, why, yield_whys, 0), ID(false, to));
ROWS(block, ON_WORKER, CO(true), WORD("why", true, why, whys, WEFT_WHY_OTHER), ON(false),
	FIELD("cases", CASES, false, cases), UNTIL, ID(false, of), SKIP("fd", INT, false));
ROWS(sleep, ON_WORKER, CO(true), UNTIL);
ROWS(unblock, TIMED(true), ID(true, to), CO(false), ON(false), ID(false, msg),
	WORD("why", false, why, whys, WEFT_WHY_OTHER), GUESS);
ROWS(exit, TIMED(true), CO(true), FLAG("code", INT, false, code, has_code), VALUE,
	WORD("why", false, why, exit_whys, 0));
ROWS(join, ON_WORKER, CO(true), ID(true, of), VALUE);
ROWS(cancel, TIMED(true), ID(true, to), CO(false), FIELD("why", STRING, false, text));
ROWS(send, TIMED(true), CO(true), ON(true), ID(true, msg), VALUE,
	WORD("via", false, via, vias, WEFT_VIA_NONE), ID(false, by),
	FIELD("case", COUNT, false, index_case), FIELD("len", COUNT, false, len),
	FIELD("dur", COUNT, false, dur), GUESS);
ROWS(recv, TIMED(true), CO(true), ON(true), ID(false, msg), ID(false, from), VALUE,
	FIELD("ok", BOOL, false, ok), FIELD("case", COUNT, false, index_case),
	FIELD("len", COUNT, false, len), FIELD("dur", COUNT, false, dur), GUESS);
ROWS(unsend, TIMED(true), ID(true, msg), WORD("why", true, why, unsend_whys, 0), CO(false));
ROWS(close, TIMED(true), CO(false), ON(true), FIELD("woke", COUNT, false, woke), GUESS);
ROWS(select, ON_WORKER, CO(true), FIELD("pick", PICK, true, pick), N(false));
ROWS(acquire, TIMED(true), CO(true), ON(true), WORD("mode", false, mode, modes, 0), N(false),
	ID(false, from), FIELD("ok", BOOL, false, ok));
ROWS(release, TIMED(true), CO(true), ON(true), WORD("mode", false, mode, modes, 0), N(false),
	FIELD("from", ID, false, from));
ROWS(add, TIMED(true), CO(true), ON(true), FIELD("delta", INT, true, delta),
	FLAG("value", INT, false, number, has_number));
ROWS(signal, TIMED(true), CO(true), ON(true), N(false), FIELD("all", BOOL, false, all));
ROWS(timer, TIMED(true), ON(true), WORD("op", true, op, timer_ops, 0),
	FIELD("when", TIME, false, when), FIELD("every", COUNT, false, every), CO(false));
ROWS(worker, ON_WORKER, WORD("op", true, op, worker_ops, 0), SKIP("tid", INT, false), CPU,
	NAME(false));
ROWS(steal, ON_WORKER, FIELD("from", WORKER, true, from_w), FIELD("cos", IDS, true, ids));
ROWS(log, TIMED(true), FIELD("text", STRING, true, text), CO(false),
	WORD("level", false, level, levels, 0), FIELD("cat", STRING, false, cat), ARGS);
ROWS(note, TIMED(true), NAME(true), CO(false), ON(false), ARGS);
ROWS(begin, TIMED(true), CO(true), NAME(true), ID(false, task), ARGS);
ROWS(end, TIMED(true), CO(true), NAME(true), ARGS);
ROWS(task, TIMED(true), WORD("op", true, op, task_ops, 0), ID(true, id), NAME(false),
	ID(false, parent), CO(false), ARGS);
ROWS(count, TIMED(true), NAME(true), FLAG("value", NUMBER, true, value, has_value), CO(false),
	ON(false), FIELD("unit", STRING, false, unit));
ROWS(tick, TIMED(true));
ROWS(drop, TIMED(true), N(true), FIELD("since", TIME, false, since));
ROWS(eof, TIMED(true), N(true), WORD("why", false, why, eof_whys, 0));

static const struct {
	const char *word;
	const struct weft_field *fields;
} kinds[] = {
	[WEFT_EV_LOC] = {"loc", loc_fields},
	[WEFT_EV_STACK] = {"stack", stack_fields},
	[WEFT_EV_NAME] = {"name", name_fields},
	[WEFT_EV_MAKE] = {"make", make_fields},
	[WEFT_EV_FREE] = {"free", free_fields},
	[WEFT_EV_SPAWN] = {"spawn", spawn_fields},
	[WEFT_EV_STATE] = {"state", state_fields},
	[WEFT_EV_RUN] = {"run", run_fields},
	[WEFT_EV_YIELD] = {"yield", yield_fields},
	[WEFT_EV_BLOCK] = {"block", block_fields},
	[WEFT_EV_SLEEP] = {"sleep", sleep_fields},
	[WEFT_EV_UNBLOCK] = {"unblock", unblock_fields},
	[WEFT_EV_EXIT] = {"exit", exit_fields},
	[WEFT_EV_JOIN] = {"join", join_fields},
	[WEFT_EV_CANCEL] = {"cancel", cancel_fields},
	[WEFT_EV_SEND] = {"send", send_fields},
	[WEFT_EV_RECV] = {"recv", recv_fields},
	[WEFT_EV_UNSEND] = {"unsend", unsend_fields},
	[WEFT_EV_CLOSE] = {"close", close_fields},
	[WEFT_EV_SELECT] = {"select", select_fields},
	[WEFT_EV_ACQUIRE] = {"acquire", acquire_fields},
	[WEFT_EV_RELEASE] = {"release", release_fields},
	[WEFT_EV_ADD] = {"add", add_fields},
	[WEFT_EV_SIGNAL] = {"signal", signal_fields},
	[WEFT_EV_TIMER] = {"timer", timer_fields},
	[WEFT_EV_WORKER] = {"worker", worker_fields},
	[WEFT_EV_STEAL] = {"steal", steal_fields},
	[WEFT_EV_LOG] = {"log", log_fields},
	[WEFT_EV_NOTE] = {"note", note_fields},
	[WEFT_EV_BEGIN] = {"begin", begin_fields},
	[WEFT_EV_END] = {"end", end_fields},
	[WEFT_EV_TASK] = {"task", task_fields},
	[WEFT_EV_COUNT] = {"count", count_fields},
	[WEFT_EV_TICK] = {"tick", tick_fields},
	[WEFT_EV_DROP] = {"drop", drop_fields},
	[WEFT_EV_EOF] = {"eof", eof_fields},
};
_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == WEFT_EV_COUNT_, "a row for each kind");

const struct weft_field *weft_fields(const char *kind, unsigned *ret_kind)
{
	for (unsigned i = 0; i < WEFT_EV_COUNT_; i++) {
		if (kind[0] == kinds[i].word[0] && strcmp(kind, kinds[i].word) == 0) {
			*ret_kind = i;
			return kinds[i].fields;
		}
	}
	return NULL;
}
