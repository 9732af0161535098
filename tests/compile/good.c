/* SPDX-License-Identifier: MIT
 *
 * What must compile without a word, as C and as C++: compile_test.py.
 */
#include <weft.h>

enum colour { RED, GREEN };
struct pair {
	int a, b;
};

WEFT_CHAN(int_chan, int)
WEFT_CHAN(long_chan, long)
WEFT_CHAN(short_chan, short)
WEFT_CHAN(char_chan, char)
WEFT_CHAN(real_chan, double)
WEFT_CHAN(colour_chan, enum colour)
WEFT_CHAN(pair_chan, struct pair)
WEFT_CHAN(pair_ptr_chan, struct pair *)
WEFT_CHAN(string_chan, const char *)
WEFT_CHAN(bool_chan, bool)
WEFT_CHAN(unit_chan, weft_unit)
WEFT_CHAN(void_ptr_chan, void *)

static void drop(void *value)
{
	(void)value;
}

static struct weft_local local = WEFT_LOCAL_INIT(drop);

static void time_app(weft_unit *unused)
{
	weft_time_chan *tick = weft_ticker(WEFT_SEC), *enough = weft_after(5 * WEFT_MS);
	int64_t now;

	(void)unused;
	while (weft_select(weft_on_recv(tick, &now), weft_on_recv(enough, NULL)) == 0)
		weft_sleep(2 * WEFT_US);
	if (weft_time_stop(tick) || weft_time_reset(enough, WEFT_MS))
		weft_recv_until(enough, &now, now + WEFT_SEC);
	weft_unref(tick);
	weft_unref(enough);
}

static void scope_app(weft_unit *unused)
{
	struct weft_scope *scope = weft_scope_make(NULL, weft_now() + WEFT_SEC);
	struct weft_scope *outer = weft_scope_enter(scope);
	weft_done_chan *done = weft_scope_done(scope);

	(void)unused;
	weft_select(weft_on_recv(done, NULL));
	weft_scope_leave(outer);
	weft_scope_cancel(scope, "done");
	weft_scope_unref(scope);
}

static void drop_copy(void *copy)
{
	(void)copy;
}

static int load(const struct pair *p)
{
	return p->a;
}

static void blocking_app(struct pair *p)
{
	int code;

	const struct pair *same = p;

	if (weft_blocking(load, same, &code) < 0 ||
		weft_blocking_until(load, p, &code, WEFT_NEVER) < 0)
		weft_blocking_copy(load, p, NULL, &code);
	weft_blocking_copy(load, p, drop_copy, NULL);
	weft_blocking_copy_until(load, p, NULL, &code, weft_now());
}

static void pinned_app(weft_unit *unused)
{
	(void)unused;
	if (weft_pin(WEFT_MAIN_THREAD) == 0)
		weft_unpin();
	if (weft_worker_index() < weft_worker_count() && weft_pin(WEFT_THIS_WORKER) == 0)
		weft_unpin();
}

static void take(pair_ptr_chan *c)
{
	weft_send(c, NULL);
}

static int give(int *n)
{
	return *n;
}

static void by_copy(struct pair *p)
{
	p->a = p->b;
}

static struct weft_semaphore permits = WEFT_SEMAPHORE(2);

struct guarded {
	struct weft_mutex mutex;
	struct weft_rwlock rwlock;
	struct weft_cond cond;
	struct weft_once once;
	struct weft_waitgroup group;
	struct weft_group functions;
};

static int sync_app(struct guarded *g)
{
	struct weft_semaphore three = WEFT_SEMAPHORE(3);
	struct pair pair = {1, 2};

	weft_mutex_lock(&g->mutex);
	weft_cond_wait(&g->cond, &g->mutex);
	weft_cond_wait_until(&g->cond, &g->mutex, WEFT_NOW);
	weft_mutex_unlock(&g->mutex);
	weft_cond_signal(&g->cond);
	weft_cond_broadcast(&g->cond);
	if (weft_mutex_try(&g->mutex) == 0 || weft_mutex_lock_until(&g->mutex, 0) == 0)
		weft_mutex_unlock(&g->mutex);
	weft_rwlock_rlock(&g->rwlock);
	weft_rwlock_runlock(&g->rwlock);
	weft_semaphore_acquire(&permits, 2);
	weft_semaphore_release(&permits, 1);
	weft_once(&g->once, by_copy, &pair);
	weft_sync_name(&g->mutex, "mutex %d", 1);
	weft_sync_name(&three, "three");
	weft_sync_finish(&g->rwlock);
	weft_waitgroup_add(&g->group, 1);
	weft_waitgroup_done(&g->group);
	weft_group_open(&g->functions, 2);
	weft_group_go(&g->functions, give, &pair.a);
	weft_group_go_copy(&g->functions, give, &pair.b);
	weft_group_go_until(&g->functions, WEFT_NOW, give, &pair.a);
	weft_group_go_copy_until(&g->functions, WEFT_NOW, give, &pair.b);
	weft_group_wait(&g->functions);
	return weft_once_until(&g->once, by_copy, &pair, WEFT_NOW) + weft_semaphore_try(&three, 1);
}

static int app(int argc, char **argv)
{
	static struct guarded guarded;

	int_chan *ints = weft_make(int_chan, 1);
	long_chan *longs = weft_make(long_chan, 1);
	short_chan *shorts = weft_make(short_chan, 1);
	char_chan *chars = weft_make(char_chan, 1);
	real_chan *reals = weft_make(real_chan, 1);
	colour_chan *colours = weft_make(colour_chan, 1);
	pair_chan *pairs = weft_make(pair_chan, 1);
	pair_ptr_chan *ptrs = weft_make(pair_ptr_chan, 1);
	string_chan *strings = weft_make(string_chan, 1);
	bool_chan *bools = weft_make(bool_chan, 1);
	unit_chan *units = weft_make(unit_chan, 1);
	void_ptr_chan *voids = weft_make(void_ptr_chan, 1);
	struct pair pair = {1, 2}, *ptr = &pair;
	char text[] = "an array";
	const char *string;
	enum colour colour = RED;
	weft_unit unit;
	double real;
	bool ok;
	long l;
	int n = argc;

	(void)argv;
	weft_send(ints, 1);
	weft_send(ints, n);
	weft_send(ints, 'c');
	weft_send(longs, n); /* an int on a channel of long */
	weft_send(longs, 1);
	weft_send(shorts, 1);
	weft_send(reals, 0.5);
	weft_send(reals, 0.5f);
	weft_send(reals, n);
	weft_send(colours, GREEN);
	weft_send(colours, colour);
	weft_send(pairs, pair);
	weft_send(ptrs, ptr);
	weft_send(strings, "literal");
	weft_send(strings, text);
	weft_send(strings, string = "assigned");
	weft_send(bools, true);
	weft_send(bools, n > 1);
	weft_send(units, WEFT_UNIT);
	weft_send(voids, ptr);
	weft_send(voids, NULL);
	weft_send(chars, 'c');
	weft_try_send(ints, n + 1);
	weft_send_until(longs, n, weft_now() + WEFT_SEC);
	weft_recv(ints, &n);
	weft_recv(ints, NULL);
	weft_recv(longs, &l);
	weft_recv(reals, &real);
	weft_recv(strings, &string);
	weft_recv(pairs, &pair);
	weft_recv(ptrs, &ptr);
	weft_recv(units, &unit);
	while (weft_try_recv(colours, &colour) == 0)
		;
	weft_recv_until(bools, &ok, WEFT_NOW);
	switch (weft_select(weft_on_recv(ints, &n), weft_on_send(longs, n),
		weft_on_recv_ok(strings, &string, &ok), weft_on_send(strings, "x"))) {
	case 0:
		break;
	}
	weft_try_select(weft_on_recv(ints, NULL));
	weft_select_until(weft_now(), weft_on_send(pairs, pair));
	weft_go(take, ptrs);
	weft_go_copy(by_copy, &pair);
	weft_join(weft_spawn(give, &n), NULL);
	weft_join(weft_spawn_copy(give, &n), &n);
	weft_chan_name(ints, "ints %d", n);
	weft_ref(ints);
	int_chan *held = weft_ref(ints);
	weft_unref(held);
	weft_unref(ints);
	weft_close(ints);
	weft_join(weft_spawn(sync_app, &guarded), NULL);
	weft_go(time_app, &unit);
	weft_go(scope_app, &unit);
	weft_go(pinned_app, &unit);
	weft_region("region");
	weft_go(take, NULL);
	weft_go(drop, ptrs);
	weft_go(blocking_app, &pair);
	if (weft_local_set(&local, ints) < 0 || !weft_local_get(&local))
		return 1;
	return weft_len(ints) < weft_cap(ints);
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
