/* SPDX-License-Identifier: MIT
 *
 * Messages: how many went over each channel, how long they were on their way, how full its buffer
 * became, and which of them nobody received.
 */
#include <stdlib.h>

#include "tracer/stats/gather.h"

/* Whether the filter lets a message between these two count; `to` is WEFT_NO_INDEX at the send. */
static bool is_chosen(const struct weft_gather *g, uint32_t from, uint32_t to, uint32_t obj)
{
	const struct weft_stats *stats = g->stats;

	return stats->objects[obj].chosen &&
	       (stats->threads[from].chosen || (to != WEFT_NO_INDEX && stats->threads[to].chosen));
}

static void count_sent(struct weft_gather *g, struct weft_flight *flight)
{
	struct weft_object_stats *object = &g->stats->objects[flight->obj];

	flight->counted = true;
	object->sent++;
	if (object->first_send_ns == WEFT_NO_TIME)
		object->first_send_ns = flight->send_ns;
}

/* The trace says how many items are in the buffer; if not, messages on their way are counted. */
static void see_buffer(
	struct weft_gather *g, struct weft_object_stats *object, const struct weft_record *rec)
{
	uint64_t items = 0;

	if (rec->len >= 0)
		items = (uint64_t)rec->len;
	else if (rec->kind == WEFT_EV_SEND && rec->via == WEFT_VIA_BUFFER)
		items = object->on_way;
	if (object->has_cap && items > object->cap)
		items = object->cap;
	if (items > object->fullest && weft_gather_in_range(g, g->t))
		object->fullest = items;
}

static void take_send(struct weft_gather *g, const struct weft_record *rec)
{
	uint32_t from = weft_gather_thread(g, rec->co);
	uint32_t obj = weft_gather_object(g, rec->on, WEFT_OBJ_CHAN);
	uint32_t slot;
	struct weft_flight *flight;

	if (from == WEFT_NO_INDEX || obj == WEFT_NO_INDEX || !rec->msg)
		return; /* out of memory, or an importer's oddity */
	slot = weft_slots_take(&g->flight_slots, &g->flights, sizeof(*g->flights));
	if (slot == UINT32_MAX || weft_map_put(&g->flight_of, rec->msg, slot) < 0) {
		g->failed = true;
		return;
	}
	flight = &g->flights[slot];
	*flight = (struct weft_flight){
		.from = from,
		.obj = obj,
		.used = true,
		.msg = rec->msg,
		.send_ns = g->t,
	};
	g->failed |= weft_kept_take(&flight->value, rec) < 0;
	g->stats->objects[obj].on_way++;
	see_buffer(g, &g->stats->objects[obj], rec);
	if (!weft_gather_in_range(g, g->t))
		return;
	g->stats->threads[from].sent += g->stats->objects[obj].chosen;
	if (is_chosen(g, from, WEFT_NO_INDEX, obj))
		count_sent(g, flight);
}

static const char *text_of(struct weft_gather *g, const struct weft_kept *value)
{
	char text[WEFT_VALUE_TEXT];

	return weft_kept_text(value, text) ? weft_gather_intern(g, text) : NULL;
}

static void keep_trip(struct weft_gather *g, const struct weft_flight *flight, uint32_t to)
{
	uint32_t slot = weft_longest_offer(&g->trips, g->t - flight->send_ns, flight->send_ns);

	if (slot == WEFT_LONGEST_NONE)
		return;
	g->stats->trips[slot] = (struct weft_trip){
		.msg = flight->msg,
		.send_ns = flight->send_ns,
		.recv_ns = g->t,
		.from = flight->from,
		.to = to,
		.obj = flight->obj,
		.value = text_of(g, &flight->value),
	};
}

static void count_received(struct weft_gather *g, struct weft_flight *flight, uint32_t to)
{
	struct weft_object_stats *object = &g->stats->objects[flight->obj];
	int64_t length = g->t - flight->send_ns;

	if (!flight->counted && weft_gather_in_range(g, flight->send_ns))
		count_sent(g, flight); /* it is the receiver who was chosen */
	object->received++;
	object->last_recv_ns = g->t;
	g->failed |= weft_histogram_add(&object->queue, length) < 0;
	if (weft_longest_takes(&g->trips, length))
		keep_trip(g, flight, to);
}

static void land(struct weft_gather *g, uint32_t slot)
{
	struct weft_flight *flight = &g->flights[slot];

	g->stats->objects[flight->obj].on_way--;
	weft_kept_drop(&flight->value);
	flight->used = false;
	weft_slots_give(&g->flight_slots, &g->flights, sizeof(*g->flights), slot);
}

static void take_recv(struct weft_gather *g, const struct weft_record *rec)
{
	uint32_t to = weft_gather_thread(g, rec->co);
	uint32_t obj = weft_gather_object(g, rec->on, WEFT_OBJ_CHAN);
	struct weft_flight *flight;
	uint64_t slot;

	if (to == WEFT_NO_INDEX || obj == WEFT_NO_INDEX)
		return;
	see_buffer(g, &g->stats->objects[obj], rec);
	if (!rec->msg || !weft_map_take(&g->flight_of, rec->msg, &slot))
		return;
	flight = &g->flights[slot];
	if (weft_gather_in_range(g, g->t)) {
		g->stats->threads[to].received += g->stats->objects[flight->obj].chosen;
		if (is_chosen(g, flight->from, to, flight->obj))
			count_received(g, flight, to);
	}
	land(g, (uint32_t)slot);
}

static void take_unsend(struct weft_gather *g, const struct weft_record *rec)
{
	uint64_t slot;

	if (!weft_map_take(&g->flight_of, rec->msg, &slot))
		return;
	if (weft_gather_in_range(g, g->t) && g->flights[slot].counted)
		g->stats->objects[g->flights[slot].obj].withdrawn++;
	land(g, (uint32_t)slot);
}

void weft_traffic_record(struct weft_gather *g, const struct weft_record *rec)
{
	if (rec->kind == WEFT_EV_SEND)
		take_send(g, rec);
	else if (rec->kind == WEFT_EV_RECV)
		take_recv(g, rec);
	else
		take_unsend(g, rec);
}

/* ---- The end --------------------------------------------------------------------------------- */

static int by_time(const void *left, const void *right)
{
	const struct weft_lost *a = left, *b = right;

	if (a->send_ns != b->send_ns)
		return a->send_ns < b->send_ns ? -1 : 1;
	return a->obj < b->obj ? -1 : a->obj > b->obj;
}

/* The first of those that are still on their way on each channel; `lost_of` is by object. */
static void add_lost(struct weft_gather *g, struct weft_map *lost_of, size_t *room,
	const struct weft_flight *flight)
{
	struct weft_stats *stats = g->stats;
	const uint64_t *index = weft_map_get(lost_of, flight->obj);
	struct weft_lost *lost;

	if (!index) {
		if (weft_grow(&stats->lost, stats->nlost, room, sizeof(*stats->lost)) < 0 ||
			weft_map_put(lost_of, flight->obj, stats->nlost) < 0) {
			g->failed = true;
			return;
		}
		index = weft_map_get(lost_of, flight->obj);
		stats->lost[stats->nlost++] = (struct weft_lost){.send_ns = INT64_MAX};
	}
	lost = &stats->lost[*index];
	stats->objects[flight->obj].pending++;
	lost->obj = flight->obj;
	lost->count++;
	if (flight->send_ns > lost->send_ns ||
		(flight->send_ns == lost->send_ns && flight->msg > lost->msg))
		return;
	lost->msg = flight->msg;
	lost->send_ns = flight->send_ns;
	lost->from = flight->from;
	lost->value = text_of(g, &flight->value);
}

/* Whoever sent it: a message that was sent before the range counts as well as one in it. */
void weft_traffic_end(struct weft_gather *g)
{
	struct weft_map lost_of = {0};
	size_t room = 0;

	for (size_t i = 0; i < g->flight_slots.count; i++) {
		const struct weft_flight *flight = &g->flights[i];

		if (flight->used && is_chosen(g, flight->from, WEFT_NO_INDEX, flight->obj))
			add_lost(g, &lost_of, &room, flight);
	}
	if (g->stats->nlost)
		qsort(g->stats->lost, g->stats->nlost, sizeof(*g->stats->lost), by_time);
	weft_map_finish(&lost_of);
}

void weft_traffic_finish(struct weft_gather *g)
{
	for (size_t i = 0; i < g->flight_slots.count; i++) {
		if (g->flights[i].used)
			weft_kept_drop(&g->flights[i].value);
	}
}
