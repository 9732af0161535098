/* SPDX-License-Identifier: MIT
 *
 * Read-write locks: many readers or one writer, by turns, nobody starved, deadlines, misuse.
 */
#include "tests/coro.h"

struct shared {
	struct weft_rwlock rw;
	struct weft_waitgroup group;
	atomic_int readers, writers, most_readers;
	int count; /* by writers */
	_Atomic bool stop;
	struct weft_mutex mutex; /* guards `log` */
	char log[16];
};

static void read_in(struct shared *s)
{
	int n = atomic_fetch_add(&s->readers, 1) + 1;

	CHECK_INT(s->writers, 0);
	if (n > s->most_readers)
		s->most_readers = n;
}

static void read_out(struct shared *s)
{
	CHECK_INT(s->writers, 0);
	atomic_fetch_sub(&s->readers, 1);
	weft_rwlock_runlock(&s->rw);
}

static void write_in(struct shared *s)
{
	CHECK_INT(atomic_fetch_add(&s->writers, 1), 0);
	CHECK_INT(s->readers, 0);
	s->count++;
}

static void write_out(struct shared *s)
{
	CHECK_INT(s->readers, 0);
	CHECK_INT(atomic_fetch_sub(&s->writers, 1), 1);
	weft_rwlock_wunlock(&s->rw);
}

static int readers_waiting(struct weft_rwlock *rw)
{
	struct weft__lock *lock = (struct weft__lock *)&rw->weft_sync.weft_lock;
	struct weft__waitq *queue = (struct weft__waitq *)rw->weft_readers;
	int n = 0;

	weft__lock(lock);
	for (struct weft__waiter *w = queue->head; w; w = w->next)
		n++;
	weft__unlock(lock);
	return n;
}

/* Waits until so many writers and readers wait. */
static void until_both_wait(struct weft_rwlock *rw, int writers, int readers)
{
	until_waiting(&rw->weft_sync, writers);
	while (readers_waiting(rw) != readers)
		weft_yield();
}

static void read_some(struct shared *s)
{
	for (int i = 0; i < 300; i++) {
		weft_rwlock_rlock(&s->rw);
		read_in(s);
		weft_yield();
		read_out(s);
	}
	weft_waitgroup_done(&s->group);
}

static void write_some(struct shared *s)
{
	for (int i = 0; i < 300; i++) {
		weft_rwlock_wlock(&s->rw);
		write_in(s);
		weft_yield();
		write_out(s);
	}
	weft_waitgroup_done(&s->group);
}

CO_TEST(a_writer_is_alone)
{
	struct shared s = {.count = 0};

	weft_waitgroup_add(&s.group, 8);
	for (int i = 0; i < 4; i++) {
		weft_go(read_some, &s);
		weft_go(write_some, &s);
	}
	weft_waitgroup_wait(&s.group);
	CHECK_INT(s.count, 1200);
	weft_sync_finish(&s.rw);
}

CO_TEST(readers_read_together)
{
	struct shared s = {.count = 0};

	weft_waitgroup_add(&s.group, 4);
	weft_rwlock_rlock(&s.rw);
	read_in(&s);
	for (int i = 0; i < 4; i++)
		weft_go(read_some, &s);
	weft_waitgroup_wait(&s.group); /* we read all the time */
	CHECK(s.most_readers > 1);
	read_out(&s);
}

CO_TEST(tries_and_deadlines_while_a_writer_is_in)
{
	struct weft_rwlock rw = {0};
	int64_t until;

	weft_rwlock_wlock(&rw);
	CHECK_INT(weft_rwlock_try_rlock(&rw), -EAGAIN);
	CHECK_INT(weft_rwlock_try_wlock(&rw), -EAGAIN);
	CHECK_INT(weft_rwlock_rlock_until(&rw, weft_now() - 1), -ETIMEDOUT);
	CHECK_INT(weft_rwlock_wlock_until(&rw, weft_now() - 1), -ETIMEDOUT);
	until = weft_now() + 2 * WEFT_MS;
	CHECK_INT(weft_rwlock_rlock_until(&rw, until), -ETIMEDOUT);
	CHECK(weft_now() >= until);
	until = weft_now() + 2 * WEFT_MS;
	CHECK_INT(weft_rwlock_wlock_until(&rw, until), -ETIMEDOUT);
	CHECK(weft_now() >= until);
	weft_rwlock_wunlock(&rw);
	CHECK_INT(rw.weft_sync.weft_word, 0);
}

CO_TEST(tries_and_deadlines_while_a_reader_is_in)
{
	struct weft_rwlock rw = {0};

	weft_rwlock_rlock(&rw);
	CHECK_INT(weft_rwlock_try_wlock(&rw), -EAGAIN);
	CHECK_INT(weft_rwlock_wlock_until(&rw, weft_now() + WEFT_MS), -ETIMEDOUT);
	CHECK_INT(weft_rwlock_try_rlock(&rw), 0);
	CHECK_INT(weft_rwlock_rlock_until(&rw, WEFT_NOW), 0);
	CHECK_INT(weft_rwlock_rlock_until(&rw, weft_now() - 1), 0);
	for (int i = 0; i < 4; i++)
		weft_rwlock_runlock(&rw);
	CHECK_INT(weft_rwlock_wlock_until(&rw, 0), 0);
	weft_rwlock_wunlock(&rw);
	CHECK_INT(rw.weft_sync.weft_word, 0);
}

static void tell(struct shared *s, char c)
{
	size_t n;

	weft_mutex_lock(&s->mutex);
	n = strlen(s->log);
	s->log[n] = c;
	weft_mutex_unlock(&s->mutex);
}

struct guest {
	struct shared *s;
	char name;
	int64_t until;
};

/* Small letters read, large ones write. */
static void visit(struct guest *g)
{
	struct shared *s = g->s;

	if (g->name >= 'a') {
		if (weft_rwlock_rlock_until(&s->rw, g->until) == 0) {
			read_in(s);
			tell(s, g->name);
			weft_yield();
			read_out(s);
		}
	} else if (weft_rwlock_wlock_until(&s->rw, g->until) == 0) {
		write_in(s);
		tell(s, g->name);
		weft_yield();
		write_out(s);
	}
	weft_waitgroup_done(&s->group);
}

/* Starts one after the other, and waits until each waits. */
static void queue_up(struct shared *s, const char *names)
{
	int writers = waiting_for(&s->rw.weft_sync), readers = readers_waiting(&s->rw);

	for (; *names; names++) {
		*(*names >= 'a' ? &readers : &writers) += 1;
		weft_waitgroup_add(&s->group, 1);
		weft_go_copy(visit, &(struct guest){s, *names, WEFT_NEVER});
		until_both_wait(&s->rw, writers, readers);
	}
}

CO_TEST(after_a_writer_all_readers_come_before_the_next_writer)
{
	struct shared s = {.count = 0};

	weft_rwlock_wlock(&s.rw);
	queue_up(&s, "AaBbC");
	weft_rwlock_wunlock(&s.rw);
	weft_waitgroup_wait(&s.group);
	if (s.log[0] == 'b') { /* the two read at once */
		s.log[0] = 'a';
		s.log[1] = s.log[1] == 'a' ? 'b' : s.log[1];
	}
	CHECK_STR(s.log, "abABC");
}

CO_TEST(after_readers_comes_the_first_writer)
{
	struct shared s = {.count = 0};

	weft_rwlock_rlock(&s.rw);
	weft_rwlock_rlock(&s.rw);
	queue_up(&s, "AaB");
	weft_rwlock_runlock(&s.rw);
	CHECK_INT(waiting_for(&s.rw.weft_sync), 2);
	CHECK_INT(readers_waiting(&s.rw), 1);
	weft_rwlock_runlock(&s.rw);
	weft_waitgroup_wait(&s.group);
	CHECK_STR(s.log, "AaB");
}

/* So that two of them hold it all the time, unless a writer comes between. */
static void read_for_ever(struct shared *s)
{
	while (!s->stop) {
		weft_rwlock_rlock(&s->rw);
		read_in(s);
		weft_yield();
		weft_yield();
		read_out(s);
	}
	weft_waitgroup_done(&s->group);
}

CO_TEST(readers_do_not_starve_writers)
{
	struct shared s = {.count = 0};

	weft_waitgroup_add(&s.group, 5);
	for (int i = 0; i < 5; i++)
		weft_go(read_for_ever, &s);
	for (int i = 0; i < 20; i++) {
		weft_rwlock_wlock(&s.rw);
		write_in(&s);
		weft_yield();
		write_out(&s);
	}
	s.stop = true;
	weft_waitgroup_wait(&s.group);
}

static void write_for_ever(struct shared *s)
{
	while (!s->stop) {
		weft_rwlock_wlock(&s->rw);
		write_in(s);
		weft_yield();
		write_out(s);
	}
	weft_waitgroup_done(&s->group);
}

CO_TEST(writers_do_not_starve_readers)
{
	struct shared s = {.count = 0};

	weft_waitgroup_add(&s.group, 5);
	for (int i = 0; i < 5; i++)
		weft_go(write_for_ever, &s);
	for (int i = 0; i < 20; i++) {
		weft_rwlock_rlock(&s.rw);
		read_in(&s);
		weft_yield();
		read_out(&s);
	}
	s.stop = true;
	weft_waitgroup_wait(&s.group);
}

static int write_in_vain(struct weft_rwlock *rw)
{
	CHECK_INT(weft_rwlock_wlock_until(rw, weft_now() + 20 * WEFT_MS), -ETIMEDOUT);
	return 0;
}

/* The readers that waited behind the writer read on beside us. True: they did wait. */
static bool try_to_wait_behind_a_writer(struct shared *s)
{
	struct weft_handle *writer = weft_spawn(write_in_vain, &s->rw);
	bool gone = false, seen = false;

	while (waiting_for(&s->rw.weft_sync) == 0 && !gone)
		gone = joined_or_yield(writer);
	weft_waitgroup_add(&s->group, 3);
	for (int i = 0; i < 3; i++)
		weft_go_copy(visit, &(struct guest){s, 'a', WEFT_NEVER});
	while (!seen && !gone) {
		seen = readers_waiting(&s->rw) == 3;
		gone = joined_or_yield(writer);
	}
	weft_waitgroup_wait(&s->group);
	if (!gone)
		CHECK_INT(weft_join(writer, NULL), 0);
	CHECK_STR(s->log, "aaa");
	memset(s->log, 0, sizeof(s->log));
	return seen;
}

CO_TEST(a_writer_that_gives_up_lets_readers_in)
{
	struct shared s = {.count = 0};

	weft_rwlock_rlock(&s.rw);
	while (!try_to_wait_behind_a_writer(&s)) /* a loaded machine was too slow */
		;
	weft_rwlock_runlock(&s.rw);
	CHECK_INT(weft_rwlock_try_wlock(&s.rw), 0);
}

CO_TEST(a_writer_that_gives_up_in_front_of_another_lets_nobody_in)
{
	struct shared s = {.count = 0};
	struct weft_handle *writer;

	weft_rwlock_rlock(&s.rw);
	writer = weft_spawn(write_in_vain, &s.rw);
	weft_waitgroup_add(&s.group, 1);
	weft_go_copy(visit, &(struct guest){&s, 'A', WEFT_NEVER});
	while (waiting_for(&s.rw.weft_sync) == 0)
		weft_yield();
	CHECK_INT(weft_join(writer, NULL), 0);
	until_waiting(&s.rw.weft_sync, 1);
	queue_up(&s, "a");
	CHECK_INT(weft_rwlock_try_rlock(&s.rw), -EAGAIN);
	weft_rwlock_runlock(&s.rw);
	weft_waitgroup_wait(&s.group);
	CHECK_STR(s.log, "Aa");
}

static int read_in_ended_scope(struct shared *s)
{
	CHECK_INT(weft_rwlock_rlock_until(&s->rw, WEFT_NEVER), -ECANCELED);
	weft_rwlock_rlock(&s->rw);
	read_in(s);
	read_out(s);
	return 0;
}

static int write_in_ended_scope(struct shared *s)
{
	CHECK_INT(weft_rwlock_wlock_until(&s->rw, WEFT_NEVER), -ECANCELED);
	weft_rwlock_wlock(&s->rw);
	write_in(s);
	write_out(s);
	return 0;
}

CO_TEST(lock_does_not_end_with_the_scope)
{
	struct shared s = {.count = 0};
	struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER), *before;
	struct weft_handle *reader, *writer;

	weft_rwlock_wlock(&s.rw);
	weft_scope_cancel(scope, NULL);
	before = weft_scope_enter(scope);
	reader = weft_spawn(read_in_ended_scope, &s);
	writer = weft_spawn(write_in_ended_scope, &s);
	weft_scope_leave(before);
	until_both_wait(&s.rw, 1, 1);
	CHECK_INT(s.count, 0);
	weft_rwlock_wunlock(&s.rw);
	CHECK_INT(weft_join(reader, NULL), 0);
	CHECK_INT(weft_join(writer, NULL), 0);
	CHECK_INT(s.count, 1);
	weft_scope_unref(scope);
}

struct counted {
	struct weft_rwlock rw;
	struct weft_waitgroup *group;
	int refs;
};

static void drop(struct counted *c)
{
	struct weft_waitgroup *group = c->group;
	bool last;

	weft_rwlock_rlock(&c->rw);
	CHECK(c->refs > 0);
	weft_rwlock_runlock(&c->rw);
	weft_rwlock_wlock(&c->rw);
	last = --c->refs == 0;
	weft_rwlock_wunlock(&c->rw);
	if (last)
		free(c);
	weft_waitgroup_done(group);
}

CO_TEST(memory_may_go_with_the_last_unlock)
{
	struct weft_waitgroup group = {0};

	for (int i = 0; i < 300; i++) {
		struct counted *c = calloc(1, sizeof(*c));

		c->refs = 4;
		c->group = &group;
		weft_waitgroup_add(&group, 4);
		for (int j = 0; j < 4; j++)
			weft_go(drop, c);
		weft_waitgroup_wait(&group);
	}
}

PANIC_TEST(runlock_of_what_nobody_reads_panics, "weft_rwlock_runlock: nobody reads")
{
	struct weft_rwlock rw = {0};

	weft_rwlock_runlock(&rw);
}

PANIC_TEST(runlock_of_what_a_writer_has_panics, "weft_rwlock_runlock: nobody reads")
{
	struct weft_rwlock rw = {0};

	weft_rwlock_wlock(&rw);
	weft_rwlock_runlock(&rw);
}

PANIC_TEST(wunlock_of_what_readers_have_panics, "weft_rwlock_wunlock: nobody writes")
{
	struct weft_rwlock rw = {0};

	weft_rwlock_rlock(&rw);
	weft_rwlock_wunlock(&rw);
}

PANIC_TEST(finish_of_what_is_read_panics, "weft_sync_finish of what is held")
{
	struct weft_rwlock rw = {0};

	weft_rwlock_rlock(&rw);
	weft_sync_finish(&rw);
}

struct stresser {
	struct shared *s;
	uint32_t seed;
};

static _Atomic int written;

static void stress(struct stresser *me)
{
	struct shared *s = me->s;
	uint32_t x = me->seed;

	for (int i = 0; i < 2000; i++) {
		int64_t until;
		bool to_write;
		int r;

		x = x * 1664525u + 1013904223u;
		until = x >> 30 == 0   ? WEFT_NOW
			: x >> 30 == 1 ? weft_now() + (x >> 10) % 60000
				       : WEFT_NEVER;
		to_write = (x >> 8) % 4 == 0;
		r = to_write ? weft_rwlock_wlock_until(&s->rw, until)
			     : weft_rwlock_rlock_until(&s->rw, until);
		if (r < 0)
			continue;
		if (to_write)
			write_in(s);
		else
			read_in(s);
		if ((x >> 5) % 4 == 0)
			weft_yield();
		if (to_write) {
			written++;
			write_out(s);
		} else {
			read_out(s);
		}
	}
	weft_waitgroup_done(&s->group);
}

CO_STRESS(every_way_to_lock_at_once)
{
	struct shared s = {.count = 0};

	weft_waitgroup_add(&s.group, 16);
	for (uint32_t i = 0; i < 16; i++)
		weft_go_copy(stress, &(struct stresser){&s, i * 7919 + 1});
	weft_waitgroup_wait(&s.group);
	CHECK_INT(s.count, written);
	CHECK_INT(weft_rwlock_try_wlock(&s.rw), 0);
	weft_rwlock_wunlock(&s.rw);
	weft_sync_finish(&s.rw);
}

TEST_MAIN
