/* SPDX-License-Identifier: MIT
 *
 * Two workers hand pinned coroutines over to a third, which goes to sleep when it has none.
 * docs/scheduler.md, "Pinning". It never sleeps for good with one in its inbox, and runs all.
 *
 * broken: NO_SECOND_LOOK LOOK_BEFORE LATE_RESET NO_WAKE_WORD
 */
#define EACH 2

byte inbox, ran, pushed;
bool idle, wake_word, futex;	/* futex: somebody woke it, which is lost if it does not sleep yet */
bool sleeps;
bool locked;			/* idle_lock */

inline lock()
{
	atomic { !locked -> locked = true }
}

inline wake_worker()
{
	lock();
	mine = idle;
	if
	:: mine -> d_step { idle = false; wake_word = true }
	:: else
	fi;
	locked = false;
	if
	:: mine && sleeps -> futex = true
	:: else
	fi
}

active [2] proctype pusher()
{
	bool mine;
	byte n;

	for (n : 1 .. EACH) {
#ifdef LOOK_BEFORE
		wake_worker();
		inbox++
#else
		inbox++;
		wake_worker()
#endif
	}
	pushed++
}

active proctype owner()
{
	do
	:: d_step { inbox > 0 -> ran = ran + inbox; inbox = 0 }
	:: inbox == 0 ->
		lock();
#ifndef LATE_RESET
		wake_word = false;
#endif
		idle = true;
		locked = false;
#ifdef LATE_RESET
		wake_word = false;
#endif
		if
#ifndef NO_SECOND_LOOK
		:: inbox > 0
		:: inbox == 0 ->
#else
		:: true ->
#endif
			/* futex_wait: it compares and goes to sleep in one step. */
			atomic {
				if
#ifdef NO_WAKE_WORD
				:: true -> sleeps = true; futex = false
#else
				:: !wake_word -> sleeps = true; futex = false
				:: else
#endif
				fi
			};
			if
			:: sleeps ->
end:				futex;
				sleeps = false
			:: else
			fi
		fi;
		lock();
		idle = false;
		locked = false
	od
}

init {
	timeout;
	assert(pushed == 2 && inbox == 0 && ran == 2 * EACH)
}
