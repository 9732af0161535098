/* SPDX-License-Identifier: MIT
 *
 * Sends values of every C type, edges and random ones, and prints each as it is sent: the type and
 * its bytes in hex (of a long double its digits). tests/record_values.py compares that with the
 * trace.
 */
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft.h>

#define ROUNDS 300

enum colour { RED = -7, GREEN = 3, BLUE = 1 << 30 };
struct pair {
	int32_t a;
	int64_t b;
};
struct large {
	unsigned char bytes[100];
};
__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

static uint64_t rng = 88172645463325252u;

static uint64_t next(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng;
}

/* Random bytes; often few of them, or all bits set but some. */
static void fill(void *value, size_t size)
{
	unsigned char *bytes = value;
	uint64_t how = next() % 4;

	memset(bytes, how == 0 ? 0xff : 0, size);
	for (size_t i = 0; i < size; i++) {
		if (how == 2 || next() % 3 == 0)
			bytes[i] = (unsigned char)next();
	}
}

static void print(const char *type, const void *value, size_t size)
{
	printf("%s ", type);
	for (size_t i = 0; i < size; i++)
		printf("%02x", ((const unsigned char *)value)[i]);
	putchar('\n');
}

#define TYPES(X)                   \
	X(c, char)                 \
	X(sc, signed char)         \
	X(uc, unsigned char)       \
	X(s, short)                \
	X(us, unsigned short)      \
	X(i, int)                  \
	X(u, unsigned)             \
	X(l, long)                 \
	X(ul, unsigned long)       \
	X(ll, long long)           \
	X(ull, unsigned long long) \
	X(i128, int128)            \
	X(u128, uint128)           \
	X(col, enum colour)        \
	X(f, float)                \
	X(d, double)               \
	X(p, void *)               \
	X(pair, struct pair)       \
	X(large, struct large)

#define DECLARE(name, type)                                    \
	WEFT_CHAN(name##_chan, type)                           \
	static void send_##name(void)                          \
	{                                                      \
		name##_chan *chan = weft_make(name##_chan, 1); \
                                                               \
		for (int n = 0; n < ROUNDS; n++) {             \
			type value;                            \
                                                               \
			fill(&value, sizeof(value));           \
			print(#type, &value, sizeof(value));   \
			weft_send(chan, value);                \
			weft_recv(chan, NULL);                 \
		}                                              \
		weft_unref(chan);                              \
	}
TYPES(DECLARE)

WEFT_CHAN(bool_chan, bool)
WEFT_CHAN(ld_chan, long double)
WEFT_CHAN(str_chan, const char *)
WEFT_CHAN(unit_chan, weft_unit)

static void send_bools(void)
{
	bool_chan *chan = weft_make(bool_chan, 1);

	for (int n = 0; n < 2; n++) {
		print("bool", &(bool){n}, sizeof(bool));
		weft_send(chan, n);
		weft_recv(chan, NULL);
	}
	weft_unref(chan);
}

static void send_units(void)
{
	unit_chan *chan = weft_make(unit_chan, 1);

	puts("unit ");
	weft_send(chan, WEFT_UNIT);
	weft_recv(chan, NULL);
	weft_unref(chan);
}

static void send_long_doubles(void)
{
	static const long double edges[] = {
		0, -0.0L, 1, 0.1L, -1e300L, LDBL_MAX, LDBL_MIN, LDBL_EPSILON};
	ld_chan *chan = weft_make(ld_chan, 1);

	for (size_t n = 0; n < ROUNDS; n++) {
		long double value =
			n < sizeof(edges) / sizeof(edges[0])
				? edges[n]
				: ldexpl((long double)(int64_t)next(), (int)(next() % 9000) - 4500);

		printf("long_double %La\n", value);
		weft_send(chan, value);
		weft_recv(chan, NULL);
	}
	weft_unref(chan);
}

/* Every byte alone, then random strings, some of them in whole characters. */
static void send_strings(void)
{
	static const char *const parts[] = {"a", "\"", "\\", "\n", "\x01", "\x7f", "\xc3\xa4",
		"\xe2\x82\xac", "\xf0\x9f\x98\x80", "</script>", "\xff", "\xed\xa0\x80"};
	str_chan *chan = weft_make(str_chan, 1);
	char text[256];

	for (unsigned n = 0; n < 255 + ROUNDS; n++) {
		size_t len = 0, most = next() % 200, kinds = n % 2 ? 12 : 10;

		while (n >= 255 && len < most) {
			const char *part = parts[next() % kinds];

			memcpy(text + len, part, strlen(part));
			len += strlen(part);
		}
		if (n < 255)
			text[len++] = (char)(n + 1);
		text[len] = '\0';
		print("string", text, len);
		weft_send(chan, text);
		weft_recv(chan, NULL);
	}
	weft_unref(chan);
}

static int app(int argc, char **argv)
{
#define SEND(name, type) send_##name();
	TYPES(SEND)
	send_bools();
	send_units();
	send_long_doubles();
	send_strings();
	return 0;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
