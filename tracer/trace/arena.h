/* SPDX-License-Identifier: MIT
 *
 * Memory that is freed at once: what a loaded trace lives in. Equal strings are kept once, because
 * names and values repeat.
 */
#ifndef WEFT_TRACER_TRACE_ARENA_H
#define WEFT_TRACER_TRACE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct weft_arena;

struct weft_arena *weft_arena_create(void);
void weft_arena_free(struct weft_arena *arena);

/* The arena's own copy of a string; NULL if out of memory. */
const char *weft_arena_intern(struct weft_arena *arena, const char *text);

/* Hands a malloc'd block over to the arena. Returns 0, or -ENOMEM and the block is freed. */
int weft_arena_adopt(struct weft_arena *arena, void *block);

#endif
