/* SPDX-License-Identifier: MIT
 *
 * One wait, and the three that may end it: a peer, its deadline, the end of its scope.
 * docs/scheduler.md, "Deadlines" and "Cancellation". Each may come at any time, or (the peer and the
 * timer) not at all; the scope always ends, so the owner must never be left waiting.
 *
 * broken: NO_LOOK NO_WAIT NO_TIMER_WAIT NO_LOCK
 */
#define NOBODY 0
#define PEER 1
#define TIMER 2
#define SCOPE 3

mtype = { NONE, PUBLISHED, TAKEN, IDLE, ARMED, DUE, DONE };

bool locked;		  /* the lock of what is waited for */
bool queued;		  /* the waiter, under the lock */
byte winner = NOBODY;	  /* under the lock */
bool on_stack = true;	  /* the owner runs on it, or `after` has not run yet */
bool ready;		  /* made ready */
bool error;		  /* the scope has ended */
mtype interrupt = NONE;
mtype timer = IDLE;
bool frame = true;	  /* waiter and interrupt are still there */

inline lock()
{
	atomic { !locked -> locked = true }
}

inline unlock()
{
	locked = false
}

/* As weft__interrupt, and as a peer does. `gone`: somebody was faster. */
inline end_wait(who, gone)
{
#ifdef NO_LOCK
	skip;
#else
	lock();
#endif
	assert(frame || who == PEER);
	if
	:: queued ->
		queued = false;
		assert(winner == NOBODY);
		winner = who;
		gone = false
	:: else ->
		gone = true
	fi;
#ifndef NO_LOCK
	unlock();
#endif
	if
	:: !gone ->
		assert(!ready);	   /* woken once */
		assert(!on_stack); /* nobody runs it while it stands there */
		ready = true
	:: else
	fi
}

active proctype owner()
{
	bool timed = false, scoped = true;

	lock();
	if
	:: error -> unlock(); goto out	/* weft__may_wait */
	:: else
	fi;
	queued = true;
	interrupt = PUBLISHED;
#ifndef NO_LOOK
	if
	:: error ->
		atomic {
			if
			:: interrupt == PUBLISHED -> interrupt = NONE; scoped = false
			:: else
			fi
		};
		if
		:: !scoped ->
			assert(queued && winner == NOBODY);
			queued = false;
			winner = SCOPE;
			unlock();
			goto out
		:: else
		fi
	:: else
	fi;
#endif
	if
	:: timed = true; timer = ARMED
	:: skip
	fi;
	on_stack = false;
	unlock();	/* by `after` */
	ready;
	if
	:: timed && winner != TIMER ->
		atomic {
			if
			:: timer == ARMED -> timer = DONE
			:: else
			fi
		};
#ifndef NO_TIMER_WAIT
		timer == DONE
#endif
	:: else
	fi;
	if
	:: winner == SCOPE -> interrupt = NONE
	:: else ->
		atomic {
			if
			:: interrupt == PUBLISHED -> interrupt = NONE
			:: else
			fi
		};
#ifndef NO_WAIT
		interrupt == NONE
#endif
	fi;
out:
	frame = false
}

active proctype peer()
{
	bool gone;

	if
	:: end_wait(PEER, gone)
	:: skip	/* it does not come */
	fi
}

active proctype deadline()
{
	bool gone;

	if
	:: atomic { timer == ARMED -> timer = DUE };
		end_wait(TIMER, gone);
		if
		:: gone -> assert(frame); timer = DONE
		:: else
		fi
	:: skip	/* later than all this */
	fi
}

active proctype canceller()
{
	bool gone, claimed = false;

	error = true;
	atomic {
		if
		:: interrupt == PUBLISHED -> interrupt = TAKEN; claimed = true
		:: else
		fi
	};
	if
	:: claimed ->
		end_wait(SCOPE, gone);
		if
		:: gone -> assert(frame); interrupt = NONE
		:: else
		fi
	:: else
	fi
}
