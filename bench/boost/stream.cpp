// SPDX-License-Identifier: MIT
//
// Rows that move many messages one way: buffered channels and the prime sieve. Boost has no select.
#include "bench.hpp"

using namespace bench;
using buffered = boost::fibers::buffered_channel<long>; // one of 128 holds 127

static bool run_buffered(long n, long size)
{
	buffered c(128);
	std::vector<fiber> producers, consumers;
	std::vector<long> sums(size);
	long each = (n + size - 1) / size, sum = 0;

	start();
	for (long i = 0; i < size; i++) {
		consumers.push_back(go([&c, &to = sums[i]] {
			long s = 0;
			for (long v : c)
				s += v;
			to = s;
		}));
		producers.push_back(go([&c, each] {
			for (long k = 0; k < each; k++)
				c.push(k);
		}));
	}
	join(producers);
	c.close();
	join(consumers);
	stop();
	for (long s : sums)
		sum += s;
	return sum == size * (each * (each - 1) / 2);
}

static void generate(unbuffered_ptr out, long limit)
{
	for (long i = 2; i <= limit; i++)
		out->push(i);
	out->close();
}

static void filter(unbuffered_ptr in, unbuffered_ptr out, long prime)
{
	for (long v : *in)
		if (v % prime)
			out->push(v);
	out->close();
}

static long sieve(long limit)
{
	auto in = std::make_shared<unbuffered>();
	std::vector<fiber> fibers;
	long prime, count = 0;

	fibers.push_back(go(generate, in, limit));
	while (in->pop(prime) == boost::fibers::channel_op_status::success) {
		auto out = std::make_shared<unbuffered>();
		count++;
		fibers.push_back(go(filter, in, out, prime));
		in = out;
	}
	join(fibers);
	return count;
}

// The last of the first n primes, by trial.
static long nth_prime(long n)
{
	long p = 1;

	while (n > 0) {
		long d = 2;

		for (p++; d * d <= p && p % d; d++)
			;
		n -= d * d > p;
	}
	return p;
}

static bool run_sieve(long n, long size)
{
	long limit = nth_prime(size);
	bool right = true;

	start();
	for (long i = 0; i < n; i++)
		right = right && sieve(limit) == size;
	stop();
	return right;
}

const std::vector<row> bench::stream_rows = {
	{"buffered", run_buffered, 1}, {"sieve", run_sieve, 2000}};
