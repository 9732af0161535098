/* SPDX-License-Identifier: MIT
 *
 * Each module's table of functions is read when it is first asked for: .symtab, or .dynsym where
 * the file was stripped. What a file says is not trusted: every offset is checked. Read with pread
 * and not mapped, since a file may be cut while it is looked at.
 */
#include "runtime/symbol.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CACHED 1024 /* most frames of many coroutines are the same few */

struct function {
	uintptr_t begin, end;
	uint32_t name; /* offset in names */
};

/* What was read of a module. */
struct table {
	bool read;
	struct function *functions; /* by address */
	size_t count;
	char *names; /* ends with a zero */
};

struct weft__symbols {
	const struct weft__modules *modules;
	struct table *tables; /* one for each module */
	struct {
		uintptr_t pc;
		struct weft__place place;
	} cache[CACHED];
};

struct weft__symbols *weft__symbols_open(const struct weft__modules *modules)
{
	struct weft__symbols *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->modules = modules;
	s->tables = calloc((size_t)modules->count + 1, sizeof(*s->tables));
	if (!s->tables) {
		free(s);
		return NULL;
	}
	return s;
}

void weft__symbols_close(struct weft__symbols *s)
{
	if (!s)
		return;
	for (int i = 0; i < s->modules->count; i++) {
		free(s->tables[i].functions);
		free(s->tables[i].names);
	}
	free(s->tables);
	free(s);
}

/* `bytes` from `offset` on, and a zero behind them; NULL if the file does not have them. */
static void *read_part(int fd, uint64_t file_bytes, uint64_t offset, uint64_t bytes)
{
	char *part;
	uint64_t got = 0;

	if (offset > file_bytes || bytes > file_bytes - offset)
		return NULL;
	part = malloc(bytes + 1);
	while (part && got < bytes) {
		ssize_t n = pread(fd, part + got, bytes - got, (off_t)(offset + got));

		if (n <= 0) {
			free(part);
			return NULL;
		}
		got += (uint64_t)n;
	}
	if (part)
		part[bytes] = '\0';
	return part;
}

static int by_address(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	return x->begin < y->begin ? -1 : x->begin > y->begin;
}

static void take_functions(struct table *t, const ElfW(Sym) * syms, size_t n, uint64_t name_bytes)
{
	t->functions = malloc((n + 1) * sizeof(*t->functions));
	for (size_t i = 0; i < n && t->functions; i++) {
		if (ELF64_ST_TYPE(syms[i].st_info) != STT_FUNC || syms[i].st_shndx == SHN_UNDEF ||
			syms[i].st_name >= name_bytes)
			continue;
		t->functions[t->count++] = (struct function){syms[i].st_value,
			syms[i].st_value + (syms[i].st_size ? syms[i].st_size : 1),
			syms[i].st_name};
	}
	if (t->count)
		qsort(t->functions, t->count, sizeof(*t->functions), by_address);
}

static void read_sections(struct table *t, int fd, uint64_t bytes, const ElfW(Ehdr) * head)
{
	const ElfW(Shdr) *found = NULL, *strings;
	ElfW(Shdr) * sections;
	ElfW(Sym) *syms = NULL;

	if (head->e_shentsize != sizeof(*sections) || head->e_shnum == 0)
		return;
	sections = read_part(fd, bytes, head->e_shoff, head->e_shnum * sizeof(*sections));
	for (int i = 0; sections && i < head->e_shnum; i++) {
		if (sections[i].sh_type == SHT_SYMTAB ||
			(sections[i].sh_type == SHT_DYNSYM && !found))
			found = &sections[i];
	}
	if (found && found->sh_entsize == sizeof(*syms) && found->sh_link < head->e_shnum) {
		strings = &sections[found->sh_link];
		t->names = read_part(fd, bytes, strings->sh_offset, strings->sh_size);
		syms = read_part(fd, bytes, found->sh_offset, found->sh_size);
		if (t->names && syms)
			take_functions(t, syms, found->sh_size / sizeof(*syms), strings->sh_size);
	}
	free(syms);
	free(sections);
}

static void read_table(struct table *t, const char *path)
{
	ElfW(Ehdr) * head;
	struct stat st;
	int fd;

	t->read = true;
	fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		head = read_part(fd, (uint64_t)st.st_size, 0, sizeof(*head));
		if (head && memcmp(head->e_ident, ELFMAG, SELFMAG) == 0 &&
			head->e_ident[EI_CLASS] == (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32))
			read_sections(t, fd, (uint64_t)st.st_size, head);
		free(head);
	}
	close(fd);
}

static void name_it(const struct table *t, struct weft__place *place)
{
	uintptr_t call = place->in_module - 1;
	size_t lo = 0, hi = t->count;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->functions[mid].begin <= call)
			lo = mid;
		else
			hi = mid;
	}
	if (lo == hi || call < t->functions[lo].begin || call >= t->functions[lo].end)
		return;
	place->function = t->names + t->functions[lo].name;
	place->offset = place->in_module - t->functions[lo].begin;
}

struct weft__place weft__symbols_find(struct weft__symbols *s, uintptr_t pc)
{
	size_t slot = (pc ^ pc >> 12) % CACHED;
	struct weft__place place = {.in_module = pc};
	const struct weft__module *m;
	struct table *t;

	if (!s)
		return place;
	if (s->cache[slot].pc == pc)
		return s->cache[slot].place;
	m = weft__module_of(s->modules, pc - 1);
	if (m) {
		t = &s->tables[m - s->modules->list];
		/* The program itself by what runs: its file may be another one by now. */
		if (!t->read)
			read_table(t, m == s->modules->list ? "/proc/self/exe" : m->path);
		place.path = m->path;
		place.in_module = pc - m->bias;
		name_it(t, &place);
	}
	s->cache[slot].pc = pc;
	s->cache[slot].place = place;
	return place;
}
