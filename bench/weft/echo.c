/* SPDX-License-Identifier: MIT
 *
 * echo: accepts n connections, echoes on each until it is closed, and ends. ../echo/client.c talks
 * to it.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>

#include "bench.h"

struct peer {
	struct weft_io *io;
	struct weft_waitgroup *done;
};

static void echo(struct peer *p)
{
	char buf[2048];
	ssize_t n;

	while ((n = weft_io_read(p->io, buf, sizeof(buf))) > 0)
		if (weft_io_write_all(p->io, buf, (size_t)n) < 0)
			break;
	weft_io_close(p->io);
	weft_waitgroup_done(p->done);
}

/* A listening socket on a free port, which it prints; NULL if there is none to be had. */
static struct weft_io *listen_anywhere(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(at);
	struct weft_io *listener;

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) < 0 || listen(fd, 128) < 0 ||
		getsockname(fd, (struct sockaddr *)&at, &len) < 0 ||
		weft_io_open(fd, &listener) < 0)
		return NULL;
	printf("{\"port\": %d}\n", ntohs(at.sin_port));
	fflush(stdout);
	return listener;
}

static struct weft_io *accept_one(struct weft_io *listener)
{
	struct weft_io *io;
	int fd, on = 1;

	if (weft_io_wait(listener, WEFT_IO_IN) < 0)
		return NULL;
	fd = accept(weft_io_fd(listener), NULL, NULL);
	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
		weft_io_open(fd, &io) < 0)
		return NULL;
	return io;
}

static int run_echo(long n, long size)
{
	struct weft_io *listener = listen_anywhere();
	struct weft_waitgroup done = {0};
	struct peer p = {.done = &done};
	long i;

	if (!listener)
		return 1;
	bench_start();
	for (i = 0; i < n; i++) {
		p.io = accept_one(listener);
		if (!p.io)
			return 1;
		weft_waitgroup_add(&done, 1);
		weft_go_copy(echo, &p);
	}
	weft_waitgroup_wait(&done);
	bench_stop();
	weft_io_close(listener);
	return 0;
}

const struct bench_row bench_echo_rows[] = {{"echo", run_echo, 1}, {0}};
