/* SPDX-License-Identifier: MIT
 *
 * From the address of a call to function, file and line, for recordings: symbol.c and source.c at
 * once. What is loaded is learned when the recording starts, since the loader has a lock that a
 * worker may hold; the tables are read by the collector, when an address asks for them.
 */
#include "runtime/locate.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/source.h"
#include "runtime/symbol.h"
#include "runtime/unwind.h"

struct locator {
	struct weft__modules modules;
	struct weft__symbols *symbols;
	struct weft__sources *sources;
};

static void *open_locator(void)
{
	struct locator *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	weft__modules_get(&l->modules);
	l->symbols = weft__symbols_open(&l->modules);
	l->sources = weft__sources_open(&l->modules);
	return l;
}

static void close_locator(void *arg)
{
	struct locator *l = arg;

	weft__sources_close(l->sources);
	weft__symbols_close(l->symbols);
	weft__modules_put(&l->modules);
	free(l);
}

static bool begins_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/*
 * A call that is a function's last became a jump, and returns to whatever called that function: to
 * us, if it was a coroutine's. In C++ a select goes through a function of the header.
 */
static bool is_ours(const char *function)
{
	return begins_with(function, "weft_") || begins_with(function, "_ZN6weft__");
}

/* Where something of the header was inlined, its line tells nobody anything. */
static bool in_header(const char *file)
{
	const char *slash = strrchr(file, '/');

	return strcmp(slash ? slash + 1 : file, "weft.h") == 0;
}

static bool find_place(void *arg, uintptr_t pc, struct weft__rec_place *ret_place)
{
	struct locator *l = arg;
	const char *function = weft__symbols_find(l->symbols, pc).function;
	struct weft__source source = {NULL, 0};

	if (!function || is_ours(function))
		return false;
	if (weft__sources_find(l->sources, pc, &source) && in_header(source.file))
		source.file = NULL;
	*ret_place = (struct weft__rec_place){function, source.file, source.line};
	return true;
}

const struct weft__rec_locator weft__locator = {open_locator, find_place, close_locator};
