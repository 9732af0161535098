/* SPDX-License-Identifier: MIT
 *
 * Linux futexes, private to the process. No function here uses errno.
 */
#ifndef WEFT_RUNTIME_FUTEX_H
#define WEFT_RUNTIME_FUTEX_H

#include <stdatomic.h>
#include <stdint.h>

/*
 * Sleeps while *word is `expected`, until woken or `until` (ns of CLOCK_MONOTONIC; INT64_MAX: no
 * limit). May return early: look again.
 */
void weft__futex_wait(_Atomic uint32_t *word, uint32_t expected, int64_t until);
void weft__futex_wake(_Atomic uint32_t *word, int count);

#endif
