/* SPDX-License-Identifier: MIT
 *
 * Lines to the file, in big blocks. See writer.h.
 */
#include "tracer/record/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

void weft__writer_clear(struct weft__writer *w)
{
	memset(w, 0, sizeof(*w));
	atomic_store(&w->fd, -1);
}

int weft__writer_init(struct weft__writer *w, int fd, bool regular, _Atomic uint32_t *progress)
{
	memset(w, 0, sizeof(*w));
	atomic_store(&w->fd, fd);
	w->regular = regular;
	w->progress = progress;
	w->buf = malloc(WEFT__WRITER_SIZE);
	return w->buf ? 0 : -ENOMEM;
}

void weft__writer_finish(struct weft__writer *w)
{
	int fd = atomic_exchange(&w->fd, -1);

	if (fd >= 0) {
		flock(fd, LOCK_UN); /* closing leaves it to a fork's child that has not run yet */
		close(fd);
	}
	free(w->buf);
	w->buf = NULL;
}

/* Bytes of whole lines among the first n. */
static size_t whole_lines(const struct weft__writer *w, size_t n)
{
	const char *end = n ? memrchr(w->buf, '\n', n) : NULL;

	return end ? (size_t)(end + 1 - w->buf) : 0;
}

static uint64_t count_lines(const struct weft__writer *w, size_t n)
{
	uint64_t lines = 0;

	for (const char *p = w->buf; (p = memchr(p, '\n', (size_t)(w->buf + n - p))); p++)
		lines++;
	return lines;
}

/* What is left of a block that was taken up to `done`: whole lines, as far as the file can be cut.
 */
static void cut_back(struct weft__writer *w, size_t done)
{
	size_t whole = whole_lines(w, done);
	uint64_t lines = count_lines(w, whole);

	if (w->size == 0 && lines)
		lines--; /* the header is no record */
	atomic_fetch_add_explicit(&w->written, lines, memory_order_relaxed);
	if (w->regular && whole < done && ftruncate(w->fd, (off_t)(w->size + whole)) < 0)
		return; /* then the file ends in a cut line, which readers know how to drop */
	w->size += whole;
}

int weft__writer_flush(struct weft__writer *w)
{
	size_t done = 0;
	int ret = 0;

	while (done < w->len) {
		ssize_t n = write(w->fd, w->buf + done, w->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			ret = n < 0 ? -errno : -EIO;
			break;
		}
		done += (size_t)n;
		atomic_fetch_add_explicit(w->progress, 1, memory_order_relaxed);
	}
	if (ret) {
		cut_back(w, done);
	} else {
		w->size += done;
		atomic_store_explicit(&w->written, w->records, memory_order_relaxed);
	}
	w->len = 0;
	return ret;
}
