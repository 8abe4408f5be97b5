"""The rows of the table: a figure of ours, a peer's, their ratio, the bar that the ratio shall pass."""

import dataclasses
import datetime
import json
import os
import pathlib
import platform
import statistics


@dataclasses.dataclass
class Row:
    """One comparison. `ours` and `theirs` are for scale; the ratio is what counts."""

    name: str
    peer: str
    ours: float
    theirs: float | None
    unit: str
    bar: float | None = None
    is_floor: bool = False
    ratio: float | None = None
    note: str = ""

    @property
    def verdict(self):
        if self.note and self.ours is None:
            return "not measured"
        if self.bar is None:
            return "reported"
        value = self.ours if self.theirs is None else self.ratio
        return "met" if (value >= self.bar if self.is_floor else value <= self.bar) else "MISSED"


def missing(name, reason):
    """A row that could not be measured, with the reason in place of figures."""
    text = " ".join(str(reason).split())
    return Row(name, "–", None, None, "", note=text if len(text) <= 160 else "… " + text[-160:])


def compare(name, peer, ours, theirs, unit, *, at_least=None, at_most=None, note=""):
    """A row from interleaved rounds: the median of the ratios of each round, so that drift of the machine cancels out."""
    ratios = [mine / other for mine, other in zip(ours, theirs)]
    return Row(
        name, peer, statistics.median(ours), statistics.median(theirs), unit, at_least if at_least is not None else at_most,
        at_least is not None, statistics.median(ratios), note)


def absolute(name, ours, unit, *, at_most=None, note=""):
    """A row without a peer."""
    return Row(name, "–", ours, None, unit, at_most, note=note)


def number(value):
    """Three significant digits, no exponent."""
    if value is None:
        return "–"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(rows):
    """The rows as aligned Markdown."""
    head = ["row", "peer", "ours", "peer's", "ratio", "bar", "verdict"]
    lines = []
    for row in rows:
        bar = "–" if row.bar is None else f"{'≥' if row.is_floor else '≤'} {number(row.bar)}"
        unit = f" {row.unit}" if row.unit else ""
        verdict = row.verdict + (f": {row.note}" if row.note else "")
        lines.append([
            row.name, row.peer, number(row.ours) + (unit if row.ours is not None else ""),
            number(row.theirs) + (unit if row.theirs is not None else ""), number(row.ratio), bar, verdict])
    widths = [max(len(line[column]) for line in [head, *lines]) for column in range(len(head))]
    show = lambda line: "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |"
    return "\n".join([show(head), "|" + "|".join("-" * (width + 2) for width in widths) + "|", *map(show, lines)])


def machine():
    """What the figures were taken on."""
    model = next(
        (line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")),
        platform.machine())
    return {"date": datetime.date.today().isoformat(), "processor": model, "cores": os.cpu_count(), "kernel": platform.release()}


def write(path, rows, command):
    """The rows as JSON, with date, machine and command."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(
        {**machine(), "command": command, "rows": [{**dataclasses.asdict(row), "verdict": row.verdict} for row in rows]},
        indent=2, ensure_ascii=False) + "\n")
