/* SPDX-License-Identifier: MIT
 *
 * A record of test_roundtrip.c, with what must be read of it, and what records refer to: places,
 * stacks, channels and locks. Static, as trace_file.h.
 */
#ifndef WEFT_TESTS_ROUNDTRIP_MADE_H
#define WEFT_TESTS_ROUNDTRIP_MADE_H

#include "tests/roundtrip_rows.h"
#include "tests/roundtrip_value.h"
#include "tests/test.h"
#include "tracer/record/places.h"
#include "tracer/record/recorder.h"

#define RECORDS 400
#define PLACES 12
#define FRAMES_MAX 20
#define CASES_MAX 10
#define PAYLOAD_MAX ((WEFT_REC_UNITS_MAX - 2) * WEFT_REC_UNIT)
#define PAST_OBJECTS 1000 /* ids from here on are of no object that a record below refers to */

struct place {
	bool known;
	char fn[1600], file[1600]; /* file "": not known */
	int line;
};

/* A record that was written, and what must be read. */
struct made {
	struct weft_rec rec;
	struct weft_rec_tail tail;
	char payload[PAYLOAD_MAX];
	size_t bytes;
	int worker, number; /* in the order of writing */
	struct weft_record want;
	struct place at;
	int stack; /* which it refers to or is, or 0 */
	struct element sent;
	const char *raw;    /* a field that the reader does not keep, or NULL */
	int64_t raw_number; /* 0 means that it is not there, if raw_optional */
	bool raw_optional;
	char texts[4][3 * PAYLOAD_MAX];
	struct weft_case cases[CASES_MAX];
	uint64_t ids[FRAMES_MAX];
};

struct stack {
	int64_t last;
	struct place first;
	bool written;
};

static struct made *made;
static int nmade;
static struct place places[PLACES];
static struct stack stacks[RECORDS + 1];
static int nstacks;

static const int kinds_of_element[][2] = {{WEFT_CLASS_NONE, 0}, {WEFT_CLASS_INT, 1},
	{WEFT_CLASS_INT, 2}, {WEFT_CLASS_INT, 4}, {WEFT_CLASS_INT, 8}, {WEFT_CLASS_INT, 16},
	{WEFT_CLASS_UINT, 1}, {WEFT_CLASS_UINT, 2}, {WEFT_CLASS_UINT, 4}, {WEFT_CLASS_UINT, 8},
	{WEFT_CLASS_UINT, 16}, {WEFT_CLASS_FLOAT, sizeof(float)},
	{WEFT_CLASS_FLOAT, sizeof(double)}, {WEFT_CLASS_FLOAT, sizeof(long double)},
	{WEFT_CLASS_BOOL, 1}, {WEFT_CLASS_CSTR, sizeof(char *)}, {WEFT_CLASS_PTR, sizeof(char *)},
	{WEFT_CLASS_BYTES, 1}, {WEFT_CLASS_BYTES, 8}, {WEFT_CLASS_BYTES, 9}, {WEFT_CLASS_BYTES, 64},
	{WEFT_CLASS_BYTES, 99}};
#define CHANNELS ((int)(sizeof(kinds_of_element) / sizeof(kinds_of_element[0])))
#define LOCKS 3

/* Of the channels, whose ids are from 1 on, then of the locks. */
static int64_t object_last[CHANNELS + LOCKS + 1];
static char elements[CHANNELS + 1][200]; /* the names of their types */

/* Ticks are ns. */
int64_t __wrap_weft__timeline_ns(const struct weft__timeline *line, int64_t ticks);
int64_t __wrap_weft__timeline_ns(const struct weft__timeline *line, int64_t ticks)
{
	return ticks - line->zero.ticks;
}

/* ns as they stand in the file. */
static int64_t in_file(int64_t ns)
{
	return ns < 0 ? 0 : ns < WEFT_TIME_MAX ? ns : WEFT_TIME_MAX;
}

static void *open_places(void)
{
	return places;
}

static bool find_place(void *arg, uintptr_t pc, struct weft__rec_place *ret_place)
{
	const struct place *place = &places[pc - 1];

	if (arg != places || !place->known)
		return false;
	*ret_place = (struct weft__rec_place){
		place->fn, place->file[0] ? place->file : NULL, place->line};
	return true;
}

static void close_places(void *arg)
{
	CHECK(arg == places);
}

static const struct weft__rec_locator locator = {open_places, find_place, close_places};

static void make_places(void)
{
	for (int i = 0; i < PLACES; i++) {
		struct place *place = &places[i];

		*place = (struct place){.known = i % 3 != 2, .line = (int)below(INT32_MAX)};
		random_text(place->fn, 1 + below(600), false);
		if (i % 3 == 0)
			random_text(place->file, 1 + below(600), false);
	}
}

/* How a place of the program's own is read. */
static void expect_place(struct made *one, const struct place *place)
{
	one->at = *place;
	repair(one->at.fn, place->fn, strnlen(place->fn, WEFT__PLACE_NAME_MAX));
	repair(one->at.file, place->file, strnlen(place->file, WEFT__PLACE_NAME_MAX));
}

#endif
