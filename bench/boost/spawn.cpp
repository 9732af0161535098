// SPDX-License-Identifier: MIT
//
// Rows about fibers as such: spawn and join, very many that are parked, and mutexes.
#include "bench.hpp"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <mutex>
#include <string>

using namespace bench;

static bool run_spawn(long n, long size)
{
	std::vector<fiber> fibers;

	fibers.reserve(size);
	start();
	for (long some; n > 0; n -= some) {
		some = std::min(n, size);
		for (long i = 0; i < some; i++)
			fibers.push_back(go([] {}));
		join(fibers);
	}
	stop();
	return true;
}

static double kib_of(const char *file, const std::string &key)
{
	std::ifstream f(file);
	std::string line;

	while (std::getline(f, line))
		if (line.compare(0, key.size(), key) == 0)
			return std::stod(line.substr(key.size()));
	return 0;
}

static double resident_bytes()
{
	return 1024 *
	       (kib_of("/proc/self/smaps_rollup", "Rss:") + kib_of("/proc/self/status", "VmPTE:"));
}

static bool run_parked(long n, long)
{
	std::vector<fiber> fibers;
	std::atomic<long> arrived{0};
	unbuffered gate;
	double before, parked;
	int64_t t[4];

	fibers.reserve(n);
	before = resident_bytes();
	start();
	t[0] = now();
	for (long i = 0; i < n; i++)
		fibers.push_back(go([&gate, &arrived] {
			long v;
			arrived++;
			gate.pop(v);
		}));
	while (arrived < n)
		boost::this_fiber::yield();
	t[1] = now();
	parked = resident_bytes();
	t[2] = now();
	gate.close();
	join(fibers);
	t[3] = now();
	stop();
	value("create_ns", double(t[1] - t[0]) / double(n));
	value("wake_ns", double(t[3] - t[2]) / double(n));
	value("bytes", (parked - before) / double(n));
	return true;
}

static bool lock_all(long n, long size, bool yields)
{
	boost::fibers::mutex mutex;
	std::vector<fiber> fibers;
	long each = (n + size - 1) / size, count = 0;

	start();
	for (long i = 0; i < size; i++)
		fibers.push_back(go([&mutex, &count, each, yields] {
			for (long k = 0; k < each; k++) {
				std::lock_guard<boost::fibers::mutex> lock(mutex);
				count++;
				if (yields)
					boost::this_fiber::yield();
			}
		}));
	join(fibers);
	stop();
	return count == size * each;
}

static bool run_mutex(long n, long size)
{
	return lock_all(n, size, false);
}

static bool run_mutex_yield(long n, long size)
{
	return lock_all(n, size, true);
}

const std::vector<row> bench::spawn_rows = {{"spawn", run_spawn, 1000}, {"parked", run_parked, 1},
	{"mutex", run_mutex, 1}, {"mutex-yield", run_mutex_yield, 8}};
