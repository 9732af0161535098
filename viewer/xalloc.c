/* SPDX-License-Identifier: MIT
 *
 * The allocators of xalloc.h.
 */
#include "viewer/xalloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void *or_stop(void *p)
{
	if (!p) {
		fputs("weft: out of memory\n", stderr);
		exit(70);
	}
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	return or_stop(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size)
		return or_stop(NULL);
	return or_stop(realloc(p, n && size ? n * size : 1));
}

void *xgrow(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap ? *cap * 2 : 64;
	return xrealloc(p, *cap, size);
}
