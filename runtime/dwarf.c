/* SPDX-License-Identifier: MIT
 *
 * DWARF 5, section 6.2; the older versions differ in the header, and in counting files from 1.
 */
#include "runtime/dwarf.h"

#include <string.h>

/* ---- The header -------------------------------------------------------------------------------
 */

/* The length in front, and how many bytes offsets have in what follows. */
static uint64_t read_length(struct weft__reader *r, uint8_t *ret_offset_bytes)
{
	uint64_t length = weft__read(r, 4);

	*ret_offset_bytes = length == 0xffffffff ? 8 : 4;
	return length == 0xffffffff ? weft__read(r, 8) : length;
}

bool weft__unit_bytes(struct weft__reader r, uint64_t *ret_bytes)
{
	uint8_t offset_bytes;
	uint64_t length = read_length(&r, &offset_bytes), before = offset_bytes == 8 ? 12 : 4;

	if (r.over || length == 0 || length > UINT64_MAX - before)
		return false;
	*ret_bytes = before + length;
	return true;
}

bool weft__unit_read(struct weft__reader r, struct weft__unit *u)
{
	const uint8_t *begin = r.p;
	uint64_t header;

	if (!weft__unit_bytes(r, &u->bytes))
		return false;
	read_length(&r, &u->offset_bytes);
	u->version = (uint16_t)weft__read(&r, 2);
	if (u->version >= 5)
		weft__read_skip(&r, 2); /* sizes of an address and of a segment's number */
	header = weft__read(&r, u->offset_bytes);
	u->program = (uint64_t)(r.p - begin);
	if (r.over || u->version < 2 || u->version > 5 || header > u->bytes - u->program)
		return false;
	u->program += header;
	u->min_instruction = (uint8_t)weft__read(&r, 1);
	/* Several operations in an instruction: no machine of ours has that. */
	if (u->version >= 4 && weft__read(&r, 1) > 1)
		return false;
	weft__read_skip(&r, 1); /* whether rows are of statements at first */
	u->line_base = (int8_t)weft__read(&r, 1);
	u->line_range = (uint8_t)weft__read(&r, 1);
	u->opcode_base = (uint8_t)weft__read(&r, 1);
	for (unsigned i = 1; i < u->opcode_base; i++)
		u->operands[i] = (uint8_t)weft__read(&r, 1);
	u->tables = (uint64_t)(r.p - begin);
	return !r.over && u->line_range && u->opcode_base && u->tables <= u->program;
}

/* ---- The program ------------------------------------------------------------------------------
 */

/* One that tells its own length. True: it ended the sequence. */
static bool extended(struct weft__reader *r, struct weft__row *row)
{
	uint64_t bytes = weft__read_uleb(r);
	struct weft__reader body = *r;

	weft__read_skip(r, bytes);
	if (r->over || bytes == 0)
		return false;
	switch (weft__read(&body, 1)) {
	case 1:
		return true;
	case 2:
		if (bytes - 1 == 4 || bytes - 1 == 8)
			row->address = weft__read(&body, bytes - 1);
		return false;
	default:
		return false;
	}
}

/* One that makes a row tells so. */
static bool standard(
	const struct weft__unit *u, struct weft__reader *r, uint8_t op, struct weft__row *row)
{
	switch (op) {
	case 1: /* copy */
		return true;
	case 2:
		row->address += weft__read_uleb(r) * u->min_instruction;
		return false;
	case 3:
		row->line += (uint32_t)weft__read_sleb(r);
		return false;
	case 4:
		row->file = (uint32_t)weft__read_uleb(r);
		return false;
	case 8: /* as the last of the special ones, and no row */
		row->address +=
			(uint64_t)((255 - u->opcode_base) / u->line_range) * u->min_instruction;
		return false;
	case 9:
		row->address += weft__read(r, 2);
		return false;
	default: /* column, blocks, prologues ...: of no interest, or not known */
		for (unsigned i = 0; i < u->operands[op]; i++)
			(void)weft__read_uleb(r);
		return false;
	}
}

bool weft__unit_next(const struct weft__unit *u, struct weft__reader *r, struct weft__row *row)
{
	if (row->end)
		*row = WEFT__ROW_FIRST;
	while (r->p < r->end) {
		uint8_t op = (uint8_t)weft__read(r, 1);

		if (op >= u->opcode_base) {
			unsigned special = op - u->opcode_base;

			row->address += (uint64_t)(special / u->line_range) * u->min_instruction;
			row->line += (uint32_t)(u->line_base + (int)(special % u->line_range));
			return true;
		}
		if (op == 0)
			row->end = extended(r, row);
		if (r->over)
			return false;
		if (row->end || (op && standard(u, r, op, row)))
			return !r->over;
	}
	return false;
}

/* ---- Names ------------------------------------------------------------------------------------
 */

/* A text that stands somewhere. */
struct text {
	enum weft__section in;
	uint64_t at;
};

/* What the table says of a file or a directory. */
struct entry {
	struct text name;
	uint64_t directory;
};

struct tables {
	const struct weft__unit *unit;
	const struct weft__names *names;
	struct weft__reader r;
	const uint8_t *begin; /* of r at first, which is at */
	uint64_t offset;      /* in .debug_line */
};

static struct text text_here(struct tables *t)
{
	struct text text = {WEFT__LINE, t->offset + (uint64_t)(t->r.p - t->begin)};

	while (weft__read(&t->r, 1))
		;
	return text;
}

/* Copies it with its zero; false if there is not the room. */
static bool copy_text(const struct weft__names *names, struct text text, char *to, size_t size)
{
	struct weft__elf_part part = names->parts[text.in];

	if (text.at >= part.bytes)
		return false;
	if (size > part.bytes - text.at)
		size = part.bytes - text.at;
	return weft__elf_read(names->elf, part, text.at, to, size) && memchr(to, '\0', size);
}

/* Version 5: each field is of one of many forms. */
static void read_field(struct tables *t, uint64_t form, struct text *ret_text, uint64_t *ret_number)
{
	struct weft__reader *r = &t->r;

	switch (form) {
	case 0x08: /* string */
		*ret_text = text_here(t);
		break;
	case 0x1f: /* line_strp */
		*ret_text = (struct text){WEFT__LINE_STR, weft__read(r, t->unit->offset_bytes)};
		break;
	case 0x0e: /* strp */
		*ret_text = (struct text){WEFT__STR, weft__read(r, t->unit->offset_bytes)};
		break;
	case 0x0b: /* data1, data2, data4, data8 */
		*ret_number = weft__read(r, 1);
		break;
	case 0x05:
		*ret_number = weft__read(r, 2);
		break;
	case 0x06:
		*ret_number = weft__read(r, 4);
		break;
	case 0x07:
		*ret_number = weft__read(r, 8);
		break;
	case 0x0f: /* udata */
		*ret_number = weft__read_uleb(r);
		break;
	case 0x1e: /* data16: an MD5 sum */
		weft__read_skip(r, 16);
		break;
	case 0x09: /* block */
		weft__read_skip(r, weft__read_uleb(r));
		break;
	default:
		r->over = true;
	}
}

#define FIELDS_MOST 8

/* A table of version 5; false: it has no such entry. In any case the reader is behind the table. */
static bool find_described(struct tables *t, uint64_t number, struct entry *ret_entry)
{
	unsigned nfields = (unsigned)weft__read(&t->r, 1);
	struct {
		uint64_t what, form;
	} fields[FIELDS_MOST];
	bool found = false;
	uint64_t count;

	if (nfields > FIELDS_MOST)
		t->r.over = true;
	for (unsigned i = 0; i < nfields && !t->r.over; i++) {
		fields[i].what = weft__read_uleb(&t->r);
		fields[i].form = weft__read_uleb(&t->r);
	}
	count = weft__read_uleb(&t->r);
	/* Each field takes a byte at least: so this ends. */
	for (uint64_t n = 0; n < count && nfields && !t->r.over; n++) {
		struct entry e = {.name = {WEFT__SECTIONS, 0}};

		for (unsigned i = 0; i < nfields && !t->r.over; i++) {
			struct text text = {WEFT__SECTIONS, 0};
			uint64_t value = 0;

			read_field(t, fields[i].form, &text, &value);
			if (fields[i].what == 1)
				e.name = text;
			else if (fields[i].what == 2)
				e.directory = value;
		}
		if (n == number && !t->r.over && e.name.in != WEFT__SECTIONS) {
			*ret_entry = e;
			found = true;
		}
	}
	return found && !t->r.over;
}

/* A table of the versions before; it counts from 1. */
static bool find_listed(struct tables *t, bool of_files, uint64_t number, struct entry *ret_entry)
{
	bool found = false;

	for (uint64_t n = 1; t->r.p < t->r.end && *t->r.p != '\0'; n++) {
		struct entry e = {.name = text_here(t)};

		if (of_files) {
			e.directory = weft__read_uleb(&t->r);
			(void)weft__read_uleb(&t->r); /* time */
			(void)weft__read_uleb(&t->r); /* size */
		}
		if (n == number) {
			*ret_entry = e;
			found = true;
		}
	}
	weft__read_skip(&t->r, 1);
	return found && !t->r.over;
}

static bool find_entry(struct tables *t, bool of_files, uint64_t number, struct entry *ret_entry)
{
	return t->unit->version >= 5 ? find_described(t, number, ret_entry)
				     : find_listed(t, of_files, number, ret_entry);
}

static bool copy_joined(const struct weft__names *names, struct text directory, struct text name,
	char *to, size_t size)
{
	size_t used;

	if (!copy_text(names, directory, to, size))
		return false;
	used = strlen(to);
	if (used + 1 >= size || !copy_text(names, name, to + used + 1, size - used - 1))
		return false;
	to[used] = '/';
	return true;
}

bool weft__unit_file(const struct weft__unit *unit, struct weft__reader tables, uint64_t offset,
	const struct weft__names *names, uint32_t file, char *ret_name, size_t size)
{
	struct tables t = {unit, names, tables, tables.p, offset}, again = t;
	struct entry found = {.directory = 0}, directory = {.directory = 0};

	/* The directories come first, and which one it is stands behind them. */
	(void)find_entry(&t, false, UINT64_MAX, &directory);
	if (!find_entry(&t, true, file, &found) || !copy_text(names, found.name, ret_name, size))
		return false;
	if (ret_name[0] == '/' || found.directory == 0)
		return true;
	return (find_entry(&again, false, found.directory, &directory) &&
		       copy_joined(names, directory.name, found.name, ret_name, size)) ||
	       copy_text(names, found.name, ret_name, size);
}
