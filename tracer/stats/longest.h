/* SPDX-License-Identifier: MIT
 *
 * The longest few of very many: a heap with the least of them on top, so that nearly all are
 * refused by one comparison. The list holds lengths; what they belong to, the caller keeps in an
 * array of as many slots.
 */
#ifndef WEFT_TRACER_STATS_LONGEST_H
#define WEFT_TRACER_STATS_LONGEST_H

#include <stdbool.h>
#include <stdint.h>

struct weft_longest_entry {
	int64_t length_ns, begin_ns;
	uint32_t slot;
};

struct weft_longest {
	struct weft_longest_entry *entries;
	uint32_t count, room;
};

#define WEFT_LONGEST_NONE UINT32_MAX

/* Returns 0 or -ENOMEM. */
int weft_longest_init(struct weft_longest *list, uint32_t room);

/*
 * The slot, below `room`, in which this one is to be kept, whatever was there; WEFT_LONGEST_NONE if
 * it is not among the longest. Of equally long ones, those that began earlier stay.
 */
uint32_t weft_longest_offer(struct weft_longest *list, int64_t length_ns, int64_t begin_ns);

/* Whether it is worth to be offered: nearly all are not, and this says so soon. */
static inline bool weft_longest_takes(const struct weft_longest *list, int64_t length_ns)
{
	return list->count < list->room ||
	       (list->room > 0 && length_ns >= list->entries[0].length_ns);
}

/* Ends the offering: the entries are then in order, the longest first. */
void weft_longest_sort(struct weft_longest *list);
void weft_longest_finish(struct weft_longest *list);

#endif
