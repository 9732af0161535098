/* SPDX-License-Identifier: MIT
 *
 * Quoting for CSV. See csv.h.
 */
#include "tracer/trace/csv.h"

#include <string.h>

void weft_csv_text(FILE *f, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, f);
		return;
	}
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', f);
		fputc(*text, f);
	}
	fputc('"', f);
}
