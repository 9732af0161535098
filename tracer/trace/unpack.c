/* SPDX-License-Identifier: MIT
 *
 * One loop for all ways to compress; what differs is in a table of four functions each.
 *
 * Files may be several compressed pieces one behind the other, as `cat a.gz b.gz` makes them. What
 * follows the last piece and is none is left alone, as gzip(1) does.
 */
#include "tracer/trace/unpack.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if WEFT_HAVE_ZLIB
#include <zlib.h>
#endif
#if WEFT_HAVE_ZSTD
#include <zstd.h>
#endif

#define PACKED_BYTES (64 * 1024)

/* What a step has to work with, and how far it came. */
struct step {
	const unsigned char *in;
	size_t in_left;
	unsigned char *out;
	size_t out_left;
	const char *why; /* it failed */
};

struct weft_codec {
	const char *name, *program;
	bool (*begins)(const unsigned char *data, size_t len); /* so a piece begins */

	/* NULL: not in this build. */
	void *(*create)(void);
	void (*destroy)(void *state);
	bool (*restart)(void *state); /* false: out of memory */

	/* Takes and gives what it can. Returns 1 at the end of a piece, 0 before, -1 if it failed.
	 */
	int (*step)(void *state, struct step *step);
};

struct weft_unpack {
	const struct weft_codec *codec;
	void *state;
	int fd;
	size_t pos, len; /* of what was read and not yet taken */
	bool in_piece;	 /* the piece has begun */
	bool any;	 /* a piece has ended */
	unsigned char packed[PACKED_BYTES];
};

/* ---- gzip ------------------------------------------------------------------------------------ */

static bool begins_gzip(const unsigned char *data, size_t len)
{
	return len >= 2 && data[0] == 0x1f && data[1] == 0x8b;
}

#if WEFT_HAVE_ZLIB
#define GZIP_ONLY (16 + MAX_WBITS)

static void *create_gzip(void)
{
	z_stream *z = calloc(1, sizeof(*z));

	if (z && inflateInit2(z, GZIP_ONLY) == Z_OK)
		return z;
	free(z);
	return NULL;
}

static void destroy_gzip(void *state)
{
	inflateEnd(state);
	free(state);
}

static bool restart_gzip(void *state)
{
	return inflateReset(state) == Z_OK;
}

static int step_gzip(void *state, struct step *step)
{
	z_stream *z = state;
	int rc;

	z->next_in = (unsigned char *)step->in; /* zlib takes no const, and changes nothing */
	z->avail_in = (uInt)step->in_left;
	z->next_out = step->out;
	z->avail_out = (uInt)step->out_left;
	rc = inflate(z, Z_NO_FLUSH);
	step->in_left = z->avail_in;
	step->out_left = z->avail_out;
	if (rc == Z_STREAM_END)
		return 1;
	if (rc == Z_OK || rc == Z_BUF_ERROR)
		return 0;
	step->why = rc == Z_MEM_ERROR ? NULL : "the gzip data is damaged";
	return -1;
}
#endif

/* ---- Zstandard ------------------------------------------------------------------------------- */

/* A frame, or one to be skipped, as pzstd puts before each. */
static bool begins_zstd(const unsigned char *data, size_t len)
{
	return len >= 4 &&
	       (memcmp(data, "\x28\xb5\x2f\xfd", 4) == 0 ||
		       ((data[0] & 0xf0) == 0x50 && memcmp(data + 1, "\x2a\x4d\x18", 3) == 0));
}

#if WEFT_HAVE_ZSTD
static void *create_zstd(void)
{
	return ZSTD_createDStream();
}

static void destroy_zstd(void *state)
{
	ZSTD_freeDStream(state);
}

static bool restart_zstd(void *state)
{
	return !ZSTD_isError(ZSTD_initDStream(state));
}

static int step_zstd(void *state, struct step *step)
{
	ZSTD_inBuffer in = {step->in, step->in_left, 0};
	ZSTD_outBuffer out = {step->out, step->out_left, 0};
	size_t rc = ZSTD_decompressStream(state, &out, &in);

	step->in_left -= in.pos;
	step->out_left -= out.pos;
	if (!ZSTD_isError(rc))
		return rc == 0;
	/* What it needs is bounded: only a window of over 128 MiB is refused. */
	step->why = strstr(ZSTD_getErrorName(rc), "memory")
			    ? "compressed with a window of over 128 MiB (zstd --ultra or --long)"
			    : "the zstd data is damaged";
	return -1;
}
#endif

/* ---- The table ------------------------------------------------------------------------------- */

static const struct weft_codec codecs[] = {
	{
		.name = "gzip",
		.program = "gzip -d",
		.begins = begins_gzip,
#if WEFT_HAVE_ZLIB
		.create = create_gzip,
		.destroy = destroy_gzip,
		.restart = restart_gzip,
		.step = step_gzip,
#endif
	},
	{
		.name = "zstd",
		.program = "zstd -d",
		.begins = begins_zstd,
#if WEFT_HAVE_ZSTD
		.create = create_zstd,
		.destroy = destroy_zstd,
		.restart = restart_zstd,
		.step = step_zstd,
#endif
	},
};

const struct weft_codec *weft_codec_of(const char *data, size_t len)
{
	for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
		if (codecs[i].begins((const unsigned char *)data, len))
			return &codecs[i];
	}
	return NULL;
}

const char *weft_codec_name(const struct weft_codec *codec)
{
	return codec->name;
}

const char *weft_codec_program(const struct weft_codec *codec)
{
	return codec->program;
}

bool weft_codec_is_built(const struct weft_codec *codec)
{
	return codec->create;
}

/* ---- Reading --------------------------------------------------------------------------------- */

struct weft_unpack *weft_unpack_create(const struct weft_codec *codec, int fd)
{
	struct weft_unpack *unpack = calloc(1, sizeof(*unpack));

	if (!unpack)
		return NULL;
	unpack->codec = codec;
	unpack->fd = fd;
	unpack->state = codec->create();
	if (!unpack->state) {
		free(unpack);
		return NULL;
	}
	return unpack;
}

void weft_unpack_free(struct weft_unpack *unpack)
{
	if (!unpack)
		return;
	unpack->codec->destroy(unpack->state);
	free(unpack);
}

void weft_unpack_rewind(struct weft_unpack *unpack)
{
	unpack->pos = unpack->len = 0;
	unpack->in_piece = unpack->any = false;
}

/* Gets more packed bytes behind those that are left. Returns how many there are, or an error. */
static ssize_t refill(struct weft_unpack *unpack)
{
	size_t left = unpack->len - unpack->pos;

	memmove(unpack->packed, unpack->packed + unpack->pos, left);
	unpack->pos = 0;
	unpack->len = left;
	while (unpack->len < PACKED_BYTES) {
		ssize_t n =
			read(unpack->fd, unpack->packed + unpack->len, PACKED_BYTES - unpack->len);

		if (n == 0)
			break;
		if (n > 0)
			unpack->len += (size_t)n;
		else if (errno != EINTR)
			return -errno;
	}
	return (ssize_t)unpack->len;
}

/* Returns 1 if another piece stands here, and it is begun; 0 if none does; or an error. */
static int begin_piece(struct weft_unpack *unpack)
{
	ssize_t n = refill(unpack);

	if (n <= 0)
		return (int)n;
	if (unpack->any && !unpack->codec->begins(unpack->packed, unpack->len))
		return 0;
	unpack->in_piece = true;
	return unpack->codec->restart(unpack->state) ? 1 : -ENOMEM;
}

ssize_t weft_unpack_read(struct weft_unpack *unpack, void *to, size_t size, const char **ret_why)
{
	*ret_why = NULL;
	for (;;) {
		struct step step = {.out = to, .out_left = size};
		int rc = unpack->in_piece ? 1 : begin_piece(unpack);
		ssize_t n;

		if (rc <= 0)
			return rc;
		step.in = unpack->packed + unpack->pos;
		step.in_left = unpack->len - unpack->pos;
		rc = unpack->codec->step(unpack->state, &step);
		if (rc < 0) {
			*ret_why = step.why;
			return step.why ? -EBADMSG : -ENOMEM;
		}
		unpack->pos = unpack->len - step.in_left;
		if (rc > 0) {
			unpack->in_piece = false;
			unpack->any = true;
		}
		if (step.out_left < size)
			return (ssize_t)(size - step.out_left);
		if (rc == 0 && step.in_left == 0) {
			n = refill(unpack);
			if (n <= 0)
				return n; /* 0: cut */
		}
	}
}
