/* SPDX-License-Identifier: MIT
 *
 * Sockets: TCP, Unix and UDP on this machine, what peers may do wrong, and many of them.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "tests/coro.h"
#include "tests/names.h"

WEFT_CHAN(long_chan, long)

static struct weft_io *listening(const char *at, char *ret_text)
{
	struct weft_io *io = NULL;
	struct weft_addr addr;

	CHECK_INT(weft_listen(at, &io), 0);
	CHECK_INT(weft_io_local(io, &addr), 0);
	CHECK_INT(weft_addr_text(&addr, ret_text, WEFT_ADDR_TEXT), 0);
	return io;
}

static struct weft_io *dialed(const char *to)
{
	struct weft_io *io = NULL;

	CHECK_INT(weft_dial(to, &io), 0);
	return io;
}

static struct weft_io *accepted(struct weft_io *listener)
{
	struct weft_io *io = NULL;

	CHECK_INT(weft_accept(listener, &io), 0);
	return io;
}

/* ---- A server that others talk to -------------------------------------------------------------
 */

static void echo(struct weft_io *io)
{
	char buf[4096];
	ssize_t n;

	while ((n = weft_io_read(io, buf, sizeof(buf))) > 0) {
		if (weft_io_write_all(io, buf, (size_t)n) < 0)
			break;
	}
	weft_io_close(io);
}

static void serve(struct weft_io *listener)
{
	struct weft_io *io;
	int r;

	while ((r = weft_accept(listener, &io)) == 0)
		weft_go(echo, io);
	CHECK_INT(r, -EBADF);
	weft_io_unref(listener);
}

static struct weft_io *start_server(const char *at, char *ret_text)
{
	struct weft_io *listener = listening(at, ret_text);

	weft_go(serve, weft_io_ref(listener));
	return listener;
}

static void ask(struct weft_io *io, uint64_t n)
{
	uint64_t answer = 0;

	CHECK_INT(weft_io_write_all(io, &n, 8), 0);
	CHECK_INT(weft_io_read_full(io, &answer, 8), 8);
	CHECK_INT(answer, n);
}

static void talk_to(const char *at)
{
	char text[WEFT_ADDR_TEXT];
	struct weft_io *listener = start_server(at, text), *io = dialed(text);

	for (uint64_t i = 0; i < 100; i++)
		ask(io, i);
	/* Half-closed: the echo of the rest comes, then its end. */
	CHECK_INT(weft_io_write_all(io, "rest", 4), 0);
	CHECK_INT(weft_io_shutdown(io, SHUT_WR), 0);
	char buf[8];
	CHECK_INT(weft_io_read_full(io, buf, 8), 4);
	weft_io_close(io);
	weft_io_close(listener);
}

CO_TEST_POLLERS(tcp_over_ipv4)
{
	talk_to("tcp:127.0.0.1:0");
}

CO_TEST_POLLERS(tcp_over_ipv6)
{
	struct weft_io *io;
	int r = weft_listen("tcp:[::1]:0", &io);

	if (r == -EADDRNOTAVAIL || r == -EAFNOSUPPORT)
		test_skip("no IPv6 here");
	CHECK_INT(r, 0);
	weft_io_close(io);
	talk_to("tcp:[::1]:0");
}

CO_TEST_POLLERS(tcp_by_name)
{
	need_names("localhost", NULL);
	talk_to("tcp:localhost:0");
}

CO_TEST_POLLERS(unix_in_the_abstract_namespace)
{
	char name[64];

	snprintf(name, sizeof(name), "unix:@weft-test-%d", (int)getpid());
	talk_to(name);
}

CO_TEST_POLLERS(unix_at_a_path)
{
	char name[64];

	snprintf(name, sizeof(name), "unix:/tmp/weft-test-%d", (int)getpid());
	unlink(name + 5);
	talk_to(name);
	struct weft_io *io;
	CHECK_INT(weft_listen(name, &io), -EADDRINUSE);
	unlink(name + 5);
	CHECK_INT(weft_dial(name, &io), -ENOENT);
}

/* A listener without a host takes what comes by either protocol. */
CO_TEST_POLLERS(a_listener_on_all_addresses)
{
	char text[WEFT_ADDR_TEXT], to[64];
	struct weft_io *listener = start_server("tcp::0", text), *io;
	const char *port = strrchr(text, ':') + 1;

	snprintf(to, sizeof(to), "tcp:127.0.0.1:%s", port);
	io = dialed(to);
	ask(io, 1);
	weft_io_close(io);
	snprintf(to, sizeof(to), "tcp::%s", port);
	io = dialed(to);
	ask(io, 2);
	weft_io_close(io);
	weft_io_close(listener);
}

static int option(struct weft_io *io, int level, int name)
{
	socklen_t len = sizeof(int);
	int value = -1;

	CHECK_INT(getsockopt(weft_io_fd(io), level, name, &value, &len), 0);
	return value;
}

CO_TEST_POLLERS(sockets_are_set_up_as_promised)
{
	char text[WEFT_ADDR_TEXT];
	struct weft_io *listener = listening("tcp:127.0.0.1:0", text), *a = dialed(text),
		       *b = accepted(listener);

	CHECK_INT(option(a, IPPROTO_TCP, TCP_NODELAY), 1);
	CHECK_INT(option(b, IPPROTO_TCP, TCP_NODELAY), 1);
	CHECK_INT(option(listener, SOL_SOCKET, SO_REUSEADDR), 1);
	struct weft_io *all[] = {listener, a, b};
	for (int i = 0; i < 3; i++) {
		CHECK(fcntl(weft_io_fd(all[i]), F_GETFD) & FD_CLOEXEC);
		CHECK(fcntl(weft_io_fd(all[i]), F_GETFL) & O_NONBLOCK);
		weft_io_close(all[i]);
	}
}

CO_TEST_POLLERS(both_ends_know_each_other)
{
	char text[WEFT_ADDR_TEXT], here[WEFT_ADDR_TEXT], there[WEFT_ADDR_TEXT];
	struct weft_io *listener = listening("tcp:127.0.0.1:0", text), *a = dialed(text),
		       *b = accepted(listener);
	struct weft_addr addr;

	CHECK_INT(weft_io_local(a, &addr), 0);
	CHECK_INT(weft_addr_text(&addr, here, sizeof(here)), 0);
	CHECK_INT(weft_io_peer(b, &addr), 0);
	CHECK_INT(weft_addr_text(&addr, there, sizeof(there)), 0);
	CHECK_STR(there, here);
	CHECK_INT(weft_io_peer(a, &addr), 0);
	CHECK_INT(weft_addr_text(&addr, there, sizeof(there)), 0);
	CHECK_STR(there, text);
	CHECK_INT(weft_io_peer(listener, &addr), -ENOTCONN);
	weft_io_close(a);
	weft_io_close(b);
	weft_io_close(listener);
}

/* ---- Addresses --------------------------------------------------------------------------------
 */

static const char *round_trip(const char *text)
{
	static char again[WEFT_ADDR_TEXT];
	struct weft_addr addr;

	CHECK_INT(weft_addr_find(text, &addr), 0);
	CHECK_INT(weft_addr_text(&addr, again, sizeof(again)), 0);
	return again;
}

CO_TEST(addresses_are_read_and_written)
{
	static const char *const same[] = {"tcp:192.0.2.1:80", "udp:192.0.2.1:65535",
		"tcp:[2001:db8::1]:443", "tcp:[fe80::1%3]:1", "unix:/run/x", "unix:@name"};
	struct weft_addr addr;
	char text[8];

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		CHECK_STR(round_trip(same[i]), same[i]);
	CHECK_STR(round_trip("tcp::80"), "tcp:127.0.0.1:80");
	CHECK_INT(weft_addr_find("tcp:192.0.2.1:80", &addr), 0);
	CHECK_INT(weft_addr_text(&addr, text, sizeof(text)), -ENOSPC);
}

CO_TEST(a_service_goes_by_its_name)
{
	need_names(NULL, "http");
	CHECK_STR(round_trip("tcp:127.0.0.1:http"), "tcp:127.0.0.1:80");
}

CO_TEST(bad_addresses_are_refused)
{
	static const char *const bad[] = {"", "tcp", "tcp:", "tcp:host", "tcp:host:", "tcp:::1:80",
		"tcp:[::1:80", "tcp:[]:", "sctp:host:80", "unix:", "/run/x", "tcp:127.0.0.1:65536",
		"udp::65616", "tcp:localhost:4294967376", "tcp:127.0.0.1:-1", "tcp:127.0.0.1:+80",
		"tcp:127.0.0.1: 80"};
	struct weft_addr addr;
	char longest[400];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(weft_addr_find(bad[i], &addr), -EINVAL);
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "tcp:", 4);
	memcpy(longest + sizeof(longest) - 4, ":80", 4);
	CHECK_INT(weft_addr_find(longest, &addr), -ENAMETOOLONG);
	memset(longest, '/', sizeof(longest));
	memcpy(longest, "unix:", 5);
	longest[sizeof(longest) - 1] = '\0';
	CHECK_INT(weft_addr_find(longest, &addr), -ENAMETOOLONG);
	CHECK_INT(weft_addr_find("tcp:127.0.0.1:no-such-service", &addr), -ENOENT);
	CHECK_INT(weft_addr_find_until("tcp:localhost:80", &addr, WEFT_NOW), -EAGAIN);
}

/* ---- Datagrams --------------------------------------------------------------------------------
 */

CO_TEST_POLLERS(datagrams_come_from_somewhere)
{
	char text[WEFT_ADDR_TEXT], from_text[WEFT_ADDR_TEXT], client_text[WEFT_ADDR_TEXT], buf[16];
	struct weft_io *server = listening("udp:127.0.0.1:0", text), *client = NULL;
	struct weft_addr to, from;

	CHECK_INT(weft_listen("udp:127.0.0.1:0", &client), 0);
	CHECK_INT(weft_addr_find(text, &to), 0);
	CHECK_INT(weft_recvfrom_until(server, buf, sizeof(buf), &from, WEFT_NOW), -EAGAIN);
	CHECK_INT(weft_sendto(client, "question", 8, &to), 8);
	CHECK_INT(weft_recvfrom(server, buf, sizeof(buf), &from), 8);
	CHECK(memcmp(buf, "question", 8) == 0);
	CHECK_INT(weft_io_local(client, &to), 0);
	CHECK_INT(weft_addr_text(&to, client_text, sizeof(client_text)), 0);
	CHECK_INT(weft_addr_text(&from, from_text, sizeof(from_text)), 0);
	CHECK_STR(from_text, client_text);
	CHECK_INT(weft_sendto(server, "answer", 6, &from), 6);
	CHECK_INT(weft_recvfrom(client, buf, 3, NULL), 3); /* the rest is lost */
	CHECK_INT(weft_recvfrom_until(client, buf, 3, NULL, weft_now() + WEFT_MS), -ETIMEDOUT);
	weft_io_close(client);
	/* A socket for one peer. */
	client = dialed(text);
	CHECK_INT(weft_io_write(client, "", 0), 0);
	CHECK_INT(weft_recvfrom(server, buf, sizeof(buf), &from), 0); /* an empty one */
	CHECK_INT(weft_sendto(server, "x", 1, &from), 1);
	CHECK_INT(weft_io_read(client, buf, sizeof(buf)), 1);
	weft_io_close(client);
	weft_io_close(server);
}

/* ---- What peers do ----------------------------------------------------------------------------
 */

CO_TEST_POLLERS(nobody_listens)
{
	char text[WEFT_ADDR_TEXT];
	struct weft_io *io = listening("tcp:127.0.0.1:0", text);

	weft_io_close(io);
	CHECK_INT(weft_dial(text, &io), -ECONNREFUSED);
	CHECK_INT(weft_dial_until(text, &io, weft_now() + TOLERANCE_NS), -ECONNREFUSED);
}

static void reset(struct weft_io *io)
{
	struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	CHECK_INT(setsockopt(weft_io_fd(io), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
	weft_io_close(io);
}

struct reader {
	struct weft_io *io;
	long_chan *result;
};

static void read_one(struct reader *r)
{
	char c;

	weft_send(r->result, weft_io_read(r->io, &c, 1));
}

CO_TEST_POLLERS(a_peer_resets)
{
	char text[WEFT_ADDR_TEXT];
	struct weft_io *listener = listening("tcp:127.0.0.1:0", text), *a = dialed(text),
		       *b = accepted(listener);
	struct reader r = {a, weft_make(long_chan, 0)};
	long n;

	/* While we wait. */
	weft_go(read_one, &r);
	until_waiting_at(a, 1);
	reset(b);
	weft_recv(r.result, &n);
	CHECK_INT(n, -ECONNRESET);
	CHECK_INT(weft_io_write(a, "x", 1), -EPIPE);
	weft_io_close(a);
	/* Before we look, with bytes that were never read. */
	a = dialed(text);
	b = accepted(listener);
	CHECK_INT(weft_io_write(b, "lost", 4), 4);
	reset(b);
	char buf[8];
	do {
		n = weft_io_read_until(a, buf, 8, weft_now() + TOLERANCE_NS);
	} while (n > 0);
	CHECK_INT(n, -ECONNRESET);
	weft_io_close(a);
	weft_unref(r.result);
	weft_io_close(listener);
}

/* A short read has told the handle that the socket is empty; the end still comes. */
CO_TEST_POLLERS(the_end_comes_behind_a_short_read)
{
	char text[WEFT_ADDR_TEXT], buf[64];
	struct weft_io *listener = listening("tcp:127.0.0.1:0", text);

	for (int i = 0; i < 100; i++) {
		struct weft_io *a = dialed(text), *b = accepted(listener);

		CHECK_INT(weft_io_write(b, "short", 5), 5);
		if (i % 3 == 0)
			weft_io_close(b);
		CHECK_INT(weft_io_read(a, buf, sizeof(buf)), 5);
		if (i % 3 == 1)
			weft_io_close(b);
		if (i % 3 == 2)
			CHECK_INT(weft_io_shutdown(b, SHUT_WR), 0);
		CHECK_INT(weft_io_read_until(a, buf, sizeof(buf), weft_now() + TOLERANCE_NS), 0);
		CHECK_INT(weft_io_read_until(a, buf, sizeof(buf), weft_now() + TOLERANCE_NS), 0);
		weft_io_close(a);
		if (i % 3 == 2)
			weft_io_close(b);
	}
	weft_io_close(listener);
}

/* A read ends at an urgent byte: then less than was asked for does not mean that there is no more.
 */
CO_TEST_POLLERS(urgent_data_does_not_hide_what_follows)
{
	char text[WEFT_ADDR_TEXT], buf[64];
	struct weft_io *listener = listening("tcp:127.0.0.1:0", text), *a = dialed(text),
		       *b = accepted(listener);
	size_t have = 0;

	for (int i = 0; i < 20; i++) {
		CHECK_INT(weft_io_write(b, "abc", 3), 3);
		CHECK_INT(send(weft_io_fd(b), "!", 1, MSG_OOB), 1);
		CHECK_INT(weft_io_write(b, "de", 2), 2);
		for (have = 0; have < 5;) {
			ssize_t n =
				weft_io_read_until(a, buf, sizeof(buf), weft_now() + TOLERANCE_NS);

			CHECK(n > 0);
			have += (size_t)n;
		}
		CHECK_INT(have, 5);
	}
	weft_io_close(a);
	weft_io_close(b);
	weft_io_close(listener);
}

CO_TEST_POLLERS(a_half_open_peer_is_cut_off_by_a_deadline)
{
	char text[WEFT_ADDR_TEXT];
	struct weft_io *listener = start_server("tcp:127.0.0.1:0", text), *io = dialed(text);
	char c;

	ask(io, 1);
	CHECK_INT(weft_io_read_until(io, &c, 1, weft_now() + 3 * WEFT_MS), -ETIMEDOUT);
	ask(io, 2);
	weft_io_close(io);
	weft_io_close(listener);
}

/* Its queue is full: of that there is no event, and the deadline comes all the same. */
CO_TEST_POLLERS(a_unix_listener_that_never_accepts)
{
	char name[64];
	struct weft_io *listener, *io, *made[8];
	int n = 0, r;

	snprintf(name, sizeof(name), "unix:@weft-full-%d", (int)getpid());
	CHECK_INT(weft_listen(name, &listener), 0);
	CHECK_INT(listen(weft_io_fd(listener), 2), 0);
	while ((r = weft_dial_until(name, &io, weft_now() + 5 * WEFT_MS)) == 0) {
		CHECK(n < 8);
		made[n++] = io;
	}
	CHECK_INT(r, -ETIMEDOUT);
	CHECK_INT(weft_dial_until(name, &io, WEFT_NOW), -EAGAIN);
	weft_io_close(accepted(listener));
	CHECK_INT(weft_dial_until(name, &io, weft_now() + TOLERANCE_NS), 0);
	weft_io_close(io);
	while (n > 0)
		weft_io_close(made[--n]);
	weft_io_close(listener);
}

CO_TEST_POLLERS(closing_a_listener_ends_its_server)
{
	char text[WEFT_ADDR_TEXT];
	struct weft_io *listener = start_server("tcp:127.0.0.1:0", text), *io;
	int r;

	until_waiting_at(listener, 1);
	weft_io_close(listener);
	/* poll(2) on another worker may hold on to it for a moment, and then reset who has come. */
	while ((r = weft_dial(text, &io)) == 0 || r == -ECONNRESET) {
		if (r == 0)
			weft_io_close(io);
	}
	CHECK_INT(r, -ECONNREFUSED);
}

CO_TEST(a_cancelled_scope_ends_waits_for_io)
{
	char text[WEFT_ADDR_TEXT];
	struct weft_io *listener = listening("tcp:127.0.0.1:0", text), *io = dialed(text);
	struct weft_scope *scope = weft_scope_make(NULL, WEFT_NEVER), *outer;
	struct reader r = {io, weft_make(long_chan, 1)}; /* who is cancelled cannot wait to send */
	long n;

	outer = weft_scope_enter(scope);
	weft_go(read_one, &r);
	weft_scope_leave(outer);
	until_waiting_at(io, 1);
	weft_scope_cancel(scope, "enough");
	weft_recv(r.result, &n);
	CHECK_INT(n, -ECANCELED);
	/* In a scope that has ended: what can be done at once is. */
	struct weft_io *other = accepted(listener);
	CHECK_INT(weft_io_write(other, "x", 1), 1);
	CHECK_INT(weft_io_wait(io, WEFT_IO_IN), 0);
	outer = weft_scope_enter(scope);
	char c;
	CHECK_INT(weft_io_read(io, &c, 1), 1);
	CHECK_INT(weft_io_read(io, &c, 1), -ECANCELED);
	CHECK_INT(weft_accept(listener, &io), -ECANCELED);
	CHECK_INT(weft_dial("tcp:localhost:1", &io), -ECANCELED);
	weft_scope_leave(outer);
	weft_scope_unref(scope);
	weft_unref(r.result);
	weft_io_close(r.io);
	weft_io_close(other);
	weft_io_close(listener);
}

/* ---- No descriptors left ----------------------------------------------------------------------
 */

#define FDS_MOST 64

static int fds_before, fds_used[FDS_MOST], nfds_used;

static void set_limit(void)
{
	struct rlimit limit;

	CHECK_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = FDS_MOST;
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (int fd = fds_before = 0; fd < FDS_MOST; fd++)
		fds_before += fcntl(fd, F_GETFD) >= 0;
}

/*
 * Uses descriptors up, all but `spare`; `ours` have been opened in the run. Others may be open for
 * a moment only: a starting thread looks into /proc in some builds.
 */
static void use_up(int ours, int spare)
{
	while (nfds_used < FDS_MOST - fds_before - ours - spare) {
		int fd = fcntl(0, F_DUPFD_CLOEXEC, 0);

		if (fd < 0)
			weft_yield();
		else
			fds_used[nfds_used++] = fd;
	}
}

static void give_back(void)
{
	while (nfds_used > 0)
		close(fds_used[--nfds_used]);
}

static int all_used_app(int argc, char **argv)
{
	char text[WEFT_ADDR_TEXT];
	struct weft_io *listener = listening("tcp:127.0.0.1:0", text), *a = dialed(text), *b;
	int64_t before;

	use_up(2 + argc, 0); /* and the poller's */
	before = weft_now();
	for (int i = 0; i < 3; i++)
		CHECK_INT(weft_accept(listener, &b), -EMFILE);
	CHECK(weft_now() - before >= 3 * 10 * WEFT_MS); /* no spinning */
	CHECK_INT(weft_accept_until(listener, &b, WEFT_NOW), -EMFILE);
	CHECK_INT(weft_dial(text, &b), -EMFILE);
	CHECK_INT(weft_listen("tcp:127.0.0.1:0", &b), -EMFILE);
	/* The connection is still there. */
	give_back();
	b = accepted(listener);
	CHECK_INT(weft_io_write(a, "x", 1), 1);
	char c;
	CHECK_INT(weft_io_read(b, &c, 1), 1);
	weft_io_close(a);
	weft_io_close(b);
	weft_io_close(listener);
	return 0;
}

TEST_WORKERS(accept_says_that_there_is_no_descriptor_left)
{
	set_limit();
	CHECK_INT(weft_run(all_used_app, 2, NULL), 0);
	setenv("WEFT_POLLER", "poll", 1);
	CHECK_INT(weft_run(all_used_app, 1, NULL), 0);
}

static int no_poller_app(int argc, char **argv)
{
	struct weft_io *io;

	/* A socket can be had, but no poller. */
	use_up(0, 1);
	CHECK_INT(weft_listen("tcp:127.0.0.1:0", &io), -EMFILE);
	give_back();
	CHECK_INT(weft_listen("tcp:127.0.0.1:0", &io), 0);
	weft_io_close(io);
	return 0;
}

TEST_WORKERS(no_descriptor_for_the_poller_is_an_error)
{
	set_limit();
	CHECK_INT(weft_run(no_poller_app, 0, NULL), 0);
	setenv("WEFT_POLLER", "poll", 1);
	CHECK_INT(weft_run(no_poller_app, 0, NULL), 0);
}

/* ---- Many -------------------------------------------------------------------------------------
 */

struct crowd {
	const char *to;
	long_chan *jobs;
	struct weft_waitgroup *group;
};

static void open_and_drop(struct crowd *c)
{
	long i;

	while (weft_recv(c->jobs, &i)) {
		struct weft_io *io = dialed(c->to);

		if (i % 2)
			ask(io, (uint64_t)i);
		if (i % 5 == 0)
			reset(io);
		else
			weft_io_close(io);
	}
	weft_waitgroup_done(c->group);
}

/* Some talk, some are dropped at once, some reset. Over Unix sockets: TCP's ports would run out. */
static void drop_connections(const char *at, long total)
{
	char text[WEFT_ADDR_TEXT];
	struct weft_io *listener = start_server(at, text);
	struct weft_waitgroup group = {0};
	struct crowd c = {text, weft_make(long_chan, 0), &group};

	weft_waitgroup_add(&group, 50);
	for (int i = 0; i < 50; i++)
		weft_go(open_and_drop, &c);
	for (long i = 0; i < total; i++)
		weft_send(c.jobs, i);
	weft_close(c.jobs);
	weft_waitgroup_wait(&group);
	weft_unref(c.jobs);
	weft_io_close(listener);
}

CO_TEST_LIMIT(ten_thousand_connections_opened_and_dropped, 60)
{
	char name[64];

	snprintf(name, sizeof(name), "unix:@weft-many-%d", (int)getpid());
	drop_connections(name, SANITIZED ? 1000 : 9000);
	drop_connections("tcp:127.0.0.1:0", SANITIZED ? 200 : 1000);
}

CO_TEST_POLLERS_LIMIT(hundreds_of_connections_opened_and_dropped, 60)
{
	drop_connections("tcp:127.0.0.1:0", 300);
}

struct client {
	struct weft_io *io;
	struct weft_waitgroup *group;
};

static void talk_a_little(struct client *c)
{
	for (uint64_t i = 0; i < 5; i++)
		ask(c->io, i);
	weft_waitgroup_done(c->group);
}

/* As many at the same time as the system allows, up to 3,000: each is two descriptors here. */
CO_TEST_LIMIT(thousands_of_connections_at_once, 60)
{
	char text[WEFT_ADDR_TEXT];
	struct weft_waitgroup group = {0};
	struct rlimit limit;
	long n = SANITIZED ? 300 : 3000;
	struct weft_io **all = calloc((size_t)n, sizeof(struct weft_io *));

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if ((rlim_t)(2 * n + 100) > limit.rlim_cur)
		n = ((long)limit.rlim_cur - 100) / 2;
	struct weft_io *listener = start_server("tcp:127.0.0.1:0", text);
	for (long i = 0; i < n; i++)
		all[i] = dialed(text);
	weft_waitgroup_add(&group, n);
	for (long i = 0; i < n; i++)
		weft_go_copy(talk_a_little, (&(struct client){all[i], &group}));
	weft_waitgroup_wait(&group);
	for (long i = 0; i < n; i++)
		weft_io_close(all[i]);
	weft_io_close(listener);
	free(all);
}

TEST_MAIN
