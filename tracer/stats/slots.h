/* SPDX-License-Identifier: MIT
 *
 * An array of which elements are taken and given back: those that are free form a list. An element
 * is a struct that begins with `uint32_t next`, which belongs to the list while it is free.
 */
#ifndef WEFT_TRACER_STATS_SLOTS_H
#define WEFT_TRACER_STATS_SLOTS_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed is empty. */
struct weft_slots {
	size_t count, room; /* of the array; free ones are among the count */
	uint32_t free;	    /* 1 + the first free one, or 0 */
};

/*
 * An element that is free now, or a new one; its bytes are anything. `array` is the address of a
 * pointer to the elements, which may move. UINT32_MAX: out of memory.
 */
uint32_t weft_slots_take(struct weft_slots *slots, void *array, size_t size);
void weft_slots_give(struct weft_slots *slots, void *array, size_t size, uint32_t slot);

#endif
