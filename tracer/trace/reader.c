/* SPDX-License-Identifier: MIT
 *
 * Native traces, record by record.
 */
#include "tracer/trace/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "tracer/trace/reader_open.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static const char *strip(const char *text, size_t *len)
{
	while (*len > 0 && is_blank(text[0])) {
		text++;
		(*len)--;
	}
	while (*len > 0 && is_blank(text[*len - 1]))
		(*len)--;
	return text;
}

static void say_comma(struct weft_reader *reader, bool *said, uint64_t line, const char *text)
{
	if (!*said)
		weft_report(reader->report, "E29", line, 0, "%s", text);
	*said = true;
}

static void say_end(struct weft_reader *reader, bool closed)
{
	reader->done = true;
	if (!reader->saw_eof && !closed)
		weft_report(reader->report, "W01", reader->last_line, 0,
			"the end is missing: the trace was cut or is still being written");
	else if (!reader->saw_eof)
		weft_report(reader->report, "W01", reader->last_line, 0,
			"the end is missing: no eof record");
	else if (!closed)
		weft_report(reader->report, "W01", reader->last_line, 0,
			"the end is missing: no closing \"]}\"");
}

/* One record's text, read as far as it could be. */
struct parsed {
	const char *text;
	size_t len;
	bool too_long;
	bool done; /* the record is complete: it looked as the recorder writes them */
	enum weft_syntax syntax;
	struct json_object *json;
};

static void parse(struct weft_reader *reader, const char *text, size_t len, bool too_long,
	uint64_t line, struct weft_record *rec, struct parsed *ret)
{
	*ret = (struct parsed){text, len, too_long, false, WEFT_SYNTAX_BAD, NULL};
	if (too_long)
		return;
	ret->done = weft_decoder_scan(reader->decoder, text, len, line, reader->index + 1, rec) ==
		    text + len;
	if (ret->done)
		ret->syntax = WEFT_SYNTAX_OK;
	else
		ret->syntax = weft_decoder_parse(reader->decoder, text, len, &ret->json);
}

/* Returns 1: a record; 0: reported, and not to be used; or a negative errno value. */
static int decode(struct weft_reader *reader, const struct parsed *parsed, uint64_t line,
	struct weft_record *rec)
{
	int rc = 1;

	if (parsed->syntax == WEFT_SYNTAX_MEMORY)
		return -ENOMEM;
	reader->index++;
	if (parsed->syntax != WEFT_SYNTAX_OK) {
		weft_report(reader->report, "E02", line, reader->index, "%s",
			parsed->too_long		     ? "a record of over 1 MiB"
			: parsed->syntax == WEFT_SYNTAX_DEEP ? "nested more than 16 levels deep"
							     : "not JSON");
		return 0;
	}
	if (!parsed->done)
		rc = weft_decode(reader->decoder, parsed->json, line, reader->index, false, rec);
	if (rc > 0 && rec->kind == WEFT_EV_EOF)
		reader->saw_eof = true;
	reader->raw = parsed->text;
	reader->raw_len = parsed->len;
	return rc;
}

/* ---- Any layout: through the splitter -------------------------------------------------------- */

/* Behind the last record: other keys, the end of the document, and nothing else. */
static void finish_split(struct weft_reader *reader)
{
	struct weft_split *split = &reader->split;
	int rc = weft_split_key(split);

	while (rc == WEFT_PIECE_VALUE) {
		rc = weft_split_value(split, 0);
		if (rc == WEFT_PIECE_VALUE)
			rc = weft_split_key(split);
	}
	if (rc == WEFT_PIECE_CLOSE && weft_split_blank(split) >= 0)
		say_comma(reader, &reader->said_behind, reader->input->line,
			"something follows the end of the document");
	say_end(reader, rc == WEFT_PIECE_CLOSE);
}

static int next_split(struct weft_reader *reader, struct weft_record *rec)
{
	struct weft_split *split = &reader->split;
	struct parsed parsed;

	for (;;) {
		int rc = weft_split_next(split, WEFT_LINE_MAX);

		if (rc < 0 || reader->input->error < 0)
			return rc < 0 ? rc : reader->input->error;
		if (split->comma_missing && rc == WEFT_PIECE_VALUE)
			say_comma(reader, &reader->said_missing, reader->last_line,
				"a comma is missing after this record");
		if (split->comma_extra)
			say_comma(reader, &reader->said_extra, reader->last_line,
				"there is a comma too many after this record");
		if (rc == WEFT_PIECE_CLOSE) {
			finish_split(reader);
			return reader->input->error;
		}
		if (rc != WEFT_PIECE_VALUE) {
			say_end(reader, false);
			return 0;
		}
		reader->last_line = split->line;
		parse(reader, split->text.data, split->text.len, split->text.too_long, split->line,
			rec, &parsed);
		rc = decode(reader, &parsed, split->line, rec);
		if (rc != 0)
			return rc;
	}
}

/*
 * A line that is not JSON: is the whole a document all the same, with a record over several lines?
 * Returns 1 if so, 0 if not. Comes back to where it was.
 */
static int is_document(struct weft_reader *reader)
{
	struct weft_split *split = &reader->split;
	struct weft_place here;
	int rc, good = 0;

	weft_input_tell(reader->input, &here);
	rc = weft_input_seek(reader->input, &reader->events);
	if (rc < 0)
		return rc;
	weft_split_enter(split);
	for (;;) {
		struct json_object *json;
		enum weft_syntax syntax;

		rc = weft_split_next(split, WEFT_LINE_MAX);
		if (rc == WEFT_PIECE_CLOSE)
			good = weft_split_key(split) != WEFT_PIECE_CUT;
		if (rc != WEFT_PIECE_VALUE)
			break;
		if (split->text.too_long)
			continue;
		syntax = weft_decoder_parse(
			reader->decoder, split->text.data, split->text.len, &json);
		if (syntax != WEFT_SYNTAX_OK && syntax != WEFT_SYNTAX_DEEP)
			break;
	}
	if (rc >= 0)
		rc = weft_input_seek(reader->input, &here);
	return rc < 0 ? rc : good;
}

/* ---- Line by line ---------------------------------------------------------------------------- */

/* Nothing but blanks may follow the end. */
static int finish_lines(struct weft_reader *reader)
{
	struct weft_split *split = &reader->split;

	if (weft_split_blank(split) >= 0)
		say_comma(reader, &reader->said_behind, reader->input->line,
			"something follows the closing \"]}\"");
	say_end(reader, true);
	return reader->input->error;
}

/* The end of the input, with `cut` if the last line is not whole. */
static void finish_cut(struct weft_reader *reader, bool cut)
{
	if (cut)
		weft_report(reader->report, "W02", reader->last_line, 0,
			"the last line is incomplete and was dropped");
	say_end(reader, reader->layout == WEFT_LAYOUT_JSONL);
}

/* Takes the comma off the end of a line and looks whether it should be there. */
static size_t check_comma(struct weft_reader *reader, const char *text, size_t len)
{
	bool comma = len > 0 && text[len - 1] == ',';

	if (comma) {
		len--;
		while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
			len--;
	}
	if (reader->layout == WEFT_LAYOUT_JSONL) {
		if (comma)
			say_comma(reader, &reader->said_extra, reader->input->line - 1,
				"a comma after a record, and JSON Lines has none");
		return len;
	}
	reader->had_comma = reader->comma;
	reader->comma = comma;
	return len;
}

/* A line is not JSON. Returns 1 if the splitter goes on from its beginning, else 0 or an error. */
static int try_document(struct weft_reader *reader, const struct weft_place *start)
{
	int rc;

	if (reader->tried || reader->layout != WEFT_LAYOUT_LINES)
		return 0;
	reader->tried = true;
	rc = is_document(reader);
	if (rc <= 0)
		return rc;
	rc = weft_input_seek(reader->input, start);
	if (rc < 0)
		return rc;
	weft_split_enter(&reader->split);
	reader->split.after_comma = reader->index > 0 && reader->had_comma;
	reader->split.after_value = reader->index > 0 && !reader->had_comma;
	reader->layout = WEFT_LAYOUT_ANY;
	return 1;
}

/* One line that is not empty. Returns as weft_reader_next, or 2: nothing came of it. */
static int take_line(struct weft_reader *reader, const struct weft_place *start, const char *text,
	size_t len, struct weft_record *rec)
{
	bool missing, whole = reader->line.whole, too_long = reader->line.too_long;
	struct parsed parsed;
	int rc;

	if (!whole && too_long) {
		finish_cut(reader, true);
		return 0;
	}
	len = too_long ? len : check_comma(reader, text, len);
	parse(reader, text, len, too_long, start->line, rec, &parsed);
	if (!too_long && parsed.syntax == WEFT_SYNTAX_BAD) {
		if (!whole) {
			finish_cut(reader, !(len == 1 && text[0] == ']'));
			return 0;
		}
		rc = try_document(reader, start);
		if (rc < 0)
			return rc;
		if (rc > 0)
			return next_split(reader, rec);
	}
	missing = reader->layout == WEFT_LAYOUT_LINES && !too_long && reader->index > 0 &&
		  !reader->had_comma && !reader->rubbish;
	/* Of rubbish it cannot be said whether a comma ends it. */
	reader->rubbish = too_long || parsed.syntax == WEFT_SYNTAX_BAD;
	rc = decode(reader, &parsed, start->line, rec);
	if (missing)
		say_comma(reader, &reader->said_missing, reader->record_line,
			"a comma is missing after this record");
	reader->record_line = start->line;
	return rc == 0 ? 2 : rc;
}

/* A line as the recorder writes it, behind another: nothing but a record and its comma. */
static bool take_plain(struct weft_reader *reader, struct weft_record *rec)
{
	struct weft_input *input = reader->input;
	const char *text = input->buf + input->pos, *end;

	if (!reader->comma || reader->layout != WEFT_LAYOUT_LINES)
		return false;
	end = weft_decoder_scan(reader->decoder, text, input->len - input->pos, input->line,
		reader->index + 1, rec);
	if (!end || memcmp(end, ",\n", 2) != 0)
		return false;
	reader->last_line = reader->record_line = input->line++;
	input->pos += (size_t)(end + 2 - text);
	reader->index++;
	reader->had_comma = true;
	reader->rubbish = false;
	reader->saw_eof |= rec->kind == WEFT_EV_EOF;
	reader->raw = text;
	reader->raw_len = (size_t)(end - text);
	return true;
}

static int next_line(struct weft_reader *reader, struct weft_record *rec)
{
	while (!take_plain(reader, rec)) {
		struct weft_place start;
		const char *text;
		size_t len;
		int rc;

		weft_input_tell(reader->input, &start);
		rc = weft_input_line(reader->input, &reader->line, WEFT_LINE_MAX);
		if (rc < 0)
			return rc;
		if (rc == 0) {
			finish_cut(reader, false);
			return 0;
		}
		len = reader->line.len;
		text = strip(reader->line.data, &len);
		if (len == 0)
			continue;
		reader->last_line = start.line;
		if (reader->layout == WEFT_LAYOUT_LINES && len == 2 && memcmp(text, "]}", 2) == 0) {
			if (reader->index > 0 && reader->comma && !reader->rubbish)
				say_comma(reader, &reader->said_extra, reader->record_line,
					"a comma after the last record");
			return finish_lines(reader);
		}
		rc = take_line(reader, &start, text, len, rec);
		if (rc != 2)
			return rc;
	}
	return 1;
}

int weft_reader_next(struct weft_reader *reader, struct weft_record *rec)
{
	if (reader->done)
		return 0;
	if (reader->layout == WEFT_LAYOUT_ANY)
		return next_split(reader, rec);
	return next_line(reader, rec);
}

const struct weft_header *weft_reader_header(const struct weft_reader *reader)
{
	return &reader->header;
}

const char *weft_reader_raw(const struct weft_reader *reader, size_t *ret_len)
{
	*ret_len = reader->raw_len;
	return reader->raw;
}

int weft_reader_again(struct weft_reader *reader, const char *raw, size_t len, uint64_t line,
	uint64_t index, struct weft_record *rec)
{
	struct json_object *json;
	enum weft_syntax syntax;

	if (weft_decoder_scan(reader->decoder, raw, len, line, index, rec) == raw + len)
		return 1;
	syntax = weft_decoder_parse(reader->decoder, raw, len, &json);
	if (syntax != WEFT_SYNTAX_OK)
		return -ENOMEM;
	return weft_decode(reader->decoder, json, line, index, true, rec);
}
