"""Starts the processes of a measurement, reads what they used, and stops exactly those."""

import os
import pathlib
import resource
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

DESCRIPTORS = 20_000


def free_port():
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listening(path):
    """A listening unix socket for a FastCGI program's standard input."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    # nginx's workers are another user when we are root.
    path.chmod(0o666)
    listener.listen(4096)
    return listener


def descendants(pid):
    """The process and all that it started, as far as they still run."""
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*"):
        try:
            for child in (task / "children").read_text().split():
                found += descendants(int(child))
        except OSError:
            pass
    return found


class Process:
    """A started program with the readings that the rows need."""

    def __init__(self, name, popen):
        self.name = name
        self.popen = popen

    @property
    def is_running(self):
        return self.popen.poll() is None

    def cpu(self):
        """CPU seconds used so far by the process, its threads and its children."""
        # The clock of another process, as clock_getcpuclockid(3) spells it: nanoseconds, where /proc/<pid>/stat has 10 ms ticks.
        total = 0
        for pid in descendants(self.popen.pid):
            try:
                total += time.clock_gettime_ns((~pid << 3) | 2)
            except OSError:
                pass
        return total / 1e9

    def memory(self):
        """Proportional set size in octets, children included."""
        total = 0
        for pid in descendants(self.popen.pid):
            try:
                lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
        return total

    def descriptors(self):
        """Open file descriptors, children included."""
        total = 0
        for pid in descendants(self.popen.pid):
            try:
                total += len(os.listdir(f"/proc/{pid}/fd"))
            except OSError:
                pass
        return total

    def stop(self):
        """Asks it to end, insists after five seconds, and waits."""
        if not self.is_running:
            return
        self.popen.send_signal(signal.SIGTERM)
        try:
            self.popen.wait(5)
        except subprocess.TimeoutExpired:
            for pid in descendants(self.popen.pid):
                os.kill(pid, signal.SIGKILL)
            self.popen.wait()


class Processes:
    """All that a group of rows started; leaving the `with` block stops them, last started first."""

    def __init__(self, place):
        self.place = place
        self.started = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.started):
            process.stop()

    def start(self, name, command, environment=None, standard_input=subprocess.DEVNULL, standard_error=None):
        """Starts `command` with an environment of its own. What it says on standard error is kept in a file, unless told otherwise."""
        log = open(self.place.run / f"{name}.log", "ab")
        popen = subprocess.Popen(
            [str(word) for word in command], stdin=standard_input, stdout=log, stderr=standard_error or log, cwd=self.place.run,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", **(environment or {})},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS)))
        log.close()
        process = Process(name, popen)
        self.started.append(process)
        return process

    def await_answer(self, url, body=None, fields=None, seconds=10):
        """Asks until a 2xx answer comes, at most `seconds`; returns its body."""
        until = time.monotonic() + seconds
        while True:
            try:
                request = urllib.request.Request(url, data=body, headers=fields or {})
                with urllib.request.urlopen(request, timeout=5) as answer:
                    return answer.read()
            except (urllib.error.URLError, OSError) as error:
                if time.monotonic() > until or not all(process.is_running for process in self.started):
                    raise RuntimeError(f"{url}: {error}. {self.last_words()}") from error
                time.sleep(0.05)

    def last_words(self):
        """The end of what each process said, the ended ones marked."""
        said = []
        for process in self.started:
            text = (self.place.run / f"{process.name}.log").read_text(errors="replace")[-300:].strip()
            if text or not process.is_running:
                said.append(f"{process.name}{'' if process.is_running else ' (ended)'}: {text}")
        return "; ".join(said)
