/* SPDX-License-Identifier: MIT
 *
 * Sleeping: a timer on the sleeper's own stack, armed once that stack is left.
 */
#include <errno.h>

#include "runtime/alarm.h"
#include "runtime/probe.h"
#include "runtime/sched.h"
#include "runtime/scope.h"
#include "runtime/timer.h"
#include "runtime/waitq.h"

struct sleeper {
	struct weft__timer timer;
	struct weft__co *co;
	int64_t until;
};

/* Read before anything orders us behind the sleeper, in TSan's eyes: its switch does not. */
static WEFT__NO_TSAN struct weft__co *sleeper_co(struct weft__timer *timer)
{
	return ((struct sleeper *)timer)->co;
}

static void wake(struct weft__timer *timer)
{
	struct weft__co *co = sleeper_co(timer);
	struct weft__worker *w = weft__worker();

	/* acquire: pairs with the release in weft__park; what the sleeper left is complete. */
	(void)atomic_load_explicit(&co->state, memory_order_acquire);
	weft__trace_reserve(w, WEFT__TRACE_WAKE_UNITS);
	weft__trace_unblock(w, NULL, co, 0, NULL, 0, WEFT_WHY_TIMER);
	weft__ready(co);
}

static WEFT__NO_TSAN void arm(void *arg)
{
	struct sleeper *sleeper = arg;

	if (weft__timer_arm(&sleeper->timer, sleeper->until, wake))
		weft__alarm_first();
}

static inline __attribute__((always_inline)) int sleep_until(int64_t t)
{
	struct weft__co *self = weft__self("weft_sleep");
	struct sleeper sleeper = {.co = self, .until = t};
	int r = weft__may_wait(self, t);

	if (r < 0)
		return r == -ECANCELED ? r : 0;
	self->wait = (struct weft__wait_for){.why = WEFT_WHY_SLEEP, .timed = true};
	self->until = t;
	weft__trace_reserve(weft__worker(), WEFT__TRACE_PARK_UNITS);
	weft__trace_sleep(weft__worker(), self, t);
	if (weft__scope_of(self))
		return weft__wait_alone(self, t) == -ECANCELED ? -ECANCELED : 0;
	weft__park(arm, &sleeper);
	return 0;
}

int weft__sleep_until(int64_t t)
{
	return sleep_until(t);
}

int weft_sleep_until(int64_t t)
{
	weft__trace_here();
	return sleep_until(t);
}

int weft_sleep(int64_t ns)
{
	int64_t now = weft_now();

	weft__trace_here();
	if (ns > 0)
		return sleep_until(ns < INT64_MAX - 1 - now ? now + ns : INT64_MAX - 1);
	weft__self("weft_sleep");
	return 0;
}
