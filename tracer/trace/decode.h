/* SPDX-License-Identifier: MIT
 *
 * The decoder's state: parse.c makes JSON of text, decode.c records of JSON. Nobody else includes
 * this.
 */
#ifndef WEFT_TRACER_TRACE_DECODE_H
#define WEFT_TRACER_TRACE_DECODE_H

#include "tracer/trace/record.h"

struct json_tokener;

#define UNKNOWN_MAX 64 /* names reported as W05; more say nothing new */

struct weft_decoder {
	struct weft_scanner *scanner;
	struct json_tokener *tokener;
	struct json_object *json; /* the last one parsed */
	const struct weft_report *report;
	int64_t minor;
	int64_t last_t; /* stands in for a bad one: of the record before, by the file's order ... */
	uint64_t last_index; /* ... and not of one that is decoded once more, later */
	struct weft_case *cases;
	uint64_t *ids;
	size_t room_cases, room_ids;
	char *unknown[UNKNOWN_MAX]; /* "field x of send": reported already */
	unsigned nunknown;
};

#endif
