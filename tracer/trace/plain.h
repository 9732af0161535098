/* SPDX-License-Identifier: MIT
 *
 * Values as they stand in a record (docs/format.md, section 10), without a parser: whether they are
 * plain, and where they end. As in token.h: the place behind, or NULL for a surprise.
 */
#ifndef WEFT_TRACER_TRACE_PLAIN_H
#define WEFT_TRACER_TRACE_PLAIN_H

/* A number; an integer of at most 53 bits. */
const char *weft_plain_number(const char *p);

/* Such a number, a string without escapes, a word of JSON, or a flat object with a tag. */
const char *weft_plain_value(const char *p);

#endif
