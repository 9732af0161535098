/* SPDX-License-Identifier: MIT
 *
 * Chrome trace JSON, the format of chrome://tracing that Perfetto reads: its two halves.
 */
#ifndef WEFT_TRACER_FORMATS_CHROME_H
#define WEFT_TRACER_FORMATS_CHROME_H

#include "tracer/formats/formats.h"

/* chrome_read.c: whether the first bytes look like a Chrome trace. */
bool chrome_probe(const char *data, size_t len);

/* chrome_write.c */
int chrome_write(const struct weft_writing *writing, struct weft_trace_error *error);

#endif
