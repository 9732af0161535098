// SPDX-License-Identifier: MIT
//
// Rows that do little but switch: yield, ping-pong (one pair or many) and the ring.
#include "bench.hpp"

using namespace bench;

static bool run_yield(long n, long size)
{
	std::vector<fiber> fibers;

	start();
	for (long i = 0; i < size; i++)
		fibers.push_back(go([each = (n + size - 1) / size] {
			for (long k = 0; k < each; k++)
				boost::this_fiber::yield();
		}));
	join(fibers);
	stop();
	return true;
}

static void pinger(long n, unbuffered_ptr ping, unbuffered_ptr pong, unbuffered_ptr gate)
{
	long v;

	gate->pop(v);
	for (long i = 0; i < n; i++) {
		ping->push(i);
		pong->pop(v);
	}
	ping->close();
}

static void ponger(unbuffered_ptr ping, unbuffered_ptr pong)
{
	for (long v : *ping)
		pong->push(v);
}

static bool run_pingpong(long n, long size)
{
	long pairs = size / 2;
	std::vector<fiber> fibers;
	auto gate = std::make_shared<unbuffered>();

	for (long i = 0; i < pairs; i++) {
		auto ping = std::make_shared<unbuffered>(), pong = std::make_shared<unbuffered>();
		fibers.push_back(go(ponger, ping, pong));
		fibers.push_back(go(pinger, (n + pairs - 1) / pairs, ping, pong, gate));
	}
	start();
	gate->close();
	join(fibers);
	stop();
	return true;
}

static void node(unbuffered_ptr left, unbuffered_ptr right)
{
	for (long v : *left)
		right->push(v - 1);
	right->close();
}

static long laps(unbuffered &first, unbuffered &last, long n)
{
	long left = n;

	while (left > 0) {
		first.push(left - 1);
		last.pop(left);
	}
	return n - left;
}

static bool run_ring(long n, long size)
{
	auto first = std::make_shared<unbuffered>(), last = first;
	std::vector<fiber> fibers;
	long hops;

	for (long i = 1; i < size; i++) {
		auto next = std::make_shared<unbuffered>();
		fibers.push_back(go(node, last, next));
		last = next;
	}
	laps(*first, *last, 1); // everybody has run once
	start();
	hops = laps(*first, *last, n);
	stop();
	first->close();
	join(fibers);
	return hops >= n && hops < n + size;
}

const std::vector<row> bench::switch_rows = {
	{"yield", run_yield, 2}, {"pingpong", run_pingpong, 2}, {"ring", run_ring, 1000}};
