"""About 1 000 turns a second for a long time: memory and descriptors must stay flat, and no turn may fail."""

import statistics
import threading

from . import inputs, load
from .processes import Processes
from .report import absolute
from .site import OURS, Site

CONNECTIONS = 52


def turns(bench, seconds):
    """52 connections whose turns take a little over 50 ms each. Samples every second; the first tenth of the time is warm-up."""
    with Processes(bench.place) as processes:
        site = Site(bench.place, processes, [OURS], delay=50)
        server, samples, outcome = site.servers[OURS], [], []
        runner = threading.Thread(target=lambda: outcome.append(
            load.run(bench.place, site.url(OURS), CONNECTIONS, seconds, site.turn, inputs.AUTHORIZATION)))
        runner.start()
        while runner.is_alive():
            samples.append((server.memory(), server.descriptors()))
            runner.join(1)
        is_running = server.is_running
    if not outcome:
        raise RuntimeError("the load could not be made")
    measured = outcome[0]
    # The last sample may fall behind the end of the load.
    flat = samples[max(1, len(samples) // 10):-1] or samples
    part = max(1, len(flat) // 5)
    memory, descriptors = ([sample[column] for sample in flat] for column in (0, 1))
    yield absolute("soak: turns a second", measured.rate, "/s", note=f"{measured.requests:,} turns in {measured.seconds:.0f} s")
    yield absolute("soak: failed turns", measured.errors + (not is_running), "", at_most=0)
    yield absolute("soak: p50 / p99", measured.p50 * 1e3, "ms", note=f"p99 {measured.p99 * 1e3:.1f} ms, longest {measured.most * 1e3:.0f} ms")
    yield absolute("soak: memory, last fifth over first fifth", statistics.median(memory[-part:]) / statistics.median(memory[:part]), "",
                   at_most=1.05, note=f"{statistics.median(memory[:part]) / 1e6:.1f} → {statistics.median(memory[-part:]) / 1e6:.1f} MB")
    yield absolute("soak: descriptors, last fifth over first fifth",
                   statistics.median(descriptors[-part:]) / statistics.median(descriptors[:part]), "", at_most=1.05,
                   note=f"{min(descriptors)} to {max(descriptors)}")
