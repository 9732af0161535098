/* SPDX-License-Identifier: MIT
 *
 * The Chrome writer's state: chrome_write.c puts out states, threads and workers, chrome_acts.c
 * what threads do in them. Nobody else includes this.
 */
#ifndef WEFT_TRACER_FORMATS_CHROME_WRITE_H
#define WEFT_TRACER_FORMATS_CHROME_WRITE_H

#include "tracer/formats/chrome_out.h"
#include "tracer/formats/chrome_plan.h"
#include "tracer/formats/lookup.h"
#include "tracer/trace/arena.h"

/* A thread on its way through the records. */
struct chrome_lane {
	uint32_t next_span; /* of the model, not yet put out */
	uint32_t runs_left; /* `run` records that are still to come */
	uint64_t wake;	    /* number of an arrow that ends in its next run; 0: none */
	uint64_t birth;	    /* id of an arrow that ends where it starts; 0: none */
	bool starts;	    /* it is there and has not run */
};

/* A source location. */
struct chrome_loc {
	const char *text;      /* "file:line" */
	const char *fn, *file; /* file: or NULL */
	int64_t line;	       /* -1: none */
};

/* A frame of a call stack: a place in the tree of callers. */
struct chrome_caller {
	uint64_t caller; /* number of a frame, from 1; 0: nobody */
	uint64_t loc;	 /* index in loc_names */
};

struct chrome_stacks {
	struct chrome_caller *frames;
	size_t nframes, room_frames;
	struct weft_map frame_of; /* caller and location to the frame's number */
	struct weft_map leaf_of;  /* stack to the number of its innermost frame */
};

struct chrome_writer {
	struct chrome_out out;
	struct chrome_plan plan;
	const struct weft_trace *trace;
	struct weft_lookup lookup;
	struct chrome_lane *lanes; /* for each thread */
	struct weft_arena *arena;
	struct weft_map locs;	/* number to index in loc_names */
	struct weft_map tasks;	/* number to index in task_names */
	struct weft_map flying; /* message to its channel: those with an arrow that has begun */
	struct weft_map given;	/* object to the number of the release whose arrow has begun */
	struct weft_set sent;	/* messages; a number that comes twice gets one arrow */
	struct weft_set spawned, closes; /* which have had their arrow */
	struct chrome_loc *loc_names;
	const char **task_names;
	struct chrome_stacks stacks;
	size_t nlocs, room_locs, ntasks, room_tasks;
	uint64_t wakes, releases;
	size_t messages, parks, ops, losses; /* how many of them have been */
	bool wide; /* ids pass 32 bits: threads are numbered by birth instead */
	bool failed;
	struct json_object *header; /* or NULL */
};

/* The track of a thread, now. */
struct chrome_place chrome_thread(
	const struct chrome_writer *cw, uint32_t thread, const struct weft_record *rec);

/* Puts out the state that begins with this record, if it is this one and lasts. */
bool chrome_state(struct chrome_writer *cw, uint32_t thread, enum weft_state state,
	const struct weft_record *rec);

/* The location of the record, as `loc` and later as args; or NULL. */
const char *chrome_at(const struct chrome_writer *cw, const struct weft_record *rec);

/* Where in the program the record was made, as fields of its event: `loc` and `sf`. */
void chrome_where(struct chrome_writer *cw, const struct weft_record *rec);

/* chrome_stacks.c: a record of a stack; and the frames of all of them, with a comma behind. */
void chrome_take_stack(struct chrome_writer *cw, const struct weft_record *rec);
void chrome_put_frames(const struct chrome_writer *cw);
void chrome_stacks_finish(struct chrome_stacks *stacks);

/* What a thread does, by kind. */
void chrome_act(struct chrome_writer *cw, const struct weft_record *rec);

/* The thread of an id and everything that its first appearance brings; or WEFT_NO_INDEX. */
uint32_t chrome_appear(struct chrome_writer *cw, uint64_t co, const struct weft_record *rec);

/* An empty slice "start" where a thread begins, with the end of the arrow from its parent. */
void chrome_start(struct chrome_writer *cw, uint32_t thread, const struct weft_record *rec);

#endif
