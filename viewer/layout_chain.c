/* SPDX-License-Identifier: MIT
 *
 * The order of a chain: follow the messages from child to child, then move single children while
 * that makes the messages' ways shorter. A pipeline becomes a row, a ring stands in ring order.
 */
#include "viewer/layout_chain.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/trace/trace.h"
#include "viewer/xalloc.h"

/* Families above this keep the order of their birth: improving costs the square of their size. */
#define ORDERED_MAX 200
#define ROUNDS 8

#define NONE WEFT_NO_INDEX

static int by_family(const void *a, const void *b)
{
	const struct chain_edge *x = a, *y = b;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	return (x->first > y->first) - (x->first < y->first);
}

/* Climbs from both ends to the family in which they meet. Parents have lower numbers. */
static struct chain_edge meet(
	const struct weft_trace *t, const uint32_t *parent, uint32_t from, uint32_t to)
{
	uint32_t a = from, b = to, up_a = from, up_b = to;

	/* The branch below the meeting point is remembered in a and b. */
	while (up_a != up_b) {
		bool climb_a = up_b == NONE || (up_a != NONE && up_a > up_b);

		if (climb_a) {
			a = up_a;
			up_a = parent[up_a];
		} else {
			b = up_b;
			up_b = parent[up_b];
		}
	}
	if (up_a == NONE)
		return (struct chain_edge){.family = t->nthreads, .from = a, .to = b};
	return (struct chain_edge){
		.family = up_a, .from = up_a == from ? from : a, .to = up_a == to ? to : b};
}

struct chain_edge *chain_edges(const struct weft_trace *t, const uint32_t *parent, size_t *ret_n)
{
	struct chain_edge *edges = xcalloc(t->nmessages, sizeof *edges);
	size_t n = 0, merged = 0;

	for (uint32_t i = 0; i < t->nmessages; i++) {
		const struct weft_message *m = &t->messages[i];

		if (m->from >= t->nthreads || m->to >= t->nthreads || m->from == m->to ||
			t->threads[m->from].sys || t->threads[m->to].sys)
			continue;
		edges[n] = meet(t, parent, m->from, m->to);
		edges[n].weight = 1;
		edges[n++].first = i;
	}
	qsort(edges, n, sizeof *edges, by_family);
	for (size_t i = 0; i < n; i++) {
		struct chain_edge *last = merged ? &edges[merged - 1] : NULL;

		if (last && last->family == edges[i].family && last->from == edges[i].from &&
			last->to == edges[i].to)
			last->weight += edges[i].weight;
		else
			edges[merged++] = edges[i];
	}
	*ret_n = merged;
	return edges;
}

static bool with_parent(const struct chain_edge *e)
{
	return e->from == e->family || e->to == e->family;
}

enum chain_kind chain_kind(const struct chain_family *f)
{
	uint64_t parent = 0, among = 0;

	for (size_t i = 0; i < f->nedges; i++)
		*(with_parent(&f->edges[i]) ? &parent : &among) += f->edges[i].weight;
	if (f->n > 1 && among * 2 < parent)
		return CHAIN_NONE;
	if (f->n > 1 && !among)
		return CHAIN_NONE;
	return f->n > 1 && parent * 2 >= among ? CHAIN_MIXED : CHAIN_ROW;
}

/* Place of a child in the family's list, which is sorted; the parent's is behind it. */
static uint32_t place_of(const struct chain_family *f, uint32_t thread)
{
	uint32_t lo = 0, hi = f->n;

	if (thread == f->parent)
		return f->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (f->child[mid] < thread)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < f->n && f->child[lo] == thread ? lo : NONE;
}

/* The child whom the parent speaks to first, else the first born. */
static uint32_t first_child(const struct chain_family *f)
{
	uint32_t best = 0, first = UINT32_MAX;

	for (size_t i = 0; i < f->nedges; i++) {
		const struct chain_edge *e = &f->edges[i];

		if (e->from == e->family && e->first < first) {
			first = e->first;
			best = place_of(f, e->to);
		}
	}
	return best == NONE ? 0 : best;
}

/* The messages that `n` of a family exchange (the children, or these and the parent), as a matrix
   without direction. */
static uint32_t *talk_matrix(const struct chain_family *f, uint32_t n)
{
	uint32_t *w = xcalloc((size_t)n * n, sizeof *w);

	for (size_t i = 0; i < f->nedges; i++) {
		uint32_t a = place_of(f, f->edges[i].from), b = place_of(f, f->edges[i].to);

		if (a < n && b < n) {
			w[(size_t)a * n + b] += f->edges[i].weight;
			w[(size_t)b * n + a] += f->edges[i].weight;
		}
	}
	return w;
}

static void follow_messages(const struct chain_family *f, uint32_t *order)
{
	bool *placed = xcalloc(f->n, sizeof *placed);
	uint32_t at = first_child(f), oldest = 0;

	for (uint32_t i = 0;; i++) {
		uint32_t next = NONE, weight = 0;

		order[i] = at;
		placed[at] = true;
		if (i + 1 == f->n)
			break;
		for (size_t k = 0; k < f->nedges; k++) {
			const struct chain_edge *e = &f->edges[k];
			uint32_t to = e->from == f->child[at] ? place_of(f, e->to) : NONE;

			if (to < f->n && !placed[to] && e->weight > weight) {
				next = to;
				weight = e->weight;
			}
		}
		while (placed[oldest])
			oldest++;
		at = next == NONE ? oldest : next;
	}
	free(placed);
}

static void swap(uint32_t *order, uint32_t i)
{
	uint32_t t = order[i];

	order[i] = order[i + 1];
	order[i + 1] = t;
}

/* Gain of exchanging the neighbours i and i + 1: positive is shorter. */
static int64_t swap_gain(const uint32_t *w, const uint32_t *order, uint32_t n, uint32_t i)
{
	const uint32_t *a = w + (size_t)order[i] * n, *b = w + (size_t)order[i + 1] * n;
	int64_t gain = 0;

	for (uint32_t k = 0; k < n; k++) {
		if (k < i)
			gain += (int64_t)b[order[k]] - a[order[k]];
		else if (k > i + 1)
			gain += (int64_t)a[order[k]] - b[order[k]];
	}
	return gain;
}

/* Carries each child along the row, swap by swap, and leaves it where the ways are shortest. */
static bool carry(const uint32_t *w, uint32_t *order, uint32_t n, uint32_t from)
{
	int64_t gain = 0, best_gain = 0;
	uint32_t at = from, best = from;

	for (; at + 1 < n; at++) {
		gain += swap_gain(w, order, n, at);
		swap(order, at);
		if (gain > best_gain) {
			best_gain = gain;
			best = at + 1;
		}
	}
	for (; at > 0; at--) {
		gain += swap_gain(w, order, n, at - 1);
		swap(order, at - 1);
		if (gain > best_gain) {
			best_gain = gain;
			best = at - 1;
		}
	}
	for (; at < best; at++)
		swap(order, at);
	return best_gain > 0;
}

/* Moves single ones of the row as long as that makes the ways shorter. */
static void shorten(const struct chain_family *f, uint32_t *order, uint32_t n)
{
	uint32_t *w = talk_matrix(f, n);
	bool better = true;

	for (int round = 0; better && round < ROUNDS; round++) {
		better = false;
		for (uint32_t i = 0; i < n; i++)
			better |= carry(w, order, n, i);
	}
	free(w);
}

void chain_order(const struct chain_family *f, uint32_t *ret_order)
{
	ret_order[0] = f->n;
	for (uint32_t i = 0; i < f->n; i++)
		ret_order[i + 1] = i;
	if (f->n >= 2 && f->n <= ORDERED_MAX && f->nedges) {
		follow_messages(f, ret_order + 1);
		if (chain_kind(f) == CHAIN_MIXED)
			shorten(f, ret_order, f->n + 1);
		else
			shorten(f, ret_order + 1, f->n);
	}
	for (uint32_t i = 0; i <= f->n; i++)
		ret_order[i] = ret_order[i] == f->n ? f->parent : f->child[ret_order[i]];
}
