/* SPDX-License-Identifier: MIT
 *
 * The source locations of code addresses: the runtime's locator is asked about each address once,
 * since it reads files for an answer. The collector's, but for open.
 */
#ifndef WEFT_TRACER_RECORD_PLACES_H
#define WEFT_TRACER_RECORD_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracer/record/record.h"

#define WEFT__PLACE_NAME_MAX 512 /* bytes of a function's or a file's name that are written */

struct weft__pc_slot {
	uintptr_t pc;	 /* 0: an empty slot */
	uint32_t number; /* of its location; 0: it is not known */
};

struct weft__places {
	const struct weft__rec_locator *locator; /* NULL: no address is known */
	void *arg;
	struct weft__pc_slot *slots;
	size_t size; /* a power of two, or 0 */
	size_t used;
};

/* `locator` may be NULL. Close is for who has opened it; free keeps the locator. */
void weft__places_open(struct weft__places *places, const struct weft__rec_locator *locator);
void weft__places_close(struct weft__places *places);
void weft__places_free(struct weft__places *places);

/* For another file: the same locator, lent, and nothing asked yet. To be freed, not closed. */
struct weft__places weft__places_lend(const struct weft__places *places);

/* True: this address has been asked about, and *ret_number is what was kept. */
bool weft__places_known(const struct weft__places *places, uintptr_t pc, uint32_t *ret_number);

/* What the locator says; false: nothing. Valid until close. */
bool weft__places_ask(
	const struct weft__places *places, uintptr_t pc, struct weft__rec_place *ret_place);

/* Keeps the number of a location, or 0 for an address without one. 0 or -ENOMEM. */
int weft__places_keep(struct weft__places *places, uintptr_t pc, uint32_t number);

#endif
