/* SPDX-License-Identifier: MIT
 *
 * The examples' command lines: whole numbers by name, so that each example is about its own idea.
 */
#ifndef WEFT_EXAMPLES_OPTIONS_H
#define WEFT_EXAMPLES_OPTIONS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The number behind `name` on the command line, or `fallback`. Anything that is not a number from
 * min to max ends the program with one line and exit status 2.
 */
static inline long option(
	int argc, char **argv, const char *name, long fallback, long min, long max)
{
	for (int i = 1; i < argc; i++) {
		char *end = argv[i];
		long n = 0;

		if (strcmp(argv[i], name) != 0)
			continue;
		if (i + 1 < argc)
			n = strtol(argv[i + 1], &end, 10);
		if (i + 1 < argc && end != argv[i + 1] && *end == '\0' && n >= min && n <= max)
			return n;
		fprintf(stderr, "%s: %s takes a number from %ld to %ld\n", argv[0], name, min, max);
		exit(2);
	}
	return fallback;
}

/* Ends the program in the same way if there is an option that is not in `names`, a list like
 * "--rounds --laps". */
static inline void options_only(int argc, char **argv, const char *names)
{
	for (int i = 1; i < argc; i += 2) {
		const char *at = strstr(names, argv[i]);
		size_t n = strlen(argv[i]);

		if (at && n > 2 && (at[n] == ' ' || at[n] == '\0'))
			continue;
		fprintf(stderr, "usage: %s [OPTION NUMBER]... with %s\n", argv[0], names);
		exit(strcmp(argv[i], "--help") == 0 ? 0 : 2);
	}
}

#endif
