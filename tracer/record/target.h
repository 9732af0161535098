/* SPDX-License-Identifier: MIT
 *
 * Where a trace goes: the file that WEFT_TRACE names, opened with care for who else writes there.
 */
#ifndef WEFT_TRACER_RECORD_TARGET_H
#define WEFT_TRACER_RECORD_TARGET_H

#include <stdbool.h>

struct weft__target {
	int fd;
	bool regular;
};

/*
 * The name for this run: `%p` is the pid, and from the second run on `x.json` becomes
 * `x.2.json`. Caller frees. NULL when memory is out.
 */
char *weft__target_name(const char *pattern, long pid, unsigned run);

/*
 * Opens it. A plain file is made with mode 0600, and locked: -EWOULDBLOCK if another live program
 * records there. /dev/stdout and its like are duplicated, so that what the program
 * itself wrote there stays.
 */
int weft__target_open(struct weft__target *target, const char *path);

/* Empties a plain file, before it is written. 0 or -errno. */
int weft__target_empty(const struct weft__target *target);

/* Of one that was not written: closes it, and removes a plain file that is empty. */
void weft__target_leave(struct weft__target *target, const char *path);

/* Whether a second run can have a name beside this one. */
bool weft__target_single(const char *path);

#endif
