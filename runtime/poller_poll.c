/* SPDX-License-Identifier: MIT
 *
 * poll(2), where epoll is missing. Handles for which somebody waits are in a list, from which the
 * array is made for each call: what is told once is out of it, so that it looks edge-triggered from
 * outside. Slow with many, but right.
 */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/alone.h"
#include "runtime/include/weft.h"
#include "runtime/io.h"
#include "runtime/panic.h"
#include "runtime/poller.h"
#include "runtime/sched.h"

static struct {
	int wake_fd;
	atomic_bool asleep; /* in poll(2), maybe for long; under the lock when it is set */

	struct weft__lock lock;
	struct weft_io *wanted;
	size_t nwanted;

	/* By who polls. */
	struct pollfd *fds; /* [0]: the eventfd */
	struct weft_io **ios;
	size_t room;
} pl;

static int start(void)
{
	pl.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return pl.wake_fd < 0 ? -weft__errno() : 0;
}

static void stop(void)
{
	close(pl.wake_fd);
	free(pl.fds);
	free(pl.ios);
	pl.fds = NULL;
	pl.ios = NULL;
	pl.room = pl.nwanted = 0;
	pl.wanted = NULL;
}

/* poll(2) takes anything; what epoll refuses is always ready. */
static int add(struct weft_io *io)
{
	struct stat st;

	if (fstat(io->fd, &st) < 0)
		return -weft__errno();
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode))
		return -EPERM;
	return 0;
}

/* Locked. */
static void unlist(struct weft_io *io)
{
	*io->want_link = io->want_next;
	if (io->want_next)
		io->want_next->want_link = io->want_link;
	pl.nwanted--;
}

static void set_wants(struct weft_io *io, unsigned wants)
{
	if (wants && !io->wants) {
		io->want_next = pl.wanted;
		io->want_link = &pl.wanted;
		if (pl.wanted)
			pl.wanted->want_link = &io->want_next;
		pl.wanted = io;
		pl.nwanted++;
	} else if (!wants && io->wants) {
		unlist(io);
	}
	io->wants = (uint8_t)wants;
}

static void interrupt(void)
{
	(void)eventfd_write(pl.wake_fd, 1);
}

static void drop(struct weft_io *io)
{
	bool asleep;

	weft__lock(&pl.lock);
	set_wants(io, 0);
	asleep = atomic_load_explicit(&pl.asleep, memory_order_relaxed);
	weft__unlock(&pl.lock);
	if (asleep)
		interrupt(); /* poll(2) holds on to what it waits for, and so the peer would see no
				end */
}

static void want(struct weft_io *io, unsigned for_what)
{
	bool asleep;

	weft__lock(&pl.lock);
	set_wants(io, io->wants | for_what);
	asleep = atomic_load_explicit(&pl.asleep, memory_order_relaxed);
	weft__unlock(&pl.lock);
	if (asleep)
		interrupt(); /* it knows nothing of us */
}

static void make_room(size_t n)
{
	if (n <= pl.room)
		return;
	n = n < 64 ? 64 : n * 2;
	pl.fds = realloc(pl.fds, n * sizeof(*pl.fds));
	pl.ios = realloc(pl.ios, n * sizeof(struct weft_io *));
	if (!pl.fds || !pl.ios)
		weft__panic("out of memory for a poll of %zu descriptors", n);
	pl.room = n;
}

/* The array, as it is now; from here on who wants more interrupts. */
static size_t list_wanted(void)
{
	size_t n;

	for (;;) {
		weft__lock(&pl.lock);
		n = pl.nwanted + 1;
		if (n <= pl.room)
			break;
		weft__unlock(&pl.lock);
		make_room(n);
	}
	pl.fds[0] = (struct pollfd){.fd = pl.wake_fd, .events = POLLIN};
	n = 1;
	for (struct weft_io *io = pl.wanted; io; io = io->want_next) {
		short events = 0;

		if (io->wants & WEFT__IO_CAN_IN)
			events |= POLLIN | POLLPRI | POLLRDHUP;
		if (io->wants & WEFT__IO_CAN_OUT)
			events |= POLLOUT;
		pl.fds[n] = (struct pollfd){.fd = io->fd, .events = events};
		pl.ios[n++] = io;
	}
	atomic_store_explicit(&pl.asleep, true, memory_order_relaxed);
	weft__unlock(&pl.lock);
	return n;
}

static unsigned meaning(short events)
{
	unsigned can = 0;

	if (events & (POLLIN | POLLRDHUP | POLLPRI | POLLHUP | POLLERR | POLLNVAL))
		can |= WEFT__IO_CAN_IN;
	if (events & (POLLOUT | POLLHUP | POLLERR | POLLNVAL))
		can |= WEFT__IO_CAN_OUT;
	if (events & (POLLRDHUP | POLLPRI | POLLHUP | POLLERR | POLLNVAL))
		can |= WEFT__IO_ODD;
	return can;
}

static void wait_for_events(int64_t until, struct weft__found *found)
{
	struct timespec limit = {0, 0};
	size_t n = list_wanted();
	uint64_t count;
	int r;

	if (until != WEFT_NEVER && until != WEFT_NOW) {
		int64_t ns = until - weft_now();

		ns = ns > 0 ? ns : 0;
		limit = (struct timespec){ns / WEFT_SEC, ns % WEFT_SEC};
	}
	if (until != WEFT_NOW)
		weft__alone_go();
	r = ppoll(pl.fds, n, until == WEFT_NEVER ? NULL : &limit, NULL);
	if (until != WEFT_NOW)
		weft__alone_come();
	atomic_store_explicit(&pl.asleep, false, memory_order_relaxed);
	if (r <= 0)
		return;
	if (pl.fds[0].revents)
		(void)eventfd_read(pl.wake_fd, &count);
	for (size_t i = 1; i < n; i++) {
		unsigned can = meaning(pl.fds[i].revents);

		if (!can)
			continue;
		weft__lock(&pl.lock);
		set_wants(pl.ios[i], pl.ios[i]->wants & ~can);
		weft__unlock(&pl.lock);
		weft__io_event(pl.ios[i], can, found);
	}
}

const struct weft__poller_ops weft__poller_poll = {.start = start,
	.stop = stop,
	.add = add,
	.remove = drop,
	.want = want,
	.wait = wait_for_events,
	.interrupt = interrupt};
