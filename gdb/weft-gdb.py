# SPDX-License-Identifier: MIT
#
# Coroutines in gdb, in a running program and in a core file:
#
#   (gdb) source weft-gdb.py
#   (gdb) info coroutines
#   (gdb) coroutine 5 bt
#   (gdb) coroutine all bt
#
# It finds them by the table `weft_debug` (runtime/debug.c), so libweft needs no debug information.
# A parked coroutine is shown by an unwinder of ours, which says that the innermost frame of the
# selected thread was called by it; nothing is written to the program, so core files do as well.
import struct

import gdb
import gdb.unwinder

STATES = ("free", "ready", "running", "parked")
WAIT_CHAN, WAIT_SYNC, WAIT_CO = 1, 2, 3  # what the word is that tells what a coroutine waits for


class Missing(gdb.GdbError):
    pass


def memory(address, size):
    return gdb.selected_inferior().read_memory(int(address), size).tobytes()


def word(address, size=8):
    return int.from_bytes(memory(address, size), "little")


def text(address, most=256):
    """The C string there; "" for a null pointer and what cannot be read."""
    if not address:
        return ""
    for size in (most, 64, 16):  # it may lie at the end of what is mapped
        try:
            return memory(address, size).split(b"\0")[0].decode("utf-8", "replace")
        except gdb.MemoryError:
            continue
    return ""


class Table:
    """The library's struct debug."""

    POINTERS = ("slabs", "nslabs", "workers", "nworkers", "whys")
    NUMBERS = ("slab_bytes slab_base slab_stack_bytes slab_used worker_bytes worker_current "
               "worker_tid co_bytes shades shade_bytes "
               "co_state co_id co_name co_fn_name co_at_fn co_at_file "
               "co_at_line co_why co_wait_kind co_wait_on chan_name chan_at_file chan_at_line "
               "sync_name co_ctx indirect sp_add sp_at nregs").split()

    def __init__(self):
        try:
            at = int(gdb.parse_and_eval("(unsigned long)&weft_debug"))
            head = memory(at, 8 + 8 * len(self.POINTERS) + 4 * len(self.NUMBERS))
        except gdb.error as error:
            raise Missing(f"no libweft in this program, or no process: {error}")
        if head[:8] != b"weftdbg3":
            raise Missing("weft_run has not begun yet, or this libweft is another version")
        fields = struct.unpack_from(f"<{len(self.POINTERS)}Q{len(self.NUMBERS)}I", head, 8)
        for name, value in zip(self.POINTERS + tuple(self.NUMBERS), fields):
            setattr(self, name, value)
        self.words = text(self.whys, 1024).split(" ")
        regs = memory(at + len(head), 12 * self.nregs)
        self.regs = [(name.rstrip(b"\0").decode(), offset)
                     for name, offset in struct.iter_unpack("<8sI", regs)]


class Coroutine:
    def __init__(self, table, address, tids):
        self.table, self.address = table, address
        self.id = word(address + table.co_id)
        self.tid = tids.get(address)
        self.state = STATES[word(address + table.co_state, 4)]
        if self.tid is not None:
            self.state = "running"
        self.name = text(address + table.co_name, 48) or self.string(table.co_fn_name)

    def string(self, offset):
        return text(word(self.address + offset))

    def waits_for(self):
        t = self.table
        why = t.words[word(self.address + t.co_why, 1)]
        kind, on = word(self.address + t.co_wait_kind, 1), word(self.address + t.co_wait_on)
        if kind == WAIT_CO:
            return f"{why} of {on}"
        if kind == WAIT_CHAN:
            place = text(word(on + t.chan_at_file)).rsplit("/", 1)[-1]
            name = text(on + t.chan_name, 48)
            named = f'"{name}" ' if name else ""
            return f"{why} {named}(made at {place}:{word(on + t.chan_at_line, 4)})"
        if kind == WAIT_SYNC:
            name = text(on + t.sync_name, 20)
            return f'{why} "{name}"' if name else f"{why} {on:#x}"
        return why

    def line(self):
        t = self.table
        line = f'{self.id} "{self.name}" {self.state}'
        if self.state == "running":
            line += f" on thread {self.tid}" if self.tid else ""
        elif self.state == "parked":
            line += f": {self.waits_for()}"
        at_line = word(self.address + t.co_at_line, 4)
        if at_line:
            place = self.string(t.co_at_file).rsplit("/", 1)[-1]
            line += f", spawned in {self.string(t.co_at_fn)} at {place}:{at_line}"
        return line

    def registers(self):
        t = self.table
        base = self.address + t.co_ctx
        if t.indirect:
            base = word(base)
        sp = word(base + t.sp_at) if t.sp_at else base + t.sp_add
        return {name: word(base + offset) for name, offset in t.regs}, sp


def coroutines():
    table = Table()
    tids = {}
    first = word(table.workers)
    for i in range(word(table.nworkers, 4) if first else 0):
        worker = first + i * table.worker_bytes
        current = word(worker + table.worker_current)
        if current:
            tids[current] = word(worker + table.worker_tid, 4)
    found = []
    for i in range(word(table.nslabs, 4)):
        slab = table.slabs + i * table.slab_bytes
        base, size = word(slab + table.slab_base), word(slab + table.slab_stack_bytes)
        for j in range(word(slab + table.slab_used, 4)):
            address = (base + (j + 1) * size - table.co_bytes -
                       (base + j * size) // size % table.shades * table.shade_bytes)
            try:
                if word(address + table.co_state, 4):
                    found.append(Coroutine(table, address, tids))
            except gdb.MemoryError:
                continue  # never touched, and so not in the core file
    return sorted(found, key=lambda co: co.id)


class FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class Unwinder(gdb.unwinder.Unwinder):
    """While it has a target: the innermost frame of the thread was called by that coroutine."""

    def __init__(self):
        super().__init__("weft")
        self.target = None

    def __call__(self, pending):
        if not self.target:
            return None
        regs, sp, here = self.target
        if (int(pending.read_register("sp")), int(pending.read_register("pc"))) != here:
            return None
        # Further in than the coroutine's, or gdb takes its frames for a broken stack.
        frame_id = FrameId(gdb.Value(sp - 256), pending.read_register("pc"))
        info = pending.create_unwind_info(frame_id)
        for name, value in regs.items():
            info.add_saved_register(name, gdb.Value(value).cast(pending.read_register(name).type))
        info.add_saved_register("sp", gdb.Value(sp).cast(pending.read_register("sp").type))
        return info


UNWINDER = Unwinder()
gdb.unwinder.register_unwinder(None, UNWINDER, replace=True)


def in_parked(co, command):
    regs, sp = co.registers()
    if not regs:
        raise gdb.GdbError("this CPU's contexts are not known")
    gdb.newest_frame().select()
    frame = gdb.newest_frame()
    here = (int(frame.read_register("sp")), int(frame.read_register("pc")))
    UNWINDER.target = (regs, sp, here)
    try:
        gdb.invalidate_cached_frames()
        caller = gdb.newest_frame().older()
        if caller is None:
            raise gdb.GdbError("gdb cannot show this coroutine")
        caller.select()
        out = gdb.execute(command, to_string=True)
    finally:
        UNWINDER.target = None
        gdb.invalidate_cached_frames()
    # The thread's own frame, in front of the coroutine's, is none of it.
    lines = out.splitlines(True)
    if lines and lines[0].startswith("#0 "):
        lines = lines[1:]
        while lines and not lines[0].startswith("#"):
            lines = lines[1:]
    gdb.write("".join(lines))


def in_running(co, command):
    thread = gdb.selected_thread()
    for other in gdb.selected_inferior().threads():
        if other.ptid[1] == co.tid or other.ptid[2] == co.tid:
            other.switch()
            try:
                gdb.execute(command)
            finally:
                if thread and thread.is_valid():
                    thread.switch()
            return
    raise gdb.GdbError(f"its thread {co.tid} is not here")


class InfoCoroutines(gdb.Command):
    """List all coroutines: number, name, state, what it waits for, where it was spawned."""

    def __init__(self):
        super().__init__("info coroutines", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        for co in coroutines():
            gdb.write(co.line() + "\n")


class OneCoroutine(gdb.Command):
    """Do a command in a coroutine: coroutine NUMBER COMMAND, or coroutine all COMMAND."""

    def __init__(self):
        super().__init__("coroutine", gdb.COMMAND_STACK, gdb.COMPLETE_NONE)

    def invoke(self, argument, from_tty):
        which, _, command = argument.strip().partition(" ")
        if not which or not command.strip():
            raise gdb.GdbError("usage: coroutine NUMBER COMMAND, or coroutine all COMMAND")
        wanted = [co for co in coroutines() if which == "all" or str(co.id) == which]
        if not wanted and which != "all":
            raise gdb.GdbError(f"no coroutine {which}: see info coroutines")
        for co in wanted:
            if which == "all":
                gdb.write(f"\n{co.line()}\n")
            try:
                (in_running if co.tid is not None else in_parked)(co, command.strip())
            except gdb.error as error:
                if which != "all":
                    raise
                gdb.write(f"{error}\n")


InfoCoroutines()
OneCoroutine()
