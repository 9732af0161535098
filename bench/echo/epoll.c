/* SPDX-License-Identifier: MIT
 *
 * What an echo server costs at least: "echo-epoll echo CONNECTIONS" accepts so many connections,
 * echoes on each until it is closed, and ends. One thread, a bare epoll loop, no buffers of its
 * own. It prints its port as JSON first, and its CPU time when it ends, as the servers in weft and
 * Go do.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 1024

static void die(const char *what)
{
	fprintf(stderr, "echo-epoll: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int listen_anywhere(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) < 0 || listen(fd, 128) < 0 ||
		getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		die("listen");
	printf("{\"port\": %d}\n", ntohs(at.sin_port));
	fflush(stdout);
	return fd;
}

static void accept_one(int poller, int listener)
{
	struct epoll_event e = {.events = EPOLLIN};
	int on = 1;

	e.data.fd = accept(listener, NULL, NULL);
	if (e.data.fd < 0 || setsockopt(e.data.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
		epoll_ctl(poller, EPOLL_CTL_ADD, e.data.fd, &e) < 0)
		die("accept");
}

/* False when the client has closed. */
static int echo(int fd)
{
	char buf[2048];
	ssize_t n = recv(fd, buf, sizeof(buf), 0);

	if (n <= 0) {
		close(fd);
		return 0;
	}
	/* One small message is under way at a time: it always fits */
	if (send(fd, buf, (size_t)n, MSG_NOSIGNAL) != n)
		die("send");
	return 1;
}

int main(int argc, char **argv)
{
	struct epoll_event events[EVENTS_MAX];
	int poller = epoll_create1(0), left = argc == 3 ? atoi(argv[2]) : 0, listener, ready, i;
	struct timespec t;

	if (poller < 0 || left < 1)
		die("usage: echo-epoll echo CONNECTIONS");
	listener = listen_anywhere();
	for (i = 0; i < left; i++)
		accept_one(poller, listener);
	while (left > 0) {
		ready = epoll_wait(poller, events, EVENTS_MAX, -1);
		for (i = 0; i < ready; i++)
			left -= !echo(events[i].data.fd);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	printf("{\"row\": \"echo\", \"cpu_s\": %.6f}\n",
		(double)t.tv_sec + (double)t.tv_nsec / 1e9);
	return 0;
}
