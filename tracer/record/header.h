/* SPDX-License-Identifier: MIT
 *
 * The first line of a trace: docs/format.md, section 3.
 */
#ifndef WEFT_TRACER_RECORD_HEADER_H
#define WEFT_TRACER_RECORD_HEADER_H

#include <stdint.h>

#include "tracer/record/record.h"
#include "tracer/record/wishes.h"
#include "tracer/record/writer.h"

/* Appends it to an empty writer. t0: the clock's reading at t = 0, which is now. */
void weft__header(struct weft__writer *out, const struct weft__rec_config *config,
	const struct weft__wishes *wishes, int64_t t0);

#endif
