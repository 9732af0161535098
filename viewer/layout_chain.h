/* SPDX-License-Identifier: MIT
 *
 * Brothers and sisters that talk among themselves: who they are, and in which order they stand.
 */
#ifndef WEFT_VIEWER_LAYOUT_CHAIN_H
#define WEFT_VIEWER_LAYOUT_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weft_trace;

/*
 * Messages from the branch of one child to the branch of another, or between a branch and the
 * parent (from or to is then the parent itself). `family` is the parent, or the number of threads
 * for the roots' family.
 */
struct chain_edge {
	uint32_t family, from, to;
	uint32_t weight; /* messages */
	uint32_t first;	 /* number of the first of them */
};

struct chain_family {
	uint32_t parent;       /* or the number of threads */
	const uint32_t *child; /* by birth */
	uint32_t n;
	const struct chain_edge *edges;
	size_t nedges;
};

/* All edges, sorted by family; freed by the caller. parent[i] < i, or WEFT_NO_INDEX. */
struct chain_edge *chain_edges(const struct weft_trace *t, const uint32_t *parent, size_t *ret_n);

enum chain_kind {
	CHAIN_NONE,  /* the children talk to their parent */
	CHAIN_ROW,   /* they talk among themselves (or there is one): the parent stands first */
	CHAIN_MIXED, /* both: the parent stands where the ways are shortest */
};

enum chain_kind chain_kind(const struct chain_family *f);

/* The n children and the parent, n + 1 in all, in the order in which they stand. */
void chain_order(const struct chain_family *f, uint32_t *ret_order);

#endif
