/* SPDX-License-Identifier: MIT
 *
 * Shortest decimals. Idea: a number of few digits is found by scaling it to an integer and dividing
 * back, which is exact arithmetic as long as both fit the mantissa. What that does not find is
 * printed with ever more digits until it reads back; the digits travel to strtod without a decimal
 * point, so that no locale can interfere.
 */
#include "tracer/record/real.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/record/text.h"

#define DIGITS_MAX 40

/* digits * 10^exp10, no sign, no leading or trailing zero. */
struct decimal {
	char digits[DIGITS_MAX];
	int len;
	int exp10;
};

enum width { FLOAT, DOUBLE, LONG };

static bool reads_back(const struct decimal *d, long double v, enum width width)
{
	char text[DIGITS_MAX + 16];

	snprintf(text, sizeof(text), "%.*se%d", d->len, d->digits, d->exp10);
	if (width == FLOAT)
		return strtof(text, NULL) == (float)v;
	if (width == DOUBLE)
		return strtod(text, NULL) == (double)v;
	return strtold(text, NULL) == v;
}

static void strip_zeros(struct decimal *d)
{
	while (d->len > 1 && d->digits[d->len - 1] == '0') {
		d->len--;
		d->exp10++;
	}
}

/* The nearest decimal of so many digits. */
static void round_to(struct decimal *d, long double v, int digits)
{
	char text[DIGITS_MAX + 16];
	const char *s = text;

	snprintf(text, sizeof(text), "%.*Le", digits - 1, v);
	d->len = 0;
	for (; *s != 'e'; s++) {
		if (*s >= '0' && *s <= '9' && d->len < DIGITS_MAX)
			d->digits[d->len++] = *s;
	}
	d->exp10 = atoi(s + 1) - (d->len - 1);
}

/* The next decimal above of as many digits. */
static void step_up(struct decimal *d)
{
	int i = d->len - 1;

	while (i >= 0 && d->digits[i] == '9')
		d->digits[i--] = '0';
	if (i >= 0) {
		d->digits[i]++;
	} else {
		d->digits[0] = '1';
		d->exp10++;
	}
}

/*
 * Up to `sure` digits each decimal has a number of its own, so that the shortest, if it is that
 * short, is what rounding to `sure` digits gives, less its zeros. Not so where the mantissa has
 * lost bits. Below a power of two the numbers lie closer than above: there the nearest decimal may
 * miss where the next one above hits.
 */
static void shortest(struct decimal *d, long double v, enum width width)
{
	static const int sure[] = {FLT_DIG, DBL_DIG, LDBL_DIG};
	static const int most[] = {FLT_DECIMAL_DIG, DBL_DECIMAL_DIG, LDBL_DECIMAL_DIG};
	static const long double least[] = {FLT_MIN, DBL_MIN, LDBL_MIN};
	int exponent;
	bool power = frexpl(v, &exponent) == 0.5L;

	for (int n = v < least[width] ? 1 : sure[width]; n <= most[width]; n++) {
		round_to(d, v, n);
		if (reads_back(d, v, width))
			break;
		if (!power)
			continue;
		step_up(d);
		if (reads_back(d, v, width))
			break;
	}
	strip_zeros(d);
}

static void from_integer(struct decimal *d, uint64_t m, int exp10)
{
	d->len = (int)(weft__put_u64(d->digits, m) - d->digits);
	d->exp10 = exp10;
	strip_zeros(d);
}

/* A number m / 10^k with m of at most 15 digits: dividing two exact doubles rounds as reading does.
 */
static bool few_digits(struct decimal *d, double v)
{
	double scale = 1;

	if (FLT_EVAL_METHOD != 0 || v >= 1e15)
		return false;
	for (int k = 0; k <= 15; k++, scale *= 10) {
		double m = v * scale;
		uint64_t whole;

		if (m >= 1e15)
			return false;
		whole = (uint64_t)(m + 0.5);
		if (whole && (double)whole / scale == v) {
			from_integer(d, whole, -k);
			return true;
		}
	}
	return false;
}

/* As few_digits, in float: 6 digits and powers up to 10^10 are exact there. */
static bool few_float_digits(struct decimal *d, float v)
{
	float scale = 1;

	if (FLT_EVAL_METHOD != 0 || v >= 1e6f)
		return false;
	for (int k = 0; k <= 10; k++, scale *= 10) {
		float m = v * scale;
		uint32_t whole;

		if (m >= 1e6f)
			return false;
		whole = (uint32_t)(m + 0.5f);
		if (whole && (float)whole / scale == v) {
			from_integer(d, whole, -k);
			return true;
		}
	}
	return false;
}

/* Plain where that is not longer than it needs to be, else with an exponent. */
static char *put_decimal(char *p, const struct decimal *d)
{
	int point = d->len + d->exp10; /* digits before the point */

	if (point > 16 || point < -3) {
		*p++ = d->digits[0];
		if (d->len > 1) {
			*p++ = '.';
			p = mempcpy(p, d->digits + 1, (size_t)d->len - 1);
		}
		*p++ = 'e';
		*p++ = point > 0 ? '+' : '-';
		return weft__put_u64(p, (uint64_t)abs(point - 1));
	}
	if (point <= 0) {
		p = WEFT__PUT(p, "0.");
		for (; point < 0; point++)
			*p++ = '0';
		return mempcpy(p, d->digits, (size_t)d->len);
	}
	for (int i = 0; i < point || i < d->len; i++) {
		if (i == point)
			*p++ = '.';
		*p++ = i < d->len ? d->digits[i] : '0';
	}
	return d->len <= point ? WEFT__PUT(p, ".0") : p;
}

static char *put_real(char *p, long double v, enum width width)
{
	struct decimal d;

	if (signbit(v)) {
		*p++ = '-';
		v = -v;
	}
	if (v == 0)
		return WEFT__PUT(p, "0.0");
	if (!(width == DOUBLE && few_digits(&d, (double)v)) &&
		!(width == FLOAT && few_float_digits(&d, (float)v)))
		shortest(&d, v, width);
	return put_decimal(p, &d);
}

char *weft__put_float(char *p, float v)
{
	return put_real(p, v, FLOAT);
}

char *weft__put_double(char *p, double v)
{
	return put_real(p, v, DOUBLE);
}

char *weft__put_long_double(char *p, long double v)
{
	return put_real(p, v, LONG);
}
