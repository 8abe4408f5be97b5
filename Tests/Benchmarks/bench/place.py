"""Where the benchmark's things are, and how its programs are built."""

import os
import pathlib
import subprocess
import tempfile

RELEASE = ["-c", "release", "--disable-index-store"]


class Place:
    """The package, the sources of the peers, and folders for what is built and for one run."""

    def __init__(self):
        self.package = pathlib.Path(__file__).resolve().parents[3]
        self.peers = self.package / "Tests" / "Benchmarks" / "peers"
        self.built = self.package / ".build" / "bench"
        self.built.mkdir(parents=True, exist_ok=True)
        # Unix socket paths are short by law, so the run's folder is not inside the package.
        self._folder = tempfile.TemporaryDirectory(prefix="causeway-bench-")
        self.run = pathlib.Path(self._folder.name)
        self.run.chmod(0o711)

    def close(self):
        self._folder.cleanup()

    def tool(self, name):
        """A C peer, compiled when its source is newer."""
        source, binary = self.peers / f"{name}.c", self.built / name
        if not binary.exists() or binary.stat().st_mtime < source.stat().st_mtime:
            libraries = ["-lcurl"] if name == "cgi-https" else []
            command(["gcc", "-O2", "-Wall", "-o", binary, source, *libraries])
        return binary

    def go(self, name):
        """A Go peer. Go's own cache decides what is compiled."""
        binary = self.built / f"go-{name}"
        command(["go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, f"./{name}"], folder=self.peers / "go")
        return binary

    def ours(self, product, *, is_static=False):
        """One of our executables in release, linked as `make run` does, or fully static as it is packaged for CGI."""
        flags, environment = ["--static-swift-stdlib"], {}
        if is_static:
            flags = ["-Xswiftc", "-static-executable", "-Xswiftc", "-use-ld=lld", "-Xlinker", "-s", "--scratch-path", ".build/static"]
            environment = {"CAUSEWAY_STATIC": "1"}
        build = ["swift", "build", *RELEASE, *flags, "--product", product]
        command([*build, "--quiet"], folder=self.package, environment=environment)
        folder = command([*build, "--show-bin-path"], folder=self.package, environment=environment)
        return pathlib.Path(folder.strip()) / product


def command(words, folder=None, environment=None):
    """Runs a command to its end; its standard output, or an error that shows what it said."""
    finished = subprocess.run(
        [str(word) for word in words], cwd=folder, env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    if finished.returncode != 0:
        raise RuntimeError(f"{words[0]} {words[1]}: {(finished.stderr + finished.stdout).strip()[-800:]}")
    return finished.stdout
