/* SPDX-License-Identifier: MIT
 *
 * The ways in which `weft info` prints what was counted.
 */
#ifndef WEFT_CLI_INFO_H
#define WEFT_CLI_INFO_H

#include "tracer/stats/stats.h"

/* What is printed. */
struct info {
	const struct weft_stats *stats;
	const struct weft_stats_filter *filter;
	const char *path;
	uint32_t top; /* rows of a table; UINT32_MAX: all */
};

/* ---- Text: info_text.c, info_left.c, info_held.c, info_tables.c
 * ------------------------------------------- */

void info_text(const struct info *info);

/* What is wrong at the end: deadlock, who is left, locks held, messages never received. */
void info_left(const struct info *info);
void info_circles(const struct info *info);
void info_held(const struct info *info);
void info_lost(const struct info *info);
bool info_ends_early(const struct weft_stats *stats); /* the range, before the trace does */

/* All tables of what happened on the way. */
void info_tables(const struct info *info);

void info_heading(const char *text);

/* A line that grows piece by piece; what is too long for it is cut. Zeroed is empty. */
struct info_line {
	char text[512];
	size_t len;
};

void info_add(struct info_line *line, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
const char *info_plural(uint64_t n); /* "s", or "" for one */

/* Fit for a terminal, with its id where another has the same name; "-" for WEFT_NO_INDEX. In the
   buffers of cli_clean. */
const char *info_thread(const struct weft_stats *stats, uint32_t thread);
const char *info_object(const struct weft_stats *stats, uint32_t obj);
const char *info_where(const char *where); /* without its folders */

/* ---- For programs: info_rows.c, info_json.c, info_csv.c -------------------------------------- */

void info_json(const struct info *info);
void info_csv(const struct info *info, int table); /* an index into info_table_names */

/* One JSON object or one line of CSV, or the line with the names. */
struct info_out {
	enum info_form { INFO_JSON, INFO_CSV, INFO_CSV_HEAD } form;
	bool first; /* nothing is in the row yet */
};

void info_out_key(struct info_out *out, const char *key); /* the value follows, printed by hand */
void info_out_text(struct info_out *out, const char *key, const char *value); /* or NULL */
void info_out_int(struct info_out *out, const char *key, int64_t value);
void info_out_real(struct info_out *out, const char *key, double value);
void info_out_bool(struct info_out *out, const char *key, bool value);
void info_out_null(struct info_out *out, const char *key);
void info_out_time(struct info_out *out, const char *key, int64_t t_ns); /* WEFT_NO_TIME: null */

/* count, p50, p90, p99, max and mean, their keys made of the prefix. */
void info_out_histogram(
	struct info_out *out, const char *prefix, const struct weft_histogram *histogram);

/* A table that is a list in JSON and a file in CSV. */
struct info_table {
	const char *name;
	uint32_t (*count)(const struct info *info);
	bool (*shows)(const struct weft_stats *stats, uint32_t i); /* NULL: every row */
	void (*row)(struct info_out *out, const struct weft_stats *stats, uint32_t i);
};

enum { INFO_TABLES = 10 };
extern const struct info_table info_table_list[INFO_TABLES];
extern const char *const info_table_names[INFO_TABLES + 1]; /* ends with NULL */

#endif
