/* SPDX-License-Identifier: MIT
 *
 * Dumps: a snapshot as text, one line a coroutine, a channel and a frame.
 */
#ifndef WEFT_RUNTIME_DUMP_H
#define WEFT_RUNTIME_DUMP_H

#include <stddef.h>

#include "runtime/snap.h"

/* Text on its way to a descriptor. */
struct weft__out {
	int fd;
	int error; /* 0 or the negative errno value that ended it */
	size_t used;
	char text[4096];
};

void weft__out_open(struct weft__out *out, int fd);
void weft__out_put(struct weft__out *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int weft__out_close(struct weft__out *out); /* writes the rest; 0 or a negative errno value */

/* The coroutines that `wanted` is true for (NULL: all), at most `most` of them. */
void weft__dump_cos(struct weft__out *out, const struct weft__snap *snap,
	bool (*wanted)(const struct weft__snap_co *co), size_t most);

/* The frames as in a dump. */
void weft__dump_frames(
	struct weft__out *out, const struct weft__modules *modules, const uintptr_t *pcs, int n);

/* Pauses the workers, and writes all there is to fd. On a worker: its coroutine's call. */
int weft__dump(int fd);

/* As weft__dump; true in *ret_quiet: nobody computed meanwhile. */
int weft__dump_and_tell(int fd, bool *ret_quiet);

#endif
