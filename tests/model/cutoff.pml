/* SPDX-License-Identifier: MIT
 *
 * The cut-off: a worker that records, and the collector, which draws a line at T and takes all
 * records that it sees to be all that will ever be below. docs/recorder.md, "The cut-off".
 *
 * What the worker stores lies in a buffer first, in order, which the collector does not see until
 * it goes to memory: at any time, or by the collector's membarrier. Its clock may be any time
 * behind.
 *
 * broken: NO_MEMBARRIER NO_FLOOR FLOOR_FIRST NO_WAIT LATE_FLOOR
 */
#define RECORDS 2
#define ROUNDS 2

byte pos;		    /* as memory has it: twice what is published, and 1 more while open */
chan buffer = [4] of {byte}; /* of stores to it that are on their way */
byte now = 1, floor;
byte stamp[RECORDS];	    /* 0: not stamped yet */
byte taken, line;	    /* by the last round that is over: so many records, and its T */

inline drain()
{
	do
	:: nempty(buffer) -> buffer?pos
	:: empty(buffer) -> break
	od
}

active proctype memory()
{
end:
	do
	:: buffer?pos
	od
}

active proctype worker()
{
	byte n = 0, t, f;

	do
	:: n < RECORDS ->
#ifdef FLOOR_FIRST
		f = floor;
		buffer!(2 * n + 1);
#else
		buffer!(2 * n + 1);
		f = floor;
#endif
		select(t : 0 .. now);
		skip;
#ifndef NO_FLOOR
		if
		:: t < f -> t = f
		:: else
		fi;
#endif
		d_step {
			stamp[n] = t + 1;
			assert(n < taken || t >= line)
		};
		n++;
		buffer!(2 * n)
	:: else -> break
	od
}

active proctype collector()
{
	byte round = 0, t, p, i;

	do
	:: round < ROUNDS ->
		now++;
		t = now;
#ifndef LATE_FLOOR
		floor = t;
#endif
#ifndef NO_MEMBARRIER
		d_step { drain() };
#endif
		p = pos;
#ifndef NO_WAIT
		if
		:: p % 2 -> pos != p
		:: else
		fi;
#endif
		d_step {
			taken = pos / 2;
			line = t;
			i = taken;
			do
			:: i < RECORDS ->
				assert(stamp[i] == 0 || stamp[i] - 1 >= t);
				i++
			:: else -> break
			od;
			i = 0
		};
#ifdef LATE_FLOOR
		floor = t;
#endif
		round++
	:: else -> break
	od
}
