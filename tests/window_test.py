#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""weft view in a real window under Xvfb, driven by keys and mouse, judged by its pixels.

    window_test.py BUILD_ROOT SOURCE_ROOT

WEFT_TEST_VIEW may name another program than BUILD_ROOT/cli/weft. Prints TAP.
"""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from window_screen import Display, Picture, Viewer, wait_for  # noqa: E402

MS = 1000000
MESSAGES = 6


def small_trace():
    """main sends to a and b in turn; each message is on its way for 60 ms."""
    events = [{"ev": "spawn", "t": 0, "new": 1, "name": "main"},
        {"ev": "make", "t": 0, "co": 1, "on": 1, "type": "chan", "name": "jobs", "cap": 0}]
    for i in (2, 3):
        events.append({"ev": "spawn", "t": 10 * MS, "co": 1, "new": i, "name": "ab"[i - 2]})
    for i in range(MESSAGES):
        t = (100 + 100 * i) * MS
        events.append({"ev": "send", "t": t, "co": 1, "on": 1, "msg": i + 1, "value": i})
        events.append({"ev": "recv", "t": t + 60 * MS, "co": 2 + i % 2, "on": 1, "msg": i + 1,
            "from": 1})
    for i in (2, 3, 1):
        events.append({"ev": "exit", "t": 1000 * MS, "co": i})
    header = '{"weft":1,"minor":0,"order":"time","unit":"ns","title":"small","caps":["msg","life"],'
    end = {"ev": "eof", "t": 1000 * MS, "n": len(events)}
    return header + '"events":[\n' + ",\n".join(json.dumps(e) for e in events + [end]) + "\n]}\n"


class Bench:
    """What all tests share: a display, the trace, a folder that goes away."""

    def __init__(self, command):
        self.command = command
        self.folder = tempfile.mkdtemp(prefix="weft-window-")
        self.trace = os.path.join(self.folder, "small.json")
        with open(self.trace, "w") as f:
            f.write(small_trace())
        self.display = Display()

    @contextlib.contextmanager
    def viewer(self, *options, trace=None, title="small - weft"):
        v = Viewer(self.command, trace or self.trace, os.path.join(self.folder, "state"),
            self.display.environment, *options)
        try:
            v.find_window("^" + title + "$")
            v.mouse(300, 90)  # where nothing is to be pointed at
            v.wait("a first frame", lambda s: s["frame"] >= 1)
            yield v
        finally:
            v.close()

    def paused(self):
        return self.viewer("--paused", "--axis=wall")

    def close(self):
        self.display.close()
        shutil.rmtree(self.folder)


def whole_arrows(state):
    return [a for a in state["arrows"] if a[5] >= 1]


def middle(arrow):
    """A point on an arrow away from its label, its head and the threads."""
    return arrow[0] + 0.6 * (arrow[2] - arrow[0]), arrow[1] + 0.6 * (arrow[3] - arrow[1])


def run_to_end(v):
    v.key("space", *["bracketright"] * 8)
    return v.wait("the end of the run", lambda s: s["head"] == 1 and not s["playing"])


def check(condition, what):
    if not condition:
        raise AssertionError(what)


# ---- tests: each gets the bench and opens its own window


def before_play_there_is_no_arrow(b):
    with b.paused() as v:
        s = v.settle()
        check(s["head"] == 0 and not s["playing"] and not s["arrows"], s)
        check(v.look().reds(*s["plot"]) == 0, "red in the plot before anything was sent")


def at_the_end_every_arrow_is_there(b):
    with b.paused() as v:
        s = run_to_end(v)
        picture = v.look()
        check(len(whole_arrows(s)) == MESSAGES, s["arrows"])
        for a in s["arrows"]:
            check(picture.red_near(*middle(a)), "no red at %s" % (middle(a),))
        x, y, w, h = s["plot"]
        first = min(a[1] for a in s["arrows"])
        check(picture.reds(x, y, w, first - 20 - y) == 0, "red above the first message")
        v.key("r")  # a finished run is played again from its start
        v.wait("the start", lambda s: s["head"] < 0.05 and s["playing"])
        v.key("space", "r")
        s = v.wait("restart", lambda s: s["head"] == 0 and not s["playing"])
        check(v.look().reds(*s["plot"]) == 0, "red in the plot after restart")


def playing_moves_and_pause_stops_the_picture(b):
    with b.viewer("--axis=wall") as v:
        v.wait("some progress", lambda s: s["head"] > 0.02 and s["playing"])
        v.key("space")
        s = v.wait("pause", lambda s: not s["playing"])
        check(s["frame"] > 5, "hardly a frame: %d" % s["frame"])
        one, two = v.look(), v.look()
        check(one.pixels == two.pixels, "the picture moves while paused")
        check(v.now()["frame"] == s["frame"], "frames are drawn while paused")
        v.key("p")
        v.wait("play", lambda n: n["playing"] and n["head"] > s["head"] + 0.01)


def a_step_adds_the_next_arrow_and_a_step_back_removes_it(b):
    with b.paused() as v:
        for n in range(1, 3):
            s = v.now()
            while len(whole_arrows(s)) < n:
                before, head = v.look(), s["head"]
                v.key("Right" if n == 1 else "period")
                s = v.wait("a step", lambda s: s["head"] > head)
            after = v.look()
            check(len(whole_arrows(s)) == n and len(s["arrows"]) == n, s["arrows"])
            check(s["head_ns"] == (60 + 100 * n) * MS, s["head_ns"])
            new = s["arrows"][-1]
            check(not before.red_near(*middle(new)), "the arrow was there before the step")
            check(after.red_near(*middle(new)), "the step added no arrow")
        head = s["head"]
        v.key("comma")
        s = v.wait("a step back", lambda s: s["head"] < head)
        check(len(whole_arrows(s)) == 1, s["arrows"])
        check(v.look().pixels == before.pixels, "a step back gives another picture")


def shift_steps_from_message_to_message(b):
    with b.paused() as v:
        for i in range(MESSAGES):
            head = v.now()["head"]
            v.key("shift+Right")
            s = v.wait("a step", lambda s: s["head"] > head)
            check(s["head_ns"] == (160 + 100 * i) * MS, s["head_ns"])
            check(len(whole_arrows(s)) == i + 1, s["arrows"])


def the_time_line_is_dragged_and_the_sign_clicked(b):
    with b.paused() as v:
        x, y, w, h = v.now()["track"]
        v.drag(x + w / 4, y + h / 2, x + w / 2, y + h / 2)
        s = v.wait("the middle", lambda s: abs(s["head"] - 0.5) < 0.01)
        check(not s["playing"], "seeking started to play")
        check(len(whole_arrows(s)) == 4, s["arrows"])
        bx, by, bw, bh = s["button"]
        v.mouse(bx + bw / 2, by + bh / 2)
        v.press()
        v.release()
        v.wait("play", lambda s: s["playing"] and s["head"] > 0.51)
        v.press()
        v.release()
        v.wait("pause", lambda s: not s["playing"])


def zoom_keeps_its_place_and_fit_brings_the_same_picture(b):
    with b.paused() as v:
        run_to_end(v)
        v.mouse(300, 300)
        s = v.settle()
        whole = v.look()
        v.key("w", "w", "w")
        z = v.settle()
        span = z["camera"][3] - z["camera"][1]
        check(abs(span - 0.512) < 1e-6, z["camera"])
        y = (300 - s["plot"][1]) / s["plot"][3]
        check(abs(z["camera"][1] + y * span - y) < 0.002, "the instant under the mouse moved")
        check(v.look().pixels != whole.pixels, "zoom changed nothing")
        v.xdotool("keydown", "ctrl", "click", 5, "keyup", "ctrl")
        z = v.wait("the wheel", lambda s: abs(s["camera"][3] - s["camera"][1] - 0.64) < 1e-6)
        v.key("shift+w")
        v.wait("across", lambda s: abs(s["camera"][2] - s["camera"][0] - 0.8) < 1e-6)
        v.key("f")
        v.wait("fit", lambda s: s["camera"] == [0, 0, 1, 1])
        v.settle()
        check(v.look().pixels == whole.pixels, "fit gives another picture")
        v.key("ctrl+z")
        v.wait("undo", lambda s: abs(s["camera"][2] - s["camera"][0] - 0.8) < 1e-6)
        v.key("ctrl+y")
        v.wait("redo", lambda s: s["camera"] == [0, 0, 1, 1])


def pan_moves_the_picture_with_the_mouse(b):
    with b.paused() as v:
        run_to_end(v)
        v.key("w", "w", "w", "w")
        s = v.settle()
        x, y, w, h = s["plot"]
        v.drag(x + 40, y + h / 2, x + 40, y + h / 2 - 50)
        p = v.wait("a pan", lambda n: abs((n["camera"][1] - s["camera"][1]) * h /
            (s["camera"][3] - s["camera"][1]) - 50) < 1.5)
        v.key("ctrl+z")
        v.wait("undo of the whole drag", lambda n: n["camera"] == s["camera"])
        v.key("ctrl+y", "a")
        v.wait("earlier", lambda n: n["camera"][1] < p["camera"][1])
        v.key("End")
        v.wait("end", lambda n: n["camera"][3] == 1)
        v.key("Home")
        home = v.wait("home", lambda n: n["camera"][1] == 0)
        v.xdotool("click", 5)
        v.wait("the wheel", lambda n: n["camera"][1] > home["camera"][1])


def zoomed_in_the_camera_follows(b):
    with b.paused() as v:
        v.key("w", "w", "w", "w", "w", "w", "Home")
        v.wait("zoom", lambda s: s["camera"][3] < 0.3 and s["camera"][1] == 0)
        v.key("space", *["bracketright"] * 6)
        frames = []

        def at_end(s):
            frames.append(s)
            return s["head"] == 1
        v.wait("the end", at_end)
        seen = [s for s in frames if s["playing"]]
        check(all(s["camera"][1] <= s["head"] <= s["camera"][3] for s in seen), "out of sight")
        check(any(s["camera"][1] > 0.2 for s in seen), "the camera did not move")


def resize_redraws_and_keeps_the_camera(b):
    with b.paused() as v:
        run_to_end(v)
        v.key("w", "w")
        camera = v.settle()["camera"]
        v.xdotool("windowsize", v.window, 900, 600)
        s = v.wait("another size", lambda s: (s["width"], s["height"]) == (900, 600))
        check(s["camera"] == camera, s["camera"])
        picture = v.look()
        check((picture.width, picture.height) == (900, 600), picture.width)
        x, y, w, h = s["plot"]
        check(x + w <= 900 and y + h <= 600, s["plot"])
        check(picture.at(890, 5) == picture.at(5, 300), "the corner was not drawn")
        shown = [a for a in whole_arrows(s) if y < middle(a)[1] < y + h]
        check(shown, s["arrows"])
        for a in shown:
            check(picture.red_near(*middle(a)), "no red at %s" % (middle(a),))


def themes_change_the_ground(b):
    with b.paused() as v:
        grounds = []
        for theme in (1, 2, 3, 0):
            v.key("t")
            v.wait("theme %d" % theme, lambda s: s["theme"] == theme)
            grounds.append(v.look().at(640, 100))
        check(sum(grounds[0]) < 150, "dark is not dark: %s" % (grounds[0],))
        check(sum(grounds[3]) > 700, "light is not light: %s" % (grounds[3],))


def help_comes_and_goes(b):
    with b.paused() as v:
        v.settle()
        before = v.look()
        for key in ("question", "F1"):
            v.key(key)
            v.wait("help", lambda s: s["help"])
            with_help = v.look()
            part = (400, 260, 500, 300)
            check(with_help.box(*part) != before.box(*part), "no help to be seen")
            v.key("Escape" if key == "F1" else key)
            v.wait("no help", lambda s: not s["help"])
            check(v.look().pixels == before.pixels, "help left something behind")


def axis_lines_and_labels_change(b):
    with b.paused() as v:
        run_to_end(v)
        before = v.look()
        v.key("x")
        v.wait("the next axis", lambda s: s["axis"] == 1)
        v.key("x", "x")
        v.wait("the first axis", lambda s: s["axis"] == 0)
        v.key("plus", "plus", "minus")
        v.wait("thicker", lambda s: abs(s["line"] - 1.25) < 1e-6)
        check(v.look().pixels != before.pixels, "no thicker line")
        v.key("l")
        v.wait("no labels", lambda s: not s["labels"])


def the_mouse_asks_what_is_under_it(b):
    with b.paused() as v:
        s = run_to_end(v)
        thread = [d for d in s["dots"] if d[2] == 0] or [[s["arrows"][0][0], 0, 0]]
        plain = v.look()
        v.mouse(thread[0][0], s["plot"][1] + s["plot"][3] * 0.05)
        h = v.wait("a thread's name", lambda s: s["hint"].startswith("main"))
        check(h["hover"] == 0, h["hover"])
        check(v.look().pixels != plain.pixels, "no box with the name")
        v.mouse(*middle(s["arrows"][2]))
        h = v.wait("a message", lambda s: s["hint"].startswith("2: main to a on jobs"))
        check("60.00 ms on its way" in h["hint"], h["hint"])
        v.mouse(300, 90)
        v.wait("nothing", lambda s: s["hint"] == "")


def a_screenshot_is_what_is_seen(b):
    with b.paused() as v:
        run_to_end(v)
        v.settle()
        seen = v.look()
        for name in ("small.png", "small-2.png"):
            v.key("ctrl+s")
            path = os.path.join(b.folder, name)
            v.wait("a notice", lambda s: s["notice"] == "saved " + path)
            saved = Picture.of_file(path)
            check(saved.pixels == seen.pixels, "not what was seen")
        for name in os.listdir(b.folder):
            check(not name.endswith(".tmp"), name)


def an_export_is_whole_and_can_be_stopped(b):
    with b.paused() as v:
        path = os.path.join(b.folder, "small.gif")
        v.key("ctrl+e")
        v.wait("progress", lambda s: "%" in s["notice"] and path in s["notice"])
        v.key("Escape")
        v.wait("the end of it", lambda s: s["notice"] == "export stopped")
        left = [n for n in os.listdir(b.folder) if "gif" in n or n.endswith(".tmp")]
        check(not left, left)
        v.key("ctrl+e")
        v.wait("an export", lambda s: s["notice"] == "saved " + path)
        done = subprocess.run(["identify", "-format", "%wx%h\n", path], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=120, check=True)
        frames = done.stdout.decode().split()
        check(not done.stderr, done.stderr)
        check(len(frames) > 20, "%d frames" % len(frames))
        check(frames[0] == "1280x720", frames[0])
        last = Picture.of_file(path + "[%d]" % (len(frames) - 1))
        check(last.reds(0, 100, last.width, last.height - 100) > 500, "no arrows at its end")


def q_quits(b):
    for key in ("q", "ctrl+q"):
        with b.paused() as v:
            v.key(key)
            check(v.end() == 0, "exit status %s: %s" % (v.process.returncode, v.stderr()))
            check(v.stderr() == "", v.stderr())


def a_trace_with_faults_opens_with_a_warning(b):
    path = os.path.join(b.folder, "cut.json")
    text = small_trace()
    with open(path, "w") as f:
        f.write(text[:text.index('"exit"') + 3])
    with b.viewer("--paused", trace=path) as v:
        s = v.settle()
        check(s["warning"] != "", "no warning")
        x, y, w, h = s["plot"]
        part = v.look().box(x, y + h + 4, w / 2, 20)
        check(len(set(part)) > 3, "the warning is not to be seen")
        v.key("q")
        check(v.end() == 0, "exit status %s: %s" % (v.process.returncode, v.stderr()))


def without_a_display_it_says_so_and_what_to_do(b):
    environment = dict(b.display.environment)
    del environment["DISPLAY"]
    done = subprocess.run(b.command + [b.trace], env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=30)
    text = done.stderr.decode()
    check(done.returncode == 1, "exit status %d" % done.returncode)
    check(text.count("\n") == 1 and "display" in text and "weft export" in text, repr(text))
    environment["DISPLAY"] = ":4095"
    done = subprocess.run(b.command + [b.trace], env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=30)
    check(done.returncode == 1, "exit status %d" % done.returncode)
    check(done.stderr.decode().count("\n") == 1, done.stderr)


def sdls_dummy_driver_plays_and_ends(b):
    environment = dict(b.display.environment, SDL_VIDEODRIVER="dummy")
    del environment["DISPLAY"]
    v = Viewer(b.command, b.trace, os.path.join(b.folder, "dummy-state"), environment)
    try:
        v.wait("some frames", lambda s: s["frame"] > 10 and s["head"] > 0.02)
        v.process.send_signal(signal.SIGTERM)
        check(v.end() == 0, "exit status %s: %s" % (v.process.returncode, v.stderr()))
    finally:
        v.close()


TESTS = [
    before_play_there_is_no_arrow,
    at_the_end_every_arrow_is_there,
    playing_moves_and_pause_stops_the_picture,
    a_step_adds_the_next_arrow_and_a_step_back_removes_it,
    shift_steps_from_message_to_message,
    the_time_line_is_dragged_and_the_sign_clicked,
    zoom_keeps_its_place_and_fit_brings_the_same_picture,
    pan_moves_the_picture_with_the_mouse,
    zoomed_in_the_camera_follows,
    resize_redraws_and_keeps_the_camera,
    themes_change_the_ground,
    help_comes_and_goes,
    axis_lines_and_labels_change,
    the_mouse_asks_what_is_under_it,
    a_screenshot_is_what_is_seen,
    an_export_is_whole_and_can_be_stopped,
    q_quits,
    a_trace_with_faults_opens_with_a_warning,
    without_a_display_it_says_so_and_what_to_do,
    sdls_dummy_driver_plays_and_ends,
]


def main():
    program = os.environ.get("WEFT_TEST_VIEW") or os.path.join(sys.argv[1], "cli", "weft")
    chosen = sys.argv[3:]
    tests = [t for t in TESTS if not chosen or any(c in t.__name__ for c in chosen)]
    missing = [t for t in ("Xvfb", "xdotool", "import", "convert", "identify")
        if not shutil.which(t)]
    print("1..%d" % len(tests))
    if missing:
        for i, test in enumerate(tests, 1):
            print("ok %d - %s # SKIP no %s" % (i, test.__name__, ", ".join(missing)))
        return 0
    bench = Bench([program, "view"])
    failed = 0
    try:
        for i, test in enumerate(tests, 1):
            try:
                test(bench)
                print("ok %d - %s" % (i, test.__name__), flush=True)
            except Exception:
                failed += 1
                print("not ok %d - %s" % (i, test.__name__))
                for line in traceback.format_exc().rstrip().splitlines():
                    print("# " + line, flush=True)
    finally:
        bench.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
