/* SPDX-License-Identifier: MIT
 *
 * What the rest of the runtime has to know of channels on which the time comes (weft_after and
 * weft_ticker): they end with their channel, and they are a reason to wait only for who waits on
 * it.
 */
#ifndef WEFT_RUNTIME_TICKER_H
#define WEFT_RUNTIME_TICKER_H

#include <stdbool.h>

struct weft__co;
struct weft__ticker;
struct weft__timer;
struct weft_chan;

void weft__tickers_init(void); /* once a run */

/* With the channel's last reference: the time does not come any more. */
void weft__ticker_stop(struct weft__ticker *ticker, struct weft__co *by);

/* After that. False: its timer fires just now, on another worker, which will free the channel. */
bool weft__ticker_end(struct weft__ticker *ticker);

/* The time will still come on the channel: who waits there is not lost. Under the channel's lock.
 */
bool weft__ticker_runs(const struct weft_chan *chan);

/*
 * When all workers are idle: can this armed timer make anybody ready? A ticker's can't while nobody
 * waits on its channel.
 */
bool weft__timer_wakes(struct weft__timer *timer);

#endif
