/* SPDX-License-Identifier: MIT
 *
 * Waiting on a 32-bit word, and waking who waits on it: Linux futexes, private to the process. For
 * the recorder and the runtime. errno is kept: it is the thread's, whatever coroutine runs there.
 */
#ifndef WEFT_TRACER_RECORD_FUTEX_H
#define WEFT_TRACER_RECORD_FUTEX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Sleeps while *word is `expected`, until woken or `until` (ns of CLOCK_MONOTONIC; INT64_MAX: no
 * limit). True if the time ran out. May return early for no reason: look at the word again.
 */
bool weft__futex_wait(_Atomic uint32_t *word, uint32_t expected, int64_t until);
void weft__futex_wake(_Atomic uint32_t *word, int count); /* INT_MAX: all */

#endif
