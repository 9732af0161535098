/* SPDX-License-Identifier: MIT
 *
 * Rate limiters: token buckets. There is no count of tokens but a time: when the bucket will be (or
 * was) full, if nobody takes more. A token taken moves it on by the time that one takes to come. So
 * whoever takes n knows at once when they are there; he sleeps until then, and nobody hands
 * anything to anybody. Who comes later gets a later time: first in, first out, without a queue.
 *
 * Times are exact: whole ns and a rest in units of 1/rate ns. Nothing is rounded but what is told,
 * so nothing drifts.
 */
#include "runtime/limiter.h"

#include <errno.h>
#include <string.h>

#include "runtime/lock.h"
#include "runtime/panic.h"
#include "runtime/probe.h"
#include "runtime/sched.h"

__extension__ typedef unsigned __int128 wide;

/* A point in time or a length of it: ns + rest / rate, with rest < rate. */
struct exact {
	int64_t ns;
	int64_t rest;
};

/* As the user has it; zeroed: full, for a long time. All but the first three under the lock. */
struct limiter {
	int64_t rate, burst, per;
	struct weft__lock lock;
	uint32_t unused;
	struct exact full;
	int64_t last; /* the latest time that was told: nobody gets an earlier one */
};

_Static_assert(sizeof(struct limiter) == sizeof(struct weft_limiter), "one is seen as the other");
_Static_assert(_Alignof(struct limiter) == _Alignof(struct weft_limiter), "as above");

#define LONGEST_NS (INT64_MAX / 4) /* 73 years; sums of two do not overflow */

static bool is_later(struct exact a, struct exact b)
{
	return a.ns > b.ns || (a.ns == b.ns && a.rest > b.rest);
}

/* How long n tokens take to come, at most LONGEST_NS. */
static struct exact cost(const struct limiter *l, int64_t n)
{
	wide total = (wide)n * (wide)(l->per ? l->per : WEFT_SEC), rate = (wide)l->rate;

	if (total / rate >= LONGEST_NS)
		return (struct exact){LONGEST_NS, 0};
	return (struct exact){(int64_t)(total / rate), (int64_t)(total % rate)};
}

static struct exact plus(const struct limiter *l, struct exact a, struct exact b)
{
	struct exact sum = {a.ns + b.ns, a.rest - (l->rate - b.rest)};

	if (sum.rest < 0)
		sum.rest += l->rate;
	else
		sum.ns++;
	return sum;
}

static struct exact minus(const struct limiter *l, struct exact a, struct exact b)
{
	struct exact difference = {a.ns - b.ns, a.rest - b.rest};

	if (difference.rest < 0) {
		difference.rest += l->rate;
		difference.ns--;
	}
	return difference;
}

/* The first whole ns that is not before it. */
static int64_t round_up(struct exact e)
{
	return e.ns + (e.rest > 0);
}

static struct limiter *seen(struct weft_limiter *limiter, const char *what, int64_t n)
{
	struct limiter *l = (struct limiter *)limiter;

	if (l->rate <= 0 || l->burst <= 0 || l->per < 0)
		weft__panic("%s: a limiter of rate %lld and burst %lld, per %lld ns", what,
			(long long)l->rate, (long long)l->burst, (long long)l->per);
	if (cost(l, l->burst).ns == LONGEST_NS)
		weft__panic("%s: the limiter's burst would take more than 73 years", what);
	if (n < 0)
		weft__panic("%s of %lld tokens", what, (long long)n);
	return l;
}

int64_t weft__limiter_take(struct weft_limiter *limiter, int64_t n, int64_t now, int64_t latest)
{
	struct limiter *l = seen(limiter, "weft_limiter", n);
	struct exact full = {now, 0}, mine = cost(l, n), whole = cost(l, l->burst);
	int64_t at;

	if (n > l->burst)
		return -EINVAL;
	weft__lock(&l->lock);
	if (is_later(l->full, full))
		full = l->full;
	full = plus(l, full, mine);
	at = round_up(minus(l, full, whole));
	at = at > l->last ? at : l->last;
	if (full.ns > 2 * LONGEST_NS) {
		at = -EOVERFLOW;
	} else if (at > now && at > latest) {
		at = -ETIMEDOUT;
	} else {
		l->full = full;
		if (at > now)
			l->last = at;
	}
	weft__unlock(&l->lock);
	return at < 0 || at > now ? at : now;
}

/* A part of the public functions, whose callers' places it notes. */
static inline __attribute__((always_inline)) int wait(
	struct weft_limiter *limiter, int64_t n, int64_t until)
{
	int64_t now, at;
	int r;

	weft__trace_here();
	weft__self("weft_limiter_wait");
	now = weft_now();
	at = weft__limiter_take(limiter, n, now, until);
	if (at == -ETIMEDOUT && until == WEFT_NOW)
		return -EAGAIN;
	if (at <= now)
		return at < 0 ? (int)at : 0;
	r = weft__sleep_until(at);
	if (r < 0)
		weft_limiter_give_back(limiter, n);
	return r;
}

int weft_limiter_wait_until(struct weft_limiter *limiter, int64_t n, int64_t until)
{
	return wait(limiter, n, until);
}

int weft_limiter_wait(struct weft_limiter *limiter, int64_t n)
{
	return wait(limiter, n, WEFT_NEVER);
}

int weft_limiter_try(struct weft_limiter *limiter, int64_t n)
{
	return wait(limiter, n, WEFT_NOW); /* it never sleeps */
}

int64_t weft_limiter_reserve(struct weft_limiter *limiter, int64_t n)
{
	weft__self("weft_limiter_reserve");
	return weft__limiter_take(limiter, n, weft_now(), WEFT_NEVER);
}

void weft_limiter_give_back(struct weft_limiter *limiter, int64_t n)
{
	struct limiter *l = seen(limiter, "weft_limiter_give_back", n);
	struct exact mine = cost(l, n);

	weft__self("weft_limiter_give_back");
	if (n > l->burst)
		weft__panic("weft_limiter_give_back of %lld tokens: more than were taken",
			(long long)n);
	weft__lock(&l->lock);
	l->full = minus(l, l->full, mine);
	if (l->full.ns < 0) /* it is full */
		l->full = (struct exact){0, 0};
	weft__unlock(&l->lock);
}
