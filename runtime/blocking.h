/* SPDX-License-Identifier: MIT
 *
 * Jobs that block a thread, on helper threads, while the coroutine that wants them done is parked.
 */
#ifndef WEFT_RUNTIME_BLOCKING_H
#define WEFT_RUNTIME_BLOCKING_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/include/weft.h"

/*
 * Runs fn(arg) on a helper thread; 0, and *ret_code is what it returned.
 *
 * With `drop`, the job owns its argument and may be abandoned: on failure `arg` is no longer the
 * caller's, and drop(arg) gets it, on whatever thread, when fn has returned or will never be
 * called. Without it, a job that has begun is waited for, whatever comes.
 */
int weft__blocking(
	weft_int_fn fn, void *arg, void (*drop)(void *arg), int *ret_code, int64_t until);

/* At most so many helper threads. Once a run. */
void weft__blocking_init(int most);

/*
 * The end of a run: its workers are gone. Nothing of the run is used any more by helpers; false:
 * one computes on with what lies on a coroutine's stack.
 */
bool weft__blocking_finish(int64_t until);

#endif
