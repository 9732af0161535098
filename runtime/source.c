/* SPDX-License-Identifier: MIT
 *
 * A line table is a program that makes rows (address, file, line), much larger when they are
 * stored. So it is run once, when a module is first asked for, and a row of each 4 KiB of program,
 * and the first of each sequence, is marked: from the mark in front of an address it is run again,
 * as far as that address.
 */
#include "runtime/source.h"

#include <limits.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/dwarf.h"
#include "runtime/sanitize.h"

#define PIECE 4096		       /* of program, between two marks */
#define MARKS_MOST ((size_t)1 << 20)   /* of a module */
#define TABLE_MOST ((uint64_t)1 << 28) /* bytes: about a second */
#define UNIT_MOST ((uint64_t)1 << 26)
#define LOOK_MOST ((uint64_t)1 << 20) /* bytes that one look may run through */
#define NAMES_BYTES ((size_t)1 << 20) /* of all files */
#define NAME_MOST 512
#define CACHED 1024

/* A row, and where the program goes on behind it. */
struct mark {
	uint64_t address;
	uint32_t file, line;
	uint32_t unit; /* offset in .debug_line, as is */
	uint32_t next;
	uint32_t bytes; /* up to the next mark, or the end of the sequence */
};

/* What was read of a module. */
struct table {
	bool read, open;
	struct weft__elf elf;
	struct weft__names names;
	struct mark *marks; /* by address */
	size_t count, room;
};

/* A part of .debug_line at a time. */
struct buffer {
	uint8_t *bytes;
	size_t room;
};

struct weft__sources {
	const struct weft__modules *modules;
	struct buffer buffer;
	struct {
		uintptr_t pc;
		struct weft__source source; /* file is NULL: not known */
	} cache[CACHED];
	size_t names_used;
	char names[NAMES_BYTES]; /* each ends with a zero */
	struct table tables[];	 /* one for each module */
};

/* ---- Memory -----------------------------------------------------------------------------------
 */

static void *map_bytes(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* ASan then sees who reads on behind the first `bytes`. */
static void guard(const struct buffer *b, size_t bytes)
{
#if WEFT__ASAN
	ASAN_UNPOISON_MEMORY_REGION(b->bytes, b->room);
	ASAN_POISON_MEMORY_REGION(b->bytes + bytes, b->room - bytes);
#else
	(void)b;
	(void)bytes;
#endif
}

static void drop(struct buffer *b)
{
	if (!b->bytes)
		return;
	guard(b, b->room);
	munmap(b->bytes, b->room);
	*b = (struct buffer){NULL, 0};
}

/* A part of .debug_line; false: it cannot be had. */
static bool fetch(struct buffer *b, const struct table *t, uint64_t offset, uint64_t bytes,
	struct weft__reader *ret_reader)
{
	if (bytes > b->room || !b->bytes) {
		drop(b);
		b->room = bytes < PIECE ? PIECE : bytes;
		b->bytes = map_bytes(b->room);
		if (!b->bytes)
			return false;
	}
	guard(b, bytes);
	if (!weft__elf_read(&t->elf, t->names.parts[WEFT__LINE], offset, b->bytes, bytes))
		return false;
	*ret_reader = (struct weft__reader){b->bytes, b->bytes + bytes, false};
	return true;
}

/* NULL: there are too many, or no memory. */
static struct mark *add_mark(struct table *t)
{
	size_t room = t->room ? 2 * t->room : 128;
	void *marks;

	if (t->count == t->room) {
		marks = room > MARKS_MOST ? MAP_FAILED
			: t->marks	  ? mremap(t->marks, t->room * sizeof(*t->marks),
						    room * sizeof(*t->marks), MREMAP_MAYMOVE)
					  : map_bytes(room * sizeof(*t->marks));
		if (!marks || marks == MAP_FAILED)
			return NULL;
		t->marks = marks;
		t->room = room;
	}
	return &t->marks[t->count++];
}

/* ---- Marks ------------------------------------------------------------------------------------
 */

static bool is_before(const struct mark *a, const struct mark *b)
{
	return a->address != b->address ? a->address < b->address : a->next < b->next;
}

static void sift(struct mark *marks, size_t i, size_t n)
{
	struct mark moved = marks[i];

	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && is_before(&marks[child], &marks[child + 1]))
			child++;
		if (!is_before(&moved, &marks[child]))
			break;
		marks[i] = marks[child];
	}
	marks[i] = moved;
}

/* A heap sort: qsort calls malloc. */
static void sort(struct mark *marks, size_t n)
{
	for (size_t i = n / 2; i > 0; i--)
		sift(marks, i - 1, n);
	for (; n > 1; n--) {
		struct mark last = marks[n - 1];

		marks[n - 1] = marks[0];
		marks[0] = last;
		sift(marks, 0, n - 1);
	}
}

/* Functions that the linker has left out still have rows, at address 0 or at none that exists. */
static bool is_code(const struct weft__module *m, uint64_t address)
{
	return address && address >= m->text - m->bias && address < m->text_end - m->bias;
}

static void mark_unit(struct table *t, const struct weft__module *m, uint64_t offset,
	const struct weft__unit *unit, struct weft__reader r)
{
	const uint8_t *begin = r.p;
	struct weft__row row = WEFT__ROW_FIRST;
	struct mark *mark = NULL;
	bool first = true, left_out = false;

	weft__read_skip(&r, unit->program);
	while (weft__unit_next(unit, &r, &row)) {
		uint64_t next = offset + (uint64_t)(r.p - begin);

		if (mark)
			mark->bytes = (uint32_t)(next - mark->next);
		if (first)
			left_out = !is_code(m, row.address);
		first = row.end;
		if (row.end && mark && row.address <= mark->address)
			t->count--; /* it says nothing of any instruction */
		if (row.end || left_out) {
			mark = NULL;
		} else if (!mark || mark->bytes >= PIECE) {
			mark = add_mark(t);
			if (!mark)
				return;
			*mark = (struct mark){row.address, row.file, row.line, (uint32_t)offset,
				(uint32_t)next, 0};
		}
	}
}

static void mark_table(struct buffer *b, struct table *t, const struct weft__module *m)
{
	uint64_t all = t->names.parts[WEFT__LINE].bytes, bytes;
	struct weft__reader r;
	struct weft__unit unit;

	for (uint64_t offset = 0; offset < all; offset += bytes) {
		if (!fetch(b, t, offset, all - offset < 12 ? all - offset : 12, &r) ||
			!weft__unit_bytes(r, &bytes) || bytes > all - offset)
			return;
		if (bytes <= UNIT_MOST && fetch(b, t, offset, bytes, &r) &&
			weft__unit_read(r, &unit))
			mark_unit(t, m, offset, &unit, r);
	}
}

static void close_table(struct table *t)
{
	if (t->open)
		weft__elf_close(&t->elf);
	if (t->marks)
		munmap(t->marks, t->room * sizeof(*t->marks));
	t->open = false;
	t->marks = NULL;
	t->count = t->room = 0;
}

static void read_table(struct weft__sources *s, struct table *t, const struct weft__module *m)
{
	static const char *const names[] = {".debug_line", ".debug_line_str", ".debug_str"};

	t->read = true;
	t->open = weft__elf_open(&t->elf, s->modules, m);
	if (!t->open)
		return;
	t->names.elf = &t->elf;
	for (int i = 0; i < WEFT__SECTIONS; i++) {
		if (!weft__elf_find(&t->elf, names[i], &t->names.parts[i]) && i == WEFT__LINE)
			break; /* most libraries have none */
	}
	if (t->names.parts[WEFT__LINE].bytes <= TABLE_MOST)
		mark_table(&s->buffer, t, m);
	drop(&s->buffer);
	if (t->count)
		sort(t->marks, t->count);
	else
		close_table(t);
}

/* ---- Looks ------------------------------------------------------------------------------------
 */

/* The last one at or before the address, or NULL. */
static const struct mark *find_mark(const struct table *t, uint64_t address)
{
	size_t lo = 0, hi = t->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->marks[mid].address <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? &t->marks[lo - 1] : NULL;
}

/* The row that holds at the address: the last one that is not behind it. */
static bool find_row(struct buffer *b, const struct table *t, const struct mark *mark,
	const struct weft__unit *unit, uint64_t address, struct weft__row *ret_row)
{
	struct weft__row row = {mark->address, mark->file, mark->line, false}, last = row;
	struct weft__reader r;

	if (mark->bytes > LOOK_MOST || !fetch(b, t, mark->next, mark->bytes, &r))
		return false;
	while (weft__unit_next(unit, &r, &row)) {
		if (row.address > address) {
			*ret_row = last;
			return true;
		}
		if (row.end)
			return false; /* a gap between two sequences */
		last = row;
	}
	return false;
}

/* Keeps one copy of each name; NULL: there is no room. */
static const char *keep_name(struct weft__sources *s, const char *name)
{
	size_t bytes = strlen(name) + 1;
	char *at = s->names;

	for (; at < s->names + s->names_used; at += strlen(at) + 1) {
		if (strcmp(at, name) == 0)
			return at;
	}
	if (bytes > NAMES_BYTES - s->names_used)
		return NULL;
	s->names_used += bytes;
	return memcpy(at, name, bytes);
}

static const char *find_file(struct weft__sources *s, const struct table *t,
	const struct mark *mark, const struct weft__unit *unit, uint32_t file)
{
	uint64_t offset = mark->unit + unit->tables, bytes = unit->program - unit->tables;
	char name[NAME_MOST];
	struct weft__reader r;

	if (bytes > LOOK_MOST || !fetch(&s->buffer, t, offset, bytes, &r) ||
		!weft__unit_file(unit, r, offset, &t->names, file, name, sizeof(name)))
		return NULL;
	return keep_name(s, name);
}

static bool look(struct weft__sources *s, const struct table *t, uint64_t address,
	struct weft__source *ret_source)
{
	const struct mark *mark = find_mark(t, address);
	struct weft__reader r;
	struct weft__unit unit;
	struct weft__row row;
	uint64_t rest;

	if (!mark)
		return false;
	rest = t->names.parts[WEFT__LINE].bytes - mark->unit;
	if (!fetch(&s->buffer, t, mark->unit, rest < WEFT__UNIT_HEAD ? rest : WEFT__UNIT_HEAD,
		    &r) ||
		!weft__unit_read(r, &unit) ||
		!find_row(&s->buffer, t, mark, &unit, address, &row) || row.line == 0 ||
		row.line > INT_MAX)
		return false; /* line 0: the compiler made it up */
	ret_source->file = find_file(s, t, mark, &unit, row.file);
	ret_source->line = (int)row.line;
	return ret_source->file;
}

bool weft__sources_find(struct weft__sources *s, uintptr_t pc, struct weft__source *ret_source)
{
	size_t slot = (pc ^ pc >> 12) % CACHED;
	struct weft__source source = {NULL, 0};
	const struct weft__module *m;
	struct table *t;

	if (!s || !pc)
		return false;
	if (s->cache[slot].pc == pc) {
		source = s->cache[slot].source;
	} else {
		m = weft__module_of(s->modules, pc - 1);
		if (!m)
			return false;
		t = &s->tables[m - s->modules->list];
		if (!t->read)
			read_table(s, t, m);
		if (!look(s, t, pc - 1 - m->bias, &source))
			source.file = NULL;
		s->cache[slot].pc = pc;
		s->cache[slot].source = source;
	}
	if (!source.file)
		return false;
	*ret_source = source;
	return true;
}

static size_t bytes_of(const struct weft__modules *modules)
{
	return sizeof(struct weft__sources) + (size_t)modules->count * sizeof(struct table);
}

struct weft__sources *weft__sources_open(const struct weft__modules *modules)
{
	struct weft__sources *s = map_bytes(bytes_of(modules));

	if (s)
		s->modules = modules;
	return s;
}

void weft__sources_close(struct weft__sources *s)
{
	if (!s)
		return;
	for (int i = 0; i < s->modules->count; i++)
		close_table(&s->tables[i]);
	drop(&s->buffer);
	munmap(s, bytes_of(s->modules));
}
