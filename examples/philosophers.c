/* SPDX-License-Identifier: MIT
 *
 * philosophers: --philosophers of them sit around a table, a fork between each two. To eat, one
 * needs both of his forks; each eats --meals times. All would wait for ever if each had his left
 * fork, so a semaphore lets one fewer sit down than there are chairs: `--chairs-for-all 1` does
 * without, and may well end with the report of a deadlock.
 */
#include <stdio.h>
#include <stdlib.h>

#include <weft.h>

#include "options.h"

struct table {
	int seats, meals;
	struct weft_mutex *forks;
	struct weft_semaphore chairs;
	struct weft_waitgroup all;
	int *eaten; /* by each philosopher, under both of his forks */
};

struct philosopher {
	struct table *table;
	int place;
};

static void eat(struct philosopher *me)
{
	struct table *t = me->table;
	int left = me->place, right = (me->place + 1) % t->seats;

	weft_set_name("philosopher %d", me->place);
	for (int meal = 0; meal < t->meals; meal++) {
		weft_semaphore_acquire(&t->chairs, 1);
		weft_mutex_lock(&t->forks[left]);
		weft_yield(); /* he is in no hurry */
		weft_mutex_lock(&t->forks[right]);
		t->eaten[me->place]++;
		weft_yield();
		weft_mutex_unlock(&t->forks[right]);
		weft_mutex_unlock(&t->forks[left]);
		weft_semaphore_release(&t->chairs, 1);
		weft_yield(); /* and thinks */
	}
	weft_waitgroup_done(&t->all);
}

static int app(int argc, char **argv)
{
	options_only(argc, argv, "--philosophers --meals --chairs-for-all");
	int n = (int)option(argc, argv, "--philosophers", 5, 2, 10000);
	int meals = (int)option(argc, argv, "--meals", 3, 0, 1000000);
	int chairs = n - 1 + (int)option(argc, argv, "--chairs-for-all", 0, 0, 1);
	struct table t = {.seats = n, .meals = meals, .chairs = WEFT_SEMAPHORE(chairs)};

	t.forks = calloc((size_t)n, sizeof(*t.forks)); /* zeroed mutexes are ready */
	t.eaten = calloc((size_t)n, sizeof(*t.eaten));
	if (!t.forks || !t.eaten)
		return 1;
	weft_sync_name(&t.chairs, "chairs");
	weft_waitgroup_add(&t.all, n);
	for (int i = 0; i < n; i++)
		weft_sync_name(&t.forks[i], "fork %d", i);
	for (int i = 0; i < n; i++)
		weft_go_copy(eat, &(struct philosopher){&t, i});
	weft_waitgroup_wait(&t.all);
	for (int i = 0; i < n; i++)
		printf("philosopher %d: %d meals\n", i, t.eaten[i]);
	free(t.eaten);
	free(t.forks);
	return 0;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
