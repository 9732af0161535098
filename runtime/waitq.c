/* SPDX-License-Identifier: MIT */
#include "runtime/waitq.h"

#include <errno.h>

#include "runtime/probe.h"
#include "runtime/sched.h"

void weft__waitq_push(struct weft__waitq *queue, struct weft__waiter *waiter)
{
	waiter->queue = queue;
	waiter->next = NULL;
	waiter->prev = queue->tail;
	if (queue->tail)
		queue->tail->next = waiter;
	else
		queue->head = waiter;
	queue->tail = waiter;
}

void weft__waitq_push_first(struct weft__waitq *queue, struct weft__waiter *waiter)
{
	waiter->queue = queue;
	waiter->prev = NULL;
	waiter->next = queue->head;
	if (queue->head)
		queue->head->prev = waiter;
	else
		queue->tail = waiter;
	queue->head = waiter;
}

void weft__waitq_remove(struct weft__waiter *waiter)
{
	struct weft__waitq *queue = waiter->queue;

	if (!queue)
		return;
	if (waiter->prev)
		waiter->prev->next = waiter->next;
	else
		queue->head = waiter->next;
	if (waiter->next)
		waiter->next->prev = waiter->prev;
	else
		queue->tail = waiter->prev;
	waiter->queue = NULL;
}

bool weft__claim_take(struct weft__claim *claim, struct weft__waiter *winner)
{
	struct weft__waiter *nobody = NULL;

	return atomic_compare_exchange_strong_explicit(
		&claim->winner, &nobody, winner, memory_order_acq_rel, memory_order_relaxed);
}

struct weft__waiter *weft__waitq_take(struct weft__waitq *queue)
{
	struct weft__waiter *waiter;

	while ((waiter = queue->head)) {
		weft__waitq_remove(waiter);
		if (!waiter->claim || weft__claim_take(waiter->claim, waiter))
			return waiter;
	}
	return NULL;
}

/* Read before the lock that orders us after its owner, hence unseen by TSan. */
static WEFT__NO_TSAN struct weft__lock *owners_lock(
	const struct weft__deadline *d, struct weft__waiter **ret_waiter)
{
	*ret_waiter = d->waiter;
	return d->lock;
}

/*
 * Fires with no lock held. The owner may have been woken by a peer meanwhile, but it cannot leave
 * weft__deadline_end before weft__timer_done, so its stack is still there.
 */
static void deadline_fire(struct weft__timer *timer)
{
	struct weft__deadline *d = (struct weft__deadline *)timer;
	struct weft__worker *w = weft__worker();
	struct weft__waiter *waiter;
	struct weft__lock *lock = owners_lock(d, &waiter);

	weft__trace_reserve(w, 2 * WEFT__TRACE_WAKE_UNITS);
	weft__lock(lock);
	if (!waiter->queue) {
		weft__unlock(lock);
		weft__timer_done(timer);
		return;
	}
	weft__waitq_remove(waiter);
	waiter->result = -ETIMEDOUT;
	if (waiter->msg)
		weft__trace_unsend(w, NULL, d->on, waiter->msg, WEFT_UNSEND_TIMEOUT, d->last_t);
	weft__trace_unblock(w, NULL, waiter->co, d->on, d->last_t, 0, WEFT_WHY_TIMER);
	weft__unlock(lock);
	weft__ready(waiter->co);
}

bool weft__deadline_arm(struct weft__deadline *deadline, struct weft__lock *lock,
	struct weft__waiter *waiter, uint64_t on, int64_t *last_t, int64_t until)
{
	deadline->lock = lock;
	deadline->waiter = waiter;
	deadline->on = on;
	deadline->last_t = last_t;
	return weft__timer_arm(&deadline->timer, until, deadline_fire);
}

void weft__deadline_end(struct weft__deadline *deadline)
{
	/* If the deadline woke us, it is through with the timer: making us ready was its last act.
	 */
	if (deadline->waiter->result != -ETIMEDOUT)
		weft__timer_cancel(&deadline->timer);
}

int weft__may_wait(struct weft__co *self, int64_t until)
{
	(void)self;
	if (until == WEFT_NOW)
		return -EAGAIN;
	return until != WEFT_NEVER && until <= weft_now() ? -ETIMEDOUT : 0;
}

/* Callbacks for weft__park. */
static WEFT__NO_TSAN void unlock(void *lock)
{
	weft__unlock_parked(lock);
}

static WEFT__NO_TSAN void unlock_and_wake(void *lock)
{
	weft__unlock_parked(lock);
	weft__wake_one();
}

int weft__wait(struct weft__lock *lock, struct weft__waiter *waiter, uint64_t on, int64_t *last_t,
	int64_t until)
{
	struct weft__deadline deadline;
	bool first = false;

	if (until != WEFT_NEVER) {
		waiter->co->wait.until = until;
		first = weft__deadline_arm(&deadline, lock, waiter, on, last_t, until);
	}
	weft__lock_park(lock);
	weft__park(first ? unlock_and_wake : unlock, lock);
	if (until != WEFT_NEVER)
		weft__deadline_end(&deadline);
	return waiter->result;
}
