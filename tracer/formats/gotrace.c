/* SPDX-License-Identifier: MIT
 *
 * gotrace JSON: the format of the article "Visualizing Concurrency in Go".
 *
 * A file is a list of commands in roughly the order of time. The importer reads them all, decides
 * whether the time of a send is its beginning or its end, and makes records of them; whatever it
 * has to bend is counted and reported as rule "import". Nothing is invented: who never stops, never
 * exits.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/formats/gotrace.h"
#include "tracer/formats/digest.h"
#include "tracer/formats/rows.h"
#include "tracer/trace/map.h"

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* ---- Threads and channels -------------------------------------------------------------------- */

size_t gotrace_find_thread(const struct gotrace_importer *im, const char *name)
{
	uint64_t *index = name ? weft_map_get(&im->thread_of, (uintptr_t)name) : NULL;

	return index ? *index : SIZE_MAX;
}

static int add_thread(struct gotrace_importer *im, const struct gotrace_command *cmd,
	const char *name, int64_t created, bool pre)
{
	int rc = weft_grow(&im->threads, im->nthreads, &im->room_threads, sizeof(*im->threads));

	if (rc == 0)
		rc = weft_map_put(&im->thread_of, (uintptr_t)name, im->nthreads);
	if (rc < 0)
		return rc;
	im->threads[im->nthreads++] = (struct gotrace_thread){
		.name = name,
		.created = created,
		.stopped = GOTRACE_NEVER,
		.last_act = INT64_MIN,
		.depth = cmd->depth,
		.line = cmd->line,
		.pos = (size_t)(cmd - im->g.commands),
		.parent = SIZE_MAX,
		.pre = pre,
	};
	return 0;
}

static int read_lives(struct gotrace_importer *im)
{
	struct gotrace *g = &im->g;

	for (size_t i = 0; i < g->count; i++) {
		const struct gotrace_command *cmd = &g->commands[i];
		int rc = 0;

		if (cmd->kind != GOTRACE_CREATE)
			continue;
		if (gotrace_find_thread(im, cmd->name) == SIZE_MAX)
			rc = add_thread(im, cmd, cmd->name, cmd->t, false);
		else
			gotrace_odd(g, GOTRACE_TWICE_CREATED, cmd->line);
		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; i < g->count; i++) {
		const struct gotrace_command *cmd = &g->commands[i];
		size_t k = gotrace_find_thread(im, cmd->name);

		if (cmd->kind != GOTRACE_STOP)
			continue;
		if (k == SIZE_MAX) {
			gotrace_odd(g, GOTRACE_UNKNOWN_STOP, cmd->line);
		} else if (im->threads[k].stopped != GOTRACE_NEVER) {
			gotrace_odd(g, GOTRACE_TWICE_STOPPED, cmd->line);
		} else {
			im->threads[k].stopped = max64(cmd->t, im->threads[k].created);
			im->threads[k].stop_line = cmd->line;
		}
	}
	return 0;
}

/* A parent must be there first; (time, position) is the order in which threads appear. */
static void read_parents(struct gotrace_importer *im)
{
	for (size_t i = 0; i < im->nthreads; i++) {
		struct gotrace_thread *thread = &im->threads[i], *parent;
		const char *name = im->g.commands[thread->pos].other;
		size_t k = gotrace_find_thread(im, name);

		if (thread->pre || !name)
			continue;
		parent = k == SIZE_MAX ? NULL : &im->threads[k];
		if (!parent || parent->created > thread->created ||
			(parent->created == thread->created && parent->pos >= thread->pos)) {
			gotrace_odd(&im->g, GOTRACE_NO_PARENT, thread->line);
			continue;
		}
		thread->parent = k;
		parent->last_act = max64(parent->last_act, thread->created);
		if (thread->depth >= 0 && parent->depth >= 0 && thread->depth != parent->depth + 1)
			gotrace_odd(&im->g, GOTRACE_BAD_DEPTH, thread->line);
	}
}

static int find_channel(
	struct gotrace_importer *im, const char *name, int64_t t, struct gotrace_channel **ret)
{
	uint64_t *index = weft_map_get(&im->channel_of, (uintptr_t)name);
	int rc;

	if (!index) {
		rc = weft_grow(
			&im->channels, im->nchannels, &im->room_channels, sizeof(*im->channels));
		if (rc == 0)
			rc = weft_map_put(&im->channel_of, (uintptr_t)name, im->nchannels);
		if (rc < 0)
			return rc;
		im->channels[im->nchannels] = (struct gotrace_channel){
			.name = name,
			.made = t,
			.creator = SIZE_MAX,
			.id = im->nchannels + 1,
		};
		*ret = &im->channels[im->nchannels++];
		return 0;
	}
	*ret = &im->channels[*index];
	return 0;
}

/* ---- What is t of a send? -------------------------------------------------------------------- */

static int64_t duration_of(const struct gotrace_command *cmd)
{
	return max64(cmd->duration, 0);
}

static bool is_outside(const struct gotrace_importer *im, const char *name, int64_t t)
{
	size_t k = gotrace_find_thread(im, name);

	return k != SIZE_MAX && (t < im->threads[k].created || t > im->threads[k].stopped);
}

/* The reading with fewer ends outside of lives; on a tie, what the tool's version wrote. */
static bool decide(const struct gotrace_importer *im)
{
	size_t as_send = 0, as_receive = 0;

	for (size_t i = 0; i < im->g.count; i++) {
		const struct gotrace_command *cmd = &im->g.commands[i];

		if (cmd->kind != GOTRACE_SEND)
			continue;
		as_send += is_outside(im, cmd->name, cmd->t);
		as_send += is_outside(im, cmd->other, cmd->t + duration_of(cmd));
		as_receive += is_outside(im, cmd->name, cmd->t - duration_of(cmd));
		as_receive += is_outside(im, cmd->other, cmd->t);
	}
	if (as_send != as_receive)
		return as_receive < as_send;
	return im->g.last_style;
}

/* The two ends of a message as the file has them. */
static void ends_of(const struct gotrace_importer *im, const struct gotrace_command *cmd,
	int64_t *ret_send, int64_t *ret_recv)
{
	int64_t duration = duration_of(cmd);

	*ret_send = im->t_is_receive ? cmd->t - duration : cmd->t;
	*ret_recv = *ret_send + duration;
}

/* Senders and receivers that nobody created lived before. */
static int add_unknown(struct gotrace_importer *im)
{
	for (size_t i = 0; i < im->g.count; i++) {
		const struct gotrace_command *cmd = &im->g.commands[i];
		int64_t t[2];
		const char *name[2] = {cmd->name, cmd->other};

		if (cmd->kind != GOTRACE_SEND)
			continue;
		ends_of(im, cmd, &t[0], &t[1]);
		for (int end = 0; end < 2; end++) {
			size_t k = gotrace_find_thread(im, name[end]);
			int rc;

			if (k != SIZE_MAX) {
				struct gotrace_thread *thread = &im->threads[k];

				if (thread->pre)
					thread->created = min64(thread->created, t[end]);
				continue;
			}
			gotrace_odd(&im->g, end ? GOTRACE_UNKNOWN_RECEIVER : GOTRACE_UNKNOWN_SENDER,
				cmd->line);
			rc = add_thread(im, cmd, name[end], t[end], true);
			if (rc < 0)
				return rc;
			im->threads[im->nthreads - 1].depth = -1;
		}
	}
	return 0;
}

/* ---- Items: what happens when ---------------------------------------------------------------- */

static int add_item(
	struct gotrace_importer *im, int64_t t, enum gotrace_rank rank, size_t pos, size_t index)
{
	int rc = weft_grow(&im->items, im->nitems, &im->room_items, sizeof(*im->items));

	if (rc < 0 || index >= UINT32_MAX)
		return -ENOMEM;
	im->items[im->nitems++] = (struct gotrace_item){t, pos, (uint32_t)index, (uint8_t)rank};
	return 0;
}

static int add_send(struct gotrace_importer *im, size_t pos)
{
	const struct gotrace_command *cmd = &im->g.commands[pos];
	size_t from = gotrace_find_thread(im, cmd->name), to = gotrace_find_thread(im, cmd->other);
	struct gotrace_channel *channel = NULL;
	int64_t send, recv;
	int rc;

	if (cmd->duration < 0)
		gotrace_odd(&im->g, GOTRACE_NEGATIVE, cmd->line);
	ends_of(im, cmd, &send, &recv);
	if (send < im->threads[from].created) {
		send = im->threads[from].created;
		gotrace_odd(&im->g, GOTRACE_EARLY_SEND, cmd->line);
	}
	if (recv < im->threads[to].created) {
		recv = im->threads[to].created;
		gotrace_odd(&im->g, GOTRACE_EARLY_RECV, cmd->line);
	}
	recv = max64(recv, send);
	im->threads[from].last_act = max64(im->threads[from].last_act, send);
	im->threads[to].last_act = max64(im->threads[to].last_act, recv);
	rc = find_channel(im, cmd->ch, send, &channel);
	if (rc < 0)
		return rc;
	channel->made = min64(channel->made, send);
	rc = add_item(im, send, GOTRACE_RANK_SEND, pos, from);
	return rc < 0 ? rc : add_item(im, recv, GOTRACE_RANK_RECV, pos, to);
}

/* A state that nobody is there to have is left out. */
static int add_state(struct gotrace_importer *im, size_t pos)
{
	const struct gotrace_command *cmd = &im->g.commands[pos];
	size_t k = gotrace_find_thread(im, cmd->name);

	if (k == SIZE_MAX || is_outside(im, cmd->name, cmd->t)) {
		gotrace_odd(&im->g, GOTRACE_LOST_STATE, cmd->line);
		return 0;
	}
	return add_item(im, cmd->t, GOTRACE_RANK_OTHER, pos, k);
}

static int add_channel(struct gotrace_importer *im, const struct gotrace_command *cmd)
{
	size_t k = gotrace_find_thread(im, cmd->other);
	struct gotrace_channel *channel = NULL;
	int rc = find_channel(im, cmd->name, cmd->t, &channel);

	if (rc < 0)
		return rc;
	channel->made = min64(channel->made, cmd->t);
	if (channel->created || k == SIZE_MAX || is_outside(im, cmd->other, cmd->t))
		return 0;
	channel->created = true;
	channel->creator = k;
	return 0;
}

static int add_acts(struct gotrace_importer *im)
{
	for (size_t i = 0; i < im->g.count; i++) {
		const struct gotrace_command *cmd = &im->g.commands[i];
		int rc = 0;

		if (cmd->kind == GOTRACE_SEND)
			rc = add_send(im, i);
		else if (cmd->kind == GOTRACE_CHANNEL)
			rc = add_channel(im, cmd);
		else if (cmd->kind != GOTRACE_CREATE && cmd->kind != GOTRACE_STOP)
			rc = add_state(im, i);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int add_lives(struct gotrace_importer *im)
{
	int rc = 0;

	for (size_t i = 0; i < im->nthreads && rc == 0; i++) {
		struct gotrace_thread *thread = &im->threads[i];

		rc = add_item(im, thread->created, GOTRACE_RANK_CREATE, thread->pos, i);
		if (rc < 0 || thread->stopped == GOTRACE_NEVER)
			continue;
		if (thread->last_act > thread->stopped) {
			gotrace_odd(&im->g, GOTRACE_LATE_ACT, thread->stop_line);
			thread->stopped = thread->last_act;
		}
		rc = add_item(im, thread->stopped, GOTRACE_RANK_STOP, thread->pos, i);
	}
	for (size_t i = 0; i < im->nchannels && rc == 0; i++) {
		struct gotrace_channel *channel = &im->channels[i];

		if (channel->creator != SIZE_MAX &&
			is_outside(im, im->threads[channel->creator].name, channel->made))
			channel->creator = SIZE_MAX; /* it was used before */
		rc = add_item(im, channel->made, GOTRACE_RANK_MAKE, i, i);
	}
	return rc;
}

static int compare(const void *left, const void *right)
{
	const struct gotrace_item *a = left, *b = right;

	if (a->t != b->t)
		return a->t < b->t ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->pos != b->pos)
		return a->pos < b->pos ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static void say_odd(const struct gotrace *g)
{
	static const char *const texts[GOTRACE_ODDITY_COUNT] = {
		[GOTRACE_BAD_FIELD] = "left out, with a key missing or wrong",
		[GOTRACE_BAD_COMMAND] = "left out, of an unknown kind",
		[GOTRACE_TWICE_CREATED] = "left out: the goroutine exists already",
		[GOTRACE_NO_PARENT] = "with a parent that is not there yet",
		[GOTRACE_BAD_DEPTH] = "with a depth that is not one more than its parent's",
		[GOTRACE_UNKNOWN_STOP] = "left out: the stop of an unknown goroutine",
		[GOTRACE_TWICE_STOPPED] = "left out: a second stop",
		[GOTRACE_NEGATIVE] = "with a negative duration, taken as 0",
		[GOTRACE_UNKNOWN_SENDER] = "with a sender that nobody created",
		[GOTRACE_UNKNOWN_RECEIVER] = "with a receiver that nobody created",
		[GOTRACE_EARLY_SEND] = "sent before the sender's creation, moved to it",
		[GOTRACE_EARLY_RECV] = "received before the receiver's creation, moved to it",
		[GOTRACE_LATE_ACT] = "to stop a goroutine that still acts, moved to its last act",
		[GOTRACE_LOST_STATE] = "left out: the state of a goroutine that is not there",
	};

	for (int i = 0; i < GOTRACE_ODDITY_COUNT; i++) {
		if (g->odd[i])
			weft_report(g->report, "import", g->odd_line[i], 0, "%llu command%s %s",
				(unsigned long long)g->odd[i], g->odd[i] == 1 ? "" : "s", texts[i]);
	}
}

static int set_option(
	const char *option, struct gotrace_importer *im, struct weft_trace_error *error)
{
	im->t_is_receive = option && strcmp(option, "receive") == 0;
	if (option && !im->t_is_receive && strcmp(option, "send") != 0)
		return weft_refuse(error, -EINVAL, 0,
			"gotrace: t is \"send\" or \"receive\", not \"%.40s\"", option);
	return 0;
}

static int convert(struct gotrace_importer *im, const char *option)
{
	int rc = read_lives(im);

	if (rc == 0 && !option)
		im->t_is_receive = decide(im);
	if (rc == 0)
		rc = add_unknown(im);
	if (rc == 0) {
		read_parents(im);
		rc = add_acts(im);
	}
	if (rc == 0)
		rc = add_lives(im);
	if (rc < 0)
		return rc;
	im->msgs = calloc(im->g.count + 1, sizeof(*im->msgs));
	if (!im->msgs)
		return -ENOMEM;
	if (im->nitems)
		qsort(im->items, im->nitems, sizeof(*im->items), compare);
	if (im->nitems && im->items[im->nitems - 1].t - im->items[0].t > WEFT_TIME_MAX)
		return -ERANGE;
	return 0;
}

static int put_out(
	struct gotrace_importer *im, struct weft_input *input, const struct weft_sink *sink)
{
	struct weft_header header = {
		.caps = UINT32_C(1) << WEFT_CAP_LIFE | UINT32_C(1) << WEFT_CAP_MSG |
			UINT32_C(1) << WEFT_CAP_VALUE,
		.clock = "imported",
		.source = "gotrace",
		.t_is = im->t_is_receive ? "receive" : "send",
	};
	int rc = weft_digest(input, &header);

	if (rc == 0)
		rc = sink->header(sink->arg, &header);
	return rc < 0 ? rc : gotrace_emit(im, sink);
}

static int read_gotrace(struct weft_input *input, const char *option, const struct weft_sink *sink,
	struct weft_trace_error *error)
{
	struct gotrace_importer im = {.g = {.report = &sink->report, .arena = weft_arena_create()}};
	int rc = im.g.arena ? set_option(option, &im, error)
			    : weft_refuse(error, -ENOMEM, 0, "%s", strerror(ENOMEM));

	if (rc == 0)
		rc = gotrace_read(&im.g, input, error);
	if (rc == 0) {
		rc = convert(&im, option);
		if (rc == 0) {
			say_odd(&im.g);
			rc = put_out(&im, input, sink);
		}
		if (rc == -ERANGE)
			rc = weft_refuse(error, -EPROTO, 0,
				"not a usable trace: its times span more than 104 days");
		else if (rc < 0)
			weft_refuse(error, rc, 0, "%s", strerror(-rc));
	}
	gotrace_finish(&im.g);
	weft_map_finish(&im.thread_of);
	weft_map_finish(&im.channel_of);
	free(im.threads);
	free(im.channels);
	free(im.items);
	free(im.msgs);
	return rc;
}

const struct weft_format weft_format_gotrace = {
	.name = "gotrace",
	.suffixes = "json js",
	.summary = "JSON of gotrace, the recorder of Go programs",
	.probe = gotrace_probe,
	.read = read_gotrace,
};
