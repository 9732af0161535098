/* SPDX-License-Identifier: MIT
 *
 * The checker's tools: findings, kept until the end so that they can be sorted and taken back, and
 * tables by id.
 */
#include "tracer/trace/check_state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MAX 10000

/* ---- Findings -------------------------------------------------------------------------------- */

/* The rules that a drop silences. */
static bool is_silenced(const char *rule)
{
	static const char *const rules[] = {"E08", "E11", "E12", "E13", "E14", "E15", "E16", "E18",
		"E20", "E21", "E23", "E24", "E25", "E26", "E27"};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (strcmp(rules[i], rule) == 0)
			return true;
	}
	return false;
}

/* Rules are literals in the program, but importers' and readers' come through a borrowed string. */
static const char *literal(const char *rule)
{
	static const char words[][8] = {"E01", "E02", "E03", "E04", "E05", "E06", "E07", "E08",
		"E09", "E10", "E11", "E12", "E13", "E14", "E15", "E16", "E17", "E18", "E19", "E20",
		"E21", "E22", "E23", "E24", "E25", "E26", "E27", "E28", "E29", "W01", "W02", "W03",
		"W04", "W05", "W06", "W07"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], rule) == 0)
			return words[i];
	}
	return "import";
}

static void keep(struct weft_checker *ck, const struct ck_finding *finding, const char *text)
{
	struct ck_finding *to;

	if (finding->severity == WEFT_ERROR)
		ck->errors++;
	else
		ck->warnings++;
	if (ck->nfindings >= KEPT_MAX) {
		ck->not_kept++;
		return;
	}
	if (weft_grow(&ck->findings, ck->nfindings, &ck->room_findings, sizeof(*to)) < 0) {
		ck->failed = true;
		return;
	}
	to = &ck->findings[ck->nfindings];
	*to = *finding;
	to->seq = ck->nfindings;
	to->text = strdup(text);
	ck->failed |= !to->text;
	if (to->text)
		ck->nfindings++;
}

static void keep_args(
	struct weft_checker *ck, struct ck_finding *finding, const char *format, va_list args)
{
	char text[256];

	vsnprintf(text, sizeof(text), format, args);
	weft_clean_text(text, sizeof(text));
	finding->severity = finding->rule[0] == 'E' ? WEFT_ERROR : WEFT_WARNING;
	keep(ck, finding, text);
}

void ck_say(struct weft_checker *ck, const char *rule, const struct weft_record *rec,
	const char *format, ...)
{
	struct ck_finding finding = {
		.rule = rule,
		.line = rec->line,
		.record = rec->index,
		.t = is_silenced(rule) ? rec->t : -1,
	};
	va_list args;

	va_start(args, format);
	keep_args(ck, &finding, format, args);
	va_end(args);
}

void ck_say_end(struct weft_checker *ck, const char *rule, uint64_t line, const char *format, ...)
{
	struct ck_finding finding = {.rule = rule, .line = line, .t = -1, .at_end = true};
	va_list args;

	va_start(args, format);
	keep_args(ck, &finding, format, args);
	va_end(args);
}

static void take_finding(void *arg, const struct weft_finding *from)
{
	struct ck_finding finding = {
		.rule = literal(from->rule),
		.line = from->line,
		.record = from->record,
		.t = -1,
		.severity = (uint8_t)from->severity,
	};

	keep(arg, &finding, from->text);
}

struct weft_report weft_checker_report(struct weft_checker *ck)
{
	return (struct weft_report){take_finding, ck};
}

/* ---- Tables ---------------------------------------------------------------------------------- */

void *ck_add(struct weft_checker *ck, struct ck_table *table, uint64_t id, size_t size)
{
	void *item = table->spare;

	if (item)
		memcpy(&table->spare, item, sizeof(table->spare));
	else
		item = malloc(size);
	if (!item || weft_map_put(&table->item_of, id, (uintptr_t)item) < 0) {
		free(item);
		ck->failed = true;
		return NULL;
	}
	return memset(item, 0, size);
}

void ck_remove(struct ck_table *table, uint64_t id)
{
	void *item = ck_find(table, id);

	if (!item)
		return;
	memcpy(item, &table->spare, sizeof(table->spare));
	table->spare = item;
	weft_map_remove(&table->item_of, id);
}

void *ck_next(const struct ck_table *table, size_t *i)
{
	const struct weft_map *map = &table->item_of;

	for (; map->used > 0 && *i <= map->mask; ++*i) {
		if (map->slots[*i].key != WEFT_MAP_NONE)
			return (void *)(uintptr_t)map->slots[(*i)++].value;
	}
	return NULL;
}

void **ck_sorted(struct weft_checker *ck, const struct ck_table *table,
	int (*compare)(const void *, const void *), size_t *ret_count)
{
	void **items = reallocarray(NULL, table->item_of.used + 1, sizeof(*items)), *item;
	size_t n = 0, i = 0;

	if (!items) {
		ck->failed = true;
		return NULL;
	}
	while ((item = ck_next(table, &i)))
		items[n++] = item;
	qsort(items, n, sizeof(*items), compare);
	*ret_count = n;
	return items;
}

void ck_finish_table(struct ck_table *table, void (*finish)(void *))
{
	size_t i = 0;
	void *item;

	while ((item = ck_next(table, &i))) {
		if (finish)
			finish(item);
		free(item);
	}
	while ((item = table->spare)) {
		memcpy(&table->spare, item, sizeof(table->spare));
		free(item);
	}
	weft_map_finish(&table->item_of);
}

void ck_set_add(struct weft_checker *ck, struct weft_set *set, uint64_t id)
{
	if (weft_set_add(set, id) < 0)
		ck->failed = true;
}

void ck_set_remove(struct weft_checker *ck, struct weft_set *set, uint64_t id)
{
	if (weft_set_remove(set, id) < 0)
		ck->failed = true;
}

/* Keeps the beginning of a name, cut on a character's edge. */
void ck_copy_name(char *to, const char *name)
{
	size_t len = name ? strlen(name) : 0;

	if (len >= CK_NAME_MAX) {
		len = CK_NAME_MAX - 1;
		while (len > 0 && ((unsigned char)name[len] & 0xc0) == 0x80)
			len--;
	}
	if (len > 0)
		memcpy(to, name, len);
	to[len] = '\0';
}
