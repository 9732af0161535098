/* SPDX-License-Identifier: MIT
 *
 * A run, from weft_run to the return of `app`.
 */
#ifndef WEFT_RUNTIME_RUN_H
#define WEFT_RUNTIME_RUN_H

#include <signal.h>

/* Coroutine 1 has returned: everything stops. */
void weft__run_end(int result);

/* Panics, naming `what`, in a child that was forked in the middle of a run. Any thread. */
void weft__not_in_child(const char *what);

/*
 * What our own threads block: all signals, save those that a fault raises, which would kill without a
 * word if they were blocked.
 */
void weft__thread_signals(sigset_t *ret_blocked);

#endif
