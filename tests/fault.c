/* SPDX-License-Identifier: MIT */
#include "tests/fault.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define READ_MOST 3
#define WRITE_MOST 5

static struct {
	_Atomic long calls[FAULT_KINDS];
	atomic_int kind; /* -1: none */
	atomic_long nth;
	atomic_int error;
	atomic_bool counting, happened, hardship;
	atomic_uint tries;
	atomic_long blocks;
} faults = {.kind = -1};

void fault_begin(enum fault kind, long nth, int error)
{
	for (int i = 0; i < FAULT_KINDS; i++)
		atomic_store(&faults.calls[i], 0);
	atomic_store(&faults.happened, false);
	atomic_store(&faults.error, error);
	atomic_store(&faults.nth, nth);
	atomic_store(&faults.kind, nth > 0 ? (int)kind : -1);
	atomic_store(&faults.counting, true);
}

void fault_end(void)
{
	atomic_store(&faults.counting, false);
}

long fault_calls(enum fault kind)
{
	return atomic_load(&faults.calls[kind]);
}

bool fault_happened(void)
{
	return atomic_load(&faults.happened);
}

void fault_hardship(bool on)
{
	atomic_store(&faults.hardship, on);
}

long fault_blocks(void)
{
	return atomic_load(&faults.blocks);
}

const char *fault_name(enum fault kind)
{
	static const char *const names[FAULT_KINDS] = {"alloc", "mmap", "madvise", "mprotect",
		"thread", "epoll_create", "epoll_ctl", "epoll_wait", "eventfd", "poll", "socket",
		"bind", "listen", "connect", "accept", "read", "write"};

	return names[kind];
}

/* 0, or the error with which the call has to fail. */
static int fails(enum fault kind)
{
	if (!atomic_load(&faults.counting))
		return 0;
	if (atomic_fetch_add(&faults.calls[kind], 1) + 1 != atomic_load(&faults.nth) ||
		atomic_load(&faults.kind) != (int)kind)
		return 0;
	atomic_store(&faults.happened, true);
	return atomic_load(&faults.error);
}

/* The same by errno, for calls that may also be interrupted. */
static bool fails_now(enum fault kind)
{
	int error = fails(kind);

	if (error == 0 && atomic_load(&faults.hardship) &&
		atomic_fetch_add(&faults.tries, 1) % 2 == 0)
		error = EINTR;
	if (error)
		errno = error;
	return error != 0;
}

static size_t at_most(size_t n, size_t most)
{
	return atomic_load(&faults.hardship) && n > most ? most : n;
}

/* The library takes it that a TCP socket which gave less than was asked for is empty, as epoll(7)
 * says. */
static size_t at_most_received(int fd, size_t n)
{
	int domain = AF_INET;
	socklen_t len = sizeof(domain);

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	return domain == AF_UNIX ? at_most(n, READ_MOST) : n;
}

/* A list cut down to its first piece, of at most `most` bytes. */
static struct iovec first_piece(const struct iovec *list, size_t n, size_t most)
{
	size_t i = 0;

	while (i + 1 < n && list[i].iov_len == 0)
		i++;
	return (struct iovec){list[i].iov_base, at_most(list[i].iov_len, most)};
}

/* WRAP(type, name, (parameters)): what calls come to, and what it stands for. */
#define WRAP(type, name, ...)            \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)

#define FAIL_AS(kind, value)              \
	do {                              \
		int error_ = fails(kind); \
		if (error_) {             \
			errno = error_;   \
			return value;     \
		}                         \
	} while (0)

/* ---- Memory and threads ---------------------------------------------------------------------- */

static void *counted(void *block)
{
	if (block)
		atomic_fetch_add(&faults.blocks, 1);
	return block;
}

WRAP(void *, malloc, size_t bytes)
{
	FAIL_AS(FAULT_ALLOC, NULL);
	return counted(__real_malloc(bytes));
}

WRAP(void *, calloc, size_t n, size_t bytes)
{
	FAIL_AS(FAULT_ALLOC, NULL);
	return counted(__real_calloc(n, bytes));
}

WRAP(void *, realloc, void *p, size_t bytes)
{
	FAIL_AS(FAULT_ALLOC, NULL);
	return p ? __real_realloc(p, bytes) : counted(__real_realloc(p, bytes));
}

WRAP(void *, aligned_alloc, size_t alignment, size_t bytes)
{
	FAIL_AS(FAULT_ALLOC, NULL);
	return counted(__real_aligned_alloc(alignment, bytes));
}

WRAP(char *, strdup, const char *s)
{
	FAIL_AS(FAULT_ALLOC, NULL);
	return counted(__real_strdup(s));
}

WRAP(void, free, void *p)
{
	if (p)
		atomic_fetch_sub(&faults.blocks, 1);
	__real_free(p);
}

WRAP(void *, mmap, void *addr, size_t bytes, int prot, int flags, int fd, off_t offset)
{
	FAIL_AS(FAULT_MMAP, MAP_FAILED);
	return __real_mmap(addr, bytes, prot, flags, fd, offset);
}

/* What mmap is called where offsets have 64 bits by choice. */
WRAP(void *, mmap64, void *addr, size_t bytes, int prot, int flags, int fd, off_t offset)
{
	FAIL_AS(FAULT_MMAP, MAP_FAILED);
	return __real_mmap(addr, bytes, prot, flags, fd, offset);
}

WRAP(int, madvise, void *addr, size_t bytes, int advice)
{
	FAIL_AS(FAULT_MADVISE, -1);
	return __real_madvise(addr, bytes, advice);
}

WRAP(int, mprotect, void *addr, size_t bytes, int prot)
{
	FAIL_AS(FAULT_MPROTECT, -1);
	return __real_mprotect(addr, bytes, prot);
}

WRAP(int, pthread_create, pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
	void *arg)
{
	int error = fails(FAULT_THREAD);

	return error ? error : __real_pthread_create(thread, attr, fn, arg);
}

/* ---- The poller ------------------------------------------------------------------------------ */

WRAP(int, epoll_create1, int flags)
{
	FAIL_AS(FAULT_EPOLL_CREATE, -1);
	return __real_epoll_create1(flags);
}

WRAP(int, epoll_ctl, int epfd, int op, int fd, struct epoll_event *event)
{
	if (op == EPOLL_CTL_ADD)
		FAIL_AS(FAULT_EPOLL_CTL, -1);
	return __real_epoll_ctl(epfd, op, fd, event);
}

WRAP(int, epoll_wait, int epfd, struct epoll_event *events, int most, int timeout)
{
	if (fails_now(FAULT_EPOLL_WAIT))
		return -1;
	return __real_epoll_wait(epfd, events, most, timeout);
}

WRAP(int, eventfd, unsigned value, int flags)
{
	FAIL_AS(FAULT_EVENTFD, -1);
	return __real_eventfd(value, flags);
}

WRAP(int, poll, struct pollfd *fds, nfds_t n, int timeout)
{
	if (fails_now(FAULT_POLL))
		return -1;
	return __real_poll(fds, n, timeout);
}

WRAP(int, ppoll, struct pollfd *fds, nfds_t n, const struct timespec *limit, const sigset_t *mask)
{
	if (fails_now(FAULT_POLL))
		return -1;
	return __real_ppoll(fds, n, limit, mask);
}

/* What glibc has no name for. */
WRAP(long, syscall, long number, ...)
{
	long a[6];
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
#ifdef SYS_epoll_pwait2
	if (number == SYS_epoll_pwait2 && fails_now(FAULT_EPOLL_WAIT))
		return -1;
#endif
#ifdef SYS_process_madvise
	if (number == SYS_process_madvise)
		FAIL_AS(FAULT_MADVISE, -1);
#endif
	return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* ---- Sockets --------------------------------------------------------------------------------- */

WRAP(int, socket, int domain, int type, int protocol)
{
	FAIL_AS(FAULT_SOCKET, -1);
	return __real_socket(domain, type, protocol);
}

WRAP(int, bind, int fd, const struct sockaddr *sa, socklen_t len)
{
	FAIL_AS(FAULT_BIND, -1);
	return __real_bind(fd, sa, len);
}

WRAP(int, listen, int fd, int backlog)
{
	FAIL_AS(FAULT_LISTEN, -1);
	return __real_listen(fd, backlog);
}

WRAP(int, connect, int fd, const struct sockaddr *sa, socklen_t len)
{
	int error = fails(FAULT_CONNECT);

	/* One that is interrupted goes on all the same. */
	if (!error || error == EINTR) {
		int r = __real_connect(fd, sa, len);

		if (!error)
			return r;
	}
	errno = error;
	return -1;
}

WRAP(int, accept4, int fd, struct sockaddr *sa, socklen_t *len, int flags)
{
	if (fails_now(FAULT_ACCEPT))
		return -1;
	return __real_accept4(fd, sa, len, flags);
}

/* ---- Reading and writing --------------------------------------------------------------------- */

WRAP(ssize_t, read, int fd, void *buf, size_t n)
{
	if (fails_now(FAULT_READ))
		return -1;
	return __real_read(fd, buf, at_most(n, READ_MOST));
}

WRAP(ssize_t, recv, int fd, void *buf, size_t n, int flags)
{
	if (fails_now(FAULT_READ))
		return -1;
	return __real_recv(fd, buf, at_most_received(fd, n), flags);
}

WRAP(ssize_t, recvfrom, int fd, void *buf, size_t n, int flags, struct sockaddr *sa, socklen_t *len)
{
	if (fails_now(FAULT_READ))
		return -1;
	return __real_recvfrom(fd, buf, n, flags, sa, len);
}

WRAP(ssize_t, readv, int fd, const struct iovec *list, int n)
{
	struct iovec piece;

	if (fails_now(FAULT_READ))
		return -1;
	if (!atomic_load(&faults.hardship))
		return __real_readv(fd, list, n);
	piece = first_piece(list, (size_t)n, READ_MOST);
	return __real_readv(fd, &piece, 1);
}

WRAP(ssize_t, write, int fd, const void *buf, size_t n)
{
	if (fd == STDOUT_FILENO || fd == STDERR_FILENO)
		return __real_write(fd, buf, n);
	if (fails_now(FAULT_WRITE))
		return -1;
	return __real_write(fd, buf, at_most(n, WRITE_MOST));
}

WRAP(ssize_t, send, int fd, const void *buf, size_t n, int flags)
{
	if (fails_now(FAULT_WRITE))
		return -1;
	return __real_send(fd, buf, at_most(n, WRITE_MOST), flags);
}

WRAP(ssize_t, sendto, int fd, const void *buf, size_t n, int flags, const struct sockaddr *sa,
	socklen_t len)
{
	if (fails_now(FAULT_WRITE))
		return -1;
	return __real_sendto(fd, buf, n, flags, sa, len);
}

WRAP(ssize_t, writev, int fd, const struct iovec *list, int n)
{
	struct iovec piece;

	if (fails_now(FAULT_WRITE))
		return -1;
	if (!atomic_load(&faults.hardship))
		return __real_writev(fd, list, n);
	piece = first_piece(list, (size_t)n, WRITE_MOST);
	return __real_writev(fd, &piece, 1);
}

WRAP(ssize_t, sendmsg, int fd, const struct msghdr *msg, int flags)
{
	struct msghdr less = *msg;
	struct iovec piece;

	if (fails_now(FAULT_WRITE))
		return -1;
	if (atomic_load(&faults.hardship) && msg->msg_iovlen > 0) {
		piece = first_piece(msg->msg_iov, msg->msg_iovlen, WRITE_MOST);
		less.msg_iov = &piece;
		less.msg_iovlen = 1;
	}
	return __real_sendmsg(fd, &less, flags);
}
