/* SPDX-License-Identifier: MIT
 *
 * Slabs grow from 64 stacks to 4,096. Address space costs nothing until it is touched: mapped
 * NORESERVE, huge pages off (the first touch of one would cost 2 MiB).
 *
 * Freed stacks are kept warm, by worker (cache.h), and used again as they are; a stack's struct is
 * cleared by its next owner. When a worker has nothing to do it gives the memory of those back that
 * are more than WARM_MOST: they are *cold* then, and known by their addresses only.
 */
#include "runtime/stack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/cache.h"
#include "runtime/co.h"
#include "runtime/lock.h"
#include "runtime/memcheck.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13; glibc 2.36 does not name it */
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

#define SLAB_FIRST 64
#define SLAB_MOST 4096
#define SLABS_MOST 4096
#define CUT 64	       /* stacks cut from a slab, or taken out of the cold, at a time */
#define WARM_MOST 4096 /* free stacks in the depot that keep their memory: 16 MiB */
#define TRIM 1024      /* stacks made cold at a time */
#define CO_BYTES ((sizeof(struct weft__co) + 63) & ~(size_t)63)
#define SHADES 32 /* see co_in */
#define SHADE_BYTES 64

struct slab {
	char *base;
	size_t stack_bytes;
	uint32_t count; /* stacks that fit */
	/* Cut so far, from the low end; one that is not set up yet reads as FREE. */
	_Atomic uint32_t used;
};

/* All under `lock`, but for what the walks read by acquire. */
static struct {
	struct weft__lock lock;
	struct slab slabs[SLABS_MOST];
	_Atomic uint32_t nslabs; /* release: slabs[nslabs - 1] is complete */
	struct slab *open;	 /* takes new ordinary stacks, or NULL */
	uintptr_t *cold;	 /* free stacks without memory, by low_end */
	size_t ncold, cold_room;
	/* One trims at a time: the room that it made is its own. acquire, release */
	atomic_bool trimming;
	size_t page, stack_bytes;
	bool valgrind; /* the program runs under it */
	_Atomic size_t mprotects;
	size_t mprotects_most;
	enum weft__guard guard;
} pool;

struct weft__co *weft__stack_first;
struct weft__depot weft__stack_depot; /* of ordinary stacks, warm */
bool weft__stack_marks;

/*
 * The struct in the stack [lo, lo + bytes), not quite at its top: what coroutines touch most would
 * lie at the same place of a page in all of them, and so in a few sets of the caches, which hold a
 * dozen or two each. So each stands a line lower than its neighbour, SHADES times: by half a page
 * of 4 KiB at most, which leaves 1.7 KiB of it for frames, more than a wait on a channel takes.
 */
static struct weft__co *co_in(char *lo, size_t bytes)
{
	size_t shade = (uintptr_t)lo / bytes % SHADES * SHADE_BYTES;

	return (struct weft__co *)(lo + bytes - CO_BYTES - shade);
}

/* Not seen by TSan: what a slab is does not change once nslabs tells of it. */
static WEFT__NO_TSAN struct weft__co *co_at(const struct slab *slab, uint32_t i)
{
	return co_in(slab->base + i * slab->stack_bytes, slab->stack_bytes);
}

/* An ordinary stack without a struct is known by its low end; bit 0: it is guarded. */
static char *low_end(uintptr_t stack)
{
	return (char *)(stack & ~(uintptr_t)1);
}

static struct weft__co *co_of(uintptr_t stack)
{
	return co_in(low_end(stack), pool.stack_bytes);
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

/* Emulators take any advice for good, and may do nothing: then the kernel can write there. */
static bool is_guarded(void *page)
{
	return getrandom(page, 1, GRND_NONBLOCK) < 0 && errno == EFAULT;
}

/* Tries it on a page of our own: the kernel may be too old, or pages may be locked (mlockall). */
static enum weft__guard probe_guard(void)
{
	const char *wish = secure_getenv("WEFT_GUARD");
	enum weft__guard guard = WEFT__GUARD_MPROTECT;
	void *p;

	if (wish && strcmp(wish, "none") == 0)
		return WEFT__GUARD_NONE;
	if (WEFT__ASAN || pool.valgrind || (wish && strcmp(wish, "mprotect") == 0))
		return WEFT__GUARD_MPROTECT;
	p = mmap(NULL, pool.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return guard;
	if (madvise(p, pool.page, MADV_GUARD_INSTALL) == 0 && is_guarded(p))
		guard = WEFT__GUARD_MADVISE;
	munmap(p, pool.page);
	return guard;
}

static void slab_remove(struct slab *slab)
{
#if WEFT__ASAN
	/* Frames of abandoned coroutines are still marked, and the addresses come again. */
	__asan_unpoison_memory_region(slab->base,
		atomic_load_explicit(&slab->used, memory_order_relaxed) * slab->stack_bytes);
#endif
	munmap(slab->base, slab->count * slab->stack_bytes);
}

void weft__stacks_finish(void)
{
	uint32_t n = atomic_exchange_explicit(&pool.nslabs, 0, memory_order_relaxed);

	for (uint32_t i = 0; i < n; i++)
		slab_remove(&pool.slabs[i]);
	pool.open = NULL;
	free(pool.cold);
	pool.cold = NULL;
	pool.ncold = pool.cold_room = 0;
	weft__stack_depot.first = NULL;
}

void weft__stacks_debug(const struct weft__stacks_debug *ret)
{
	*ret->slabs = pool.slabs;
	*ret->nslabs = &pool.nslabs;
	*ret->slab_bytes = sizeof(struct slab);
	*ret->slab_base = offsetof(struct slab, base);
	*ret->slab_stack_bytes = offsetof(struct slab, stack_bytes);
	*ret->slab_used = offsetof(struct slab, used);
	*ret->co_bytes = CO_BYTES;
	*ret->shades = SHADES;
	*ret->shade_bytes = SHADE_BYTES;
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

/* ---- Cutting new ones -------------------------------------------------------------------------
 */

static bool mprotect_allowed(void)
{
	return atomic_fetch_add_explicit(&pool.mprotects, 1, memory_order_relaxed) <
	       pool.mprotects_most;
}

/*
 * The kernel takes many ranges at a time (Linux 6.13, as the guards themselves). Returns how many
 * bytes of them, from the first on, have taken the advice.
 */
static size_t advise(struct iovec *ranges, size_t n, int advice)
{
	int self = n > 1 ? (int)syscall(SYS_pidfd_open, getpid(), 0) : -1;
	ssize_t done = -1;

	if (self >= 0) {
		done = syscall(SYS_process_madvise, self, ranges, n, advice, 0);
		close(self);
	}
	return done > 0 ? (size_t)done : 0;
}

static uint32_t guards_advise(char *lo, size_t stack_bytes, uint32_t n)
{
	struct iovec ranges[CUT];
	uint32_t good;

	for (uint32_t i = 0; i < n; i++)
		ranges[i] = (struct iovec){lo + i * stack_bytes, pool.page};
	good = (uint32_t)(advise(ranges, n, MADV_GUARD_INSTALL) / pool.page);
	while (good < n && madvise(lo + good * stack_bytes, pool.page, MADV_GUARD_INSTALL) == 0)
		good++;
	return good;
}

/*
 * The page at the top of each of these stacks, which is written to soon: half the price of as many
 * page faults. Where it does not work, they are.
 */
static void populate(const uintptr_t *some, uint32_t n)
{
	struct iovec ranges[CUT];

	if (pool.guard != WEFT__GUARD_MADVISE)
		return;
	for (uint32_t i = 0; i < n; i++)
		ranges[i] =
			(struct iovec){low_end(some[i]) + pool.stack_bytes - pool.page, pool.page};
	advise(ranges, n, MADV_POPULATE_WRITE);
}

/* Guards below the first of n neighbours; returns how many have one. */
static uint32_t guards_install(char *lo, size_t stack_bytes, uint32_t n)
{
	uint32_t good = 0;

	if (pool.guard == WEFT__GUARD_MADVISE)
		return guards_advise(lo, stack_bytes, n);
	if (pool.guard == WEFT__GUARD_MPROTECT) {
		while (good < n && mprotect_allowed() &&
			mprotect(lo + good * stack_bytes, pool.page, PROT_NONE) == 0)
			good++;
	}
	return good;
}

static WEFT__NO_TSAN void stack_set_up(struct weft__co *co, char *lo, size_t bytes, bool guarded)
{
	co->stack = lo;
	co->stack_bytes = bytes;
	co->guarded = guarded;
}

/*
 * A slab with unused ordinary stacks; the pool is locked. Where address space is short (ulimit -v),
 * a smaller one will do.
 */
static WEFT__NO_TSAN struct slab *open_slab(void)
{
	uint32_t count = SLAB_FIRST;

	if (pool.open) {
		if (atomic_load_explicit(&pool.open->used, memory_order_relaxed) < pool.open->count)
			return pool.open;
		count = pool.open->count * 2;
	}
	count = count < SLAB_MOST ? count : SLAB_MOST;
	do
		pool.open = slab_add(pool.stack_bytes, count);
	while (!pool.open && (count /= 2) > 0);
	return pool.open;
}

/*
 * These stacks, by their low ends (bit 0: guarded), are made ready for their first coroutine: the
 * first is returned, the others go to the cache, to be taken in this order.
 */
static WEFT__NO_TSAN struct weft__co *set_up(
	struct weft__cache *cache, const uintptr_t *some, uint32_t n)
{
	struct weft__co *co = NULL;

	populate(some, n);
	for (uint32_t i = n; i-- > 0;) {
		if (co)
			weft__cache_put(cache, &weft__stack_depot, co);
		co = co_of(some[i]);
		stack_set_up(co, low_end(some[i]), pool.stack_bytes, some[i] & 1);
	}
	return co;
}

/* Up to CUT new ones. */
static __attribute__((noinline)) WEFT__NO_TSAN struct weft__co *cut(struct weft__cache *cache)
{
	uintptr_t some[CUT];
	uint32_t first, n, good;
	struct slab *slab;
	char *lo;

	weft__lock_unseen(&pool.lock);
	slab = open_slab();
	if (!slab) {
		weft__unlock_unseen(&pool.lock);
		return NULL;
	}
	first = atomic_load_explicit(&slab->used, memory_order_relaxed);
	n = slab->count - first < CUT ? slab->count - first : CUT;
	atomic_store_explicit(&slab->used, first + n, memory_order_release);
	weft__unlock_unseen(&pool.lock);
	lo = slab->base + first * pool.stack_bytes;
	good = guards_install(lo, pool.stack_bytes, n);
	for (uint32_t i = 0; i < n; i++, lo += pool.stack_bytes) {
		some[i] = (uintptr_t)lo | (i < good);
		weft__valgrind_stack(lo + pool.page, co_of(some[i]));
	}
	return set_up(cache, some, n);
}

/* One that is larger than others, or smaller: coroutine 1's. It goes with the run. */
static WEFT__NO_TSAN struct weft__co *extraordinary(size_t bytes)
{
	struct weft__co *co = NULL;
	struct slab *slab;

	weft__lock_unseen(&pool.lock);
	slab = slab_add((bytes + pool.page - 1) & ~(pool.page - 1), 1);
	if (slab)
		atomic_store_explicit(&slab->used, 1, memory_order_release);
	weft__unlock_unseen(&pool.lock);
	if (slab) {
		co = co_at(slab, 0);
		stack_set_up(co, slab->base, slab->stack_bytes,
			guards_install(slab->base, slab->stack_bytes, 1) == 1);
		weft__valgrind_stack(co->stack + pool.page, co);
	}
	return co;
}

int weft__stacks_init(size_t stack_bytes, size_t first_bytes)
{
	memset(&pool, 0, sizeof(pool));
	memset(&weft__stack_depot, 0, sizeof(weft__stack_depot));
	pool.page = (size_t)sysconf(_SC_PAGESIZE);
	pool.stack_bytes = (stack_bytes + pool.page - 1) & ~(pool.page - 1);
	pool.mprotects_most = max_map_count() / 4; /* each guard splits a mapping: two more */
	pool.valgrind = weft__under_valgrind();
	pool.guard = probe_guard();
	weft__stack_marks = WEFT__ASAN || pool.valgrind;
	weft__stack_first = extraordinary(first_bytes);
	return weft__stack_first ? 0 : -ENOMEM;
}

/* ---- The cold ----------------------------------------------------------------------------------
 */

static __attribute__((noinline)) WEFT__NO_TSAN struct weft__co *warm_up(struct weft__cache *cache)
{
	uintptr_t some[CUT];
	uint32_t n = 0;

	weft__lock_unseen(&pool.lock);
	while (n < CUT && pool.ncold > 0)
		some[n++] = pool.cold[--pool.ncold];
	weft__unlock_unseen(&pool.lock);
	return set_up(cache, some, n);
}

static int by_address(const void *a, const void *b)
{
	uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;

	return x < y ? -1 : x > y;
}

/* Room for n more cold ones, by who trims. The pool is not locked: others may take some out. */
static WEFT__NO_TSAN bool cold_reserve(size_t n)
{
	size_t room;
	uintptr_t *more, *old;

	weft__lock_unseen(&pool.lock);
	room = pool.ncold + n > pool.cold_room ? 2 * pool.cold_room + n : 0;
	weft__unlock_unseen(&pool.lock);
	if (room == 0)
		return true;
	more = malloc(room * sizeof(*more));
	if (!more)
		return false;
	weft__lock_unseen(&pool.lock);
	old = more;
	if (room > pool.cold_room) {
		if (pool.ncold > 0)
			memcpy(more, pool.cold, pool.ncold * sizeof(*more));
		old = pool.cold;
		pool.cold = more;
		pool.cold_room = room;
	}
	weft__unlock_unseen(&pool.lock);
	free(old);
	return true;
}

/* Neighbours are one range; the guards between them stay. */
static uint32_t ranges_of(const uintptr_t *some, size_t n, struct iovec *ranges)
{
	uint32_t count = 0;

	for (size_t i = 0, end; i < n; i = end) {
		end = i + 1;
		while (end < n && low_end(some[end]) == low_end(some[end - 1]) + pool.stack_bytes)
			end++;
		ranges[count++] = (struct iovec){low_end(some[i]), (end - i) * pool.stack_bytes};
	}
	return count;
}

static void give_back(const uintptr_t *some, size_t n)
{
	struct iovec ranges[TRIM];
	uint32_t count = ranges_of(some, n, ranges);
	size_t done = advise(ranges, count, MADV_DONTNEED);

	for (uint32_t i = 0; i < count; i++) {
		if (done < ranges[i].iov_len)
			madvise(ranges[i].iov_base, ranges[i].iov_len, MADV_DONTNEED);
		done -= done < ranges[i].iov_len ? done : ranges[i].iov_len;
	}
}

static WEFT__NO_TSAN bool trim(void)
{
	uintptr_t some[TRIM];
	size_t n = 0;

	if (!cold_reserve(TRIM))
		return false;
	while (n < TRIM) {
		struct weft__free *object = weft__depot_get(&weft__stack_depot);

		if (!object)
			break;
		while (object) {
			struct weft__co *co = (struct weft__co *)object;

			object = object->next;
			some[n++] = (uintptr_t)co->stack | co->guarded;
		}
	}
	qsort(some, n, sizeof(*some), by_address);
	give_back(some, n);
	weft__lock_unseen(&pool.lock);
	for (size_t i = n; i-- > 0;)
		pool.cold[pool.ncold++] = some[i];
	weft__unlock_unseen(&pool.lock);
	return true;
}

WEFT__NO_TSAN bool weft__stacks_trim(void)
{
	bool done;

	/* The depot's count is only a hint here. */
	if (weft__stack_depot.count * WEFT__MAGAZINE <= WARM_MOST ||
		atomic_exchange_explicit(&pool.trimming, true, memory_order_acquire))
		return false;
	done = trim();
	atomic_store_explicit(&pool.trimming, false, memory_order_release);
	return done;
}

/* ---- Get and put -------------------------------------------------------------------------------
 */

WEFT__NO_TSAN struct weft__co *weft__stack_more(struct weft__cache *cache)
{
	struct weft__co *co = warm_up(cache);

	return co ? co : cut(cache);
}

WEFT__NO_TSAN void weft__stack_mark(struct weft__co *co, bool used)
{
	char *lo = co->stack + pool.page;

	if (pool.valgrind && used)
		weft__valgrind_undefined(lo, co);
	else if (pool.valgrind)
		weft__valgrind_noaccess(lo, co);
#if WEFT__ASAN
	if (used)
		__asan_unpoison_memory_region(lo, (size_t)((char *)co - lo));
#endif
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
#if WEFT__TSAN
	uint32_t nslabs = atomic_load_explicit(&pool.nslabs, memory_order_acquire);

	for (uint32_t s = 0; s < nslabs; s++) {
		uint32_t used = atomic_load_explicit(&pool.slabs[s].used, memory_order_acquire);

		for (uint32_t i = 0; i < used; i++)
			(void)atomic_load_explicit(
				&co_at(&pool.slabs[s], i)->state, memory_order_acquire);
	}
#endif
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
