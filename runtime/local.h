/* SPDX-License-Identifier: MIT
 *
 * Coroutine-local values: what co.c and run.c call.
 */
#ifndef WEFT_RUNTIME_LOCAL_H
#define WEFT_RUNTIME_LOCAL_H

struct weft__co;

/* On the coroutine's own stack, when its function has returned: destructors may do what it may. */
void weft__locals_destroy(struct weft__co *self);

/* At the end of a run: frees what abandoned coroutines had; no destructor runs. */
void weft__locals_finish(void);

#endif
