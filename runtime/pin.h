/* SPDX-License-Identifier: MIT
 *
 * Ready coroutines that are pinned: in no run queue, so that nobody steals them. docs/scheduler.md,
 * "Pinning". Worker only.
 */
#ifndef WEFT_RUNTIME_PIN_H
#define WEFT_RUNTIME_PIN_H

#include "runtime/sched.h"

/* Made ready by `worker`, the running one: kept for its own worker, which is woken. */
void weft__pinned_put(struct weft__worker *worker, struct weft__co *co);

/* What others have put for this worker is there to be taken from now on. */
void weft__pinned_receive(struct weft__worker *worker);

/* The oldest of this worker's, or NULL. */
struct weft__co *weft__pinned_get(struct weft__worker *worker);

#endif
