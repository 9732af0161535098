/* SPDX-License-Identifier: MIT
 *
 * Cancellation scopes: Go's rules for contexts, and that a wait ends once, whoever ends it.
 */
#include <semaphore.h>

#include "runtime/sched.h"
#include "runtime/scope.h"
#include "runtime/timer.h"
#include "tests/coro.h"

WEFT_CHAN(int_chan, int)

#define HOUR (3600 * WEFT_SEC)

/* Every way to wait. */
enum kind {
	SEND,
	SEND_FULL,
	SEND_UNTIL,
	RECV,
	RECV_UNTIL,
	SELECT_RECV,
	SELECT_BOTH,
	SELECT_MANY,
	SELECT_UNTIL,
	SELECT_NONE,
	SELECT_NULL_UNTIL,
	NULL_SEND,
	NULL_RECV_UNTIL,
	SLEEP,
	SLEEP_UNTIL,
	JOIN,
	JOIN_UNTIL,
	WAITGROUP,
	WAITGROUP_UNTIL,
	MUTEX_UNTIL,
	RLOCK_UNTIL,
	WLOCK_UNTIL,
	COND,
	COND_UNTIL,
	SEMAPHORE,
	ONCE_UNTIL,
	GROUP_GO,
	GROUP_WAIT_UNTIL,
	LIMITER,
	IO_READ,
	IO_WAIT_UNTIL,
	BLOCKING,
	KINDS
};

struct bench {
	int_chan *plain, *full, *gate;
	struct weft_handle *sleeper; /* ends when the gate is closed; in `once` */
	struct weft_waitgroup group;
	struct weft_mutex mutex, for_cond;
	struct weft_rwlock rwlock;
	struct weft_cond cond;
	struct weft_semaphore semaphore;
	struct weft_once once;
	struct weft_group full_group;
	struct weft_limiter limiter; /* used up for an hour */
	struct weft_io *pipe;	     /* empty */
	int pipe_end;
	enum kind kind;
	_Atomic(struct weft__co *) waits; /* who is about to */
};

static void recv_at_gate(struct bench *b)
{
	weft_recv(b->gate, NULL);
}

static int pass_gate(struct bench *b)
{
	weft_once(&b->once, recv_at_gate, b);
	return 7;
}

static int wait_for_sleeper(struct bench *b)
{
	weft_once(&b->once, recv_at_gate, b);
	return 0;
}

/* A job on a helper thread, which is left alone with it. */
static sem_t job_may_end;

static void set_up(struct bench *b)
{
	int fds[2];

	memset(b, 0, sizeof(*b));
	b->plain = weft_make(int_chan, 0);
	b->full = weft_make(int_chan, 1);
	b->gate = weft_make(int_chan, 0);
	b->sleeper = weft_spawn(pass_gate, b);
	weft_send(b->full, 1);
	weft_waitgroup_add(&b->group, 1);
	weft_mutex_lock(&b->mutex);
	weft_rwlock_wlock(&b->rwlock);
	until_parked(b->gate, 1);
	weft_group_open(&b->full_group, 1);
	weft_group_go(&b->full_group, wait_for_sleeper, b);
	b->limiter = (struct weft_limiter){.rate = 1, .per = HOUR, .burst = 1};
	CHECK_INT(weft_limiter_try(&b->limiter, 1), 0);
	CHECK_INT(sem_init(&job_may_end, 0, 0), 0);
	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	CHECK_INT(weft_io_open(fds[0], &b->pipe), 0);
	b->pipe_end = fds[1];
}

static int job(int *unused)
{
	return sem_wait(&job_may_end);
}

static int have_job_done(void)
{
	int unused = 0;

	return weft_blocking_copy(job, &unused, NULL, NULL);
}

/* Nobody waits in it any more, and what was waited for is as it was. */
static void take_down(struct bench *b)
{
	int code, v;

	CHECK_INT(parked_on(b->plain), 0);
	CHECK_INT(parked_on(b->full), 0);
	CHECK_INT(weft_try_recv(b->full, &v), 0);
	CHECK_INT(v, 1);
	CHECK_INT(weft_try_recv(b->full, &v), -EAGAIN);
	weft_close(b->gate);
	CHECK_INT(weft_join(b->sleeper, &code), 0);
	CHECK_INT(code, 7);
	CHECK_INT(weft_group_wait(&b->full_group), 0);
	close(b->pipe_end);
	weft_io_close(b->pipe);
	if (b->kind == BLOCKING)
		sem_post(&job_may_end);
	weft_mutex_unlock(&b->mutex);
	weft_sync_finish(&b->mutex);
	weft_sync_finish(&b->for_cond);
	weft_sync_finish(&b->cond);
	weft_rwlock_wunlock(&b->rwlock);
	weft_sync_finish(&b->rwlock);
	weft_sync_finish(&b->semaphore);
	weft_sync_finish(&b->once);
	weft_waitgroup_done(&b->group);
	weft_sync_finish(&b->group);
	CHECK_INT(refs_of(b->plain), 1);
	CHECK_INT(refs_of(b->full), 1);
	weft_unref(b->plain);
	weft_unref(b->full);
	weft_unref(b->gate);
}

static int select_many(struct bench *b, int64_t until)
{
	struct weft_case cases[20];
	int v;

	for (int i = 0; i < 20; i++)
		cases[i] = weft_on_recv(b->plain, &v);
	return weft_chan_select(cases, 20, until);
}

static int wait_for_cond(struct bench *b, int64_t until)
{
	int r;

	weft_mutex_lock(&b->for_cond);
	r = weft_cond_wait_until(&b->cond, &b->for_cond, until);
	CHECK_INT(weft_mutex_try(&b->for_cond), -EAGAIN); /* it is ours again */
	weft_mutex_unlock(&b->for_cond);
	return r;
}

static int wait_as(struct bench *b, enum kind kind)
{
	int64_t late = weft_now() + HOUR;
	int_chan *none = NULL;
	int v = -1;

	switch (kind) {
	case SEND:
		return weft_send(b->plain, 5);
	case SEND_FULL:
		return weft_send(b->full, 5);
	case SEND_UNTIL:
		return weft_send_until(b->plain, 5, late);
	case RECV:
		CHECK(!weft_recv(b->plain, &v));
		CHECK_INT(v, -1);
		return weft_chan_recv((struct weft_chan *)b->plain, NULL, WEFT_NEVER);
	case RECV_UNTIL:
		return weft_recv_until(b->plain, &v, late);
	case SELECT_RECV:
		return weft_select(weft_on_recv(b->plain, &v));
	case SELECT_BOTH:
		return weft_select(weft_on_recv(b->plain, &v), weft_on_send(b->full, 5),
			weft_on_recv(none, &v));
	case SELECT_MANY:
		return select_many(b, WEFT_NEVER);
	case SELECT_UNTIL:
		return weft_select_until(
			late, weft_on_send(b->full, 5), weft_on_recv(b->plain, &v));
	case SELECT_NONE:
		return weft_chan_select(NULL, 0, WEFT_NEVER);
	case SELECT_NULL_UNTIL:
		return weft_select_until(late, weft_on_recv(none, &v));
	case NULL_SEND:
		return weft_send(none, 5);
	case NULL_RECV_UNTIL:
		return weft_recv_until(none, &v, late);
	case SLEEP:
		return weft_sleep(HOUR);
	case SLEEP_UNTIL:
		return weft_sleep_until(late);
	case JOIN:
		return weft_join(b->sleeper, &v);
	case JOIN_UNTIL:
		return weft_join_until(b->sleeper, &v, late);
	case WAITGROUP:
		return weft_waitgroup_wait(&b->group);
	case WAITGROUP_UNTIL:
		return weft_waitgroup_wait_until(&b->group, late);
	case MUTEX_UNTIL:
		return weft_mutex_lock_until(&b->mutex, WEFT_NEVER);
	case RLOCK_UNTIL:
		return weft_rwlock_rlock_until(&b->rwlock, WEFT_NEVER);
	case WLOCK_UNTIL:
		return weft_rwlock_wlock_until(&b->rwlock, late);
	case COND:
		return wait_for_cond(b, WEFT_NEVER);
	case COND_UNTIL:
		return wait_for_cond(b, late);
	case SEMAPHORE:
		return weft_semaphore_acquire(&b->semaphore, 1);
	case ONCE_UNTIL:
		return weft_once_until(&b->once, recv_at_gate, b, WEFT_NEVER);
	case GROUP_GO:
		return weft_group_go(&b->full_group, wait_for_sleeper, b);
	case GROUP_WAIT_UNTIL:
		return weft_group_wait_until(&b->full_group, &v, late);
	case LIMITER:
		return weft_limiter_wait(&b->limiter, 1);
	case IO_READ:
		return (int)weft_io_read(b->pipe, &v, sizeof(v));
	case IO_WAIT_UNTIL:
		return weft_io_wait_until(b->pipe, WEFT_IO_IN, late);
	case BLOCKING:
		return have_job_done();
	default:
		return 1;
	}
}

static int wait_in_bench(struct bench *b)
{
	atomic_store(&b->waits, weft__current());
	return wait_as(b, b->kind);
}

/* It waits, and in a scope; it does not end before we let it. */
static void until_waits(struct bench *b)
{
	struct weft__co *co;

	while (!(co = atomic_load(&b->waits)) || atomic_load(&co->state) != WEFT__CO_PARKED ||
		!atomic_load(&co->interrupt))
		weft_yield();
}

static struct weft_handle *spawn_in(struct weft_scope *scope, struct bench *b, enum kind kind)
{
	struct weft_scope *outer = weft_scope_enter(scope);
	struct weft_handle *handle;

	b->kind = kind;
	atomic_store(&b->waits, NULL);
	handle = weft_spawn(wait_in_bench, b);
	weft_scope_leave(outer);
	return handle;
}

/* But for us; a timer that ends it may hold it a moment longer. */
static void until_released(struct weft_scope *scope)
{
	while (atomic_load(&scope->refs) != 1)
		weft_yield();
}

/* ---- What ends, and what does not -------------------------------------------------------------
 */

CO_TEST(without_a_scope_nothing_ends)
{
	CHECK(weft_scope_current() == NULL);
	CHECK_INT(weft_scope_error(NULL), 0);
	CHECK_STR(weft_scope_reason(NULL), "");
	CHECK_INT(weft_scope_until(NULL), WEFT_NEVER);
	CHECK(weft_scope_done(NULL) == NULL);
	weft_scope_unref(weft_scope_ref(NULL));
}

CO_TEST(cancel_reaches_children_but_not_the_parent)
{
	struct weft_scope *root = weft_scope_make(NULL, WEFT_NEVER);
	struct weft_scope *mid = weft_scope_make(root, WEFT_NEVER);
	struct weft_scope *leaf = weft_scope_make(mid, WEFT_NEVER);
	struct weft_scope *sibling = weft_scope_make(root, WEFT_NEVER);

	weft_scope_cancel(mid, "enough");
	CHECK_INT(weft_scope_error(root), 0);
	CHECK_INT(weft_scope_error(sibling), 0);
	CHECK_STR(weft_scope_reason(root), "");
	CHECK_INT(weft_scope_error(mid), -ECANCELED);
	CHECK_INT(weft_scope_error(leaf), -ECANCELED);
	CHECK_STR(weft_scope_reason(leaf), "enough");
	weft_scope_unref(leaf);
	weft_scope_unref(mid);
	weft_scope_unref(sibling);
	CHECK(root->children.next == &root->children);
	weft_scope_unref(root);
}

CO_TEST(first_reason_stays)
{
	struct weft_scope *root = weft_scope_make(NULL, WEFT_NEVER);
	struct weft_scope *child = weft_scope_make(root, WEFT_NEVER);

	weft_scope_cancel(child, "first");
	weft_scope_cancel(root, NULL);
	weft_scope_cancel(child, "second");
	CHECK_STR(weft_scope_reason(child), "first");
	CHECK_STR(weft_scope_reason(root), "cancelled");
	weft_scope_unref(root);
	weft_scope_unref(child);
}

CO_TEST(long_reason_is_cut_between_characters)
{
	struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER);
	struct weft_scope *other = weft_scope_make(NULL, WEFT_NEVER);
	char text[300], plain[300];

	memset(plain, 'a', sizeof(plain));
	plain[sizeof(plain) - 1] = '\0';
	weft_scope_cancel(other, plain);
	CHECK_INT(strlen(weft_scope_reason(other)), 95);
	memcpy(text, plain, 94);
	strcpy(text + 94, "\xc3\xa4 and more");
	weft_scope_cancel(scope, text);
	CHECK_INT(strlen(weft_scope_reason(scope)), 94);
	CHECK(strncmp(weft_scope_reason(scope), text, 94) == 0);
	weft_scope_unref(scope);
	weft_scope_unref(other);
}

CO_TEST(child_of_an_ended_scope_begins_ended)
{
	struct weft_scope *root = weft_scope_make(NULL, WEFT_NEVER), *child;

	weft_scope_cancel(root, "over");
	child = weft_scope_make(root, weft_now() + HOUR);
	CHECK_INT(weft_scope_error(child), -ECANCELED);
	CHECK_STR(weft_scope_reason(child), "over");
	CHECK_INT(weft__timers_next(), WEFT_NEVER);
	weft_scope_unref(child);
	child = weft_scope_make(root, WEFT_NOW);
	CHECK_INT(weft_scope_error(child), -ECANCELED);
	weft_scope_unref(child);
	weft_scope_unref(root);
}

CO_TEST(scope_with_a_deadline_ends_by_it)
{
	int64_t until = weft_now() + 2 * WEFT_MS;
	struct weft_scope *scope = weft_scope_make(NULL, until);
	struct weft_scope *child = weft_scope_make(scope, WEFT_NEVER);
	struct weft_scope *outer = weft_scope_enter(child);

	CHECK_INT(weft_scope_until(child), until);
	CHECK_INT(weft_sleep(HOUR), -ECANCELED);
	CHECK(weft_now() >= until);
	CHECK(weft_now() < until + TOLERANCE_NS);
	CHECK_INT(weft_scope_error(scope), -ETIMEDOUT);
	CHECK_INT(weft_scope_error(child), -ETIMEDOUT);
	CHECK_STR(weft_scope_reason(child), "deadline");
	CHECK_INT(weft_sleep(HOUR), -ECANCELED);
	weft_scope_leave(outer);
	weft_scope_cancel(scope, "too late");
	CHECK_INT(weft_scope_error(scope), -ETIMEDOUT);
	weft_scope_unref(scope);
	weft_scope_unref(child);
}

CO_TEST(scope_with_a_past_deadline_begins_ended)
{
	struct weft_scope *scope = weft_scope_make(NULL, weft_now() - 1);

	CHECK_INT(weft_scope_error(scope), -ETIMEDOUT);
	weft_scope_unref(scope);
	scope = weft_scope_make(NULL, WEFT_NOW);
	CHECK_INT(weft_scope_error(scope), -ETIMEDOUT);
	weft_scope_unref(scope);
}

CO_TEST(earliest_deadline_wins)
{
	int64_t early = weft_now() + 2 * WEFT_MS, late = weft_now() + HOUR;
	struct weft_scope *root = weft_scope_make(NULL, late);
	struct weft_scope *sooner = weft_scope_make(root, early);
	struct weft_scope *later = weft_scope_make(sooner, late + HOUR);

	CHECK_INT(weft_scope_until(root), late);
	CHECK_INT(weft_scope_until(sooner), early);
	CHECK_INT(weft_scope_until(later), early);
	weft_recv(weft_scope_done(later), NULL);
	CHECK_INT(weft_scope_error(later), -ETIMEDOUT);
	CHECK_INT(weft_scope_error(sooner), -ETIMEDOUT);
	CHECK_INT(weft_scope_error(root), 0);
	weft_scope_unref(root);
	weft_scope_unref(sooner);
	weft_scope_unref(later);
	while (weft__timers_next() != WEFT_NEVER) /* whoever ended them lets go a moment later */
		weft_yield();
}

CO_TEST(ended_scope_leaves_no_timer)
{
	struct weft_scope *root = weft_scope_make(NULL, weft_now() + HOUR);
	struct weft_scope *child = weft_scope_make(root, weft_now() + HOUR / 2);

	CHECK(weft__timers_next() != WEFT_NEVER);
	weft_scope_cancel(root, "over");
	CHECK_INT(weft__timers_next(), WEFT_NEVER);
	weft_scope_unref(root);
	weft_scope_unref(child);
}

CO_TEST(released_scope_leaves_nothing)
{
	struct weft_scope *root = weft_scope_make(NULL, WEFT_NEVER);

	for (int i = 0; i < 100; i++) {
		struct weft_scope *child = weft_scope_make(root, weft_now() + HOUR);

		weft_scope_done(child);
		weft_scope_unref(child);
	}
	CHECK_INT(weft__timers_next(), WEFT_NEVER);
	CHECK(root->children.next == &root->children);
	CHECK_INT(atomic_load(&root->refs), 1);
	CHECK_INT(weft_scope_error(root), 0);
	weft_scope_unref(root);
}

CO_TEST(child_keeps_its_parent)
{
	struct weft_scope *root = weft_scope_make(NULL, weft_now() + 2 * WEFT_MS);
	struct weft_scope *child = weft_scope_make(root, WEFT_NEVER);

	weft_scope_unref(root);
	weft_recv(weft_scope_done(child), NULL);
	CHECK_INT(weft_scope_error(child), -ETIMEDOUT);
	weft_scope_unref(child);
}

CO_TEST(deep_tree_ends_and_goes_without_recursion)
{
	struct weft_scope *root = weft_scope_make(NULL, WEFT_NEVER), *leaf = weft_scope_ref(root);

	for (int i = 0; i < 100000; i++) {
		struct weft_scope *child = weft_scope_make(leaf, WEFT_NEVER);

		weft_scope_unref(leaf);
		leaf = child;
	}
	weft_scope_cancel(root, "deep");
	CHECK_STR(weft_scope_reason(leaf), "deep");
	weft_scope_unref(leaf);
	CHECK_INT(atomic_load(&root->refs), 1);
	weft_scope_unref(root);
}

/* ---- The done channel -------------------------------------------------------------------------
 */

CO_TEST(done_channel_closes_at_the_end)
{
	struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER);
	weft_done_chan *done = weft_scope_done(scope);
	bool ok = true;

	CHECK(weft_scope_done(scope) == done);
	CHECK_INT(weft_try_recv(done, NULL), -EAGAIN);
	weft_scope_cancel(scope, "over");
	CHECK_INT(weft_try_recv(done, NULL), -EPIPE);
	CHECK_INT(weft_select(weft_on_recv_ok(done, NULL, &ok)), 0);
	CHECK(!ok);
	CHECK(weft_scope_done(scope) == done);
	weft_scope_unref(scope);
}

CO_TEST(done_channel_of_an_ended_scope_is_closed)
{
	struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER);

	weft_scope_cancel(scope, "over");
	CHECK_INT(weft_try_recv(weft_scope_done(scope), NULL), -EPIPE);
	weft_scope_cancel(scope, "again");
	weft_scope_unref(scope);
}

static int select_done(struct weft_scope *scope)
{
	int_chan *none = NULL;

	return weft_select(weft_on_recv(none, NULL), weft_on_recv(weft_scope_done(scope), NULL));
}

CO_TEST(done_channel_wakes_who_does_not_run_in_the_scope)
{
	struct weft_scope *root = weft_scope_make(NULL, WEFT_NEVER);
	struct weft_scope *scope = weft_scope_make(root, WEFT_NEVER);
	struct weft_handle *handles[10];
	int code;

	for (int i = 0; i < 10; i++)
		handles[i] = weft_spawn(select_done, scope);
	until_parked(weft_scope_done(scope), 10);
	weft_scope_cancel(root, "over");
	for (int i = 0; i < 10; i++) {
		CHECK_INT(weft_join(handles[i], &code), 0);
		CHECK_INT(code, 1);
	}
	weft_scope_unref(scope);
	weft_scope_unref(root);
}

CO_TEST(done_channel_of_a_deadline_wakes_too)
{
	struct weft_scope *scope = weft_scope_make(NULL, weft_now() + WEFT_MS);
	struct weft_handle *handle = weft_spawn(select_done, scope);
	int code;

	weft_join(handle, &code);
	CHECK_INT(code, 1);
	CHECK_INT(weft_scope_error(scope), -ETIMEDOUT);
	weft_scope_unref(scope);
}

/* ---- Who runs in which scope ------------------------------------------------------------------
 */

struct seen {
	struct weft_scope *scope;
	int depth;
	bool in_shield;
};

static int look_at_scope(struct seen *seen)
{
	struct seen below = {seen->scope, seen->depth - 1, seen->in_shield};
	int code = 0;

	CHECK(weft_scope_current() == seen->scope);
	if (seen->depth > 0)
		weft_join(weft_spawn(look_at_scope, &below), &code);
	return code + 1;
}

CO_TEST(scope_is_inherited_at_spawn)
{
	struct seen seen = {weft_scope_make(NULL, WEFT_NEVER), 3, false};
	struct weft_scope *outer = weft_scope_enter(seen.scope);
	struct weft_handle *handle = weft_spawn(look_at_scope, &seen);
	int code;

	CHECK(outer == NULL);
	CHECK(weft_scope_current() == seen.scope);
	weft_scope_leave(outer);
	CHECK(weft_scope_current() == NULL);
	weft_join(handle, &code);
	CHECK_INT(code, 4);
	weft_scope_unref(seen.scope);
}

CO_TEST(coroutines_let_go_of_their_scope)
{
	struct seen seen = {weft_scope_make(NULL, WEFT_NEVER), 0, false};
	struct weft_handle *handles[20];
	struct weft_scope *outer = weft_scope_enter(seen.scope);

	for (int i = 0; i < 20; i++)
		handles[i] = weft_spawn(look_at_scope, &seen);
	for (int i = 0; i < 20; i++)
		weft_join(handles[i], NULL);
	weft_scope_leave(outer);
	CHECK_INT(atomic_load(&seen.scope->refs), 1);
	CHECK(seen.scope->cos.next == &seen.scope->cos);
	weft_scope_unref(seen.scope);
}

CO_TEST(scopes_are_entered_one_in_another)
{
	struct weft_scope *a = weft_scope_make(NULL, WEFT_NEVER), *b, *before_a, *before_b, *none;

	before_a = weft_scope_enter(a);
	b = weft_scope_make(NULL, WEFT_NEVER);
	CHECK(b->parent == a);
	before_b = weft_scope_enter(b);
	CHECK(before_b == a);
	/* Whoever made them may let go: who runs in them holds them. */
	weft_scope_unref(b);
	none = weft_scope_enter(NULL);
	CHECK(weft_scope_current() == NULL);
	weft_scope_cancel(a, "over");
	CHECK_INT(weft_sleep(1), 0);
	weft_scope_leave(none);
	CHECK(weft_scope_current() == b);
	CHECK_INT(weft_sleep(1), -ECANCELED);
	weft_scope_leave(before_b);
	CHECK_INT(weft_sleep(1), -ECANCELED);
	weft_scope_leave(before_a);
	CHECK_INT(weft_sleep(1), 0);
	weft_scope_unref(a);
}

/* ---- Waits ------------------------------------------------------------------------------------
 */

CO_TEST(every_wait_ends_when_the_scope_is_cancelled)
{
	for (int kind = 0; kind < KINDS; kind++) {
		struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER);
		struct weft_handle *handle;
		struct bench b;
		int code;

		set_up(&b);
		handle = spawn_in(scope, &b, kind);
		until_waits(&b);
		weft_scope_cancel(scope, "stop");
		CHECK_INT(weft_join(handle, &code), 0);
		if (code != -ECANCELED)
			test_fail(__FILE__, __LINE__, "kind %d gives %d", kind, code);
		take_down(&b);
		CHECK_INT(weft__timers_next(), WEFT_NEVER);
		until_released(scope);
		weft_scope_unref(scope);
	}
}

CO_TEST(every_wait_ends_at_the_scopes_deadline)
{
	for (int kind = 0; kind < KINDS; kind++) {
		struct weft_scope *scope = weft_scope_make(NULL, weft_now() + 200 * WEFT_US);
		struct weft_handle *handle;
		struct bench b;
		int code;

		set_up(&b);
		handle = spawn_in(scope, &b, kind);
		CHECK_INT(weft_join(handle, &code), 0);
		if (code != -ECANCELED)
			test_fail(__FILE__, __LINE__, "kind %d gives %d", kind, code);
		take_down(&b);
		weft_scope_unref(scope);
	}
}

CO_TEST(every_wait_in_an_ended_scope_ends_at_once)
{
	struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER), *outer;
	struct bench b;

	set_up(&b);
	weft_scope_cancel(scope, "over");
	outer = weft_scope_enter(scope);
	for (int kind = 0; kind < KINDS; kind++) {
		int r = wait_as(&b, kind);

		if (r != -ECANCELED)
			test_fail(__FILE__, __LINE__, "kind %d gives %d", kind, r);
	}
	weft_scope_leave(outer);
	take_down(&b);
	weft_scope_unref(scope);
}

CO_TEST(what_can_go_on_still_does_in_an_ended_scope)
{
	struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER), *outer;
	int_chan *c = weft_make(int_chan, 2), *closed = weft_make(int_chan, 0);
	struct seen seen = {scope, 0, false};
	struct weft_waitgroup group = {0};
	struct weft_handle *handle;
	int v = 0, code = 0;

	weft_close(closed);
	outer = weft_scope_enter(scope);
	handle = weft_spawn(look_at_scope, &seen);
	weft_scope_cancel(scope, "over");
	CHECK_INT(weft_send(c, 1), 0);
	CHECK_INT(weft_select(weft_on_send(c, 2)), 0);
	CHECK_INT(weft_try_send(c, 3), -EAGAIN);
	CHECK(weft_recv(c, &v));
	CHECK_INT(v, 1);
	CHECK_INT(weft_recv_until(c, &v, weft_now() - 1), 0);
	CHECK_INT(v, 2);
	CHECK_INT(weft_try_recv(c, &v), -EAGAIN);
	CHECK_INT(weft_try_select(weft_on_recv(c, &v)), -EAGAIN);
	CHECK_INT(weft_recv_until(closed, &v, WEFT_NEVER), -EPIPE);
	CHECK_INT(weft_waitgroup_wait(&group), 0);
	CHECK_INT(weft_sleep(0), 0);
	CHECK_INT(weft_recv_until(c, &v, weft_now() - 1), -ECANCELED);
	weft_yield();
	while (weft_join_until(handle, &code, WEFT_NOW) == -EAGAIN)
		weft_yield();
	CHECK_INT(code, 1);
	weft_scope_leave(outer);
	weft_scope_unref(scope);
}

CO_TEST(cancelled_send_is_never_received)
{
	struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER);
	struct weft_handle *handle;
	struct bench b;
	int code, v;

	set_up(&b);
	handle = spawn_in(scope, &b, SEND);
	until_parked(b.plain, 1);
	weft_scope_cancel(scope, "stop");
	CHECK_INT(weft_try_recv(b.plain, &v), -EAGAIN);
	weft_join(handle, &code);
	CHECK_INT(code, -ECANCELED);
	take_down(&b);
	weft_scope_unref(scope);
}

CO_TEST(match_before_cancel_wins)
{
	struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER);
	struct weft_handle *handle;
	struct bench b;
	int code, v;

	set_up(&b);
	handle = spawn_in(scope, &b, SEND);
	until_parked(b.plain, 1);
	CHECK_INT(weft_try_recv(b.plain, &v), 0);
	weft_scope_cancel(scope, "stop");
	weft_join(handle, &code);
	CHECK_INT(code, 0);
	CHECK_INT(v, 5);
	take_down(&b);
	weft_scope_unref(scope);
}

CO_TEST(coroutine_may_cancel_its_own_scope)
{
	struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER);
	struct weft_scope *outer = weft_scope_enter(scope);

	weft_scope_cancel(scope, "myself");
	CHECK_INT(weft_sleep(HOUR), -ECANCELED);
	weft_scope_leave(outer);
	CHECK_INT(weft_sleep(1), 0);
	weft_scope_unref(scope);
}

/* As if the end came between a wait's last look at the scope and its parking. */
static int wait_too_late(struct weft__claim *claim)
{
	struct weft__waiter waiter = {.co = weft__current(), .claim = claim, .index = -1};
	struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER);
	struct weft_scope *outer = weft_scope_enter(scope);
	struct weft__interrupt it;
	struct weft__waitq queue = {0};
	struct weft__lock lock = {0};
	int r;

	CHECK_INT(weft__may_wait(waiter.co, WEFT_NEVER), 0);
	weft_scope_cancel(scope, "just now");
	weft__lock(&lock);
	if (!claim)
		weft__waitq_push(&queue, &waiter);
	r = weft__interrupt_begin(&it, &lock, &waiter, 0, NULL, weft_now() + HOUR);
	weft__unlock(&lock);
	weft__interrupt_end(&it);
	CHECK(queue.head == NULL);
	CHECK_INT(waiter.result, -ECANCELED);
	CHECK(atomic_load(&waiter.co->interrupt) == NULL);
	CHECK_INT(weft__timers_next(), WEFT_NEVER);
	weft_scope_leave(outer);
	weft_scope_unref(scope);
	return r;
}

CO_TEST(scope_that_ends_just_before_the_wait_is_seen)
{
	struct weft__claim claim;

	atomic_init(&claim.winner, NULL);
	CHECK_INT(wait_too_late(NULL), -ECANCELED);
	CHECK_INT(wait_too_late(&claim), -ECANCELED);
	CHECK(atomic_load(&claim.winner) != NULL);
}

static int sleep_shielded(struct bench *b)
{
	int r;

	weft_shield_begin();
	weft_shield_begin();
	weft_shield_end();
	atomic_store(&b->waits, weft__current());
	weft_recv(b->plain, NULL);
	r = weft_sleep(1);
	weft_shield_end();
	return r == 0 ? weft_sleep(HOUR) : 1;
}

CO_TEST(shielded_wait_ignores_the_scope)
{
	struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER);
	struct weft_scope *outer = weft_scope_enter(scope);
	struct weft_handle *handle;
	struct bench b;
	int code;

	set_up(&b);
	handle = weft_spawn(sleep_shielded, &b);
	weft_scope_leave(outer);
	until_parked(b.plain, 1);
	weft_scope_cancel(scope, "stop");
	CHECK_INT(parked_on(b.plain), 1);
	weft_send(b.plain, 1);
	weft_join(handle, &code);
	CHECK_INT(code, -ECANCELED);
	take_down(&b);
	weft_scope_unref(scope);
}

CO_TEST(what_starts_in_a_shield_has_the_scope_but_no_shield)
{
	struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER);
	struct weft_scope *outer = weft_scope_enter(scope);
	struct bench b;
	int code;

	set_up(&b);
	weft_scope_cancel(scope, "over");
	weft_shield_begin();
	b.kind = RECV_UNTIL;
	weft_join(weft_spawn(wait_in_bench, &b), &code);
	CHECK_INT(code, -ECANCELED);
	weft_shield_end();
	weft_scope_leave(outer);
	take_down(&b);
	weft_scope_unref(scope);
}

#define CROWD (SANITIZED ? 400 : 10000)

static struct weft_waitgroup to_arrive;

static int wait_in_crowd(int_chan *c)
{
	weft_waitgroup_done(&to_arrive);
	return weft_recv(c, NULL);
}

CO_TEST_LIMIT(cancel_wakes_a_crowd, 60)
{
	struct weft_scope *root = weft_scope_make(NULL, WEFT_NEVER);
	struct weft_handle **handles = calloc(CROWD, sizeof(struct weft_handle *));
	int_chan *c = weft_make(int_chan, 0);
	int code;

	weft_waitgroup_add(&to_arrive, CROWD);
	for (int i = 0; i < CROWD; i++) {
		struct weft_scope *scope = i % 10 ? NULL : weft_scope_make(root, WEFT_NEVER);
		struct weft_scope *outer = weft_scope_enter(scope ? scope : root);

		handles[i] = weft_spawn(wait_in_crowd, c);
		weft_scope_leave(outer);
		weft_scope_unref(scope);
	}
	weft_waitgroup_wait(&to_arrive); /* to count who is parked takes long */
	until_parked(c, CROWD);
	weft_scope_cancel(root, "everybody");
	CHECK_INT(parked_on(c), 0);
	for (int i = 0; i < CROWD; i++) {
		CHECK_INT(weft_join(handles[i], &code), 0);
		CHECK_INT(code, false);
	}
	CHECK_INT(atomic_load(&root->refs), 1);
	weft_scope_unref(root);
	free(handles);
}

/* ---- Races ------------------------------------------------------------------------------------
 */

#define ROUNDS (SANITIZED ? 60 : 400)

struct race {
	int_chan *a, *b;
	_Atomic int64_t sent, received;
	_Atomic uint32_t seed;
};

static int64_t soon(struct race *race)
{
	uint32_t x = atomic_fetch_add(&race->seed, 1) * 2654435761u;

	return weft_now() + (int64_t)(x >> 16) % (30 * WEFT_US);
}

static int keep_sending(struct race *race)
{
	for (int i = 1;; i++) {
		int v = 0, r = i % 3 == 0   ? weft_send_until(race->a, i, soon(race))
			       : i % 3 == 1 ? weft_send(race->a, i)
					    : weft_select(weft_on_send(race->a, i),
						      weft_on_recv(race->b, &v));

		CHECK(r == 0 || r == 1 || r == -ETIMEDOUT || r == -ECANCELED);
		if (r == 0)
			atomic_fetch_add(&race->sent, i);
		if (r == 1)
			atomic_fetch_add(&race->received, v);
		if (r == -ECANCELED)
			return 0;
	}
}

static int keep_receiving(struct race *race)
{
	for (int i = 1;; i++) {
		int v = 0, r = i % 3 == 0 ? weft_recv_until(race->a, &v, soon(race))
			       : i % 3 == 1
				       ? weft_recv_until(race->a, &v, WEFT_NEVER)
				       : weft_select_until(soon(race), weft_on_recv(race->a, &v),
						 weft_on_send(race->b, i));

		CHECK(r == 0 || r == 1 || r == -ETIMEDOUT || r == -ECANCELED);
		if (r == 0)
			atomic_fetch_add(&race->received, v);
		if (r == 1)
			atomic_fetch_add(&race->sent, i);
		if (r == -ECANCELED)
			return 0;
	}
}

static void drain(struct race *race, int_chan *c)
{
	int v;

	while (weft_try_recv(c, &v) == 0)
		atomic_fetch_add(&race->received, v);
}

CO_TEST_LIMIT(value_is_delivered_or_cancelled_never_both, 120)
{
	for (int round = 0; round < ROUNDS; round++) {
		struct race race = {.a = weft_make(int_chan, round % 2 ? 0 : 2),
			.b = weft_make(int_chan, 0),
			.seed = (uint32_t)round * 1000};
		struct weft_scope *scope =
			weft_scope_make(NULL, round % 5 ? WEFT_NEVER : soon(&race));
		struct weft_scope *outer = weft_scope_enter(scope);
		struct weft_handle *handles[8];

		for (int i = 0; i < 8; i++)
			handles[i] = i % 2 ? weft_spawn(keep_receiving, &race)
					   : weft_spawn(keep_sending, &race);
		weft_scope_leave(outer);
		for (int i = 0; i < round % 17; i++)
			weft_yield();
		if (round % 5)
			weft_scope_cancel(scope, "race");
		for (int i = 0; i < 8; i++)
			CHECK_INT(weft_join(handles[i], NULL), 0);
		drain(&race, race.a);
		CHECK_INT(atomic_load(&race.sent), atomic_load(&race.received));
		CHECK_INT(parked_on(race.a) + parked_on(race.b), 0);
		CHECK_INT(refs_of(race.a), 1);
		weft_unref(race.a);
		weft_unref(race.b);
		until_released(scope);
		weft_scope_unref(scope);
	}
	CHECK_INT(weft__timers_next(), WEFT_NEVER);
}

/* One wait of each kind, and its deadline, its peer and its scope end it at about the same time. */
struct photo_finish {
	struct weft_waitgroup group;
	struct weft_handle *handle;
	int_chan *gate;
	int64_t until;
	int kind;
};

static int open_soon(struct photo_finish *p)
{
	weft_recv(p->gate, NULL);
	return 3;
}

static int wait_for_finish(struct photo_finish *p)
{
	int code = 3, r;

	if (p->kind == 0)
		r = weft_waitgroup_wait_until(&p->group, p->until);
	else if (p->kind == 1)
		r = weft_join_until(p->handle, &code, p->until);
	else
		r = weft_sleep_until(p->until);
	CHECK(r == 0 || r == -ETIMEDOUT || r == -ECANCELED);
	CHECK_INT(code, 3);
	return r;
}

CO_TEST_LIMIT(peer_deadline_and_cancel_end_a_wait_once, 120)
{
	for (int round = 0; round < 3 * ROUNDS; round++) {
		struct race race = {.seed = (uint32_t)round * 77};
		struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER), *outer;
		struct photo_finish p = {.gate = weft_make(int_chan, 0), .kind = round % 3};
		struct weft_handle *handle;
		int code;

		weft_waitgroup_add(&p.group, 1);
		p.handle = weft_spawn(open_soon, &p);
		p.until = soon(&race);
		outer = weft_scope_enter(scope);
		handle = weft_spawn(wait_for_finish, &p);
		weft_scope_leave(outer);
		for (int i = 0; i < round % 7; i++)
			weft_yield();
		if (round & 1) {
			weft_close(p.gate);
			weft_waitgroup_done(&p.group);
			weft_scope_cancel(scope, "race");
		} else {
			weft_scope_cancel(scope, "race");
			weft_close(p.gate);
			weft_waitgroup_done(&p.group);
		}
		CHECK_INT(weft_join(handle, &code), 0);
		if (p.kind != 1 || code != 0)
			CHECK_INT(weft_join(p.handle, NULL), 0);
		weft_sync_finish(&p.group);
		weft_unref(p.gate);
		until_released(scope);
		weft_scope_unref(scope);
	}
	CHECK_INT(weft__timers_next(), WEFT_NEVER);
}

/* A family tree that is made, entered, looked at, ended and released from all sides. */
static int live_in_tree(struct race *race)
{
	struct weft_scope *mine = weft_scope_make(NULL, WEFT_NEVER);

	for (int i = 0; i < 20; i++) {
		struct weft_scope *child = weft_scope_make(mine, i % 2 ? soon(race) : WEFT_NEVER);
		struct weft_scope *outer = weft_scope_enter(child);

		if (i % 3 == 0)
			weft_recv_until(weft_scope_done(child), NULL, soon(race));
		else if (i % 3 == 1)
			weft_sleep_until(soon(race));
		if (i % 4 == 0)
			weft_scope_cancel(child, "child");
		weft_scope_leave(outer);
		if (i % 4 == 0)
			CHECK(weft_scope_error(child) != 0);
		weft_scope_unref(child);
	}
	weft_scope_cancel(mine, "mine");
	weft_scope_unref(mine);
	return 0;
}

CO_TEST_LIMIT(tree_may_be_changed_while_it_ends, 120)
{
	for (int round = 0; round < ROUNDS; round++) {
		struct race race = {.seed = (uint32_t)round * 31};
		struct weft_scope *root =
			weft_scope_make(NULL, round % 3 ? WEFT_NEVER : soon(&race));
		struct weft_scope *outer = weft_scope_enter(root);
		struct weft_handle *handles[6];

		for (int i = 0; i < 6; i++)
			handles[i] = weft_spawn(live_in_tree, &race);
		weft_scope_leave(outer);
		for (int i = 0; i < round % 29; i++)
			weft_yield();
		weft_scope_cancel(root, "root");
		for (int i = 0; i < 6; i++)
			CHECK_INT(weft_join(handles[i], NULL), 0);
		CHECK(root->children.next == &root->children);
		CHECK(root->cos.next == &root->cos);
		until_released(root);
		weft_scope_unref(root);
	}
	CHECK_INT(weft__timers_next(), WEFT_NEVER);
}

/* ---- Misuse, and the end of the run -----------------------------------------------------------
 */

PANIC_TEST(leave_without_enter_panics, "weft_scope_leave without weft_scope_enter")
{
	weft_scope_leave(NULL);
}

PANIC_TEST(shield_end_without_begin_panics, "weft_shield_end without weft_shield_begin")
{
	weft_shield_end();
}

PANIC_TEST(cancel_of_no_scope_panics, "weft_scope_cancel of a null scope")
{
	weft_scope_cancel(NULL, "nobody");
}

static int enter_and_end(struct weft_scope *scope)
{
	weft_scope_enter(scope);
	return 0;
}

PANIC_TEST(to_end_in_an_entered_scope_panics, "weft_scope_leave is missing")
{
	weft_join(weft_spawn(enter_and_end, weft_scope_make(NULL, WEFT_NEVER)), NULL);
}

static void wait_left_behind(int_chan *c)
{
	wait_in_crowd(c);
}

CO_TEST(coroutine_1_may_return_in_a_scope_and_leave_others_behind)
{
	struct weft_scope *scope = weft_scope_make(NULL, weft_now() + HOUR);
	int_chan *c = weft_make(int_chan, 0);

	weft_scope_enter(scope);
	weft_scope_done(weft_scope_make(NULL, WEFT_NEVER));
	weft_waitgroup_add(&to_arrive, 1);
	weft_go(wait_left_behind, c);
	until_parked(c, 1);
}

static int wait_for_ever_app(int argc, char **argv)
{
	struct weft_scope *scope = weft_scope_make(NULL, weft_now() + HOUR);
	struct weft_scope *other = weft_scope_make(NULL, weft_now() + HOUR);

	weft_scope_unref(other);
	weft_scope_enter(scope);
	weft_scope_cancel(scope, "over");
	weft_shield_begin();
	return weft_send((int_chan *)NULL, 1);
}

static void wait_for_ever(void)
{
	weft_run(wait_for_ever_app, 0, NULL);
}

TEST_WORKERS(deadlock_is_found_where_no_scope_can_end_it)
{
	run_to_deadlock(wait_for_ever);
}

TEST_MAIN
