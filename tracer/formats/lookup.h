/* SPDX-License-Identifier: MIT
 *
 * From the ids that records carry to the threads and objects of the loaded model.
 */
#ifndef WEFT_TRACER_FORMATS_LOOKUP_H
#define WEFT_TRACER_FORMATS_LOOKUP_H

#include "tracer/trace/map.h"
#include "tracer/trace/trace.h"

struct weft_lookup {
	const struct weft_trace *trace;
	struct weft_map threads, objects;
};

/* Returns 0 or -ENOMEM; weft_lookup_finish is due in both cases. */
int weft_lookup_init(struct weft_lookup *lookup, const struct weft_trace *trace);
void weft_lookup_finish(struct weft_lookup *lookup);

/* Indices, or WEFT_NO_INDEX for 0 and for what the model does not have. */
uint32_t weft_lookup_thread(const struct weft_lookup *lookup, uint64_t co);
uint32_t weft_lookup_object(const struct weft_lookup *lookup, uint64_t on);

/* Names; "?" for what the model does not have. */
const char *weft_lookup_thread_name(const struct weft_lookup *lookup, uint64_t co);
const char *weft_lookup_object_name(const struct weft_lookup *lookup, uint64_t on);

#endif
