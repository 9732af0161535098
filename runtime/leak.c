/* SPDX-License-Identifier: MIT
 *
 * Who waits on a channel holds a reference to it meanwhile. When a channel has as many references
 * as waiters, nobody else can ever touch it; its waiters are lost, unless one of them may be woken
 * by something else: a deadline, its scope, another case of its select. So the lost ones are the
 * largest set of coroutines that wait, without a deadline and in no scope, for nothing but channels
 * that belong to the set, for each other's end, or for nothing at all. Whoever waits for something
 * that is not counted (a wait group, I/O ...) may be woken, for all that is known here, and whom
 * that one could wake as well.
 */
#include "runtime/leak.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/dump.h"
#include "runtime/panic.h"

#define ROUNDS_MOST 100
#define LINES_MOST 100

static bool may_be_lost(const struct weft__snap_co *co)
{
	if (co->state != WEFT__CO_PARKED || co->until || co->scoped)
		return false;
	switch (co->why) {
	case WEFT_WHY_SEND:
	case WEFT_WHY_RECV:
		return co->nwaits > 0;
	case WEFT_WHY_SELECT:
	case WEFT_WHY_JOIN:
	case WEFT_WHY_FOREVER:
		return true;
	default:
		return false;
	}
}

/* Is there something that may wake it? */
static bool may_be_woken(
	const struct weft__snap *snap, const struct weft__snap_co *co, const bool *held)
{
	const struct weft__snap_co *joined;

	if (co->why == WEFT_WHY_JOIN) {
		joined = weft__snap_find(snap, co->of);
		return !joined || !joined->lost;
	}
	for (size_t i = 0; i < co->nwaits; i++) {
		if (held[snap->waits[co->wait + i].chan])
			return true;
	}
	return false;
}

/* One round; false: nothing changed. From the newest on: parents join their children. */
static bool spare(struct weft__snap *snap, bool *held)
{
	bool changed = false;

	for (size_t i = 0; i < snap->ncos; i++) {
		const struct weft__snap_co *co = &snap->cos[i];

		for (size_t j = 0; !co->lost && j < co->nwaits; j++)
			held[snap->waits[co->wait + j].chan] = true;
	}
	for (size_t i = snap->ncos; i > 0; i--) {
		struct weft__snap_co *co = &snap->cos[i - 1];

		if (co->lost && may_be_woken(snap, co, held)) {
			co->lost = false;
			changed = true;
		}
	}
	return changed;
}

size_t weft__leak_find(struct weft__snap *snap)
{
	bool *held = calloc(snap->nchans + 1, sizeof(*held)), changed = true;
	size_t n = 0;

	if (!held || !snap->quiet || snap->no_chans || snap->short_of_memory) {
		free(held); /* nothing is certain */
		return 0;
	}
	for (size_t i = 0; i < snap->nchans; i++)
		held[i] = snap->chans[i].timed ||
			  snap->chans[i].refs != snap->chans[i].senders + snap->chans[i].receivers;
	for (size_t i = 0; i < snap->ncos; i++)
		snap->cos[i].lost = may_be_lost(&snap->cos[i]);
	for (int round = 0; changed && round < ROUNDS_MOST; round++)
		changed = spare(snap, held);
	for (size_t i = 0; i < snap->ncos; i++) {
		snap->cos[i].lost = snap->cos[i].lost && !changed;
		n += snap->cos[i].lost;
	}
	free(held);
	return n;
}

static bool is_lost(const struct weft__snap_co *co)
{
	return co->lost;
}

void weft__leak_report(void)
{
	const char *wish = secure_getenv("WEFT_LEAKS");
	struct weft__out *out;
	struct weft__snap snap;
	size_t lost, parked = 0;

	if (!wish || strcmp(wish, "1") != 0)
		return;
	out = malloc(sizeof(*out));
	if (!out)
		return;
	weft__snap_take(&snap, NULL, NULL, true);
	lost = weft__leak_find(&snap);
	for (size_t i = 0; i < snap.ncos; i++)
		parked += snap.cos[i].state == WEFT__CO_PARKED && !snap.cos[i].until;
	weft__out_open(out, 2);
	if (lost) {
		weft__out_put(out, "weft: leak: %zu coroutine%s can never be woken\n", lost,
			lost == 1 ? "" : "s");
		weft__dump_cos(out, &snap, is_lost, LINES_MOST);
	}
	if (parked > lost)
		weft__out_put(out,
			"weft: %zu coroutine%s blocked at the end, and somebody may still have "
			"been "
			"able to wake %s\n",
			parked - lost, parked - lost == 1 ? " was" : "s were",
			parked - lost == 1 ? "it" : "them");
	weft__out_close(out);
	weft__snap_free(&snap);
	free(out);
}
