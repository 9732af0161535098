/* SPDX-License-Identifier: MIT
 *
 * The inbox: what foreign threads want done by a worker. Functions to be run as coroutines
 * (weft_post), and coroutines whose job a helper thread has done (blocking.c).
 */
#ifndef WEFT_RUNTIME_POST_H
#define WEFT_RUNTIME_POST_H

#include <stdbool.h>

/* The first member of whatever is posted. */
struct weft__post {
	struct weft__post *next;
	/*
	 * Gets it back, for good: on the scheduler's stack of some worker, or, with `runs` false,
	 * when the run has ended.
	 */
	void (*take)(struct weft__post *post, bool runs);
};

/* Any thread, but only while the run cannot end meanwhile. */
void weft__post_push(struct weft__post *post);

/* Takes all that has come, in order. On the scheduler's stack. */
void weft__post_receive(void);

/* At the end of a run: closes the doors that are open and drops what was posted too late. */
void weft__post_finish(void);

#endif
