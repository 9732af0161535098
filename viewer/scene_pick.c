/* SPDX-License-Identifier: MIT
 *
 * What is under the mouse: the label whose box holds the point, else the nearest line.
 */
#include <math.h>

#include "tracer/trace/trace.h"
#include "viewer/scene.h"

#define NEAR 6.0 /* units */

static double distance(double x, double y, double x0, double y0, double x1, double y1)
{
	double dx = x1 - x0, dy = y1 - y0, length = dx * dx + dy * dy;
	double k = length > 0 ? ((x - x0) * dx + (y - y0) * dy) / length : 0;

	k = fmin(fmax(k, 0), 1);
	return hypot(x - x0 - k * dx, y - y0 - k * dy);
}

struct scene_hit scene_pick(const struct scene *s, double x, double y)
{
	struct scene_hit hit = {SCENE_NOTHING, WEFT_NO_INDEX};
	double best = NEAR;

	for (uint32_t i = 0; i < s->nlabels; i++) {
		const struct scene_label *l = &s->labels[i];

		if (l->kind > SCENE_LABEL_VALUE || l->angle != 0 || x < l->box.x || y < l->box.y ||
			x > l->box.x + l->box.w || y > l->box.y + l->box.h)
			continue;
		return (struct scene_hit){
			l->kind == SCENE_LABEL_NAME ? SCENE_THREAD : SCENE_MESSAGE, l->of};
	}
	for (uint32_t i = 0; i < s->nlanes; i++) {
		const struct scene_lane *l = &s->lanes[i];
		double d = distance(x, y, l->x, l->y0, l->x, l->y1);

		if (d < best) {
			best = d;
			hit = (struct scene_hit){SCENE_THREAD, l->thread};
		}
	}
	/* A thread is hit first: arrows have the room between the threads for themselves. */
	for (uint32_t i = 0; i < s->narrows && best > NEAR / 2; i++) {
		const struct scene_arrow *a = &s->arrows[i];
		double d = distance(x, y, a->x0, a->y0, a->x0 + (a->x1 - a->x0) * a->progress,
			a->y0 + (a->y1 - a->y0) * a->progress);

		if (d < best) {
			best = d;
			hit = (struct scene_hit){SCENE_MESSAGE, a->message};
		}
	}
	return hit;
}
