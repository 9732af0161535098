/* SPDX-License-Identifier: MIT
 *
 * Paint makes the count exact but for a last frame that leaves its lowest bytes alone, and it has
 * each stack wholly in memory while the census is on.
 */
#include "runtime/census.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/co.h"
#include "runtime/dump.h"
#include "runtime/lock.h"
#include "runtime/panic.h"
#include "runtime/stack.h"

#define PAINT UINT64_C(0xa5c35a3ca5c35a3c)
#define SITES_MOST 1024 /* a power of two; what comes later is counted together */
#define PARTS 64	/* of a stack: how exact the percentile is */

/* Coroutines of one function, spawned on one line. */
struct site {
	const char *fn_name, *at_file;
	int at_line;
	size_t stack_bytes;
	uint64_t count, sum;
	size_t most;
	uint32_t parts[PARTS]; /* how many used so many parts of their stacks, less one */
};

bool weft__census_on;

static struct {
	struct weft__lock lock;
	struct site *sites; /* a hash table; the last one is for those that find no room */
	size_t page;
} census;

void weft__census_init(void)
{
	const char *wish = secure_getenv("WEFT_STACK_CENSUS");

	weft__census_on = false;
	if (!wish || strcmp(wish, "1") != 0)
		return;
	census.page = (size_t)sysconf(_SC_PAGESIZE);
	census.sites = calloc(SITES_MOST + 1, sizeof(*census.sites));
	if (!census.sites)
		weft__warn("out of memory: there is no stack census");
	weft__census_on = census.sites != NULL;
}

/* Above the guard, or the canary. */
static uint64_t *lowest(const struct weft__co *co)
{
	return (uint64_t *)(co->stack + (co->guarded ? census.page : 64));
}

__attribute__((noinline, no_sanitize_address)) WEFT__NO_TSAN void weft__census_paint(
	struct weft__co *co, char *top)
{
	for (volatile uint64_t *p = lowest(co); (char *)p + sizeof(*p) <= top; p++)
		*p = PAINT;
}

__attribute__((noinline, no_sanitize_address)) static WEFT__NO_TSAN size_t used_of(
	const struct weft__co *co)
{
	const volatile uint64_t *p = lowest(co);
	const char *end = (const char *)(co + 1);

	while ((const char *)p < end && *p == PAINT)
		p++;
	return (size_t)(end - (const char *)p);
}

/* Locked. */
static WEFT__NO_TSAN struct site *site_of(const struct weft__co *co)
{
	size_t hash = ((uintptr_t)co->at_file >> 3) * 31 + (size_t)co->at_line * 7919 +
		      ((uintptr_t)co->fn_name >> 3);

	for (size_t i = 0; i < SITES_MOST; i++) {
		struct site *site = &census.sites[(hash + i) % SITES_MOST];

		if (site->count == 0) {
			site->fn_name = co->fn_name;
			site->at_file = co->at_file;
			site->at_line = co->at_line;
			return site;
		}
		if (site->at_line == co->at_line && site->at_file == co->at_file &&
			site->fn_name == co->fn_name)
			return site;
		if (i == 16)
			break;
	}
	census.sites[SITES_MOST].fn_name = "(others)";
	census.sites[SITES_MOST].at_file = "";
	return &census.sites[SITES_MOST];
}

WEFT__NO_TSAN void weft__census_count(const struct weft__co *co)
{
	size_t used = used_of(co), part = (used - 1) * PARTS / co->stack_bytes;
	struct site *site;

	weft__lock_always(&census.lock);
	site = site_of(co);
	site->count++;
	site->sum += used;
	site->parts[part]++;
	if (used > site->most)
		site->most = used;
	if (co->stack_bytes > site->stack_bytes)
		site->stack_bytes = co->stack_bytes;
	weft__unlock_always(&census.lock);
}

static void count_left(struct weft__co *co, void *unused)
{
	(void)unused;
	weft__census_count(co);
}

/* Most first. */
static int by_most(const void *a, const void *b)
{
	const struct site *x = a, *y = b;

	return x->most > y->most ? -1 : x->most < y->most;
}

/* So many bytes are enough for 99 of 100: by parts of the stack, rounded up. */
static size_t enough_for_most(const struct site *site)
{
	uint64_t wanted = site->count - site->count / 100, n = 0;
	size_t part = 0, bytes;

	while (part < PARTS && (n += site->parts[part]) < wanted)
		part++;
	bytes = (part + 1) * (site->stack_bytes / PARTS);
	return bytes < site->most ? bytes : site->most;
}

static void put_site(struct weft__out *out, const struct site *site)
{
	const char *file = strrchr(site->at_file, '/');

	weft__out_put(out, "%10llu %9zu %9zu %9zu %9zu  %s", (unsigned long long)site->count,
		(size_t)(site->sum / site->count), enough_for_most(site), site->most,
		site->stack_bytes, site->fn_name);
	if (site->at_line)
		weft__out_put(out, " at %s:%d", file ? file + 1 : site->at_file, site->at_line);
	weft__out_put(out, "\n");
}

void weft__census_report(void)
{
	struct weft__out *out;

	if (!weft__census_on)
		return;
	weft__stacks_walk(count_left, NULL);
	weft__census_on = false;
	qsort(census.sites, SITES_MOST + 1, sizeof(*census.sites), by_most);
	out = malloc(sizeof(*out));
	if (out) {
		weft__out_open(out, STDERR_FILENO);
		weft__out_put(out, "weft: stack census, in bytes\n%10s %9s %9s %9s %9s  %s\n",
			"coroutines", "mean", "99 %", "most", "of", "spawned");
		for (size_t i = 0; i <= SITES_MOST && census.sites[i].count; i++)
			put_site(out, &census.sites[i]);
		weft__out_close(out);
		free(out);
	}
	free(census.sites);
	census.sites = NULL;
}
