/* SPDX-License-Identifier: MIT
 *
 * Files that the window writes: names that overwrite nothing, screenshots that are whole or absent.
 */
#include "viewer/save.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cairo.h>

#include "tests/test.h"
#include "tracer/trace/trace.h"
#include "viewer/layout.h"

static char folder[64];

static void enter(void)
{
	snprintf(folder, sizeof(folder), "/tmp/weft-test-save-XXXXXX");
	CHECK(mkdtemp(folder));
	CHECK_INT(chdir(folder), 0);
}

/* Leaves, with just so many files left behind. */
static void leave(int wanted)
{
	DIR *d = opendir(".");
	int files = 0;

	for (struct dirent *e; (e = readdir(d));) {
		if (e->d_name[0] == '.' && (!e->d_name[1] || e->d_name[1] == '.'))
			continue;
		files++;
		unlink(e->d_name);
	}
	closedir(d);
	CHECK_INT(files, wanted);
	CHECK_INT(chdir("/"), 0);
	CHECK_INT(rmdir(folder), 0);
}

static void make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	CHECK(fd >= 0);
	close(fd);
}

/* The name for a new PNG beside `path`. */
static const char *name_for(const char *path)
{
	static char name[256];

	CHECK_INT(save_name(name, sizeof(name), path, "png"), 0);
	return name;
}

TEST(names_stand_beside_the_trace)
{
	enter();
	CHECK_STR(name_for("run.json"), "run.png");
	CHECK_STR(name_for("/nowhere/run.json"), "/nowhere/run.png");
	CHECK_STR(name_for("run.jsonl"), "run.png");
	CHECK_STR(name_for("run.json.gz"), "run.png");
	CHECK_STR(name_for("run"), "run.png");
	CHECK_STR(name_for("a.b/run.trace"), "a.b/run.trace.png");
	CHECK_STR(name_for("a/.json"), "a/.json.png");
	CHECK_STR(name_for(NULL), "weft.png");
	leave(0);
}

TEST(a_name_that_is_taken_gets_a_number)
{
	enter();
	make_file("run.png");
	CHECK_STR(name_for("run.json"), "run-2.png");
	make_file("run-2.png");
	CHECK_STR(name_for("run.json"), "run-3.png");
	leave(2);
}

TEST(a_name_that_does_not_fit_is_none)
{
	char name[8];

	CHECK_INT(save_name(name, sizeof(name), "long-name.json", "png"), -ENAMETOOLONG);
}

/* A thread that lives for a microsecond, in a small frame. */
static const struct weft_trace *one_thread(struct view *v)
{
	static char no_warning[] = "";
	static struct weft_thread thread = {
		.id = 1, .name = "main", .died_ns = 1000, .parent = WEFT_NO_INDEX};
	static const struct weft_trace trace = {.title = "one",
		.source = "weft",
		.clock = "",
		.warning = no_warning,
		.complete = true,
		.end_ns = 1000,
		.threads = &thread,
		.nthreads = 1};

	view_init(v);
	v->width = 400;
	v->height = 300;
	return &trace;
}

TEST(a_screenshot_has_the_size_of_the_view_and_no_notice)
{
	struct view v;
	const struct weft_trace *t = one_thread(&v);
	struct layout *l = layout_create(t);
	cairo_surface_t *a, *b;

	enter();
	CHECK_INT(save_screenshot("a.png", t, l, &v), 0);
	v.notice = "saved";
	v.hint = "main";
	v.help = true;
	CHECK_INT(save_screenshot("b.png", t, l, &v), 0);
	a = cairo_image_surface_create_from_png("a.png");
	b = cairo_image_surface_create_from_png("b.png");
	CHECK_INT(cairo_image_surface_get_width(a), 400);
	CHECK_INT(cairo_image_surface_get_height(b), 300);
	CHECK(memcmp(cairo_image_surface_get_data(a), cairo_image_surface_get_data(b),
		      300 * (size_t)cairo_image_surface_get_stride(a)) == 0);
	cairo_surface_destroy(a);
	cairo_surface_destroy(b);
	layout_destroy(l);
	leave(2);
}

TEST(a_screenshot_that_fails_leaves_nothing)
{
	struct view v;
	const struct weft_trace *t = one_thread(&v);
	struct layout *l = layout_create(t);
	struct rlimit full = {.rlim_cur = 100, .rlim_max = 100};

	enter();
	CHECK_INT(save_screenshot("missing/a.png", t, l, &v), -ENOENT);
	signal(SIGXFSZ, SIG_IGN);
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &full), 0); /* a disk with room for 100 bytes */
	CHECK_INT(save_screenshot("a.png", t, l, &v), -EFBIG);
	layout_destroy(l);
	leave(0);
}

TEST_MAIN
