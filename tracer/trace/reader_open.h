/* SPDX-License-Identifier: MIT
 *
 * The reader's state, which reader_open.c sets up (what is this file?) and reader.c goes on with.
 * Nobody else includes this.
 */
#ifndef WEFT_TRACER_TRACE_READER_OPEN_H
#define WEFT_TRACER_TRACE_READER_OPEN_H

#include "tracer/trace/reader.h"
#include "tracer/trace/split.h"

enum weft_layout {
	WEFT_LAYOUT_LINES, /* the line form */
	WEFT_LAYOUT_JSONL, /* JSON Lines */
	WEFT_LAYOUT_ANY,   /* through the splitter */
};

struct weft_reader {
	struct weft_input *input;
	const struct weft_report *report;
	struct weft_decoder *decoder;
	struct weft_split split;
	struct weft_line line;
	struct weft_header header;
	struct json_object *json; /* the header; its strings are in use */
	struct weft_place events; /* the first record */
	enum weft_layout layout;
	uint64_t index;	      /* records seen, good and bad */
	uint64_t last_line;   /* the last one that was not empty */
	uint64_t record_line; /* of the record before */
	const char *raw;
	size_t raw_len;
	bool comma, had_comma; /* after this record; after the one before */
	bool rubbish;	       /* the line before was not JSON */
	bool tried;	       /* to read the lines as a document */
	bool saw_eof, done;
	bool said_missing, said_extra, said_behind; /* one finding of a sort is enough */
};

#endif
