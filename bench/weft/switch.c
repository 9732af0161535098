/* SPDX-License-Identifier: MIT
 *
 * Rows that do little but switch: yield, ping-pong (one pair or many) and the ring.
 */
#include <stdlib.h>

#include "bench.h"

/* ---- yield: two coroutines take turns; n switches in sum --------------------------------------
 */

struct yielder {
	long n;
	struct weft_waitgroup *done;
};

static void yielder(struct yielder *y)
{
	long i;

	for (i = 0; i < y->n; i++)
		weft_yield();
	weft_waitgroup_done(y->done);
}

static int run_yield(long n, long size)
{
	struct weft_waitgroup done = {0};
	long i;

	weft_waitgroup_add(&done, size);
	bench_start();
	for (i = 0; i < size; i++)
		weft_go_copy(yielder, &(struct yielder){(n + size - 1) / size, &done});
	weft_waitgroup_wait(&done);
	bench_stop();
	return 0;
}

/* ---- pingpong: size / 2 pairs on two unbuffered channels each; n round trips in sum ------------
 */

struct pair {
	long n;
	long_chan *ping, *pong, *gate;
	struct weft_waitgroup *done;
};

static void pinger(struct pair *p)
{
	long i, v;

	weft_recv(p->gate, &v);
	for (i = 0; i < p->n; i++) {
		weft_send(p->ping, i);
		weft_recv(p->pong, &v);
	}
	weft_close(p->ping);
	weft_unref(p->pong);
	weft_waitgroup_done(p->done);
}

static void ponger(struct pair *p)
{
	long v;

	while (weft_recv(p->ping, &v))
		weft_send(p->pong, v);
	weft_unref(p->ping);
	weft_waitgroup_done(p->done);
}

int bench_pingpong(long n, long size)
{
	struct weft_waitgroup done = {0};
	long pairs = size / 2, i;
	struct pair p = {.n = (n + pairs - 1) / pairs, .done = &done};

	p.gate = weft_make(long_chan, 0);
	weft_waitgroup_add(&done, 2 * pairs);
	for (i = 0; i < pairs; i++) {
		p.ping = weft_make(long_chan, 0);
		p.pong = weft_make(long_chan, 0);
		weft_go_copy(ponger, &p);
		weft_go_copy(pinger, &p);
	}
	bench_start();
	weft_close(p.gate);
	weft_waitgroup_wait(&done);
	bench_stop();
	weft_unref(p.gate);
	return 0;
}

/* ---- ring: one token goes round; coroutine 1 is one of the size nodes; n hops ------------------
 */

struct node {
	long_chan *left, *right;
};

static void node(struct node *self)
{
	long v;

	while (weft_recv(self->left, &v))
		weft_send(self->right, v - 1);
	weft_close(self->right);
	weft_unref(self->left);
}

/* Sends the token round until at least n hops are done; it comes back as n less the hops. */
static long laps(long_chan *first, long_chan *last, long n)
{
	long left = n;

	do {
		weft_send(first, left - 1);
		weft_recv(last, &left);
	} while (left > 0);
	return n - left;
}

static int run_ring(long n, long size)
{
	long_chan *first = weft_make(long_chan, 0), *last = first, *next;
	long i, hops, v;

	for (i = 1; i < size; i++) {
		next = weft_make(long_chan, 0);
		weft_go_copy(node, &(struct node){last, next});
		last = next;
	}
	laps(first, last, 1); /* everybody has run once */
	bench_start();
	hops = laps(first, last, n);
	bench_stop();
	weft_close(first);
	weft_recv(last, &v);
	weft_unref(last);
	return hops < n || hops >= n + size;
}

const struct bench_row bench_switch_rows[] = {
	{"yield", run_yield, 2}, {"pingpong", bench_pingpong, 2}, {"ring", run_ring, 1000}, {0}};
