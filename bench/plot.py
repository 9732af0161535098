# SPDX-License-Identifier: MIT
"""Draws how the cost grows with the number of coroutines: two panels with log axes, as SVG."""

import math

import table

COLOURS = {"weft": "#0072b2", "go": "#d55e00"}  # Okabe-Ito: told apart by everybody
NAMES = {"weft": "weft", "go": "Go"}
DASHES = {1: "", 2: "7 4", 4: "2 3"}
PANELS = (("ring", "ring: ns a hop"), ("pingpong", "pairs that play ping-pong: ns a round trip"))

WIDTH, HEIGHT = 1040, 430
PANEL_W, PANEL_H = 340, 290
LEFT, TOP, GAP = 62, 62, 172
LABEL_H = 15


class Axis:
    """A log axis from value to position."""

    def __init__(self, low, high, at_low, at_high):
        self.low, self.high = math.log10(low), math.log10(high)
        self.at_low, self.at_high = at_low, at_high

    def __call__(self, value):
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.at_low + share * (self.at_high - self.at_low)


def ticks(low, high):
    """1, 2, 5, 10, 20 ... from low to high."""
    found, decade = [], 10 ** math.floor(math.log10(low))
    while decade <= high:
        found += [m * decade for m in (1, 2, 5) if low <= m * decade <= high]
        decade *= 10
    return found


def spread_out(wanted, distance):
    """Positions for labels, as near to the wanted ones as may be, at least `distance` apart."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = [wanted[i] for i in order]
    for _ in range(200):
        moved = False
        for i in range(len(placed) - 1):
            missing = distance - (placed[i + 1] - placed[i])
            if missing > 1e-6:
                placed[i] -= missing / 2
                placed[i + 1] += missing / 2
                moved = True
        if not moved:
            break
    result = [0.0] * len(wanted)
    for i, at in zip(order, placed):
        result[i] = at
    return result


def lines_of(row, samples):
    """[(peer, workers, [(coroutines, Spread)])] of one panel, from samples by run name."""
    lines = {}
    for name, by_peer in samples.items():
        kind, _, rest = name.partition("-")
        if kind != row:
            continue
        size, workers = (int(word) for word in rest.split("/"))
        for peer, taken in by_peer.items():
            values = [s["ns"] for s in taken if s]
            if peer in COLOURS and values:
                lines.setdefault((peer, workers), []).append((size, table.Spread(values)))
    return [(peer, workers, sorted(points, key=lambda p: p[0]))
            for (peer, workers), points in sorted(lines.items(), reverse=True)]


def _text(x, y, text, size=12, anchor="start", colour="#333", weight="normal"):
    return ('<text x="%.1f" y="%.1f" font-size="%d" text-anchor="%s" fill="%s" font-weight="%s">%s'
            '</text>' % (x, y, size, anchor, colour, weight,
                         text.replace("&", "&amp;").replace("<", "&lt;")))


def _line(x1, y1, x2, y2, colour="#ddd"):
    return '<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s"/>' % (x1, y1, x2, y2, colour)


def _grid(x, y, left, low, high):
    out = []
    for value in ticks(low, high):
        out.append(_line(left, y(value), left + PANEL_W, y(value)))
        out.append(_text(left - 8, y(value) + 4, table.number(value).replace(".00", "")
                         .replace(".0", ""), anchor="end"))
    for value in (10, 100, 1000, 10000, 100000):
        out.append(_line(x(value), TOP, x(value), TOP + PANEL_H))
        out.append(_text(x(value), TOP + PANEL_H + 18, "{:,}".format(value), anchor="middle"))
    out.append(_text(left + PANEL_W / 2, TOP + PANEL_H + 38, "coroutines", anchor="middle"))
    return out


def _curve(x, y, peer, workers, points):
    colour, dash = COLOURS[peer], DASHES[workers]
    out = ['<polyline fill="none" stroke="%s" stroke-width="2"%s points="%s"/>' % (
        colour, ' stroke-dasharray="%s"' % dash if dash else "",
        " ".join("%.1f,%.1f" % (x(size), y(s.median)) for size, s in points))]
    for size, s in points:
        out.append('<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" opacity="0.5"/>' % (
            x(size), y(s.low), x(size), y(s.high), colour))
        out.append('<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>' % (x(size), y(s.median), colour))
    return out


def _panel(left, title, lines):
    spreads = [s for _, _, points in lines for _, s in points]
    if not spreads:
        return [_text(left, TOP + 20, "no samples")]
    low, high = 0.8 * min(s.low for s in spreads), 1.25 * max(s.high for s in spreads)
    x = Axis(10, 100000, left, left + PANEL_W)
    y = Axis(low, high, TOP + PANEL_H, TOP)
    out = [_text(left, TOP - 14, title, size=14, weight="bold")] + _grid(x, y, left, low, high)
    for line in lines:
        out += _curve(x, y, *line)
    ends = [y(points[-1][1].median) for _, _, points in lines]
    for (peer, workers, points), end, at in zip(lines, ends, spread_out(ends, LABEL_H)):
        right = x(points[-1][0])
        out.append(_line(right + 4, end, right + 14, at, COLOURS[peer]))
        out.append(_text(right + 17, at + 4, "%s, %d worker%s" % (NAMES[peer], workers,
                                                              "s" if workers > 1 else ""),
                         colour=COLOURS[peer]))
    return out


def growth(samples, about, gated):
    """The whole picture."""
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" '
           'font-family="DejaVu Sans, Helvetica, sans-serif">' % (WIDTH, HEIGHT, WIDTH, HEIGHT),
           '<title>What a hop and a round trip cost with more and more coroutines</title>',
           '<rect width="100%" height="100%" fill="#ffffff"/>',
           _text(LEFT, 24, "What more coroutines cost", size=16, weight="bold")]
    for i, (row, title) in enumerate(PANELS):
        out += _panel(LEFT + i * (PANEL_W + GAP), title, lines_of(row, samples))
    versions = about["versions"]
    out.append(_text(LEFT, HEIGHT - 12, "%smedians and extents; %s, %d CPUs: 4 workers are more than "
                     "there are; Go %s; %s" % ("" if gated else "NO GATE, others disturbed this; ",
                                               about["cpu"], about["cpus"],
                                               versions.get("go", "missing"), about["date"]),
                     size=11, colour="#666"))
    return "\n".join(out) + "\n</svg>\n"
