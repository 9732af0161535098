/* SPDX-License-Identifier: MIT
 *
 * Who waited for whom, on what: for each waiter, waker and object how often and how long. There
 * are at most as many as wakes, however many threads could have met.
 */
#ifndef WEFT_TRACER_STATS_PAIRS_H
#define WEFT_TRACER_STATS_PAIRS_H

#include <stddef.h>
#include <stdint.h>

struct weft_pair {
	uint32_t waiter, waker; /* threads */
	uint32_t obj;		/* WEFT_NO_INDEX: none (a join) */
	uint64_t waits;
	int64_t total_ns, max_ns;
};

/* Zeroed is empty. */
struct weft_pairs {
	struct weft_pair *list;
	size_t count, room;
	uint32_t *slots; /* open addressing: 1 + an index into the list, or 0 */
	size_t mask;
};

/* Counts one wait. Returns 0 or -ENOMEM. */
int weft_pairs_add(
	struct weft_pairs *pairs, uint32_t waiter, uint32_t waker, uint32_t obj, int64_t ns);

/* Ends the counting: the list is then in order, who waited longest in sum first. */
void weft_pairs_sort(struct weft_pairs *pairs);
void weft_pairs_finish(struct weft_pairs *pairs);

#endif
