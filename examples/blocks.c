/* SPDX-License-Identifier: MIT
 *
 * blocks: compares each of --blocks blocks of a disk with its sum, at most --limit at a time. Block
 * --broken (0: none) is not what it was: that ends the group. Whoever still reads stops, and what
 * lies behind is not read any more.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include <weft.h>

#include "options.h"

#define BLOCK_BYTES 4096

struct disk {
	int broken;
	uint32_t *sums; /* from better days, by number */
};

struct block {
	const struct disk *disk;
	int number;
};

/* FNV-1a of what the disk holds there. */
static uint32_t sum(int number, bool broken)
{
	uint32_t hash = 2166136261u;

	for (int i = 0; i < BLOCK_BYTES; i++)
		hash = (hash ^ (uint32_t)(number * i & 255) ^ (broken && i == 1)) * 16777619u;
	return hash;
}

/* A function of the group: what is not 0 ends it. */
static int check(struct block *b)
{
	weft_set_name("block %d", b->number);
	if (weft_sleep(WEFT_MS) < 0) /* the disk turns */
		return -ECANCELED;   /* another one is broken */
	return sum(b->number, b->number == b->disk->broken) == b->disk->sums[b->number] ? 0
											: b->number;
}

static int app(int argc, char **argv)
{
	options_only(argc, argv, "--blocks --limit --broken");
	int blocks = (int)option(argc, argv, "--blocks", 40, 0, 1000000);
	int limit = (int)option(argc, argv, "--limit", 4, 1, 10000);
	struct disk disk = {.broken = (int)option(argc, argv, "--broken", 17, 0, 1000000)};
	struct weft_group group;
	int broken;

	disk.sums = calloc((size_t)blocks + 1, sizeof(*disk.sums));
	if (!disk.sums)
		return 1;
	for (int i = 1; i <= blocks; i++)
		disk.sums[i] = sum(i, false);
	weft_group_open(&group, limit);
	for (int i = 1; i <= blocks; i++) {
		if (weft_group_go_copy(&group, check, &(struct block){&disk, i}) < 0)
			break; /* it has ended */
	}
	broken = weft_group_wait(&group);
	if (broken)
		printf("block %d is broken\n", broken);
	else
		printf("all %d blocks are sound\n", blocks);
	free(disk.sums);
	return 0;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
