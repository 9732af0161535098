/* SPDX-License-Identifier: MIT
 *
 * The hand-over: one coroutine that waits, yields, or moves to a worker and back, on two workers that both
 * would run it, and somebody who wakes it. docs/scheduler.md, "Parking: the hand-over" and "Pinning".
 * It never runs twice at a time, and is never lost.
 *
 * broken: EARLY_UNLOCK EARLY_LEAVE EARLY_PIN LOOK_BEFORE_LOCK READY_UNLOCKED
 */
#define NOWHERE 2

bool locked;	      /* the lock of what it waits for */
bool queued;	      /* its waiter, under the lock */
byte values;	      /* sent and not received, under the lock */
bool rq_locked;	      /* the lock of the run queue, from which both workers take */
bool rq = true;	      /* it is in there */
bool inbox[2];
byte pinned = NOWHERE;
byte on;	      /* how many workers stand on its stack */
bool ended;
byte received;

inline lock(l)
{
	atomic { !l -> l = true }
}

inline make_ready()
{
	if
	:: pinned != NOWHERE -> assert(!inbox[pinned] && !rq); inbox[pinned] = true
	:: else ->
		lock(rq_locked);
		assert(!rq);
		rq = true;
		rq_locked = false
	fi
}

/* What the coroutine does until it leaves its stack; and the next context, on the same worker. */
inline run_it(me)
{
	on++;
	assert(on == 1);
	do
	:: received == 2 -> ended = true; on--; break
	:: received < 2 ->	/* waits */
#ifdef LOOK_BEFORE_LOCK
		if
		:: values > 0 -> lock(locked); values--; received++; locked = false
		:: else -> lock(locked); goto wait
		fi
#else
		lock(locked);
		if
		:: values > 0 -> values--; received++; locked = false
		:: else -> goto wait
		fi
#endif
	:: received < 2 && pinned == NOWHERE ->	/* yields */
		lock(rq_locked);
		rq = true;
#ifdef EARLY_LEAVE
		rq_locked = false;
		on--;
#else
		on--;
		rq_locked = false;
#endif
		break
	:: moves < 2 && pinned == NOWHERE ->	/* is pinned to the other worker */
		moves++;
		pinned = 1 - me;
#ifdef EARLY_PIN
		make_ready();
		on--;
#else
		on--;
		make_ready();
#endif
		break
	:: pinned != NOWHERE -> assert(pinned == me); pinned = NOWHERE
	od;
	goto again;
wait:
	queued = true;
	received++;	/* whoever takes the waiter has handed it a value */
#ifdef EARLY_UNLOCK
	locked = false;
	on--
#else
	on--;
	locked = false
#endif
}

byte moves;

proctype worker(byte me)
{
	bool got;

again:
	got = false;
	if
	:: ended -> goto out
	:: inbox[me] -> inbox[me] = false; run_it(me)
	:: rq ->
		lock(rq_locked);
		got = rq;
		rq = false;
		rq_locked = false;
		if
		:: got -> run_it(me)
		:: else
		fi
	fi;
	goto again;
out:
	skip
}

active proctype sender()
{
	bool got;
	byte n;

	for (n : 1 .. 2) {
#ifdef READY_UNLOCKED
		got = queued;
		queued = false;
		if
		:: got
		:: else -> lock(locked); values++; locked = false
		fi;
#else
		lock(locked);
		got = queued;
		queued = false;
		if
		:: got
		:: else -> values++
		fi;
		locked = false;
#endif
		if
		:: got -> make_ready()
		:: else
		fi
	}
}

init {
	atomic { run worker(0); run worker(1) }
}
