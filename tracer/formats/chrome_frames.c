/* SPDX-License-Identifier: MIT
 *
 * Call stacks of a Chrome trace that is read. The frames of the file are a tree, each naming its
 * caller; an event names its innermost frame (`sf`), or lists what was called, the outermost first
 * (`stack`). Records get the number of a stack, which is put out, with its locations, before the
 * first of them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "tracer/formats/chrome_emit.h"

#define DEPTH_MAX 256 /* frames of a stack; also where callers go in a circle */

/* A new frame that is known by the key; returns its index, or -ENOMEM. */
static int64_t add_frame(
	struct chrome_importer *im, const char *key, const struct chrome_frame *frame)
{
	if (!key || !frame->fn ||
		weft_grow(&im->frames, im->nframes, &im->room_frames, sizeof(*frame)) < 0 ||
		weft_map_put(&im->frame_of, (uintptr_t)key, im->nframes) < 0)
		return -ENOMEM;
	im->frames[im->nframes] = *frame;
	return (int64_t)im->nframes++;
}

int chrome_take_frame(struct chrome_importer *im, const char *id, struct chrome_object *object)
{
	const char *fn = chrome_field(object, "fn"), *file = chrome_field(object, "file");
	const char *parent = chrome_field(object, "parent");
	struct chrome_frame frame = {.line = -1};

	if (!fn)
		fn = chrome_field(object, "name");
	if (!file)
		file = chrome_field(object, "category"); /* what it belongs to: a library, say */
	if (!chrome_int(object, "line", &frame.line) || frame.line < 0 ||
		frame.line > WEFT_TIME_MAX)
		frame.line = -1;
	frame.fn = weft_arena_intern(im->arena, fn ? fn : "?");
	frame.file = file && *file ? weft_arena_intern(im->arena, file) : NULL;
	frame.caller = parent ? weft_arena_intern(im->arena, parent) : NULL;
	if ((file && *file && !frame.file) || (parent && !frame.caller))
		return -ENOMEM;
	return add_frame(im, id, &frame) < 0 ? -ENOMEM : 0;
}

static int64_t find_frame(const struct chrome_importer *im, const char *key)
{
	const uint64_t *known = key ? weft_map_get(&im->frame_of, (uintptr_t)key) : NULL;

	return known ? (int64_t)*known : -1;
}

/* The frames of a list. Returns the innermost one, -1 for an empty list, or -ENOMEM. */
static int64_t listed(struct chrome_importer *im, struct json_object *list)
{
	const char *caller = NULL;
	int64_t frame = -1;

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(list, i));
		struct chrome_frame new_ = {
			.fn = weft_arena_intern(im->arena, name ? name : "?"),
			.line = -1,
			.caller = caller,
		};

		caller = chrome_join(im, "stack", caller, new_.fn);
		frame = find_frame(im, caller);
		if (frame < 0)
			frame = add_frame(im, caller, &new_);
		if (frame < 0)
			return frame;
	}
	return frame;
}

/* The number of the frame's location, which is put out if it is a new one. Or -ENOMEM. */
static int64_t put_loc(struct chrome_emitter *em, const struct chrome_frame *frame)
{
	struct weft_record rec;
	const uint64_t *known;
	const char *key;
	char line[24];
	int rc;

	snprintf(line, sizeof(line), "%lld", (long long)frame->line);
	key = chrome_join(em->im, frame->fn, frame->file, line);
	known = key ? weft_map_get(&em->loc_of, (uintptr_t)key) : NULL;
	if (known)
		return (int64_t)*known;
	if (!key || weft_map_put(&em->loc_of, (uintptr_t)key, ++em->locs) < 0)
		return -ENOMEM;
	chrome_begin_record(em, &rec, WEFT_EV_LOC, 0);
	rec.loc = em->locs;
	rec.fn = frame->fn;
	rec.file = frame->file;
	rec.line_no = frame->line;
	rc = chrome_put(em, &rec);
	return rc < 0 ? rc : (int64_t)em->locs;
}

static int put_stack(struct chrome_emitter *em, size_t leaf)
{
	struct chrome_importer *im = em->im;
	uint64_t ids[DEPTH_MAX];
	struct weft_record rec;
	uint32_t n = 0;

	for (int64_t i = (int64_t)leaf; i >= 0 && n < DEPTH_MAX;
		i = find_frame(im, im->frames[i].caller)) {
		int64_t loc = put_loc(em, &im->frames[i]);

		if (loc < 0)
			return (int)loc;
		ids[n++] = (uint64_t)loc;
	}
	chrome_begin_record(em, &rec, WEFT_EV_STACK, 0);
	rec.stack = im->frames[leaf].stack = ++em->stacks;
	rec.ids = ids;
	rec.nids = n;
	return chrome_put(em, &rec);
}

int chrome_stack(struct chrome_emitter *em, struct chrome_object *event, uint64_t *ret_stack)
{
	struct chrome_importer *im = em->im;
	const char *sf = im->nframes ? chrome_field(event, "sf") : NULL;
	const struct chrome_pair *stack = chrome_find(event, "stack");
	struct json_object *list;
	int64_t frame = -1;
	int rc = 0;

	*ret_stack = 0;
	if (sf) {
		frame = find_frame(im, weft_arena_intern(im->arena, sf));
	} else if (stack && stack->value[0] == '[') {
		list = chrome_json(event, "stack");
		frame = json_object_is_type(list, json_type_array) ? listed(im, list) : -1;
		json_object_put(list);
	}
	if (frame == -ENOMEM)
		return -ENOMEM;
	if (frame < 0)
		return 0;
	if (!im->frames[frame].stack)
		rc = put_stack(em, (size_t)frame);
	*ret_stack = im->frames[frame].stack;
	return rc;
}
