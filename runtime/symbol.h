/* SPDX-License-Identifier: MIT
 *
 * From an address in code to what people read: the function, and module and offset as addr2line
 * takes them. Reads the symbol tables of the files, so that static functions have names, too.
 */
#ifndef WEFT_RUNTIME_SYMBOL_H
#define WEFT_RUNTIME_SYMBOL_H

#include <stdint.h>

#include "runtime/unwind.h"

struct weft__symbols;

/* NULL: out of memory; the calls below then know no names. `modules` must outlive it. */
struct weft__symbols *weft__symbols_open(const struct weft__modules *modules);
void weft__symbols_close(struct weft__symbols *symbols);

struct weft__place {
	const char *function; /* or NULL */
	uintptr_t offset;     /* from its beginning */
	const char *path;     /* of the module, or NULL: code of no file */
	uintptr_t in_module;  /* as addr2line takes it */
};

/* `pc` is where a call returns to; the call is in front of it. Valid until close. */
struct weft__place weft__symbols_find(struct weft__symbols *symbols, uintptr_t pc);

#endif
