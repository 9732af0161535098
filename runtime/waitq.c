/* SPDX-License-Identifier: MIT */
#include "runtime/waitq.h"

#include <errno.h>

#include "runtime/alarm.h"
#include "runtime/probe.h"
#include "runtime/sched.h"
#include "runtime/scope.h"

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

	if (!weft__multi) {
		if (atomic_load_explicit(&claim->winner, memory_order_relaxed))
			return false;
		atomic_store_explicit(&claim->winner, winner, memory_order_relaxed);
		return true;
	}
	return atomic_compare_exchange_strong_explicit(
		&claim->winner, &nobody, winner, memory_order_acq_rel, memory_order_relaxed);
}

/* ---- Deadlines and cancellation ---------------------------------------------------------------
 */

/* The lock is held. False: a peer, or the other of the two, was faster. */
static bool take(struct weft__waiter *waiter)
{
	if (waiter->claim)
		return weft__claim_take(waiter->claim, waiter);
	if (!waiter->queue)
		return false;
	weft__waitq_remove(waiter);
	return true;
}

/* The lock is held, and the waiter is ours. */
static void end_wait(struct weft__interrupt *it, int result, struct weft__co *by)
{
	struct weft__waiter *waiter = it->waiter;
	bool late = result == -ETIMEDOUT;

	it->result = waiter->result = result;
	if (waiter->msg)
		weft__trace_unsend(weft__worker(), by, it->on, waiter->msg,
			late ? WEFT_UNSEND_TIMEOUT : WEFT_UNSEND_CANCEL, it->last_t);
	weft__trace_unblock(weft__worker(), by, waiter->co, it->on, it->last_t, 0,
		late ? WEFT_WHY_TIMER : WEFT_WHY_CANCEL);
}

/*
 * With no lock held. The owner may have been woken by a peer meanwhile, but it cannot leave
 * weft__interrupt_end before we let go, so its stack is still there. False: nothing was done, and
 * the caller is to let go. True: the owner is ready, *it is not ours any more.
 */
static bool interrupt(
	struct weft__interrupt *it, struct weft__lock *lock, int result, struct weft__co *by)
{
	struct weft__co *co;
	bool won;

	weft__trace_reserve(weft__worker(), 2 * WEFT__TRACE_WAKE_UNITS);
	weft__lock(lock);
	co = it->waiter->co;
	won = take(it->waiter);
	if (won)
		end_wait(it, result, by);
	weft__unlock(lock);
	if (won)
		weft__ready(co);
	return won;
}

/* Read before the lock that orders us after its owner, hence unseen by TSan. */
static WEFT__NO_TSAN struct weft__lock *owners_lock(const struct weft__interrupt *it)
{
	return it->lock;
}

static void deadline_fire(struct weft__timer *timer)
{
	struct weft__interrupt *it = (struct weft__interrupt *)timer;

	if (!interrupt(it, owners_lock(it), -ETIMEDOUT, NULL))
		weft__timer_done(timer);
}

void weft__interrupt_cancel(struct weft__interrupt *it, struct weft__co *co, struct weft__co *by)
{
	/* release: pairs with the acquire in weft__scope_retract; we read the owner's stack no
	 * more. */
	if (!interrupt(it, it->lock, -ECANCELED, by))
		atomic_store_explicit(&co->interrupt, NULL, memory_order_release);
}

int weft__interrupt_begin(struct weft__interrupt *it, struct weft__lock *lock,
	struct weft__waiter *waiter, uint64_t on, int64_t *last_t, int64_t until)
{
	struct weft__co *self = waiter->co;

	it->lock = lock;
	it->waiter = waiter;
	it->on = on;
	it->last_t = last_t;
	it->timed = until != WEFT_NEVER;
	it->scoped = weft__scope_of(self) != NULL;
	it->result = 0;
	if (it->timed) {
		self->wait.timed = true;
		self->until = until;
	}
	if (it->scoped && !weft__scope_publish(self, it)) {
		/*
		 * It ended after weft__may_wait looked, and nobody will come for us. Since we hold
		 * the lock, nobody can have taken the waiter either.
		 */
		take(waiter);
		end_wait(it, -ECANCELED, NULL);
		weft__trace_run(weft__worker(), self);
		it->timed = it->scoped = false;
		return -ECANCELED;
	}
	return it->timed && weft__timer_arm(&it->timer, until, deadline_fire);
}

void weft__interrupt_end(struct weft__interrupt *it)
{
	/* Who woke us is through with us: making us ready was the last act. */
	if (it->timed && it->result != -ETIMEDOUT)
		weft__timer_cancel(&it->timer);
	if (it->scoped)
		weft__scope_retract(it->waiter->co, it, it->result == -ECANCELED);
}

/* ---- Waiting ----------------------------------------------------------------------------------
 */

int weft__may_wait_slowly(struct weft__co *self, int64_t until)
{
	struct weft_scope *scope;

	if (until == WEFT_NOW)
		return -EAGAIN;
	scope = weft__scope_of(self);
	if (scope && weft_scope_error(scope))
		return -ECANCELED;
	return until != WEFT_NEVER && until <= weft_now() ? -ETIMEDOUT : 0;
}

/* For weft__park. */
static WEFT__NO_TSAN void unlock_and_wake(void *lock)
{
	weft__unlock_unseen(lock);
	weft__alarm_first();
}

static __attribute__((noinline)) int wait_interruptibly(struct weft__lock *lock,
	struct weft__waiter *waiter, uint64_t on, int64_t *last_t, int64_t until)
{
	struct weft__interrupt it;
	int r = weft__interrupt_begin(&it, lock, waiter, on, last_t, until);

	if (r >= 0) {
		weft__lock_park(lock);
		if (r)
			weft__park(unlock_and_wake, lock);
		else
			weft__park_unlock(weft__worker(), lock);
	} else {
		weft__unlock(lock);
	}
	weft__interrupt_end(&it);
	return waiter->result;
}

int weft__wait(struct weft__lock *lock, struct weft__waiter *waiter, uint64_t on, int64_t *last_t,
	int64_t until)
{
	if (weft__may_be_interrupted(waiter->co, until))
		return wait_interruptibly(lock, waiter, on, last_t, until);
	weft__lock_park(lock);
	weft__park_unlock(weft__worker(), lock);
	return waiter->result;
}

int weft__wait_alone(struct weft__co *self, int64_t until)
{
	struct weft__waiter waiter = {.co = self, .index = -1};
	struct weft__waitq queue = {0};
	struct weft__lock lock = {0};

	weft__lock(&lock);
	weft__waitq_push(&queue, &waiter);
	return weft__wait(&lock, &waiter, 0, NULL, until);
}
