/* SPDX-License-Identifier: MIT
 *
 * The list of free elements.
 */
#include "tracer/stats/slots.h"

#include <string.h>

#include "tracer/trace/map.h"

static char *element(void *array, size_t size, uint32_t slot)
{
	char *elements;

	memcpy(&elements, array, sizeof(elements));
	return elements + slot * size;
}

uint32_t weft_slots_take(struct weft_slots *slots, void *array, size_t size)
{
	uint32_t slot;

	if (slots->free) {
		slot = slots->free - 1;
		memcpy(&slots->free, element(array, size, slot), sizeof(slots->free));
		return slot;
	}
	if (slots->count >= UINT32_MAX - 1 ||
		weft_grow(array, slots->count, &slots->room, size) < 0)
		return UINT32_MAX;
	return (uint32_t)slots->count++;
}

void weft_slots_give(struct weft_slots *slots, void *array, size_t size, uint32_t slot)
{
	memcpy(element(array, size, slot), &slots->free, sizeof(slots->free));
	slots->free = slot + 1;
}
