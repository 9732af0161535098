/* SPDX-License-Identifier: MIT
 *
 * From the ends of arrows to messages, as Perfetto ties them: tips with one key form a chain in the
 * order of time, s to t to f; each step is a message. Several f are several messages from one
 * place.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/formats/chrome_in.h"

static int compare_items(const void *left, const void *right)
{
	const struct chrome_item *a = left, *b = right;

	if (a->t != b->t)
		return a->t < b->t ? -1 : 1;
	if ((a->role == CHROME_ROLE_EXIT) != (b->role == CHROME_ROLE_EXIT))
		return a->role == CHROME_ROLE_EXIT ? 1 : -1;
	if ((a->role == CHROME_ROLE_END) != (b->role == CHROME_ROLE_END))
		return a->role == CHROME_ROLE_END ? -1 : 1;
	/* What began last ends first. */
	if (a->role == CHROME_ROLE_END && a->begin != b->begin)
		return a->begin > b->begin ? -1 : 1;
	if (a->role == CHROME_ROLE_END)
		return a->seq > b->seq ? -1 : a->seq < b->seq;
	if (a->seq != b->seq)
		return a->seq < b->seq ? -1 : 1;
	return a->hop < b->hop ? -1 : a->hop > b->hop;
}

void chrome_sort(struct chrome_importer *im)
{
	if (im->nitems)
		qsort(im->items, im->nitems, sizeof(*im->items), compare_items);
}

static int compare_tips(const void *left, const void *right)
{
	const struct chrome_tip *a = left, *b = right;

	if (a->t != b->t)
		return a->t < b->t ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

/* Moves each f that waits for the next slice of its thread to where that begins. */
static int move_ends(struct chrome_importer *im)
{
	int64_t *next = calloc(im->ntracks + 1, sizeof(*next));
	size_t i = im->nitems;

	if (!next)
		return -ENOMEM;
	for (size_t k = 0; k < im->ntracks; k++)
		next[k] = INT64_MAX;
	for (size_t k = im->ntips; k-- > 0;) {
		struct chrome_tip *tip = &im->tips[k];

		for (; i > 0 && im->items[i - 1].t >= tip->t; i--) {
			if (im->items[i - 1].is_slice)
				next[im->items[i - 1].track] = im->items[i - 1].t;
		}
		if (tip->next && next[tip->track] != INT64_MAX)
			tip->t = next[tip->track];
	}
	free(next);
	return 0;
}

static int add_hop(
	struct chrome_importer *im, const struct chrome_tip *from, const struct chrome_tip *to)
{
	if (weft_grow(&im->hops, im->nhops, &im->room_hops, sizeof(*im->hops)) < 0 ||
		im->nhops >= UINT32_MAX)
		return -ENOMEM;
	im->hops[im->nhops++] = (struct chrome_hop){
		.send = from->t,
		.recv = to ? to->t : INT64_MAX,
		.send_seq = from->seq,
		.recv_seq = to ? to->seq : 0,
		.from = from->track,
		.to = to ? to->track : UINT32_MAX,
		.channel = from->channel,
	};
	return 0;
}

/* The last tip of a chain that something can come from. */
struct chain {
	const struct chrome_tip *from;
	bool came; /* a message that it sent has come */
};

static int end_chain(struct chrome_importer *im, const struct chain *chain)
{
	if (!chain->from || chain->came)
		return 0;
	chrome_odd(im, CHROME_ARROW_WITHOUT_END, chain->from->line);
	return add_hop(im, chain->from, NULL);
}

static int take_tip(struct chrome_importer *im, struct chain *chain, const struct chrome_tip *tip)
{
	int rc = 0;

	if (tip->ph == 's')
		rc = end_chain(im, chain);
	else if (!chain->from)
		chrome_odd(im, CHROME_ARROW_WITHOUT_START, tip->line);
	else
		rc = add_hop(im, chain->from, tip);
	if (tip->ph == 's' || (tip->ph == 't' && chain->from))
		*chain = (struct chain){tip, tip->ph == 't'};
	else
		chain->came = true;
	return rc;
}

static int make_hops(struct chrome_importer *im)
{
	struct weft_map chain_of = {0};
	struct chain *chains = NULL;
	size_t nchains = 0, room = 0;
	int rc = 0;

	for (size_t i = 0; i < im->ntips && rc == 0; i++) {
		uintptr_t key = (uintptr_t)im->tips[i].key;
		const uint64_t *known = weft_map_get(&chain_of, key);
		size_t index = known ? (size_t)*known : nchains;

		if (!known) {
			rc = weft_grow(&chains, nchains, &room, sizeof(*chains));
			if (rc == 0)
				rc = weft_map_put(&chain_of, key, nchains);
			if (rc == 0)
				chains[nchains++] = (struct chain){NULL, false};
		}
		if (rc == 0)
			rc = take_tip(im, &chains[index], &im->tips[i]);
	}
	for (size_t i = 0; i < nchains && rc == 0; i++)
		rc = end_chain(im, &chains[i]);
	weft_map_finish(&chain_of);
	free(chains);
	return rc;
}

static int add_ends(struct chrome_importer *im, size_t hop)
{
	const struct chrome_hop *h = &im->hops[hop];
	struct chrome_item item = {
		.t = h->send,
		.seq = h->send_seq,
		.track = h->from,
		.hop = (uint32_t)hop,
		.role = CHROME_ROLE_SEND,
	};

	if (weft_grow(&im->items, im->nitems, &im->room_items, sizeof(item)) < 0)
		return -ENOMEM;
	im->items[im->nitems++] = item;
	if (h->recv == INT64_MAX)
		return 0;
	item.t = h->recv;
	item.seq = h->recv_seq;
	item.track = h->to;
	item.role = CHROME_ROLE_RECV;
	if (weft_grow(&im->items, im->nitems, &im->room_items, sizeof(item)) < 0)
		return -ENOMEM;
	im->items[im->nitems++] = item;
	return 0;
}

int chrome_resolve(struct chrome_importer *im)
{
	int rc;

	if (im->ours || im->ntips == 0)
		return 0; /* our own arrows say nothing that our own slices don't */
	qsort(im->tips, im->ntips, sizeof(*im->tips), compare_tips);
	rc = move_ends(im);
	if (rc < 0)
		return rc;
	qsort(im->tips, im->ntips, sizeof(*im->tips), compare_tips);
	rc = make_hops(im);
	for (size_t i = 0; i < im->nhops && rc == 0; i++)
		rc = add_ends(im, i);
	return rc;
}
