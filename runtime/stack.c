/* SPDX-License-Identifier: MIT
 *
 * Slabs grow from 64 stacks to 4,096. Address space costs nothing until it is touched: mapped
 * NORESERVE, huge pages off (the first touch of one would cost 2 MiB). Freed stacks are kept in a
 * list, last in first out, and used again as they are; a stack's struct is cleared by its next
 * owner.
 */
#include "runtime/stack.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/co.h"
#include "runtime/lock.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13; glibc 2.36 does not name it */
#endif

#define SLAB_FIRST 64
#define SLAB_MOST 4096
#define SLABS_MOST 4096

struct slab {
	char *base;
	size_t stack_bytes;
	uint32_t count; /* stacks that fit */
	/* Used so far, from the low end. Release after the stack is set up; acquire in the walks.
	 */
	_Atomic uint32_t used;
};

/* All under `lock`, but for what the walks read by acquire. */
static struct {
	struct weft__lock lock;
	struct slab slabs[SLABS_MOST];
	_Atomic uint32_t nslabs; /* release: slabs[nslabs - 1] is complete */
	struct slab *open;	 /* takes new ordinary stacks, or NULL */
	struct weft__co *free;	 /* ordinary ones */
	size_t page, stack_bytes;
	size_t mprotects, mprotects_most;
	enum weft__guard guard;
} pool;

/* Not seen by TSan: what a slab is does not change once nslabs tells of it. */
static WEFT__NO_TSAN struct weft__co *co_at(const struct slab *slab, uint32_t i)
{
	size_t co_bytes = (sizeof(struct weft__co) + 63) & ~(size_t)63;

	return (struct weft__co *)(slab->base + (i + 1) * slab->stack_bytes - co_bytes);
}

static size_t max_map_count(void)
{
	char text[32] = "";
	int fd = open("/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	return n > 0 ? strtoul(text, NULL, 10) : 65530;
}

/* Tries it on a page of our own: the kernel may be too old, or pages may be locked (mlockall). */
static enum weft__guard probe_guard(void)
{
	const char *wish = secure_getenv("WEFT_GUARD");
	enum weft__guard guard = WEFT__GUARD_MPROTECT;
	void *p;

	if (wish && strcmp(wish, "none") == 0)
		return WEFT__GUARD_NONE;
	if (WEFT__ASAN || (wish && strcmp(wish, "mprotect") == 0))
		return WEFT__GUARD_MPROTECT;
	p = mmap(NULL, pool.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return guard;
	if (madvise(p, pool.page, MADV_GUARD_INSTALL) == 0)
		guard = WEFT__GUARD_MADVISE;
	munmap(p, pool.page);
	return guard;
}

void weft__stacks_init(size_t stack_bytes)
{
	memset(&pool, 0, sizeof(pool));
	pool.page = (size_t)sysconf(_SC_PAGESIZE);
	pool.stack_bytes = (stack_bytes + pool.page - 1) & ~(pool.page - 1);
	pool.mprotects_most = max_map_count() / 4; /* each guard splits a mapping: two more */
	pool.guard = probe_guard();
}

void weft__stacks_finish(void)
{
	uint32_t n = atomic_exchange_explicit(&pool.nslabs, 0, memory_order_relaxed);

	for (uint32_t i = 0; i < n; i++)
		munmap(pool.slabs[i].base, pool.slabs[i].count * pool.slabs[i].stack_bytes);
	pool.open = NULL;
	pool.free = NULL;
}

enum weft__guard weft__stacks_guard(void)
{
	return pool.guard;
}

const char *weft__guard_word(enum weft__guard guard)
{
	static const char *const words[] = {"none", "mprotect", "madvise"};

	return words[guard];
}

static struct slab *slab_add(size_t stack_bytes, uint32_t count)
{
	uint32_t n = atomic_load_explicit(&pool.nslabs, memory_order_relaxed);
	struct slab *slab = &pool.slabs[n];
	void *base;

	if (n == SLABS_MOST)
		return NULL;
	base = mmap(NULL, count * stack_bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (base == MAP_FAILED)
		return NULL;
	madvise(base, count * stack_bytes, MADV_NOHUGEPAGE);
	slab->base = base;
	slab->stack_bytes = stack_bytes;
	slab->count = count;
	atomic_store_explicit(&slab->used, 0, memory_order_relaxed);
	atomic_store_explicit(&pool.nslabs, n + 1, memory_order_release);
	return slab;
}

static bool guard_install(char *lo)
{
	if (pool.guard == WEFT__GUARD_MADVISE)
		return madvise(lo, pool.page, MADV_GUARD_INSTALL) == 0;
	if (pool.guard == WEFT__GUARD_MPROTECT && pool.mprotects < pool.mprotects_most) {
		pool.mprotects++;
		return mprotect(lo, pool.page, PROT_NONE) == 0;
	}
	return false;
}

/* The next unused stack of a slab that has one. */
static struct weft__co *stack_cut(struct slab *slab)
{
	uint32_t i = atomic_load_explicit(&slab->used, memory_order_relaxed);
	struct weft__co *co = co_at(slab, i);

	co->stack = slab->base + i * slab->stack_bytes;
	co->stack_bytes = slab->stack_bytes;
	co->guarded = guard_install(co->stack);
	atomic_store_explicit(&slab->used, i + 1, memory_order_release);
	return co;
}

static struct weft__co *ordinary(void)
{
	struct weft__co *co = pool.free;

	if (co) {
		pool.free = co->next;
		return co;
	}
	if (!pool.open ||
		atomic_load_explicit(&pool.open->used, memory_order_relaxed) == pool.open->count) {
		uint32_t count = pool.open ? pool.open->count * 2 : SLAB_FIRST;

		pool.open = slab_add(pool.stack_bytes, count < SLAB_MOST ? count : SLAB_MOST);
		if (!pool.open)
			return NULL;
	}
	return stack_cut(pool.open);
}

WEFT__NO_TSAN struct weft__co *weft__stack_get(size_t bytes)
{
	struct weft__co *co = NULL;
	struct slab *slab;

	weft__lock(&pool.lock);
	if (bytes == 0 || bytes == pool.stack_bytes) {
		co = ordinary();
	} else {
		slab = slab_add((bytes + pool.page - 1) & ~(pool.page - 1), 1);
		co = slab ? stack_cut(slab) : NULL;
	}
	weft__unlock(&pool.lock);
	if (!co)
		return NULL;
#if WEFT__ASAN
	__asan_unpoison_memory_region(
		co->stack + pool.page, (size_t)((char *)co - co->stack) - pool.page);
#endif
	return co;
}

WEFT__NO_TSAN void weft__stack_put(struct weft__co *co)
{
	if (co->stack_bytes != pool.stack_bytes)
		return; /* coroutine 1's own: goes with the run */
	weft__lock(&pool.lock);
	co->next = pool.free;
	pool.free = co;
	weft__unlock(&pool.lock);
}

WEFT__NO_TSAN void weft__stacks_walk(void (*fn)(struct weft__co *co, void *arg), void *arg)
{
	uint32_t nslabs = atomic_load_explicit(&pool.nslabs, memory_order_acquire);

	for (uint32_t s = 0; s < nslabs; s++) {
		uint32_t used = atomic_load_explicit(&pool.slabs[s].used, memory_order_acquire);

		for (uint32_t i = 0; i < used; i++) {
			struct weft__co *co = co_at(&pool.slabs[s], i);

			if (atomic_load_explicit(&co->state, memory_order_acquire) != WEFT__CO_FREE)
				fn(co, arg);
		}
	}
}

void weft__stacks_acquire(void)
{
	uint32_t nslabs = atomic_load_explicit(&pool.nslabs, memory_order_acquire);

	for (uint32_t s = 0; s < nslabs; s++) {
		uint32_t used = atomic_load_explicit(&pool.slabs[s].used, memory_order_acquire);

		for (uint32_t i = 0; i < used; i++)
			(void)atomic_load_explicit(
				&co_at(&pool.slabs[s], i)->state, memory_order_acquire);
	}
}

WEFT__NO_TSAN struct weft__co *weft__stack_find(const void *address)
{
	uint32_t nslabs = atomic_load_explicit(&pool.nslabs, memory_order_acquire);
	const char *p = address;

	for (uint32_t s = 0; s < nslabs; s++) {
		const struct slab *slab = &pool.slabs[s];
		uint32_t used = atomic_load_explicit(&slab->used, memory_order_acquire);

		if (p >= slab->base && p < slab->base + used * slab->stack_bytes)
			return co_at(
				slab, (uint32_t)((size_t)(p - slab->base) / slab->stack_bytes));
	}
	return NULL;
}
