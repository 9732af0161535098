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

struct weft__cache;
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

/*
 * A stack; of its struct only stack, stack_bytes, guarded and state (FREE) are set. `bytes` 0: an
 * ordinary one, else coroutine 1's. NULL: out of memory. `cache` is the calling worker's.
 */
struct weft__co *weft__stack_get(struct weft__cache *cache, size_t bytes);
void weft__stack_put(struct weft__cache *cache, struct weft__co *co);

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
