/* SPDX-License-Identifier: MIT
 *
 * A sent element as a JSON value: docs/format.md, section 10.
 */
#ifndef WEFT_TRACER_RECORD_VALUE_H
#define WEFT_TRACER_RECORD_VALUE_H

#include <stddef.h>
#include <stdint.h>

/* What a channel carries. */
struct weft__elem {
	const char *type; /* its C type as a JSON string, quotes included; NULL: not known */
	uint32_t type_len;
	uint32_t size;
	uint8_t class; /* enum weft_class */
};

/* An element as it stands in a record. */
struct weft__raw {
	uint64_t d;	  /* the element, or its full length if it is in the payload */
	const char *data; /* payload */
	size_t room;	  /* bytes of it */
	uint8_t flags;	  /* enum weft_rec_flag */
};

char *weft__put_value(char *p, const struct weft__elem *elem, const struct weft__raw *raw);

#endif
