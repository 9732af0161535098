/* SPDX-License-Identifier: MIT
 *
 * A mutex and three coroutines, one of which may give up at its deadline. docs/scheduler.md, "Mutexes".
 * One at a time holds it, nobody is left waiting, and what is left is a free mutex.
 *
 * broken: TWO_STEPS WOKEN_KEPT LATE_CLEAR HANDED_FREE NO_WAITING
 */
#define COS 3

#define NONE 0
#define RETRY 1
#define HANDED 2
#define LATE 3

/* The word: each change of it is one step. */
bool held, waiting, woken;

bool locked;			 /* the lock of the queue */
chan queue = [COS] of { byte };	 /* under it, as the next two */
bool urgent[COS];
byte result[COS];
bool ready[COS];
byte inside;

inline lock()
{
	atomic { !locked -> locked = true }
}

inline push(me, first)
{
	d_step {
		n = len(queue);
		queue ! me;
		do
		:: first && n > 0 -> queue ? other; queue ! other; n--
		:: else -> break
		od;
		other = 0;
		n = 0
	}
}

/* What take does, and take_or_mark if the mutex is free. */
inline take(mine)
{
	held = true;
	woken = woken && !mine
}

inline mutex_lock(me, timed, got)
{
	mine = false;
	got = false;
	do
	:: atomic { !held -> take(mine) }; got = true; break	/* it does not look into the queue */
	:: true ->
		lock();
		atomic {
			if
			:: !held ->
				waiting = waiting && len(queue) > 0;
				take(mine);
				got = true
			:: else ->
#if !defined(NO_WAITING) && !defined(TWO_STEPS)
				waiting = true;
#endif
#ifndef WOKEN_KEPT
				woken = woken && !mine
#endif
			fi
		};
#ifdef TWO_STEPS
		if
		:: !got -> waiting = true
		:: else
		fi;
#endif
		if
		:: got -> locked = false; break
		:: !got && timed -> locked = false; break	/* it is late already */
		:: !got
		fi;
		urgent[me] = mine;
		result[me] = NONE;
		ready[me] = false;
		push(me, mine);
		locked = false;
		if
		:: ready[me]
		:: timed ->
			lock();
			if
			:: queue ?? [eval(me)] -> queue ?? eval(me); result[me] = LATE; locked = false
			:: else -> locked = false; ready[me]
			fi
		fi;
		if
		:: result[me] == HANDED -> got = true; break
		:: result[me] == LATE -> break
		:: result[me] == RETRY -> mine = true
		fi
	od
}

inline mutex_unlock()
{
	do
	:: atomic { !(waiting && !woken) -> assert(held); held = false }; break
	:: atomic { waiting && !woken -> skip };
		lock();
		if
		:: queue ? first ->
			if
			:: urgent[first] ->
				result[first] = HANDED;
#ifdef HANDED_FREE
				held = false
#endif
			:: else ->
				result[first] = RETRY;
				d_step { held = false; woken = true }
			fi;
			locked = false;
			ready[first] = true;
			break
		:: empty(queue) ->
#ifdef LATE_CLEAR
			locked = false;
			waiting = false
#else
			waiting = false;
			locked = false
#endif
		fi
	od
}

proctype co(byte me; bool timed)
{
	bool mine, got;
	byte n, other, first, round;

	for (round : 1 .. 2) {
		mutex_lock(me, timed, got);
		if
		:: got ->
			inside++;
			assert(inside == 1 && held);
			inside--;
			mutex_unlock()
		:: else
		fi
	}
}

init {
	atomic { run co(0, false); run co(1, false); run co(2, true) };
	_nr_pr == 1;
	assert(!held && !woken && empty(queue))
}
