/* SPDX-License-Identifier: MIT
 *
 * Stacks: slabs of address space, mapped lazily, each stack with a guard below it and its
 * coroutine's struct near its top.
 */
#ifndef WEFT_RUNTIME_STACK_H
#define WEFT_RUNTIME_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/cache.h"
#include "tracer/record/hidden.h"

struct weft__co;

enum weft__guard {
	WEFT__GUARD_NONE,     /* a canary, looked at when the coroutine parks */
	WEFT__GUARD_MPROTECT, /* two mappings a stack: up to half of vm.max_map_count */
	WEFT__GUARD_MADVISE,  /* MADV_GUARD_INSTALL, Linux 6.13 */
};

/*
 * Once a run. `stack_bytes`: of an ordinary stack. Coroutine 1's, of `first_bytes`, is mapped at
 * once, so that a run for which there is no memory does not begin: -ENOMEM, and weft__stacks_finish
 * is due.
 */
int weft__stacks_init(size_t stack_bytes, size_t first_bytes);

/* Unmaps all. No coroutine may be on one. */
void weft__stacks_finish(void);

enum weft__guard weft__stacks_guard(void);
const char *weft__guard_word(enum weft__guard guard);

extern WEFT__HIDDEN struct weft__co
	*weft__stack_first; /* coroutine 1's: once a run, and never put back */
extern WEFT__HIDDEN struct weft__depot weft__stack_depot;
extern WEFT__HIDDEN bool weft__stack_marks; /* a tool is told what is in use */

/* The slow sides of the two below. */
struct weft__co *weft__stack_more(struct weft__cache *cache);
void weft__stack_mark(struct weft__co *co, bool used);

/*
 * A stack; of its struct only stack, stack_bytes, guarded and state (FREE) are set. NULL: out of
 * memory. `cache` is the calling worker's.
 */
static WEFT__NO_TSAN_INLINE struct weft__co *weft__stack_get(struct weft__cache *cache)
{
	struct weft__co *co = weft__cache_get(cache, &weft__stack_depot);

	if (__builtin_expect(!co, 0))
		co = weft__stack_more(cache);
	if (__builtin_expect(weft__stack_marks, 0) && co)
		weft__stack_mark(co, true);
	return co;
}

static WEFT__NO_TSAN_INLINE void weft__stack_put(struct weft__cache *cache, struct weft__co *co)
{
	if (__builtin_expect(weft__stack_marks, 0))
		weft__stack_mark(co, false);
	if (co != weft__stack_first)
		weft__cache_put(cache, &weft__stack_depot, co);
}

/*
 * Gives some of the memory of free stacks back that are more than a burst will need again. False:
 * there was nothing to do. For a worker that is idle: it takes up to a millisecond.
 */
bool weft__stacks_trim(void);

/* Calls fn for each stack in use. For reports: nothing may be running. */
void weft__stacks_walk(void (*fn)(struct weft__co *co, void *arg), void *arg);

/* For debuggers: addresses, and offsets in an array of slabs. */
struct weft__stacks_debug {
	const void **slabs, **nslabs;
	uint32_t *slab_bytes, *slab_base, *slab_stack_bytes, *slab_used;
	uint32_t *co_bytes, *shades, *shade_bytes; /* where in a stack its struct lies: co_in */
};
void weft__stacks_debug(const struct weft__stacks_debug *ret);

/*
 * At the end of the run: whoever calls sees all that coroutines did on their stacks (acquire, with
 * the releases of parking and ending).
 */
void weft__stacks_acquire(void);

/* The coroutine whose stack or guard holds this address, or NULL. Safe in a signal handler. */
struct weft__co *weft__stack_find(const void *address);

#endif
