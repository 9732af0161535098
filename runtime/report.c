/* SPDX-License-Identifier: MIT */
#include "runtime/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/dump.h"
#include "runtime/panic.h"
#include "tracer/record/record.h"

#define COS_MOST 100

void weft__report_deadlock(void)
{
	struct weft__out *out = malloc(sizeof(*out));
	struct weft__snap snap;

	if (out) {
		weft__snap_take(&snap, NULL, NULL, true);
		weft__out_open(out, STDERR_FILENO);
		weft__out_put(out,
			"weft: deadlock: all coroutines (%zu) are blocked, and nothing can wake "
			"them\n",
			snap.ncos);
		weft__dump_cos(out, &snap, NULL, COS_MOST);
		weft__out_close(out);
	} else {
		weft__warn("deadlock: all coroutines are blocked, and nothing can wake them (there "
			   "is no memory to say more)");
	}
	weft__rec_abort(WEFT_EOF_DEADLOCK);
	fflush(NULL);
	_exit(2);
}
