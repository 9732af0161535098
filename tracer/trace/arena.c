/* SPDX-License-Identifier: MIT
 *
 * Chunks of strings, adopted blocks, and a hash table of what is there already.
 */
#include "tracer/trace/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/trace/map.h"

#define CHUNK_BYTES 65536

struct weft_arena {
	void **blocks;
	size_t nblocks, room;
	char *chunk; /* the last one; it is among the blocks */
	size_t used, size;
	const char **table; /* strings by hash; linear probing */
	size_t count, mask;
};

struct weft_arena *weft_arena_create(void)
{
	return calloc(1, sizeof(struct weft_arena));
}

void weft_arena_free(struct weft_arena *arena)
{
	if (!arena)
		return;
	for (size_t i = 0; i < arena->nblocks; i++)
		free(arena->blocks[i]);
	free(arena->blocks);
	free(arena->table);
	free(arena);
}

int weft_arena_adopt(struct weft_arena *arena, void *block)
{
	if (!block)
		return 0;
	if (weft_grow(&arena->blocks, arena->nblocks, &arena->room, sizeof(*arena->blocks)) < 0) {
		free(block);
		return -ENOMEM;
	}
	arena->blocks[arena->nblocks++] = block;
	return 0;
}

static char *put(struct weft_arena *arena, const char *text, size_t size)
{
	char *to;

	if (size > arena->size - arena->used) {
		size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;
		char *chunk = malloc(room);

		if (!chunk || weft_arena_adopt(arena, chunk) < 0)
			return NULL;
		arena->chunk = chunk;
		arena->size = room;
		arena->used = 0;
	}
	to = arena->chunk + arena->used;
	memcpy(to, text, size);
	arena->used += size;
	return to;
}

static size_t hash(const char *text)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return (size_t)(h ^ h >> 31);
}

static int grow_table(struct weft_arena *arena)
{
	size_t old = arena->table ? arena->mask + 1 : 0, count = old ? old * 2 : 256;
	const char **table = calloc(count, sizeof(*table));

	if (!table)
		return -ENOMEM;
	for (size_t i = 0; i < old; i++) {
		size_t k;

		if (!arena->table[i])
			continue;
		k = hash(arena->table[i]) & (count - 1);
		while (table[k])
			k = (k + 1) & (count - 1);
		table[k] = arena->table[i];
	}
	free(arena->table);
	arena->table = table;
	arena->mask = count - 1;
	return 0;
}

const char *weft_arena_intern(struct weft_arena *arena, const char *text)
{
	const char *copy;
	size_t i;

	if ((!arena->table || arena->count * 10 >= (arena->mask + 1) * 7) && grow_table(arena) < 0)
		return NULL;
	i = hash(text) & arena->mask;
	while (arena->table[i]) {
		if (strcmp(arena->table[i], text) == 0)
			return arena->table[i];
		i = (i + 1) & arena->mask;
	}
	copy = put(arena, text, strlen(text) + 1);
	if (copy) {
		arena->table[i] = copy;
		arena->count++;
	}
	return copy;
}
