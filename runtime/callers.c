/* SPDX-License-Identifier: MIT
 *
 * A map from stacks to numbers: open addressing, one lock. What is loaded is learned when the
 * recording begins, as in locate.c. See callers.h.
 */
#include "runtime/callers.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "runtime/probe.h"
#include "runtime/sched.h"
#include "runtime/unwind.h"

#define SLOTS_FIRST 256
#define STACKS_MOST 100000 /* what comes later has a place and no stack */

struct stack {
	uint32_t number;
	int n;
	int64_t t; /* when it was recorded: what refers to it comes later */
	uintptr_t pcs[];
};

static struct {
	struct weft__modules modules; /* fixed while a run records */

	struct weft__lock lock; /* always taken; guards what follows */
	struct stack **slots;
	size_t size;
	uint32_t used;
	int64_t last_t;
} known;

void weft__callers_start(void)
{
	weft__callers_finish(); /* of a recording that broke off */
	weft__modules_get(&known.modules);
}

void weft__callers_finish(void)
{
	for (size_t i = 0; i < known.size; i++)
		free(known.slots[i]);
	free(known.slots);
	weft__modules_put(&known.modules);
	memset(&known, 0, sizeof(known));
}

static bool is(const struct stack *stack, const uintptr_t *pcs, int n)
{
	return stack->n == n && memcmp(stack->pcs, pcs, (size_t)n * sizeof(*pcs)) == 0;
}

/* FNV-1a, by words. */
static size_t hash_of(const uintptr_t *pcs, int n)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (int i = 0; i < n; i++)
		hash = (hash ^ pcs[i]) * UINT64_C(0x100000001b3);
	return (size_t)(hash ^ hash >> 29);
}

/* Its slot, or the empty one where it belongs. There is an empty one. Locked, as the next two. */
static struct stack **find(struct stack **slots, size_t size, const uintptr_t *pcs, int n)
{
	for (size_t i = hash_of(pcs, n);; i++) {
		struct stack **slot = &slots[i & (size - 1)];

		if (!*slot || is(*slot, pcs, n))
			return slot;
	}
}

static bool grow(void)
{
	size_t size = known.size ? 2 * known.size : SLOTS_FIRST;
	struct stack **slots = calloc(size, sizeof(struct stack *));

	if (!slots)
		return false;
	for (size_t i = 0; i < known.size; i++) {
		struct stack *stack = known.slots[i];

		if (stack)
			*find(slots, size, stack->pcs, stack->n) = stack;
	}
	free(known.slots);
	known.slots = slots;
	known.size = size;
	return true;
}

/* NULL: it is new, and there is no memory for it, or no room in the ring. */
static const struct stack *number(const uintptr_t *pcs, int n)
{
	struct stack **slot, *stack;

	if (2 * (size_t)known.used >= known.size && (known.used >= STACKS_MOST || !grow()))
		return NULL;
	slot = find(known.slots, known.size, pcs, n);
	if (*slot || known.used >= STACKS_MOST)
		return *slot;
	stack = malloc(sizeof(*stack) + (size_t)n * sizeof(*pcs));
	if (!stack)
		return NULL;
	stack->number = known.used + 1;
	stack->n = n;
	memcpy(stack->pcs, pcs, (size_t)n * sizeof(*pcs));
	if (!weft__probe_stack(weft__worker(), stack->number, pcs, n, &known.last_t)) {
		free(stack);
		return NULL;
	}
	stack->t = known.last_t;
	*slot = stack;
	known.used++;
	return stack;
}

/* The frames from `pc` on: those in front of it are the library's own. 0: it is not among them. */
static int walk(const struct weft__co *self, uintptr_t pc, uintptr_t *pcs)
{
	struct weft__regs here;
	bool reached;
	ucontext_t uc;
	int n, first = 0;

	getcontext(&uc);
	weft__regs_of(&uc, &here);
	n = weft__unwind(&known.modules, &here, self->stack, self, (uintptr_t)weft__co_main, pcs,
		WEFT__FRAMES_MOST, &reached);
	while (first < n && pcs[first] != pc)
		first++;
	memmove(pcs, pcs + first, (size_t)(n - first) * sizeof(*pcs));
	return n - first;
}

uintptr_t weft__callers(struct weft__co *self, uintptr_t pc)
{
	uintptr_t pcs[WEFT__FRAMES_MOST];
	int n = walk(self, pc, pcs);
	const struct stack *stack;

	if (n == 0)
		return pc;
	weft__probe_reserve(weft__worker(), WEFT_REC_UNITS_MAX);
	weft__lock_always(&known.lock);
	stack = number(pcs, n);
	if (stack) {
		pc = WEFT_REC_STACK | stack->number;
		if (self->last_t < stack->t)
			self->last_t = stack->t;
	}
	weft__unlock_always(&known.lock);
	return pc;
}
