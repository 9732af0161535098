/* SPDX-License-Identifier: MIT
 *
 * Plays a program that is recorded, without a runtime: threads that own a ring each write records
 * as workers do, on objects that they share under locks. tests/record_lines.py looks at the file.
 *
 *	record_play WORKERS ROUNDS [SEED [SKEW_NS [strong]]]
 */
#include "tracer/record/append.h"
#include "tracer/record/record.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/record/recorder.h"

#define OBJECTS 5
#define WORKERS_MAX 64

/* A channel as far as the recorder sees one. */
struct object {
	pthread_mutex_t lock;
	int64_t last;
	uint64_t msg;
	uint64_t sent[8]; /* messages on their way, oldest first */
	int used;
};

static struct object objects[OBJECTS];
static pthread_barrier_t begin;
static int rounds;
static uint64_t seed;

static uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

/* Lets others in at bad moments: between two records, and in the middle of one. */
static void dawdle(uint64_t *random, unsigned chance)
{
	if (next_random(random) % chance == 0)
		sched_yield();
}

static void put_text(struct weft_rec *rec, const char *text, size_t n)
{
	memcpy(weft__rec_payload(rec), text, n);
}

static void make_objects(struct weft__ring *ring, uint64_t co)
{
	static const char text[] = "\0long\0main\0play/record_play.c";

	for (int i = 0; i < OBJECTS; i++) {
		struct weft_rec *rec;

		pthread_mutex_init(&objects[i].lock, NULL);
		weft__rec_reserve(ring, 4);
		rec = weft__rec_begin(ring, WEFT_EV_MAKE, 4, &objects[i].last, NULL);
		rec->co = co;
		rec->on = (uint64_t)i + 1;
		rec->why = WEFT_OBJ_CHAN;
		rec->n = 40 + i % 2;
		weft__rec_tail(rec)->a = 8;
		weft__rec_tail(rec)->b = sizeof(long);
		weft__rec_tail(rec)->c = WEFT_CLASS_INT;
		put_text(rec, text, sizeof(text));
		weft__rec_end(ring, rec);
	}
}

static void spawn(struct weft__ring *ring, uint64_t parent, uint64_t new)
{
	static const char text[] = "\0worker\0play/record_play.c\0main";
	struct weft_rec *rec;

	weft__rec_reserve(ring, 4);
	rec = weft__rec_begin(ring, WEFT_EV_SPAWN, 4, NULL, NULL);
	rec->co = parent;
	rec->on = new;
	rec->n = 50;
	weft__rec_tail(rec)->a = 65536;
	put_text(rec, text, sizeof(text));
	weft__rec_end(ring, rec);
}

static void small(struct weft__ring *ring, enum weft_ev kind, uint64_t co, int n)
{
	struct weft_rec *rec;

	weft__rec_reserve(ring, 1);
	rec = weft__rec_begin(ring, kind, 1, NULL, NULL);
	rec->co = co;
	rec->n = n;
	weft__rec_end(ring, rec);
}

static void play_send(struct weft__ring *ring, struct object *object, uint64_t co, uint64_t value,
	uint64_t *random)
{
	struct weft_rec *rec = weft__rec_begin(ring, WEFT_EV_SEND, 2, &object->last, NULL);
	struct weft_rec_tail *tail = weft__rec_tail(rec);

	rec->co = co;
	rec->on = (uint64_t)(object - objects) + 1;
	rec->why = WEFT_VIA_BUFFER;
	rec->n = -1;
	rec->flags = WEFT_REC_VALUE;
	tail->a = (int64_t)weft__rec_msg(ring, &object->msg);
	object->sent[object->used++] = (uint64_t)tail->a;
	tail->c = object->used;
	tail->d = value;
	dawdle(random, 64);
	weft__rec_end(ring, rec);
}

static void play_recv(struct weft__ring *ring, struct object *object, uint64_t co)
{
	struct weft_rec *rec = weft__rec_begin(ring, WEFT_EV_RECV, 2, &object->last, NULL);
	struct weft_rec_tail *tail = weft__rec_tail(rec);

	rec->co = co;
	rec->on = (uint64_t)(object - objects) + 1;
	rec->n = -1;
	tail->a = (int64_t)object->sent[0];
	memmove(object->sent, object->sent + 1, sizeof(object->sent) - sizeof(object->sent[0]));
	tail->c = --object->used;
	weft__rec_end(ring, rec);
}

/* Coroutine w + 2 lives on worker w and sends and receives in turn. */
static void *play(void *arg)
{
	int worker = (int)(intptr_t)arg;
	struct weft__ring *ring = weft__rec_ring(worker);
	uint64_t co = (uint64_t)worker + 2;
	uint64_t random = seed * 977 + (uint64_t)worker;

	pthread_barrier_wait(&begin);
	small(ring, WEFT_EV_RUN, co, -1);
	for (int i = 0; i < rounds; i++) {
		struct object *object = &objects[next_random(&random) % OBJECTS];

		weft__rec_reserve(ring, 2);
		pthread_mutex_lock(&object->lock);
		if (object->used < 8 && (object->used == 0 || next_random(&random) % 2))
			play_send(ring, object, co, (uint64_t)i, &random);
		else
			play_recv(ring, object, co);
		pthread_mutex_unlock(&object->lock);
		dawdle(&random, 8);
	}
	small(ring, WEFT_EV_EXIT, co, 0);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[WORKERS_MAX];
	struct weft__rec_config config = {.argc = argc, .argv = argv, .guard = "none"};
	int workers = argc > 2 ? atoi(argv[1]) : 0;

	if (workers < 1 || workers > WORKERS_MAX)
		return 2;
	config.workers = workers;
	rounds = atoi(argv[2]);
	seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	weft__rec_test_skew = argc > 4 ? atoll(argv[4]) : 0;
	weft__rec_test_strong = argc > 5 && !strcmp(argv[5], "strong");
	if (weft__rec_start(&config) != 1)
		return 3;
	spawn(weft__rec_ring(0), 0, 1);
	small(weft__rec_ring(0), WEFT_EV_RUN, 1, -1);
	make_objects(weft__rec_ring(0), 1);
	for (int i = 0; i < workers; i++)
		spawn(weft__rec_ring(0), 1, (uint64_t)i + 2);
	small(weft__rec_ring(0), WEFT_EV_EXIT, 1, 0);
	pthread_barrier_init(&begin, NULL, (unsigned)workers);
	for (int i = 0; i < workers; i++)
		pthread_create(&threads[i], NULL, play, (void *)(intptr_t)i);
	for (int i = 0; i < workers; i++)
		pthread_join(threads[i], NULL);
	weft__rec_stop(WEFT_EOF_EXIT);
	printf("%d\n", workers * rounds);
	return 0;
}
