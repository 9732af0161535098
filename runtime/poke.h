/* SPDX-License-Identifier: MIT
 *
 * Where a worker stands that computes, or sits in a system call. One in a system call is not
 * disturbed; one that computes is stopped by SIGURG for as long as its stack is read. That signal
 * does nothing by default, so a stray one harms nobody; where the program uses it itself, or
 * WEFT_SIGNALS=0 says so, backtraces of running coroutines are missing.
 */
#ifndef WEFT_RUNTIME_POKE_H
#define WEFT_RUNTIME_POKE_H

#include <stdint.h>

#include "runtime/unwind.h"

struct weft__co;
struct weft__worker;

/* Once a run, before there are threads. */
void weft__poke_init(void);
void weft__poke_finish(void);

/* By each thread that the library made, and that blocks signals. */
void weft__poke_allow(void);

/*
 * The frames of `co`, which runs on `worker`, from another thread; not during another poke. Returns
 * how many, 0 if it does not run there any more or cannot be asked. Takes 100 ms at most.
 */
int weft__poke(const struct weft__modules *modules, const struct weft__worker *worker,
	const struct weft__co *co, uintptr_t bottom, uintptr_t *pcs, int most);

#endif
