/* SPDX-License-Identifier: MIT
 *
 * A seam for tests: what the window shows, one line of JSON after each frame, so that a test waits
 * for facts and not for time. On when WEFT_VIEW_STATE names a file.
 */
#ifndef WEFT_VIEWER_WINDOW_STATE_H
#define WEFT_VIEWER_WINDOW_STATE_H

#include <stdint.h>

struct control;

/* The file to write to, or -1: not asked for, or it can't be opened. */
int window_state_open(void);

/* Appends one line in one write. All places are in pixels of the window. */
void window_state_write(int fd, const struct control *c, uint64_t frame);

#endif
