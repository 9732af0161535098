/* SPDX-License-Identifier: MIT
 *
 * life: a glider in Conway's game, on a torus of --size rows and columns, with a coroutine for each
 * row. None may begin a generation before all are through with the last one, so after each they
 * meet at a barrier: a mutex, a condition and a count. After --generations the board is printed.
 */
#include <stdio.h>
#include <stdlib.h>

#include <weft.h>

#include "options.h"

struct game {
	int size, generations;
	char *cells[2]; /* of even generations, and of odd ones */
	struct weft_mutex mutex;
	struct weft_cond all_here;
	int here, met; /* rows at the barrier, and how often all were; under the mutex */
	struct weft_waitgroup playing;
};

struct row {
	struct game *game;
	int y;
};

static void meet(struct game *g)
{
	weft_mutex_lock(&g->mutex);
	int met = g->met;

	if (++g->here == g->size) {
		g->here = 0;
		g->met++;
		weft_cond_broadcast(&g->all_here);
	}
	while (g->met == met)
		weft_cond_wait(&g->all_here, &g->mutex);
	weft_mutex_unlock(&g->mutex);
}

static bool lives(const char *cells, int size, int x, int y)
{
	int n = 0; /* in the square around it, itself included */

	for (int dy = size - 1; dy <= size + 1; dy++)
		for (int dx = size - 1; dx <= size + 1; dx++)
			n += cells[(y + dy) % size * size + (x + dx) % size];
	return n == 3 || (n == 4 && cells[y * size + x]);
}

static void row(struct row *me)
{
	struct game *g = me->game;

	weft_set_name("row %d", me->y);
	for (int i = 0; i < g->generations; i++) {
		for (int x = 0; x < g->size; x++)
			g->cells[(i + 1) % 2][me->y * g->size + x] =
				lives(g->cells[i % 2], g->size, x, me->y);
		meet(g);
	}
	weft_waitgroup_done(&g->playing);
}

static int app(int argc, char **argv)
{
	options_only(argc, argv, "--size --generations");
	int size = (int)option(argc, argv, "--size", 8, 4, 1000);
	struct game g = {.size = size,
		.generations = (int)option(argc, argv, "--generations", 4, 0, 1000000)};

	g.cells[0] = calloc((size_t)size, (size_t)size * 2);
	if (!g.cells[0])
		return 1;
	g.cells[1] = g.cells[0] + size * size;
	for (int i = 0; i < 9; i++)
		g.cells[0][i / 3 * size + i % 3] = ".#."
						   "..#"
						   "###"[i] == '#';
	weft_sync_name(&g.all_here, "all here");
	weft_waitgroup_add(&g.playing, size);
	for (int y = 0; y < size; y++)
		weft_go_copy(row, &(struct row){&g, y});
	weft_waitgroup_wait(&g.playing);
	for (int i = 0; i < size * size; i++)
		printf("%c%s", g.cells[g.generations % 2][i] ? '#' : '.',
			i % size == size - 1 ? "\n" : "");
	free(g.cells[0]);
	return 0;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
