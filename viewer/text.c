/* SPDX-License-Identifier: MIT
 *
 * Text without a font: widths from a table of advances, shortening, and durations in words.
 */
#include "viewer/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ELLIPSIS "\xe2\x80\xa6"
#define ELLIPSIS_EM 1.0
#define WORD_LONGEST 6 /* bytes: a number, a short word */

/* Advances of the printable ASCII characters, in thousandths of the size. */
static const uint16_t ascii_advance[] = {
	318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,	 /* space */
	636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531,	 /* 0 */
	1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787, /* @ */
	603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500,	 /* P */
	500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,	 /* ` */
	635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,	 /* p */
};

/* Bytes of the character at p (1 for a stray byte), never past the end of the string. */
static size_t char_bytes(const char *p)
{
	unsigned char c = (unsigned char)*p;
	size_t n = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	for (size_t i = 1; i < n; i++)
		if (((unsigned char)p[i] & 0xc0) != 0x80)
			return 1;
	return n;
}

static double char_em(const char *p, size_t bytes)
{
	unsigned char c = (unsigned char)*p;

	if (c >= 0x20 && c < 0x7f)
		return ascii_advance[c - 0x20] / 1000.0;
	return bytes <= 2 ? 0.7 : 1.0; /* Latin, Greek, Cyrillic; the rest may be wide */
}

double text_width(const char *text, double size)
{
	double em = 0;

	for (const char *p = text; *p;) {
		size_t n = char_bytes(p);

		em += char_em(p, n);
		p += n;
	}
	return em * size;
}

/* Where the last character before `end` begins. */
static const char *char_before(const char *start, const char *end)
{
	const char *p = end - 1;

	for (int i = 0; i < 3 && p > start && ((unsigned char)*p & 0xc0) == 0x80; i++)
		p--;
	return p + char_bytes(p) == end ? p : end - 1;
}

/* Bytes of the last word, with the sign before a number: "#12" tells a name from its neighbours. 0
   if there is but one word, or the last is long. */
static size_t last_word(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[len - 1 - n] != ' ')
		n++;
	return n < len && n <= WORD_LONGEST ? n : 0;
}

/* The first and the last bytes of text around an ellipsis. */
static double around_ellipsis(
	char *buf, size_t buf_size, const char *text, size_t front, size_t back, double size)
{
	size_t len = strlen(text);

	if (front + back + sizeof ELLIPSIS > buf_size)
		return 0;
	memcpy(buf, text, front);
	memcpy(buf + front, ELLIPSIS, sizeof ELLIPSIS - 1);
	memcpy(buf + front + sizeof ELLIPSIS - 1, text + len - back, back);
	buf[front + sizeof ELLIPSIS - 1 + back] = '\0';
	return text_width(buf, size);
}

/* The last word stays whole if that leaves a letter or more of the first. */
static size_t kept_word(char *buf, size_t buf_size, const char *text, double size, double width)
{
	size_t back = last_word(text, strlen(text)), first = char_bytes(text);

	return back && around_ellipsis(buf, buf_size, text, first, back, size) > 0 &&
			       text_width(buf, size) <= width
		       ? back
		       : 0;
}

double text_fit(char *buf, size_t buf_size, const char *text, double size, double width)
{
	size_t len = strlen(text), front = 0, back;
	const char *end = text + len;
	double em;
	bool word;

	if (len < buf_size && text_width(text, size) <= width) {
		memcpy(buf, text, len + 1);
		return text_width(buf, size);
	}
	back = kept_word(buf, buf_size, text, size, width);
	word = back > 0;
	em = ELLIPSIS_EM + text_width(end - back, 1);
	/* Letters from both ends by turns, as long as they fit around the ellipsis. */
	for (bool from_back = false;; from_back = !from_back && !word) {
		const char *p = from_back ? char_before(text, end - back) : text + front;
		size_t n = front + back >= len ? 0 : char_bytes(p);

		if (!n || front + back + n + sizeof ELLIPSIS > buf_size ||
			(em + char_em(p, n)) * size > width)
			break;
		em += char_em(p, n);
		if (from_back)
			back += n;
		else
			front += n;
	}
	if (buf_size)
		buf[0] = '\0';
	return front ? around_ellipsis(buf, buf_size, text, front, back, size) : 0;
}

double text_tail(char *buf, size_t buf_size, const char *text, double size, double width)
{
	size_t back = last_word(text, strlen(text));
	double wide = back ? around_ellipsis(buf, buf_size, text, 0, back, size) : 0;

	if (wide > 0 && wide <= width)
		return wide;
	if (buf_size)
		buf[0] = '\0';
	return 0;
}

static const struct {
	int64_t ns;
	const char *word;
} units[] = {
	{1, "ns"},
	{1000, "\xc2\xb5s"},
	{1000000, "ms"},
	{INT64_C(1000000000), "s"},
};

/* A unit is kept up to ten of the next one: "3137.0 ms". */
static unsigned unit_for(int64_t ns)
{
	unsigned u = 0;

	while (u + 1 < sizeof units / sizeof *units && (ns < 0 ? -ns : ns) / 10 >= units[u + 1].ns)
		u++;
	return u;
}

void text_time(char *buf, size_t buf_size, int64_t ns)
{
	unsigned u = unit_for(ns);
	double value = (double)ns / (double)units[u].ns;
	double size = fabs(value);
	int digits = u == 0 ? 0 : size >= 100 ? 1 : 2;

	snprintf(buf, buf_size, "%.*f %s", digits, value, units[u].word);
}

void text_time_in(char *buf, size_t buf_size, int64_t ns, int64_t like_ns)
{
	unsigned u = unit_for(like_ns);
	double value = (double)ns / (double)units[u].ns, size = fabs(value);
	int digits = u == 0 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3;

	snprintf(buf, buf_size, "%.*f %s", digits, value, units[u].word);
}

void text_time_like(char *buf, size_t buf_size, int64_t ns, int64_t like_ns, int64_t step_ns)
{
	unsigned u = unit_for(like_ns);
	int digits = 0;

	for (int64_t unit = units[u].ns; unit > 1 && step_ns > 0 && step_ns % unit; unit /= 10)
		digits++;
	if (digits > 3)
		digits = 3;
	snprintf(buf, buf_size, "%.*f %s", digits, (double)ns / (double)units[u].ns, units[u].word);
}
