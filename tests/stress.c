/* SPDX-License-Identifier: MIT
 *
 * Random graphs of coroutines that do everything at once, and a law that must hold whatever the
 * schedule: each message that was sent is received once, each that was given up (at its deadline,
 * or because its scope ended) is received never, each coroutine that was started has ended; what a
 * mutex guards is counted right, and no more hold a permit than there are.
 *
 *	stress [--seconds S] [--seed N] [--workers W] [--hogs N] [--check WEFT] [--rounds N]
 *
 * A round is one process with one seed, on 1, 2, 4 and 8 workers in turn, and on 8 beside processes
 * that do nothing but compute (or on W, beside N of them; or on WEFT_WORKERS). In every fourth
 * round a signal comes each millisecond. With --check every second round is recorded, and "WEFT
 * check" must find no error in its trace. A failure prints the round's seed; --seed with --rounds 1
 * does the same round again, save for the schedule. Prints TAP.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <weft.h>

#include "tracer/record/record.h"

#define IDS_MOST (1u << 17)
#define CHANNELS_MOST 6
#define CHILDREN_MOST 4
#define DEPTH_MOST 3
#define SCOPES_MOST 3 /* one in another */
#define ROUND_LIMIT_S 60
#define PERMITS 4
#define HOGS 3

struct token {
	uint32_t id, check;
};
WEFT_CHAN(token_chan, struct token)
WEFT_CHAN(number_chan, uint64_t)

/* What became of a message. */
enum fate {
	UNUSED,
	ISSUED, /* not known yet whether it was taken */
	RECEIVED,
	GIVEN_UP,
	SENT,
	DONE, /* sent and received */
};

static struct {
	token_chan *chan[CHANNELS_MOST];
	unsigned nchan, steps;
	uint32_t seed;
	_Atomic uint32_t last_id;
	_Atomic uint8_t fate[IDS_MOST];
	_Atomic uint64_t sent, received, started, ended;
	struct weft_waitgroup actors, receivers;
} world;

/* What all contend for, each with what must be true of it. */
static struct {
	struct weft_mutex mutex;
	uint64_t guarded; /* by the mutex */
	_Atomic uint64_t locked;
	struct weft_rwlock rwlock;
	_Atomic int readers, writers;
	struct weft_semaphore permits;
	_Atomic int64_t held;
	struct weft_mutex box_mutex;
	struct weft_cond box_filled;
	uint64_t box; /* by box_mutex */
	_Atomic uint64_t put, taken;
} shared = {.permits = WEFT_SEMAPHORE(PERMITS)};

_Noreturn static void fail(const char *what, uint64_t n)
{
	fprintf(stderr, "stress: %s (%llu)\n", what, (unsigned long long)n);
	_exit(1);
}

static uint32_t next(uint32_t *rng)
{
	*rng ^= *rng << 13;
	*rng ^= *rng >> 17;
	*rng ^= *rng << 5;
	return *rng;
}

static uint32_t below(uint32_t *rng, uint32_t n)
{
	return next(rng) % n;
}

static uint32_t derive(uint32_t *rng)
{
	return (next(rng) * 2654435761u) | 1;
}

static int64_t soon(uint32_t *rng)
{
	return weft_now() + (int64_t)below(rng, 60) * WEFT_US;
}

/* ---- Messages -------------------------------------------------------------------------------- */

static struct token issue(void)
{
	uint32_t id = atomic_fetch_add(&world.last_id, 1);

	if (id >= IDS_MOST)
		fail("too many messages for the ledger", id);
	atomic_store(&world.fate[id], ISSUED);
	return (struct token){id, id * 2654435761u ^ world.seed};
}

/* The sender knows now. The receiver may have been faster. */
static void settle(struct token token, bool taken)
{
	uint8_t old = atomic_exchange(&world.fate[token.id], taken ? SENT : GIVEN_UP);

	if (old == RECEIVED && taken)
		atomic_store(&world.fate[token.id], DONE);
	else if (old != ISSUED)
		fail(taken ? "sent twice" : "received, but given up by its sender", token.id);
	if (taken)
		atomic_fetch_add(&world.sent, 1);
}

static void receive(struct token token)
{
	uint8_t old = ISSUED;

	if (token.id >= IDS_MOST || token.check != (token.id * 2654435761u ^ world.seed))
		fail("garbage was received", token.id);
	/* settle exchanges in between: RECEIVED while not settled, DONE afterwards. */
	if (!atomic_compare_exchange_strong(&world.fate[token.id], &old, RECEIVED)) {
		if (old != SENT)
			fail("received, but unsent or received before", token.id);
		atomic_store(&world.fate[token.id], DONE);
	}
	atomic_fetch_add(&world.received, 1);
}

static token_chan *any_chan(uint32_t *rng)
{
	return world.chan[below(rng, world.nchan)];
}

/* ---- Steps ----------------------------------------------------------------------------------- */

static void step_select(uint32_t *rng)
{
	struct token a = issue(), b = issue(), in;
	token_chan *to_a = any_chan(rng), *to_b = any_chan(rng);
	token_chan *from = below(rng, 4) ? any_chan(rng) : NULL;
	int r;

	switch (below(rng, 3)) {
	case 0:
		r = weft_select(
			weft_on_send(to_a, a), weft_on_recv(from, &in), weft_on_send(to_b, b));
		break;
	case 1:
		r = weft_select_until(soon(rng), weft_on_send(to_a, a), weft_on_recv(from, &in),
			weft_on_send(to_b, b));
		break;
	default:
		r = weft_try_select(
			weft_on_send(to_a, a), weft_on_recv(from, &in), weft_on_send(to_b, b));
	}
	settle(a, r == 0);
	settle(b, r == 2);
	if (r == 1)
		receive(in);
}

static void step_send(uint32_t *rng)
{
	struct token token = issue();
	token_chan *c = any_chan(rng);
	int r;

	switch (below(rng, 4)) {
	case 0:
		r = weft_send_until(c, token, soon(rng));
		break;
	case 1:
		r = weft_try_send(c, token);
		break;
	default:
		r = weft_send(c, token);
	}
	settle(token, r == 0);
}

static void step_recv(uint32_t *rng)
{
	token_chan *c = any_chan(rng);
	struct token token;
	int r = below(rng, 2) ? weft_try_recv(c, &token) : weft_recv_until(c, &token, soon(rng));

	if (r == 0)
		receive(token);
}

/* A channel of one's own, closed while others wait for it: each number comes to one of them. */
struct party {
	number_chan *c;
	uint32_t rng;
	_Atomic uint64_t sum;
};

static int guest(struct party *p)
{
	uint64_t v;
	int n = 0, r;

	atomic_fetch_add(&world.started, 1);
	while ((r = weft_recv_until(p->c, &v, WEFT_NEVER)) == 0) {
		atomic_fetch_add(&p->sum, v);
		n++;
	}
	if (r == -EPIPE && v != 0)
		fail("a closed channel gave something", v);
	weft_unref(p->c);
	atomic_fetch_add(&world.ended, 1);
	return n;
}

/* Also when our scope has ended. */
static void join_anyway(struct weft_handle *handle, int *ret_code)
{
	weft_shield_begin();
	if (weft_join(handle, ret_code) != 0)
		fail("join failed", 0);
	weft_shield_end();
}

static void step_party(uint32_t *rng)
{
	struct party p = {.c = weft_make(number_chan, below(rng, 4))};
	uint32_t nguests = 1 + below(rng, CHILDREN_MOST), n = below(rng, 20);
	struct weft_handle *guests[CHILDREN_MOST];
	uint64_t sum = 0, count = 0, sent = 0, v;
	int code;

	for (uint32_t i = 0; i < nguests; i++) {
		weft_ref(p.c);
		guests[i] = weft_spawn(guest, &p);
	}
	for (uint32_t i = 1; i <= n; i++) {
		if (weft_send(p.c, i) == 0) {
			sum += i;
			sent++;
		}
	}
	weft_close(p.c);
	for (uint32_t i = 0; i < nguests; i++) {
		if (weft_join_until(guests[i], &code, soon(rng)) != 0)
			join_anyway(guests[i], &code);
		count += (uint64_t)code;
	}
	/* Guests whose scope has ended leave something. */
	for (; weft_try_recv(p.c, &v) == 0; count++)
		atomic_fetch_add(&p.sum, v);
	weft_unref(p.c);
	if (sum != atomic_load(&p.sum) || count != sent)
		fail("a party lost something", sum);
}

struct actor {
	uint32_t rng, depth, steps;
	struct weft_waitgroup *parent;
	uint32_t scopes;
	uint32_t pins;
	int worker; /* to which it is pinned */
};

static void act(struct actor *a);

static int act_spawned(struct actor *a)
{
	int code = (int)(a->rng & 0x7fff);

	act(a);
	return code;
}

static void step_family(uint32_t *rng, struct actor *self)
{
	uint32_t n = 1 + below(rng, CHILDREN_MOST);
	struct weft_waitgroup group = {0};

	if (self->depth >= DEPTH_MOST)
		return;
	for (uint32_t i = 0; i < n; i++) {
		struct actor child = {.rng = derive(rng),
			.depth = self->depth + 1,
			.steps = self->steps / 8,
			.parent = &group};
		int code;

		weft_waitgroup_add(&group, 1);
		if (below(rng, 2)) {
			weft_go_copy(act, &child);
			continue;
		}
		join_anyway(weft_spawn_copy(act_spawned, &child), &code);
		if (code != (int)(child.rng & 0x7fff))
			fail("join gave something else than what was returned", i);
	}
	if (weft_waitgroup_wait_until(&group, soon(rng)) != 0) {
		weft_shield_begin();
		if (weft_waitgroup_wait(&group) != 0)
			fail("a shielded wait has ended", 0);
		weft_shield_end();
	}
	weft_sync_finish(&group);
}

static void cancel_soon(struct weft_scope *scope)
{
	uint32_t rng = (uint32_t)weft_self() * 2654435761u | 1;

	atomic_fetch_add(&world.started, 1);
	weft_sleep_until(soon(&rng));
	weft_scope_cancel(scope, "soon");
	weft_scope_unref(scope);
	atomic_fetch_add(&world.ended, 1);
	weft_waitgroup_done(&world.actors);
}

/* ---- Contending ------------------------------------------------------------------------------ */

static void step_mutex(uint32_t *rng)
{
	int r = 0;

	switch (below(rng, 3)) {
	case 0:
		weft_mutex_lock(&shared.mutex);
		break;
	case 1:
		r = weft_mutex_lock_until(&shared.mutex, soon(rng));
		break;
	default:
		r = weft_mutex_try(&shared.mutex);
	}
	if (r < 0)
		return;
	uint64_t before = shared.guarded;
	if (below(rng, 2))
		weft_yield();
	if (shared.guarded != before)
		fail("two are inside of a mutex", before);
	shared.guarded = before + 1;
	weft_mutex_unlock(&shared.mutex);
	atomic_fetch_add(&shared.locked, 1);
}

static void step_rwlock(uint32_t *rng)
{
	bool writes = below(rng, 4) == 0;
	int r;

	if (writes)
		r = weft_rwlock_wlock_until(&shared.rwlock, below(rng, 2) ? WEFT_NEVER : soon(rng));
	else
		r = weft_rwlock_rlock_until(&shared.rwlock, below(rng, 2) ? WEFT_NEVER : soon(rng));
	if (r < 0)
		return;
	atomic_fetch_add(writes ? &shared.writers : &shared.readers, 1);
	if (below(rng, 2))
		weft_yield();
	if (atomic_load(&shared.writers) != writes || (writes && atomic_load(&shared.readers) != 0))
		fail("an rwlock let somebody in", (uint64_t)atomic_load(&shared.writers));
	atomic_fetch_sub(writes ? &shared.writers : &shared.readers, 1);
	if (writes)
		weft_rwlock_wunlock(&shared.rwlock);
	else
		weft_rwlock_runlock(&shared.rwlock);
}

static void step_semaphore(uint32_t *rng)
{
	int64_t n = 1 + below(rng, PERMITS), held;

	if (weft_semaphore_acquire_until(
		    &shared.permits, n, below(rng, 2) ? WEFT_NEVER : soon(rng)) < 0)
		return;
	held = atomic_fetch_add(&shared.held, n) + n;
	if (held > PERMITS)
		fail("more permits than there are", (uint64_t)held);
	if (below(rng, 2))
		weft_yield();
	atomic_fetch_sub(&shared.held, n);
	weft_semaphore_release(&shared.permits, n);
}

static void step_box(uint32_t *rng)
{
	int64_t until = soon(rng);
	int r = 0;

	weft_mutex_lock(&shared.box_mutex);
	if (below(rng, 2)) {
		shared.box++;
		atomic_fetch_add(&shared.put, 1);
		if (below(rng, 4))
			weft_cond_signal(&shared.box_filled);
		else
			weft_cond_broadcast(&shared.box_filled);
	} else {
		while (shared.box == 0 && r == 0)
			r = weft_cond_wait_until(&shared.box_filled, &shared.box_mutex, until);
		if (shared.box > 0) {
			shared.box--;
			atomic_fetch_add(&shared.taken, 1);
		}
	}
	weft_mutex_unlock(&shared.box_mutex);
}

struct team {
	struct weft_group group;
	uint32_t limit, bad; /* the number of the one that fails */
	_Atomic uint32_t at_work, ended;
};

struct member {
	struct team *team;
	uint32_t number;
};

static int work(struct member *m)
{
	if (atomic_fetch_add(&m->team->at_work, 1) >= m->team->limit)
		fail("a group runs too many at once", m->team->limit);
	if (m->number % 2)
		weft_sleep(20 * WEFT_US);
	else
		weft_yield();
	atomic_fetch_sub(&m->team->at_work, 1);
	atomic_fetch_add(&m->team->ended, 1);
	return m->number == m->team->bad ? -EIO : 0;
}

static void step_team(uint32_t *rng)
{
	struct team team = {.limit = 1 + below(rng, 3), .bad = below(rng, 12)};
	uint32_t n = 1 + below(rng, 8), begun = 0;
	int r;

	weft_group_open(&team.group, team.limit);
	for (uint32_t i = 0; i < n; i++) {
		struct member m = {&team, i};

		begun += weft_group_go_copy(&team.group, work, &m) == 0;
	}
	r = weft_group_wait(&team.group);
	if (atomic_load(&team.ended) != begun)
		fail("a group has lost somebody", begun);
	if ((r != 0) != (team.bad < begun))
		fail("a group gave another result than its functions", (uint64_t)-r);
}

static int on_a_helper(uint32_t *n)
{
	*n ^= 0x5a5a5a5a;
	return 0;
}

static void step_blocking(uint32_t *rng)
{
	uint32_t n = next(rng), was = n;
	int r = weft_blocking_copy_until(on_a_helper, &n, NULL, NULL, soon(rng) + WEFT_MS);

	if (n != (r == 0 ? was ^ 0x5a5a5a5a : was))
		fail("a job on a helper gave something else", n);
}

static void step_time(uint32_t *rng)
{
	weft_time_chan *once = weft_after((int64_t)below(rng, 50) * WEFT_US);
	int64_t t = 0;

	if (weft_recv_until(once, &t, soon(rng)) < 0)
		weft_time_stop(once);
	else if (t > weft_now())
		fail("a time that has not come yet", (uint64_t)t);
	weft_unref(once);
}

static void step(uint32_t *rng, struct actor *self);

/* Some steps in a scope that ends, perhaps, while they are made: by itself, by us or by another. */
static void step_scope(uint32_t *rng, struct actor *self)
{
	bool late = below(rng, 3) == 0, ended;
	struct weft_scope *scope = weft_scope_make(NULL, late ? soon(rng) : WEFT_NEVER);
	struct weft_scope *outer = weft_scope_enter(scope);
	uint32_t n = below(rng, 12), at = below(rng, 24);

	if (below(rng, 2)) {
		weft_waitgroup_add(&world.actors, 1);
		weft_go(cancel_soon, weft_scope_ref(scope));
	}
	for (uint32_t i = 0; i < n; i++) {
		if (i == at)
			weft_scope_cancel(scope, "now");
		if (below(rng, 8) == 0)
			weft_recv_until(weft_scope_done(scope), NULL, soon(rng));
		step(rng, self);
	}
	ended = weft_scope_error(scope) != 0;
	if (ended && weft_sleep(WEFT_SEC) != -ECANCELED)
		fail("a wait in a scope that has ended", 0);
	if (ended && weft_scope_reason(scope)[0] == '\0')
		fail("a scope ended without a reason", ended);
	weft_scope_leave(outer);
	weft_scope_unref(scope);
}

/* From then on it runs on one worker, whatever wakes it. */
static void step_pin(uint32_t *rng, struct actor *self)
{
	int worker = (int)below(rng, (unsigned int)weft_worker_count());

	if (self->pins > 0 && below(rng, 2) == 0) {
		weft_unpin();
		self->pins--;
	} else if (weft_pin(worker) == 0) {
		self->pins++;
		self->worker = worker;
	}
}

static void step(uint32_t *rng, struct actor *self)
{
	switch (below(rng, 26)) {
	case 0:
		weft_yield();
		break;
	case 1:
		weft_sleep((int64_t)below(rng, 40) * WEFT_US);
		break;
	case 2:
		step_party(rng);
		break;
	case 3:
		step_family(rng, self);
		break;
	case 4:
	case 5:
		step_recv(rng);
		break;
	case 6:
	case 7:
	case 8:
	case 9:
		step_select(rng);
		break;
	case 10:
		if (self->scopes < SCOPES_MOST) {
			self->scopes++;
			step_scope(rng, self);
			self->scopes--;
		}
		break;
	case 11:
		step_mutex(rng);
		break;
	case 12:
		step_rwlock(rng);
		break;
	case 13:
		step_semaphore(rng);
		break;
	case 14:
		step_box(rng);
		break;
	case 15:
		step_time(rng);
		break;
	case 16:
		if (below(rng, 4) == 0)
			step_team(rng);
		break;
	case 17:
		if (below(rng, 16) == 0)
			step_blocking(rng);
		break;
	case 18:
		step_pin(rng, self);
		break;
	default:
		step_send(rng);
	}
}

static void act(struct actor *self)
{
	uint32_t rng = self->rng;

	atomic_fetch_add(&world.started, 1);
	if (below(&rng, 4) == 0)
		weft_set_name("actor %u", self->rng);
	for (uint32_t i = 0; i < self->steps; i++) {
		step(&rng, self);
		if (self->pins > 0 && weft_worker_index() != self->worker)
			fail("ran on another worker than it is pinned to", (uint64_t)self->worker);
	}
	atomic_fetch_add(&world.ended, 1);
	weft_waitgroup_done(self->parent);
}

/* Keeps a channel flowing until it is closed, in all ways that there are to receive. */
struct receiver {
	uint32_t rng;
	unsigned chan;
};

static void keep_receiving(struct receiver *r)
{
	token_chan *c = world.chan[r->chan], *other = world.chan[(r->chan + 1) % world.nchan];
	struct token token;
	bool open = true, ok;
	int i;

	atomic_fetch_add(&world.started, 1);
	while (open) {
		switch (below(&r->rng, 3)) {
		case 0:
			open = weft_recv(c, &token);
			if (open)
				receive(token);
			break;
		case 1:
			i = weft_select(weft_on_recv_ok(other, &token, &ok),
				weft_on_recv_ok(c, &token, &ok));
			if (ok)
				receive(token);
			open = ok || i == 0;
			break;
		default:
			i = weft_recv_until(c, &token, soon(&r->rng));
			if (i == 0)
				receive(token);
			open = i != -EPIPE;
		}
	}
	atomic_fetch_add(&world.ended, 1);
	weft_waitgroup_done(&world.receivers);
}

/* ---- A round --------------------------------------------------------------------------------- */

static void check_ledger(void)
{
	uint32_t n = atomic_load(&world.last_id);

	for (uint32_t id = 0; id < n; id++) {
		uint8_t fate = atomic_load(&world.fate[id]);

		if (fate != DONE && fate != GIVEN_UP)
			fail(fate == SENT ? "sent, but never received" : "odd fate of a message",
				id);
	}
	if (atomic_load(&world.sent) != atomic_load(&world.received))
		fail("more sent than received", atomic_load(&world.sent));
	if (atomic_load(&world.started) != atomic_load(&world.ended))
		fail("a coroutine has not ended", atomic_load(&world.started));
	if (shared.guarded != atomic_load(&shared.locked))
		fail("a mutex was held at the same time", shared.guarded);
	if (atomic_load(&shared.held) != 0 || weft_semaphore_try(&shared.permits, PERMITS) != 0)
		fail("permits were lost", (uint64_t)atomic_load(&shared.held));
	if (shared.box != atomic_load(&shared.put) - atomic_load(&shared.taken))
		fail("the box holds another number than was left in it", shared.box);
}

static int app(int argc, char **argv)
{
	uint32_t rng = world.seed, nactors;

	for (int i = 0; i < 8; i++)
		next(&rng);
	world.nchan = 1 + below(&rng, CHANNELS_MOST);
	nactors = 1 + below(&rng, 40);
	world.steps = 20 + below(&rng, 100);
	for (unsigned i = 0; i < world.nchan; i++)
		world.chan[i] = weft_make(token_chan, below(&rng, 3) ? below(&rng, 4) : 0);
	for (unsigned i = 0; i < 2 * world.nchan; i++) {
		struct receiver r = {derive(&rng), i / 2};

		weft_waitgroup_add(&world.receivers, 1);
		weft_go_copy(keep_receiving, &r);
	}
	weft_waitgroup_add(&world.actors, nactors);
	for (uint32_t i = 0; i < nactors; i++) {
		struct actor a = {
			.rng = derive(&rng), .steps = world.steps, .parent = &world.actors};

		weft_go_copy(act, &a);
	}
	weft_waitgroup_wait(&world.actors);
	for (unsigned i = 0; i < world.nchan; i++)
		weft_close(world.chan[i]);
	weft_waitgroup_wait(&world.receivers);
	for (unsigned i = 0; i < world.nchan; i++) {
		if (weft_len(world.chan[i]) != 0)
			fail("a closed and drained channel holds something", i);
		weft_unref(world.chan[i]);
	}
	check_ledger();
	return 0;
}

struct options {
	double seconds;
	uint32_t seed, rounds;
	int hogs;
	const char *workers, *check;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double slowness(void)
{
	const char *s = getenv("WEFT_TEST_SLOW");

	return s && atof(s) > 1 ? atof(s) : 1;
}

/* Waits for a process of ours, at most for the limit of a round. Its status, or -1. */
static int wait_for(pid_t pid)
{
	double limit = now() + ROUND_LIMIT_S * slowness();
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		nanosleep(&(struct timespec){0, 500000}, NULL);
		if (now() < limit)
			continue;
		fprintf(stderr, "stress: not done after %g s\n", ROUND_LIMIT_S * slowness());
		kill(pid, SIGABRT);
		waitpid(pid, &status, 0);
		return -1;
	}
	return status;
}

static void ignore(int sig)
{
}

/* Worker 0 is the program's thread: its waits are interrupted. */
static void be_interrupted(void)
{
	struct sigaction action = {.sa_handler = ignore}; /* no SA_RESTART */
	struct itimerval each_ms = {{0, 1000}, {0, 1000}};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &each_ms, NULL);
}

static pid_t start_round(uint32_t seed, const char *workers, const char *trace)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	setenv("WEFT_WORKERS", workers, 1);
	unsetenv("WEFT_TRACE");
	if (trace) {
		setenv("WEFT_TRACE", trace, 1);
#ifndef WEFT_NO_TRACE
		weft__rec_test_skew = seed % 2 ? 1000 : 0;
#endif
	}
	if (seed % 4 == 3)
		be_interrupted();
	world.seed = seed ? seed : 1; /* an xorshift of 0 stays 0 */
	exit(weft_run(app, 0, NULL));
}

static int check_trace(const char *weft, const char *trace)
{
	pid_t pid = fork();

	if (pid == 0) {
		dup2(STDERR_FILENO, STDOUT_FILENO); /* the findings; TAP goes to stdout */
		execl(weft, weft, "check", trace, (char *)NULL);
		_exit(127);
	}
	return wait_for(pid);
}

static bool run_round(const struct options *o, uint32_t seed, const char *workers, bool recorded)
{
	char trace[64] = "";
	int status;

	if (recorded)
		snprintf(trace, sizeof(trace), "/tmp/weft-stress-%d.json", (int)getpid());
	fflush(stdout);
	status = wait_for(start_round(seed, workers, recorded ? trace : NULL));
	if (status != 0)
		fprintf(stderr, "stress: --seed %u --workers %s --rounds 1%s: status %#x\n", seed,
			workers, recorded ? " (recorded)" : "", (unsigned)status);
	if (status == 0 && recorded) {
		status = check_trace(o->check, trace);
		if (status != 0)
			fprintf(stderr,
				"stress: --seed %u --workers %s --rounds 1: the trace is not "
				"sound: "
				"%s\n",
				seed, workers, trace);
	}
	if (status == 0 && recorded)
		unlink(trace);
	return status == 0;
}

/* A process that takes a CPU, until it is killed or we end. */
static pid_t start_hog(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (volatile unsigned n = 0;;)
			n = n + 1;
	}
	return pid;
}

static bool run_workers(
	const struct options *o, const char *workers, int hogs, double seconds, int number)
{
	pid_t hog[64];
	double end = now() + seconds;
	uint32_t n = 0, recorded = 0;
	bool ok = true;

	for (int i = 0; i < hogs; i++)
		hog[i] = start_hog();
	for (; ok && (o->rounds ? n < o->rounds : n < 2 || now() < end); n++) {
		bool record = o->check && n % 2 == 1;

		ok = run_round(o, o->seed + n, workers, record);
		recorded += record;
	}
	for (int i = 0; i < hogs; i++) {
		kill(hog[i], SIGKILL);
		waitpid(hog[i], NULL, 0);
	}
	printf("%sok %d - %s workers%s: %u rounds from seed %u on, %u of them recorded\n",
		ok ? "" : "not ", number, workers, hogs ? " beside hogs" : "", n, o->seed,
		recorded);
	return ok;
}

static struct options read_options(int argc, char **argv)
{
	struct options o = {10, (uint32_t)time(NULL) ^ (uint32_t)getpid() << 16, 0, 0, NULL, NULL};

	o.workers = getenv("WEFT_WORKERS");
	for (int i = 1; i < argc; i += 2) {
		const char *value = argv[i + 1];

		if (!value)
			exit(64);
		if (strcmp(argv[i], "--seconds") == 0)
			o.seconds = atof(value);
		else if (strcmp(argv[i], "--seed") == 0)
			o.seed = (uint32_t)strtoul(value, NULL, 10);
		else if (strcmp(argv[i], "--rounds") == 0)
			o.rounds = (uint32_t)strtoul(value, NULL, 10);
		else if (strcmp(argv[i], "--workers") == 0)
			o.workers = value;
		else if (strcmp(argv[i], "--hogs") == 0)
			o.hogs = atoi(value) < 64 ? atoi(value) : 64;
		else if (strcmp(argv[i], "--check") == 0)
			o.check = value;
		else
			exit(64);
	}
	return o;
}

int main(int argc, char **argv)
{
	static const char *const several[] = {"1", "2", "4", "8"};
	struct options o = read_options(argc, argv);
	bool ok = true;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (o.workers && *o.workers) {
		printf("1..1\n");
		return run_workers(&o, o.workers, o.hogs, o.seconds, 1) ? 0 : 1;
	}
	printf("1..5\n");
	for (int i = 0; i < 4; i++)
		ok = run_workers(&o, several[i], 0, o.seconds / 5, i + 1) && ok;
	ok = run_workers(&o, "8", HOGS, o.seconds / 5, 5) && ok;
	return ok ? 0 : 1;
}
