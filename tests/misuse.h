/* SPDX-License-Identifier: MIT
 *
 * What the programs that misuse memory share, for ASan (planted/memory.c) and for Valgrind
 * (memcheck.c): a table of them, of which the argument names one, and a bug that both must see.
 */
#ifndef WEFT_TESTS_MISUSE_H
#define WEFT_TESTS_MISUSE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft.h>

WEFT_CHAN(int_chan, int)
WEFT_CHAN(int_ptr_chan, int *)

static int_ptr_chan *pointers;

/* Each returns an exit status. The last has no name. */
struct misuse {
	const char *name;
	int (*run)(void);
};

static int run_misuse(const struct misuse *programs, int argc, char **argv)
{
	pointers = weft_make(int_ptr_chan, 0);
	for (; argc > 1 && programs->name; programs++) {
		if (strcmp(argv[1], programs->name) == 0)
			return programs->run();
	}
	return 64;
}

static void free_it(int *p)
{
	free(p);
	weft_send(pointers, NULL);
}

static int use_after_free(void)
{
	int *p = malloc(sizeof(*p)), *unused;

	*p = 5;
	weft_go(free_it, p);
	weft_recv(pointers, &unused);
	return *p == 5 ? 0 : 1;
}

#endif
