/* SPDX-License-Identifier: MIT
 *
 * The fields of each kind of record: what stands in a line behind `ev`, `t`, `w` and `co`. Shared
 * by line.c, which does the rest of a line, and kinds.c, which has a function for each kind.
 */
#ifndef WEFT_TRACER_RECORD_KINDS_H
#define WEFT_TRACER_RECORD_KINDS_H

#include <stddef.h>
#include <stdint.h>

#include "tracer/event.h"
#include "tracer/record/line.h"
#include "tracer/record/text.h"

#define WEFT__KEY(p, key) WEFT__PUT(p, ",\"" key "\":")

struct weft__text {
	const char *s;
	size_t n;
};

/* A record as its kind's function gets it. */
struct weft__input {
	struct weft__lines *lines;
	const struct weft_rec *rec;
	struct weft_rec_tail tail; /* zeros if the record has none */
	const char *payload;
	size_t room; /* bytes of it */
	int worker;
	uint32_t at;		   /* the number of its location, or 0; line.c writes it */
	uint32_t stack;		   /* the same of its call stack */
	struct weft__text text[4]; /* the payload's strings, in kinds that have some */
};

/* Writes the fields at p, each behind a comma; returns the place behind. */
typedef char *weft__kind_fn(char *p, const struct weft__input *in);

/* By kind; NULL: the recorder writes no such record. */
extern weft__kind_fn *const weft__kinds[WEFT_EV_COUNT_];

/* ns as a file may hold them. */
static inline int64_t weft__file_ns(int64_t t)
{
	if (t < 0)
		return 0;
	return t < WEFT_TIME_MAX ? t : WEFT_TIME_MAX;
}

/* A reading of the clock, such as a deadline, as the file's time. */
static inline char *weft__put_time(char *p, const struct weft__lines *lines, int64_t t)
{
	return weft__put_i64(p, weft__file_ns(t - lines->timeline.zero.ns));
}

/* A stamp, in ticks, as the file's time. */
static inline char *weft__put_stamp(char *p, const struct weft__lines *lines, int64_t ticks)
{
	return weft__put_i64(p, weft__file_ns(weft__timeline_ns(&lines->timeline, ticks)));
}

/* One of the payload's strings. */
static inline char *weft__put_text(char *p, const struct weft__input *in, int i)
{
	return weft__put_string(p, in->text[i].s, in->text[i].n);
}

#endif
