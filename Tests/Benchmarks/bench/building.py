"""How long the people who work on Causeway wait: a clean debug build with the whole suite, and a rebuild after one edit."""

import pathlib
import shutil
import time

from .place import command
from .report import absolute

FLAGS = ["--explicit-target-dependency-import-check", "error"]


def times(bench):
    """In a copy of the sources, so that nobody's build folder is touched. Dependencies are fetched before the clock starts."""
    tree = bench.place.package / ".build" / "bench" / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    for name in command(["git", "ls-files", "-z"], folder=bench.place.package).split("\0"):
        if name and (bench.place.package / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(bench.place.package / name, tree / name)
    command(["swift", "package", "resolve"], folder=tree)
    built = seconds(["swift", "build", *FLAGS, "--build-tests"], tree)
    tested = seconds(["swift", "test", *FLAGS, "--disable-xctest", "--skip-build"], tree)
    yield absolute("clean debug build and swift test", built + tested, "s", at_most=240, note=f"build {built:.0f} s, tests {tested:.0f} s")
    command(["swift", "build", *FLAGS], folder=tree)
    adapter = next(pathlib.Path(tree, "Sources", "VirtualAgents", "Rasa").glob("Rasa.swift"))
    rebuilt = []
    for number in range(3):
        adapter.write_text(adapter.read_text() + f"\nfunc edited{number}() -> Int {{ {number} }}\n")
        rebuilt.append(seconds(["swift", "build", *FLAGS], tree))
    yield absolute("rebuild after editing one adapter", sorted(rebuilt)[1], "s", at_most=6)
    shutil.rmtree(tree)


def seconds(words, folder):
    begun = time.monotonic()
    command(words, folder=folder)
    return time.monotonic() - begun
