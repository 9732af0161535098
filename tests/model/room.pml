/* SPDX-License-Identifier: MIT
 *
 * A worker that finds its ring full, and the collector, which gives room back. docs/recorder.md,
 * "Room": nobody sleeps while there is room.
 *
 * A futex's sleeper is asleep only if the word still had the value that it gave; its time limit is
 * left out, which would hide a wake-up that is lost. Room comes back in pieces too small for who waits.
 *
 * broken: LOOK_FIRST NO_LOOK SEEN_LATE NOT_COUNTED
 */
#define UNITS 6 /* to be written, by two at a time, into a ring that holds two */

byte tail, head;
bool waiting, asleep;
byte wake;

active proctype worker()
{
	byte seen;

	do
	:: tail == UNITS -> break
	:: tail < UNITS && tail - head < 1 -> tail = tail + 2
	:: tail < UNITS && tail - head >= 1 -> /* as it was seen before */
		do
		:: true ->
#ifndef SEEN_LATE
			seen = wake;
#endif
#ifdef LOOK_FIRST
			if
			:: tail - head < 1 -> break
			:: else
			fi;
			waiting = true;
#else
			waiting = true;
#ifndef NO_LOOK
			if
			:: tail - head < 1 -> break
			:: else
			fi;
#endif
#endif
#ifdef SEEN_LATE
			seen = wake;
#endif
			if
			:: atomic { wake == seen -> asleep = true };
				!asleep
			:: wake != seen
			fi;
#if defined(LOOK_FIRST) || defined(NO_LOOK)
			if
			:: tail - head < 1 -> break
			:: else
			fi
#endif
		od
	od
}

active proctype collector()
{
	do
	:: head == UNITS -> break
	:: head < tail ->
		head++;
		if
		:: waiting ->
			waiting = false;
#ifndef NOT_COUNTED
			wake++;
#endif
			asleep = false
		:: else
		fi
	od
}
