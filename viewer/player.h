/* SPDX-License-Identifier: MIT
 *
 * Playing: where the play head is on the time axis and how fast it moves. Knows no clock: the time
 * that went by comes in as an argument, so that a test plays a run in no time.
 */
#ifndef WEFT_VIEWER_PLAYER_H
#define WEFT_VIEWER_PLAYER_H

#include <stdbool.h>

struct timescale;
struct weft_trace;

#define PLAYER_RUN_S 10.0      /* the whole axis at speed 1 */
#define PLAYER_SPEED_STEP 1.5  /* as gotrace */
#define PLAYER_SPEED_MAX 100.0 /* the slowest is one over it */

struct player {
	double head; /* on the axis, 0..1 */
	double speed;
	bool playing;
};

/* At the first instant, paused, at speed 1. */
void player_init(struct player *p);

/* From the last instant, playing starts over. */
void player_toggle(struct player *p);

/* Back to the first instant. What plays goes on, what was paused stays so; a run that had reached
   its end is played again. */
void player_restart(struct player *p);

void player_slower(struct player *p);
void player_faster(struct player *p);

/* Any speed, within the bounds. */
void player_set_speed(struct player *p, double speed);

/* Moves the head to a place, clamped; playing goes on from there. */
void player_seek(struct player *p, double head);

/* dt_s seconds go by. True if the head moved. Playing stops at the last instant. */
bool player_advance(struct player *p, double dt_s);

/* What a step goes over. */
enum player_step {
	PLAYER_EVENT,	/* any event; those of one instant are one step */
	PLAYER_MESSAGE, /* to the moment when a message arrives */
};

/*
 * Pauses, and moves the head exactly onto the next such moment (`way` 1) or the one before (-1);
 * what happens in that moment is then in the picture. Beyond the last one: the run's end or start.
 * False if the head was there already.
 */
bool player_step(struct player *p, const struct weft_trace *t, const struct timescale *s,
	enum player_step what, int way);

#endif
