/* SPDX-License-Identifier: MIT
 *
 * What the export_*.c files share: a job, and the one way to draw a moment of it. Private to them.
 */
#ifndef WEFT_VIEWER_EXPORT_PARTS_H
#define WEFT_VIEWER_EXPORT_PARTS_H

#include <cairo.h>
#include <stdio.h>

#include "viewer/export.h"
#include "viewer/layout.h"
#include "viewer/view.h"

struct export_job {
	const struct weft_trace *t;
	const struct export_options *o;
	struct layout *layout;
	struct view view;
	FILE *out; /* the temporary file: whoever writes to it checks */
	export_progress_fn progress;
	void *arg;
};

/* Draws the run with the play head at `head` (0..1 on the axis). 0 or -ENOMEM. */
int export_draw(struct export_job *job, cairo_surface_t *surface, double head);

/* Tells how far it is. 0, or -ECANCELED. */
int export_tell(struct export_job *job, double done);

/* The formats: each writes all of job->out. 0 or a negative errno value. */
int export_png(struct export_job *job);
int export_gif(struct export_job *job);

#endif
