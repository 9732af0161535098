/* SPDX-License-Identifier: MIT
 *
 * The test seam's line. Written with one write(2), so that a reader never sees half a line unless
 * the disk is full.
 */
#include "viewer/window_state.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "viewer/control.h"
#include "viewer/scene.h"

#define ARROWS_MAX 64 /* in a line; the newest */

int window_state_open(void)
{
	const char *path = getenv("WEFT_VIEW_STATE");

	if (!path || !path[0])
		return -1;
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void put_text(FILE *f, const char *key, const char *text)
{
	fprintf(f, ",\"%s\":\"", key);
	for (const char *p = text ? text : ""; *p; p++) {
		if (*p == '"' || *p == '\\')
			fputc('\\', f);
		if ((unsigned char)*p >= ' ')
			fputc(*p, f);
	}
	fputc('"', f);
}

static void put_rect(FILE *f, const char *key, const struct scene_rect *r, double scale)
{
	fprintf(f, ",\"%s\":[%.1f,%.1f,%.1f,%.1f]", key, r->x * scale, r->y * scale, r->w * scale,
		r->h * scale);
}

/* Where each arrow is drawn, as far as it has grown: x0, y0, x1, y1, message, progress. */
static void put_arrows(FILE *f, const struct scene *s, double scale)
{
	uint32_t first = s->narrows > ARROWS_MAX ? s->narrows - ARROWS_MAX : 0;

	fprintf(f, ",\"narrows\":%u,\"ndensities\":%u,\"arrows\":[", s->narrows, s->ndensities);
	for (uint32_t i = first; i < s->narrows; i++) {
		const struct scene_arrow *a = &s->arrows[i];

		fprintf(f, "%s[%.1f,%.1f,%.1f,%.1f,%u,%.3g]", i > first ? "," : "", a->x0 * scale,
			a->y0 * scale, (a->x0 + (a->x1 - a->x0) * a->progress) * scale,
			(a->y0 + (a->y1 - a->y0) * a->progress) * scale, a->message, a->progress);
	}
	fputc(']', f);
}

/* The living threads under the play head: x, y, thread. */
static void put_dots(FILE *f, const struct scene *s, double scale)
{
	fprintf(f, ",\"dots\":[");
	for (uint32_t i = 0; i < s->ndots; i++)
		fprintf(f, "%s[%.1f,%.1f,%u]", i ? "," : "", s->dots[i].x * scale,
			s->dots[i].y * scale, s->dots[i].thread);
	fputc(']', f);
}

void window_state_write(int fd, const struct control *c, uint64_t frame)
{
	const struct view *v = &c->view;
	struct scene_rect plot = scene_plot_area(v);
	struct scene_bar bar = scene_bar_area(v);
	char *line = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&line, &size);

	if (!f)
		return;
	fprintf(f,
		"{\"frame\":%llu,\"width\":%d,\"height\":%d,\"scale\":%g,\"head\":%.17g,"
		"\"head_ns\":%lld,\"playing\":%s,\"speed\":%.6g,\"camera\":[%.17g,%.17g,%.17g,%."
		"17g],"
		"\"axis\":%d,\"theme\":%d,\"line\":%g,\"help\":%s,\"labels\":%s,\"hover\":%lld",
		(unsigned long long)frame, v->width, v->height, v->scale, v->head,
		(long long)c->scene->head_ns, v->playing ? "true" : "false", v->speed, v->camera.x0,
		v->camera.y0, v->camera.x1, v->camera.y1, (int)v->axis, (int)v->theme,
		v->line_width, v->help ? "true" : "false", v->labels ? "true" : "false",
		v->hover == UINT32_MAX ? -1LL : (long long)v->hover);
	put_rect(f, "plot", &plot, v->scale);
	put_rect(f, "button", &bar.button, v->scale);
	put_rect(f, "track", &bar.track, v->scale);
	put_arrows(f, c->scene, v->scale);
	put_dots(f, c->scene, v->scale);
	put_text(f, "hint", v->hint);
	put_text(f, "notice", v->notice);
	put_text(f, "warning", c->scene->warning);
	fputs("}\n", f);
	if (fclose(f) == 0 && write(fd, line, size) < 0)
		(void)0; /* a test's affair */
	free(line);
}
