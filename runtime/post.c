/* SPDX-License-Identifier: MIT
 *
 * weft_post: the one call for threads that are no workers. Posts are pushed on a lock-free list
 * (release) that a worker takes whole (acquire) when it passes through the scheduler; while a door
 * is open, idle workers sleep instead of calling it a deadlock.
 */
#include "runtime/post.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/panic.h"
#include "runtime/probe.h"
#include "runtime/run.h"
#include "runtime/sched.h"

/* What weft_post posts. */
struct start {
	struct weft__post post;
	void (*fn)(void *arg);
	void *arg;
};

/* Outlives the run if a thread still holds it. */
struct weft_door {
	struct weft__lock lock; /* always taken: foreign threads */
	bool shut;		/* by the end of the run; under the lock */
	struct weft_door *next; /* open doors; under doors.lock */
};

static struct {
	struct weft__lock lock; /* before a door's own */
	struct weft_door *first;
} doors;

struct weft_door *weft_door_open(void)
{
	struct weft_door *door = calloc(1, sizeof(*door));

	weft__self("weft_door_open");
	if (!door)
		return NULL;
	weft__lock_always(&doors.lock);
	door->next = doors.first;
	doors.first = door;
	atomic_fetch_add_explicit(&weft__sched.doors, 1, memory_order_acq_rel);
	weft__unlock_always(&doors.lock);
	return door;
}

void weft_door_close(struct weft_door *door)
{
	if (!door)
		return;
	weft__not_in_child("weft_door_close");
	weft__lock_always(&doors.lock);
	if (!door->shut) {
		struct weft_door **link = &doors.first;

		while (*link != door)
			link = &(*link)->next;
		*link = door->next;
		/*
		 * Under idle_lock: a worker that enters the list of idle ones later sees it, one
		 * that is there already is seen by wake_one, to find out whether it is a deadlock
		 * now.
		 */
		weft__lock_always(&weft__sched.idle_lock);
		atomic_fetch_sub_explicit(&weft__sched.doors, 1, memory_order_acq_rel);
		weft__unlock_always(&weft__sched.idle_lock);
		weft__wake_one();
	}
	weft__unlock_always(&doors.lock);
	free(door);
}

void weft__post_push(struct weft__post *post)
{
	/* release: acquired with the whole list in take_all. */
	post->next = atomic_load_explicit(&weft__sched.inbox, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(
		&weft__sched.inbox, &post->next, post, memory_order_acq_rel, memory_order_relaxed))
		;
	weft__wake_one();
}

static void start(struct weft__post *post, bool runs)
{
	struct start *s = (struct start *)post;

	if (runs) {
		struct weft__co *co = weft__co_new(weft__worker(), NULL, "post", s->arg, 0, "", "", 0);

		co->fn = s->fn;
		co->detached = true;
		weft__ready(co);
	}
	free(s);
}

int weft_post(struct weft_door *door, void (*fn)(void *arg), void *arg)
{
	struct start *s;

	weft__not_in_child("weft_post");
	if (!door)
		weft__panic("weft_post through a null door");
	s = malloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->post.take = start;
	s->fn = fn;
	s->arg = arg;
	/* Under the door's lock, so that the run cannot end between the look and the push. */
	weft__lock_always(&door->lock);
	if (door->shut) {
		weft__unlock_always(&door->lock);
		free(s);
		return -ESHUTDOWN;
	}
	weft__post_push(&s->post);
	weft__unlock_always(&door->lock);
	return 0;
}

/* The whole list, oldest first. */
static struct weft__post *take_all(void)
{
	struct weft__post *post =
		atomic_exchange_explicit(&weft__sched.inbox, NULL, memory_order_acq_rel);
	struct weft__post *oldest = NULL;

	while (post) {
		struct weft__post *next = post->next;

		post->next = oldest;
		oldest = post;
		post = next;
	}
	return oldest;
}

static void drop(struct weft__post *post)
{
	while (post) {
		struct weft__post *next = post->next;

		post->take(post, false);
		post = next;
	}
}

void weft__post_receive(void)
{
	struct weft__post *post;

	if (!atomic_load_explicit(&weft__sched.inbox, memory_order_relaxed))
		return;
	post = take_all();
	while (post && !atomic_load_explicit(&weft__sched.stopping, memory_order_relaxed)) {
		struct weft__post *next = post->next;

		post->take(post, true);
		post = next;
	}
	drop(post); /* what came too late */
}

void weft__post_finish(void)
{
	weft__lock_always(&doors.lock);
	for (struct weft_door *door = doors.first; door; door = door->next) {
		weft__lock_always(&door->lock);
		door->shut = true;
		weft__unlock_always(&door->lock);
	}
	doors.first = NULL;
	weft__unlock_always(&doors.lock);
	drop(take_all());
}
