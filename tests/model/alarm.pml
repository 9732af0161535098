/* SPDX-License-Identifier: MIT
 *
 * Alarms: who is up for the first timer gives up its place for something else, while another worker
 * arms that timer. docs/scheduler.md, "Alarms". If both compute for ever then, the third is up for it.
 *
 * What is armed lies in a buffer first, which others do not see. It goes to memory at any time, and
 * when its worker's read-modify-write or somebody's membarrier makes it.
 *
 * broken: LOAD NO_LOOK LOOK_BEFORE
 */
bool armed;	   /* the first timer, as memory has it */
bool in_buffer;	   /* it is on its way */
bool leaver_is_up = true, sleeper_is_up; /* `alarm` is the earlier of the two */
bool woken;

#define up (leaver_is_up || sleeper_is_up)

inline drain()
{
	if
	:: in_buffer -> armed = true; in_buffer = false
	:: else
	fi
}

active proctype memory()
{
end:
	do
	:: d_step { in_buffer -> drain() }
	od
}

active proctype armer()
{
	bool seen;

	in_buffer = true;
#ifdef LOAD
	seen = up;
#else
	d_step { drain(); seen = up };
#endif
	if
	:: !seen -> woken = true
	:: else
	fi
}

active proctype leaver()
{
	bool seen;

#ifdef LOOK_BEFORE
	seen = armed;
#endif
	leaver_is_up = false;
#ifndef LOOK_BEFORE
	seen = armed;
#endif
#ifndef NO_LOOK
	if
	:: seen && !up -> woken = true
	:: else
	fi
#endif
}

active proctype sleeper()
{
end:
	do
	:: woken ->
		woken = false;
		d_step { drain() };
		sleeper_is_up = armed
	od
}

init {
	/* Nobody can go on. */
	timeout;
	assert(up || !armed)
}
