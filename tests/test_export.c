/* SPDX-License-Identifier: MIT
 *
 * Pictures and animations as files: the same twice, decodable, with ink where it must be, and
 * nothing left behind when something goes wrong.
 */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cairo.h>
#include <gif_lib.h>

#include "tests/made.h"
#include "tests/test.h"
#include "viewer/draw.h"
#include "viewer/export.h"
#include "viewer/layout.h"
#include "viewer/scene.h"

static char folder[64];

/* A new folder, where the test then is; leave() checks that it holds `left` files and removes it.
 */
static void enter(void)
{
	snprintf(folder, sizeof folder, "/tmp/weft-test-export-XXXXXX");
	CHECK(mkdtemp(folder));
	CHECK_INT(chdir(folder), 0);
}

static int files_here(void)
{
	DIR *d = opendir(".");
	int n = 0;

	CHECK(d);
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(d);
	return n;
}

static void leave(int left)
{
	DIR *d = opendir(".");

	CHECK_INT(files_here(), left);
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		unlink(e->d_name);
	closedir(d);
	CHECK_INT(chdir("/"), 0);
	CHECK_INT(rmdir(folder), 0);
}

static struct export_options small(void)
{
	struct export_options o;

	export_options_init(&o);
	o.width = 320;
	o.height = 200;
	o.duration_s = 1;
	o.fps = 10;
	return o;
}

static int export_to(const struct weft_trace *t, const char *path, const struct export_options *o)
{
	char err[300] = "";
	int r = export_file(t, path, o, NULL, NULL, err, sizeof err);

	CHECK_INT(r < 0, err[0] != '\0');
	return r;
}

static char *read_all(const char *path, size_t *ret_size)
{
	FILE *f = fopen(path, "rb");
	char *data = malloc(1 << 24);

	CHECK(f);
	*ret_size = fread(data, 1, 1 << 24, f);
	fclose(f);
	return data;
}

static void check_same(const char *a, const char *b)
{
	size_t na, nb;
	char *da = read_all(a, &na), *db = read_all(b, &nb);

	CHECK(na > 100);
	CHECK_INT(na, nb);
	CHECK(memcmp(da, db, na) == 0);
	free(da);
	free(db);
}

TEST(the_same_export_twice_is_the_same_bytes)
{
	struct weft_trace t = made_sieve(8);
	struct export_options o = small();

	enter();
	for (int theme = 0; theme < THEME_COUNT; theme++) {
		o.theme = (enum theme_name)theme;
		CHECK_INT(export_to(&t, "a.png", &o), 0);
		CHECK_INT(export_to(&t, "b.png", &o), 0);
		check_same("a.png", "b.png");
		CHECK_INT(export_to(&t, "a.gif", &o), 0);
		CHECK_INT(export_to(&t, "b.gif", &o), 0);
		check_same("a.gif", "b.gif");
	}
	leave(4);
}

static uint32_t pixel(cairo_surface_t *s, int x, int y)
{
	uint32_t c;

	memcpy(&c, cairo_image_surface_get_data(s) + y * cairo_image_surface_get_stride(s) + 4 * x,
		4);
	return c & 0xffffff;
}

/* Much more red than anything else. */
static bool is_red(uint32_t c)
{
	int r = c >> 16 & 255, g = c >> 8 & 255, b = c & 255;

	return r - g > 60 && r - b > 60;
}

static int red_in(cairo_surface_t *s, double x, double y, double w, double h)
{
	int n = 0;

	for (int j = (int)y; j < (int)(y + h); j++)
		for (int i = (int)x; i < (int)(x + w); i++)
			n += is_red(pixel(s, i, j));
	return n;
}

static struct weft_trace three_threads(void)
{
	struct weft_trace t = made_trace("three", 1000);

	made_thread(&t, "a", WEFT_NO_INDEX, 0, -1);
	made_thread(&t, "b", 0, 0, -1);
	made_thread(&t, "c", 0, 0, -1);
	made_message(&t, 1, 2, 480, 520, NULL);
	return t;
}

TEST(red_is_where_the_arrow_is_and_nowhere_else)
{
	struct weft_trace t = three_threads();
	struct export_options o = small();
	struct layout *l = layout_create(&t);
	struct view v;
	cairo_surface_t *s;
	struct scene_rect p;
	double x0, x1, y;

	enter();
	o.width = 800;
	o.height = 600;
	o.scale = 1;
	o.axis = VIEW_AXIS_WALL;
	CHECK_INT(export_to(&t, "x.png", &o), 0);
	s = cairo_image_surface_create_from_png("x.png");
	CHECK_INT(cairo_image_surface_get_width(s), 800);
	CHECK_INT(cairo_image_surface_get_height(s), 600);
	view_init(&v);
	v.width = 800;
	v.height = 600;
	v.scale = 1;
	v.bar = false;
	p = scene_plot_area(&v);
	x0 = scene_world_to_x(&v, l->x[1]);
	x1 = scene_world_to_x(&v, l->x[2]);
	y = scene_axis_to_y(&v, 0.5);
	CHECK(red_in(s, fmin(x0, x1) + 4, y - 20, fabs(x1 - x0) - 8, 40) > fabs(x1 - x0) * 0.8);
	/* Above, below, and on the other side: not a single one. */
	CHECK_INT(red_in(s, 0, p.y, 800, p.h / 2 - 20), 0);
	CHECK_INT(red_in(s, 0, y + 20, 800, 600 - y - 20), 0);
	CHECK_INT(red_in(s, 0, p.y, fmin(x0, x1) - 4, p.h), 0);
	cairo_surface_destroy(s);
	layout_destroy(l);
	leave(1);
}

TEST(a_moment_shows_nothing_later)
{
	struct weft_trace t = three_threads();
	struct export_options o = small();
	cairo_surface_t *s;

	enter();
	o.width = 800;
	o.height = 600;
	o.scale = 1;
	o.axis = VIEW_AXIS_WALL;
	o.at_ns = 470;
	CHECK_INT(export_to(&t, "x.png", &o), 0);
	s = cairo_image_surface_create_from_png("x.png");
	/* The legend, above the plot, has its red sample all the time. */
	CHECK_INT(red_in(s, 0, 80, 800, 520), 0);
	cairo_surface_destroy(s);
	o.at_ns = 1001;
	CHECK_INT(export_to(&t, "x.png", &o), -EINVAL);
	leave(1);
}

/* Plays a GIF into a canvas, as a browser does. */
static void check_gif(const char *path, const struct export_options *o, int frames, int delay_cs)
{
	int code = 0, total = 0, red = 0;
	GifFileType *g = DGifOpenFileName(path, &code);

	CHECK(g);
	CHECK_INT(DGifSlurp(g), GIF_OK);
	CHECK_INT(g->SWidth, o->width);
	CHECK_INT(g->SHeight, o->height);
	CHECK_INT(g->ImageCount, frames);
	for (int i = 0; i < g->ImageCount; i++) {
		const SavedImage *image = &g->SavedImages[i];
		GraphicsControlBlock control;

		CHECK_INT(DGifSavedExtensionToGCB(g, i, &control), GIF_OK);
		CHECK(control.DelayTime >= 2);
		total += control.DelayTime;
		for (int k = 0; k < image->ImageDesc.Width * image->ImageDesc.Height; k++) {
			const GifColorType *c = &g->SColorMap->Colors[image->RasterBits[k]];

			if (image->RasterBits[k] != control.TransparentColor)
				red += c->Red - c->Green > 60 && c->Red - c->Blue > 60;
		}
	}
	CHECK_INT(total, delay_cs);
	CHECK(red > 100);
	CHECK_INT(DGifCloseFile(g, &code), GIF_OK);
}

TEST(a_gif_has_its_frames_and_lasts_as_long_as_asked)
{
	static const struct {
		double duration_s, fps;
		int frames;
	} cases[] = {
		{1, 10, 10}, {1, 24, 24}, {0.7, 30, 21}, {2, 3, 6}, {0.1, 1, 1}, {0.5, 50, 25}};
	struct weft_trace t = made_sieve(5);
	struct export_options o = small();

	enter();
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		o.duration_s = cases[i].duration_s;
		o.fps = cases[i].fps;
		CHECK_INT(export_to(&t, "x.gif", &o), 0);
		check_gif(
			"x.gif", &o, cases[i].frames, (int)lround(cases[i].duration_s * 100) + 200);
	}
	leave(1);
}

/* The last frame, played to its end, is the whole run as a PNG shows it (to the palette). */
TEST(the_gif_ends_with_the_picture_of_the_run)
{
	struct weft_trace t = made_sieve(5);
	struct export_options o = small();
	int code = 0, far = 0;
	GifFileType *g;
	GifColorType canvas[320 * 200];
	cairo_surface_t *s;

	enter();
	CHECK_INT(export_to(&t, "x.gif", &o), 0);
	CHECK_INT(export_to(&t, "x.png", &o), 0);
	s = cairo_image_surface_create_from_png("x.png");
	g = DGifOpenFileName("x.gif", &code);
	CHECK(g && DGifSlurp(g) == GIF_OK);
	for (int i = 0; i < g->ImageCount; i++) {
		const SavedImage *image = &g->SavedImages[i];
		const GifImageDesc *d = &image->ImageDesc;
		GraphicsControlBlock control;

		DGifSavedExtensionToGCB(g, i, &control);
		for (int k = 0; k < d->Width * d->Height; k++)
			if (image->RasterBits[k] != control.TransparentColor)
				canvas[(d->Top + k / d->Width) * 320 + d->Left + k % d->Width] =
					g->SColorMap->Colors[image->RasterBits[k]];
	}
	for (int k = 0; k < 320 * 200; k++) {
		uint32_t c = pixel(s, k % 320, k / 320);

		far += abs((int)(c >> 16) - canvas[k].Red) > 40 ||
		       abs((int)(c >> 8 & 255) - canvas[k].Green) > 40 ||
		       abs((int)(c & 255) - canvas[k].Blue) > 40;
	}
	CHECK(far < 320 * 200 / 100);
	cairo_surface_destroy(s);
	DGifCloseFile(g, &code);
	leave(2);
}

TEST(the_axis_can_be_chosen)
{
	struct weft_trace t = made_sieve(5);
	struct export_options o = small();
	size_t na, nb;
	char *a, *b;

	enter();
	o.axis = VIEW_AXIS_WALL;
	CHECK_INT(export_to(&t, "wall.png", &o), 0);
	o.axis = VIEW_AXIS_ORDER;
	CHECK_INT(export_to(&t, "order.png", &o), 0);
	a = read_all("wall.png", &na);
	b = read_all("order.png", &nb);
	CHECK(na != nb || memcmp(a, b, na) != 0);
	free(a);
	free(b);
	leave(2);
}

static void refused(const struct weft_trace *t, const char *path, const struct export_options *o,
	const char *part)
{
	char err[300] = "";

	CHECK_INT(export_file(t, path, o, NULL, NULL, err, sizeof err), -EINVAL);
	CHECK_IN(err, part);
	CHECK(!strchr(err, '\n'));
}

TEST(impossible_options_are_refused_with_one_line)
{
	static const int sizes[][2] = {
		{0, 0}, {63, 64}, {64, 63}, {99999999, 1}, {8193, 100}, {-5, 100}, {8192, 8192}};
	static const double fps[] = {0, 0.5, 51, -1, NAN, INFINITY};
	static const double durations[] = {0, 0.05, 601, -1, NAN, INFINITY};
	struct weft_trace t = made_sieve(3);
	struct export_options o = small();

	enter();
	for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		o.width = sizes[i][0];
		o.height = sizes[i][1];
		refused(&t, "x.gif", &o, "size");
	}
	o = small();
	for (unsigned i = 0; i < 6; i++) {
		o.fps = fps[i];
		refused(&t, "x.gif", &o, "frames a second");
	}
	o = small();
	for (unsigned i = 0; i < 6; i++) {
		o.duration_s = durations[i];
		refused(&t, "x.gif", &o, "duration");
	}
	o = small();
	refused(&t, "x.bmp", &o, "png, gif");
	refused(&t, "gif", &o, "png, gif");
	refused(&t, ".gif", &o, "png, gif");
	refused(&t, "", &o, "png, gif");
	leave(0);
}

TEST(the_smallest_and_a_narrow_picture_can_be_written)
{
	static const int sizes[][2] = {{64, 64}, {64, 2000}, {8192, 64}};
	struct weft_trace t = made_pool(3, 3);
	struct export_options o = small();

	enter();
	for (unsigned i = 0; i < 3; i++) {
		o.width = sizes[i][0];
		o.height = sizes[i][1];
		CHECK_INT(export_to(&t, "x.png", &o), 0);
	}
	leave(1);
}

TEST(paths_that_cannot_be_written_leave_nothing)
{
	struct weft_trace t = made_sieve(3);
	struct export_options o = small();

	enter();
	CHECK_INT(export_to(&t, "no/such/folder/x.png", &o), -ENOENT);
	CHECK_INT(mkdir("is.png", 0700), 0);
	CHECK_INT(export_to(&t, "is.png", &o), -EISDIR);
	CHECK_INT(rmdir("is.png"), 0);
	leave(0);
}

/* A limit on the size of files is a disk that is full. */
TEST(a_full_disk_leaves_what_was_there_before)
{
	struct weft_trace t = made_sieve(8);
	struct export_options o = small();
	struct rlimit old, tight;
	static const char *const paths[] = {"x.png", "x.gif"};

	enter();
	CHECK_INT(export_to(&t, "x.png", &o), 0);
	CHECK_INT(export_to(&t, "x.gif", &o), 0);
	CHECK_INT(link("x.png", "copy.png"), 0);
	CHECK_INT(link("x.gif", "copy.gif"), 0);
	signal(SIGXFSZ, SIG_IGN);
	CHECK_INT(getrlimit(RLIMIT_FSIZE, &old), 0);
	for (rlim_t limit = 0; limit < 3000; limit += 700) {
		for (int i = 0; i < 2; i++) {
			int r;

			tight = (struct rlimit){limit, old.rlim_max};
			CHECK_INT(setrlimit(RLIMIT_FSIZE, &tight), 0);
			r = export_to(&t, paths[i], &o);
			CHECK_INT(setrlimit(RLIMIT_FSIZE, &old), 0);
			CHECK_INT(r, -EFBIG);
		}
	}
	check_same("x.png", "copy.png");
	check_same("x.gif", "copy.gif");
	leave(4);
}

struct steps {
	int calls, stop_at;
	double last;
};

static int step(void *arg, double done)
{
	struct steps *s = arg;

	CHECK(done >= s->last);
	s->last = done;
	return ++s->calls == s->stop_at;
}

TEST(progress_is_told_and_can_end_it)
{
	struct weft_trace t = made_sieve(3);
	struct export_options o = small();
	struct steps all = {0}, some = {.stop_at = 4};
	char err[300];

	enter();
	CHECK_INT(export_file(&t, "x.gif", &o, step, &all, err, sizeof err), 0);
	CHECK_INT(all.calls, 10);
	CHECK(all.last == 1);
	CHECK_INT(unlink("x.gif"), 0);
	CHECK_INT(export_file(&t, "x.gif", &o, step, &some, err, sizeof err), -ECANCELED);
	CHECK_INT(some.calls, 4);
	leave(0);
}

/* The window and an export are one code: a frame drawn here is the PNG that is exported. */
TEST(draw_frame_is_what_is_exported)
{
	struct weft_trace t = made_pool(3, 3);
	struct export_options o = small();
	struct layout *l = layout_create(&t);
	cairo_surface_t *mine = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 640, 480), *s;
	cairo_t *cr = cairo_create(mine);
	struct view v;

	enter();
	o.width = 640;
	o.height = 480;
	o.scale = 1;
	o.theme = THEME_DARK;
	o.axis = VIEW_AXIS_ORDER;
	CHECK_INT(export_to(&t, "x.png", &o), 0);
	s = cairo_image_surface_create_from_png("x.png");
	view_init(&v);
	v.width = 640;
	v.height = 480;
	v.scale = 1;
	v.theme = THEME_DARK;
	v.axis = VIEW_AXIS_ORDER;
	v.bar = false;
	v.head = 1;
	draw_frame(cr, &t, l, &v);
	cairo_surface_flush(mine);
	for (int y = 0; y < 480; y++)
		for (int x = 0; x < 640; x++)
			CHECK_INT(pixel(mine, x, y), pixel(s, x, y));
	cairo_destroy(cr);
	cairo_surface_destroy(mine);
	cairo_surface_destroy(s);
	layout_destroy(l);
	leave(1);
}

/* Zoomed in as far as it goes, an arrow's ends are a trillion units away; it still crosses. */
TEST(the_deepest_zoom_draws_what_passes)
{
	struct weft_trace t = made_trace("deep", INT64_C(1000000000000));
	struct layout *l;
	struct view v;
	cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 800, 600);
	cairo_t *cr = cairo_create(s);
	struct scene_rect p;

	made_thread(&t, "a", WEFT_NO_INDEX, 0, -1);
	made_thread(&t, "b", 0, 0, -1);
	made_message(&t, 0, 1, 0, t.end_ns, "v");
	t.messages[made_message(&t, 0, 0, 1, t.end_ns - 1, "w")].via = WEFT_VIA_BUFFER;
	l = layout_create(&t);
	view_init(&v);
	v.width = 800;
	v.height = 600;
	v.scale = 1;
	v.axis = VIEW_AXIS_WALL;
	v.head = 1;
	v.camera = (struct view_camera){0, 0.5 - VIEW_SPAN_MIN_Y / 2, 1, 0.5 + VIEW_SPAN_MIN_Y / 2};
	draw_frame(cr, &t, l, &v);
	cairo_surface_flush(s);
	p = scene_plot_area(&v);
	/* At half of its time it is half way between the two threads, and there it is upright. */
	CHECK(red_in(s, p.x + p.w / 2 - 3, p.y + 5, 6, p.h - 10) > p.h * 0.8);
	CHECK_INT(red_in(s, p.x + p.w / 2 + 10, p.y + 5, p.w / 4 - 20, p.h - 10), 0);
	cairo_destroy(cr);
	cairo_surface_destroy(s);
	layout_destroy(l);
}

/* Help, bar, notice, hover and a warning, at two scales: it draws, and each leaves ink. */
TEST(the_furniture_of_the_window_leaves_ink)
{
	struct weft_trace t = made_sieve(5);
	struct layout *l = layout_create(&t);
	struct view plain, v;
	cairo_surface_t *a = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1600, 1200);
	cairo_surface_t *b = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1600, 1200);
	size_t size = (size_t)cairo_image_surface_get_stride(a) * 1200;

	view_init(&plain);
	plain.width = 1600;
	plain.height = 1200;
	plain.scale = 2;
	plain.head = 0.5;
	for (int i = 0; i < 5; i++) {
		cairo_t *ca = cairo_create(a), *cb = cairo_create(b);

		v = plain;
		v.help = i == 0;
		v.bar = i == 1 ? !plain.bar : plain.bar;
		v.notice = i == 2 ? "saved" : NULL;
		v.hover = i == 3 ? 1 : plain.hover;
		t.warning = "";
		draw_frame(ca, &t, l, &plain);
		t.warning = i == 4 ? "1 error: line 3" : "";
		draw_frame(cb, &t, l, &v);
		cairo_surface_flush(a);
		cairo_surface_flush(b);
		CHECK(memcmp(
			cairo_image_surface_get_data(a), cairo_image_surface_get_data(b), size));
		cairo_destroy(ca);
		cairo_destroy(cb);
	}
	cairo_surface_destroy(a);
	cairo_surface_destroy(b);
	layout_destroy(l);
}

TEST_MAIN
