"""Bring Your Own Channel over Matrix: the time that we add to CXone's and to the homeserver's own, and a burst against CXone's limits."""

import json
import os
import secrets
import statistics
import subprocess
import urllib.request

from . import inputs, token_cache
from .fastcgi import interleaved
from .processes import Processes, free_port, listening
from .report import absolute, compare
from .site import PARAMETERS

OURS, GO, ALONE = "Causeway", "Go bridge", "alone"
CONCURRENT = (1, 16, 256)
# What CXone and the homeserver take for an answer, in milliseconds.
ANSWER_TIME = 10
# CXone's published limit on inbound messages, a second.
ALLOWED = 100
BURST_RATE, THREADS = 1000, 400
FUNCTIONS = {"webhook": "/webhook", "byoc-token": "/byoc/1.0/token", "byoc-outbound": "/byoc/2.0/channel"}


def inbound(bench):
    """A contact's message until the homeserver has its acknowledgement, less the time of the same message straight into CXone."""
    yield from added(bench, "inbound", "create", ("webhook",))


def outbound(bench):
    """An agent's message until CXone has its answer, less the time of the same message straight to the homeserver."""
    yield from added(bench, "outbound", "platform", ("byoc-token", "byoc-outbound"))


def added(bench, through, behind, functions):
    with Processes(bench.place) as processes:
        stage = Stage(bench.place, processes, functions, is_limited=False)
        for connections in CONCURRENT:
            def measure(name):
                stage.ask("DELETE", "/desk/messages")
                return stage.load(behind if name == ALONE else through, name, connections, bench.seconds)

            readings = interleaved([ALONE, OURS, GO], bench.rounds, measure)
            for quantile in ("p50", "p99"):
                extra = {name: [reading[quantile] - alone[quantile] for reading, alone in zip(readings[name], readings[ALONE])] for name in (OURS, GO)}
                rate = {name: statistics.median(reading["requests"] / reading["microseconds"] * 1e6 for reading in readings[name]) for name in extra}
                note = f"{rate[OURS]:,.0f}/s against {rate[GO]:,.0f}/s"
                for name in extra:
                    if failed := sum(reading["errors"] for reading in readings[name]):
                        note += f"; {name}: {failed} errors, such as {next(r['reason'] for r in readings[name] if r['errors'])}"
                yield compare(f"{through}, added {quantile}, c={connections}", GO, extra[OURS], extra[GO], "µs", note=note)


def burst(bench):
    """1,000 messages a second for 20 seconds while CXone admits 100. A homeserver sends each room's messages in order and again until taken."""
    seconds = 20 if bench.seconds > 1 else 2
    with Processes(bench.place) as processes:
        stage = Stage(bench.place, processes, ("webhook",), is_limited=True)
        stage.ask("DELETE", "/desk/messages")
        said = stage.load("burst", OURS, seconds=seconds, rate=BURST_RATE, threads=THREADS)
        counted = stage.ask("GET", "/desk/counters")
        creates = stage.ask("GET", "/desk/messages")
    lost = said["messages"] - counted["created"]
    doubled = sum(message["creates"] > 1 for message in creates)
    drained = said["microseconds"] / 1e6
    # A second's worth may go at once.
    least = (said["messages"] - ALLOWED) / ALLOWED
    name = f"burst of {BURST_RATE:,}/s for {seconds} s"
    yield absolute(f"{name}: lost", lost, "", at_most=0, note=f"of {said['messages']:,}")
    yield absolute(f"{name}: created twice", doubled, "", at_most=0)
    yield absolute(f"{name}: limits broken", sum(counted["breaches"].values()), "", at_most=0)
    yield absolute(f"{name}: out of order", counted["disorders"] + counted["overlaps"], "", at_most=0)
    yield absolute(
        f"{name}: drain time over the least that CXone allows", drained / least, "", at_most=1 / 0.95,
        note=f"{drained:.0f} s; {said['attempts']:,} webhooks, {said['refused']:,} of them told to come again; a message waited "
        f"{said['p50'] / 1e6:.0f} s (median) to {said['most'] / 1e6:.0f} s at the homeserver")


class Stage:
    """CXone's simulator, a homeserver, the store, and both bridges behind one nginx."""

    def __init__(self, place, processes, functions, is_limited):
        self.place, self.processes = place, processes
        self.keys = {name: secrets.token_hex(16) for name in (
            "CAUSEWAY_CXONE_CLIENT_SECRET", "CAUSEWAY_CXONE_ACCESS_KEY_SECRET", "CAUSEWAY_BYOC_SECRET", "AS_TOKEN", "HS_TOKEN", "STORE_KEY")}
        self.ports = {OURS: free_port(), GO: free_port()}
        self.cxone = self._simulator()
        if not is_limited:
            self.ask("PATCH", "/desk/behaviour", {
                "limits": {name: None for name in ("updateContact", "storeInbound", "sendOutbound", "getContact", "oneContact")}})
        self.ask("PATCH", "/desk/behaviour", {"latency": ANSWER_TIME})
        self.store, fields = token_cache.start_ours(place, processes)
        self.keys["STORE_SECRET"] = fields["Authorization"].split()[1]
        port = free_port()
        processes.start("homeserver", [place.go("homeserver")], {"PORT": str(port), "DELAY": str(ANSWER_TIME)})
        self.homeserver = f"http://127.0.0.1:{port}"
        self.environment = {
            "CXONE": self.cxone, "CHANNEL": "bench", "STORE": self.store, "PLATFORM": self.homeserver,
            "CLIENT_SECRET": self.keys["CAUSEWAY_CXONE_CLIENT_SECRET"], "ACCESS_KEY_SECRET": self.keys["CAUSEWAY_CXONE_ACCESS_KEY_SECRET"],
            "BYOC_SECRET": self.keys["CAUSEWAY_BYOC_SECRET"], **{name: self.keys[name] for name in ("AS_TOKEN", "HS_TOKEN", "STORE_SECRET")}}
        self._bridges(functions, is_limited)

    def ask(self, method, path, body=None):
        """One call of the simulator's desk."""
        request = urllib.request.Request(self.cxone + path, method=method, data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def load(self, mode, name, connections=1, seconds=3, **more):
        """One run of byoc-load against one bridge, or against what lies behind it."""
        front = f"http://127.0.0.1:{self.ports.get(name, 0)}"
        inner = {"inbound": "/webhook/bench", "burst": "/webhook/bench", "outbound": "/byoc/2.0/channel/bench/outbound"}
        environment = {**os.environ, **self.environment, "TOKEN_URL": f"{front}/byoc/1.0/token",
                       "URL": self.homeserver if mode == "platform" else front + inner.get(mode, "")}
        command = [self.place.go("byoc-load"), mode, "-c", connections, "-seconds", seconds]
        command += [word for flag, value in more.items() for word in (f"-{flag}", value)]
        finished = subprocess.run([str(word) for word in command], env=environment, capture_output=True, timeout=900)
        if finished.returncode != 0:
            raise RuntimeError(f"byoc-load {mode}: {finished.stderr.decode()[-300:]} {self.processes.last_words()}")
        said = json.loads(finished.stdout)
        if said.get("requests") == 0:
            raise RuntimeError(f"{name}, {mode}, c={connections}: {said['errors']} errors, such as {said['reason']}; {self.processes.last_words()}")
        return said

    # MARK: Starting

    def _simulator(self):
        port = free_port()
        start = self.place.run / "desk.json"
        start.write_bytes(inputs.encoded({"channels": [{"name": "bench"}]}))
        self.processes.start("cxone", [
            self.place.ours("causeway"), "simulate", "--port", port, "--box", f"http://127.0.0.1:{self.ports[OURS]}/byoc", "--start", start],
            self.keys, standard_error=subprocess.DEVNULL)
        url = f"http://127.0.0.1:{port}"
        self.processes.await_answer(f"{url}/desk")
        return url

    def _bridges(self, functions, is_limited):
        upstreams, locations = [], []
        environment = {**self.keys, "CAUSEWAY_SETTINGS": str(self._settings(is_limited)), "SWIFT_BACKTRACE": "enable=no"}
        for function in functions:
            path = FUNCTIONS[function]
            socket_path = self.place.run / f"{function}.sock"
            with listening(socket_path) as listener:
                self.processes.start(function, [self.place.ours(function)], environment, standard_input=listener)
            upstreams.append(f"upstream {function} {{ server unix:{socket_path}; keepalive 512; keepalive_requests 100000000; }}")
            parameters = PARAMETERS.replace("$document_uri", f"/{path.split('/')[1]}")
            locations.append(f"location {path} {{ {parameters} fastcgi_pass {function}; fastcgi_keep_conn on; }}")
        port = free_port()
        self.processes.start("bridge", [self.place.go("byoc-bridge")], {**self.environment, "PORT": str(port)})
        upstreams.append(f"upstream bridge {{ server 127.0.0.1:{port}; keepalive 512; keepalive_requests 100000000; }}")
        folder = self.place.run
        configuration = folder / "nginx-messaging.conf"
        configuration.write_text(f"""
daemon off; worker_processes 2; worker_rlimit_nofile 20000; pid {folder}/nginx-messaging.pid; error_log stderr error;
events {{ worker_connections 9000; }}
http {{
    access_log off; keepalive_requests 100000000; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; client_body_buffer_size 64k;
    proxy_http_version 1.1; proxy_set_header Connection "";
    {chr(10).join(upstreams)}
    server {{ listen 127.0.0.1:{self.ports[OURS]} backlog=4096; {chr(10).join(locations)} }}
    server {{ listen 127.0.0.1:{self.ports[GO]} backlog=4096; location / {{ proxy_pass http://bridge; }} }}
}}
""")
        self.processes.start("nginx-messaging", ["nginx", "-p", folder, "-c", configuration])
        # Both must do the thing before it is measured.
        modes = ["inbound"] if "webhook" in functions else ["outbound"]
        for mode in modes:
            for name in (OURS, GO):
                self._await(mode, name)

    def _await(self, mode, name):
        for attempt in range(20):
            try:
                return self.load(mode, name, seconds=0.2)
            except RuntimeError:
                if attempt == 19:
                    raise
                subprocess.run(["sleep", "0.2"], check=True)

    def _settings(self, is_limited):
        environment = lambda name: {"env": name}
        tenant = {
            "issuer": self.cxone, "apiURL": self.cxone, "clientId": "causeway-app", "clientSecret": environment("CAUSEWAY_CXONE_CLIENT_SECRET"),
            "accessKeyId": "AKIDCAUSEWAY", "accessKeySecret": environment("CAUSEWAY_CXONE_ACCESS_KEY_SECRET")}
        if not is_limited:
            tenant["limits"] = {
                "updatesPerHour": 10**9, "inboundPerHour": 10**9, "outboundPerMinute": 10**8, "readsPerHour": 10**9, "contactBurst": 10**6,
                "contactPerMinute": 10**6}
        path = self.place.run / "messaging.jsonc"
        path.write_bytes(inputs.encoded({
            "publicURL": f"http://127.0.0.1:{self.ports[OURS]}",
            "store": {"keys": [environment("STORE_KEY")], "cache": {"url": f"{self.store}/cache", "secrets": [environment("STORE_SECRET")]}},
            "byoc": {
                "clients": {"cxone": {"secrets": [environment("CAUSEWAY_BYOC_SECRET")]}}, "tokenKeys": [environment("STORE_KEY")],
                "allowPlainHTTP": True},
            "tenants": {"bench": tenant},
            "channels": {"bench": {"tenant": "bench", "channelId": "bench", "matrix": {
                "homeserver": self.homeserver, "serverName": "bench.example", "asToken": environment("AS_TOKEN"),
                "hsTokens": [environment("HS_TOKEN")]}}},
        }))
        return path
