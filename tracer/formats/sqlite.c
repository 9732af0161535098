/* SPDX-License-Identifier: MIT
 *
 * A trace as a SQLite database, to ask questions of. docs/sqlite.md describes its tables.
 *
 * Everything is one transaction without a journal: the file is a temporary one until it is
 * complete.
 */
#include "tracer/formats/sqlite.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "tracer/formats/rows.h"

static const char schema[] =
	"PRAGMA journal_mode = OFF;"
	"PRAGMA synchronous = OFF;"
	"PRAGMA application_id = 0x57454654;" /* "WEFT" */
	"PRAGMA user_version = 1;"
	"BEGIN;"
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
	"CREATE TABLE loc(loc INTEGER PRIMARY KEY, fn TEXT, file TEXT, line INT);"
	"CREATE TABLE thread(co INTEGER PRIMARY KEY, name TEXT, fn TEXT, parent INT, depth INT,"
	" born INT, died INT, exit_why TEXT, code INT, sys INT);"
	"CREATE TABLE worker(w INTEGER PRIMARY KEY, tid INT, name TEXT);"
	"CREATE TABLE object(obj INTEGER PRIMARY KEY, type TEXT, name TEXT, cap INT, elem TEXT,"
	" born INT, freed INT);"
	"CREATE TABLE event(id INTEGER PRIMARY KEY, t INT, w INT, co INT, ev TEXT, obj INT,"
	" msg INT, loc INT, json TEXT);"
	"CREATE TABLE slice(id INTEGER PRIMARY KEY, co INT, w INT, t INT, dur INT, state TEXT,"
	" why TEXT, obj INT);"
	"CREATE TABLE message(msg INTEGER PRIMARY KEY, obj INT, sender INT, receiver INT,"
	" t_send INT, t_recv INT, via TEXT, value TEXT, guess INT);"
	"CREATE TABLE wake(id INTEGER PRIMARY KEY, t INT, waker INT, woken INT, obj INT, why TEXT,"
	" t_run INT);"
	"CREATE TABLE region(id INTEGER PRIMARY KEY, co INT, name TEXT, t INT, dur INT, depth INT,"
	" task INT);"
	"CREATE TABLE counter(t INT, name TEXT, co INT, obj INT, value REAL, unit TEXT);"
	"CREATE TABLE log(t INT, co INT, level TEXT, text TEXT, json TEXT);"
	"CREATE TABLE finding(rule TEXT, line INT, text TEXT);";

static const char indexes[] =
	"CREATE INDEX event_t ON event(t);"
	"CREATE INDEX event_co ON event(co, t);"
	"CREATE INDEX slice_co ON slice(co, t);"
	"CREATE INDEX message_obj ON message(obj, t_send);"
	"CREATE INDEX message_receiver ON message(receiver, t_recv);"
	"CREATE VIEW channel_stats AS SELECT obj, count(*) n, avg(t_recv - t_send) mean_ns,"
	" max(t_recv - t_send) max_ns, sum(t_recv IS NULL) pending FROM message GROUP BY obj;"
	"CREATE VIEW blocked_time AS SELECT co, why, count(*) n, sum(dur) ns FROM slice"
	" WHERE state = 'blocked' GROUP BY co, why;"
	"COMMIT;";

static const struct {
	const char *name;
	int columns;
} tables[] = {
	[SQLITE_META] = {"meta", 2},
	[SQLITE_LOC] = {"loc", 4},
	[SQLITE_THREAD] = {"thread", 10},
	[SQLITE_WORKER] = {"worker", 3},
	[SQLITE_OBJECT] = {"object", 7},
	[SQLITE_EVENT] = {"event", 9},
	[SQLITE_SLICE] = {"slice", 8},
	[SQLITE_MESSAGE] = {"message", 9},
	[SQLITE_WAKE] = {"wake", 7},
	[SQLITE_REGION] = {"region", 7},
	[SQLITE_COUNTER] = {"counter", 6},
	[SQLITE_LOG] = {"log", 5},
	[SQLITE_FINDING] = {"finding", 3},
};

/* ---- Rows ------------------------------------------------------------------------------------ */

static int bind(sqlite3_stmt *insert, int column, char letter, va_list *ap)
{
	uint64_t id;
	int64_t n;

	switch (letter) {
	case 'o':
		id = va_arg(*ap, uint64_t);
		return id ? sqlite3_bind_int64(insert, column, (sqlite3_int64)id)
			  : sqlite3_bind_null(insert, column);
	case 'n':
		n = va_arg(*ap, int64_t);
		return n >= 0 ? sqlite3_bind_int64(insert, column, n)
			      : sqlite3_bind_null(insert, column);
	case 'r':
		return sqlite3_bind_double(insert, column, va_arg(*ap, double));
	case 't':
		return sqlite3_bind_text(
			insert, column, va_arg(*ap, const char *), -1, SQLITE_STATIC);
	default:
		return sqlite3_bind_int64(insert, column, va_arg(*ap, int64_t));
	}
}

/* A row whose key is there already is one that the trace tells twice: the first one stays. */
void sqlite_put(struct sqlite_writer *sw, enum sqlite_table table, const char *columns, ...)
{
	sqlite3_stmt *insert = sw->inserts[table];
	int rc = SQLITE_OK;
	va_list ap;

	if (sw->rc != SQLITE_OK)
		return;
	va_start(ap, columns);
	for (int i = 0; columns[i] && rc == SQLITE_OK; i++)
		rc = bind(insert, i + 1, columns[i], &ap);
	va_end(ap);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(insert);
	sqlite3_reset(insert);
	if (rc != SQLITE_DONE)
		sw->rc = rc;
}

static int prepare(struct sqlite_writer *sw)
{
	int rc = sqlite3_exec(sw->db, schema, NULL, NULL, NULL);

	for (int i = 0; i < SQLITE_TABLE_COUNT && rc == SQLITE_OK; i++) {
		char text[128];
		int used = snprintf(
			text, sizeof(text), "INSERT OR IGNORE INTO %s VALUES(?", tables[i].name);

		for (int k = 1; k < tables[i].columns; k++)
			used += snprintf(text + used, sizeof(text) - (size_t)used, ",?");
		snprintf(text + used, sizeof(text) - (size_t)used, ")");
		rc = sqlite3_prepare_v2(sw->db, text, -1, &sw->inserts[i], NULL);
	}
	return rc;
}

/* ---- What the model knows -------------------------------------------------------------------- */

static void put_threads(struct sqlite_writer *sw)
{
	const struct weft_trace *trace = sw->trace;

	for (uint32_t i = 0; i < trace->nthreads; i++) {
		const struct weft_thread *th = &trace->threads[i];
		uint64_t parent = th->parent == WEFT_NO_INDEX ? 0 : trace->threads[th->parent].id;
		const char *why = weft_exit_word(th->exit_why);

		sqlite_put(sw, SQLITE_THREAD, th->ended ? "ottoiintii" : "ottoiintni", th->id,
			th->name, th->fn, parent, (int64_t)th->depth, th->born_ns,
			th->ended ? th->died_ns : INT64_C(-1), th->ended && why[0] ? why : NULL,
			th->ended ? (int64_t)th->code : INT64_C(-1), (int64_t)th->sys);
	}
}

static void put_objects(struct sqlite_writer *sw)
{
	for (uint32_t i = 0; i < sw->trace->nobjects; i++) {
		const struct weft_object *o = &sw->trace->objects[i];

		sqlite_put(sw, SQLITE_OBJECT, "ottntin", o->id, weft_obj_word(o->type), o->name,
			o->has_cap ? (int64_t)o->cap : INT64_C(-1), o->elem, o->made_ns,
			o->freed_ns == WEFT_NO_TIME ? INT64_C(-1) : o->freed_ns);
	}
}

static void put_slices(struct sqlite_writer *sw)
{
	const struct weft_trace *trace = sw->trace;

	for (uint32_t i = 0; i < trace->nspans; i++) {
		const struct weft_span *span = &trace->spans[i];
		bool blocked = span->state == WEFT_STATE_BLOCKED;

		if (span->state == WEFT_STATE_UNKNOWN)
			continue;
		sqlite_put(sw, SQLITE_SLICE, "ioniitto", (int64_t)i + 1,
			trace->threads[span->thread].id, (int64_t)span->worker, span->begin_ns,
			span->end_ns - span->begin_ns, weft_state_word(span->state),
			blocked ? weft_why_word(span->why) : NULL,
			span->obj == WEFT_NO_INDEX ? UINT64_C(0) : trace->objects[span->obj].id);
	}
}

static void put_workers(struct sqlite_writer *sw)
{
	for (int32_t w = 0; w < sw->trace->workers; w++)
		sqlite_put(sw, SQLITE_WORKER, "int", (int64_t)w, sw->tids[w], sw->worker_names[w]);
}

/* ---- The header ------------------------------------------------------------------------------ */

/* "sched.workers": the keys on the way down; a list is its JSON. */
static void put_meta(struct sqlite_writer *sw, const char *key, struct json_object *value)
{
	const char *text;
	char longer[256];

	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, inner, child)
		{
			snprintf(longer, sizeof(longer), "%s%s%s", key, key[0] ? "." : "", inner);
			put_meta(sw, longer, child);
		}
		return;
	}
	if (strcmp(key, "events") == 0)
		return;
	text = json_object_is_type(value, json_type_string)
		       ? json_object_get_string(value)
		       : json_object_to_json_string_ext(
				 value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	sqlite_put(sw, SQLITE_META, "tt", key, text);
}

static int take_header(void *arg, const struct weft_header *header)
{
	struct sqlite_writer *sw = arg;

	sqlite_put(sw, SQLITE_META, "tt", "title", sw->trace->title);
	sqlite_put(sw, SQLITE_META, "tt", "source", header->source);
	if (header->json)
		put_meta(sw, "", header->json);
	else if (header->t_is)
		sqlite_put(sw, SQLITE_META, "tt", "src.t_is", header->t_is);
	return 0;
}

static void take_finding(void *arg, const struct weft_finding *finding)
{
	sqlite_put(arg, SQLITE_FINDING, "tot", finding->rule, finding->line, finding->text);
}

/* ---- All of it ------------------------------------------------------------------------------- */

static int set_up(struct sqlite_writer *sw, const char *path)
{
	size_t workers = (size_t)sw->trace->workers + 1;

	sw->arena = weft_arena_create();
	sw->tokener = json_tokener_new_ex(WEFT_NEST_MAX + 1);
	sw->tids = malloc(workers * sizeof(*sw->tids));
	sw->worker_names = calloc(workers, sizeof(*sw->worker_names));
	if (!sw->arena || !sw->tokener || !sw->tids || !sw->worker_names)
		return -ENOMEM;
	memset(sw->tids, 0xff, workers * sizeof(*sw->tids)); /* -1 each */
	sw->rc = sqlite3_open_v2(path, &sw->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (sw->rc == SQLITE_OK)
		sw->rc = prepare(sw);
	return 0;
}

static void tear_down(struct sqlite_writer *sw)
{
	for (int i = 0; i < SQLITE_TABLE_COUNT; i++)
		sqlite3_finalize(sw->inserts[i]);
	sqlite3_close(sw->db);
	weft_map_finish(&sw->wake_of);
	weft_map_finish(&sw->region_of);
	weft_arena_free(sw->arena);
	if (sw->tokener)
		json_tokener_free(sw->tokener);
	free(sw->wakes);
	free(sw->regions);
	free(sw->tids);
	free(sw->worker_names);
}

static void finish(struct sqlite_writer *sw)
{
	sqlite_records_end(sw);
	put_workers(sw);
	put_threads(sw);
	put_objects(sw);
	put_slices(sw);
	if (sw->rc == SQLITE_OK)
		sw->rc = sqlite3_exec(sw->db, indexes, NULL, NULL, NULL);
}

static int write_sqlite(const struct weft_writing *writing, struct weft_trace_error *error)
{
	struct sqlite_writer sw = {.trace = writing->trace};
	struct weft_tap tap = {&sw, take_header, sqlite_record, take_finding};
	int rc;

	if (!writing->file)
		return weft_refuse(error, -EINVAL, 0, "a database needs a file; name one with -o");
	rc = set_up(&sw, writing->file);
	if (rc < 0)
		weft_refuse(error, rc, 0, "%s", strerror(-rc));
	else
		rc = weft_source_read(writing->source, &tap, error);
	if (rc == 0)
		finish(&sw);
	if (rc == 0 && sw.rc != SQLITE_OK)
		rc = weft_refuse(error, -EIO, 0, "SQLite: %s",
			sw.db ? sqlite3_errmsg(sw.db) : sqlite3_errstr(sw.rc));
	tear_down(&sw);
	return rc;
}

const struct weft_format weft_format_sqlite = {
	.name = "sqlite",
	.suffixes = "db sqlite sqlite3",
	.summary = "a database to ask questions of",
	.write = write_sqlite,
};
