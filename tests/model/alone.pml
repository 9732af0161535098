/* SPDX-License-Identifier: MIT
 *
 * Locks that nobody takes while one is alone: three workers that come, enter a section, wake another,
 * and go. docs/scheduler.md, "Alone".
 *
 * What a worker stores in `inside`, or in `state` without the lock of that, lies in a buffer of one entry
 * first, which others do not see. It goes to memory at any time, before its next store or
 * read-modify-write, or when somebody's membarrier makes it.
 *
 * broken: NO_BARRIER NO_LOOK NO_WAIT TRUST_ENDING EXPECT_INSIDE BY_STATE
 */
#define WORKERS 3

mtype = { SHARED, ENDING, ALONE };

mtype state = SHARED;	       /* as memory has it */
byte inside;
bool buffered[WORKERS];	       /* a store on its way: of the state, if that is in buffer_state, */
mtype buffer_state[WORKERS];
byte buffer_inside[WORKERS];   /* else of `inside` */
byte present;
bool state_locked;	       /* the lock of `present` */
bool locked;		       /* the lock that is not always taken */
byte in_section;

inline drain(w)
{
	if
	:: buffered[w] && buffer_state[w] != 0 -> state = buffer_state[w]
	:: buffered[w] && buffer_state[w] == 0 -> inside = buffer_inside[w]
	:: else
	fi;
	buffered[w] = false
}

inline store_state(value)
{
	d_step { drain(me); buffer_state[me] = value; buffered[me] = true }
}

inline store_inside(value)
{
	d_step { drain(me); buffer_state[me] = 0; buffer_inside[me] = value; buffered[me] = true }
}

/* Who has stored sees it at once. */
inline load_state(seen)
{
	d_step {
		if
		:: buffered[me] && buffer_state[me] != 0 -> seen = buffer_state[me]
		:: else -> seen = state
		fi
	}
}

inline load_inside(seen)
{
	d_step {
		if
		:: buffered[me] && buffer_state[me] == 0 -> seen = buffer_inside[me]
		:: else -> seen = inside
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
	seen = state;
	present++;
#ifdef TRUST_ENDING
	if
	:: seen == ENDING -> seen = SHARED
	:: else
	fi;
#endif
	if
	:: present == 1 -> state = ALONE; seen = SHARED
	:: present != 1 && seen != SHARED -> state = ENDING
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
		inside == 0;
#endif
		store_state(SHARED)
	fi
}

inline go()
{
	lock(state_locked);
	present--;
	if
	:: present == 1 -> state = ALONE
	:: else
	fi;
	unlock(state_locked)
}

inline expect()
{
	load_state(seen);
	load_inside(n);
	if
#ifdef EXPECT_INSIDE
	:: seen == ALONE -> store_state(SHARED)
#else
	:: seen == ALONE && n == 0 -> store_state(SHARED)
#endif
	:: else
	fi
}

inline enter()
{
	alone = false;
	load_state(seen);
	if
	:: seen == ALONE ->
		load_inside(n);
		store_inside(n + 1);
#ifndef NO_LOOK
		load_state(seen);
#endif
		if
		:: seen == ALONE -> alone = true
		:: else -> store_inside(n)
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
	load_state(seen);
	alone = seen == ALONE;
#else
	alone = !locked;
#endif
	if
	:: alone -> load_inside(n); store_inside(n - 1)
	:: else -> unlock(locked)
	fi
}

proctype worker(byte me)
{
	mtype seen;
	byte n, round;
	bool alone;

	for (round : (me > 0) .. 1) { /* worker 0 comes twice */
		come();
		if
		:: expect()
		:: true
		fi;
		enter();
		in_section++;
		assert(in_section == 1);
		if
		:: expect()
		:: true
		fi;
		in_section--;
		leave();
		go()
	}
}

init {
	atomic { run worker(0); run worker(1); run worker(2) }
}
