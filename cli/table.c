/* SPDX-License-Identifier: MIT
 *
 * Tables for a terminal: every column as wide as its widest cell. Where the terminal is narrower
 * than that, first the columns that may shrink do, then those of the highest rank are left out.
 */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2, SHRUNK = 16, SHRUNK_MOST = 6 };

void cli_table_init(struct cli_table *t, const struct cli_column *columns)
{
	*t = (struct cli_table){.columns = columns};
	while (t->ncolumns < CLI_COLUMNS_MAX && columns[t->ncolumns].head)
		t->ncolumns++;
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

static bool is_empty(const char *cell)
{
	return *cell == '\0' || strcmp(cell, "-") == 0;
}

/* The widths of all columns; 0 where a column says nothing and may be left out. */
static void measure(const struct cli_table *t, int *widths)
{
	for (int c = 0; c < t->ncolumns; c++) {
		bool empty = true;

		widths[c] = cli_text_width(t->columns[c].head);
		for (int i = c; i < t->ncells; i += t->ncolumns) {
			int width = cli_text_width(t->cells[i]);

			empty &= is_empty(t->cells[i]);
			if (width > widths[c])
				widths[c] = width;
		}
		if (empty && t->columns[c].rank > 0)
			widths[c] = 0;
	}
}

static int sum_of(const struct cli_table *t, const int *widths)
{
	int sum = 0;

	for (int c = 0; c < t->ncolumns; c++)
		sum += widths[c] ? widths[c] + GAP : 0;
	return sum;
}

/* Takes from the widest column that may shrink, until it is done or none is wider than `least`; no
   column becomes narrower than its head. */
static void shrink(const struct cli_table *t, int *widths, int width, int least)
{
	int excess = sum_of(t, widths) - width;

	for (; excess > 0; excess--) {
		int widest = -1;

		for (int c = 0; c < t->ncolumns; c++) {
			if (t->columns[c].shrinks && widths[c] > least &&
				widths[c] > cli_text_width(t->columns[c].head) &&
				(widest < 0 || widths[c] > widths[widest]))
				widest = c;
		}
		if (widest < 0)
			return;
		widths[widest]--;
	}
}

/* Leaves out the column of the highest rank. */
static bool leave_out(const struct cli_table *t, int *widths)
{
	int last = -1;

	for (int c = 0; c < t->ncolumns; c++) {
		if (widths[c] && t->columns[c].rank > 0 &&
			(last < 0 || t->columns[c].rank > t->columns[last].rank))
			last = c;
	}
	if (last >= 0)
		widths[last] = 0;
	return last >= 0;
}

static void fit(const struct cli_table *t, int *widths, int width)
{
	int full[CLI_COLUMNS_MAX];

	memcpy(full, widths, sizeof(full));
	for (;;) {
		shrink(t, widths, width, SHRUNK);
		if (sum_of(t, widths) <= width)
			return;
		memcpy(widths, full, sizeof(full));
		if (!leave_out(t, full))
			break;
		memcpy(widths, full, sizeof(full));
	}
	shrink(t, widths, width, SHRUNK_MOST);
}

/* Cut with a mark if it is wider than its column. */
static void print_cell(FILE *f, const char *cell, int width, char align, bool last)
{
	const char *mark = "";
	int used = cli_text_width(cell);
	size_t len = strlen(cell);

	if (used > width) {
		len = cli_text_fit(cell, width - 1, &used);
		mark = cli_is_utf8() ? "\u2026" : "~";
		used++;
	}
	if (align == 'r')
		fprintf(f, "%*s", width - used, "");
	fprintf(f, "%.*s%s", (int)len, cell, mark);
	if (align != 'r' && !last)
		fprintf(f, "%*s", width - used, "");
}

static void print_row(const struct cli_table *t, FILE *f, char *const *cells, const int *widths)
{
	int last = t->ncolumns - 1;

	while (last > 0 && widths[last] == 0)
		last--;
	for (int c = 0; c <= last; c++) {
		const char *cell = cells ? cells[c] : t->columns[c].head;

		if (widths[c] == 0 || (*cell == '\0' && c == last))
			continue;
		fprintf(f, "%*s", GAP, "");
		print_cell(f, cell, widths[c], t->columns[c].align, c == last);
	}
	fputc('\n', f);
}

void cli_table_print(struct cli_table *t, FILE *f)
{
	int widths[CLI_COLUMNS_MAX] = {0};

	measure(t, widths);
	fit(t, widths, cli_width(f));
	fputs(cli_colour(f, CLI_DIM), f);
	print_row(t, f, NULL, widths);
	fputs(cli_colour(f, CLI_PLAIN), f);
	for (int i = 0; i < t->ncells; i += t->ncolumns)
		print_row(t, f, &t->cells[i], widths);
	for (int i = 0; i < t->ncells; i++)
		free(t->cells[i]);
	free(t->cells);
	cli_table_init(t, t->columns);
}
