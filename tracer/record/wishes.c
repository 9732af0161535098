/* SPDX-License-Identifier: MIT */
#include "tracer/record/wishes.h"

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tracer/event.h"

#define BUFFER_DEFAULT (16 * 1024 * 1024)
#define BUFFER_MAX (UINT64_C(1) << 40)
#define SHORT_BYTES 16

#define X(c, word) word,
static const char *const event_words[] = {WEFT_EVENTS_LIST(X)};
#undef X

void weft__rec_say(const char *format, ...)
{
	char line[4096 + 256];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n > (int)sizeof(line) - 1) {
		n = sizeof(line) - 1;
		line[n - 1] = '\n';
	}
	if (n < 0 || write(STDERR_FILENO, line, (size_t)n) < 0)
		return; /* there is nobody left to tell */
}

/* Bytes with K, M or G. False: not such a number. */
static bool parse_size(const char *s, uint64_t *bytes)
{
	uint64_t v = 0;
	int shift = 0;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		v = v * 10 + (uint64_t)(*s - '0');
		if (v > BUFFER_MAX)
			return false;
	}
	if (*s == 'K' || *s == 'k')
		shift = 10;
	else if (*s == 'M' || *s == 'm')
		shift = 20;
	else if (*s == 'G' || *s == 'g')
		shift = 30;
	if ((shift && s[1]) || (!shift && *s) || v << shift > BUFFER_MAX || !v)
		return false;
	*bytes = v << shift;
	return true;
}

/* The set of one word; 0: there is no such word. */
static uint32_t event_of(const char *word, size_t len)
{
	if (len == strlen("all") && memcmp(word, "all", len) == 0)
		return WEFT_EVENTS_USUAL;
	for (int i = 0; i < WEFT_EVENTS_BIT_COUNT; i++) {
		if (len == strlen(event_words[i]) && memcmp(word, event_words[i], len) == 0)
			return 1u << i;
	}
	return 0;
}

/* Words with commas between. False: one of them is none. */
static bool parse_events(const char *s, uint32_t *events)
{
	uint32_t all = WEFT_EVENTS_BASE;

	for (;;) {
		size_t len = strcspn(s, ",");
		uint32_t one = event_of(s, len);

		if (!one)
			return false;
		all |= one;
		if (!s[len])
			break;
		s += len + 1;
	}
	*events = all;
	return true;
}

static bool parse_values(const char *s, int *bytes)
{
	if (strcmp(s, "full") == 0)
		*bytes = INT_MAX;
	else if (strcmp(s, "short") == 0)
		*bytes = SHORT_BYTES;
	else if (strcmp(s, "off") == 0)
		*bytes = -1;
	else
		return false;
	return true;
}

static bool parse_mode(const char *s, enum weft__mode *mode)
{
	if (strcmp(s, "lossless") == 0)
		*mode = WEFT__MODE_LOSSLESS;
	else if (strcmp(s, "drop") == 0)
		*mode = WEFT__MODE_DROP;
	else if (strcmp(s, "ring") == 0)
		*mode = WEFT__MODE_RING;
	else
		return false;
	return true;
}

/* A variable that says something, or NULL. */
static const char *wish(const char *name)
{
	const char *s = secure_getenv(name);

	return s && *s ? s : NULL;
}

void weft__wishes_read(struct weft__wishes *wishes)
{
	const char *s;

	*wishes = (struct weft__wishes){
		.events = WEFT_EVENTS_USUAL,
		.value_bytes = INT_MAX,
		.buffer = BUFFER_DEFAULT,
	};
	s = wish("WEFT_TRACE_BUFFER");
	if (s && !parse_size(s, &wishes->buffer))
		weft__rec_say(
			"weft: WEFT_TRACE_BUFFER=%s is not a size like 64K or 16M: taking 16M\n",
			s);
	s = wish("WEFT_TRACE_EVENTS");
	if (s && !parse_events(s, &wishes->events))
		weft__rec_say(
			"weft: WEFT_TRACE_EVENTS=%s is not a list of life, sched, msg, wake, sync, "
			"worker, user, loc, stack or all: taking all\n",
			s);
	s = wish("WEFT_TRACE_VALUES");
	if (s && !parse_values(s, &wishes->value_bytes))
		weft__rec_say(
			"weft: WEFT_TRACE_VALUES=%s is not off, short or full: taking full\n", s);
	s = wish("WEFT_TRACE_MODE");
	if (s && !parse_mode(s, &wishes->mode))
		weft__rec_say(
			"weft: WEFT_TRACE_MODE=%s is not lossless, drop or ring: taking lossless\n",
			s);
	/* Whoever ended long ago need not be remembered. */
	if (wishes->mode == WEFT__MODE_RING)
		wishes->events |= WEFT_EVENTS_LIFE;
	/* A stack is a list of them. */
	if (wishes->events & WEFT_EVENTS_STACK)
		wishes->events |= WEFT_EVENTS_LOC;
}
