/* SPDX-License-Identifier: MIT
 *
 * Arguments: options may stand anywhere among the operands (unless the verb runs a program whose
 * own options follow), a value is "--name=value" or the next argument, "--" ends the options.
 */
#include "cli/cli.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void cli_usage(const char *format, ...)
{
	va_list ap;

	fputs("weft: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(CLI_USAGE);
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* How many letters must be put in, taken out, changed or swapped with their neighbour. */
static int distance(const char *a, const char *b)
{
	enum { MAX = 32 };
	int row[3][MAX + 1];
	int na = (int)strlen(a), nb = (int)strlen(b);

	if (na > MAX || nb > MAX)
		return MAX;
	for (int j = 0; j <= nb; j++)
		row[0][j] = j;
	for (int i = 1; i <= na; i++) {
		int *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];

		now[0] = i;
		for (int j = 1; j <= nb; j++) {
			now[j] = least(
				least(up[j], now[j - 1]) + 1, up[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], up2[j - 2] + 1);
		}
	}
	return row[na % 3][nb];
}

const char *cli_closest(const char *word, const char *const *words)
{
	const char *best = NULL;
	int best_distance = least(3, (int)strlen(word) / 2 + 1);

	for (; *words; words++) {
		int d = distance(word, *words);

		if (d < best_distance) {
			best = *words;
			best_distance = d;
		}
	}
	return best;
}

_Noreturn static void unknown_option(const struct cli_verb *verb, const char *arg)
{
	const char *names[32] = {NULL};
	char word[64];
	int n = 0;

	for (const struct cli_option *o = verb->options; o->name && n < 30; o++)
		names[n++] = o->name;
	names[n] = "help";
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(arg + 2, "="), arg + 2);
	const char *best = arg[1] == '-' ? cli_closest(word, names) : NULL;
	if (best)
		cli_usage("%s: unknown option of %s; did you mean --%s?", cli_clean(arg),
			verb->name, best);
	cli_usage("%s: unknown option of %s; see weft %s --help", cli_clean(arg), verb->name,
		verb->name);
}

/* The value of option o: behind "=", or the next argument. */
static int with_value(struct cli_args *a, int index, const char *value, const char **ret_value)
{
	const struct cli_option *o = &a->verb->options[index];

	if (!o->arg && value)
		cli_usage("--%s: takes no value", o->name);
	if (o->arg && !value) {
		if (a->next >= a->argc)
			cli_usage("--%s: needs a value: %s", o->name, o->arg);
		value = a->argv[a->next++];
	}
	*ret_value = value;
	return index;
}

static int long_option(struct cli_args *a, const char *arg, const char **ret_value)
{
	const char *name = arg + 2;
	size_t len = strcspn(name, "=");

	if (strcmp(name, "help") == 0) {
		cli_help(a->verb);
		exit(cli_finish_stdout(CLI_OK));
	}
	for (int i = 0; a->verb->options[i].name; i++) {
		const char *have = a->verb->options[i].name;

		if (strlen(have) == len && strncmp(have, name, len) == 0)
			return with_value(a, i, name[len] ? name + len + 1 : NULL, ret_value);
	}
	unknown_option(a->verb, arg);
}

/* The next letter of "-abc"; a letter's value is the rest of the argument, or the next one. */
static int letter_option(struct cli_args *a, const char **ret_value)
{
	const char letter = *a->letters++;
	const char *rest = *a->letters ? a->letters : NULL;

	if (letter == 'h') {
		cli_help(a->verb);
		exit(cli_finish_stdout(CLI_OK));
	}
	for (int i = 0; a->verb->options[i].name; i++) {
		const struct cli_option *o = &a->verb->options[i];

		if (o->letter != letter)
			continue;
		if (!o->arg) {
			a->letters = rest;
			*ret_value = NULL;
			return i;
		}
		a->letters = NULL;
		return with_value(a, i, rest, ret_value);
	}
	unknown_option(a->verb, (char[]){'-', letter, '\0', '\0'});
}

int cli_next(struct cli_args *a, const char **ret_value)
{
	if (a->next == 0)
		a->next = 1;
	if (a->letters && *a->letters)
		return letter_option(a, ret_value);
	if (a->next >= a->argc)
		return CLI_END;
	char *arg = a->argv[a->next];
	if (!a->only_operands && strcmp(arg, "--") == 0) {
		a->only_operands = true;
		a->next++;
		return cli_next(a, ret_value);
	}
	if (a->only_operands || arg[0] != '-' || arg[1] == '\0') {
		if (!a->verb->stops_at_operand)
			a->next++;
		*ret_value = arg;
		return CLI_OPERAND;
	}
	a->next++;
	if (arg[1] == '-')
		return long_option(a, arg, ret_value);
	a->letters = arg + 1;
	return letter_option(a, ret_value);
}

/* A number with what follows it. Hexadecimal, "inf" and "nan" are not numbers here. */
static bool read_number(const char *text, double *ret_number, const char **ret_rest)
{
	char *end;

	if (!strchr("0123456789.+-", *text) || *text == '\0' || strpbrk(text, "xXpP"))
		return false;
	errno = 0;
	*ret_number = strtod(text, &end);
	*ret_rest = end;
	return end != text && errno == 0 && isfinite(*ret_number);
}

static bool unit_ns(const char *unit, double *ret_ns)
{
	static const struct {
		const char *word;
		double ns;
	} units[] = {{"ns", 1}, {"us", 1e3}, {"\xc2\xb5s", 1e3}, {"ms", 1e6}, {"s", 1e9}};

	while (*unit == ' ')
		unit++;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(unit, units[i].word) == 0) {
			*ret_ns = units[i].ns;
			return true;
		}
	}
	return false;
}

int64_t cli_time(const char *option, const char *value)
{
	double number, ns = 1;
	const char *rest;

	if (!read_number(value, &number, &rest) || number < 0)
		cli_usage("--%s %s: not a time; write it as 1.5ms, with ns, us, ms or s", option,
			cli_clean(value));
	if (!unit_ns(rest, &ns) && (number != 0 || *rest))
		cli_usage("--%s %s: not a time; it needs a unit: ns, us, ms or s", option,
			cli_clean(value));
	if (number * ns > 9007199254740991.0)
		cli_usage("--%s %s: too long; a trace has 104 days at most", option,
			cli_clean(value));
	return (int64_t)(number * ns + 0.5);
}

double cli_seconds(const char *option, const char *value)
{
	double number, ns = 1e9;
	const char *rest;

	if (!read_number(value, &number, &rest) || (*rest && !unit_ns(rest, &ns)))
		cli_usage("--%s %s: not a duration; write it as 10, 2.5s or 300ms", option,
			cli_clean(value));
	return number * ns / 1e9;
}

double cli_number(const char *option, const char *value)
{
	double number;
	const char *rest;

	if (!read_number(value, &number, &rest) || *rest)
		cli_usage("--%s %s: not a number", option, cli_clean(value));
	return number;
}

static bool read_side(const char **text, int *ret_side)
{
	long n = 0;
	const char *p = *text;

	for (; *p >= '0' && *p <= '9' && n < 1000000000; p++)
		n = n * 10 + (*p - '0');
	if (p == *text || n > INT32_MAX)
		return false;
	*text = p;
	*ret_side = (int)n;
	return true;
}

void cli_size(const char *option, const char *value, int *ret_width, int *ret_height)
{
	const char *p = value;

	if (!read_side(&p, ret_width) || *p++ != 'x' || !read_side(&p, ret_height) || *p)
		cli_usage("--%s %s: not a size; write it as 1280x720", option, cli_clean(value));
}

bool cli_bool_format(const char *option, const char *value)
{
	if (strcmp(value, "json") == 0)
		return true;
	if (strcmp(value, "text") == 0)
		return false;
	cli_usage("--%s %s: unknown; choose text or json", option, cli_clean(value));
}

int cli_word(const char *option, const char *value, const char *const *words)
{
	char list[256] = "";
	size_t len = 0;

	for (int i = 0; words[i]; i++) {
		if (strcmp(words[i], value) == 0)
			return i;
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
			i == 0	       ? ""
			: words[i + 1] ? ", "
				       : " or ",
			words[i]);
	}
	cli_usage("--%s %s: unknown; choose %s", option, cli_clean(value), list);
}

uint32_t cli_whole(const char *option, const char *value, uint32_t max)
{
	uint32_t n = 0;
	const char *p = value;

	for (; *p >= '0' && *p <= '9' && n <= max / 10; p++)
		n = n * 10 + (uint32_t)(*p - '0');
	if (p == value || *p || n > max)
		cli_usage(
			"--%s %s: not a whole number from 0 to %u", option, cli_clean(value), max);
	return n;
}
