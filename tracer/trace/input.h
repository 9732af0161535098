/* SPDX-License-Identifier: MIT
 *
 * The bytes of a file, through one buffer: from front to back, and again from any place. A pipe is
 * copied to an unnamed temporary file first, so that every input can be read twice. A compressed
 * file gives the bytes that were compressed; to go back in it is to begin anew.
 */
#ifndef WEFT_TRACER_TRACE_INPUT_H
#define WEFT_TRACER_TRACE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracer/trace/trace.h"

#define WEFT_INPUT_BYTES (64 * 1024)
#define WEFT_TEXT_PAD 8 /* bytes that may be read behind a text */

struct weft_unpack;

struct weft_input {
	const char *path; /* borrowed */
	int fd;
	struct weft_unpack *unpack; /* NULL: not compressed */
	char *buf;		    /* WEFT_INPUT_BYTES, and behind what is read a pad of zeros */
	size_t pos, len;
	uint64_t offset; /* of buf[0] in the file, or in what was compressed */
	uint64_t line;	 /* of the next byte, from 1 */
	int error;	 /* negative errno value of a read that failed; it ends the input */
	const char *why; /* what is wrong with the data if that is the error, else NULL */
	uint64_t size;	 /* of the file, compressed or not */
};

/* A place to come back to. */
struct weft_place {
	uint64_t offset, line;
};

/* Opens and reads the first bytes. Returns 0, or a negative errno value with `error` filled in. */
int weft_input_open(struct weft_input *input, const char *path, struct weft_trace_error *error);
void weft_input_close(struct weft_input *input);

/* What to tell people of an error that reading gave, the input's own or another. */
const char *weft_input_reason(const struct weft_input *input, int error);

/* Reads on; returns false at the end. Only input.c and the inline functions need it. */
bool weft_input_fill(struct weft_input *input);

void weft_input_tell(const struct weft_input *input, struct weft_place *ret_place);
int weft_input_seek(struct weft_input *input, const struct weft_place *place);

/* The next byte, or -1 at the end. */
static inline int weft_input_peek(struct weft_input *input)
{
	if (input->pos == input->len && !weft_input_fill(input))
		return -1;
	return (unsigned char)input->buf[input->pos];
}

static inline int weft_input_get(struct weft_input *input)
{
	int c = weft_input_peek(input);

	if (c >= 0) {
		input->pos++;
		input->line += c == '\n';
	}
	return c;
}

/* A piece of text that grows up to a limit and then only says that it was longer. */
struct weft_text {
	char *data; /* WEFT_TEXT_PAD zeros stand behind it; NULL: nothing was added yet */
	size_t len, room;
	bool too_long;
};

/* Both return 0 or -ENOMEM. More than `limit` bytes are not kept. */
int weft_text_add(struct weft_text *text, const char *data, size_t len, size_t limit);
void weft_text_finish(struct weft_text *text);

/* One line without its end, until the next one is read. */
struct weft_line {
	const char *data; /* WEFT_TEXT_PAD bytes behind it can be read, its end among them */
	size_t len;
	bool whole;	       /* it had an end */
	bool too_long;	       /* this is its beginning */
	struct weft_text kept; /* a line that lies in two buffers; free it at last */
};

/* The next line, at most `limit` bytes of it. Returns 1; 0 at the end of the input; or an error. */
int weft_input_line(struct weft_input *input, struct weft_line *line, size_t limit);

#endif
