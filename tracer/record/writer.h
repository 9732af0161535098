/* SPDX-License-Identifier: MIT
 *
 * The trace file as a buffer of whole lines. Lines are made in place: take a pointer with room for
 * WEFT__LINE_ROOM bytes, write, hand the end back.
 */
#ifndef WEFT_TRACER_RECORD_WRITER_H
#define WEFT_TRACER_RECORD_WRITER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEFT__WRITER_SIZE (256 * 1024)
#define WEFT__LINE_ROOM (32 * 1024) /* more than the lines of any one record take */

struct weft__writer {
	char *buf;
	size_t len;
	atomic_int fd; /* -1 before it is closed, for a child of fork that looks at that moment */
	bool regular;  /* a plain file: can be cut back to whole lines */
	uint64_t size; /* bytes in the file */
	uint64_t records;	  /* lines behind the header so far, the buffered ones included */
	_Atomic uint64_t written; /* those of them that are in the file; relaxed, for the warning */
	_Atomic uint32_t *progress; /* bumped with each write(2) that took something */
};

/* With no file yet. */
void weft__writer_clear(struct weft__writer *w);

/* Takes fd. 0 or -ENOMEM. */
int weft__writer_init(struct weft__writer *w, int fd, bool regular, _Atomic uint32_t *progress);

/* Closes the file and frees the buffer; what is still in it is not written. */
void weft__writer_finish(struct weft__writer *w);

static inline bool weft__writer_full(const struct weft__writer *w)
{
	return w->len > WEFT__WRITER_SIZE - WEFT__LINE_ROOM;
}

static inline char *weft__writer_at(struct weft__writer *w)
{
	return w->buf + w->len;
}

static inline void weft__writer_to(struct weft__writer *w, const char *end)
{
	w->len = (size_t)(end - w->buf);
}

/*
 * Writes all that is buffered: 0, or -errno; then the file ends in a whole line (unless it is a
 * pipe) and the rest is dropped.
 */
int weft__writer_flush(struct weft__writer *w);

#endif
