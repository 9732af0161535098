/* SPDX-License-Identifier: MIT
 *
 * Backtraces of stacks that somebody else stands on, or nobody: read from outside, by the tables
 * that compilers leave for exceptions (.eh_frame), so that code without frame pointers is walked as
 * well. Nothing runs on the stack that is looked at, and nothing beside it is read.
 */
#ifndef WEFT_RUNTIME_UNWIND_H
#define WEFT_RUNTIME_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#define WEFT__FRAMES_MOST 48

/* Numbered as DWARF numbers them. */
#if defined(__x86_64__)
#define WEFT__REGS 17 /* 7 is the stack pointer, 16 the return address */
#define WEFT__REG_SP 7
#elif defined(__aarch64__)
#define WEFT__REGS 32 /* 30 holds the return address, 31 is the stack pointer */
#define WEFT__REG_SP 31
#else
#define WEFT__REGS 1 /* backtraces are empty */
#define WEFT__REG_SP 0
#endif

/* Where a thread or coroutine stands. */
struct weft__regs {
	uintptr_t pc;
	uintptr_t r[WEFT__REGS];
	uint64_t known;	  /* bit n: r[n] is */
	bool behind_call; /* pc is where a call returns to, not where an instruction begins */
};

/* The programs and libraries of this process, as of now. */
struct weft__module {
	uintptr_t bias;		      /* address less what the file calls it */
	uintptr_t text, text_end;     /* its code */
	bool sealed;		      /* which may be run, but not read */
	uintptr_t hdr;		      /* .eh_frame_hdr, or 0 */
	uintptr_t tables, tables_end; /* what is mapped around it */
	uint64_t headers; /* the sum of its program headers, by which its file is known again */
	char *path;
};
struct weft__modules {
	struct weft__module *list;
	int count, room;
};

/* Best effort: without memory the list is short. Takes the loader's lock and allocates. */
void weft__modules_get(struct weft__modules *modules);
void weft__modules_put(struct weft__modules *modules);
const struct weft__module *weft__module_of(const struct weft__modules *modules, uintptr_t pc);

/* The registers in a signal's or a getcontext's context. */
void weft__regs_of(const ucontext_t *uc, struct weft__regs *regs);

/*
 * Addresses, innermost first, into pcs: where each frame returns to, and of regs->pc or what a
 * signal has interrupted the instruction's address + 1, so that one in front of each lies what is
 * executed. At most `most`. Reads the stack [lo, hi) and nothing else. Returns how many; the walk
 * ends where no table knows the code, or before the function that begins at `bottom`: then
 * *ret_bottom is true.
 */
int weft__unwind(const struct weft__modules *modules, const struct weft__regs *regs, const void *lo,
	const void *hi, uintptr_t bottom, uintptr_t *pcs, int most, bool *ret_bottom);

/* A word of a stack in motion; false if it lies beside it. Not seen by sanitizers. */
bool weft__stack_word(const void *lo, const void *hi, uintptr_t address, uintptr_t *ret_word);

#endif
