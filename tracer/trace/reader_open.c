/* SPDX-License-Identifier: MIT
 *
 * Opening a native trace: which layout is it, where is the header, and if it is no trace at all,
 * what does it look like?
 */
#include "tracer/trace/reader_open.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#define HEADER_MAX (1024 * 1024)
#define LABEL_MAX (64 * 1024) /* one value of a header that stands anywhere */
#define PROBE_BYTES 4096

/* The header's text while it is collected from all over the document. */
struct scan {
	struct weft_text header;
	bool saw_weft, saw_events, saw_chrome, saw_gotrace;
};

static bool has_key(struct json_object *json, const char *key)
{
	return json_object_object_get_ex(json, key, NULL);
}

/* Text has no control characters but blanks. */
static bool is_binary(const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)data[i];

		if (c < 0x20 && !strchr("\t\n\r\f\v\b\033", c))
			return true;
		if (c == 0)
			return true;
	}
	return false;
}

/* Reasons that the first bytes give. Returns 0 if there are none. */
static int refuse_bytes(struct weft_input *input, struct weft_trace_error *error)
{
	const char *data = input->buf;
	size_t len = input->len, blanks = 0;

	if (len == 0)
		return weft_refuse(error, -EPROTO, 0, "not a trace: the file is empty");
	if (is_binary(data, len < PROBE_BYTES ? len : PROBE_BYTES))
		return weft_refuse(error, -EPROTO, 0, "not a trace: binary data, not JSON");
	while (blanks < len && strchr(" \t\r\n", data[blanks]) && data[blanks])
		blanks++;
	if (blanks == len && len < WEFT_INPUT_BYTES)
		return weft_refuse(error, -EPROTO, 0, "not a trace: the file is blank");
	return 0;
}

static int parse(struct weft_reader *reader, const char *text, size_t len)
{
	struct json_object *json = NULL;
	enum weft_syntax syntax = weft_decoder_parse(reader->decoder, text, len, &json);

	if (syntax == WEFT_SYNTAX_MEMORY)
		return -ENOMEM;
	if (syntax != WEFT_SYNTAX_OK || !json_object_is_type(json, json_type_object))
		return 0;
	json_object_put(reader->json);
	reader->json = json_object_get(json);
	return 1;
}

static const char *last_key(struct json_object *json)
{
	const char *last = "";

	json_object_object_foreach(json, key, child)
	{
		(void)child;
		last = key;
	}
	return last;
}

/*
 * Is the first line a header by itself? Returns 1 with reader->json and the layout set, 0 if the
 * file has another layout, or a negative errno value.
 */
static int try_first_line(struct weft_reader *reader)
{
	struct weft_line *line = &reader->line;
	struct weft_text whole = {0};
	size_t len;
	int rc = weft_input_line(reader->input, line, WEFT_LINE_MAX);

	if (rc <= 0)
		return rc;
	len = line->len;
	while (len > 0 && strchr(" \t\r", line->data[len - 1]))
		len--;
	if (line->too_long || len == 0)
		return 0;
	if (line->data[len - 1] != '[') {
		rc = parse(reader, line->data, len);
		reader->layout = WEFT_LAYOUT_JSONL;
		return rc > 0 ? has_key(reader->json, "weft") && !has_key(reader->json, "events")
			      : rc;
	}
	rc = weft_text_add(&whole, line->data, len, WEFT_LINE_MAX);
	if (rc == 0)
		rc = weft_text_add(&whole, "]}", 2, WEFT_LINE_MAX + 2);
	if (rc == 0)
		rc = parse(reader, whole.data, whole.len);
	weft_text_finish(&whole);
	reader->layout = WEFT_LAYOUT_LINES;
	return rc > 0 ? strcmp(last_key(reader->json), "events") == 0 : rc;
}

/* ---- Any layout: a first pass over the whole document ---------------------------------------- */

static bool key_is(const struct weft_text *text, const char *key)
{
	size_t len = strlen(key);

	return text->len == len + 2 && memcmp(text->data + 1, key, len) == 0;
}

/* Skips the records, whatever is in them. Returns a piece. */
static int skip_events(struct weft_reader *reader)
{
	int rc;

	weft_input_get(reader->input);
	weft_input_tell(reader->input, &reader->events);
	weft_split_enter(&reader->split);
	do {
		rc = weft_split_next(&reader->split, 0);
	} while (rc == WEFT_PIECE_VALUE);
	return rc == WEFT_PIECE_CLOSE ? WEFT_PIECE_VALUE : rc;
}

/* Puts `"key":value,` into the header's text. Returns a piece or -ENOMEM. */
static int keep_field(struct weft_reader *reader, struct scan *scan)
{
	struct weft_split *split = &reader->split;
	size_t before = scan->header.len;
	int rc = weft_text_add(&scan->header, split->text.data, split->text.len, HEADER_MAX);

	if (rc == 0)
		rc = weft_text_add(&scan->header, ":", 1, HEADER_MAX);
	if (rc < 0)
		return rc;
	rc = weft_split_value(split, LABEL_MAX);
	if (rc != WEFT_PIECE_VALUE)
		return rc;
	if (split->text.too_long) {
		scan->header.len = before; /* no field of a header is that long */
		return WEFT_PIECE_VALUE;
	}
	rc = weft_text_add(&scan->header, split->text.data, split->text.len, HEADER_MAX);
	if (rc == 0)
		rc = weft_text_add(&scan->header, ",", 1, HEADER_MAX);
	return rc < 0 ? rc : WEFT_PIECE_VALUE;
}

static int scan_document(struct weft_reader *reader, struct scan *scan)
{
	struct weft_split *split = &reader->split;
	int rc = weft_text_add(&scan->header, "{", 1, HEADER_MAX);

	if (rc < 0)
		return rc;
	weft_input_get(reader->input); /* the bracket */
	while ((rc = weft_split_key(split)) == WEFT_PIECE_VALUE) {
		scan->saw_weft |= key_is(&split->text, "weft");
		scan->saw_chrome |= key_is(&split->text, "traceEvents");
		scan->saw_gotrace |= key_is(&split->text, "commands");
		if (!scan->saw_events && key_is(&split->text, "events") &&
			weft_split_blank(split) == '[') {
			scan->saw_events = true;
			rc = skip_events(reader);
		} else {
			rc = keep_field(reader, scan);
		}
		if (rc != WEFT_PIECE_VALUE)
			break;
	}
	if (rc != WEFT_PIECE_CLOSE)
		return rc;
	if (scan->header.len > 1)
		scan->header.len--; /* the last comma */
	rc = weft_text_add(&scan->header, "}", 1, HEADER_MAX + 1);
	return rc < 0 ? rc : WEFT_PIECE_CLOSE;
}

static int refuse_scan(
	struct weft_reader *reader, const struct scan *scan, int rc, struct weft_trace_error *error)
{
	uint64_t line = reader->input->line;

	if (scan->saw_chrome && !scan->saw_weft)
		return weft_refuse(error, -EPROTO, 0,
			"not a weft trace: Chrome trace JSON, which weft convert --from chrome "
			"reads");
	if (rc == WEFT_PIECE_CUT && scan->saw_weft)
		return weft_refuse(error, -EPROTO, line,
			"not a trace: cut at line %llu, and in this layout a cut trace cannot be "
			"read",
			(unsigned long long)line);
	if (rc == WEFT_PIECE_CUT)
		return weft_refuse(error, -EPROTO, line,
			"not a trace: JSON that is cut at line %llu", (unsigned long long)line);
	return weft_refuse(error, -EPROTO, line, "not a trace: not JSON (line %llu)",
		(unsigned long long)line);
}

static int refuse_other(
	struct weft_reader *reader, const struct scan *scan, struct weft_trace_error *error)
{
	const char *text = "valid JSON, but not a trace of any known format";

	if (scan->saw_chrome)
		text = "Chrome trace JSON, which weft convert --from chrome reads";
	else if (scan->saw_weft)
		text = "the header has no list of events";
	weft_report(reader->report, "E01", 1, 0, "%s", text);
	return weft_refuse(error, -EPROTO, 1, "not a trace: %s", text);
}

/* The document is a list or something else that no native trace is. */
static int refuse_start(struct weft_reader *reader, int c, struct weft_trace_error *error)
{
	struct weft_split *split = &reader->split;
	int rc;

	if (c == '[') {
		weft_input_get(reader->input);
		weft_split_enter(split);
		rc = weft_split_next(split, LABEL_MAX);
		if (rc == WEFT_PIECE_VALUE && !split->text.too_long &&
			memmem(split->text.data, split->text.len, "\"ph\"", 4))
			return weft_refuse(error, -EPROTO, 0,
				"not a weft trace: Chrome trace JSON, which weft convert "
				"--from chrome reads");
		if (rc == WEFT_PIECE_VALUE || rc == WEFT_PIECE_CLOSE) {
			weft_report(reader->report, "E01", 1, 0, "a JSON list, not a trace");
			return weft_refuse(
				error, -EPROTO, 0, "not a trace: a JSON list of something else");
		}
	}
	return weft_refuse(error, -EPROTO, reader->input->line, "not a trace: text, but not JSON");
}

static int open_document(
	struct weft_reader *reader, const struct weft_place *start, struct weft_trace_error *error)
{
	struct scan scan = {0};
	int c, rc = weft_input_seek(reader->input, start);

	if (rc < 0)
		return weft_refuse(error, rc, 0, "%s", weft_input_reason(reader->input, rc));
	c = weft_split_blank(&reader->split);
	if (c != '{')
		return refuse_start(reader, c, error);
	rc = scan_document(reader, &scan);
	if (rc == WEFT_PIECE_CLOSE && reader->input->error == 0) {
		rc = parse(reader, scan.header.data, scan.header.len);
		if (rc == 0)
			rc = weft_refuse(error, -EPROTO, 0, "not a trace: not JSON");
		else if (rc > 0 && !scan.saw_weft)
			rc = refuse_other(reader, &scan, error);
	} else if (reader->input->error < 0) {
		rc = weft_refuse(error, reader->input->error, 0, "%s",
			weft_input_reason(reader->input, reader->input->error));
	} else if (rc >= 0) {
		rc = refuse_scan(reader, &scan, rc, error);
	}
	weft_text_finish(&scan.header);
	if (rc == -ENOMEM)
		return weft_refuse(error, rc, 0, "%s", strerror(ENOMEM));
	if (rc < 0)
		return rc;
	reader->layout = WEFT_LAYOUT_ANY;
	rc = weft_header_decode(reader->json, reader->report, &reader->header, error);
	if (rc == 0 && !scan.saw_events)
		rc = refuse_other(reader, &scan, error);
	if (rc == 0)
		rc = weft_input_seek(reader->input, &reader->events);
	weft_split_enter(&reader->split);
	return rc;
}

static int open_reader(struct weft_reader *reader, struct weft_trace_error *error)
{
	struct weft_input *input = reader->input;
	struct weft_place start = {0, 1};
	int rc = refuse_bytes(input, error);

	if (rc < 0)
		return rc;
	if (input->len >= 3 && memcmp(input->buf, "\xef\xbb\xbf", 3) == 0) {
		start.offset = 3;
		input->pos = 3;
	}
	rc = try_first_line(reader);
	if (rc < 0)
		return weft_refuse(error, rc, 0, "%s", weft_input_reason(input, rc));
	if (rc == 0)
		return open_document(reader, &start, error);
	weft_input_tell(input, &reader->events);
	reader->last_line = 1;
	return weft_header_decode(reader->json, reader->report, &reader->header, error);
}

int weft_reader_open(struct weft_input *input, const struct weft_report *report,
	struct weft_reader **ret_reader, struct weft_trace_error *error)
{
	struct weft_reader *reader = calloc(1, sizeof(*reader));
	struct weft_place start = {0, 1};
	int rc;

	if (!reader)
		return weft_refuse(error, -ENOMEM, 0, "%s", strerror(ENOMEM));
	reader->input = input;
	reader->report = report;
	weft_split_init(&reader->split, input);
	reader->decoder = weft_decoder_create(report);
	rc = reader->decoder ? weft_input_seek(input, &start) : -ENOMEM;
	if (rc == 0) {
		weft_input_peek(input); /* the first bytes decide */
		rc = input->error;
	}
	if (rc < 0)
		weft_refuse(error, rc, 0, "%s", weft_input_reason(input, rc));
	else
		rc = open_reader(reader, error);
	if (rc < 0) {
		weft_reader_close(reader);
		return rc;
	}
	weft_decoder_set_minor(reader->decoder, reader->header.minor);
	*ret_reader = reader;
	return 0;
}

void weft_reader_close(struct weft_reader *reader)
{
	if (!reader)
		return;
	json_object_put(reader->json);
	weft_decoder_free(reader->decoder);
	weft_split_finish(&reader->split);
	weft_text_finish(&reader->line.kept);
	free(reader);
}
