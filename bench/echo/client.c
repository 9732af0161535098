/* SPDX-License-Identifier: MIT
 *
 * The client of the echo row: "echo-client PORT CONNECTIONS N" keeps one message of 100 bytes under
 * way on each connection until N have come back, then closes. One thread, one epoll loop: the same
 * for every server, and no slower than the bare server in epoll.c.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_BYTES 100
#define CONNECTIONS_MAX 1024

struct connection {
	int fd;
	int got; /* bytes of the answer that is under way */
	int64_t sent_ns;
};

static struct connection connections[CONNECTIONS_MAX];
static char message[MESSAGE_BYTES];

static void die(const char *what)
{
	fprintf(stderr, "echo-client: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int dial(int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
		die("TCP_NODELAY");
	return fd;
}

static void ask(struct connection *c)
{
	c->got = 0;
	c->sent_ns = now_ns(CLOCK_MONOTONIC);
	/* 100 bytes always fit: the last answer has come before the next question goes */
	if (send(c->fd, message, MESSAGE_BYTES, MSG_NOSIGNAL) != MESSAGE_BYTES)
		die("send");
}

/* True when the whole answer has come. */
static int answered(struct connection *c)
{
	char buf[MESSAGE_BYTES];
	ssize_t n = recv(c->fd, buf, (size_t)(MESSAGE_BYTES - c->got), 0);

	if (n <= 0)
		die(n < 0 ? "recv" : "the server closed");
	if (memcmp(buf, message + c->got, (size_t)n) != 0) {
		fprintf(stderr, "echo-client: other bytes came back than were sent\n");
		exit(1);
	}
	c->got += (int)n;
	return c->got == MESSAGE_BYTES;
}

static int by_time(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	struct epoll_event events[CONNECTIONS_MAX];
	int poller = epoll_create1(0), port, count, i, ready;
	long n, done = 0, asked = 0;
	int64_t wall, cpu;
	int32_t *times;

	if (argc != 4 || poller < 0)
		die("usage: echo-client PORT CONNECTIONS N");
	port = atoi(argv[1]);
	count = atoi(argv[2]);
	n = atol(argv[3]);
	if (count < 1 || count > CONNECTIONS_MAX || n < 1)
		die("usage: 1 to 1024 connections, N at least 1");
	times = malloc((size_t)n * sizeof(*times));
	if (!times)
		die("out of memory");
	for (i = 0; i < MESSAGE_BYTES; i++)
		message[i] = (char)('a' + i % 26);
	for (i = 0; i < count; i++) {
		struct epoll_event e = {.events = EPOLLIN, .data.ptr = &connections[i]};

		connections[i].fd = dial(port);
		if (epoll_ctl(poller, EPOLL_CTL_ADD, connections[i].fd, &e) < 0)
			die("epoll_ctl");
	}
	wall = now_ns(CLOCK_MONOTONIC);
	cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	for (i = 0; i < count && asked < n; i++, asked++)
		ask(&connections[i]);
	while (done < n) {
		ready = epoll_wait(poller, events, CONNECTIONS_MAX, -1);
		if (ready < 0)
			die("epoll_wait");
		for (i = 0; i < ready; i++) {
			struct connection *c = events[i].data.ptr;

			if (!answered(c))
				continue;
			times[done++] = (int32_t)(now_ns(CLOCK_MONOTONIC) - c->sent_ns);
			if (asked < n) {
				ask(c);
				asked++;
			}
		}
	}
	wall = now_ns(CLOCK_MONOTONIC) - wall;
	cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	for (i = 0; i < count; i++)
		close(connections[i].fd);
	qsort(times, (size_t)n, sizeof(*times), by_time);
	printf("{\"row\": \"echo\", \"n\": %ld, \"size\": %d, \"wall_s\": %.6f, \"cpu_s\": %.6f, "
	       "\"ns\": %.3f, \"per_s\": %.1f, \"answer_p50\": %d, \"answer_p99\": %d}\n",
		n, count, (double)wall / 1e9, (double)cpu / 1e9, (double)wall / (double)n,
		(double)n * 1e9 / (double)wall, times[n / 2], times[n * 99 / 100]);
	free(times);
	return 0;
}
