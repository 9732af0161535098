/* SPDX-License-Identifier: MIT
 *
 * What the user asks of the recorder in the environment: what to record, how much of it, in how
 * much memory, and what to do when that is full. man/weft.7 has the words.
 */
#ifndef WEFT_TRACER_RECORD_WISHES_H
#define WEFT_TRACER_RECORD_WISHES_H

#include <stdint.h>

enum weft__mode {
	WEFT__MODE_LOSSLESS, /* who finds no room waits */
	WEFT__MODE_DROP,     /* the record is counted, and lost */
	WEFT__MODE_RING,     /* the newest are kept, and written when that is asked for */
};

struct weft__wishes {
	uint32_t events; /* enum weft_events */
	int value_bytes; /* see weft__rec_value_bytes */
	uint64_t buffer; /* bytes of all rings together, and of what is kept */
	enum weft__mode mode;
};

/* From the environment. What it does not know it takes as not said, after a warning each. */
void weft__wishes_read(struct weft__wishes *wishes);

/* One line on stderr, in one piece. */
void weft__rec_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
