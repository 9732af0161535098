/* SPDX-License-Identifier: MIT
 *
 * Files that the window writes: their names, and a screenshot of what is seen.
 */
#ifndef WEFT_VIEWER_SAVE_H
#define WEFT_VIEWER_SAVE_H

#include <stddef.h>

#include "viewer/view.h"

struct layout;
struct weft_trace;

/*
 * A name for a new file beside the trace: run.json gives run.png, or run-2.png ... if there is one
 * already, since no key may overwrite a file. `path` NULL: weft.png in the current folder. Returns
 * 0, -ENAMETOOLONG, or -EEXIST after 999 of them.
 */
int save_name(char *buf, size_t size, const char *path, const char *suffix);

/*
 * Writes the view as PNG, without what is there for the moment only (notice, hint, help), under a
 * temporary name that is renamed when it is complete. Returns 0 or a negative errno value.
 */
int save_screenshot(
	const char *path, const struct weft_trace *t, const struct layout *l, const struct view *v);

#endif
