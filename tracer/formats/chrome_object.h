/* SPDX-License-Identifier: MIT
 *
 * A JSON object as it stands in its text: where its fields are. A value becomes text, a number or
 * a parsed value when somebody asks for it, so that most of an event costs one look. What is not
 * quite JSON, and json-c takes all the same, is put right by it first.
 */
#ifndef WEFT_TRACER_FORMATS_CHROME_OBJECT_H
#define WEFT_TRACER_FORMATS_CHROME_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;
struct json_tokener;

struct chrome_pair {
	const char *key, *value; /* in the text: a key without its quotes, a value with them */
	size_t key_len, len;
	const char *string; /* the value without quotes or escapes, once somebody asked for it */
};

/* Zeroed at first; reading another text reuses it. */
struct chrome_object {
	struct json_tokener *tokener; /* borrowed; to be set */
	struct chrome_pair *pairs;
	char *strings; /* what `string` points to */
	char *mended;  /* the text, if json-c had to put it right; or NULL */
	size_t npairs, room_pairs, used, room_strings;
};

void chrome_object_finish(struct chrome_object *object);

/*
 * A text with a NUL behind it, which is borrowed. Returns 0; -EINVAL if it is no object, which then
 * has no fields; or -ENOMEM.
 */
int chrome_object_read(struct chrome_object *object, const char *text, size_t len);

/* The last pair of this key, or NULL. */
struct chrome_pair *chrome_find(const struct chrome_object *object, const char *key);

/* A string, or a number as it is written; NULL for all else. Lives until the next reading. */
const char *chrome_field(struct chrome_object *object, const char *key);

/* Whether there is an integer. */
bool chrome_int(const struct chrome_object *object, const char *key, int64_t *ret);

/* As JavaScript has it: not false, null, 0, nor an empty string. */
bool chrome_true(const struct chrome_object *object, const char *key);

/* Microseconds, as a number or as text, in ns. */
bool chrome_time(struct chrome_object *object, const char *key, int64_t *ret);

/* The parsed value, a new reference; NULL: none, or it is null. */
struct json_object *chrome_json(const struct chrome_object *object, const char *key);

/* The object within; without any fields if there is none. Returns 0 or -ENOMEM. */
int chrome_inner(const struct chrome_object *object, const char *key, struct chrome_object *inner);

#endif
