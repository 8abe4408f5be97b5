"""Load from wrk: one bounded run, its figures as a value."""

import dataclasses
import json
import os
import subprocess


@dataclasses.dataclass
class Load:
    """What one run of wrk measured. Times in seconds."""

    requests: int
    seconds: float
    p50: float
    p90: float
    p99: float
    most: float
    errors: int

    @property
    def rate(self):
        """Good and bad answers a second."""
        return self.requests / self.seconds


def run(place, url, connections, seconds, turn=None, authorization=None, **variables):
    """Loads `url` from `connections` connections for `seconds`, posting the file `turn`."""
    environment = {**os.environ, **{name: str(value) for name, value in variables.items()}}
    environment.pop("TURN", None)
    if turn:
        environment["TURN"] = str(turn)
    if authorization:
        environment["AUTHORIZATION"] = authorization
    threads = min(2, connections)
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "8s", "-s", place.peers / "load.lua", url]
    finished = subprocess.run(
        [str(word) for word in command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds + 60, check=True)
    said = json.loads(finished.stdout.splitlines()[-1])
    return Load(
        requests=said["requests"], seconds=said["microseconds"] / 1e6, p50=said["p50"] / 1e6, p90=said["p90"] / 1e6,
        p99=said["p99"] / 1e6, most=said["most"] / 1e6, errors=said["refused"] + said["broken"] + said["late"] + said["status"])
