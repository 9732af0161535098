/* SPDX-License-Identifier: MIT
 *
 * What `weft view` and `weft export` share: how the picture looks, and opening the trace.
 */
#ifndef WEFT_CLI_LOOK_H
#define WEFT_CLI_LOOK_H

#include "tracer/trace/trace.h"
#include "viewer/theme.h"

/* The values of --theme, --axis (an enum view_axis, or -1 for auto) and --scale. */
enum theme_name look_theme(const char *value);
int look_axis(const char *value);
double look_scale(const char *value, double min, double max);

/* Loads the trace; says what is wrong with it. NULL: it has been said why not. */
struct weft_trace *look_load(const char *path);

#endif
