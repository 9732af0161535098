/* SPDX-License-Identifier: MIT
 *
 * JSON text that is written: strings, for the command and for every format that is JSON. (The
 * recorder has its own in tracer/record/text.h, which formats into a line and knows no files.)
 */
#ifndef WEFT_TRACER_TRACE_JSON_H
#define WEFT_TRACER_TRACE_JSON_H

#include <stddef.h>
#include <stdio.h>

struct json_object;

/* A JSON string in its quotes; NULL is null. The text is UTF-8 already. */
void weft_json_string(FILE *f, const char *text);

/* A value as JSON on one line; NULL is null. Numbers keep the digits that they were read with. */
void weft_json_value(FILE *f, struct json_object *value);

/* JSON text that a parser has accepted, without the blanks between its parts: on one line. */
void weft_json_compact(FILE *f, const char *text, size_t len);

#endif
