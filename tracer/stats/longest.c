/* SPDX-License-Identifier: MIT
 *
 * The heap of the longest.
 */
#include "tracer/stats/longest.h"

#include <errno.h>
#include <stdlib.h>

int weft_longest_init(struct weft_longest *list, uint32_t room)
{
	*list = (struct weft_longest){.room = room};
	list->entries = reallocarray(NULL, (size_t)room + 1, sizeof(*list->entries));
	return list->entries ? 0 : -ENOMEM;
}

/* Whether `a` stands before `b` in the list: it is longer, or it was earlier. */
static bool is_before(const struct weft_longest_entry *a, const struct weft_longest_entry *b)
{
	if (a->length_ns != b->length_ns)
		return a->length_ns > b->length_ns;
	if (a->begin_ns != b->begin_ns)
		return a->begin_ns < b->begin_ns;
	return a->slot < b->slot;
}

static void sift_down(struct weft_longest *list, struct weft_longest_entry entry)
{
	uint32_t i = 0;

	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child >= list->count)
			break;
		if (child + 1 < list->count &&
			is_before(&list->entries[child], &list->entries[child + 1]))
			child++;
		if (!is_before(&entry, &list->entries[child]))
			break;
		list->entries[i] = list->entries[child];
		i = child;
	}
	list->entries[i] = entry;
}

static void sift_up(struct weft_longest *list, struct weft_longest_entry entry)
{
	uint32_t i = list->count++;

	while (i > 0 && is_before(&list->entries[(i - 1) / 2], &entry)) {
		list->entries[i] = list->entries[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	list->entries[i] = entry;
}

uint32_t weft_longest_offer(struct weft_longest *list, int64_t length_ns, int64_t begin_ns)
{
	struct weft_longest_entry entry = {length_ns, begin_ns, list->count};

	if (list->count < list->room) {
		sift_up(list, entry);
		return entry.slot;
	}
	if (list->room == 0)
		return WEFT_LONGEST_NONE;
	entry.slot = list->entries[0].slot;
	if (!is_before(&entry, &list->entries[0]))
		return WEFT_LONGEST_NONE;
	sift_down(list, entry);
	return entry.slot;
}

static int compare(const void *left, const void *right)
{
	const struct weft_longest_entry *a = left, *b = right;

	return is_before(a, b) ? -1 : is_before(b, a);
}

void weft_longest_sort(struct weft_longest *list)
{
	qsort(list->entries, list->count, sizeof(*list->entries), compare);
}

void weft_longest_finish(struct weft_longest *list)
{
	free(list->entries);
	*list = (struct weft_longest){0};
}
