/* SPDX-License-Identifier: MIT
 *
 * One worker that is alone takes no locks; others come back from their sleep at any moment, and use
 * what it uses.
 */
#include <stdatomic.h>

#include "tests/coro.h"

WEFT_CHAN(long_chan, long)

#define VISITS 3000
#define BETWEEN_NS (20 * WEFT_US)

static struct {
	long_chan *chan; /* never full: a value of the busy one, and one of each visit */
	long sent, received;
	atomic_bool ended;
	struct weft_waitgroup done;
} till;

/* In and out of the channel's lock, all the time. */
static void busy(void *unused)
{
	long v;

	CHECK_INT(weft_pin(WEFT_MAIN_THREAD), 0);
	for (long i = 1; !atomic_load(&till.ended); i++) {
		weft_send(till.chan, i);
		till.sent += i;
		CHECK_INT(weft_recv(till.chan, &v), true);
		till.received += v;
		if (weft_worker_count() == 1)
			weft_yield(); /* else it would take the timer itself */
	}
	weft_waitgroup_done(&till.done);
}

static void visitor(void *unused)
{
	CHECK_INT(weft_pin(weft_worker_count() - 1), 0);
	for (long i = 0; i < VISITS; i++) {
		weft_sleep(BETWEEN_NS);
		weft_send(till.chan, -1);
	}
	atomic_store(&till.ended, true);
	weft_waitgroup_done(&till.done);
}

CO_TEST(what_is_sent_by_who_comes_back_arrives)
{
	long v;

	till.chan = weft_make(long_chan, VISITS + 1);
	weft_waitgroup_add(&till.done, 2);
	weft_go(visitor, NULL);
	weft_go(busy, NULL);
	weft_waitgroup_wait(&till.done);
	weft_close(till.chan);
	while (weft_recv(till.chan, &v))
		till.received += v;
	CHECK_INT(till.received, till.sent - VISITS);
	weft_unref(till.chan);
}

TEST_MAIN
