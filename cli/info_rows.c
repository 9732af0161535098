/* SPDX-License-Identifier: MIT
 *
 * The tables of weft info as programs read them: what is in a row, said once for JSON and CSV.
 * Times are ns; threads and objects are given by id and name.
 */
#include <inttypes.h>

#include "cli/cli.h"
#include "cli/info.h"

/* Under these keys: the id, and NAME_name. */
static void out_ref(struct info_out *out, const char *key, const char *name_key, bool known,
	uint64_t id, const char *name)
{
	if (known)
		info_out_int(out, key, (int64_t)id);
	else
		info_out_null(out, key);
	info_out_text(out, name_key, known ? name : NULL);
}

static void out_thread(struct info_out *out, const char *key, const char *name_key,
	const struct weft_stats *s, uint32_t i)
{
	bool known = i != WEFT_NO_INDEX;

	out_ref(out, key, name_key, known, known ? s->threads[i].id : 0,
		known ? s->threads[i].name : NULL);
}

static void out_object(struct info_out *out, const struct weft_stats *s, uint32_t i)
{
	bool known = i != WEFT_NO_INDEX;

	out_ref(out, "on", "on_name", known, known ? s->objects[i].id : 0,
		known ? s->objects[i].name : NULL);
}

static const char *why_or_null(unsigned why)
{
	return why ? weft_why_word(why) : NULL;
}

/* ---- Threads --------------------------------------------------------------------------------- */

static uint32_t count_threads(const struct info *info)
{
	return info->stats->nthreads;
}

static bool shows_thread(const struct weft_stats *s, uint32_t i)
{
	return s->threads[i].chosen;
}

/* The reasons for which a thread can be blocked: those of a block record. */
static bool blocks(unsigned why)
{
	return why != WEFT_WHY_NONE && why < WEFT_WHY_CLOSE;
}

/* In JSON those that there were, in CSV a column for each. */
static void out_reasons(
	struct info_out *out, const struct weft_stats *s, const struct weft_thread_stats *thread)
{
	int64_t ns[WEFT_WHY_COUNT] = {0};
	struct info_out inner = {out->form, true};
	char key[40];

	for (uint32_t r = thread->first_reason; r != WEFT_NO_INDEX; r = s->reasons[r].next)
		ns[s->reasons[r].why] = s->reasons[r].ns;
	if (out->form == INFO_JSON) {
		info_out_key(out, "blocked_by_ns");
		putchar('{');
	}
	for (unsigned why = 0; why < WEFT_WHY_COUNT; why++) {
		if (!blocks(why) || (out->form == INFO_JSON && ns[why] == 0))
			continue;
		snprintf(key, sizeof(key), "%s%s%s", out->form == INFO_JSON ? "" : "blocked_",
			weft_why_word(why), out->form == INFO_JSON ? "" : "_ns");
		info_out_int(out->form == INFO_JSON ? &inner : out, key, ns[why]);
	}
	if (out->form == INFO_JSON)
		putchar('}');
}

static void thread_row(struct info_out *out, const struct weft_stats *s, uint32_t i)
{
	const struct weft_thread_stats *thread = &s->threads[i];

	info_out_int(out, "id", (int64_t)thread->id);
	info_out_text(out, "name", thread->name);
	out_thread(out, "parent", "parent_name", s, thread->parent);
	info_out_text(out, "fn", thread->fn);
	info_out_text(out, "spawned_at", thread->at);
	info_out_int(out, "born_ns", thread->born_ns);
	info_out_time(out, "died_ns", thread->died_ns);
	info_out_bool(out, "sys", thread->sys);
	info_out_int(out, "running_ns", thread->running_ns);
	info_out_int(out, "ready_ns", thread->ready_ns);
	info_out_int(out, "blocked_ns", thread->blocked_ns);
	info_out_int(out, "unknown_ns", thread->unknown_ns);
	out_reasons(out, s, thread);
	info_out_int(out, "waits", (int64_t)thread->waits);
	info_out_int(out, "longest_wait_ns", thread->longest_ns);
	info_out_int(out, "starts", (int64_t)thread->starts);
	info_out_int(out, "latest_start_ns", thread->latest_ns);
	info_out_int(out, "sent", (int64_t)thread->sent);
	info_out_int(out, "received", (int64_t)thread->received);
}

/* ---- Channels and locks ---------------------------------------------------------------------- */

static uint32_t count_objects(const struct info *info)
{
	return info->stats->nobjects;
}

static bool shows_channel(const struct weft_stats *s, uint32_t i)
{
	return s->objects[i].chosen && s->objects[i].type == WEFT_OBJ_CHAN;
}

static void out_object_head(struct info_out *out, const struct weft_object_stats *object)
{
	info_out_int(out, "id", (int64_t)object->id);
	info_out_text(out, "name", object->name);
	info_out_text(out, "made_at", object->at);
	info_out_int(out, "made_ns", object->made_ns);
	info_out_time(out, "freed_ns", object->freed_ns);
}

static void channel_row(struct info_out *out, const struct weft_stats *s, uint32_t i)
{
	const struct weft_object_stats *object = &s->objects[i];
	const struct weft_side_stats *sides = object->sides;

	out_object_head(out, object);
	info_out_time(out, "closed_ns", object->closed_ns);
	info_out_text(out, "elem", object->elem);
	if (object->has_cap)
		info_out_int(out, "cap", (int64_t)object->cap);
	else
		info_out_null(out, "cap");
	info_out_int(out, "fullest", (int64_t)object->fullest);
	info_out_int(out, "sent", (int64_t)object->sent);
	info_out_int(out, "received", (int64_t)object->received);
	info_out_int(out, "withdrawn", (int64_t)object->withdrawn);
	info_out_int(out, "pending", (int64_t)object->pending);
	info_out_real(out, "received_per_s", weft_stats_rate(object));
	info_out_histogram(out, "queue", &object->queue);
	info_out_int(out, "send_waits", (int64_t)sides[WEFT_SIDE_SEND].waits);
	info_out_int(out, "send_wait_ns", sides[WEFT_SIDE_SEND].total_ns);
	info_out_int(out, "send_wait_max_ns", sides[WEFT_SIDE_SEND].max_ns);
	info_out_int(out, "recv_waits", (int64_t)sides[WEFT_SIDE_RECV].waits);
	info_out_int(out, "recv_wait_ns", sides[WEFT_SIDE_RECV].total_ns);
	info_out_int(out, "recv_wait_max_ns", sides[WEFT_SIDE_RECV].max_ns);
}

static bool shows_lock(const struct weft_stats *s, uint32_t i)
{
	return s->objects[i].chosen && weft_obj_is_lock(s->objects[i].type);
}

static void lock_row(struct info_out *out, const struct weft_stats *s, uint32_t i)
{
	const struct weft_object_stats *object = &s->objects[i];
	const struct weft_side_stats *side = &object->sides[WEFT_SIDE_RECV];

	out_object_head(out, object);
	info_out_text(out, "type", weft_obj_word(object->type));
	info_out_int(out, "taken", (int64_t)object->acquired);
	info_out_int(out, "held_ns", object->held_ns);
	info_out_histogram(out, "hold", &object->held);
	info_out_int(out, "contended", (int64_t)side->waits);
	info_out_int(out, "wait_ns", side->total_ns);
	info_out_int(out, "wait_max_ns", side->max_ns);
	out_thread(out, "holder", "holder_name", s, object->holder);
}

/* ---- Waits and trips ------------------------------------------------------------------------- */

static uint32_t least(uint64_t a, uint32_t b)
{
	return a < b ? (uint32_t)a : b;
}

static uint32_t count_pairs(const struct info *info)
{
	return least(info->stats->pairs.count, info->top);
}

static void pair_row(struct info_out *out, const struct weft_stats *s, uint32_t i)
{
	const struct weft_pair *pair = &s->pairs.list[i];

	out_thread(out, "thread", "thread_name", s, pair->waiter);
	out_thread(out, "for", "for_name", s, pair->waker);
	out_object(out, s, pair->obj);
	info_out_int(out, "waits", (int64_t)pair->waits);
	info_out_int(out, "wait_ns", pair->total_ns);
	info_out_int(out, "wait_max_ns", pair->max_ns);
}

static uint32_t count_waits(const struct info *info)
{
	return info->stats->nwaits;
}

static void wait_row(struct info_out *out, const struct weft_stats *s, uint32_t i)
{
	const struct weft_wait *wait = &s->waits[i];

	out_thread(out, "thread", "thread_name", s, wait->thread);
	info_out_text(out, "why", why_or_null(wait->why));
	out_object(out, s, wait->obj);
	info_out_int(out, "begin_ns", wait->begin_ns);
	info_out_int(out, "end_ns", wait->end_ns);
	info_out_bool(out, "open", wait->open);
	out_thread(out, "woken_by", "woken_by_name", s, wait->waker);
	info_out_text(out, "where", wait->where);
}

static uint32_t count_trips(const struct info *info)
{
	return info->stats->ntrips;
}

static void trip_row(struct info_out *out, const struct weft_stats *s, uint32_t i)
{
	const struct weft_trip *trip = &s->trips[i];

	info_out_int(out, "msg", (int64_t)trip->msg);
	out_thread(out, "from", "from_name", s, trip->from);
	out_thread(out, "to", "to_name", s, trip->to);
	out_object(out, s, trip->obj);
	info_out_int(out, "send_ns", trip->send_ns);
	info_out_int(out, "recv_ns", trip->recv_ns);
	info_out_text(out, "value", trip->value);
}

/* ---- The end --------------------------------------------------------------------------------- */

static uint32_t count_left(const struct info *info)
{
	return info->stats->nleft;
}

/* What a select waits for: a list in JSON, "recv #1 send #2" in CSV. */
static void out_cases(
	struct info_out *out, const struct weft_stats *s, const struct weft_thread_stats *thread)
{
	char text[256] = "";
	size_t len = 0;

	if (out->form == INFO_JSON) {
		info_out_key(out, "cases");
		putchar('[');
		for (uint32_t i = 0; i < thread->ncases; i++) {
			struct info_out inner = {INFO_JSON, true};

			printf(i ? ",{" : "{");
			info_out_text(&inner, "dir", thread->cases[i].send ? "send" : "recv");
			out_object(&inner, s, thread->cases[i].obj);
			putchar('}');
		}
		putchar(']');
		return;
	}
	for (uint32_t i = 0; i < thread->ncases && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s #%" PRIu64,
			i ? " " : "", thread->cases[i].send ? "send" : "recv",
			s->objects[thread->cases[i].obj].id);
	info_out_text(out, "cases", text);
}

static void left_row(struct info_out *out, const struct weft_stats *s, uint32_t n)
{
	uint32_t i = s->left ? s->left[n] : 0;
	const struct weft_thread_stats *thread = &s->threads[i];
	bool blocked = thread->state == WEFT_STATE_BLOCKED;

	out_thread(out, "thread", "thread_name", s, i);
	info_out_text(out, "state", weft_state_word(thread->state));
	info_out_int(out, "since_ns", thread->since_ns);
	info_out_text(out, "why", blocked ? why_or_null(thread->why) : NULL);
	out_object(out, s, thread->obj);
	out_cases(out, s, thread);
	out_thread(out, "holder", "holder_name", s,
		thread->obj == WEFT_NO_INDEX ? WEFT_NO_INDEX : s->objects[thread->obj].holder);
	out_thread(out, "of", "of_name", s, thread->of);
	info_out_text(out, "where", thread->where);
}

static uint32_t count_lost(const struct info *info)
{
	return info->stats->nlost;
}

static void lost_row(struct info_out *out, const struct weft_stats *s, uint32_t i)
{
	const struct weft_lost *lost = &s->lost[i];

	out_object(out, s, lost->obj);
	info_out_int(out, "messages", (int64_t)lost->count);
	info_out_int(out, "msg", (int64_t)lost->msg);
	out_thread(out, "from", "from_name", s, lost->from);
	info_out_int(out, "send_ns", lost->send_ns);
	info_out_text(out, "value", lost->value);
}

static uint32_t count_held(const struct info *info)
{
	return info->stats->nheld;
}

static void held_row(struct info_out *out, const struct weft_stats *s, uint32_t i)
{
	const struct weft_held *held = &s->held[i];

	out_object(out, s, held->obj);
	out_thread(out, "thread", "thread_name", s, held->thread);
	info_out_bool(out, "thread_ended", s->threads[held->thread].ended);
	info_out_int(out, "since_ns", held->since_ns);
}

/* ---- Parallelism ----------------------------------------------------------------------------- */

static uint32_t count_levels(const struct info *info)
{
	return weft_levels_count(&info->stats->levels);
}

/* A step of time: thread-ns in each state. */
static void level_row(struct info_out *out, const struct weft_stats *s, uint32_t i)
{
	const struct weft_levels *levels = &s->levels;
	int64_t begin = levels->begin_ns + ((int64_t)i << levels->shift);
	int64_t end = begin + (INT64_C(1) << levels->shift);

	info_out_int(out, "begin_ns", begin);
	info_out_int(out, "end_ns", end < levels->t_ns ? end : levels->t_ns);
	info_out_int(out, "running_ns", levels->ns[WEFT_STATE_RUNNING][i]);
	info_out_int(out, "ready_ns", levels->ns[WEFT_STATE_READY][i]);
	info_out_int(out, "blocked_ns", levels->ns[WEFT_STATE_BLOCKED][i]);
}

const struct info_table info_table_list[INFO_TABLES] = {
	{"threads", count_threads, shows_thread, thread_row},
	{"channels", count_objects, shows_channel, channel_row},
	{"locks", count_objects, shows_lock, lock_row},
	{"pairs", count_pairs, NULL, pair_row},
	{"waits", count_waits, NULL, wait_row},
	{"messages", count_trips, NULL, trip_row},
	{"left", count_left, NULL, left_row},
	{"held", count_held, NULL, held_row},
	{"lost", count_lost, NULL, lost_row},
	{"parallelism", count_levels, NULL, level_row},
};

const char *const info_table_names[INFO_TABLES + 1] = {"threads", "channels", "locks", "pairs",
	"waits", "messages", "left", "held", "lost", "parallelism", NULL};
