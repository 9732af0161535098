/* SPDX-License-Identifier: MIT
 *
 * The two ways in which `weft info` prints a trace.
 */
#ifndef WEFT_CLI_INFO_H
#define WEFT_CLI_INFO_H

#include "tracer/trace/stats.h"
#include "tracer/trace/trace.h"

/* One JSON object on stdout: everything that the tables hold, times in ns. */
void info_json(const struct weft_trace *trace, const struct weft_stats *stats, const char *path);

#endif
