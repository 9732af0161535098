/* SPDX-License-Identifier: MIT
 *
 * Columns for threads.
 *
 * The spawn tree is walked from its leaves to its roots. Each thread with its descendants is a
 * block: a row of columns. A parent arranges the blocks of its children in one of two ways:
 *
 *   chain: the children talk among themselves (a pipeline, a ring): parent at the left, then the
 *   children, each beside those that it talks to; if they talk as much to the parent, it stands
 *   among them (layout_chain.c);
 *   fan: they talk to the parent: on both sides of it, the first born nearest. A column whose
 *   thread has ended is given to a later child, if the picture has many threads.
 */
#include "viewer/layout.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/trace/trace.h"
#include "viewer/layout_chain.h"
#include "viewer/xalloc.h"

/* With fewer threads, each keeps a column of its own. */
#define REUSE_FROM 12
/* Room that must be free in a column before the next thread, on the order axis. */
#define REUSE_GAP 0.04

#define NONE WEFT_NO_INDEX

/* Columns are cells of a list while blocks are joined; a block is the cells from first to last. */
struct block {
	uint32_t first, last, size;
};

struct builder {
	const struct weft_trace *t;
	struct layout *l;
	uint32_t visible;
	uint32_t *parent;	  /* of each thread, NONE for roots and hidden ones */
	uint32_t *child_begin;	  /* of each thread (and of the roots, at [nthreads]) in children */
	uint32_t *children;	  /* by birth */
	struct block *blocks;	  /* of each thread */
	uint32_t *next, *prev;	  /* of cells; a cell has the number of the thread that opened it */
	uint32_t *cell;		  /* of each thread */
	struct chain_edge *edges; /* by family */
	size_t nedges;
};

static bool hidden(const struct builder *b, uint32_t thread)
{
	return b->t->threads[thread].sys;
}

/* The nearest ancestor that is shown. Threads are sorted by birth, so a parent has a lower number;
   one that has not is no parent. */
static uint32_t shown_parent(const struct builder *b, uint32_t thread)
{
	uint32_t p = b->t->threads[thread].parent;

	while (p < thread && hidden(b, p)) {
		uint32_t up = b->t->threads[p].parent;

		p = up < p ? up : NONE;
	}
	return p < thread ? p : NONE;
}

static void find_families(struct builder *b)
{
	uint32_t n = b->t->nthreads, at = 0;
	uint32_t *count = xcalloc((size_t)n + 1, sizeof *count);

	for (uint32_t i = 0; i < n; i++) {
		b->parent[i] = hidden(b, i) ? NONE : shown_parent(b, i);
		if (!hidden(b, i)) {
			count[b->parent[i] == NONE ? n : b->parent[i]]++;
			b->visible++;
		}
	}
	for (uint32_t i = 0; i <= n; i++) {
		b->child_begin[i] = at;
		at += count[i];
		count[i] = b->child_begin[i];
	}
	b->child_begin[n + 1] = at;
	for (uint32_t i = 0; i < n; i++)
		if (!hidden(b, i))
			b->children[count[b->parent[i] == NONE ? n : b->parent[i]]++] = i;
	free(count);
}

static struct block joined(struct builder *b, struct block left, struct block right)
{
	if (!left.size)
		return right;
	if (!right.size)
		return left;
	b->next[left.last] = right.first;
	b->prev[right.first] = left.last;
	return (struct block){left.first, right.last, left.size + right.size};
}

static struct block mirrored(struct builder *b, struct block block)
{
	uint32_t c = block.first;

	for (uint32_t i = 0; i < block.size; i++) {
		uint32_t next = b->next[c];

		b->next[c] = b->prev[c];
		b->prev[c] = next;
		c = next;
	}
	return (struct block){block.last, block.first, block.size};
}

/* A column of this family whose thread ended well before `thread` was born, or NONE. */
static uint32_t free_cell(
	const struct builder *b, const double *busy_until, uint32_t nslots, uint32_t thread)
{
	double born = timescale_y(&b->l->scale[VIEW_AXIS_ORDER], b->t->threads[thread].born_ns);

	if (b->visible < REUSE_FROM)
		return NONE;
	for (uint32_t i = 0; i < nslots; i++)
		if (busy_until[i] + REUSE_GAP <= born)
			return i;
	return NONE;
}

/* The children on both sides of `own`; the side with fewer columns gets the next. */
static struct block fan(struct builder *b, struct block own, const uint32_t *child, uint32_t n)
{
	struct block side[2] = {{0}, {0}};
	uint32_t *slots = xcalloc(n, sizeof *slots), nslots = 0;
	double *busy_until = xcalloc(n, sizeof *busy_until);

	for (uint32_t i = 0; i < n; i++) {
		const struct weft_thread *t = &b->t->threads[child[i]];
		struct block block = b->blocks[child[i]];
		bool leaf = block.size == 1;
		uint32_t slot = leaf ? free_cell(b, busy_until, nslots, child[i]) : NONE;
		int left = side[0].size < side[1].size;

		if (slot == NONE) {
			if (left)
				side[0] = joined(b, mirrored(b, block), side[0]);
			else
				side[1] = joined(b, side[1], block);
			slot = leaf ? nslots++ : NONE;
			if (leaf)
				slots[slot] = child[i];
		}
		if (leaf) {
			b->cell[child[i]] = slots[slot];
			busy_until[slot] =
				t->ended ? timescale_y(&b->l->scale[VIEW_AXIS_ORDER], t->died_ns)
					 : INFINITY;
		}
	}
	free(slots);
	free(busy_until);
	return joined(b, joined(b, side[0], own), side[1]);
}

/* The edges of a family: a run of the sorted edges. */
static struct chain_family family_of(const struct builder *b, uint32_t parent)
{
	struct chain_family f = {.parent = parent,
		.child = b->children + b->child_begin[parent],
		.n = b->child_begin[parent + 1] - b->child_begin[parent]};
	size_t lo = 0, hi = b->nedges;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (b->edges[mid].family < parent)
			lo = mid + 1;
		else
			hi = mid;
	}
	f.edges = b->edges + lo;
	while (lo + f.nedges < b->nedges && f.edges[f.nedges].family == parent)
		f.nedges++;
	return f;
}

static struct block arrange(struct builder *b, uint32_t parent, struct block own)
{
	struct chain_family f = family_of(b, parent);
	struct block row = {0};
	uint32_t *order;

	if (!f.n)
		return own;
	if (own.size && chain_kind(&f) == CHAIN_NONE)
		return fan(b, own, f.child, f.n);
	order = xcalloc((size_t)f.n + 1, sizeof *order);
	chain_order(&f, order);
	for (uint32_t i = 0; i <= f.n; i++)
		row = joined(b, row, order[i] == parent ? own : b->blocks[order[i]]);
	free(order);
	return row;
}

static void number_columns(struct builder *b, struct block all)
{
	uint32_t *column = xcalloc(b->t->nthreads, sizeof *column), c = all.first;

	for (uint32_t i = 0; i < all.size; i++, c = b->next[c])
		column[c] = i;
	b->l->ncolumns = all.size;
	for (uint32_t i = 0; i < b->t->nthreads; i++) {
		b->l->column[i] = hidden(b, i) ? NONE : column[b->cell[i]];
		b->l->x[i] = hidden(b, i) ? NAN : (column[b->cell[i]] + 0.5) / all.size;
	}
	free(column);
}

static void place_threads(struct layout *l, const struct weft_trace *t)
{
	size_t n = t->nthreads;
	struct builder b = {.t = t, .l = l};
	struct block all;

	b.parent = xcalloc(n, sizeof *b.parent);
	b.child_begin = xcalloc(n + 2, sizeof *b.child_begin);
	b.children = xcalloc(n, sizeof *b.children);
	b.blocks = xcalloc(n, sizeof *b.blocks);
	b.next = xcalloc(n, sizeof *b.next);
	b.prev = xcalloc(n, sizeof *b.prev);
	b.cell = xcalloc(n, sizeof *b.cell);
	find_families(&b);
	b.edges = chain_edges(t, b.parent, &b.nedges);
	for (uint32_t i = t->nthreads; i-- > 0;) {
		b.cell[i] = i;
		b.next[i] = b.prev[i] = NONE;
		if (!hidden(&b, i))
			b.blocks[i] = arrange(&b, i, (struct block){i, i, 1});
	}
	all = arrange(&b, t->nthreads, (struct block){0});
	number_columns(&b, all);
	free(b.parent);
	free(b.child_begin);
	free(b.children);
	free(b.blocks);
	free(b.next);
	free(b.prev);
	free(b.cell);
	free(b.edges);
}

_Static_assert(WEFT_WHY_COUNT <= 32, "reasons fit into the bits of a word");

static void find_kinds(struct layout *l, const struct weft_trace *t)
{
	for (uint32_t i = 0; i < t->nspans; i++) {
		l->states |= 1u << t->spans[i].state;
		if (t->spans[i].state == WEFT_STATE_BLOCKED)
			l->whys |= 1u << t->spans[i].why;
	}
	for (uint32_t i = 0; i < t->nmessages; i++) {
		const struct weft_message *m = &t->messages[i];

		l->nmessages += m->from < t->nthreads && l->column[m->from] != WEFT_NO_INDEX;
		l->buffered |= m->via == WEFT_VIA_BUFFER;
	}
}

struct layout *layout_create(const struct weft_trace *t)
{
	struct layout *l = xcalloc(1, sizeof *l);

	l->nthreads = t->nthreads;
	l->column = xcalloc(t->nthreads, sizeof *l->column);
	l->x = xcalloc(t->nthreads, sizeof *l->x);
	for (unsigned i = 0; i < VIEW_AXIS_COUNT; i++)
		timescale_init(&l->scale[i], t, (enum view_axis)i);
	place_threads(l, t);
	find_kinds(l, t);
	return l;
}

void layout_destroy(struct layout *l)
{
	if (!l)
		return;
	for (unsigned i = 0; i < VIEW_AXIS_COUNT; i++)
		timescale_finish(&l->scale[i]);
	free(l->column);
	free(l->x);
	free(l);
}
