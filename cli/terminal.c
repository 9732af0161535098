/* SPDX-License-Identifier: MIT
 *
 * What the terminal can show: how wide it is, and which characters.
 */
#include "cli/cli.h"

#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

int cli_width(FILE *f)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;

	if (isatty(fileno(f)) && ioctl(fileno(f), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	if (columns && atoi(columns) > 0)
		return atoi(columns);
	return isatty(fileno(f)) ? 80 : INT_MAX;
}

bool cli_is_utf8(void)
{
	static enum { UNKNOWN, YES, NO } known;

	if (known == UNKNOWN) {
		locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);

		known = locale && strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0 ? YES : NO;
		if (locale)
			freelocale(locale);
	}
	return known == YES;
}

/* How many bytes the character has, and how many columns. What is no UTF-8 is a byte in one column.
 */
static size_t character(const char *text, int *ret_columns)
{
	static locale_t utf8;
	mbstate_t state = {0};
	locale_t before;
	wchar_t c;
	size_t n;

	*ret_columns = 1;
	if ((unsigned char)*text < 0x80)
		return 1;
	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!utf8)
		return 1;
	before = uselocale(utf8);
	n = mbrtowc(&c, text, strlen(text), &state);
	if (n == 0 || n > 4) {
		n = 1;
	} else {
		int columns = wcwidth(c);

		*ret_columns = columns < 0 ? 1 : columns;
	}
	uselocale(before);
	return n;
}

int cli_text_width(const char *text)
{
	int width = 0, columns;

	while (*text) {
		text += character(text, &columns);
		width += columns;
	}
	return width;
}

size_t cli_text_fit(const char *text, int width, int *ret_width)
{
	size_t fits = 0;
	int columns;

	*ret_width = 0;
	while (text[fits]) {
		size_t n = character(text + fits, &columns);

		if (*ret_width + columns > width)
			break;
		*ret_width += columns;
		fits += n;
	}
	return fits;
}
