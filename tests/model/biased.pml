/* SPDX-License-Identifier: MIT
 *
 * The biased lock of a run queue: its owner and two thieves. docs/scheduler.md, "Run queues".
 *
 * What the owner stores in `busy` lies in a buffer of one entry first, which others do not see. It goes
 * to memory at any time, before the next store, or when a thief's membarrier makes it.
 *
 * The owner may also expect a guest: it revokes its bias itself, and the one that it wakes then passes no
 * barrier and does not wait. (That the guest sees what was done inside before is argued in the docs.)
 *
 * broken: NO_BARRIER NO_LOOK NO_WAIT NO_LOCK EARLY_RESTORE EXPECT_INSIDE EXPECT_NOTHING
 */
bool busy;		    /* as memory has it */
bool buffered, buffer;	    /* the owner's store on its way */
byte revoked;
bool expected, invited; /* once, at most */
bool locked;
byte inside;

inline drain()
{
	if
	:: buffered -> busy = buffer; buffered = false
	:: else
	fi
}

inline owner_stores(value)
{
	d_step { drain(); buffer = value; buffered = true }
}

inline lock()
{
	atomic { !locked -> locked = true }
}

inline critical()
{
	inside++;
	assert(inside == 1);
	inside--
}

inline expect()
{
	if
	:: !expected ->
		expected = true;
#ifndef EXPECT_NOTHING
		revoked++;
#endif
		invited = true
	:: true /* wakes nobody */
	fi
}

active proctype memory()
{
end:
	do
	:: d_step { buffered -> drain() }
	od
}

active proctype owner()
{
	bool slowly;
	byte round;

	for (round : 1 .. 3) {
		slowly = false;
		owner_stores(true);
#ifndef NO_LOOK
		if
		:: revoked == 0
		:: else ->
			owner_stores(false);
			slowly = true;
#ifndef NO_LOCK
			lock()
#endif
		fi;
#endif
#ifdef EXPECT_INSIDE
		expect();
#endif
		critical();
		owner_stores(false);
#ifndef NO_LOCK
		if
		:: slowly -> locked = false
		:: else
		fi
#endif
#ifndef EXPECT_INSIDE
		expect()
#endif
	}
}

active proctype guest()
{
end:
	invited;
	lock();
	critical();
	locked = false;
#ifndef EXPECT_NOTHING
	revoked--
#endif
}

active [2] proctype thief()
{
	byte round;

	for (round : 1 .. 2) {
		revoked++;
#ifndef NO_BARRIER
		d_step { drain() };
#endif
#ifndef NO_WAIT
		!busy;
#endif
#ifdef EARLY_RESTORE
		revoked--;
#endif
		lock();
		critical();
		locked = false;
#ifndef EARLY_RESTORE
		revoked--
#endif
	}
}
