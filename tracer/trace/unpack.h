/* SPDX-License-Identifier: MIT
 *
 * Compressed files, decompressed while they are read: gzip through zlib and Zstandard through
 * libzstd, each as far as this build has it. Only input.c calls this.
 *
 * A file that ends in the middle gives what can be had of it and then ends: a cut trace, as an
 * uncompressed one would be. A damaged one is an error.
 */
#ifndef WEFT_TRACER_TRACE_UNPACK_H
#define WEFT_TRACER_TRACE_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct weft_codec; /* a way to compress: a row of the table in unpack.c */
struct weft_unpack;

/* What the first bytes of a file say; NULL: not compressed. */
const struct weft_codec *weft_codec_of(const char *data, size_t len);
const char *weft_codec_name(const struct weft_codec *codec);	/* "gzip" */
const char *weft_codec_program(const struct weft_codec *codec); /* that undoes it: "gzip -d" */
bool weft_codec_is_built(const struct weft_codec *codec);

/* Reads from the descriptor's place on; it stays the caller's. NULL if out of memory. */
struct weft_unpack *weft_unpack_create(const struct weft_codec *codec, int fd);
void weft_unpack_free(struct weft_unpack *unpack); /* accepts NULL */

/*
 * Like read(2): bytes, 0 at the end, or a negative errno value; then *ret_why says what is wrong
 * with the data, or NULL if it is not the data. A literal.
 */
ssize_t weft_unpack_read(struct weft_unpack *unpack, void *to, size_t size, const char **ret_why);

/* Goes back to the beginning; the descriptor has been set there. */
void weft_unpack_rewind(struct weft_unpack *unpack);

#endif
