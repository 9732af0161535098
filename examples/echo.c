/* SPDX-License-Identifier: MIT
 *
 * echo: a server that sends back what it gets, a coroutine for each connection, and clients that
 * talk to it.
 *
 *	echo			both, on a free port
 *	echo serve ADDRESS	the server alone, for ever: echo serve tcp::7777
 *	echo call ADDRESS	the clients alone
 *
 * --clients of them send --rounds lines each.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft.h>

#include "options.h"

struct client {
	const char *address;
	int number, rounds;
	struct weft_waitgroup *group;
};

static void die(const char *what, int error)
{
	fprintf(stderr, "echo: %s: %s\n", what, strerror(-error));
	exit(1);
}

static void echo(struct weft_io *io)
{
	char buf[4096];
	ssize_t n;

	while ((n = weft_io_read(io, buf, sizeof(buf))) > 0)
		if (weft_io_write_all(io, buf, (size_t)n) < 0)
			break;
	weft_io_close(io);
}

static void serve(struct weft_io *listener)
{
	struct weft_io *io;
	int r;

	while ((r = weft_accept(listener, &io)) != -EBADF)
		if (r == 0)
			weft_go(echo, io);
	weft_io_unref(listener);
}

static void call(struct client *c)
{
	char line[64], answer[64];
	struct weft_io *io;
	int r;

	weft_set_name("client %d", c->number);
	r = weft_dial(c->address, &io);
	if (r < 0)
		die(c->address, r);
	for (int i = 0; i < c->rounds; i++) {
		int n = snprintf(line, sizeof(line), "client %d, line %d\n", c->number, i);

		r = weft_io_write_all(io, line, (size_t)n);
		if (r < 0 || weft_io_read_full(io, answer, (size_t)n) != n ||
			memcmp(line, answer, (size_t)n) != 0)
			die("no echo", r < 0 ? r : -EIO);
	}
	weft_io_close(io);
	weft_waitgroup_done(c->group);
}

static int app(int argc, char **argv)
{
	bool alone = argc > 2 && argv[1][0] != '-';
	const char *what = alone ? argv[1] : "both", *address = alone ? argv[2] : "tcp:127.0.0.1:0";
	char text[WEFT_ADDR_TEXT];
	struct weft_waitgroup group = {0};
	struct weft_io *listener = NULL;
	struct weft_addr here;
	int r;

	if (alone) {
		argc -= 2;
		argv += 2;
		argv[0] = argv[-2];
	}
	options_only(argc, argv, "--clients --rounds");
	int clients = (int)option(argc, argv, "--clients", 3, 1, 10000);
	int rounds = (int)option(argc, argv, "--rounds", 4, 0, 1000000);

	if (strcmp(what, "call") != 0) {
		r = weft_listen(address, &listener);
		if (r < 0)
			die(address, r);
		weft_io_local(listener, &here);
		weft_addr_text(&here, text, sizeof(text));
		address = text;
		if (alone)
			serve(listener); /* until somebody ends the program */
		weft_go(serve, weft_io_ref(listener));
	}
	weft_waitgroup_add(&group, clients);
	for (int i = 1; i <= clients; i++)
		weft_go_copy(call, &(struct client){address, i, rounds, &group});
	weft_waitgroup_wait(&group);
	printf("%d lines came back\n", clients * rounds);
	weft_io_close(listener);
	return 0;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
