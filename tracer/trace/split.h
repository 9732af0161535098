/* SPDX-License-Identifier: MIT
 *
 * The splitter: walks over a JSON document of any layout and any size, and hands out single values
 * as text, so that nothing larger than one record is ever held. It knows brackets, strings and
 * commas; whether a value is JSON is for the parser to say.
 */
#ifndef WEFT_TRACER_TRACE_SPLIT_H
#define WEFT_TRACER_TRACE_SPLIT_H

#include "tracer/trace/input.h"

enum weft_piece {
	WEFT_PIECE_VALUE, /* a value: its text is in `text` */
	WEFT_PIECE_CLOSE, /* the closing bracket of the list or object, taken */
	WEFT_PIECE_CUT,	  /* the input ends inside */
	WEFT_PIECE_BAD,	  /* nothing that JSON could be */
};

struct weft_split {
	struct weft_input *input;
	struct weft_text text;
	uint64_t line;	    /* where the value begins */
	bool after_value;   /* in a list: a value stands before, and no comma after it yet */
	bool after_comma;   /* in a list: a comma stands before */
	bool comma_missing; /* before this value: between two there is none */
	bool comma_extra;   /* before this value or bracket: one too many */
};

void weft_split_init(struct weft_split *split, struct weft_input *input);
void weft_split_finish(struct weft_split *split);

/* Starts a list: its bracket has been taken. */
void weft_split_enter(struct weft_split *split);

/* Skips blanks; returns the next byte without taking it, or -1. */
int weft_split_blank(struct weft_split *split);

/* One value, wherever it stands, at most `limit` bytes of it. All return -ENOMEM or a piece. */
int weft_split_value(struct weft_split *split, size_t limit);

/* The next element of the list, or its end. */
int weft_split_next(struct weft_split *split, size_t limit);

/* The next `"key":` of an object, its quotes and all, or the object's end. */
int weft_split_key(struct weft_split *split);

#endif
