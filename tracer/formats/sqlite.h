/* SPDX-License-Identifier: MIT
 *
 * The SQLite writer's state: sqlite.c has the schema and what the model knows, sqlite_records.c
 * what the records add. Nobody else includes this.
 */
#ifndef WEFT_TRACER_FORMATS_SQLITE_H
#define WEFT_TRACER_FORMATS_SQLITE_H

#include <sqlite3.h>

#include "tracer/formats/formats.h"
#include "tracer/trace/arena.h"
#include "tracer/trace/map.h"

struct json_object;
struct json_tokener;

/* Tables that rows are put into. */
enum sqlite_table {
	SQLITE_META,
	SQLITE_LOC,
	SQLITE_THREAD,
	SQLITE_WORKER,
	SQLITE_OBJECT,
	SQLITE_EVENT,
	SQLITE_SLICE,
	SQLITE_MESSAGE,
	SQLITE_WAKE,
	SQLITE_REGION,
	SQLITE_COUNTER,
	SQLITE_LOG,
	SQLITE_FINDING,
	SQLITE_TABLE_COUNT
};

/* Who was made ready and has not run yet. */
struct sqlite_wake {
	int64_t t;
	uint64_t id, waker, woken, obj;
	const char *why;
};

/* A region that is open. */
struct sqlite_region {
	uint64_t id, co, task;
	const char *name;
	int64_t t;
	size_t outer, depth; /* outer: index, or SIZE_MAX */
};

struct sqlite_writer {
	sqlite3 *db;
	sqlite3_stmt *inserts[SQLITE_TABLE_COUNT];
	const struct weft_trace *trace;
	struct weft_arena *arena;
	struct json_tokener *tokener;
	int rc;	     /* the first error of SQLite's */
	bool failed; /* out of memory */

	size_t messages; /* how many have been */
	struct sqlite_wake *wakes;
	struct sqlite_region *regions;
	size_t nwakes, nregions, room_wakes, room_regions;
	struct weft_map wake_of;   /* coroutine to its pending wake */
	struct weft_map region_of; /* coroutine to its innermost open region */
	int64_t *tids;		   /* of workers; -1: unknown */
	const char **worker_names;
};

/*
 * Puts a row into a table; a letter for each column says what follows: i int64_t; n int64_t, below
 * 0 is NULL; o uint64_t, 0 is NULL; r double; t const char *, which may be NULL.
 */
void sqlite_put(struct sqlite_writer *sw, enum sqlite_table table, const char *columns, ...);

/* A record into all tables that it concerns. Returns 0 or a negative errno value. */
int sqlite_record(void *arg, const struct weft_record *rec);

/* What is still open when all records have been. */
void sqlite_records_end(struct sqlite_writer *sw);

#endif
