/* SPDX-License-Identifier: MIT */
#include "runtime/elf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MOST 24 /* of the sections that are looked for */

static bool has_part(const struct weft__elf *elf, struct weft__elf_part part)
{
	return part.offset <= elf->bytes && part.bytes <= elf->bytes - part.offset;
}

bool weft__elf_read(const struct weft__elf *elf, struct weft__elf_part part, uint64_t offset,
	void *ret_bytes, size_t bytes)
{
	char *to = ret_bytes;
	size_t got = 0;

	if (!has_part(elf, part) || offset > part.bytes || bytes > part.bytes - offset)
		return false;
	while (got < bytes) {
		ssize_t n =
			pread(elf->fd, to + got, bytes - got, (off_t)(part.offset + offset + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	return true;
}

uint64_t weft__elf_sum(uint64_t sum, const void *bytes, size_t n)
{
	/* FNV-1a */
	for (const uint8_t *p = bytes; n > 0; n--, p++)
		sum = (sum ^ *p) * UINT64_C(0x100000001b3);
	return sum;
}

static bool is_file_of(
	const struct weft__elf *elf, const ElfW(Ehdr) * head, const struct weft__module *module)
{
	struct weft__elf_part all = {0, elf->bytes};
	ElfW(Phdr) segment;
	uint64_t sum = 0;

	for (unsigned i = 0; i < head->e_phnum; i++) {
		if (!weft__elf_read(elf, all, head->e_phoff + i * sizeof(segment), &segment,
			    sizeof(segment)))
			return false;
		sum = weft__elf_sum(sum, &segment, sizeof(segment));
	}
	return sum == module->headers;
}

static bool read_head(struct weft__elf *elf, const struct weft__module *module)
{
	struct weft__elf_part all = {0, elf->bytes};
	ElfW(Ehdr) head;

	if (!weft__elf_read(elf, all, 0, &head, sizeof(head)) ||
		memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
		head.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
		head.e_shentsize != sizeof(ElfW(Shdr)) || !is_file_of(elf, &head, module))
		return false;
	elf->sections = head.e_shoff;
	elf->count = head.e_shnum;
	elf->names = head.e_shstrndx;
	return true;
}

bool weft__elf_open(struct weft__elf *elf, const struct weft__modules *modules,
	const struct weft__module *module)
{
	/* The program itself by what runs: its file may be another one by now. */
	const char *path = module == modules->list ? "/proc/self/exe" : module->path;
	struct stat st;

	elf->fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	if (elf->fd < 0)
		return false;
	if (fstat(elf->fd, &st) == 0 && S_ISREG(st.st_mode)) {
		elf->bytes = (uint64_t)st.st_size;
		if (read_head(elf, module))
			return true;
	}
	weft__elf_close(elf);
	return false;
}

void weft__elf_close(struct weft__elf *elf)
{
	close(elf->fd);
}

static bool read_section(const struct weft__elf *elf, unsigned number, ElfW(Shdr) * ret_head)
{
	struct weft__elf_part all = {0, elf->bytes};
	uint64_t in_table = (uint64_t)number * sizeof(*ret_head);

	return number < elf->count && elf->sections <= UINT64_MAX - in_table &&
	       weft__elf_read(elf, all, elf->sections + in_table, ret_head, sizeof(*ret_head));
}

bool weft__elf_section(
	const struct weft__elf *elf, unsigned number, struct weft__elf_section *ret_section)
{
	struct weft__elf_section s = {.type = SHT_NULL};
	ElfW(Shdr) head, names;

	if (!read_section(elf, number, &head) || head.sh_type == SHT_NOBITS)
		return false;
	s.type = head.sh_type;
	s.flags = head.sh_flags;
	s.link = head.sh_link;
	s.entry_bytes = head.sh_entsize;
	s.part = (struct weft__elf_part){head.sh_offset, head.sh_size};
	if (read_section(elf, elf->names, &names) && head.sh_name < names.sh_size)
		s.name = (struct weft__elf_part){
			names.sh_offset + head.sh_name, names.sh_size - head.sh_name};
	if (!has_part(elf, s.part))
		return false;
	*ret_section = s;
	return true;
}

bool weft__elf_find(const struct weft__elf *elf, const char *name, struct weft__elf_part *ret_part)
{
	size_t bytes = strlen(name) + 1;
	struct weft__elf_section s;
	char found[NAME_MOST];

	for (unsigned i = 0; i < elf->count && bytes <= sizeof(found); i++) {
		if (!weft__elf_section(elf, i, &s) || s.flags & SHF_COMPRESSED ||
			!weft__elf_read(elf, s.name, 0, found, bytes) ||
			memcmp(found, name, bytes) != 0)
			continue;
		*ret_part = s.part;
		return true;
	}
	return false;
}
