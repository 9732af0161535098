/* SPDX-License-Identifier: MIT
 *
 * Each module's table of functions is read when it is first asked for: .symtab, or .dynsym where
 * the file was stripped.
 */
#include "runtime/symbol.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdlib.h>

#include "runtime/elf.h"

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

/* A copy with a zero behind it; NULL if it cannot be had. */
static void *read_part(const struct weft__elf *elf, struct weft__elf_part part)
{
	char *copy = malloc(part.bytes + 1);

	if (copy && !weft__elf_read(elf, part, 0, copy, part.bytes)) {
		free(copy);
		return NULL;
	}
	if (copy)
		copy[part.bytes] = '\0';
	return copy;
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

static bool find_symbols(const struct weft__elf *elf, struct weft__elf_section *ret_symbols)
{
	struct weft__elf_section s;
	bool found = false;

	for (unsigned i = 0; i < elf->count; i++) {
		if (!weft__elf_section(elf, i, &s) || s.entry_bytes != sizeof(ElfW(Sym)) ||
			!(s.type == SHT_SYMTAB || (s.type == SHT_DYNSYM && !found)))
			continue;
		*ret_symbols = s;
		found = true;
	}
	return found;
}

static void read_table(
	struct table *t, const struct weft__modules *modules, const struct weft__module *module)
{
	struct weft__elf_section symbols = {.link = 0}, names;
	struct weft__elf elf;
	ElfW(Sym) * syms;

	t->read = true;
	if (!weft__elf_open(&elf, modules, module))
		return;
	if (find_symbols(&elf, &symbols) && weft__elf_section(&elf, symbols.link, &names)) {
		t->names = read_part(&elf, names.part);
		syms = read_part(&elf, symbols.part);
		if (t->names && syms)
			take_functions(
				t, syms, symbols.part.bytes / sizeof(*syms), names.part.bytes);
		free(syms);
	}
	weft__elf_close(&elf);
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
		if (!t->read)
			read_table(t, s->modules, m);
		place.path = m->path;
		place.in_module = pc - m->bias;
		name_it(t, &place);
	}
	s->cache[slot].pc = pc;
	s->cache[slot].place = place;
	return place;
}
