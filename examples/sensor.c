/* SPDX-License-Identifier: MIT
 *
 * sensor: a thread that weft knows nothing of, as a driver's or a sound library's, delivers
 * --readings readings. It may not use channels; but through a door it can have a function run as a
 * coroutine, and that one sends for it.
 */
#include <pthread.h>
#include <stdio.h>

#include <weft.h>

#include "options.h"

WEFT_CHAN(reading_chan, int)

static reading_chan *readings;

struct sensor {
	struct weft_door *door;
	int n;
	int value[1000];
};

static void deliver(void *value)
{
	weft_set_name("delivery");
	weft_send(readings, *(int *)value);
}

/* On its own thread. */
static void *measure(void *arg)
{
	struct sensor *sensor = arg;

	for (int i = 0; i < sensor->n; i++) {
		sensor->value[i] = 20 + i % 5;
		if (weft_post(sensor->door, deliver, &sensor->value[i]) < 0)
			break;
	}
	weft_door_close(sensor->door);
	return NULL;
}

static int app(int argc, char **argv)
{
	static struct sensor sensor;
	pthread_t thread;
	int value, sum = 0;

	options_only(argc, argv, "--readings");
	sensor.n = (int)option(argc, argv, "--readings", 10, 1, 1000);
	readings = weft_make(reading_chan, 0);
	weft_chan_name(readings, "readings");
	sensor.door = weft_door_open();
	if (!sensor.door || pthread_create(&thread, NULL, measure, &sensor) != 0)
		return 1;
	for (int i = 0; i < sensor.n; i++) {
		weft_recv(readings, &value);
		sum += value;
	}
	pthread_join(thread, NULL);
	printf("%d readings, %.1f degrees on average\n", sensor.n, (double)sum / sensor.n);
	return 0;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
