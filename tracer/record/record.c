/* SPDX-License-Identifier: MIT
 *
 * Start, stop, abort and fork: the life of the one recorder. See record.h for what is promised and
 * recorder.h for who touches what.
 */
#include "tracer/record/record.h"

#include <errno.h>
#include <limits.h>
#include <linux/membarrier.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tracer/record/append.h"
#include "tracer/record/clock.h"
#include "tracer/record/futex.h"
#include "tracer/record/header.h"
#include "tracer/record/race.h"
#include "tracer/record/recorder.h"
#include "tracer/record/target.h"

#define relaxed memory_order_relaxed

#define SLICE_MS 100

_Atomic uint32_t weft__rec_events;
int weft__rec_value_bytes;
bool weft__rec_test_strong;
struct weft__recorder weft__rec;

static _Atomic unsigned runs; /* files that this process was asked for */

/* Without membarrier the workers pay for the order themselves. */
static bool needs_strong(void)
{
	/* A race detector knows nothing of membarrier. */
	if (WEFT__RACE_DETECTOR || weft__rec_test_strong)
		return true;
	return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) != 0;
}

static void unmap_rings(struct weft__recorder *rec)
{
	for (int i = 0; rec->rings && i < rec->workers; i++)
		weft__ring_unmap(rec->rings[i]);
	free(rec->rings);
	rec->rings = NULL;
}

static int map_rings(struct weft__recorder *rec)
{
	/* What is kept has the rest. */
	uint64_t all =
		rec->wishes.mode == WEFT__MODE_RING ? rec->wishes.buffer / 4 : rec->wishes.buffer;
	size_t bytes = (size_t)(all / (uint64_t)rec->workers);

	rec->rings = calloc((size_t)rec->workers, sizeof(*rec->rings));
	if (!rec->rings)
		return -ENOMEM;
	for (int i = 0; i < rec->workers; i++) {
		rec->rings[i] = weft__ring_map(bytes, i, rec->workers);
		if (!rec->rings[i])
			return -ENOMEM;
		rec->rings[i]->strong = rec->strong;
		if (rec->wishes.mode == WEFT__MODE_DROP)
			weft__ring_drop(rec->rings[i]);
	}
	return 0;
}

/* The collector takes no signal of the program's, and a closed pipe is an error to it. */
static int start_thread(struct weft__recorder *rec)
{
	sigset_t all, kept;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &kept);
	ret = pthread_create(&rec->thread, NULL, weft__rec_collect, rec);
	pthread_sigmask(SIG_SETMASK, &kept, NULL);
	if (!ret)
		pthread_setname_np(rec->thread, "weft-trace");
	return -ret;
}

static const char *open_reason(int ret)
{
	return ret == -EWOULDBLOCK ? "another program is recording to it" : strerror(-ret);
}

static int set_up(struct weft__recorder *rec, const struct weft__rec_config *config)
{
	bool keeps;
	int ret;

	weft__ticks_choose();
	memset(&rec->lines, 0, sizeof(rec->lines));
	weft__timeline_prepare(&rec->lines.timeline);
	weft__wishes_read(&rec->wishes);
	keeps = rec->wishes.mode == WEFT__MODE_RING;
	rec->config = *config;
	ret = weft__target_open(&rec->target, rec->path);
	if (ret < 0)
		return ret;
	weft__writer_clear(&rec->out);
	ret = keeps ? weft__flight_init(&rec->flight, rec->wishes.buffer / 4 * 3)
		    : weft__target_empty(&rec->target);
	if (ret == 0 && !keeps) {
		ret = weft__writer_init(
			&rec->out, rec->target.fd, rec->target.regular, &rec->progress);
		rec->target.fd = -1; /* it is the writer's */
	}
	if (ret < 0)
		goto out;
	rec->workers = config->workers;
	rec->strong = needs_strong();
	ret = map_rings(rec);
	if (ret < 0)
		goto out;
	rec->lines.out = &rec->out;
	rec->lines.value_bytes = (size_t)rec->wishes.value_bytes;
	rec->lines.located = rec->wishes.events & WEFT_EVENTS_LOC;
	if (rec->lines.located)
		weft__places_open(&rec->lines.places, config->locator);
	atomic_store(&rec->go, 0);
	atomic_store(&rec->kick, 0);
	atomic_store(&rec->request, 0);
	atomic_store(&rec->done, 0);
	atomic_store(&rec->dump, 0);
	atomic_store(&rec->error, 0);
	atomic_store(&rec->warned, false);
	atomic_store(&rec->reaped, false);
	ret = start_thread(rec);
	if (ret < 0)
		goto out;
	/* Time begins when all is set up: making a thread takes longer than many a run. */
	weft__timeline_begin(&rec->lines.timeline);
	if (!keeps)
		weft__header(&rec->out, config, &rec->wishes, rec->lines.timeline.zero.ns);
	atomic_store(&weft__rec_floor.ticks, rec->lines.timeline.zero.ticks);
	atomic_store_explicit(&rec->go, 1, memory_order_release);
	weft__futex_wake(&rec->go, 1);
	return 0;
out:
	weft__places_close(&rec->lines.places);
	unmap_rings(rec);
	weft__writer_finish(&rec->out);
	weft__flight_free(&rec->flight);
	weft__target_leave(&rec->target, rec->path);
	return ret;
}

char *weft__rec_next_path(void)
{
	const char *pattern = secure_getenv("WEFT_TRACE");

	return weft__target_name(pattern ? pattern : "weft.json", (long)getpid(), ++runs);
}

int weft__rec_start(const struct weft__rec_config *config)
{
	struct weft__recorder *rec = &weft__rec;
	const char *pattern = secure_getenv("WEFT_TRACE");
	int ret;

	if (!pattern || !*pattern || config->workers < 1)
		return 0;
	if (rec->live || rec->lost) {
		weft__rec_say("weft: cannot record a second run: the first has not ended\n");
		return 0;
	}
	if (runs > 0 && weft__target_single(pattern)) {
		weft__rec_say("weft: cannot record run %u to %s: it holds an earlier run\n", ++runs,
			pattern);
		return 0;
	}
	rec->path = weft__rec_next_path();
	if (!rec->path) {
		weft__rec_say("weft: cannot record to %s: %s\n", pattern, strerror(ENOMEM));
		return 0;
	}
	ret = set_up(rec, config);
	if (ret < 0) {
		weft__rec_say("weft: cannot record to %s: %s\n", rec->path, open_reason(ret));
		free(rec->path);
		rec->path = NULL;
		return 0;
	}
	rec->live = true;
	weft__rec_value_bytes = rec->wishes.value_bytes;
	atomic_store_explicit(&weft__rec_events, rec->wishes.events, relaxed);
	return 1;
}

void weft__rec_kick(void)
{
	if (!atomic_exchange(&weft__rec.kick, 1))
		weft__futex_wake(&weft__rec.kick, INT_MAX);
}

static void rouse_all(struct weft__recorder *rec)
{
	for (int i = 0; i < rec->workers; i++)
		weft__ring_rouse(rec->rings[i]);
}

void weft__rec_fail(int error)
{
	int none = 0;

	atomic_compare_exchange_strong(&weft__rec.error, &none, error);
	atomic_store_explicit(&weft__rec_events, 0, relaxed);
	rouse_all(&weft__rec);
}

/* The thread is joined once, whoever sees its end first: an abort, or the stop that may follow. */
static void reap(struct weft__recorder *rec)
{
	if (!atomic_exchange(&rec->reaped, true))
		pthread_join(rec->thread, NULL);
}

/*
 * Waits while the word is `value`, for what the collector does; not longer than `most` ms (0: any
 * time), nor longer than a stall. True: it is another.
 */
static bool wait_while(struct weft__recorder *rec, _Atomic uint32_t *word, uint32_t value, int most)
{
	uint32_t progress = atomic_load_explicit(&rec->progress, relaxed);
	int waited = 0, idle = 0;

	while (atomic_load_explicit(word, memory_order_acquire) == value) {
		uint32_t now;

		if (!weft__futex_wait(word, value, weft__rec_in_ms(SLICE_MS)))
			continue;
		now = atomic_load_explicit(&rec->progress, relaxed);
		idle = now == progress ? idle + SLICE_MS : 0;
		progress = now;
		waited += SLICE_MS;
		if ((most && waited >= most) || idle >= WEFT__REC_STALL_MS)
			return false;
	}
	return true;
}

/* Asks the collector to end the file, once, and waits until it has left; see wait_while. */
static bool end_collector(struct weft__recorder *rec, enum weft_eof_why why, int most)
{
	uint32_t none = 0;

	atomic_compare_exchange_strong(&rec->request, &none, (uint32_t)why + 1);
	weft__rec_kick();
	return wait_while(rec, &rec->done, 0, most);
}

/* The collector ends what was asked for before it leaves. */
static int ask_for_dump(struct weft__recorder *rec, const char *path)
{
	uint32_t none = 0;
	char *copy = path ? strdup(path) : NULL;

	if (path && !copy)
		return -ENOMEM;
	if (atomic_load(&rec->dump) != 0) {
		free(copy);
		return -EBUSY;
	}
	rec->dump_path = copy;
	atomic_compare_exchange_strong(&rec->dump, &none, 1);
	weft__rec_kick();
	if (!wait_while(rec, &rec->dump, 1, 0))
		return -ETIMEDOUT; /* the collector may still be at it */
	free(rec->dump_path);
	rec->dump_path = NULL;
	atomic_store(&rec->dump, 0);
	return rec->dump_result;
}

int weft__rec_dump(const char *path)
{
	static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
	struct weft__recorder *rec = &weft__rec;
	int ret = -ENOTSUP;

	pthread_mutex_lock(&one_at_a_time);
	if (rec->live && rec->wishes.mode == WEFT__MODE_RING)
		ret = ask_for_dump(rec, path);
	pthread_mutex_unlock(&one_at_a_time);
	return ret;
}

/* The one line about a trace that lacks something. */
static void warn_incomplete(struct weft__recorder *rec, bool ended)
{
	int error = atomic_load(&rec->error);
	bool slow = !error || error == -ETIMEDOUT;

	if ((ended && !error) || atomic_exchange(&rec->warned, true))
		return;
	weft__rec_say("weft: trace %s is incomplete: %s (%llu records written)\n", rec->path,
		slow ? "writing it takes too long" : strerror(-error),
		(unsigned long long)atomic_load_explicit(&rec->out.written, relaxed));
}

void weft__rec_stop(enum weft_eof_why why)
{
	struct weft__recorder *rec = &weft__rec;
	bool ended;

	if (!atomic_exchange(&rec->live, false))
		return;
	ended = end_collector(rec, why, 0);
	atomic_store_explicit(&weft__rec_events, 0, relaxed);
	warn_incomplete(rec, ended);
	if (!ended) {
		/* The thread may come to life again: all that it holds stays, and stays its own. */
		rec->lost = true;
		pthread_detach(rec->thread);
		return;
	}
	reap(rec);
	unmap_rings(rec);
	free(rec->path);
	rec->path = NULL;
}

void weft__rec_abort(enum weft_eof_why why)
{
	struct weft__recorder *rec = &weft__rec;
	bool ended;

	if (!rec->live)
		return;
	ended = end_collector(rec, why, WEFT__REC_ABORT_MS);
	atomic_store_explicit(&weft__rec_events, 0, relaxed);
	rouse_all(rec);
	if (ended)
		reap(rec);
	warn_incomplete(rec, ended);
}

struct weft__ring *weft__rec_ring(int worker)
{
	struct weft__recorder *rec = &weft__rec;

	return rec->rings && worker >= 0 && worker < rec->workers ? rec->rings[worker] : NULL;
}

void weft__rec_forked(void)
{
	struct weft__recorder *rec = &weft__rec;
	int fd;

	atomic_store_explicit(&weft__rec_events, 0, relaxed);
	if (!atomic_exchange(&rec->live, false))
		return;
	if (rec->target.fd >= 0)
		close(rec->target.fd);
	rec->target.fd = -1;
	fd = atomic_exchange(&rec->out.fd, -1);
	if (fd >= 0)
		close(fd); /* else the file would stay locked as long as the child lives */
}
