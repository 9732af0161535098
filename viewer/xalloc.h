/* SPDX-License-Identifier: MIT
 *
 * Memory for the viewer, a program that may stop when there is none: one line on stderr, exit 70.
 */
#ifndef WEFT_VIEWER_XALLOC_H
#define WEFT_VIEWER_XALLOC_H

#include <stddef.h>

/* Zeroed; never NULL, not even for nothing. */
void *xcalloc(size_t n, size_t size);

/* As realloc of n items; never NULL. */
void *xrealloc(void *p, size_t n, size_t size);

/* Room for one more item behind `n`: *cap items are there. Returns the (moved) array. */
void *xgrow(void *p, size_t n, size_t *cap, size_t size);

#endif
