/* SPDX-License-Identifier: MIT
 *
 * A pause: every worker stands still between two coroutines, for as long as somebody looks at what
 * all of them are doing. docs/scheduler.md, "Pausing".
 */
#ifndef WEFT_RUNTIME_PAUSE_H
#define WEFT_RUNTIME_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

struct weft__worker;

#define WEFT__PAUSED_GONE UINT32_MAX /* has left its loop: the run is at its end */

/*
 * Calls for a pause and waits until every worker keeps it, at most until `until`. `self`: the
 * caller's own worker, which it does not wait for; NULL: another thread. False: somebody else has a
 * pause going on; a worker then keeps that one (weft__pause_here) and tries again. Each true is
 * followed by weft__pause_end.
 */
bool weft__pause_begin(struct weft__worker *self, int64_t until);
void weft__pause_end(void);

/* During one's own pause: does this worker keep it? If not, it computes on. */
bool weft__pause_kept(const struct weft__worker *worker);

/* By a worker: keeps the pause that is going on, if there is one, until it ends. */
void weft__pause_here(struct weft__worker *worker);

#endif
