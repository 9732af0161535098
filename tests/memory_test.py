# SPDX-License-Identifier: MIT
#
# `weft check` needs memory for what is alive and for nothing else: a million records of a program in which
# little lives at a time must fit into a few MiB. The traces are made here and come through a pipe.
import os
import resource
import subprocess

import tap
from tap import WEFT, same

SLOW = float(os.environ.get("WEFT_TEST_SLOW", "1")) > 1  # a sanitizer keeps what is freed
RECORDS = 100_000 if SLOW else 1_000_000
LIMIT = 3 << 20  # of anonymous memory: 2 MiB do, two bytes a record would be too much

HEADER = ('{"weft":1,"minor":0,"order":"%s","unit":"ns","caps":["sched","life","msg","value","wake","sync",'
          '"user"],"events":[\n')


def ping_pong(n):
    """Two coroutines and one channel, for ever."""
    yield ('{"ev":"spawn","t":0,"new":1},\n{"ev":"spawn","t":0,"new":2},\n'
           '{"ev":"make","t":0,"on":1,"type":"chan","cap":1},\n{"ev":"run","t":1,"w":0,"co":1},\n', 4)
    for m in range(1, n // 6):
        t = 6 * m
        yield (f'{{"ev":"send","t":{t},"w":0,"co":1,"on":1,"msg":{m},"value":{m},"via":"buffer","len":1}},\n'
               f'{{"ev":"yield","t":{t + 1},"w":0,"co":1}},\n{{"ev":"run","t":{t + 2},"w":0,"co":2}},\n'
               f'{{"ev":"recv","t":{t + 3},"w":0,"co":2,"on":1,"msg":{m},"from":1,"len":0}},\n'
               f'{{"ev":"yield","t":{t + 4},"w":0,"co":2}},\n{{"ev":"run","t":{t + 5},"w":0,"co":1}},\n', 6)


def come_and_go(n):
    """Each coroutine sends to a server, marks a region, has a mutex and ends."""
    yield ('{"ev":"spawn","t":0,"new":1},\n{"ev":"make","t":0,"on":1,"type":"chan","cap":0},\n'
           '{"ev":"run","t":1,"w":0,"co":1},\n', 3)
    for i in range(2, n // 15):
        t = 20 * i
        yield (f'{{"ev":"spawn","t":{t},"w":0,"co":1,"new":{i},"name":"client {i}"}},\n'
               f'{{"ev":"block","t":{t},"w":0,"co":1,"why":"recv","on":1}},\n'
               f'{{"ev":"run","t":{t + 1},"w":0,"co":{i}}},\n'
               f'{{"ev":"make","t":{t + 1},"w":0,"co":{i},"on":{i},"type":"mutex"}},\n'
               f'{{"ev":"acquire","t":{t + 2},"w":0,"co":{i},"on":{i}}},\n'
               f'{{"ev":"task","t":{t + 2},"w":0,"co":{i},"op":"begin","id":{i}}},\n'
               f'{{"ev":"begin","t":{t + 3},"w":0,"co":{i},"name":"ask","task":{i}}},\n'
               f'{{"ev":"send","t":{t + 4},"w":0,"co":{i},"on":1,"msg":{4 * i},"via":"hand"}},\n'
               f'{{"ev":"unblock","t":{t + 4},"w":0,"co":{i},"to":1,"on":1,"msg":{4 * i}}},\n'
               f'{{"ev":"end","t":{t + 5},"w":0,"co":{i},"name":"ask"}},\n'
               f'{{"ev":"release","t":{t + 6},"w":0,"co":{i},"on":{i}}},\n'
               f'{{"ev":"free","t":{t + 7},"w":0,"co":{i},"on":{i}}},\n'
               f'{{"ev":"exit","t":{t + 8},"w":0,"co":{i}}},\n{{"ev":"run","t":{t + 9},"w":0,"co":1}},\n'
               f'{{"ev":"recv","t":{t + 10},"w":0,"co":1,"on":1,"msg":{4 * i}}},\n', 15)


def two_workers(n):
    """Ordered by worker, with ticks: receives stand before their sends."""
    yield ('{"ev":"spawn","t":0,"new":1},\n{"ev":"spawn","t":0,"new":2},\n'
           '{"ev":"make","t":0,"on":1,"type":"chan","cap":4},\n{"ev":"run","t":1,"w":0,"co":1},\n'
           '{"ev":"run","t":1,"w":1,"co":2},\n', 5)
    for m in range(1, n // 3):
        t = 10 * m
        yield (f'{{"ev":"recv","t":{t + 1},"w":1,"co":2,"on":1,"msg":{m},"len":0}},\n'
               f'{{"ev":"send","t":{t},"w":0,"co":1,"on":1,"msg":{m},"via":"buffer","len":1}},\n'
               f'{{"ev":"tick","t":{t + 2}}},\n', 3)


def limited():
    if not SLOW:
        resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))


def check(order, records):
    child = subprocess.Popen([WEFT, "check", "/dev/stdin"], stdin=subprocess.PIPE, preexec_fn=limited,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    count = 0
    try:
        child.stdin.write(HEADER % order)
        for text, n in records(RECORDS):
            child.stdin.write(text)
            count += n
        child.stdin.write(f'{{"ev":"eof","t":{1 << 50},"n":{count}}}\n]}}\n')
        child.stdin.close()
    except BrokenPipeError:
        pass  # it says why
    child.stdin = None
    out, err = child.communicate(timeout=120)
    lines = [line for line in out.splitlines() if "W04" not in line]  # who is left is left at the end
    same((child.returncode, lines, err), (0, [], ""))
    assert count > RECORDS * 0.99, count


def add(order, records):
    @tap.test(f"a_million_records_of_{records.__name__}_are_checked_in_{LIMIT >> 20}_MiB")
    def _(folder):
        check(order, records)


for each in (ping_pong, come_and_go):
    add("time", each)
add("worker", two_workers)

tap.main()
