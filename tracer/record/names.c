/* SPDX-License-Identifier: MIT
 *
 * A set of strings: open addressing, never shrinks. See names.h.
 */
#include "tracer/record/names.h"

#include <stdlib.h>
#include <string.h>

struct weft__name {
	uint64_t hash;
	size_t len;
	char text[];
};

uint64_t weft__hash(const void *data, size_t n)
{
	const unsigned char *u = data;
	uint64_t h = n;

	for (size_t i = 0; i < n; i++)
		h = (h ^ u[i]) * UINT64_C(0x100000001b3);
	return weft__hash_number(h);
}

/* Where this string is, or would stand. */
static struct weft__name **find(
	const struct weft__names *names, const char *s, size_t n, uint64_t hash)
{
	for (size_t i = hash;; i++) {
		struct weft__name **slot = &names->slots[i & (names->size - 1)];

		if (!*slot || ((*slot)->hash == hash && (*slot)->len == n &&
				      !memcmp((*slot)->text, s, n)))
			return slot;
	}
}

static int grow(struct weft__names *names)
{
	struct weft__names bigger = {
		.size = names->size ? names->size * 2 : 64, .used = names->used};

	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -1;
	for (size_t i = 0; i < names->size; i++) {
		struct weft__name *name = names->slots[i];

		if (name)
			*find(&bigger, name->text, name->len, name->hash) = name;
	}
	free(names->slots);
	*names = bigger;
	return 0;
}

const char *weft__names_keep(struct weft__names *names, const char *s, size_t n)
{
	uint64_t hash = weft__hash(s, n);
	struct weft__name **slot;

	if (names->used * 2 >= names->size && grow(names) < 0)
		return NULL;
	slot = find(names, s, n, hash);
	if (!*slot) {
		struct weft__name *name = malloc(sizeof(*name) + n + 1);

		if (!name)
			return NULL;
		name->hash = hash;
		name->len = n;
		memcpy(name->text, s, n);
		name->text[n] = '\0';
		*slot = name;
		names->used++;
	}
	return (*slot)->text;
}

void weft__names_free(struct weft__names *names)
{
	for (size_t i = 0; i < names->size; i++)
		free(names->slots[i]);
	free(names->slots);
	memset(names, 0, sizeof(*names));
}
