/* SPDX-License-Identifier: MIT
 *
 * Marks: what a program tells about itself in the recording of its run.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "runtime/probe.h"
#include "runtime/sched.h"

static bool wanted(void)
{
	return weft__rec_wants(WEFT_EVENTS_USER) && weft__current();
}

/* A part of the public functions, whose callers' places it notes. */
static inline __attribute__((always_inline)) bool begin(void)
{
	if (!wanted())
		return false;
	weft__trace_here();
	return true;
}

static void put(const struct weft__mark *mark)
{
	weft__trace_reserve(weft__worker(), WEFT_REC_UNITS_MAX);
	weft__trace_mark(weft__worker(), weft__current(), mark);
}

static void put_text(struct weft__mark *mark, const char *format, va_list args)
{
	char text[WEFT__MARK_TEXT + 8]; /* so much that a cut can be seen */

	vsnprintf(text, sizeof(text), format, args);
	mark->text = text;
	put(mark);
}

bool weft_traced(void)
{
	return wanted();
}

void weft_log(enum weft_level level, const char *format, ...)
{
	struct weft__mark mark = {.kind = WEFT_EV_LOG, .why = (uint8_t)level};
	va_list args;

	if (!begin())
		return;
	va_start(args, format);
	put_text(&mark, format, args);
	va_end(args);
}

void weft_note(const char *format, ...)
{
	struct weft__mark mark = {.kind = WEFT_EV_NOTE};
	va_list args;

	if (!begin())
		return;
	va_start(args, format);
	put_text(&mark, format, args);
	va_end(args);
}

uint64_t weft_task_begin(const char *name, uint64_t parent)
{
	struct weft__mark mark = {
		.kind = WEFT_EV_TASK, .why = WEFT_TASK_BEGIN, .parent = parent, .text = name};

	if (!begin())
		return 0;
	mark.task = weft__new_id(&weft__sched.last_task);
	put(&mark);
	return mark.task;
}

void weft_task_end(uint64_t task)
{
	if (task && begin())
		put(&(struct weft__mark){
			.kind = WEFT_EV_TASK, .why = WEFT_TASK_END, .task = task, .text = ""});
}

void weft_region_begin(const char *name, uint64_t task)
{
	if (begin())
		put(&(struct weft__mark){.kind = WEFT_EV_BEGIN, .task = task, .text = name});
}

void weft_region_end(const char *name)
{
	if (begin())
		put(&(struct weft__mark){.kind = WEFT_EV_END, .text = name});
}

void weft_count(const char *name, double value)
{
	if (isfinite(value) && begin())
		put(&(struct weft__mark){.kind = WEFT_EV_COUNT, .value = value, .text = name});
}

#define SAME(a, b) _Static_assert((int)(a) == (int)(b), "weft.h and event.h count alike")
SAME(WEFT_LOG_TRACE, WEFT_LEVEL_TRACE);
SAME(WEFT_LOG_DEBUG, WEFT_LEVEL_DEBUG);
SAME(WEFT_LOG_INFO, WEFT_LEVEL_INFO);
SAME(WEFT_LOG_WARN, WEFT_LEVEL_WARN);
SAME(WEFT_LOG_ERROR, WEFT_LEVEL_ERROR);
