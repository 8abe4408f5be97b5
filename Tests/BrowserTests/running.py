"""The whole of `make run` on ports of its own, and an agent's desk to act at: for tests of everything together."""
import contextlib, json, os, pathlib, re, secrets, signal, socket, subprocess, tempfile, time, urllib.error, urllib.request

LIMIT = 15_000
"""Milliseconds that anything may take; generous, because the machine may be busy."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(check, what, seconds=LIMIT / 1000):
    """Waits until `check` gives something true, and gives it."""
    limit = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < limit, f"{what}: not within {seconds} s"
        time.sleep(0.05)


class Running:
    """The functions behind nginx, with CXone played beside them."""

    def __init__(self, programs):
        self.programs = pathlib.Path(programs).resolve()
        self.cleanup = contextlib.ExitStack()

    def __enter__(self):
        self.folder = pathlib.Path(self.cleanup.enter_context(tempfile.TemporaryDirectory(prefix="causeway-run-")))
        self.port, self.desk_port = free_port(), free_port()
        self.url, self.desk_url = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.desk_port}"
        self.log = self.folder / "serve.log"
        return self

    def __exit__(self, *_):
        self.cleanup.close()

    def adapted(self, sample):
        return sample

    def serve(self):
        """`causeway serve` with the sample settings as `adapted` changes them."""
        sample = subprocess.run([self.programs / "causeway", "settings", "--sample"], check=True, capture_output=True, text=True).stdout
        sample = sample.replace("127.0.0.1:8080", f"127.0.0.1:{self.port}").replace("127.0.0.1:8090", f"127.0.0.1:{self.desk_port}")
        # A machine that is busy with other tests is no store that is down.
        keys = '"keys": [{"env": "CAUSEWAY_STORE_KEY"}],'
        assert keys in sample
        sample = self.adapted(sample.replace(keys, keys + ' "deadlineMilliseconds": 1000,'))
        settings = self.folder / "causeway.jsonc"
        settings.write_text(sample)
        self.desk_token = secrets.token_hex(24)
        environment = {**os.environ, "CAUSEWAY_DESK_TOKEN": self.desk_token, "CAUSEWAY_SETTINGS": str(settings), "CAUSEWAY_PORT": str(self.port), "CAUSEWAY_DESK_PORT": str(self.desk_port)}
        for name in re.findall(r'"env": "(\w+)"', sample):
            environment.setdefault(name, secrets.token_hex(24))
        self.environment = environment
        with open(self.log, "wb") as log:
            self.process = process = subprocess.Popen([self.programs / "causeway", "serve", "--folder", self.folder / "run"], stdout=log, stderr=log,
                cwd=self.folder, env=environment, start_new_session=True)

        def end():
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
        self.cleanup.callback(end)
        eventually(lambda: process.poll() is not None or "ready" in self.log.read_text().splitlines(), "make run", 60)
        assert process.poll() is None, self.log.read_text()

    # The desk

    def part(self, method, path, body=None):
        """One of the desk's parts, asked as a program asks it; its answer, also where that is a refusal."""
        data = None if body is None else json.dumps(body).encode()
        fields = {"Authorization": f"Bearer {self.desk_token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.desk_url + path, data, fields, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            text = error.read()
        return json.loads(text) if text[:1] in (b"{", b"[") else text.decode()

    # The agent's desk

    def desk(self, path, body=None, method=None, raw=None, type="application/json"):
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        fields = {"Authorization": f"Bearer {self.desk_token}", "Content-Type": type}
        request = urllib.request.Request(self.desk_url + "/desk" + path, data, fields, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text[:1] in (b"{", b"[") else text.decode()

    def contact(self, words):
        """The contact number of the message with these words, once CXone has it."""
        def find():
            return next((message for message in self.desk("/messages") if words in json.dumps(message, ensure_ascii=False)), None)
        message = eventually(find, f"a message with {words!r} at the desk")
        return message["contact"]

    def reply(self, contact, text=None, **more):
        answer = self.desk(f"/contacts/{contact}/reply", {"text": text, **more} if text is not None else more)
        assert "failure" not in answer or not answer["failure"], answer
        return answer

    def function_log(self, name):
        return (self.folder / "run" / f"{name}.log").read_text()

    def warnings(self, most=5):
        """The last that each function complained of, for people who look for the cause of a failure."""
        lines = []
        for path in sorted((self.folder / "run").glob("*.log")):
            every = path.read_text(errors="replace").splitlines()
            found = [line for line in every if '"level":"warning"' in line and '"status":404' not in line][-most:]
            found += [line for line in every if '"level":"error"' in line or not line.startswith("{")][-most:]
            lines += [f"== {path.name}", *found] if found else []
        return "\n".join(lines)
