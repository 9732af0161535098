/* SPDX-License-Identifier: MIT
 *
 * One unit of a line table (.debug_line), DWARF versions 2 to 5, 32-bit or 64-bit form: its header,
 * the rows that its program makes, and the names of its files. Nothing of what it says is trusted:
 * each call ends, and reads within the memory or the part of the file that it was given.
 */
#ifndef WEFT_RUNTIME_DWARF_H
#define WEFT_RUNTIME_DWARF_H

#include "runtime/elf.h"
#include "runtime/reader.h"

#define WEFT__UNIT_HEAD 320 /* bytes, at most, up to the tables of directories and files */

struct weft__unit {
	uint64_t bytes;		  /* of all of it */
	uint64_t tables, program; /* where these begin, from the unit's beginning on */
	uint16_t version;
	uint8_t offset_bytes;
	uint8_t min_instruction, line_range, opcode_base;
	int8_t line_base;
	uint8_t operands[256]; /* of the opcodes below opcode_base */
};

/* Of as much as there is of it, or the first WEFT__UNIT_HEAD bytes; false: it is not understood. */
bool weft__unit_read(struct weft__reader r, struct weft__unit *ret_unit);

/* Its size alone, of 12 bytes or more; false: it has none. */
bool weft__unit_bytes(struct weft__reader r, uint64_t *ret_bytes);

struct weft__row {
	uint64_t address; /* as the module's file has it */
	uint32_t file, line;
	bool end; /* behind the last instruction of a sequence */
};

/* How every sequence of rows begins. */
#define WEFT__ROW_FIRST ((struct weft__row){.file = 1, .line = 1})

/*
 * The program goes on from `r` up to the next row; `row` is the last one or WEFT__ROW_FIRST. False:
 * there is none. Rows of a sequence are in order of address, if the table is sound.
 */
bool weft__unit_next(const struct weft__unit *unit, struct weft__reader *r, struct weft__row *row);

/* Where names are. */
enum weft__section { WEFT__LINE, WEFT__LINE_STR, WEFT__STR, WEFT__SECTIONS };
struct weft__names {
	const struct weft__elf *elf;
	struct weft__elf_part parts[WEFT__SECTIONS]; /* 0 bytes: there is none */
};

/*
 * The name of a file, as the compiler was given it: with its directory, unless that is the one it
 * was called in. `tables` reads the unit's tables, up to the program, which begin at `offset` in
 * .debug_line. False: it has no name, or one that is longer than `size`.
 */
bool weft__unit_file(const struct weft__unit *unit, struct weft__reader tables, uint64_t offset,
	const struct weft__names *names, uint32_t file, char *ret_name, size_t size);

#endif
