/* SPDX-License-Identifier: MIT
 *
 * Stack overflows that end with a line that names the coroutine, and not with a bare SIGSEGV.
 */
#ifndef WEFT_RUNTIME_OVERFLOW_H
#define WEFT_RUNTIME_OVERFLOW_H

#include <signal.h>
#include <stdbool.h>

/*
 * Once a run, before a coroutine runs. Takes SIGSEGV and SIGBUS, and if it is recorded SIGFPE,
 * SIGILL and SIGABRT, where their disposition is the default; WEFT_SIGNALS=0 leaves them alone.
 */
void weft__overflow_init(bool recorded);
void weft__overflow_finish(void);

/* What a thread's handler runs on, since its stack is used up. */
struct weft__altstack {
	void *mem; /* NULL: the thread had one already, or there is no memory */
	stack_t old;
};

/* By each worker's thread, around its loop. */
void weft__altstack_set(struct weft__altstack *alt);
void weft__altstack_unset(struct weft__altstack *alt);

#endif
