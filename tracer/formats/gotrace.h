/* SPDX-License-Identifier: MIT
 *
 * The gotrace importer's own structures: the commands of a file as gotrace_read.c finds them, which
 * gotrace.c turns into records.
 */
#ifndef WEFT_TRACER_FORMATS_GOTRACE_H
#define WEFT_TRACER_FORMATS_GOTRACE_H

#include "tracer/formats/formats.h"
#include "tracer/trace/arena.h"
#include "tracer/trace/map.h"

struct json_object;

enum gotrace_kind {
	GOTRACE_CREATE,
	GOTRACE_STOP,
	GOTRACE_SEND,
	GOTRACE_BLOCK,
	GOTRACE_UNBLOCK,
	GOTRACE_SLEEP,
	GOTRACE_CHANNEL, /* "create channel" */
	GOTRACE_KIND_COUNT
};

/* What an importer has to bend or leave out; each is one finding with its count. */
enum gotrace_oddity {
	GOTRACE_BAD_FIELD,
	GOTRACE_BAD_COMMAND,
	GOTRACE_TWICE_CREATED,
	GOTRACE_NO_PARENT,
	GOTRACE_BAD_DEPTH,
	GOTRACE_UNKNOWN_STOP,
	GOTRACE_TWICE_STOPPED,
	GOTRACE_NEGATIVE,
	GOTRACE_UNKNOWN_SENDER,
	GOTRACE_UNKNOWN_RECEIVER,
	GOTRACE_EARLY_SEND,
	GOTRACE_EARLY_RECV,
	GOTRACE_LATE_ACT,
	GOTRACE_LOST_STATE,
	GOTRACE_ODDITY_COUNT
};

/* One command. Strings are interned, so that equal names are equal pointers. */
struct gotrace_command {
	int64_t t, duration, depth; /* depth: -1 if none */
	uint64_t line;
	const char *name;  /* goroutine, sender, or channel that is created */
	const char *other; /* parent, receiver, or goroutine that creates it; or NULL */
	const char *ch;
	struct json_object *value; /* owned; NULL is JSON's null too */
	uint8_t kind;
	bool has_value;
};

struct gotrace {
	struct weft_arena *arena;
	const struct weft_report *report;
	struct gotrace_command *commands; /* in the file's order */
	size_t count, room;
	uint64_t odd[GOTRACE_ODDITY_COUNT], odd_line[GOTRACE_ODDITY_COUNT];
	bool last_style; /* of the tool's last version: every name but main is #N, and depth occurs
			  */
};

void gotrace_odd(struct gotrace *g, enum gotrace_oddity oddity, uint64_t line);

/* Whether the text begins as a gotrace file does. */
bool gotrace_probe(const char *data, size_t len);

/* Reads all commands, one element at a time. Returns 0, or negative with `error` filled in. */
int gotrace_read(struct gotrace *g, struct weft_input *input, struct weft_trace_error *error);
void gotrace_finish(struct gotrace *g);

/* ---- From commands to records ------------------------------------------------------------------
 */

#define GOTRACE_NEVER INT64_MAX

/* A goroutine and its life, as the file tells it. */
struct gotrace_thread {
	const char *name;
	int64_t created, stopped; /* GOTRACE_NEVER: it does not stop */
	int64_t last_act, depth;
	uint64_t line, stop_line;
	size_t pos;    /* of its creation among the commands */
	size_t parent; /* index, or SIZE_MAX */
	uint64_t id;
	bool pre;
};

/* All channels of one name. */
struct gotrace_channel {
	const char *name;
	int64_t made;
	size_t creator; /* thread, or SIZE_MAX */
	uint64_t id;
	bool created;
};

/* What happens at one instant; a send is two of these. */
enum gotrace_rank {
	GOTRACE_RANK_CREATE,
	GOTRACE_RANK_MAKE,
	GOTRACE_RANK_SEND,
	GOTRACE_RANK_RECV,
	GOTRACE_RANK_OTHER,
	GOTRACE_RANK_STOP,
};

struct gotrace_item {
	int64_t t;
	size_t pos;	/* of the command, or the index of the channel */
	uint32_t index; /* thread or channel */
	uint8_t rank;
};

struct gotrace_importer {
	struct gotrace g;
	struct gotrace_thread *threads;
	struct gotrace_channel *channels;
	struct gotrace_item *items;
	uint64_t *msgs; /* the message number of each command */
	size_t nthreads, nchannels, nitems;
	size_t room_threads, room_channels, room_items;
	struct weft_map thread_of, channel_of; /* by the address of the interned name */
	bool t_is_receive;
};

/* The index of a goroutine by its interned name, or SIZE_MAX. */
size_t gotrace_find_thread(const struct gotrace_importer *im, const char *name);

/* gotrace_records.c: puts the sorted items out as records. Returns 0 or what the sink returns. */
int gotrace_emit(struct gotrace_importer *im, const struct weft_sink *sink);

#endif
