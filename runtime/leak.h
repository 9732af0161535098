/* SPDX-License-Identifier: MIT
 *
 * Coroutines that can never be woken.
 */
#ifndef WEFT_RUNTIME_LEAK_H
#define WEFT_RUNTIME_LEAK_H

#include "runtime/snap.h"

/* Marks them as lost. Returns how many they are. */
size_t weft__leak_find(struct weft__snap *snap);

/* At the end of the run, all workers stopped: reports them if WEFT_LEAKS=1 asks for it. */
void weft__leak_report(void);

#endif
