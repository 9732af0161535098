/* SPDX-License-Identifier: MIT
 *
 * Colours by meaning. A theme is a table; draw knows no other colours.
 */
#ifndef WEFT_VIEWER_THEME_H
#define WEFT_VIEWER_THEME_H

#include <stdint.h>

enum theme_name {
	THEME_LIGHT,
	THEME_DARK,
	THEME_CLASSIC, /* blue threads, red arrows on white */
	THEME_SAFE,    /* Okabe and Ito's colours, for every eye */
	THEME_COUNT
};

/* What a colour stands for. Messages are red (in the safe theme: vermillion), and nothing else is. */
enum theme_role {
	THEME_GROUND,	/* the sheet */
	THEME_PANEL,	/* the time line, the help, the legend */
	THEME_GRID,	/* lines at the ticks */
	THEME_TEXT,	/* what is read first: title, time */
	THEME_DIM,	/* what is read second: units, counts */
	THEME_NAME,	/* names of threads */
	THEME_TIE,	/* from parent to child */
	THEME_MESSAGE,	/* arrows, their values, their density */
	THEME_WAKE,	/* who made whom ready */
	THEME_RUNNING,
	THEME_READY,
	THEME_SEND,	/* blocked on ... */
	THEME_RECV,
	THEME_SELECT,
	THEME_JOIN,
	THEME_WAIT,	/* ... locks, conditions, everything else */
	THEME_SLEEP,
	THEME_LIFE,	/* alive, and the trace does not say what it does */
	THEME_HEAD,	/* the play head and its dots */
	THEME_WARN,	/* the line with trace->warning */
	THEME_ROLE_COUNT
};

struct theme {
	const char *word; /* as the user writes it */
	uint32_t colour[THEME_ROLE_COUNT]; /* 0xRRGGBB */
};

/* The table of a theme; the light one for a number that is none. */
const struct theme *theme_get(enum theme_name name);

/* 0 and the theme called `word`, or -EINVAL. */
int theme_find(const char *word, enum theme_name *ret_name);

/* "light, dark, classic, safe": for messages. */
const char *theme_words(void);

#endif
