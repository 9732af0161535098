/* SPDX-License-Identifier: MIT
 *
 * Reading and writing by parking. Each call tries first; if the descriptor has nothing, the
 * coroutine queues up at the handle until an event says that it may try again. docs/scheduler.md,
 * "The poller", says why no event is lost.
 *
 * A handle is counted. A call that is under way counts too, so that the descriptor is not closed
 * (and its number not used again) while another worker is in a system call with it.
 */
#include "runtime/io.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/panic.h"
#include "runtime/poller.h"
#include "runtime/probe.h"
#include "runtime/sched.h"
#include "runtime/sigpipe.h"

#define STREAK_MOST 64 /* calls that need not wait before others get their turn */

static struct {
	struct weft__lock lock;
	struct weft_io *first;
} ios; /* all handles of the run */

/* ---- Making and closing -----------------------------------------------------------------------
 */

static void enlist(struct weft_io *io)
{
	weft__lock(&ios.lock);
	io->next = ios.first;
	io->link = &ios.first;
	if (ios.first)
		ios.first->link = &io->next;
	ios.first = io;
	weft__unlock(&ios.lock);
}

static void unlist(struct weft_io *io)
{
	weft__lock(&ios.lock);
	*io->link = io->next;
	if (io->next)
		io->next->link = io->link;
	weft__unlock(&ios.lock);
}

int weft__io_new(int fd, enum weft__io_kind kind, struct weft_io **ret_io)
{
	struct weft__co *self = weft__self("weft_io_open");
	struct weft_io *io = calloc(1, sizeof(*io));
	int r;

	if (!io)
		return -ENOMEM;
	weft__trace_reserve(weft__worker(), WEFT_REC_UNITS_MAX);
	/* Under the lock, which the first event takes: it comes behind all this. */
	weft__lock(&io->lock);
	io->fd = fd;
	io->kind = (uint8_t)kind;
	io->refs = 1;
	io->id = weft__new_id(&weft__sched.last_object);
	weft__unlock(&io->lock);
	r = weft__poller_add(io);
	if (r < 0) {
		free(io);
		return r;
	}
	enlist(io);
	weft__lock(&io->lock);
	weft__trace_sync_make(
		weft__worker(), self, io->id, &io->last_t, WEFT_OBJ_IO, "", fd, false);
	weft__unlock(&io->lock);
	*ret_io = io;
	return 0;
}

static enum weft__io_kind kind_of(int fd)
{
	struct stat st;
	int type = 0, protocol = 0;
	socklen_t len = sizeof(int);

	if (fstat(fd, &st) < 0)
		return WEFT__IO_OTHER;
	if (S_ISFIFO(st.st_mode))
		return WEFT__IO_PIPE;
	if (!S_ISSOCK(st.st_mode))
		return WEFT__IO_OTHER;
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM &&
		getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 &&
		protocol == IPPROTO_TCP)
		return WEFT__IO_TCP;
	return WEFT__IO_SOCKET;
}

int weft_io_open(int fd, struct weft_io **ret_io)
{
	int flags = fcntl(fd, F_GETFL), r;
	struct weft_io *io;

	weft__self("weft_io_open");
	weft__trace_here();
	if (flags < 0)
		return -weft__errno();
	r = weft__io_new(fd, kind_of(fd), &io);
	if (r < 0)
		return r;
	if (!(flags & O_NONBLOCK)) {
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
		io->restore = true;
	}
	*ret_io = io;
	return 0;
}

/* Closed, and the last call has left: the descriptor goes. */
static void shut(struct weft_io *io)
{
	int flags;

	if (io->restore && (flags = fcntl(io->fd, F_GETFL)) >= 0)
		fcntl(io->fd, F_SETFL, flags & ~O_NONBLOCK); /* others may have a copy of it */
	close(io->fd);
}

static void destroy(struct weft_io *io, struct weft__co *self)
{
	weft__trace_reserve(weft__worker(), WEFT__TRACE_WAKE_UNITS);
	weft__trace_free(weft__worker(), self, io->id, &io->last_t);
	unlist(io);
	weft__poller_free(io);
}

/* One reference less, and one call less if `user`. The lock is held, and given back. */
static void let_go(struct weft_io *io, struct weft__co *self, bool user)
{
	bool last, gone;

	io->users -= user;
	if (io->refs == 1)
		io->closed = true;
	gone = io->closed && io->users == 0 && !io->gone;
	if (gone)
		io->gone = true;
	last = !gone && --io->refs == 0;
	weft__unlock(&io->lock);
	if (gone) {
		/* We have our reference still. */
		weft__poller_remove(io);
		shut(io);
		weft__lock(&io->lock);
		last = --io->refs == 0;
		weft__unlock(&io->lock);
	}
	if (last)
		destroy(io, self);
}

struct weft_io *weft_io_ref(struct weft_io *io)
{
	weft__self("weft_io_ref");
	if (io) {
		weft__lock(&io->lock);
		io->refs++;
		weft__unlock(&io->lock);
	}
	return io;
}

void weft_io_unref(struct weft_io *io)
{
	struct weft__co *self = weft__self("weft_io_unref");

	if (!io)
		return;
	weft__lock(&io->lock);
	let_go(io, self, false);
}

/* Everybody who waits, out of the queues; in order. The lock is held. */
static struct weft__waiter *take_all(struct weft_io *io)
{
	struct weft__waiter *list = NULL, **link = &list, *waiter;

	for (int dir = 0; dir < 2; dir++) {
		while ((waiter = weft__waitq_take(&io->side[dir].waiters))) {
			waiter->result = -EBADF;
			*link = waiter;
			link = &waiter->next;
		}
	}
	*link = NULL;
	return list;
}

void weft_io_close(struct weft_io *io)
{
	struct weft__co *self = weft__self("weft_io_close");
	struct weft__waiter *list = NULL, *waiter;

	if (!io)
		return;
	weft__lock(&io->lock);
	if (!io->closed) {
		io->closed = true;
		list = take_all(io);
	}
	weft__unlock(&io->lock);
	while ((waiter = list)) {
		list = waiter->next;
		weft__trace_reserve(weft__worker(), WEFT__TRACE_WAKE_UNITS);
		weft__trace_unblock(
			weft__worker(), self, waiter->co, io->id, NULL, 0, WEFT_WHY_CLOSE);
		weft__ready(waiter->co);
	}
	weft__lock(&io->lock);
	let_go(io, self, false);
}

int weft_io_fd(struct weft_io *io)
{
	int fd;

	weft__self("weft_io_fd");
	weft__lock(&io->lock);
	fd = io->closed ? -EBADF : io->fd;
	weft__unlock(&io->lock);
	return fd;
}

void weft__ios_finish(void)
{
	struct weft_io *next;

	for (struct weft_io *io = ios.first; io; io = next) {
		next = io->next;
		if (!io->gone)
			shut(io);
		free(io);
	}
	ios.first = NULL;
}

/* ---- Events -----------------------------------------------------------------------------------
 */

/* The first who waits there may try again; `edges` is what it has seen. The lock is held. */
static struct weft__co *take_one(struct weft_io *io, enum weft__io_dir dir, struct weft__co *by)
{
	struct weft__io_side *side = &io->side[dir];
	struct weft__waiter *waiter = weft__waitq_take(&side->waiters);

	if (!waiter)
		return NULL;
	waiter->from = side->edges;
	io->users++; /* it is about to use the descriptor again */
	weft__trace_unblock(weft__worker(), by, waiter->co, io->id, &io->last_t, 0, WEFT_WHY_IO);
	return waiter->co;
}

/* Not for TSan: the link is the run queues' later, which it does not see either. */
static WEFT__NO_TSAN void append(struct weft__found *found, struct weft__co *co)
{
	co->next = NULL;
	*found->last = co;
	found->last = &co->next;
}

void weft__io_event(struct weft_io *io, unsigned events, struct weft__found *found)
{
	struct weft__co *woken[2] = {NULL, NULL};

	weft__trace_reserve(weft__worker(), 2 * WEFT__TRACE_WAKE_UNITS);
	weft__lock(&io->lock);
	if (events & WEFT__IO_ODD)
		io->odd = true;
	for (int dir = 0; dir < 2; dir++) {
		if (!(events & (1u << dir)))
			continue;
		io->side[dir].edges++;
		io->side[dir].dry = false;
		woken[dir] = take_one(io, dir, NULL);
	}
	weft__unlock(&io->lock);
	for (int dir = 0; dir < 2; dir++) {
		if (woken[dir])
			append(found, woken[dir]);
	}
}

/* ---- Calls ------------------------------------------------------------------------------------
 */

/* One that is under way. */
struct call {
	struct weft_io *io;
	struct weft__co *self;
	enum weft__io_dir dir;
	uint32_t seen; /* the side's edges before the step that is tried now */
	bool dry;      /* then it need not be tried */
	bool user;     /* counted in users: not while it is parked */
	bool woken;    /* by an event, which others may need as well */
	bool waited;
};

static int begin(struct call *call)
{
	struct weft_io *io = call->io;
	struct weft__io_side *side = &io->side[call->dir];
	bool tired;

	weft__lock(&io->lock);
	if (io->closed) {
		weft__unlock(&io->lock);
		return -EBADF;
	}
	tired = side->streak >= STREAK_MOST;
	if (tired)
		side->streak = 0;
	io->refs++;
	io->users++;
	call->user = true;
	call->seen = side->edges;
	call->dry = side->dry;
	weft__unlock(&io->lock);
	/* Before the call does anything: what it has done would be lost if the run ended meanwhile.
	 */
	if (tired)
		weft_yield();
	return 0;
}

/* 0: try again. */
static int wait_for_event(struct call *call, int64_t until)
{
	struct weft_io *io = call->io;
	struct weft__co *self = call->self;
	struct weft__io_side *side = &io->side[call->dir];
	struct weft__waiter waiter = {.co = self, .index = -1};
	int r = weft__may_wait(self, until);

	if (r < 0)
		return r;
	weft__trace_reserve(weft__worker(), WEFT__TRACE_WAKE_UNITS + WEFT__TRACE_PARK_UNITS);
	weft__poller_wait_begins(io, 1u << call->dir);
	weft__lock(&io->lock);
	if (io->closed) {
		weft__unlock(&io->lock);
		r = -EBADF;
	} else if (side->edges != call->seen) {
		/* It came between the step and here. */
		call->seen = side->edges;
		weft__unlock(&io->lock);
	} else {
		self->wait = (struct weft__wait_for){
			.why = WEFT_WHY_IO, .out = call->dir == WEFT__IO_OUT, .fd = io->fd};
		weft__trace_block_on(weft__worker(), self, io->id, &io->last_t, until);
		weft__waitq_push(&side->waiters, &waiter);
		io->users--;
		r = weft__wait(&io->lock, &waiter, io->id, &io->last_t, until);
		call->seen = (uint32_t)waiter.from;
		call->user = call->woken = r == 0; /* an event has counted us again */
		call->waited = true;
	}
	weft__poller_wait_ends();
	call->dry = false;
	return r;
}

static void end(struct call *call, bool empty)
{
	struct weft_io *io = call->io;
	struct weft__io_side *side = &io->side[call->dir];
	struct weft__co *next = NULL;

	if (call->woken)
		weft__trace_reserve(weft__worker(), WEFT__TRACE_WAKE_UNITS);
	weft__lock(&io->lock);
	if (empty && !io->odd && side->edges == call->seen)
		side->dry = true;
	side->streak = call->waited ? 0 : side->streak + 1;
	/* Our event may have told of more than we took: the next one looks. */
	if (call->woken)
		next = take_one(io, call->dir, call->self);
	let_go(io, call->self, call->user);
	if (next)
		weft__ready(next);
}

ssize_t weft__io_call(struct weft_io *io, enum weft__io_dir dir, weft__io_step *step, void *arg,
	size_t most, int64_t until, const char *what)
{
	struct call call = {.io = io, .self = weft__self(what), .dir = dir};
	ssize_t r;

	if (!io)
		weft__panic("%s of a null handle", what);
	r = begin(&call);
	if (r < 0)
		return r;
	for (;;) {
		r = -EAGAIN;
		if (!call.dry) {
			do {
				r = step(io->fd, arg);
			} while (r == -EINTR);
		}
		if (r != -EAGAIN)
			break;
		r = wait_for_event(&call, until);
		if (r < 0)
			break;
	}
	end(&call, io->kind == WEFT__IO_TCP && r > 0 && (size_t)r < most);
	return r;
}

/* ---- Reading and writing ----------------------------------------------------------------------
 */

struct bytes {
	char *p;
	size_t n;
	bool pipe;
};

struct pieces {
	const struct iovec *list;
	int n;
	bool pipe;
};

static ssize_t result(ssize_t r)
{
	return r >= 0 ? r : -weft__errno(); /* EWOULDBLOCK is EAGAIN */
}

static ssize_t read_step(int fd, void *arg)
{
	struct bytes *b = arg;

	return result(read(fd, b->p, b->n));
}

static ssize_t recv_step(int fd, void *arg)
{
	struct bytes *b = arg;

	return result(recv(fd, b->p, b->n, 0));
}

static ssize_t write_step(int fd, void *arg)
{
	struct bytes *b = arg;
	struct weft__sigpipe guard;
	ssize_t r;

	if (!b->pipe)
		return result(write(fd, b->p, b->n));
	weft__sigpipe_block(&guard);
	r = result(write(fd, b->p, b->n));
	weft__sigpipe_unblock(&guard, r == -EPIPE);
	return r;
}

static ssize_t send_step(int fd, void *arg)
{
	struct bytes *b = arg;

	return result(send(fd, b->p, b->n, MSG_NOSIGNAL));
}

static ssize_t readv_step(int fd, void *arg)
{
	struct pieces *v = arg;

	return result(readv(fd, v->list, v->n));
}

static ssize_t writev_step(int fd, void *arg)
{
	struct pieces *v = arg;
	struct weft__sigpipe guard;
	ssize_t r;

	if (!v->pipe)
		return result(writev(fd, v->list, v->n));
	weft__sigpipe_block(&guard);
	r = result(writev(fd, v->list, v->n));
	weft__sigpipe_unblock(&guard, r == -EPIPE);
	return r;
}

static ssize_t sendv_step(int fd, void *arg)
{
	struct pieces *v = arg;
	struct msghdr msg = {.msg_iov = (struct iovec *)v->list, .msg_iovlen = (size_t)v->n};

	return result(sendmsg(fd, &msg, MSG_NOSIGNAL));
}

static bool is_socket(const struct weft_io *io)
{
	return io->kind >= WEFT__IO_SOCKET;
}

static ssize_t read_some(struct weft_io *io, void *buf, size_t n, int64_t until)
{
	struct bytes b = {.p = buf, .n = n};

	return weft__io_call(io, WEFT__IO_IN, io && is_socket(io) ? recv_step : read_step, &b, n,
		until, "weft_io_read");
}

ssize_t weft_io_read_until(struct weft_io *io, void *buf, size_t n, int64_t until)
{
	weft__trace_here();
	return read_some(io, buf, n, until);
}

ssize_t weft_io_read(struct weft_io *io, void *buf, size_t n)
{
	weft__trace_here();
	return read_some(io, buf, n, WEFT_NEVER);
}

static ssize_t write_some(struct weft_io *io, const void *buf, size_t n, int64_t until)
{
	struct bytes b = {
		.p = (char *)(uintptr_t)buf, .n = n, .pipe = io && io->kind == WEFT__IO_PIPE};

	return weft__io_call(io, WEFT__IO_OUT, io && is_socket(io) ? send_step : write_step, &b, 0,
		until, "weft_io_write");
}

ssize_t weft_io_write_until(struct weft_io *io, const void *buf, size_t n, int64_t until)
{
	weft__trace_here();
	return write_some(io, buf, n, until);
}

ssize_t weft_io_write(struct weft_io *io, const void *buf, size_t n)
{
	weft__trace_here();
	return write_some(io, buf, n, WEFT_NEVER);
}

static size_t total(const struct iovec *list, int n)
{
	size_t sum = 0;

	for (int i = 0; i < n; i++)
		sum += list[i].iov_len;
	return sum;
}

/* A part of the public functions, whose callers' places it notes. */
static inline __attribute__((always_inline)) ssize_t read_pieces(
	struct weft_io *io, const struct iovec *list, int n, int64_t until)
{
	struct pieces v = {.list = list, .n = n};

	weft__trace_here();
	return weft__io_call(
		io, WEFT__IO_IN, readv_step, &v, total(list, n), until, "weft_io_readv");
}

ssize_t weft_io_readv_until(struct weft_io *io, const struct iovec *list, int n, int64_t until)
{
	return read_pieces(io, list, n, until);
}

ssize_t weft_io_readv(struct weft_io *io, const struct iovec *list, int n)
{
	return read_pieces(io, list, n, WEFT_NEVER);
}

/* A part of the public functions, whose callers' places it notes. */
static inline __attribute__((always_inline)) ssize_t write_pieces(
	struct weft_io *io, const struct iovec *list, int n, int64_t until)
{
	struct pieces v = {.list = list, .n = n, .pipe = io && io->kind == WEFT__IO_PIPE};

	weft__trace_here();
	if (n < 0)
		return -EINVAL;
	return weft__io_call(io, WEFT__IO_OUT, io && is_socket(io) ? sendv_step : writev_step, &v,
		0, until, "weft_io_writev");
}

ssize_t weft_io_writev_until(struct weft_io *io, const struct iovec *list, int n, int64_t until)
{
	return write_pieces(io, list, n, until);
}

ssize_t weft_io_writev(struct weft_io *io, const struct iovec *list, int n)
{
	return write_pieces(io, list, n, WEFT_NEVER);
}

/* A part of the public functions, whose callers' places it notes. */
static inline __attribute__((always_inline)) ssize_t read_full(
	struct weft_io *io, void *buf, size_t n, int64_t until)
{
	size_t have = 0;

	weft__trace_here();
	while (have < n) {
		ssize_t r = read_some(io, (char *)buf + have, n - have, until);

		if (r < 0)
			return r;
		if (r == 0)
			break;
		have += (size_t)r;
	}
	return (ssize_t)have;
}

ssize_t weft_io_read_full_until(struct weft_io *io, void *buf, size_t n, int64_t until)
{
	return read_full(io, buf, n, until);
}

ssize_t weft_io_read_full(struct weft_io *io, void *buf, size_t n)
{
	return read_full(io, buf, n, WEFT_NEVER);
}

/* A part of the public functions, whose callers' places it notes. */
static inline __attribute__((always_inline)) int write_all(
	struct weft_io *io, const void *buf, size_t n, int64_t until)
{
	size_t done = 0;

	weft__trace_here();
	while (done < n) {
		ssize_t r = write_some(io, (const char *)buf + done, n - done, until);

		if (r < 0)
			return (int)r;
		done += (size_t)r;
	}
	return 0;
}

int weft_io_write_all_until(struct weft_io *io, const void *buf, size_t n, int64_t until)
{
	return write_all(io, buf, n, until);
}

int weft_io_write_all(struct weft_io *io, const void *buf, size_t n)
{
	return write_all(io, buf, n, WEFT_NEVER);
}

/* ---- Other things -----------------------------------------------------------------------------
 */

static ssize_t shutdown_step(int fd, void *arg)
{
	/* Not the caller's business: EAGAIN cannot be. */
	return shutdown(fd, *(int *)arg) < 0 ? -weft__errno() : 0;
}

int weft_io_shutdown(struct weft_io *io, int how)
{
	return (int)weft__io_call(
		io, WEFT__IO_OUT, shutdown_step, &how, 0, WEFT_NOW, "weft_io_shutdown");
}

static ssize_t poll_step(int fd, void *arg)
{
	struct pollfd p = {.fd = fd, .events = *(short *)arg};
	int r = poll(&p, 1, 0);

	return r < 0 ? -weft__errno() : r == 0 ? -EAGAIN : 0;
}

/* A part of the public functions, whose callers' places it notes. */
static inline __attribute__((always_inline)) int wait_until_ready(
	struct weft_io *io, int for_what, int64_t until)
{
	bool out = for_what == WEFT_IO_OUT;
	short events = out ? POLLOUT : POLLIN | POLLRDHUP;

	weft__trace_here();
	if (!out && for_what != WEFT_IO_IN)
		return -EINVAL;
	return (int)weft__io_call(
		io, out ? WEFT__IO_OUT : WEFT__IO_IN, poll_step, &events, 0, until, "weft_io_wait");
}

int weft_io_wait_until(struct weft_io *io, int for_what, int64_t until)
{
	return wait_until_ready(io, for_what, until);
}

int weft_io_wait(struct weft_io *io, int for_what)
{
	return wait_until_ready(io, for_what, WEFT_NEVER);
}
