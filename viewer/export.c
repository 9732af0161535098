/* SPDX-License-Identifier: MIT
 *
 * What all exports have in common: the table of formats, the limits, and the temporary file that
 * becomes the export only when it is complete. A new format is a row here and a file of its own.
 */
#include "viewer/export.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tracer/trace/output.h"
#include "tracer/trace/trace.h"
#include "viewer/draw.h"
#include "viewer/export_parts.h"
#include "viewer/text.h"
#include "viewer/timescale.h"

static const struct format {
	const char *suffix;
	int (*write)(struct export_job *job);
} formats[] = {
	{".png", export_png},
	{".gif", export_gif},
};
#define NFORMATS (sizeof formats / sizeof *formats)

/* The size at which a picture has its text at its natural size. */
#define NATURAL_WIDTH 960.0
#define NATURAL_HEIGHT 540.0
#define LARGE_WIDTH 1920.0
#define LARGE_HEIGHT 1080.0

void export_options_init(struct export_options *o)
{
	*o = (struct export_options){.width = 1280,
		.height = 720,
		.duration_s = 10,
		.fps = 25,
		.theme = THEME_LIGHT,
		.axis = -1,
		.at_ns = WEFT_NO_TIME,
		.labels = true};
}

const char *export_suffixes(void)
{
	return "png, gif";
}

static const struct format *format_of(const char *path)
{
	size_t length = strlen(path);

	for (size_t i = 0; i < NFORMATS; i++) {
		size_t n = strlen(formats[i].suffix);

		if (length > n && path[length - n - 1] != '/' &&
			strcasecmp(path + length - n, formats[i].suffix) == 0)
			return &formats[i];
	}
	return NULL;
}

__attribute__((format(printf, 4, 5))) static int refuse(
	int code, char *err, size_t err_size, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	if (err_size)
		vsnprintf(err, err_size, text, args);
	va_end(args);
	return code;
}

static int check_size(const struct export_options *o, char *err, size_t n)
{
	if (o->width < EXPORT_SIDE_MIN || o->height < EXPORT_SIDE_MIN ||
		o->width > EXPORT_SIDE_MAX || o->height > EXPORT_SIDE_MAX)
		return refuse(-EINVAL, err, n, "size %dx%d: must be from %dx%d to %dx%d", o->width,
			o->height, EXPORT_SIDE_MIN, EXPORT_SIDE_MIN, EXPORT_SIDE_MAX,
			EXPORT_SIDE_MAX);
	if ((int64_t)o->width * o->height > EXPORT_PIXELS_MAX)
		return refuse(-EINVAL, err, n, "size %dx%d: more than %d pixels", o->width,
			o->height, EXPORT_PIXELS_MAX);
	if (o->scale != 0 && !(o->scale >= EXPORT_SCALE_MIN && o->scale <= EXPORT_SCALE_MAX))
		return refuse(-EINVAL, err, n, "scale %g: must be from %g to %g", o->scale,
			EXPORT_SCALE_MIN, EXPORT_SCALE_MAX);
	return 0;
}

int export_check(const char *path, const struct export_options *o, char *err, size_t n)
{
	int r = check_size(o, err, n);

	if (r < 0)
		return r;
	if (!(o->fps >= EXPORT_FPS_MIN && o->fps <= EXPORT_FPS_MAX))
		return refuse(-EINVAL, err, n, "%g frames a second: must be from %d to %d", o->fps,
			EXPORT_FPS_MIN, EXPORT_FPS_MAX);
	if (!(o->duration_s >= EXPORT_DURATION_MIN && o->duration_s <= EXPORT_DURATION_MAX))
		return refuse(-EINVAL, err, n, "duration %g s: must be from %g to %g s",
			o->duration_s, EXPORT_DURATION_MIN, EXPORT_DURATION_MAX);
	if ((unsigned)o->theme >= THEME_COUNT)
		return refuse(-EINVAL, err, n, "no such theme; there are: %s", theme_words());
	if (o->axis < -1 || o->axis >= VIEW_AXIS_COUNT)
		return refuse(-EINVAL, err, n, "no such axis");
	if (!format_of(path))
		return refuse(-EINVAL, err, n, "%s: not a suffix that can be written (%s)", path,
			export_suffixes());
	return 0;
}

int export_draw(struct export_job *job, cairo_surface_t *surface, double head)
{
	cairo_t *cr = cairo_create(surface);
	cairo_status_t status;

	job->view.head = head;
	draw_frame(cr, job->t, job->layout, &job->view);
	status = cairo_status(cr);
	cairo_destroy(cr);
	cairo_surface_flush(surface);
	return status == CAIRO_STATUS_SUCCESS ? 0 : -ENOMEM;
}

int export_tell(struct export_job *job, double done)
{
	return job->progress && job->progress(job->arg, done) ? -ECANCELED : 0;
}

static double scale_for(const struct export_options *o)
{
	double small = fmin(o->width / NATURAL_WIDTH, o->height / NATURAL_HEIGHT);
	double large = fmin(o->width / LARGE_WIDTH, o->height / LARGE_HEIGHT);

	if (o->scale > 0)
		return o->scale;
	return fmax(fmin(fmax(small, 0.5), 1), large);
}

static int write_file(struct export_job *job, const char *path, char *err, size_t n)
{
	struct weft_trace_error error;
	struct weft_output output;
	int r = weft_output_open(&output, path, &error);

	if (r == 0) {
		job->out = output.file;
		r = weft_output_finish(&output, format_of(path)->write(job), &error);
	}
	return r < 0 ? refuse(r, err, n, "%s: %s", path, error.text) : 0;
}

int export_file(const struct weft_trace *t, const char *path, const struct export_options *o,
	export_progress_fn progress, void *arg, char *err, size_t n)
{
	struct export_job job = {.t = t, .o = o, .progress = progress, .arg = arg};
	int r = export_check(path, o, err, n);

	if (r < 0)
		return r;
	if (o->at_ns != WEFT_NO_TIME && (o->at_ns < 0 || o->at_ns > t->end_ns)) {
		char at[32], end[32];

		text_time(at, sizeof at, o->at_ns);
		text_time(end, sizeof end, t->end_ns);
		return refuse(-EINVAL, err, n, "moment %s: the run goes from 0 to %s", at, end);
	}
	job.layout = layout_create(t);
	view_init(&job.view);
	job.view.width = o->width;
	job.view.height = o->height;
	job.view.scale = scale_for(o);
	job.view.theme = o->theme;
	job.view.axis = o->axis >= 0 ? (enum view_axis)o->axis : timescale_choose(t);
	job.view.labels = o->labels;
	job.view.bar = false;
	r = write_file(&job, path, err, n);
	layout_destroy(job.layout);
	return r;
}
