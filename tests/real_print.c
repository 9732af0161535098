/* SPDX-License-Identifier: MIT
 *
 * Prints random floats and doubles as the recorder does, each beside its bits, for
 * tests/record_lines.py to compare with what Python makes of them.
 *
 *	real_print COUNT
 */
#include "tracer/record/real.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t next_random(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* All kinds of them: any bits, few digits, powers of two, subnormal. */
static uint64_t choose(uint64_t *state, int i)
{
	uint64_t bits = next_random(state);
	double v;

	switch (i % 4) {
	case 0:
		return bits;
	case 1:
		v = (double)(bits % 1000000) / pow(10, (double)(bits >> 40 & 15));
		memcpy(&bits, &v, sizeof(bits));
		return bits;
	case 2:
		return (bits & 2047) << 52;
	default:
		return bits >> 12;
	}
}

int main(int argc, char **argv)
{
	uint64_t state = 1;
	int n = argc > 1 ? atoi(argv[1]) : 0;

	for (int i = 0; i < n; i++) {
		uint64_t bits = choose(&state, i);
		uint32_t half = (uint32_t)(i % 4 == 2	? bits >> 29
					   : i % 4 == 3 ? bits >> 30
							: bits);
		char text[WEFT__REAL_MAX + 1];
		double d;
		float f;

		memcpy(&d, &bits, sizeof(d));
		if (isfinite(d)) {
			*weft__put_double(text, d) = '\0';
			printf("d %016" PRIx64 " %s\n", bits, text);
		}
		if (i % 4 == 1) {
			f = (float)d;
			memcpy(&half, &f, sizeof(half));
		}
		memcpy(&f, &half, sizeof(f));
		if (isfinite(f)) {
			*weft__put_float(text, f) = '\0';
			printf("f %08" PRIx32 " %s\n", half, text);
		}
	}
	return 0;
}
