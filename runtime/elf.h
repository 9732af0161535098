/* SPDX-License-Identifier: MIT
 *
 * The file that a module was loaded from: its sections, of which only some are in memory. What a
 * file says is not trusted: every offset is checked. It is read with pread and not mapped, since a
 * file may be cut while it is looked at. Safe in signal handlers.
 */
#ifndef WEFT_RUNTIME_ELF_H
#define WEFT_RUNTIME_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/unwind.h"

struct weft__elf {
	int fd;
	uint64_t bytes;
	uint64_t sections; /* where their headers are */
	unsigned count;	   /* of them */
	unsigned names;	   /* the section that their names are in */
};

/* A piece of the file that it has for sure, unless it is cut meanwhile. */
struct weft__elf_part {
	uint64_t offset, bytes;
};

struct weft__elf_section {
	struct weft__elf_part name;
	uint32_t type;	/* SHT_ */
	uint64_t flags; /* SHF_ */
	uint32_t link;
	uint64_t entry_bytes;
	struct weft__elf_part part;
};

/* Of bytes behind others whose sum is `sum`, or 0 for the first. */
uint64_t weft__elf_sum(uint64_t sum, const void *bytes, size_t n);

/*
 * False: there is none, or another one is there by now, as its program headers tell. Else close it.
 */
bool weft__elf_open(struct weft__elf *elf, const struct weft__modules *modules,
	const struct weft__module *module);
void weft__elf_close(struct weft__elf *elf);

/* `bytes` of the part, from `offset` in it on; false: it is shorter, or cannot be read. */
bool weft__elf_read(const struct weft__elf *elf, struct weft__elf_part part, uint64_t offset,
	void *ret_bytes, size_t bytes);

/* By number; false: there is none, or it does not lie in the file. */
bool weft__elf_section(
	const struct weft__elf *elf, unsigned number, struct weft__elf_section *ret_section);

/* By name, as it can be read: false if it is compressed. */
bool weft__elf_find(const struct weft__elf *elf, const char *name, struct weft__elf_part *ret_part);

#endif
