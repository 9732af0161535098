/* SPDX-License-Identifier: MIT
 *
 * What the command prints: lines on stderr, help, colours, times, JSON strings, tables. A trace is
 * somebody else's text, so everything of it that reaches a terminal goes through cli_clean.
 */
#include "cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void cli_say(const char *format, ...)
{
	va_list ap;

	cli_clear_progress();
	fflush(stdout);
	fputs("weft: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

int cli_finish_stdout(int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "weft: standard output: %s\n", strerror(errno ? errno : EIO));
	return CLI_FAILED;
}

/* Prints text with each line indented by n blanks. */
static void indent(const char *text, int n)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		printf("%*s%.*s\n", len ? n : 0, "", (int)len, text);
		text += len;
		text += *text == '\n';
	}
}

void cli_help(const struct cli_verb *verb)
{
	enum { COLUMN = 22 };

	printf("usage: weft %s %s\n\n", verb->name, verb->synopsis);
	indent(verb->about, 0);
	printf("\noptions:\n");
	for (const struct cli_option *o = verb->options; o->name; o++) {
		char left[64], letter[8] = "    ";

		if (o->letter)
			snprintf(letter, sizeof(letter), "-%c, ", o->letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, o->name, o->arg ? " " : "",
			o->arg ? o->arg : "");
		size_t len = strcspn(o->help, "\n");
		if (strlen(left) > COLUMN)
			printf("  %s\n  %*s  %.*s\n", left, COLUMN, "", (int)len, o->help);
		else
			printf("  %-*s  %.*s\n", COLUMN, left, (int)len, o->help);
		if (o->help[len])
			indent(o->help + len + 1, COLUMN + 4);
	}
	printf("  %-*s  %s\n", COLUMN, "-h, --help", "this text");
	printf("\nexit status:\n");
	indent(verb->exits, 2);
	printf("\nweft-%s(1) says more.\n", verb->name);
}

static enum { COLOUR_AUTO, COLOUR_YES, COLOUR_NO } colour_choice;

void cli_colour_option(const char *value)
{
	if (strcmp(value, "auto") == 0)
		colour_choice = COLOUR_AUTO;
	else if (strcmp(value, "yes") == 0 || strcmp(value, "always") == 0)
		colour_choice = COLOUR_YES;
	else if (strcmp(value, "no") == 0 || strcmp(value, "never") == 0)
		colour_choice = COLOUR_NO;
	else
		cli_usage("--color %s: unknown; choose auto, yes or no", cli_clean(value));
}

static bool is_coloured(FILE *f)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (colour_choice != COLOUR_AUTO)
		return colour_choice == COLOUR_YES;
	return isatty(fileno(f)) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

const char *cli_colour(FILE *f, enum cli_colour colour)
{
	static const char *const sequences[] = {
		[CLI_PLAIN] = "\033[0m",
		[CLI_RED] = "\033[31m",
		[CLI_YELLOW] = "\033[33m",
		[CLI_GREEN] = "\033[32m",
		[CLI_BOLD] = "\033[1m",
		[CLI_DIM] = "\033[2m",
	};

	return is_coloured(f) ? sequences[colour] : "";
}

static char *next_buffer(size_t *ret_size)
{
	static char buffers[8][512];
	static unsigned turn;

	*ret_size = sizeof(buffers[0]);
	return buffers[turn++ % 8];
}

/* Bytes of what follows a character's first byte. */
static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* C1 controls, as UTF-8 has them, drive some terminals as well. */
static bool is_c1(const char *text)
{
	return (unsigned char)text[0] == 0xc2 && (unsigned char)text[1] >= 0x80 &&
	       (unsigned char)text[1] < 0xa0;
}

const char *cli_clean(const char *text)
{
	bool utf8 = cli_is_utf8();
	size_t size, n = 0;
	char *out = next_buffer(&size);

	for (; *text && n + 1 < size; text++) {
		unsigned char c = (unsigned char)*text;
		bool c1 = is_c1(text);
		bool unknown = c >= 0x80 && !utf8;

		if (c1)
			text++;
		else if (unknown)
			while (continues(text[1]))
				text++;
		out[n++] = c < 0x20 || c == 0x7f || c1 || unknown ? '?' : *text;
	}
	if (*text) /* never cut a character in two */
		while (n && continues(out[n - 1]))
			n--;
	if (*text && n && (unsigned char)out[n - 1] >= 0xc0)
		n--;
	out[n] = '\0';
	return out;
}

const char *cli_duration(int64_t ns)
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	size_t size;
	char *out = next_buffer(&size);
	double value = (double)ns;
	int unit = 0;

	while (unit < 3 && (value >= 999.5 || value <= -999.5)) {
		value /= 1000;
		unit++;
	}
	double magnitude = value < 0 ? -value : value;
	int digits = unit == 0 ? 0 : magnitude < 9.995 ? 2 : magnitude < 99.95 ? 1 : 0;
	snprintf(out, size, "%.*f %s", digits, value, units[unit]);
	return out;
}

const char *cli_count(uint64_t n)
{
	size_t size;
	char *out = next_buffer(&size), digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);
	size_t at = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
	return out;
}
