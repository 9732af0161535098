/* SPDX-License-Identifier: MIT
 *
 * Coroutine-local values: a list of (key, value) in the order in which the coroutine first set
 * them, allocated by the first set. Looked through from the front, since a coroutine has a handful:
 * so that keys need no numbers, one with few of them pays for few, and destructors know their
 * order.
 *
 * The list is touched by its coroutine alone, but for the end of the run.
 */
#include "runtime/local.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "runtime/co.h"
#include "runtime/panic.h"
#include "runtime/run.h"
#include "runtime/sched.h"
#include "runtime/stack.h"

#define FIRST 3		/* with the counts, a line of cache */
#define RESETS_MAX 1000 /* values that destructors may set before we take it for no end */

struct local {
	const struct weft_local *key;
	void *value;
};

/* True: a coroutine of this run has set one. relaxed: read when there is one thread again. */
static atomic_bool used;

struct weft__locals {
	uint32_t count, most;
	struct local list[];
};

static struct local *find(struct weft__locals *locals, const struct weft_local *key)
{
	for (uint32_t i = 0; locals && i < locals->count; i++) {
		if (locals->list[i].key == key)
			return &locals->list[i];
	}
	return NULL;
}

void *weft_local_get(const struct weft_local *key)
{
	struct local *local = find(weft__self("weft_local_get")->locals, key);

	return local ? local->value : NULL;
}

/* Room for one more. */
static struct weft__locals *grow(struct weft__locals *locals)
{
	uint32_t most = locals ? 2 * locals->most + 1 : FIRST;
	struct weft__locals *grown;

	if (locals && locals->count < locals->most)
		return locals;
	grown = realloc(locals, sizeof(*grown) + most * sizeof(grown->list[0]));
	if (!grown)
		return NULL;
	grown->most = most;
	if (!locals)
		grown->count = 0;
	return grown;
}

int weft_local_set(const struct weft_local *key, void *value)
{
	struct weft__co *self = weft__self("weft_local_set");
	struct local *local = find(self->locals, key);
	struct weft__locals *locals;

	if (!key)
		weft__panic("weft_local_set of a null key");
	if (local) {
		local->value = value;
		return 0;
	}
	if (!value)
		return 0;
	locals = grow(self->locals);
	if (!locals)
		return -ENOMEM;
	if (!self->locals)
		atomic_store_explicit(&used, true, memory_order_relaxed);
	self->locals = locals;
	locals->list[locals->count++] = (struct local){key, value};
	return 0;
}

void weft__locals_destroy(struct weft__co *self)
{
	unsigned calls = 0, most = self->locals ? self->locals->count + RESETS_MAX : 0;

	/* A destructor may set values, and so move the list; it is looked at anew each time. */
	while (self->locals && self->locals->count) {
		struct local last = self->locals->list[--self->locals->count];

		if (!last.value || !last.key->weft_destroy)
			continue;
		if (calls++ == most)
			weft__panic(
				"the destructors of coroutine-local values set values without end");
		last.key->weft_destroy(last.value);
	}
	free(self->locals);
	self->locals = NULL;
}

static WEFT__NO_TSAN void free_list(struct weft__co *co, void *arg)
{
	free(co->locals);
	co->locals = NULL;
}

void weft__locals_finish(void)
{
	if (atomic_exchange_explicit(&used, false, memory_order_relaxed))
		weft__stacks_walk(free_list, NULL);
}
