/* SPDX-License-Identifier: MIT
 *
 * A still picture: the whole run, or one moment of it.
 */
#include <errno.h>

#include "tracer/trace/trace.h"
#include "viewer/export_parts.h"

static cairo_status_t put(void *file, const unsigned char *data, unsigned length)
{
	return fwrite(data, 1, length, file) == length ? CAIRO_STATUS_SUCCESS
						       : CAIRO_STATUS_WRITE_ERROR;
}

int export_png(struct export_job *job)
{
	const struct export_options *o = job->o;
	const struct timescale *scale = &job->layout->scale[job->view.axis];
	double head = o->at_ns == WEFT_NO_TIME ? 1 : timescale_y(scale, o->at_ns);
	cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, o->width, o->height);
	cairo_status_t status = cairo_surface_status(s);
	int r = status == CAIRO_STATUS_SUCCESS ? export_draw(job, s, head) : -ENOMEM;

	if (r == 0)
		r = export_tell(job, 0.5);
	if (r == 0) {
		errno = 0;
		status = cairo_surface_write_to_png_stream(s, put, job->out);
		if (status != CAIRO_STATUS_SUCCESS)
			r = status == CAIRO_STATUS_NO_MEMORY ? -ENOMEM : errno ? -errno : -EIO;
	}
	cairo_surface_destroy(s);
	return r == 0 ? export_tell(job, 1) : r;
}
