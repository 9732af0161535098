/* SPDX-License-Identifier: MIT
 *
 * A trace as a picture or an animation. The format is chosen by the path's suffix.
 *
 * Needs no display. The file is written under a temporary name in the same folder and renamed when
 * it is complete, so that an error leaves nothing behind and what stood there before untouched.
 * The same trace and options give the same bytes.
 */
#ifndef WEFT_VIEWER_EXPORT_H
#define WEFT_VIEWER_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "viewer/theme.h"

struct weft_trace;

#define EXPORT_SIDE_MIN 64
#define EXPORT_SIDE_MAX 8192
#define EXPORT_PIXELS_MAX (8192 * 4320) /* of one frame */
#define EXPORT_FPS_MIN 1
#define EXPORT_FPS_MAX 50
#define EXPORT_DURATION_MIN 0.1 /* seconds */
#define EXPORT_DURATION_MAX 600.0
#define EXPORT_SCALE_MIN 0.25
#define EXPORT_SCALE_MAX 8.0

struct export_options {
	int width, height; /* pixels */
	double scale;	   /* pixels to one unit of the picture; 0: 1, or less where the picture is
			      too small for its text */
	double duration_s; /* of an animation, without the pause on its last frame */
	double fps;
	enum theme_name theme;
	int axis;	   /* enum view_axis, or -1: timescale_choose() */
	int64_t at_ns;	   /* a still picture of this moment, or WEFT_NO_TIME: of the whole run */
	bool labels;	   /* values beside the arrows */
};

/* How far it is, 0..1, from time to time and once with 1 at the end. A nonzero answer ends the
   export with -ECANCELED. */
typedef int (*export_progress_fn)(void *arg, double done);

/* 1280x720, 10 s, 25 frames a second, light, axis chosen, the whole run, with labels. */
void export_options_init(struct export_options *o);

/* "png, gif": for messages and help. */
const char *export_suffixes(void);

/*
 * Checks the options and the suffix, without touching the disk. Returns 0 or -EINVAL, with one line
 * in `err` ("size 0x0: must be from 64x64 to 8192x8192").
 */
int export_check(const char *path, const struct export_options *o, char *err, size_t err_size);

/*
 * Writes `path`. `progress` may be NULL. Returns 0, or a negative errno value with one line in
 * `err`: -EINVAL for the options and the suffix, else what the system said.
 */
int export_file(const struct weft_trace *t, const char *path, const struct export_options *o,
	export_progress_fn progress, void *arg, char *err, size_t err_size);

#endif
