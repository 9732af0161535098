/* SPDX-License-Identifier: MIT
 *
 * Rows that move many messages one way: buffered channels, select, and the prime sieve.
 */
#include "bench.h"

/* ---- buffered: size producers, size consumers, one channel of 128; n items in sum --------------
 */

struct end {
	long_chan *c;
	long n, *ret_sum;
	struct weft_waitgroup *done;
};

static void producer(struct end *e)
{
	long i;

	for (i = 0; i < e->n; i++)
		weft_send(e->c, i);
	weft_waitgroup_done(e->done);
}

static void consumer(struct end *e)
{
	long v, sum = 0;

	while (weft_recv(e->c, &v))
		sum += v;
	*e->ret_sum = sum;
	weft_waitgroup_done(e->done);
}

static int run_buffered(long n, long size)
{
	struct weft_waitgroup sent = {0}, received = {0};
	long_chan *c = weft_make(long_chan, 128);
	long sums[64] = {0}, each = (n + size - 1) / size, sum = 0, i;

	if (size > 64)
		return 1;
	weft_waitgroup_add(&sent, size);
	weft_waitgroup_add(&received, size);
	bench_start();
	for (i = 0; i < size; i++) {
		weft_go_copy(consumer, &(struct end){c, 0, &sums[i], &received});
		weft_go_copy(producer, &(struct end){c, each, NULL, &sent});
	}
	weft_waitgroup_wait(&sent);
	weft_close(c);
	weft_waitgroup_wait(&received);
	bench_stop();
	weft_unref(c);
	for (i = 0; i < size; i++)
		sum += sums[i];
	return sum != size * (each * (each - 1) / 2);
}

/* ---- select: four producers on an unbuffered channel each, one consumer; n items ---------------
 */

static int run_select(long n, long size)
{
	struct weft_waitgroup sent = {0};
	long each = (n + 3) / 4, sum = 0, v = 0, i;
	long_chan *c[4];

	weft_waitgroup_add(&sent, 4);
	for (i = 0; i < 4; i++)
		c[i] = weft_make(long_chan, 0);
	bench_start();
	for (i = 0; i < 4; i++)
		weft_go_copy(producer, &(struct end){c[i], each, NULL, &sent});
	for (i = 0; i < 4 * each; i++) {
		switch (weft_select(weft_on_recv(c[0], &v), weft_on_recv(c[1], &v),
			weft_on_recv(c[2], &v), weft_on_recv(c[3], &v))) {
		case 0:
			sum += v;
			break;
		case 1:
			sum += v;
			break;
		case 2:
			sum += v;
			break;
		case 3:
			sum += v;
			break;
		}
	}
	weft_waitgroup_wait(&sent);
	bench_stop();
	for (i = 0; i < 4; i++)
		weft_unref(c[i]);
	return sum != 4 * (each * (each - 1) / 2);
}

/* ---- sieve: n times the first `size` primes, a filter for each ---------------------------------
 */

struct filter {
	long_chan *in, *out;
	long prime;
};

static void generate(struct filter *f)
{
	long i;

	for (i = 2; i <= f->prime; i++)
		weft_send(f->out, i);
	weft_close(f->out);
}

static void filter(struct filter *f)
{
	long v;

	while (weft_recv(f->in, &v))
		if (v % f->prime)
			weft_send(f->out, v);
	weft_close(f->out);
	weft_unref(f->in);
}

/* Counts the primes up to `limit`; the filters end one after the other when the numbers do. */
static long sieve(long limit)
{
	long_chan *in = weft_make(long_chan, 0), *out;
	long prime, count = 0;

	weft_go_copy(generate, &(struct filter){NULL, in, limit});
	while (weft_recv(in, &prime)) {
		count++;
		out = weft_make(long_chan, 0);
		weft_go_copy(filter, &(struct filter){in, out, prime});
		in = out;
	}
	weft_unref(in);
	return count;
}

/* The last of the first n primes, by trial. */
static long nth_prime(long n)
{
	long p = 1, d;

	while (n > 0) {
		p++;
		for (d = 2; d * d <= p && p % d; d++)
			;
		n -= d * d > p;
	}
	return p;
}

static int run_sieve(long n, long size)
{
	long limit = nth_prime(size), i;
	int wrong = 0;

	bench_start();
	for (i = 0; i < n; i++)
		wrong |= sieve(limit) != size;
	bench_stop();
	return wrong;
}

const struct bench_row bench_stream_rows[] = {
	{"buffered", run_buffered, 1}, {"select", run_select, 4}, {"sieve", run_sieve, 2000}, {0}};
