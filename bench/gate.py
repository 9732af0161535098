# SPDX-License-Identifier: MIT
"""The gate: a sample counts only if nothing else used the machine meanwhile.

/proc/stat counts the CPU time of everybody, in ticks of 10 ms. Less what the sample and this script
used, that is what others did; time stolen by the hypervisor counts as theirs. A busy neighbour gives
numbers that look plausible and are wrong, so such a sample is taken again, later.
"""

import os
import resource
import time

FOREIGN_MAX = 0.08  # cores
TICK = os.sysconf("SC_CLK_TCK")


def busy_ticks(stat):
    """Ticks in which some CPU was not idle, from the text of /proc/stat.

    Guests' time is part of user and nice already; waiting for a disk is idle time.
    """
    fields = [int(word) for word in stat.split("\n", 1)[0].split()[1:]]
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields[:8]
    return user + nice + system + irq + softirq + steal


def own_seconds():
    """CPU time of this script and of what it has run and waited for."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(u.ru_utime + u.ru_stime for u in usages)


class Reading:
    """What the machine's and our own clocks say at one moment."""

    def __init__(self, wall=None, ticks=None, own=None):
        if wall is None:
            with open("/proc/stat") as f:
                ticks = busy_ticks(f.read())
            wall, own = time.monotonic(), own_seconds()
        self.wall, self.ticks, self.own = wall, ticks, own


def foreign_cores(before, after, tick=TICK):
    """CPU that others used between two readings, in cores. Not below 0: ticks are coarse."""
    wall = after.wall - before.wall
    if wall <= 0:
        return 0.0
    busy = (after.ticks - before.ticks) / tick
    return max(0.0, (busy - (after.own - before.own)) / wall)


class Gate:
    """Takes samples while it is quiet. `tries` bounds how often one is taken, `patience` (s) how long
    it waits for quiet between two tries, and `spare` (s) what waiting and taking again may cost in
    all: once it is spent, or after `end` (time.monotonic), nothing is taken again."""

    def __init__(self, enabled=True, tries=6, patience=30.0, spare=600.0, end=float("inf"),
                 read=Reading, sleep=time.sleep, clock=time.monotonic, say=lambda text: None):
        self.enabled, self.tries, self.patience = enabled, tries, patience
        self.spare, self.end = spare, end
        self.read, self.sleep, self.clock, self.say = read, sleep, clock, say
        self.repeated = 0

    def _wait_for_quiet(self, limit):
        while self.clock() < limit:
            before = self.read()
            self.sleep(0.5)
            if foreign_cores(before, self.read()) < FOREIGN_MAX:
                return

    def _once(self, measure):
        before = self.read()
        sample = measure()
        sample["foreign"] = round(foreign_cores(before, self.read()), 3)
        sample["quiet"] = sample["foreign"] < FOREIGN_MAX
        return sample

    def take(self, measure):
        """measure() gives a dict. Gives it back with "foreign" (cores) and "quiet" in it: of the
        tries the first quiet one, else the least disturbed."""
        best = self._once(measure)
        began = self.clock()
        limit = min(began + self.spare, self.end)
        for _ in range(self.tries - 1):
            if best["quiet"] or not self.enabled or self.clock() >= limit:
                break
            self.say("others use %.2f CPUs: waiting" % best["foreign"])
            self._wait_for_quiet(min(self.clock() + self.patience, limit))
            if self.clock() >= limit:
                break
            self.repeated += 1
            best = min(best, self._once(measure), key=lambda sample: sample["foreign"])
        self.spare -= self.clock() - began
        return best
