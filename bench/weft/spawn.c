/* SPDX-License-Identifier: MIT
 *
 * Rows about coroutines as such: spawn and join, and very many that are parked.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"

/* ---- spawn: `size` coroutines are started, then waited for, until n were; ns for one ------------
 */

static void nothing(struct weft_waitgroup *done)
{
	weft_waitgroup_done(done);
}

static int run_spawn(long n, long size)
{
	struct weft_waitgroup done = {0};
	long some, i;

	bench_start();
	for (; n > 0; n -= some) {
		some = n < size ? n : size;
		weft_waitgroup_add(&done, some);
		for (i = 0; i < some; i++)
			weft_go(nothing, &done);
		weft_waitgroup_wait(&done);
	}
	bench_stop();
	return 0;
}

/* ---- parked: n coroutines wait on one channel, which is then closed -----------------------------
 */

/* KiB of /proc/self/FILE's line that begins with `key`, 0 if there is none. */
static double kib_of(const char *file, const char *key)
{
	char line[256];
	double kib = 0;
	FILE *f = fopen(file, "r");

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, key, strlen(key)) == 0)
			sscanf(line + strlen(key), "%lf", &kib);
	fclose(f);
	return kib;
}

/* All memory that is there because of this process: its pages, and the page tables that map them.
 */
static double resident_bytes(void)
{
	return 1024 *
	       (kib_of("/proc/self/smaps_rollup", "Rss:") + kib_of("/proc/self/status", "VmPTE:"));
}

struct parker {
	long_chan *gate;
	struct weft_waitgroup *arrived, *done;
};

static void parker(struct parker *p)
{
	long v;

	weft_waitgroup_done(p->arrived);
	weft_recv(p->gate, &v);
	weft_waitgroup_done(p->done);
}

static int run_parked(long n, long size)
{
	struct weft_waitgroup arrived = {0}, done = {0};
	struct parker p = {weft_make(long_chan, 0), &arrived, &done};
	double before = resident_bytes(), parked;
	int64_t t[4];
	long i;

	weft_waitgroup_add(&arrived, n);
	weft_waitgroup_add(&done, n);
	bench_start();
	t[0] = weft_now();
	for (i = 0; i < n; i++)
		weft_go(parker, &p);
	weft_waitgroup_wait(&arrived);
	t[1] = weft_now();
	parked = resident_bytes();
	t[2] = weft_now();
	weft_close(p.gate);
	weft_waitgroup_wait(&done);
	t[3] = weft_now();
	bench_stop();
	weft_unref(p.gate);
	bench_value("create_ns", (double)(t[1] - t[0]) / (double)n);
	bench_value("wake_ns", (double)(t[3] - t[2]) / (double)n);
	bench_value("bytes", (parked - before) / (double)n);
	return 0;
}

const struct bench_row bench_spawn_rows[] = {
	{"spawn", run_spawn, 1000}, {"parked", run_parked, 1}, {0}};
