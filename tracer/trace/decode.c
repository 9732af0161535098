/* SPDX-License-Identifier: MIT
 *
 * From one JSON object to one record, by the table in fields.c: rules E02 and E04, and W05 for
 * what is unknown.
 *
 * A wrong field that the kind can do without is reported and left out; a record is unusable only
 * if a required field is missing. A bad `t` becomes the time of the record before, so that what the
 * record says about lives is not lost with it.
 */
#include "tracer/trace/decode.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "tracer/trace/fields.h"
#include "tracer/trace/scan.h"

/* What decoding one record needs to know. */
struct context {
	struct weft_decoder *decoder;
	struct weft_record *rec;
	const char *kind;
	bool quiet;
};

static const struct weft_record absent = {
	.t = -1,
	.cap = -1,
	.size = -1,
	.n = -1,
	.len = -1,
	.dur = -1,
	.index_case = -1,
	.until = -1,
	.since = -1,
	.woke = -1,
	.when = -1,
	.every = -1,
	.line_no = -1,
	.cpu = -1,
	.w = -1,
	.from_w = -1,
	.kind = WEFT_EV_UNKNOWN,
	.ok = true,
};

/*
 * In blocks: of an assignment gcc makes a `rep movs`, which takes 20 ns to get going. Unrolled,
 * since each record is cleared: a loop takes as many instructions again.
 */
void weft_record_clear(struct weft_record *rec)
{
	enum { BLOCK = 64 };
	char *to = (char *)rec;
	const char *from = (const char *)&absent;
	size_t at = 0;

#pragma GCC unroll 16
	for (; at + BLOCK <= sizeof(*rec); at += BLOCK)
		memcpy(to + at, from + at, BLOCK);
	memcpy(to + at, from + at, sizeof(*rec) % BLOCK);
}

static void say_unknown(struct context *ctx, const char *what, const char *name)
{
	struct weft_decoder *decoder = ctx->decoder;
	char text[160];

	snprintf(text, sizeof(text), "unknown %s \"%.60s\"%s%.60s", what, name,
		ctx->kind ? " in " : "", ctx->kind ? ctx->kind : "");
	for (unsigned i = 0; i < decoder->nunknown; i++) {
		if (strcmp(decoder->unknown[i], text) == 0)
			return;
	}
	if (decoder->nunknown == UNKNOWN_MAX)
		return;
	decoder->unknown[decoder->nunknown] = strdup(text);
	if (decoder->unknown[decoder->nunknown])
		decoder->nunknown++;
	weft_report(decoder->report, "W05", ctx->rec->line, ctx->rec->index, "%s", text);
}

static void say_wrong(struct context *ctx, const char *field, const char *want)
{
	if (!ctx->quiet)
		weft_report(ctx->decoder->report, "E02", ctx->rec->line, ctx->rec->index,
			"%s: field \"%s\" is not %s", ctx->kind, field, want);
}

static bool get_integer(struct json_object *json, int64_t min, int64_t max, int64_t *ret)
{
	int64_t n;

	if (!json_object_is_type(json, json_type_int))
		return false;
	n = json_object_get_int64(json);
	if (n < min || n > max)
		return false;
	*ret = n;
	return true;
}

/* Makes room for `want` things of `size` bytes in a list that is kept from record to record. */
static int make_room(void *list, size_t *room, size_t want, size_t size)
{
	void *old, *more;

	if (want <= *room)
		return 0;
	memcpy(&old, list, sizeof(old));
	more = reallocarray(old, want, size);
	if (!more)
		return -ENOMEM;
	memcpy(list, &more, sizeof(more));
	*room = want;
	return 0;
}

static bool is_all(const char *text, const char *of)
{
	return text[0] && text[strspn(text, of)] == '\0';
}

/* Whether a part of a tagged value is what the part of that name has to be. */
static bool is_part(const char *name, struct json_object *json)
{
	const char *text;
	int64_t n;

	if (strcmp(name, "json") == 0)
		return true;
	if (strcmp(name, "len") == 0)
		return get_integer(json, 0, WEFT_TIME_MAX, &n);
	if (!json_object_is_type(json, json_type_string))
		return false;
	text = json_object_get_string(json);
	if (strcmp(name, "int") == 0)
		return is_all(text + (text[0] == '-'), "0123456789");
	if (strcmp(name, "float") == 0)
		return strcmp(text + (text[0] == '-'), "inf") == 0 || strcmp(text, "nan") == 0;
	if (strcmp(name, "ptr") == 0)
		return strncmp(text, "0x", 2) == 0 && is_all(text + 2, "0123456789abcdef");
	return true;
}

/* What JSON can't hold exactly is an object with a tag: section 10 of the format. */
static bool is_tagged(struct json_object *json)
{
	static const char *const parts[] = {
		"int", "float", "str", "base64", "ptr", "json", "len", "type"};
	bool tagged = false;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct json_object *part;

		if (!json_object_object_get_ex(json, parts[i], &part))
			continue;
		if (!is_part(parts[i], part))
			return false;
		tagged |= i < 6;
	}
	return tagged;
}

/* A value that is a plain integer must survive a reader that only has doubles. */
static bool is_value(struct json_object *json)
{
	int64_t n;

	if (json_object_is_type(json, json_type_int))
		return get_integer(json, -WEFT_TIME_MAX, WEFT_TIME_MAX, &n);
	if (json_object_is_type(json, json_type_object))
		return is_tagged(json);
	return !json_object_is_type(json, json_type_array);
}

static int get_ids(struct context *ctx, struct json_object *json, const char *field)
{
	struct weft_decoder *decoder = ctx->decoder;
	size_t n = json_object_is_type(json, json_type_array) ? json_object_array_length(json) : 0;

	if (!json_object_is_type(json, json_type_array)) {
		say_wrong(ctx, field, "a list of numbers");
		return 0;
	}
	if (make_room(&decoder->ids, &decoder->room_ids, n, sizeof(*decoder->ids)) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		int64_t id;

		if (!get_integer(json_object_array_get_idx(json, i), 1, WEFT_TIME_MAX, &id)) {
			say_wrong(ctx, field, "a list of numbers from 1");
			return 0;
		}
		decoder->ids[i] = (uint64_t)id;
	}
	ctx->rec->ids = decoder->ids;
	ctx->rec->nids = (uint32_t)n;
	return 1;
}

static bool get_case(struct json_object *json, struct weft_case *ret)
{
	struct json_object *on, *dir, *value;
	const char *word;
	int64_t id;

	if (!json_object_is_type(json, json_type_object) ||
		!json_object_object_get_ex(json, "on", &on) ||
		!json_object_object_get_ex(json, "dir", &dir) ||
		!get_integer(on, 1, WEFT_TIME_MAX, &id) ||
		!json_object_is_type(dir, json_type_string))
		return false;
	if (json_object_object_get_ex(json, "value", &value) && !is_value(value))
		return false;
	word = json_object_get_string(dir);
	ret->on = (uint64_t)id;
	ret->dir = strcmp(word, "send") == 0 ? WEFT_DIR_SEND : WEFT_DIR_RECV;
	return ret->dir == WEFT_DIR_SEND || strcmp(word, "recv") == 0;
}

static int get_cases(struct context *ctx, struct json_object *json, const char *field)
{
	struct weft_decoder *decoder = ctx->decoder;
	size_t n = json_object_is_type(json, json_type_array) ? json_object_array_length(json) : 0;

	if (!json_object_is_type(json, json_type_array)) {
		say_wrong(ctx, field, "a list of cases");
		return 0;
	}
	if (make_room(&decoder->cases, &decoder->room_cases, n, sizeof(*decoder->cases)) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (!get_case(json_object_array_get_idx(json, i), &decoder->cases[i])) {
			say_wrong(ctx, field, "a list of cases, each with \"on\" and \"dir\"");
			return 0;
		}
	}
	ctx->rec->cases = decoder->cases;
	ctx->rec->ncases = (uint32_t)n;
	return 1;
}

static int get_pick(struct context *ctx, struct json_object *json)
{
	static const char *const words[] = {"default", "timeout", "cancel"};

	if (get_integer(json, 0, WEFT_TIME_MAX, &ctx->rec->pick))
		return 1;
	for (int i = 0; i < 3 && json_object_is_type(json, json_type_string); i++) {
		if (strcmp(json_object_get_string(json), words[i]) == 0) {
			ctx->rec->pick = WEFT_PICK_DEFAULT - i;
			return 1;
		}
	}
	say_wrong(ctx, "pick", "an index, \"default\", \"timeout\" or \"cancel\"");
	return 0;
}

/* An unknown word stands for `other`; where there is none, the field is left out. */
static int get_word(
	struct context *ctx, const struct weft_field *field, struct json_object *json, uint8_t *ret)
{
	const char *word;

	if (!json_object_is_type(json, json_type_string)) {
		say_wrong(ctx, field->name, "a word");
		return 0;
	}
	word = json_object_get_string(json);
	for (uint8_t i = 0; field->words[i]; i++) {
		if (field->words[i][0] && strcmp(word, field->words[i]) == 0) {
			*ret = i;
			return 1;
		}
	}
	*ret = field->other;
	if (ctx->decoder->minor > WEFT_FORMAT_MINOR) {
		if (!ctx->quiet)
			say_unknown(ctx, "word", word);
	} else if (!ctx->quiet) {
		weft_report(ctx->decoder->report, "E02", ctx->rec->line, ctx->rec->index,
			"%s: \"%.40s\" is not a word of field \"%s\"", ctx->kind, word,
			field->name);
	}
	return strcmp(field->words[field->other], "other") == 0;
}

static int get_time(
	struct context *ctx, const struct weft_field *field, struct json_object *json, int64_t *ret)
{
	if (get_integer(json, 0, WEFT_TIME_MAX, ret))
		return 1;
	if (strcmp(field->name, "t") != 0) {
		say_wrong(ctx, field->name, "a time, 0 to 2^53 - 1");
		return 0;
	}
	if (!ctx->quiet)
		weft_report(ctx->decoder->report, "E04", ctx->rec->line, ctx->rec->index,
			"%s: t is not an integer from 0 to 2^53 - 1", ctx->kind);
	*ret = ctx->decoder->last_t;
	return 1;
}

static int get_string(struct context *ctx, const struct weft_field *field, struct json_object *json,
	const char **ret)
{
	if (!json_object_is_type(json, json_type_string)) {
		say_wrong(ctx, field->name, "a string");
		return 0;
	}
	if (ret)
		*ret = json_object_get_string(json);
	return 1;
}

/* A whole number within limits; `want` says which, for people. */
static int get_number(struct context *ctx, const struct weft_field *field, struct json_object *json,
	int64_t min, int64_t max, const char *want, int64_t *ret)
{
	if (get_integer(json, min, max, ret))
		return 1;
	say_wrong(ctx, field->name, want);
	return 0;
}

/* Returns 1: the field is there; 0: it is wrong (reported) and left out; or -ENOMEM. */
static int decode_field(
	struct context *ctx, const struct weft_field *field, struct json_object *json)
{
	char *base = (char *)ctx->rec;
	void *to = field->offset ? base + field->offset : NULL;
	int64_t n = 0;
	int rc;

	switch (field->type) {
	case WEFT_FIELD_TIME:
		return get_time(ctx, field, json, to ? to : &n);
	case WEFT_FIELD_ID:
		rc = get_number(ctx, field, json, 1, WEFT_TIME_MAX, "a number from 1", &n);
		if (rc > 0 && to)
			*(uint64_t *)to = (uint64_t)n;
		return rc;
	case WEFT_FIELD_COUNT:
		return get_number(ctx, field, json, 0, WEFT_TIME_MAX, "a count", to ? to : &n);
	case WEFT_FIELD_INT:
		return get_number(ctx, field, json, -WEFT_TIME_MAX, WEFT_TIME_MAX,
			"an integer of 53 bits", to ? to : &n);
	case WEFT_FIELD_WORKER:
		rc = get_number(ctx, field, json, 0, INT32_MAX - 1, "a worker's number", &n);
		if (rc > 0)
			*(int32_t *)to = (int32_t)n;
		return rc;
	case WEFT_FIELD_STRING:
		return get_string(ctx, field, json, to);
	case WEFT_FIELD_BOOL:
		if (!json_object_is_type(json, json_type_boolean)) {
			say_wrong(ctx, field->name, "true or false");
			return 0;
		}
		*(bool *)to = json_object_get_boolean(json);
		return 1;
	case WEFT_FIELD_AT:
		if (json_object_is_type(json, json_type_string)) {
			ctx->rec->at_text = json_object_get_string(json);
			return 1;
		}
		rc = get_number(ctx, field, json, 1, WEFT_TIME_MAX, "a location", &n);
		if (rc > 0)
			ctx->rec->at = (uint64_t)n;
		return rc;
	case WEFT_FIELD_OBJECT:
		if (!json_object_is_type(json, json_type_object)) {
			say_wrong(ctx, field->name, "an object");
			return 0;
		}
		*(struct json_object **)to = json;
		return 1;
	case WEFT_FIELD_VALUE:
		if (!is_value(json)) {
			say_wrong(ctx, field->name, "a value (section 10 of the format)");
			return 0;
		}
		ctx->rec->value = json;
		return 1;
	case WEFT_FIELD_NUMBER:
		if (!json_object_is_type(json, json_type_int) &&
			!json_object_is_type(json, json_type_double)) {
			say_wrong(ctx, field->name, "a number");
			return 0;
		}
		*(struct json_object **)to = json;
		return 1;
	case WEFT_FIELD_CASES:
		return get_cases(ctx, json, field->name);
	case WEFT_FIELD_IDS:
		return get_ids(ctx, json, field->name);
	case WEFT_FIELD_PICK:
		return get_pick(ctx, json);
	case WEFT_FIELD_WORD:
		return get_word(ctx, field, json, to);
	case WEFT_FIELD_IGNORED:
		break;
	}
	return 1;
}

static const struct weft_field *find_field(const struct weft_field *fields, const char *name)
{
	for (; fields->name; fields++) {
		if (strcmp(fields->name, name) == 0)
			return fields;
	}
	return NULL;
}

/* Rules of one kind that no table says. */
static bool is_odd(const struct weft_record *rec)
{
	if (rec->kind == WEFT_EV_NAME)
		return (rec->co != 0) + (rec->on != 0) + (rec->w >= 0) != 1;
	return (rec->kind == WEFT_EV_BLOCK || rec->kind == WEFT_EV_STATE) &&
	       rec->why >= WEFT_WHY_CLOSE;
}

/* Says what is odd. Returns whether the record can be used all the same. */
static bool mend(struct context *ctx)
{
	struct weft_record *rec = ctx->rec;

	if (rec->kind == WEFT_EV_NAME) {
		if (!ctx->quiet)
			weft_report(ctx->decoder->report, "E02", rec->line, rec->index,
				"name: exactly one of co, on and w is named");
		return rec->co || rec->on || rec->w >= 0;
	}
	if (!ctx->quiet)
		weft_report(ctx->decoder->report, "E02", rec->line, rec->index,
			"%s: \"%s\" is a reason to wake, not to wait", ctx->kind,
			weft_why_word(rec->why));
	rec->why = WEFT_WHY_OTHER;
	return true;
}

static int decode_known(
	struct context *ctx, const struct weft_field *fields, struct json_object *json)
{
	uint32_t seen = 0;
	bool usable = true;

	json_object_object_foreach(json, key, child)
	{
		const struct weft_field *field = find_field(fields, key);
		int rc;

		if (!field) {
			if (!ctx->quiet && strncmp(key, "x_", 2) != 0)
				say_unknown(ctx, "field", key);
			continue;
		}
		rc = decode_field(ctx, field, child);
		if (rc < 0)
			return rc;
		if (rc > 0) {
			seen |= UINT32_C(1) << (field - fields);
			if (field->has)
				*(bool *)((char *)ctx->rec + field->has) = true;
		} else if (field->required) {
			usable = false; /* said already */
			seen |= UINT32_C(1) << (field - fields);
		}
	}
	for (const struct weft_field *field = fields; field->name; field++) {
		if (!field->required || seen & UINT32_C(1) << (field - fields))
			continue;
		usable = false;
		if (!ctx->quiet)
			weft_report(ctx->decoder->report, "E02", ctx->rec->line, ctx->rec->index,
				"%s: field \"%s\" is missing", ctx->kind, field->name);
	}
	return usable && (!is_odd(ctx->rec) || mend(ctx));
}

/* The words that a kind can be: those of later versions, and private ones. */
static bool may_be_kind(const char *kind)
{
	if (strncmp(kind, "x.", 2) == 0)
		return is_all(kind + 2, "abcdefghijklmnopqrstuvwxyz0123456789_.");
	return is_all(kind, "abcdefghijklmnopqrstuvwxyz");
}

/* A kind that we don't know still has a place in time. */
static void decode_unknown(struct context *ctx, struct json_object *json)
{
	struct json_object *t, *w;
	int64_t n;

	if (json_object_object_get_ex(json, "t", &t))
		get_integer(t, 0, WEFT_TIME_MAX, &ctx->rec->t);
	if (json_object_object_get_ex(json, "w", &w) && get_integer(w, 0, INT32_MAX - 1, &n))
		ctx->rec->w = (int32_t)n;
	if (!ctx->quiet && strncmp(ctx->kind, "x.", 2) != 0) {
		const char *kind = ctx->kind;

		ctx->kind = NULL;
		say_unknown(ctx, "kind", kind);
	}
}

static void remember_time(struct weft_decoder *decoder, const struct weft_record *rec)
{
	if (rec->t < 0 || rec->index < decoder->last_index)
		return;
	decoder->last_t = rec->t;
	decoder->last_index = rec->index;
}

const char *weft_decoder_scan(struct weft_decoder *decoder, const char *text, size_t room,
	uint64_t line, uint64_t index, struct weft_record *rec)
{
	const char *end = weft_scan(decoder->scanner, text, room, rec);

	if (!end || is_odd(rec))
		return NULL;
	rec->line = line;
	rec->index = index;
	remember_time(decoder, rec);
	return end;
}

int weft_decode(struct weft_decoder *decoder, struct json_object *json, uint64_t line,
	uint64_t index, bool quiet, struct weft_record *rec)
{
	struct context ctx = {decoder, rec, NULL, quiet};
	const struct weft_field *fields;
	struct json_object *ev;
	unsigned kind = 0;
	int rc;

	weft_record_clear(rec);
	rec->line = line;
	rec->index = index;
	if (!json_object_is_type(json, json_type_object) ||
		!json_object_object_get_ex(json, "ev", &ev) ||
		!json_object_is_type(ev, json_type_string)) {
		if (!quiet)
			weft_report(decoder->report, "E02", line, index,
				"not a record: no object with a kind \"ev\"");
		return 0;
	}
	ctx.kind = json_object_get_string(ev);
	fields = weft_fields(ctx.kind, &kind);
	if (!fields && !may_be_kind(ctx.kind)) {
		if (!quiet)
			weft_report(decoder->report, "E02", line, index,
				"\"%.60s\" cannot be the name of a kind", ctx.kind);
		return 0;
	}
	if (!fields) {
		decode_unknown(&ctx, json);
		remember_time(decoder, rec);
		return 1;
	}
	rec->kind = (uint8_t)kind;
	rc = decode_known(&ctx, fields, json);
	if (rc > 0)
		remember_time(decoder, rec);
	return rc;
}
