/* SPDX-License-Identifier: MIT
 *
 * The flight recorder's memory as a file, by the collector.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tracer/record/header.h"
#include "tracer/record/recorder.h"

struct file {
	struct weft__writer *out;
	struct weft__lines lines;
};

static int put(void *arg, const struct weft_rec *rec, int worker)
{
	struct file *file = arg;
	int ret = 0;

	if (weft__writer_full(file->out))
		ret = weft__writer_flush(file->out);
	return ret < 0 ? ret : weft__line_record(&file->lines, rec, worker);
}

static int write_all(struct weft__recorder *rec, int64_t ns, enum weft_eof_why why)
{
	int64_t zero = rec->lines.timeline.zero.ns;
	struct file file = {.out = &rec->out,
		.lines = {.out = &rec->out,
			.located = rec->lines.located,
			.places = weft__places_lend(&rec->lines.places),
			.value_bytes = rec->lines.value_bytes}};
	int ret;

	weft__timeline_of_ns(&file.lines.timeline, zero);
	weft__header(file.out, &rec->config, &rec->wishes, zero);
	ret = weft__flight_play(&rec->flight, put, &file);
	if (ret == 0 && weft__writer_full(file.out))
		ret = weft__writer_flush(file.out);
	if (ret == 0) {
		weft__line_eof(&file.lines, ns, why);
		ret = weft__writer_flush(file.out);
	}
	weft__lines_free(&file.lines);
	return ret;
}

/* Takes the target, whatever comes of it. */
static int write_to(struct weft__recorder *rec, const struct weft__target *target, int64_t ns,
	enum weft_eof_why why)
{
	int ret = weft__target_empty(target);

	if (ret == 0)
		ret = weft__writer_init(&rec->out, target->fd, target->regular, &rec->progress);
	if (ret < 0) {
		close(target->fd);
		return ret;
	}
	ret = write_all(rec, ns, why);
	weft__writer_finish(&rec->out);
	return ret;
}

/* The first file is open since the start; those behind it have numbers. */
static int write_next(struct weft__recorder *rec, int64_t ns, enum weft_eof_why why)
{
	struct weft__target target = rec->target;
	char *next = NULL;
	int ret = 0;

	rec->target.fd = -1;
	if (target.fd < 0) {
		next = weft__rec_next_path();
		ret = next ? weft__target_open(&target, next) : -ENOMEM;
	}
	if (ret == 0)
		ret = write_to(rec, &target, ns, why);
	if (ret < 0)
		weft__rec_say("weft: cannot write the recording to %s: %s\n",
			next ? next : rec->path, strerror(-ret));
	else
		weft__rec_say("weft: the recording is in %s\n", next ? next : rec->path);
	free(next);
	return ret;
}

int weft__flight_write(
	struct weft__recorder *rec, const char *path, int64_t ns, enum weft_eof_why why)
{
	struct weft__target target;
	int ret;

	if (!path)
		return write_next(rec, ns, why);
	ret = weft__target_open(&target, path);
	return ret < 0 ? ret : write_to(rec, &target, ns, why);
}
