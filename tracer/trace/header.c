/* SPDX-License-Identifier: MIT
 *
 * The header of a native trace: rule E01, and how readers say what they found.
 */
#include "tracer/trace/record.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

void weft_report(const struct weft_report *report, const char *rule, uint64_t line, uint64_t record,
	const char *format, ...)
{
	struct weft_finding finding = {.rule = rule, .line = line, .record = record};
	char text[256];
	va_list args;

	if (!report->fn)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	weft_clean_text(text, sizeof(text));
	finding.severity = rule[0] == 'E' ? WEFT_ERROR : WEFT_WARNING;
	finding.text = text;
	report->fn(report->arg, &finding);
}

int weft_refuse(struct weft_trace_error *error, int code, uint64_t line, const char *format, ...)
{
	va_list args;

	if (!error)
		return code;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	weft_clean_text(error->text, sizeof(error->text));
	error->line = line;
	error->code = code;
	return code;
}

/* What goes wrong while a header is read. */
struct context {
	const struct weft_report *report;
	struct weft_trace_error *error;
	struct weft_header *header;
};

static int refuse(struct context *ctx, const char *text)
{
	weft_report(ctx->report, "E01", 1, 0, "%s", text);
	return weft_refuse(ctx->error, -EPROTO, 1, "not a trace: %s", text);
}

static const char *get_text(struct json_object *json, const char *key)
{
	struct json_object *field;

	if (!json_object_object_get_ex(json, key, &field) ||
		!json_object_is_type(field, json_type_string))
		return NULL;
	return json_object_get_string(field);
}

static int read_version(struct context *ctx, struct json_object *json)
{
	struct json_object *field;
	char text[160];
	int64_t major;

	if (!json_object_object_get_ex(json, "weft", &field))
		return refuse(ctx, "a JSON object without the key \"weft\"");
	if (!json_object_is_type(field, json_type_int))
		return refuse(ctx, "\"weft\" in the header is not a version number");
	major = json_object_get_int64(field);
	if (major > WEFT_FORMAT_MAJOR) {
		snprintf(text, sizeof(text),
			"format version %lld, and this weft reads version %d: a newer weft is "
			"needed",
			(long long)major, WEFT_FORMAT_MAJOR);
		return refuse(ctx, text);
	}
	if (major != WEFT_FORMAT_MAJOR)
		return refuse(ctx, "\"weft\" in the header is not 1");
	if (!json_object_object_get_ex(json, "minor", &field) ||
		!json_object_is_type(field, json_type_int) || json_object_get_int64(field) < 0)
		return refuse(ctx, "the header has no valid \"minor\"");
	ctx->header->minor = json_object_get_int64(field);
	return 0;
}

static int read_order(struct context *ctx, struct json_object *json)
{
	const char *order = get_text(json, "order");
	struct json_object *unit;

	if (!order || (strcmp(order, "time") != 0 && strcmp(order, "worker") != 0))
		return refuse(ctx, "\"order\" in the header is neither \"time\" nor \"worker\"");
	ctx->header->by_worker = strcmp(order, "worker") == 0;
	if (json_object_object_get_ex(json, "unit", &unit) &&
		(!get_text(json, "unit") || strcmp(get_text(json, "unit"), "ns") != 0))
		return refuse(ctx, "\"unit\" in the header is not \"ns\"");
	return 0;
}

/* Features that a reader must know: version 1.0 has none. */
static int read_need(struct context *ctx, struct json_object *json)
{
	struct json_object *need, *first;
	char text[160];

	if (!json_object_object_get_ex(json, "need", &need))
		return 0;
	if (!json_object_is_type(need, json_type_array))
		return refuse(ctx, "\"need\" in the header is not a list");
	if (json_object_array_length(need) == 0)
		return 0;
	first = json_object_array_get_idx(need, 0);
	snprintf(text, sizeof(text),
		"it needs the feature \"%.80s\", which this weft does not know",
		json_object_is_type(first, json_type_string) ? json_object_get_string(first) : "?");
	return refuse(ctx, text);
}

static int read_caps(struct context *ctx, struct json_object *json)
{
#define X(c, word) word,
	static const char *const words[] = {WEFT_CAP_LIST(X)};
#undef X
	struct json_object *caps;

	if (!json_object_object_get_ex(json, "caps", &caps))
		return 0;
	if (!json_object_is_type(caps, json_type_array))
		return refuse(ctx, "\"caps\" in the header is not a list");
	for (size_t i = 0; i < json_object_array_length(caps); i++) {
		struct json_object *cap = json_object_array_get_idx(caps, i);
		const char *word;
		unsigned k = 0;

		if (!json_object_is_type(cap, json_type_string))
			return refuse(ctx, "\"caps\" in the header is not a list of words");
		word = json_object_get_string(cap);
		while (k < WEFT_CAP_COUNT && strcmp(words[k], word) != 0)
			k++;
		if (k < WEFT_CAP_COUNT)
			ctx->header->caps |= UINT32_C(1) << k;
		else
			weft_report(ctx->report, "W05", 1, 0, "unknown cap \"%.60s\"", word);
	}
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void read_id(struct weft_header *header, const char *text)
{
	uint8_t id[16];

	if (!text || strlen(text) != 32)
		return;
	for (int i = 0; i < 16; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return;
		id[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(header->id, id, sizeof(id));
	header->has_id = true;
}

/* Fields that only label the run: a wrong one is left out. */
static void read_labels(struct context *ctx, struct json_object *json)
{
	static const char *const known[] = {"weft", "minor", "order", "unit", "clock", "t0", "wall",
		"id", "pid", "exe", "argv", "title", "host", "tool", "sched", "src", "caps", "need",
		"events"};
	const size_t nknown = sizeof(known) / sizeof(known[0]);
	struct weft_header *header = ctx->header;
	struct json_object *object, *field;

	header->title = get_text(json, "title");
	header->exe = get_text(json, "exe");
	header->clock = get_text(json, "clock");
	header->source = "weft";
	read_id(header, get_text(json, "id"));
	if (json_object_object_get_ex(json, "sched", &object) &&
		json_object_is_type(object, json_type_object) &&
		json_object_object_get_ex(object, "workers", &field) &&
		json_object_is_type(field, json_type_int)) {
		int64_t n = json_object_get_int64(field);

		header->workers = n > 0 && n < INT32_MAX ? (int32_t)n : 0;
	}
	if (json_object_object_get_ex(json, "src", &object) &&
		json_object_is_type(object, json_type_object)) {
		const char *format = get_text(object, "format");

		header->source = format ? format : header->source;
		header->t_is = get_text(object, "t_is");
	}
	json_object_object_foreach(json, key, child)
	{
		size_t i = 0;

		(void)child;
		while (i < nknown && strcmp(known[i], key) != 0)
			i++;
		if (i == nknown && strncmp(key, "x_", 2) != 0)
			weft_report(ctx->report, "W05", 1, 0,
				"unknown field \"%.60s\" in the header", key);
	}
}

int weft_header_decode(struct json_object *json, const struct weft_report *report,
	struct weft_header *ret_header, struct weft_trace_error *error)
{
	struct weft_header header = {.json = json};
	struct context ctx = {report, error, &header};
	int rc;

	rc = read_version(&ctx, json);
	if (rc == 0)
		rc = read_need(&ctx, json);
	if (rc == 0)
		rc = read_order(&ctx, json);
	if (rc == 0)
		rc = read_caps(&ctx, json);
	if (rc < 0)
		return rc;
	read_labels(&ctx, json);
	*ret_header = header;
	return 0;
}
