/* SPDX-License-Identifier: MIT
 *
 * request-log: --requests requests, each served by a coroutine of its own. What is deep inside logs
 * to the request's log without being handed it: that is a coroutine-local value. Its destructor
 * hands the log on as a whole when the coroutine ends, so that requests don't mix.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft.h>

#include "options.h"

struct log {
	char **to;
	char text[200];
};

static void log_finish(void *value)
{
	struct log *log = value;

	*log->to = strdup(log->text);
	free(log);
}

static struct weft_local request_log = WEFT_LOCAL_INIT(log_finish);

static void say(const char *format, ...)
{
	struct log *log = weft_local_get(&request_log);
	size_t used = log ? strlen(log->text) : 0;
	va_list args;

	if (!log)
		return;
	va_start(args, format);
	vsnprintf(log->text + used, sizeof(log->text) - used, format, args);
	va_end(args);
}

/* Some database: it waits, so that requests run by turns. */
static int look_up(int number)
{
	say(" looks up %d", number);
	weft_yield();
	say(", finds %d;", number * number);
	return number * number;
}

struct request {
	int number;
	char **to;
};

static int serve(struct request *request)
{
	struct log *log = calloc(1, sizeof(*log));

	weft_set_name("request %d", request->number);
	if (!log)
		return 1;
	log->to = request->to;
	if (weft_local_set(&request_log, log) < 0) {
		free(log);
		return 1;
	}
	say("request %d:", request->number);
	say(" answers %d", look_up(request->number) + look_up(request->number + 1));
	return 0;
}

static int app(int argc, char **argv)
{
	options_only(argc, argv, "--requests");
	int n = (int)option(argc, argv, "--requests", 3, 1, 10000), failed = 0, code;
	struct weft_handle **handles = calloc((size_t)n, sizeof(*handles));
	char **logs = calloc((size_t)n, sizeof(*logs));

	for (int i = 0; handles && logs && i < n; i++)
		handles[i] = weft_spawn_copy(serve, &((struct request){i + 1, &logs[i]}));
	for (int i = 0; handles && logs && i < n; i++) {
		weft_join(handles[i], &code);
		failed |= code;
		puts(logs[i] ? logs[i] : "no log");
		free(logs[i]);
	}
	free(handles);
	free(logs);
	return failed;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
