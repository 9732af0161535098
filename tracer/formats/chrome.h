/* SPDX-License-Identifier: MIT
 *
 * Chrome trace JSON, the format of chrome://tracing that Perfetto reads: its two halves.
 */
#ifndef WEFT_TRACER_FORMATS_CHROME_H
#define WEFT_TRACER_FORMATS_CHROME_H

#include "tracer/formats/formats.h"

int chrome_write(const struct weft_writing *writing, struct weft_trace_error *error);

#endif
