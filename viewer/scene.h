/* SPDX-License-Identifier: MIT
 *
 * What there is to see: flat lists of things with their places, built from (trace, layout, view).
 *
 * All lengths are picture units: device pixels divided by view->scale. Everything is clipped to the
 * camera's rectangle and to the play head: what happens later is not in the scene. The cost follows
 * the pixels: spans thinner than a pixel merge, arrows that would fall on one another become
 * density. Knows neither cairo nor SDL; text is measured by the table in text.h, so a scene does
 * not depend on fonts.
 */
#ifndef WEFT_VIEWER_SCENE_H
#define WEFT_VIEWER_SCENE_H

#include <stdbool.h>
#include <stdint.h>

#include "viewer/view.h"

struct layout;
struct weft_trace;

struct scene_rect {
	double x, y, w, h;
};

/* How a thread looks during a span: told by colour, width and dash at once. */
enum scene_look {
	SCENE_LIFE, /* alive, no more is known */
	SCENE_READY,
	SCENE_RUNNING,
	SCENE_SEND, /* blocked on ... */
	SCENE_RECV,
	SCENE_SELECT,
	SCENE_JOIN,
	SCENE_WAIT, /* ... anything else: locks, conditions, I/O */
	SCENE_SLEEP,
	SCENE_LOOK_COUNT
};

/* A piece of a thread's line. */
struct scene_lane {
	double x, y0, y1;
	uint32_t thread;
	uint8_t look; /* enum scene_look */
	uint8_t why;  /* enum weft_why of a blocked one */
};

/* A thin line between parent and child, where the child starts or ends. */
struct scene_tie {
	double x0, x1, y; /* x0: parent, x1: child */
	uint32_t thread;  /* the child */
	bool end;
};

enum scene_arrow_flag {
	SCENE_BUFFERED = 1,  /* the value went into the channel's buffer */
	SCENE_LOST = 2,	     /* never received: ends where it was sent */
	SCENE_IN_FLIGHT = 4, /* the head is not there yet */
};

/* A message. (x1, y1) is the receiver's end; what is drawn ends at `progress` of the way. */
struct scene_arrow {
	double x0, y0, x1, y1;
	double progress; /* 0..1 */
	double age;	 /* 0 now .. 1 old */
	uint32_t message;
	uint32_t first_gap, ngaps; /* where it passes over threads that have no part in it */
	uint8_t flags;		   /* enum scene_arrow_flag */
};

/* Many arrows in one place: `count` of them within the rectangle. */
struct scene_density {
	struct scene_rect area;
	uint32_t count;
	double weight; /* 0..1, how dense */
};

/* Made ready by another thread, not by a message. */
struct scene_wake {
	double x0, y0, x1, y1;
	uint32_t wake;
};

enum scene_label_kind {
	SCENE_LABEL_NAME,  /* at the head of a thread */
	SCENE_LABEL_VALUE, /* beside an arrow */
	SCENE_LABEL_TICK,  /* at the time axis */
	SCENE_LABEL_FOLD,  /* how long a folded gap is */
	SCENE_LABEL_KIND_COUNT
};

#define SCENE_TEXT_MAX 64

/* Text in a box that overlaps no other label's box. */
struct scene_label {
	struct scene_rect box; /* upright; of a slanted one: around its corners */
	double size;	       /* of the font */
	double age;	       /* as its arrow's */
	double angle;	       /* radians, 0 or negative (rising to the right); about (x, y) */
	double x, y;	       /* left end of the middle line of the text */
	uint32_t of;	       /* thread or message, by kind */
	uint8_t kind;	       /* enum scene_label_kind */
	bool strong;	       /* the first thread, or the one under the mouse */
	char text[SCENE_TEXT_MAX];
};

struct scene_tick {
	double y;
	int64_t t_ns;
};

struct scene_fold {
	double y0, y1;
	int64_t length_ns;
};

/* Where the play head crosses a living thread. */
struct scene_dot {
	double x, y;
	uint32_t thread;
	uint8_t look;
};

/* Owned by whoever created it; the arrays are valid until the next scene_build. */
struct scene {
	struct scene_rect plot;
	struct scene_lane *lanes;
	struct scene_tie *ties;
	struct scene_arrow *arrows; /* oldest first */
	double *gaps;		    /* 0..1 along the arrow */
	struct scene_density *densities;
	struct scene_wake *wakes;
	struct scene_label *labels;
	struct scene_tick *ticks;
	struct scene_fold *folds;
	struct scene_dot *dots;
	float *bar; /* density of messages along the time line, each 0..1 */
	uint32_t nlanes, nties, narrows, ngaps, ndensities, nwakes, nlabels, nticks, nfolds, ndots,
		nbar;
	uint32_t looks; /* bit 1 << enum scene_look: which the trace has, for the legend */
	bool messages;	/* the trace has messages that can be drawn */
	bool buffered;	/* the trace has buffered messages */
	double head_y;	/* of the play head's line; outside the plot: not to be drawn */
	int64_t head_ns;
	double line; /* width of a thread's line */
	char title[128], facts[160], warning[256], clock[80];
	const struct weft_trace *trace; /* borrowed until the next build */
	void *private_;
};

struct scene *scene_create(void);

/* Accepts NULL. */
void scene_destroy(struct scene *s);

/* Fills the scene. Never fails (out of memory ends the program). */
void scene_build(
	struct scene *s, const struct weft_trace *t, const struct layout *l, const struct view *v);

/* The plot: what the camera's rectangle of the world fills. Depends on the view's size only. */
struct scene_rect scene_plot_area(const struct view *v);

/* Between picture units and the world, through the camera. Not clamped. */
double scene_x_to_world(const struct view *v, double x);
double scene_y_to_axis(const struct view *v, double y);
double scene_world_to_x(const struct view *v, double world);
double scene_axis_to_y(const struct view *v, double axis);

/*
 * The part of the line from (x0, y0) to (x1, y1) that is within the box, as a part of the way:
 * narrows [*k0, *k1]. False if there is none.
 */
bool scene_clip(const struct scene_rect *box, double x0, double y0, double x1, double y1,
	double *k0, double *k1);

enum scene_what {
	SCENE_NOTHING,
	SCENE_THREAD,
	SCENE_MESSAGE,
};

struct scene_hit {
	enum scene_what what;
	uint32_t index; /* thread or message */
};

/* What is nearest to (x, y), within a few units. */
struct scene_hit scene_pick(const struct scene *s, double x, double y);

/* The time line at the bottom. All empty when view->bar is off. */
struct scene_bar {
	struct scene_rect area;
	struct scene_rect button; /* play and pause */
	struct scene_rect track;  /* to be hit generously: with all the bar's height */
	struct scene_rect clock;  /* time and speed */
};

struct scene_bar scene_bar_area(const struct view *v);

/* The head, 0..1, for a mouse at x on the track. */
double scene_bar_head(const struct view *v, double x);

#endif
