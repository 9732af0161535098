/* SPDX-License-Identifier: MIT
 *
 * The raster of scene_grid.h: one byte for each square of CELL units.
 */
#include "viewer/scene_grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "viewer/xalloc.h"

#define CELL 2.0

void grid_reset(struct grid *g, double width, double height)
{
	size_t need;

	g->w = (int)ceil(width / CELL);
	g->h = (int)ceil(height / CELL);
	need = (size_t)g->w * (size_t)g->h;
	if (need > g->cap) {
		g->cells = xrealloc(g->cells, need, 1);
		g->cap = need;
	}
	memset(g->cells, 0, need);
}

void grid_finish(struct grid *g)
{
	free(g->cells);
	*g = (struct grid){0};
}

struct cells {
	int x0, y0, x1, y1; /* x1, y1 not included */
};

static struct cells cells_of(const struct grid *g, struct scene_rect b)
{
	struct cells c = {(int)floor(b.x / CELL), (int)floor(b.y / CELL),
		(int)ceil((b.x + b.w) / CELL), (int)ceil((b.y + b.h) / CELL)};

	c.x0 = c.x0 < 0 ? 0 : c.x0;
	c.y0 = c.y0 < 0 ? 0 : c.y0;
	c.x1 = c.x1 > g->w ? g->w : c.x1;
	c.y1 = c.y1 > g->h ? g->h : c.y1;
	return c;
}

void grid_mark_box(struct grid *g, struct scene_rect box, enum grid_ink ink)
{
	struct cells c = cells_of(g, box);

	for (int y = c.y0; y < c.y1; y++)
		for (int x = c.x0; x < c.x1; x++)
			g->cells[(size_t)y * (size_t)g->w + (size_t)x] |= (uint8_t)ink;
}

static void count_arrow(struct grid *g, double x, double y, int delta)
{
	int cx = (int)floor(x / CELL), cy = (int)floor(y / CELL);
	uint8_t *cell, n;

	if (cx < 0 || cy < 0 || cx >= g->w || cy >= g->h)
		return;
	cell = &g->cells[(size_t)cy * (size_t)g->w + (size_t)cx];
	n = *cell & GRID_ARROWS;
	/* A full counter stays full: it cannot know how many to forget. */
	if (n == GRID_ARROWS || (delta < 0 && n == 0))
		return;
	*cell = (uint8_t)((*cell & ~GRID_ARROWS) | (n + delta));
}

void grid_line(struct grid *g, double x0, double y0, double x1, double y1, int delta)
{
	double length = fmax(fabs(x1 - x0), fabs(y1 - y0));
	int steps = (int)fmin(ceil(length / CELL), 1e5);

	for (int i = 0; i <= steps; i++) {
		double k = steps ? (double)i / steps : 0;

		count_arrow(g, x0 + (x1 - x0) * k, y0 + (y1 - y0) * k, delta);
	}
}

unsigned grid_ink_in(const struct grid *g, struct scene_rect box)
{
	struct cells c = cells_of(g, box);
	unsigned ink = 0;

	if (box.x < 0 || box.y < 0 || box.x + box.w > g->w * CELL || box.y + box.h > g->h * CELL)
		return GRID_LABEL;
	for (int y = c.y0; y < c.y1; y++)
		for (int x = c.x0; x < c.x1; x++)
			ink |= g->cells[(size_t)y * (size_t)g->w + (size_t)x];
	return ink;
}
