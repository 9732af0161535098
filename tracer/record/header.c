/* SPDX-License-Identifier: MIT
 *
 * The header line: which program, where, when, and what the trace claims to hold. See header.h.
 */
#include "tracer/record/header.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "tracer/record/text.h"

#define X(c, word) word,
static const char *const event_words[] = {WEFT_EVENTS_LIST(X)};
#undef X

#define KEY(p, key) WEFT__PUT(p, ",\"" key "\":")
#define ARG_MAX_BYTES 4096     /* of one argument: what is longer is cut */
#define ARGV_ROOM (128 * 1024) /* of all: arguments behind are left out */

static char *put_cstr(char *p, const char *s, size_t most)
{
	size_t n = strnlen(s, most), back = 0;

	/* Cut on a character's edge; 4 bytes back at most. */
	while (s[n - back] && back < 4 && back < n && (s[n - back] & 0xc0) == 0x80)
		back++;
	return weft__put_string(p, s, n - back);
}

static char *put_wall(char *p)
{
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	return p + sprintf(p, "\"%04d-%02d-%02dT%02d:%02d:%02d.%09ldZ\"", tm.tm_year + 1900,
			   tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
			   now.tv_nsec);
}

static char *put_id(char *p, int64_t t0)
{
	uint64_t id[2];

	if (getrandom(id, sizeof(id), GRND_NONBLOCK) != sizeof(id)) {
		id[0] = (uint64_t)t0;
		id[1] = (uint64_t)getpid();
	}
	return p + sprintf(p, "\"%016" PRIx64 "%016" PRIx64 "\"", id[0], id[1]);
}

static char *put_program(char *p, const struct weft__rec_config *config, const char *room_end)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe));

	p = weft__put_i64(KEY(p, "pid"), getpid());
	if (n > 0)
		p = weft__put_string(KEY(p, "exe"), exe, (size_t)n);
	p = WEFT__PUT(KEY(p, "argv"), "[");
	for (int i = 0; i < config->argc && config->argv && config->argv[i]; i++) {
		if (room_end - p < ARG_MAX_BYTES * 6 + 8)
			break;
		if (i)
			*p++ = ',';
		p = put_cstr(p, config->argv[i], ARG_MAX_BYTES);
	}
	*p++ = ']';
	return p;
}

static char *put_host(char *p)
{
	struct utsname name;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	memset(&name, 0, sizeof(name));
	uname(&name);
	p = put_cstr(WEFT__PUT(KEY(p, "host"), "{\"os\":"), name.sysname, sizeof(name.sysname));
	p = put_cstr(KEY(p, "arch"), name.machine, sizeof(name.machine));
	p = weft__put_i64(KEY(p, "cpus"), cpus > 0 ? cpus : 1);
	*p++ = '}';
	return p;
}

/*
 * What the file claims to hold completely. Losses need not be claimed away: a `drop` tells of them
 * where they are.
 */
static char *put_caps(char *p, const struct weft__wishes *wishes)
{
	const char *sep = "";

	p = WEFT__PUT(KEY(p, "caps"), "[");
	for (int i = 0; i < WEFT_EVENTS_BIT_COUNT; i++) {
		if (!(wishes->events & 1u << i))
			continue;
		p += sprintf(p, "%s\"%s\"", sep, event_words[i]);
		sep = ",";
		if (1u << i == WEFT_EVENTS_MSG && wishes->value_bytes >= 0)
			p = WEFT__PUT(p, ",\"value\"");
	}
	*p++ = ']';
	return p;
}

void weft__header(struct weft__writer *out, const struct weft__rec_config *config,
	const struct weft__wishes *wishes, int64_t t0)
{
	char *p = weft__writer_at(out);

	p = WEFT__PUT(p, "{\"weft\":");
	p = weft__put_u64(p, WEFT_FORMAT_MAJOR);
	p = weft__put_u64(KEY(p, "minor"), WEFT_FORMAT_MINOR);
	p = WEFT__PUT(p, ",\"order\":\"time\",\"unit\":\"ns\",\"clock\":\"monotonic\"");
	p = KEY(p, "t0");
	if (t0 > WEFT_TIME_MAX)
		*p++ = '"';
	p = weft__put_i64(p, t0);
	if (t0 > WEFT_TIME_MAX)
		*p++ = '"';
	p = put_wall(KEY(p, "wall"));
	p = put_id(KEY(p, "id"), t0);
	p = put_program(p, config, p + ARGV_ROOM);
	p = put_host(p);
	p = WEFT__PUT(p, ",\"tool\":{\"name\":\"weft\",\"version\":\"" WEFT_VERSION "\"}");
	p = WEFT__PUT(p, ",\"sched\":{\"model\":\"m:n\",\"workers\":");
	p = weft__put_i64(p, config->workers);
	*p++ = '}';
	p = put_caps(p, wishes);
	if (config->guard)
		p = put_cstr(KEY(p, "x_guard"), config->guard, 64);
	weft__writer_to(out, WEFT__PUT(p, ",\"events\":[\n"));
}
