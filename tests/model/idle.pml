/* SPDX-License-Identifier: MIT
 *
 * Watching and sleeping: one worker makes work and then computes for ever, two others have none of their
 * own. docs/scheduler.md, "Watching and sleeping". Whoever sleeps for good, all work must be taken.
 *
 * Stores of those who "store, then look" lie in a buffer of one entry first, which others do not see:
 * the maker's of its work, and of each other worker that of `watched`. They go to memory at any time,
 * before the next store, or when somebody's membarrier makes them.
 *
 * broken: NO_BARRIER NO_SECOND_LOOK NO_CHAIN LOOK_BEFORE TAKEN_BACK_LATE WATCH_ON
 * broken: CALLED_NO_CHAIN CALLED_NO_BARRIER
 */
#define WORKERS 2
#define ITEMS 2
#define CALLS 1

bool item[ITEMS];	  /* in the maker's queue, as memory has it */
byte left = ITEMS;	  /* not taken yet */
byte in_buffer;		  /* 1 + the item on its way, or 0 */
bool unwatch[WORKERS];	  /* `watched` = 0 on its way */
bool watched;
byte nidle;
bool idle[WORKERS], wake_word[WORKERS], watching[WORKERS];
bool locked;		  /* idle_lock */
byte asleep;
byte calls = CALLS;	  /* to come: each calls away who watches, as a post or a timer of its own */

inline lock()
{
	atomic { !locked -> locked = true }
}

inline drain_all()
{
	if
	:: in_buffer -> item[in_buffer - 1] = true; in_buffer = 0
	:: else
	fi;
	if
	:: unwatch[0] -> watched = false; unwatch[0] = false
	:: else
	fi;
	if
	:: unwatch[1] -> watched = false; unwatch[1] = false
	:: else
	fi
}

active proctype memory()
{
end:
	do
	:: d_step { in_buffer -> item[in_buffer - 1] = true; in_buffer = 0 }
	:: d_step { unwatch[0] -> watched = false; unwatch[0] = false }
	:: d_step { unwatch[1] -> watched = false; unwatch[1] = false }
	od
}

/* A compare-exchange: behind what the same worker has stored, and in memory at once. */
inline begin_watch(mine, won)
{
	d_step {
		if
		:: mine < WORKERS && unwatch[mine] -> unwatch[mine] = false; watched = false
		:: else
		fi;
		won = !watched;
		watched = true
	}
}

inline take_from_list(w)
{
	d_step {
		idle[w] = false;
		nidle--;
		wake_word[w] = true
	}
}

/* `mine`: who calls, WORKERS for the maker. Who looks at what it has stored itself sees it. */
inline wake_one(mine, won)
{
	if
	:: nidle != 0 && (!watched || (mine < WORKERS && unwatch[mine])) ->
		begin_watch(mine, won);
		if
		:: won ->
			lock();
			if
			:: idle[0] -> take_from_list(0); watching[0] = true; locked = false
			:: idle[1] -> take_from_list(1); watching[1] = true; locked = false
			:: !idle[0] && !idle[1] ->
#ifdef TAKEN_BACK_LATE
				locked = false;
				watched = false
#else
				watched = false;
				locked = false
#endif
			fi
		:: else
		fi
	:: else
	fi
}

active proctype maker()
{
	byte i;
	bool won;

	for (i : 0 .. ITEMS - 1) {
#ifdef LOOK_BEFORE
		wake_one(WORKERS, won);
#endif
		in_buffer == 0;	/* the entry before is in memory */
		in_buffer = i + 1;
#ifndef LOOK_BEFORE
		wake_one(WORKERS, won)
#endif
	}
}

inline work_seen(seen)
{
	d_step { seen = item[0] || item[1] }
}

proctype worker(byte me)
{
	bool won, found, called;

again:
	called = false;
	if
	:: !watching[me] -> begin_watch(me, won); watching[me] = won
	:: true
	fi;
	if
	:: watching[me] ->
		d_step {
			if
			:: item[0] -> item[0] = false; left--; found = true
			:: !item[0] && item[1] -> item[1] = false; left--; found = true
			:: else -> found = false
			fi;
			if
			:: !found && calls -> calls--; found = true; called = true
			:: true
			fi
		};
#ifndef WATCH_ON
		watching[me] = false;
		unwatch[me] = true;
#endif
		if
		:: called ->
			/* What is in its own queue it may keep, but work elsewhere wakes the next. */
#ifndef CALLED_NO_BARRIER
			d_step { drain_all() };
#endif
			work_seen(found);
			if
#ifdef CALLED_NO_CHAIN
			:: true
#else
			:: found -> wake_one(me, won)
			:: else
#endif
			fi;
			goto out
		:: found && !called ->
#ifndef NO_CHAIN
			wake_one(me, won);
#endif
			if
			:: goto again	/* through with it */
			:: goto out	/* computes for ever */
			fi
		:: else
		fi
	:: else
	fi;
	lock();
	d_step { wake_word[me] = false; idle[me] = true; nidle++ };
	locked = false;
#ifndef NO_BARRIER
	d_step { drain_all() };
#endif
	won = false;
#ifndef NO_SECOND_LOOK
	work_seen(found);
	if
	:: found -> begin_watch(me, won)
	:: else
	fi;
#endif
	if
	:: won -> watching[me] = true
	:: else ->
		asleep++;
end:		wake_word[me];
		asleep--
	fi;
	lock();
	if
	:: idle[me] -> take_from_list(me)
	:: else
	fi;
	locked = false;
	goto again;
out:
	skip
}

init {
	atomic { run worker(0); run worker(1) };
	/* Nobody can go on. */
	timeout;
	assert(asleep == 0 || left == 0)
}
