/* SPDX-License-Identifier: MIT
 *
 * Sockets: handles (io.c) that are made by dialing, listening and accepting.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/addr.h"
#include "runtime/io.h"
#include "runtime/panic.h"
#include "runtime/probe.h"
#include "runtime/sched.h"

#define FULL_PAUSE_NS (10 * WEFT_MS) /* when there are no descriptors left */
#define BUSY_PAUSE_NS WEFT_MS	     /* the first, when a Unix socket's queue is full; doubles */
#define BUSY_PAUSE_MOST_NS (16 * WEFT_MS)

static ssize_t result(ssize_t r)
{
	return r >= 0 ? r : -weft__errno();
}

static enum weft__io_kind kind_of(const struct weft__addr *a)
{
	return a->net == WEFT__TCP ? WEFT__IO_TCP : WEFT__IO_SOCKET;
}

static void set_option(int fd, int level, int option, int value)
{
	/* If it cannot be had it is not missed: whoever needs to know asks by getsockopt. */
	setsockopt(fd, level, option, &value, sizeof(value));
}

static int new_socket(const struct weft__addr *a)
{
	int type = a->net == WEFT__UDP ? SOCK_DGRAM : SOCK_STREAM;
	int fd = (int)result(socket(a->sa.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));

	if (fd >= 0 && a->net == WEFT__TCP)
		set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	return fd;
}

/* The descriptor becomes the handle's, or is closed. */
static int make_handle(int fd, enum weft__io_kind kind, struct weft_io **ret_io)
{
	int r = weft__io_new(fd, kind, ret_io);

	if (r < 0)
		close(fd);
	return r;
}

/* ---- Dialing ----------------------------------------------------------------------------------
 */

static ssize_t connected_step(int fd, void *arg)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	socklen_t len = sizeof(int);
	int r = (int)result(poll(&p, 1, 0)), error = 0;

	if (r <= 0)
		return r < 0 ? r : -EAGAIN;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return -weft__errno();
	return -error;
}

static int dial_once(const struct weft__addr *a, int64_t until, struct weft_io **ret_io)
{
	struct weft_io *io = NULL;
	int fd = new_socket(a), begun, r;

	if (fd < 0)
		return fd;
	begun = (int)result(connect(fd, (const struct sockaddr *)&a->sa, a->len));
	if (begun < 0 && begun != -EINPROGRESS && begun != -EINTR) {
		close(fd);
		return begun;
	}
	r = make_handle(fd, kind_of(a), &io);
	if (r == 0 && begun < 0) {
		r = (int)weft__io_call(
			io, WEFT__IO_OUT, connected_step, NULL, 0, until, "weft_dial");
		if (r < 0)
			weft_io_close(io);
	}
	if (r == 0)
		*ret_io = io;
	return r;
}

/*
 * The queue of a Unix listener may be full, of which there is no event. No descriptor is held
 * meanwhile: the run may end.
 */
static int dial_one(const struct weft__addr *a, int64_t until, struct weft_io **ret_io)
{
	int64_t pause = BUSY_PAUSE_NS;

	for (;;) {
		int64_t t;
		int r = dial_once(a, until, ret_io);

		if (r != -EAGAIN || a->net != WEFT__UNIX)
			return r;
		r = weft__may_wait(weft__current(), until);
		if (r < 0)
			return r;
		t = weft_now() + pause;
		pause = pause < BUSY_PAUSE_MOST_NS ? pause * 2 : pause;
		r = weft__sleep_until(t < until ? t : until);
		if (r < 0)
			return r;
	}
}

/* The last of several may take all the time that is left, each before its share of it. */
static int64_t share_of(int64_t until, int left)
{
	int64_t now;

	if (until == WEFT_NEVER || until == WEFT_NOW || left == 1)
		return until;
	now = weft_now();
	return until > now ? now + (until - now) / left : until;
}

/* A part of the public functions, whose callers' places it notes. */
static inline __attribute__((always_inline)) int dial(
	const char *address, struct weft_io **ret_io, int64_t until)
{
	struct weft__addrs *all;
	int r;

	weft__trace_here();
	weft__self("weft_dial");
	r = weft__addrs_find(address, false, until, &all);
	if (r < 0)
		return r;
	for (int i = 0; i < all->count; i++) {
		r = dial_one(&all->list[i], share_of(until, all->count - i), ret_io);
		if (r == 0 || r == -ECANCELED)
			break;
	}
	free(all);
	return r;
}

int weft_dial_until(const char *address, struct weft_io **ret_io, int64_t until)
{
	return dial(address, ret_io, until);
}

int weft_dial(const char *address, struct weft_io **ret_io)
{
	return dial(address, ret_io, WEFT_NEVER);
}

/* ---- Listening --------------------------------------------------------------------------------
 */

static int bind_and_listen(int fd, const struct weft__addr *a)
{
	if (a->net == WEFT__TCP)
		set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (a->sa.ss_family == AF_INET6)
		set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	if (bind(fd, (const struct sockaddr *)&a->sa, a->len) < 0)
		return -weft__errno();
	if (a->net == WEFT__UDP)
		return 0;
	return (int)result(listen(fd, SOMAXCONN));
}

static int listen_one(const struct weft__addr *a, struct weft_io **ret_io)
{
	int fd = new_socket(a), r;

	if (fd < 0)
		return fd;
	r = bind_and_listen(fd, a);
	if (r < 0) {
		close(fd);
		return r;
	}
	return make_handle(fd, kind_of(a), ret_io);
}

int weft_listen(const char *address, struct weft_io **ret_io)
{
	struct weft__addrs *all;
	int r;

	weft__trace_at(weft__self("weft_listen"));
	r = weft__addrs_find(address, true, WEFT_NEVER, &all);
	if (r < 0)
		return r;
	for (int i = 0; i < all->count; i++) {
		r = listen_one(&all->list[i], ret_io);
		/* One that is taken is not made up for by another: only a missing protocol is. */
		if (r != -EAFNOSUPPORT && r != -EADDRNOTAVAIL)
			break;
	}
	free(all);
	return r;
}

/* ---- Accepting --------------------------------------------------------------------------------
 */

/* Of the connection that came, not of the listener: accept(2) says to try again. */
static bool is_its_own_fault(int r)
{
	switch (-r) {
	case ECONNABORTED:
	case EPROTO:
	case ENETDOWN:
	case EHOSTDOWN:
	case ENONET:
	case EHOSTUNREACH:
	case ENETUNREACH:
		return true;
	default:
		return false;
	}
}

static ssize_t accept_step(int fd, void *arg)
{
	int r;

	do {
		r = (int)result(accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
	} while (is_its_own_fault(r));
	return r;
}

static bool is_full(int r)
{
	return r == -EMFILE || r == -ENFILE || r == -ENOBUFS || r == -ENOMEM;
}

/* A part of the public functions, whose callers' places it notes. */
static inline __attribute__((always_inline)) int accept_one(
	struct weft_io *listener, struct weft_io **ret_io, int64_t until)
{
	/* Before the call, behind which somebody may have closed the listener for good. */
	enum weft__io_kind kind = listener ? listener->kind : WEFT__IO_SOCKET;
	int fd;

	weft__trace_here();
	fd = (int)weft__io_call(listener, WEFT__IO_IN, accept_step, NULL, 0, until, "weft_accept");
	if (is_full(fd) && until != WEFT_NOW) {
		int64_t t = weft_now() + FULL_PAUSE_NS;

		/* The connection stays in the queue: a loop around us would spin. */
		weft__sleep_until(t < until ? t : until);
	}
	if (fd < 0)
		return fd;
	return make_handle(fd, kind, ret_io);
}

int weft_accept_until(struct weft_io *listener, struct weft_io **ret_io, int64_t until)
{
	return accept_one(listener, ret_io, until);
}

int weft_accept(struct weft_io *listener, struct weft_io **ret_io)
{
	return accept_one(listener, ret_io, WEFT_NEVER);
}

/* ---- Datagrams --------------------------------------------------------------------------------
 */

struct datagram {
	char *p;
	size_t n;
	struct weft__addr *addr;
};

static ssize_t sendto_step(int fd, void *arg)
{
	struct datagram *d = arg;

	return result(sendto(
		fd, d->p, d->n, MSG_NOSIGNAL, (const struct sockaddr *)&d->addr->sa, d->addr->len));
}

static ssize_t recvfrom_step(int fd, void *arg)
{
	struct datagram *d = arg;

	if (!d->addr)
		return result(recv(fd, d->p, d->n, 0));
	d->addr->len = sizeof(d->addr->sa);
	return result(recvfrom(fd, d->p, d->n, 0, (struct sockaddr *)&d->addr->sa, &d->addr->len));
}

/* A part of the public functions, whose callers' places it notes. */
static inline __attribute__((always_inline)) ssize_t send_datagram(
	struct weft_io *io, const void *buf, size_t n, const struct weft_addr *to, int64_t until)
{
	struct datagram d = {(char *)(uintptr_t)buf, n, (struct weft__addr *)(uintptr_t)to};

	weft__trace_here();
	return weft__io_call(io, WEFT__IO_OUT, sendto_step, &d, 0, until, "weft_sendto");
}

ssize_t weft_sendto_until(
	struct weft_io *io, const void *buf, size_t n, const struct weft_addr *to, int64_t until)
{
	return send_datagram(io, buf, n, to, until);
}

ssize_t weft_sendto(struct weft_io *io, const void *buf, size_t n, const struct weft_addr *to)
{
	return send_datagram(io, buf, n, to, WEFT_NEVER);
}

/* A part of the public functions, whose callers' places it notes. */
static inline __attribute__((always_inline)) ssize_t receive_datagram(
	struct weft_io *io, void *buf, size_t n, struct weft_addr *ret_from, int64_t until)
{
	struct datagram d = {buf, n, (struct weft__addr *)ret_from};

	weft__trace_here();
	if (ret_from)
		*d.addr = (struct weft__addr){.net = WEFT__UDP};
	return weft__io_call(io, WEFT__IO_IN, recvfrom_step, &d, 0, until, "weft_recvfrom");
}

ssize_t weft_recvfrom_until(
	struct weft_io *io, void *buf, size_t n, struct weft_addr *ret_from, int64_t until)
{
	return receive_datagram(io, buf, n, ret_from, until);
}

ssize_t weft_recvfrom(struct weft_io *io, void *buf, size_t n, struct weft_addr *ret_from)
{
	return receive_datagram(io, buf, n, ret_from, WEFT_NEVER);
}

/* ---- Who is who -------------------------------------------------------------------------------
 */

struct ends {
	struct weft_addr *addr;
	bool peer;
};

static ssize_t name_step(int fd, void *arg)
{
	struct ends *e = arg;
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	struct sockaddr *p = (struct sockaddr *)&sa;
	int type = 0, r;
	socklen_t type_len = sizeof(type);

	memset(&sa, 0, sizeof(sa));
	r = (int)result(e->peer ? getpeername(fd, p, &len) : getsockname(fd, p, &len));
	if (r < 0)
		return r;
	getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len);
	weft__addr_set(e->addr,
		sa.ss_family == AF_UNIX ? WEFT__UNIX
		: type == SOCK_DGRAM	? WEFT__UDP
					: WEFT__TCP,
		&sa, len);
	return 0;
}

static int name_of(struct weft_io *io, struct weft_addr *ret_addr, bool peer, const char *what)
{
	struct ends e = {ret_addr, peer};

	return (int)weft__io_call(io, WEFT__IO_OUT, name_step, &e, 0, WEFT_NOW, what);
}

int weft_io_local(struct weft_io *io, struct weft_addr *ret_addr)
{
	return name_of(io, ret_addr, false, "weft_io_local");
}

int weft_io_peer(struct weft_io *io, struct weft_addr *ret_addr)
{
	return name_of(io, ret_addr, true, "weft_io_peer");
}
