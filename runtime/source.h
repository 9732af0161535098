/* SPDX-License-Identifier: MIT
 *
 * From an address in code to the file and line that it was compiled from, by the line tables
 * (.debug_line) of programs and libraries that were built with -g. Where there is none, or it is
 * compressed, or in a file of its own, lines are not known.
 *
 * Nothing here allocates with malloc, takes a lock or leaves something behind after close, so all
 * of it may be called from signal handlers and from any thread, for one `sources` by one at a time.
 * (weft__modules_get may not.) Memory: 1.1 MiB of addresses, of which what is used becomes memory;
 * for each module looked into, 32 bytes for each sequence of its table (about one for each source
 * file; with -ffunction-sections, for each function) and for each 4 KiB of it, 32 MiB at most; and,
 * while a table is first looked at, as much as its largest unit (a source file's part of the table)
 * takes, 64 MiB at most. What is beyond is not known, nor are tables of more than 256 MiB. A
 * descriptor for each module that has a table, until close. Time: some 4 ns for each byte of a
 * table at the first look into it, then about 10 us for each address that is not remembered.
 */
#ifndef WEFT_RUNTIME_SOURCE_H
#define WEFT_RUNTIME_SOURCE_H

#include "runtime/unwind.h"

struct weft__sources;

/*
 * NULL: out of memory; then the calls below know no lines. `modules` must outlive it; what is
 * loaded later is not among them: get them anew, and open anew.
 */
struct weft__sources *weft__sources_open(const struct weft__modules *modules);
void weft__sources_close(struct weft__sources *sources);

struct weft__source {
	/*
	 * As the compiler was given it, as in __FILE__: with a directory relative to the one it was
	 * called in, or an absolute one. The same pointer for the same name; valid until close.
	 */
	const char *file;
	int line;
};

/*
 * `pc` is where a call returns to, and the line is that of the call, which is in front of it: what
 * is looked up is pc - 1. Pass pc + 1 for an instruction that has not been executed yet. Of a call
 * that was inlined it is the line in the inlined function. False: not known.
 */
bool weft__sources_find(
	struct weft__sources *sources, uintptr_t pc, struct weft__source *ret_source);

#endif
