/* SPDX-License-Identifier: MIT
 *
 * What is left at the end besides who waits: threads in a circle, locks that are held, messages
 * that nobody received.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/info.h"

/* A name and the arrow to the next, on a new line if the terminal ends; *used are columns. */
static void add_link(int *used, const char *name, const char *arrow)
{
	enum { INDENT = 4 };
	int width = cli_text_width(name) + (*arrow ? 1 + cli_text_width(arrow) : 0);

	if (*used + 1 + width > cli_width(stdout) && *used > INDENT) {
		printf("\n%*s", INDENT - 1, "");
		*used = INDENT - 1;
	}
	printf(" %s%s%s", name, *arrow ? " " : "", arrow);
	*used += 1 + width;
}

static void print_cycle(const struct info *info, const struct weft_cycle *cycle)
{
	static const char head[] = "  in a circle:";
	const struct weft_stats *s = info->stats;
	const char *arrow = cli_is_utf8() ? "\u2192" : "->";
	int used = (int)sizeof(head) - 1;
	struct info_line more = {"", 0};

	printf("%s%s%s", cli_colour(stdout, CLI_RED), head, cli_colour(stdout, CLI_PLAIN));
	for (uint32_t n = 0; n < cycle->count && n < info->top; n++) {
		uint32_t obj = s->threads[cycle->threads[n]].obj;

		add_link(&used, info_thread(s, cycle->threads[n]), arrow);
		if (obj != WEFT_NO_INDEX)
			add_link(&used, info_object(s, obj), arrow);
	}
	if (cycle->count > info->top) {
		info_add(&more, "%s more", cli_count(cycle->count - info->top));
		add_link(&used, more.text, arrow);
	}
	add_link(&used, info_thread(s, cycle->threads[0]), "");
	printf("\n");
}

void info_circles(const struct info *info)
{
	const struct weft_stats *s = info->stats;

	for (uint32_t i = 0; i < s->ncycles && i < info->top; i++)
		print_cycle(info, &s->cycles[i]);
	if (s->ncycles > info->top)
		printf("  and %s more circles\n", cli_count(s->ncycles - info->top));
}

void info_lost(const struct info *info)
{
	static const struct cli_column columns[] = {{"n", 'r', false, 0}, {"on", 'l', true, 0},
		{"the first by", 'l', true, 0}, {"at", 'r', false, 0}, {"value", 'l', true, 1},
		{NULL, 0, false, 0}};
	const struct weft_stats *s = info->stats;
	struct cli_table table;

	if (s->nlost == 0)
		return;
	printf("\n%s%s message%s ", cli_colour(stdout, CLI_BOLD), cli_count(s->pending),
		info_plural(s->pending));
	if (info_ends_early(s))
		printf("on the way at %s", cli_duration(s->to_ns));
	else
		printf("never received");
	printf("%s\n", cli_colour(stdout, CLI_PLAIN));
	cli_table_init(&table, columns);
	for (uint32_t i = 0; i < s->nlost && i < info->top; i++) {
		const struct weft_lost *lost = &s->lost[i];

		cli_table_add(&table, "%s", cli_count(lost->count));
		cli_table_add(&table, "%s", info_object(s, lost->obj));
		cli_table_add(&table, "%s", info_thread(s, lost->from));
		cli_table_add(&table, "%s", cli_duration(lost->send_ns));
		cli_table_add(&table, "%s", lost->value ? cli_clean(lost->value) : "-");
	}
	cli_table_print(&table, stdout);
	if (s->nlost > info->top)
		printf("  and %s more channels\n", cli_count(s->nlost - info->top));
}

static int by_thread(const void *left, const void *right)
{
	const struct weft_held *a = left, *b = right;

	if (a->thread != b->thread)
		return a->thread < b->thread ? -1 : 1;
	return a->since_ns < b->since_ns ? -1 : a->since_ns > b->since_ns;
}

/* One row: all that a thread has, the first taken first. Returns how many. */
static uint32_t add_holder(struct cli_table *table, const struct weft_stats *s,
	const struct weft_held *held, uint32_t left)
{
	struct info_line locks = {"", 0};
	uint32_t n = 0;

	for (; n < left && held[n].thread == held->thread; n++)
		info_add(&locks, "%s%s", n ? ", " : "", info_object(s, held[n].obj));
	cli_table_add(table, "%s%s", info_thread(s, held->thread),
		s->threads[held->thread].ended ? " (ended)" : "");
	cli_table_add(table, "%s", locks.text);
	cli_table_add(table, "%s", cli_duration(s->to_ns - held->since_ns));
	return n;
}

void info_held(const struct info *info)
{
	static const struct cli_column columns[] = {{"thread", 'l', true, 0}, {"has", 'l', true, 0},
		{"for", 'r', false, 0}, {NULL, 0, false, 0}};
	const struct weft_stats *s = info->stats;
	struct weft_held *list = calloc((size_t)s->nheld + 1, sizeof(*list));
	struct cli_table table;
	uint32_t shown = 0, rows = 0;

	if (!list) {
		cli_say("out of memory");
		exit(CLI_FAILED);
	}
	memcpy(list, s->held, s->nheld * sizeof(*list));
	qsort(list, s->nheld, sizeof(*list), by_thread);
	cli_table_init(&table, columns);
	for (; shown < s->nheld && rows < info->top; rows++)
		shown += add_holder(&table, s, &list[shown], s->nheld - shown);
	if (s->nheld) {
		printf("\n%s%s lock%s still held%s\n", cli_colour(stdout, CLI_BOLD),
			cli_count(s->nheld), info_plural(s->nheld), cli_colour(stdout, CLI_PLAIN));
		cli_table_print(&table, stdout);
	}
	if (shown < s->nheld)
		printf("  and %s more\n", cli_count(s->nheld - shown));
	free(list);
}
