/* SPDX-License-Identifier: MIT
 *
 * watchdog: two clerks move money to and fro and lock the accounts in opposite orders. Main sees
 * that nothing moves any more, takes a dump, and says who waits for what. With --in-order 1 both
 * lock the lower account first, and all is well.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft.h>

#include "options.h"

static struct weft_mutex left, right;
static atomic_int transfers; /* so far */
static bool in_order;

struct clerk {
	const char *name;
	struct weft_mutex *from, *to;
	int count;
	struct weft_waitgroup *have_first; /* each waits until both have their first account */
};

static void clerk(struct clerk *me)
{
	struct weft_mutex *first = in_order ? &left : me->from;
	struct weft_mutex *second = first == me->from ? me->to : me->from;

	weft_set_name("%s", me->name);
	for (int i = 0; i < me->count; i++) {
		weft_mutex_lock(first);
		if (!in_order) { /* bad luck, made certain */
			weft_waitgroup_done(me->have_first);
			weft_waitgroup_wait(me->have_first);
		}
		weft_mutex_lock(second);
		atomic_fetch_add(&transfers, 1);
		weft_mutex_unlock(second);
		weft_mutex_unlock(first);
	}
}

/* Of the dump, the lines of those who wait, without since when and where they come from. */
static void say_who_waits(void)
{
	FILE *dump = tmpfile();
	char line[1024], *end;

	if (!dump || weft_dump(fileno(dump)) < 0) {
		perror("watchdog: no dump");
		exit(1);
	}
	rewind(dump);
	while (fgets(line, sizeof(line), dump)) {
		end = strstr(line, ", for ");
		if (!end || !strstr(line, " waits for mutex "))
			continue;
		*end = '\0';
		puts(line);
	}
	fclose(dump);
}

static int app(int argc, char **argv)
{
	struct weft_waitgroup both = {0};
	long patience, count;
	int seen = -1;

	options_only(argc, argv, "--transfers --patience --in-order");
	count = option(argc, argv, "--transfers", 10, 1, 1000000);
	patience = option(argc, argv, "--patience", 50, 1, 10000);
	in_order = option(argc, argv, "--in-order", 0, 0, 1);
	weft_sync_name(&left, "left");
	weft_sync_name(&right, "right");
	weft_waitgroup_add(&both, 2);
	weft_go_copy(clerk, &(struct clerk){"to the right", &left, &right, (int)count, &both});
	weft_go_copy(clerk, &(struct clerk){"to the left", &right, &left, (int)count, &both});
	while (atomic_load(&transfers) < 2 * count) {
		if (atomic_load(&transfers) == seen) {
			puts("nothing moves:");
			say_who_waits();
			return 0;
		}
		seen = atomic_load(&transfers);
		weft_sleep(patience * WEFT_MS);
	}
	printf("%d transfers\n", atomic_load(&transfers));
	return 0;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
