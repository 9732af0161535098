/* SPDX-License-Identifier: MIT
 *
 * The benchmarks of weft: "bench ROW N [SIZE]" does N pieces of work and prints one line of JSON.
 * scripts/bench runs it beside the same programs in Go and Boost.Fiber.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

#define VALUES_MAX 8

static const struct bench_row *const tables[] = {bench_switch_rows, bench_stream_rows,
	bench_spawn_rows, bench_time_rows, bench_mutex_rows, bench_echo_rows, bench_trace_rows,
	bench_machine_rows};

static struct {
	double wall, cpu; /* s: when it started, then how long it took */
	int n_values;
	struct {
		const char *name;
		double value;
	} values[VALUES_MAX];
} sample;

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void bench_start(void)
{
	sample.cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	sample.wall = seconds(CLOCK_MONOTONIC);
}

void bench_stop(void)
{
	sample.wall = seconds(CLOCK_MONOTONIC) - sample.wall;
	sample.cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - sample.cpu;
}

void bench_value(const char *name, double value)
{
	if (sample.n_values == VALUES_MAX)
		abort();
	sample.values[sample.n_values].name = name;
	sample.values[sample.n_values].value = value;
	sample.n_values++;
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void bench_percentiles(const char *p50_name, const char *p99_name, int64_t *times_ns, size_t n)
{
	if (n == 0)
		return;
	qsort(times_ns, n, sizeof(*times_ns), by_time);
	bench_value(p50_name, (double)times_ns[n / 2]);
	bench_value(p99_name, (double)times_ns[n * 99 / 100]);
}

long bench_compute(long steps)
{
	unsigned long x = 1;
	long i;

	for (i = 0; i < steps; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile(""
				 : "+r"(x)); /* no closed form, no unrolling into parallel chains */
	}
	return (long)x;
}

static const struct bench_row *find(const char *name)
{
	const struct bench_row *row;
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (row = tables[i]; row->name; row++)
			if (strcmp(row->name, name) == 0)
				return row;
	return NULL;
}

static void print(const char *name, long n, long size)
{
	int i;

	printf("{\"row\": \"%s\", \"n\": %ld, \"size\": %ld, \"wall_s\": %.6f, \"cpu_s\": %.6f, "
	       "\"ns\": %.3f",
		name, n, size, sample.wall, sample.cpu, sample.wall * 1e9 / (double)n);
	for (i = 0; i < sample.n_values; i++)
		printf(", \"%s\": %.3f", sample.values[i].name, sample.values[i].value);
	printf("}\n");
}

static int app(int argc, char **argv)
{
	const struct bench_row *row = find(argv[1]);
	long n = atol(argv[2]), size = argc == 4 ? atol(argv[3]) : row->size;

	if (n < 1 || size < 1) {
		fprintf(stderr, "bench: N and SIZE are at least 1\n");
		return 2;
	}
	if (row->run(n, size) != 0) {
		fprintf(stderr, "bench: %s came out wrong\n", row->name);
		return 1;
	}
	print(row->name, n, size);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 3 || argc > 4 || !find(argv[1])) {
		const struct bench_row *row;
		size_t i;

		fprintf(stderr, "usage: bench ROW N [SIZE]\nrows:");
		for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
			for (row = tables[i]; row->name; row++)
				fprintf(stderr, " %s", row->name);
		fprintf(stderr, "\n");
		return 2;
	}
	return weft_run(app, argc, argv);
}
