/* SPDX-License-Identifier: MIT
 *
 * weft info --format=csv: one table. Its first line has the names, which are the keys of the JSON.
 */
#include "cli/cli.h"
#include "cli/info.h"

/* The names come from printing a row; where a table has none, from this one. */
static void print_head(const struct info_table *table)
{
	static struct weft_thread_stats thread;
	static struct weft_object_stats object;
	static struct weft_wait wait;
	static struct weft_trip trip;
	static struct weft_lost lost;
	static struct weft_held held;
	static struct weft_pair pair;
	static struct weft_stats blank = {
		.threads = &thread,
		.objects = &object,
		.waits = &wait,
		.trips = &trip,
		.lost = &lost,
		.held = &held,
		.pairs = {.list = &pair},
	};
	struct info_out out = {INFO_CSV_HEAD, true};

	thread.first_reason = WEFT_NO_INDEX;
	table->row(&out, &blank, 0);
	putchar('\n');
}

void info_csv(const struct info *info, int index)
{
	const struct info_table *table = &info_table_list[index];

	print_head(table);
	for (uint32_t i = 0; i < table->count(info); i++) {
		struct info_out out = {INFO_CSV, true};

		if (table->shows && !table->shows(info->stats, i))
			continue;
		table->row(&out, info->stats, i);
		putchar('\n');
	}
}
