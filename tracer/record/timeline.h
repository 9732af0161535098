/* SPDX-License-Identifier: MIT
 *
 * From ticks to ns, for the collector. Ticks have no rate that a program is told, so each round
 * reads both clocks at its cut-off, and the round's stamps are placed between this reading and the
 * last one: exact at both ends, never going back, and no error that grows.
 */
#ifndef WEFT_TRACER_RECORD_TIMELINE_H
#define WEFT_TRACER_RECORD_TIMELINE_H

#include <stdint.h>

struct weft__instant {
	int64_t ticks, ns;
};

struct weft__timeline {
	struct weft__instant early;    /* a reading before time began, to know the rate from */
	struct weft__instant zero;     /* t = 0 */
	struct weft__instant read;     /* the last reading that counted */
	struct weft__instant from, to; /* of this round: stamps between the two */
	double rate;		       /* ns a tick, between `from` and `to` */
	double long_rate;	       /* over the whole run so far */
};

/* Chooses the ticks; once a process, before all else here. */
void weft__ticks_choose(void);

/* A reading of both clocks at one instant, as nearly as that can be had. */
struct weft__instant weft__instant_now(void);

/* Before anything else is set up; and when all is, where time begins, at `zero`. */
void weft__timeline_prepare(struct weft__timeline *line);
void weft__timeline_begin(struct weft__timeline *line);

/* One whose ticks are ns since `zero`, a reading of the clock. */
void weft__timeline_of_ns(struct weft__timeline *line, int64_t zero);

/* The next round: from the end of the last one to `end`, which was just read. */
void weft__timeline_extend(struct weft__timeline *line, struct weft__instant end);

/* ns since t = 0 of a stamp of this round; it may lie behind the round's end. */
int64_t weft__timeline_ns(const struct weft__timeline *line, int64_t ticks);

#endif
