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

	/*
	 * acq_rel: pairs with weft__alarm_soon and weft__alarm_behind. On x86 what orders it
	 * against the latter's load is that it is a full barrier, and for a place that is taken the
	 * barrier between entering the idle list and going to sleep.
	 */
	atomic_exchange_explicit(&s->alarm, first < second ? first : second, memory_order_acq_rel);
}

WEFT__NO_TSAN void weft__alarm_clear(struct weft__worker *w)
{
	struct weft__sched *s = &weft__sched;

	w->up_at = WEFT_NEVER;
	if (s->first_up != w && s->second_up != w)
		return;
	if (s->first_up == w)
		s->first_up = NULL;
	if (s->second_up == w)
		s->second_up = NULL;
	publish();
}

WEFT__NO_TSAN void weft__alarm_take(struct weft__worker *w, int64_t wake)
{
	struct weft__sched *s = &weft__sched;
	int64_t late = weft__timers_next();

	if (wake == WEFT_NEVER || late == WEFT_NEVER)
		return;
	late = late < WEFT_NEVER - WEFT__ALARM_GRACE_NS ? late + WEFT__ALARM_GRACE_NS : WEFT_NEVER;
	if (late < wake) /* a crowd is being fired, and the first is overdue */
		late = wake;
	if (up_at(s->first_up) > wake) {
		s->first_up = w;
		w->had_place = true;
		if (w->up_at > wake)
			w->up_at = wake;
		if (s->second_up == w)
			s->second_up = NULL;
	} else if (s->first_up != w && up_at(s->second_up) > late) {
		s->second_up = w;
		w->had_place = true;
		w->up_at = late;
	}
	publish();
}
