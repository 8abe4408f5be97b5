"""The embedded token cache beside Redis behind webdis: both speak HTTP, 32 clients."""

import os
import secrets
import shutil
import time
import urllib.request

from . import inputs, load
from .fastcgi import interleaved
from .processes import Processes, free_port
from .report import compare

OURS, WEBDIS = "token-cache", "Redis + webdis"
CLIENTS = 32


def operations(bench):
    """Get of one key, and claim (put if absent) of keys that are new each time. Requests a second; reported, no bar."""
    for program, package in (("webdis", "webdis"), ("redis-server", "redis-server")):
        if not shutil.which(program):
            raise RuntimeError(f"{package} is not installed")
    place = bench.place
    with Processes(place) as processes:
        ours, fields = start_ours(place, processes)
        webdis = start_webdis(place, processes)
        value = place.run / "token.json"
        value.write_bytes(inputs.encoded({"access_token": "x" * 900, "expires_in": 3600}))
        run = iter(range(1_000_000))
        get = {OURS: f"{ours}/cache/token", WEBDIS: f"{webdis}/GET/token"}
        put(processes, get[OURS], value.read_bytes(), fields)
        processes.await_answer(f"{webdis}/SET/token/{'x' * 900}")

        def gets(name):
            return load.run(place, get[name], CLIENTS, bench.seconds, METHOD="GET", FIELDS=spelled(fields if name == OURS else {}))

        def claims(name):
            number = next(run)
            if name == WEBDIS:
                return load.run(place, webdis, CLIENTS, bench.seconds, METHOD="GET", RUN=number, CLAIM="/SET/claim-KEY/x/NX/EX/60")
            return load.run(place, ours, CLIENTS, bench.seconds, place.run / "token.json", METHOD="PUT", RUN=number,
                            CLAIM="/cache/claim-KEY", FIELDS=spelled({**fields, "If-None-Match": "*", "Cache-Lifetime": "60"}))

        for label, measure in (("get", gets), ("claim", claims)):
            readings = interleaved([OURS, WEBDIS], bench.rounds, measure)
            failed = sum(reading.errors for reading in readings[OURS])
            mine, theirs = ([reading.rate for reading in readings[name]] for name in (OURS, WEBDIS))
            yield compare(f"token cache, {label}, {CLIENTS} clients", WEBDIS, mine, theirs, "/s", note=f"{failed} errors" if failed else "")


def spelled(fields):
    """Header fields as load.lua reads them from its environment."""
    return ";".join(f"{name}={value}" for name, value in fields.items())


def start_ours(place, processes):
    """The embedded store on a plain HTTP port; its address and the fields of every request."""
    port = free_port()
    secret = secrets.token_hex(16)
    settings = place.run / "token-cache.jsonc"
    settings.write_bytes(inputs.encoded({"store": {"cache": {
        "url": f"http://127.0.0.1:{port}/cache", "secrets": [{"env": "CAUSEWAY_CACHE_SECRET"}], "file": "token-cache.sqlite"}}}))
    for old in place.run.glob("token-cache.sqlite*"):
        old.unlink()
    processes.start("token-cache", [place.ours("token-cache")], {
        "PORT": str(port), "CAUSEWAY_SETTINGS": str(settings), "CAUSEWAY_CACHE_SECRET": secret})
    return f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {secret}"}


def put(processes, url, value, fields):
    """Stores a value of an hour; waits until the store is there to take it."""
    until = time.monotonic() + 10
    while True:
        try:
            request = urllib.request.Request(url, data=value, method="PUT", headers={**fields, "Cache-Lifetime": "3600"})
            with urllib.request.urlopen(request, timeout=5):
                return
        except OSError as error:
            if time.monotonic() > until:
                raise RuntimeError(f"{url}: {error}. {processes.last_words()}") from error
            time.sleep(0.05)


def start_webdis(place, processes):
    """Redis without persistence and webdis in front of it."""
    redis_port, port = free_port(), free_port()
    processes.start("redis", ["redis-server", "--port", redis_port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
    settings = place.run / "webdis.json"
    settings.write_bytes(inputs.encoded({
        "redis_host": "127.0.0.1", "redis_port": redis_port, "http_host": "127.0.0.1", "http_port": port, "threads": os.cpu_count(),
        "pool_size": 20, "daemonize": False, "verbosity": 0, "logfile": str(place.run / "webdis.out")}))
    processes.start("webdis", ["webdis", settings])
    processes.await_answer(f"http://127.0.0.1:{port}/PING")
    return f"http://127.0.0.1:{port}"
