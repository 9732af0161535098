/* SPDX-License-Identifier: MIT
 *
 * The table of kinds: which fields each has, their types, where they go in struct weft_record and
 * whether they must be there. decode.c is driven by it; only fields.c knows its rows.
 */
#ifndef WEFT_TRACER_TRACE_FIELDS_H
#define WEFT_TRACER_TRACE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum weft_field_type {
	WEFT_FIELD_IGNORED, /* known, and of any type */
	WEFT_FIELD_TIME,    /* 0..2^53 - 1; E04 for `t` */
	WEFT_FIELD_ID,	    /* 1..2^53 - 1 */
	WEFT_FIELD_COUNT,   /* 0..2^53 - 1 */
	WEFT_FIELD_INT,	    /* of 53 bits and a sign */
	WEFT_FIELD_WORKER,  /* 0..2^31 - 2 */
	WEFT_FIELD_STRING,
	WEFT_FIELD_BOOL,
	WEFT_FIELD_AT, /* id or text */
	WEFT_FIELD_OBJECT,
	WEFT_FIELD_VALUE,
	WEFT_FIELD_NUMBER, /* any number */
	WEFT_FIELD_CASES,
	WEFT_FIELD_IDS,
	WEFT_FIELD_PICK,
	WEFT_FIELD_WORD,
};

struct weft_field {
	const char *name; /* NULL ends a kind's list */
	enum weft_field_type type;
	bool required;
	size_t offset;		  /* in struct weft_record; 0: not kept */
	size_t has;		  /* offset of its has_ flag; 0: none */
	const char *const *words; /* of a word, NULL at the end; its number is the index */
	uint8_t other;		  /* what an unknown word becomes */
};

/* The fields of a kind, or NULL if there is no such kind. */
const struct weft_field *weft_fields(const char *kind, unsigned *ret_kind);

#endif
