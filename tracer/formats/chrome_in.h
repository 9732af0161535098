/* SPDX-License-Identifier: MIT
 *
 * The Chrome importer's own structures: chrome_read.c finds the events of a file, chrome_flows.c
 * makes messages of its arrows, chrome_records.c records of them all in the order of time. An event
 * is kept as its text, so that a large file takes about twice its size.
 */
#ifndef WEFT_TRACER_FORMATS_CHROME_IN_H
#define WEFT_TRACER_FORMATS_CHROME_IN_H

#include "tracer/formats/chrome_object.h"
#include "tracer/formats/formats.h"
#include "tracer/trace/arena.h"
#include "tracer/trace/map.h"

struct json_tokener;

/* What an importer has to bend or leave out; each is one finding with its count. */
enum chrome_oddity {
	CHROME_BAD_EVENT,
	CHROME_BAD_TIME,
	CHROME_UNKNOWN_PHASE,
	CHROME_END_WITHOUT_BEGIN,
	CHROME_ARROW_WITHOUT_START,
	CHROME_ARROW_WITHOUT_END,
	CHROME_BAD_ACT,
	CHROME_ODDITY_COUNT
};

struct chrome_process {
	const char *name; /* or NULL */
	int64_t order;	  /* sort_index, or 0 */
	bool used;	  /* it has threads with events */
};

/* A thread: what has one pid and tid. */
struct chrome_track {
	const char *pid, *tid; /* as text */
	const char *source;    /* both as they stood in the file, as private fields */
	const char *name;      /* or NULL */
	int64_t order;	       /* sort_index, or 0 */
	uint32_t process;
	uint64_t seq; /* of its first event */
	uint64_t co;
	size_t last_state; /* item: the end of its last state; SIZE_MAX: none, or it is open */
	bool used;	   /* it has events, not only a name */
	bool spawned;	   /* its record is out */
	const char **open; /* names of what has begun, the innermost last */
	size_t nopen, room_open;
};

/* A frame of a call stack. */
struct chrome_frame {
	const char *fn, *file; /* file: or NULL */
	int64_t line;	       /* -1: none */
	const char *caller;    /* the interned key of its frame; NULL: nobody */
	uint64_t stack;	       /* number of the stack that begins here, once it is out; or 0 */
};

/* What happens at one moment. */
enum chrome_role {
	CHROME_ROLE_END,   /* of a slice with a duration: before all else */
	CHROME_ROLE_EVENT, /* the event itself */
	CHROME_ROLE_SEND,
	CHROME_ROLE_RECV,
	CHROME_ROLE_EXIT, /* of a thread, in our own traces: behind all else */
};

struct chrome_item {
	int64_t t;     /* ns */
	int64_t begin; /* of an end: when the slice began */
	uint64_t seq;  /* of the event in the file */
	char *text;    /* the event, with a NUL behind it; of a message NULL */
	uint32_t len;
	uint32_t track; /* UINT32_MAX: none */
	uint32_t hop;	/* of a message */
	uint8_t role;
	bool is_slice; /* an event at which a slice begins */
};

/* One end of an arrow, as the file has it. */
struct chrome_tip {
	int64_t t;
	uint64_t seq, line;
	const char *key; /* interned: tips with the same one belong together */
	uint32_t channel, track;
	char ph;   /* s, t or f */
	bool next; /* it ends in the next slice of its thread, not in this one */
};

/* A message: an arrow from one thread to another. */
struct chrome_hop {
	int64_t send, recv; /* recv: INT64_MAX if never */
	uint64_t send_seq, recv_seq;
	uint64_t msg;
	uint32_t from, to, channel;
};

struct chrome_importer {
	const struct weft_report *report;
	struct weft_arena *arena;
	struct json_tokener *tokener;
	struct chrome_object event, args, inner; /* what is being looked at */
	struct chrome_process *processes;
	struct chrome_track *tracks;
	struct chrome_item *items;
	struct chrome_tip *tips;
	struct chrome_hop *hops;
	struct chrome_frame *frames;
	const char **channels; /* their names, interned */
	char *chunk;	       /* texts of events go here */
	size_t chunk_left;
	size_t last_track; /* that find_track found */
	size_t ntracks, nitems, ntips, nhops, nchannels, nprocesses, nframes, room_frames;
	size_t room_processes, room_tracks, room_items, room_tips, room_hops, room_channels;
	struct weft_map track_of, channel_of, process_of, frame_of; /* by an interned key */
	const char *title;					    /* or NULL */
	bool ours;						    /* weft wrote this file */
	uint64_t odd[CHROME_ODDITY_COUNT], odd_line[CHROME_ODDITY_COUNT];
};

void chrome_odd(struct chrome_importer *im, enum chrome_oddity oddity, uint64_t line);

/* The arena's copy of what is joined, each of them or NULL; NULL if out of memory. */
const char *chrome_join(struct chrome_importer *im, const char *a, const char *b, const char *c);

/* chrome_frames.c: one of the file's stackFrames; its id is interned. Returns 0 or -ENOMEM. */
int chrome_take_frame(struct chrome_importer *im, const char *id, struct chrome_object *object);

/* The index of a channel of this name, or -ENOMEM. */
int64_t chrome_channel(struct chrome_importer *im, const char *name);

/* Reads all events. Returns 0, or negative with `error` filled in. */
int chrome_read_events(
	struct chrome_importer *im, struct weft_input *input, struct weft_trace_error *error);

/* Makes messages of the tips and adds their items; the items are sorted before and after. */
int chrome_resolve(struct chrome_importer *im);
void chrome_sort(struct chrome_importer *im);

/* Puts out all items as records. Returns 0 or what the sink returns. */
int chrome_emit(struct chrome_importer *im, const struct weft_sink *sink);

#endif
