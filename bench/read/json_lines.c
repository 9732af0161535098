/* SPDX-License-Identifier: MIT
 *
 * What `weft info` is measured beside: json-c over the same file, line by line, with one tokener
 * for all, as one would write it oneself. It keeps nothing of what it reads; it only counts the
 * records.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

/* The comma behind a record belongs to the list. */
static size_t strip(char *line, size_t len)
{
	while (len > 0 && strchr("\r\n,", line[len - 1]))
		len--;
	return len;
}

int main(int argc, char **argv)
{
	FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
	struct json_tokener *tokener = json_tokener_new();
	unsigned long long records = 0;
	size_t room = 0;
	char *line = NULL;
	ssize_t n;

	if (!file || !tokener) {
		fprintf(stderr, "usage: json-lines FILE\n");
		return 2;
	}
	while ((n = getline(&line, &room, file)) > 0) {
		struct json_object *record;

		json_tokener_reset(tokener);
		record = json_tokener_parse_ex(tokener, line, (int)strip(line, (size_t)n));
		records += json_object_object_get_ex(record, "ev", NULL);
		json_object_put(record);
	}
	printf("{\"records\":%llu}\n", records);
	free(line);
	json_tokener_free(tokener);
	fclose(file);
	return 0;
}
