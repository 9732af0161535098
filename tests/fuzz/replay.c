/* SPDX-License-Identifier: MIT
 *
 * Gives files to what the fuzzers try, without a fuzzer: each was an input that did harm once, or
 *leads far into a reader. Prints TAP, a test for each folder.
 *
 *	fuzz_replay FORMAT FOLDER...
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

static void replay(const char *format, const char *path)
{
	FILE *file = fopen(path, "re");
	struct stat st;
	uint8_t *data;

	if (!file || fstat(fileno(file), &st) < 0)
		abort();
	fprintf(stderr, "%s\n", path); /* the last one is the one that did it */
	data = malloc((size_t)st.st_size + 1);
	if (!data || fread(data, 1, (size_t)st.st_size, file) != (size_t)st.st_size)
		abort();
	fclose(file);
	fuzz_read(format, data, (size_t)st.st_size);
	free(data);
}

static int replay_folder(const char *format, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[4096];
	struct stat st;
	int files = 0;

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		replay(format, path);
		files++;
	}
	if (dir)
		closedir(dir);
	return files;
}

int main(int argc, char **argv)
{
	int failed = 0;

	printf("1..%d\n", argc - 2);
	for (int i = 2; i < argc; i++) {
		int files = replay_folder(argv[1], argv[i]);

		printf("%sok %d - %s as %s: %d files\n", files ? "" : "not ", i - 1, argv[i],
			argv[1], files);
		fflush(stdout);
		failed += !files;
	}
	return failed > 0;
}
