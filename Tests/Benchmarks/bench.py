#!/usr/bin/env python3
"""Measures Causeway against its peers on this machine and prints one table; `make bench` calls it. Python's standard library only.

    bench.py                         all rows
    bench.py --rows pass,cgi --quick some rows, short
    bench.py --soak 600              1 000 turns a second for ten minutes instead of the table

Every row compares in one run: the contestants take turns in an order drawn anew each round, and the ratio is the median over the rounds.
Figures are shown with their verdict and written to .build/bench.json; the exit status says nothing about speed. All servers bind to
127.0.0.1, all loads are bounded, and what was started is stopped at the end, Ctrl-C included. Function logs go to a file, as a
supervisor's would.
"""

import argparse
import dataclasses
import signal
import subprocess
import sys

from bench import building, cgi, fastcgi, json_turn, messaging, report, runtime_loop, soak, token_cache
from bench.place import Place

ROWS = {
    "pass": fastcgi.pass_through,
    "call": fastcgi.with_call,
    "flight": fastcgi.in_flight,
    "added": fastcgi.added_time,
    "cgi": cgi.without_call,
    "cgi-http": cgi.with_http_call,
    "cgi-https": cgi.with_https_call,
    "lambda": runtime_loop.invocations,
    "json": json_turn.sizes,
    "store": token_cache.operations,
    "byoc-inbound": messaging.inbound,
    "byoc-outbound": messaging.outbound,
    "byoc-burst": messaging.burst,
    "build": building.times,
}


@dataclasses.dataclass
class Bench:
    """What every row is measured with."""

    place: Place
    rounds: int
    seconds: int
    spawns: int


def main():
    options = parser().parse_args()
    # A closed terminal ends the run as Ctrl-C does, through the `with` blocks that stop what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    place = Place()
    bench = Bench(place, options.rounds, 1 if options.quick else 3, 40 if options.quick else 300)
    if options.quick:
        bench.rounds = min(bench.rounds, 2)
    try:
        if options.soak:
            rows = measured("soak", lambda bench: soak.turns(bench, options.soak), bench)
        else:
            rows = [row for name in options.rows for row in measured(name, ROWS[name], bench)]
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        place.close()
    facts = report.machine()
    print(f"\n{facts['date']}, {facts['processor']}, {facts['cores']} cores, {facts['kernel']}\n")
    print(report.table(rows))
    result = place.package / ".build" / ("soak.json" if options.soak else "bench.json")
    report.write(result, rows, " ".join(["bench.py", *sys.argv[1:]]))
    print(f"\nwritten to {result.relative_to(place.package)}")


def measured(name, rows, bench):
    """The rows of one group; a group that cannot be measured becomes a row that says why."""
    print(f"-- {name}", file=sys.stderr, flush=True)
    found = []
    try:
        for row in rows(bench):
            found.append(row)
            print(f"   {row.name}, {row.peer}: {report.number(row.ratio or row.ours)} {row.verdict}", file=sys.stderr, flush=True)
    except (RuntimeError, OSError, LookupError, ValueError, ZeroDivisionError, subprocess.SubprocessError) as error:
        print(f"   {error}", file=sys.stderr, flush=True)
        found.append(report.missing(name, error))
    return found


def parser():
    names = lambda text: [name for name in text.split(",") if name in ROWS or sys.exit(f"no row {name}; there are: {', '.join(ROWS)}")]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=names, default=list(ROWS), help=f"comma-separated, of: {', '.join(ROWS)}")
    parser.add_argument("--rounds", type=int, default=5, help="times that each contestant of a row is measured (5)")
    parser.add_argument("--quick", action="store_true", help="two rounds of one second: to see that everything runs")
    parser.add_argument("--soak", type=int, metavar="SECONDS", help="1 000 turns a second against a 50 ms agent: memory, descriptors, errors")
    return parser


if __name__ == "__main__":
    main()
