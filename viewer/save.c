/* SPDX-License-Identifier: MIT
 *
 * Names beside the trace, and the screenshot.
 */
#include "viewer/save.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cairo.h>

#include "tracer/trace/trace.h"
#include "viewer/draw.h"

/* How long `path` is without ".json" and without what a packer put behind it. */
static int stem_length(const char *path)
{
	static const char *const ends[] = {".gz", ".zst", ".jsonl", ".json"};
	size_t n = strlen(path);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t k = strlen(ends[i]);

		if (n > k && path[n - k - 1] != '/' && memcmp(path + n - k, ends[i], k) == 0)
			n -= k;
	}
	return (int)n;
}

int save_name(char *buf, size_t size, const char *path, const char *suffix)
{
	if (!path)
		path = "weft";
	for (int i = 1; i < 1000; i++) {
		char number[16] = "";
		int n;

		if (i > 1)
			snprintf(number, sizeof(number), "-%d", i);
		n = snprintf(buf, size, "%.*s%s.%s", stem_length(path), path, number, suffix);
		if (n < 0 || (size_t)n >= size)
			return -ENAMETOOLONG;
		if (access(buf, F_OK) < 0)
			return 0;
	}
	return -EEXIST;
}

static cairo_status_t write_some(void *arg, const unsigned char *data, unsigned length)
{
	return fwrite(data, 1, length, arg) == length ? CAIRO_STATUS_SUCCESS
						      : CAIRO_STATUS_WRITE_ERROR;
}

/* Writes the surface to an open file, to the disk's satisfaction. */
static int write_png(cairo_surface_t *surface, FILE *f)
{
	cairo_status_t status = cairo_surface_write_to_png_stream(surface, write_some, f);

	if (status == CAIRO_STATUS_NO_MEMORY)
		return -ENOMEM;
	if (status != CAIRO_STATUS_SUCCESS || fflush(f) != 0)
		return errno > 0 ? -errno : -EIO;
	return 0;
}

static cairo_surface_t *draw(
	const struct weft_trace *t, const struct layout *l, const struct view *v)
{
	cairo_surface_t *surface =
		cairo_image_surface_create(CAIRO_FORMAT_RGB24, v->width, v->height);
	cairo_t *cr = cairo_create(surface);

	draw_frame(cr, t, l, v);
	cairo_destroy(cr);
	return surface;
}

int save_screenshot(
	const char *path, const struct weft_trace *t, const struct layout *l, const struct view *v)
{
	struct view plain = *v;
	cairo_surface_t *surface;
	char temporary[4096 + 32];
	FILE *f;
	int fd, r;

	plain.notice = plain.hint = NULL;
	plain.help = false;
	plain.hover = WEFT_NO_INDEX;
	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.%ld.tmp", path, (long)getpid()) >=
		sizeof(temporary))
		return -ENAMETOOLONG;
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	f = fdopen(fd, "wb");
	if (!f) {
		r = -errno;
		close(fd);
		unlink(temporary);
		return r;
	}
	surface = draw(t, l, &plain);
	errno = 0;
	r = write_png(surface, f);
	cairo_surface_destroy(surface);
	if (fclose(f) != 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(temporary);
	return r;
}
