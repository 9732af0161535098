/* SPDX-License-Identifier: MIT
 *
 * A map from addresses to numbers: open addressing. A program calls the runtime from some thousand
 * addresses at the most; should there be more, all are forgotten and asked about anew, so that
 * memory is bounded. See places.h.
 */
#include "tracer/record/places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/record/names.h"

#define SLOTS_FIRST 256
#define SLOTS_MOST ((size_t)1 << 16) /* 1 MiB */

void weft__places_open(struct weft__places *places, const struct weft__rec_locator *locator)
{
	memset(places, 0, sizeof(*places));
	if (!locator)
		return;
	places->arg = locator->open();
	if (places->arg)
		places->locator = locator;
}

void weft__places_close(struct weft__places *places)
{
	weft__places_free(places);
	if (places->locator)
		places->locator->close(places->arg);
	memset(places, 0, sizeof(*places));
}

void weft__places_free(struct weft__places *places)
{
	free(places->slots);
	*places = weft__places_lend(places);
}

struct weft__places weft__places_lend(const struct weft__places *places)
{
	return (struct weft__places){.locator = places->locator, .arg = places->arg};
}

/* Its slot, or the empty one where it belongs. There is an empty one. */
static struct weft__pc_slot *find(const struct weft__places *places, uintptr_t pc)
{
	for (size_t i = weft__hash_number(pc);; i++) {
		struct weft__pc_slot *slot = &places->slots[i & (places->size - 1)];

		if (!slot->pc || slot->pc == pc)
			return slot;
	}
}

bool weft__places_known(const struct weft__places *places, uintptr_t pc, uint32_t *ret_number)
{
	const struct weft__pc_slot *slot = places->size ? find(places, pc) : NULL;

	if (!slot || !slot->pc)
		return false;
	*ret_number = slot->number;
	return true;
}

bool weft__places_ask(
	const struct weft__places *places, uintptr_t pc, struct weft__rec_place *ret_place)
{
	return places->locator && places->locator->find(places->arg, pc, ret_place);
}

static int grow(struct weft__places *places)
{
	struct weft__places bigger = *places;

	bigger.size = places->size ? 2 * places->size : SLOTS_FIRST;
	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < places->size; i++) {
		if (places->slots[i].pc)
			*find(&bigger, places->slots[i].pc) = places->slots[i];
	}
	free(places->slots);
	*places = bigger;
	return 0;
}

int weft__places_keep(struct weft__places *places, uintptr_t pc, uint32_t number)
{
	if (2 * places->used >= places->size) {
		if (places->size < SLOTS_MOST) {
			if (grow(places) < 0)
				return -ENOMEM;
		} else {
			memset(places->slots, 0, places->size * sizeof(*places->slots));
			places->used = 0;
		}
	}
	*find(places, pc) = (struct weft__pc_slot){pc, number};
	places->used++;
	return 0;
}
