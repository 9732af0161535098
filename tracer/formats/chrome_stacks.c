/* SPDX-License-Identifier: MIT
 *
 * Call stacks of a Chrome trace that is written: stackFrames, a tree in which each frame names its
 * caller, and the innermost frame of an event as its `sf`.
 */
#include <errno.h>
#include <stdlib.h>

#include "tracer/formats/chrome_write.h"
#include "tracer/trace/json.h"

/* The frame of this location that was called from that one; 0 if out of memory. */
static uint64_t callee(struct chrome_stacks *stacks, uint64_t caller, uint64_t loc)
{
	uint64_t key = caller << 32 | loc;
	const uint64_t *known = weft_map_get(&stacks->frame_of, key);

	if (known)
		return *known;
	if (weft_grow(&stacks->frames, stacks->nframes, &stacks->room_frames,
		    sizeof(*stacks->frames)) < 0 ||
		stacks->nframes >= UINT32_MAX ||
		weft_map_put(&stacks->frame_of, key, stacks->nframes + 1) < 0)
		return 0;
	stacks->frames[stacks->nframes++] = (struct chrome_caller){caller, loc};
	return stacks->nframes;
}

void chrome_take_stack(struct chrome_writer *cw, const struct weft_record *rec)
{
	uint64_t frame = 0;

	for (uint32_t i = rec->nids; i-- > 0;) {
		const uint64_t *loc = weft_map_get(&cw->locs, rec->ids[i]);

		if (!loc)
			continue;
		frame = callee(&cw->stacks, frame, *loc);
		cw->failed |= !frame;
	}
	if (frame)
		cw->failed |= weft_map_put(&cw->stacks.leaf_of, rec->stack, frame) < 0;
}

void chrome_where(struct chrome_writer *cw, const struct weft_record *rec)
{
	const char *at = chrome_at(cw, rec);
	const uint64_t *frame = rec->stack ? weft_map_get(&cw->stacks.leaf_of, rec->stack) : NULL;

	if (at)
		chrome_text(&cw->out, "loc", at);
	if (frame)
		fprintf(cw->out.f, ",\"sf\":%" PRIu64, *frame);
}

/* The viewers show a frame's name and nothing else, so all of it is in there. */
static void put_frame(const struct chrome_writer *cw, size_t i)
{
	const struct chrome_caller *frame = &cw->stacks.frames[i];
	const struct chrome_loc *loc = &cw->loc_names[frame->loc];
	FILE *f = cw->out.f;
	char name[1024];

	snprintf(name, sizeof(name), "%.500s%s%.500s", loc->fn, loc->file ? " " : "",
		loc->file ? loc->text : "");
	weft_clean_text(name, sizeof(name));
	fprintf(f, "%s\"%zu\":{\"name\":", i ? ",\n" : "\n", i + 1);
	weft_json_string(f, name);
	fputs(",\"fn\":", f);
	weft_json_string(f, loc->fn);
	if (loc->file) {
		fputs(",\"file\":", f);
		weft_json_string(f, loc->file);
	}
	if (loc->line >= 0)
		fprintf(f, ",\"line\":%" PRId64, loc->line);
	if (frame->caller)
		fprintf(f, ",\"parent\":\"%" PRIu64 "\"", frame->caller);
	fputc('}', f);
}

void chrome_put_frames(const struct chrome_writer *cw)
{
	if (cw->stacks.nframes == 0)
		return;
	fputs("\"stackFrames\":{", cw->out.f);
	for (size_t i = 0; i < cw->stacks.nframes; i++)
		put_frame(cw, i);
	fputs("\n},", cw->out.f);
}

void chrome_stacks_finish(struct chrome_stacks *stacks)
{
	weft_map_finish(&stacks->frame_of);
	weft_map_finish(&stacks->leaf_of);
	free(stacks->frames);
}
