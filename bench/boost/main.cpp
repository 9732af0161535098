// SPDX-License-Identifier: MIT
//
// The benchmarks of ../weft, row for row, in Boost.Fiber: "bench ROW N [SIZE]" prints one line of
// JSON. On one thread: with two (algo::work_stealing or shared_work) its times swing by a factor of
// a hundred.
#include "bench.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <time.h>

namespace
{
double wall, cpu;
std::string values;

double seconds(clockid_t clock)
{
	timespec t;

	clock_gettime(clock, &t);
	return double(t.tv_sec) + double(t.tv_nsec) / 1e9;
}

const bench::row *find(const char *name)
{
	for (auto table :
		{&bench::switch_rows, &bench::stream_rows, &bench::spawn_rows, &bench::time_rows})
		for (auto &row : *table)
			if (strcmp(row.name, name) == 0)
				return &row;
	return nullptr;
}
} // namespace

namespace bench
{
void start()
{
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	wall = seconds(CLOCK_MONOTONIC);
}

void stop()
{
	wall = seconds(CLOCK_MONOTONIC) - wall;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
}

void value(const char *name, double v)
{
	char text[100];

	snprintf(text, sizeof(text), ", \"%s\": %.3f", name, v);
	values += text;
}

void percentiles(const char *p50, const char *p99, std::vector<int64_t> &ns)
{
	if (ns.empty())
		return;
	std::sort(ns.begin(), ns.end());
	value(p50, double(ns[ns.size() / 2]));
	value(p99, double(ns[ns.size() * 99 / 100]));
}

int64_t now()
{
	timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return int64_t(t.tv_sec) * 1000000000 + t.tv_nsec;
}

unsigned long compute(long steps)
{
	unsigned long x = 1;

	for (long i = 0; i < steps; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(x));
	}
	return x;
}
} // namespace bench

int main(int argc, char **argv)
{
	const bench::row *row = argc == 3 || argc == 4 ? find(argv[1]) : nullptr;
	long n, size;

	if (!row) {
		fprintf(stderr, "usage: bench ROW N [SIZE]\n");
		return 2;
	}
	n = atol(argv[2]);
	size = argc == 4 ? atol(argv[3]) : row->size;
	if (n < 1 || size < 1) {
		fprintf(stderr, "bench: N and SIZE are at least 1\n");
		return 2;
	}
	// faults
	if (!row->run(n, size)) {
		fprintf(stderr, "bench: %s came out wrong\n", row->name);
		return 1;
	}
	printf("{\"row\": \"%s\", \"n\": %ld, \"size\": %ld, \"wall_s\": %.6f, \"cpu_s\": %.6f, "
	       "\"ns\": %.3f%s}\n",
		row->name, n, size, wall, cpu, wall * 1e9 / double(n), values.c_str());
	return 0;
}
