/* SPDX-License-Identifier: MIT
 *
 * Cutting a JSON document into values.
 */
#include "tracer/trace/split.h"

#include <errno.h>
#include <string.h>

#define KEY_MAX 4096

void weft_split_init(struct weft_split *split, struct weft_input *input)
{
	memset(split, 0, sizeof(*split));
	split->input = input;
}

void weft_split_finish(struct weft_split *split)
{
	weft_text_finish(&split->text);
}

void weft_split_enter(struct weft_split *split)
{
	split->after_value = split->after_comma = false;
	split->comma_missing = split->comma_extra = false;
}

static bool is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int weft_split_blank(struct weft_split *split)
{
	int c = weft_input_peek(split->input);

	while (is_blank(c)) {
		weft_input_get(split->input);
		c = weft_input_peek(split->input);
	}
	return c;
}

/* Takes the byte that is next. */
static int take(struct weft_split *split, size_t limit)
{
	char c = (char)weft_input_get(split->input);

	return weft_text_add(&split->text, &c, 1, limit);
}

static int take_string(struct weft_split *split, size_t limit)
{
	bool escaped = false;
	int rc = take(split, limit); /* the quote */

	while (rc == 0) {
		int c = weft_input_peek(split->input);

		if (c < 0)
			return WEFT_PIECE_CUT;
		rc = take(split, limit);
		if (escaped)
			escaped = false;
		else if (c == '\\')
			escaped = true;
		else if (c == '"')
			return rc < 0 ? rc : WEFT_PIECE_VALUE;
	}
	return rc;
}

/* Brackets and all between them, a buffer at a time. */
static int take_brackets(struct weft_split *split, size_t limit)
{
	struct weft_input *input = split->input;
	bool in_string = false, escaped = false;
	uint64_t depth = 0;

	do {
		int rc = weft_input_peek(input) < 0 ? WEFT_PIECE_CUT : 0;
		const char *start = input->buf + input->pos, *p = start;

		if (rc)
			return rc;
		do {
			char c = *p++;

			input->line += c == '\n';
			if (escaped) {
				escaped = false;
			} else if (in_string) {
				escaped = c == '\\';
				in_string = c != '"';
			} else if (c == '"') {
				in_string = true;
			} else if (c == '{' || c == '[') {
				depth++;
			} else if (c == '}' || c == ']') {
				depth--;
			}
		} while (depth > 0 && p < input->buf + input->len);
		input->pos += (size_t)(p - start);
		rc = weft_text_add(&split->text, start, (size_t)(p - start), limit);
		if (rc < 0)
			return rc;
	} while (depth > 0);
	return WEFT_PIECE_VALUE;
}

/* A number or a word: up to what cannot be part of one. */
static int take_bare(struct weft_split *split, size_t limit)
{
	int c = weft_input_peek(split->input);
	size_t n = 0;

	while (c >= 0 && !is_blank(c) && !strchr(",]}:{[\"", c)) {
		int rc = take(split, limit);

		if (rc < 0)
			return rc;
		n++;
		c = weft_input_peek(split->input);
	}
	if (n > 0)
		return WEFT_PIECE_VALUE;
	return c < 0 ? WEFT_PIECE_CUT : WEFT_PIECE_BAD;
}

int weft_split_value(struct weft_split *split, size_t limit)
{
	int c = weft_split_blank(split);

	split->text.len = 0;
	split->text.too_long = false;
	split->line = split->input->line;
	if (c < 0)
		return WEFT_PIECE_CUT;
	if (c == '"')
		return take_string(split, limit);
	if (c == '{' || c == '[')
		return take_brackets(split, limit);
	return take_bare(split, limit);
}

/* The commas before an element or the end. Returns the byte behind them, or -1. */
static int take_commas(struct weft_split *split)
{
	int c = weft_split_blank(split);

	split->comma_missing = split->comma_extra = false;
	while (c == ',') {
		weft_input_get(split->input);
		if (!split->after_value)
			split->comma_extra = true;
		split->after_value = false;
		split->after_comma = true;
		c = weft_split_blank(split);
	}
	split->line = split->input->line;
	return c;
}

int weft_split_next(struct weft_split *split, size_t limit)
{
	int c = take_commas(split), rc;

	if (c == ']') {
		weft_input_get(split->input);
		split->comma_extra |= split->after_comma;
		return WEFT_PIECE_CLOSE;
	}
	split->comma_missing = split->after_value;
	rc = weft_split_value(split, limit);
	split->after_value = true;
	split->after_comma = false;
	return rc;
}

int weft_split_key(struct weft_split *split)
{
	int c = weft_split_blank(split), rc;

	if (c == ',') {
		weft_input_get(split->input);
		c = weft_split_blank(split);
	}
	if (c == '}') {
		weft_input_get(split->input);
		return WEFT_PIECE_CLOSE;
	}
	if (c < 0)
		return WEFT_PIECE_CUT;
	if (c != '"')
		return WEFT_PIECE_BAD;
	rc = weft_split_value(split, KEY_MAX);
	if (rc != WEFT_PIECE_VALUE)
		return rc;
	c = weft_split_blank(split);
	if (c != ':')
		return c < 0 ? WEFT_PIECE_CUT : WEFT_PIECE_BAD;
	weft_input_get(split->input);
	return WEFT_PIECE_VALUE;
}
