/* SPDX-License-Identifier: MIT
 *
 * The stack census: how much of their stacks coroutines use, by the place at which they were
 * spawned. Asked for by WEFT_STACK_CENSUS=1; each stack is then painted before its coroutine
 * begins, and looked through when it has ended.
 */
#ifndef WEFT_RUNTIME_CENSUS_H
#define WEFT_RUNTIME_CENSUS_H

#include <stdbool.h>

#include "tracer/record/hidden.h"

struct weft__co;

extern WEFT__HIDDEN bool weft__census_on; /* written while there is one thread */

void weft__census_init(void);

/* Before it begins: nothing of its own lies below `top` yet. */
void weft__census_paint(struct weft__co *co, char *top);

/* It has ended, or the run has, and its stack is nobody's yet. */
void weft__census_count(const struct weft__co *co);

/* At the end of the run, all workers stopped: counts those that are left, and prints the table. */
void weft__census_report(void);

#endif
