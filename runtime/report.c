/* SPDX-License-Identifier: MIT */
#include "runtime/report.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/chan.h"
#include "runtime/panic.h"
#include "runtime/probe.h"
#include "runtime/sched.h"
#include "runtime/stack.h"
#include "runtime/sync.h"

#define LINES_MOST 100

struct report {
	int count, lines;
};

static void count_one(struct weft__co *co, void *arg)
{
	(void)co;
	((struct report *)arg)->count++;
}

static void describe_wait(const struct weft__co *co, char *text, size_t size)
{
	const struct weft__wait_for *wait = &co->wait;
	char chan[128] = "", sync[64] = "";

	if (wait->chan)
		weft__chan_describe(wait->chan, chan, sizeof(chan));
	if (wait->sync)
		weft__sync_describe(wait->sync, sync, sizeof(sync));
	switch (wait->why) {
	case WEFT_WHY_SEND:
		snprintf(text, size, "sends on channel %s", chan);
		break;
	case WEFT_WHY_RECV:
		snprintf(text, size, "receives from channel %s", chan);
		break;
	case WEFT_WHY_SELECT:
		snprintf(text, size, wait->chan ? "selects on channel %s" : "selects", chan);
		break;
	case WEFT_WHY_JOIN:
		snprintf(text, size, "joins coroutine %llu", (unsigned long long)wait->of);
		break;
	case WEFT_WHY_WAITGROUP:
		snprintf(text, size, "waits for wait group %s", sync);
		break;
	case WEFT_WHY_LOCK:
		snprintf(text, size, "waits for mutex %s", sync);
		break;
	case WEFT_WHY_RLOCK:
		snprintf(text, size, "waits to read under rwlock %s", sync);
		break;
	case WEFT_WHY_WLOCK:
		snprintf(text, size, "waits to write under rwlock %s", sync);
		break;
	case WEFT_WHY_COND:
		snprintf(text, size, "waits for condition %s", sync);
		break;
	case WEFT_WHY_SEMAPHORE:
		snprintf(text, size, "waits for semaphore %s", sync);
		break;
	case WEFT_WHY_SYNC:
		snprintf(text, size, "waits for the one call of once %s", sync);
		break;
	default:
		snprintf(text, size, "waits for ever on a null channel");
	}
}

static void print_one(struct weft__co *co, void *arg)
{
	struct report *report = arg;
	const char *file = strrchr(co->at_file, '/');
	char wait[256], at[256] = "";

	if (report->lines++ >= LINES_MOST)
		return;
	/* acquire: pairs with the release in weft__park; what it waits for is written. */
	(void)atomic_load_explicit(&co->state, memory_order_acquire);
	describe_wait(co, wait, sizeof(wait));
	if (co->at_line)
		snprintf(at, sizeof(at), ", spawned in %s at %s:%d", co->at_fn,
			file ? file + 1 : co->at_file, co->at_line);
	weft__warn("  %llu \"%s\" %s%s", (unsigned long long)co->id, weft__co_name(co), wait, at);
}

void weft__report_deadlock(void)
{
	struct report report = {0, 0};

	weft__stacks_walk(count_one, &report);

	weft__warn("deadlock: all coroutines (%d) are blocked, and nothing can wake them",
		report.count);
	weft__stacks_walk(print_one, &report);
	if (report.count > LINES_MOST)
		weft__warn("  ... and %d more", report.count - LINES_MOST);
	weft__rec_abort(WEFT_EOF_DEADLOCK);
	fflush(NULL);
	_exit(2);
}
