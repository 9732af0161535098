# SPDX-License-Identifier: MIT
"""A display without a screen, a viewer in it, and hands for it: what window_test.py drives.

Nothing here sleeps to let something happen. The display says its own number when it is ready; the
viewer writes a line of facts after each frame (WEFT_VIEW_STATE), and a test waits for the fact it
needs, up to a deadline.
"""
import json
import os
import select
import subprocess
import time

DEADLINE_S = 30.0
POLL_S = 0.01


class Timeout(Exception):
    pass


def wait_for(what, get):
    """The first true value of get(), asked again and again up to the deadline."""
    end = time.monotonic() + DEADLINE_S
    while True:
        value = get()
        if value:
            return value
        if time.monotonic() > end:
            raise Timeout("waited %g s for: %s" % (DEADLINE_S, what))
        time.sleep(POLL_S)


class Picture:
    """Pixels of a screenshot or a file, by ImageMagick."""

    def __init__(self, ppm):
        fields = ppm.split(None, 4)
        assert fields[0] == b"P6" and fields[3] == b"255", fields[:4]
        self.width, self.height = int(fields[1]), int(fields[2])
        self.pixels = ppm[len(ppm) - 3 * self.width * self.height:]

    @staticmethod
    def of_file(path):
        done = subprocess.run(["convert", path, "-depth", "8", "ppm:-"], stdout=subprocess.PIPE,
            check=True, timeout=DEADLINE_S)
        return Picture(done.stdout)

    def at(self, x, y):
        i = 3 * (int(y) * self.width + int(x))
        return tuple(self.pixels[i:i + 3])

    def box(self, x, y, w, h):
        """The pixels of a part, to be compared."""
        rows = range(max(int(y), 0), min(int(y + h), self.height))
        return b"".join(self.pixels[3 * (r * self.width + int(x)):
            3 * (r * self.width + int(x + w))] for r in rows)

    def reds(self, x, y, w, h):
        """How many pixels of a part have the colour of messages."""
        part = self.box(x, y, w, h)
        return sum(1 for r, g, b in zip(part[0::3], part[1::3], part[2::3])
            if r > 150 and g < 130 and b < 130)

    def red_near(self, x, y, reach=3):
        return self.reds(x - reach, y - reach, 2 * reach + 1, 2 * reach + 1) > 0


class Display:
    """An X server of our own on a number that was free."""

    def __init__(self, width=1400, height=950):
        there, here = os.pipe()
        self.process = subprocess.Popen(["Xvfb", "-displayfd", str(here), "-screen", "0",
            "%dx%dx24" % (width, height), "-nolisten", "tcp", "-noreset"], pass_fds=[here],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(here)
        number = b""
        while not number.endswith(b"\n"):
            if not select.select([there], [], [], DEADLINE_S)[0]:
                raise Timeout("no display")
            some = os.read(there, 64)
            if not some:
                raise Timeout("Xvfb ended")
            number += some
        os.close(there)
        self.environment = {k: v for k, v in os.environ.items()
            if k not in ("WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "GDK_SCALE", "QT_SCALE_FACTOR")}
        self.environment["DISPLAY"] = ":" + number.decode().strip()

    def close(self):
        self.process.terminate()
        self.process.wait()


class Viewer:
    """`weft view` on a trace; everything it does is asked for as a person would."""

    def __init__(self, command, trace, state, environment, *options):
        self.state_path = state
        self.offset = 0
        self.last = None
        if os.path.exists(state):
            os.unlink(state)
        self.environment = dict(environment, WEFT_VIEW_STATE=state)
        self.errors = open(state + ".stderr", "w+b")
        self.process = subprocess.Popen(command + list(options) + [trace], env=self.environment,
            stdout=subprocess.DEVNULL, stderr=self.errors)
        self.window = None

    # -- what it shows

    def read(self):
        """All states written since the last call; self.last is the newest."""
        if not os.path.exists(self.state_path):
            return []
        with open(self.state_path, "rb") as f:
            f.seek(self.offset)
            text = f.read()
        text = text[:text.rfind(b"\n") + 1]
        self.offset += len(text)
        states = [json.loads(line) for line in text.splitlines()]
        if states:
            self.last = states[-1]
        return states

    def wait(self, what, is_so):
        """The first state from now on, the newest one included, of which is_so holds."""
        def get():
            if self.process.poll() is not None:
                raise Timeout("the viewer ended while waiting for: " + what)
            for s in ([self.last] if self.last else []) + self.read():
                if is_so(s):
                    return s
            return None
        return wait_for(what, get)

    def settle(self):
        """The state once every input sent so far has been dealt with and drawn: a key that turns
        labels off and on again comes back after all that went before it."""
        labels = self.now()["labels"]
        self.key("l")
        self.wait("labels", lambda s: s["labels"] != labels)
        self.key("l")
        return self.wait("labels", lambda s: s["labels"] == labels)

    def now(self):
        self.read()
        return self.last

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read().decode()

    # -- hands

    def xdotool(self, *arguments):
        done = subprocess.run(["xdotool"] + [str(a) for a in arguments], env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=DEADLINE_S)
        return done.stdout.decode() if done.returncode == 0 else ""

    def find_window(self, title):
        def get():
            found = self.xdotool("search", "--onlyvisible", "--name", title).split()
            return found[0] if found else None
        self.window = wait_for("a window called " + title, get)
        self.xdotool("windowfocus", self.window)
        return self.window

    def key(self, *keys):
        self.xdotool("key", *keys)

    def mouse(self, x, y):
        self.xdotool("mousemove", "--window", self.window, round(x), round(y))

    def press(self, button=1):
        self.xdotool("mousedown", button)

    def release(self, button=1):
        self.xdotool("mouseup", button)

    def drag(self, x0, y0, x1, y1, steps=4):
        self.mouse(x0, y0)
        self.press()
        for i in range(1, steps + 1):
            self.mouse(x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps)
        self.release()

    def look(self):
        """A picture of the window, as the X server has it."""
        done = subprocess.run(["import", "-silent", "-window", self.window, "-depth", "8",
            "ppm:-"], env=self.environment, stdout=subprocess.PIPE, check=True,
            timeout=DEADLINE_S)
        return Picture(done.stdout)

    def end(self):
        """Its exit status."""
        return self.process.wait(DEADLINE_S)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.errors.close()
