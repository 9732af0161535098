/* SPDX-License-Identifier: MIT
 *
 * Spelling Chrome's records. See chrome_out.h.
 */
#include "tracer/formats/chrome_out.h"

#include "tracer/trace/encode.h"
#include "tracer/trace/json.h"

static void put_us(FILE *f, const char *key, int64_t ns)
{
	fprintf(f, ",\"%s\":%" PRId64 ".%03d", key, ns / 1000, (int)(ns % 1000));
}

void chrome_begin(struct chrome_out *out, char ph, const struct chrome_place *place,
	const char *cat, const char *name)
{
	fprintf(out->f, "%s{\"ph\":\"%c\",\"pid\":%d,\"tid\":%" PRIu64, out->records ? ",\n" : "\n",
		ph, (int)place->pid, place->tid);
	out->records++;
	out->in_args = false;
	put_us(out->f, "ts", place->t);
	if (cat)
		chrome_text(out, "cat", cat);
	if (name)
		chrome_text(out, "name", name);
}

void chrome_end(struct chrome_out *out)
{
	fputs(out->in_args ? "}}" : "}", out->f);
}

void chrome_dur(struct chrome_out *out, int64_t dur)
{
	put_us(out->f, "dur", dur);
}

void chrome_text(struct chrome_out *out, const char *key, const char *text)
{
	fprintf(out->f, ",\"%s\":", key);
	weft_json_string(out->f, text);
}

void chrome_id(struct chrome_out *out, const char *scope, uint64_t id)
{
	fprintf(out->f, ",\"id2\":{\"%s\":\"0x%" PRIx64 "\"}", scope, id);
}

static void put_key(struct chrome_out *out, const char *key)
{
	fputs(out->in_args ? "," : ",\"args\":{", out->f);
	out->in_args = true;
	weft_json_string(out->f, key);
	fputc(':', out->f);
}

void chrome_arg_int(struct chrome_out *out, const char *key, int64_t value)
{
	put_key(out, key);
	fprintf(out->f, "%" PRId64, value);
}

void chrome_arg_flag(struct chrome_out *out, const char *key, bool value)
{
	put_key(out, key);
	fputs(value ? "true" : "false", out->f);
}

void chrome_arg_text(struct chrome_out *out, const char *key, const char *text)
{
	put_key(out, key);
	weft_json_string(out->f, text);
}

void chrome_arg_json(struct chrome_out *out, const char *key, struct json_object *json)
{
	put_key(out, key);
	weft_json_value(out->f, json);
}

void chrome_arg_value(struct chrome_out *out, const char *key, const struct weft_record *rec)
{
	put_key(out, key);
	weft_encode_value(out->f, rec);
}

static void begin_meta(struct chrome_out *out, enum chrome_pid pid, uint64_t tid, const char *what)
{
	/* DevTools wants a category and a time of these, too. */
	fprintf(out->f,
		"%s{\"ph\":\"M\",\"pid\":%d,\"tid\":%" PRIu64
		",\"ts\":0,\"cat\":\"__metadata\",\"name\":\"%s\"",
		out->records ? ",\n" : "\n", (int)pid, tid, what);
	out->records++;
	out->in_args = false;
}

void chrome_meta_text(struct chrome_out *out, enum chrome_pid pid, uint64_t tid, const char *what,
	const char *key, const char *text)
{
	begin_meta(out, pid, tid, what);
	chrome_arg_text(out, key, text);
	chrome_end(out);
}

void chrome_meta_int(struct chrome_out *out, enum chrome_pid pid, uint64_t tid, const char *what,
	const char *key, int64_t value)
{
	begin_meta(out, pid, tid, what);
	chrome_arg_int(out, key, value);
	chrome_end(out);
}

void chrome_flow(struct chrome_out *out, char ph, const struct chrome_place *place, const char *cat,
	uint64_t id)
{
	chrome_begin(out, ph, place, cat, cat);
	fprintf(out->f, ",\"id\":\"0x%" PRIx64 "\"%s", id, ph == 'f' ? ",\"bp\":\"e\"" : "");
	chrome_end(out);
}
