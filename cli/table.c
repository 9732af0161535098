/* SPDX-License-Identifier: MIT
 *
 * Tables for a terminal: every column as wide as its widest cell, in characters.
 */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void cli_table_init(struct cli_table *t, const char *align)
{
	*t = (struct cli_table){.align = align, .ncolumns = (int)strlen(align)};
}

void cli_table_add(struct cli_table *t, const char *format, ...)
{
	va_list ap;

	if (t->ncells == t->space) {
		t->space = t->space ? t->space * 2 : 64;
		t->cells = realloc(t->cells, (size_t)t->space * sizeof(*t->cells));
	}
	va_start(ap, format);
	if (!t->cells || vasprintf(&t->cells[t->ncells++], format, ap) < 0) {
		cli_say("out of memory");
		exit(CLI_FAILED);
	}
	va_end(ap);
}

/* Characters, not bytes. */
static int width(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void print_row(const struct cli_table *t, FILE *f, int row, const int *widths)
{
	for (int c = 0; c < t->ncolumns; c++) {
		const char *cell = t->cells[row * t->ncolumns + c];
		int pad = widths[c] - width(cell);
		bool last = c + 1 == t->ncolumns;

		if (t->align[c] == 'r')
			fprintf(f, "  %*s%s", pad, "", cell);
		else
			fprintf(f, "  %s%*s", cell, last ? 0 : pad, "");
	}
	fputc('\n', f);
}

void cli_table_print(struct cli_table *t, FILE *f)
{
	int widths[16] = {0};

	for (int i = 0; i < t->ncells; i++) {
		int w = width(t->cells[i]);

		if (w > widths[i % t->ncolumns])
			widths[i % t->ncolumns] = w;
	}
	for (int row = 0; row < t->ncells / t->ncolumns; row++) {
		if (row == 0)
			fputs(cli_colour(f, CLI_DIM), f);
		print_row(t, f, row, widths);
		if (row == 0)
			fputs(cli_colour(f, CLI_PLAIN), f);
	}
	for (int i = 0; i < t->ncells; i++)
		free(t->cells[i]);
	free(t->cells);
	cli_table_init(t, t->align);
}
