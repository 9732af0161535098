/* SPDX-License-Identifier: MIT
 *
 * Choosing a format: by name, else by what the first bytes look like. What nobody knows goes to the
 * native reader, which says what it is instead.
 */
#include "tracer/formats/formats.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "tracer/formats/rows.h"

const struct weft_format *const weft_formats[] = {
	&weft_format_native,
	&weft_format_gotrace,
	&weft_format_chrome,
	&weft_format_csv,
	&weft_format_mermaid,
	&weft_format_sqlite,
	&weft_format_shiviz,
	NULL,
};

const struct weft_format *weft_formats_find(const char *name)
{
	size_t len = strcspn(name, ":");

	for (size_t i = 0; weft_formats[i]; i++) {
		if (strlen(weft_formats[i]->name) == len &&
			memcmp(weft_formats[i]->name, name, len) == 0)
			return weft_formats[i];
	}
	return NULL;
}

/* Whether the path ends in a dot and the suffix. */
static bool ends_in(const char *path, const char *suffix, size_t n)
{
	size_t len = strlen(path);

	return len > n + 1 && path[len - n - 1] == '.' && path[len - n - 2] != '/' &&
	       strncasecmp(path + len - n, suffix, n) == 0;
}

const struct weft_format *weft_formats_for(const char *path)
{
	for (size_t i = 0; weft_formats[i]; i++) {
		const char *suffix = weft_formats[i]->suffixes;

		while (weft_formats[i]->write && *suffix) {
			size_t n = strcspn(suffix, " ");

			if (!(n == 4 && memcmp(suffix, "json", 4) == 0) && ends_in(path, suffix, n))
				return weft_formats[i];
			suffix += n + (suffix[n] == ' ');
		}
	}
	return NULL;
}

static const struct weft_format *guess(const struct weft_input *input)
{
	const char *data = input->buf;
	size_t len = input->len;

	if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
		data += 3;
		len -= 3;
	}
	for (size_t i = 0; weft_formats[i]; i++) {
		if (weft_formats[i]->probe && weft_formats[i]->probe(data, len))
			return weft_formats[i];
	}
	return weft_formats[0];
}

/* To the first bytes, which the guess looks at. Only a second reading has to go back. */
static int rewind_input(struct weft_input *input)
{
	int rc;

	if (input->offset == 0 && input->pos == 0 && input->len > 0)
		return 0;
	rc = weft_input_seek(input, &(struct weft_place){0, 1});
	if (rc == 0 && input->len == 0)
		weft_input_fill(input);
	return rc < 0 ? rc : input->error;
}

int weft_formats_guess(struct weft_input *input, const struct weft_format **ret_row,
	struct weft_trace_error *error)
{
	int rc = rewind_input(input);

	if (rc < 0)
		return weft_refuse(error, rc, 0, "%s", weft_input_reason(input, rc));
	*ret_row = guess(input);
	return 0;
}

int weft_formats_read_input(struct weft_input *input, const char *format,
	const struct weft_sink *sink, struct weft_trace_error *error)
{
	const char *colon = format ? strchr(format, ':') : NULL;
	const struct weft_format *row = format ? weft_formats_find(format) : NULL;
	int rc;

	if (format && (!row || !row->read))
		return weft_refuse(error, -EINVAL, 0, "unknown format \"%.60s\"", format);
	rc = rewind_input(input);
	if (rc < 0)
		return weft_refuse(error, rc, 0, "%s", weft_input_reason(input, rc));
	if (!row)
		row = guess(input);
	return row->read(input, colon ? colon + 1 : NULL, sink, error);
}

int weft_formats_read(const char *path, const char *format, const struct weft_sink *sink,
	struct weft_trace_error *error)
{
	struct weft_input input;
	int rc = weft_input_open(&input, path, error);

	if (rc < 0)
		return rc;
	rc = weft_formats_read_input(&input, format, sink, error);
	weft_input_close(&input);
	return rc;
}
