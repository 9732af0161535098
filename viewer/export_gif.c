/* SPDX-License-Identifier: MIT
 *
 * An animation of the run.
 *
 * A GIF has 256 colours; ours are known beforehand: the theme's, in shades towards the ground as
 * antialiasing makes them. After the first frame only the rectangle that changed is written, and in
 * it what did not change is transparent, which compresses to almost nothing.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gif_lib.h>

#include "tracer/trace/trace.h"
#include "viewer/export_parts.h"
#include "viewer/xalloc.h"

#define TRANSPARENT 255
#define HOLD_CS 200 /* hundredths of a second for which the last frame stays, beyond its own */

/* From a colour, 6 bits a channel, to the nearest of the palette. */
struct palette {
	uint32_t colour[TRANSPARENT];
	int n;
	uint8_t *nearest;
	bool *known;
};

struct gif {
	struct export_job *job;
	GifFileType *file;
	cairo_surface_t *surface;
	struct palette palette;
	uint8_t *now, *before; /* one byte a pixel */
	uint8_t *line;
	int w, h;
};

static void add_colour(struct palette *p, uint32_t c)
{
	for (int i = 0; i < p->n; i++)
		if (p->colour[i] == c)
			return;
	if (p->n < TRANSPARENT)
		p->colour[p->n++] = c;
}

static uint32_t blend(uint32_t a, uint32_t b, double k)
{
	uint32_t c = 0;

	for (int shift = 0; shift <= 16; shift += 8) {
		double from = a >> shift & 255, to = b >> shift & 255;

		c |= (uint32_t)lround(from + (to - from) * k) << shift;
	}
	return c;
}

/* Shades of each colour on the ground: many of those that are seen most. */
static void make_palette(struct palette *p, const struct theme *theme)
{
	static const int shades[THEME_ROLE_COUNT] = {
		[THEME_GROUND] = 1,
		[THEME_PANEL] = 2,
		[THEME_GRID] = 2,
		[THEME_TEXT] = 14,
		[THEME_DIM] = 12,
		[THEME_NAME] = 12,
		[THEME_TIE] = 6,
		[THEME_MESSAGE] = 40,
		[THEME_WAKE] = 6,
		[THEME_RUNNING] = 12,
		[THEME_READY] = 10,
		[THEME_SEND] = 10,
		[THEME_RECV] = 10,
		[THEME_SELECT] = 10,
		[THEME_JOIN] = 10,
		[THEME_WAIT] = 10,
		[THEME_SLEEP] = 8,
		[THEME_LIFE] = 12,
		[THEME_HEAD] = 16,
		[THEME_WARN] = 12,
	};
	uint32_t ground = theme->colour[THEME_GROUND];

	p->nearest = xcalloc(1 << 18, 1);
	p->known = xcalloc(1 << 18, sizeof *p->known);
	for (int role = 0; role < THEME_ROLE_COUNT; role++)
		add_colour(p, theme->colour[role]);
	for (int role = 0; role < THEME_ROLE_COUNT; role++)
		for (int i = shades[role] - 1; i > 0; i--)
			add_colour(p, blend(ground, theme->colour[role], (double)i / shades[role]));
}

static unsigned bucket_of(uint32_t c)
{
	return (c >> 18 & 63) << 12 | (c >> 10 & 63) << 6 | (c >> 2 & 63);
}

static uint8_t find_nearest(const struct palette *p, uint32_t c)
{
	int best = 0, best_distance = INT32_MAX;

	for (int i = 0; i < p->n && best_distance > 0; i++) {
		int r = (int)(p->colour[i] >> 16 & 255) - (int)(c >> 16 & 255);
		int g = (int)(p->colour[i] >> 8 & 255) - (int)(c >> 8 & 255);
		int b = (int)(p->colour[i] & 255) - (int)(c & 255);
		int distance = 3 * r * r + 4 * g * g + 2 * b * b;

		if (distance < best_distance) {
			best_distance = distance;
			best = i;
		}
	}
	return (uint8_t)best;
}

static uint8_t index_of(struct palette *p, uint32_t c)
{
	unsigned bucket = bucket_of(c);

	if (!p->known[bucket]) {
		p->nearest[bucket] = find_nearest(p, c);
		p->known[bucket] = true;
	}
	return p->nearest[bucket];
}

/* The colours of the theme itself come out exactly: they own their buckets. */
static void claim_buckets(struct palette *p)
{
	for (int i = 0; i < p->n && i < THEME_ROLE_COUNT; i++)
		index_of(p, p->colour[i]);
}

static int put(GifFileType *file, const GifByteType *data, int length)
{
	struct gif *g = file->UserData;

	return (int)fwrite(data, 1, (size_t)length, g->job->out);
}

static int draw_moment(struct gif *g, double head)
{
	int r = export_draw(g->job, g->surface, head);
	const unsigned char *data = cairo_image_surface_get_data(g->surface);
	int stride = cairo_image_surface_get_stride(g->surface);
	uint32_t last = 0;
	uint8_t last_index = index_of(&g->palette, 0);

	for (int y = 0; y < g->h && r == 0; y++) {
		for (int x = 0; x < g->w; x++) {
			uint32_t c;

			memcpy(&c, data + (size_t)y * (size_t)stride + (size_t)x * 4, 4);
			c &= 0xffffff;
			if (c != last) {
				last = c;
				last_index = index_of(&g->palette, c);
			}
			g->now[(size_t)y * (size_t)g->w + (size_t)x] = last_index;
		}
	}
	return r;
}

struct area {
	int x, y, w, h;
};

/* The rectangle in which the frames differ; one pixel if they are the same. */
static struct area changed(const struct gif *g)
{
	int x0 = g->w, y0 = g->h, x1 = 0, y1 = 0;

	for (int y = 0; y < g->h; y++) {
		const uint8_t *a = g->now + (size_t)y * (size_t)g->w;
		const uint8_t *b = g->before + (size_t)y * (size_t)g->w;
		int left = 0, right = g->w;

		if (memcmp(a, b, (size_t)g->w) == 0)
			continue;
		while (a[left] == b[left])
			left++;
		while (a[right - 1] == b[right - 1])
			right--;
		x0 = left < x0 ? left : x0;
		x1 = right > x1 ? right : x1;
		y0 = y < y0 ? y : y0;
		y1 = y + 1;
	}
	return y1 ? (struct area){x0, y0, x1 - x0, y1 - y0} : (struct area){0, 0, 1, 1};
}

static bool put_frame(struct gif *g, struct area a, bool first, int delay_cs)
{
	GraphicsControlBlock control = {.DisposalMode = DISPOSE_DO_NOT,
		.DelayTime = delay_cs,
		.TransparentColor = first ? NO_TRANSPARENT_COLOR : TRANSPARENT};
	GifByteType bytes[4];

	EGifGCBToExtension(&control, bytes);
	if (EGifPutExtension(g->file, GRAPHICS_EXT_FUNC_CODE, sizeof bytes, bytes) == GIF_ERROR ||
		EGifPutImageDesc(g->file, a.x, a.y, a.w, a.h, false, NULL) == GIF_ERROR)
		return false;
	for (int y = a.y; y < a.y + a.h; y++) {
		const uint8_t *now = g->now + (size_t)y * (size_t)g->w + a.x;
		const uint8_t *before = g->before + (size_t)y * (size_t)g->w + a.x;

		for (int x = 0; x < a.w; x++)
			g->line[x] = !first && now[x] == before[x] ? TRANSPARENT : now[x];
		if (EGifPutLine(g->file, g->line, a.w) == GIF_ERROR)
			return false;
	}
	return true;
}

static bool put_header(struct gif *g)
{
	static const GifByteType forever[] = {1, 0, 0};
	ColorMapObject *map = GifMakeMapObject(256, NULL);
	bool good;

	if (!map)
		return false;
	for (int i = 0; i < g->palette.n; i++) {
		uint32_t c = g->palette.colour[i];

		map->Colors[i] = (GifColorType){
			(GifByteType)(c >> 16), (GifByteType)(c >> 8), (GifByteType)c};
	}
	EGifSetGifVersion(g->file, true);
	good = EGifPutScreenDesc(g->file, g->w, g->h, 8, 0, map) != GIF_ERROR &&
	       EGifPutExtensionLeader(g->file, APPLICATION_EXT_FUNC_CODE) != GIF_ERROR &&
	       EGifPutExtensionBlock(g->file, 11, "NETSCAPE2.0") != GIF_ERROR &&
	       EGifPutExtensionBlock(g->file, sizeof forever, forever) != GIF_ERROR &&
	       EGifPutExtensionTrailer(g->file) != GIF_ERROR;
	GifFreeMapObject(map);
	return good;
}

/* Frame i of n is shown from i/n to (i + 1)/n of the duration, to the hundredth of a second, so
   that the delays add up to it exactly. */
static int put_frames(struct gif *g)
{
	const struct export_options *o = g->job->o;
	int n = (int)fmax(lround(o->duration_s * o->fps), 1);
	double total_cs = round(o->duration_s * 100);
	int r = 0;

	for (int i = 0; i < n && r == 0; i++) {
		int delay = (int)(round(total_cs * (i + 1) / n) - round(total_cs * i / n));
		struct area all = {0, 0, g->w, g->h};
		uint8_t *t = g->before;

		r = draw_moment(g, n > 1 ? (double)i / (n - 1) : 1);
		if (r < 0)
			break;
		errno = 0;
		if (!put_frame(g, i ? changed(g) : all, i == 0, delay + (i + 1 == n ? HOLD_CS : 0)))
			return errno ? -errno : -EIO;
		g->before = g->now;
		g->now = t;
		r = export_tell(g->job, (double)(i + 1) / n);
	}
	return r;
}

static int write_gif(struct gif *g)
{
	int code = 0, r;

	g->file = EGifOpen(g, put, &code);
	if (!g->file)
		return -ENOMEM;
	errno = 0;
	r = put_header(g) ? put_frames(g) : errno ? -errno : -EIO;
	errno = 0;
	if (EGifCloseFile(g->file, &code) == GIF_ERROR && r == 0)
		r = errno ? -errno : -EIO;
	return r;
}

int export_gif(struct export_job *job)
{
	struct gif g = {.job = job, .w = job->o->width, .h = job->o->height};
	size_t pixels = (size_t)g.w * (size_t)g.h;
	int r = -ENOMEM;

	g.surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, g.w, g.h);
	g.now = xcalloc(pixels, 1);
	g.before = xcalloc(pixels, 1);
	g.line = xcalloc((size_t)g.w, 1);
	make_palette(&g.palette, theme_get(job->o->theme));
	claim_buckets(&g.palette);
	if (cairo_surface_status(g.surface) == CAIRO_STATUS_SUCCESS)
		r = write_gif(&g);
	cairo_surface_destroy(g.surface);
	free(g.now);
	free(g.before);
	free(g.line);
	free(g.palette.nearest);
	free(g.palette.known);
	return r;
}
