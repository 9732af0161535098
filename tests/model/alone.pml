/* SPDX-License-Identifier: MIT
 *
 * Locks that nobody takes while one is alone: three workers that come, enter a section, wake another,
 * and go. A brief section has a word of its own, and may lie within another. docs/scheduler.md, "Alone".
 *
 * What a worker stores in `inside` or `brief`, or in `state` without the lock of that, lies in a buffer of
 * one entry first, which others do not see. It goes to memory at any time, before its next store or
 * read-modify-write, or when somebody's membarrier makes it.
 *
 * broken: NO_BARRIER NO_LOOK NO_WAIT NO_BRIEF_LOOK NO_BRIEF_WAIT TRUST_ENDING EXPECT_INSIDE BY_STATE
 */
#define WORKERS 3
#define WORDS 3

mtype = { SHARED, ENDING, ALONE };

#define STATE 0		       /* words, by their index: */
#define INSIDE 1
#define BRIEF 2

byte word[WORDS];	       /* as memory has them */
bool buffered[WORKERS];	       /* a store on its way: */
byte where[WORKERS];	       /* of which word, */
byte what[WORKERS];	       /* and of what */
byte present;
bool state_locked;	       /* the lock of `present` */
bool locked;		       /* the lock that is not always taken */
byte in_section;

inline drain(w)
{
	if
	:: buffered[w] -> word[where[w]] = what[w]
	:: else
	fi;
	buffered[w] = false
}

inline store(at, value)
{
	d_step { drain(me); where[me] = at; what[me] = value; buffered[me] = true }
}

/* Who has stored sees it at once. */
inline load(at, seen)
{
	d_step {
		if
		:: buffered[me] && where[me] == at -> seen = what[me]
		:: else -> seen = word[at]
		fi
	}
}

inline lock(which)
{
	atomic { !which -> which = true; drain(me) }
}

inline unlock(which)
{
	d_step { drain(me); which = false }
}

active proctype memory()
{
end:
	do
	:: d_step { buffered[0] -> drain(0) }
	:: d_step { buffered[1] -> drain(1) }
	:: d_step { buffered[2] -> drain(2) }
	od
}

inline come()
{
	lock(state_locked);
	seen = word[STATE];
	present++;
#ifdef TRUST_ENDING
	if
	:: seen == ENDING -> seen = SHARED
	:: else
	fi;
#endif
	if
	:: present == 1 -> word[STATE] = ALONE; seen = SHARED
	:: present != 1 && seen != SHARED -> word[STATE] = ENDING
	:: else
	fi;
	unlock(state_locked);
	if
	:: seen == SHARED
	:: else ->
#ifndef NO_BARRIER
		d_step { drain(0); drain(1); drain(2) };
#endif
#ifndef NO_WAIT
		word[INSIDE] == 0;
#endif
#ifndef NO_BRIEF_WAIT
		word[BRIEF] == 0;
#endif
		store(STATE, SHARED)
	fi
}

inline go()
{
	lock(state_locked);
	present--;
	if
	:: present == 1 -> word[STATE] = ALONE
	:: else
	fi;
	unlock(state_locked)
}

inline expect()
{
	load(STATE, seen);
	load(INSIDE, n);
	if
#ifdef EXPECT_INSIDE
	:: seen == ALONE -> store(STATE, SHARED)
#else
	:: seen == ALONE && n == 0 -> store(STATE, SHARED)
#endif
	:: else
	fi
}

inline enter()
{
	alone = false;
	load(STATE, seen);
	if
	:: seen == ALONE ->
		load(INSIDE, n);
		store(INSIDE, n + 1);
#ifndef NO_LOOK
		load(STATE, seen);
#endif
		if
		:: seen == ALONE -> alone = true
		:: else -> store(INSIDE, n)
		fi
	:: else
	fi;
	if
	:: alone
	:: else -> lock(locked)
	fi
}

inline leave()
{
#ifdef BY_STATE
	load(STATE, seen);
	alone = seen == ALONE;
#else
	alone = !locked;
#endif
	if
	:: alone -> load(INSIDE, n); store(INSIDE, n - 1)
	:: else -> unlock(locked)
	fi
}

inline enter_briefly()
{
	briefly = false;
	load(STATE, seen);
	if
	:: seen == ALONE ->
		store(BRIEF, 1);
#ifndef NO_BRIEF_LOOK
		load(STATE, seen);
#endif
		if
		:: seen == ALONE -> briefly = true
		:: else -> store(BRIEF, 0)
		fi
	:: else
	fi
}

proctype worker(byte me)
{
	mtype seen;
	byte n, round;
	bool alone, briefly;

	for (round : (me > 0) .. 1) { /* worker 0 comes twice; 1 and 2 enter one kind each */
		come();
		if
		:: expect()
		:: true
		fi;
		if
		:: me != 2 ->
			enter();
			in_section++;
			assert(in_section == 1);
			if
			:: expect()
			:: round == 1 ->
				enter_briefly();
				if
				:: briefly -> store(BRIEF, 0)
				:: else
				fi
			:: true
			fi;
			in_section--;
			leave()
		:: me != 1 ->
			enter_briefly();
			if
			:: briefly
			:: else -> lock(locked)
			fi;
			in_section++;
			assert(in_section == 1);
			in_section--;
			if
			:: briefly -> store(BRIEF, 0)
			:: else -> unlock(locked)
			fi
		fi;
		d_step { seen = 0; n = 0; alone = false; briefly = false }; /* fewer states */
		go()
	}
}

init {
	atomic { word[STATE] = SHARED; run worker(0); run worker(1); run worker(2) }
}
