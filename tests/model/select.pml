/* SPDX-License-Identifier: MIT
 *
 * A select over two channels, with a peer at each (one of them may be a close), a deadline or the end
 * of a scope (both claim under the first channel's lock). docs/scheduler.md, "Select".
 *
 * broken: NO_CLAIM NO_RELOCK NO_WAIT
 */
#define NOBODY 0
#define PEER_A 1
#define PEER_B 2
#define SCOPE 3

bool locked[2];
bool queued[2];		/* a waiter in each queue, under its lock */
byte claim = NOBODY;	/* by compare-exchange */
bool parked, left;	/* it has parked; `after` may begin */
bool ready;
bool frame = true;
bool on_way, retracted;	/* the interrupt is claimed; it cannot be any more (see wait.pml) */
byte delivered;

inline lock(i)
{
	atomic { !locked[i] -> locked[i] = true }
}

inline unlock(i)
{
	locked[i] = false
}

inline try_claim(who, won)
{
#ifdef NO_CLAIM
	claim = who;
	won = true
#else
	atomic {
		if
		:: claim == NOBODY -> claim = who; won = true
		:: else -> won = false
		fi
	}
#endif
}

inline make_ready()
{
	assert(parked);
	assert(!ready);
	ready = true
}

active proctype owner()
{
	lock(0);
	lock(1);
	queued[0] = true;
	queued[1] = true;
	parked = true;
	left = true;	/* whoever runs next on this worker runs `after` */
	ready;
	assert(claim != NOBODY);
	retracted = true;
#ifndef NO_WAIT
	claim == SCOPE || !on_way;
#endif
#ifndef NO_RELOCK
	lock(0);
	lock(1);
#endif
	queued[0] = false;
	queued[1] = false;
#ifndef NO_RELOCK
	unlock(0);
	unlock(1);
#endif
	frame = false
}

active proctype after()
{
	left;
	assert(frame);
	unlock(0);
	assert(frame);	/* the second channel is read from the select */
	unlock(1)
}

inline peer(i, who)
{
	bool won = false;

	parked;	/* else it finds nobody */
	lock(i);
	if
	:: queued[i] ->
		assert(frame);
		queued[i] = false;
		try_claim(who, won);
		if
		:: won -> delivered++
		:: else
		fi
	:: else
	fi;
	unlock(i);
	if
	:: won -> make_ready()
	:: else
	fi
}

active proctype peer_a()
{
	peer(0, PEER_A)
}

active proctype peer_b()
{
	if
	:: peer(1, PEER_B)
	:: skip
	fi
}

active proctype interrupter()
{
	bool won = false;

	if
	:: atomic { parked && !retracted -> on_way = true };
		lock(0);
		assert(frame);
		try_claim(SCOPE, won);
		unlock(0);
		if
		:: won -> assert(delivered == 0); make_ready()
		:: else -> assert(frame); on_way = false
		fi
	:: skip
	fi
}
