/* SPDX-License-Identifier: MIT
 *
 * The monitor: a thread that does what signals ask for, since their handlers may not.
 */
#ifndef WEFT_RUNTIME_MONITOR_H
#define WEFT_RUNTIME_MONITOR_H

#include <stdbool.h>

/*
 * Once a run, when the workers exist. Takes SIGQUIT (dumps, and ends the process with status 2) and
 * SIGUSR2 (dumps; both write what a flight recorder has) where their disposition is the default; WEFT_SIGNALS=0 leaves them alone. If
 * there is nothing to watch for, or no thread to be had, nothing is taken. `hogs`: it also looks
 * for them (hog.h).
 */
void weft__monitor_start(bool hogs);

/* By a worker that has been idle, when weft__sched.monitor_sleeps. */
void weft__monitor_wake(void);

/* Gives the signals back, and waits until what was asked for before is done. */
void weft__monitor_stop(void);

/* In the child after fork: there is no monitor, and signals do again what they did before. */
void weft__monitor_forked(void);

#endif
