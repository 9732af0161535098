/* SPDX-License-Identifier: MIT
 *
 * Sent elements as JSON values, to the bit: docs/format.md, section 10.
 */
#include "tests/test.h"

#include <float.h>
#include <locale.h>
#include <math.h>

#include "tracer/event.h"
#include "tracer/record/real.h"
#include "tracer/record/text.h"
#include "tracer/record/value.h"

static char text[8192];

static const char *value_of(
	enum weft_class class, const char *type, size_t size, const struct weft__raw *raw)
{
	char quoted[128];
	struct weft__elem elem = {.class = (uint8_t) class, .size = (uint32_t)size};

	if (type) {
		elem.type = quoted;
		elem.type_len = (uint32_t)(weft__put_string(quoted, type, strlen(type)) - quoted);
	}
	*weft__put_value(text, &elem, raw) = '\0';
	return text;
}

/* As the runtime hands it over: in d if it fits, else in a payload padded with zeros. */
static const char *plain(enum weft_class class, const char *type, const void *element, size_t size)
{
	char payload[256] = {0};
	struct weft__raw raw = {.d = size, .data = payload, .flags = WEFT_REC_VALUE};

	if (size <= sizeof(raw.d)) {
		raw.d = 0;
		memcpy(&raw.d, element, size);
	} else {
		memcpy(payload, element, size < WEFT_BYTES_MAX ? size : WEFT_BYTES_MAX);
		raw.room = (size + 31) / 32 * 32;
		if (raw.room > WEFT_BYTES_MAX)
			raw.room = WEFT_BYTES_MAX;
	}
	return value_of(class, type, size, &raw);
}

static const char *string(const char *s, size_t full)
{
	char payload[WEFT_STR_MAX + 32] = {0};
	size_t n = full < WEFT_STR_MAX ? full : WEFT_STR_MAX;
	struct weft__raw raw = {.d = full, .data = payload, .flags = WEFT_REC_VALUE};

	memcpy(payload, s, n);
	raw.room = (n + 31) / 32 * 32;
	return value_of(WEFT_CLASS_CSTR, "const char *", sizeof(char *), &raw);
}

#define INT(type, v) plain(WEFT_CLASS_INT, #type, &(type){v}, sizeof(type))
#define UINT(type, v) plain(WEFT_CLASS_UINT, #type, &(type){v}, sizeof(type))
#define REAL(type, v) plain(WEFT_CLASS_FLOAT, #type, &(type){v}, sizeof(type))

static void check_number(uint64_t v)
{
	static struct weft__rising last;
	char want[32];

	snprintf(want, sizeof(want), "%llu", (unsigned long long)v);
	*weft__put_u64(text, v) = '\0';
	CHECK_STR(text, want);
	*weft__put_rising(text, &last, v) = '\0';
	CHECK_STR(text, want);
	if (v <= INT64_MAX) {
		snprintf(want, sizeof(want), "%lld", -(long long)v);
		*weft__put_i64(text, -(int64_t)v) = '\0';
		CHECK_STR(text, want);
	}
}

TEST(numbers_of_every_length_have_all_their_digits)
{
	uint64_t power = 1;

	for (int digits = 1; digits <= 20; digits++) {
		check_number(power - 1);
		check_number(power);
		check_number(power + 1);
		for (uint64_t first = 2; first < 10 && digits < 20; first++)
			check_number(first * power + power / 7);
		if (digits < 20)
			power *= 10;
	}
	check_number(UINT64_MAX);
}

TEST(numbers_that_rise_and_fall_are_their_own)
{
	uint64_t v = 0;

	for (int i = 0; i < 200000; i++) {
		check_number(v);
		v = i % 1000 == 999 ? v / 1000 : v + (uint64_t)i * 7 % 5000;
	}
}

TEST(small_integers_are_plain)
{
	CHECK_STR(INT(int, 42), "42");
	CHECK_STR(INT(int, 0), "0");
	CHECK_STR(INT(int, INT32_MIN), "-2147483648");
	CHECK_STR(INT(int8_t, -1), "-1");
	CHECK_STR(UINT(uint8_t, 255), "255");
	CHECK_STR(INT(int16_t, INT16_MIN), "-32768");
	CHECK_STR(UINT(uint32_t, UINT32_MAX), "4294967295");
	CHECK_STR(INT(int64_t, 9007199254740991), "9007199254740991");
	CHECK_STR(INT(int64_t, -9007199254740991), "-9007199254740991");
}

TEST(large_integers_are_tagged)
{
	CHECK_STR(INT(int64_t, 9007199254740992),
		"{\"int\":\"9007199254740992\",\"type\":\"int64_t\"}");
	CHECK_STR(
		INT(int64_t, INT64_MIN), "{\"int\":\"-9223372036854775808\",\"type\":\"int64_t\"}");
	CHECK_STR(UINT(uint64_t, UINT64_MAX),
		"{\"int\":\"18446744073709551615\",\"type\":\"uint64_t\"}");
	CHECK_STR(plain(WEFT_CLASS_UINT, NULL, &(uint64_t){UINT64_MAX}, 8),
		"{\"int\":\"18446744073709551615\"}");
}

TEST(integers_of_16_bytes_keep_all_digits)
{
	unsigned __int128 most = ~(unsigned __int128)0;
	__int128 least = (__int128)1 << 126;
	__int128 zeros = (__int128)1000000000000000000 * 1000000000000000000;

	least = -least * 2;
	CHECK_STR(plain(WEFT_CLASS_UINT, "u128", &most, 16),
		"{\"int\":\"340282366920938463463374607431768211455\",\"type\":\"u128\"}");
	CHECK_STR(plain(WEFT_CLASS_INT, "i128", &least, 16),
		"{\"int\":\"-170141183460469231731687303715884105728\",\"type\":\"i128\"}");
	CHECK_STR(plain(WEFT_CLASS_INT, "i128", &zeros, 16),
		"{\"int\":\"1000000000000000000000000000000000000\",\"type\":\"i128\"}");
	CHECK_STR(plain(WEFT_CLASS_INT, "i128", &(__int128){-7}, 16), "-7");
}

TEST(floats_are_the_shortest_that_read_back)
{
	CHECK_STR(REAL(double, 1), "1.0");
	CHECK_STR(REAL(double, 0), "0.0");
	CHECK_STR(REAL(double, -0.0), "-0.0");
	CHECK_STR(REAL(double, 0.1), "0.1");
	CHECK_STR(REAL(double, 0.1 + 0.2), "0.30000000000000004");
	CHECK_STR(REAL(double, -2.5), "-2.5");
	CHECK_STR(REAL(double, 1e22), "1e+22");
	CHECK_STR(REAL(double, 1e16), "1e+16");
	CHECK_STR(REAL(double, 1e15), "1000000000000000.0");
	CHECK_STR(REAL(double, 123456789.125), "123456789.125");
	CHECK_STR(REAL(double, 0.0001), "0.0001");
	CHECK_STR(REAL(double, 0.00001), "1e-5");
	CHECK_STR(REAL(double, 5e-324), "5e-324");
	CHECK_STR(REAL(double, DBL_MAX), "1.7976931348623157e+308");
	CHECK_STR(REAL(double, 0x1p-44), "5.684341886080802e-14");
	CHECK_STR(REAL(float, 0.1f), "0.1");
	CHECK_STR(REAL(float, FLT_MAX), "3.4028235e+38");
	CHECK_STR(REAL(float, 1.17549435e-38f), "1.1754944e-38");
	CHECK_STR(REAL(float, 16777216), "16777216.0");
}

TEST(what_is_no_number_is_tagged)
{
	CHECK_STR(REAL(double, NAN), "{\"float\":\"nan\"}");
	CHECK_STR(REAL(double, INFINITY), "{\"float\":\"inf\"}");
	CHECK_STR(REAL(float, -INFINITY), "{\"float\":\"-inf\"}");
	CHECK_STR(REAL(long double, INFINITY), "{\"float\":\"inf\"}");
}

TEST(long_doubles_lose_nothing)
{
	CHECK_STR(REAL(long double, 0.5L), "0.5");
	CHECK_STR(REAL(long double, -3), "-3.0");
#if LDBL_MANT_DIG == 64
	CHECK_STR(REAL(long double, 0.1L), "{\"str\":\"0.1\",\"type\":\"long double\"}");
	CHECK_STR(REAL(long double, LDBL_MAX),
		"{\"str\":\"1.189731495357231765e+4932\",\"type\":\"long double\"}");
#endif
}

TEST(a_locale_with_a_decimal_comma_changes_nothing)
{
	if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "fr_FR.UTF-8") &&
		!setlocale(LC_ALL, "de_DE"))
		test_skip("there is no locale with a comma");
	CHECK_STR(REAL(double, 0.1 + 0.2), "0.30000000000000004");
	CHECK_STR(REAL(float, 1.17549435e-38f), "1.1754944e-38");
	CHECK_STR(REAL(double, 2.5), "2.5");
}

TEST(booleans_pointers_and_tokens)
{
	int x = 0;
	uintptr_t p = 0x7ffd12a0;

	CHECK_STR(plain(WEFT_CLASS_BOOL, "bool", &(bool){true}, 1), "true");
	CHECK_STR(plain(WEFT_CLASS_BOOL, "bool", &(bool){false}, 1), "false");
	CHECK_STR(plain(WEFT_CLASS_PTR, "struct job *", &p, sizeof(p)),
		"{\"ptr\":\"0x7ffd12a0\",\"type\":\"struct job *\"}");
	CHECK_STR(plain(WEFT_CLASS_PTR, "void *", &(void *){NULL}, sizeof(p)),
		"{\"ptr\":\"0x0\",\"type\":\"void *\"}");
	CHECK_STR(plain(WEFT_CLASS_NONE, "void", &x, 0), "null");
}

TEST(structs_are_their_first_64_bytes)
{
	int pair[2] = {1, 2};
	char large[100];

	memset(large, 0xff, sizeof(large));
	CHECK_STR(plain(WEFT_CLASS_BYTES, "struct pair", pair, 8),
		"{\"base64\":\"AQAAAAIAAAA=\",\"len\":8,\"type\":\"struct pair\"}");
	CHECK_STR(plain(WEFT_CLASS_BYTES, NULL, "abc", 3), "{\"base64\":\"YWJj\",\"len\":3}");
	CHECK_STR(plain(WEFT_CLASS_BYTES, NULL, "ab", 2), "{\"base64\":\"YWI=\",\"len\":2}");
	plain(WEFT_CLASS_BYTES, NULL, large, sizeof(large));
	CHECK_INT(strlen(text), strlen("{\"base64\":\"\",\"len\":100}") + 88);
	CHECK_IN(text, "/////w==\",\"len\":100}");
}

TEST(strings_are_text_if_they_are_utf8)
{
	CHECK_STR(string("", 0), "\"\"");
	CHECK_STR(string("ping", 4), "\"ping\"");
	CHECK_STR(string("a\"b\\c\n\t\x01\x7f", 9), "\"a\\\"b\\\\c\\n\\t\\u0001\\u007f\"");
	CHECK_STR(string("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9),
		"\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

TEST(strings_that_are_not_utf8_are_base64)
{
	CHECK_STR(string("\xff\x00\x80", 3), "{\"base64\":\"/wCA\",\"len\":3}");
	CHECK_IN(string("\xc0\x80", 2), "base64");	   /* overlong */
	CHECK_IN(string("\xe0\x9f\xbf", 3), "base64");	   /* overlong */
	CHECK_IN(string("\xed\xa0\x80", 3), "base64");	   /* a surrogate */
	CHECK_IN(string("\xf4\x90\x80\x80", 4), "base64"); /* above U+10FFFF */
	CHECK_IN(string("\xf0\x8f\xbf\xbf", 4), "base64"); /* overlong */
	CHECK_IN(string("ab\xc3", 3), "base64");	   /* not a whole character */
	CHECK_IN(string("a\x00z", 3), "base64");	   /* a NUL */
}

TEST(long_strings_are_cut_on_the_edge_of_a_character)
{
	char s[300], want[400];

	memset(s, 'x', sizeof(s));
	string(s, 256);
	CHECK_INT(strlen(text), 258);
	snprintf(want, sizeof(want), "{\"str\":\"%.256s\",\"len\":257}", s);
	CHECK_STR(string(s, 257), want);
	memcpy(s + 254, "\xe2\x82\xac", 3); /* reaches over the edge */
	snprintf(want, sizeof(want), "{\"str\":\"%.254s\",\"len\":40960}", s);
	CHECK_STR(string(s, 40960), want);
	memcpy(s + 253, "\xe2\x82\xac", 3); /* ends on it */
	snprintf(want, sizeof(want), "{\"str\":\"%.256s\",\"len\":40960}", s);
	CHECK_STR(string(s, 40960), want);
	s[10] = '\xff';
	CHECK_IN(string(s, 40960), "\",\"len\":40960}");
	CHECK_IN(text, "{\"base64\":\"eHh4eHh4eHh4eP94");
}

TEST(a_null_string_is_no_empty_string)
{
	struct weft__raw raw = {.flags = WEFT_REC_VALUE | WEFT_REC_NULL, .data = ""};

	CHECK_STR(value_of(WEFT_CLASS_CSTR, "const char *", sizeof(char *), &raw),
		"{\"ptr\":\"0x0\",\"type\":\"const char *\"}");
}

TEST(a_length_is_not_believed_beyond_the_payload)
{
	char payload[32] = "0123456789012345678901234567890";
	struct weft__raw raw = {.d = 1 << 30, .data = payload, .room = sizeof(payload) - 1};

	CHECK_STR(value_of(WEFT_CLASS_CSTR, NULL, 8, &raw),
		"{\"str\":\"0123456789012345678901234567890\",\"len\":1073741824}");
	raw.room = 3;
	CHECK_STR(value_of(WEFT_CLASS_BYTES, NULL, 1 << 20, &raw),
		"{\"base64\":\"MDEy\",\"len\":1048576}");
	CHECK_STR(value_of(WEFT_CLASS_INT, NULL, 16, &raw), "{\"base64\":\"MDEy\",\"len\":16}");
}

TEST_MAIN
