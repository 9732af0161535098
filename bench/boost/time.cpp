// SPDX-License-Identifier: MIT
//
// Rows about who runs when: sleepers, a second worker's help, and how long one fiber waits while
// others are busy.
#include "bench.hpp"

#include <atomic>
#include <chrono>

using namespace bench;

static void sleep_ns(int64_t ns)
{
	boost::this_fiber::sleep_for(std::chrono::nanoseconds(ns));
}

static bool run_sleepers(long n, long)
{
	std::vector<int64_t> late(n);
	std::vector<fiber> fibers;
	int64_t first, sum = 0;

	fibers.reserve(n);
	start();
	first = now() + 500000000;
	for (long i = 0; i < n; i++)
		fibers.push_back(go([due = first + i * 7919 % n * (1000000000 / n), &to = late[i]] {
			sleep_ns(due - now());
			to = now() - due;
		}));
	join(fibers);
	stop();
	for (int64_t l : late)
		sum += l;
	value("late_ns", double(sum) / double(n));
	percentiles("late_p50", "late_p99", late);
	return true;
}

static std::atomic<bool> stopping{false};

static bool wait_beside(long ms, bool yields, std::vector<fiber> &busy)
{
	const size_t waits_max = 1000000;
	std::vector<int64_t> ns;
	int64_t end, due;

	ns.reserve(waits_max);
	start();
	end = now() + ms * 1000000;
	for (due = now(); due < end && ns.size() < waits_max;) {
		due = now();
		if (yields) {
			boost::this_fiber::yield();
		} else {
			due += 1000000;
			sleep_ns(1000000);
		}
		ns.push_back(now() - due);
	}
	stop();
	stopping.store(true, std::memory_order_relaxed);
	join(busy);
	percentiles("wait_p50", "wait_p99", ns);
	value("waits", double(ns.size()));
	return true;
}

static void busy_pinger(unbuffered_ptr c)
{
	long v;

	while (!stopping.load(std::memory_order_relaxed)) {
		c->push(1);
		c->pop(v);
	}
	c->close();
}

static void busy_ponger(unbuffered_ptr c)
{
	for (long v : *c)
		c->push(v);
}

static bool beside_pairs(long n, long size, bool yields)
{
	std::vector<fiber> busy;

	for (long i = 0; i < size / 2; i++) {
		auto c = std::make_shared<unbuffered>();
		busy.push_back(go(busy_ponger, c));
		busy.push_back(go(busy_pinger, c));
	}
	return wait_beside(n, yields, busy);
}

static bool run_wait_pair(long n, long size)
{
	return beside_pairs(n, size, false);
}

static bool run_wait_yield(long n, long size)
{
	return beside_pairs(n, size, true);
}

static bool run_wait_compute(long n, long size)
{
	std::vector<fiber> busy;

	for (long i = 0; i < size; i++)
		busy.push_back(go([] {
			while (!stopping.load(std::memory_order_relaxed)) {
				compute(100 * compute_steps);
				boost::this_fiber::yield();
			}
		}));
	return wait_beside(n, false, busy);
}

const std::vector<row> bench::time_rows = {{"sleepers", run_sleepers, 1},
	{"wait-pair", run_wait_pair, 2}, {"wait-yield", run_wait_yield, 2},
	{"wait-compute", run_wait_compute, 2}};
