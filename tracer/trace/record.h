/* SPDX-License-Identifier: MIT
 *
 * One decoded record, whatever file it came from: what readers and importers make, and what the
 * checker and the model read. Bytes become records here; records become meaning elsewhere.
 *
 * Absent is 0 for ids (they start at 1) and words, -1 for times and counts, NULL for strings.
 */
#ifndef WEFT_TRACER_TRACE_RECORD_H
#define WEFT_TRACER_TRACE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracer/event.h"
#include "tracer/trace/check.h"

struct json_object;

#define WEFT_EV_UNKNOWN WEFT_EV_COUNT_ /* a private kind, or one of a later minor version */

enum weft_dir {
	WEFT_DIR_RECV,
	WEFT_DIR_SEND,
};

/* One case of a select that blocks. */
struct weft_case {
	uint64_t on;
	enum weft_dir dir;
};

/* Strings, lists and the value are borrowed until the next record is decoded. */
struct weft_record {
	uint64_t line;	/* in the file, from 1 */
	uint64_t index; /* number of the record, from 1 */
	int64_t t;
	uint64_t co, on, msg;
	uint64_t new_, to, from, of, by;
	uint64_t at, stack, loc; /* numbers of locations and stacks */
	uint64_t task, id, parent;
	int64_t cap, size, n, len, dur, index_case, until, since, woke, when, every;
	int64_t line_no, cpu;	     /* of loc; of run and worker */
	int64_t delta, number, code; /* add: delta and value; exit: code */
	int64_t pick;		     /* index or enum weft_pick */
	int32_t w, from_w;	     /* -1: none */
	uint8_t kind;		     /* enum weft_ev, or WEFT_EV_UNKNOWN */
	uint8_t why;		     /* enum of the kind: weft_why, weft_exit_why, ... */
	uint8_t type;		     /* enum weft_obj */
	uint8_t via;		     /* enum weft_via */
	uint8_t state;		     /* enum weft_state */
	uint8_t op;		     /* enum weft_worker_op; task: 0 begin, 1 end */
	uint8_t mode;		     /* 0 none, 1 read, 2 write */
	uint8_t level;
	bool ok, pre, sys, merged, guess, all;
	bool has_number, has_code; /* `number` and `code` may be any integer */
	const char *name, *fn, *file, *elem, *text, *unit, *cat;
	const char *at_text; /* a location written as text */
	bool has_value;
	const char *plain; /* a value without escapes or deep nesting, as JSON; not terminated */
	size_t plain_len;
	struct json_object *value; /* any other; NULL also for JSON's null. Of count: a number */
	struct json_object *args;  /* an object, or NULL */
	const struct weft_case *cases;
	const uint64_t *ids; /* frames of a stack, coroutines of a steal */
	uint32_t ncases, nids;
	const char *extra; /* private fields, `,"x_KEY":VALUE` each; NULL: none */
	const char *raw; /* its JSON as it stands in the file; NULL: an importer made the record */
	size_t raw_len;
};

/* A record with every field absent. */
void weft_record_clear(struct weft_record *rec);

/* The header of a file. Strings live as long as its reader. */
struct weft_header {
	int64_t minor;
	bool by_worker; /* order "worker" */
	uint32_t caps;	/* bit 1 << enum weft_cap */
	int32_t workers;
	const char *title, *exe, *clock;
	const char *source; /* "weft", "gotrace" */
	const char *t_is;
	uint8_t id[16];
	bool has_id;
	struct json_object
		*json; /* all of it, as it stands in the file; NULL: an importer made it */
};

/* Where readers put their findings. */
struct weft_report {
	weft_finding_fn fn;
	void *arg;
};

void weft_report(const struct weft_report *report, const char *rule, uint64_t line, uint64_t record,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Fills in `error` (which may be NULL) and returns its code. */
int weft_refuse(struct weft_trace_error *error, int code, uint64_t line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* ---- From JSON to records -------------------------------------------------------------------- */

struct weft_decoder;

/* `minor`: of the file; unknown words of a higher one than ours are W05 and not E02. */
struct weft_decoder *weft_decoder_create(const struct weft_report *report);
void weft_decoder_set_minor(struct weft_decoder *decoder, int64_t minor);
void weft_decoder_free(struct weft_decoder *decoder);

enum weft_syntax {
	WEFT_SYNTAX_OK,
	WEFT_SYNTAX_BAD,  /* not JSON */
	WEFT_SYNTAX_DEEP, /* more than WEFT_NEST_MAX levels */
	WEFT_SYNTAX_MEMORY,
};

/* Parses exactly one JSON value, strictly. The decoder keeps it until the next call. */
enum weft_syntax weft_decoder_parse(
	struct weft_decoder *decoder, const char *text, size_t len, struct json_object **ret_json);

/*
 * Reads a text that begins with a record as the recorder writes them, fast; what `room` is, and
 * what else must hold: scan.h. Returns the place behind it; or NULL if it looks otherwise, or
 * anything is wrong with it: then nothing has been reported, and parsing and decoding it is the
 * way.
 */
const char *weft_decoder_scan(struct weft_decoder *decoder, const char *text, size_t room,
	uint64_t line, uint64_t index, struct weft_record *rec);

/*
 * Decodes a parsed record; `quiet` reports nothing (it has been decoded before). Returns 1 if the
 * record can be used, 0 if not (E02 has been reported), or -ENOMEM.
 */
int weft_decode(struct weft_decoder *decoder, struct json_object *json, uint64_t line,
	uint64_t index, bool quiet, struct weft_record *rec);

/*
 * Reads the header's fields. Returns 0, or -EPROTO with `error` filled in (rule E01). Strings are
 * borrowed from the JSON.
 */
int weft_header_decode(struct json_object *json, const struct weft_report *report,
	struct weft_header *ret_header, struct weft_trace_error *error);

/*
 * A record's value as a person reads it: at most 64 bytes, cut on a character's edge, control
 * characters replaced by blanks. `buf` holds at least WEFT_VALUE_TEXT bytes.
 */
#define WEFT_VALUE_TEXT 65
void weft_value_text(const struct weft_record *rec, char *buf);

/*
 * What weft_value_text shortens, in full and with all its characters: the text of a string, of a
 * tagged number or pointer; else JSON. The caller frees it; NULL: out of memory.
 */
char *weft_value_full(const struct weft_record *rec);

/* A name or a title from a file, the same way, at most 255 bytes of it. */
#define WEFT_LABEL_TEXT 256
void weft_label_text(const char *text, char *buf);

/*
 * Makes a message fit for a terminal, whatever names are in it: control characters become blanks,
 * and if it fills its `size` bytes a character that was cut is taken off.
 */
void weft_clean_text(char *text, size_t size);

#endif
