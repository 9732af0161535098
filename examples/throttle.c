/* SPDX-License-Identifier: MIT
 *
 * throttle: --clients clients send --requests requests each to a service that takes --rate a
 * second, and --burst at once. They share one limiter and ask it before each request; nobody counts
 * anything.
 */
#include <weft.h>

#include "options.h"

WEFT_CHAN(request_chan, int)

struct client {
	request_chan *service;
	struct weft_limiter *limiter;
	int number, requests;
};

static void client(struct client *me)
{
	weft_set_name("client %d", me->number);
	for (int i = 0; i < me->requests; i++) {
		weft_limiter_wait(me->limiter, 1);
		weft_send(me->service, me->number);
	}
}

static int app(int argc, char **argv)
{
	options_only(argc, argv, "--clients --requests --rate --burst");
	int clients = (int)option(argc, argv, "--clients", 3, 1, 1000);
	int requests = (int)option(argc, argv, "--requests", 10, 0, 1000000);
	struct weft_limiter limiter = {.rate = option(argc, argv, "--rate", 200, 1, 1000000000),
		.burst = option(argc, argv, "--burst", 5, 1, 1000000000)};
	request_chan *service = weft_make(request_chan, 0);
	int *served = calloc((size_t)clients, sizeof(*served)), from;
	int64_t start = weft_now(), all = (int64_t)clients * requests, least;

	for (int i = 0; i < clients; i++)
		weft_go_copy(client, &(struct client){service, &limiter, i, requests});
	for (int64_t i = 0; i < all; i++) {
		weft_recv(service, &from);
		served[from]++;
	}
	for (int i = 0; i < clients; i++)
		printf("client %d: %d requests\n", i, served[i]);
	free(served);
	/* The first burst is free, and the others come at the rate: never faster. */
	least = all > limiter.burst ? (all - limiter.burst) * WEFT_SEC / limiter.rate : 0;
	printf("all in no less than %lld ms\n", (long long)(least / WEFT_MS));
	return weft_now() - start < least;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
