/* SPDX-License-Identifier: MIT
 *
 * What the window says about the thing under the mouse: one line, whole names, exact times.
 */
#ifndef WEFT_VIEWER_HINT_H
#define WEFT_VIEWER_HINT_H

#include <stddef.h>
#include <stdint.h>

struct weft_trace;

/* A name that several threads have is followed by the thread's number. */

/* "worker #3: waits to receive from jobs, for 1.2 ms": its state at t_ns, and how long that lasts. */
void hint_thread(char *buf, size_t size, const struct weft_trace *t, uint32_t thread, int64_t t_ns);

/* "42: main to worker #3 on jobs, sent at 1.2 ms, 3 us on its way". */
void hint_message(char *buf, size_t size, const struct weft_trace *t, uint32_t message);

#endif
