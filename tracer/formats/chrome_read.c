/* SPDX-License-Identifier: MIT
 *
 * Reading the events of a Chrome trace as tolerantly as Perfetto does: a list or an object with the
 * list as `traceEvents`, commas too many, the end of the list missing, numbers as text. One event
 * at a time, each by a general parser.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/formats/chrome.h"
#include "tracer/formats/chrome_in.h"
#include "tracer/trace/json.h"
#include "tracer/trace/plain.h"
#include "tracer/trace/split.h"

#define CHUNK_BYTES (1024 * 1024)
#define METADATA_MAX (64 * 1024)

void chrome_odd(struct chrome_importer *im, enum chrome_oddity oddity, uint64_t line)
{
	if (im->odd[oddity]++ == 0)
		im->odd_line[oddity] = line;
}

static bool has(const char *data, size_t len, const char *word)
{
	return data && memmem(data, len, word, strlen(word)) != NULL;
}

bool chrome_probe(const char *data, size_t len)
{
	while (len > 0 && strchr(" \t\r\n", data[0]) && data[0]) {
		data++;
		len--;
	}
	if (len == 0)
		return false;
	if (data[0] == '{')
		return has(data, len, "\"traceEvents\"");
	return data[0] == '[' && (has(data, len, "\"ph\"") || has(data, len, "'ph'")) &&
	       !has(data, len, "\"command\"");
}

/* ---- Threads --------------------------------------------------------------------------------- */

const char *chrome_join(struct chrome_importer *im, const char *a, const char *b, const char *c)
{
	const char *parts[] = {a ? a : "", b ? b : "", c ? c : ""};
	char small[256], *text = small, *p;
	const char *copy;
	size_t len = 0;

	for (int i = 0; i < 3; i++)
		len += strlen(parts[i]) + 1;
	if (len > sizeof(small))
		text = malloc(len);
	if (!text)
		return NULL;
	p = stpcpy(text, parts[0]);
	for (int i = 1; i < 3; i++) {
		*p++ = '\x1f';
		p = stpcpy(p, parts[i]);
	}
	copy = weft_arena_intern(im->arena, text);
	if (text != small)
		free(text);
	return copy;
}

/* The process of this pid; returns its index or -ENOMEM. */
static int64_t find_process(struct chrome_importer *im, const char *pid)
{
	const uint64_t *known = weft_map_get(&im->process_of, (uintptr_t)pid);

	if (known)
		return (int64_t)*known;
	if (weft_grow(&im->processes, im->nprocesses, &im->room_processes, sizeof(*im->processes)) <
			0 ||
		weft_map_put(&im->process_of, (uintptr_t)pid, im->nprocesses) < 0)
		return -ENOMEM;
	im->processes[im->nprocesses] = (struct chrome_process){.order = 0};
	return (int64_t)im->nprocesses++;
}

/* Where the source had this thread, as private fields. What is too large for a number is text. */
static const char *keep_source(struct chrome_importer *im, struct chrome_object *event)
{
	static const char *const keys[] = {"pid", "tid"};
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	const char *copy = NULL;

	if (!f)
		return NULL;
	for (int i = 0; i < 2; i++) {
		const struct chrome_pair *pair = chrome_find(event, keys[i]);
		const char *field = chrome_field(event, keys[i]);

		if (!field)
			continue;
		fprintf(f, ",\"x_%s\":", keys[i]);
		if (weft_plain_value(pair->value) == pair->value + pair->len)
			fwrite(pair->value, 1, pair->len, f);
		else
			weft_json_string(f, field);
	}
	if (fclose(f) == 0)
		copy = weft_arena_intern(im->arena, text);
	free(text);
	return copy;
}

/* The track of the event's pid and tid; returns its index or -ENOMEM. */
static int64_t find_track(struct chrome_importer *im, struct chrome_object *event, uint64_t seq)
{
	const char *pid = chrome_field(event, "pid"), *tid = chrome_field(event, "tid");
	const char *key;
	const uint64_t *known;
	struct chrome_track *track;
	int64_t process;

	pid = pid ? pid : "";
	tid = tid ? tid : "";
	if (im->last_track < im->ntracks) { /* mostly it is the one of the event before */
		track = &im->tracks[im->last_track];
		if (strcmp(track->tid, tid) == 0 && strcmp(track->pid, pid) == 0)
			return (int64_t)im->last_track;
	}
	key = chrome_join(im, pid, tid, NULL);
	known = key ? weft_map_get(&im->track_of, (uintptr_t)key) : NULL;
	if (known) {
		im->last_track = (size_t)*known;
		return (int64_t)*known;
	}
	if (!key || weft_grow(&im->tracks, im->ntracks, &im->room_tracks, sizeof(*track)) < 0 ||
		weft_map_put(&im->track_of, (uintptr_t)key, im->ntracks) < 0)
		return -ENOMEM;
	track = &im->tracks[im->ntracks];
	*track = (struct chrome_track){
		.pid = weft_arena_intern(im->arena, pid),
		.tid = weft_arena_intern(im->arena, tid),
		.seq = seq,
		.last_state = SIZE_MAX,
	};
	track->source = keep_source(im, event);
	if (!track->pid || !track->tid || !track->source)
		return -ENOMEM;
	process = find_process(im, track->pid);
	if (process < 0)
		return -ENOMEM;
	track->process = (uint32_t)process;
	return (int64_t)im->ntracks++;
}

/* The name or the order of a thread, or of all threads of a process. */
static int take_metadata(struct chrome_importer *im, struct chrome_object *event, uint64_t seq)
{
	const char *what = chrome_field(event, "name");
	int64_t i = find_track(im, event, seq);
	struct chrome_process *process;
	const char *name;
	int64_t order;

	if (i < 0)
		return -ENOMEM;
	if (chrome_inner(event, "args", &im->args) < 0)
		return -ENOMEM;
	if (!what)
		return 0;
	process = &im->processes[im->tracks[i].process];
	name = chrome_field(&im->args, "name");
	name = name ? weft_arena_intern(im->arena, name) : NULL;
	if (name && strcmp(what, "thread_name") == 0)
		im->tracks[i].name = name;
	else if (name && strcmp(what, "process_name") == 0)
		process->name = name;
	if (!chrome_int(&im->args, "sort_index", &order))
		return 0;
	if (strcmp(what, "thread_sort_index") == 0)
		im->tracks[i].order = order;
	else if (strcmp(what, "process_sort_index") == 0)
		process->order = order;
	return 0;
}

/* ---- Arrows ---------------------------------------------------------------------------------- */

int64_t chrome_channel(struct chrome_importer *im, const char *name)
{
	const char *copy = weft_arena_intern(im->arena, name);
	const uint64_t *known = copy ? weft_map_get(&im->channel_of, (uintptr_t)copy) : NULL;

	if (known)
		return (int64_t)*known;
	if (!copy ||
		weft_grow(&im->channels, im->nchannels, &im->room_channels, sizeof(*im->channels)) <
			0 ||
		weft_map_put(&im->channel_of, (uintptr_t)copy, im->nchannels) < 0)
		return -ENOMEM;
	im->channels[im->nchannels] = copy;
	return (int64_t)im->nchannels++;
}

static int add_tip(struct chrome_importer *im, const struct chrome_item *item, char ph, bool next,
	const char *key, int64_t channel, uint64_t line)
{
	if (!key || channel < 0 ||
		weft_grow(&im->tips, im->ntips, &im->room_tips, sizeof(*im->tips)) < 0)
		return -ENOMEM;
	im->tips[im->ntips++] = (struct chrome_tip){
		.t = item->t,
		.seq = item->seq,
		.line = line,
		.key = key,
		.channel = (uint32_t)channel,
		.track = item->track,
		.ph = ph,
		.next = next,
	};
	return 0;
}

/* An arrow by records of its own: s, t and f. */
static int take_flow(struct chrome_importer *im, struct chrome_object *event,
	const struct chrome_item *item, char ph, uint64_t line)
{
	const char *cat = chrome_field(event, "cat"), *name = chrome_field(event, "name");
	const char *bp = chrome_field(event, "bp");
	const char *id = chrome_field(event, "id");
	char label[300];

	if (!cat || !name || strcmp(cat, name) == 0)
		snprintf(label, sizeof(label), "%.200s", name ? name : cat ? cat : "flow");
	else
		snprintf(label, sizeof(label), "%.100s/%.150s", cat, name);
	return add_tip(im, item, ph, ph == 'f' && !(bp && strcmp(bp, "e") == 0),
		chrome_join(im, cat, name, id), chrome_channel(im, label), line);
}

/* An arrow by fields of the slices at its ends. */
static int take_bind(struct chrome_importer *im, struct chrome_object *event,
	const struct chrome_item *item, uint64_t line)
{
	const char *id = chrome_field(event, "bind_id");
	bool in = chrome_true(event, "flow_in"), out = chrome_true(event, "flow_out");

	if (!id || (!in && !out))
		return 0;
	return add_tip(im, item,
		!in   ? 's'
		: out ? 't'
		      : 'f',
		false, chrome_join(im, "bind_id", id, NULL), chrome_channel(im, "flow"), line);
}

/* ---- Events ---------------------------------------------------------------------------------- */

/* A copy of the event's text, with a NUL behind it, that lives as long as the arena. */
static char *keep_text(struct chrome_importer *im, const char *text, size_t len)
{
	char *copy;

	if (len + 1 > im->chunk_left) {
		size_t size = len + 1 > CHUNK_BYTES ? len + 1 : CHUNK_BYTES;

		im->chunk = malloc(size);
		if (!im->chunk || weft_arena_adopt(im->arena, im->chunk) < 0)
			return NULL;
		im->chunk_left = size;
	}
	copy = memcpy(im->chunk, text, len);
	copy[len] = '\0';
	im->chunk += len + 1;
	im->chunk_left -= len + 1;
	return copy;
}

static int add_item(struct chrome_importer *im, const struct chrome_item *item)
{
	if (weft_grow(&im->items, im->nitems, &im->room_items, sizeof(*item)) < 0)
		return -ENOMEM;
	im->items[im->nitems++] = *item;
	return 0;
}

/* Whether it is a state of a thread, as weft writes them; and whether the trace ends in it. */
static bool is_state(struct chrome_object *event)
{
	static const char *const cats[] = {"run", "ready", "block", "life"};
	const char *cat = chrome_field(event, "cat");

	for (size_t i = 0; cat && i < sizeof(cats) / sizeof(cats[0]); i++) {
		if (strcmp(cat, cats[i]) == 0)
			return true;
	}
	return false;
}

/* The two ends of a slice with a duration, or an event at one moment. */
static int add_event(struct chrome_importer *im, struct chrome_object *event, char ph,
	struct chrome_item *item, uint64_t line)
{
	struct chrome_item end = *item;
	int64_t dur = 0;
	int rc;

	if (ph == 'X' && (!chrome_time(event, "dur", &dur) || dur < 0))
		dur = 0;
	item->is_slice = ph == 'X' || ph == 'B';
	rc = item->is_slice ? take_bind(im, event, item, line) : 0;
	if (rc == 0)
		rc = add_item(im, item);
	if (rc < 0 || dur == 0)
		return rc;
	end.role = CHROME_ROLE_END;
	end.begin = item->t;
	end.t = item->t + dur;
	if (is_state(event)) {
		rc = chrome_inner(event, "args", &im->args);
		im->tracks[item->track].last_state =
			chrome_true(&im->args, "unfinished") ? SIZE_MAX : im->nitems;
	}
	if (rc < 0)
		return rc;
	return add_item(im, &end);
}

static int take_timed(struct chrome_importer *im, struct chrome_object *event, char ph,
	struct chrome_item *item, const struct weft_text *text, uint64_t line)
{
	/* What belongs to a process or to nobody. A mark says so by its scope. */
	const char *scope = strchr("iIR", ph) ? chrome_field(event, "s") : NULL;
	bool has_thread = !strchr("CbenSF", ph) && !(scope && strchr("gp", scope[0]));
	int64_t track = has_thread ? find_track(im, event, item->seq) : (int64_t)UINT32_MAX;

	if (track < 0)
		return -ENOMEM;
	item->track = (uint32_t)track;
	if (has_thread && !im->tracks[track].used) {
		im->tracks[track].used = true;
		im->tracks[track].seq = item->seq;
		im->processes[im->tracks[track].process].used = true;
	}
	if (strchr("stf", ph))
		return take_flow(im, event, item, ph, line);
	item->text = keep_text(im, text->data, text->len);
	item->len = (uint32_t)text->len;
	return item->text ? add_event(im, event, ph, item, line) : -ENOMEM;
}

static int take_event(struct chrome_importer *im, const struct weft_text *text, uint64_t line)
{
	struct chrome_object *event = &im->event;
	struct chrome_item item = {.seq = im->nitems + im->ntips, .role = CHROME_ROLE_EVENT};
	int rc = text->too_long ? -EINVAL : chrome_object_read(event, text->data, text->len);
	const char *ph = rc == 0 ? chrome_field(event, "ph") : NULL;

	if (rc == -ENOMEM)
		return rc;
	if (rc < 0 || (!ph && event->npairs > 0))
		chrome_odd(im, CHROME_BAD_EVENT, line);
	else if (ph && ph[0] == 'M')
		return take_metadata(im, event, item.seq);
	else if (ph && (!strchr("XBEiIRCbenSFstfT", ph[0]) || !ph[0]))
		chrome_odd(im, CHROME_UNKNOWN_PHASE, line);
	else if (ph && !chrome_time(event, "ts", &item.t))
		chrome_odd(im, CHROME_BAD_TIME, line);
	else if (ph)
		return take_timed(im, event, ph[0], &item, text, line);
	return 0;
}

/* ---- The file -------------------------------------------------------------------------------- */

static int read_list(struct chrome_importer *im, struct weft_split *split)
{
	int rc;

	weft_input_get(split->input); /* the bracket */
	weft_split_enter(split);
	while ((rc = weft_split_next(split, WEFT_LINE_MAX)) == WEFT_PIECE_VALUE) {
		rc = take_event(im, &split->text, split->line);
		if (rc < 0)
			break;
	}
	return rc;
}

static bool key_is(const struct weft_split *split, const char *key)
{
	size_t len = strlen(key);

	return split->text.len == len + 2 && memcmp(split->text.data + 1, key, len) == 0;
}

/* What the file says of itself. */
static int take_header(struct chrome_importer *im, const struct weft_text *text)
{
	int rc = chrome_object_read(&im->event, text->data, text->len);
	const char *format = rc == 0 ? chrome_field(&im->event, "format") : NULL;
	const char *title = rc == 0 ? chrome_field(&im->event, "title") : NULL;

	im->ours |= format && strcmp(format, "weft") == 0;
	if (title && !im->title) {
		im->title = weft_arena_intern(im->arena, title);
		rc = im->title ? 0 : -ENOMEM;
	}
	return rc == -ENOMEM ? rc : 0;
}

/* The frames of call stacks, one at a time: there may be many. */
static int read_frames(struct chrome_importer *im, struct weft_split *split)
{
	int rc;

	weft_input_get(split->input);
	while ((rc = weft_split_key(split)) == WEFT_PIECE_VALUE) {
		const char *id;

		split->text.data[split->text.len - 1] = '\0'; /* the quote */
		id = weft_arena_intern(im->arena, split->text.data + 1);
		rc = id ? weft_split_value(split, WEFT_LINE_MAX) : -ENOMEM;
		if (rc != WEFT_PIECE_VALUE)
			break;
		if (split->text.too_long)
			continue;
		rc = chrome_object_read(&im->event, split->text.data, split->text.len);
		if (rc == 0)
			rc = chrome_take_frame(im, id, &im->event);
		if (rc == -ENOMEM)
			break;
	}
	return rc;
}

static int read_object(struct chrome_importer *im, struct weft_split *split)
{
	bool found = false;
	int rc;

	weft_input_get(split->input);
	while ((rc = weft_split_key(split)) == WEFT_PIECE_VALUE) {
		bool is_metadata = key_is(split, "metadata");

		if (key_is(split, "traceEvents") && weft_split_blank(split) == '[') {
			found = true;
			rc = read_list(im, split);
			if (rc == WEFT_PIECE_CLOSE)
				continue;
			break;
		}
		if (key_is(split, "stackFrames") && weft_split_blank(split) == '{') {
			rc = read_frames(im, split);
			if (rc == WEFT_PIECE_CLOSE)
				continue;
			break;
		}
		rc = weft_split_value(split, is_metadata ? METADATA_MAX : 0);
		if (rc != WEFT_PIECE_VALUE)
			break;
		if (is_metadata && !split->text.too_long && take_header(im, &split->text) < 0)
			return -ENOMEM;
	}
	return rc == WEFT_PIECE_CLOSE && !found ? WEFT_PIECE_BAD : rc;
}

static bool has_anything(const struct chrome_importer *im)
{
	return im->nitems + im->ntips + im->ntracks > 0;
}

/* In a trace that weft wrote a thread ends where its last state does, unless that is open. */
static void mark_ours(struct chrome_importer *im)
{
	for (size_t i = 0; im->ours && i < im->ntracks; i++) {
		if (im->tracks[i].last_state != SIZE_MAX)
			im->items[im->tracks[i].last_state].role = CHROME_ROLE_EXIT;
	}
}

int chrome_read_events(
	struct chrome_importer *im, struct weft_input *input, struct weft_trace_error *error)
{
	struct weft_split split;
	bool is_list;
	int rc;

	if (input->len >= 3 && input->pos == 0 && memcmp(input->buf, "\xef\xbb\xbf", 3) == 0)
		input->pos = 3;
	weft_split_init(&split, input);
	is_list = weft_split_blank(&split) == '[';
	if (is_list)
		rc = read_list(im, &split);
	else
		rc = weft_split_blank(&split) == '{' ? read_object(im, &split) : WEFT_PIECE_BAD;
	weft_split_finish(&split);
	/* A list may lack its end: who records appends to it. */
	if (rc == WEFT_PIECE_CUT && is_list && has_anything(im))
		rc = 0;
	if (rc == WEFT_PIECE_CUT || (rc == WEFT_PIECE_BAD && has_anything(im))) {
		weft_report(im->report, "W01", input->line, 0, "the end is missing: cut here");
		rc = 0;
	}
	if (input->error < 0)
		rc = input->error;
	if (rc == WEFT_PIECE_BAD)
		return weft_refuse(error, -EPROTO, input->line,
			"not a Chrome trace: no list of events (line %llu)",
			(unsigned long long)input->line);
	if (rc < 0)
		return weft_refuse(error, rc, 0, "%s", weft_input_reason(input, rc));
	mark_ours(im);
	return 0;
}
