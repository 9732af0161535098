/* SPDX-License-Identifier: MIT
 *
 * The value of a message, kept while the message is on its way. Text is made of it only for the few
 * that are shown.
 */
#ifndef WEFT_TRACER_STATS_KEPT_H
#define WEFT_TRACER_STATS_KEPT_H

#include "tracer/trace/record.h"

enum { WEFT_KEPT_SHORT = 24 };

struct weft_kept {
	struct json_object *value; /* of a value that is no plain text; or NULL */
	uint32_t len;		   /* of the plain text */
	bool has_value;
	union {
		char few[WEFT_KEPT_SHORT];
		char *many; /* if it is longer */
	} plain;
};

/* Returns 0 or -ENOMEM. */
int weft_kept_take(struct weft_kept *kept, const struct weft_record *rec);

/* As weft_value_text; false: there is no value. */
bool weft_kept_text(const struct weft_kept *kept, char *buf);
void weft_kept_drop(struct weft_kept *kept);

#endif
