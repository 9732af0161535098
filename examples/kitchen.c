/* SPDX-License-Identifier: MIT
 *
 * kitchen: marks in the recording. Each order is a task that goes from the waiter to a cook and
 * back; what a cook does with it are regions; how many wait is a counter. The program prints the
 * sum: see the rest with WEFT_TRACE, or by `weft info` and `weft convert -o kitchen.perfetto.json`.
 */
#include <stdio.h>

#include <weft.h>

#include "options.h"

struct order {
	int number;
	uint64_t task;
};
WEFT_CHAN(order_chan, struct order)

struct kitchen {
	order_chan *orders, *meals;
};

static void cook_one(const struct order *order)
{
	weft_region("cook"); /* to the end of the function */
	weft_region_begin("cut", order->task);
	weft_sleep(100 * WEFT_US);
	weft_region_end("cut");
	weft_region_begin("fry", order->task);
	weft_sleep((1 + order->number % 3) * 200 * WEFT_US);
	weft_region_end("fry");
}

static void cook(struct kitchen *kitchen)
{
	struct order order;

	while (weft_recv(kitchen->orders, &order)) {
		cook_one(&order);
		weft_send(kitchen->meals, order);
	}
}

/* Takes the orders and serves the meals, whatever comes first. */
static int serve(struct kitchen *kitchen, int orders)
{
	struct order next = {.number = 1}, meal;
	int taken = 0, served = 0;

	next.task = weft_task_begin("order 1", 0);
	while (served < orders) {
		order_chan *to_cooks = taken < orders ? kitchen->orders : NULL;

		switch (weft_select(
			weft_on_send(to_cooks, next), weft_on_recv(kitchen->meals, &meal))) {
		case 0:
			taken++;
			next.number++;
			if (taken < orders && weft_traced()) {
				char name[32];

				snprintf(name, sizeof(name), "order %d", next.number);
				next.task = weft_task_begin(name, 0);
			}
			break;
		case 1:
			served++;
			weft_log(WEFT_LOG_INFO, "order %d is served", meal.number);
			weft_task_end(meal.task);
			break;
		}
		weft_count("orders in the kitchen", taken - served);
	}
	return served;
}

static int app(int argc, char **argv)
{
	struct kitchen kitchen = {weft_make(order_chan, 0), weft_make(order_chan, 0)};
	long cooks, orders;

	options_only(argc, argv, "--cooks --orders");
	cooks = option(argc, argv, "--cooks", 2, 1, 1000);
	orders = option(argc, argv, "--orders", 6, 1, 1000000);
	weft_chan_name(kitchen.orders, "orders");
	weft_chan_name(kitchen.meals, "meals");
	for (long i = 0; i < cooks; i++)
		weft_go_copy(cook, &kitchen); /* a copy: app may be over before they are */
	weft_note("the kitchen opens");
	printf("%d meals served\n", serve(&kitchen, (int)orders));
	weft_close(kitchen.orders);
	return 0;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
