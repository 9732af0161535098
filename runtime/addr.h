/* SPDX-License-Identifier: MIT
 *
 * Addresses as text, "tcp:host:port", and what the system wants instead.
 */
#ifndef WEFT_RUNTIME_ADDR_H
#define WEFT_RUNTIME_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "runtime/include/weft.h"

enum weft__net { WEFT__TCP, WEFT__UDP, WEFT__UNIX };

/* A struct weft_addr, seen from inside. */
struct weft__addr {
	uint32_t net; /* enum weft__net */
	socklen_t len;
	struct sockaddr_storage sa;
};

#define WEFT__ADDRS_MOST 8

/* All that a text stands for, in the order in which they should be tried. */
struct weft__addrs {
	int count;
	struct weft__addr list[WEFT__ADDRS_MOST];
};

/*
 * On success the caller frees *ret_addrs. An empty host is every address of this machine
 * (`listen`), or its loopback. Waits for a helper thread if there is a name to be looked up.
 */
int weft__addrs_find(const char *text, bool listen, int64_t until, struct weft__addrs **ret_addrs);

/* As the system gave it. */
void weft__addr_set(struct weft_addr *addr, enum weft__net net, const void *sa, socklen_t len);

#endif
