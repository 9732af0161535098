/* SPDX-License-Identifier: MIT
 *
 * A map from ids to objects: open addressing; what is dropped closes its gap at once, so that a
 * program may make and free channels for ever. See objects.h.
 */
#include "tracer/record/objects.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/record/names.h"

static size_t home(const struct weft__objects *objects, uint64_t id)
{
	return weft__hash_number(id) & (objects->size - 1);
}

static size_t find(const struct weft__objects *objects, uint64_t id)
{
	size_t i = home(objects, id);

	while (objects->slots[i].id && objects->slots[i].id != id)
		i = (i + 1) & (objects->size - 1);
	return i;
}

static int grow(struct weft__objects *objects)
{
	struct weft__objects bigger = {
		.size = objects->size ? objects->size * 2 : 64, .used = objects->used};

	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < objects->size; i++) {
		if (objects->slots[i].id)
			bigger.slots[find(&bigger, objects->slots[i].id)] = objects->slots[i];
	}
	free(objects->slots);
	*objects = bigger;
	return 0;
}

struct weft__object *weft__objects_add(struct weft__objects *objects, uint64_t id)
{
	size_t i;

	if (objects->used * 2 >= objects->size && grow(objects) < 0)
		return NULL;
	i = find(objects, id);
	if (!objects->slots[i].id)
		objects->used++;
	objects->slots[i] = (struct weft__object){.id = id};
	return &objects->slots[i];
}

struct weft__object *weft__objects_find(const struct weft__objects *objects, uint64_t id)
{
	size_t i;

	if (!objects->size || !id)
		return NULL;
	i = find(objects, id);
	return objects->slots[i].id ? &objects->slots[i] : NULL;
}

void weft__objects_drop(struct weft__objects *objects, uint64_t id)
{
	size_t mask = objects->size - 1;
	size_t gap, i;

	if (!weft__objects_find(objects, id))
		return;
	gap = find(objects, id);
	objects->used--;
	/* Whoever stands behind the gap and belongs at or before it moves in; his place is the gap.
	 */
	for (i = (gap + 1) & mask; objects->slots[i].id; i = (i + 1) & mask) {
		size_t want = home(objects, objects->slots[i].id);

		if (((i - want) & mask) >= ((i - gap) & mask)) {
			objects->slots[gap] = objects->slots[i];
			gap = i;
		}
	}
	objects->slots[gap].id = 0;
}

void weft__objects_free(struct weft__objects *objects)
{
	free(objects->slots);
	memset(objects, 0, sizeof(*objects));
}
