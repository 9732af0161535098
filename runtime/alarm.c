/* SPDX-License-Identifier: MIT */
#include "runtime/alarm.h"

/* Under idle_lock. */
static WEFT__NO_TSAN int64_t up_at(const struct weft__worker *w)
{
	return w ? w->up_at : WEFT_NEVER;
}

static WEFT__NO_TSAN void publish(void)
{
	struct weft__sched *s = &weft__sched;
	int64_t first = up_at(s->first_up), second = up_at(s->second_up);

	/* relaxed: what orders it is the barrier between entering the idle list and going to sleep.
	 */
	atomic_store_explicit(&s->alarm, first < second ? first : second, memory_order_relaxed);
}

WEFT__NO_TSAN void weft__alarm_clear(struct weft__worker *w)
{
	struct weft__sched *s = &weft__sched;

	if (s->first_up != w && s->second_up != w)
		return;
	if (s->first_up == w)
		s->first_up = NULL;
	if (s->second_up == w)
		s->second_up = NULL;
	publish();
}

WEFT__NO_TSAN int64_t weft__alarm_set(struct weft__worker *w)
{
	struct weft__sched *s = &weft__sched;
	int64_t next = weft__timers_wake();

	weft__lock_always(&s->idle_lock);
	w->up_at = WEFT_NEVER;
	if (w->idle && next != WEFT_NEVER) {
		if (up_at(s->first_up) > next) {
			s->first_up = w;
			w->up_at = next;
		} else if (up_at(s->second_up) - WEFT__ALARM_GRACE_NS > next) {
			s->second_up = w;
			w->up_at = next + WEFT__ALARM_GRACE_NS;
		}
		publish();
	}
	weft__unlock_always(&s->idle_lock);
	return w->up_at;
}
