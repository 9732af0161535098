# SPDX-License-Identifier: MIT
#
# What weft writes for chrome://tracing, in the program behind that page: Chromium with the trace
# viewer (Catapult) that Go ships for its own traces. It tells which threads, slices and arrows it
# found and what it did not like. Debian has both: chromium and golang-src.
import glob
import json
import shutil
import subprocess
import urllib.parse

import tap
from tap import SOURCE, same, weft

SAMPLES = sorted((SOURCE / "traces").glob("*.json")) + [
    SOURCE / "tests" / "data" / f"{name}.json"
    for name in ("dropped", "marks", "select", "sync", "values", "worker")]
PAGE = """<!DOCTYPE html><meta charset="utf-8"><script src="STATIC/webcomponents.min.js"></script>
<link rel="import" href="STATIC/trace_viewer_full.html">
<script>
async function look(trace) {
	const model = new tr.Model();
	await new tr.importer.Import(model).importTraces([trace]);
	const threads = model.getAllThreads().filter(t => t.sliceGroup.length);
	return {
		warnings: model.importWarnings.map(w => w.message),
		threads: threads.map(t => `${t.parent.name}/${t.name}`).sort(),
		slices: threads.map(t => t.sliceGroup.length).reduce((a, b) => a + b, 0),
		stacks: threads.flatMap(t => t.sliceGroup.slices.filter(s => s.startStackFrame).map(
			s => [s.title, ...s.startStackFrame.stackTrace.map(f => f.title)])).sort(),
		arrows: model.flowEvents.map(f => [f.category, f.startSlice.title, f.endSlice.title]),
	};
}
document.addEventListener("WebComponentsReady", async () => {
	let found;
	try {
		found = await Promise.all(TRACES.map(look));
	} catch (error) {
		found = String(error.stack);
	}
	console.log("FOUND " + encodeURIComponent(JSON.stringify(found)));
});
</script>
"""


def seen(folder, traces):
    """What the viewer makes of each of the traces."""
    browser = shutil.which("chromium")
    viewer = glob.glob("/usr/share/go-*/src/cmd/trace/static/trace_viewer_full.html")
    if not browser or not viewer:
        raise tap.Skip("needs Chromium and Go's sources (Debian: chromium golang-src)")
    page = folder / "page.html"
    page.write_text(PAGE.replace("STATIC", viewer[0].rpartition("/")[0])
                    .replace("TRACES", json.dumps(traces).replace("<", "\\u003c")))
    with subprocess.Popen(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
             "--allow-file-access-from-files", f"--user-data-dir={folder / 'profile'}",
             page.as_uri()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, encoding="utf-8", errors="replace") as child:
        try:
            for line in child.stderr:
                if '"FOUND ' in line:
                    return json.loads(urllib.parse.unquote(line.split('"')[1][len("FOUND "):]))
        finally:
            child.terminate()
    raise AssertionError("the browser ended and said nothing")


def wanted(trace):
    """The same, from the file itself: an end of an arrow stands directly behind its slice."""
    document = json.loads(trace)
    events = document["traceEvents"]
    names = {(e["pid"], e["tid"] if e["name"] == "thread_name" else 0): e["args"]["name"]
             for e in events if e["name"] in ("process_name", "thread_name")}
    slices = [e for e in events if e["ph"] == "X"]
    starts, arrows = {}, []
    for before, event in zip(events, events[1:]):
        if event["ph"] == "s":
            starts[event["cat"], event["id"]] = before["name"]
        elif event["ph"] == "f":
            start = starts[event["cat"], event["id"]]
            arrows.append([event["cat"], start, before["name"]])
    frames = document.get("stackFrames", {})

    def calls(frame):
        return [frames[frame]["name"], *calls(frames[frame].get("parent"))] if frame else []

    return {"warnings": [], "slices": len(slices), "arrows": arrows,
            "stacks": sorted([e["name"], *calls(str(e["sf"]))] for e in slices if "sf" in e),
            "threads": sorted({f"{names[e['pid'], 0]}/{names[e['pid'], e['tid']]}"
                               for e in slices})}


def plain(arrows):
    """
    Where one state of a thread ends and the next one begins, the viewer ties an arrow to the first:
    the arrows into the beginning of a run are drawn alike, but have another name at their end.
    """
    return sorted([cat, start, "" if cat in ("spawn", "wake") else end]
                  for cat, start, end in arrows)


@tap.test("chrome_tracing_shows_every_thread_slice_and_arrow")
def _(folder):
    traces = []
    for path in SAMPLES:
        got = weft("convert", path, "-o", "-", "--to=chrome")
        same(got.returncode, 0, got.stderr)
        traces.append(got.stdout)
    found = seen(folder, traces)
    assert isinstance(found, list), found
    for path, trace, got in zip(SAMPLES, traces, found, strict=True):
        want = wanted(trace)
        got["threads"] = sorted(set(got["threads"]))
        got["arrows"], want["arrows"] = plain(got["arrows"]), plain(want["arrows"])
        assert want["arrows"] or path.stem == "dropped", path
        same(got, want, f"what the viewer makes of {path.name}")


tap.main()
