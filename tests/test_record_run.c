/* SPDX-License-Identifier: MIT
 *
 * What a run leaves in its trace: each case of docs/format.md, section 6, record by record, on 1, 2
 * and 4 workers whose clocks are a microsecond apart each; and each trace is sound to the checker.
 *
 * A trace is compared as a line of words, "send(2,wait,m1) block(2,send) ...": records of switches
 * are left out, and messages are numbered as they come.
 */
#include <unistd.h>

#include "runtime/probe.h"
#include "runtime/sched.h"
#include "tests/coro.h"
#include "tracer/record/record.h"
#include "tracer/trace/check.h"

WEFT_CHAN(int_chan, int)

static char trace_file[] = "/tmp/weft-test-XXXXXX";
static atomic_int over; /* the other coroutine is through, which no record tells */

static void begin_trace(void)
{
	int fd = mkstemp(trace_file);

	CHECK(fd >= 0);
	close(fd);
	setenv("WEFT_TRACE", trace_file, 1);
	setenv("WEFT_HOG", "0", 1); /* a loaded machine might make one of anybody */
	weft__rec_test_skew = 1000;
}

/* The value of `"key":` in a line, without quotes; NULL: it has none. */
static const char *field(const char *line, const char *key)
{
	static char values[16][32];
	static int next;
	char *value = values[next++ % 16], pattern[32];
	const char *p;
	int n;

	snprintf(pattern, sizeof(pattern), "\"%s\":", key);
	p = strstr(line, pattern);
	if (!p)
		return NULL;
	p += strlen(pattern);
	p += *p == '"';
	n = (int)strcspn(p, "\",}");
	snprintf(value, sizeof(values[0]), "%.*s", n, p);
	return value;
}

static int message_number(const char *msg)
{
	static char seen[16][32];

	for (int i = 0; i < 16; i++) {
		if (!seen[i][0])
			snprintf(seen[i], sizeof(seen[i]), "%s", msg);
		if (strcmp(seen[i], msg) == 0)
			return i + 1;
	}
	return 0;
}

/* Which fields of which kinds make a word. A field with '=' is shown with its name. */
static const struct {
	const char *kind, *fields[7];
} words[] = {
	{"send", {"co", "via", "msg", "by=", "case=", "len="}},
	{"recv", {"co", "msg", "ok=", "case=", "len="}},
	{"block", {"co", "why", "of="}},
	{"sleep", {"co"}},
	{"unblock", {"to", "why", "msg"}},
	{"unsend", {"msg", "why"}},
	{"close", {"co", "woke="}},
	{"select", {"co", "pick", "n="}},
	{"join", {"co", "of=", "value="}},
	{"add", {"co", "delta=", "value="}},
	{"free", {"co"}},
	{"acquire", {"co", "mode", "ok=", "n=", "from="}},
	{"release", {"co", "mode", "n=", "from="}},
	{"signal", {"co", "n=", "all="}},
	{"timer", {"op"}},
	{"cancel", {"to", "why"}},
	{"note", {"co", "name"}},
	{"begin", {"co", "name", "task="}},
	{"end", {"co", "name"}},
	{"task", {"op", "id=", "name", "parent="}},
	{"count", {"name", "value"}},
	{"log", {"level"}},
	{"eof", {"why"}},
};

static void put_word(char *text, size_t size, const char *line, const char *const *fields)
{
	const char *comma = "";
	size_t n = strlen(text);

	n += (size_t)snprintf(text + n, size - n, "%s%s(", n ? " " : "", field(line, "ev"));
	for (; *fields; fields++) {
		char key[16];
		size_t keylen = strcspn(*fields, "=");
		const char *value;

		snprintf(key, sizeof(key), "%.*s", (int)keylen, *fields);
		value = field(line, key);
		if (!value)
			continue;
		n += (size_t)snprintf(text + n, size - n, "%s", comma);
		if (strcmp(key, "msg") == 0)
			n += (size_t)snprintf(text + n, size - n, "m%d", message_number(value));
		else
			n += (size_t)snprintf(text + n, size - n, "%s%s",
				(*fields)[keylen] ? *fields : "", value);
		comma = ",";
	}
	snprintf(text + n, size - n, ")");
}

static void print_finding(void *arg, const struct weft_finding *finding)
{
	fprintf(stderr, "%llu: %s: %s\n", (unsigned long long)finding->line, finding->rule,
		finding->text);
}

/*
 * What is recorded first behind a wait belongs to the moment in which its coroutine went on: its
 * stamp is the one of its `run`, or right behind it, as of two records about one coroutine. Only a
 * cut-off of the collector may come between, of which a tick tells.
 */
static void check_moment(const char *kind, const char *line)
{
	static struct {
		bool waits;
		int64_t ran;
	} cos[16];
	bool woken = strcmp(kind, "unblock") == 0;
	const char *id = field(line, woken ? "to" : "co");
	int co = id ? atoi(id) : 0;

	if (strcmp(kind, "tick") == 0)
		memset(cos, 0, sizeof(cos));
	if (co <= 0 || co >= 16)
		return;
	if (woken) {
		cos[co].waits &= !strstr("timer cancel", field(line, "why"));
	} else if (strcmp(kind, "block") == 0) {
		cos[co].waits = strstr("recv select join", field(line, "why"));
	} else if (strcmp(kind, "run") == 0) {
		cos[co].ran = atoll(field(line, "t"));
	} else if (cos[co].waits && strstr("recv select join", kind)) {
		CHECK(atoll(field(line, "t")) - cos[co].ran <= 2);
		cos[co].waits = false;
	}
}

static void check_trace(const char *expected)
{
	static char line[65536], text[8192];
	struct weft_check_summary summary;
	struct weft_trace_error error;
	FILE *f = fopen(trace_file, "r");

	CHECK(f);
	text[0] = '\0';
	while (fgets(line, sizeof(line), f)) {
		const char *kind = strncmp(line, "{\"ev\"", 5) == 0 ? field(line, "ev") : "";

		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (strcmp(kind, words[i].kind) == 0)
				put_word(text, sizeof(text), line, words[i].fields);
		check_moment(kind, line);
	}
	fclose(f);
	CHECK_INT(weft_check(trace_file, NULL, print_finding, NULL, &summary, &error), 0);
	CHECK_INT(summary.errors, 0);
	unlink(trace_file);
	CHECK_STR(text, expected);
}

/* `body` as coroutine 1 leaves a trace of these words, up to "eof". */
#define RECORD_TEST(name, expected)                 \
	CO_BODY(name)                               \
	TEST_WORKERS(name)                          \
	{                                           \
		begin_trace();                      \
		name##_run();                       \
		check_trace(expected " eof(exit)"); \
	}                                           \
	static void name##_body(void)

/* The same for what ends the process. */
#define LAST_RECORD_TEST(name, expected) \
	CO_BODY(name)                    \
	TEST_WORKERS(name)               \
	{                                \
		begin_trace();           \
		run_child(name##_run);   \
		check_trace(expected);   \
	}                                \
	static void name##_body(void)

/*
 * A wait that runs out. A loaded machine may let the deadline pass before the wait begins, which
 * then leaves no record: so, until one has begun. (Only who parks writes down since when.)
 */
#define RUNS_OUT(call)                          \
	do {                                    \
		weft__current()->parked_at = 0; \
		CHECK_INT(call, -ETIMEDOUT);    \
	} while (weft__current()->parked_at == 0)

/* Where a record tells of the deadline in either case, it is that late. */
#define FAR_ENOUGH (200 * WEFT_MS)

static void until_over(void)
{
	while (!atomic_load(&over))
		weft_yield();
}

static void recv_one(int_chan *c)
{
	weft_recv(c, NULL);
	atomic_store(&over, 1);
}

static void send_one(int_chan *c)
{
	weft_send(c, 7);
	atomic_store(&over, 1);
}

RECORD_TEST(
	unbuffered_receiver_waits, "block(2,recv) send(1,hand,m1) unblock(2,recv,m1) recv(2,m1)")
{
	int_chan *c = weft_make(int_chan, 0);

	weft_go(recv_one, c);
	until_parked(c, 1);
	weft_send(c, 1);
	until_over();
}

RECORD_TEST(unbuffered_sender_waits, "send(2,wait,m1) block(2,send) recv(1,m1) unblock(2,send,m1)")
{
	int_chan *c = weft_make(int_chan, 0);

	weft_go(send_one, c);
	until_parked(c, 1);
	weft_recv(c, NULL);
	until_over();
}

RECORD_TEST(buffered_with_room,
	"send(1,buffer,m1,len=1) send(1,buffer,m2,len=2) recv(1,m1,len=1) recv(1,m2,len=0)")
{
	int_chan *c = weft_make(int_chan, 2);

	weft_send(c, 1);
	weft_send(c, 2);
	weft_recv(c, NULL);
	weft_recv(c, NULL);
}

RECORD_TEST(buffered_empty_receiver_waits,
	"block(2,recv) send(1,hand,m1) unblock(2,recv,m1) recv(2,m1)")
{
	int_chan *c = weft_make(int_chan, 2);

	weft_go(recv_one, c);
	until_parked(c, 1);
	weft_send(c, 1);
	until_over();
}

RECORD_TEST(buffered_full_sender_waits,
	"send(1,buffer,m1,len=1) send(2,wait,m2,len=1) block(2,send) "
	"recv(1,m1,len=1) unblock(2,send,m2) recv(1,m2,len=0)")
{
	int_chan *c = weft_make(int_chan, 1);

	weft_send(c, 1);
	weft_go(send_one, c);
	until_parked(c, 1);
	weft_recv(c, NULL);
	until_over();
	weft_recv(c, NULL);
}

RECORD_TEST(select_with_a_ready_case,
	"send(1,buffer,m1,case=1,len=1) select(1,1,n=2) recv(1,m1,case=0,len=0) select(1,0,n=1)")
{
	int_chan *c = weft_make(int_chan, 1), *other = weft_make(int_chan, 0);

	CHECK_INT(weft_select(weft_on_recv(other, NULL), weft_on_send(c, 1)), 1);
	CHECK_INT(weft_select(weft_on_recv(c, NULL)), 0);
}

RECORD_TEST(select_hands_to_a_waiting_receiver,
	"block(2,recv) send(1,hand,m1,case=0) unblock(2,recv,m1) select(1,0,n=1) recv(2,m1)")
{
	int_chan *c = weft_make(int_chan, 0);

	weft_go(recv_one, c);
	until_parked(c, 1);
	/* Woken only when the select is recorded: it runs after that. */
	CHECK_INT(weft_select(weft_on_send(c, 1)), 0);
	until_over();
}

static void select_send(int_chan *c)
{
	int_chan *other = weft_make(int_chan, 0);

	weft_select(weft_on_recv(other, NULL), weft_on_send(c, 5));
	atomic_store(&over, 1);
}

RECORD_TEST(select_waits_and_a_receiver_takes_its_send,
	"block(2,select) send(2,select,m1,by=1,case=1) recv(1,m1) unblock(2,select,m1) "
	"select(2,1,n=2)")
{
	int_chan *c = weft_make(int_chan, 0);

	weft_go(select_send, c);
	until_parked(c, 1);
	weft_recv(c, NULL);
	until_over();
}

RECORD_TEST(select_waits_to_send_on_a_full_buffer,
	"send(1,buffer,m1,len=1) block(2,select) send(2,select,m2,by=1,case=1) "
	"recv(1,m1,len=1) unblock(2,select,m2) select(2,1,n=2) recv(1,m2,len=0)")
{
	int_chan *c = weft_make(int_chan, 1);

	weft_send(c, 1);
	weft_go(select_send, c);
	until_parked(c, 1);
	weft_recv(c, NULL);
	until_over();
	weft_recv(c, NULL);
}

static void select_recv(int_chan *c)
{
	int_chan *other = weft_make(int_chan, 0);

	weft_select(weft_on_recv(other, NULL), weft_on_recv(c, NULL));
	atomic_store(&over, 1);
}

RECORD_TEST(select_waits_and_a_sender_comes,
	"block(2,select) send(1,hand,m1) unblock(2,select,m1) recv(2,m1,case=1) select(2,1,n=2)")
{
	int_chan *c = weft_make(int_chan, 0);

	weft_go(select_recv, c);
	until_parked(c, 1);
	weft_send(c, 1);
	until_over();
}

RECORD_TEST(select_waits_and_the_channel_is_closed,
	"block(2,select) close(1,woke=1) unblock(2,close) recv(2,ok=false,case=1) select(2,1,n=2)")
{
	int_chan *c = weft_make(int_chan, 0);

	weft_go(select_recv, c);
	until_parked(c, 1);
	weft_close(c);
	until_over();
}

RECORD_TEST(select_default_and_timeout,
	"select(1,default,n=1) block(1,select) unblock(1,timer) select(1,timeout,n=1) "
	"select(1,timeout,n=1)")
{
	int_chan *c = weft_make(int_chan, 0);

	weft_try_select(weft_on_recv(c, NULL));
	weft_select_until(weft_now() + FAR_ENOUGH, weft_on_recv(c, NULL));
	weft_select_until(weft_now() - 1, weft_on_recv(c, NULL));
}

RECORD_TEST(send_runs_into_its_deadline,
	"send(1,wait,m1) block(1,send) unsend(m1,timeout) unblock(1,timer)")
{
	int_chan *c = weft_make(int_chan, 0);

	RUNS_OUT(weft_send_until(c, 1, weft_now() + WEFT_MS));
}

RECORD_TEST(recv_runs_into_its_deadline, "block(1,recv) unblock(1,timer)")
{
	int_chan *c = weft_make(int_chan, 0);

	RUNS_OUT(weft_recv_until(c, NULL, weft_now() + WEFT_MS));
}

RECORD_TEST(close_while_a_receiver_waits,
	"block(2,recv) close(1,woke=1) unblock(2,close) recv(2,ok=false)")
{
	int_chan *c = weft_make(int_chan, 0);

	weft_go(recv_one, c);
	until_parked(c, 1);
	weft_close(c);
	until_over();
}

RECORD_TEST(closed_and_drained,
	"send(1,buffer,m1,len=1) close(1,woke=0) recv(1,m1,len=0) recv(1,ok=false)")
{
	int_chan *c = weft_make(int_chan, 1);

	weft_send(c, 1);
	weft_close(c);
	weft_recv(c, NULL);
	weft_recv(c, NULL);
}

RECORD_TEST(tries_that_would_wait_leave_nothing, "send(1,buffer,m1,len=1)")
{
	int_chan *c = weft_make(int_chan, 1);

	weft_try_recv(c, NULL);
	weft_send(c, 1);
	weft_try_send(c, 1);
	weft_send_until(c, 1, weft_now() - 1);
}

static int return_seven(void *unused)
{
	return 7;
}

static int recv_then_return(int_chan *c)
{
	weft_recv(c, NULL);
	return 8;
}

struct joined {
	int_chan *c;
	struct weft_handle *h;
};

/* A second join of the handle would panic, so: a look at whom coroutine 1 waits for. */
static struct weft__co *main_co;

static void send_when_joined(struct joined *j)
{
	while (atomic_load(&main_co->state) != WEFT__CO_PARKED)
		weft_yield();
	weft_send(j->c, 1);
}

RECORD_TEST(join_of_one_who_runs,
	"block(2,recv) block(1,join,of=2) unblock(1,timer) block(1,join,of=2) send(3,hand,m1) "
	"unblock(2,recv,m1) recv(2,m1) unblock(1,join) join(1,of=2,value=8)")
{
	int_chan *c = weft_make(int_chan, 0);
	struct weft_handle *h = weft_spawn(recv_then_return, c);

	main_co = weft__current();
	until_parked(c, 1);
	RUNS_OUT(weft_join_until(h, NULL, weft_now() + WEFT_MS));
	weft_go_copy(send_when_joined, &(struct joined){c, h});
	weft_join(h, NULL);
}

RECORD_TEST(join_of_one_who_has_ended, "join(1,of=2,value=7)")
{
	struct weft_handle *h = weft_spawn(return_seven, NULL);

	while (weft_join_until(h, NULL, WEFT_NOW) == -EAGAIN)
		weft_yield();
}

static void done_only(struct weft_waitgroup *group)
{
	until_waiting(&group->weft_sync, 1);
	weft_waitgroup_done(group);
}

RECORD_TEST(wait_group,
	"add(1,delta=2,value=2) add(1,delta=-1,value=1) block(1,waitgroup) unblock(1,timer) "
	"block(1,waitgroup) add(2,delta=-1,value=0) unblock(1,waitgroup) free(1)")
{
	struct weft_waitgroup group = {0};

	weft_waitgroup_add(&group, 2);
	weft_waitgroup_done(&group);
	RUNS_OUT(weft_waitgroup_wait_until(&group, weft_now() + WEFT_MS));
	weft_go(done_only, &group);
	weft_waitgroup_wait(&group);
	weft_sync_finish(&group);
}

static atomic_bool has_unlocked;

static void lock_and_unlock(struct weft_mutex *mutex)
{
	weft_mutex_lock(mutex);
	weft_mutex_unlock(mutex);
	has_unlocked = true;
}

RECORD_TEST(mutex_that_is_held, "acquire(1) block(1,lock) unblock(1,timer) block(2,lock) "
				"release(1) unblock(2,lock) acquire(2,from=1) release(2) free(1)")
{
	struct weft_mutex mutex = {0};

	weft_sync_name(&mutex, "held");
	weft_mutex_lock(&mutex);
	RUNS_OUT(weft_mutex_lock_until(&mutex, weft_now() + WEFT_MS));
	weft_go(lock_and_unlock, &mutex);
	until_waiting(&mutex.weft_sync, 1);
	weft_mutex_unlock(&mutex);
	while (!has_unlocked)
		weft_yield();
	weft_sync_finish(&mutex);
}

static void write_beside(struct weft_rwlock *rw)
{
	weft_rwlock_wlock(rw);
	weft_rwlock_wunlock(rw);
}

static void read_beside(struct weft_rwlock *rw)
{
	weft_rwlock_rlock(rw);
	weft_rwlock_runlock(rw);
	has_unlocked = true;
}

static bool is_waited_for(struct weft_sync *object, void *queue)
{
	struct weft__sync *sync = (struct weft__sync *)object;
	bool yes;

	weft__lock(&sync->lock);
	yes = ((struct weft__waitq *)queue)->head != NULL;
	weft__unlock(&sync->lock);
	return yes;
}

RECORD_TEST(rwlock_that_is_held,
	"acquire(1,read) block(2,wlock) block(3,rlock) release(1,read) unblock(2,wlock) "
	"acquire(2,write,from=1) release(2,write) unblock(3,rlock) acquire(3,read,from=2) "
	"release(3,read) acquire(1,read,from=3) block(1,wlock) unblock(1,timer)")
{
	struct weft_rwlock rw = {0};

	weft_rwlock_rlock(&rw);
	weft_go(write_beside, &rw);
	until_waiting(&rw.weft_sync, 1);
	weft_go(read_beside, &rw);
	while (!is_waited_for(&rw.weft_sync, rw.weft_readers))
		weft_yield();
	weft_rwlock_runlock(&rw);
	while (!has_unlocked)
		weft_yield();
	weft_rwlock_rlock(&rw);
	RUNS_OUT(weft_rwlock_wlock_until(&rw, weft_now() + WEFT_MS));
}

struct condition {
	struct weft_mutex mutex;
	struct weft_cond cond;
};

static void wait_for_signal(struct condition *c)
{
	weft_mutex_lock(&c->mutex);
	weft_cond_wait(&c->cond, &c->mutex);
	weft_mutex_unlock(&c->mutex);
	has_unlocked = true;
}

/* In the queue is not yet parked. */
static bool first_is_parked(struct weft_sync *object)
{
	struct weft__sync *sync = (struct weft__sync *)object;
	bool yes;

	weft__lock(&sync->lock);
	yes = sync->waiters.head && atomic_load(&sync->waiters.head->co->state) == WEFT__CO_PARKED;
	weft__unlock(&sync->lock);
	return yes;
}

RECORD_TEST(condition, "acquire(2) release(2) block(2,cond) signal(1,n=1) unblock(2,cond) "
		       "acquire(2,from=2) release(2) acquire(1,from=2) release(1) block(1,cond) "
		       "unblock(1,timer) acquire(1,from=1) free(1)")
{
	struct condition c = {.mutex = {{0}}};

	weft_go(wait_for_signal, &c);
	while (!first_is_parked(&c.cond.weft_sync))
		weft_yield();
	weft_cond_signal(&c.cond);
	while (!has_unlocked)
		weft_yield();
	weft_mutex_lock(&c.mutex);
	RUNS_OUT(weft_cond_wait_until(&c.cond, &c.mutex, weft_now() + WEFT_MS));
	weft_sync_finish(&c.cond);
}

static void acquire_two(struct weft_semaphore *s)
{
	weft_semaphore_acquire(s, 2);
	has_unlocked = true;
}

RECORD_TEST(semaphore, "block(2,semaphore) release(1,n=2) unblock(2,semaphore) acquire(2,n=2) "
		       "block(1,semaphore) unblock(1,timer)")
{
	struct weft_semaphore s = WEFT_SEMAPHORE(1);

	weft_sync_name(&s, "two are too many for its name");
	weft_go(acquire_two, &s);
	until_waiting(&s.weft_sync, 1);
	weft_semaphore_release(&s, 2);
	while (!has_unlocked)
		weft_yield();
	RUNS_OUT(weft_semaphore_acquire_until(&s, 2, weft_now() + WEFT_MS));
}

static struct weft_once one;
static atomic_bool has_begun;

static void wait_until_others_wait(void *unused)
{
	has_begun = true;
	until_waiting(&one.weft_sync, 1);
}

static void call_once(void *unused)
{
	while (!has_begun)
		weft_yield();
	weft_once(&one, wait_until_others_wait, NULL);
	has_unlocked = true;
}

RECORD_TEST(once, "acquire(1) block(2,sync) release(1) unblock(2,sync)")
{
	weft_go(call_once, NULL);
	weft_once(&one, wait_until_others_wait, NULL);
	while (!has_unlocked)
		weft_yield();
}

RECORD_TEST(sleep_is_ended_by_the_timer, "sleep(1) unblock(1,timer)")
{
	weft_sleep(WEFT_MS);
	weft_sleep(0);
}

static void unlock_for_another(struct weft_mutex *mutex)
{
	weft_mutex_unlock(mutex);
	has_unlocked = true;
}

RECORD_TEST(mutex_that_another_unlocks,
	"acquire(1) acquire(1,ok=false) release(2,from=1) acquire(1,from=1)")
{
	struct weft_mutex mutex = {0};

	weft_mutex_lock(&mutex);
	CHECK_INT(weft_mutex_try(&mutex), -EAGAIN);
	weft_go(unlock_for_another, &mutex);
	while (!has_unlocked)
		weft_yield();
	CHECK_INT(weft_mutex_try(&mutex), 0);
}

RECORD_TEST(tries_of_locks_that_are_free, "acquire(1,write) acquire(1,read,ok=false) "
					  "release(1,write) acquire(1,n=2) acquire(1,ok=false,n=2)")
{
	struct weft_rwlock rw = {0};
	struct weft_semaphore s = WEFT_SEMAPHORE(3);

	CHECK_INT(weft_rwlock_try_wlock(&rw), 0);
	CHECK_INT(weft_rwlock_try_rlock(&rw), -EAGAIN);
	weft_rwlock_wunlock(&rw);
	CHECK_INT(weft_semaphore_try(&s, 2), 0);
	CHECK_INT(weft_semaphore_try(&s, 2), -EAGAIN);
}

RECORD_TEST(marks, "note(1,n1) task(begin,id=1,order) begin(1,parse,task=1) begin(1,inner) "
		   "end(1,inner) end(1,parse) "
		   "count(load,0.5) task(end,id=1) log(info)")
{
	uint64_t task;

	CHECK(weft_traced());
	weft_note("n%d", 1);
	task = weft_task_begin("order", 0);
	weft_region_begin("parse", task);
	{
		weft_region("inner");
	}
	weft_region_end("parse");
	weft_count("load", 0.5);
	weft_count("load", 1 / 0.0);
	weft_task_end(task);
	weft_log(WEFT_LOG_INFO, "%s", "done");
}

/* ---- Scopes end -------------------------------------------------------------------------------
 */

/* fn waits in a scope of its own, which ends then; `over` once it waits no more. */
static void cancel_one_who(void (*fn)(int_chan *))
{
	struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER), *outer;
	int_chan *c = weft_make(int_chan, 0);

	outer = weft_scope_enter(scope);
	weft_go(fn, c);
	weft_scope_leave(outer);
	until_parked(c, 1);
	weft_scope_cancel(scope, "test");
	until_over();
}

RECORD_TEST(cancelled_send,
	"send(2,wait,m1) block(2,send) cancel(2,test) unsend(m1,cancel) unblock(2,cancel)")
{
	cancel_one_who(send_one);
}

RECORD_TEST(cancelled_receive, "block(2,recv) cancel(2,test) unblock(2,cancel)")
{
	cancel_one_who(recv_one);
}

RECORD_TEST(
	cancelled_select, "block(2,select) cancel(2,test) unblock(2,cancel) select(2,cancel,n=2)")
{
	cancel_one_who(select_recv);
}

RECORD_TEST(
	sleep_is_ended_by_the_deadline_of_a_scope, "sleep(1) cancel(1,deadline) unblock(1,cancel)")
{
	do {
		struct weft_scope *scope = weft_scope_make(NULL, weft_now() + FAR_ENOUGH);
		struct weft_scope *outer = weft_scope_enter(scope);

		weft__current()->parked_at = 0;
		CHECK_INT(weft_sleep(3600 * WEFT_SEC), -ECANCELED);
		weft_scope_leave(outer);
	} while (weft__current()->parked_at == 0);
}

RECORD_TEST(waits_in_an_ended_scope, "select(1,cancel,n=1)")
{
	int_chan *c = weft_make(int_chan, 0);

	weft_scope_enter(weft_scope_make(NULL, WEFT_NOW));
	CHECK_INT(weft_send(c, 1), -ECANCELED);
	CHECK_INT(weft_select(weft_on_recv(c, NULL)), -ECANCELED);
	CHECK_INT(weft_sleep(1), -ECANCELED);
}

RECORD_TEST(scope_that_ends_just_before_the_wait,
	"cancel(1,test) block(1,select) unblock(1,cancel) select(1,cancel,n=0)")
{
	struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER);
	struct weft__waiter waiter = {.co = weft__current(), .index = -1};
	struct weft__waitq queue = {0};
	struct weft__lock lock = {0};

	weft_scope_enter(scope);
	weft_scope_cancel(scope, "test");
	waiter.co->wait = (struct weft__wait_for){.why = WEFT_WHY_SELECT};
	weft__trace_reserve(weft__worker(), 2 * WEFT__TRACE_PARK_UNITS);
	weft__lock(&lock);
	weft__waitq_push(&queue, &waiter);
	weft__trace_block_on(weft__worker(), waiter.co, 0, NULL, WEFT_NEVER);
	CHECK_INT(weft__wait(&lock, &waiter, 0, NULL, WEFT_NEVER), -ECANCELED);
	weft__trace_select(weft__worker(), waiter.co, WEFT_PICK_CANCEL, 0);
}

/* Nobody closes it. */
RECORD_TEST(
	done_channel_of_a_deadline, "block(1,recv) close(woke=1) unblock(1,close) recv(1,ok=false)")
{
	weft_recv(weft_scope_done(weft_scope_make(NULL, weft_now() + FAR_ENOUGH)), NULL);
}

static void recv_time(weft_time_chan *c)
{
	weft_recv(c, NULL);
	atomic_store(&over, 1);
}

/* The runtime's own coroutine is the sender: here it is the second that is made. */
RECORD_TEST(after_finds_a_receiver, "timer(set) block(3,recv) timer(stop) timer(set) timer(fire) "
				    "send(2,hand,m1) unblock(3,recv,m1) recv(3,m1)")
{
	weft_time_chan *c = weft_after(3600 * WEFT_SEC);

	weft_go(recv_time, c);
	until_parked(c, 1);
	weft_time_reset(c, 0);
	until_over();
}

RECORD_TEST(after_finds_nobody_yet,
	"timer(set) timer(fire) send(2,buffer,m1,len=1) recv(1,m1,len=0) free(1) free(1)")
{
	weft_time_chan *c = weft_after(0);

	while (weft_len(c) == 0)
		weft_yield();
	weft_recv(c, NULL);
	weft_unref(c);
}

RECORD_TEST(after_is_stopped_before_it_is_received,
	"timer(set) timer(fire) send(2,buffer,m1,len=1) unsend(m1,cancel)")
{
	weft_time_chan *c = weft_after(0);

	while (weft_len(c) == 0)
		weft_yield();
	weft_time_stop(c);
}

RECORD_TEST(ticker_in_a_select,
	"timer(set) block(1,select) timer(fire) send(2,hand,m1) "
	"unblock(1,select,m1) recv(1,m1,case=0) select(1,0,n=1) timer(stop)")
{
	weft_time_chan *c = weft_ticker(FAR_ENOUGH);

	weft_select(weft_on_recv(c, NULL));
	weft_time_stop(c);
}

/* The receiver has its own reference until its receive is recorded; then whoever is last frees. */
RECORD_TEST(channel_is_freed_behind_its_last_receive,
	"block(2,recv) send(1,hand,m1) unblock(2,recv,m1) recv(2,m1) free(2)")
{
	int_chan *c = weft_make(int_chan, 0);
	struct weft_chan *chan = (struct weft_chan *)c;

	weft_go(recv_one, c);
	until_parked(c, 1);
	weft__lock(&chan->lock);
	chan->refs = 1; /* as if ours had gone before */
	weft__unlock(&chan->lock);
	weft_send(c, 1);
	until_over();
}

static int compute(int argc, char **argv)
{
	int64_t until = weft_now() + 400 * WEFT_MS;

	while (weft_now() < until)
		;
	return 0;
}

TEST_WORKERS(one_that_computes_for_long)
{
	begin_trace();
	unsetenv("WEFT_HOG");
	CHECK_INT(weft_run(compute, 0, NULL), 0);
	check_trace("log(warn) eof(exit)");
}

LAST_RECORD_TEST(close_while_a_sender_waits,
	"send(2,wait,m1) block(2,send) close(1,woke=0) unsend(m1,closed) unblock(2,close) "
	"log(error) eof(crash)")
{
	int_chan *c = weft_make(int_chan, 0);

	weft_go(send_one, c);
	until_parked(c, 1);
	weft_close(c);
	for (;;)
		weft_yield();
}

LAST_RECORD_TEST(send_on_closed_channel, "close(1,woke=0) log(error) eof(crash)")
{
	int_chan *c = weft_make(int_chan, 0);

	weft_close(c);
	weft_send(c, 1);
}

LAST_RECORD_TEST(deadlock, "block(1,recv) eof(deadlock)")
{
	weft_recv(weft_make(int_chan, 0), NULL);
}

LAST_RECORD_TEST(exit_in_a_coroutine, "send(1,buffer,m1,len=1) eof(exit)")
{
	weft_send(weft_make(int_chan, 1), 1);
	exit(0);
}

TEST_MAIN
