/* SPDX-License-Identifier: MIT
 *
 * From records to native lines: the reverse of decode.c, by the same table of fields.
 */
#ifndef WEFT_TRACER_TRACE_ENCODE_H
#define WEFT_TRACER_TRACE_ENCODE_H

#include <stdio.h>

#include "tracer/trace/record.h"

/* The header, up to and with the bracket of its events; the file is then in the order of time. */
void weft_encode_header(FILE *f, const struct weft_header *header);

/* One record as one JSON object, without a comma: as it was read, or made from its fields. */
void weft_encode(FILE *f, const struct weft_record *rec);

/* The same, from its fields alone: what its file had besides is left out. */
void weft_encode_fields(FILE *f, const struct weft_record *rec);

/* The record's value, as JSON. */
void weft_encode_value(FILE *f, const struct weft_record *rec);

#endif
