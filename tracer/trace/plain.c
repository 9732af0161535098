/* SPDX-License-Identifier: MIT
 *
 * Values without a parser. See plain.h.
 */
#include "tracer/trace/plain.h"

#include "tracer/event.h"
#include "tracer/trace/token.h"

/* A fraction and an exponent, or nothing. */
static const char *skip_fraction(const char *p)
{
	if (*p == '.') {
		if (!is_digit(*++p))
			return NULL;
		while (is_digit(*p))
			p++;
	}
	if (*p == 'e') {
		p += p[1] == '-' || p[1] == '+' ? 2 : 1;
		if (!is_digit(*p))
			return NULL;
		while (is_digit(*p))
			p++;
	}
	return p;
}

/* A string of these bytes and no others, with at least one of them. */
static const char *skip_string_of(const char *p, const char *bytes)
{
	size_t n = strspn(p, bytes);

	return n > 0 ? skip(p + n, "\"") : NULL;
}

/* The parts of a tagged value that the recorder writes; the first five are tags. */
static const char *const part_names[] = {
	"base64", "ptr", "str", "int", "float", "len", "type", NULL};

static const char *skip_part(const char *p, uint8_t part)
{
	static const char *const floats[] = {"nan", "inf", "-inf", NULL};
	uint8_t word;
	int64_t n;

	switch (part) {
	case 1:
		p = skip(p, "\"0x");
		return p ? skip_string_of(p, "0123456789abcdef") : NULL;
	case 3:
		p = skip(p, "\"");
		return p ? skip_string_of(p + (*p == '-'), "0123456789") : NULL;
	case 4:
		return scan_word(p, floats, &word);
	case 5:
		p = scan_integer(p, &n);
		return p && n >= 0 && n <= WEFT_TIME_MAX ? p : NULL;
	default:
		return skip_string(p);
	}
}

/* A flat object of such parts, with a tag among them. */
static const char *skip_tagged(const char *p)
{
	bool tagged = false;
	uint8_t part;

	do {
		p = scan_word(p + 1, part_names, &part);
		p = p ? skip(p, ":") : NULL;
		if (!p)
			return NULL;
		tagged |= part < 5;
		p = skip_part(p, part);
	} while (p && *p == ',');
	return p && tagged ? skip(p, "}") : NULL;
}

const char *weft_plain_number(const char *p)
{
	int64_t n;

	p = scan_integer(p, &n);
	return p && n >= -WEFT_TIME_MAX && n <= WEFT_TIME_MAX ? skip_fraction(p) : NULL;
}

const char *weft_plain_value(const char *p)
{
	bool flag;

	switch (*p) {
	case '"':
		return skip_string(p);
	case '{':
		return skip_tagged(p);
	case 'n':
		return skip(p, "null");
	case 't':
	case 'f':
		return scan_bool(p, &flag);
	default:
		return weft_plain_number(p);
	}
}
