/* SPDX-License-Identifier: MIT
 *
 * Putting out the records of a Chrome trace: what chrome_records.c, for any such trace, and
 * chrome_ours.c, for those that weft wrote, have in common. Nobody else includes this.
 */
#ifndef WEFT_TRACER_FORMATS_CHROME_EMIT_H
#define WEFT_TRACER_FORMATS_CHROME_EMIT_H

#include "tracer/formats/chrome_in.h"

struct chrome_emitter {
	struct chrome_importer *im;
	const struct weft_sink *sink;
	uint64_t index;	   /* of the last record */
	uint64_t messages; /* numbers given to arrows */
	int64_t t;
	bool many;		  /* more than one process has threads */
	struct weft_map track_of; /* of our own traces: coroutine to its track */
	struct weft_set made;	  /* objects */
	struct weft_map loc_of;	  /* by the address of an interned key */
	uint64_t locs, stacks;	  /* that are out */
	struct weft_map
		tasks; /* by the address of an interned key: index of the innermost open one */
	struct task {
		uint64_t id;
		size_t outer; /* SIZE_MAX: none */
	} * open_tasks;
	size_t ntasks, room_tasks;
};

/* A record of this kind, now; then it is filled in and put. */
void chrome_begin_record(
	const struct chrome_emitter *em, struct weft_record *rec, uint8_t kind, uint64_t co);

/* These put out records and return 0 or what the sink returns. */
int chrome_put(struct chrome_emitter *em, struct weft_record *rec);
int chrome_put_spawn(struct chrome_emitter *em, struct chrome_track *track,
	const struct weft_record *by, bool pre); /* by: whose parent and place it has, or NULL */
int chrome_put_make(struct chrome_emitter *em, uint64_t on, const char *name, bool merged);
int chrome_put_mark(
	struct chrome_emitter *em, uint8_t kind, uint64_t co, struct chrome_object *event);
int chrome_put_event(
	struct chrome_emitter *em, const struct chrome_item *item, struct chrome_object *event);
int chrome_put_ours(
	struct chrome_emitter *em, const struct chrome_item *item, struct chrome_object *event);

/* The number of the event's call stack, which has been put out then; 0: it has none. */
int chrome_stack(struct chrome_emitter *em, struct chrome_object *event, uint64_t *ret_stack);

int chrome_put_exit(struct chrome_emitter *em, uint32_t track); /* of our own traces */

/* The coroutine of a track; 0 for none. */
uint64_t chrome_co(const struct chrome_emitter *em, uint32_t track);

/* In our own traces a thread's number is its coroutine's. Returns 0 or -ENOMEM. */
int chrome_number_ours(struct chrome_emitter *em);

#endif
