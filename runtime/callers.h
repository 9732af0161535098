/* SPDX-License-Identifier: MIT
 *
 * Whole call stacks for recordings that ask for them (WEFT_TRACE_EVENTS=...,stack). A stack is
 * walked where the program calls the library, known again by its addresses, and recorded once;
 * whatever is recorded from there bears its number.
 */
#ifndef WEFT_RUNTIME_CALLERS_H
#define WEFT_RUNTIME_CALLERS_H

#include <stdint.h>

struct weft__co;

/* At the beginning of a run that is recorded so, and at its end: while no worker runs. */
void weft__callers_start(void);
void weft__callers_finish(void);

/*
 * Where self, the caller, stands: WEFT_REC_STACK and the number of its stack, whose innermost frame
 * is where its call into the library returns to, `pc`; or, where it cannot be walked or remembered,
 * `pc` itself. Holding no lock: it may wait for room in the ring.
 */
uintptr_t weft__callers(struct weft__co *self, uintptr_t pc);

#endif
