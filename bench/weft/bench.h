/* SPDX-License-Identifier: MIT
 *
 * What a benchmark's row needs: a clock around the part that counts, and values to report.
 *
 * A row is a function that runs as coroutine 1. It sets up, calls bench_start, does `n` pieces of
 * work, calls bench_stop, and reports what else it found with bench_value. main.c prints one line
 * of JSON. The same rows, one for one, are in ../go and ../boost: whoever changes one changes all
 * three.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

#include <weft.h>

/* A Go int has 64 bits, so the messages here are long. */
WEFT_CHAN(long_chan, long)

struct bench_row {
	const char *name;
	int (*run)(long n, long size); /* 0, or 1: something came out wrong */
	long size;		       /* how many coroutines, if the command line does not say */
};

/* Each file of rows ends with its table; an entry without a name closes it. */
extern const struct bench_row bench_switch_rows[];
extern const struct bench_row bench_stream_rows[];
extern const struct bench_row bench_spawn_rows[];
extern const struct bench_row bench_time_rows[];
extern const struct bench_row bench_mutex_rows[];
extern const struct bench_row bench_echo_rows[];
extern const struct bench_row bench_trace_rows[];   /* ours alone */
extern const struct bench_row bench_machine_rows[]; /* the same */

void bench_start(void);
void bench_stop(void);
void bench_value(const char *name, double value); /* at most 8; the name must be a literal */

/* Reports median and 99th percentile of n times in ns as NAME_p50 and NAME_p99. Sorts them. */
void bench_percentiles(const char *p50_name, const char *p99_name, int64_t *times_ns, size_t n);

/* About 100 us of arithmetic, the same in all three languages: a chain of multiply and add. */
#define BENCH_COMPUTE_STEPS 80000
long bench_compute(long steps);

/* The row, for others that are made of it. */
int bench_pingpong(long n, long size);

#endif /* BENCH_H */
