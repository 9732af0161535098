// SPDX-License-Identifier: MIT
//
// What the rows in Boost.Fiber share; the same as ../weft/bench.h.
#ifndef BENCH_HPP
#define BENCH_HPP

#include <boost/fiber/all.hpp>
#include <cstdint>
#include <memory>
#include <vector>

namespace bench
{
using unbuffered = boost::fibers::unbuffered_channel<long>;
using unbuffered_ptr = std::shared_ptr<unbuffered>;
using boost::fibers::fiber;

struct row {
	const char *name;
	bool (*run)(long n, long size); // false: something came out wrong
	long size;
};
extern const std::vector<row> switch_rows, stream_rows, spawn_rows, time_rows;

void start();
void stop();
void value(const char *name, double v);
void percentiles(const char *p50, const char *p99, std::vector<int64_t> &ns);
int64_t now(); // ns of the monotonic clock

constexpr long compute_steps = 80000;
unsigned long compute(long steps);

// A fiber with a pooled stack of 64 KiB, as weft's have: Boost's default would be an mmap each.
template <class... A> fiber go(A &&...args)
{
	static boost::fibers::pooled_fixedsize_stack stack(64 * 1024);

	return fiber(std::allocator_arg, stack, std::forward<A>(args)...);
}

inline void join(std::vector<fiber> &fibers)
{
	for (auto &f : fibers)
		f.join();
	fibers.clear();
}
} // namespace bench

#endif // BENCH_HPP
