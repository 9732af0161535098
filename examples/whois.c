/* SPDX-License-Identifier: MIT
 *
 * whois: questions and answers in datagrams, which may get lost: the server leaves each third
 * question unanswered the first time, so a client asks again if no answer comes for a while. An
 * answer that comes late, when it has been asked for twice, is known by its number.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft.h>

#include "options.h"

static const char *const names[] = {"Ada", "Ben", "Cem", "Dua", "Eli", "Fay"};
#define NAMES ((int)(sizeof(names) / sizeof(names[0])))

static void die(const char *what, ssize_t error)
{
	fprintf(stderr, "whois: %s: %s\n", what, strerror((int)-error));
	exit(1);
}

static void serve(struct weft_io *io)
{
	bool heard[NAMES] = {false};
	char text[64];
	struct weft_addr from;
	ssize_t n;

	while ((n = weft_recvfrom(io, text, sizeof(text) - 1, &from)) >= 0) {
		int number;

		text[n] = '\0';
		number = atoi(text);
		if (number < 0 || number >= NAMES)
			continue;
		if (number % 3 == 2 && !heard[number]) {
			heard[number] = true;
			continue;
		}
		n = snprintf(text, sizeof(text), "%d %s", number, names[number]);
		weft_sendto(io, text, (size_t)n, &from);
	}
	weft_io_unref(io);
}

/* Asks until the answer to this question comes; *ret_text is what stands behind the number. */
static void ask(struct weft_io *io, int number, int64_t patience, char *ret_text, size_t size)
{
	char question[16], answer[64];
	int64_t until = 0;

	for (;;) {
		ssize_t n;

		if (weft_now() >= until) {
			n = weft_io_write(io, question,
				(size_t)snprintf(question, sizeof(question), "%d", number));
			if (n < 0)
				die("ask", n);
			until = weft_now() + patience;
		}
		n = weft_io_read_until(io, answer, sizeof(answer) - 1, until);
		if (n == -ETIMEDOUT)
			continue;
		if (n < 0)
			die("listen", n);
		answer[n] = '\0';
		if (atoi(answer) == number && strchr(answer, ' ')) {
			snprintf(ret_text, size, "%s", strchr(answer, ' ') + 1);
			return;
		}
	}
}

static int app(int argc, char **argv)
{
	struct weft_io *server, *client;
	struct weft_addr where;
	char address[WEFT_ADDR_TEXT], name[64];
	long patience;
	int r;

	options_only(argc, argv, "--patience");
	patience = option(argc, argv, "--patience", 20, 1, 10000);
	r = weft_listen("udp:127.0.0.1:0", &server);
	if (r < 0)
		die("serve", r);
	weft_io_local(server, &where);
	weft_addr_text(&where, address, sizeof(address));
	weft_go(serve, weft_io_ref(server));
	r = weft_dial(address, &client);
	if (r < 0)
		die("dial", r);
	for (int i = 0; i < NAMES; i++) {
		ask(client, i, patience * WEFT_MS, name, sizeof(name));
		printf("%d is %s\n", i, name);
	}
	weft_io_close(client);
	weft_io_close(server);
	return 0;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
