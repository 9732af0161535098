/* SPDX-License-Identifier: MIT
 *
 * epoll, edge-triggered: each descriptor is registered once, for everything, and nothing has to be
 * said when somebody begins or ends to wait. An eventfd, edge-triggered too and hence never read,
 * is what interrupts.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/alone.h"
#include "runtime/include/weft.h"
#include "runtime/io.h"
#include "runtime/poller.h"
#include "runtime/sched.h"

#define BATCH 128 /* events that one call fetches */

static struct {
	int fd, wake_fd;
	bool no_ns; /* epoll_pwait2 is missing (Linux before 5.11): milliseconds; by who polls */
	struct epoll_event events[BATCH]; /* who polls has them */
} ep;

static int start(void)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	int r;

	ep.fd = epoll_create1(EPOLL_CLOEXEC);
	if (ep.fd < 0)
		return -weft__errno();
	ep.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ep.wake_fd < 0) {
		r = -weft__errno();
		close(ep.fd);
		return r;
	}
	event.data.ptr = NULL; /* no handle: the interrupt */
	if (epoll_ctl(ep.fd, EPOLL_CTL_ADD, ep.wake_fd, &event) < 0) {
		r = -weft__errno();
		close(ep.wake_fd);
		close(ep.fd);
		return r;
	}
	ep.no_ns = false;
	return 0;
}

static void stop(void)
{
	close(ep.wake_fd);
	close(ep.fd);
}

static int add(struct weft_io *io)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET, .data.ptr = io};

	return epoll_ctl(ep.fd, EPOLL_CTL_ADD, io->fd, &event) < 0 ? -weft__errno() : 0;
}

static void drop(struct weft_io *io)
{
	/* By hand: the registration would outlive our descriptor if a copy of it is open elsewhere.
	 */
	epoll_ctl(ep.fd, EPOLL_CTL_DEL, io->fd, NULL);
}

/* Milliseconds, rounded up: not before its time. */
static int to_ms(int64_t ns)
{
	int64_t ms = ns / WEFT_MS + (ns % WEFT_MS != 0);

	return ms < 1000000 ? (int)ms : 1000000; /* whoever found too early looks again */
}

static int fetch(int64_t until)
{
	int64_t ns;

	if (until == WEFT_NOW)
		return epoll_wait(ep.fd, ep.events, BATCH, 0);
	if (until == WEFT_NEVER)
		return epoll_wait(ep.fd, ep.events, BATCH, -1);
	ns = until - weft_now();
	ns = ns > 0 ? ns : 0;
#ifdef SYS_epoll_pwait2
	if (!ep.no_ns) {
		struct timespec limit = {ns / WEFT_SEC, ns % WEFT_SEC};
		int n = (int)syscall(
			    SYS_epoll_pwait2, ep.fd, ep.events, BATCH, &limit, NULL, (size_t)0),
		    e;

		if (n >= 0 || ((e = weft__errno()) != ENOSYS && e != EPERM))
			return n;
		ep.no_ns = true;
	}
#endif
	return epoll_wait(ep.fd, ep.events, BATCH, to_ms(ns));
}

static unsigned meaning(uint32_t events)
{
	unsigned can = 0;

	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLHUP | EPOLLERR))
		can |= WEFT__IO_CAN_IN;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		can |= WEFT__IO_CAN_OUT;
	if (events & (EPOLLRDHUP | EPOLLPRI | EPOLLHUP | EPOLLERR))
		can |= WEFT__IO_ODD;
	return can;
}

static void wait_for_events(int64_t until, struct weft__found *found)
{
	bool sleeps = until != WEFT_NOW;
	int n;

	if (sleeps)
		weft__alone_go();
	n = fetch(until); /* negative: a signal */
	if (sleeps)
		weft__alone_come();
	weft__poller_acquire();
	for (int i = 0; i < n; i++) {
		if (ep.events[i].data.ptr)
			weft__io_event(ep.events[i].data.ptr, meaning(ep.events[i].events), found);
	}
}

static void interrupt(void)
{
	/* Cannot fail: the counter holds as many interrupts as 2^64. */
	(void)eventfd_write(ep.wake_fd, 1);
}

const struct weft__poller_ops weft__poller_epoll = {.start = start,
	.stop = stop,
	.add = add,
	.remove = drop,
	.wait = wait_for_events,
	.interrupt = interrupt};
