"""The long-running function behind nginx, against Go and PHP behind the same nginx."""

import random
import threading

from . import inputs, load
from .processes import Processes
from .report import compare
from .site import ALONE, GO_FCGI, GO_HTTP, OURS, PHP, Site


def interleaved(names, rounds, measure):
    """`measure(name)` for every name in every round, in an order drawn anew each time: a list of results for each name."""
    results = {name: [] for name in names}
    for _ in range(rounds):
        for name in random.sample(names, len(names)):
            results[name].append(measure(name))
    return results


class Reading:
    """One run of load against one server: what wrk saw, CPU seconds a request, and memory and descriptors half-way."""

    def __init__(self, site, name, connections, seconds):
        server = site.servers.get(name)
        url = site.url(name) if name in site.ports else site.agent_url
        self.memory = 0
        before = server.cpu() if server else 0
        timer = threading.Timer(seconds * 0.6, lambda: setattr(self, "memory", server.memory() if server else 0))
        timer.start()
        self.load = load.run(site.place, url, connections, seconds, site.turn, inputs.AUTHORIZATION)
        timer.join()
        self.cpu = (server.cpu() - before if server else 0) / max(1, self.load.requests)


def errors(readings):
    """A remark for the row when a server did not answer everything."""
    failing = [f"{name}: {sum(r.load.errors for r in found)} errors" for name, found in readings.items() if any(r.load.errors for r in found)]
    return "; ".join(failing)


def rate(readings, name):
    return [reading.load.rate for reading in readings[name]]


def pass_through(bench):
    """2 KB turn that the function answers itself, 64 connections, requests a second."""
    with Processes(bench.place) as processes:
        site = Site(bench.place, processes, [OURS, GO_FCGI, GO_HTTP, PHP])
        readings = interleaved(list(site.ports), bench.rounds, lambda name: Reading(site, name, 64, bench.seconds))
    note = errors(readings)
    for peer, bar in ((GO_FCGI, 3), (PHP, 2.2), (GO_HTTP, 1.8)):
        yield compare("FastCGI, scripted, c=64: rate", peer, rate(readings, OURS), rate(readings, peer), "/s", at_least=bar, note=note)
    for peer in (GO_FCGI, PHP, GO_HTTP):
        ours, theirs = ([reading.cpu * 1e6 for reading in readings[name]] for name in (OURS, peer))
        yield compare("FastCGI, scripted, c=64: CPU a turn", peer, ours, theirs, "µs")


def with_call(bench):
    """A turn with one call to an agent that takes 10 ms: CPU a turn at three loads."""
    with Processes(bench.place) as processes:
        site = Site(bench.place, processes, [OURS, GO_FCGI, GO_HTTP, PHP], delay=10, keepalive=512)
        for connections in (16, 64, 512):
            readings = interleaved(list(site.ports), bench.rounds, lambda name: Reading(site, name, connections, bench.seconds))
            cpu = {name: [reading.cpu * 1e6 for reading in found] for name, found in readings.items()}
            for peer, bar in ((GO_FCGI, 0.5), (GO_HTTP, 0.75), (PHP, 0.3)):
                yield compare(f"FastCGI, one call, c={connections}: CPU a turn", peer, cpu[OURS], cpu[peer], "µs", at_most=bar,
                              note=errors(readings))


def in_flight(bench):
    """2 000 turns in flight while the agent takes 200 ms: time, rate and memory."""
    with Processes(bench.place) as processes:
        site = Site(bench.place, processes, [OURS, GO_FCGI, GO_HTTP, ALONE], delay=200, keepalive=2048)
        seconds = max(4, bench.seconds)
        readings = interleaved(list(site.ports), bench.rounds, lambda name: Reading(site, name, 2000, seconds))
    note = errors(readings)
    p50 = {name: [reading.load.p50 * 1e3 for reading in found] for name, found in readings.items()}
    memory = {name: [reading.memory / 1e6 for reading in found] for name, found in readings.items()}
    yield compare("2 000 in flight, agent 200 ms: p50", ALONE, p50[OURS], p50[ALONE], "ms", at_most=1.05, note=note)
    yield compare("2 000 in flight, agent 200 ms: rate", ALONE, rate(readings, OURS), rate(readings, ALONE), "/s", at_least=0.95)
    for peer, bar in ((GO_HTTP, 0.5), (GO_FCGI, 0.2)):
        yield compare("2 000 in flight, agent 200 ms: memory (PSS)", peer, memory[OURS], memory[peer], "MB", at_most=bar)


def added_time(bench):
    """One connection: what the tunnel adds to the agent's own median."""
    with Processes(bench.place) as processes:
        site = Site(bench.place, processes, [OURS, GO_HTTP], delay=0)
        readings = interleaved([*site.ports, "agent"], bench.rounds, lambda name: Reading(site, name, 1, bench.seconds))
    p50 = {name: [reading.load.p50 * 1e6 for reading in found] for name, found in readings.items()}
    added = {name: [with_us - alone for with_us, alone in zip(p50[name], p50["agent"])] for name in site.ports}
    yield compare("added p50, c=1", GO_HTTP, added[OURS], added[GO_HTTP], "µs", at_most=1, note=errors(readings))
