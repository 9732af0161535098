/* SPDX-License-Identifier: MIT
 *
 * What Valgrind must be told: where stacks lie, or it takes a switch for a very deep call; and
 * which of their bytes mean something, so that memcheck sees what a coroutine reads before it has
 * written it, and who uses a stack that has ended. A few instructions each when not under Valgrind;
 * nothing without its headers.
 */
#ifndef WEFT_RUNTIME_MEMCHECK_H
#define WEFT_RUNTIME_MEMCHECK_H

#include <stddef.h>

#ifdef WEFT_VALGRIND
#include <valgrind/memcheck.h>
#include <valgrind/valgrind.h>

#define weft__under_valgrind() (RUNNING_ON_VALGRIND != 0)

/* The stack [lo, hi), once; it is forgotten when its memory is unmapped. */
static inline void weft__valgrind_stack(const void *lo, const void *hi)
{
	(void)VALGRIND_STACK_REGISTER(lo, (const char *)hi - 1);
}

/* Nothing in [lo, hi) has a value yet, or may be touched any more. */
static inline void weft__valgrind_undefined(const void *lo, const void *hi)
{
	(void)VALGRIND_MAKE_MEM_UNDEFINED(lo, (size_t)((const char *)hi - (const char *)lo));
}
static inline void weft__valgrind_noaccess(const void *lo, const void *hi)
{
	(void)VALGRIND_MAKE_MEM_NOACCESS(lo, (size_t)((const char *)hi - (const char *)lo));
}
#else
#define weft__under_valgrind() false
static inline void weft__valgrind_stack(const void *lo, const void *hi)
{
	(void)lo;
	(void)hi;
}
static inline void weft__valgrind_undefined(const void *lo, const void *hi)
{
	(void)lo;
	(void)hi;
}
static inline void weft__valgrind_noaccess(const void *lo, const void *hi)
{
	(void)lo;
	(void)hi;
}
#endif

#endif
