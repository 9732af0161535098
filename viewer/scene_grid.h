/* SPDX-License-Identifier: MIT
 *
 * Where there is ink: a coarse raster of the picture that says what already covers a place, so that
 * a label can find a free one at a cost of its own size.
 */
#ifndef WEFT_VIEWER_SCENE_GRID_H
#define WEFT_VIEWER_SCENE_GRID_H

#include <stddef.h>
#include <stdint.h>

#include "viewer/scene.h"

enum grid_ink {
	GRID_ARROWS = 0x3f, /* how many arrows pass here */
	GRID_LANE = 0x40,
	GRID_LABEL = 0x80,
};

struct grid {
	uint8_t *cells;
	int w, h;
	size_t cap;
};

/* Makes it empty, for a picture of this size. */
void grid_reset(struct grid *g, double width, double height);
void grid_finish(struct grid *g);

void grid_mark_box(struct grid *g, struct scene_rect box, enum grid_ink ink);

/* Adds an arrow's line (delta 1), or takes it away again (-1). */
void grid_line(struct grid *g, double x0, double y0, double x1, double y1, int delta);

/* All ink within the box; the box's part outside the picture counts as GRID_LABEL. */
unsigned grid_ink_in(const struct grid *g, struct scene_rect box);

#endif
