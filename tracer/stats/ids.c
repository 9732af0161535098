/* SPDX-License-Identifier: MIT
 *
 * Dense and sparse ids.
 */
#include "tracer/stats/ids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An id is dense while the array stays in proportion to how many there are. */
static int make_room(struct weft_ids *ids, uint64_t id)
{
	size_t room = ids->room ? ids->room : 256;
	uint32_t *dense;

	while (room <= id)
		room *= 2;
	dense = reallocarray(ids->dense, room, sizeof(*dense));
	if (!dense)
		return -ENOMEM;
	memset(dense + ids->room, 0, (room - ids->room) * sizeof(*dense));
	ids->dense = dense;
	ids->room = room;
	return 0;
}

int weft_ids_add(struct weft_ids *ids, uint64_t id, uint32_t index)
{
	ids->count++;
	if (id >= ids->room) {
		if (id >= 4 * (uint64_t)ids->count + 256)
			return weft_map_put(&ids->sparse, id, index);
		if (make_room(ids, id) < 0)
			return -ENOMEM;
	}
	ids->dense[id] = index + 1;
	return 0;
}

void weft_ids_finish(struct weft_ids *ids)
{
	free(ids->dense);
	weft_map_finish(&ids->sparse);
	memset(ids, 0, sizeof(*ids));
}
