/* SPDX-License-Identifier: MIT
 *
 * Failures made to order: the Nth call of a kind, in libweft or in the test, fails as the system
 * might make it fail, and is not made. By the linker (--wrap, tests/meson.build), so calls inside
 * of libc go their way undisturbed.
 */
#ifndef WEFT_TESTS_FAULT_H
#define WEFT_TESTS_FAULT_H

#include <stdbool.h>

enum fault {
	FAULT_ALLOC, /* malloc, calloc, realloc, aligned_alloc, strdup */
	FAULT_MMAP,
	FAULT_MADVISE,
	FAULT_MPROTECT,
	FAULT_THREAD, /* pthread_create: returns its error */
	FAULT_EPOLL_CREATE,
	FAULT_EPOLL_CTL,
	FAULT_EPOLL_WAIT,
	FAULT_EVENTFD,
	FAULT_POLL,
	FAULT_SOCKET,
	FAULT_BIND,
	FAULT_LISTEN,
	FAULT_CONNECT,
	FAULT_ACCEPT,
	FAULT_READ,  /* read, readv, recv, recvfrom */
	FAULT_WRITE, /* write, writev, send, sendmsg, sendto */
	FAULT_KINDS
};

/* Counts from 0 from now on, in all threads, and has the nth call of `kind` fail. 0: none. */
void fault_begin(enum fault kind, long nth, int error);
void fault_end(void);

/* Of the last count. */
long fault_calls(enum fault kind);
bool fault_happened(void);

/* Blocks of memory that were allocated (and not freed) by such calls. */
long fault_blocks(void);

/*
 * While it is on, reads give at most 3 bytes and writes take at most 5, and each first try of a
 * read, a write, an accept or a wait for events is interrupted.
 */
void fault_hardship(bool on);

const char *fault_name(enum fault kind);

#endif
