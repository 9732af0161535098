/* SPDX-License-Identifier: MIT
 *
 * Reading bytes in bounded memory.
 */
#include "tracer/trace/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tracer/trace/record.h"
#include "tracer/trace/unpack.h"

/* ---- Watching -------------------------------------------------------------------------------- */

static struct {
	weft_watch_fn fn;
	void *arg;
} watch;

void weft_trace_watch(weft_watch_fn fn, void *arg)
{
	watch.fn = fn;
	watch.arg = arg;
}

/* Tells how far the file is read. */
static void tell_done(const struct weft_input *input)
{
	off_t at =
		input->unpack ? lseek(input->fd, 0, SEEK_CUR) : (off_t)(input->offset + input->len);

	if (at >= 0 && (uint64_t)at < input->size)
		watch.fn(watch.arg, input->path, (double)at / (double)input->size);
}

/* It is read to its end, or nobody reads on. */
static void tell_end(const struct weft_input *input)
{
	if (watch.fn)
		watch.fn(watch.arg, input->path, 1);
}

/* ---- Opening --------------------------------------------------------------------------------- */

/* Copies what comes through a pipe to a file without a name. Returns its descriptor. */
static int spool(int fd)
{
	const char *dir = secure_getenv("TMPDIR");
	char *buf = malloc(WEFT_INPUT_BYTES), *name = NULL;
	int copy = -1, rc = 0;

	if (asprintf(&name, "%s/weft-XXXXXX", dir && dir[0] ? dir : "/tmp") < 0)
		name = NULL;
	if (name)
		copy = mkostemp(name, O_CLOEXEC);
	if (copy < 0)
		rc = name ? -errno : -ENOMEM;

	if (copy >= 0)
		unlink(name);
	free(name);
	if (!buf)
		rc = -ENOMEM;
	while (rc == 0) {
		ssize_t n = read(fd, buf, WEFT_INPUT_BYTES), done = 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			rc = n < 0 ? -errno : 0;
			break;
		}
		while (done < n && rc == 0) {
			ssize_t wrote = write(copy, buf + done, (size_t)(n - done));

			if (wrote >= 0)
				done += wrote;
			else if (errno != EINTR)
				rc = -errno;
		}
	}
	free(buf);
	if (rc == 0 && lseek(copy, 0, SEEK_SET) == 0)
		return copy;
	if (copy >= 0)
		close(copy);
	return rc < 0 ? rc : -EIO;
}

/* Only a file, or a pipe turned into one, can be read twice. */
static int settle(int *fd, uint64_t *ret_size)
{
	struct stat st;
	int copy;

	if (fstat(*fd, &st) < 0)
		return -errno;
	*ret_size = (uint64_t)st.st_size; /* of a copy it isn't known, and needn't be */
	if (S_ISREG(st.st_mode))
		return 0;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode))
		return -ENXIO;
	copy = spool(*fd);
	if (copy < 0)
		return copy;
	close(*fd);
	*fd = copy;
	return 0;
}

/* A compressed file is read through what undoes it. */
static int set_unpack(struct weft_input *input, struct weft_trace_error *error)
{
	const struct weft_codec *codec = weft_codec_of(input->buf, input->len);
	int rc = 0;

	if (!codec)
		return 0;
	if (!weft_codec_is_built(codec))
		return weft_refuse(error, -EPROTO, 0,
			"compressed with %s, and this weft was built without it: decompress it "
			"first (%s)",
			weft_codec_name(codec), weft_codec_program(codec));
	if (lseek(input->fd, 0, SEEK_SET) < 0)
		rc = -errno;
	else if (!(input->unpack = weft_unpack_create(codec, input->fd)))
		rc = -ENOMEM;
	if (rc < 0)
		return weft_refuse(error, rc, 0, "%s", strerror(-rc));
	input->len = 0;
	weft_input_fill(input);
	return 0;
}

int weft_input_open(struct weft_input *input, const char *path, struct weft_trace_error *error)
{
	int fd, rc;

	memset(input, 0, sizeof(*input));
	input->path = path;
	input->fd = -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return weft_refuse(error, -errno, 0, "%s", strerror(errno));
	rc = settle(&fd, &input->size);
	if (rc == 0) {
		input->buf = malloc(WEFT_INPUT_BYTES + WEFT_TEXT_PAD);
		rc = input->buf ? 0 : -ENOMEM;
	}
	if (rc < 0) {
		close(fd);
		return weft_refuse(error, rc, 0, "%s",
			rc == -ENXIO ? "neither a file nor a pipe" : strerror(-rc));
	}
	input->fd = fd;
	input->line = 1;
	weft_input_fill(input);
	rc = set_unpack(input, error);
	if (rc == 0 && input->error < 0)
		rc = weft_refuse(
			error, input->error, 0, "%s", weft_input_reason(input, input->error));
	if (rc < 0)
		weft_input_close(input);
	return rc;
}

void weft_input_close(struct weft_input *input)
{
	if (input->fd >= 0) {
		tell_end(input);
		close(input->fd);
	}
	weft_unpack_free(input->unpack);
	input->unpack = NULL;
	free(input->buf);
	input->buf = NULL;
	input->fd = -1;
}

/* ---- Reading --------------------------------------------------------------------------------- */

const char *weft_input_reason(const struct weft_input *input, int error)
{
	return input->why && error == input->error ? input->why : strerror(-error);
}

static ssize_t read_some(struct weft_input *input, void *to, size_t size)
{
	ssize_t n;

	if (input->unpack)
		return weft_unpack_read(input->unpack, to, size, &input->why);
	do {
		n = read(input->fd, to, size);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

bool weft_input_fill(struct weft_input *input)
{
	size_t got = 0;

	input->offset += input->len;
	input->pos = input->len = 0;
	while (got < WEFT_INPUT_BYTES && input->error == 0) {
		ssize_t n = read_some(input, input->buf + got, WEFT_INPUT_BYTES - got);

		if (n == 0)
			break;
		if (n > 0)
			got += (size_t)n;
		else
			input->error = (int)n;
	}
	input->len = got;
	memset(input->buf + got, 0, WEFT_TEXT_PAD);
	if (got == 0)
		tell_end(input);
	else if (watch.fn)
		tell_done(input);
	return got > 0;
}

void weft_input_tell(const struct weft_input *input, struct weft_place *ret_place)
{
	ret_place->offset = input->offset + input->pos;
	ret_place->line = input->line;
}

/* Reads on until the place is in the buffer. */
static int skip_to(struct weft_input *input, uint64_t offset)
{
	while (offset > input->offset + input->len) {
		if (!weft_input_fill(input))
			return input->error ? input->error : -EIO;
	}
	return 0;
}

int weft_input_seek(struct weft_input *input, const struct weft_place *place)
{
	bool here = place->offset >= input->offset && place->offset <= input->offset + input->len;
	bool back = place->offset < input->offset;
	uint64_t to = input->unpack ? 0 : place->offset;
	int rc = 0;

	if (!here && (back || !input->unpack)) {
		if (lseek(input->fd, (off_t)to, SEEK_SET) < 0)
			return -errno;
		if (input->unpack)
			weft_unpack_rewind(input->unpack);
		input->offset = to;
		input->len = 0;
	}
	if (input->unpack)
		rc = skip_to(input, place->offset);
	input->pos = (size_t)(place->offset - input->offset);
	input->line = place->line;
	return rc;
}

int weft_text_add(struct weft_text *text, const char *data, size_t len, size_t limit)
{
	if (len > limit - text->len) {
		text->too_long = true;
		len = limit - text->len;
	}
	if (!text->data || len > text->room - text->len) {
		size_t room = text->room ? text->room : 256;
		char *more;

		while (room < text->len + len)
			room *= 2;
		more = realloc(text->data, room + WEFT_TEXT_PAD);
		if (!more)
			return -ENOMEM;
		text->data = more;
		text->room = room;
	}
	if (len > 0)
		memcpy(text->data + text->len, data, len);
	text->len += len;
	memset(text->data + text->len, 0, WEFT_TEXT_PAD);
	return 0;
}

void weft_text_finish(struct weft_text *text)
{
	free(text->data);
	memset(text, 0, sizeof(*text));
}

/* A line that goes on in the next buffer. */
static int collect(struct weft_input *input, struct weft_line *line, size_t limit)
{
	struct weft_text *kept = &line->kept;

	kept->len = 0;
	kept->too_long = false;
	while (weft_input_peek(input) >= 0) {
		const char *start = input->buf + input->pos;
		size_t left = input->len - input->pos;
		const char *end = memchr(start, '\n', left);
		size_t take = end ? (size_t)(end - start) : left;
		int rc = weft_text_add(kept, start, take, limit);

		if (rc < 0)
			return rc;
		input->pos += take;
		if (end) {
			input->pos++;
			input->line++;
			line->whole = true;
			break;
		}
	}
	line->data = kept->data;
	line->len = kept->len;
	line->too_long = kept->too_long;
	return input->error;
}

int weft_input_line(struct weft_input *input, struct weft_line *line, size_t limit)
{
	const char *start, *end;
	int rc;

	line->whole = line->too_long = false;
	if (weft_input_peek(input) < 0)
		return input->error;
	start = input->buf + input->pos;
	end = memchr(start, '\n', input->len - input->pos);
	if (!end) {
		rc = collect(input, line, limit);
		return rc < 0 ? rc : 1;
	}
	line->data = start;
	line->len = (size_t)(end - start);
	line->whole = true;
	if (line->len > limit) {
		line->len = limit;
		line->too_long = true;
	}
	input->pos += (size_t)(end - start) + 1;
	input->line++;
	return 1;
}
