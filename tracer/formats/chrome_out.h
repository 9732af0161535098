/* SPDX-License-Identifier: MIT
 *
 * The records of a Chrome trace as text, one a line: what chrome_write.c means is in there, how it
 * is spelled is here. Times are ns and come out as microseconds with three digits, never through a
 * double.
 */
#ifndef WEFT_TRACER_FORMATS_CHROME_OUT_H
#define WEFT_TRACER_FORMATS_CHROME_OUT_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

struct json_object;
struct weft_record;

/* The two processes: threads of the program, and the workers that run them. */
enum chrome_pid {
	CHROME_THREADS = 1,
	CHROME_WORKERS = 2,
};

struct chrome_out {
	FILE *f;
	uint64_t records;
	bool in_args;
};

/* Where a record lies. tid 0 is nobody's: only for what belongs to the whole process. */
struct chrome_place {
	enum chrome_pid pid;
	uint64_t tid;
	int64_t t;
};

/* A record is a begin, then what it has besides, its arguments last, then an end. */
void chrome_begin(struct chrome_out *out, char ph, const struct chrome_place *place,
	const char *cat, const char *name);
void chrome_end(struct chrome_out *out);

void chrome_dur(struct chrome_out *out, int64_t dur);
void chrome_text(struct chrome_out *out, const char *key, const char *text);
void chrome_id(struct chrome_out *out, const char *scope, uint64_t id); /* "id2":{scope:"0x.."} */

void chrome_arg_int(struct chrome_out *out, const char *key, int64_t value);
void chrome_arg_flag(struct chrome_out *out, const char *key, bool value);
void chrome_arg_text(struct chrome_out *out, const char *key, const char *text);
void chrome_arg_json(struct chrome_out *out, const char *key, struct json_object *json);

/* The value of a record. */
void chrome_arg_value(struct chrome_out *out, const char *key, const struct weft_record *rec);

/* A whole record of metadata. */
void chrome_meta_text(struct chrome_out *out, enum chrome_pid pid, uint64_t tid, const char *what,
	const char *key, const char *text);
void chrome_meta_int(struct chrome_out *out, enum chrome_pid pid, uint64_t tid, const char *what,
	const char *key, int64_t value);

/* One end of an arrow; it must follow its slice at once. `ph` is s or f. */
void chrome_flow(struct chrome_out *out, char ph, const struct chrome_place *place, const char *cat,
	uint64_t id);

#endif
