/* SPDX-License-Identifier: MIT
 *
 * What is wrong at the end, which is what a trace is mostly opened for: who waits for what since
 * when; info_held.c has circles, locks and messages.
 *
 * A few threads are named one by one; of many, those that wait in the same place for the same
 * reason are one row.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/info.h"

bool info_ends_early(const struct weft_stats *s)
{
	return s->to_ns < s->length_ns;
}

static void print_left_heading(const struct weft_stats *s)
{
	bool deadlock = s->complete && s->eof_why == WEFT_EOF_DEADLOCK && !info_ends_early(s);
	const char *n = cli_count(s->nleft), *plural = info_plural(s->nleft);

	printf("\n%s%s", cli_colour(stdout, CLI_BOLD), deadlock ? cli_colour(stdout, CLI_RED) : "");
	if (deadlock)
		printf("DEADLOCK: %s thread%s wait%s, and nobody is left to wake %s", n, plural,
			s->nleft == 1 ? "s" : "", s->nleft == 1 ? "it" : "them");
	else if (info_ends_early(s))
		printf("alive at %s: %s thread%s", cli_duration(s->to_ns), n, plural);
	else if (s->complete && s->eof_why == WEFT_EOF_EXIT)
		printf("left behind: %s thread%s had not ended when the program did", n, plural);
	else
		printf("%s thread%s had not ended when the trace did", n, plural);
	printf("%s\n", cli_colour(stdout, CLI_PLAIN));
}

/* ---- What a thread waits for ------------------------------------------------------------------
 */

static const char *verb_of(unsigned why)
{
	switch (why) {
	case WEFT_WHY_SEND:
		return "send to";
	case WEFT_WHY_RECV:
		return "receive from";
	case WEFT_WHY_JOIN:
		return "end of";
	case WEFT_WHY_WAITGROUP:
		return "wait group";
	case WEFT_WHY_COND:
		return "condition";
	default:
		return weft_why_word(why);
	}
}

/* "waitgroup #1" needs no "wait group" before it. */
static bool is_named_by_type(const struct weft_stats *s, const struct weft_thread_stats *thread)
{
	const struct weft_object_stats *object;
	const char *type;

	if (thread->obj == WEFT_NO_INDEX)
		return false;
	object = &s->objects[thread->obj];
	type = weft_obj_word(object->type);
	return (thread->why == WEFT_WHY_WAITGROUP || thread->why == WEFT_WHY_COND ||
		       thread->why == WEFT_WHY_SEMAPHORE) &&
	       strncmp(object->name, type, strlen(type)) == 0;
}

/* "select: receive from a, send to b and 2 more" */
static void add_cases(
	struct info_line *line, const struct weft_stats *s, const struct weft_thread_stats *thread)
{
	enum { SHOWN = 3 };

	for (uint32_t i = 0; i < thread->ncases && i < SHOWN; i++)
		info_add(line, "%s %s %s", i ? "," : ":",
			thread->cases[i].send ? "send to" : "receive from",
			info_object(s, thread->cases[i].obj));
	if (thread->ncases > SHOWN)
		info_add(line, " and %" PRIu32 " more", thread->ncases - SHOWN);
}

static const char *waits_for(const struct weft_stats *s, uint32_t i)
{
	const struct weft_thread_stats *thread = &s->threads[i];
	uint32_t holder =
		thread->obj == WEFT_NO_INDEX ? WEFT_NO_INDEX : s->objects[thread->obj].holder;
	struct info_line line = {"", 0};

	if (thread->state != WEFT_STATE_BLOCKED) {
		info_add(&line, "nothing: it is %s", weft_state_word(thread->state));
		return cli_clean(line.text);
	}
	if (!is_named_by_type(s, thread))
		info_add(&line, "%s", verb_of(thread->why));
	if (thread->why == WEFT_WHY_JOIN && thread->of != WEFT_NO_INDEX)
		info_add(&line, " %s", info_thread(s, thread->of));
	else if (thread->obj != WEFT_NO_INDEX)
		info_add(&line, "%s%s", line.len ? " " : "", info_object(s, thread->obj));
	if (holder != WEFT_NO_INDEX)
		info_add(&line, ", which %s has%s", holder == i ? "it" : info_thread(s, holder),
			s->threads[holder].ended ? " (ended)" : "");
	add_cases(&line, s, thread);
	return cli_clean(line.text);
}

/* The line where it waits, or at least whose code it runs. */
static const char *place_of(const struct weft_thread_stats *thread)
{
	char text[256];

	if (thread->where || !thread->fn)
		return info_where(thread->where);
	snprintf(text, sizeof(text), "%.200s()", thread->fn);
	return cli_clean(text);
}

static void print_each(const struct info *info)
{
	static const struct cli_column columns[] = {{"thread", 'l', true, 0},
		{"waits for", 'l', true, 0}, {"for", 'r', false, 0}, {"since", 'r', false, 2},
		{"where", 'l', true, 1}, {NULL, 0, false, 0}};
	const struct weft_stats *s = info->stats;
	struct cli_table table;

	cli_table_init(&table, columns);
	for (uint32_t n = 0; n < s->nleft; n++) {
		const struct weft_thread_stats *thread = &s->threads[s->left[n]];

		cli_table_add(&table, "%s", info_thread(s, s->left[n]));
		cli_table_add(&table, "%s", waits_for(s, s->left[n]));
		cli_table_add(&table, "%s", cli_duration(s->to_ns - thread->since_ns));
		cli_table_add(&table, "%s", cli_duration(thread->since_ns));
		cli_table_add(&table, "%s", place_of(thread));
	}
	cli_table_print(&table, stdout);
}

/* ---- Many -------------------------------------------------------------------------------------
 */

/* Strings are interned, so that equal ones are the same pointer. */
static int compare_kind(const struct weft_thread_stats *a, const struct weft_thread_stats *b)
{
	const uintptr_t keys[][2] = {{a->state, b->state}, {a->why, b->why},
		{(uintptr_t)a->where, (uintptr_t)b->where}, {(uintptr_t)a->fn, (uintptr_t)b->fn}};

	for (int i = 0; i < 4; i++) {
		if (keys[i][0] != keys[i][1])
			return keys[i][0] < keys[i][1] ? -1 : 1;
	}
	return 0;
}

static int by_kind(const void *left, const void *right, void *arg)
{
	const struct weft_stats *s = arg;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	int order = compare_kind(&s->threads[a], &s->threads[b]);

	if (order == 0 && s->threads[a].since_ns != s->threads[b].since_ns)
		order = s->threads[a].since_ns < s->threads[b].since_ns ? -1 : 1;
	return order ? order : a < b ? -1 : a > b;
}

/* Threads of one kind: a stretch of the list that is sorted by kind. */
struct group {
	uint32_t first, count;
	bool one_object; /* all wait for the same */
};

static int by_count(const void *left, const void *right)
{
	const struct group *a = left, *b = right;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return a->first < b->first ? -1 : a->first > b->first;
}

static uint32_t make_groups(const struct weft_stats *s, const uint32_t *list, struct group *groups)
{
	uint32_t count = 0;

	for (uint32_t n = 0; n < s->nleft; n++) {
		const struct weft_thread_stats *thread = &s->threads[list[n]];
		struct group *last = count ? &groups[count - 1] : NULL;

		if (!last || compare_kind(&s->threads[list[last->first]], thread) != 0) {
			groups[count++] = (struct group){n, 1, true};
			continue;
		}
		last->count++;
		last->one_object &= thread->obj == s->threads[list[last->first]].obj &&
				    thread->of == s->threads[list[last->first]].of;
	}
	return count;
}

static void add_group(struct cli_table *table, const struct weft_stats *s, const uint32_t *list,
	const struct group *group)
{
	const struct weft_thread_stats *first = &s->threads[list[group->first]];
	const char *which = info_thread(s, list[group->first]);

	cli_table_add(table, "%s", cli_count(group->count));
	if (group->count == 1)
		cli_table_add(table, "%s", which);
	else
		cli_table_add(table, "%s and %s more", which, cli_count(group->count - 1));
	if (group->one_object)
		cli_table_add(table, "%s", waits_for(s, list[group->first]));
	else
		cli_table_add(table, "%s different ones", verb_of(first->why));
	cli_table_add(table, "%s", cli_duration(s->to_ns - first->since_ns));
	cli_table_add(table, "%s", place_of(first));
}

static void print_groups(const struct info *info)
{
	static const struct cli_column columns[] = {{"n", 'r', false, 0}, {"threads", 'l', true, 0},
		{"wait for", 'l', true, 0}, {"longest", 'r', false, 0}, {"where", 'l', true, 1},
		{NULL, 0, false, 0}};
	const struct weft_stats *s = info->stats;
	uint32_t *list = calloc(s->nleft, sizeof(*list));
	struct group *groups = calloc(s->nleft, sizeof(*groups));
	struct cli_table table;
	uint32_t count;

	if (!list || !groups) {
		cli_say("out of memory");
		exit(CLI_FAILED);
	}
	memcpy(list, s->left, s->nleft * sizeof(*list));
	qsort_r(list, s->nleft, sizeof(*list), by_kind, (void *)s);
	count = make_groups(s, list, groups);
	qsort(groups, count, sizeof(*groups), by_count);
	cli_table_init(&table, columns);
	for (uint32_t i = 0; i < count && i < info->top; i++)
		add_group(&table, s, list, &groups[i]);
	cli_table_print(&table, stdout);
	if (count > info->top)
		printf("  and %s more kinds\n", cli_count(count - info->top));
	free(list);
	free(groups);
}

/* ---- All of it --------------------------------------------------------------------------------
 */

/* Whether the trace claims to hold all of it. */
static bool claims(const struct weft_stats *s, enum weft_cap cap)
{
	return s->caps & UINT32_C(1) << cap;
}

void info_left(const struct info *info)
{
	const struct weft_stats *s = info->stats;

	if (s->nleft) {
		print_left_heading(s);
		if (s->nleft <= info->top)
			print_each(info);
		else
			print_groups(info);
	}
	info_circles(info);
	info_held(info);
	info_lost(info);
	if (!s->nleft && !s->nheld && !s->nlost && s->complete && !info_ends_early(s) &&
		claims(s, WEFT_CAP_LIFE))
		printf("  %severy thread ended%s%s\n", cli_colour(stdout, CLI_GREEN),
			claims(s, WEFT_CAP_MSG) ? ", every message was received" : "",
			cli_colour(stdout, CLI_PLAIN));
}
