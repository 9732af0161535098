/* SPDX-License-Identifier: MIT
 *
 * Workers without work: what those who watch (watch.c) and those who sleep (idle.c) both ask for.
 * All of it is for workers.
 */
#ifndef WEFT_RUNTIME_IDLE_H
#define WEFT_RUNTIME_IDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/sched.h"

/*
 * By the one who watches, `worker`: takes over what waits at a worker where that pays. NULL: it is
 * called away, or nobody is worth watching.
 */
struct weft__co *weft__watch(struct weft__worker *worker);

/* `worker` is through with what it took last: was it right to take that? */
void weft__watch_judge(struct weft__worker *worker);

/* Else there is nobody to be watched: all others sleep. */
bool weft__others_run(void);

/* It is time to wake for one. Takes the timers' lock if the first is due. */
bool weft__timer_is_due(int64_t now);

/* Something for this worker that is not in another's queue. */
bool weft__is_called(struct weft__worker *worker, int64_t now);

#endif
