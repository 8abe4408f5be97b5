"""The function as a process for each request: time from spawn to exit, and instructions."""

import json
import os
import re
import subprocess

from . import inputs
from .authority import Authority
from .processes import Processes, free_port
from .report import absolute, compare

NO_CALL, HTTP_CALL, HTTPS_CALL = "CGI, no call", "CGI, one HTTP call", "CGI, one HTTPS call"


def variables(body):
    """What a web server tells a CGI program about the request."""
    return {
        "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "SERVER_SOFTWARE": "bench", "SERVER_NAME": "localhost",
        "SERVER_PORT": "80", "REMOTE_ADDR": "127.0.0.1", "REQUEST_METHOD": "POST", "REQUEST_URI": "/exchange", "SCRIPT_NAME": "/exchange",
        "PATH_INFO": "", "QUERY_STRING": "", "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "localhost", "HTTP_AUTHORIZATION": inputs.AUTHORIZATION}


class Spawner:
    """Times programs that get one body and one environment."""

    def __init__(self, place, body, environment):
        self.place = place
        self.file = place.run / f"body-{len(body)}-{abs(hash(body))}.json"
        self.file.write_bytes(body)
        self.environment = {"PATH": os.environ["PATH"], **variables(body), **environment}

    def check(self, program, expected=b"PromptAndCollectNextResponse"):
        """One run whose answer must contain what is expected."""
        with self.file.open("rb") as body:
            finished = subprocess.run([program], stdin=body, env=self.environment, capture_output=True, timeout=20)
        if expected not in finished.stdout or finished.returncode != 0:
            raise RuntimeError(f"{program.name} left with {finished.returncode}: {(finished.stdout + finished.stderr)[-400:]!r}")

    def times(self, programs, runs, rounds):
        """Median time of each program in microseconds, for each of `rounds` blocks of `runs` interleaved runs."""
        words = [self.place.tool("spawn"), runs, self.file, *programs]
        blocks = []
        for _ in range(rounds):
            finished = subprocess.run(
                [str(word) for word in words], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
            block = json.loads(finished.stdout)
            for program, result in zip(programs, block):
                if result["failures"]:
                    raise RuntimeError(f"{program.name} failed {result['failures']} times of {runs}")
            blocks.append([result["median"] for result in block])
        return [list(times) for times in zip(*blocks)]

    def instructions(self, program):
        """Instructions of one run, as callgrind counts them."""
        with self.file.open("rb") as body:
            finished = subprocess.run(
                ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program], stdin=body, env=self.environment,
                capture_output=True, timeout=300)
        counted = re.search(rb"Collected : (\d+)", finished.stderr)
        if not counted or finished.returncode != 0:
            raise RuntimeError(f"callgrind: {finished.stderr[-300:]!r}")
        return int(counted[1])


def without_call(bench):
    """2 KB turn answered by the scripted agent."""
    place = bench.place
    ours, hello, go_hello, go_turn = place.ours("exchange", is_static=True), place.tool("cgi-hello"), place.go("cgi-hello"), place.go("cgi")
    spawner = Spawner(place, inputs.turn("orders", 2048), inputs.settings(place))
    spawner.check(ours)
    spawner.check(go_turn)
    mine, c, go, turn = spawner.times([ours, hello, go_hello, go_turn], bench.spawns, bench.rounds)
    yield compare(f"{NO_CALL}: time", "C hello", mine, c, "µs", at_most=2.2)
    yield compare(f"{NO_CALL}: time", "Go cgi hello", mine, go, "µs", at_most=0.6)
    yield compare(f"{NO_CALL}: time", "Go cgi, the turn", mine, turn, "µs")
    yield absolute(f"{NO_CALL}: instructions", spawner.instructions(ours), "", at_most=1_000_000, note=f"C hello {spawner.instructions(hello):,}")


def with_http_call(bench):
    """The same with one call to an agent over plain HTTP."""
    place = bench.place
    with Processes(place) as processes:
        port = free_port()
        processes.start("agent-cgi", [place.tool("agent"), port, 0])
        url = f"http://127.0.0.1:{port}/webhooks/rest/webhook"
        processes.await_answer(url, b"{}")
        spawner = Spawner(place, inputs.turn("remote", 2048), {**inputs.settings(place, url), "AGENT_URL": url})
        programs = [place.ours("exchange", is_static=True), place.go("cgi")]
        for program in programs:
            spawner.check(program, b"thirteen digit")
        mine, go = spawner.times(programs, bench.spawns, bench.rounds)
    yield compare(f"{HTTP_CALL}: time", "Go cgi + net/http", mine, go, "µs", at_most=0.85)


def with_https_call(bench):
    """The same over HTTPS, against a C program that uses libcurl as it comes. Ours trusts the agent's private authority by its settings;
    Go and C find it among the system's."""
    place = bench.place
    authority = Authority(place)
    with Processes(place) as processes:
        port, agent_port = free_port(), free_port()
        processes.start("agent-https", [place.tool("agent"), agent_port, 0])
        configuration = place.run / "nginx-https.conf"
        configuration.write_text(authority.nginx(port, agent_port))
        processes.start("nginx-https", ["nginx", "-p", place.run, "-c", configuration])
        url = f"https://localhost:{port}/webhooks/rest/webhook"
        environment = {
            **inputs.settings(place, url, authorityFile=str(authority.root)), "AGENT_URL": url, "AUTHORITY_FILE": str(authority.bundle),
            "AUTHORITY_DIRECTORY": str(authority.directory), "SSL_CERT_FILE": str(authority.bundle), "SSL_CERT_DIR": str(authority.directory)}
        spawner = Spawner(place, inputs.turn("remote", 2048), environment)
        processes.await_answer(f"http://127.0.0.1:{agent_port}/", b"{}")
        ours, c, go = programs = [place.ours("exchange", is_static=True), place.tool("cgi-https"), place.go("cgi")]
        for program in programs:
            spawner.check(program)
        mine, libcurl, net_http = spawner.times(programs, max(10, bench.spawns // 2), bench.rounds)
    yield compare(f"{HTTPS_CALL}: time", "C, libcurl's defaults", mine, libcurl, "µs", at_most=0.35)
    yield compare(f"{HTTPS_CALL}: time", "Go cgi + net/http", mine, net_http, "µs")
