/* SPDX-License-Identifier: MIT
 *
 * Coroutines that keep their worker for long without a switch. The monitor looks at each worker's
 * count of switches now and then; the workers do nothing for it.
 */
#ifndef WEFT_RUNTIME_HOG_H
#define WEFT_RUNTIME_HOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct weft__worker;

#define WEFT__HOG_TEXT 200

/*
 * Once a run, before the monitor: reads WEFT_HOG (a number of ms; 1 is 100; 0: not at all). True:
 * somebody wants to know, on stderr or since the run records.
 */
bool weft__hogs_init(bool recorded);

/* The monitor's look. Returns when the next one is due, or WEFT_NEVER: all workers are idle. */
int64_t weft__hogs_look(void);

/* What the monitor leaves for the worker's trace: a text, once `full` (release; taken by acquire).
 */
struct weft__hog_note {
	atomic_bool full;
	char text[WEFT__HOG_TEXT];
};

/* Writes it into the trace. By the worker, on its scheduler's stack; or when it has ended. */
void weft__hogs_record(struct weft__worker *worker);

/* At the end, workers joined and monitor gone. */
void weft__hogs_finish(void);

#endif
