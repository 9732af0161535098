/* SPDX-License-Identifier: MIT
 *
 * From what a gotrace file says happened, sorted by time, to native records.
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "tracer/formats/gotrace.h"

/* In the tool's last style numbers come as text. Returns a new reference, or NULL. */
static struct json_object *value_of(const struct gotrace *g, const struct gotrace_command *cmd)
{
	const char *text, *digits;

	if (!g->last_style || !json_object_is_type(cmd->value, json_type_string))
		return json_object_get(cmd->value);
	text = json_object_get_string(cmd->value);
	digits = text + (text[0] == '-');
	if (!digits[0] || strlen(digits) > 15 || digits[strspn(digits, "0123456789")])
		return json_object_get(cmd->value);
	return json_object_new_int64(strtoll(text, NULL, 10));
}

static void fill_send(
	struct gotrace_importer *im, const struct gotrace_item *item, struct weft_record *rec)
{
	const struct gotrace_command *cmd = &im->g.commands[item->pos];

	rec->kind = item->rank == GOTRACE_RANK_SEND ? WEFT_EV_SEND : WEFT_EV_RECV;
	rec->co = im->threads[item->index].id;
	rec->on = im->channels[*weft_map_get(&im->channel_of, (uintptr_t)cmd->ch)].id;
	rec->msg = im->msgs[item->pos];
	if (rec->kind == WEFT_EV_RECV)
		rec->from = im->threads[gotrace_find_thread(im, cmd->name)].id;
	else if (cmd->has_value)
		rec->value = value_of(&im->g, cmd);
	rec->has_value = rec->kind == WEFT_EV_SEND && cmd->has_value;
}

static void fill_state(
	const struct gotrace_importer *im, const struct gotrace_item *item, struct weft_record *rec)
{
	uint8_t kind = im->g.commands[item->pos].kind;

	rec->kind = WEFT_EV_STATE;
	rec->co = im->threads[item->index].id;
	rec->state = kind == GOTRACE_UNBLOCK ? WEFT_STATE_RUNNING : WEFT_STATE_BLOCKED;
	if (kind != GOTRACE_UNBLOCK)
		rec->why = kind == GOTRACE_SLEEP ? WEFT_WHY_SLEEP : WEFT_WHY_OTHER;
}

static void fill(
	struct gotrace_importer *im, const struct gotrace_item *item, struct weft_record *rec)
{
	const struct gotrace_thread *thread = NULL;
	const struct gotrace_channel *channel;

	if (item->rank != GOTRACE_RANK_MAKE) {
		thread = &im->threads[item->index];
		rec->line = item->rank == GOTRACE_RANK_STOP ? thread->stop_line
							    : im->g.commands[item->pos].line;
	}
	switch ((enum gotrace_rank)item->rank) {
	case GOTRACE_RANK_CREATE:
		rec->kind = WEFT_EV_SPAWN;
		rec->new_ = thread->id;
		rec->name = thread->name;
		rec->pre = thread->pre;
		if (thread->parent != SIZE_MAX)
			rec->co = im->threads[thread->parent].id;
		break;
	case GOTRACE_RANK_MAKE:
		channel = &im->channels[item->index];
		rec->kind = WEFT_EV_MAKE;
		rec->on = channel->id;
		rec->name = channel->name;
		rec->type = WEFT_OBJ_CHAN;
		rec->merged = true;
		rec->pre = !channel->created;
		if (channel->creator != SIZE_MAX)
			rec->co = im->threads[channel->creator].id;
		break;
	case GOTRACE_RANK_SEND:
	case GOTRACE_RANK_RECV:
		fill_send(im, item, rec);
		break;
	case GOTRACE_RANK_OTHER:
		fill_state(im, item, rec);
		break;
	case GOTRACE_RANK_STOP:
		rec->kind = WEFT_EV_EXIT;
		rec->co = thread->id;
		break;
	}
}

/* Threads are numbered as they appear, messages as they are sent. */
static void number(struct gotrace_importer *im)
{
	uint64_t thread = 0, msg = 0;

	for (size_t i = 0; i < im->nitems; i++) {
		const struct gotrace_item *item = &im->items[i];

		if (item->rank == GOTRACE_RANK_CREATE)
			im->threads[item->index].id = ++thread;
		else if (item->rank == GOTRACE_RANK_SEND)
			im->msgs[item->pos] = ++msg;
	}
}

int gotrace_emit(struct gotrace_importer *im, const struct weft_sink *sink)
{
	struct weft_record rec;
	uint64_t index = 0;
	int rc = 0;

	number(im);
	for (size_t i = 0; i < im->nitems && rc == 0; i++) {
		weft_record_clear(&rec);
		rec.t = im->items[i].t - im->items[0].t;
		rec.index = ++index;
		fill(im, &im->items[i], &rec);
		rc = sink->arrive(sink->arg, &rec);
		if (rc == 0)
			rc = sink->record(sink->arg, &rec);
		json_object_put(rec.value);
	}
	if (rc < 0)
		return rc;
	weft_record_clear(&rec);
	rec.kind = WEFT_EV_EOF;
	rec.t = im->nitems ? im->items[im->nitems - 1].t - im->items[0].t : 0;
	rec.n = (int64_t)index;
	rec.index = index + 1;
	rc = sink->arrive(sink->arg, &rec);
	return rc < 0 ? rc : sink->record(sink->arg, &rec);
}
