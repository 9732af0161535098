/* SPDX-License-Identifier: MIT
 *
 * A map from locations to numbers: open addressing, never shrinks. See locs.h.
 */
#include "tracer/record/locs.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/record/names.h"

static struct weft__loc *find(const struct weft__locs *locs, const struct weft__loc *key)
{
	uint64_t hash = weft__hash_number((uintptr_t)key->fn ^ (uintptr_t)key->file << 16 ^
					  (uint64_t)(uint32_t)key->line << 40);

	for (size_t i = hash;; i++) {
		struct weft__loc *slot = &locs->slots[i & (locs->size - 1)];

		if (!slot->number ||
			(slot->fn == key->fn && slot->file == key->file && slot->line == key->line))
			return slot;
	}
}

static int grow(struct weft__locs *locs)
{
	struct weft__locs bigger = {.size = locs->size ? locs->size * 2 : 64, .used = locs->used};

	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -1;
	for (size_t i = 0; i < locs->size; i++) {
		if (locs->slots[i].number)
			*find(&bigger, &locs->slots[i]) = locs->slots[i];
	}
	free(locs->slots);
	*locs = bigger;
	return 0;
}

uint32_t weft__locs_number(
	struct weft__locs *locs, const char *fn, const char *file, int32_t line, bool *fresh)
{
	struct weft__loc key = {.fn = fn, .file = file, .line = line};
	struct weft__loc *slot;

	if ((size_t)locs->used * 2 >= locs->size && grow(locs) < 0)
		return 0;
	slot = find(locs, &key);
	*fresh = !slot->number;
	if (*fresh) {
		*slot = key;
		slot->number = ++locs->used;
	}
	return slot->number;
}

void weft__locs_free(struct weft__locs *locs)
{
	free(locs->slots);
	memset(locs, 0, sizeof(*locs));
}
