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

/* Clamped as numbers, before they become integers: zoomed in, things are far outside. */
static int cell_at(double cell, int limit)
{
	return (int)fmin(fmax(cell, 0), limit);
}

static struct cells cells_of(const struct grid *g, struct scene_rect b)
{
	return (struct cells){cell_at(floor(b.x / CELL), g->w), cell_at(floor(b.y / CELL), g->h),
		cell_at(ceil((b.x + b.w) / CELL), g->w), cell_at(ceil((b.y + b.h) / CELL), g->h)};
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
	double cx = floor(x / CELL), cy = floor(y / CELL);
	uint8_t *cell, n;

	if (!(cx >= 0 && cy >= 0 && cx < g->w && cy < g->h))
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
	struct scene_rect all = {0, 0, g->w * CELL, g->h * CELL};
	double k0 = 0, k1 = 1, length;
	int steps;

	if (!scene_clip(&all, x0, y0, x1, y1, &k0, &k1))
		return;
	length = fmax(fabs(x1 - x0), fabs(y1 - y0)) * (k1 - k0);
	steps = (int)ceil(length / CELL);
	for (int i = 0; i <= steps; i++) {
		double k = k0 + (k1 - k0) * (steps ? (double)i / steps : 0);

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
