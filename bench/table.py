# SPDX-License-Identifier: MIT
"""From samples to figures, and from figures to a table."""

import statistics


class Spread:
    """Median and extent of some samples of one value."""

    def __init__(self, values):
        self.n = len(values)
        self.median = statistics.median(values)
        self.low, self.high = min(values), max(values)

    def percent(self):
        """Half of the extent, in percent of the median."""
        return 50 * (self.high - self.low) / self.median if self.median else 0.0


class Result:
    """One figure: ours and theirs, each round's ratio, and what that says of bar and goal.

    samples[run name][peer] is a list with one dict for each round, or None where one is missing.
    """

    def __init__(self, figure, samples):
        self.figure = figure
        self.values = {}  # peer -> Spread, in the table's unit
        self.ratios = None  # Spread of ours over Go's
        self.noisy = False
        taken = samples.get(figure.run.name, {})
        base = samples.get(figure.base.name, {}) if figure.base else None
        rounds = {peer: self._rounds(peer, taken, base) for peer in taken}
        for peer, values in rounds.items():
            values = [v for v in values if v is not None]
            if values:
                self.values[peer] = Spread(values)
        pairs = zip(rounds.get("weft", []), rounds.get("go", []))
        ratios = [w / g for w, g in pairs if w is not None and g]
        if ratios:
            self.ratios = Spread(ratios)
        for of_peer in [taken] + ([base] if base else []):
            for peer in ("weft", "go"):
                self.noisy |= any(s and not s["quiet"] for s in of_peer.get(peer, []))

    def _rounds(self, peer, taken, base):
        key, scale = self.figure.key, self.figure.scale
        values = [s[key] * scale if s and key in s else None for s in taken[peer]]
        if base is None:
            return values
        alone = [s[key] * scale if s else None for s in base.get(peer, [])]
        return [a / v if a and v else None for a, v in zip(alone, values)]

    def judged(self):
        """The number that bar and goal are about, or None."""
        if self.figure.kind in ("bytes", "speedup"):
            ours = self.values.get("weft")
            return ours.median if ours else None
        return self.ratios.median if self.ratios else None

    def verdict(self):
        value = self.judged()
        if value is None:
            return "-"
        higher = self.figure.kind in ("rate", "speedup")

        def reaches(limit):
            return value >= limit if higher else value <= limit

        bar = reaches(self.figure.bar)
        if self.figure.kind == "speedup" and self.ratios:
            # Not below Go's: 2 % are noise
            bar = bar and self.ratios.median >= 0.98
        return "goal" if bar and reaches(self.figure.goal) else "bar" if bar else "NO"


def number(x):
    """Three digits that count, thousands with a comma."""
    if x is None:
        return "-"
    if abs(x) >= 100:
        return "{:,.0f}".format(x)
    return "%.1f" % x if abs(x) >= 10 else "%.2f" % x


def _cell(spread):
    return "%s ±%.0f%%" % (number(spread.median), spread.percent()) if spread else "-"


def _plain(spread):
    return number(spread.median) if spread else "-"


def _ratio(result):
    r = result.ratios
    return "%.2f %.2f-%.2f" % (r.median, r.low, r.high) if r else "-"


def _limit(figure, limit):
    return number(limit) if figure.kind in ("bytes", "speedup") else "%.2f" % limit


def _others(result):
    """What the third column of values holds: Boost, or the bare loop of the echo row."""
    return result.values.get("boost") or result.values.get("epoll")


def _row(result):
    f = result.figure
    mark = " ~" if result.noisy else ""
    return [f.title, str(f.run.workers), _cell(result.values.get("weft")),
            _cell(result.values.get("go")), _plain(_others(result)), _ratio(result),
            _limit(f, f.bar), _limit(f, f.goal), result.verdict() + mark]


HEAD = ["work", "w", "weft", "Go", "other", "weft/Go", "bar", "goal", "held"]


def terminal_of(rows):
    """Rows of cells, the first the heads, in columns: the first and the last to the left."""
    last = len(rows[0]) - 1
    widths = [max(len(row[i]) for row in rows) for i in range(last + 1)]
    lines = []
    for row in rows:
        cells = [cell.ljust(w) if i in (0, last) else cell.rjust(w)
                 for i, (cell, w) in enumerate(zip(row, widths))]
        lines.append(" ".join(cells).rstrip())
    return "\n".join(lines)


def markdown_of(rows):
    lines = ["| %s |" % " | ".join(row) for row in rows]
    lines.insert(1, "|---" + "|--:" * (len(rows[0]) - 2) + "|---|")
    return "\n".join(lines)


def terminal(results):
    return terminal_of([HEAD] + [_row(r) for r in results])


def markdown(results):
    return markdown_of([HEAD] + [_row(r) for r in results])


def as_json(results):
    def spread(s):
        return {"median": s.median, "low": s.low, "high": s.high, "rounds": s.n} if s else None

    return [{"work": r.figure.title, "run": r.figure.run.name, "workers": r.figure.run.workers,
             "values": {p: spread(s) for p, s in r.values.items()},
             "ratio": spread(r.ratios), "judged": r.judged(), "bar": r.figure.bar,
             "goal": r.figure.goal, "kind": r.figure.kind, "held": r.verdict(), "noisy": r.noisy}
            for r in results]
