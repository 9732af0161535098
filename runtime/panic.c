/* SPDX-License-Identifier: MIT */
#include "runtime/panic.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/probe.h"
#include "runtime/sched.h"

/* By write(2): stdio may be what broke, and its lock may be held by a parked coroutine. */
static void say(const char *text, int n)
{
	ssize_t unused = n > 0 ? write(STDERR_FILENO, text, (size_t)n) : 0;

	(void)unused;
}

static int format_line(
	char *line, size_t size, const char *prefix, const char *format, va_list args)
{
	int n = snprintf(line, size - 1, "%s", prefix);
	int m = vsnprintf(line + n, size - 1 - (size_t)n, format, args);

	n = m < (int)size - 1 - n ? n + m : (int)size - 2;
	line[n++] = '\n';
	return n;
}

void weft__warn(const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	say(line, format_line(line, sizeof(line), "weft: ", format, args));
	va_end(args);
}

/* Which coroutine, and where it comes from: the main one and posts come from nowhere in the
 * program.
 */
static void say_who(const struct weft__co *co)
{
	char who[512], at[384] = "";
	int n;

	if (co->at_line)
		snprintf(at, sizeof(at), ", spawned in %s at %s:%d", co->at_fn, co->at_file,
			co->at_line);
	n = snprintf(who, sizeof(who), "  in coroutine %llu \"%s\"%s\n", (unsigned long long)co->id,
		weft__co_name(co), at);
	say(who, n < (int)sizeof(who) ? n : (int)sizeof(who) - 1);
}

void weft__panic(const char *format, ...)
{
	struct weft__co *co = weft__current();
	char line[512];
	va_list args;
	int n;

	va_start(args, format);
	n = format_line(line, sizeof(line), "weft: panic: ", format, args);
	va_end(args);
	say(line, n);
	if (co)
		say_who(co);
	line[n - 1] = '\0';
	weft__trace_crash(line + sizeof("weft: panic: ") - 1);
	abort();
}
